//! Which accounts there are, and with whose token they are looked into.

use crate::{
    api::account::{AccountStatus, ChatwootAccount},
    chatwoot::{
        application::{Account, Application},
        marker::Installation,
        platform::{Config, Platform},
        types::{AccountId, UserId},
    },
    cli::{
        cluster::Cluster,
        inside::{self, kubernetes::Kubernetes},
        installed::Installed,
        kinds::KindName,
    },
    reconcile::installation,
    runtime::{flags::ObjectName, scope::Scope},
};
use anyhow::{Context, Result, anyhow};
use kube::{
    Client, Resource, ResourceExt,
    api::{DynamicObject, ListParams},
};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// An account that the operator serves.
#[derive(Clone, Debug)]
pub struct Place {
    /// Namespace and name of its ChatwootAccount.
    pub name: String,
    pub id: Option<AccountId>,
    instance: Option<ObjectName>,
    /// Whom the operator works as inside it, and the uid of the ChatwootAccount they belong to.
    automation: Option<(UserId, String)>,
    /// Why nobody can look into it, where that is known already.
    closed: Option<String>,
}

/// What is needed to look into accounts.
pub struct Accounts {
    cluster: Cluster,
    installation: Installation,
    /// A token for accounts without an automation user, and whose it is.
    given: Option<(SecretString, String)>,
    instances: Mutex<BTreeMap<ObjectName, Result<Reached, String>>>,
}

/// An instance's Chatwoot.
#[derive(Clone)]
struct Reached {
    platform: Platform,
    config: Config,
    /// The accounts that the given token's owner administers.
    administered: Option<Result<Vec<AccountId>, String>>,
}

impl Accounts {
    /// # Errors
    /// The installation's Secret, or the token that was named, cannot be read.
    pub async fn new(
        client: &Client,
        installed: &Installed,
        cluster: &Cluster,
        credentials: Option<&ObjectName>,
    ) -> Result<Self> {
        let kept = installation::Kept {
            namespace: installed.settings.namespace.clone(),
            secret: installed.installation_secret.clone(),
            id: None,
        };
        let found = installation::find(&kept, client).await.map_err(anyhow::Error::msg)?;
        let found = found.with_context(|| {
            format!("Secret {}/{} is missing: is this the operator's cluster?", kept.namespace, kept.secret)
        })?;
        let given = inside::given_token(credentials, &mut Kubernetes::new(cluster)).await?;
        Ok(Self { cluster: cluster.clone(), installation: found, given, instances: Mutex::default() })
    }

    /// All accounts of the ChatwootAccounts that the operator serves, in order of their names.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn list(&self, client: &Client, scope: &Scope) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        for namespace in scope.tenants() {
            let api = KindName::Account.api(client, namespace.as_deref());
            let mut page = ListParams::default().limit(500);
            loop {
                let list = api.list(&page).await.map_err(|error| {
                    let plural = ChatwootAccount::plural(&());
                    let of = namespace
                        .as_deref()
                        .map_or("all namespaces".to_owned(), |n| format!("namespace {n}"));
                    anyhow!(error).context(format!("the {plural} of {of} cannot be listed"))
                })?;
                places.extend(list.items.iter().flat_map(of_object));
                match list.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => page = page.continue_token(&token),
                    None => break,
                }
            }
        }
        places.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(places)
    }

    /// An account, as an administrator of it. `Err`: why nobody can look into it, and what to do.
    pub async fn open(&self, place: &Place) -> Result<Account, String> {
        if let Some(why) = &place.closed {
            return Err(why.clone());
        }
        let (Some(id), Some(instance)) = (place.id, &place.instance) else {
            return Err("its ChatwootAccount names no instance".to_owned());
        };
        let reached = self.reach(instance).await?;
        let token = match (&place.automation, &self.given) {
            (Some((user, uid)), _) => self.automation_token(&reached.platform, *user, uid, id).await?,
            (None, Some((token, whose))) => match &reached.administered {
                Some(Ok(accounts)) if accounts.contains(&id) => token.clone(),
                Some(Err(why)) => return Err(format!("{whose}: {why}")),
                _ => {
                    return Err(format!(
                        "it has no automation user, and the owner of {whose} is no administrator of it"
                    ));
                }
            },
            (None, None) => {
                return Err(
                    "it has no automation user (spec.automation of its ChatwootInstance), and no token was given: name an \
                     administrator's by --credentials, or put it into the environment as CHATWOOT_TOKEN"
                        .to_owned(),
                );
            }
        };
        let config = Config { token, ..reached.config };
        let application = Application::new(config).map_err(|error| error.to_string())?;
        Ok(application.account(id))
    }

    /// The token of the operator's own user in an account: read with the platform token, and never kept.
    async fn automation_token(
        &self,
        platform: &Platform,
        user: UserId,
        uid: &str,
        account: AccountId,
    ) -> Result<SecretString, String> {
        let answer = platform.user(user).await;
        let answer = answer.map_err(|failure| format!("its automation user {user}: {failure}"))?;
        inside::automation::token(answer, &self.installation, uid, account)
    }

    async fn reach(&self, instance: &ObjectName) -> Result<Reached, String> {
        let mut instances = self.instances.lock().await;
        if let Some(known) = instances.get(instance) {
            return known.clone();
        }
        let reached = self.connect(instance).await.map_err(|error| format!("{error:#}"));
        instances.insert(instance.clone(), reached.clone());
        reached
    }

    async fn connect(&self, instance: &ObjectName) -> Result<Reached> {
        let operated = Kubernetes::new(&self.cluster).operated(instance).await?;
        let named = || format!("ChatwootInstance {instance} cannot be used");
        let platform = Platform::new(operated.config.clone()).with_context(named)?;
        let administered = match &self.given {
            None => None,
            Some((token, whose)) => {
                let config = Config { token: token.clone(), ..operated.config.clone() };
                let application =
                    Application::new(config).with_context(|| format!("{whose} cannot be used"))?;
                let profile = application.profile().await;
                let administers = |profile: crate::chatwoot::tenant::settings::Profile| {
                    let administrator = crate::chatwoot::tenant::agent::Role::Administrator;
                    let rows = profile.accounts.into_iter();
                    rows.filter(|one| one.role == Some(administrator)).map(|one| one.id).collect()
                };
                Some(profile.map(administers).map_err(|failure| failure.to_string()))
            }
        };
        Ok(Reached { platform, config: operated.config, administered })
    }
}

/// The accounts of one ChatwootAccount; none where there is nothing in Chatwoot. Read as it stands: whatever cannot be read of
/// it must not hide it.
fn of_object(object: &DynamicObject) -> Vec<Place> {
    let name = format!("{}/{}", object.namespace().unwrap_or_default(), object.name_any());
    let status = object.data.get("status").cloned().unwrap_or_default();
    let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_i64);
    let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let instance = text("/instance/namespace").zip(text("/instance/name"));
    let instance = instance.map(|(namespace, name)| ObjectName { namespace, name });
    let known: Option<AccountStatus> = serde_json::from_value(status.clone()).ok();
    let automation = known.and_then(|known| known.automation_user()).map(UserId);
    let place = Place {
        name,
        id: number("/id").map(AccountId),
        instance,
        automation: automation.zip(object.uid()),
        closed: None,
    };
    let others = status.pointer("/duplicates").and_then(Value::as_array).cloned().unwrap_or_default();
    let others = others.iter().filter_map(Value::as_i64).map(|id| Place {
        id: Some(AccountId(id)),
        automation: None,
        ..place.clone()
    });
    let others: Vec<Place> = others.collect();
    let made = status.pointer("/creation").is_some();
    let first = match place.id {
        Some(_) => Some(place.clone()),
        None if made => Some(Place {
            closed: Some("an account may have been made for it, and its id is not known yet".to_owned()),
            ..place.clone()
        }),
        None => None,
    };
    first.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(status: Value) -> Vec<Place> {
        let object = json!({
            "apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootAccount",
            "metadata": {"namespace": "acme", "name": "main", "uid": "u-1"}, "status": status
        });
        of_object(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn an_account_is_known_with_its_automation_user_and_its_duplicates() {
        let bound = places(json!({
            "id": 4, "instance": {"namespace": "chat", "name": "main", "uid": "u"},
            "automation": {"email": "chatwoot-operator+4@ops.example", "userId": 9}, "duplicates": [5]
        }));
        let seen: Vec<_> =
            bound.iter().map(|one| (one.id, one.automation.clone(), one.closed.is_some())).collect();
        assert_eq!(
            seen,
            [
                (Some(AccountId(4)), Some((UserId(9), "u-1".to_owned())), false),
                (Some(AccountId(5)), None, false)
            ]
        );
        assert!(bound.iter().all(|one| one.name == "acme/main" && one.instance.is_some()));
    }

    #[test]
    fn one_that_may_have_been_made_is_not_passed_over() {
        assert!(places(json!({"observedGeneration": -1})).is_empty(), "nothing was asked for");
        let open = places(json!({"creation": {"attempt": 1, "nonce": "n"}}));
        assert_eq!(open.len(), 1);
        assert!(open[0].closed.as_ref().unwrap().contains("may have been made"));
    }
}
