//! Chatwoot's Application API: what members of an account do in it (chatwoot-api §3).

mod account;
mod agent_bots;
mod agents;
mod automation_rules;
mod canned_responses;
mod contacts;
pub mod conversations;
mod custom_attributes;
mod filters;
mod inbox_members;
mod inboxes;
mod labels;
mod paging;
mod profile;
pub mod routes;
mod team_members;
mod teams;
mod texts;
pub mod views;
mod webhooks;

use crate::{
    Version,
    behind::RecordKind,
    model::{
        World,
        content::{
            columns::{Fields, Unstorable, blank},
            rows::Inbox,
        },
        rows::{Role, Status, User},
        secrets,
    },
    params::{Params, Unwrapped, integer_prefix},
    reply::{Errors, Refusal, Reply},
    routes::Found,
};
use jiff::Timestamp;
use routes::Action;

/// Whose token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    User(i64),
    Bot(i64),
}

/// A request that has passed the door.
pub struct Visit<'a> {
    pub caller: Caller,
    /// 0 where the path names none.
    pub account: i64,
    pub found: &'a Found,
    pub params: &'a Params,
    pub now: Timestamp,
}

/// A record that is not there, or not the account's; other words than the Platform API's.
pub fn missing() -> Refusal {
    Refusal::Said(404, "Resource could not be found".into())
}

/// What a policy says, with 401 and not 403.
pub fn unauthorized() -> Refusal {
    Refusal::Said(401, "You are not authorized to do this action".into())
}

/// The columns of a record that nobody has filled in, with the secret of one that has a secret.
pub fn blank_record(kind: RecordKind) -> Fields {
    match kind {
        RecordKind::Team => blank(teams::COLUMNS),
        RecordKind::Label => blank(labels::COLUMNS),
        RecordKind::CannedResponse => blank(canned_responses::COLUMNS),
        RecordKind::AttributeDefinition => blank(custom_attributes::COLUMNS),
        RecordKind::AutomationRule => blank(automation_rules::COLUMNS),
        RecordKind::Webhook => {
            let mut fields = blank(webhooks::COLUMNS);
            fields.insert("secret".into(), secrets::token().into());
            fields
        }
    }
}

impl From<Unstorable> for Refusal {
    fn from(_: Unstorable) -> Self {
        Refusal::CRASH
    }
}

impl From<Vec<(&'static str, String)>> for Errors {
    fn from(said: Vec<(&'static str, String)>) -> Self {
        let mut errors = Errors::default();
        said.into_iter().for_each(|(attribute, message)| errors.add(attribute, message));
        errors
    }
}

impl Visit<'_> {
    /// The id a segment of the path stands for.
    pub fn id(&self, segment: &str) -> Result<i64, Refusal> {
        integer_prefix(self.found.segment(segment)).ok_or_else(missing)
    }

    pub fn user(&self) -> Option<i64> {
        match self.caller {
            Caller::User(user) => Some(user),
            Caller::Bot(_) => None,
        }
    }

    pub fn is_administrator(&self, world: &World) -> bool {
        self.role(world) == Some(Role::Administrator)
    }

    pub fn role(&self, world: &World) -> Option<Role> {
        self.user().and_then(|user| world.memberships.get(self.account, user)).and_then(|row| row.role)
    }

    /// Refuses everybody else.
    pub fn administrator(&self, world: &World) -> Result<(), Refusal> {
        if self.is_administrator(world) { Ok(()) } else { Err(unauthorized()) }
    }

    /// Whether the caller may look into an inbox. Bots reach all inboxes of an account that they reach.
    pub fn enters(&self, world: &World, inbox: i64) -> bool {
        match self.caller {
            Caller::User(user) => world.may_enter(self.account, user, inbox),
            Caller::Bot(_) => world.content.inboxes.find(self.account, inbox).is_some(),
        }
    }

    /// An inbox of the account, for whom its policy shows it.
    pub fn inbox<'w>(&self, world: &'w World, id: i64) -> Result<&'w Inbox, Refusal> {
        let inbox = world.content.inboxes.find(self.account, id).ok_or_else(missing)?;
        if self.enters(world, id) { Ok(inbox) } else { Err(unauthorized()) }
    }

    /// The wrapper key a controller requires.
    pub fn wrapped<'a>(&self, key: &str, fields: impl Iterator<Item = &'a str>) -> Result<Params, Refusal> {
        self.params.wrapped(key, fields).map_err(|reason| match reason {
            Unwrapped::Missing => {
                Refusal::Said(422, format!("param is missing or the value is empty: {key}"))
            }
            Unwrapped::NoObject => Refusal::CRASH,
        })
    }
}

/// Serves one request: token, account, membership, in this order (chatwoot-api §3.1); policies come after.
pub fn serve(
    world: &mut World,
    action: Action,
    token: Option<&str>,
    found: &Found,
    params: &Params,
    now: Timestamp,
) -> Result<Reply, Refusal> {
    let caller = caller(world, token.ok_or(Refusal::NotSignedIn)?, action.bots)?;
    let account = match found.segment("account_id") {
        "" => 0,
        id => entered(world, caller, id)?,
    };
    (action.handle)(world, &Visit { caller, account, found, params, now })
}

fn caller(world: &World, token: &str, bots_since: Option<Version>) -> Result<Caller, Refusal> {
    if let Some(User { id, .. }) = world.user_of(token) {
        return Ok(Caller::User(*id));
    }
    let for_people = || Refusal::Said(401, "Access to this endpoint is not authorized for bots".into());
    match world.bot_with(token) {
        Some(bot) if bots_since.is_some_and(|since| world.installation.version >= since) => {
            Ok(Caller::Bot(bot.id))
        }
        Some(_) => Err(for_people()),
        // The token of a Platform App, or of somebody who is gone, is known and never fits.
        None if world.app_of(token).is_some() || world.orphan_tokens.values().any(|old| old == token) => {
            Err(for_people())
        }
        None => Err(Refusal::Said(401, "Invalid Access Token".into())),
    }
}

/// The account of the path, for its members only.
fn entered(world: &World, caller: Caller, id: &str) -> Result<i64, Refusal> {
    let id = integer_prefix(id).ok_or_else(missing)?;
    let account = world.accounts.get(&id).ok_or_else(missing)?;
    if account.status != Some(Status::Active) {
        return Err(Refusal::Said(401, "Account is suspended".into()));
    }
    match caller {
        Caller::User(user) if world.memberships.get(id, user).is_some() => Ok(id),
        Caller::User(_) => Err(Refusal::Said(401, "You are not authorized to access this account".into())),
        Caller::Bot(bot) => {
            let own = world.bots.get(&bot).is_some_and(|bot| bot.account == Some(id));
            let attached = world.content.inboxes.of(id).any(|inbox| inbox.bot == Some(bot));
            let refusal = || Refusal::Said(401, "Bot is not authorized to access this account".into());
            if own || attached { Ok(id) } else { Err(refusal()) }
        }
    }
}
