//! Table `account_users`, readable from both sides.

use super::rows::Membership;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub struct Memberships {
    rows: BTreeMap<(i64, i64), Membership>,
    by_user: BTreeSet<(i64, i64)>,
}

impl Memberships {
    pub fn get(&self, account: i64, user: i64) -> Option<&Membership> {
        self.rows.get(&(account, user))
    }

    pub fn get_mut(&mut self, account: i64, user: i64) -> Option<&mut Membership> {
        self.rows.get_mut(&(account, user))
    }

    pub fn insert(&mut self, row: Membership) {
        self.by_user.insert((row.user, row.account));
        self.rows.insert((row.account, row.user), row);
    }

    pub fn remove(&mut self, account: i64, user: i64) -> Option<Membership> {
        self.by_user.remove(&(user, account));
        self.rows.remove(&(account, user))
    }

    pub fn of_account(&self, account: i64) -> impl Iterator<Item = &Membership> {
        self.rows.range((account, i64::MIN)..=(account, i64::MAX)).map(|(_, row)| row)
    }

    /// Accounts of one person, whether they still exist or not.
    pub fn of_user(&self, user: i64) -> impl Iterator<Item = &Membership> {
        self.by_user
            .range((user, i64::MIN)..=(user, i64::MAX))
            .filter_map(|(user, account)| self.get(*account, *user))
    }

    pub fn all(&self) -> impl Iterator<Item = &Membership> {
        self.rows.values()
    }
}
