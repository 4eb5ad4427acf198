//! With whose token each account is looked into.

use super::super::{known::Known, read::Reader};
use crate::{
    chatwoot::{
        AccessToken,
        gate::Key,
        marker::Installation,
        outcome::Failure,
        tenant::{agent::Role, settings::Profile},
        types::{AccountId, User, UserId},
    },
    cli::inside::automation,
    plan::email::Email,
};
use anyhow::{Result, anyhow};
use secrecy::SecretString;
use std::collections::BTreeSet;

/// What can open accounts.
pub struct Keys<'a> {
    pub known: &'a Known,
    pub people: &'a [User],
    /// A token that was given, and the accounts its owner administers.
    given: Option<(SecretString, BTreeSet<AccountId>)>,
    /// People are acted as.
    pub as_administrators: bool,
}

impl<'a> Keys<'a> {
    /// # Errors
    /// The token that was given is refused.
    pub async fn new(
        reader: &Reader,
        known: &'a Known,
        people: &'a [User],
        given: Option<(SecretString, String)>,
    ) -> Result<Self> {
        let given = match given {
            None => None,
            Some((token, whose)) => {
                let read = AccessToken::new(&token).map_err(|_| anyhow!("{whose} is no token"))?;
                let key = Key::new("import", "accounts", "profile");
                let profile = reader
                    .attempt(&key, async |platform| platform.application(&read).profile().await)
                    .await?;
                let profile = profile.map_err(|failure| anyhow!("{whose}: {failure}"))?;
                Some((token, administered(profile)))
            }
        };
        Ok(Self { known, people, given, as_administrators: false })
    }

    /// A token for the account.
    ///
    /// # Errors
    /// The outer one as [`Reader::attempt`]; the inner one says why there is none, and what to do.
    pub async fn token(&self, reader: &Reader, id: AccountId) -> Result<Result<SecretString, String>> {
        let claim = self.known.accounts.get(&id).filter(|claim| claim.bound);
        if let Some((user, uid)) = claim.and_then(|claim| claim.automation.as_ref()) {
            let answer = ask(reader, *user).await?;
            return Ok(answer
                .map_err(|failure| format!("its automation user {user}: {failure}"))
                .and_then(|answer| automation::token(answer, self.installation(), uid, id)));
        }
        if let Some((token, _)) = self.given.as_ref().filter(|(_, accounts)| accounts.contains(&id)) {
            return Ok(Ok(token.clone()));
        }
        if !self.as_administrators {
            return Ok(Err(MISSING.to_owned()));
        }
        let Some(user) = self.administrator(id) else {
            return Ok(
                Err("it has no administrator whom the platform token may see; see --rails".to_owned()),
            );
        };
        let failed = |failure: Failure| format!("its administrator {user}: {failure}");
        let answer = ask(reader, user).await?.map_err(failed);
        Ok(answer.and_then(|answer| answer.borrow_token().map_err(failed)))
    }

    /// The account's oldest one.
    fn administrator(&self, id: AccountId) -> Option<UserId> {
        let is_person =
            |user: &&User| Email::parse(&user.email).is_ok_and(|email| !self.known.is_own(user.id, &email));
        let administrators = self.people.iter().filter(|user| automation::administers(user, id));
        administrators.filter(is_person).map(|user| user.id).min()
    }

    fn installation(&self) -> &Installation {
        &self.known.installation
    }
}

const MISSING: &str = "the operator has no user of its own in it, which it makes once spec.automation of the ChatwootInstance is set and \
     something inside the account is applied; until then name an administrator's token by --credentials, or have the account's \
     own administrators read with --as-administrators";

async fn ask(
    reader: &Reader,
    user: UserId,
) -> Result<Result<crate::chatwoot::platform::UserAnswer, Failure>> {
    let key = Key::new("import", "people", user.to_string());
    reader.attempt(&key, async |platform| platform.user(user).await).await
}

fn administered(profile: Profile) -> BTreeSet<AccountId> {
    let rows = profile.accounts.into_iter().filter(|one| one.role == Some(Role::Administrator));
    rows.map(|one| one.id).collect()
}
