//! Letting go of everything bound to an instance that is being deleted with policy Release.

use super::{
    account,
    references::{InstanceKey, Ref},
    stored::{Stored, Wrote},
    world::World,
};
use crate::chatwoot::gate::Key;

/// Marks every dependent as released; returns how many could not be marked.
pub async fn release_all(instance: &InstanceKey, world: &World) -> usize {
    let mut left = 0;
    for owner in world.references.to(&Ref::Instance(instance.clone())) {
        if !release(&owner, world).await {
            left += 1;
        }
    }
    left
}

async fn release(owner: &Key, world: &World) -> bool {
    let writes = world.observers.writes.clone();
    let client = world.client.clone();
    let wrote = if owner.kind == account::KIND {
        let Some(object) = world.caches.accounts.get(&owner.namespace, &owner.name) else { return true };
        let mut status = object.status.clone().unwrap_or_default();
        let Some(binding) = status.instance.as_mut().filter(|binding| binding.released != Some(true)) else {
            return true;
        };
        binding.released = Some(true);
        Stored::new(client, (*object).clone(), writes).write_status(status).await
    } else {
        let Some(object) = world.caches.users.get(&owner.namespace, &owner.name) else { return true };
        let mut status = object.status.clone().unwrap_or_default();
        let Some(binding) = status.instance.as_mut().filter(|binding| binding.released != Some(true)) else {
            return true;
        };
        binding.released = Some(true);
        Stored::new(client, (*object).clone(), writes).write_status(status).await
    };
    (world.wake)(owner.clone());
    matches!(wrote, Wrote::Yes | Wrote::Gone)
}
