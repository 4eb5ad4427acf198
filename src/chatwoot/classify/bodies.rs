//! The bodies that Chatwoot is known to refuse with, API by API. Anything else is none of its own.

use super::{Asked, Class, Dialect, Known, mentions_password, sentences};
use crate::chatwoot::passwords;
use serde_json::{Map, Value, json};

pub(super) fn known(status: u16, body: &[u8], asked: &Asked<'_>) -> Option<Known> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match asked.dialect {
        Dialect::Platform => platform(status, &body),
        Dialect::Application => application(status, body.as_object()?, asked.personal),
        Dialect::Public => public(status, &body),
    }
}

/// §1.4.
fn platform(status: u16, body: &Value) -> Option<Known> {
    let is = |expected: Value| *body == expected;
    match status {
        401 if is(json!({"error": "Invalid access_token"})) => Some(Known::Class(Class::Unauthorized, None)),
        401 if is(json!({"error": "Non permissible resource"})) => {
            Some(Known::Class(Class::NotPermitted, None))
        }
        404 if is(json!({"status": 404, "error": "Not Found"})) => Some(Known::Class(Class::NotFound, None)),
        400 if is(json!({"status": 400, "error": "Bad Request"})) => Some(Known::Refused(None)),
        403 => {
            let text = "Email channel migration is not enabled";
            is(json!({"error": text})).then(|| Known::Refused(Some(text.to_owned())))
        }
        422 => {
            let fields = body.as_object()?;
            match only_text(fields, "error") {
                Some(text) => ["Missing migrations parameter", "Too many migrations (max 25)"]
                    .contains(&text)
                    .then(|| Known::Refused(Some(text.to_owned()))),
                None => validation(fields).map(|(message, attributes)| {
                    // Chatwoot's sentences about a password can quote it, so ours stands for all of them.
                    let about_password = attributes.iter().any(|name| mentions_password(name));
                    let text = if about_password { passwords::RULES } else { message };
                    Known::Refused(Some(text.to_owned()))
                }),
            }
        }
        _ => None,
    }
}

/// §3.1. Its 401s say five different things, and only one of them is about the token.
fn application(status: u16, body: &Map<String, Value>, personal: bool) -> Option<Known> {
    let error = only_text(body, "error");
    match status {
        401 => match error {
            Some("Invalid Access Token") => Some(Known::Class(Class::Unauthorized, None)),
            Some("Access to this endpoint is not authorized for bots") => {
                Some(not_allowed("the token is a bot's or a Platform App's; give a person's"))
            }
            Some("Account is suspended") => Some(Known::Class(Class::Suspended, None)),
            Some("You are not authorized to access this account") => {
                Some(not_allowed("the person is no member of the account"))
            }
            Some("Bot is not authorized to access this account") => {
                Some(not_allowed("the bot belongs to another account or is connected to none of its inboxes"))
            }
            Some("You are not authorized to do this action") => {
                Some(not_allowed("it takes an administrator, or a membership in the inbox"))
            }
            Some("Invalid User IDs") => {
                Some(Known::Refused(Some("not all of them are members of the account".to_owned())))
            }
            Some(_) => None,
            // No credentials at all; the text is in the person's language.
            None => only_list(body, "errors").then_some(Known::Class(Class::Unauthorized, None)),
        },
        402 => error.map(|_| Known::Class(Class::LimitReached, None)),
        404 => (error == Some("Resource could not be found")).then_some(Known::Class(Class::NotFound, None)),
        400 => (body.len() == 2 && body.get("status") == Some(&json!(400)) && body.contains_key("error"))
            .then_some(Known::Refused(None)),
        422 => refused_values(body, personal),
        _ => None,
    }
}

fn not_allowed(why: &'static str) -> Known {
    Known::Class(Class::NotAllowed, Some(why))
}

/// A 422 has four forms: a model's validation, a sentence, a sentence that can carry a name or a mail server's words, and
/// the fields of an automation rule with their faults.
fn refused_values(body: &Map<String, Value>, personal: bool) -> Option<Known> {
    if let Some((message, attributes)) = validation(body) {
        let text = if personal { sentences::about_people(message, &attributes) } else { message.to_owned() };
        return Some(Known::Refused(Some(text)));
    }
    if let Some(text) = only_text(body, "error") {
        let text = if personal { sentences::explicit(text) } else { Some(text.to_owned()) };
        return Some(Known::Refused(text));
    }
    if only_text(body, "message").is_some() {
        return Some(Known::Refused(None));
    }
    let faults = body.get("error").filter(|_| body.len() == 1)?.as_object()?;
    let sentences: Option<Vec<String>> = faults
        .iter()
        .map(|(field, texts)| {
            let texts: Option<Vec<&str>> = texts.as_array()?.iter().map(Value::as_str).collect();
            Some(format!("{field}: {}", texts?.join(", ")))
        })
        .collect();
    Some(Known::Refused(Some(sentences?.join("; "))))
}

/// §4: no wrapper of the account's, so a missing object is Rails' own 404.
fn public(status: u16, body: &Value) -> Option<Known> {
    let is = |expected: Value| *body == expected;
    match status {
        404 if is(json!({"status": 404, "error": "Not Found"})) => Some(Known::Class(Class::NotFound, None)),
        400 if is(json!({"status": 400, "error": "Bad Request"})) => Some(Known::Refused(None)),
        422 => {
            let fields = body.as_object()?;
            if let Some((message, attributes)) = validation(fields) {
                return Some(Known::Refused(Some(sentences::about_people(message, &attributes))));
            }
            only_text(fields, "error").map(|text| Known::Refused(sentences::explicit(text)))
        }
        _ => None,
    }
}

/// The text under `key`, where that is all there is.
fn only_text<'a>(body: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    body.get(key).filter(|_| body.len() == 1)?.as_str()
}

fn only_list(body: &Map<String, Value>, key: &str) -> bool {
    let list = body.get(key).filter(|_| body.len() == 1).and_then(Value::as_array);
    list.is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string))
}

/// `{"message": …, "attributes": […]}`, and nothing else.
fn validation(body: &Map<String, Value>) -> Option<(&str, Vec<&str>)> {
    let message = body.get("message").filter(|_| body.len() == 2)?.as_str()?;
    let attributes = body.get("attributes")?.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    Some((message, attributes))
}
