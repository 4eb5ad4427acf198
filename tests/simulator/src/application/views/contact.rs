//! Contacts (chatwoot-api §3.2).

use super::{inbox, iso, unix, with};
use crate::model::{
    World,
    content::rows::{Contact, ContactInbox},
};
use serde_json::{Value, json};

/// A contact without its sessions.
pub fn brief(contact: &Contact) -> Value {
    let view = json!({
        "additional_attributes": contact.additional_attributes,
        "availability_status": if contact.online { "online" } else { "offline" },
        "email": contact.email,
        "id": contact.id,
        "name": contact.name,
        "phone_number": contact.phone_number,
        "blocked": contact.blocked,
        "identifier": contact.identifier,
        "thumbnail": if contact.has_avatar { "/rails/active_storage/avatar.png" } else { "" },
        "custom_attributes": contact.custom_attributes,
        "created_at": contact.created_at.as_second(),
    });
    let last = contact.last_activity_at.map(|at| ("last_activity_at", unix(Some(at))));
    with(view, last)
}

/// A contact with its sessions, where they are wanted.
pub fn full(world: &World, contact: &Contact, sessions: bool) -> Value {
    if !sessions {
        return brief(contact);
    }
    let of_contact = world.content.contact_inboxes.of(contact.account).filter(|s| s.contact == contact.id);
    let listed: Vec<Value> = of_contact.filter_map(|row| session(world, row)).collect();
    with(brief(contact), [("contact_inboxes", Value::Array(listed))])
}

/// A session with a short view of its inbox; nothing where the inbox is gone.
fn session(world: &World, row: &ContactInbox) -> Option<Value> {
    let inbox = world.content.inboxes.get(row.inbox)?;
    Some(json!({"source_id": row.source_id, "inbox": inbox::slim(inbox)}))
}

/// The row as it stands in the database, as the Client API answers an update.
pub fn raw(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "account_id": contact.account,
        "name": contact.name,
        "middle_name": "",
        "last_name": "",
        "email": contact.email,
        "phone_number": contact.phone_number,
        "identifier": contact.identifier,
        "blocked": contact.blocked,
        "contact_type": if contact.is_resolved() { "lead" } else { "visitor" },
        "location": "",
        "country_code": "",
        "additional_attributes": contact.additional_attributes,
        "custom_attributes": contact.custom_attributes,
        "last_activity_at": contact.last_activity_at.map(iso),
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
    })
}
