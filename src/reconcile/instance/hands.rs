//! An instance's effects.

use super::KIND;
use crate::{
    api::{
        common::{FINALIZER, SecretKeyRef},
        instance::{ChatwootInstance, InstanceSpec, Witness, WitnessKind},
    },
    chatwoot::{
        Observer,
        gate::{Key, Lane, Limits},
        instance::Instance,
        marker::{Marker, Reading},
        outcome::{Class, Failure},
        platform::Config,
        types::{AccountId, UserId},
        version::Version,
    },
    plan::instance::{Connected, Effect, Facts, Lesson, Seen, Usable},
    reconcile::{
        account_index::AccountIndex,
        driver::Hands,
        instances::{Entry, Handle, Known},
        references::{InstanceKey, Ref},
        release,
        stored::Stored,
        turn::Turn,
        world::World,
    },
};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, ResourceExt};
use secrecy::SecretString;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long one read from the API server may take.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct InstanceHands {
    stored: Stored<ChatwootInstance>,
    world: Arc<World>,
    key: InstanceKey,
    spec: InstanceSpec,
    bound: BTreeMap<Witness, String>,
    turn: Turn,
    made: Option<Made>,
}

/// What [`Effect::Connect`] made, until it is published.
struct Made {
    chatwoot: Instance,
    index: AccountIndex,
    /// It is another client than the one in use.
    is_candidate: bool,
}

impl AsMut<Stored<ChatwootInstance>> for InstanceHands {
    fn as_mut(&mut self) -> &mut Stored<ChatwootInstance> {
        &mut self.stored
    }
}

impl InstanceHands {
    pub fn new(stored: Stored<ChatwootInstance>, machine: &Facts, world: &Arc<World>) -> Self {
        let (namespace, name) = (machine.object.namespace.clone(), machine.object.name.clone());
        let turn = Turn::new(None, Lane::Change, Key::new(KIND, &namespace, &name), false, world);
        Self {
            stored,
            world: world.clone(),
            key: InstanceKey { namespace, name },
            spec: machine.spec.clone(),
            bound: machine.around.bound.clone(),
            turn,
            made: None,
        }
    }

    async fn connect(&mut self) -> Connected {
        let Some(installation) = self.world.installation() else {
            return Connected::Missing("the operator's installation Secret has not been read yet".into());
        };
        let token = match self.secret(&self.spec.platform_token_secret_ref).await {
            Ok(Some(token)) => token,
            Ok(None) => return Connected::Missing(self.how_to_make(&self.spec.platform_token_secret_ref)),
            Err(why) => return Connected::Kubernetes(why),
        };
        let Ok(token) = String::from_utf8(token) else {
            let name = &self.spec.platform_token_secret_ref.name;
            return Connected::Missing(format!(
                "Secret {}/{name} holds no text; write the token as it is",
                self.key.namespace
            ));
        };
        let ca = match self.ca().await {
            Ok(ca) => ca,
            Err(unusable) => return unusable,
        };
        let fingerprint = installation.hash(&["connection", &self.spec.url, token.trim()]);
        let config = Config {
            url: self.spec.url.clone(),
            external_url: self.spec.external_url.clone(),
            token: SecretString::from(token),
            ca_pem: ca,
            timeout: self.spec.request_budget.timeout.0,
        };
        match self.build(config, &installation.id) {
            Ok(made) => {
                let key = Key::new(KIND, &self.key.namespace, &self.key.name);
                self.turn = Turn::of(made.chatwoot.clone(), Lane::Change, key);
                self.made = Some(made);
                Connected::Yes { fingerprint }
            }
            Err(why) => Connected::Invalid(why),
        }
    }

    /// A changed configuration becomes a candidate of its own: dependents go on with the one that was proven until the
    /// candidate is, so that nothing is ever written over an unproven connection.
    fn build(&self, config: Config, installation: &str) -> Result<Made, String> {
        let handle = self.world.instances.handle(&self.key);
        if let Some(handle) = &handle
            && handle.chatwoot.is_configured_as(&config)
        {
            let (chatwoot, index) = (handle.chatwoot.clone(), handle.index.clone());
            return Ok(Made { chatwoot, index, is_candidate: false });
        }
        let (observe, name) = (self.world.observers.request.clone(), self.key.to_string());
        let observer: Observer = Arc::new(move |route, class, took| observe(&name, route, class, took));
        let wake = self.world.wake.clone();
        let chatwoot = Instance::new(config, self.limits(), wake.clone(), Some(observer))
            .map_err(|wrong| wrong.to_string())?;
        chatwoot.heed(self.world.leave());
        let index = match handle {
            Some(handle) => handle.index.clone(),
            None => AccountIndex::new(
                &self.key,
                chatwoot.clone(),
                installation.to_owned(),
                wake,
                self.world.clock_fn(),
            ),
        };
        Ok(Made { chatwoot, index, is_candidate: true })
    }

    fn limits(&self) -> Limits {
        Limits {
            per_minute: u32::try_from(self.spec.request_budget.per_minute).unwrap_or(1),
            in_flight: usize::try_from(self.spec.request_budget.in_flight).unwrap_or(1),
        }
    }

    async fn secret(&self, reference: &SecretKeyRef) -> Result<Option<Vec<u8>>, String> {
        let api: Api<Secret> = Api::namespaced(self.world.client.clone(), &self.key.namespace);
        let secret = within(api.get_opt(&reference.name)).await?;
        Ok(secret.and_then(|secret| secret.data?.remove(&reference.key)).map(|bytes| bytes.0))
    }

    async fn ca(&self) -> Result<Option<Vec<u8>>, Connected> {
        let Some(ca) = &self.spec.ca else { return Ok(None) };
        let missing = |kind: &str, reference: &SecretKeyRef| {
            Connected::Missing(format!(
                "{kind} {}/{} with key {} is missing; put the CA's certificates there in PEM form",
                self.key.namespace, reference.name, reference.key
            ))
        };
        if let Some(reference) = &ca.secret_key_ref {
            let found = self.secret(reference).await.map_err(Connected::Kubernetes)?;
            return found.map(Some).ok_or_else(|| missing("Secret", reference));
        }
        let Some(reference) = &ca.config_map_key_ref else { return Ok(None) };
        let api: Api<ConfigMap> = Api::namespaced(self.world.client.clone(), &self.key.namespace);
        let map = within(api.get_opt(&reference.name)).await.map_err(Connected::Kubernetes)?;
        let text = map.and_then(|map| map.data?.remove(&reference.key));
        text.map(|text| Some(text.into_bytes())).ok_or_else(|| missing("ConfigMap", reference))
    }

    fn how_to_make(&self, reference: &SecretKeyRef) -> String {
        let SecretKeyRef { name, key } = reference;
        format!(
            "Secret {namespace}/{name} with key {key} is missing; create it with: kubectl -n {namespace} create secret generic \
             {name} --from-literal={key}=TOKEN, and label it chatwoot.dev/watch=true to have changes noticed at once",
            namespace = self.key.namespace
        )
    }

    async fn witness(&self, witness: Witness) -> Seen {
        let Some(mine) = self.bound.get(&witness).and_then(|text| Marker::parse(text)) else {
            return Seen::Nothing;
        };
        let reading = match witness.kind {
            WitnessKind::Account => {
                let answer = self.turn.call(|platform| platform.account(AccountId(witness.id))).await;
                answer.map(|account| mine.read(&account.custom_attributes))
            }
            WitnessKind::User => {
                let answer = self.turn.call(|platform| platform.user(UserId(witness.id))).await;
                answer.map(|user| user.reading(&mine))
            }
        };
        match reading {
            Ok(Reading::Ours | Reading::Recreated | Reading::Restored) => Seen::Ours,
            Ok(Reading::Foreign) => Seen::NotOurs,
            // Somebody has wiped it, which says nothing about the connection: another one is asked.
            Ok(Reading::Absent) => Seen::Nothing,
            Err(Failure { class: Class::NotFound | Class::NotPermitted, .. }) => Seen::Nothing,
            Err(failure) => Seen::Failed(failure),
        }
    }

    fn publish(&mut self, usable: &Usable) {
        let uid = self.stored.object().uid().unwrap_or_default();
        let known = Known {
            uid,
            blocked: usable.blocked.clone(),
            serves_leavers: usable.serves_leavers,
            version: usable.version.unwrap_or(Version::OLDEST_SUPPORTED),
            public_url: self.spec.public_url().trim_end_matches('/').to_owned(),
            timeout: self.spec.request_budget.timeout.0,
            interval: self.spec.drift_check_interval.0,
            rebind_until: self.spec.rebind_until,
            automation_domain: self
                .spec
                .automation
                .as_ref()
                .map(|automation| automation.email_domain.clone()),
        };
        let news = match (self.world.instances.get(&self.key), self.made.take()) {
            (Some(Entry::Usable(handle)), made) => {
                if let Some(made) = made.filter(|_| usable.proven) {
                    handle.chatwoot.take_over(&made.chatwoot, self.limits());
                    if made.is_candidate {
                        handle.index.forget_answers();
                        self.world.automation.forget_instance(&self.key);
                    }
                }
                handle.index.set_supported(known.version.has_account_index());
                // While it is not Ready it looks again by itself; nobody's doubt need wake it.
                if usable.proven {
                    handle.trust();
                }
                handle.set_known(known)
            }
            // Without a version nothing can be checked, so nobody is let through yet.
            (_, Some(made)) if usable.version.is_some() => {
                made.index.set_supported(known.version.has_account_index());
                let handle = Handle::new(self.key.clone(), made.chatwoot, made.index, known);
                self.world.instances.set(self.key.clone(), Entry::Usable(Arc::new(handle)));
                true
            }
            (before, _) => {
                let why =
                    usable.blocked.clone().unwrap_or_else(|| format!("instance {} is not Ready", self.key));
                let news = !matches!(before, Some(Entry::Unusable(old)) if old == why);
                self.world.instances.set(self.key.clone(), Entry::Unusable(why));
                news
            }
        };
        if news {
            self.world.wake_all(&Ref::Instance(self.key.clone()));
        }
    }
}

impl Hands<Facts> for InstanceHands {
    async fn act(&mut self, effect: Effect) -> Lesson {
        if effect.needs_turn()
            && let Err(why) = self.turn.take()
        {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AddFinalizer => Lesson::Finalizer(self.stored.add_finalizer(FINALIZER, None).await),
            Effect::DropFinalizer => {
                let wrote = self.stored.drop_finalizer(FINALIZER).await;
                self.world.instances.remove(&self.key);
                self.world.automation.forget_instance(&self.key);
                Lesson::Dropped(wrote)
            }
            Effect::Connect => Lesson::Connected(self.connect().await),
            Effect::About => Lesson::About(self.turn.call(|platform| platform.version()).await),
            Effect::Probe => Lesson::Probed(self.turn.call(|platform| platform.probe_token()).await),
            Effect::Witness(witness) => Lesson::Witness(witness, self.witness(witness).await),
            Effect::Sweep => {
                if let Some(handle) = self.world.instances.handle(&self.key) {
                    handle.index.sweep();
                }
                Lesson::Swept
            }
            Effect::Release => Lesson::Released { left: release::release_all(&self.key, &self.world).await },
            Effect::Publish(usable) => {
                self.publish(&usable);
                Lesson::Published(usable)
            }
        }
    }
}

async fn within<T>(read: impl Future<Output = kube::Result<T>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(kube::Error::Api(status))) => {
            Err(format!("the API server answered {}: {}", status.code, status.reason))
        }
        Ok(Err(_)) => Err("the API server could not be reached".to_owned()),
        Err(_) => Err("the API server did not answer within 10 s".to_owned()),
    }
}
