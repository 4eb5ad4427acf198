//! Chatwoot's Platform API.

mod account_users;
mod accounts;
mod agent_bots;
mod email_channel_migrations;
mod enums;
pub mod routes;
mod users;
pub mod views;

use crate::{
    model::{World, rows::Kind},
    params::{Params, integer_prefix},
    probe,
    reply::{Refusal, Reply},
};
use jiff::Timestamp;
use routes::Action;

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

/// Serves one request of this API, and the two probes.
pub fn serve(
    world: &mut World,
    action: Action,
    token: Option<&str>,
    id: &str,
    params: &Params,
    now: Timestamp,
) -> Result<Reply, Refusal> {
    match action {
        Action::Probe => return Ok(probe::version(world, now)),
        Action::Health => return Ok(probe::health()),
        _ => {}
    }
    let app = token.and_then(|token| world.app_of(token)).ok_or(Refusal::InvalidToken)?;
    let visit = Visit { app, id, params, now };
    match action {
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
