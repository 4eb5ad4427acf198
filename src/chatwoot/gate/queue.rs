//! Who is next: two lanes, and in each of them namespaces take turns.

use super::{Key, Lane};
use std::collections::{BTreeMap, HashMap};

/// While background work waits, it gets one turn in this many: a sixth is the smallest even share above 15 %.
const BACKGROUND_EVERY: u32 = 6;

/// Waiting keys, each at most once.
///
/// # Guarantees
/// Within a lane a namespace waits for at most one turn of every other namespace, and its keys come in order of arrival;
/// one that has its share already stands back for those that have not.
/// Of any six turns taken while background work waits, one is for it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    change: Waiting,
    background: Waiting,
    /// Turns for changes since background work had one, while it waited.
    passed_over: u32,
}

impl Queue {
    /// Lets `key` wait in `lane`, behind the others of its namespace. A key that waits already only ever moves to the
    /// faster lane.
    pub fn push(&mut self, lane: Lane, key: &Key) {
        self.insert(lane, key, false);
    }

    /// As [`Queue::push`], ahead of the others: for a key that had a turn and could not use it.
    pub fn push_front(&mut self, lane: Lane, key: &Key) {
        self.insert(lane, key, true);
    }

    fn insert(&mut self, lane: Lane, key: &Key, front: bool) {
        let faster = lane == Lane::Change && self.background.holds(key);
        if self.change.holds(key) || (self.background.holds(key) && !faster) {
            return;
        }
        self.background.remove(key);
        self.lane(lane).insert(key, front);
    }

    pub fn remove(&mut self, key: &Key) {
        self.change.remove(key);
        self.background.remove(key);
    }

    /// Takes the next key: of those namespaces first that `may` have one more, and where only others wait, of those.
    pub fn pop(&mut self, may: impl Fn(&str) -> bool) -> Option<(Lane, Key)> {
        let lane = match (self.change.len(), self.background.len()) {
            (0, 0) => return None,
            (0, _) => Lane::Background,
            (_, 0) => Lane::Change,
            _ if self.passed_over + 1 >= BACKGROUND_EVERY => Lane::Background,
            _ => Lane::Change,
        };
        self.passed_over = match lane {
            Lane::Change if self.background.len() > 0 => self.passed_over + 1,
            _ => 0,
        };
        self.lane(lane).pop(may).map(|key| (lane, key))
    }

    pub fn len(&self, lane: Lane) -> usize {
        match lane {
            Lane::Change => self.change.len(),
            Lane::Background => self.background.len(),
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut Waiting {
        match lane {
            Lane::Change => &mut self.change,
            Lane::Background => &mut self.background,
        }
    }
}

/// One lane. Places are numbers, so that a key leaves from the middle without leaving anything behind.
#[derive(Debug, Default)]
struct Waiting {
    /// Namespaces in the order of their next turn.
    ring: BTreeMap<i64, String>,
    namespaces: HashMap<String, Namespace>,
    places: HashMap<Key, i64>,
    /// The next free place, at the back and (negative) at the front.
    back: i64,
    front: i64,
}

#[derive(Debug)]
struct Namespace {
    seat: i64,
    keys: BTreeMap<i64, Key>,
}

impl Waiting {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn holds(&self, key: &Key) -> bool {
        self.places.contains_key(key)
    }

    fn place(&mut self, front: bool) -> i64 {
        if front {
            self.front -= 1;
            self.front
        } else {
            self.back += 1;
            self.back
        }
    }

    fn insert(&mut self, key: &Key, front: bool) {
        let place = self.place(front);
        if let Some(namespace) = self.namespaces.get_mut(&key.namespace) {
            namespace.keys.insert(place, key.clone());
            if front {
                self.ring.remove(&namespace.seat);
                self.ring.insert(place, key.namespace.clone());
                namespace.seat = place;
            }
        } else {
            let keys = BTreeMap::from([(place, key.clone())]);
            self.ring.insert(place, key.namespace.clone());
            self.namespaces.insert(key.namespace.clone(), Namespace { seat: place, keys });
        }
        self.places.insert(key.clone(), place);
    }

    fn remove(&mut self, key: &Key) {
        let Some(place) = self.places.remove(key) else { return };
        if let Some(namespace) = self.namespaces.get_mut(&key.namespace) {
            namespace.keys.remove(&place);
            if namespace.keys.is_empty() {
                self.ring.remove(&namespace.seat);
                self.namespaces.remove(&key.namespace);
            }
        }
    }

    fn pop(&mut self, may: impl Fn(&str) -> bool) -> Option<Key> {
        let first = self.ring.iter().find(|(_, name)| may(name)).or_else(|| self.ring.first_key_value());
        let next = *first?.0;
        let name = self.ring.remove(&next)?;
        let seat = self.place(false);
        let namespace = self.namespaces.get_mut(&name)?;
        let (_, key) = namespace.keys.pop_first()?;
        if namespace.keys.is_empty() {
            self.namespaces.remove(&name);
        } else {
            namespace.seat = seat;
            self.ring.insert(seat, name);
        }
        self.places.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests;
