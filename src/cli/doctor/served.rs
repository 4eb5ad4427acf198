//! The namespaces that a confined operator serves.

use super::findings::{Findings, Level};
use crate::{
    api::common::FINALIZER,
    cli::{
        installed::Installed,
        plan::{
            content::{self, Kept, Visitor},
            hands::Rehearsed,
            rehearsal::Rehearsal,
        },
    },
    reconcile::cache::Cache,
};
use kube::ResourceExt;
use std::collections::BTreeSet;

/// Adds what was found: namespaces that are not there, and objects that went with their namespace's Role.
pub fn check(rehearsal: &Rehearsal, installed: &Installed, findings: &mut Findings) {
    let Some(served) = installed.scope.served() else { return };
    let caches = &rehearsal.world.caches;
    let missing: Vec<_> = served.iter().filter(|name| rehearsal.world.listed_uid(name).is_none()).collect();
    if missing.is_empty() {
        let text = format!("the operator serves {} namespaces, and all are there", served.len());
        findings.add("cluster", "namespaces", Level::Ok, text);
    }
    for name in missing {
        findings.advise(
            "cluster",
            "namespaces",
            Level::Warning,
            format!("namespace {name} is to be served and is not there"),
            "make it and helm upgrade the chart, which puts the operator's Role into it; or take it off watchNamespaces",
        );
    }
    let going: BTreeSet<String> = (caches.namespaces.all().iter())
        .filter(|namespace| namespace.metadata.deletion_timestamp.is_some())
        .map(|namespace| namespace.name_any())
        .collect();
    stuck(&caches.users, &going, findings);
    stuck(&caches.accounts, &going, findings);
    content::each(&caches.contents, &mut Stuck { going: &going, findings });
}

struct Stuck<'a> {
    going: &'a BTreeSet<String>,
    findings: &'a mut Findings,
}

impl Visitor for Stuck<'_> {
    fn visit<C: Kept>(&mut self, cache: &Cache<C>) {
        stuck(cache, self.going, self.findings);
    }
}

/// The Role goes with its namespace, often before the objects; then nobody may take their finalizers off but a person.
fn stuck<K: Rehearsed>(cache: &Cache<K>, going: &BTreeSet<String>, findings: &mut Findings) {
    for object in cache.all() {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let held = object.finalizers().iter().any(|finalizer| finalizer == FINALIZER);
        if held && going.contains(&namespace) {
            let kind = K::KIND;
            findings.advise(
                &format!("{kind} {namespace}/{name}"),
                "namespace",
                Level::Problem,
                "its namespace is being deleted; if the operator's Role went first, the operator cannot let go of it any more"
                    .to_owned(),
                format!(
                    "what it has in Chatwoot stays as it is when you let go of it: kubectl -n {namespace} patch \
                     {} {name} --type=merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'",
                    kind.to_lowercase()
                ),
            );
        }
    }
}
