//! ChatwootCustomAttributeDefinition: an attribute that contacts or conversations of an account can have.

use super::{
    content::{ContentDeletionPolicy, ContentStatus, Within, delete},
    rules,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An attribute that contacts, conversations or companies of an account can have. What is not set here is left as it is in Chatwoot.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[kube(
    group = "chatwoot.dev",
    version = "v1alpha1",
    kind = "ChatwootCustomAttributeDefinition",
    namespaced,
    status = "ContentStatus",
    derive = "PartialEq",
    shortname = "cwd",
    category = "chatwoot",
    doc = "An attribute that contacts, conversations or companies of an account can have. What is not set here is left as it is in Chatwoot.",
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
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.account"),
    printcolumn(name = "Key", type_ = "string", json_path = ".spec.attributeKey"),
    printcolumn(name = "Model", type_ = "string", json_path = ".spec.model"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ID", type_ = "integer", json_path = ".status.id", priority = 1)
)]
#[x_kube(
    validation = rules::standard_attributes("Conversation", &CONVERSATIONS_OWN),
    validation = rules::standard_attributes("Contact", &CONTACTS_OWN),
    validation = Rule::new("!has(self.values) || self.displayType == 'List'")
        .message("values are for displayType: List; remove them, or make it a List").field_path(".values"),
    validation = Rule::new("!has(self.regexPattern) || self.displayType == 'Text'")
        .message("regexPattern is for displayType: Text; remove it, or make it a Text").field_path(".regexPattern"),
    validation = Rule::new("!has(self.regexCue) || has(self.regexPattern)")
        .message("regexCue is shown where regexPattern does not fit; set regexPattern, or remove it").field_path(".regexCue"),
)]
#[serde(rename_all = "camelCase")]
pub struct CustomAttributeDefinitionSpec {
    #[serde(flatten)]
    pub within: Within,
    /// The key under which Chatwoot keeps the values, unique in the account for each model. Cannot be changed.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(
        validation = Rule::new(r"self.matches('^[\\p{L}\\p{N}_.-]+$')").message("attributeKey takes letters, digits, _, . and -, such as order_number"),
        validation = rules::is_fixed("attributeKey", "values are kept under it"),
    )]
    pub attribute_key: String,
    /// What has the attribute. Cannot be changed. Company needs Chatwoot 4.14.
    #[x_kube(validation = rules::is_fixed("model", "values are kept there"))]
    pub model: AttributeModel,
    /// How its values are typed and shown. Cannot be changed.
    #[x_kube(validation = rules::is_fixed("displayType", "values of the other type would not fit"))]
    pub display_type: DisplayType,
    /// What people read beside the value.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(
        validation = rules::not_blank("displayName"),
        validation = rules::printable("displayName"),
        validation = rules::trimmed("displayName"),
    )]
    pub display_name: String,
    /// What it is for. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = rules::printable("description"))]
    pub description: Option<String>,
    /// What a List offers, in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), inner(length(min = 1, max = 255)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new(r"self.all(v, !v.matches('\\p{Cc}'))").message("values must not contain control characters; remove line breaks and tabs"),
    )]
    pub values: Option<Vec<String>>,
    /// What a Text must look like: a regular expression of JavaScript between two /, as the dashboard stores it. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(
        validation = rules::printable("regexPattern"),
        validation = Rule::new("self == '' || self.matches('^/.+/[dgimsuvy]*$')").message("regexPattern stands between two /, such as /^[0-9]+$/"),
    )]
    pub regex_pattern: Option<String>,
    /// What people are told where a value does not fit regexPattern. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("regexCue"))]
    pub regex_cue: Option<String>,
    /// What happens to the definition in Chatwoot when this resource is deleted. Values that were given stay where they are.
    #[serde(default = "delete")]
    pub deletion_policy: ContentDeletionPolicy,
}

/// What has an attribute.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum AttributeModel {
    Contact,
    Conversation,
    Company,
}

/// How values of an attribute are typed and shown.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum DisplayType {
    Text,
    Number,
    Currency,
    Percent,
    Link,
    Date,
    List,
    Checkbox,
}

/// What a conversation has anyway, so that Chatwoot refuses a definition of it (chatwoot-api §3.6).
pub const CONVERSATIONS_OWN: [&str; 13] = [
    "status",
    "priority",
    "assignee_id",
    "inbox_id",
    "team_id",
    "display_id",
    "campaign_id",
    "labels",
    "browser_language",
    "country_code",
    "referer",
    "created_at",
    "last_activity_at",
];

/// What a contact has anyway.
pub const CONTACTS_OWN: [&str; 10] = [
    "name",
    "email",
    "phone_number",
    "identifier",
    "country_code",
    "city",
    "created_at",
    "last_activity_at",
    "referer",
    "blocked",
];
