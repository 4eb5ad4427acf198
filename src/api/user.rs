//! ChatwootUser: one person and the accounts they may enter.

mod status;

pub use super::common::{DeletionStatus, InstanceBinding, Ownership, Role};
pub use status::{
    AccessTokenStatus, EmailTaken, LoginLinkState, LoginLinkStatus, Managed, MembershipState,
    MembershipStatus, PasswordStatus, UserStatus,
};

use super::{
    common::{Adopt, InstanceRef, Mode, Scalar, SecretKeyRef},
    rules,
};
use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One person and the accounts they may enter. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev", version = "v1alpha1", kind = "ChatwootUser", namespaced,
    status = "UserStatus", derive = "PartialEq", shortname = "cwu", category = "chatwoot",
    doc = "One person and the accounts they may enter. What is not set here is left as it is in Chatwoot.",
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id"),
    printcolumn(name = "Email", type_ = "string", json_path = ".spec.email"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Instance", type_ = "string", json_path = ".status.instance.name", priority = 1),
    validation = rules::adopt_while_unbound(),
)]
#[x_kube(
    validation = rules::instance_is_fixed(),
    validation = Rule::new("!has(self.password) || !has(self.password.generate) || has(self.credentialsSecret)")
        .message("password.generate needs a place for the password: set credentialsSecret: {name: …}, or use password.secretKeyRef").field_path(".credentialsSecret"),
    validation = Rule::new("!has(self.password) || !has(self.password.secretKeyRef) || !has(self.credentialsSecret) || self.password.secretKeyRef.name != self.credentialsSecret.name")
        .message("credentialsSecret must not be the Secret that password.secretKeyRef reads; choose another name for it").field_path(".credentialsSecret"),
)]
#[serde(rename_all = "camelCase")]
pub struct UserSpec {
    /// The instance the person is made on; the operator's default instance when left out. Cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_ref: Option<InstanceRef>,
    /// The person's e-mail address, in ASCII, compared in lower case. A grant must list its domain; a change is applied
    /// at once.
    #[schemars(length(min = 1, max = 254))]
    #[x_kube(validation = rules::email())]
    pub email: String,
    /// The person's name, 1 to 255 characters.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("name"), validation = rules::printable("name"))]
    pub name: String,
    /// Name that customers see. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("displayName"))]
    pub display_name: Option<String>,
    /// Custom attributes of the person: strings or integers. A key that is no longer named is set to null, because
    /// Chatwoot cannot remove it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "rules::attributes")]
    #[x_kube(validation = rules::user_attribute_keys(), validation = rules::attribute_key_form(), validation = rules::attribute_value_form())]
    pub custom_attributes: BTreeMap<String, Scalar>,
    /// The accounts the person may enter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["namespace".into(), "account".into()]))]
    pub memberships: Vec<Membership>,
    /// Where the password comes from. Left out, a random one is set that nobody sees: people then come in by SSO link or
    /// password reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordSpec>,
    /// Secret of this namespace into which the operator writes what the person needs: url, email, user_id, and where
    /// they apply password, account_id and access_token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret: Option<CredentialsSecret>,
    /// Takes over a person that exists already; the e-mail must match. Needs a grant that lists the id; can be set until
    /// the person is bound, and removed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
    /// What happens to the person in Chatwoot when this resource is deleted: Revoke takes back the recorded memberships
    /// and keeps the person, Delete destroys the person unless they have other memberships, Retain touches nothing.
    /// Delete needs a grant with Delete.
    #[serde(default)]
    pub deletion_policy: UserDeletionPolicy,
    /// Enforce makes Chatwoot agree; Observe only reads and lists differences in status.drifted.
    #[serde(default)]
    pub mode: Mode,
    /// Stops the operator from touching the person until it is false again. Accounts that no longer consent are left all the
    /// same.
    #[serde(default)]
    pub paused: bool,
}

/// An account a person may enter.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    /// Namespace of the ChatwootAccount; "" for this one's own. Another namespace's account must consent with
    /// membersFrom.
    #[serde(default)]
    #[schemars(length(max = 63), regex(pattern = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"))]
    pub namespace: String,
    /// Name of the ChatwootAccount.
    #[schemars(length(min = 1, max = 253))]
    pub account: String,
    /// What the person may do there.
    pub role: Role,
}

/// Where a person's password comes from; exactly one of the two.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.secretKeyRef) != has(self.generate)")
    .message("password: set exactly one of secretKeyRef and generate, such as generate: {rotation: \"1\"}; leave password out for one that nobody sees"))]
pub struct PasswordSpec {
    /// A password you keep. A change of the value is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
    /// A password the operator makes and writes into credentialsSecret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
}

/// A generated password.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Generate {
    /// Any text; another one makes a new password.
    #[serde(default)]
    #[schemars(length(max = 63))]
    pub rotation: String,
}

/// The Secret with what a person needs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsSecret {
    /// Name of the Secret. One that is there already and not the operator's is never overwritten.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')").message("credentialsSecret.name must be a Secret's name: lower-case letters, digits, - and ., such as alice-chatwoot"))]
    pub name: String,
    /// Publishes the person's API token as access_token; left out, it is not published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessToken>,
    /// Labels to put on the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "labels")]
    #[x_kube(validation = rules::metadata_keys("labels"), validation = rules::label_values())]
    pub labels: BTreeMap<String, String>,
    /// Annotations to put on the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "annotations")]
    #[x_kube(validation = rules::metadata_keys("annotations"))]
    pub annotations: BTreeMap<String, String>,
}

/// Asks for the API token.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// Any text; another one makes a new token, and the old one stops working. Takes Chatwoot 4.3 or newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub rotation: Option<String>,
}

/// What happens to a person in Chatwoot when their resource is deleted.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub enum UserDeletionPolicy {
    /// The recorded memberships are taken back, the person stays.
    #[default]
    Revoke,
    /// The person is destroyed, unless they have other memberships.
    Delete,
    /// Nothing.
    Retain,
}

fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 32,
        "additionalProperties": {"type": "string", "maxLength": 63}
    })
}

fn annotations(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 32,
        "additionalProperties": {"type": "string", "maxLength": 4096}
    })
}
