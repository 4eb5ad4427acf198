//! What administrators of an account do in its settings: inboxes, bots, teams, labels and the like.

use super::{Done, RecordKind, When, accounts};
use crate::model::{
    World,
    content::{
        Renaming,
        rows::{ChannelKind, Inbox, Record},
        table::Table,
    },
    jobs::{JobKind, Work},
    rows::Bot,
    secrets,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

pub fn find_inbox(world: &mut World, id: i64) -> Result<&mut Inbox, String> {
    world.content.inboxes.get_mut(id).ok_or_else(|| format!("there is no inbox {id}"))
}

/// A field is the channel's where the channel has such a column.
fn set_fields(inbox: &mut Inbox, fields: Map<String, Value>) -> Result<(), String> {
    for (key, value) in fields {
        let slot = match (inbox.channel.get_mut(&key), inbox.fields.get_mut(&key)) {
            (Some(slot), _) | (None, Some(slot)) => slot,
            (None, None) => return Err(format!("an inbox of kind {:?} has no field {key:?}", inbox.kind)),
        };
        *slot = value;
    }
    Ok(())
}

pub fn create_inbox(
    world: &mut World,
    account: i64,
    name: String,
    kind: ChannelKind,
    fields: Map<String, Value>,
    now: Timestamp,
) -> Result<Done, String> {
    accounts::find(world, account)?;
    let mut inbox = world.blank_inbox(account, kind, now);
    inbox.name = name;
    set_fields(&mut inbox, fields)?;
    Ok(Done::id(world.content.inboxes.insert(inbox)))
}

pub fn edit_inbox(
    world: &mut World,
    id: i64,
    name: Option<String>,
    fields: Map<String, Value>,
) -> Result<Done, String> {
    let mut inbox = find_inbox(world, id)?.clone();
    inbox.name = name.unwrap_or(inbox.name);
    set_fields(&mut inbox, fields)?;
    world.content.inboxes.put(inbox);
    Ok(Done::default())
}

pub fn delete_inbox(world: &mut World, id: i64, when: When, now: Timestamp) -> Result<Done, String> {
    let account = find_inbox(world, id)?.account;
    match when {
        When::Now => {
            world.content.inboxes.remove(id);
            world.clean_inbox(id);
        }
        When::Queued => world.enqueue(Work::on_object(JobKind::DestroyInbox, account, id), now),
    }
    Ok(Done::default())
}

pub fn join_inbox(world: &mut World, inbox: i64, user: i64) -> Result<Done, String> {
    find_inbox(world, inbox)?;
    world.content.inbox_members.insert((inbox, user));
    Ok(Done::default())
}

pub fn leave_inbox(world: &mut World, inbox: i64, user: i64) -> Result<Done, String> {
    if world.content.inbox_members.remove(&(inbox, user)) {
        Ok(Done::default())
    } else {
        Err(format!("user {user} is no member of inbox {inbox}"))
    }
}

pub fn attach_bot(world: &mut World, inbox: i64, bot: Option<i64>) -> Result<Done, String> {
    if let Some(bot) = bot {
        find_bot(world, bot)?;
    }
    find_inbox(world, inbox)?.bot = bot;
    Ok(Done::default())
}

pub fn leave_team(world: &mut World, account: i64, user: i64, team: i64) -> Result<Done, String> {
    if world.team_members.remove(&(account, user, team)) {
        Ok(Done::default())
    } else {
        Err(format!("user {user} is no member of team {team} of account {account}"))
    }
}

fn table(world: &mut World, kind: RecordKind) -> &mut Table<Record> {
    match kind {
        RecordKind::Team => &mut world.content.teams,
        RecordKind::Label => &mut world.content.labels,
        RecordKind::Webhook => &mut world.content.webhooks,
        RecordKind::CannedResponse => &mut world.content.canned_responses,
        RecordKind::AttributeDefinition => &mut world.content.attribute_definitions,
        RecordKind::AutomationRule => &mut world.content.automation_rules,
    }
}

/// With the defaults of its columns where nothing is given.
pub fn create_record(
    world: &mut World,
    account: i64,
    kind: RecordKind,
    fields: Map<String, Value>,
    now: Timestamp,
) -> Result<Done, String> {
    accounts::find(world, account)?;
    let mut all = crate::application::blank_record(kind);
    all.extend(fields);
    Ok(Done::id(table(world, kind).insert(Record::new(account, all, now))))
}

/// A label's taggings follow by a job, as after the API.
pub fn edit_record(
    world: &mut World,
    kind: RecordKind,
    id: i64,
    fields: Map<String, Value>,
    now: Timestamp,
) -> Result<Done, String> {
    let row = table(world, kind).get_mut(id).ok_or_else(|| format!("there is no {kind:?} {id}"))?;
    let from = row.text("title").map(str::to_owned);
    row.fields.extend(fields);
    row.updated_at = now;
    let (account, to) = (row.account, row.text("title").map(str::to_owned));
    if let (Some(from), Some(to)) = (from, to)
        && from != to
    {
        let renaming = world.content.note_renaming(Renaming { account, from, to });
        world.enqueue(Work::on_object(JobKind::RenameLabel, account, renaming), now);
    }
    Ok(Done::default())
}

pub fn delete_record(world: &mut World, kind: RecordKind, id: i64) -> Result<Done, String> {
    if table(world, kind).get(id).is_none() {
        return Err(format!("there is no {kind:?} {id}"));
    }
    match kind {
        RecordKind::Team => world.destroy_team(id),
        _ => drop(table(world, kind).remove(id)),
    }
    Ok(Done::default())
}

fn find_bot(world: &mut World, id: i64) -> Result<&mut Bot, String> {
    world.bots.get_mut(&id).ok_or_else(|| format!("there is no bot {id}"))
}

pub fn create_bot(
    world: &mut World,
    account: Option<i64>,
    name: String,
    outgoing_url: Option<String>,
) -> Done {
    let token = secrets::token();
    let id = world.insert_bot(Bot {
        id: 0,
        name: Some(name),
        description: None,
        outgoing_url,
        account,
        access_token: Some(token.clone()),
        has_avatar: false,
        secret: secrets::token(),
        bot_config: Map::new(),
    });
    Done { id: Some(id), token: Some(token), count: None }
}

pub fn edit_bot(
    world: &mut World,
    bot: i64,
    name: Option<String>,
    outgoing_url: Option<String>,
) -> Result<Done, String> {
    let bot = find_bot(world, bot)?;
    bot.name = name.or(bot.name.take());
    bot.outgoing_url = outgoing_url.or(bot.outgoing_url.take());
    Ok(Done::default())
}

pub fn delete_bot(world: &mut World, bot: i64) -> Result<Done, String> {
    find_bot(world, bot)?;
    world.remove_bot(bot);
    Ok(Done::default())
}

pub fn reset_bot_token(world: &mut World, bot: i64) -> Result<Done, String> {
    let token = secrets::token();
    find_bot(world, bot)?.access_token = Some(token.clone());
    Ok(Done::token(token))
}
