//! What customers do, and what agents do with them.

use super::{Done, EditContact, EditConversation, When, accounts, content::find_inbox};
use crate::model::{
    World,
    content::{
        contacts::NoSession,
        form,
        rows::{Contact, Conversation, ConversationStatus, Message, MessageType, Sender},
    },
};
use jiff::Timestamp;
use serde_json::{Map, Value};

fn find(world: &mut World, id: i64) -> Result<&mut Contact, String> {
    world.content.contacts.get_mut(id).ok_or_else(|| format!("there is no contact {id}"))
}

fn no_session(reason: NoSession) -> String {
    match reason {
        NoSession::SourceTaken => "the source id belongs to another contact".into(),
        NoSession::NoEmail => "an e-mail inbox needs a contact with an address".into(),
    }
}

pub fn grow(
    world: &mut World,
    account: i64,
    count: usize,
    inbox: Option<i64>,
    now: Timestamp,
) -> Result<Done, String> {
    accounts::find(world, account)?;
    let inbox = inbox.map(|inbox| find_inbox(world, inbox).cloned()).transpose()?;
    for number in 1..=count {
        let mut contact = Contact::blank(account, now);
        contact.name = format!("Grown {number}");
        let id = world.content.contacts.insert(contact.clone());
        contact.id = id;
        contact.email = Some(format!("grown-{id}@customers.example"));
        world.content.contacts.put(contact.clone());
        if let Some(inbox) = &inbox {
            world.open_session(&contact, inbox, None, now).map_err(no_session)?;
        }
    }
    Ok(Done::count(count))
}

pub fn create(
    world: &mut World,
    account: i64,
    name: String,
    email: Option<String>,
    identifier: Option<String>,
    now: Timestamp,
) -> Result<Done, String> {
    accounts::find(world, account)?;
    let contact = Contact { name, email, identifier, ..Contact::blank(account, now) };
    Ok(Done::id(world.content.contacts.insert(contact)))
}

pub fn edit(world: &mut World, edit: EditContact) -> Result<Done, String> {
    let contact = find(world, edit.contact)?;
    let nullable = |text: String| (!text.is_empty()).then_some(text);
    if let Some(name) = edit.name {
        contact.name = name;
    }
    if let Some(email) = edit.email {
        contact.email = nullable(email);
    }
    if let Some(phone) = edit.phone_number {
        contact.phone_number = nullable(phone);
    }
    if let Some(identifier) = edit.identifier {
        contact.identifier = nullable(identifier);
    }
    contact.blocked = edit.blocked.unwrap_or(contact.blocked);
    contact.online = edit.online.unwrap_or(contact.online);
    if let Some(labels) = edit.labels {
        contact.labels = labels;
    }
    if let Some(attributes) = edit.custom_attributes {
        contact.custom_attributes = attributes;
    }
    Ok(Done::default())
}

pub fn delete(world: &mut World, contact: i64, when: When, now: Timestamp) -> Result<Done, String> {
    find(world, contact)?;
    match when {
        When::Now => {
            world.content.contacts.remove(contact);
            world.clean_contact(contact);
        }
        When::Queued => world.destroy_contact(contact, now),
    }
    Ok(Done::default())
}

pub fn customer_writes(
    world: &mut World,
    inbox: i64,
    source_id: Option<String>,
    content: String,
    now: Timestamp,
) -> Result<Done, String> {
    let inbox = find_inbox(world, inbox)?.clone();
    let known = source_id.as_deref().and_then(|source| world.session(inbox.id, source)).cloned();
    let session = match known {
        Some(session) => session,
        None => {
            let name = source_id.clone().unwrap_or_else(|| "Somebody".into());
            let mut contact = Contact { name, ..Contact::blank(inbox.account, now) };
            if inbox.email().is_some() {
                contact.email.clone_from(&source_id);
            }
            contact.id = world.content.contacts.insert(contact.clone());
            let id = world.open_session(&contact, &inbox, source_id, now).map_err(no_session)?;
            world.content.contact_inboxes.get(id).cloned().ok_or("the session is gone")?
        }
    };
    let open = world
        .content
        .conversations
        .of(inbox.account)
        .rfind(|row| row.contact_inbox == session.id && row.status != ConversationStatus::Resolved);
    let conversation = match open.map(|row| row.id) {
        Some(id) => id,
        None => {
            let row = world.blank_conversation(&session, None, now);
            world.insert_conversation(row)
        }
    };
    let sender = Sender::Contact(session.contact);
    write(world, conversation, MessageType::Incoming, sender, content, false, now)?;
    let row = world.content.conversations.get(conversation).ok_or("the conversation is gone")?;
    Ok(Done { id: Some(row.display_id), token: Some(session.source_id), count: None })
}

pub fn fill_form(
    world: &mut World,
    inbox: i64,
    answers: &Map<String, Value>,
    now: Timestamp,
) -> Result<Done, String> {
    let inbox = find_inbox(world, inbox)?.clone();
    let handed = form::hand_on(&inbox, answers)?;
    let mut contact = Contact {
        name: handed.name.unwrap_or_else(|| "Somebody".into()),
        email: handed.email,
        phone_number: handed.phone_number,
        custom_attributes: handed.contact,
        ..Contact::blank(inbox.account, now)
    };
    contact.id = world.content.contacts.insert(contact.clone());
    let session = world.open_session(&contact, &inbox, None, now).map_err(no_session)?;
    let session = world.content.contact_inboxes.get(session).cloned().ok_or("the session is gone")?;
    let row = Conversation {
        custom_attributes: handed.conversation,
        ..world.blank_conversation(&session, None, now)
    };
    let id = world.insert_conversation(row);
    let row = world.content.conversations.get(id).ok_or("the conversation is gone")?;
    Ok(Done { id: Some(row.display_id), token: Some(session.source_id), count: None })
}

pub fn agent_writes(
    world: &mut World,
    account: i64,
    conversation: i64,
    user: i64,
    content: String,
    private: bool,
    now: Timestamp,
) -> Result<Done, String> {
    let id = by_display_id(world, account, conversation)?;
    write(world, id, MessageType::Outgoing, Sender::User(user), content, private, now).map(Done::id)
}

fn by_display_id(world: &World, account: i64, display_id: i64) -> Result<i64, String> {
    let row = world.conversation_by_display_id(account, display_id);
    row.map(|row| row.id).ok_or_else(|| format!("account {account} has no conversation {display_id}"))
}

fn write(
    world: &mut World,
    conversation: i64,
    message_type: MessageType,
    sender: Sender,
    content: String,
    private: bool,
    now: Timestamp,
) -> Result<i64, String> {
    let row = world.content.conversations.get(conversation).ok_or("the conversation is gone")?;
    let message = Message {
        id: 0,
        account: row.account,
        inbox: row.inbox,
        conversation,
        content: Some(content),
        message_type,
        content_type: "text".into(),
        content_attributes: Map::new(),
        private,
        sender: Some(sender),
        source_id: None,
        created_at: now,
        updated_at: now,
    };
    Ok(world.insert_message(message))
}

pub fn edit_conversation(world: &mut World, edit: EditConversation, now: Timestamp) -> Result<Done, String> {
    let id = by_display_id(world, edit.account, edit.conversation)?;
    let Some(row) = world.content.conversations.get_mut(id) else { return Ok(Done::default()) };
    row.status = edit.status.unwrap_or(row.status);
    if let Some(assignee) = edit.assignee {
        row.assignee = (assignee != 0).then_some(assignee);
    }
    if let Some(team) = edit.team {
        row.team = (team != 0).then_some(team);
    }
    if let Some(labels) = edit.labels {
        row.labels = labels;
    }
    if let Some(attributes) = edit.custom_attributes {
        row.custom_attributes = attributes;
    }
    row.updated_at = now;
    Ok(Done::default())
}
