//! The facts of an instance's pass, from the caches.

use crate::{
    api::{
        common::FINALIZER,
        conditions::reason,
        instance::{ChatwootInstance, Witness, WitnessKind},
    },
    chatwoot::gate::Key,
    plan::{
        Moment,
        account::Object,
        email::Email,
        grants::{self, AccountRequest, Fit, Grants, Tenant, UserRequest},
        instance::{Around, Facts, IndexState, Pass},
        status,
    },
    reconcile::{
        account,
        account_index::Silence,
        instances::Handle,
        memory::Remembered,
        references::{InstanceKey, Ref},
        surroundings,
        world::World,
    },
};
use kube::ResourceExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

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
        requested_at: surroundings::requested_at(object),
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

/// Recorded witnesses that are still bound, and a few other bound objects, of other namespaces where there are any; with
/// the markers that prove them.
fn bound(
    world: &World,
    key: &InstanceKey,
    recorded: impl Iterator<Item = Witness>,
) -> BTreeMap<Witness, String> {
    let mut heard = Heard::default();
    for witness in recorded {
        let reference = match witness.kind {
            WitnessKind::Account => Ref::AccountId(key.clone(), witness.id),
            WitnessKind::User => Ref::UserId(key.clone(), witness.id),
        };
        world.references.to(&reference).iter().for_each(|owner| heard.add(world, owner));
    }
    let everybody = world.references.to(&Ref::Instance(key.clone()));
    for owner in &everybody {
        if heard.namespaces.len() >= CANDIDATES {
            break;
        }
        if !heard.namespaces.contains(&owner.namespace) {
            heard.add(world, owner);
        }
    }
    for owner in &everybody {
        if heard.sound.len() >= CANDIDATES {
            break;
        }
        heard.add(world, owner);
    }
    heard.witnesses()
}

/// Bound objects and their markers.
///
/// Those that are themselves not what they were bound to, as after a Chatwoot was set back and gave their ids to others,
/// would speak against the right Chatwoot. They are heard only where there is nobody else.
#[derive(Default)]
struct Heard {
    sound: BTreeMap<Witness, String>,
    doubtful: BTreeMap<Witness, String>,
    /// Those of the sound ones.
    namespaces: BTreeSet<String>,
}

impl Heard {
    fn add(&mut self, world: &World, owner: &Key) {
        if let Some(proof) = proof(world, owner) {
            self.hear(&owner.namespace, proof);
        }
    }

    fn hear(&mut self, namespace: &str, Proof { witness, marker, is_sound, is_ready }: Proof) {
        if is_sound {
            // Of two that say they have one id, the one that is Ready is right.
            if is_ready || !self.sound.contains_key(&witness) {
                self.sound.insert(witness, marker);
            }
            self.namespaces.insert(namespace.to_owned());
        } else if self.doubtful.len() < CANDIDATES {
            self.doubtful.insert(witness, marker);
        }
    }

    fn witnesses(self) -> BTreeMap<Witness, String> {
        if self.sound.is_empty() { self.doubtful } else { self.sound }
    }
}

struct Proof {
    witness: Witness,
    /// What its object in Chatwoot must carry.
    marker: String,
    /// Nothing is known against its being there.
    is_sound: bool,
    is_ready: bool,
}

fn proof(world: &World, owner: &Key) -> Option<Proof> {
    let installation = world.installation()?;
    // Its own uid proves it; the namespace's would only help one that is there again.
    let namespace_uid = world.namespace_uid(&owner.namespace).unwrap_or_default();
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
    let is_ready = status::is_ready(&conditions);
    Some(Proof { witness: Witness { kind, id }, marker: marker.to_string(), is_sound, is_ready })
}

/// Resources that still hold something of this instance. One that does not parse may, so it counts.
fn dependents(world: &World, key: &InstanceKey) -> usize {
    let tenancy = world.tenancy(key);
    let grants = surroundings::grants(&tenancy, world);
    let owners = world.references.to(&Ref::Instance(key.clone()));
    owners.iter().filter(|owner| holds(world, key, &grants, owner).unwrap_or_default()).count()
        + usize::from(world.caches.accounts.any_unreadable())
        + usize::from(world.caches.users.any_unreadable())
}

/// Whether something was sent for a resource, or may have been. The finalizer alone does not tell: tenants can write it
/// too, and whoever was granted nothing must not keep an instance from going.
fn holds(world: &World, instance: &InstanceKey, grants: &Grants, owner: &Key) -> Option<bool> {
    let labels = world.labels(&owner.namespace);
    let tenant = Tenant {
        namespace: &owner.namespace,
        labels: labels.as_ref(),
        home: owner.namespace == instance.namespace,
    };
    if owner.kind == account::KIND {
        let account = world.caches.accounts.get(&owner.namespace, &owner.name)?;
        let recorded = account.status.as_ref().is_some_and(|s| s.id.is_some() || s.creation.is_some());
        let bare = AccountRequest { plan: account.spec.plan.as_deref(), ..AccountRequest::default() };
        let may_be = || !matches!(grants::account(grants, &tenant, &bare).fit, Fit::Refused(_));
        Some(is_held(&*account) && (recorded || may_be()))
    } else {
        let user = world.caches.users.get(&owner.namespace, &owner.name)?;
        let recorded = user.status.as_ref().is_some_and(|s| s.id.is_some() || s.instance.is_some());
        let may_be = || {
            let email = Email::parse(&user.spec.email).ok()?;
            let bare = UserRequest { email: &email, adopt: None, delete: false, credentials: false };
            Some(!matches!(grants::user(grants, &tenant, &bare), Fit::Refused(_)))
        };
        Some(is_held(&*user) && (recorded || may_be().unwrap_or_default()))
    }
}

fn is_held(object: &impl ResourceExt) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(all: &[(i64, &str, bool, bool)]) -> Vec<(i64, String)> {
        let mut heard = Heard::default();
        for (id, marker, is_sound, is_ready) in all {
            let witness = Witness { kind: WitnessKind::Account, id: *id };
            let (marker, is_sound, is_ready) = ((*marker).to_owned(), *is_sound, *is_ready);
            heard.hear("acme", Proof { witness, marker, is_sound, is_ready });
        }
        heard.witnesses().into_iter().map(|(witness, marker)| (witness.id, marker)).collect()
    }

    #[test]
    fn whoever_lost_its_id_is_heard_only_where_there_is_nobody_else() {
        let lost = (7, "lost", false, false);
        assert_eq!(heard(&[lost, (8, "bound", true, true)]), [(8, "bound".to_owned())]);
        assert_eq!(heard(&[lost]), [(7, "lost".to_owned())]);
    }

    #[test]
    fn of_two_that_say_they_have_one_id_the_one_that_is_ready_is_right() {
        let (waits, ready) = ((7, "waits", true, false), (7, "ready", true, true));
        for both in [[waits, ready], [ready, waits]] {
            assert_eq!(heard(&both), [(7, "ready".to_owned())]);
        }
    }
}
