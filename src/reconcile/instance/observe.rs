//! The facts of an instance's pass, from the caches.

use crate::{
    api::{
        common::{FINALIZER, RECONCILE_ANNOTATION},
        conditions::reason,
        instance::{ChatwootInstance, Witness, WitnessKind},
    },
    chatwoot::gate::Key,
    plan::{
        Moment,
        account::Object,
        instance::{Around, Facts, IndexState, Pass},
        status,
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
use std::{collections::BTreeMap, iter, sync::Arc};

/// Bound objects looked up besides the recorded witnesses.
const CANDIDATES: usize = 3;
/// What a resource says that is not what it was bound to.
const UNBOUND: [&str; 3] = [reason::NOT_OWNED, reason::NOT_PERMITTED, reason::EXTERNAL_RESOURCE_MISSING];

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
///
/// Those that are themselves not what they were bound to, as after a Chatwoot was set back and gave their ids to others,
/// would speak against the right Chatwoot. They are heard only where there is nobody else.
fn bound(
    world: &World,
    key: &InstanceKey,
    recorded: impl Iterator<Item = Witness>,
) -> BTreeMap<Witness, String> {
    let recorded = recorded.flat_map(|witness| {
        world.references.to(&match witness.kind {
            WitnessKind::Account => Ref::AccountId(key.clone(), witness.id),
            WitnessKind::User => Ref::UserId(key.clone(), witness.id),
        })
    });
    let (mut sound, mut doubtful) = (BTreeMap::new(), BTreeMap::new());
    let others = iter::once_with(|| world.references.to(&Ref::Instance(key.clone()))).flatten();
    for owner in recorded.chain(others) {
        if sound.len() >= CANDIDATES {
            break;
        }
        let Some(Proof { witness, marker, is_sound }) = proof(world, &owner) else { continue };
        if is_sound {
            sound.insert(witness, marker);
        } else if doubtful.len() < CANDIDATES {
            doubtful.insert(witness, marker);
        }
    }
    if sound.is_empty() { doubtful } else { sound }
}

struct Proof {
    witness: Witness,
    /// What its object in Chatwoot must carry.
    marker: String,
    /// Nothing is known against its being there.
    is_sound: bool,
}

fn proof(world: &World, owner: &Key) -> Option<Proof> {
    let installation = world.installation()?;
    let (namespace_uid, _) = world.namespace(&owner.namespace)?;
    let (kind, id, uid, conditions) = if owner.kind == account::KIND {
        let account = world.caches.accounts.get(&owner.namespace, &owner.name)?;
        let status = account.status.as_ref()?;
        (WitnessKind::Account, status.id?, account.uid()?, status.conditions.clone())
    } else {
        let user = world.caches.users.get(&owner.namespace, &owner.name)?;
        let status = user.status.as_ref()?;
        (WitnessKind::User, status.id?, user.uid()?, status.conditions.clone())
    };
    let marker = installation.marker(owner.kind, &owner.namespace, &namespace_uid, &owner.name, &uid);
    let is_sound = !status::ready_reason(&conditions).is_some_and(|why| UNBOUND.contains(&why));
    Some(Proof { witness: Witness { kind, id }, marker: marker.to_string(), is_sound })
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
