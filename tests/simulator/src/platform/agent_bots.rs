//! `/platform/api/v1/agent_bots`.

use super::{Visit, views};
use crate::{
    model::{
        World,
        rows::{Bot, Kind},
        secrets,
    },
    params::{Params, integer_of},
    reply::*,
};
use serde_json::{Map, Value};

/// Before 4.14.0 a permission row without its bot broke the list for ever, as it does for accounts.
pub fn list(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    let tolerant = world.installation.since(4, 14, 0);
    let mut bots = Vec::new();
    for id in world.permitted_ids(visit.app, Kind::AgentBot) {
        match world.bots.get(&id) {
            Some(bot) => bots.push(views::bot(world, bot)?),
            None if tolerant => {}
            None => return Err(Refusal::CRASH),
        }
    }
    Ok(Reply::view(&Value::Array(bots)))
}

/// Nothing is required: even an empty body makes a bot.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let blank = Bot {
        id: 0,
        name: None,
        description: None,
        outgoing_url: None,
        account: None,
        access_token: Some(secrets::token()),
        has_avatar: false,
        secret: secrets::token(),
        bot_config: Map::new(),
    };
    let bot = assigned(blank, visit.params)?;
    let id = world.insert_bot(bot);
    world.permit(visit.app, Kind::AgentBot, id);
    shown(world, id).map(Reply::wrote)
}

pub fn show(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    shown(world, visit.subject(world, Kind::AgentBot)?)
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::AgentBot)?;
    let before = world.bots.get(&id).cloned().ok_or(Refusal::NotFound)?;
    world.bots.insert(id, assigned(before, visit.params)?);
    shown(world, id).map(Reply::wrote)
}

/// Gone when it answers (P31).
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::AgentBot)?;
    world.remove_bot(id);
    Ok(Reply::empty().wrote())
}

pub fn delete_avatar(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::AgentBot)?;
    if let Some(bot) = world.bots.get_mut(&id) {
        bot.has_avatar = false;
    }
    shown(world, id).map(Reply::wrote)
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let bot = world.bots.get(&id).ok_or(Refusal::NotFound)?;
    views::bot(world, bot).map(|view| Reply::view(&view))
}

fn assigned(mut bot: Bot, params: &Params) -> Result<Bot, Refusal> {
    if let Some(name) = params.text("name") {
        bot.name = name;
    }
    if let Some(description) = params.text("description") {
        bot.description = description;
    }
    if let Some(url) = params.text("outgoing_url") {
        bot.outgoing_url = url;
    }
    // Any number will do: the account need neither exist nor be permitted (P36).
    if let Some(account) = params.raw("account_id") {
        bot.account = integer_of(account);
    }
    if params.is_file("avatar") || params.text("avatar_url").flatten().is_some_and(|url| !url.is_empty()) {
        bot.has_avatar = true;
    }
    let mut errors = Errors::default();
    errors.limit("name", "Name", bot.name.as_deref(), 255);
    errors.limit("description", "Description", bot.description.as_deref(), 255);
    errors.limit("outgoing_url", "Outgoing url", bot.outgoing_url.as_deref(), 2048);
    errors.check()?;
    let texts = [&bot.name, &bot.description, &bot.outgoing_url];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) { Err(Refusal::CRASH) } else { Ok(bot) }
}
