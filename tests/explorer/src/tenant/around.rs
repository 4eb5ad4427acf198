//! Chatwoot's accounts, as far as one resource has to do with them, and the journal of what was done.

use super::users::{Asked, Own};
use chatwoot_operator::{
    api::account::AccountDeletionPolicy as Policy,
    chatwoot::{
        marker::{self, Marker, Origin},
        types::{Account as Shown, AccountId, AccountState, Map},
    },
    plan::create::{Index, Likeness, Match},
};
use std::collections::BTreeSet;

/// An account that exists, and that a grant lets the resource adopt.
pub const ADOPTABLE: i64 = 41;
pub const DOMAIN: &str = "support.acme.example";

/// Whose marker an account carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Marked {
    Not,
    Foreign,
    /// The resource with this uid.
    By(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    pub id: i64,
    pub marked: Marked,
    /// The marker says that it was there before.
    pub adopted: bool,
    pub suspended: bool,
    pub domain: bool,
    /// Its deletion is queued: it is gone when time has passed (chatwoot-api P27).
    pub going: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Around {
    pub accounts: Vec<Account>,
    pub made: i64,
    pub index_works: bool,
    /// Uids of requests that nobody waits for.
    pub late: Vec<u8>,
    /// What the last sweep saw: ids and uids.
    pub swept: Option<Vec<(i64, u8)>>,
    /// The operator's own users, and requests to make one that nobody waits for.
    pub users: Vec<Own>,
    pub late_users: Vec<Asked>,
    pub users_made: i64,
    /// Uid of the next resource of this name.
    pub lives: u8,
    // The journal.
    /// Ids that an event has carried.
    pub orphans: Vec<i64>,
    /// An event said that an account may exist, is kept, or could not be kept.
    pub told: bool,
    /// A person asked for another account, knowing that one may exist.
    pub created_again: bool,
    /// A person chose an account, knowing that another may exist.
    pub chose: bool,
    /// A request was sent twice.
    pub replayed: bool,
    /// Somebody changed a marker or destroyed an account.
    pub meddled: bool,
    /// The finalizer was away when the resource went.
    pub unheld: bool,
    /// The resource that went last: its uid, policy and id.
    pub end: Option<(u8, Policy, Option<i64>)>,
}

impl Around {
    pub fn new(index_works: bool) -> Self {
        let theirs = Account::new(ADOPTABLE, Marked::Not);
        Self {
            accounts: vec![theirs],
            made: 0,
            index_works,
            late: vec![],
            swept: None,
            users: vec![],
            late_users: vec![],
            users_made: 0,
            lives: 0,
            orphans: vec![],
            told: false,
            created_again: false,
            chose: false,
            replayed: false,
            meddled: false,
            unheld: false,
            end: None,
        }
    }

    pub fn find(&self, id: i64) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    pub fn find_mut(&mut self, id: i64) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.id == id)
    }

    /// Ids are never given again.
    pub fn make(&mut self, uid: u8) -> i64 {
        self.made += 1;
        let id = ADOPTABLE + self.made;
        self.accounts.push(Account::new(id, Marked::By(uid)));
        id
    }

    pub fn of(&self, uid: u8) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |account| account.marked == Marked::By(uid))
    }

    /// Queued deletions are done, which breaks the index (P2); otherwise it is swept.
    pub fn tick(&mut self) {
        self.late.clear();
        self.late_users.clear();
        self.users.retain(|user| !user.going);
        let before = self.accounts.len();
        self.accounts.retain(|account| !account.going);
        self.index_works &= self.accounts.len() == before;
        if self.index_works {
            let marked = self.accounts.iter().filter_map(|account| match account.marked {
                Marked::By(uid) => Some((account.id, uid)),
                _ => None,
            });
            self.swept = Some(marked.collect());
        }
    }

    pub fn seen_by_sweep(&self, uid: u8) -> Option<BTreeSet<i64>> {
        let all = self.swept.as_ref()?;
        Some(all.iter().filter(|(_, of)| *of == uid).map(|(id, _)| *id).collect())
    }

    pub fn index(&self, uid: u8) -> Index {
        if !self.index_works {
            return Index::Unusable;
        }
        let likeness = |account: &Account| match account.marked {
            Marked::By(theirs) if theirs == uid => Some(Likeness::Ours),
            Marked::By(_) => Some(Likeness::Recreated),
            _ => None,
        };
        let found = |account: &Account| Some(Match { id: account.id, likeness: likeness(account)? });
        Index::Answer(self.accounts.iter().filter_map(found).collect())
    }
}

/// The marker of the resource with this uid.
pub fn marker_of(uid: u8) -> Marker {
    Marker {
        installation: "0123456789abcdef".into(),
        owner: "owner".into(),
        namespace: "namespace".into(),
        uid: format!("u-{uid}"),
    }
}

impl Account {
    pub fn new(id: i64, marked: Marked) -> Self {
        Self { id, marked, adopted: false, suspended: false, domain: false, going: false }
    }

    /// As Chatwoot shows it.
    pub fn shown(&self) -> Shown {
        let mut attributes = Map::new();
        let foreign = Marker { owner: "another".into(), uid: "u-other".into(), ..marker_of(0) };
        let marker = match self.marked {
            Marked::Not => None,
            Marked::Foreign => Some(foreign),
            Marked::By(uid) => Some(marker_of(uid)),
        };
        if let Some(marker) = marker {
            let origin = if self.adopted { Origin::Adopted } else { Origin::Made };
            attributes.insert(marker::KEY.into(), marker.text(origin).into());
        }
        Shown {
            id: AccountId(self.id),
            name: "Acme".into(),
            locale: Some("en".into()),
            domain: self.domain.then(|| DOMAIN.into()),
            support_email: None,
            state: if self.suspended { AccountState::Suspended } else { AccountState::Active },
            features: BTreeSet::new(),
            limits: Map::new(),
            custom_attributes: attributes,
        }
    }
}
