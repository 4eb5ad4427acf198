//! Who is walked when. Nothing here is needed for safety: after a restart the conditions tell what is due.

use super::judge::Judged;
use crate::{
    api::{
        account::{AccountStatus, ChatwootAccount},
        common::Mode,
        conditions::{self, ConditionStatus, find, reason},
    },
    chatwoot::gate::Key,
    plan::{Moment, account::walked::Outcome, content::Place, schedule, status::is_ready},
    reconcile::{
        content::place::{self, account_handle},
        references::InstanceKey,
        surroundings::requested_at,
        world::World,
    },
};
use jiff::Timestamp;
use kube::ResourceExt;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What failed is tried again after this long at most.
const SECOND_TRY: Duration = Duration::from_secs(600);
/// Who cannot be walked now is looked at again after this long, should nobody tell before.
const PAUSE: Duration = Duration::from_secs(10);
/// So often in a row something must fail that may pass by itself, until it is believed.
const BELIEVED_AT: u32 = 3;
/// As [`BELIEVED_AT`], where the token was refused: the next one is another, unless it cannot be.
const REFUSED_AT: u32 = 2;

/// A walk that is due.
#[derive(Clone, Debug)]
pub struct Job {
    /// Of the ChatwootAccount.
    pub uid: String,
    pub namespace: String,
    pub name: String,
    pub instance: InstanceKey,
    /// The account is not to be walked any more: only what an earlier walk may have left is removed.
    pub only_tidy: bool,
    /// The walk is to end, after cleaning up.
    pub stop: CancellationToken,
}

/// The walks of this process.
#[derive(Debug, Default)]
pub struct Walks {
    inner: Mutex<Inner>,
    /// Rung when somebody may have become due.
    bell: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    /// This process leads.
    is_open: bool,
    /// By uid of the ChatwootAccount.
    rounds: HashMap<String, Round>,
    /// Instances with a walk under way.
    busy: BTreeSet<InstanceKey>,
    /// Whose walk waits at the gate.
    waiting: HashMap<Key, Arc<Notify>>,
}

#[derive(Debug, Default)]
struct Round {
    namespace: String,
    name: String,
    /// `None`: only what is left is to be removed.
    interval: Option<Duration>,
    /// On the monotonic clock; `None`: to be worked out.
    due: Option<Duration>,
    /// It was due and could not be walked.
    waits: bool,
    /// Walks in a row of which nothing is said.
    failures: u32,
    /// Of those, the ones that failed in a way that may pass by itself. An outage is no second opinion on what failed before it.
    doubts: u32,
    outcome: Option<Outcome>,
    /// Value of the reconcile annotation that was acted on.
    requested: Option<String>,
    under_way: Option<CancellationToken>,
}

impl Round {
    /// What it waited for has come: whatever is told meanwhile must not have it walk again.
    fn begins(&mut self) -> CancellationToken {
        let stop = CancellationToken::new();
        self.under_way = Some(stop.clone());
        self.waits = false;
        stop
    }
}

impl Walks {
    /// This process leads now. What another one did meanwhile is not known here.
    pub fn begin(&self) {
        let mut inner = self.lock();
        inner.is_open = true;
        for round in inner.rounds.values_mut() {
            (round.due, round.outcome, round.failures, round.doubts) = (None, None, 0, 0);
        }
        drop(inner);
        self.bell.notify_one();
    }

    /// This process leads no more.
    pub fn pause(&self) {
        self.lock().is_open = false;
    }

    /// Takes note of an account as it is now.
    pub fn note(&self, account: &ChatwootAccount) {
        let stored = stored(account);
        let Some(uid) = account.uid() else { return };
        let mut inner = self.lock();
        let Some(verify) = account.spec.verify else {
            let has_work = inner.not_any_more(account, uid, stored.is_some());
            drop(inner);
            if has_work {
                self.bell.notify_one();
            }
            return;
        };
        let handled = account.status.as_ref().and_then(|status| status.last_handled_reconcile_at.clone());
        let round = inner.rounds.entry(uid).or_insert_with(|| Round {
            namespace: account.namespace().unwrap_or_default(),
            name: account.name_any(),
            requested: handled,
            ..Round::default()
        });
        if account.metadata.deletion_timestamp.is_some() {
            if let Some(walk) = &round.under_way {
                walk.cancel();
            }
            return;
        }
        let interval = Some(Duration::from(verify.interval));
        if round.interval != interval {
            round.interval = interval;
            round.due = None;
        }
        if stored.is_some_and(|stored| stored.is_of_others()) && round.outcome != Some(Outcome::Suspended) {
            round.outcome = None;
        }
        let requested = requested_at(account);
        let is_requested = requested.is_some() && requested != round.requested;
        let is_awaited = round.outcome.is_none() && stored.is_none_or(Stored::is_awaited);
        if round.waits || is_requested || is_awaited {
            round.due = Some(Duration::ZERO);
            round.waits = false;
        }
        round.requested = requested;
        drop(inner);
        self.bell.notify_one();
    }

    /// The ChatwootAccount is gone.
    pub fn drop_account(&self, uid: &str) {
        self.lock().drop_round(uid);
    }

    /// What the latest walk came to.
    pub fn outcome(&self, uid: &str) -> Option<Outcome> {
        self.lock().rounds.get(uid)?.outcome.clone()
    }

    pub fn is_under_way(&self, uid: &str) -> bool {
        self.lock().rounds.get(uid).is_some_and(|round| round.under_way.is_some())
    }

    /// Until somebody may have become due.
    pub async fn called(&self) {
        self.bell.notified().await;
    }

    /// The walks that are to begin now: at most one for each instance, the one that has waited longest. Each is under way
    /// until its [`Ends`] is dropped.
    pub fn due(&self, world: &World) -> Vec<Job> {
        let at = world.moment();
        let mut candidates = self.candidates(world, &at);
        candidates.sort();
        let mut jobs = Vec::new();
        for (_, uid, namespace, name) in candidates {
            let object = world.caches.accounts.get(&namespace, &name);
            let place = object.filter(|object| object.uid().as_deref() == Some(uid.as_str()));
            let instance = place.and_then(|object| walkable(world, &object, &at));
            let mut inner = self.lock();
            let Some(instance) = instance else {
                inner.puts_off(&uid, at.clock);
                continue;
            };
            if inner.busy.contains(&instance) {
                continue;
            }
            let Some(round) = inner.rounds.get_mut(&uid) else { continue };
            let stop = round.begins();
            let only_tidy = round.interval.is_none();
            inner.busy.insert(instance.clone());
            jobs.push(Job { uid, namespace, name, instance, only_tidy, stop });
        }
        jobs
    }

    /// Whose time has come.
    fn candidates(&self, world: &World, at: &Moment) -> Vec<(Duration, String, String, String)> {
        let mut inner = self.lock();
        if !inner.is_open || at.stopping {
            return Vec::new();
        }
        let mut candidates = Vec::new();
        for (uid, round) in inner.rounds.iter_mut().filter(|(_, round)| round.under_way.is_none()) {
            let due = *round.due.get_or_insert_with(|| {
                let object = world.caches.accounts.get(&round.namespace, &round.name);
                let told = object.as_deref().and_then(stored).map(|stored| stored.status);
                at.clock + first_wait(told, round.interval.unwrap_or_default(), uid, at.now)
            });
            if due <= at.clock {
                candidates.push((due, uid.clone(), round.namespace.clone(), round.name.clone()));
            }
        }
        candidates
    }

    /// What rings when the gate keeps a turn for this walk.
    pub(super) fn expect(&self, key: &Key) -> Arc<Notify> {
        self.lock().waiting.entry(key.clone()).or_default().clone()
    }

    pub(super) fn unexpect(&self, key: &Key) {
        self.lock().waiting.remove(key);
    }

    /// The gate keeps a turn for a walk.
    pub fn woken(&self, key: &Key) {
        if let Some(bell) = self.lock().waiting.get(key) {
            bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Nobody asks for walks, or nobody does any more. As long as the condition stands, an earlier process may have left
    /// something. True: there is something to do.
    fn not_any_more(&mut self, account: &ChatwootAccount, uid: String, is_told: bool) -> bool {
        let known = self.rounds.get(&uid);
        if account.metadata.deletion_timestamp.is_some()
            || known.is_some_and(|round| round.interval.is_none())
        {
            return false;
        }
        if !is_told {
            self.drop_round(&uid);
            return false;
        }
        let round = self.rounds.entry(uid).or_default();
        if let Some(walk) = &round.under_way {
            walk.cancel();
        }
        *round = Round {
            namespace: account.namespace().unwrap_or_default(),
            name: account.name_any(),
            due: Some(Duration::ZERO),
            under_way: round.under_way.take(),
            ..Round::default()
        };
        true
    }

    fn drop_round(&mut self, uid: &str) {
        if let Some(Round { under_way: Some(walk), .. }) = self.rounds.remove(uid) {
            walk.cancel();
        }
    }

    /// One that cannot be walked now. What is only to be tidied is let be: it is nobody's any more.
    fn puts_off(&mut self, uid: &str, clock: Duration) {
        if let Some(round) = self.rounds.get_mut(uid) {
            if round.interval.is_none() {
                self.rounds.remove(uid);
            } else {
                (round.due, round.waits) = (Some(clock + PAUSE), true);
            }
        }
    }

    fn ended(&mut self, uid: &str, judged: Judged, (clock, now): (Duration, Timestamp)) {
        let Some(round) = self.rounds.get_mut(uid) else { return };
        let Some(interval) = round.interval else {
            self.rounds.remove(uid);
            return;
        };
        round.failures = round.failures.saturating_add(1);
        round.doubts += u32::from(matches!(judged, Judged::Perhaps(_) | Judged::Refused(_)));
        let sure = match judged {
            Judged::Sure(outcome) => Some(outcome),
            Judged::Perhaps(outcome) => Some(outcome).filter(|_| round.doubts >= BELIEVED_AT),
            Judged::Refused(outcome) => Some(outcome).filter(|_| round.doubts >= REFUSED_AT),
            Judged::Nothing => None,
        };
        let wait = match &sure {
            Some(Outcome::Arrived) => next_slot(uid, interval, now),
            Some(_) => interval.min(SECOND_TRY),
            None => schedule::backoff(round.failures, uid),
        };
        if let Some(outcome) = sure {
            (round.outcome, round.failures, round.doubts) = (Some(outcome), 0, 0);
        }
        round.due = Some(clock + wait);
    }
}

/// The condition as it is stored.
#[derive(Clone, Copy, Debug)]
struct Stored<'a> {
    status: ConditionStatus,
    reason: &'a str,
}

impl Stored<'_> {
    /// No walk has been made yet, or none since something kept it from being made.
    fn is_awaited(self) -> bool {
        self.reason == reason::PROGRESSING
    }

    /// The account's pass knows why no walk is made.
    fn is_of_others(self) -> bool {
        self.status == ConditionStatus::Unknown && !self.is_awaited()
    }
}

fn stored(account: &ChatwootAccount) -> Option<Stored<'_>> {
    let condition = find(&account.status.as_ref()?.conditions, conditions::VERIFIED)?;
    Some(Stored { status: condition.status, reason: &condition.reason })
}

/// How long after its start a process waits for an account of which an earlier one has said this.
fn first_wait(told: Option<ConditionStatus>, interval: Duration, uid: &str, now: Timestamp) -> Duration {
    match told {
        Some(ConditionStatus::True) => schedule::until_next_slot(&slot(uid), interval, now),
        Some(ConditionStatus::False) => schedule::until_next_slot(&slot(uid), interval.min(SECOND_TRY), now),
        Some(ConditionStatus::Unknown) | None => Duration::ZERO,
    }
}

/// After a walk; one that was made just before its slot is not made again at once.
fn next_slot(uid: &str, interval: Duration, now: Timestamp) -> Duration {
    let wait = schedule::until_next_slot(&slot(uid), interval, now);
    if wait < interval / 50 { wait + interval } else { wait }
}

/// Another one than that of the account's drift check.
fn slot(uid: &str) -> String {
    format!("verify {uid}")
}

/// The instance, where a message can be walked through the account now.
fn walkable(world: &World, account: &ChatwootAccount, at: &Moment) -> Option<InstanceKey> {
    let (spec, status) = (&account.spec, account.status.as_ref()?);
    let rests = spec.paused || spec.mode == Mode::Observe || account.metadata.deletion_timestamp.is_some();
    if rests || (spec.verify.is_some() && !is_settled(account, status)) {
        return None;
    }
    let site = place::of(world, (&account.namespace()?, &account.name_any()), (true, false), at)?;
    matches!(site.place, Place::Open(_)).then_some(())?;
    let instance = account_handle(world, account)?.instance;
    world.instances.handle(&instance).map(|_| instance)
}

fn is_settled(account: &ChatwootAccount, status: &AccountStatus) -> bool {
    Some(status.observed_generation) == account.metadata.generation && is_ready(&status.conditions)
}

/// The end of a walk, also of one that panics.
pub(super) struct Ends<'a> {
    world: &'a World,
    uid: &'a str,
    instance: &'a InstanceKey,
    judged: Option<Judged>,
}

impl<'a> Ends<'a> {
    pub fn new(world: &'a World, job: &'a Job) -> Self {
        Self { world, uid: &job.uid, instance: &job.instance, judged: None }
    }

    pub fn with(mut self, judged: Judged) {
        self.judged = Some(judged);
    }
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        let now = (self.world.clock(), Timestamp::now());
        let mut inner = self.world.walks.lock();
        inner.busy.remove(self.instance);
        if let Some(round) = inner.rounds.get_mut(self.uid) {
            round.under_way = None;
        }
        inner.ended(self.uid, self.judged.take().unwrap_or(Judged::Nothing), now);
        drop(inner);
        self.world.walks.bell.notify_one();
    }
}

#[cfg(test)]
mod tests;
