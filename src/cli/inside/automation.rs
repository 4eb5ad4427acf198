//! The operator's own user in an account, for commands that act as it.

use crate::{
    chatwoot::{
        marker::Installation,
        platform::UserAnswer,
        types::{AccountId, MemberRole},
    },
    reconcile::automation,
};
use secrecy::SecretString;

/// The token of the operator's own user in an account, out of an answer about them. `uid`: of the ChatwootAccount.
///
/// # Errors
/// Why that is not somebody to act as.
pub fn token(
    answer: UserAnswer,
    installation: &Installation,
    uid: &str,
    account: AccountId,
) -> Result<SecretString, String> {
    let user = answer.id;
    let administers = administers(&answer, account);
    // Its uid is all of the marker that has to be known for that.
    let marker = automation::marker(installation, "", "", "", uid);
    let owned = answer
        .prove(&marker)
        .map_err(|_| format!("its automation user {user} does not carry its marker, and is not used"))?;
    if !administers {
        return Err(format!("its automation user {user} is no administrator of it"));
    }
    owned.access_token().map_err(|failure| format!("its automation user {user}: {failure}"))
}

/// Whether somebody is an administrator of an account.
pub fn administers(user: &crate::chatwoot::types::User, account: AccountId) -> bool {
    let is_one = |role| role == Some(MemberRole::Administrator);
    user.belongings.iter().any(|one| one.account == account && is_one(one.role))
}
