//! What an instance needs next: read its token, reach it, see that it is the same Chatwoot, say so.

mod next;
#[cfg(test)]
mod tests;
mod types;

pub use types::*;

use super::{Again, End, status};
use crate::{
    api::{
        conditions::{self, ConditionStatus, ReasonClass, class, index, reason},
        instance::{Connection, InstanceStatus, Witness},
    },
    chatwoot::marker::Marker,
    plan::{Moment, Step, status::Verdict},
};
use std::time::Duration;

type Next = Step<Effect, End<InstanceStatus>>;

impl Facts {
    /// Ends with `verdict`, after dependents have been told.
    fn settle(&self, verdict: Verdict, at: &Moment) -> Next {
        let usable = self.usable_with(&verdict);
        if self.pass.published.as_ref() != Some(&usable) {
            return Step::Act(Effect::Publish(usable));
        }
        let (status, grace_left) = self.status_with(&verdict, at);
        let again = match class(verdict.reason) {
            ReasonClass::Nobody => self.sweep_wait(at),
            _ => status::again(&verdict, grace_left),
        };
        let checked = verdict.is_ready() && self.pass.probed;
        Step::Settle(End { status, again, checked })
    }

    fn sweep_wait(&self, at: &Moment) -> Again {
        match self.around.next_sweep {
            Some(next) => Again::After(next.saturating_sub(at.clock).max(Duration::from_secs(1))),
            None => Again::OnChange,
        }
    }

    /// What dependents may do from now on. What passes (Chatwoot is down) blocks nobody who could work before: each says
    /// for itself what waits.
    fn usable_with(&self, verdict: &Verdict) -> Usable {
        let blocks = match class(verdict.reason) {
            ReasonClass::Nobody => false,
            ReasonClass::Passes => !self.around.was_usable,
            // A terminating instance still serves those who are to be let go.
            ReasonClass::Operator | ReasonClass::Decision => !self.object.deleting,
            ReasonClass::Author | ReasonClass::Admin => true,
        };
        let who = format!("instance {}/{}", self.object.namespace, self.object.name);
        let lost_its_secret = matches!(self.pass.connected, Some(Connected::Missing(_)));
        Usable {
            serves_leavers: lost_its_secret && (self.around.was_usable || self.around.served_leavers),
            blocked: blocks.then(|| format!("{who} is not Ready: {}", verdict.reason)),
            proven: verdict.is_ready(),
            version: self.version(),
        }
    }

    fn status_with(&self, verdict: &Verdict, at: &Moment) -> (InstanceStatus, Option<Duration>) {
        let mut next = self.status.clone();
        next.observed_generation = self.object.generation;
        next.last_handled_reconcile_at = self.object.requested_at.clone();
        if let Some(version) = self.version() {
            next.version = Some(version.to_string());
        }
        // Only a look says anything new; without one even a better choice of witnesses is no reason to write.
        if verdict.is_ready()
            && self.pass.probed
            && let Some(fingerprint) = &self.pass.fingerprint
        {
            next.connection =
                Some(Connection { fingerprint: fingerprint.clone(), witnesses: self.witnesses_to_keep() });
        }
        let before = status::Before {
            conditions: &self.status.conditions,
            generation: self.object.generation,
            now: at.now,
            grace: self.around.grace,
        };
        let own = vec![self.index_condition()];
        let extras = status::Extras { own, ..status::Extras::default() };
        let after = status::conditions(before, verdict, &extras);
        next.conditions = after.conditions;
        (next, after.grace_left)
    }

    fn index_condition(&self) -> (&'static str, ConditionStatus, Verdict) {
        let repair = "a deleted account left its permission behind; chatwoot-operator doctor prints the statement that repairs it";
        let (status, reason, text) = match self.around.index {
            IndexState::Available => (ConditionStatus::True, index::AVAILABLE, "Chatwoot lists its accounts"),
            IndexState::Broken => (ConditionStatus::False, index::BROKEN, repair),
            IndexState::TooLarge => {
                (ConditionStatus::False, index::TOO_LARGE, "the list of accounts exceeds 64 MiB")
            }
            IndexState::Unsupported => (
                ConditionStatus::False,
                index::UNSUPPORTED,
                "Chatwoot lists its accounts since 4.5; upgrade it",
            ),
            // What an earlier process found stands until this one has looked.
            IndexState::Unread => match self.known_index() {
                Some((status, verdict)) => return (conditions::ACCOUNT_INDEX_AVAILABLE, status, verdict),
                None => {
                    (ConditionStatus::Unknown, index::UNREAD, "the list of accounts has not been read yet")
                }
            },
        };
        (conditions::ACCOUNT_INDEX_AVAILABLE, status, Verdict::new(reason, text))
    }

    fn known_index(&self) -> Option<(ConditionStatus, Verdict)> {
        let known = conditions::find(&self.status.conditions, conditions::ACCOUNT_INDEX_AVAILABLE)?;
        let reasons = [index::AVAILABLE, index::BROKEN, index::TOO_LARGE, index::UNSUPPORTED, index::UNREAD];
        let reason = reasons.into_iter().find(|reason| *reason == known.reason)?;
        Some((known.status, Verdict::new(reason, known.message.clone())))
    }

    /// Witnesses stay as long as they are bound, so that the status does not change with every new tenant; but one that
    /// speaks for a namespace of its own goes before a second one of another.
    fn witnesses_to_keep(&self) -> Vec<Witness> {
        let known = self.status.connection.as_ref().map(|c| c.witnesses.clone()).unwrap_or_default();
        let known = known.into_iter().filter(|w| self.around.bound.contains_key(w));
        let all: Vec<Witness> = known.chain(self.around.bound.keys().copied()).collect();
        let mut kept: Vec<Witness> = Vec::new();
        for repeats in [false, true] {
            for witness in &all {
                let namespace = self.namespace_of(witness);
                let repeated =
                    namespace.is_some() && kept.iter().any(|other| self.namespace_of(other) == namespace);
                if kept.len() < 3 && !kept.contains(witness) && (repeats || !repeated) {
                    kept.push(*witness);
                }
            }
        }
        kept
    }

    /// The tenant's namespace, as the marker has it that a witness must carry.
    fn namespace_of(&self, witness: &Witness) -> Option<String> {
        Marker::parse(self.around.bound.get(witness)?).map(|marker| marker.namespace)
    }

    fn version(&self) -> Option<crate::chatwoot::version::Version> {
        self.pass.version.or_else(|| self.status.version.as_deref()?.parse().ok())
    }

    fn secret_missing(&self, text: &str) -> Verdict {
        Verdict::new(reason::CREDENTIALS_MISSING, text)
    }
}
