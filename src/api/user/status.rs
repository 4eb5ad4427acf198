//! What the operator records about a person.

use super::Role;
use crate::api::{
    common::{DeletionStatus, InstanceBinding, Ownership, UNSEEN, time, unseen},
    conditions::{self, Condition},
};
use jiff::Timestamp;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a person stands.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct UserStatus {
    /// Generation this status speaks for; -1 until the operator has looked.
    #[serde(default = "unseen")]
    pub observed_generation: i64,
    /// Value of the annotation chatwoot.dev/reconcile-requested-at that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,
    /// The person's id in Chatwoot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub id: Option<i64>,
    /// Whether the person was made or taken over, as their marker says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// The instance the id belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceBinding>,
    /// The e-mail address that Chatwoot has, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    pub email: Option<String>,
    /// An answer to the create request that showed somebody else under this e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_taken: Option<EmailTaken>,
    /// The memberships the operator has made, or is making or taking back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["namespace".into(), "account".into()]))]
    pub memberships: Vec<MembershipStatus>,
    /// The password that was last applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordStatus>,
    /// The API token that was last published, where its rotation is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessTokenStatus>,
    /// What became of the login link that was asked for last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_link: Option<LoginLinkStatus>,
    /// The keys the operator has set, so that those no longer named can be cleared.
    #[serde(default, skip_serializing_if = "Managed::is_empty")]
    pub managed: Managed,
    /// Keyed hash of everything that was wanted when Chatwoot last agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub applied: Option<String>,
    /// Fields in which Chatwoot differs and that are not being repaired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 512)))]
    pub drifted: Vec<String>,
    /// Name of the Secret the credentials were published in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub credentials_secret: Option<String>,
    /// The deletion in Chatwoot that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<DeletionStatus>,
    /// Ready, CredentialsPublished, and what stands in their way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "conditions::schema")]
    pub conditions: Vec<Condition>,
}

impl Default for UserStatus {
    fn default() -> Self {
        Self {
            observed_generation: UNSEEN,
            last_handled_reconcile_at: None,
            id: None,
            ownership: None,
            instance: None,
            email: None,
            email_taken: None,
            memberships: Vec::new(),
            password: None,
            access_token: None,
            login_link: None,
            managed: Managed::default(),
            applied: None,
            drifted: Vec::new(),
            credentials_secret: None,
            deletion: None,
            conditions: Vec::new(),
        }
    }
}

/// The e-mail address belongs to somebody else: the create request is not repeated for this generation unless a
/// reconcile is requested.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct EmailTaken {
    /// Generation for which the request was made.
    pub generation: i64,
    /// True when Chatwoot showed the person, and so permitted the Platform App on them (chatwoot-api P3).
    #[serde(default)]
    pub permitted: bool,
}

/// A membership as recorded.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct MembershipStatus {
    /// Namespace of the ChatwootAccount; "" for this one's own.
    #[serde(default)]
    #[schemars(length(max = 63))]
    pub namespace: String,
    /// Name of the ChatwootAccount.
    #[schemars(length(max = 253))]
    pub account: String,
    /// The account's id in Chatwoot, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub account_id: Option<i64>,
    /// The role that was asked for.
    pub role: Role,
    /// How far it got: Pending is about to be made or waits, Granted is made, Refused is not made, Revoking is about to be
    /// taken back.
    pub state: MembershipState,
    /// Why it waits or was refused: one of the reasons of the Ready condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reason: Option<String>,
}

/// How far a membership got.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum MembershipState {
    /// About to be made, or waiting.
    Pending,
    /// Made.
    Granted,
    /// Not made, and nothing is waited for.
    Refused,
    /// About to be taken back.
    Revoking,
}

/// The password that was last applied.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct PasswordStatus {
    /// Rotation of a generated password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub rotation: Option<String>,
    /// Keyed hash of the value.
    #[schemars(length(max = 64))]
    pub fingerprint: String,
    /// Tells which installation key made the fingerprint.
    #[schemars(length(max = 64))]
    pub key_id: String,
}

/// The API token that was last published.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct AccessTokenStatus {
    /// The rotation it was published for.
    #[schemars(length(max = 63))]
    pub rotation: String,
}

/// A login link that somebody asked for. The link itself stands in its Secret alone.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct LoginLinkStatus {
    /// Value of the annotation chatwoot.dev/login-link-requested-at that this is about.
    #[schemars(length(max = 256))]
    pub requested_at: String,
    /// How far it got: Pending is about to be stored, Stored is in its Secret, Removed was there, Refused never was.
    pub state: LoginLinkState,
    /// When the Secret is removed; there as long as it may exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "time")]
    pub expires_at: Option<Timestamp>,
    /// Why there is none: one of the reasons of the Ready condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub reason: Option<String>,
}

/// How far a login link got.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum LoginLinkState {
    /// About to be stored.
    Pending,
    /// In its Secret.
    Stored,
    /// Its time is over, and its Secret gone.
    Removed,
    /// There is none, and the value of the annotation will not be looked at again.
    Refused,
}

/// Keys that the operator has set in Chatwoot.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Managed {
    /// Custom attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000), inner(length(max = 63)))]
    pub custom_attributes: Vec<String>,
}

impl Managed {
    pub fn is_empty(&self) -> bool {
        self.custom_attributes.is_empty()
    }
}
