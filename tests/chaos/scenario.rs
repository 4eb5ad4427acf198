//! The scenario: what one platform and two tenant teams apply, in namespaces of its own and with a Chatwoot of its own.
//!
//! 38 objects and the Secrets they read: an instance, two plans, two grants, eight accounts in two namespaces, and 25
//! people with one to three memberships, some across the namespaces, some with passwords that are generated or given.

use crate::support::{Place, Setup, Stage};
use anyhow::{Context, Result};
use chatwoot_simulator::Options;
use chatwoot_stage::Kind;
use futures::future::try_join_all;
use kube::{
    Client,
    api::{Api, ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};
use std::sync::Arc;

const ACCOUNTS: usize = 6;
const PEOPLE: usize = 17;
const BPO_ACCOUNTS: usize = 2;
const BPO_PEOPLE: usize = 8;

/// One object's kind, namespace and name.
pub type Name = (Kind, String, String);

/// One run of the scenario.
pub struct Scenario {
    pub stage: Stage,
    /// Namespace of the instance; those of the tenants begin with it and a hyphen.
    pub home: String,
    timeout: &'static str,
    objects: Vec<(Kind, Value)>,
    secrets: Vec<Value>,
}

impl Scenario {
    /// Namespaces and a Chatwoot; nothing is applied yet. `timeout`: what the operator waits for an answer of Chatwoot.
    pub async fn new(place: &Arc<Place>, home: &str, timeout: &'static str) -> Result<Self> {
        let setup = Setup {
            simulator: Options { latency: 2, ..Options::default() },
            home: Some(home.to_owned()),
            ..Setup::default()
        };
        let stage = Stage::empty(place.clone(), setup).await?;
        for tenant in ["acme", "bpo"] {
            place.make_home(&format!("{home}-{tenant}")).await?;
        }
        let home = home.to_owned();
        let mut scenario = Self { stage, home, timeout, objects: Vec::new(), secrets: Vec::new() };
        scenario.write();
        Ok(scenario)
    }

    /// Applies everything at once, so in no order.
    pub async fn apply(&self) -> Result<()> {
        let client = &self.stage.admin;
        let of_secrets = secret_resource();
        let secrets = self.secrets.iter().map(|secret| apply(client, &of_secrets, secret));
        let objects = self.objects.iter().map(|(kind, object)| async move {
            let resource = kind.resource();
            apply(client, &resource, object).await
        });
        futures::try_join!(try_join_all(secrets), try_join_all(objects))?;
        Ok(())
    }

    /// Every object of the group chatwoot.dev.
    pub fn names(&self) -> Vec<Name> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = |(kind, object): &(Kind, Value)| {
            (*kind, text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]))
        };
        self.objects.iter().map(name).collect()
    }

    /// Whether this is a person whose password is made by the operator.
    pub fn generates(&self, name: &Name) -> bool {
        self.objects.iter().any(|(kind, object)| {
            let metadata = &object["metadata"];
            *kind == name.0
                && metadata["namespace"] == name.1.as_str()
                && metadata["name"] == name.2.as_str()
                && object["spec"]["password"]["generate"].is_object()
        })
    }

    pub fn namespaces(&self) -> [String; 3] {
        [self.home.clone(), self.acme(), self.bpo()]
    }

    fn acme(&self) -> String {
        format!("{}-acme", self.home)
    }

    fn bpo(&self) -> String {
        format!("{}-bpo", self.home)
    }

    fn write(&mut self) {
        let (home, acme, bpo) = (self.home.clone(), self.acme(), self.bpo());
        let (url, token) = (self.stage.chatwoot.url().to_owned(), self.stage.chatwoot.token().to_owned());
        self.secret(&home, "platform-app", &json!({"token": token}));
        let instance = json!({
            "url": url, "externalURL": "https://chat.example.com",
            "platformTokenSecretRef": {"name": "platform-app"},
            "driftCheckInterval": "1h",
            "requestBudget": {"timeout": self.timeout, "perMinute": 60000}
        });
        self.object(Kind::Instance, &home, "main", instance);
        let here = json!({"name": "main"});
        let free =
            json!({"instanceRef": here, "limits": {"agents": 2}, "customAttributes": {"plan": "free"}});
        let pro = json!({
            "instanceRef": here, "features": {"automations": true, "macros": true},
            "limits": {"agents": 25, "inboxes": 10}, "customAttributes": {"plan": "pro"}
        });
        self.object(Kind::Plan, &home, "free", free);
        self.object(Kind::Plan, &home, "pro", pro);
        let grant = json!({
            "instanceRef": here, "namespaces": {"names": [acme]}, "emailDomains": ["acme.example"],
            "plans": ["free", "pro"], "allow": ["CustomAttributes", "Features", "Credentials"]
        });
        self.object(Kind::Grant, &home, "acme", grant);
        let grant = json!({
            "instanceRef": here, "namespaces": {"names": [bpo]}, "emailDomains": ["bpo.example", "*.bpo.example"],
        });
        self.object(Kind::Grant, &home, "bpo", grant);
        for number in 0..ACCOUNTS {
            let spec = json!({
                "name": format!("Acme {number}"), "plan": if number % 3 == 0 { "free" } else { "pro" },
                "locale": "de", "domain": format!("support{number}.acme.example"),
                "customAttributes": {"segment": format!("s{number}")},
                "features": if number == 1 { json!({"crm_v2": true}) } else { json!({}) },
                "membersFrom": [{"namespaces": {"names": [bpo]}, "roles": ["Agent"]}]
            });
            self.tenants(Kind::Account, &acme, &format!("acme-{number}"), spec);
        }
        for number in 0..BPO_ACCOUNTS {
            let spec = json!({"name": format!("Outsourcer {number}")});
            self.tenants(Kind::Account, &bpo, &format!("bpo-{number}"), spec);
        }
        for number in 0..PEOPLE {
            self.person_of_acme(&acme, number);
        }
        for number in 0..BPO_PEOPLE {
            let spec = json!({
                "email": format!("agent{number}@bpo.example"), "name": format!("Agent {number}"),
                "memberships": [
                    {"account": format!("bpo-{}", number % BPO_ACCOUNTS), "role": "Administrator"},
                    {"account": format!("acme-{}", number % ACCOUNTS), "namespace": acme, "role": "Agent"},
                ]
            });
            self.tenants(Kind::User, &bpo, &format!("agent-{number}"), spec);
        }
    }

    fn person_of_acme(&mut self, acme: &str, number: usize) {
        let mut spec = json!({
            "email": format!("person{number}@acme.example"), "name": format!("Person {number}"),
            "memberships": [{"account": format!("acme-{}", number % ACCOUNTS), "role": "Administrator"}]
        });
        let name = format!("person-{number}");
        let secret = format!("{name}-chatwoot");
        match number {
            0..4 => {
                spec["password"] = json!({"generate": {"rotation": "1"}});
                spec["credentialsSecret"] = json!({"name": secret, "accessToken": {}});
                spec["displayName"] = json!(format!("P{number}"));
            }
            4..6 => {
                let given = format!("{name}-password");
                self.secret(acme, &given, &json!({"value": format!("G1ven-Passw0rd!{number}")}));
                spec["password"] = json!({"secretKeyRef": {"name": given, "key": "value"}});
            }
            6..8 => spec["credentialsSecret"] = json!({"name": secret, "labels": {"team": "blue"}}),
            8..12 => {
                spec["customAttributes"] = json!({"team": format!("t{number}")});
                let second = json!({"account": format!("acme-{}", (number + 1) % ACCOUNTS), "role": "Agent"});
                spec["memberships"].as_array_mut().into_iter().for_each(|all| all.push(second.clone()));
            }
            _ => {}
        }
        self.tenants(Kind::User, acme, &name, spec);
    }

    fn tenants(&mut self, kind: Kind, namespace: &str, name: &str, mut spec: Value) {
        spec["instanceRef"] = json!({"name": "main", "namespace": self.home});
        // Cleaning up after a run is then the operator's finalizer and nothing else.
        spec["deletionPolicy"] = json!("Retain");
        self.object(kind, namespace, name, spec);
    }

    fn object(&mut self, kind: Kind, namespace: &str, name: &str, spec: Value) {
        let object = json!({
            "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind.name(),
            "metadata": {"name": name, "namespace": namespace}, "spec": spec
        });
        self.objects.push((kind, object));
    }

    fn secret(&mut self, namespace: &str, name: &str, texts: &Value) {
        let metadata =
            json!({"name": name, "namespace": namespace, "labels": {"chatwoot.dev/watch": "true"}});
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts});
        self.secrets.push(secret);
    }
}

/// `v1/Secret` without its type, so that it is handled as the others are.
pub fn secret_resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "Secret"))
}

async fn apply(client: &Client, resource: &ApiResource, object: &Value) -> Result<()> {
    let metadata = &object["metadata"];
    let (namespace, name) = (metadata["namespace"].as_str(), metadata["name"].as_str());
    let (namespace, name) = namespace.zip(name).context("an object without a name")?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let params = PatchParams::apply("author").force();
    api.patch(name, &params, &Patch::Apply(object))
        .await
        .with_context(|| format!("cannot apply {object}"))?;
    Ok(())
}
