//! The other resources of a kind beside one, as far as they have to do with what it may touch.

use super::{Content, recorded};
use crate::{
    api::{
        common::Mode,
        content::{AccountBinding, ContentStatus},
    },
    chatwoot::gate::Key,
    plan::{
        Moment,
        content::{Naming, Other},
    },
    reconcile::{
        references::{InstanceKey, Ref},
        world::World,
    },
};
use kube::ResourceExt;
use std::collections::BTreeMap;

/// Those of the same account, and for what is the installation's, those of the same instance. `here`: where that is.
pub fn of<C: Content>(object: &C, world: &World, here: Option<&AccountBinding>, at: &Moment) -> Vec<Other> {
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let is_wide = object.installation_wide().is_some();
    let inside = Ref::AccountContent(namespace.clone(), object.within().account.clone());
    let beside = here.filter(|_| is_wide).map(|account| InstanceKey::from(&account.instance));
    let beside = beside.map(|instance| Ref::InstallationContent(C::TRAIT.kind, instance));
    let owners = [Some(inside), beside].into_iter().flatten().flat_map(|what| world.references.to(&what));
    let others: BTreeMap<(String, String), Key> = owners
        .filter(|owner| owner.kind == C::TRAIT.kind && (owner.namespace != namespace || owner.name != name))
        .map(|owner| ((owner.namespace.clone(), owner.name.clone()), owner))
        .collect();
    let cache = C::cache(&world.caches);
    let cached = others.values().filter_map(|owner| cache.get(&owner.namespace, &owner.name));
    let beside = cached.filter(|other| other.installation_wide().is_some() == is_wide);
    let counts = |other: &C| {
        let home = (other.namespace().unwrap_or_default(), &other.within().account);
        let status = other.status()?;
        // An id that was recorded in another account means something else here.
        let is_here = status.account.as_ref().zip(here).is_some_and(|(there, here)| {
            InstanceKey::from(&there.instance) == InstanceKey::from(&here.instance)
                && (there.id == here.id || is_wide)
        });
        (is_here && recorded::is_same_chatwoot(world, (&home.0, home.1), status, at))
            .then_some(status.clone())
    };
    beside.map(|other| one(other.as_ref(), &namespace, counts(&other))).collect()
}

/// `status`: of the other one, where that counts here.
fn one<C: Content>(other: &C, namespace: &str, status: Option<ContentStatus>) -> Other {
    let within = other.within();
    let works = within.mode == Mode::Enforce && !within.paused && other.meta().deletion_timestamp.is_none();
    let status = status.unwrap_or_default();
    let noted = status.creation.map(|note| note.name);
    // Under a name of its own it is bound before it has its key.
    let asks = works && (noted.is_some() || !matches!(C::TRAIT.naming, Naming::Temporary(_)));
    let wanted = asks.then(|| C::TRAIT.known(&other.key()));
    let is_near = other.namespace().as_deref() == Some(namespace);
    Other {
        who: if is_near {
            format!("{} {}", C::TRAIT.kind, other.name_any())
        } else {
            format!("a {} of another namespace", C::TRAIT.kind)
        },
        id: status.id,
        has: status.key,
        may_make: wanted.into_iter().chain(noted).collect(),
    }
}
