//! What customers are asked before the first message.

use super::several_lines;
use crate::api::{automation_rule::AttributeOwner, rules};
use kube::{KubeSchema, core::Rule};
use serde::{Deserialize, Serialize};

/// What customers are asked before the first message.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct PreChatForm {
    /// Whether they are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What stands above the questions. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = several_lines("webWidget.preChatForm.message"))]
    pub message: Option<String>,
    /// The questions, in their order: these and no others. To ask nothing, write enabled: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    #[x_kube(validation = some_question())]
    pub fields: Option<Vec<PreChatField>>,
}

/// A question before the first message.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = whose(),
    validation = Rule::new("has(self.values) == (self.type == 'list')")
        .message("webWidget.preChatForm.fields: values are what a list offers; write them, such as values: [Gold, Tin], with type: list, and with no other type"),
    validation = Rule::new("!has(self.regexPattern) || self.type == 'text'")
        .message("webWidget.preChatForm.fields: regexPattern is for type: text; remove it, or write type: text"),
    validation = Rule::new("!has(self.regexPattern) || has(self.of)")
        .message("webWidget.preChatForm.fields: regexPattern is for custom attributes; the widget looks itself at emailAddress, fullName and phoneNumber, so remove it there"),
    validation = Rule::new("!has(self.regexCue) || has(self.regexPattern)")
        .message("webWidget.preChatForm.fields: regexCue is shown where regexPattern does not fit; set regexPattern, or remove it"),
)]
pub struct PreChatField {
    /// What the answer is: emailAddress, fullName, phoneNumber, or the key of a custom attribute.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::not_blank("webWidget.preChatForm.fields: name"), validation = rules::printable("webWidget.preChatForm.fields: name"))]
    pub name: String,
    /// Whose the custom attribute is: the answer becomes one of the customer (Contact) or of what they begin (Conversation).
    /// Only for custom attributes, and needed there: the widget drops answers that are nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<AttributeOwner>,
    /// What stands beside it.
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("webWidget.preChatForm.fields: label"))]
    pub label: String,
    /// What stands in it until somebody writes.
    #[serde(default)]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("webWidget.preChatForm.fields: placeholder"))]
    pub placeholder: String,
    /// What is asked for: text, email, link, number, date, list or checkbox.
    #[serde(default = "text", rename = "type")]
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]+$')").message("webWidget.preChatForm.fields: type must be one of Chatwoot's in small letters, such as text or email"))]
    pub type_: String,
    /// What a list offers, in this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), inner(length(min = 1, max = 255)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new(r"self.all(v, !v.matches('\\p{Cc}'))").message("webWidget.preChatForm.fields: values must not contain control characters; remove line breaks and tabs"),
    )]
    pub values: Option<Vec<String>>,
    /// What a text must look like: a regular expression of JavaScript between two /, as an attribute's definition has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(
        validation = rules::printable("webWidget.preChatForm.fields: regexPattern"),
        validation = Rule::new("self.matches('^/.+/[dgimsuvy]*$')").message("webWidget.preChatForm.fields: regexPattern stands between two /, such as /^[0-9]+$/"),
    )]
    pub regex_pattern: Option<String>,
    /// What customers are told where an answer does not fit regexPattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = rules::printable("webWidget.preChatForm.fields: regexCue"))]
    pub regex_cue: Option<String>,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// Whether it is shown.
    #[serde(default = "yes")]
    pub enabled: bool,
}

/// What the widget asks of everybody, without any definition of an attribute.
pub const STANDARD_QUESTIONS: [&str; 3] = ["emailAddress", "fullName", "phoneNumber"];

/// The widget hands on answers of `contact_attribute` and `conversation_attribute` and no others (PreChat/Form.vue).
fn whose() -> Rule {
    Rule::new(format!("has(self.of) != (self.name in {STANDARD_QUESTIONS:?})").as_str()).message(
        "webWidget.preChatForm.fields: write of: Contact or of: Conversation where name is a custom attribute, so that the answer is \
         kept, and leave it out with emailAddress, fullName and phoneNumber",
    )
}

/// In the place of none Chatwoot puts three of its own (web_widget.rb, validate_pre_chat_options).
fn some_question() -> Rule {
    Rule::new("size(self) > 0")
        .message("webWidget.preChatForm.fields: write a question, leave fields out, or write enabled: false to ask nothing")
}

fn yes() -> bool {
    true
}

fn text() -> String {
    "text".to_owned()
}
