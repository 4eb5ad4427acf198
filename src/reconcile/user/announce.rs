//! What people are told about a person.

use crate::{
    api::{
        common::{LOGIN_LINK_ANNOTATION, Role},
        conditions::reason,
        user::{
            ChatwootUser, LoginLinkState as State, LoginLinkStatus, MembershipState, MembershipStatus,
            UserStatus,
        },
    },
    chatwoot::marker::Marker,
    plan::user::{Notice, link},
    reconcile::{
        events::{publish, publish_once, ready_changed},
        references::Ref,
        world::World,
    },
};
use kube::ResourceExt;
use kube::runtime::events::EventType::{Normal, Warning};

/// Events of a change of status.
pub fn transition(object: &ChatwootUser, old: &UserStatus, new: &UserStatus, world: &World) {
    match (old.id, new.id) {
        (None, Some(id)) => {
            publish_once(object, "Bound", format!("bound to user {id} in Chatwoot"), world);
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
    login_link(object, old.login_link.as_ref(), new.login_link.as_ref(), world);
    let first = old.applied.is_none();
    ready_changed(object, &old.conditions, &new.conditions, first, world);
}

/// What became of a request for a login link.
fn login_link(
    object: &ChatwootUser,
    old: Option<&LoginLinkStatus>,
    new: Option<&LoginLinkStatus>,
    world: &World,
) {
    let answer = |link: &&LoginLinkStatus| matches!(link.state, State::Stored | State::Refused);
    let said = |link: Option<&LoginLinkStatus>| link.map(|link| (link.requested_at.clone(), link.state));
    let Some(link) = new.filter(answer).filter(|_| said(old) != said(new)) else { return };
    let secret =
        format!("{}/{}", object.namespace().unwrap_or_default(), link::secret_name(&object.name_any()));
    if link.state == State::Stored {
        let until = link.expires_at.map(|until| format!(", until {until:.0}")).unwrap_or_default();
        let note = format!("a login link is in Secret {secret}{until}; it works once");
        return publish(object, Normal, "LoginLink", note, world);
    }
    let why = match link.reason.as_deref() {
        Some(reason::PAUSED) => "the resource is paused".to_owned(),
        Some(reason::OBSERVED) => "the resource only observes".to_owned(),
        Some(reason::NOT_GRANTED) => {
            "the person was adopted, and no ChatwootGrant with allow: [Credentials] covers them".to_owned()
        }
        Some(reason::SECRET_INVALID) => {
            format!("Secret {secret} exists and is no login link of this resource; delete or rename it")
        }
        Some(reason::KUBERNETES_ERROR) => format!("Secret {secret} could not be written in time"),
        _ => "Chatwoot did not give one".to_owned(),
    };
    let note = format!("no login link: {why}; ask again by another value of {LOGIN_LINK_ANNOTATION}");
    publish(object, Warning, "NoLoginLink", note, world);
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

/// A recorded membership that makes its person an administrator.
pub fn administers(made: &MembershipStatus) -> bool {
    let held = matches!(made.state, MembershipState::Granted | MembershipState::Revoking);
    held && made.role == Role::Administrator && made.account_id.is_some()
}

/// Says so when no resource makes anybody an administrator of the account any more. Nothing is held up by it: whoever
/// leaves a company must be able to leave.
pub fn lost_administrator(object: &ChatwootUser, lost: &MembershipStatus, world: &World) {
    let own = object.namespace().unwrap_or_default();
    let namespace = if lost.namespace.is_empty() { own.clone() } else { lost.namespace.clone() };
    let has_another =
        world.references.to(&Ref::Account(namespace.clone(), lost.account.clone())).iter().any(|owner| {
            let user = world.caches.users.get(&owner.namespace, &owner.name);
            user.filter(|user| user.uid() != object.uid()).is_some_and(|user| {
                let made = user.status.iter().flat_map(|status| &status.memberships);
                made.into_iter().any(|made| {
                    made.state == MembershipState::Granted
                        && administers(made)
                        && made.account_id == lost.account_id
                })
            })
        });
    if has_another {
        return;
    }
    let note = format!(
        "no ChatwootUser is an administrator of account {}/{} any more; unless somebody was made one in Chatwoot itself, \
         nobody can change its settings: give a ChatwootUser the membership with role: Administrator",
        namespace, lost.account
    );
    publish(object, Warning, "LastAdministratorRemoved", note.clone(), world);
    if let Some(account) = world.caches.accounts.get(&namespace, &lost.account) {
        publish(&*account, Warning, "LastAdministratorRemoved", note, world);
    }
}
