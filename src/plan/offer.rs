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
