//! UIDs of namespaces: whom a name means.
//!
//! The marker carries the namespace's UID, so that a tenant who gets a used name does not get its data. An object's own
//! metadata does not tell in which of several namespaces of one name it lies, and no watch tells in time: watches of two
//! kinds run apart, and the one of namespaces may be behind. But an object outlives no namespace. So a reading that was
//! begun after the object had been seen is of its own namespace, or of a later one, and then the object is gone.

use super::{references::Ref, world::World};
use crate::chatwoot::gate::Key;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Readings under way at once.
const AT_ONCE: usize = 16;
/// Longest pause after a reading that failed.
const PAUSE: Duration = Duration::from_secs(30);

/// What has been read of namespaces.
#[derive(Debug)]
pub struct Namespaces {
    state: Mutex<State>,
    turns: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    /// Readings from before count no more.
    floor: Duration,
    known: HashMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The latest UID and when it was asked for.
    answer: Option<(Duration, String)>,
    reading: bool,
    /// Who is woken by an answer that was not asked for before this.
    waiting: HashMap<Key, Duration>,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self { state: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Namespaces {
    /// The UID of the namespace that `who` lies in, by a reading begun not before `since`. `None`: there is no such reading
    /// yet, and `who` is woken by it.
    pub fn uid(&self, who: &Key, since: Duration, world: &Arc<World>) -> Option<String> {
        let mut state = self.lock();
        let since = since.max(state.floor);
        let known = state.known.entry(who.namespace.clone()).or_default();
        if let Some((asked_at, uid)) = &known.answer
            && *asked_at >= since
        {
            return Some(uid.clone());
        }
        known.waiting.insert(who.clone(), since);
        if !known.reading {
            known.reading = true;
            tokio::spawn(read(world.clone(), who.namespace.clone()));
        }
        None
    }

    /// The latest answer, if it was not asked for before `since`.
    pub fn since(&self, name: &str, since: Duration) -> Option<String> {
        let state = self.lock();
        let (asked_at, uid) = state.known.get(name)?.answer.as_ref()?;
        (*asked_at >= since.max(state.floor)).then(|| uid.clone())
    }

    /// The latest answer, whenever it was asked for.
    pub fn latest(&self, name: &str) -> Option<String> {
        Some(self.lock().known.get(name)?.answer.as_ref()?.1.clone())
    }

    /// Another process has worked meanwhile: what was read before `now` says nothing about what it has done.
    pub fn forget(&self, now: Duration) {
        self.lock().floor = now;
    }

    /// Keeps an answer; returns whom to wake.
    fn learn(&self, name: &str, asked_at: Duration, uid: String) -> (Vec<Key>, Ended) {
        let mut state = self.lock();
        let known = state.known.entry(name.to_owned()).or_default();
        known.answer = Some((asked_at, uid));
        let (served, left) = std::mem::take(&mut known.waiting)
            .into_iter()
            .partition::<HashMap<_, _>, _>(|(_, since)| *since <= asked_at);
        known.waiting = left;
        known.reading = !known.waiting.is_empty();
        (served.into_keys().collect(), Ended(!known.reading))
    }

    /// Nobody is left who would need the answer.
    fn give_up(&self, name: &str) {
        self.lock().known.remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody waits any more.
struct Ended(bool);

/// Reads one namespace as long as somebody waits for an answer.
async fn read(world: Arc<World>, name: String) {
    // The path is namespaces/NAME: for RBAC this lies in that namespace, so a Role may permit it.
    let api: Api<Namespace> = Api::all(world.client.clone());
    let (mut pause, mut troubled) = (Duration::from_secs(1), false);
    loop {
        let (asked_at, found) = {
            let _turn = world.namespaces.turns.acquire().await;
            (world.clock(), api.get_metadata_opt(&name).await)
        };
        let uid = found.map(|namespace| namespace.and_then(|found| found.metadata.uid));
        match uid {
            Ok(Some(uid)) => {
                if troubled {
                    (world.observers.namespace)(&name, None);
                }
                let (served, Ended(ended)) = world.namespaces.learn(&name, asked_at, uid);
                for who in served {
                    (world.wake)(who);
                }
                if ended {
                    return;
                }
            }
            // Not there: then whoever asks is gone, and that will be told in a moment.
            not_known => {
                if let Err(error) = not_known {
                    (world.observers.namespace)(&name, Some(&words(&error)));
                    troubled = true;
                }
                let stopped = tokio::time::timeout(pause, world.stop.cancelled()).await.is_ok();
                if stopped || world.references.to(&Ref::Namespace(name.clone())).is_empty() {
                    (world.observers.namespace)(&name, None);
                    return world.namespaces.give_up(&name);
                }
                pause = (pause * 2).min(PAUSE);
            }
        }
    }
}

fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.is_forbidden() => {
            "it may not be read; give the operator's service account the chart's Role there".to_owned()
        }
        kube::Error::Api(status) => format!("it cannot be read: {}", status.message),
        _ => "it cannot be read: the API server does not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new("ChatwootAccount", "acme", name)
    }

    fn wait(namespaces: &Namespaces, name: &str, since: u64) {
        let mut state = namespaces.lock();
        let known = state.known.entry("acme".into()).or_default();
        known.reading = true;
        known.waiting.insert(key(name), Duration::from_secs(since));
    }

    #[test]
    fn an_answer_serves_whom_it_was_asked_for_after_and_nobody_else() {
        let namespaces = Namespaces::default();
        wait(&namespaces, "early", 1);
        wait(&namespaces, "late", 3);
        let (served, Ended(ended)) = namespaces.learn("acme", Duration::from_secs(2), "old".into());
        assert_eq!((served, ended), (vec![key("early")], false));
        let (served, Ended(ended)) = namespaces.learn("acme", Duration::from_secs(3), "new".into());
        assert_eq!((served, ended), (vec![key("late")], true));
        assert_eq!(namespaces.latest("acme").as_deref(), Some("new"));
        assert_eq!(namespaces.since("acme", Duration::from_secs(3)).as_deref(), Some("new"));
        assert_eq!(namespaces.since("acme", Duration::from_secs(4)), None);
        namespaces.forget(Duration::from_secs(5));
        assert_eq!(
            namespaces.since("acme", Duration::from_secs(3)),
            None,
            "another process has worked meanwhile"
        );
        assert_eq!(namespaces.latest("bpo"), None);
    }
}
