//! Writing contacts.

use super::{found, with_sessions};
use crate::{
    application::{Visit, missing, views},
    model::{
        World,
        content::{
            columns::flag,
            contacts::{NoSession, complaints},
            rows::Contact,
        },
    },
    params::{Params, map_has_nul, text_of},
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Map, Value, json};

/// With an inbox, its session too, or neither.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut contact = Contact::blank(visit.account, visit.now);
    assign(&mut contact, visit.params, world.installation.since(4, 2, 0));
    validate(world, &contact)?;
    let wanted = visit.params.raw("inbox_id").filter(|id| crate::params::present(id));
    let inbox = match wanted {
        None => None,
        Some(id) => {
            let id = crate::params::integer_of(id).ok_or_else(missing)?;
            Some(world.content.inboxes.find(visit.account, id).cloned().ok_or_else(missing)?)
        }
    };
    let id = world.content.contacts.insert(contact.clone());
    contact.id = id;
    let session = match &inbox {
        None => Value::Null,
        Some(inbox) => {
            let source = visit.params.text("source_id").flatten();
            let opened = world.open_session(&contact, inbox, source, visit.now);
            let session = opened.map_err(|reason| {
                world.content.contacts.remove(id);
                match reason {
                    NoSession::SourceTaken => Refusal::CRASH,
                    NoSession::NoEmail => no_email(),
                }
            })?;
            let source = world.content.contact_inboxes.get(session).map(|row| row.source_id.clone());
            json!({"inbox": views::inbox::raw(inbox), "source_id": source})
        }
    };
    let view = views::contact::full(world, &contact, true);
    Ok(Reply::view(&json!({"payload": {"contact": view, "contact_inbox": session}})).wrote())
}

/// An e-mail inbox has no other name for a contact.
pub fn no_email() -> Refusal {
    Refusal::Said(422, "param is missing or the value is empty: contact email".into())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut contact = found(world, visit)?.clone();
    assign(&mut contact, visit.params, world.installation.since(4, 2, 0));
    validate(world, &contact)?;
    contact.updated_at = visit.now;
    let view = views::contact::full(world, &contact, with_sessions(visit));
    world.content.contacts.put(contact);
    Ok(Reply::view(&json!({"payload": view})).wrote())
}

/// Custom attributes are merged; additional ones were replaced before 4.2.
fn assign(contact: &mut Contact, params: &Params, merges: bool) {
    if let Some(name) = params.text("name") {
        contact.name = name.unwrap_or_default();
    }
    let nullable = |key: &str| params.text(key).map(|text| text.filter(|text| !text.is_empty()));
    if let Some(email) = nullable("email") {
        contact.email = email.map(|email| email.to_lowercase());
    }
    if let Some(phone) = nullable("phone_number") {
        contact.phone_number = phone;
    }
    if let Some(identifier) = nullable("identifier") {
        contact.identifier = identifier;
    }
    if let Some(blocked) = params.raw("blocked") {
        contact.blocked = flag(blocked).unwrap_or_default();
    }
    if params.is_file("avatar") || params.text("avatar_url").flatten().is_some_and(|url| !url.is_empty()) {
        contact.has_avatar = true;
    }
    if let Some(attributes) = params.object("additional_attributes") {
        if !merges {
            contact.additional_attributes = Map::new();
        }
        contact.additional_attributes.extend(attributes.clone());
    }
    if let Some(attributes) = params.object("custom_attributes") {
        contact.custom_attributes.extend(attributes.clone());
    }
}

fn validate(world: &World, contact: &Contact) -> Result<(), Refusal> {
    Errors::from(complaints(world, contact)).check()?;
    let texts = [Some(&contact.name), contact.email.as_ref(), contact.identifier.as_ref()];
    let nul = texts.into_iter().flatten().any(|text| text.contains('\0'))
        || map_has_nul(&contact.custom_attributes)
        || map_has_nul(&contact.additional_attributes);
    if nul { Err(Refusal::CRASH) } else { Ok(()) }
}

/// For administrators, and not while the contact is there to see it.
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let contact = found(world, visit)?;
    if contact.online {
        let message = format!("{} is Online, please try again later", capitalized(&contact.name));
        return Err(Refusal::Told(422, json!({"message": message})));
    }
    let id = contact.id;
    world.destroy_contact(id, visit.now);
    Ok(Reply::empty().wrote())
}

/// Ruby's `capitalize`: the rest in lower case.
fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}

/// The list replaces what was there.
pub fn set_labels(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = found(world, visit)?.id;
    let labels = given_labels(visit.params);
    if let Some(contact) = world.content.contacts.get_mut(id) {
        contact.labels.clone_from(&labels);
        contact.updated_at = visit.now;
    }
    Ok(Reply::view(&json!({"payload": labels})).wrote())
}

/// Names that need not be titles of label records; no list clears.
pub fn given_labels(params: &Params) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for label in params.list("labels").into_iter().flatten().filter_map(text_of) {
        let label = label.trim().to_owned();
        if !label.is_empty() && !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// Takes a list of keys.
pub fn destroy_custom_attributes(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut contact = found(world, visit)?.clone();
    for key in visit.params.list("custom_attributes").into_iter().flatten().filter_map(text_of) {
        contact.custom_attributes.remove(&key);
    }
    let view = views::contact::full(world, &contact, true);
    world.content.contacts.put(contact);
    Ok(Reply::view(&json!({"payload": view})).wrote())
}

pub fn delete_avatar(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut contact = found(world, visit)?.clone();
    contact.has_avatar = false;
    let view = views::contact::full(world, &contact, true);
    world.content.contacts.put(contact);
    Ok(Reply::view(&json!({"payload": view})).wrote())
}

/// A file would come by mail; nothing is sent here.
pub fn export(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    Ok(Reply::empty())
}
