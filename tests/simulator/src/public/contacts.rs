//! `/public/api/v1/inboxes/:inbox_id/contacts`.

use super::{Visit, views};
use crate::{
    application::views::contact,
    model::{
        World,
        content::{
            contacts::{complaints, deep_merge},
            rows::{Contact, Inbox},
        },
        secrets,
    },
    params::Params,
    reply::{Errors, Refusal, Reply},
};

/// A hash that is sent is checked, and one is needed where the inbox says so; a wrong one is an exception. True: one
/// was sent and is right.
fn proven(inbox: &Inbox, params: &Params) -> Result<bool, Refusal> {
    let hash = params.text("identifier_hash").flatten().filter(|hash| !hash.trim().is_empty());
    if hash.is_none() && !inbox.hmac_mandatory() {
        return Ok(false);
    }
    let identifier = params.text("identifier").flatten().unwrap_or_default();
    let right = secrets::identifier_hash(inbox.hmac_token.as_deref().unwrap_or_default(), &identifier);
    if hash.as_deref() == Some(&right) { Ok(true) } else { Err(Refusal::CRASH) }
}

/// Finds or creates: a known source id answers its contact untouched; else somebody with the same identifier,
/// address or number gets another session, and nothing of theirs is changed.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = visit.inbox(world)?.clone();
    proven(&inbox, visit.params)?;
    let text = |key: &str| visit.params.text(key).flatten().filter(|text| !text.is_empty());
    let source = text("source_id");
    if let Some(session) = source.as_deref().and_then(|source| world.session(inbox.id, source)) {
        let contact = world.content.contacts.get(session.contact).ok_or(Refusal::CRASH)?;
        return Ok(Reply::view(&views::contact_session(contact, session)));
    }
    let contact = match known(world, &inbox, visit.params) {
        Some(contact) => contact,
        None => {
            let mut contact = Contact::blank(inbox.account, visit.now);
            contact.name = text("name").unwrap_or_else(random_name);
            contact.identifier = text("identifier");
            contact.email = text("email").map(|email| email.to_lowercase());
            contact.phone_number = text("phone_number");
            contact.custom_attributes = visit.params.object("custom_attributes").cloned().unwrap_or_default();
            contact.has_avatar = text("avatar_url").is_some();
            Errors::from(complaints(world, &contact)).check()?;
            let id = world.content.contacts.insert(contact.clone());
            Contact { id, ..contact }
        }
    };
    let session = world
        .open_session(&contact, &inbox, source, visit.now)
        .map_err(|_impossible| Refusal::Crash { wrote: true })?;
    let session = world.content.contact_inboxes.get(session).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::contact_session(&contact, session)).wrote())
}

/// By identifier, then address, then number.
fn known(world: &World, inbox: &Inbox, params: &Params) -> Option<Contact> {
    let text = |key: &str| params.text(key).flatten().filter(|text| !text.is_empty());
    let (identifier, phone) = (text("identifier"), text("phone_number"));
    let email = text("email").map(|email| email.to_lowercase());
    let find = |same: &dyn Fn(&Contact) -> bool| {
        world.content.contacts.of(inbox.account).find(|contact| same(contact))
    };
    let by_identifier =
        || identifier.as_ref().and_then(|_| find(&|contact| contact.identifier == identifier));
    let by_email = || email.as_ref().and_then(|_| find(&|contact| contact.email == email));
    let by_phone = || phone.as_ref().and_then(|_| find(&|contact| contact.phone_number == phone));
    by_identifier().or_else(by_email).or_else(by_phone).cloned()
}

/// Such as `quiet-river-407`.
fn random_name() -> String {
    const QUALITIES: [&str; 6] = ["autumn", "bitter", "calm", "dawn", "quiet", "twilight"];
    const THINGS: [&str; 6] = ["breeze", "cloud", "field", "moon", "river", "snow"];
    let pick =
        |words: [&'static str; 6]| words.get(rand::random_range(0..words.len())).copied().unwrap_or_default();
    format!("{}-{}-{}", pick(QUALITIES), pick(THINGS), rand::random_range(0..1000))
}

/// A right hash is remembered, and widens what the session sees.
fn verify(world: &mut World, visit: &Visit) -> Result<(i64, bool), Refusal> {
    let session = visit.session(world)?.id;
    let proven = proven(visit.inbox(world)?, visit.params)?;
    let mut wrote = false;
    if let Some(row) = world.content.contact_inboxes.get_mut(session).filter(|_| proven) {
        wrote = !row.hmac_verified;
        row.hmac_verified = true;
    }
    Ok((session, wrote))
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let (session, wrote) = verify(world, visit)?;
    let session = world.content.contact_inboxes.get(session).ok_or(Refusal::CRASH)?;
    let contact = world.content.contacts.get(session.contact).ok_or(Refusal::CRASH)?;
    Ok(Reply { wrote, ..Reply::view(&views::contact_session(contact, session)) })
}

/// Answers the raw row. The identifier is not looked at, blanks are skipped, and somebody else with the same address
/// or number swallows this contact.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let (session, _) = verify(world, visit)?;
    let session = world.content.contact_inboxes.get(session).ok_or(Refusal::CRASH)?.clone();
    let text = |key: &str| visit.params.text(key).flatten().filter(|text| !text.trim().is_empty());
    let email = text("email").map(|email| email.to_lowercase());
    let phone = text("phone_number");
    let mut id = session.contact;
    let twins: [&dyn Fn(&Contact) -> bool; 2] =
        [&|other| email.is_some() && other.email == email, &|other| {
            phone.is_some() && other.phone_number == phone
        }];
    let mut merged = false;
    for same in twins {
        let twin = world.content.contacts.of(session.account).find(|other| other.id != id && same(other));
        if let Some(twin) = twin.map(|twin| twin.id) {
            world.merge_contacts(twin, id);
            id = twin;
            merged = true;
        }
    }
    let mut contact = world.content.contacts.get(id).cloned().ok_or(Refusal::CRASH)?;
    contact.name = text("name").unwrap_or(contact.name);
    contact.email = email.or(contact.email);
    contact.phone_number = phone.or(contact.phone_number);
    contact.has_avatar |= text("avatar_url").is_some();
    if let Some(attributes) = visit.params.object("custom_attributes") {
        deep_merge(&mut contact.custom_attributes, attributes);
    }
    let errors = Errors::from(complaints(world, &contact));
    if merged {
        errors.check().map_err(|_invalid| Refusal::Crash { wrote: true })?;
    } else {
        errors.check()?;
    }
    contact.updated_at = visit.now;
    let view = contact::raw(&contact);
    world.content.contacts.put(contact);
    Ok(Reply::view(&view).wrote())
}
