//! Chatwoot's people, as far as one resource has to do with them, and the journal of what was done to them.

use chatwoot_operator::{
    api::user::UserDeletionPolicy as Policy,
    chatwoot::{
        marker::{self, Installation, Marker, Origin},
        types::{AccountId, Belonging, Map, MemberRole, User, UserId},
    },
};

pub const EMAIL: &str = "alice@acme.example";
/// The account of the declared membership.
pub const ACCOUNT: i64 = 42;
/// Their id, if somebody else has the address.
pub const STRANGER: i64 = 7;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Someone {
    pub id: i64,
    /// Whose marker they carry.
    pub marker: Option<u8>,
    /// The marker says that they were there before.
    pub adopted: bool,
    /// 0 is one that nobody knows.
    pub password: u8,
    /// Counts up with each that is made.
    pub token: u8,
    pub accounts: Vec<i64>,
}

/// A request that is carried out later, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    Post { uid: u8, password: u8 },
    Join { account: i64, user: i64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Around {
    pub people: Vec<Someone>,
    /// Sorted.
    pub late: Vec<Request>,
    /// Value in the Secret of the spec's password.
    pub secret: u8,
    /// In the credentials Secret: the token, and the rotation noted beside it.
    pub published: Option<(u8, Option<u8>)>,
    /// Uid of the next resource of this name.
    pub lives: u8,
    // The journal.
    /// Memberships that were made for the resource, of people who were no members before.
    pub made: Vec<i64>,
    /// An id of somebody our request made was stored.
    pub recorded: bool,
    /// An event said that somebody may exist, or is kept for others.
    pub told: bool,
    /// A request to join was repeated while an earlier one was under way.
    pub repeated: bool,
    /// A request was sent twice.
    pub replayed: bool,
    /// The person was destroyed, as asked for.
    pub destroyed: bool,
    /// A request from before that made them once more.
    pub made_after: bool,
    /// Somebody took the marker away.
    pub unmarked: bool,
    /// The finalizer was away when the resource went.
    pub unheld: bool,
    /// With which policy the resource went.
    pub end: Option<Policy>,
}

impl Around {
    pub fn new(stranger: bool) -> Self {
        let theirs = Someone { password: 9, token: 90, accounts: vec![99], ..Someone::new(STRANGER) };
        Self {
            people: stranger.then_some(theirs).into_iter().collect(),
            late: vec![],
            secret: 1,
            published: None,
            lives: 0,
            made: vec![],
            recorded: false,
            told: false,
            repeated: false,
            replayed: false,
            destroyed: false,
            made_after: false,
            unmarked: false,
            unheld: false,
            end: None,
        }
    }

    pub fn find(&self, id: i64) -> Option<&Someone> {
        self.people.iter().find(|someone| someone.id == id)
    }

    pub fn find_mut(&mut self, id: i64) -> Option<&mut Someone> {
        self.people.iter_mut().find(|someone| someone.id == id)
    }

    /// As [`Request`] says; returns the person it is about. `POST /users` finds by e-mail, and hands over whom it finds
    /// with the password they have (chatwoot-api P3).
    pub fn carry_out(&mut self, request: Request) -> Option<i64> {
        match request {
            Request::Post { uid, password } => {
                let known = self.people.first().map(|someone| someone.id);
                Some(known.unwrap_or_else(|| {
                    // The id of somebody who was deleted is never given again.
                    let id = 8 + i64::from(self.lives) * 2 + i64::from(self.recorded);
                    self.people.push(Someone { marker: Some(uid), password, token: 1, ..Someone::new(id) });
                    id
                }))
            }
            Request::Join { account, user } => {
                let someone = self.find_mut(user)?;
                if !someone.accounts.contains(&account) {
                    someone.accounts.push(account);
                    self.made.push(account);
                }
                Some(user)
            }
        }
    }

    pub fn leave(&mut self, account: i64, user: i64) {
        if let Some(someone) = self.find_mut(user) {
            someone.accounts.retain(|theirs| *theirs != account);
        }
        self.made.retain(|made| *made != account);
    }

    pub fn delay(&mut self, request: Request) {
        self.late.push(request);
        self.late.sort_unstable();
    }
}

pub fn installation() -> Installation {
    Installation::new("0123456789abcdef".into(), vec![7; 32])
}

/// The marker of the resource with this uid. Its keyed parts are written out: they are compared, never computed here.
pub fn marker_of(uid: u8) -> Marker {
    Marker {
        installation: "0123456789abcdef".into(),
        owner: "owner".into(),
        namespace: "namespace".into(),
        uid: format!("u-{uid}"),
    }
}

impl Someone {
    /// Nobody's yet.
    pub fn new(id: i64) -> Self {
        Self { id, marker: None, adopted: false, password: 0, token: 0, accounts: vec![] }
    }

    /// As Chatwoot shows them.
    pub fn shown(&self) -> User {
        let mut attributes = Map::new();
        if let Some(uid) = self.marker {
            let origin = if self.adopted { Origin::Adopted } else { Origin::Made };
            attributes.insert(marker::KEY.into(), marker_of(uid).text(origin).into());
        }
        let role = Some(MemberRole::Agent);
        let belonging = |account: &i64| Belonging { account: AccountId(*account), role };
        User {
            id: UserId(self.id),
            email: EMAIL.into(),
            name: "Alice".into(),
            display_name: None,
            custom_attributes: attributes,
            belongings: self.accounts.iter().map(belonging).collect(),
        }
    }
}
