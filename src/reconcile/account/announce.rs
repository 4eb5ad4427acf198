//! What people are told about an account.

use crate::{
    api::{
        account::{AccountStatus, ChatwootAccount},
        conditions::{self, ConditionStatus, find, reason},
    },
    chatwoot::marker::Marker,
    plan::account::Notice,
    reconcile::{events::publish, world::World},
};
use kube::{
    ResourceExt,
    runtime::events::EventType::{Normal, Warning},
};
use std::time::Duration;

/// Events of a change of status.
pub fn transition(object: &ChatwootAccount, old: &AccountStatus, new: &AccountStatus, world: &World) {
    if let (None, Some(id)) = (old.id, new.id) {
        publish(object, Normal, "Bound", format!("bound to account {id} in Chatwoot"), world);
    }
    let repeats =
        |status: &AccountStatus| status.creation.as_ref().map_or(0, |creation| creation.repeats.len());
    if repeats(new) > repeats(old) {
        let note = "a create was repeated or an earlier account bound: an account nobody can see may exist in Chatwoot";
        publish(object, Warning, "CreateRepeated", note.to_owned(), world);
    }
    if old.deletion.is_none() && new.deletion.is_some() {
        let note = "Chatwoot accepted the deletion of the account; its account index is broken until an admin repairs it \
                    (chatwoot-operator doctor prints the statement)";
        publish(object, Normal, "DeletionSent", note.to_owned(), world);
    }
    let (before, Some(after)) =
        (find(&old.conditions, conditions::READY), find(&new.conditions, conditions::READY))
    else {
        return;
    };
    let changed = before.is_none_or(|before| before.reason != after.reason || before.status != after.status);
    if changed && after.status == ConditionStatus::True {
        if before.is_none_or(|before| before.status != ConditionStatus::True) && old.applied.is_none() {
            let age = object.creation_timestamp().map(|t| jiff::Timestamp::now().duration_since(t.0));
            let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
            (world.observers.first_ready)(super::KIND, age);
        }
        publish(object, Normal, &after.reason, after.message.clone(), world);
    } else if changed && conditions::class(&after.reason).stalls() {
        publish(object, Warning, &after.reason, after.message.clone(), world);
    }
}

/// Something people must learn although the object goes.
pub fn notice(object: &ChatwootAccount, notice: Notice, marker: &Marker, world: &World) {
    let id =
        object.status.as_ref().and_then(|status| status.id).map_or_else(String::new, |id| format!(" {id}"));
    let (kind, reason, note) = match notice {
        Notice::MayExist => (
            Warning,
            "AccountMayExist",
            format!(
                "let go while a create request had an unknown outcome: look in Chatwoot for an account with custom attribute \
                 chatwoot_operator = {marker}"
            ),
        ),
        Notice::Deleted => (
            Normal,
            "Deleted",
            format!(
                "account{id} is gone from Chatwoot; its account index is broken until an admin repairs it (chatwoot-operator \
                 doctor prints the statement)"
            ),
        ),
        Notice::TooLate => (
            Warning,
            "TooLate",
            format!("let go, but Chatwoot had already accepted the deletion of account{id}"),
        ),
        Notice::Suspended => (Normal, "Suspended", format!("account{id} is suspended and kept in Chatwoot")),
        Notice::Retained => (Normal, "Retained", format!("account{id} is kept in Chatwoot as it is")),
    };
    publish(object, kind, reason, note, world);
}

/// Chatwoot made an account and nothing is left that could hold its id.
pub fn orphan(object: &ChatwootAccount, uid: &str, id: i64, world: &World) {
    (world.observers.orphan)();
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    tracing::error!(account = id, namespace, name, uid, "an account was created, but its resource is gone");
    let note = format!(
        "account {id} was created in Chatwoot, but this resource was gone before its id could be stored"
    );
    publish(object, Warning, reason::CREATE_OUTCOME_UNKNOWN, note, world);
}
