use super::*;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);
const START: Duration = Duration::from_secs(100);

fn account(spec: Value, verified: Option<(&str, &str)>) -> ChatwootAccount {
    let told = verified.map(|(status, reason)| {
        json!({"type": "Verified", "status": status, "reason": reason, "message": "", "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z"})
    });
    let conditions: Vec<Value> = told.into_iter().collect();
    serde_json::from_value(json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootAccount",
        "metadata": {"name": "main", "namespace": "acme", "uid": "u-1", "generation": 1},
        "spec": spec, "status": {"conditions": conditions}
    }))
    .unwrap()
}

fn hourly() -> Value {
    json!({"name": "Acme", "verify": {"interval": "1h"}})
}

fn due(walks: &Walks) -> Option<Duration> {
    walks.lock().rounds["u-1"].due
}

/// A walk of the account has come to this.
fn comes_to(walks: &Walks, judged: Judged) -> Option<Outcome> {
    walks.lock().ended("u-1", judged, (START, Timestamp::now()));
    walks.outcome("u-1")
}

fn broken() -> Outcome {
    Outcome::Failed("the step broke".into())
}

#[test]
fn an_account_that_asks_for_nothing_is_not_even_known() {
    let walks = Walks::default();
    walks.note(&account(json!({"name": "Acme"}), None));
    assert!(walks.lock().rounds.is_empty());
}

#[test]
fn the_first_walk_comes_at_once_and_a_restart_waits_for_the_slot() {
    let now = Timestamp::now();
    assert_eq!(first_wait(None, HOUR, "u-1", now), Duration::ZERO);
    assert_eq!(first_wait(Some(ConditionStatus::Unknown), HOUR, "u-1", now), Duration::ZERO);
    let slot = first_wait(Some(ConditionStatus::True), HOUR, "u-1", now);
    assert!(slot > Duration::ZERO && slot <= HOUR);
    assert_eq!(
        first_wait(Some(ConditionStatus::True), HOUR, "u-1", now),
        slot,
        "the same after every restart"
    );
    assert!(first_wait(Some(ConditionStatus::False), 168 * HOUR, "u-1", now) <= SECOND_TRY);

    let walks = Walks::default();
    walks.note(&account(hourly(), Some(("Unknown", "Progressing"))));
    assert_eq!(due(&walks), Some(Duration::ZERO));
    let walks = Walks::default();
    walks.note(&account(hourly(), Some(("True", "Succeeded"))));
    assert_eq!(due(&walks), None, "worked out from the slot");
}

#[test]
fn slots_are_spread_and_none_is_used_twice() {
    let mut quarters = [0; 4];
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    for n in 0..400 {
        let wait = next_slot(&format!("uid-{n}"), HOUR, now);
        assert!(wait >= HOUR / 50, "{wait:?}");
        quarters[(wait.as_secs() % 3600 / 901) as usize] += 1;
    }
    assert!(quarters.iter().all(|&n| n > 60), "{quarters:?}");
}

#[test]
fn what_may_pass_by_itself_is_believed_when_it_comes_again() {
    let walks = Walks::default();
    walks.note(&account(hourly(), None));
    assert_eq!(comes_to(&walks, Judged::Perhaps(broken())), None);
    assert!(due(&walks).unwrap() <= START + Duration::from_secs(1));
    // An outage in between is no second opinion.
    assert_eq!(comes_to(&walks, Judged::Nothing), None);
    assert_eq!(comes_to(&walks, Judged::Perhaps(broken())), None);
    assert_eq!(comes_to(&walks, Judged::Perhaps(broken())), Some(broken()));
    assert_eq!(due(&walks), Some(START + SECOND_TRY));
    assert_eq!(comes_to(&walks, Judged::Sure(Outcome::Arrived)), Some(Outcome::Arrived));
    assert_eq!(comes_to(&walks, Judged::Perhaps(broken())), Some(Outcome::Arrived), "counted anew");
}

#[test]
fn an_outage_takes_no_verdict_back() {
    let walks = Walks::default();
    walks.note(&account(hourly(), None));
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    for _ in 0..50 {
        assert_eq!(comes_to(&walks, Judged::Nothing), Some(Outcome::Arrived));
    }
    assert!(due(&walks).unwrap() <= START + Duration::from_secs(300));
}

#[test]
fn a_request_to_look_is_a_request_to_walk_once() {
    let walks = Walks::default();
    let told = || account(hourly(), Some(("True", "Succeeded")));
    walks.note(&told());
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    walks.note(&told());
    assert!(due(&walks).unwrap() > START, "nothing is new");
    let mut asks = told();
    asks.annotations_mut().insert("chatwoot.dev/reconcile-requested-at".into(), "now".into());
    walks.note(&asks);
    assert_eq!(due(&walks), Some(Duration::ZERO));
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    walks.note(&asks);
    assert!(due(&walks).unwrap() > START, "it was answered");
}

#[test]
fn an_account_that_was_suspended_is_walked_anew() {
    let walks = Walks::default();
    walks.note(&account(hourly(), None));
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    walks.note(&account(hourly(), Some(("Unknown", "AccountSuspended"))));
    assert_eq!(walks.outcome("u-1"), None);
    walks.note(&account(hourly(), Some(("Unknown", "Progressing"))));
    assert_eq!(due(&walks), Some(Duration::ZERO));
}

#[test]
fn whoever_asks_no_more_is_tidied_once_and_forgotten() {
    let walks = Walks::default();
    walks.note(&account(hourly(), None));
    let walk = CancellationToken::new();
    walks.lock().rounds.get_mut("u-1").unwrap().under_way = Some(walk.clone());
    walks.note(&account(json!({"name": "Acme"}), Some(("True", "Succeeded"))));
    assert!(walk.is_cancelled());
    assert_eq!((due(&walks), walks.lock().rounds["u-1"].interval), (Some(Duration::ZERO), None));
    // The condition has been taken away meanwhile.
    walks.note(&account(json!({"name": "Acme"}), None));
    assert!(walks.is_under_way("u-1"));
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    assert!(walks.lock().rounds.is_empty());
}

#[test]
fn another_lead_takes_nothing_over_from_memory() {
    let walks = Walks::default();
    walks.note(&account(hourly(), Some(("True", "Succeeded"))));
    comes_to(&walks, Judged::Sure(broken()));
    walks.begin();
    assert_eq!((walks.outcome("u-1"), due(&walks)), (None, None));
}

/// It was due before it could be walked, such as right after a restart.
#[test]
fn a_walk_that_was_waited_for_is_made_once() {
    let walks = Walks::default();
    walks.note(&account(hourly(), Some(("Unknown", "Progressing"))));
    walks.lock().puts_off("u-1", START);
    walks.lock().rounds.get_mut("u-1").unwrap().begins();
    comes_to(&walks, Judged::Sure(Outcome::Arrived));
    let slot = due(&walks);
    walks.note(&account(hourly(), Some(("True", "Succeeded"))));
    assert_eq!(due(&walks), slot);
    assert!(slot > Some(START));
}
