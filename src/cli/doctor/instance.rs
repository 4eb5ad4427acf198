//! One instance: its connection, its version, its account index, and who may sign up.

use super::{
    findings::{Findings, Level},
    rails,
};
use crate::{
    api::conditions::{self, find, reason},
    cli::plan::{hands::read_index, rehearsal::Rehearsal},
    reconcile::{
        account,
        account_index::{Census, Silence},
        instances::Handle,
        references::{InstanceKey, Ref},
    },
};
use kube::ResourceExt;
use std::collections::BTreeSet;

/// Looks at one instance as the operator would, then at what the operator has no need to look at.
pub async fn check(rehearsal: &mut Rehearsal, key: &InstanceKey, findings: &mut Findings) {
    let about = format!("ChatwootInstance {key}");
    let Some(instance) = rehearsal.world.caches.instances.get(&key.namespace, &key.name) else {
        let text = "there is none that can be read; kubectl get cwi -A lists them";
        return findings.add(&about, "instance", Level::Problem, text);
    };
    rehearsal.look_only_at(&*instance).await;
    let after = rehearsal.world.caches.instances.get(&key.namespace, &key.name);
    let status = after.and_then(|after| after.status.clone()).unwrap_or_default();
    let Some(ready) = find(&status.conditions, conditions::READY) else {
        return findings.add(&about, "instance", Level::Unknown, "nothing could be found out");
    };
    let says =
        |findings: &mut Findings, check, level| findings.add(&about, check, level, ready.message.clone());
    match ready.reason.as_str() {
        reason::SUCCEEDED => {
            findings.add(&about, "url", Level::Ok, format!("{} answers", instance.spec.url));
            findings.add(&about, "token", Level::Ok, "Chatwoot takes it");
        }
        reason::UNAUTHORIZED => {
            findings.add(&about, "url", Level::Ok, format!("{} answers", instance.spec.url));
            return says(findings, "token", Level::Problem);
        }
        reason::CREDENTIALS_MISSING => return says(findings, "token", Level::Problem),
        reason::UNSUPPORTED_CHATWOOT => {
            findings.add(&about, "url", Level::Ok, format!("{} answers", instance.spec.url));
            return says(findings, "version", Level::Problem);
        }
        reason::DIFFERENT_CHATWOOT => return says(findings, "identity", Level::Problem),
        reason::INVALID_SPEC => return says(findings, "instance", Level::Problem),
        reason::DELETION_BLOCKED => return says(findings, "deletion", Level::Problem),
        _ => return says(findings, "url", Level::Problem),
    }
    let Some(handle) = rehearsal.world.instances.handle(key) else { return };
    let version = handle.known().version;
    if version.is_newer_than_known() {
        says(findings, "version", Level::Warning);
    } else {
        findings.add(&about, "version", Level::Ok, format!("Chatwoot {version}"));
    }
    services(&handle, &about, findings).await;
    index(rehearsal, &handle, &about, findings).await;
    sign_up(&handle, &about, findings).await;
}

async fn services(handle: &Handle, about: &str, findings: &mut Findings) {
    match handle.chatwoot.ungated().about().await {
        Ok(told) if told.queue_works && told.database_works => {
            findings.add(about, "services", Level::Ok, "queue and database work");
        }
        Ok(told) => {
            let what = if told.queue_works { "PostgreSQL" } else { "Redis" };
            findings.advise(
                about,
                "services",
                Level::Problem,
                format!("Chatwoot says that {what} fails; deletions and clean-ups wait"),
                format!("look at Chatwoot's {what} and at its Sidekiq"),
            );
        }
        Err(failure) => findings.add(about, "services", Level::Unknown, failure.to_string()),
    }
}

async fn index(rehearsal: &Rehearsal, handle: &Handle, about: &str, findings: &mut Findings) {
    let world = &rehearsal.world;
    let Some(installation) = world.installation() else { return };
    match read_index(handle, &installation.id, world).await {
        Ok(census) => {
            let text = format!("Chatwoot lists its accounts; {} carry this operator's marker", census.carried);
            findings.add(about, "account index", Level::Ok, text);
            strays(rehearsal, handle, &census, about, findings);
        }
        Err(Silence::Broken) => findings.advise(
            about,
            "account index",
            Level::Problem,
            "broken: a deleted account left its permission behind, so accounts cannot be found by their marker",
            format!(
                "in Chatwoot's Rails console:\n{}\nor in its database:\n{}",
                rails::REPAIR,
                rails::REPAIR_SQL
            ),
        ),
        Err(Silence::TooLarge) => findings.add(
            about,
            "account index",
            Level::Warning,
            "larger than 64 MiB, so accounts cannot be found by their marker; a create whose answer is lost asks a person",
        ),
        Err(Silence::Unsupported) => findings.add(
            about,
            "account index",
            Level::Warning,
            "Chatwoot lists its accounts since 4.5; upgrade it, or a create whose answer is lost asks a person",
        ),
        Err(Silence::Unavailable(failure)) => {
            findings.add(about, "account index", Level::Problem, failure.to_string());
        }
    }
}

/// Accounts with our marker that nobody owns, and second ones of one resource.
fn strays(rehearsal: &Rehearsal, handle: &Handle, census: &Census, about: &str, findings: &mut Findings) {
    let world = &rehearsal.world;
    let mut unowned: BTreeSet<i64> = census.uids().flat_map(|(_, ids)| ids.iter().copied()).collect();
    for owner in world.references.to(&Ref::Instance(handle.key.clone())) {
        let Some(object) = world.caches.accounts.get(&owner.namespace, &owner.name) else { continue };
        if owner.kind != account::KIND {
            continue;
        }
        let status = object.status.clone().unwrap_or_default();
        let mut all = census.of_uid(&object.uid().unwrap_or_default());
        for id in status.id.into_iter().chain(status.duplicates.iter().copied()).chain(all.iter().copied()) {
            unowned.remove(&id);
        }
        all.extend(status.id);
        if all.len() > 1 {
            findings.advise(
                about,
                "duplicates",
                Level::Problem,
                format!("accounts {} carry the marker of ChatwootAccount {}/{}", list(&all), owner.namespace, owner.name),
                format!(
                    "choose one: kubectl chatwoot resolve account {}/{} --account-id N\nthen delete the others in Chatwoot",
                    owner.namespace, owner.name
                ),
            );
        }
    }
    if unowned.is_empty() {
        return findings.add(about, "unowned accounts", Level::Ok, "none");
    }
    findings.advise(
        about,
        "unowned accounts",
        Level::Warning,
        format!("accounts {} carry this operator's marker and belong to no resource", list(&unowned)),
        "they were kept on purpose when their resource went (Retain, Suspend), or a create's record was lost; adopt one with \
         spec.adopt.id and a grant, or delete it in Chatwoot",
    );
}

fn list(ids: &BTreeSet<i64>) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

async fn sign_up(handle: &Handle, about: &str, findings: &mut Findings) {
    match handle.chatwoot.ungated().public_signup().await {
        Ok(Some(false)) => findings.add(about, "public sign-up", Level::Ok, "off"),
        Ok(Some(true)) => findings.advise(
            about,
            "public sign-up",
            Level::Warning,
            "on: anybody can make accounts that no ChatwootPlan or ChatwootGrant knows of",
            "set ENABLE_ACCOUNT_SIGNUP to false in Chatwoot (Super Admin console, Settings; or its environment)",
        ),
        Ok(None) | Err(_) => {
            let text = "the login page does not say whether it is on; see ENABLE_ACCOUNT_SIGNUP in Chatwoot";
            findings.add(about, "public sign-up", Level::Unknown, text);
        }
    }
}
