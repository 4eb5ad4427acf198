//! Definitions of custom attributes (§2.2, §3.6).

use super::{ids::AttributeId, words::words};
use crate::chatwoot::{loose, version::Version};
use serde::{Deserialize, Serialize};

words! {
    /// What has the attribute.
    AttributeModel, "attribute model":
    Conversation = "conversation_attribute",
    Contact = "contact_attribute",
    /// Since 4.14.
    Company = "company_attribute",
}

impl AttributeModel {
    /// The first release that has it, as far back as this operator goes.
    pub fn since(self) -> Version {
        match self {
            Self::Conversation | Self::Contact => Version::new(2, 0, 0),
            Self::Company => Version::new(4, 14, 0),
        }
    }
}

words! {
    /// How the attribute's value is typed and shown.
    DisplayType, "attribute type":
    Text = "text",
    Number = "number",
    Currency = "currency",
    Percent = "percent",
    Link = "link",
    Date = "date",
    List = "list",
    Checkbox = "checkbox",
}

/// A definition. Key and model are unique together in an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AttributeDefinition {
    pub id: AttributeId,
    #[serde(rename = "attribute_key", default, deserialize_with = "loose::plain")]
    pub key: String,
    #[serde(rename = "attribute_model", default, deserialize_with = "loose::word")]
    pub model: Option<AttributeModel>,
    #[serde(rename = "attribute_display_name", default, deserialize_with = "loose::plain")]
    pub display_name: String,
    #[serde(rename = "attribute_display_type", default, deserialize_with = "loose::word")]
    pub display_type: Option<DisplayType>,
    #[serde(rename = "attribute_description", default, deserialize_with = "loose::text")]
    pub description: Option<String>,
    /// For lists.
    #[serde(rename = "attribute_values", default, deserialize_with = "loose::texts")]
    pub values: Vec<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub regex_pattern: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    pub regex_cue: Option<String>,
}

/// A definition to be made. The key takes letters, digits, `_`, `.` and `-` (since 4.12) and none of Chatwoot's own; the
/// type is text where none is given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAttribute {
    #[serde(rename = "attribute_key")]
    pub key: String,
    #[serde(rename = "attribute_model")]
    pub model: AttributeModel,
    #[serde(flatten)]
    pub fields: AttributeFields,
}

/// What can be changed of a definition; `None` leaves a field alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AttributeFields {
    #[serde(rename = "attribute_display_type", skip_serializing_if = "Option::is_none")]
    pub display_type: Option<DisplayType>,
    #[serde(rename = "attribute_display_name", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(rename = "attribute_description", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "attribute_values", skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex_cue: Option<String>,
}
