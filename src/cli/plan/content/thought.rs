//! What the plan has changed so far inside accounts, laid over what is read there.

use crate::{plan::content::Seen, reconcile::references::InstanceKey};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// All of a kind in an account, or what the account sees of the installation's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inside {
    pub instance: InstanceKey,
    pub account: i64,
    pub kind: &'static str,
    pub installation_wide: bool,
}

#[derive(Debug, Default)]
struct Changed {
    /// As a write would have left it; `None`: deleted.
    items: BTreeMap<i64, Option<Seen>>,
    parts: BTreeMap<(i64, &'static str), Value>,
}

/// Every change in thought.
#[derive(Debug, Default)]
pub struct Thoughts(Mutex<HashMap<Inside, Changed>>);

impl Thoughts {
    /// What was read, with every change.
    pub fn over(&self, inside: &Inside, read: Vec<Seen>) -> Vec<Seen> {
        let changed = self.lock();
        let Some(changed) = changed.get(inside) else { return read };
        let untouched = read.into_iter().filter(|seen| !changed.items.contains_key(&seen.id));
        untouched.chain(changed.items.values().flatten().cloned()).collect()
    }

    pub fn put(&self, inside: &Inside, seen: Seen) {
        self.lock().entry(inside.clone()).or_default().items.insert(seen.id, Some(seen));
    }

    pub fn remove(&self, inside: &Inside, id: i64) {
        self.lock().entry(inside.clone()).or_default().items.insert(id, None);
    }

    /// What lies beside an object, once it has been read or written.
    pub fn part(&self, inside: &Inside, id: i64, part: &'static str) -> Option<Value> {
        self.lock().get(inside)?.parts.get(&(id, part)).cloned()
    }

    pub fn keep_part(&self, inside: &Inside, id: i64, part: &'static str, value: Value) {
        self.lock().entry(inside.clone()).or_default().parts.insert((id, part), value);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Inside, Changed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_in_thought_hides_what_was_read() {
        let thoughts = Thoughts::default();
        let inside = Inside {
            instance: InstanceKey::default(),
            account: 1,
            kind: "ChatwootLabel",
            installation_wide: false,
        };
        let seen = |id: i64, key: &str| Seen { id, key: key.into(), ..Seen::default() };
        let read = vec![seen(1, "one"), seen(2, "two"), seen(3, "three")];
        assert_eq!(thoughts.over(&inside, read.clone()), read);
        thoughts.put(&inside, seen(2, "changed"));
        thoughts.put(&inside, seen(9, "new"));
        thoughts.remove(&inside, 3);
        let over = thoughts.over(&inside, read.clone());
        let keys: Vec<_> = over.iter().map(|seen| seen.key.as_str()).collect();
        assert_eq!(keys, ["one", "changed", "new"]);
        let other = Inside { account: 2, ..inside };
        assert_eq!(thoughts.over(&other, read.clone()), read);
    }
}
