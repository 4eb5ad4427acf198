//! What people and jobs do to Chatwoot behind the operator's back.

mod accounts;
mod installation;
mod people;
mod permissions;

use crate::{
    Version,
    front::Front,
    model::{
        Edition, World,
        jobs::JobKind,
        rows::{Kind, Role},
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How attributes are edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Keys given are set, the others stay.
    Merge,
    /// Only the keys given remain.
    Replace,
    /// Nothing remains.
    Wipe,
}

/// When a deletion happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Row and everything around it, at once.
    #[default]
    Now,
    /// By a job, in its phases, as the API does it.
    Queued,
}

/// How a member is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// The membership only, as the Platform API does it.
    #[default]
    Plain,
    /// As the settings page does it: somebody left without any account is deleted (P30).
    Ui,
}

/// One thing that happens. As JSON: `{"act": "rename_account", "account": 1, "name": "New"}`.
/// `app` is a Platform App's id; without it the oldest one is meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    RenameAccount {
        account: i64,
        name: String,
    },
    EditAccount(EditAccount),
    EditAccountAttributes {
        account: i64,
        how: How,
        #[serde(default)]
        attributes: Map<String, Value>,
    },
    /// Answers the id. Permitted to nobody unless `app` names one.
    CreateAccount {
        name: String,
        #[serde(default)]
        attributes: Map<String, Value>,
        #[serde(default)]
        app: Option<i64>,
    },
    DeleteAccount {
        account: i64,
        #[serde(default)]
        when: When,
    },
    /// Makes `count` accounts, permitted to `app`, each with about `attribute_bytes` of custom attributes.
    GrowAccounts {
        count: usize,
        #[serde(default)]
        attribute_bytes: usize,
        #[serde(default)]
        app: Option<i64>,
    },
    RenameUser {
        user: i64,
        name: String,
    },
    EditUser(EditUser),
    EditUserAttributes {
        user: i64,
        how: How,
        #[serde(default)]
        attributes: Map<String, Value>,
    },
    /// Answers the id. Permitted to nobody unless `app` names one.
    CreateUser {
        name: String,
        email: String,
        #[serde(default)]
        attributes: Map<String, Value>,
        #[serde(default)]
        app: Option<i64>,
    },
    DeleteUser {
        user: i64,
        #[serde(default)]
        when: When,
    },
    AddMember {
        account: i64,
        user: i64,
        #[serde(default)]
        role: Option<Role>,
    },
    RemoveMember {
        account: i64,
        user: i64,
        #[serde(default)]
        way: Removal,
    },
    /// Without a role the column becomes NULL (P18).
    ChangeRole {
        account: i64,
        user: i64,
        #[serde(default)]
        role: Option<Role>,
    },
    JoinTeam {
        account: i64,
        user: i64,
        team: i64,
    },
    /// The person opens an account, which makes it their current one.
    OpenAccount {
        account: i64,
        user: i64,
    },
    /// The person's own reset (P23). Answers the new token.
    ResetAccessToken {
        user: i64,
    },
    /// The row behind the token goes: every view of the person is a 500 until it is reset.
    DropAccessToken {
        user: i64,
    },
    Permit {
        kind: Kind,
        id: i64,
        #[serde(default)]
        app: Option<i64>,
    },
    Revoke {
        kind: Kind,
        id: i64,
        #[serde(default)]
        app: Option<i64>,
    },
    /// Answers the new token; the old one is dead at once.
    RotateToken {
        #[serde(default)]
        app: Option<i64>,
        #[serde(default)]
        token: Option<String>,
    },
    /// A second Platform App, which sees nothing of the first. Answers id and token.
    AddApp {
        #[serde(default)]
        token: Option<String>,
    },
    /// A new Platform App instead of the old one, without its permissions. Answers id and token.
    ReplaceApp {
        #[serde(default)]
        app: Option<i64>,
        #[serde(default)]
        token: Option<String>,
    },
    /// Leaves a permission row without its account: the index is a 500 from now on (P2).
    BreakIndex {
        #[serde(default)]
        app: Option<i64>,
    },
    /// Removes permission rows whose object is gone. Answers how many.
    RepairIndex,
    /// Backs the database up, in place of an earlier backup.
    Dump,
    /// Sets the database back to the backup: ids that were given since will be given again.
    SetBack,
    /// Keeps jobs waiting, all kinds or those given.
    HoldJobs {
        #[serde(default)]
        kinds: Vec<JobKind>,
    },
    ReleaseJobs {
        #[serde(default)]
        kinds: Vec<JobKind>,
    },
    /// Runs waiting jobs now, held or not; those they enqueue wait again. Answers how many ran.
    RunJobs {
        #[serde(default)]
        kinds: Vec<JobKind>,
    },
    /// Gives waiting jobs up, as Sidekiq does after its retries (P28). Answers how many.
    DropJobs {
        #[serde(default)]
        kinds: Vec<JobKind>,
    },
    SetJobDelay {
        ms: u64,
    },
    /// The nightly job of a community installation with an EE image (P33). Answers how many accounts it changed.
    PremiumReset,
    /// The nightly job that obeys `marked_for_deletion_at` (P13). Answers how many accounts went.
    DeleteMarkedAccounts,
    /// Another release starts; the database stays.
    SetVersion {
        version: Version,
    },
    SetEdition {
        edition: Edition,
    },
    /// Flags of accounts made from now on; without a list those of the release (P34).
    SetDefaultFeatures {
        #[serde(default)]
        features: Option<Vec<String>>,
    },
    /// Users the licence allows (P37); without a number any.
    SetUserCap {
        #[serde(default)]
        users: Option<usize>,
    },
    SetEmailChannelMigration {
        enabled: bool,
    },
    SetServices {
        redis: bool,
        postgres: bool,
    },
    /// 0 switches the throttle off.
    SetThrottle {
        requests_per_minute: u32,
    },
    SetDown {
        down: bool,
    },
    SetForceSsl {
        force_ssl: bool,
    },
    SetLatency {
        ms: u64,
    },
}

/// Fields left out stay as they are; `""` stands for NULL in `locale`, `status`, `domain` and `support_email`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditAccount {
    pub account: i64,
    pub name: Option<String>,
    pub locale: Option<String>,
    pub status: Option<String>,
    pub domain: Option<String>,
    pub support_email: Option<String>,
    /// A delta, as in the API.
    pub features: BTreeMap<String, bool>,
    /// Replaces; a string such as `"null"` is stored as NULL (P15).
    pub limits: Option<Value>,
}

/// Fields left out stay as they are; `""` stands for NULL in `display_name`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditUser {
    pub user: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub password: Option<String>,
    pub avatar_url: Option<String>,
    pub confirmed: Option<bool>,
}

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
    use {accounts as a, installation as i, people as p, permissions as m};
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
