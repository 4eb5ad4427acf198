//! The facts of an instance's pass, from the caches.

use crate::{
    api::{
        common::{FINALIZER, RECONCILE_ANNOTATION},
        instance::{ChatwootInstance, Witness, WitnessKind},
    },
    chatwoot::gate::Key,
    plan::{
        Moment,
        account::Object,
        instance::{Around, Facts, IndexState, Pass},
    },
    reconcile::{
        account,
        account_index::Silence,
        instances::Handle,
        memory::Remembered,
        references::{InstanceKey, Ref},
        world::World,
    },
};
use kube::ResourceExt;
use std::{collections::BTreeMap, sync::Arc};

/// Bound objects looked up besides the recorded witnesses.
const CANDIDATES: usize = 3;

pub fn facts(
    object: &ChatwootInstance,
    world: &Arc<World>,
    remembered: &mut Remembered<()>,
    at: &Moment,
) -> Option<Facts> {
    let (namespace, name) = (object.namespace()?, object.name_any());
    let key = InstanceKey { namespace: namespace.clone(), name: name.clone() };
    let status = object.status.clone().unwrap_or_default();
    let deleting = object.metadata.deletion_timestamp.is_some();
    let handle = world.instances.handle(&key);
    let due = remembered.next_check.is_some_and(|due| due <= at.clock);
    let around = Around {
        honoured: world.settings.instance_namespaces.contains(&namespace),
        no_installation: world.look_at_installation()?.err(),
        bound: bound(world, &key, status.connection.iter().flat_map(|c| c.witnesses.iter().copied())),
        dependents: if deleting { dependents(world, &key) } else { 0 },
        unseen: world.caches.accounts.any_unseen().or_else(|| world.caches.users.any_unseen()),
        index: handle.as_ref().map_or(IndexState::Unread, |handle| index_state(handle)),
        was_usable: handle.as_ref().is_some_and(|handle| !handle.blocks(false)),
        has_client: handle.is_some(),
        served_leavers: handle.as_ref().is_some_and(|handle| handle.known().serves_leavers),
        suspect: handle.as_ref().is_some_and(|handle| handle.is_suspect()),
        due,
        sweep_due: handle.as_ref().is_some_and(|handle| handle.take_due_sweeps(at.clock))
            || (due && handle.is_some()),
        next_sweep: handle.as_ref().and_then(|handle| handle.next_sweep()),
        grace: world.settings.grace,
    };
    let object = Object {
        namespace,
        name,
        generation: object.metadata.generation.unwrap_or_default(),
        deleting,
        finalizer: object.finalizers().iter().any(|f| f == FINALIZER),
        requested_at: object.annotations().get(RECONCILE_ANNOTATION).cloned(),
    };
    let spec = world.caches.instances.get(&object.namespace, &object.name)?.spec.clone();
    Some(Facts { object, spec, status, around, pass: Pass::default() })
}

fn index_state(handle: &Handle) -> IndexState {
    match handle.index.latest() {
        None | Some((_, Err(Silence::Unavailable(_)))) => IndexState::Unread,
        Some((_, Ok(_))) => IndexState::Available,
        Some((_, Err(Silence::Broken))) => IndexState::Broken,
        Some((_, Err(Silence::TooLarge))) => IndexState::TooLarge,
        Some((_, Err(Silence::Unsupported))) => IndexState::Unsupported,
    }
}

/// Recorded witnesses that are still bound, and a few other bound objects, with the markers that prove them.
fn bound(
    world: &World,
    key: &InstanceKey,
    recorded: impl Iterator<Item = Witness>,
) -> BTreeMap<Witness, String> {
    let mut bound = BTreeMap::new();
    for witness in recorded {
        let reference = match witness.kind {
            WitnessKind::Account => Ref::AccountId(key.clone(), witness.id),
            WitnessKind::User => Ref::UserId(key.clone(), witness.id),
        };
        if let Some(owner) = world.references.to(&reference).first()
            && let Some((witness, marker)) = proof(world, owner)
        {
            bound.insert(witness, marker);
        }
    }
    if bound.len() < CANDIDATES {
        for owner in world.references.to(&Ref::Instance(key.clone())) {
            if bound.len() >= CANDIDATES {
                break;
            }
            bound.extend(proof(world, &owner));
        }
    }
    bound
}

/// A bound resource and the marker its object in Chatwoot must carry.
fn proof(world: &World, owner: &Key) -> Option<(Witness, String)> {
    let installation = world.installation()?;
    // Its own uid proves it; the namespace's would only help one that is there again.
    let namespace_uid = world.namespace_uid(&owner.namespace).unwrap_or_default();
    let (kind, id, uid) = if owner.kind == account::KIND {
        let account = world.caches.accounts.get(&owner.namespace, &owner.name)?;
        (WitnessKind::Account, account.status.as_ref()?.id?, account.uid()?)
    } else {
        let user = world.caches.users.get(&owner.namespace, &owner.name)?;
        (WitnessKind::User, user.status.as_ref()?.id?, user.uid()?)
    };
    let marker = installation.marker(owner.kind, &owner.namespace, &namespace_uid, &owner.name, &uid);
    Some((Witness { kind, id }, marker.to_string()))
}

/// Resources that still hold something of this instance. One that does not parse may, so it counts.
fn dependents(world: &World, key: &InstanceKey) -> usize {
    let holds = |owner: &Key| {
        let finalizers = if owner.kind == account::KIND {
            world
                .caches
                .accounts
                .get(&owner.namespace, &owner.name)
                .map(|object| object.finalizers().to_vec())
        } else {
            world.caches.users.get(&owner.namespace, &owner.name).map(|object| object.finalizers().to_vec())
        };
        finalizers.is_some_and(|list| list.iter().any(|f| f == FINALIZER))
    };
    let readable =
        world.references.to(&Ref::Instance(key.clone())).iter().filter(|owner| holds(owner)).count();
    readable
        + usize::from(world.caches.accounts.any_unreadable())
        + usize::from(world.caches.users.any_unreadable())
}
