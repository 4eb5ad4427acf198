//! Grants and plans: there is nothing to do for them but to say whether they count.

use super::{
    Again, End, Machine, Moment, Step,
    status::{self, Verdict},
};
use crate::api::conditions::{Condition, reason};
use std::{fmt::Debug, time::Duration};

/// A grant's or plan's status, as this planner needs it.
pub trait OfferStatus: Clone + Debug + PartialEq + Default + Send + Sync + 'static {
    fn conditions(&self) -> &[Condition];
    fn set(&mut self, generation: i64, requested_at: Option<String>, conditions: Vec<Condition>);
}

/// What is known of the instance beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    Known,
    /// It lies in a namespace whose instances do not count.
    NotHonoured,
    Missing,
}

#[derive(Clone, Debug)]
pub struct Facts<S> {
    pub namespace: String,
    pub instance: String,
    pub generation: i64,
    pub requested_at: Option<String>,
    pub status: S,
    pub beside: Beside,
    /// What cannot be, beyond what the schema refuses.
    pub invalid: Option<String>,
    pub grace: Duration,
}

/// There is no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Never {}

impl<S: OfferStatus> Machine for Facts<S> {
    type Effect = Never;
    type Lesson = Never;
    type End = End<S>;

    fn next(&self, at: &Moment) -> Step<Never, End<S>> {
        let before = status::Before {
            conditions: self.status.conditions(),
            generation: self.generation,
            now: at.now,
            grace: self.grace,
        };
        let after = status::conditions(before, &self.verdict(), &status::Extras::default());
        let mut next = self.status.clone();
        next.set(self.generation, self.requested_at.clone(), after.conditions);
        let again = after.grace_left.map_or(Again::OnChange, Again::After);
        Step::Settle(End { status: next, again, checked: true })
    }

    fn learn(&mut self, lesson: Never) {
        match lesson {}
    }
}

impl<S> Facts<S> {
    fn verdict(&self) -> Verdict {
        if let Some(invalid) = &self.invalid {
            return Verdict::new(reason::INVALID_SPEC, invalid);
        }
        match self.beside {
            Beside::Known => Verdict::new(reason::SUCCEEDED, "in force"),
            Beside::NotHonoured => Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "it does not count in namespace {}, because instances are not honoured there; move it beside its instance",
                    self.namespace
                ),
            ),
            Beside::Missing => Verdict::new(
                reason::WAITING_FOR_INSTANCE,
                format!(
                    "instance {} is not in namespace {}; create it, or correct spec.instanceRef",
                    self.instance, self.namespace
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{
            conditions::{STALLED, find},
            grant::GrantStatus,
        },
        plan::status::{is_ready, ready_reason, tests::well_formed},
    };
    use jiff::Timestamp;

    fn facts(beside: Beside) -> Facts<GrantStatus> {
        Facts {
            namespace: "ops".into(),
            instance: "main".into(),
            generation: 3,
            requested_at: Some("now".into()),
            status: GrantStatus::default(),
            beside,
            invalid: None,
            grace: Duration::from_secs(120),
        }
    }

    fn at(second: i64) -> Moment {
        let now = Timestamp::from_second(1_800_000_000 + second).unwrap();
        Moment { now, clock: Duration::ZERO, nonce: String::new(), stopping: false }
    }

    fn look(facts: &mut Facts<GrantStatus>, second: i64) -> Again {
        let Step::Settle(end) = facts.next(&at(second));
        well_formed(&end.status.conditions, 3);
        facts.status = end.status;
        end.again
    }

    #[test]
    fn a_grant_beside_its_instance_is_in_force_and_says_so_once() {
        let mut facts = facts(Beside::Known);
        assert_eq!(look(&mut facts, 0), Again::OnChange);
        assert!(is_ready(&facts.status.conditions));
        assert_eq!(facts.status.last_handled_reconcile_at.as_deref(), Some("now"));
        let before = facts.status.clone();
        look(&mut facts, 500);
        assert_eq!(facts.status, before);
    }

    #[test]
    fn one_that_does_not_count_says_why_and_is_stalled_after_its_grace() {
        let mut facts = facts(Beside::NotHonoured);
        assert_eq!(look(&mut facts, 0), Again::After(Duration::from_secs(120)));
        assert_eq!(ready_reason(&facts.status.conditions), Some(reason::INVALID_SPEC));
        assert_eq!(look(&mut facts, 120), Again::OnChange);
        let stalled = find(&facts.status.conditions, STALLED).unwrap();
        assert!(stalled.message.contains("ops") && stalled.message.ends_with("move it beside its instance"));
    }

    #[test]
    fn without_its_instance_it_waits_and_says_for_which() {
        let mut facts = facts(Beside::Missing);
        look(&mut facts, 0);
        assert_eq!(ready_reason(&facts.status.conditions), Some(reason::WAITING_FOR_INSTANCE));
        facts.invalid = Some("spec.features: write another".into());
        look(&mut facts, 1);
        assert_eq!(ready_reason(&facts.status.conditions), Some(reason::INVALID_SPEC));
    }
}
