//! Who is looked at next: a small work queue for one kind, and the loop that runs its passes.
//!
//! Not kube's `applier`: there a panicking pass ends the controller, waiting objects have no order, and the queue cannot
//! be emptied when the lead is lost.

use super::{
    health::Pulse,
    line::{Line, Turn},
};
use crate::reconcile::{cache::Cache, stored::kind_name};
use futures::FutureExt;
use kube::{Resource, runtime::reflector::ObjectRef};
use std::{
    fmt::Debug,
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// When an object wants to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// When somebody wakes it, and after this time (monotonic) if nobody does.
    After(Duration),
    /// Only when somebody wakes it.
    OnWake,
}

/// How a pass ended, as far as the queue can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Settled,
    /// Caught; the object is tried again after a back-off of its own.
    Panicked,
}

impl Ended {
    /// The `outcome` label of `passes_total`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Panicked => "panicked",
        }
    }
}

/// Told after every pass: kind and how it ended.
pub type PassObserver = Arc<dyn Fn(&'static str, Ended) + Send + Sync>;

/// One kind's work queue. Cheap to clone; every clone is the same queue.
///
/// # Guarantees
/// - An object is in at most one pass at a time, also across [`detach`](Self::detach) and [`attach`](Self::attach).
/// - A wake during a pass leads to another pass; any number of wakes before a pass lead to one.
/// - A wake takes the place of a requeue that was pending, so **every pass says anew when it wants to come back**.
/// - Woken objects go before those whose time has come and those of the first round, which still get every fourth turn.
/// - An object that waits costs its key and a timer entry, no task and no future.
/// - While nothing is attached nothing is kept and nothing begins: a standby's queue is empty.
pub struct Queue<K: Resource<DynamicType = ()> + 'static> {
    shared: Arc<Shared<K>>,
}

struct Shared<K: Resource<DynamicType = ()> + 'static> {
    state: Mutex<State<K>>,
    changed: Notify,
    at_once: usize,
    observe: PassObserver,
}

struct State<K: Resource<DynamicType = ()> + 'static> {
    objects: Option<Cache<K>>,
    line: Line<ObjectRef<K>>,
}

impl<K: Resource<DynamicType = ()> + 'static> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<K> Queue<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + 'static,
{
    /// `at_once` bounds the passes of this kind that run together. Make it generous: fairness and the load on Chatwoot
    /// are the gate's business.
    pub fn new(at_once: usize, observe: PassObserver) -> Self {
        let state = Mutex::new(State { objects: None, line: Line::default() });
        Self { shared: Arc::new(Shared { state, changed: Notify::new(), at_once, observe }) }
    }

    /// Has the object looked at as soon as there is a turn. Without effect while nothing is attached.
    pub fn wake(&self, key: ObjectRef<K>) {
        let mut state = self.lock();
        if state.objects.is_some() {
            state.line.wake(key);
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    /// Begins a term of leading: every object of the cache gets a pass. The cache must be ready.
    pub fn attach(&self, objects: Cache<K>) {
        let mut state = self.lock();
        for object in objects.all() {
            state.line.enlist(ObjectRef::from_obj(&*object));
        }
        state.objects = Some(objects);
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Ends a term: no pass begins any more, and everything that waited is forgotten. Passes that run go on; tell them
    /// by other means to begin nothing new.
    pub fn detach(&self) {
        let mut state = self.lock();
        state.objects = None;
        state.line.clear();
    }

    /// How many objects wait for a turn, wait for their time, and are in a pass.
    pub fn depth(&self) -> Depth {
        self.lock().line.depth()
    }

    /// Runs passes until `stop`; then begins none, and returns when those that run have ended.
    ///
    /// Each pass is a task of its own with a span that names the object.
    pub async fn run<P, F>(&self, pass: P, pulse: Pulse, stop: CancellationToken)
    where
        P: Fn(Arc<K>) -> F + Send + Sync + 'static,
        F: Future<Output = Requeue> + Send + 'static,
    {
        let pass = Arc::new(pass);
        let mut passes = JoinSet::new();
        let mut still_here = interval(Pulse::EVERY);
        still_here.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            while passes.len() < self.shared.at_once
                && let Some((key, object)) = self.next()
            {
                passes.spawn(guarded(key, object, pass.clone()));
            }
            // With every place taken only the end of a pass can change anything.
            let due = self.lock().line.next_due().filter(|_| passes.len() < self.shared.at_once);
            let mut wait_for_due = pin!(sleep_until(due.unwrap_or_else(Instant::now)));
            tokio::select! {
                () = stop.cancelled() => {}
                Some(done) = passes.join_next() => self.finish(done.ok()),
                () = self.shared.changed.notified() => {}
                () = &mut wait_for_due, if due.is_some() => {}
                _ = still_here.tick() => {}
            }
            pulse.tick();
        }
        // Their own time-outs bound how long this takes, so it is not a loop that could hang.
        pulse.finish();
        while let Some(done) = passes.join_next().await {
            self.finish(done.ok());
        }
    }

    /// The next object to look at. One that is not in the cache any more is dropped: that is how deletions end.
    fn next(&self) -> Option<(ObjectRef<K>, Arc<K>)> {
        let mut state = self.lock();
        let State { objects, line } = &mut *state;
        let objects = objects.as_ref()?;
        let now = Instant::now();
        while let Some(key) = line.begin(now) {
            match objects.store().get(&key) {
                Some(object) => return Some((key, object)),
                None => line.end(&key, Turn::Over, now),
            }
        }
        None
    }

    fn finish(&self, done: Option<(ObjectRef<K>, Option<Requeue>)>) {
        // `None` would be a task that was aborted, and nobody aborts them.
        let Some((key, settled)) = done else { return };
        let (turn, ended) = match settled {
            Some(Requeue::After(wait)) => (Turn::Again(wait), Ended::Settled),
            Some(Requeue::OnWake) => (Turn::Over, Ended::Settled),
            None => (Turn::Failed, Ended::Panicked),
        };
        self.lock().line.end(&key, turn, Instant::now());
        (self.shared.observe)(kind_name::<K>(), ended);
    }

    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one pass; `None` when it panicked. The panic hook has logged where, and the payload is dropped unseen.
async fn guarded<K, P, F>(key: ObjectRef<K>, object: Arc<K>, pass: Arc<P>) -> (ObjectRef<K>, Option<Requeue>)
where
    K: Resource<DynamicType = ()>,
    P: Fn(Arc<K>) -> F,
    F: Future<Output = Requeue>,
{
    let span =
        tracing::info_span!("pass", kind = kind_name::<K>(), namespace = key.namespace, object = key.name);
    let settled = async move { pass(object).await }.instrument(span);
    (key, AssertUnwindSafe(settled).catch_unwind().await.ok())
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    pub ready: usize,
    pub waiting: usize,
    pub running: usize,
}

#[cfg(test)]
mod tests;
