//! Everything that can happen behind the operator's back, as tests write it.

use crate::{
    Version,
    model::{
        Edition,
        content::rows::{ChannelKind, ConversationStatus},
        jobs::JobKind,
        rows::{Kind, Role},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Which table a record of settings is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Team,
    Label,
    Webhook,
    CannedResponse,
    AttributeDefinition,
    AutomationRule,
}

/// Fields left out stay as they are; `""` stands for NULL in `email`, `phone_number` and `identifier`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditContact {
    pub contact: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub identifier: Option<String>,
    pub blocked: Option<bool>,
    /// Sits in front of the widget.
    pub online: Option<bool>,
    pub labels: Option<Vec<String>>,
    /// Replaces.
    pub custom_attributes: Option<Map<String, Value>>,
}

/// Fields left out stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EditConversation {
    pub account: i64,
    /// Its display id.
    pub conversation: i64,
    pub status: Option<ConversationStatus>,
    /// 0 takes the present one away.
    pub assignee: Option<i64>,
    pub team: Option<i64>,
    pub labels: Option<Vec<String>>,
    pub custom_attributes: Option<Map<String, Value>>,
}

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
    /// Answers the id. `fields` may be of the inbox or of its channel; nothing is validated.
    CreateInbox {
        account: i64,
        name: String,
        channel: ChannelKind,
        #[serde(default)]
        fields: Map<String, Value>,
    },
    /// Fields of the inbox or of its channel; nothing is validated.
    EditInbox {
        inbox: i64,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        fields: Map<String, Value>,
    },
    DeleteInbox {
        inbox: i64,
        #[serde(default)]
        when: When,
    },
    JoinInbox {
        inbox: i64,
        user: i64,
    },
    LeaveInbox {
        inbox: i64,
        user: i64,
    },
    /// Without a bot, the one that is attached goes.
    AttachBot {
        inbox: i64,
        #[serde(default)]
        bot: Option<i64>,
    },
    LeaveTeam {
        account: i64,
        user: i64,
        team: i64,
    },
    /// A team, label, webhook or the like, with its columns as they are stored. Answers the id.
    CreateRecord {
        account: i64,
        kind: RecordKind,
        #[serde(default)]
        fields: Map<String, Value>,
    },
    EditRecord {
        kind: RecordKind,
        id: i64,
        fields: Map<String, Value>,
    },
    DeleteRecord {
        kind: RecordKind,
        id: i64,
    },
    /// Without an account, for the whole installation. Answers id and token.
    CreateBot {
        #[serde(default)]
        account: Option<i64>,
        name: String,
        #[serde(default)]
        outgoing_url: Option<String>,
    },
    EditBot {
        bot: i64,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        outgoing_url: Option<String>,
    },
    DeleteBot {
        bot: i64,
    },
    /// Answers the new token.
    ResetBotToken {
        bot: i64,
    },
    /// Makes `count` contacts `Grown 1`, `Grown 2` …, with addresses, and with sessions where an inbox is named.
    GrowContacts {
        account: i64,
        count: usize,
        #[serde(default)]
        inbox: Option<i64>,
    },
    /// Answers the id. Nothing is validated.
    CreateContact {
        account: i64,
        name: String,
        #[serde(default)]
        email: Option<String>,
        #[serde(default)]
        identifier: Option<String>,
    },
    EditContact(EditContact),
    DeleteContact {
        contact: i64,
        #[serde(default)]
        when: When,
    },
    /// A customer writes; session and conversation are made where they are missing, and the last conversation goes on
    /// unless it is resolved. Answers the conversation's display id, and the source id as token.
    CustomerWrites {
        inbox: i64,
        #[serde(default)]
        source_id: Option<String>,
        content: String,
    },
    /// A customer fills in the form of a web widget before a chat, and begins one. What the widget does not hand on is lost;
    /// a list must offer the answer. Answers the conversation's display id, and the source id as token.
    FillForm {
        inbox: i64,
        answers: Map<String, Value>,
    },
    /// A person of the account answers in the conversation with this display id. Answers the message's id.
    AgentWrites {
        account: i64,
        conversation: i64,
        user: i64,
        content: String,
        #[serde(default)]
        private: bool,
    },
    EditConversation(EditConversation),
    EditAccountSettings {
        account: i64,
        how: How,
        #[serde(default)]
        settings: Map<String, Value>,
    },
    /// Whether the mail servers of inboxes answer when they are tested.
    SetMailServers {
        ok: bool,
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
