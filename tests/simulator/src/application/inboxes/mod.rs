//! `/api/v1/accounts/:account_id/inboxes` (chatwoot-api §3.5).

mod write;

pub use write::{create, update};

use super::{Visit, missing, views};
use crate::{
    model::{
        World,
        content::rows::{ChannelKind, Inbox},
        jobs::{JobKind, Work},
        secrets,
    },
    params::{integer_of, present},
    reply::{Refusal, Reply},
};
use serde_json::{Value, json};

/// Administrators see all, agents their own; by name, whatever its case.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let administrator = visit.is_administrator(world);
    let mut rows: Vec<&Inbox> =
        world.content.inboxes.of(visit.account).filter(|inbox| visit.enters(world, inbox.id)).collect();
    rows.sort_by_cached_key(|inbox| (inbox.name.to_lowercase(), inbox.id));
    let views: Vec<Value> =
        rows.into_iter().map(|inbox| views::inbox::full(world, inbox, administrator)).collect();
    Ok(Reply::view(&json!({"payload": views})))
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = visit.inbox(world, visit.id("id")?)?;
    Ok(Reply::view(&views::inbox::full(world, inbox, visit.is_administrator(world))))
}

/// The inbox of the path; existence is looked at before the right to manage it.
fn managed<'w>(world: &'w World, visit: &Visit) -> Result<&'w Inbox, Refusal> {
    let inbox = world.content.inboxes.find(visit.account, visit.id("id")?).ok_or_else(missing)?;
    visit.administrator(world)?;
    Ok(inbox)
}

/// Only asks for it; each call enqueues another job.
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    world.enqueue(Work::on_object(JobKind::DestroyInbox, visit.account, id), visit.now);
    let message = "Your inbox deletion request will be processed in some time.";
    Ok(Reply::view(&json!({"message": message})).wrote())
}

/// An empty object where none is attached.
pub fn bot(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = visit.inbox(world, visit.id("id")?)?;
    let bot = world.bot_of(inbox.id).and_then(|bot| world.bots.get(&bot));
    let administrator = visit.is_administrator(world);
    Ok(Reply::view(&match bot {
        Some(bot) => json!({"agent_bot": views::people::bot(world, bot, administrator)}),
        None => json!({}),
    }))
}

/// A bot of the account or of the installation; null, or nothing, detaches.
pub fn set_bot(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = world.content.inboxes.find(visit.account, visit.id("id")?).ok_or_else(missing)?.id;
    let bot = match visit.params.raw("agent_bot").filter(|value| present(value)) {
        None => None,
        Some(value) => {
            let bot = integer_of(value).and_then(|bot| world.bots.get(&bot));
            let usable = bot.filter(|bot| bot.account.is_none_or(|account| account == visit.account));
            Some(usable.ok_or_else(missing)?.id)
        }
    };
    visit.administrator(world)?;
    if let Some(inbox) = world.content.inboxes.get_mut(inbox) {
        inbox.bot = bot;
    }
    Ok(Reply::empty().wrote())
}

/// Only API channels have one.
pub fn reset_secret(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut inbox = managed(world, visit)?.clone();
    if inbox.kind != ChannelKind::Api {
        return Err(missing());
    }
    inbox.secret = Some(secrets::token());
    let view = views::inbox::full(world, &inbox, true);
    world.content.inboxes.put(inbox);
    Ok(Reply::view(&view).wrote())
}

pub fn delete_avatar(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = managed(world, visit)?.id;
    if let Some(inbox) = world.content.inboxes.get_mut(id) {
        inbox.has_avatar = false;
    }
    Ok(Reply::empty().wrote())
}
