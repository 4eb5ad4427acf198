//! How many objects of each kind stand how; counted when somebody asks, so that it never lags.

use super::scraped::Row;
use crate::{
    api::{
        account::InstanceBinding,
        conditions::{self, Condition, find},
    },
    reconcile::{
        content::registry::{each_bound, each_condition},
        world::World,
    },
};
use kube::ResourceExt;
use std::{collections::BTreeMap, time::Duration};

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
    each_condition(caches, &mut count);
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

/// Rows of `oldest_check_seconds{instance}`: how long ago the bound object was checked that waits longest.
pub fn oldest_checks(world: &World) -> Vec<Row> {
    let clock = world.clock();
    let mut oldest: BTreeMap<String, Duration> = BTreeMap::new();
    let mut note = |binding: Option<&InstanceBinding>, checked: Option<Duration>| {
        if let (Some(binding), Some(checked)) = (binding, checked) {
            let age = oldest.entry(format!("{}/{}", binding.namespace, binding.name)).or_default();
            *age = (*age).max(clock.saturating_sub(checked));
        }
    };
    for object in world.caches.accounts.all() {
        let status = object.status.as_ref().filter(|status| status.id.is_some());
        note(
            status.and_then(|s| s.instance.as_ref()),
            world.accounts.last_check(&object.uid().unwrap_or_default()),
        );
    }
    for object in world.caches.users.all() {
        let status = object.status.as_ref().filter(|status| status.id.is_some());
        note(
            status.and_then(|s| s.instance.as_ref()),
            world.users.last_check(&object.uid().unwrap_or_default()),
        );
    }
    each_bound(&world.caches, |uid, instance| note(instance, world.contents.last_check(uid)));
    oldest
        .into_iter()
        .map(|(instance, age)| Row { labels: vec![instance.into()], value: age.as_secs_f64() })
        .collect()
}
