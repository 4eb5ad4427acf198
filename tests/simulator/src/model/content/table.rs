//! Rows of one kind, by id; every row belongs to an account.

use crate::model::Sequence;
use std::collections::BTreeMap;

/// What a table must know of its rows.
pub trait Row {
    fn id(&self) -> i64;
    fn set_id(&mut self, id: i64);
    fn account(&self) -> i64;
}

#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: BTreeMap<i64, T>,
    ids: Sequence,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { rows: BTreeMap::new(), ids: Sequence::default() }
    }
}

impl<T: Row> Table<T> {
    /// Gives the row its id, and returns it.
    pub fn insert(&mut self, mut row: T) -> i64 {
        let id = self.ids.next();
        row.set_id(id);
        self.rows.insert(id, row);
        id
    }

    /// Writes a row back, if it still exists.
    pub fn put(&mut self, row: T) {
        if let Some(slot) = self.rows.get_mut(&row.id()) {
            *slot = row;
        }
    }

    pub fn get(&self, id: i64) -> Option<&T> {
        self.rows.get(&id)
    }

    pub fn get_mut(&mut self, id: i64) -> Option<&mut T> {
        self.rows.get_mut(&id)
    }

    /// A row of this account; those of others do not exist for it.
    pub fn find(&self, account: i64, id: i64) -> Option<&T> {
        self.rows.get(&id).filter(|row| row.account() == account)
    }

    pub fn remove(&mut self, id: i64) -> Option<T> {
        self.rows.remove(&id)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.rows.retain(|_, row| keep(row));
    }

    /// Rows of one account, oldest first.
    pub fn of(&self, account: i64) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values().filter(move |row| row.account() == account)
    }

    pub fn all(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.values_mut()
    }
}
