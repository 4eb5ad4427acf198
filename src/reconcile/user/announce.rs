//! What people are told about a person.

use crate::{
    api::user::{ChatwootUser, UserStatus},
    chatwoot::marker::Marker,
    plan::user::Notice,
    reconcile::{
        events::{publish, ready_changed},
        world::World,
    },
};
use kube::runtime::events::EventType::{Normal, Warning};

/// Events of a change of status.
pub fn transition(object: &ChatwootUser, old: &UserStatus, new: &UserStatus, world: &World) {
    match (old.id, new.id) {
        (None, Some(id)) => {
            publish(object, Normal, "Bound", format!("bound to user {id} in Chatwoot"), world)
        }
        (Some(gone), again) if again != Some(gone) && object.metadata.deletion_timestamp.is_none() => {
            let again =
                again.map_or_else(|| "is made again".to_owned(), |id| format!("was made again as user {id}"));
            publish(
                object,
                Warning,
                "Vanished",
                format!("user {gone} is gone from Chatwoot and {again}"),
                world,
            );
        }
        _ => {}
    }
    let first = old.applied.is_none();
    ready_changed(object, &old.conditions, &new.conditions, first, world);
}

/// Something people must learn although the object goes.
pub fn notice(object: &ChatwootUser, notice: Notice, marker: &Marker, world: &World) {
    let id =
        object.status.as_ref().and_then(|status| status.id).map_or_else(String::new, |id| format!(" {id}"));
    let (kind, reason, note) = match notice {
        Notice::MayExist => (
            Warning,
            "UserMayExist",
            format!(
                "let go before an id was known: a person with custom attribute chatwoot_operator = {marker} may exist in Chatwoot"
            ),
        ),
        Notice::Deleted => (Normal, "Deleted", format!("user{id} is gone from Chatwoot")),
        Notice::TooLate => (
            Warning,
            "TooLate",
            format!("let go, but Chatwoot had already accepted the deletion of user{id}"),
        ),
        Notice::KeptForOthers => (
            Warning,
            "Kept",
            format!(
                "user{id} was not deleted, because they are in accounts that others gave them; what this resource gave was taken back"
            ),
        ),
        Notice::Retained => {
            (Normal, "Retained", format!("user{id} is kept in Chatwoot, memberships included"))
        }
    };
    publish(object, kind, reason, note, world);
}
