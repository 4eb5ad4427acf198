//! What people are told about something inside an account.

use super::Content;
use crate::{
    api::content::ContentStatus,
    plan::content::{Naming, Notice},
    reconcile::{
        events::{publish, publish_once, ready_changed},
        references::InstanceKey,
        world::World,
    },
};
use kube::runtime::events::EventType::{Normal, Warning};

/// Events of a change of status.
pub fn transition<C: Content>(object: &C, old: &ContentStatus, new: &ContentStatus, world: &World) {
    let noun = C::TRAIT.noun;
    match (old.id, new.id) {
        (None, Some(id)) => publish_once(object, "Bound", format!("bound to {noun} {id} in Chatwoot"), world),
        (Some(left), again) if moved(object, old, new) => {
            let here = again.map_or_else(String::new, |id| format!("; here it is {noun} {id}"));
            let account = account_of(old);
            publish(
                object,
                Warning,
                LEFT_BEHIND,
                format!("{noun} {left} was left with {account}{here}"),
                world,
            );
        }
        (Some(gone), again) if again != Some(gone) && object.meta().deletion_timestamp.is_none() => {
            let again = again
                .map_or_else(|| "is made again".to_owned(), |id| format!("was made again as {noun} {id}"));
            publish(
                object,
                Warning,
                "Vanished",
                format!("{noun} {gone} is gone from Chatwoot and {again}"),
                world,
            );
        }
        _ => {}
    }
    ready_changed(object, &old.conditions, &new.conditions, old.applied.is_none(), world);
}

/// Why something is not looked for any more.
const LEFT_BEHIND: &str = "LeftBehind";

/// What was made belongs to another account than the one that the resource is in now.
fn moved<C: Content>(object: &C, old: &ContentStatus, new: &ContentStatus) -> bool {
    let is_wide = object.installation_wide().is_some();
    old.id != new.id
        && (old.account.as_ref().zip(new.account.as_ref()))
            .is_some_and(|(old, new)| old.instance != new.instance || (old.id != new.id && !is_wide))
}

fn account_of(status: &ContentStatus) -> String {
    status.account.as_ref().map_or_else(
        || "the account it was made in".to_owned(),
        |account| format!("account {} of instance {}", account.id, InstanceKey::from(&account.instance)),
    )
}

/// Something people must learn although the object goes.
pub fn notice<C: Content>(object: &C, notice: Notice, world: &World) {
    let noun = C::TRAIT.noun;
    let status = object.status();
    let id = status.and_then(|status| status.id).map_or_else(String::new, |id| format!(" {id}"));
    let noted = status.and_then(|status| status.creation.as_ref());
    let name = match C::TRAIT.naming {
        Naming::Fingerprint(_) => format!("of this {}", C::TRAIT.key),
        Naming::Key | Naming::Temporary(_) => {
            format!("named {:?}", noted.map_or_else(|| object.key(), |creation| creation.name.clone()))
        }
    };
    let (kind, reason, note) = match notice {
        Notice::MayExist => (
            Warning,
            "MayExist",
            format!("let go before an id was known: a {noun} {name} may exist in Chatwoot"),
        ),
        Notice::Deleted => (Normal, "Deleted", format!("Chatwoot has accepted the deletion of {noun}{id}")),
        Notice::LeftBehind => {
            let account = status.map(account_of).unwrap_or_default();
            (Warning, LEFT_BEHIND, format!("{noun}{id} was left with {account}"))
        }
        Notice::Retained => (Normal, "Retained", format!("{noun}{id} is kept in Chatwoot")),
    };
    publish(object, kind, reason, note, world);
}
