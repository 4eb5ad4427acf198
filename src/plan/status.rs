//! What the conditions say. One rule for every kind, so that `kubectl wait`, kstatus and Argo CD read all of them alike.

use super::Again;
use crate::api::conditions::{self, Condition, ConditionStatus, ReasonClass, find, reason};
use jiff::Timestamp;
use std::time::Duration;

/// The longest message a condition carries, in bytes.
const LONGEST_MESSAGE: usize = 1024;
/// Kept of the end of a longer one: what to type stands there.
const KEPT_END: usize = 400;
/// What only a person can mend is looked at again after this long, should nothing change before.
pub const SECOND_LOOK: Duration = Duration::from_secs(600);

/// How things stand, in one reason and one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub reason: &'static str,
    pub message: String,
}

impl Verdict {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: cut(message.into()) }
    }

    pub fn is_ready(&self) -> bool {
        conditions::class(self.reason) == ReasonClass::Nobody
    }
}

/// What else a kind's conditions say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    pub paused: bool,
    /// Names of the fields that differ and are not being repaired.
    pub drifted: Vec<String>,
    /// Conditions of one kind only, such as `CredentialsPublished`.
    pub own: Vec<(&'static str, ConditionStatus, Verdict)>,
}

/// What the conditions are computed from, besides the verdict.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    pub conditions: &'a [Condition],
    pub generation: i64,
    pub now: Timestamp,
    /// How long an author's or admin's mistake counts as "in progress": GitOps applies in any order, and Flux gives up
    /// on Stalled.
    pub grace: Duration,
}

/// The conditions, and when they change by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    pub conditions: Vec<Condition>,
    /// The grace ends then: look again.
    pub grace_left: Option<Duration>,
}

/// Conditions for `verdict`.
pub fn conditions(before: Before<'_>, verdict: &Verdict, extras: &Extras) -> After {
    let class = conditions::class(verdict.reason);
    let waiting_since = find(before.conditions, conditions::RECONCILING)
        .filter(|c| c.status == ConditionStatus::True)
        .map_or(before.now, |c| c.last_transition_time);
    let stalled_before = find(before.conditions, conditions::STALLED).is_some_and(|c| {
        c.status == ConditionStatus::True && c.observed_generation == Some(before.generation)
    });
    let waited = Duration::try_from(before.now.duration_since(waiting_since)).unwrap_or_default();
    let (reconciling, stalled, grace_left) = match class {
        ReasonClass::Nobody => (false, false, None),
        ReasonClass::Operator | ReasonClass::Passes => (true, false, None),
        ReasonClass::Decision => (false, true, None),
        ReasonClass::Author | ReasonClass::Admin if stalled_before || waited >= before.grace => {
            (false, true, None)
        }
        ReasonClass::Author | ReasonClass::Admin => (true, false, Some(before.grace.saturating_sub(waited))),
    };
    let mut list = vec![set(
        before,
        conditions::READY,
        if verdict.is_ready() { ConditionStatus::True } else { ConditionStatus::False },
        verdict,
    )];
    if reconciling {
        list.push(set(before, conditions::RECONCILING, ConditionStatus::True, verdict));
    }
    if stalled {
        list.push(set(before, conditions::STALLED, ConditionStatus::True, verdict));
    }
    if extras.paused {
        let why = Verdict::new(reason::PAUSED, "spec.paused is true; set it to false to go on");
        list.push(set(before, conditions::PAUSED, ConditionStatus::True, &why));
    }
    if !extras.drifted.is_empty() {
        let why = Verdict::new(
            conditions::DIFFERENCES_FOUND,
            format!("differs in Chatwoot: {}", extras.drifted.join(", ")),
        );
        list.push(set(before, conditions::DRIFTED, ConditionStatus::True, &why));
    }
    for (kind, status, verdict) in &extras.own {
        list.push(set(before, kind, *status, verdict));
    }
    After { conditions: list, grace_left }
}

/// Conditions while paused: Ready keeps its value if this generation had been reconciled, else nobody knows.
pub fn paused(before: Before<'_>, reconciled: bool, extras: &Extras) -> After {
    let mut after = match find(before.conditions, conditions::READY).filter(|_| reconciled) {
        Some(ready) => {
            let mut kept = ready.clone();
            kept.observed_generation = Some(before.generation);
            After { conditions: vec![kept], grace_left: None }
        }
        None => {
            let unknown = Verdict::new(
                reason::PAUSED,
                "paused before this generation was looked at; set spec.paused: false",
            );
            After {
                conditions: vec![set(before, conditions::READY, ConditionStatus::Unknown, &unknown)],
                grace_left: None,
            }
        }
    };
    let rest =
        conditions(before, &Verdict::new(reason::SUCCEEDED, ""), &Extras { paused: true, ..extras.clone() });
    after.conditions.extend(rest.conditions.into_iter().filter(|c| c.type_ != conditions::READY));
    after
}

/// The conditions with that of one kind as it should be now, and everything else as it was.
pub fn replace(
    before: Before<'_>,
    kind: &str,
    wanted: Option<&(ConditionStatus, Verdict)>,
) -> Vec<Condition> {
    let others = before.conditions.iter().filter(|condition| condition.type_ != kind).cloned();
    others.chain(wanted.map(|(status, verdict)| set(before, kind, *status, verdict))).collect()
}

/// When to look again after a verdict. `grace_left`: of [`After`].
pub fn again(verdict: &Verdict, grace_left: Option<Duration>) -> Again {
    match conditions::class(verdict.reason) {
        ReasonClass::Nobody | ReasonClass::Operator => Again::OnChange,
        ReasonClass::Passes => Again::Backoff { at_least: Duration::ZERO },
        ReasonClass::Author | ReasonClass::Admin | ReasonClass::Decision => {
            Again::After(grace_left.unwrap_or(SECOND_LOOK).min(SECOND_LOOK))
        }
    }
}

/// Ready is True.
pub fn is_ready(list: &[Condition]) -> bool {
    find(list, conditions::READY).is_some_and(|c| c.status == ConditionStatus::True)
}

/// The reason Ready carries.
pub fn ready_reason(list: &[Condition]) -> Option<&str> {
    find(list, conditions::READY).map(|c| c.reason.as_str())
}

fn set(before: Before<'_>, kind: &str, status: ConditionStatus, verdict: &Verdict) -> Condition {
    let since = find(before.conditions, kind)
        .filter(|old| old.status == status)
        .map_or(before.now, |old| old.last_transition_time);
    Condition {
        type_: kind.to_owned(),
        status,
        reason: verdict.reason.to_owned(),
        message: verdict.message.clone(),
        last_transition_time: since,
        observed_generation: Some(before.generation),
    }
}

/// What is too long loses its middle.
fn cut(message: String) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message;
    }
    let room = LONGEST_MESSAGE - KEPT_END - '…'.len_utf8();
    let head = (0..=room).rev().find_map(|end| message.get(..end)).unwrap_or_default();
    let tail =
        (message.len() - KEPT_END..=message.len()).find_map(|start| message.get(start..)).unwrap_or_default();
    format!("{head}…{tail}")
}

#[cfg(test)]
pub(super) mod tests;
