//! How many objects of each kind stand how; counted when somebody asks, so that it never lags.

use super::scraped::Row;
use crate::{
    api::conditions::{self, Condition, find},
    reconcile::world::World,
};
use std::collections::BTreeMap;

/// Rows of `objects{kind,ready,reason}`.
pub fn objects(world: &World) -> Vec<Row> {
    let mut counts: BTreeMap<(&'static str, &'static str, String), usize> = BTreeMap::new();
    let mut count = |kind: &'static str, conditions: Option<&[Condition]>| {
        let ready = conditions.and_then(|list| find(list, conditions::READY));
        let status = match ready.map(|ready| ready.status) {
            Some(conditions::ConditionStatus::True) => "True",
            Some(conditions::ConditionStatus::False) => "False",
            Some(conditions::ConditionStatus::Unknown) | None => "Unknown",
        };
        let reason = ready.map_or_else(|| "Unseen".to_owned(), |ready| ready.reason.clone());
        *counts.entry((kind, status, reason)).or_default() += 1;
    };
    let caches = &world.caches;
    for object in caches.accounts.all() {
        count("ChatwootAccount", object.status.as_ref().map(|status| status.conditions.as_slice()));
    }
    for object in caches.users.all() {
        count("ChatwootUser", object.status.as_ref().map(|status| status.conditions.as_slice()));
    }
    for object in caches.instances.all() {
        count("ChatwootInstance", object.status.as_ref().map(|status| status.conditions.as_slice()));
    }
    for object in caches.grants.all() {
        count("ChatwootGrant", object.status.as_ref().map(|status| status.conditions.as_slice()));
    }
    for object in caches.plans.all() {
        count("ChatwootPlan", object.status.as_ref().map(|status| status.conditions.as_slice()));
    }
    let row = |((kind, ready, reason), count): ((&'static str, &'static str, String), usize)| Row {
        labels: vec![kind.into(), ready.into(), reason.into()],
        value: count as f64,
    };
    counts.into_iter().map(row).collect()
}
