//! What people are told about an account.

use crate::{
    api::{
        account::{AccountStatus, ChatwootAccount},
        conditions::reason,
    },
    chatwoot::marker::Marker,
    plan::account::{Notice, automation::told},
    reconcile::{
        events::{publish, publish_once, ready_changed},
        world::World,
    },
};
use kube::{
    ResourceExt,
    runtime::events::EventType::{Normal, Warning},
};

/// Events of a change of status.
pub fn transition(object: &ChatwootAccount, old: &AccountStatus, new: &AccountStatus, world: &World) {
    if let (None, Some(id)) = (old.id, new.id) {
        publish_once(object, "Bound", format!("bound to account {id} in Chatwoot"), world);
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
    let problem = |status: &AccountStatus| status.automation.as_ref().and_then(|own| own.problem.clone());
    if let Some(own) = new.automation.as_ref().filter(|_| problem(old) != problem(new))
        && let Some(note) = told(own, &object.namespace().unwrap_or_default(), &object.name_any())
    {
        publish(object, Warning, "AutomationUser", note, world);
    }
    let first = old.applied.is_none();
    ready_changed(object, &old.conditions, &new.conditions, first, world);
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
        Notice::AutomationLeft => {
            let own = object.status.as_ref().and_then(|status| status.automation.as_ref());
            let email = own.map(|own| own.email.as_str()).unwrap_or_default();
            (
                Warning,
                "AutomationUserLeft",
                format!(
                    "account{id} is kept in Chatwoot, and the operator's own user {email} in it could not be removed: delete \
                     that user in Chatwoot"
                ),
            )
        }
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
