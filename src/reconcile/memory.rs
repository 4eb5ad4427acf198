//! What this process remembers of objects between passes. Nothing here is needed for safety: after a restart it is empty.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A resourceVersion, as far as one is told from another: ten thousand objects are remembered, and their names would be
/// most of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(u64);

impl Version {
    pub fn of(resource_version: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        resource_version.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What is remembered of one object.
#[derive(Clone, Debug, Default)]
pub struct Remembered<M> {
    /// When this process first saw it (monotonic clock).
    pub since: Option<Duration>,
    /// It was seen without the annotation that backup tools bring back: what it lacks is because it is new.
    pub is_new: bool,
    /// When its next drift slot falls due (monotonic clock).
    pub next_check: Option<Duration>,
    /// When it was last compared with Chatwoot; the start of this process before that.
    pub last_check: Duration,
    /// Failures in a row.
    pub failures: u32,
    /// 500s in a row to a write.
    pub write_errors: u32,
    /// The version this process looked at last, and when it first did.
    pub version: Option<(Version, Duration)>,
    /// Versions that this process has replaced by its own writes: a cache that still shows one of them is stale.
    pub replaced: Box<[Version]>,
    /// What the kind itself remembers.
    pub own: M,
}

impl<M> Remembered<M> {
    /// When this process first saw the version.
    pub fn first_saw(&mut self, version: &str, clock: Duration) -> Duration {
        let version = Version::of(version);
        match self.version {
            Some((known, at)) if known == version => at,
            _ => {
                self.version = Some((version, clock));
                clock
            }
        }
    }
}

/// One kind's memory, by uid.
#[derive(Debug)]
pub struct Memories<M>(Mutex<HashMap<String, Remembered<M>>>);

impl<M> Default for Memories<M> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<M: Default> Memories<M> {
    /// Takes it out for a pass; there is only one pass at a time for an object.
    pub fn take(&self, uid: &str) -> Remembered<M> {
        self.lock().remove(uid).unwrap_or_else(|| Remembered {
            since: None,
            is_new: false,
            next_check: None,
            last_check: Duration::ZERO,
            failures: 0,
            write_errors: 0,
            version: None,
            replaced: Box::default(),
            own: M::default(),
        })
    }

    pub fn put(&self, uid: &str, remembered: Remembered<M>) {
        self.lock().insert(uid.to_owned(), remembered);
    }

    /// When the object was last compared with Chatwoot; `None` during a pass, and before the first.
    pub fn last_check(&self, uid: &str) -> Option<Duration> {
        self.lock().get(uid).map(|remembered| remembered.last_check)
    }

    /// Forgets everything: what another process did meanwhile is not known here.
    pub fn clear(&self) {
        self.lock().clear();
    }

    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Remembered<M>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
