//! Whom a change concerns: from what the watches tell to the objects that must look.

use super::pump::{Change, is_news};
use crate::{
    api::{
        account::ChatwootAccount, grant::ChatwootGrant, instance::ChatwootInstance, plan::ChatwootPlan,
        user::ChatwootUser,
    },
    chatwoot::gate::Key,
    plan::{selection::selects, status},
    reconcile::{
        account,
        content::{Content, recorded},
        depends, instance,
        references::{InstanceKey, Ref},
        user,
        world::World,
    },
};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{Resource, ResourceExt, core::PartialObjectMeta};
use std::collections::BTreeSet;

/// Kinds whose keys go through the one wake function.
pub use crate::reconcile::user::KIND as USER;
pub const GRANT: &str = "ChatwootGrant";
pub const PLAN: &str = "ChatwootPlan";

/// Only what these labels select is watched of Secrets.
pub const SECRET_LABELS: [&str; 2] =
    ["chatwoot.dev/watch=true", "app.kubernetes.io/managed-by=chatwoot-operator"];

fn key<K: Resource>(kind: &'static str, object: &K) -> Key {
    Key::new(kind, object.namespace().unwrap_or_default(), object.name_any())
}

pub fn account_changed(world: &World, change: &Change<'_, ChatwootAccount>) {
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            world.references.set(&key(account::KIND, *new), depends::account(new, world));
            world.walks.note(new);
            (world.wake)(key(account::KIND, *new));
            wake_members(world, new);
            wake_content(world, new);
        }
        Change::Changed { old, new } => {
            let dropped = world.references.set(&key(account::KIND, *new), depends::account(new, world));
            world.walks.note(new);
            if is_news(*old, *new) {
                (world.wake)(key(account::KIND, *new));
            }
            if concerns_members(old, new) {
                wake_members(world, new);
            }
            if concerns_content(old, new) {
                wake_content(world, new);
            }
            free(world, &dropped);
        }
        Change::Gone(old) => {
            let dropped = world.references.set(&key(account::KIND, *old), BTreeSet::new());
            let uid = old.uid().unwrap_or_default();
            world.accounts.forget(&uid);
            world.automation.drop_account(&uid);
            world.walks.drop_account(&uid);
            forget_turn(world, &dropped, &key(account::KIND, *old));
            wake_members(world, old);
            wake_content(world, old);
            free(world, &dropped);
        }
        // What it referred to is kept: its last word on claims stands until it can be read again.
        Change::Unreadable { old, .. } => {
            if let Some(old) = old {
                wake_members(world, old);
                wake_content(world, old);
            }
        }
        Change::UnreadableGone(gone) => {
            let gone = Key::new(account::KIND, gone.namespace.clone().unwrap_or_default(), gone.name.clone());
            free(world, &world.references.set(&gone, BTreeSet::new()));
            world.wake_all(&Ref::Account(gone.namespace.clone(), gone.name.clone()));
            world.wake_all(&Ref::AccountContent(gone.namespace, gone.name));
        }
    }
}

/// Members wait for the id and for consent, and step back from an account that is not its resource's.
fn concerns_members(old: &ChatwootAccount, new: &ChatwootAccount) -> bool {
    let facts = |account: &ChatwootAccount| {
        (
            user::usable_id(account),
            account.spec.members_from.clone(),
            account.metadata.deletion_timestamp.is_some(),
        )
    };
    facts(old) != facts(new)
}

fn wake_members(world: &World, account: &ChatwootAccount) {
    world.wake_all(&Ref::Account(account.namespace().unwrap_or_default(), account.name_any()));
}

/// What is inside waits until it can be worked in, and until there is room for it.
fn concerns_content(old: &ChatwootAccount, new: &ChatwootAccount) -> bool {
    let facts = |account: &ChatwootAccount| {
        let status = account.status.as_ref();
        (
            user::usable_id(account),
            account.spec.state,
            account.spec.plan.clone(),
            account.spec.deletion_policy,
            account.metadata.deletion_timestamp.is_some(),
            status.map(|status| (status.suspended_by, status.automation.clone(), status.instance.clone())),
            // What was refused for the sake of a limit may be made by now.
            status.and_then(|status| status.applied.clone()),
        )
    };
    facts(old) != facts(new)
}

fn wake_content(world: &World, account: &ChatwootAccount) {
    world.wake_all(&Ref::AccountContent(account.namespace().unwrap_or_default(), account.name_any()));
}

/// Others may be waiting for what was let go.
fn free(world: &World, dropped: &[Ref]) {
    for what in dropped {
        match what {
            Ref::Email(..) | Ref::ContentKey(..) | Ref::Content(..) => world.wake_all(what),
            // It is protected as long as anybody is bound to it.
            Ref::Instance(of) if is_going(world, of) => {
                (world.wake)(Key::new(instance::KIND, &of.namespace, &of.name));
            }
            Ref::AccountId(instance, id) => world.wake_all(&Ref::AdoptsAccount(instance.clone(), *id)),
            Ref::UserId(instance, id) => world.wake_all(&Ref::AdoptsUser(instance.clone(), *id)),
            _ => {}
        }
    }
}

fn is_going(world: &World, instance: &InstanceKey) -> bool {
    let found = world.caches.instances.get(&instance.namespace, &instance.name);
    found.is_some_and(|instance| instance.metadata.deletion_timestamp.is_some())
}

/// Nobody waits at the gate for an object that is gone.
fn forget_turn(world: &World, dropped: &[Ref], who: &Key) {
    for what in dropped {
        if let Ref::Instance(instance) = what
            && let Some(handle) = world.instances.handle(instance)
        {
            handle.chatwoot.forget(who);
        }
    }
}

pub fn user_changed(world: &World, change: &Change<'_, ChatwootUser>) {
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            world.references.set(&key(USER, *new), depends::user(new, world));
            (world.wake)(key(USER, *new));
            world.wake_all(&named(new));
        }
        Change::Changed { old, new } => {
            let dropped = world.references.set(&key(USER, *new), depends::user(new, world));
            if is_news(*old, *new) {
                (world.wake)(key(USER, *new));
            }
            if concerns_naming(old, new) {
                world.wake_all(&named(new));
            }
            free(world, &dropped);
        }
        Change::Gone(old) => {
            let dropped = world.references.set(&key(USER, *old), BTreeSet::new());
            world.users.forget(&old.uid().unwrap_or_default());
            forget_turn(world, &dropped, &key(USER, *old));
            world.wake_all(&named(old));
            free(world, &dropped);
        }
        Change::Unreadable { .. } => {}
        Change::UnreadableGone(gone) => {
            let gone = Key::new(USER, gone.namespace.clone().unwrap_or_default(), gone.name.clone());
            free(world, &world.references.set(&gone, BTreeSet::new()));
        }
    }
}

/// How teams and inboxes refer to the person.
fn named(user: &ChatwootUser) -> Ref {
    Ref::User(user.namespace().unwrap_or_default(), user.name_any())
}

/// Who names the person needs the id, and the accounts they are in.
fn concerns_naming(old: &ChatwootUser, new: &ChatwootUser) -> bool {
    let facts = |user: &ChatwootUser| {
        user.status.as_ref().map(|status| {
            let ready = status::ready_reason(&status.conditions).map(str::to_owned);
            (status.id, status.memberships.clone(), ready)
        })
    };
    facts(old) != facts(new)
}

pub fn content_changed<C: Content>(world: &World, change: &Change<'_, C>) {
    let kind = C::TRAIT.kind;
    let set = |object: &C| world.references.set(&key(kind, object), depends::content(object));
    let tell = |object: &C| {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        world.wake_all(&Ref::Content(kind, namespace, name));
    };
    let tell_account = |object: &C| {
        let namespace = object.namespace().unwrap_or_default();
        (world.wake)(Key::new(account::KIND, namespace, object.within().account.clone()));
    };
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            set(new);
            (world.wake)(key(kind, *new));
            tell(new);
            tell_account(new);
        }
        Change::Changed { old, new } => {
            let dropped = set(new);
            if is_news(*old, *new) {
                (world.wake)(key(kind, *new));
            }
            // Who names it needs its id, and may have to do with what it says itself.
            let id = |object: &C| object.status().and_then(|status| status.id);
            if (id(old), old.meta().generation) != (id(new), new.meta().generation) {
                tell(new);
            }
            // Chatwoot gives an id once more after it was set back: whoever had it before has lost what it was.
            if let Some(given) = recorded::id(*new).filter(|_| id(old) != id(new)) {
                world.wake_all(&given);
            }
            if old.meta().deletion_timestamp != new.meta().deletion_timestamp {
                tell_account(new);
            }
            free(world, &dropped);
        }
        Change::Gone(old) => {
            let dropped = world.references.set(&key(kind, *old), BTreeSet::new());
            world.contents.forget(&old.uid().unwrap_or_default());
            tell(old);
            tell_account(old);
            free(world, &dropped);
        }
        Change::Unreadable { .. } => {}
        Change::UnreadableGone(gone) => {
            let gone = Key::new(kind, gone.namespace.clone().unwrap_or_default(), gone.name.clone());
            free(world, &world.references.set(&gone, BTreeSet::new()));
        }
    }
}

pub fn instance_changed(world: &World, change: &Change<'_, ChatwootInstance>) {
    let dependents = |instance: &ChatwootInstance| {
        let name =
            InstanceKey { namespace: instance.namespace().unwrap_or_default(), name: instance.name_any() };
        world.wake_all(&Ref::Instance(name));
        wake_offers(world, &instance.namespace().unwrap_or_default());
    };
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            world.references.set(&key(instance::KIND, *new), depends::instance(new));
            (world.wake)(key(instance::KIND, *new));
            dependents(new);
        }
        Change::Changed { old, new } => {
            world.references.set(&key(instance::KIND, *new), depends::instance(new));
            if is_news(*old, *new) {
                (world.wake)(key(instance::KIND, *new));
            }
            // Whatever else changes for dependents is told by the instance's own pass.
        }
        Change::Gone(old) => {
            world.references.set(&key(instance::KIND, *old), BTreeSet::new());
            let name = InstanceKey { namespace: old.namespace().unwrap_or_default(), name: old.name_any() };
            world.instances.remove(&name);
            dependents(old);
        }
        Change::Unreadable { old, .. } => {
            if let Some(old) = old {
                dependents(old);
            }
        }
        Change::UnreadableGone(_) => {}
    }
}

/// Grants and plans beside an instance say whether it is there.
fn wake_offers(world: &World, namespace: &str) {
    for grant in world.caches.grants.all() {
        if grant.namespace().as_deref() == Some(namespace) {
            (world.wake)(key(GRANT, &*grant));
        }
    }
    for plan in world.caches.plans.all() {
        if plan.namespace().as_deref() == Some(namespace) {
            (world.wake)(key(PLAN, &*plan));
        }
    }
}

pub fn grant_changed(world: &World, change: &Change<'_, ChatwootGrant>) {
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            (world.wake)(key(GRANT, *new));
            grant_concerns(world, &[new]);
        }
        Change::Changed { old, new } => {
            if is_news(*old, *new) {
                (world.wake)(key(GRANT, *new));
            }
            if old.spec != new.spec {
                grant_concerns(world, &[old, new]);
            }
        }
        Change::Gone(old) => grant_concerns(world, &[old]),
        // It may have spoken for anybody: everybody of its namespace's instances looks again.
        Change::Unreadable { key, .. } => all_of(world, key.namespace.as_deref().unwrap_or_default()),
        Change::UnreadableGone(key) => all_of(world, key.namespace.as_deref().unwrap_or_default()),
    }
}

/// The resources in namespaces that one of `grants` is about.
fn grant_concerns(world: &World, grants: &[&ChatwootGrant]) {
    for grant in grants {
        let namespace = grant.namespace().unwrap_or_default();
        world.tenancies.forget(&namespace);
        let instance = InstanceKey { namespace, name: grant.spec.instance_ref.name.clone() };
        for who in world.references.to(&Ref::Instance(instance)) {
            let labels = world.labels(&who.namespace);
            if selects(&grant.spec.namespaces, &who.namespace, labels.as_ref()) != Some(false) {
                world.wake_dependent(who);
            }
        }
    }
}

/// Everything bound to any instance of `namespace`.
fn all_of(world: &World, namespace: &str) {
    world.tenancies.forget(namespace);
    for instance in world.caches.instances.all() {
        if instance.namespace().as_deref() == Some(namespace) {
            world.wake_all(&Ref::Instance(InstanceKey {
                namespace: namespace.to_owned(),
                name: instance.name_any(),
            }));
        }
    }
}

pub fn plan_changed(world: &World, change: &Change<'_, ChatwootPlan>) {
    match change {
        Change::New(new) | Change::ReadableAgain(new) => {
            (world.wake)(key(PLAN, *new));
            plan_concerns(world, new, true);
        }
        Change::Changed { old, new } => {
            if is_news(*old, *new) {
                (world.wake)(key(PLAN, *new));
            }
            if old.spec != new.spec {
                let keys = |plan: &ChatwootPlan| {
                    let features: Vec<_> = plan.spec.features.keys().cloned().collect();
                    let limits: Vec<_> = plan.spec.limits.keys().cloned().collect();
                    (plan.spec.instance_ref.clone(), features, limits)
                };
                plan_concerns(world, old, keys(old) != keys(new));
                plan_concerns(world, new, keys(old) != keys(new));
            }
        }
        Change::Gone(old) => plan_concerns(world, old, true),
        Change::Unreadable { key, .. } => all_of(world, key.namespace.as_deref().unwrap_or_default()),
        Change::UnreadableGone(key) => all_of(world, key.namespace.as_deref().unwrap_or_default()),
    }
}

/// The plan's own accounts; and everybody who names a plan, where the set of keys that belong to plans may have changed.
fn plan_concerns(world: &World, plan: &ChatwootPlan, keys_changed: bool) {
    let namespace = plan.namespace().unwrap_or_default();
    world.tenancies.forget(&namespace);
    let instance = InstanceKey { namespace, name: plan.spec.instance_ref.name.clone() };
    if keys_changed {
        for who in world.references.to(&Ref::Instance(instance)) {
            if who.kind == account::KIND {
                (world.wake)(who);
            }
        }
    } else {
        world.wake_all(&Ref::Plan(instance, plan.name_any()));
    }
}

pub fn namespace_changed(world: &World, change: &Change<'_, PartialObjectMeta<Namespace>>) {
    let name = match change {
        Change::New(new) => new.name_any(),
        Change::Changed { old, new } if old.metadata.labels != new.metadata.labels => new.name_any(),
        _ => return,
    };
    world.wake_all(&Ref::Namespace(name));
}

pub fn secret_changed(world: &World, change: &Change<'_, PartialObjectMeta<Secret>>) {
    let changed = match change {
        Change::New(new) | Change::Changed { new, .. } | Change::ReadableAgain(new) => new,
        Change::Gone(old) => old,
        Change::Unreadable { .. } | Change::UnreadableGone(_) => return,
    };
    world.wake_all(&Ref::Secret(changed.namespace().unwrap_or_default(), changed.name_any()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{
        account::AccountStatus,
        common::{MANAGED_BY, MANAGED_BY_LABEL, WATCH_LABEL},
    };
    use serde_json::json;

    /// An inbox too many waits for it.
    #[test]
    fn what_is_inside_an_account_looks_again_when_chatwoot_has_its_new_limits() {
        let spec = json!({"name": "Acme"});
        let mut old = ChatwootAccount::new("acme", serde_json::from_value(spec).unwrap());
        old.status = Some(AccountStatus { applied: Some("before".into()), ..AccountStatus::default() });
        let mut new = old.clone();
        assert!(!concerns_content(&old, &new));
        new.status = Some(AccountStatus { applied: Some("after".into()), ..AccountStatus::default() });
        assert!(concerns_content(&old, &new));
    }

    #[test]
    fn the_watch_selects_by_the_labels_people_are_told() {
        assert_eq!(
            SECRET_LABELS,
            [format!("{WATCH_LABEL}=true"), format!("{MANAGED_BY_LABEL}={MANAGED_BY}")]
        );
    }
}
