//! The protocol's rules one by one; the explorer tries them in every order.

use super::*;
use crate::plan::Moment;

const TIMEOUT: Duration = Duration::from_secs(20);
const MARGIN: Duration = Duration::from_secs(30);

fn at(seconds: u64) -> Moment {
    Moment {
        now: jiff::Timestamp::UNIX_EPOCH,
        clock: Duration::from_secs(seconds),
        nonce: format!("n{seconds}"),
        stopping: false,
    }
}

fn facts() -> Facts {
    Facts {
        bound: None,
        claim: None,
        finalizer: false,
        deleting: false,
        destroying: false,
        adopt: None,
        question: None,
        answer: None,
        read_at: Duration::ZERO,
        restoring: false,
        timeout: TIMEOUT,
        settle_margin: MARGIN,
        memory: Memory::default(),
        mine: None,
        unsure: None,
        look: None,
        ended: None,
        read_again: false,
        stale: false,
        gone: false,
    }
}

fn saw(facts: &mut Facts, second: u64, matches: &[(i64, Likeness)]) {
    let answer = Index::Answer(matches.iter().map(|&(id, likeness)| Match { id, likeness }).collect());
    facts.learn(Lesson::Index(Look { asked_at: Duration::from_secs(second), answer }));
}

fn unusable(facts: &mut Facts, second: u64) {
    facts.learn(Lesson::Index(Look { asked_at: Duration::from_secs(second), answer: Index::Unusable }));
}

/// A pass that has claimed at second 0 and holds the finalizer.
fn claimed() -> Facts {
    let mut facts = facts();
    unusable(&mut facts, 0);
    let Next::Act(Effect::Claim(claim)) = facts.next(&at(0)) else { panic!("no claim") };
    facts.learn(Lesson::Claimed { claim, wrote: Wrote::Yes });
    assert_eq!(facts.next(&at(0)), Next::Act(Effect::AddFinalizer));
    facts.learn(Lesson::Finalizer(Wrote::Yes));
    facts
}

/// Another process found this claim in the status at second 0.
fn found_claim(attempt: u32) -> Facts {
    let mut facts = facts();
    facts.claim = Some(Claim { attempt, nonce: "theirs".into(), timeout: TIMEOUT, outcome: None });
    facts.finalizer = true;
    facts.memory.observe(facts.claim.clone().as_ref(), true, Duration::ZERO, false);
    facts
}

#[test]
fn nothing_is_sent_before_the_claim_and_the_finalizer_stand() {
    let facts = claimed();
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::Post { nonce: "n0".into(), before: SEND_WITHIN }));
}

#[test]
fn the_index_is_asked_before_the_first_claim() {
    assert_eq!(facts().next(&at(0)), Next::Act(Effect::AskIndex { not_before: Duration::ZERO }));
}

#[test]
fn a_failing_index_is_unknown_and_never_empty() {
    let mut facts = facts();
    facts.learn(Lesson::Index(Look { asked_at: Duration::ZERO, answer: Index::Unavailable }));
    assert_eq!(facts.next(&at(0)), Next::Wait(Wait::Unavailable));
}

#[test]
fn a_claim_that_grew_old_is_not_sent() {
    let facts = claimed();
    let record = Next::Act(Effect::Record(Outcome::NotSent { answered: false }));
    assert_ne!(facts.next(&at(9)), record);
    assert_eq!(facts.next(&at(10)), record);
}

#[test]
fn a_claim_found_in_the_status_is_never_sent() {
    let mut facts = found_claim(1);
    for second in 0..200 {
        match facts.next(&at(second)) {
            Next::Act(Effect::AskIndex { .. }) => unusable(&mut facts, second),
            Next::Act(other) => panic!("{other:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_claim_whose_write_got_no_answer_is_read_back() {
    let mut facts = facts();
    unusable(&mut facts, 0);
    let Next::Act(Effect::Claim(new)) = facts.next(&at(0)) else { panic!("no claim") };
    let claim = new.claim.clone();
    facts.learn(Lesson::Claimed { claim: new, wrote: Wrote::Unknown });
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::ReadBack));
    let read =
        |claim| ReadBack::Found { bound: None, claim, finalizer: false, deleting: false, at: Duration::ZERO };
    let mut other = facts.clone();
    other.learn(Lesson::ReadBack(read(Some(Claim { nonce: "theirs".into(), ..claim.clone() }))));
    assert_eq!(other.next(&at(1)), Next::Wait(Wait::Fresh));
    facts.learn(Lesson::ReadBack(read(Some(claim))));
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::AddFinalizer));
}

#[test]
fn a_lost_answer_waits_out_the_settle_time_before_it_repeats() {
    let mut facts = claimed();
    facts.learn(Lesson::Lost);
    assert_eq!(facts.next(&at(20)), Next::Act(Effect::AskIndex { not_before: Duration::ZERO }));
    saw(&mut facts, 20, &[]);
    assert_eq!(facts.next(&at(20)), Next::Wait(Wait::Settling { until: Duration::from_secs(70) }));
    assert_eq!(facts.next(&at(70)), Next::Act(Effect::AskIndex { not_before: Duration::from_secs(70) }));
    saw(&mut facts, 71, &[]);
    let Next::Act(Effect::Claim(new)) = facts.next(&at(71)) else { panic!("no second claim") };
    assert_eq!(new.claim.attempt, 2);
}

#[test]
fn the_third_repeat_needs_a_person() {
    let mut facts = found_claim(3);
    saw(&mut facts, 20, &[]);
    saw(&mut facts, 71, &[]);
    assert_eq!(facts.next(&at(71)), Next::Stop(Stop::OutcomeUnknown));
}

#[test]
fn an_account_with_our_uid_is_bound_and_two_are_a_question() {
    let mut facts = found_claim(1);
    saw(&mut facts, 1, &[(7, Likeness::Ours)]);
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::Bind { id: 7, found: Found::Ours }));
    saw(&mut facts, 2, &[(7, Likeness::Ours), (8, Likeness::Ours)]);
    assert_eq!(facts.next(&at(2)), Next::Stop(Stop::Duplicate(vec![7, 8])));
}

#[test]
fn a_predecessors_account_is_not_bound_at_first_sight() {
    let mut facts = facts();
    saw(&mut facts, 0, &[(7, Likeness::Recreated)]);
    let until = Duration::from_secs(110);
    assert_eq!(facts.next(&at(0)), Next::Wait(Wait::Settling { until }));
    assert_eq!(facts.next(&at(110)), Next::Act(Effect::AskIndex { not_before: until }));
    saw(&mut facts, 111, &[(7, Likeness::Recreated)]);
    assert_eq!(facts.next(&at(111)), Next::Act(Effect::AddFinalizer));
    facts.learn(Lesson::Finalizer(Wrote::Yes));
    assert_eq!(facts.next(&at(111)), Next::Act(Effect::Bind { id: 7, found: Found::Recreated }));
}

#[test]
fn another_namespaces_account_is_a_question_unless_restoring() {
    let mut facts = facts();
    saw(&mut facts, 0, &[(7, Likeness::Restored)]);
    assert_eq!(facts.next(&at(0)), Next::Stop(Stop::Previous(vec![7])));
    facts.restoring = true;
    assert!(matches!(facts.next(&at(0)), Next::Wait(Wait::Settling { .. })));
}

#[test]
fn while_restoring_nothing_is_made_without_the_index() {
    let mut facts = facts();
    facts.restoring = true;
    unusable(&mut facts, 0);
    assert_eq!(facts.next(&at(0)), Next::Stop(Stop::NeedsIndex));
}

#[test]
fn an_id_in_hand_is_stored_whatever_else_changed() {
    let mut facts = claimed();
    facts.learn(Lesson::Created(7));
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::StoreId(7)));
    facts.learn(Lesson::Stored { id: 7, wrote: Wrote::Conflict });
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::ReadBack));
    let read =
        |bound| ReadBack::Found { bound, claim: None, finalizer: true, deleting: true, at: Duration::ZERO };
    let mut other = facts.clone();
    facts.learn(Lesson::ReadBack(read(None)));
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::StoreId(7)));
    other.learn(Lesson::ReadBack(read(Some(3))));
    assert_eq!(other.next(&at(1)), Next::Act(Effect::NoteDuplicate(7)));
    other.learn(Lesson::DuplicateNoted { id: 7, wrote: Wrote::Gone });
    assert_eq!(other.next(&at(1)), Next::Act(Effect::ReportOrphan(7)));
}

#[test]
fn a_refusal_is_checked_against_the_index_before_the_next_claim() {
    let mut facts = claimed();
    facts.learn(Lesson::Posted(Posted::Rejected));
    assert_eq!(facts.next(&at(1)), Next::Act(Effect::Record(Outcome::Rejected)));
    facts.learn(Lesson::Recorded { outcome: Outcome::Rejected, wrote: Wrote::Yes });
    assert_eq!(facts.next(&at(1)), Next::Ended(Outcome::Rejected));
    facts.ended = None;
    assert_eq!(facts.next(&at(2)), Next::Act(Effect::AskIndex { not_before: Duration::ZERO }));
    saw(&mut facts, 2, &[(7, Likeness::Ours)]);
    assert_eq!(facts.next(&at(2)), Next::Act(Effect::Bind { id: 7, found: Found::Ours }));
}

#[test]
fn an_answer_to_an_earlier_question_decides_nothing() {
    let mut facts = found_claim(3);
    facts.question = Some("new".into());
    facts.answer = Some(Answer { token: "old".into(), choice: Choice::Create });
    assert_eq!(facts.next(&at(0)), Next::Act(Effect::AskIndex { not_before: Duration::ZERO }));
    facts.answer = Some(Answer { token: "new".into(), choice: Choice::Account(9) });
    assert_eq!(facts.next(&at(0)), Next::Verify { id: 9, chosen: true });
}

#[test]
fn a_stripped_finalizer_does_not_hide_an_open_claim() {
    let mut facts = found_claim(1);
    facts.finalizer = false;
    assert_eq!(facts.next(&at(0)), Next::Act(Effect::AddFinalizer));
}

#[test]
fn a_finalizer_without_a_claim_is_a_lost_status() {
    let mut facts = facts();
    facts.finalizer = true;
    saw(&mut facts, 0, &[]);
    assert_eq!(facts.next(&at(0)), Next::Wait(Wait::Settling { until: LONGEST_TIMEOUT * 2 + MARGIN }));
}

#[test]
fn letting_go_takes_one_look_and_says_what_may_exist() {
    let mut facts = found_claim(1);
    facts.deleting = true;
    unusable(&mut facts, 0);
    assert_eq!(facts.next(&at(0)), Next::Release(Release::MayExist));
    facts.destroying = true;
    assert!(matches!(facts.next(&at(0)), Next::Wait(Wait::Settling { .. })));
}

#[test]
fn a_stopping_process_sends_nothing_and_says_so() {
    let mut facts = claimed();
    let stopping = Moment { stopping: true, ..at(1) };
    assert_eq!(facts.next(&stopping), Next::Act(Effect::Record(Outcome::NotSent { answered: false })));
    facts.learn(Lesson::Created(7));
    assert_eq!(facts.next(&stopping), Next::Act(Effect::StoreId(7)));
}

#[test]
fn adopting_waits_for_a_look_after_a_refusal() {
    let mut facts = facts();
    let claim = Claim { attempt: 1, nonce: "n".into(), timeout: TIMEOUT, outcome: Some(Outcome::Rejected) };
    facts.claim = Some(claim);
    facts.finalizer = true;
    facts.adopt = Some(42);
    assert_eq!(facts.next(&at(0)), Next::Act(Effect::AskIndex { not_before: Duration::ZERO }));
    let mut other = facts.clone();
    saw(&mut facts, 0, &[(7, Likeness::Ours), (8, Likeness::Recreated)]);
    assert_eq!(facts.next(&at(0)), Next::Act(Effect::Bind { id: 7, found: Found::Ours }));
    saw(&mut other, 0, &[(8, Likeness::Recreated)]);
    assert_eq!(other.next(&at(0)), Next::Verify { id: 42, chosen: false });
}

#[test]
fn adopting_waits_until_an_unfinished_create_is_resolved() {
    let mut facts = found_claim(1);
    facts.adopt = Some(42);
    saw(&mut facts, 20, &[]);
    assert!(matches!(facts.next(&at(20)), Next::Wait(Wait::Settling { .. })));
    saw(&mut facts, 71, &[]);
    assert_eq!(facts.next(&at(71)), Next::Verify { id: 42, chosen: false });
}

#[test]
fn a_refusal_is_not_believed_while_the_index_cannot_be_asked() {
    let mut facts = found_claim(1);
    facts.claim.as_mut().unwrap().outcome = Some(Outcome::Rejected);
    facts.learn(Lesson::Index(Look { asked_at: Duration::ZERO, answer: Index::Unavailable }));
    assert_eq!(facts.next(&at(0)), Next::Wait(Wait::Unavailable));
    facts.deleting = true;
    assert_eq!(facts.next(&at(0)), Next::Release(Release::MayExist));
    facts.deleting = false;
    unusable(&mut facts, 0);
    assert!(matches!(facts.next(&at(0)), Next::Act(Effect::Claim(_))));
}

#[test]
fn a_claim_met_on_reading_back_settles_from_then_on() {
    let mut facts = found_claim(1);
    facts.finalizer = false;
    assert_eq!(facts.next(&at(100)), Next::Act(Effect::AddFinalizer));
    facts.learn(Lesson::Finalizer(Wrote::Conflict));
    assert_eq!(facts.next(&at(100)), Next::Act(Effect::ReadBack));
    let claim = Claim { attempt: 2, nonce: "newer".into(), timeout: TIMEOUT, outcome: None };
    facts.learn(Lesson::ReadBack(ReadBack::Found {
        bound: None,
        claim: Some(claim),
        finalizer: true,
        deleting: false,
        at: Duration::from_secs(100),
    }));
    assert_eq!(facts.next(&at(100)), Next::Wait(Wait::Fresh));
}

#[test]
fn a_second_look_that_agrees_ends_the_looking_whatever_it_shows() {
    let two = [(7, Likeness::Recreated), (9, Likeness::Restored)];
    let mut rebinding = found_claim(1);
    saw(&mut rebinding, 20, &two);
    saw(&mut rebinding, 71, &two);
    assert_eq!(rebinding.next(&at(71)), Next::Act(Effect::Bind { id: 7, found: Found::Recreated }));
    for seen in [&two[..], &[(7, Likeness::Recreated)], &[(7, Likeness::Recreated), (8, Likeness::Recreated)]]
    {
        let mut going = found_claim(1);
        going.deleting = true;
        going.destroying = true;
        saw(&mut going, 20, seen);
        saw(&mut going, 71, seen);
        assert_eq!(going.next(&at(71)), Next::Release(Release::MayExist), "{seen:?}");
    }
}

#[test]
fn a_status_lost_settles_from_when_it_was_lost_and_not_from_when_there_was_none() {
    let mut facts = facts();
    facts.memory.observe(None, false, Duration::ZERO, false);
    // Another process claims and sends; this one sees the object again only after the status was lost.
    facts.finalizer = true;
    facts.memory.observe(None, true, Duration::from_secs(200), true);
    saw(&mut facts, 200, &[]);
    let until = Duration::from_secs(200) + LONGEST_TIMEOUT * 2 + MARGIN;
    assert_eq!(facts.next(&at(200)), Next::Wait(Wait::Settling { until }));
}

#[test]
fn an_account_whose_id_is_gone_from_the_status_is_looked_for_and_not_made_again() {
    let mut facts = found_claim(1);
    facts.claim.as_mut().unwrap().outcome = Some(Outcome::Created);
    unusable(&mut facts, 1);
    assert!(matches!(facts.next(&at(1)), Next::Wait(Wait::Settling { .. })));
    assert_eq!(facts.next(&at(70)), Next::Stop(Stop::OutcomeUnknown));
    saw(&mut facts, 71, &[(7, Likeness::Ours)]);
    assert_eq!(facts.next(&at(71)), Next::Act(Effect::Bind { id: 7, found: Found::Ours }));
}

#[test]
fn nobody_is_asked_about_a_namesakes_account_while_the_creator_may_be_at_work() {
    let mut facts = found_claim(1);
    saw(&mut facts, 1, &[(7, Likeness::Restored)]);
    assert_eq!(facts.next(&at(1)), Next::Wait(Wait::Settling { until: Duration::from_secs(70) }));
    saw(&mut facts, 70, &[(7, Likeness::Restored)]);
    assert_eq!(facts.next(&at(70)), Next::Stop(Stop::Previous(vec![7])));
}

#[test]
fn an_id_that_a_person_gave_up_does_not_stand_in_the_way_of_the_new_claim() {
    // The account is gone, and the claim is made by facts that still hold its id.
    let mut facts = Facts { bound: Some(1), finalizer: true, ..facts() };
    let claim = Claim { attempt: 2, nonce: "n0".into(), timeout: TIMEOUT, outcome: None };
    let claim = NewClaim { claim, since: Duration::ZERO };
    facts.learn(Lesson::Claimed { claim, wrote: Wrote::Yes });
    assert!(matches!(facts.next(&at(0)), Next::Act(Effect::Post { .. })));
}
