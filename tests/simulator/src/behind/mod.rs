//! What people and jobs do to Chatwoot behind the operator's back.

mod accounts;
mod act;
mod content;
mod customers;
mod installation;
mod people;
mod permissions;

pub use act::{Act, EditAccount, EditContact, EditConversation, EditUser, How, RecordKind, Removal, When};

use crate::{front::Front, model::World};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an act has to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<usize>,
}

impl Done {
    fn id(id: i64) -> Self {
        Done { id: Some(id), ..Done::default() }
    }

    fn token(token: String) -> Self {
        Done { token: Some(token), ..Done::default() }
    }

    fn count(count: usize) -> Self {
        Done { count: Some(count), ..Done::default() }
    }
}

/// Does it.
///
/// # Errors
/// A sentence naming what does not exist or cannot be.
pub fn perform(world: &mut World, front: &mut Front, act: Act, now: Timestamp) -> Result<Done, String> {
    use {accounts as a, content as c, customers as u, installation as i, people as p, permissions as m};
    match act {
        Act::RenameAccount { account, name } => {
            a::edit(world, EditAccount { account, name: Some(name), ..EditAccount::default() })
        }
        Act::EditAccount(edit) => a::edit(world, edit),
        Act::EditAccountAttributes { account, how, attributes } => {
            a::edit_attributes(world, account, how, attributes)
        }
        Act::CreateAccount { name, attributes, app } => a::create(world, name, attributes, app),
        Act::DeleteAccount { account, when } => a::delete(world, account, when, now),
        Act::GrowAccounts { count, attribute_bytes, app } => a::grow(world, count, attribute_bytes, app),
        Act::RenameUser { user, name } => {
            p::edit(world, EditUser { user, name: Some(name), ..EditUser::default() })
        }
        Act::EditUser(edit) => p::edit(world, edit),
        Act::EditUserAttributes { user, how, attributes } => p::edit_attributes(world, user, how, attributes),
        Act::CreateUser { name, email, attributes, app } => p::create(world, name, &email, attributes, app),
        Act::DeleteUser { user, when } => p::delete(world, user, when, now),
        Act::AddMember { account, user, role } => p::add_member(world, account, user, role, now),
        Act::RemoveMember { account, user, way } => p::remove_member(world, account, user, way, now),
        Act::ChangeRole { account, user, role } => p::change_role(world, account, user, role, now),
        Act::JoinTeam { account, user, team } => p::join_team(world, account, user, team),
        Act::EditAccountSettings { account, how, settings } => {
            a::edit_settings(world, account, how, settings)
        }
        Act::CreateInbox { account, name, channel, fields } => {
            c::create_inbox(world, account, name, channel, fields, now)
        }
        Act::EditInbox { inbox, name, fields } => c::edit_inbox(world, inbox, name, fields),
        Act::DeleteInbox { inbox, when } => c::delete_inbox(world, inbox, when, now),
        Act::JoinInbox { inbox, user } => c::join_inbox(world, inbox, user),
        Act::LeaveInbox { inbox, user } => c::leave_inbox(world, inbox, user),
        Act::AttachBot { inbox, bot } => c::attach_bot(world, inbox, bot),
        Act::LeaveTeam { account, user, team } => c::leave_team(world, account, user, team),
        Act::CreateRecord { account, kind, fields } => c::create_record(world, account, kind, fields, now),
        Act::EditRecord { kind, id, fields } => c::edit_record(world, kind, id, fields, now),
        Act::DeleteRecord { kind, id } => c::delete_record(world, kind, id),
        Act::CreateBot { account, name, outgoing_url } => {
            Ok(c::create_bot(world, account, name, outgoing_url))
        }
        Act::EditBot { bot, name, outgoing_url } => c::edit_bot(world, bot, name, outgoing_url),
        Act::DeleteBot { bot } => c::delete_bot(world, bot),
        Act::ResetBotToken { bot } => c::reset_bot_token(world, bot),
        Act::GrowContacts { account, count, inbox } => u::grow(world, account, count, inbox, now),
        Act::CreateContact { account, name, email, identifier } => {
            u::create(world, account, name, email, identifier, now)
        }
        Act::EditContact(edit) => u::edit(world, edit),
        Act::DeleteContact { contact, when } => u::delete(world, contact, when, now),
        Act::CustomerWrites { inbox, source_id, content } => {
            u::customer_writes(world, inbox, source_id, content, now)
        }
        Act::FillForm { inbox, answers } => u::fill_form(world, inbox, &answers, now),
        Act::AgentWrites { account, conversation, user, content, private } => {
            u::agent_writes(world, account, conversation, user, content, private, now)
        }
        Act::EditConversation(edit) => u::edit_conversation(world, edit, now),
        Act::OpenAccount { account, user } => p::open_account(world, account, user, now),
        Act::ResetAccessToken { user } => p::reset_access_token(world, user),
        Act::DropAccessToken { user } => p::drop_access_token(world, user),
        Act::Permit { kind, id, app } => m::permit(world, kind, id, app),
        Act::Revoke { kind, id, app } => m::revoke(world, kind, id, app),
        Act::RotateToken { app, token } => m::rotate(world, app, token),
        Act::AddApp { token } => Ok(m::add_app(world, token)),
        Act::ReplaceApp { app, token } => m::replace_app(world, app, token),
        Act::BreakIndex { app } => m::break_index(world, app),
        Act::RepairIndex => Ok(m::repair_index(world)),
        Act::Dump => Ok(i::dump(world)),
        Act::SetBack => i::set_back(world),
        Act::HoldJobs { kinds } => Ok(i::hold_jobs(world, kinds)),
        Act::ReleaseJobs { kinds } => Ok(i::release_jobs(world, kinds)),
        Act::RunJobs { kinds } => Ok(i::run_jobs(world, kinds, now)),
        Act::DropJobs { kinds } => Ok(i::drop_jobs(world, kinds)),
        Act::SetJobDelay { ms } => i::set_job_delay(world, ms),
        Act::PremiumReset => i::premium_reset(world),
        Act::DeleteMarkedAccounts => Ok(i::delete_marked_accounts(world, now)),
        other => i::configure(world, front, other),
    }
}

/// Edits attributes in place.
fn edit_map(map: &mut Map<String, Value>, how: How, given: Map<String, Value>) {
    if how != How::Merge {
        map.clear();
    }
    if how != How::Wipe {
        map.extend(given);
    }
}
