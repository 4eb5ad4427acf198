//! The form before a chat: message and questions, and whose the answers are.
//!
//! A question says whose custom attribute its answer is in `field_type`. The widget hands on the answers to those of
//! `contact_attribute` and `conversation_attribute`, and drops what is of any other type (PreChat/Form.vue); what a list
//! offers, and how a text must look, stands in the question too, as a copy of what the attribute's definition says.

use crate::{
    api::{
        automation_rule::AttributeOwner,
        conditions::reason,
        inbox::{PreChatField, PreChatForm, STANDARD_QUESTIONS},
    },
    chatwoot::{
        tenant::{attribute::AttributeModel, inbox::Inbox},
        types::Map,
    },
    plan::{
        content::{Telling, declared, fields},
        status::Verdict,
    },
};
use serde_json::{Value, json};

/// Stand in Chatwoot's `pre_chat_form_options`.
pub const PRE_CHAT_MESSAGE: &str = "pre_chat_message";
pub const PRE_CHAT_FIELDS: &str = "pre_chat_fields";

const ENABLED: &str = "pre_chat_form_enabled";
const STANDARD: &str = "standard";
const OWNERS: [AttributeOwner; 2] = [AttributeOwner::Contact, AttributeOwner::Conversation];

/// What the form asks for.
pub fn wanted(form: &PreChatForm) -> Map {
    declared([
        (ENABLED, form.enabled.map(Value::Bool)),
        (PRE_CHAT_MESSAGE, form.message.as_ref().map(|text| json!(text))),
        (PRE_CHAT_FIELDS, form.fields.as_ref().map(|all| all.iter().map(question).collect())),
    ])
}

/// What Chatwoot shows of it.
pub fn seen(inbox: &Inbox) -> Map {
    let options = &inbox.pre_chat_form_options;
    let message = options.get(PRE_CHAT_MESSAGE).and_then(Value::as_str).unwrap_or_default();
    let questions = options.get(PRE_CHAT_FIELDS).and_then(Value::as_array);
    fields([
        (ENABLED, json!(inbox.pre_chat_form_enabled)),
        (PRE_CHAT_MESSAGE, json!(message)),
        (PRE_CHAT_FIELDS, questions.into_iter().flatten().map(shown).collect()),
    ])
}

/// Whether every answer has an owner. The API server accepts nothing else, and may have stored it before it did.
///
/// # Errors
/// A question whose answer the widget would drop.
pub fn owned(form: &PreChatForm) -> Result<(), Verdict> {
    let nobodys = |field: &&PreChatField| field.of.is_none() && !is_standard(&field.name);
    let Some(field) = form.fields.iter().flatten().find(nobodys) else { return Ok(()) };
    let text = format!(
        "webWidget.preChatForm.fields: the widget would drop the answer to {}; write of: Contact or of: Conversation, whichever \
         has the custom attribute",
        field.name
    );
    Err(Verdict::new(reason::INVALID_SPEC, text))
}

/// The form as a manifest declares it. Questions that are not asked are nobody's choice.
pub fn told(inbox: &mut Telling<'_>) -> PreChatForm {
    let enabled = inbox.flag(ENABLED);
    let rows: Vec<Value> = inbox.read(PRE_CHAT_FIELDS).filter(|_| enabled == Some(true)).unwrap_or_default();
    let questions: Result<Vec<PreChatField>, String> = rows.iter().map(told_question).collect();
    let fields = questions.unwrap_or_else(|name| {
        inbox.leave(format!(
            "webWidget.preChatForm.fields (no manifest says what the question {name} is; what is asked in Chatwoot stays)"
        ));
        Vec::new()
    });
    PreChatForm {
        enabled,
        message: inbox.text(PRE_CHAT_MESSAGE),
        fields: (!fields.is_empty()).then_some(fields),
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD_QUESTIONS.contains(&name)
}

fn model(of: AttributeOwner) -> AttributeModel {
    match of {
        AttributeOwner::Contact => AttributeModel::Contact,
        AttributeOwner::Conversation => AttributeModel::Conversation,
    }
}

/// A question as Chatwoot keeps it.
fn question(field: &PreChatField) -> Value {
    let question = json!({
        "field_type": field.of.map_or(STANDARD, |of| model(of).as_str()),
        "name": field.name,
        "label": field.label,
        "placeholder": field.placeholder,
        "type": field.type_,
        "required": field.required,
        "enabled": field.enabled,
    });
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    with_details(
        question,
        field.values.clone().unwrap_or_default(),
        text(&field.regex_pattern),
        text(&field.regex_cue),
    )
}

/// The same of what Chatwoot shows, which may have more keys, and null for what is empty.
fn shown(shown: &Value) -> Value {
    let text = |key: &str| shown.get(key).and_then(Value::as_str).unwrap_or_default();
    let flag = |key: &str| shown.get(key).and_then(Value::as_bool).unwrap_or_default();
    let question = json!({
        "field_type": text("field_type"),
        "name": text("name"),
        "label": text("label"),
        "placeholder": text("placeholder"),
        "type": text("type"),
        "required": flag("required"),
        "enabled": flag("enabled"),
    });
    let values = shown.get("values").and_then(Value::as_array).into_iter().flatten();
    let values = values.filter_map(|value| Some(value.as_str()?.to_owned())).collect();
    with_details(question, values, text("regex_pattern").to_owned(), text("regex_cue").to_owned())
}

/// What is empty is left out: Chatwoot keeps no difference.
fn with_details(mut question: Value, values: Vec<String>, pattern: String, cue: String) -> Value {
    if let Some(question) = question.as_object_mut() {
        let of = [("regex_pattern", pattern), ("regex_cue", cue)];
        let texts = of.into_iter().filter(|(_, text)| !text.is_empty());
        question.extend(texts.map(|(key, text)| (key.to_owned(), json!(text))));
        if !values.is_empty() {
            question.insert("values".to_owned(), json!(values));
        }
    }
    question
}

/// A question of [`shown`] as a manifest declares it; or its name, where none can.
fn told_question(row: &Value) -> Result<PreChatField, String> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |key: &str| row.get(key).and_then(Value::as_bool).unwrap_or_default();
    let set = |key: &str| Some(text(key)).filter(|text| !text.is_empty());
    let (name, kind) = (text("name"), text("field_type"));
    let of = OWNERS.into_iter().find(|of| model(*of).as_str() == kind);
    let values: Option<Vec<String>> =
        row.get("values").and_then(|values| serde_json::from_value(values.clone()).ok());
    let field = PreChatField {
        of,
        label: text("label"),
        placeholder: text("placeholder"),
        type_: text("type"),
        values,
        regex_pattern: set("regex_pattern"),
        regex_cue: set("regex_cue"),
        required: flag("required"),
        enabled: flag("enabled"),
        name,
    };
    let owned = if is_standard(&field.name) { kind == STANDARD } else { of.is_some() };
    let offers = field.values.is_some() == (field.type_ == "list");
    if owned && offers { Ok(field) } else { Err(field.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: Value) -> PreChatForm {
        serde_json::from_value(json!({"fields": fields})).unwrap()
    }

    fn stored(fields: Value) -> Map {
        let inbox = json!({"id": 3, "name": "Help", "pre_chat_form_options": {"pre_chat_message": "theirs", "pre_chat_fields": fields}});
        seen(&serde_json::from_value(inbox).unwrap())
    }

    #[test]
    fn every_answer_goes_to_whoever_has_the_attribute() {
        let asked = form(json!([
            {"name": "emailAddress", "label": "Mail", "type": "email"},
            {"name": "tier", "of": "Contact", "label": "Tier", "type": "list", "values": ["gold", "tin"]},
            {"name": "order", "of": "Conversation", "label": "Order", "regexPattern": "/^[0-9]+$/", "regexCue": "Digits"},
        ]));
        owned(&asked).unwrap();
        let sent = wanted(&asked)[PRE_CHAT_FIELDS].clone();
        let types: Vec<&Value> = sent.as_array().unwrap().iter().map(|one| &one["field_type"]).collect();
        assert_eq!(types, ["standard", "contact_attribute", "conversation_attribute"]);
        assert_eq!(sent[1]["values"], json!(["gold", "tin"]));
        assert_eq!(
            (&sent[2]["regex_pattern"], &sent[2]["regex_cue"]),
            (&json!("/^[0-9]+$/"), &json!("Digits"))
        );
    }

    #[test]
    fn an_answer_that_is_nobodys_is_not_asked_for() {
        let refused =
            owned(&form(json!([{"name": "fullName", "label": ""}, {"name": "tier", "label": "Tier"}])))
                .unwrap_err();
        assert_eq!(refused.reason, "InvalidSpec");
        assert!(
            refused.message.contains("the answer to tier; write of: Contact or of: Conversation"),
            "{}",
            refused.message
        );
    }

    #[test]
    fn questions_are_compared_in_what_can_be_declared() {
        let asked =
            |name: &str| wanted(&form(json!([{"name": name, "label": "Name"}])))[PRE_CHAT_FIELDS].clone();
        let shown = stored(
            json!([{"field_type": "standard", "name": "fullName", "label": "Name", "type": "text", "required": false,
            "enabled": true, "placeholder": null, "locale": "en", "values": [], "regex_pattern": null}]),
        );
        assert_eq!(shown[PRE_CHAT_FIELDS], asked("fullName"));
        assert_ne!(shown[PRE_CHAT_FIELDS], asked("emailAddress"));
        let list = |values: Value| json!([{"field_type": "contact_attribute", "name": "tier", "label": "Tier", "type": "list", "required": false, "enabled": true, "values": values}]);
        let tier = wanted(&form(
            json!([{"name": "tier", "of": "Contact", "label": "Tier", "type": "list", "values": ["gold", "tin"]}]),
        ));
        assert_eq!(stored(list(json!(["gold", "tin"])))[PRE_CHAT_FIELDS], tier[PRE_CHAT_FIELDS]);
        assert_ne!(stored(list(json!(["tin", "gold"])))[PRE_CHAT_FIELDS], tier[PRE_CHAT_FIELDS]);
        assert_ne!(stored(list(Value::Null))[PRE_CHAT_FIELDS], tier[PRE_CHAT_FIELDS]);
    }
}
