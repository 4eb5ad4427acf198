//! What accounts and users alike see around them: instance, grants, namespace.

use super::{
    instances::{Entry, Handle},
    references::{InstanceKey, Ref},
    tenancy::Tenancy,
    world::World,
};
use crate::{
    api::{account::InstanceBinding, common::RECONCILE_ANNOTATION, grant::ChatwootGrant},
    chatwoot::gate::Key,
    plan::{
        Moment,
        account::{InstanceChoice, InstanceView},
        grants::{Grant, Grants},
    },
};
use kube::{Resource, ResourceExt};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// The tenant's namespace. A confined operator knows no labels.
pub struct Home {
    pub name: String,
    pub uid: String,
    pub labels: Option<BTreeMap<String, String>>,
}

impl Home {
    /// The namespace of `who`, whom this process first saw at `since`. `None`: not known yet, and `who` is woken when it is.
    ///
    /// What is `bound` is proven by its own UID; for that the namespace as it was last heard of will do. Before something is
    /// bound only the namespace keeps a tenant from what a namespace of the same name has left behind.
    pub fn of(world: &Arc<World>, who: &Key, since: Option<Duration>, bound: bool) -> Option<Self> {
        let name = &who.namespace;
        if world.is_unseen(who.kind, name) {
            return None;
        }
        let labels = world.labels(name);
        if labels.is_none() && !world.settings.is_confined() {
            return None;
        }
        if world.settings.pictured {
            return Some(Self { name: name.clone(), uid: world.listed_uid(name)?, labels });
        }
        let since = since.unwrap_or_default();
        let listed = || world.listed_uid(name).filter(|_| bound);
        let uid = match world.namespaces.since(name, since).or_else(listed) {
            Some(uid) => uid,
            None => world.namespaces.uid(who, if bound { Duration::ZERO } else { since }, world)?,
        };
        Some(Self { name: name.clone(), uid, labels })
    }
}

/// The instance a resource means. `None`: this process has not looked at that instance yet, and whatever is said before
/// would be said in ignorance; its first pass wakes its dependents. `leaving`: the resource is being deleted.
pub fn instance(
    world: &World,
    key: Option<&InstanceKey>,
    leaving: bool,
    at: &Moment,
) -> Option<InstanceChoice> {
    let Some(key) = key else { return Some(InstanceChoice::Unnamed) };
    // Where nobody may look, nothing is known to be missing.
    if world.offers_unseen(&key.namespace) {
        return None;
    }
    let missing = InstanceChoice::Missing { name: key.name.clone(), namespace: key.namespace.clone() };
    let Some(resource) = world.instance(key) else { return Some(missing) };
    let uid = resource.metadata.uid.clone().unwrap_or_default();
    let binding = InstanceBinding {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        uid: uid.clone(),
        released: None,
    };
    let view = match world.entry(key)? {
        Entry::Unusable(why) => InstanceView {
            binding,
            blocked: Some(why),
            version: crate::chatwoot::version::Version::NEWEST_KNOWN,
            public_url: resource.spec.public_url().trim_end_matches('/').to_owned(),
            restoring: false,
        },
        Entry::Usable(handle) => {
            let known = handle.known();
            if known.uid != uid {
                return None;
            }
            InstanceView {
                binding,
                blocked: known.blocked_for(leaving).map(str::to_owned),
                version: known.version,
                public_url: known.public_url,
                restoring: known.rebind_until.is_some_and(|until| at.now < until),
            }
        }
    };
    Some(InstanceChoice::Known(Box::new(view)))
}

/// Longest answer to a request to look, in characters, as the schema has it.
const LONGEST_REQUEST: usize = 256;

/// The request to look that somebody wrote. An annotation can be as long as 256 KiB; a status that repeated all of it
/// would be refused, and with it whatever else it says.
pub fn requested_at<K: Resource>(object: &K) -> Option<String> {
    requested_by(object, RECONCILE_ANNOTATION)
}

/// As [`requested_at`], for another annotation.
pub fn requested_by<K: Resource>(object: &K, annotation: &str) -> Option<String> {
    Some(object.annotations().get(annotation)?.chars().take(LONGEST_REQUEST).collect())
}

/// The grants that speak for an instance, as the plan reads them.
pub fn grants<'a>(tenancy: &'a Tenancy, world: &World) -> Grants<'a> {
    let confined = world.settings.is_confined();
    let by_label = |grant: &ChatwootGrant| grant.spec.namespaces.selector.is_some();
    let valid = |grant: &ChatwootGrant| !(confined && by_label(grant));
    Grants {
        list: (tenancy.grants.iter()).map(|grant| Grant { spec: &grant.spec, valid: valid(grant) }).collect(),
        unreadable: tenancy.unreadable_grant,
    }
}

/// `spec.automation.emailDomain` of the instance, whatever its state.
pub fn automation_domain(world: &World, instance: Option<&InstanceKey>) -> Option<String> {
    Some(world.instance(instance?)?.spec.automation.as_ref()?.email_domain.clone())
}

/// Which ids among `candidates` are bound to another resource of the instance than `own`.
pub fn taken(
    world: &World,
    instance: Option<&InstanceKey>,
    own: &Key,
    candidates: &BTreeSet<i64>,
    claim: impl Fn(InstanceKey, i64) -> Ref,
) -> BTreeSet<i64> {
    let Some(instance) = instance else { return BTreeSet::new() };
    let by_another = |id: &&i64| {
        let owners = world.references.to(&claim(instance.clone(), **id));
        owners.iter().any(|owner| owner != own)
    };
    candidates.iter().filter(by_another).copied().collect()
}

/// A turn that the gate keeps for an object without work goes to the next in line.
pub fn give_up_turn(instance: Option<&InstanceView>, who: &Key, world: &World) {
    let Some(view) = instance else { return };
    let key = InstanceKey::from(&view.binding);
    if let Some(handle) = world.instances.handle(&key) {
        forget_turn(&handle, who);
    }
}

/// Nobody waits at the gate for it any more.
pub fn forget_turn(handle: &Handle, who: &Key) {
    handle.chatwoot.forget(who);
}
