//! The operator's own user in each account, seen from those who act as it: whether it is wanted, and its token.
//!
//! The account's own pass makes, keeps and removes the user; its id stands in the account's status. Tokens are held in
//! memory only, and only of users whose marker was proven on the answer that brought the token.
//!
//! ```text
//! let token = match automation::held(world, &account.uid) {
//!     Some(token) => token,
//!     None => automation::fetch(&turn, world, &account).await?,
//! };
//! let labels = turn.call_as(&token, |app| app.account(account.id).labels().list()).await;
//! if let Err(failure) = &labels && failure.class == Class::Unauthorized {
//!     automation::forget(world, &account.uid);    // the next pass fetches it anew
//! }
//! ```

use super::{
    account,
    references::{InstanceKey, Ref},
    turn::Turn,
    world::World,
};
use crate::chatwoot::{
    gate::Key,
    marker::{Installation, Marker},
    outcome::{Class, Failure},
    platform::UserAnswer,
    types::{AccountId, Belonging, MemberRole, User, UserId},
};
use secrecy::SecretString;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What stands in the marker instead of a kind: no resource has it, so the user is never taken for a person's.
const KIND: &str = "ChatwootAccount/automation";

/// The marker of the user in the account of resource `namespace`/`name` with this `uid`.
pub fn marker(
    installation: &Installation,
    namespace: &str,
    namespace_uid: &str,
    name: &str,
    uid: &str,
) -> Marker {
    installation.marker(KIND, namespace, namespace_uid, name, uid)
}

/// An account as somebody who acts inside it needs it.
#[derive(Clone, Debug)]
pub struct AccountHandle {
    /// The ChatwootAccount.
    pub namespace: String,
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// The instance it is bound to.
    pub instance: InstanceKey,
    pub id: AccountId,
    /// [`AccountStatus::automation_user`](crate::api::account::AccountStatus::automation_user).
    pub user_id: UserId,
    /// What the user must carry: [`marker`].
    pub marker: Marker,
}

/// Tokens in memory, and users that somebody found gone.
#[derive(Debug, Default)]
pub struct Tokens(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By the uid of the account's resource.
    held: HashMap<String, (InstanceKey, SecretString)>,
    doubted: BTreeSet<String>,
}

impl Tokens {
    pub fn hold(&self, uid: &str, instance: &InstanceKey, token: SecretString) {
        self.lock().held.insert(uid.to_owned(), (instance.clone(), token));
    }

    /// Of an instance that is reached in another way now, or is gone.
    pub fn forget_instance(&self, instance: &InstanceKey) {
        self.lock().held.retain(|_, (of, _)| of != instance);
    }

    /// What another process did meanwhile is not known here.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// The account's resource is gone.
    pub fn drop_account(&self, uid: &str) {
        let mut inner = self.lock();
        inner.held.remove(uid);
        inner.doubted.remove(uid);
    }

    pub fn is_doubted(&self, uid: &str) -> bool {
        self.lock().doubted.contains(uid)
    }

    /// The account's own pass has looked.
    pub fn trust(&self, uid: &str) {
        self.lock().doubted.remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of the user in the account whose resource has this uid, if it is in memory.
pub fn held(world: &World, account_uid: &str) -> Option<SecretString> {
    world.automation.lock().held.get(account_uid).map(|(_, token)| token.clone())
}

/// Reads the user's token within the caller's turn: one call. Held from then on.
///
/// # Errors
/// Those of the call. Where the user is gone, or is not this account's any more, the account is made to look at it, and the
/// failure is [`Class::NotFound`] or [`Class::NotAllowed`], likewise where it administers the account no more: the caller waits for the account's status to change.
pub async fn fetch(turn: &Turn, world: &World, account: &AccountHandle) -> Result<SecretString, Failure> {
    let answer = turn.call(|platform| platform.user(account.user_id)).await;
    let refused = |why| Failure { detail: Some(why), ..Failure::of(Class::NotAllowed) };
    let proven = answer.and_then(|answer| {
        let own = answer
            .prove(&account.marker)
            .map_err(|_| refused("the operator's own user does not carry the account's marker"))?;
        // Agents are shown less of everything, so what they do not see need not be gone.
        if !is_administrator(&own, account.id) {
            return Err(refused("the operator's own user is no administrator of the account"));
        }
        own.access_token()
    });
    match &proven {
        Ok(token) => world.automation.hold(&account.uid, &account.instance, token.clone()),
        Err(failure)
            if matches!(failure.class, Class::NotFound | Class::NotAllowed | Class::NotPermitted) =>
        {
            doubt(world, account);
        }
        Err(_) => {}
    }
    proven
}

fn is_administrator(user: &User, account: AccountId) -> bool {
    let administers = |belonging: &Belonging| belonging.role == Some(MemberRole::Administrator);
    user.belongings.iter().any(|belonging| belonging.account == account && administers(belonging))
}

/// Chatwoot has refused the token, so it is not used again.
pub fn forget(world: &World, account_uid: &str) {
    world.automation.lock().held.remove(account_uid);
}

/// Takes the token out of an answer about the user, where the answer proves itself.
pub(super) fn keep(world: &World, uid: &str, instance: &InstanceKey, answer: UserAnswer, marker: &Marker) {
    if let Ok(own) = answer.prove(marker)
        && let Ok(token) = own.access_token()
    {
        world.automation.hold(uid, instance, token);
    }
}

/// Has the account look at its user.
pub fn doubt(world: &World, account: &AccountHandle) {
    world.automation.lock().held.remove(&account.uid);
    if world.automation.lock().doubted.insert(account.uid.clone()) {
        (world.wake)(Key::new(account::KIND, &account.namespace, &account.name));
    }
}

/// A resource of the account's content is being deleted and waits for the operator to remove it in Chatwoot.
pub fn content_leaving(world: &World, namespace: &str, name: &str) -> bool {
    world.references.has(&Ref::ContentLeaving(namespace.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwoot::marker::Reading;
    use secrecy::ExposeSecret;

    fn of(name: &str) -> InstanceKey {
        InstanceKey { namespace: "ops".into(), name: name.into() }
    }

    #[test]
    fn tokens_go_with_their_instance_and_with_their_account() {
        let tokens = Tokens::default();
        for (uid, instance) in [("u-1", "one"), ("u-2", "two"), ("u-3", "two")] {
            tokens.hold(uid, &of(instance), SecretString::from(format!("t-{uid}")));
        }
        tokens.forget_instance(&of("one"));
        tokens.drop_account("u-3");
        let inner = tokens.lock();
        let left: Vec<_> =
            inner.held.iter().map(|(uid, (_, token))| (uid.as_str(), token.expose_secret())).collect();
        assert_eq!(left, [("u-2", "t-u-2")]);
    }

    #[test]
    fn a_token_is_in_no_debug_output() {
        let tokens = Tokens::default();
        tokens.hold("u-1", &of("one"), SecretString::from("s3cr3t-t0ken"));
        assert!(!format!("{tokens:?}").contains("s3cr3t"), "{tokens:?}");
    }

    #[test]
    fn the_user_is_neither_the_accounts_nor_a_persons() {
        let installation = Installation::new("0123456789abcdef".into(), vec![7; 32]);
        let mine = marker(&installation, "acme", "n-1", "main", "u-1");
        for kind in [account::KIND, super::super::user::KIND] {
            let other = installation.marker(kind, "acme", "n-1", "main", "u-1");
            assert_ne!(mine.to_string(), other.to_string(), "{kind}");
            // Somebody's resource of the very same name.
            let stranger = installation.marker(kind, "acme", "n-1", "main", "u-2");
            assert_eq!(stranger.compare(&mine.to_string()), Reading::Foreign, "{kind}");
        }
    }
}
