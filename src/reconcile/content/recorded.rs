//! Where something was made, as its status says, and whether that still counts.

use super::Content;
use crate::{
    api::{
        account::{ChatwootAccount, CreationOutcome, RepeatCause},
        content::ContentStatus,
        instance::ChatwootInstance,
    },
    plan::{Moment, content::Place},
    reconcile::{
        references::{InstanceKey, Ref},
        world::World,
    },
};

/// The instance in which something was made, and the account; none where it is for the whole installation.
pub fn place<C: Content>(object: &C) -> Option<(InstanceKey, Option<i64>)> {
    let status = object.status()?;
    let account = status.account.as_ref().map(|account| account.id);
    let account = account.filter(|_| object.installation_wide().is_none());
    Some((instance(status)?, account))
}

/// The instance in which something was made.
pub fn instance(status: &ContentStatus) -> Option<InstanceKey> {
    status.account.as_ref().map(|account| (&account.instance).into())
}

/// The id it is bound to.
pub fn id<C: Content>(object: &C) -> Option<Ref> {
    let (instance, account) = place(object)?;
    Some(Ref::ContentId(C::TRAIT.kind, instance, account, object.status()?.id?))
}

/// An id belongs to the account it was recorded in. In another one it means something else, or nothing; but what is for the
/// whole installation is the same seen from any of its accounts. `is_there`: see [`is_same_chatwoot`]. True where something
/// stays behind.
pub fn forget_other_account(
    status: &mut ContentStatus,
    place: &Place,
    is_wide: bool,
    is_there: bool,
) -> bool {
    let (Some(recorded), Place::Open(now)) = (&status.account, place) else { return false };
    let same_instance = is_there && InstanceKey::from(&recorded.instance) == InstanceKey::from(&now.instance);
    if same_instance && (recorded.id == now.id || is_wide) {
        return false;
    }
    let left_behind = status.id.is_some();
    *status = ContentStatus {
        observed_generation: status.observed_generation,
        last_handled_reconcile_at: status.last_handled_reconcile_at.take(),
        connection_secret: status.connection_secret.take(),
        // Nothing has been made in this one, and nothing about it has been lost.
        account: Some(now.clone()),
        conditions: std::mem::take(&mut status.conditions),
        ..ContentStatus::default()
    };
    left_behind
}

/// Whether the instance of the recorded name still is the Chatwoot in which something was made.
///
/// An instance made anew under its name has witnesses read before anything is written, and its accounts show their markers.
/// What neither tells is that the account was made in it from the start: then the Chatwoot before it was another one, and a
/// fresh database gives the same ids again.
pub fn is_same_chatwoot(
    world: &World,
    (namespace, account): (&str, &str),
    status: &ContentStatus,
    at: &Moment,
) -> bool {
    let Some(recorded) = status.account.as_ref().map(|account| &account.instance) else { return true };
    let instance = instance(status).and_then(|key| world.instance(&key));
    // Without one nobody can be asked anyhow.
    let Some(instance) = instance else { return true };
    let is_restoring = instance.spec.rebind_until.is_some_and(|until| at.now < until);
    if instance.metadata.uid.as_ref() == Some(&recorded.uid) || is_restoring {
        return true;
    }
    let account = world.caches.accounts.get(namespace, account);
    account.is_some_and(|account| !is_made_in(&account, &instance))
}

/// The account was made, or taken over, since there is this instance; one that was found again was not.
fn is_made_in(account: &ChatwootAccount, instance: &ChatwootInstance) -> bool {
    let Some(began) = instance.metadata.creation_timestamp.as_ref().map(|time| time.0) else { return false };
    match account.status.as_ref().and_then(|status| status.creation.as_ref()) {
        Some(creation) => {
            let again = [RepeatCause::Recreated, RepeatCause::Restored];
            let is_found = creation
                .repeats
                .iter()
                .any(|repeat| repeat.attempt == creation.attempt && again.contains(&repeat.cause));
            creation.started_at >= began && creation.outcome == Some(CreationOutcome::Created) && !is_found
        }
        None => account.metadata.creation_timestamp.as_ref().is_some_and(|time| time.0 > began),
    }
}
