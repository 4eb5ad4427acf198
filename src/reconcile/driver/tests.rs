use super::*;
use crate::reconcile::memory::Memories;

const HOUR: Duration = Duration::from_secs(3600);
/// The shortest pause that is no hot loop.
const CALM: Duration = Duration::from_millis(100);

fn now(second: u64) -> (Duration, Timestamp) {
    (Duration::from_secs(second), Timestamp::from_second(1_800_000_000 + second as i64).unwrap())
}

fn remembered() -> Remembered<()> {
    Memories::default().take("u-1")
}

fn end(again: Again, checked: bool) -> Ended {
    Ended { again, checked }
}

#[test]
fn a_slot_that_could_not_be_used_is_no_hot_loop() {
    // Paused, refused, waiting for a turn or for its instance: the slot passes and nothing was compared.
    for again in [Again::OnChange, Again::After(Duration::from_secs(600)), Again::Fresh] {
        let mut memory = remembered();
        let mut at = 0;
        for _ in 0..200 {
            let wait = come_back(&mut memory, ("u-1", "u-1"), end(again, false), HOUR, now(at));
            assert!(wait >= CALM, "{again:?} comes back after {wait:?}");
            at += wait.as_secs() + 1;
        }
        assert!(again == Again::Fresh || at > 10 * 3600, "{again:?} came back 200 times in {at} s");
    }
}

#[test]
fn a_slot_that_was_missed_stays_due_until_the_object_was_compared() {
    let mut memory = remembered();
    let first = come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), HOUR, now(0));
    let after = first.as_secs() + 5;
    come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, false), HOUR, now(after));
    assert!(memory.next_check.unwrap() <= Duration::from_secs(after), "whoever wakes it finds it due");
    come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), HOUR, now(after + 1));
    assert!(memory.next_check.unwrap() > Duration::from_secs(after + 1));
}

#[test]
fn one_look_just_before_its_slot_is_enough() {
    let mut memory = remembered();
    let first = come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), HOUR, now(0));
    let again =
        come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), HOUR, now(first.as_secs() - 1));
    assert!(again > HOUR, "{again:?}");
}

#[test]
fn a_shorter_interval_counts_at_once() {
    let mut memory = remembered();
    come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), 24 * HOUR, now(0));
    let wait = come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, false), HOUR, now(1));
    assert!(wait <= HOUR, "{wait:?}");
}

#[test]
fn an_author_has_a_second_look_after_ten_minutes_and_a_failure_later_each_time() {
    let mut memory = remembered();
    let ten = Duration::from_secs(600);
    come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), 24 * HOUR, now(0));
    assert_eq!(come_back(&mut memory, ("u-1", "u-1"), end(Again::After(ten), false), 24 * HOUR, now(1)), ten);
    let backoff = Again::Backoff { at_least: Duration::ZERO };
    let waits: Vec<_> = (0..4)
        .map(|n| come_back(&mut memory, ("u-1", "u-1"), end(backoff, false), HOUR, now(2 + n)))
        .collect();
    assert!(waits.windows(2).all(|pair| pair[0] < pair[1]), "{waits:?}");
    let asked = Again::Backoff { at_least: Duration::from_secs(90) };
    assert!(
        come_back(&mut memory, ("u-1", "u-1"), end(asked, false), HOUR, now(9)) >= Duration::from_secs(90)
    );
    come_back(&mut memory, ("u-1", "u-1"), end(Again::OnChange, true), HOUR, now(10));
    assert_eq!(memory.failures, 0);
}

#[test]
fn what_a_backup_brought_back_is_left_alone_for_a_moment_and_what_is_new_never() {
    let seconds = Duration::from_secs;
    let mut restored = Remembered::<()>::default();
    assert_eq!(left_alone(&mut restored, true, seconds(5)), Some(seconds(10)));
    assert_eq!(left_alone(&mut restored, true, seconds(12)), Some(seconds(3)));
    assert_eq!(left_alone(&mut restored, true, seconds(15)), None);
    // It gets the annotation with its finalizer, and then waits in line: the turn it is woken with must not be lost.
    let mut new = Remembered::<()>::default();
    assert_eq!(left_alone(&mut new, false, seconds(5)), None);
    assert_eq!(left_alone(&mut new, true, seconds(6)), None);
}
