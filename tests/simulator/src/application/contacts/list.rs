//! Listing, searching and filtering contacts, 15 a page.

use super::with_sessions;
use crate::{
    application::{
        Visit,
        filters::{self, Filter},
        paging::Page,
        texts, views,
    },
    model::{World, content::rows::Contact},
    params::text_of,
    reply::{Refusal, Reply},
};
use serde_json::{Value, json};
use std::cmp::Ordering;

const PAGE: usize = 15;

/// Only contacts that something is known of.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let rows = tagged(visit, resolved(world, visit));
    answer(world, visit, rows)
}

/// Those who sit in front of a widget.
pub fn active(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let rows = world.content.contacts.of(visit.account).filter(|contact| contact.online).collect();
    answer(world, visit, rows)
}

pub fn filter(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let filter = Filter::read(world, visit.account, &filters::CONTACTS, visit.params)?;
    let mut rows = tagged(visit, resolved(world, visit));
    rows.retain(|contact| filter.matches(*contact));
    answer(world, visit, rows)
}

/// Since 4.11 all contacts, the count being that of the page; before, those something is known of, with the total.
pub fn search(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let page = Page::of(visit.params);
    let new = world.installation.since(4, 11, 0);
    let q = visit.params.text("q").flatten().unwrap_or_default();
    if q.trim().is_empty() {
        let meta = if new {
            json!({"count": null, "current_page": page.shown, "has_more": null})
        } else {
            json!({"count": null, "current_page": page.shown})
        };
        return Ok(Reply::view(&json!({"meta": meta, "payload": []})));
    }
    let q = q.trim();
    let company = |contact: &Contact| {
        let name = contact.additional_attributes.get("company_name").and_then(text_of);
        !new && name.is_some_and(|name| texts::contains(&name, q))
    };
    let meant = |contact: &&Contact| {
        texts::contains(&contact.name, q)
            || [&contact.email, &contact.phone_number]
                .into_iter()
                .any(|text| text.as_ref().is_some_and(|text| texts::contains(text, q)))
            || contact.identifier.as_ref().is_some_and(|id| texts::contains_exactly(id, q))
            || company(contact)
    };
    if !new {
        let rows = resolved(world, visit).into_iter().filter(meant).collect();
        return answer(world, visit, rows);
    }
    let mut rows: Vec<&Contact> = world.content.contacts.of(visit.account).filter(meant).collect();
    sort(&mut rows, visit, world);
    let cut = page.cut(&rows, PAGE);
    let has_more = page.has_more(&rows, PAGE);
    let meta = json!({"count": cut.len(), "current_page": page.shown, "has_more": has_more});
    Ok(Reply::view(&json!({"meta": meta, "payload": payload(world, visit, cut)})))
}

fn resolved<'w>(world: &'w World, visit: &Visit) -> Vec<&'w Contact> {
    world.content.contacts.of(visit.account).filter(|contact| contact.is_resolved()).collect()
}

/// Contacts with any of the labels asked for.
fn tagged<'w>(visit: &Visit, mut rows: Vec<&'w Contact>) -> Vec<&'w Contact> {
    let labels: Vec<String> = visit.params.list("labels").into_iter().flatten().filter_map(text_of).collect();
    if !labels.is_empty() {
        rows.retain(|contact| contact.labels.iter().any(|label| labels.contains(label)));
    }
    rows
}

fn answer(world: &World, visit: &Visit, mut rows: Vec<&Contact>) -> Result<Reply, Refusal> {
    let page = Page::of(visit.params);
    sort(&mut rows, visit, world);
    let payload = payload(world, visit, page.cut(&rows, PAGE));
    let meta = json!({"count": rows.len(), "current_page": page.shown});
    Ok(Reply::view(&json!({"meta": meta, "payload": payload})))
}

fn payload(world: &World, visit: &Visit, rows: &[&Contact]) -> Value {
    let sessions = with_sessions(visit);
    rows.iter().map(|contact| views::contact::full(world, contact, sessions)).collect()
}

/// One key or several with commas between, `-` for descending. A key that is not known does not sort.
fn sort(rows: &mut [&Contact], visit: &Visit, world: &World) {
    let keys = visit.params.text("sort").flatten().unwrap_or_default();
    let keys: Vec<(&str, bool)> = keys
        .split(',')
        .map(|key| key.strip_prefix('-').map_or((key, false), |key| (key, true)))
        .filter(|(key, _)| known(key, world))
        .collect();
    rows.sort_by(|a, b| {
        let by_keys = keys.iter().map(|(key, down)| compare(a, b, key, *down));
        by_keys.fold(Ordering::Equal, Ordering::then).then(a.id.cmp(&b.id))
    });
}

fn known(key: &str, world: &World) -> bool {
    let company = if world.installation.since(4, 14, 0) { "company_name" } else { "company" };
    ["name", "email", "phone_number", "last_activity_at", "created_at", "city", "country", company]
        .contains(&key)
}

/// What has no value comes last; only a plain column, sorted downwards, has it first, as PostgreSQL does.
fn compare(a: &Contact, b: &Contact, key: &str, down: bool) -> Ordering {
    let text = |contact: &Contact, key: &str| contact.additional_attributes.get(key).and_then(text_of);
    match key {
        "name" => nulls_last(Some(a.name.to_lowercase()), Some(b.name.to_lowercase()), down),
        "email" => plain(&a.email, &b.email, down),
        "phone_number" => plain(&a.phone_number, &b.phone_number, down),
        "last_activity_at" => nulls_last(a.last_activity_at, b.last_activity_at, down),
        "created_at" => nulls_last(Some(a.created_at), Some(b.created_at), down),
        "company" => nulls_last(text(a, "company_name"), text(b, "company_name"), down),
        other => nulls_last(text(a, other), text(b, other), down),
    }
}

fn nulls_last<T: Ord>(a: Option<T>, b: Option<T>, down: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if down => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn plain(a: &Option<String>, b: &Option<String>, down: bool) -> Ordering {
    let order = nulls_last(a.as_ref(), b.as_ref(), false);
    if down { order.reverse() } else { order }
}
