//! What Kubernetes holds: objects nobody can read, grants and plans, how the rest stands.

use super::findings::{Findings, Level};
use crate::{
    api::conditions::{self, Condition, ConditionStatus, find},
    cli::plan::{
        content::{self, Kept, Visitor},
        hands::Rehearsed,
        rehearsal::Rehearsal,
    },
    reconcile::cache::Cache,
};
use kube::{Resource, ResourceExt};
use std::collections::BTreeMap;

/// Adds what was found.
pub async fn check(rehearsal: &mut Rehearsal, namespace: Option<&str>, findings: &mut Findings) {
    let caches = rehearsal.world.caches.clone();
    unreadable("ChatwootInstance", &caches.instances, findings);
    unreadable("ChatwootGrant", &caches.grants, findings);
    unreadable("ChatwootPlan", &caches.plans, findings);
    unreadable("ChatwootAccount", &caches.accounts, findings);
    unreadable("ChatwootUser", &caches.users, findings);
    content::each(&caches.contents, &mut Unreadable(findings));
    // Said anew, because an operator that does not run leaves old words behind.
    for grant in caches.grants.all() {
        rehearsal.look_only_at(&*grant).await;
    }
    for plan in caches.plans.all() {
        rehearsal.look_only_at(&*plan).await;
    }
    each(&caches.grants, namespace, findings);
    each(&caches.plans, namespace, findings);
    summary(&caches.accounts, namespace, findings);
    summary(&caches.users, namespace, findings);
    content::each(&caches.contents, &mut Summary { namespace, findings });
}

struct Unreadable<'a>(&'a mut Findings);

impl Visitor for Unreadable<'_> {
    fn visit<C: Kept>(&mut self, cache: &Cache<C>) {
        unreadable(C::TRAIT.kind, cache, self.0);
    }
}

struct Summary<'a> {
    namespace: Option<&'a str>,
    findings: &'a mut Findings,
}

impl Visitor for Summary<'_> {
    fn visit<C: Kept>(&mut self, cache: &Cache<C>) {
        summary(cache, self.namespace, self.findings);
    }
}

fn unreadable<K>(kind: &str, cache: &Cache<K>, findings: &mut Findings)
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    for (name, why) in cache.all_unreadable() {
        findings.advise(
            &format!("{kind} {name}"),
            "readable",
            Level::Problem,
            why,
            format!(
                "correct or delete it: kubectl edit {kind} (stored before the definitions were stricter)"
            ),
        );
    }
}

fn here<K: Resource>(object: &K, namespace: Option<&str>) -> bool {
    namespace.is_none() || object.meta().namespace.as_deref() == namespace
}

/// One finding for each that is not Ready, one for all that are.
fn each<K: Rehearsed>(cache: &Cache<K>, namespace: Option<&str>, findings: &mut Findings) {
    let mut fine = 0;
    for object in cache.all().iter().filter(|object| here(&***object, namespace)) {
        match ready(object.conditions()) {
            Some(ready) if ready.status == ConditionStatus::True => fine += 1,
            Some(ready) => {
                let about =
                    format!("{} {}/{}", K::KIND, object.namespace().unwrap_or_default(), object.name_any());
                findings.add(
                    &about,
                    "in force",
                    Level::Problem,
                    format!("{}: {}", ready.reason, ready.message),
                );
            }
            None => {}
        }
    }
    if fine > 0 {
        findings.add("cluster", "offers", Level::Ok, format!("{fine} {}s in force", K::KIND));
    }
}

/// How many stand how, by what the operator wrote last.
fn summary<K: Rehearsed>(cache: &Cache<K>, namespace: Option<&str>, findings: &mut Findings) {
    let mut counts: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for object in cache.all().iter().filter(|object| here(&***object, namespace)) {
        let ready = ready(object.conditions());
        let is_ready = ready.is_some_and(|ready| ready.status == ConditionStatus::True);
        let reason = ready.map_or("Unseen", |ready| ready.reason.as_str());
        *counts.entry((!is_ready, if is_ready { "Ready" } else { reason }.to_owned())).or_default() += 1;
    }
    if counts.is_empty() {
        return;
    }
    let level = if counts.keys().any(|(troubled, _)| *troubled) { Level::Warning } else { Level::Ok };
    let text: Vec<_> = counts.iter().map(|((_, reason), count)| format!("{count} {reason}")).collect();
    findings.add("cluster", "resources", level, format!("{}s: {}", K::KIND, text.join(", ")));
}

fn ready(conditions: &[Condition]) -> Option<&Condition> {
    find(conditions, conditions::READY)
}
