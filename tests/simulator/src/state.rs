//! The whole state as `GET /_simulator/state` shows it, secrets included.

use crate::model::{
    Edition, World,
    content::rows::{Contact, ContactInbox, Conversation, Inbox, Message, Record},
    features,
    jobs::JobKind,
    rows::{self, Kind, Role, Status},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub version: String,
    pub edition: Edition,
    pub accounts: Vec<Account>,
    pub users: Vec<User>,
    pub memberships: Vec<Membership>,
    pub bots: Vec<Bot>,
    pub apps: Vec<App>,
    pub permissions: Vec<Permission>,
    pub teams: Vec<TeamMember>,
    /// What tenants have made.
    pub content: Content,
    /// Work that has been asked for and not been done.
    pub jobs: Vec<Job>,
    /// Kinds of work that are held back.
    pub held: Vec<JobKind>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub inboxes: Vec<Inbox>,
    pub inbox_members: Vec<InboxMember>,
    pub contacts: Vec<Contact>,
    pub contact_inboxes: Vec<ContactInbox>,
    pub conversations: Vec<Conversation>,
    pub messages: Vec<Message>,
    pub teams: Vec<Record>,
    pub labels: Vec<Record>,
    pub webhooks: Vec<Record>,
    pub canned_responses: Vec<Record>,
    pub attribute_definitions: Vec<Record>,
    pub automation_rules: Vec<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMember {
    pub inbox: i64,
    pub user: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub id: i64,
    pub name: String,
    pub locale: Option<String>,
    pub domain: Option<String>,
    /// What is stored, without the fallback the API shows (P11).
    pub support_email: Option<String>,
    pub status: Option<Status>,
    /// The flags that are on.
    pub features: Vec<String>,
    pub limits: Value,
    pub custom_attributes: Map<String, Value>,
    pub settings: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub display_name: Option<String>,
    pub email: String,
    pub password: Option<String>,
    /// How often a password was written: 1 after the create.
    pub password_writes: u32,
    pub custom_attributes: Map<String, Value>,
    pub access_token: Option<String>,
    pub pubsub_token: String,
    /// Links that were handed out and are still good.
    pub sso_tokens: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    pub id: i64,
    pub account: i64,
    pub user: i64,
    pub role: Option<Role>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bot {
    pub id: i64,
    pub name: Option<String>,
    pub description: Option<String>,
    pub outgoing_url: Option<String>,
    pub account: Option<i64>,
    pub has_avatar: bool,
    pub access_token: Option<String>,
    pub secret: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct App {
    pub id: i64,
    pub token: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permission {
    pub app: i64,
    pub kind: Kind,
    pub id: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TeamMember {
    pub account: i64,
    pub user: i64,
    pub team: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: u64,
    pub kind: JobKind,
    pub account: Option<i64>,
    pub user: Option<i64>,
    /// An inbox, contact or conversation, by its row's id.
    #[serde(default)]
    pub object: Option<i64>,
    pub due: Timestamp,
}

impl State {
    pub fn of(world: &World, now: Timestamp) -> Self {
        let version = world.installation.version;
        State {
            version: version.to_string(),
            edition: world.installation.edition,
            accounts: world.accounts.values().map(|account| Account::of(account, world)).collect(),
            users: world.users.values().map(|user| User::of(user, now)).collect(),
            memberships: world.memberships.all().map(Membership::of).collect(),
            bots: world.bots.values().map(Bot::of).collect(),
            apps: world.apps.values().map(|app| App { id: app.id, token: app.token.clone() }).collect(),
            permissions: world
                .permissions
                .iter()
                .map(|(app, kind, id)| Permission { app: *app, kind: *kind, id: *id })
                .collect(),
            teams: world
                .team_members
                .iter()
                .map(|(account, user, team)| TeamMember { account: *account, user: *user, team: *team })
                .collect(),
            content: Content::of(world),
            jobs: world.jobs.waiting().iter().map(Job::of).collect(),
            held: world.jobs.held().collect(),
        }
    }

    pub fn account(&self, id: i64) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn membership(&self, account: i64, user: i64) -> Option<&Membership> {
        self.memberships.iter().find(|row| (row.account, row.user) == (account, user))
    }
}

impl State {
    /// Every token and secret that the tenants' APIs know, to be searched for where none may be; those in the paths of
    /// the Client API, and in the pages of websites, are among them.
    pub fn secrets(&self) -> Vec<&str> {
        let users =
            self.users.iter().flat_map(|user| [user.access_token.as_deref(), Some(&user.pubsub_token)]);
        let bots = self.bots.iter().flat_map(|bot| [bot.access_token.as_deref(), Some(&bot.secret)]);
        let inboxes = self.content.inboxes.iter().flat_map(|inbox| {
            let password = |key: &str| inbox.channel.get(key).and_then(Value::as_str);
            [
                inbox.identifier.as_deref(),
                inbox.website_token.as_deref(),
                inbox.hmac_token.as_deref(),
                inbox.secret.as_deref(),
                password("imap_password"),
                password("smtp_password"),
            ]
        });
        let sessions = self.content.contact_inboxes.iter().flat_map(|session| {
            // A source id that a client chose may be any word.
            let generated = (session.source_id.len() == 36).then_some(session.source_id.as_str());
            [Some(session.pubsub_token.as_str()), generated]
        });
        let webhooks = self.content.webhooks.iter().map(|webhook| webhook.text("secret"));
        let all = users.chain(bots).chain(inboxes).chain(sessions).chain(webhooks);
        all.flatten().filter(|secret| !secret.is_empty()).collect()
    }
}

impl Content {
    fn of(world: &World) -> Self {
        let content = &world.content;
        let members = content.inbox_members.iter();
        Content {
            inboxes: content.inboxes.all().cloned().collect(),
            inbox_members: members.map(|(inbox, user)| InboxMember { inbox: *inbox, user: *user }).collect(),
            contacts: content.contacts.all().cloned().collect(),
            contact_inboxes: content.contact_inboxes.all().cloned().collect(),
            conversations: content.conversations.all().cloned().collect(),
            messages: content.messages.all().cloned().collect(),
            teams: content.teams.all().cloned().collect(),
            labels: content.labels.all().cloned().collect(),
            webhooks: content.webhooks.all().cloned().collect(),
            canned_responses: content.canned_responses.all().cloned().collect(),
            attribute_definitions: content.attribute_definitions.all().cloned().collect(),
            automation_rules: content.automation_rules.all().cloned().collect(),
        }
    }
}

impl Account {
    fn of(row: &rows::Account, world: &World) -> Self {
        Account {
            id: row.id,
            name: row.name.clone(),
            locale: row.locale_code().map(str::to_owned),
            domain: row.domain.clone(),
            support_email: row.support_email.clone(),
            status: row.status,
            features: features::names(row.features, world.installation.version).map(str::to_owned).collect(),
            limits: row.limits.clone(),
            custom_attributes: row.custom_attributes.clone(),
            settings: row.settings.clone(),
        }
    }
}

impl User {
    fn of(row: &rows::User, now: Timestamp) -> Self {
        let good = row.sso_tokens.iter().filter(|sso| sso.until > now);
        User {
            id: row.id,
            name: row.name.clone(),
            display_name: row.display_name.clone(),
            email: row.email.clone(),
            password: row.password.clone(),
            password_writes: row.password_writes,
            custom_attributes: row.custom_attributes.clone(),
            access_token: row.access_token.clone(),
            pubsub_token: row.pubsub_token.clone(),
            sso_tokens: good.map(|sso| sso.token.clone()).collect(),
        }
    }
}

impl Membership {
    fn of(row: &rows::Membership) -> Self {
        Membership { id: row.id, account: row.account, user: row.user, role: row.role }
    }
}

impl Bot {
    fn of(row: &rows::Bot) -> Self {
        Bot {
            id: row.id,
            name: row.name.clone(),
            description: row.description.clone(),
            outgoing_url: row.outgoing_url.clone(),
            account: row.account,
            has_avatar: row.has_avatar,
            access_token: row.access_token.clone(),
            secret: row.secret.clone(),
        }
    }
}

impl Job {
    fn of(row: &crate::model::jobs::Job) -> Self {
        let work = row.work;
        Job {
            id: row.id,
            kind: work.kind,
            account: work.account,
            user: work.user,
            object: work.object,
            due: row.due,
        }
    }
}
