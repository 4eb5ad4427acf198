//! The instances this process can call: client, gate, index and what is known of each.

use super::{account_index::AccountIndex, references::InstanceKey};
use crate::chatwoot::{instance::Instance, version::Version};
use jiff::Timestamp;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What the latest pass over an instance found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub uid: String,
    /// Why dependents must wait, where they must.
    pub blocked: Option<String>,
    /// Those who are being deleted need not wait all the same.
    pub serves_leavers: bool,
    pub version: Version,
    /// Without a trailing slash.
    pub public_url: String,
    pub timeout: Duration,
    pub interval: Duration,
    pub rebind_until: Option<Timestamp>,
    /// `spec.automation.emailDomain`.
    pub automation_domain: Option<String>,
}

impl Known {
    /// Why a dependent must wait; `leaving`: it is being deleted.
    pub fn blocked_for(&self, leaving: bool) -> Option<&str> {
        self.blocked.as_deref().filter(|_| !(leaving && self.serves_leavers))
    }
}

/// One instance in use.
pub struct Handle {
    pub key: InstanceKey,
    pub chatwoot: Instance,
    pub index: AccountIndex,
    known: RwLock<Known>,
    /// Settle times of recent creates: the sweep follows when they are over.
    sweeps: Mutex<BTreeSet<Duration>>,
    /// A dependent's call failed in a way that concerns the instance as a whole.
    suspect: AtomicBool,
}

impl Handle {
    pub fn new(key: InstanceKey, chatwoot: Instance, index: AccountIndex, known: Known) -> Self {
        Self {
            key,
            chatwoot,
            index,
            known: RwLock::new(known),
            sweeps: Mutex::new(BTreeSet::new()),
            suspect: AtomicBool::new(false),
        }
    }

    pub fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the instance looked at; true when nobody had doubted it yet.
    pub fn doubt(&self) -> bool {
        !self.suspect.swap(true, Ordering::Relaxed)
    }

    pub fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// The instance has been looked at.
    pub fn trust(&self) {
        self.suspect.store(false, Ordering::Relaxed);
    }

    /// Whether somebody must wait who is being deleted (`leaving`), or is not.
    pub fn blocks(&self, leaving: bool) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).blocked_for(leaving).is_some()
    }

    /// Returns whether dependents have to look again.
    pub fn set_known(&self, known: Known) -> bool {
        let mut stored = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let news = *stored != known;
        *stored = known;
        news
    }

    /// A create will have settled at `clock`; a second account that it may have made shows then. One sweep a minute serves
    /// all of them. True when no other was waited for: the instance has to be told.
    pub fn sweep_at(&self, clock: Duration) -> bool {
        let minute = Duration::from_secs((clock.as_secs() / 60 + 1) * 60);
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        let first = sweeps.is_empty();
        sweeps.insert(minute);
        first
    }

    /// Takes the sweeps that are due at `clock`; true when there were any.
    pub fn take_due_sweeps(&self, clock: Duration) -> bool {
        let mut sweeps = self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        let later = sweeps.split_off(&(clock + Duration::from_nanos(1)));
        let due = !sweeps.is_empty();
        *sweeps = later;
        due
    }

    pub fn next_sweep(&self) -> Option<Duration> {
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner).first().copied()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("key", &self.key).field("known", &self.known()).finish_non_exhaustive()
    }
}

/// Every instance in use.
#[derive(Debug, Default)]
pub struct Instances(RwLock<HashMap<InstanceKey, Entry>>);

/// An instance that has been looked at: usable, or with the reason why not.
#[derive(Clone, Debug)]
pub enum Entry {
    Usable(Arc<Handle>),
    /// It has never been usable in this process, because of this.
    Unusable(String),
}

impl Instances {
    pub fn get(&self, key: &InstanceKey) -> Option<Entry> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub fn handle(&self, key: &InstanceKey) -> Option<Arc<Handle>> {
        match self.get(key) {
            Some(Entry::Usable(handle)) => Some(handle),
            _ => None,
        }
    }

    pub fn set(&self, key: InstanceKey, entry: Entry) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, entry);
    }

    pub fn remove(&self, key: &InstanceKey) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub fn all(&self) -> Vec<Arc<Handle>> {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        map.values()
            .filter_map(|entry| match entry {
                Entry::Usable(handle) => Some(handle.clone()),
                Entry::Unusable(_) => None,
            })
            .collect()
    }
}
