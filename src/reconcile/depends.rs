//! What each resource refers to.

use super::{
    content::{Content, recorded},
    references::Ref,
    world::World,
};
use crate::{
    api::{account::ChatwootAccount, instance::ChatwootInstance, user::ChatwootUser},
    plan::{
        claims,
        content::{Named, Naming},
        email::Email,
    },
};
use kube::ResourceExt;
use std::collections::BTreeSet;

/// An account's references and claims.
pub fn account(object: &ChatwootAccount, world: &World) -> BTreeSet<Ref> {
    let (spec, status) = (&object.spec, object.status.as_ref());
    let namespace = object.namespace().unwrap_or_default();
    let mut refs = BTreeSet::from([Ref::Namespace(namespace.clone())]);
    let bound = status.and_then(|status| status.instance.as_ref());
    if let Some(instance) = world.instance_of(&namespace, bound, spec.instance_ref.as_ref()) {
        refs.extend(spec.plan.clone().map(|plan| Ref::Plan(instance.clone(), plan)));
        refs.extend(status.and_then(|status| status.id).map(|id| Ref::AccountId(instance.clone(), id)));
        refs.extend(spec.adopt.map(|adopt| Ref::AdoptsAccount(instance.clone(), adopt.id)));
        // The operator's own user in it is nobody else's to take over, by id or by address.
        if let Some(own) = status.and_then(|status| status.automation.as_ref()) {
            refs.extend(own.user_id.map(|id| Ref::UserId(instance.clone(), id)));
            refs.insert(Ref::Email(instance.clone(), own.email.to_ascii_lowercase()));
        }
        refs.insert(Ref::Instance(instance));
    }
    refs
}

/// A user's references and claims.
pub fn user(object: &ChatwootUser, world: &World) -> BTreeSet<Ref> {
    let (spec, status) = (&object.spec, object.status.as_ref());
    let namespace = object.namespace().unwrap_or_default();
    let mut refs = BTreeSet::from([Ref::Namespace(namespace.clone())]);
    let in_own = |other: &str| if other.is_empty() { namespace.clone() } else { other.to_owned() };
    refs.extend(spec.memberships.iter().map(|m| Ref::Account(in_own(&m.namespace), m.account.clone())));
    let recorded = status.into_iter().flat_map(|status| &status.memberships);
    refs.extend(recorded.map(|m| Ref::Account(in_own(&m.namespace), m.account.clone())));
    let password = spec.password.as_ref().and_then(|password| password.secret_key_ref.as_ref());
    refs.extend(password.map(|reference| Ref::Secret(namespace.clone(), reference.name.clone())));
    let published = spec.credentials_secret.as_ref().map(|secret| secret.name.clone());
    let published_before = status.and_then(|status| status.credentials_secret.clone());
    refs.extend(
        published.into_iter().chain(published_before).map(|name| Ref::Secret(namespace.clone(), name)),
    );
    let bound = status.and_then(|status| status.instance.as_ref());
    if let Some(instance) = world.instance_of(&namespace, bound, spec.instance_ref.as_ref()) {
        let wanted = Email::parse(&spec.email).ok();
        let has =
            status.and_then(|status| status.email.as_deref()).and_then(|email| Email::parse(email).ok());
        for claim in claims::claimed_emails(wanted.as_ref(), has.as_ref()) {
            refs.insert(Ref::Email(instance.clone(), claim.email.to_string()));
        }
        refs.extend(status.and_then(|status| status.id).map(|id| Ref::UserId(instance.clone(), id)));
        refs.extend(spec.adopt.map(|adopt| Ref::AdoptsUser(instance.clone(), adopt.id)));
        refs.insert(Ref::Instance(instance));
    }
    refs
}

/// References and claims of something inside an account.
pub fn content<C: Content>(object: &C) -> BTreeSet<Ref> {
    let namespace = object.namespace().unwrap_or_default();
    let account = object.within().account.clone();
    let mut refs = BTreeSet::from([
        Ref::Namespace(namespace.clone()),
        Ref::AccountContent(namespace.clone(), account.clone()),
    ]);
    if object.meta().deletion_timestamp.is_some() && !object.finalizers().is_empty() {
        refs.insert(Ref::ContentLeaving(namespace.clone(), account.clone()));
    }
    refs.extend(object.named().into_iter().map(|named| match named {
        Named::Member(name) => Ref::User(namespace.clone(), name),
        Named::Sibling(kind, name) => Ref::Content(kind, namespace.clone(), name),
        Named::Secret(name) => Ref::Secret(namespace.clone(), name),
    }));
    if !matches!(C::TRAIT.naming, Naming::Temporary(_)) {
        let status = object.status();
        let has = status.and_then(|status| status.key.clone());
        let noted = status.and_then(|status| status.creation.as_ref()).map(|note| note.name.clone());
        let claim = |key| Ref::ContentKey(C::TRAIT.kind, namespace.clone(), account.clone(), key);
        refs.extend([Some(C::TRAIT.known(&object.key())), has, noted].into_iter().flatten().map(claim));
    }
    refs.extend(recorded::id(object));
    if let Some((instance, None)) = recorded::place(object) {
        refs.insert(Ref::InstallationContent(C::TRAIT.kind, instance));
    }
    let published_before = object.status().and_then(|status| status.connection_secret.clone());
    let published = object.connection().map(|secret| secret.name.clone());
    refs.extend(
        published.into_iter().chain(published_before).map(|name| Ref::Secret(namespace.clone(), name)),
    );
    refs
}

/// An instance's Secrets.
pub fn instance(object: &ChatwootInstance) -> BTreeSet<Ref> {
    let namespace = object.namespace().unwrap_or_default();
    let ca = object.spec.ca.as_ref().and_then(|ca| ca.secret_key_ref.as_ref());
    let token = Some(&object.spec.platform_token_secret_ref);
    token
        .into_iter()
        .chain(ca)
        .map(|reference| Ref::Secret(namespace.clone(), reference.name.clone()))
        .collect()
}
