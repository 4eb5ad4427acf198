//! Making and changing inboxes.

use super::managed;
use crate::{
    application::{Visit, views},
    model::{
        Edition, Installation, World,
        content::{
            columns::{Column, assign, flag},
            form,
            inboxes::COMMON,
            rows::{ChannelKind, Inbox, WorkingDay},
        },
        emails,
    },
    params::{Params, has_nul, integer_of, map_has_nul},
    reply::{Errors, JSON, Refusal, Reply},
};
use serde_json::{Map, Value, json};

const LONGEST_TEXT: usize = 10_000;

/// The types that are played. Others (sms, whatsapp, telegram, line) are refused as unknown ones are.
fn kind(channel: &Params) -> Option<ChannelKind> {
    match channel.text("type").flatten()?.as_str() {
        "api" => Some(ChannelKind::Api),
        "web_widget" => Some(ChannelKind::WebWidget),
        "email" => Some(ChannelKind::Email),
        _ => None,
    }
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    if is_full(world, visit.account) {
        let text = "Account limit exceeded. Upgrade to a higher plan";
        return Err(Refusal::Said(402, text.into()));
    }
    let channel = visit.params.nested("channel").ok_or(Refusal::CRASH)?;
    let Some(kind) = kind(&channel) else {
        let mut errors = Errors::default();
        errors.add("channel", "Channel must exist");
        return Err(Refusal::Invalid(errors));
    };
    let mut inbox = world.blank_inbox(visit.account, kind, visit.now);
    assign_common(&mut inbox, visit.params, &world.installation)?;
    assign_channel(&mut inbox, &channel, &world.installation)?;
    validate(world, &inbox)?;
    let id = world.content.inboxes.insert(inbox);
    shown(world, id).map(Reply::wrote)
}

/// Only an EE image counts; a limit that is not set is none.
fn is_full(world: &World, account: i64) -> bool {
    let limits = world.accounts.get(&account).map(|account| &account.limits);
    let most = limits.and_then(|limits| limits.get("inboxes")).and_then(integer_of);
    let count = world.content.inboxes.of(account).count();
    world.installation.edition == Edition::Ee
        && most.is_some_and(|most| usize::try_from(most).is_ok_and(|most| count >= most))
}

/// Changes to mail servers are kept, whether they can be reached or not.
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut inbox = managed(world, visit)?.clone();
    assign_common(&mut inbox, visit.params, &world.installation)?;
    let channel = visit.params.nested("channel");
    if let Some(channel) = &channel {
        assign_channel(&mut inbox, channel, &world.installation)?;
    }
    for row in visit.params.list("working_hours").into_iter().flatten().filter_map(Value::as_object) {
        open(&mut inbox.working_hours, row)?;
    }
    validate(world, &inbox)?;
    inbox.updated_at = visit.now;
    let id = inbox.id;
    let tests_mail = channel.is_some() && inbox.kind == ChannelKind::Email && uses_mail_servers(&inbox);
    world.content.inboxes.put(inbox);
    if tests_mail && !world.installation.mail_servers_ok {
        let message = "Please check the network connection, IMAP address and try again.";
        return Ok(Reply::new(422, JSON, json!({"message": message}).to_string()).wrote());
    }
    shown(world, id).map(Reply::wrote)
}

fn uses_mail_servers(inbox: &Inbox) -> bool {
    ["imap_enabled", "smtp_enabled"].iter().any(|key| inbox.channel.get(*key) == Some(&Value::Bool(true)))
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let inbox = world.content.inboxes.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::inbox::full(world, inbox, true)))
}

/// In the fields of the inbox itself, not of its channel, the text "null" stands for null.
fn assign_common(inbox: &mut Inbox, params: &Params, installation: &Installation) -> Result<(), Refusal> {
    let mut given: Map<String, Value> = Map::new();
    for name in COMMON.iter().map(|column| column.name).chain(["name", "avatar"]) {
        if let Some(value) = params.get(name) {
            let value = if value == "null" { Value::Null } else { value.clone() };
            given.insert(name.to_owned(), value);
        }
    }
    let given = Params::of(&Value::Object(given));
    if let Some(name) = given.text("name") {
        inbox.name = name.unwrap_or_default();
    }
    inbox.has_avatar |= params.is_file("avatar");
    // Only the enterprise code permits the assignment limits.
    let ee = installation.edition == Edition::Ee;
    let columns: Vec<Column> =
        COMMON.iter().copied().filter(|column| ee || column.name != "auto_assignment_config").collect();
    Ok(assign(&mut inbox.fields, &columns, &given)?)
}

fn assign_channel(inbox: &mut Inbox, given: &Params, installation: &Installation) -> Result<(), Refusal> {
    assign(&mut inbox.channel, &installation.columns(inbox.kind), given)?;
    if inbox.kind == ChannelKind::WebWidget {
        form::store(&mut inbox.channel);
    }
    Ok(())
}

/// One row of the timetable; a day that no week has is a 500.
fn open(hours: &mut [WorkingDay], row: &Map<String, Value>) -> Result<(), Refusal> {
    let day = row.get("day_of_week").and_then(integer_of);
    let slot = hours.iter_mut().find(|slot| Some(slot.day_of_week) == day).ok_or(Refusal::CRASH)?;
    let number = |key: &str, old: Option<i64>| row.get(key).map_or(old, integer_of);
    let flagged = |key: &str, old: bool| row.get(key).map_or(old, |value| flag(value).unwrap_or_default());
    *slot = WorkingDay {
        day_of_week: slot.day_of_week,
        closed_all_day: flagged("closed_all_day", slot.closed_all_day),
        open_hour: number("open_hour", slot.open_hour),
        open_minutes: number("open_minutes", slot.open_minutes),
        close_hour: number("close_hour", slot.close_hour),
        close_minutes: number("close_minutes", slot.close_minutes),
        open_all_day: flagged("open_all_day", slot.open_all_day),
    };
    Ok(())
}

fn validate(world: &World, inbox: &Inbox) -> Result<(), Refusal> {
    let mut errors = Errors::default();
    match inbox.kind {
        ChannelKind::Api => api(inbox, &mut errors),
        ChannelKind::WebWidget => widget(world, inbox, &mut errors)?,
        ChannelKind::Email => email(world, inbox, &mut errors),
    }
    let text = |key: &str| inbox.fields.get(key).and_then(Value::as_str);
    if inbox.name.trim().is_empty() {
        errors.add("name", "Name can't be blank");
    }
    errors.limit("name", "Name", Some(&inbox.name), 255);
    if !text("timezone").is_some_and(is_time_zone) {
        errors.add("timezone", "Timezone is not included in the list");
    }
    errors.limit(
        "out_of_office_message",
        "Out of office message",
        text("out_of_office_message"),
        LONGEST_TEXT,
    );
    errors.limit("greeting_message", "Greeting message", text("greeting_message"), LONGEST_TEXT);
    let most =
        inbox.fields.get("auto_assignment_config").and_then(|config| config.get("max_assignment_limit"));
    if most.and_then(integer_of).is_some_and(|most| most < 1) {
        errors.add(
            "auto_assignment_config",
            "Auto assignment config max_assignment_limit must be greater than 0",
        );
    }
    errors.check()?;
    let nul =
        map_has_nul(&inbox.fields) || map_has_nul(&inbox.channel) || has_nul(&inbox.name.clone().into());
    if nul { Err(Refusal::CRASH) } else { Ok(()) }
}

/// Chatwoot asks its own list; here the form decides.
fn is_time_zone(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    let bare = ["UTC", "GMT", "EST", "MST", "HST", "CET", "EET", "MET", "WET"].contains(&name);
    bare || (name.contains('/') && name.chars().all(plain) && name.split('/').all(|part| !part.is_empty()))
}

fn api(inbox: &Inbox, errors: &mut Errors) {
    let url = inbox.channel.get("webhook_url").and_then(Value::as_str);
    errors.limit("webhook_url", "Webhook url", url, 2048);
    let window = inbox.channel.get("additional_attributes").and_then(|a| a.get("agent_reply_time_window"));
    if window
        .filter(|value| crate::params::present(value))
        .is_some_and(|value| integer_of(value).unwrap_or(0) < 1)
    {
        errors.add(
            "agent_reply_time_window",
            "Agent reply time window agent_reply_time_window must be greater than 0",
        );
    }
}

fn widget(world: &World, inbox: &Inbox, errors: &mut Errors) -> Result<(), Refusal> {
    let url = inbox.channel.get("website_url").and_then(Value::as_str);
    if url.is_none_or(|url| url.trim().is_empty()) {
        errors.add("website_url", "Website url can't be blank");
    }
    let flags = inbox.channel.get("selected_feature_flags").and_then(Value::as_array);
    let unknown = |flag: &Value| !world.installation.widget_flags().any(|known| flag == known);
    // The flags are bits with names; a name that has no bit is an exception.
    if flags.into_iter().flatten().any(unknown) { Err(Refusal::CRASH) } else { Ok(()) }
}

/// Unique in the whole installation.
fn email(world: &World, inbox: &Inbox, errors: &mut Errors) {
    let Some(address) = inbox.email().filter(|email| !email.trim().is_empty()) else {
        return errors.add("email", "Email can't be blank");
    };
    if world.inbox_with_email(address).is_some_and(|other| other.id != inbox.id) {
        errors.add("email", "Email has already been taken");
    }
    if emails::complaints(address).contains(&"Email is invalid") {
        errors.add("email", "Email is invalid");
    }
}
