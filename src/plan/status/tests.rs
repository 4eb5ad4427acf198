use super::*;
use proptest::prelude::*;

const GRACE: Duration = Duration::from_secs(120);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn before(conditions: &[Condition], generation: i64, second: i64) -> Before<'_> {
    Before { conditions, generation, now: at(second), grace: GRACE }
}

fn one<'a>(list: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    find(list, kind)
}

/// What holds for the conditions of every kind, whatever happens.
pub fn well_formed(list: &[Condition], generation: i64) {
    let ready = find(list, conditions::READY).expect("Ready is always there");
    let is = |kind| find(list, kind).is_some_and(|c| c.status == ConditionStatus::True);
    let (reconciling, stalled) = (is(conditions::RECONCILING), is(conditions::STALLED));
    assert!(!(reconciling && stalled), "Reconciling and Stalled at once: {list:?}");
    let paused = is(conditions::PAUSED);
    let settled = ready.status == ConditionStatus::True || paused;
    assert!(settled || reconciling || stalled, "not Ready, and nobody says what goes on: {list:?}");
    assert!(ready.status != ConditionStatus::True || !(reconciling || stalled), "Ready and not: {list:?}");
    for kind in [conditions::RECONCILING, conditions::STALLED, conditions::PAUSED, conditions::DRIFTED] {
        assert!(
            one(list, kind).is_none_or(|c| c.status == ConditionStatus::True),
            "{kind} is there when true only"
        );
    }
    for condition in list {
        assert_eq!(condition.observed_generation, Some(generation), "{condition:?}");
        assert!(condition.message.len() <= LONGEST_MESSAGE, "{condition:?}");
        assert_eq!(list.iter().filter(|c| c.type_ == condition.type_).count(), 1);
    }
    if let Some(stalled) = one(list, conditions::STALLED) {
        let commands = [
            "kubectl",
            "spec.",
            "adopt",
            "name another",
            "Rails",
            "Grant",
            "create",
            "set ",
            "delete",
            "upgrade",
            "move it",
            "correct",
            "Secret",
        ];
        assert!(
            commands.iter().any(|word| stalled.message.contains(word)),
            "what to do? {}",
            stalled.message
        );
    }
}

#[test]
fn a_mistake_is_reconciling_for_two_minutes_and_stalled_afterwards() {
    let verdict = Verdict::new(reason::NOT_GRANTED, "ask for a ChatwootGrant");
    let first = conditions(before(&[], 1, 0), &verdict, &Extras::default());
    assert!(one(&first.conditions, conditions::RECONCILING).is_some());
    assert_eq!(first.grace_left, Some(GRACE));
    let later = conditions(before(&first.conditions, 1, 119), &verdict, &Extras::default());
    assert!(one(&later.conditions, conditions::STALLED).is_none());
    assert_eq!(later.grace_left, Some(Duration::from_secs(1)));
    let over = conditions(before(&later.conditions, 1, 120), &verdict, &Extras::default());
    assert!(one(&over.conditions, conditions::RECONCILING).is_none());
    assert_eq!(one(&over.conditions, conditions::STALLED).unwrap().reason, reason::NOT_GRANTED);
    assert_eq!(over.grace_left, None);
    // Once Stalled it stays so, also with another such reason.
    let other = Verdict::new(reason::INVALID_SPEC, "correct spec.locale");
    let still = conditions(before(&over.conditions, 1, 121), &other, &Extras::default());
    assert!(one(&still.conditions, conditions::STALLED).is_some());
}

#[test]
fn a_corrected_spec_has_its_two_minutes_again() {
    let verdict = Verdict::new(reason::NOT_GRANTED, "ask for a ChatwootGrant");
    let first = conditions(before(&[], 1, 0), &verdict, &Extras::default());
    let stalled = conditions(before(&first.conditions, 1, 500), &verdict, &Extras::default());
    let again = conditions(before(&stalled.conditions, 2, 501), &verdict, &Extras::default());
    assert!(one(&again.conditions, conditions::STALLED).is_none());
    assert_eq!(again.grace_left, Some(GRACE));
}

#[test]
fn a_question_to_a_person_is_stalled_at_once() {
    let verdict = Verdict::new(reason::CREATE_OUTCOME_UNKNOWN, "run kubectl chatwoot resolve");
    let asked = conditions(before(&[], 1, 0), &verdict, &Extras::default());
    assert!(one(&asked.conditions, conditions::STALLED).is_some());
}

#[test]
fn the_same_again_is_the_same_conditions_whatever_the_time() {
    let verdict = Verdict::new(reason::SUCCEEDED, "everything asked for is so");
    let extras = Extras { drifted: vec!["features.sla".into()], ..Extras::default() };
    let first = conditions(before(&[], 1, 0), &verdict, &extras).conditions;
    assert_eq!(conditions(before(&first, 1, 5000), &verdict, &extras).conditions, first);
    assert!(one(&first, conditions::DRIFTED).unwrap().message.contains("features.sla"));
}

#[test]
fn a_paused_object_keeps_its_ready_and_says_that_it_is_paused() {
    let ready = conditions(before(&[], 1, 0), &Verdict::new(reason::SUCCEEDED, "so"), &Extras::default());
    let kept = paused(before(&ready.conditions, 2, 10), true, &Extras::default());
    assert!(is_ready(&kept.conditions));
    assert!(one(&kept.conditions, conditions::PAUSED).is_some());
    let unknown = paused(before(&ready.conditions, 2, 10), false, &Extras::default());
    assert_eq!(one(&unknown.conditions, conditions::READY).unwrap().status, ConditionStatus::Unknown);
    assert_eq!(ready_reason(&unknown.conditions), Some(reason::PAUSED));
}

#[test]
fn a_long_message_keeps_its_end_because_it_says_what_to_type() {
    for filler in ["x", "ü", "日"] {
        let text = format!("{}; run: kubectl chatwoot resolve", filler.repeat(2000));
        let verdict = Verdict::new(reason::NOT_OWNED, text);
        assert!(verdict.message.len() <= LONGEST_MESSAGE && verdict.message.len() > LONGEST_MESSAGE - 10);
        assert!(verdict.message.ends_with("run: kubectl chatwoot resolve"));
    }
}

#[test]
fn every_reason_says_when_to_look_again() {
    for one in &conditions::REASONS {
        let verdict = Verdict::new(one.reason, "");
        let expected = match one.class {
            ReasonClass::Nobody | ReasonClass::Operator => Again::OnChange,
            ReasonClass::Passes => Again::Backoff { at_least: Duration::ZERO },
            _ => Again::After(SECOND_LOOK),
        };
        assert_eq!(again(&verdict, None), expected, "{}", one.reason);
    }
}

proptest! {
    /// Any sequence of verdicts leaves conditions that people and tools can read.
    #[test]
    fn conditions_read_right_after_any_sequence(
        steps in prop::collection::vec((0usize..conditions::REASONS.len(), 0i64..200, any::<bool>(), any::<bool>()), 1..20)
    ) {
        let (mut list, mut now, mut generation) = (Vec::new(), 0, 1);
        for (which, wait, changed, drifts) in steps {
            now += wait;
            generation += i64::from(changed);
            let verdict = Verdict::new(conditions::REASONS[which].reason, "correct spec.name");
            let drifted = if drifts { vec!["name".to_owned()] } else { Vec::new() };
            let extras = Extras { drifted, ..Extras::default() };
            list = conditions(before(&list, generation, now), &verdict, &extras).conditions;
            well_formed(&list, generation);
            prop_assert_eq!(is_ready(&list), verdict.is_ready());
        }
    }
}
