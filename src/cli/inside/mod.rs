//! What the commands share that look inside an account: which account, where its Chatwoot is, whose token is used, and how
//! rows are printed.

mod attributes;
pub mod automation;
mod csv;
pub mod kubernetes;
pub mod rows;
mod trouble;

pub use attributes::{Attribute, changed};
pub use trouble::Said;

use super::cluster::Cluster;
use crate::{
    chatwoot::{
        application::{Account, Application},
        platform::Config,
        public::Public,
        types::AccountId,
    },
    runtime::flags::ObjectName,
};
use anyhow::{Context, Result, bail};
use kubernetes::Kubernetes;
use secrecy::SecretString;
use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// The environment's name for a token.
pub const TOKEN: &str = "CHATWOOT_TOKEN";
/// Key of the token in the Secrets that ChatwootUsers publish.
const TOKEN_KEY: &str = "access_token";
/// What the operator waits for an answer, too.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An account as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    Id(AccountId),
    Object(ObjectName),
}

impl FromStr for AccountName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') {
            return text.parse().map(Self::Object);
        }
        let id = text.parse::<i64>().ok().filter(|id| *id > 0);
        id.map(|id| Self::Id(AccountId(id))).ok_or_else(|| {
            "write the account's id in Chatwoot, or NAMESPACE/NAME of its ChatwootAccount".to_owned()
        })
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "account {id}"),
            Self::Object(name) => write!(f, "ChatwootAccount {name}"),
        }
    }
}

/// The flags of every command about one account.
#[derive(clap::Args, Clone, Debug)]
pub struct Flags {
    /// The account: its id in Chatwoot, which takes --url, or its ChatwootAccount
    #[arg(long, value_name = "ID|NAMESPACE/NAME")]
    account: AccountName,

    #[command(flatten)]
    way: Way,
}

impl Flags {
    /// # Errors
    /// As [`Way::to`].
    pub async fn reach(&self) -> Result<Reached> {
        self.way.to(&self.account).await
    }
}

/// How an account is reached, and by whom.
#[derive(clap::Args, Clone, Debug)]
pub struct Way {
    /// Address of Chatwoot; otherwise that of the account's ChatwootInstance
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Trust this certificate authority (PEM) alone; with --url
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,

    /// Secret with the token, as a ChatwootUser publishes it under access_token; otherwise it is the environment's CHATWOOT_TOKEN
    #[arg(long, value_name = "NAMESPACE/NAME")]
    credentials: Option<ObjectName>,

    #[command(flatten)]
    cluster: Cluster,
}

/// An account with a token for it. Nothing has been sent yet.
pub struct Reached {
    pub account: Account,
    /// The customers' side of the same Chatwoot.
    pub public: Public,
    pub said: Said,
}

impl Way {
    /// Finds out where the account is, and takes the token. Sends nothing to Chatwoot.
    ///
    /// # Errors
    /// Says what is missing, and how to give it.
    pub async fn to(&self, account: &AccountName) -> Result<Reached> {
        let mut kubernetes = Kubernetes::new(&self.cluster);
        let (token, whose) = self.token(&mut kubernetes).await?;
        let (id, mut config) = match (account, self.given()?) {
            (AccountName::Id(id), Some(config)) => (*id, config),
            (AccountName::Id(id), None) => bail!(
                "account {id}: where is its Chatwoot? Give --url, or name the account as NAMESPACE/NAME of its ChatwootAccount"
            ),
            (AccountName::Object(name), given) => {
                let bound = kubernetes.account(name).await?;
                let config = match given {
                    Some(config) => config,
                    None => kubernetes.instance(name, &bound.instance).await?,
                };
                (bound.id, config)
            }
        };
        config.token = token;
        let said = Said { account: account.to_string(), whose, url: config.url.clone() };
        let named = || format!("{account} cannot be reached");
        let public = Public::new(config.clone()).with_context(named)?;
        let application =
            Application::new(config).with_context(|| format!("{} cannot be used", said.whose))?;
        Ok(Reached { account: application.account(id), public, said })
    }

    fn given(&self) -> Result<Option<Config>> {
        let ca_pem = self.ca.as_deref().map(authority).transpose()?;
        Ok(self.url.as_ref().map(|url| config(url.clone(), ca_pem)))
    }

    async fn token(&self, kubernetes: &mut Kubernetes<'_>) -> Result<(SecretString, String)> {
        given_token(self.credentials.as_ref(), kubernetes).await?.with_context(|| {
            format!(
                "no token: name a Secret with one by --credentials NAMESPACE/NAME (key {TOKEN_KEY}), or put it into the \
                 environment as {TOKEN}; everybody's own is on their profile page in Chatwoot"
            )
        })
    }
}

/// The token of a Secret, else of the environment, and whose it is; nothing where none was given.
///
/// # Errors
/// The Secret cannot be read, or has none.
pub async fn given_token(
    credentials: Option<&ObjectName>,
    kubernetes: &mut Kubernetes<'_>,
) -> Result<Option<(SecretString, String)>> {
    if let Some(name) = credentials {
        let token = kubernetes.secret(name, TOKEN_KEY).await?;
        return Ok(Some((token, format!("the token in Secret {name}"))));
    }
    Ok(from_environment(TOKEN)?.map(|token| (token, format!("the token in {TOKEN}"))))
}

/// The certificates of a file.
///
/// # Errors
/// It cannot be read. What is in it is checked when it is used.
pub fn authority(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("--ca: the file {} cannot be read", file.display()))
}

/// Where a Chatwoot is, without a token.
pub fn config(url: String, ca_pem: Option<Vec<u8>>) -> Config {
    Config { url, external_url: None, token: SecretString::from(""), ca_pem, timeout: TIMEOUT }
}

/// What the environment has under `name`; nothing where it is empty.
///
/// # Errors
/// It is no text. The message does not show it.
pub fn from_environment(name: &str) -> Result<Option<SecretString>> {
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text.into())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => bail!("{name} in the environment is no text"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_id_or_its_object() {
        assert_eq!("7".parse(), Ok(AccountName::Id(AccountId(7))));
        let object = ObjectName { namespace: "acme".into(), name: "main".into() };
        assert_eq!("acme/main".parse(), Ok(AccountName::Object(object)));
        for wrong in ["", "0", "-1", "acme", "7x"] {
            assert!(wrong.parse::<AccountName>().unwrap_err().contains("NAMESPACE/NAME"), "{wrong}");
        }
        assert!("a b/c".parse::<AccountName>().is_err());
    }
}
