//! Chatwoot's state and how it changes, without a word about HTTP.

pub mod content;
mod deletion;
pub mod emails;
pub mod features;
mod installation;
pub mod jobs;
pub mod locales;
mod memberships;
pub mod passwords;
pub mod rows;
pub mod secrets;

pub use installation::{Edition, Installation};

use content::Content;
use jiff::Timestamp;
use jobs::Jobs;
use memberships::Memberships;
use rows::{Account, Bot, Kind, Membership, PlatformApp, Role, Status, User};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Ids are handed out upwards, one row each, and never again (chatwoot-api §9.2).
#[derive(Clone, Debug, Default)]
pub struct Sequence(i64);

impl Sequence {
    pub fn next(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// The whole database.
#[derive(Clone, Debug)]
pub struct World {
    pub installation: Installation,
    pub accounts: BTreeMap<i64, Account>,
    pub users: BTreeMap<i64, User>,
    pub memberships: Memberships,
    pub bots: BTreeMap<i64, Bot>,
    pub apps: BTreeMap<i64, PlatformApp>,
    /// `platform_app_permissibles`; rows may outlive what they point to (P2).
    pub permissions: BTreeSet<(i64, Kind, i64)>,
    /// (account, user); outlives a membership until its job has run (P5).
    pub notification_settings: BTreeSet<(i64, i64)>,
    /// (account, user, team).
    pub team_members: BTreeSet<(i64, i64, i64)>,
    pub content: Content,
    /// Tokens of people whose row is gone, until a job takes them too.
    pub orphan_tokens: BTreeMap<i64, String>,
    pub jobs: Jobs,
    pub account_ids: Sequence,
    pub user_ids: Sequence,
    pub membership_ids: Sequence,
    pub bot_ids: Sequence,
    pub app_ids: Sequence,
    user_by_email: HashMap<String, i64>,
    /// A backup of all this.
    dump: Option<Box<World>>,
}

/// A membership was stored, but Chatwoot failed right after it (P5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleNotificationSettings;

impl World {
    pub fn new(installation: Installation) -> Self {
        World {
            installation,
            accounts: BTreeMap::new(),
            users: BTreeMap::new(),
            memberships: Memberships::default(),
            bots: BTreeMap::new(),
            apps: BTreeMap::new(),
            permissions: BTreeSet::new(),
            notification_settings: BTreeSet::new(),
            team_members: BTreeSet::new(),
            content: Content::default(),
            orphan_tokens: BTreeMap::new(),
            jobs: Jobs::default(),
            account_ids: Sequence::default(),
            user_ids: Sequence::default(),
            membership_ids: Sequence::default(),
            bot_ids: Sequence::default(),
            app_ids: Sequence::default(),
            user_by_email: HashMap::new(),
            dump: None,
        }
    }

    /// Backs the database up; only the last backup is kept.
    pub fn dump(&mut self) {
        self.dump = None;
        self.dump = Some(Box::new(self.clone()));
    }

    /// Sets the database back to its backup, which stays good: rows, permissions, and the ids that will be given next.
    /// False where there is none.
    pub fn set_back(&mut self) -> bool {
        let Some(dump) = self.dump.take() else { return false };
        *self = World::clone(&dump);
        self.dump = Some(dump);
        true
    }

    pub fn add_app(&mut self, token: String) -> i64 {
        let id = self.app_ids.next();
        self.apps.insert(id, PlatformApp { id, token });
        id
    }

    /// The caller a token belongs to. Tokens of people and bots are no callers here.
    pub fn app_of(&self, token: &str) -> Option<i64> {
        self.apps.values().find(|app| app.token == token).map(|app| app.id)
    }

    /// The person a token belongs to.
    pub fn user_of(&self, token: &str) -> Option<&User> {
        self.users.values().find(|user| user.access_token.as_deref() == Some(token))
    }

    /// The bot a token belongs to.
    pub fn bot_with(&self, token: &str) -> Option<&Bot> {
        self.bots.values().find(|bot| bot.access_token.as_deref() == Some(token))
    }

    pub fn permit(&mut self, app: i64, kind: Kind, id: i64) {
        self.permissions.insert((app, kind, id));
    }

    pub fn permitted(&self, app: i64, kind: Kind, id: i64) -> bool {
        self.permissions.contains(&(app, kind, id))
    }

    /// Ids of one kind that this caller may touch, existing or not.
    pub fn permitted_ids(&self, app: i64, kind: Kind) -> impl Iterator<Item = i64> + '_ {
        self.permissions.range((app, kind, i64::MIN)..=(app, kind, i64::MAX)).map(|(_, _, id)| *id)
    }

    /// An account as Chatwoot makes it when only a name is given.
    pub fn blank_account(&self, name: String) -> Account {
        Account {
            id: 0,
            name,
            locale: Some(locales::DEFAULT),
            domain: None,
            support_email: None,
            features: self.installation.new_account_features(),
            limits: Value::Object(Map::new()),
            custom_attributes: Map::new(),
            settings: Map::new(),
            status: Some(Status::Active),
            created_at: Timestamp::now(),
        }
    }

    pub fn insert_account(&mut self, account: Account) -> i64 {
        let id = self.account_ids.next();
        self.accounts.insert(id, Account { id, ..account });
        id
    }

    /// A person as Chatwoot makes them; the address has to be normalized and free.
    pub fn blank_user(name: String, email: String) -> User {
        User {
            id: 0,
            name,
            display_name: None,
            email,
            password: None,
            password_writes: 0,
            custom_attributes: Map::new(),
            confirmed: true,
            access_token: Some(secrets::token()),
            pubsub_token: secrets::token(),
            avatar_url: String::new(),
            sso_tokens: Vec::new(),
        }
    }

    pub fn insert_user(&mut self, user: User) -> i64 {
        let id = self.user_ids.next();
        self.put_user(User { id, ..user });
        id
    }

    /// Writes a person back, following a changed address.
    pub fn put_user(&mut self, user: User) {
        if let Some(old) = self.users.get(&user.id)
            && old.email != user.email
        {
            self.user_by_email.remove(&old.email);
        }
        self.user_by_email.insert(user.email.clone(), user.id);
        self.users.insert(user.id, user);
    }

    /// The row of a person goes; their memberships stay.
    pub fn remove_user_row(&mut self, id: i64) -> Option<User> {
        let user = self.users.remove(&id)?;
        self.user_by_email.remove(&user.email);
        Some(user)
    }

    pub fn user_by_email(&self, email: &str) -> Option<i64> {
        self.user_by_email.get(email).copied()
    }

    /// Adds a member who is not one yet.
    ///
    /// # Errors
    /// [`StaleNotificationSettings`] where the clean-up of an earlier membership has not run: the row is stored all
    /// the same (P5).
    pub fn add_member(
        &mut self,
        account: i64,
        user: i64,
        role: Option<Role>,
        now: Timestamp,
    ) -> Result<(), StaleNotificationSettings> {
        let id = self.membership_ids.next();
        self.memberships.insert(Membership {
            id,
            account,
            user,
            role,
            created_at: now,
            updated_at: now,
            active_at: None,
            availability: "online",
            auto_offline: true,
        });
        if self.notification_settings.insert((account, user)) {
            Ok(())
        } else {
            Err(StaleNotificationSettings)
        }
    }

    pub fn insert_bot(&mut self, bot: Bot) -> i64 {
        let id = self.bot_ids.next();
        self.bots.insert(id, Bot { id, ..bot });
        id
    }

    /// The bot goes; since 4.14.0 its permission rows go too (P31).
    pub fn remove_bot(&mut self, id: i64) {
        self.bots.remove(&id);
        for inbox in self.content.inboxes.all_mut().filter(|inbox| inbox.bot == Some(id)) {
            inbox.bot = None;
        }
        if self.installation.since(4, 14, 0) {
            self.permissions.retain(|(_, kind, object)| (*kind, *object) != (Kind::AgentBot, id));
        }
    }

    /// Permission rows whose object is gone.
    pub fn orphan_permissions(&self) -> impl Iterator<Item = (i64, Kind, i64)> + '_ {
        self.permissions.iter().copied().filter(|(_, kind, id)| match kind {
            Kind::Account => !self.accounts.contains_key(id),
            Kind::User => !self.users.contains_key(id),
            Kind::AgentBot => !self.bots.contains_key(id),
        })
    }
}
