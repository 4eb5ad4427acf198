//! Chatwoot's Platform API: a request in, a reply out, the world changed in between. No network here.

mod account_users;
mod accounts;
mod agent_bots;
mod email_channel_migrations;
mod enums;
mod probe;
pub mod reply;
pub mod routes;
mod users;
pub mod views;

use crate::{
    model::{World, rows::Kind},
    params::{Params, integer_prefix},
};
use bytes::Bytes;
use jiff::Timestamp;
use reply::{Refusal, Reply};
use routes::{Action, Found};

/// What of a request the application looks at.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub token: Option<String>,
    pub accept: Option<String>,
    pub content_type: Option<String>,
    pub body: Bytes,
}

/// A request that has passed the door: who asks, for what, with which parameters.
pub struct Visit<'a> {
    pub app: i64,
    pub id: &'a str,
    pub params: &'a Params,
    pub now: Timestamp,
}

impl Visit<'_> {
    /// Checks existence, then permission: a foreign id is told apart from a missing one (chatwoot-api §1.1).
    pub fn subject(&self, world: &World, kind: Kind) -> Result<i64, Refusal> {
        let id = integer_prefix(self.id).ok_or(Refusal::NotFound)?;
        let exists = match kind {
            Kind::Account => world.accounts.contains_key(&id),
            Kind::User => world.users.contains_key(&id),
            Kind::AgentBot => world.bots.contains_key(&id),
        };
        if !exists {
            return Err(Refusal::NotFound);
        }
        if !world.permitted(self.app, kind, id) {
            return Err(Refusal::NotPermissible);
        }
        Ok(id)
    }
}

/// Serves one request.
pub fn answer(world: &mut World, call: &Call, found: Option<&Found>, now: Timestamp) -> Reply {
    let accept = call.accept.as_deref();
    match serve(world, call, found, now) {
        Ok(reply) => match found.and_then(|found| found.format.as_deref()) {
            Some(format) if format != "json" && !reply.body.is_empty() => {
                Reply { wrote: reply.wrote, ..Refusal::NotAcceptable.reply(accept) }
            }
            _ => reply,
        },
        Err(refusal) => refusal.reply(accept),
    }
}

fn serve(world: &mut World, call: &Call, found: Option<&Found>, now: Timestamp) -> Result<Reply, Refusal> {
    let found = found.ok_or(Refusal::NotRouted)?;
    let params = Params::read(call.query.as_deref(), call.content_type.as_deref(), &call.body)
        .map_err(|_malformed| Refusal::Malformed)?;
    match found.route.action {
        Action::Probe => return Ok(probe::version(world, now)),
        Action::Health => return Ok(probe::health()),
        _ => {}
    }
    let app = call.token.as_deref().and_then(|token| world.app_of(token)).ok_or(Refusal::InvalidToken)?;
    let visit = Visit { app, id: &found.id, params: &params, now };
    match found.route.action {
        Action::ListAccounts => accounts::list(world, &visit),
        Action::CreateAccount => accounts::create(world, &visit),
        Action::ShowAccount => accounts::show(world, &visit),
        Action::UpdateAccount => accounts::update(world, &visit),
        Action::DeleteAccount => accounts::delete(world, &visit),
        Action::ListMembers => account_users::list(world, &visit),
        Action::SaveMember => account_users::save(world, &visit),
        Action::RemoveMember => account_users::remove(world, &visit),
        Action::MigrateEmailChannels => email_channel_migrations::create(world, &visit),
        Action::SaveUser => users::save(world, &visit),
        Action::ShowUser => users::show(world, &visit),
        Action::UpdateUser => users::update(world, &visit),
        Action::DeleteUser => users::delete(world, &visit),
        Action::Login => users::login(world, &visit),
        Action::Token => users::token(world, &visit),
        Action::ListBots => agent_bots::list(world, &visit),
        Action::CreateBot => agent_bots::create(world, &visit),
        Action::ShowBot => agent_bots::show(world, &visit),
        Action::UpdateBot => agent_bots::update(world, &visit),
        Action::DeleteBot => agent_bots::delete(world, &visit),
        Action::DeleteBotAvatar => agent_bots::delete_avatar(world, &visit),
        Action::Probe | Action::Health => Err(Refusal::NotRouted),
    }
}
