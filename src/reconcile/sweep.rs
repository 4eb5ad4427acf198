//! What a reading of the account index means for everybody: second accounts of one resource, and accounts of nobody.

use super::{account, instances::Handle, references::Ref, world::World};
use crate::chatwoot::gate::Key;
use kube::ResourceExt;
use std::collections::BTreeSet;

/// Has the accounts looked at for which the latest reading shows other accounts than their status names.
pub fn wake_concerned(handle: &Handle, world: &World) {
    let Some((_, Ok(census))) = handle.index.latest() else { return };
    for owner in dependents(handle, world) {
        let Some(object) = world.caches.accounts.get(&owner.namespace, &owner.name) else { continue };
        let status = object.status.as_ref();
        let bound = status.and_then(|status| status.id);
        let others: BTreeSet<i64> = census
            .of_uid(&object.uid().unwrap_or_default())
            .into_iter()
            .filter(|id| Some(*id) != bound)
            .collect();
        let known: BTreeSet<i64> =
            status.map(|status| status.duplicates.iter().copied().collect()).unwrap_or_default();
        if others != known {
            (world.wake)(owner);
        }
    }
}

/// Accounts that carry our installation and that no resource names; `None` while the index has not been read.
pub fn unowned(handle: &Handle, world: &World) -> Option<BTreeSet<i64>> {
    let (_, Ok(census)) = handle.index.latest()? else { return None };
    let mut unowned: BTreeSet<i64> = census.uids().flat_map(|(_, ids)| ids.iter().copied()).collect();
    for owner in dependents(handle, world) {
        if let Some(status) =
            world.caches.accounts.get(&owner.namespace, &owner.name).and_then(|o| o.status.clone())
        {
            for id in status.id.into_iter().chain(status.duplicates) {
                unowned.remove(&id);
            }
        }
    }
    Some(unowned)
}

fn dependents(handle: &Handle, world: &World) -> impl Iterator<Item = Key> {
    let all = world.references.to(&Ref::Instance(handle.key.clone()));
    all.into_iter().filter(|owner| owner.kind == account::KIND)
}
