//! Contacts and their sessions: uniqueness, look-up, merging.

use super::rows::{Contact, ContactInbox, Inbox};
use crate::model::{World, emails, secrets};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Why no session can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSession {
    SourceTaken,
    /// An e-mail inbox needs an address to write to.
    NoEmail,
}

impl Contact {
    pub fn blank(account: i64, now: Timestamp) -> Self {
        Contact {
            id: 0,
            account,
            name: String::new(),
            email: None,
            phone_number: None,
            identifier: None,
            blocked: false,
            additional_attributes: Map::new(),
            custom_attributes: Map::new(),
            labels: Vec::new(),
            online: false,
            has_avatar: false,
            last_activity_at: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Complaints about values: attribute and message, in Chatwoot's order.
pub fn complaints(world: &World, contact: &Contact) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    let taken = |same: &dyn Fn(&Contact) -> bool| {
        world.content.contacts.of(contact.account).any(|other| other.id != contact.id && same(other))
    };
    if let Some(email) = &contact.email {
        if taken(&|other| other.email.as_ref() == Some(email)) {
            said.push(("email", "Email has already been taken".to_owned()));
        }
        if emails::complaints(email).contains(&"Email is invalid") {
            said.push(("email", "Email Invalid email".to_owned()));
        }
    }
    if contact.identifier.is_some() && taken(&|other| other.identifier == contact.identifier) {
        said.push(("identifier", "Identifier has already been taken".to_owned()));
    }
    if let Some(phone) = &contact.phone_number {
        if taken(&|other| other.phone_number.as_ref() == Some(phone)) {
            said.push(("phone_number", "Phone number has already been taken".to_owned()));
        }
        if !is_e164(phone) {
            said.push(("phone_number", "Phone number should be in e164 format".to_owned()));
        }
    }
    if contact.name.chars().count() > 255 {
        said.push(("name", "Name is too long (maximum is 255 characters)".to_owned()));
    }
    said.extend(oversized("additional_attributes", "Additional attributes", &contact.additional_attributes));
    said.extend(oversized("custom_attributes", "Custom attributes", &contact.custom_attributes));
    said
}

/// A plus, a digit other than 0, and up to 14 more digits.
fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// Attributes whose values are too long or too large (chatwoot-api §3.4).
pub fn oversized(
    attribute: &'static str,
    human: &str,
    values: &Map<String, Value>,
) -> Vec<(&'static str, String)> {
    let complaint = |(key, value): (&String, &Value)| match value {
        Value::String(text) if text.chars().count() > 1500 => {
            Some((attribute, format!("{human} {key} length should be < 1500")))
        }
        Value::Number(number) if number.as_i64().is_some_and(|number| number > 9_999_999_999) => {
            Some((attribute, format!("{human} {key} value should be < 9999999999")))
        }
        _ => None,
    };
    values.iter().filter_map(complaint).collect()
}

/// Objects are merged at every depth; other values replace.
pub fn deep_merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => deep_merge(old, new),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

impl World {
    pub fn session(&self, inbox: i64, source_id: &str) -> Option<&ContactInbox> {
        self.content
            .contact_inboxes
            .all()
            .find(|session| session.inbox == inbox && session.source_id == source_id)
    }

    /// The session of a contact in an inbox, found or made; without a source id always a new one, except by e-mail.
    ///
    /// # Errors
    /// See [`NoSession`].
    pub fn open_session(
        &mut self,
        contact: &Contact,
        inbox: &Inbox,
        source_id: Option<String>,
        now: Timestamp,
    ) -> Result<i64, NoSession> {
        let source_id = match (source_id.filter(|source| !source.is_empty()), inbox.email()) {
            (Some(source), _) => source,
            (None, None) => secrets::uuid(),
            (None, Some(_)) => contact.email.clone().ok_or(NoSession::NoEmail)?,
        };
        match self.session(inbox.id, &source_id) {
            Some(session) if session.contact == contact.id => return Ok(session.id),
            Some(_) => return Err(NoSession::SourceTaken),
            None => {}
        }
        Ok(self.content.contact_inboxes.insert(ContactInbox {
            id: 0,
            account: contact.account,
            contact: contact.id,
            inbox: inbox.id,
            source_id,
            pubsub_token: secrets::token(),
            hmac_verified: false,
            created_at: now,
        }))
    }

    /// Moves everything of `gone` to `stays`, whose own values win, and deletes `gone`.
    pub fn merge_contacts(&mut self, stays: i64, gone: i64) {
        let Some(old) = self.content.contacts.remove(gone) else { return };
        if let Some(contact) = self.content.contacts.get_mut(stays) {
            let mut custom = old.custom_attributes;
            deep_merge(&mut custom, &contact.custom_attributes);
            contact.custom_attributes = custom;
            let mut additional = old.additional_attributes;
            deep_merge(&mut additional, &contact.additional_attributes);
            contact.additional_attributes = additional;
            contact.email = contact.email.take().or(old.email);
            contact.phone_number = contact.phone_number.take().or(old.phone_number);
            contact.identifier = contact.identifier.take().or(old.identifier);
        }
        for session in self.content.contact_inboxes.all_mut().filter(|session| session.contact == gone) {
            session.contact = stays;
        }
        for conversation in self.content.conversations.all_mut().filter(|row| row.contact == gone) {
            conversation.contact = stays;
        }
        for message in self.content.messages.all_mut() {
            if message.sender == Some(super::rows::Sender::Contact(gone)) {
                message.sender = Some(super::rows::Sender::Contact(stays));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_phone_number_is_e164() {
        for fine in ["+4930123456", "+12", "+123456789012345"] {
            assert!(is_e164(fine), "{fine}");
        }
        for refused in ["4930", "+0123", "+1", "+1234567890123456", "+49 30"] {
            assert!(!is_e164(refused), "{refused}");
        }
    }

    #[test]
    fn merging_goes_into_the_depth() {
        let (old, new) = (json!({"a": {"x": 1, "y": 1}, "b": 1}), json!({"a": {"y": 2}, "b": {"z": 1}}));
        let mut merged = old.as_object().unwrap().clone();
        deep_merge(&mut merged, new.as_object().unwrap());
        assert_eq!(Value::Object(merged), json!({"a": {"x": 1, "y": 2}, "b": {"z": 1}}));
    }
}
