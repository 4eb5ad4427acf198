//! ChatwootInstance: an installation of Chatwoot.

mod status;

pub use status::{Connection, InstanceStatus, Witness, WitnessKind};

use super::{
    common::{GoDuration, SecretKeyRef},
    rules,
};
use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// An installation of Chatwoot, and how to talk to it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootInstance",
    namespaced,
    status = "InstanceStatus",
    derive = "PartialEq",
    shortname = "cwi",
    category = "chatwoot",
    doc = "An installation of Chatwoot, and how to talk to it. Honoured only in the namespaces the operator is told.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Version", type_ = "string", json_path = ".status.version"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url", priority = 1)
)]
#[serde(rename_all = "camelCase")]
pub struct InstanceSpec {
    /// Where the operator reaches Chatwoot: http or https, a path prefix is allowed.
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = rules::web_address("url"), validation = rules::no_user_info("url"), validation = rules::no_query("url"))]
    pub url: String,
    /// Where browsers reach Chatwoot, for links; `url` when left out. With an http url and an https externalURL,
    /// requests carry `X-Forwarded-Proto: https`, which FORCE_SSL asks for.
    #[serde(default, rename = "externalURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = rules::web_address("externalURL"), validation = rules::no_user_info("externalURL"), validation = rules::no_query("externalURL"))]
    pub external_url: Option<String>,
    /// Secret with the token of the Platform App; key `token` unless named.
    #[serde(deserialize_with = "token_ref")]
    #[schemars(schema_with = "token_ref_schema")]
    pub platform_token_secret_ref: SecretKeyRef,
    /// Certificate authority to trust instead of the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<CaSource>,
    /// How much of Chatwoot's capacity the operator may use.
    #[serde(default)]
    pub request_budget: RequestBudget,
    /// How often an object without changes is compared with Chatwoot; from 1m to 168h.
    #[serde(default = "hourly")]
    #[x_kube(validation = rules::between("driftCheckInterval", "1m", "168h", "1h"))]
    pub drift_check_interval: GoDuration,
    /// Until this time, markers of resources with the same name count as ours although their UIDs changed. Set it after the
    /// cluster was restored from a backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "time_to_come")]
    #[x_kube(validation = Rule::new("self < timestamp('2200-01-01T00:00:00Z')").message("rebindUntil must be before the year 2200; write the time at which the restore will be done, such as 2026-12-01T00:00:00Z"))]
    pub rebind_until: Option<Timestamp>,
    /// Lets the operator keep one user of its own in each account that has content or settings to manage: only a user can
    /// do that. Left out, none is made; those that are there stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation: Option<Automation>,
    /// What happens when this instance is deleted while resources are bound to it: Protect waits for them, Release lets
    /// them go as with Retain.
    #[serde(default)]
    pub deletion_policy: InstanceDeletionPolicy,
}

impl InstanceSpec {
    /// Where browsers reach Chatwoot.
    pub fn public_url(&self) -> &str {
        self.external_url.as_deref().unwrap_or(&self.url)
    }
}

/// The operator's own users inside accounts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Automation {
    /// Domain of their addresses, which are chatwoot-operator+ID@DOMAIN with the account's id. Nothing is sent there; but
    /// whoever receives mail for the domain can set their passwords anew, so it must be yours. No ChatwootUser may have
    /// such an address.
    #[schemars(length(min = 4, max = 200))]
    #[x_kube(validation = rules::mail_domain("automation.emailDomain"))]
    pub email_domain: String,
}

/// A CA certificate in PEM form; exactly one of the two.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.secretKeyRef) != has(self.configMapKeyRef)")
    .message("ca: set exactly one of secretKeyRef and configMapKeyRef, such as secretKeyRef: {name: chatwoot-ca}"))]
pub struct CaSource {
    /// Secret with the certificate; key `ca.crt` unless named.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "ca_ref")]
    #[schemars(schema_with = "ca_ref_schema")]
    pub secret_key_ref: Option<SecretKeyRef>,
    /// ConfigMap with the certificate; key `ca.crt` unless named.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "ca_ref")]
    #[schemars(schema_with = "ca_ref_schema")]
    pub config_map_key_ref: Option<SecretKeyRef>,
}

/// How much of Chatwoot's capacity the operator may use.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct RequestBudget {
    /// Requests a minute, from 1 to 100000. Chatwoot refuses above 3000 a minute and source address, which the agents'
    /// browsers share behind the same proxy.
    #[serde(default = "requests_per_minute")]
    #[schemars(range(min = 1, max = 100_000))]
    pub per_minute: i64,
    /// Requests at once, from 1 to 64. Chatwoot's web server has 5 threads unless told otherwise.
    #[serde(default = "requests_in_flight")]
    #[schemars(range(min = 1, max = 64))]
    pub in_flight: i64,
    /// How long to wait for an answer, from 1s to 40s.
    #[serde(default = "request_timeout")]
    #[x_kube(validation = rules::between("requestBudget.timeout", "1s", "40s", "20s"))]
    pub timeout: GoDuration,
}

impl Default for RequestBudget {
    fn default() -> Self {
        Self {
            per_minute: requests_per_minute(),
            in_flight: requests_in_flight(),
            timeout: request_timeout(),
        }
    }
}

/// What happens to an instance with bound dependents that is being deleted.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub enum InstanceDeletionPolicy {
    #[default]
    Protect,
    Release,
}

const TOKEN_KEY: &str = "token";
const CA_KEY: &str = "ca.crt";

fn requests_per_minute() -> i64 {
    1500
}

fn requests_in_flight() -> i64 {
    4
}

fn request_timeout() -> GoDuration {
    GoDuration::from_secs(20)
}

fn hourly() -> GoDuration {
    GoDuration::from_secs(3600)
}

/// A key reference as written: the key has a default that depends on the field.
#[derive(Deserialize)]
struct KeyRef {
    name: String,
    key: Option<String>,
}

impl KeyRef {
    fn or(self, key: &str) -> SecretKeyRef {
        SecretKeyRef { name: self.name, key: self.key.unwrap_or_else(|| key.to_owned()) }
    }
}

/// Narrower than the API server's own idea of a time, so that whatever it stores can be read here.
fn time_to_come(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "format": "date-time",
        "pattern": r"^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
    })
}

fn token_ref<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretKeyRef, D::Error> {
    Ok(KeyRef::deserialize(deserializer)?.or(TOKEN_KEY))
}

fn ca_ref<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretKeyRef>, D::Error> {
    Ok(Option::<KeyRef>::deserialize(deserializer)?.map(|given| given.or(CA_KEY)))
}

fn token_ref_schema(_: &mut SchemaGenerator) -> Schema {
    key_ref_schema("Secret", TOKEN_KEY)
}

fn ca_ref_schema(_: &mut SchemaGenerator) -> Schema {
    key_ref_schema("Secret or ConfigMap", CA_KEY)
}

fn key_ref_schema(what: &str, key: &str) -> Schema {
    json_schema!({
        "type": "object", "required": ["name"],
        "properties": {
            "name": {
                "type": "string", "minLength": 1, "maxLength": 253,
                "description": format!("Name of the {what} in this namespace.")
            },
            "key": {
                "type": "string", "minLength": 1, "maxLength": 253, "default": key,
                "description": "Key in its data."
            }
        }
    })
}
