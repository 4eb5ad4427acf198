//! What is in each account, by kind: asked once for all who want to know at the same time.

use super::{Item, beside::Beside};
use crate::{chatwoot::types::AccountId, reconcile::references::InstanceKey};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A list that nobody has asked for so long is forgotten: it holds secrets, and the next to ask wants a newer one anyway.
const KEPT: Duration = Duration::from_secs(60);

/// Whose list it is: an account of an instance, and a kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Of {
    pub instance: InstanceKey,
    pub account: AccountId,
    pub kind: &'static str,
}

/// A list, and the clock when it was asked for.
#[derive(Clone, Debug)]
pub struct Shared {
    pub asked_at: Duration,
    pub items: Arc<Vec<Item>>,
}

#[derive(Debug, Default)]
struct Slot {
    last: Option<Shared>,
    /// Counts what this process has changed there: a list asked for before a change does not show it for certain.
    changes: u64,
    /// What this process has deleted. Chatwoot deletes some things later, and lists them until then.
    doomed: BTreeSet<i64>,
    /// Held by whoever is asking, so that the others wait for that answer.
    asking: Arc<tokio::sync::Mutex<()>>,
}

/// Every list of the last minute, and what lies beside what they show.
#[derive(Debug, Default)]
pub struct Lists {
    slots: Mutex<HashMap<Of, Slot>>,
    pub beside: Beside,
}

impl Lists {
    /// One that was asked for at `not_before` or later.
    pub fn get(&self, of: &Of, not_before: Duration) -> Option<Shared> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(of)?.last.clone().filter(|list| list.asked_at >= not_before)
    }

    /// What whoever asks holds meanwhile, and the changes so far.
    pub fn begin(&self, of: &Of) -> (Arc<tokio::sync::Mutex<()>>, u64) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(of.clone()).or_default();
        (slot.asking.clone(), slot.changes)
    }

    /// Changes so far.
    pub fn changes(&self, of: &Of) -> u64 {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(of).map_or(0, |slot| slot.changes)
    }

    /// Shares a list for which was asked when `changes` had been made; not where there were more since. Gives it back without
    /// what is deleted already, as far as Chatwoot is concerned.
    pub fn share(&self, of: &Of, mut list: Shared, changes: u64) -> Shared {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let now = list.asked_at;
        slots.retain(|_, slot| {
            let asked = Arc::strong_count(&slot.asking) > 1;
            slot.last.take_if(|last| last.asked_at + KEPT <= now);
            asked || !slot.doomed.is_empty() || slot.last.is_some()
        });
        let slot = slots.entry(of.clone()).or_default();
        let is_shown = |id: &i64| list.items.iter().any(|item| item.seen.id == *id);
        if slot.changes == changes {
            slot.doomed.retain(is_shown);
        }
        if slot.doomed.iter().any(is_shown) {
            Arc::make_mut(&mut list.items).retain(|item| !slot.doomed.contains(&item.seen.id));
        }
        if slot.changes == changes {
            slot.last = Some(list.clone());
        }
        list
    }

    /// This process has changed something: the list shows it at once.
    pub fn put(&self, of: &Of, item: Item) {
        self.change(of, |slot| {
            // A database that was set back gives ids again.
            slot.doomed.remove(&item.seen.id);
            slot.last_items(|items| {
                items.retain(|other| other.seen.id != item.seen.id);
                items.push(item);
            });
        });
    }

    /// This process has deleted something, and Chatwoot has accepted that: it is not shown any more, whatever Chatwoot goes on
    /// showing for a while.
    pub fn remove(&self, of: &Of, id: i64) {
        self.change(of, |slot| {
            slot.doomed.insert(id);
            slot.last_items(|items| items.retain(|other| other.seen.id != id));
        });
    }

    /// A change was sent, and nobody knows what came of it.
    pub fn forget(&self, of: &Of) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(of.clone()).or_default();
        slot.changes += 1;
        slot.last = None;
    }

    /// Forgets everything: what another process did meanwhile is not known here.
    pub fn clear(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.beside.clear();
    }

    fn change(&self, of: &Of, change: impl FnOnce(&mut Slot)) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(of.clone()).or_default();
        slot.changes += 1;
        change(slot);
    }
}

impl Slot {
    fn last_items(&mut self, change: impl FnOnce(&mut Vec<Item>)) {
        if let Some(last) = &mut self.last {
            change(Arc::make_mut(&mut last.items));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::content::Seen;

    fn of() -> Of {
        let instance = InstanceKey { namespace: "ops".into(), name: "main".into() };
        Of { instance, account: AccountId(1), kind: "ChatwootLabel" }
    }

    fn list(second: u64, ids: &[i64]) -> Shared {
        let item = |id: &i64| Item::from(Seen { id: *id, ..Seen::default() });
        Shared { asked_at: Duration::from_secs(second), items: Arc::new(ids.iter().map(item).collect()) }
    }

    fn ids(lists: &Lists, second: u64) -> Option<Vec<i64>> {
        let found = lists.get(&of(), Duration::from_secs(second))?;
        Some(found.items.iter().map(|item| item.seen.id).collect())
    }

    #[test]
    fn a_list_serves_whoever_wants_one_of_that_time_or_earlier() {
        let lists = Lists::default();
        lists.share(&of(), list(10, &[1]), 0);
        assert_eq!(ids(&lists, 10), Some(vec![1]));
        assert_eq!(ids(&lists, 11), None);
    }

    #[test]
    fn what_this_process_changes_shows_at_once() {
        let lists = Lists::default();
        lists.share(&of(), list(10, &[1]), 0);
        lists.put(&of(), Item::from(Seen { id: 2, ..Seen::default() }));
        lists.remove(&of(), 1);
        assert_eq!(ids(&lists, 10), Some(vec![2]));
    }

    #[test]
    fn what_chatwoot_deletes_later_is_not_shown_meanwhile() {
        let lists = Lists::default();
        lists.share(&of(), list(10, &[1, 2]), 0);
        lists.remove(&of(), 1);
        let shared = lists.share(&of(), list(20, &[1, 2]), lists.changes(&of()));
        assert_eq!(shared.items.len(), 1);
        assert_eq!(ids(&lists, 20), Some(vec![2]));
        // It is gone, and remembered no longer than that.
        lists.share(&of(), list(200, &[2]), lists.changes(&of()));
        lists.share(&of(), list(210, &[1, 2]), lists.changes(&of()));
        assert_eq!(ids(&lists, 210), Some(vec![1, 2]));
    }

    #[test]
    fn an_id_that_is_given_again_is_shown_again() {
        let lists = Lists::default();
        lists.share(&of(), list(10, &[1]), 0);
        lists.remove(&of(), 1);
        lists.put(&of(), Item::from(Seen { id: 1, ..Seen::default() }));
        lists.share(&of(), list(20, &[1]), lists.changes(&of()));
        assert_eq!(ids(&lists, 20), Some(vec![1]));
    }

    #[test]
    fn a_list_asked_for_before_a_change_is_not_shared() {
        let lists = Lists::default();
        let (_asking, changes) = lists.begin(&of());
        lists.put(&of(), Item::from(Seen { id: 2, ..Seen::default() }));
        lists.share(&of(), list(10, &[1]), changes);
        assert_eq!(ids(&lists, 0), None);
        lists.share(&of(), list(11, &[1, 2]), lists.changes(&of()));
        assert_eq!(ids(&lists, 0), Some(vec![1, 2]));
        lists.forget(&of());
        assert_eq!(ids(&lists, 0), None);
    }
}
