//! Listing and filtering conversations, 25 a page.

use crate::{
    application::{
        Visit,
        filters::{self, Filter},
        missing,
        paging::Page,
        texts, views,
    },
    model::{
        World,
        content::rows::{Conversation, MessageType, PRIORITIES},
    },
    params::{integer_of, present, text_of},
    reply::{Refusal, Reply},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::cmp::{Ordering, Reverse};

const PAGE: usize = 25;

/// The page, and counts of what the filters other than `assignee_type` leave.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let rows = selected(world, visit)?;
    let meta = counts(&rows, visit);
    let mut rows = assigned(rows, visit);
    sort(&mut rows, visit.params.text("sort_by").flatten().as_deref());
    // What is asked for by time comes whole.
    let whole = visit.params.raw("updated_within").is_some_and(present);
    let page = Page::of(visit.params);
    let cut = if whole { rows.as_slice() } else { page.cut(&rows, PAGE) };
    let payload = views::conversation::list(world, cut.iter().copied());
    Ok(Reply::view(&json!({"data": {"meta": meta, "payload": payload}})))
}

pub fn meta(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let rows = selected(world, visit)?;
    Ok(Reply::view(&json!({"meta": counts(&rows, visit)})))
}

/// No `data` around it, and no `assigned_count` in it.
pub fn filter(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let filter = Filter::read(world, visit.account, &filters::CONVERSATIONS, visit.params)?;
    let mut rows = visible(world, visit);
    rows.retain(|row| filter.matches(*row));
    sort(&mut rows, None);
    let mut meta = counts(&rows, visit);
    if let Value::Object(keys) = &mut meta {
        keys.remove("assigned_count");
    }
    let page = Page::of(visit.params);
    let payload = views::conversation::list(world, page.cut(&rows, PAGE).iter().copied());
    Ok(Reply::view(&json!({"meta": meta, "payload": payload})))
}

/// Administrators see all, agents those of their inboxes.
fn visible<'w>(world: &'w World, visit: &Visit) -> Vec<&'w Conversation> {
    let all = visit.is_administrator(world);
    world
        .content
        .conversations
        .of(visit.account)
        .filter(|row| all || visit.enters(world, row.inbox))
        .collect()
}

fn selected<'w>(world: &'w World, visit: &Visit) -> Result<Vec<&'w Conversation>, Refusal> {
    let params = visit.params;
    let number = |key: &str| params.raw(key).filter(|value| present(value)).map(integer_of);
    let text = |key: &str| params.text(key).flatten().filter(|text| !text.is_empty());
    let mut rows = visible(world, visit);
    if let Some(team) = number("team_id") {
        let team = team.and_then(|team| world.content.teams.find(visit.account, team)).ok_or_else(missing)?;
        rows.retain(|row| row.team == Some(team.id));
    }
    if let Some(inbox) = number("inbox_id") {
        rows.retain(|row| Some(row.inbox) == inbox);
    }
    match text("q") {
        // A search looks at conversations of any status.
        Some(q) => rows.retain(|row| said(world, row, &q)),
        None => match text("status").unwrap_or_else(|| "open".into()).as_str() {
            "all" => {}
            status => rows.retain(|row| row.status.label() == status),
        },
    }
    let labels: Vec<String> = params.list("labels").into_iter().flatten().filter_map(text_of).collect();
    if !labels.is_empty() {
        rows.retain(|row| row.labels.iter().any(|label| labels.contains(label)));
    }
    if let Some(source) = text("source_id") {
        let session = |row: &Conversation| world.content.contact_inboxes.get(row.contact_inbox);
        rows.retain(|row| session(row).is_some_and(|session| session.source_id == source));
    }
    match text("conversation_type").as_deref() {
        // Nobody is mentioned and nobody follows here.
        Some("mention" | "participating") => rows.clear(),
        Some("unattended") => {
            rows.retain(|row| row.first_reply_created_at.is_none() || row.waiting_since.is_some())
        }
        _ => {}
    }
    if let Some(seconds) = number("updated_within").flatten() {
        let since =
            visit.now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::UNIX_EPOCH);
        rows.retain(|row| row.updated_at > since);
    }
    Ok(rows)
}

fn said(world: &World, row: &Conversation, q: &str) -> bool {
    world.messages_of(row.id).any(|message| {
        matches!(message.message_type, MessageType::Incoming | MessageType::Outgoing)
            && message.content.as_ref().is_some_and(|content| texts::contains(content, q))
    })
}

fn counts(rows: &[&Conversation], visit: &Visit) -> Value {
    let mine = visit.user().map_or(0, |user| rows.iter().filter(|row| row.assignee == Some(user)).count());
    let assigned = rows.iter().filter(|row| row.assignee.is_some()).count();
    json!({
        "mine_count": mine,
        "assigned_count": assigned,
        "unassigned_count": rows.len() - assigned,
        "all_count": rows.len(),
    })
}

fn assigned<'w>(mut rows: Vec<&'w Conversation>, visit: &Visit) -> Vec<&'w Conversation> {
    match visit.params.text("assignee_type").flatten().as_deref() {
        Some("me") => rows.retain(|row| row.assignee.is_some() && row.assignee == visit.user()),
        Some("unassigned") => rows.retain(|row| row.assignee.is_none()),
        Some("assigned") => rows.retain(|row| row.assignee.is_some()),
        _ => {}
    }
    rows
}

/// The latest activity first, unless another order is known by that name.
fn sort(rows: &mut [&Conversation], by: Option<&str>) {
    let weight = |row: &Conversation| {
        let priority = row.priority.as_deref();
        PRIORITIES.iter().position(|known| Some(*known) == priority)
    };
    // What has no value comes last, whatever the direction.
    fn last<T: Ord>(a: Option<T>, b: Option<T>, down: bool) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if down => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
    rows.sort_by(|a, b| {
        let order = match by {
            Some("last_activity_at_asc") => a.last_activity_at.cmp(&b.last_activity_at),
            Some("created_at_asc") => a.created_at.cmp(&b.created_at),
            Some("created_at_desc") => b.created_at.cmp(&a.created_at),
            Some("priority_asc") => last(weight(a), weight(b), false),
            Some("priority_desc") => last(weight(a), weight(b), true),
            Some("waiting_since_asc") => last(a.waiting_since, b.waiting_since, false),
            Some("waiting_since_desc") => last(a.waiting_since, b.waiting_since, true),
            _ => Reverse(a.last_activity_at).cmp(&Reverse(b.last_activity_at)),
        };
        order.then(b.id.cmp(&a.id))
    });
}
