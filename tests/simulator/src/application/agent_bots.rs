//! `/api/v1/accounts/:account_id/agent_bots`: the account's own, and those of the installation to look at.

use super::{Visit, missing, views};
use crate::{
    model::{World, content::columns::label, rows::Bot, secrets},
    params::Params,
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Map, Value};

/// System bots are in the list.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let administrator = visit.is_administrator(world);
    let views: Vec<Value> = world
        .bots
        .values()
        .filter(|bot| is_accessible(bot, visit.account))
        .map(|bot| views::people::bot(world, bot, administrator))
        .collect();
    Ok(Reply::view(&Value::Array(views)))
}

fn is_accessible(bot: &Bot, account: i64) -> bool {
    bot.account.is_none_or(|of| of == account)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.id("id")?;
    let bot = world.bots.get(&id).filter(|bot| is_accessible(bot, visit.account)).ok_or_else(missing)?;
    Ok(Reply::view(&views::people::bot(world, bot, visit.is_administrator(world))))
}

/// A bot of the account itself; system bots cannot be written from here.
fn managed<'w>(world: &'w World, visit: &Visit) -> Result<&'w Bot, Refusal> {
    let id = visit.id("id")?;
    let bot = world.bots.get(&id).filter(|bot| bot.account == Some(visit.account)).ok_or_else(missing)?;
    visit.administrator(world)?;
    Ok(bot)
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let blank = Bot {
        id: 0,
        name: None,
        description: None,
        outgoing_url: None,
        account: Some(visit.account),
        access_token: Some(secrets::token()),
        has_avatar: false,
        secret: secrets::token(),
        bot_config: Map::new(),
    };
    let bot = assigned(blank, visit.params)?;
    let id = world.insert_bot(bot);
    shown(world, id)
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let bot = assigned(managed(world, visit)?.clone(), visit.params)?;
    write(world, bot)
}

/// Gone when it answers.
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    world.remove_bot(id);
    Ok(Reply::empty().wrote())
}

pub fn delete_avatar(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let bot = managed(world, visit)?.clone();
    write(world, Bot { has_avatar: false, ..bot })
}

pub fn reset_access_token(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let bot = managed(world, visit)?.clone();
    write(world, Bot { access_token: Some(secrets::token()), ..bot })
}

pub fn reset_secret(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let bot = managed(world, visit)?.clone();
    write(world, Bot { secret: secrets::token(), ..bot })
}

fn write(world: &mut World, bot: Bot) -> Result<Reply, Refusal> {
    let id = bot.id;
    world.bots.insert(id, bot);
    shown(world, id)
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let bot = world.bots.get(&id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::people::bot(world, bot, true)).wrote())
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
    if let Some(kind) = params.raw("bot_type") {
        label(kind, &["webhook"])?;
    }
    if let Some(config) = params.object("bot_config") {
        bot.bot_config = config.clone();
    }
    if params.is_file("avatar") || params.text("avatar_url").flatten().is_some_and(|url| !url.is_empty()) {
        bot.has_avatar = true;
    }
    let mut errors = Errors::default();
    errors.limit("name", "Name", bot.name.as_deref(), 255);
    errors.limit("description", "Description", bot.description.as_deref(), 255);
    errors.limit("outgoing_url", "Outgoing url", bot.outgoing_url.as_deref(), 2048);
    errors.check()?;
    Ok(bot)
}
