//! The form of a web widget before a chat: what is stored of it, and what becomes of a customer's answers.

use super::{columns::Fields, rows::Inbox};
use serde_json::{Map, Value, json};

const OPTIONS: &str = "pre_chat_form_options";
const QUESTIONS: &str = "pre_chat_fields";
/// What is permitted of a question; other keys are dropped.
const QUESTION: &[&str] = &[
    "field_type",
    "label",
    "placeholder",
    "name",
    "enabled",
    "type",
    "required",
    "locale",
    "values",
    "regex_pattern",
    "regex_cue",
];

/// Keeps what is permitted. A form without questions becomes the one that every new widget has.
pub fn store(channel: &mut Fields) {
    let Some(Value::Object(form)) = channel.get_mut(OPTIONS) else { return };
    form.retain(|key, _| ["pre_chat_message", "require_email", QUESTIONS].contains(&key.as_str()));
    let questions = form.get_mut(QUESTIONS).and_then(Value::as_array_mut);
    let questions = questions.filter(|questions| !questions.is_empty());
    match questions {
        Some(questions) => questions.iter_mut().filter_map(Value::as_object_mut).for_each(|question| {
            question.retain(|key, value| {
                QUESTION.contains(&key.as_str()) && value.is_array() == (key == "values")
            });
        }),
        None => *form = blank(),
    }
}

fn blank() -> Map<String, Value> {
    let question = |name: &str, label: &str, kind: &str, required: bool| json!({"field_type": "standard", "name": name, "label": label, "type": kind, "required": required, "enabled": false});
    let questions = [
        question("emailAddress", "Email Id", "email", true),
        question("fullName", "Full name", "text", false),
        question("phoneNumber", "Phone number", "text", false),
    ];
    let message = json!("Share your queries or comments here.");
    [("pre_chat_message".to_owned(), message), (QUESTIONS.to_owned(), json!(questions))].into_iter().collect()
}

/// What the widget hands on of a customer's answers.
#[derive(Debug, Default, PartialEq)]
pub struct Handed {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    /// Custom attributes of the customer.
    pub contact: Map<String, Value>,
    /// Custom attributes of the conversation.
    pub conversation: Map<String, Value>,
}

/// Answers to what is not asked, and to what is nobody's attribute, are lost.
///
/// # Errors
/// A list that does not offer the answer.
pub fn hand_on(inbox: &Inbox, answers: &Map<String, Value>) -> Result<Handed, String> {
    let mut handed = Handed::default();
    if inbox.channel.get("pre_chat_form_enabled") != Some(&Value::Bool(true)) {
        return Ok(handed);
    }
    let questions = inbox.channel.get(OPTIONS).and_then(|form| form.get(QUESTIONS)).and_then(Value::as_array);
    for question in questions.into_iter().flatten().filter(|question| question["enabled"] == true) {
        let name = question["name"].as_str().unwrap_or_default();
        let Some(answer) = answers.get(name) else { continue };
        let text = || answer.as_str().map(str::to_owned);
        if question["type"] == "list"
            && !question["values"].as_array().is_some_and(|all| all.contains(answer))
        {
            return Err(format!("the list {name} does not offer {answer}"));
        }
        match (question["field_type"].as_str(), name) {
            (Some("contact_attribute"), _) => drop(handed.contact.insert(name.to_owned(), answer.clone())),
            (Some("conversation_attribute"), _) => {
                drop(handed.conversation.insert(name.to_owned(), answer.clone()));
            }
            (_, "fullName") => handed.name = text(),
            (_, "emailAddress") => handed.email = text(),
            (_, "phoneNumber") => handed.phone_number = text(),
            _ => {}
        }
    }
    Ok(handed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_questions_becomes_chatwoots_own() {
        let mut channel = Fields::new();
        channel.insert(
            OPTIONS.to_owned(),
            json!({"pre_chat_message": "Hi", "pre_chat_fields": [], "theirs": 1}),
        );
        store(&mut channel);
        let form = &channel[OPTIONS];
        assert_eq!(form["pre_chat_message"], "Share your queries or comments here.");
        assert_eq!(form[QUESTIONS].as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_question_keeps_what_is_permitted() {
        let mut channel = Fields::new();
        let question = json!({"name": "tier", "values": ["gold"], "regex_pattern": "/^g/", "of": "Contact", "label": ["x"]});
        channel.insert(
            OPTIONS.to_owned(),
            json!({"pre_chat_fields": [question], "require_email": true, "theirs": 1}),
        );
        store(&mut channel);
        let kept = json!({"name": "tier", "values": ["gold"], "regex_pattern": "/^g/"});
        assert_eq!(channel[OPTIONS], json!({"pre_chat_fields": [kept], "require_email": true}));
    }
}
