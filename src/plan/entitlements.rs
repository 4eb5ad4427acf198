//! What an account should be like: the tenant's own fields over the plan, under the grants' suspension.
//!
//! For an account that names a plan, a flag or limit that *any* plan of the instance names belongs to the plans: it is
//! off (or removed) unless the account's plan names it, so that a downgrade takes away what an upgrade gave. A field the
//! tenant does not set is not ours and is never written.

mod diff;
mod suspension;
#[cfg(test)]
mod tests;

pub use diff::{Diff, diff, merged_attributes};
pub use suspension::state_before;

use super::grants::{Fit, Suspension, Verdict};
use crate::{
    api::{
        account::{AccountSpec, Managed, State},
        common::{RESERVED_ATTRIBUTES, Scalar},
        plan::PlanSpec,
    },
    chatwoot::types::AccountState,
};
use std::collections::{BTreeMap, BTreeSet};

/// Flags and limits that some plan of the instance names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    pub features: BTreeSet<String>,
    pub limits: BTreeSet<String>,
}

impl Planned {
    /// A plan that cannot be read is left out: its keys are then nobody's, and stay as they are.
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a PlanSpec>) -> Self {
        let mut planned = Self::default();
        for plan in plans {
            planned.features.extend(plan.features.keys().cloned());
            planned.limits.extend(plan.limits.keys().cloned());
        }
        planned
    }
}

/// How much of what is asked for is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The tenant's fields and the plan's.
    Everything,
    /// Paused or observed: the tenant's fields, and every key they name, are left alone; what the plan sells is
    /// enforced. A tenant gains nothing by naming a plan's key first and pausing then: naming it takes a grant that
    /// would let them set any value.
    Resting,
    /// The tenant's fields are refused: they are left alone, and do not shield a key that plans name. Asking for too
    /// much must not be a way to keep what a downgrade takes.
    Sold,
    /// Nothing is granted, or the plan is missing: nothing is written but a suspension.
    Frozen,
}

/// The scope for an account. `resting`: paused, or in mode Observe.
pub fn scope(verdict: &Verdict, resting: bool) -> Scope {
    match verdict.fit {
        Fit::Granted if resting => Scope::Resting,
        Fit::Granted => Scope::Everything,
        Fit::Refused(_) | Fit::Unknown(_) if verdict.plan_stands => Scope::Sold,
        Fit::Refused(_) | Fit::Unknown(_) => Scope::Frozen,
    }
}

/// Everything that decides what an account should be like.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub spec: &'a AccountSpec,
    /// The plan that the spec names; `None` where it names none, or where that is missing or unreadable, which freezes.
    pub plan: Option<&'a PlanSpec>,
    pub planned: &'a Planned,
    /// `status.managed`.
    pub managed: &'a Managed,
    pub suspension: Suspension,
    /// `status.stateBefore`: there while a grant suspends the account.
    pub before: Option<State>,
    pub scope: Scope,
}

/// What an account should be like. A field that is `None`, and a key that is not there, is not ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub name: Option<String>,
    pub locale: Option<String>,
    pub domain: Option<String>,
    pub support_email: Option<String>,
    pub state: Option<AccountState>,
    pub features: BTreeMap<String, bool>,
    /// `None`: the key is removed.
    pub limits: BTreeMap<String, Option<i64>>,
    /// `None`: the key is removed.
    pub custom_attributes: BTreeMap<String, Option<Scalar>>,
    /// `status.managed` once all of this is so.
    pub managed: Managed,
    /// `status.managed` to record before any of it is sent, so that a key that was set is never forgotten.
    pub managed_meanwhile: Managed,
}

/// What an account should be like.
pub fn wanted(asked: &Asked) -> Wanted {
    let plan_missing = asked.spec.plan.is_some() && asked.plan.is_none();
    let asked = Asked { scope: if plan_missing { Scope::Frozen } else { asked.scope }, ..*asked };
    let state = suspension::state(&asked);
    if asked.scope == Scope::Frozen {
        let managed = asked.managed.clone();
        return Wanted { state, managed_meanwhile: managed.clone(), managed, ..Wanted::default() };
    }
    let Asked { spec, plan, managed, scope, .. } = asked;
    let nobody = Planned::default();
    let planned = if plan.is_some() { asked.planned } else { &nobody };
    let mut features =
        keys(scope, &spec.features, plan.map(|plan| &plan.features), &planned.features, &managed.features);
    // The bit mask of all flags goes by a flag's name (chatwoot-api P10).
    features.leave("flags");
    let limits = keys(scope, &spec.limits, plan.map(|plan| &plan.limits), &planned.limits, &managed.limits);
    let attributes = attributes(&asked);
    let own = (scope == Scope::Everything).then_some(spec);
    Wanted {
        name: own.map(|spec| spec.name.clone()),
        locale: own.and_then(|spec| spec.locale.clone()),
        domain: own.and_then(|spec| spec.domain.clone()),
        support_email: own.and_then(|spec| spec.support_email.clone()).filter(|email| !email.is_empty()),
        state,
        managed: Managed {
            features: features.managed(),
            limits: limits.managed(),
            custom_attributes: attributes.managed(),
        },
        managed_meanwhile: Managed {
            features: features.meanwhile(&managed.features),
            limits: limits.meanwhile(&managed.limits),
            custom_attributes: attributes.meanwhile(&managed.custom_attributes),
        },
        features: features.wanted.into_iter().map(|(key, value)| (key, value.unwrap_or(false))).collect(),
        limits: limits.wanted,
        custom_attributes: attributes.wanted,
    }
}

/// One map of an account: what its keys should be, and which of them we answer for from then on.
struct Keys<V> {
    /// `None`: off, or removed.
    wanted: BTreeMap<String, Option<V>>,
    answered_for: BTreeSet<String>,
}

impl<V> Keys<V> {
    fn leave(&mut self, key: &str) {
        self.wanted.remove(key);
        self.answered_for.remove(key);
    }

    fn managed(&self) -> Vec<String> {
        self.answered_for.iter().cloned().collect()
    }

    fn meanwhile(&self, before: &[String]) -> Vec<String> {
        let all: BTreeSet<&String> = self.answered_for.iter().chain(before).collect();
        all.into_iter().cloned().collect()
    }
}

fn keys<V: Clone>(
    scope: Scope,
    own: &BTreeMap<String, V>,
    plan: Option<&BTreeMap<String, V>>,
    planned: &BTreeSet<String>,
    managed: &[String],
) -> Keys<V> {
    let mut answered_for = BTreeSet::new();
    let mut wanted: BTreeMap<String, Option<V>> = planned.iter().map(|key| (key.clone(), None)).collect();
    // What we have set and nobody names any more is cleared, also for a resting tenant: the plan may have named it.
    wanted.extend(managed.iter().map(|key| (key.clone(), None)));
    for (key, value) in plan.into_iter().flatten() {
        wanted.insert(key.clone(), Some(value.clone()));
        answered_for.insert(key.clone());
    }
    for (key, value) in own {
        let shields = match scope {
            Scope::Everything => {
                wanted.insert(key.clone(), Some(value.clone()));
                answered_for.insert(key.clone());
                continue;
            }
            Scope::Sold => !planned.contains(key) && plan.is_none_or(|plan| !plan.contains_key(key)),
            Scope::Resting | Scope::Frozen => true,
        };
        if shields {
            wanted.remove(key);
            answered_for.remove(key);
            if managed.contains(key) {
                answered_for.insert(key.clone());
            }
        }
    }
    Keys { wanted, answered_for }
}

/// Attributes belong to nobody but who names them: the plan's are not enforced on a resting or refused tenant.
fn attributes(asked: &Asked) -> Keys<Scalar> {
    let managed = &asked.managed.custom_attributes;
    if asked.scope != Scope::Everything {
        return Keys { wanted: BTreeMap::new(), answered_for: managed.iter().cloned().collect() };
    }
    let plan = asked.plan.map(|plan| &plan.custom_attributes);
    let mut keys = keys(asked.scope, &asked.spec.custom_attributes, plan, &BTreeSet::new(), managed);
    // Refused before anything is planned; should one slip through, it is still not written (chatwoot-api P12, P13).
    let free = |key: &String| !RESERVED_ATTRIBUTES.contains(&key.as_str());
    keys.wanted.retain(|key, _| free(key));
    keys.answered_for.retain(free);
    keys
}
