//! The account index of one instance, asked once for all who wait.
//!
//! `GET /accounts` lists everything and cannot be asked about one account, so one call serves every object that was
//! waiting when it went out: one per ten seconds on average, or per 500 waiting. A few are had in advance, so that who
//! applies an account now and another in a moment waits for neither.

use super::references::InstanceKey;
use crate::{
    chatwoot::{
        gate::{Entry, Key, Lane},
        instance::Instance,
        marker::Marker,
        outcome::Failure,
        platform::{INDEX_LIMIT, IndexError, Indexed},
    },
    plan::create::{Index, Likeness, Look, Match},
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// Kind of the key under which the index waits at the gate.
pub const KIND: &str = "AccountIndex";
const SPACING: Duration = Duration::from_secs(10);
/// Calls that may be made in advance of their ten seconds.
const AT_ONCE: u32 = 5;
/// A list that takes long is a burden to Chatwoot: it rests this many times as long before the next, up to [`SPACING`].
const REST: u32 = 20;
const GATHER: Duration = Duration::from_millis(100);
const CROWD: usize = 500;
const SILENCE_HOLDS: Duration = Duration::from_secs(60);

/// Why the index says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    Unsupported,
    Broken,
    TooLarge,
    Unavailable(Failure),
}

/// The accounts that carry this installation's marker.
#[derive(Debug, Default)]
pub struct Census {
    /// Clock when the request was about to go out.
    pub asked_at: Duration,
    by_uid: HashMap<String, BTreeSet<i64>>,
    /// By hash of kind, namespace and name.
    by_owner: HashMap<String, Vec<(i64, Marker)>>,
    pub carried: usize,
}

impl Census {
    pub fn new(asked_at: Duration, installation: &str, rows: Vec<Indexed>) -> Self {
        let mut census = Self { asked_at, ..Self::default() };
        for row in rows {
            let Some(marker) = row.marker.as_deref().and_then(Marker::parse) else { continue };
            if marker.installation != installation {
                continue;
            }
            census.carried += 1;
            census.by_uid.entry(marker.uid.clone()).or_default().insert(row.id.0);
            census.by_owner.entry(marker.owner.clone()).or_default().push((row.id.0, marker));
        }
        census
    }

    /// Accounts with this uid.
    pub fn of_uid(&self, uid: &str) -> BTreeSet<i64> {
        self.by_uid.get(uid).cloned().unwrap_or_default()
    }

    /// Every uid and the accounts that carry it.
    pub fn uids(&self) -> impl Iterator<Item = (&str, &BTreeSet<i64>)> {
        self.by_uid.iter().map(|(uid, ids)| (uid.as_str(), ids))
    }

    /// The accounts a resource with marker `mine` may mean, save those that `taken` says belong to another one.
    pub fn matches(&self, mine: &Marker, taken: impl Fn(i64) -> bool) -> Vec<Match> {
        let mut found: Vec<Match> =
            self.of_uid(&mine.uid).into_iter().map(|id| Match { id, likeness: Likeness::Ours }).collect();
        for (id, theirs) in self.by_owner.get(&mine.owner).into_iter().flatten() {
            if theirs.uid != mine.uid {
                let likeness =
                    if theirs.namespace == mine.namespace { Likeness::Recreated } else { Likeness::Restored };
                found.push(Match { id: *id, likeness });
            }
        }
        found.retain(|m| !taken(m.id));
        found.sort_unstable();
        found
    }
}

type Answer = Result<Arc<Census>, Silence>;
type Wake = Arc<dyn Fn(Key) + Send + Sync>;
/// The process' monotonic clock.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// One instance's index. Cloning it is cheap and leads to the same one.
#[derive(Clone)]
pub struct AccountIndex(Arc<Inner>);

struct Inner {
    chatwoot: Instance,
    installation: String,
    key: Key,
    state: Mutex<State>,
    /// Rung when the gate keeps a turn for the index, and when a crowd has gathered.
    bell: Notify,
    wake: Wake,
    clock: Clock,
}

#[derive(Default)]
struct State {
    last: Option<(Duration, Answer)>,
    /// Silence known without asking: this version has no index.
    unsupported: bool,
    waiting: HashMap<Key, Duration>,
    asking: bool,
    pace: Pace,
}

/// When the list may be asked for next.
#[derive(Debug, Default)]
struct Pace {
    /// When every call made so far has had its ten seconds.
    paid: Option<Instant>,
    /// When the last call has been rested from.
    rested: Option<Instant>,
}

impl Pace {
    fn next(&self) -> Option<Instant> {
        let in_advance = SPACING * (AT_ONCE - 1);
        self.paid.map(|paid| paid.checked_sub(in_advance).unwrap_or(paid)).max(self.rested)
    }

    fn asks(&mut self, now: Instant) {
        self.paid = Some(self.paid.unwrap_or(now).max(now) + SPACING);
    }

    fn took(&mut self, asked: Instant, now: Instant) {
        self.rested = Some(now + ((now - asked) * REST).min(SPACING));
    }
}

impl AccountIndex {
    pub fn new(
        instance: &InstanceKey,
        chatwoot: Instance,
        installation: String,
        wake: Wake,
        clock: Clock,
    ) -> Self {
        let key = Key::new(KIND, &instance.namespace, &instance.name);
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner { chatwoot, installation, key, state, bell: Notify::new(), wake, clock }))
    }

    /// The gate keeps a turn for the index.
    pub fn woken(&self) {
        self.0.bell.notify_one();
    }

    /// Chatwoot's version has changed, or is known now.
    pub fn set_supported(&self, supported: bool) {
        let mut state = self.0.lock();
        if state.unsupported == supported {
            state.unsupported = !supported;
            state.last = None;
        }
    }

    /// Another connection was proven: what the one before said is no answer any more.
    pub fn forget_answers(&self) {
        self.0.lock().last = None;
    }

    /// An answer asked for at `not_before` or later: at once where there is one, else `who` is woken when there is.
    pub fn ask(&self, who: &Key, not_before: Duration, mine: &Marker, taken: impl Fn(i64) -> bool) -> Look {
        let mut state = self.0.lock();
        if state.unsupported {
            return Look { asked_at: (self.0.clock)(), answer: Index::Unusable };
        }
        if let Some((asked_at, answer)) = &state.last
            && (*asked_at >= not_before || self.still_silent(*asked_at, answer))
            && !self.has_passed(*asked_at, answer)
        {
            let answer = match answer {
                Ok(census) => Index::Answer(census.matches(mine, taken)),
                Err(Silence::Unavailable(_)) => Index::Unavailable,
                Err(_) => Index::Unusable,
            };
            return Look { asked_at: *asked_at, answer };
        }
        state.waiting.insert(who.clone(), not_before);
        self.start(&mut state);
        Look { asked_at: not_before, answer: Index::Later }
    }

    /// A broken index stays broken until somebody repairs it (P2): asking again for every object would not mend it.
    fn still_silent(&self, asked_at: Duration, answer: &Answer) -> bool {
        matches!(answer, Err(Silence::Broken | Silence::TooLarge | Silence::Unsupported))
            && (self.0.clock)().saturating_sub(asked_at) < SILENCE_HOLDS
    }

    /// What passes is worth another try as soon as one may be made; nobody's version of an object changes by it.
    fn has_passed(&self, asked_at: Duration, answer: &Answer) -> bool {
        matches!(answer, Err(Silence::Unavailable(_))) && (self.0.clock)().saturating_sub(asked_at) >= SPACING
    }

    /// Has the index read although nobody waits: the sweep. The answer is in [`AccountIndex::latest`] and in `done`.
    pub fn sweep(&self) {
        let mut state = self.0.lock();
        if !state.unsupported {
            state.waiting.insert(self.0.key.clone(), (self.0.clock)());
            self.start(&mut state);
        }
    }

    /// The latest answer and when it was asked for; `Err` says why there is none.
    pub fn latest(&self) -> Option<(Duration, Result<Arc<Census>, Silence>)> {
        let state = self.0.lock();
        if state.unsupported {
            Some(((self.0.clock)(), Err(Silence::Unsupported)))
        } else {
            state.last.clone()
        }
    }

    fn start(&self, state: &mut State) {
        if state.asking {
            if state.waiting.len() >= CROWD {
                self.0.bell.notify_one();
            }
            return;
        }
        state.asking = true;
        tokio::spawn(self.0.clone().serve());
    }
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks as long as somebody waits.
    async fn serve(self: Arc<Self>) {
        loop {
            self.space_out().await;
            let (asked_at, asked) = ((self.clock)(), Instant::now());
            let answer = self.read(asked_at).await;
            let served = {
                let mut state = self.lock();
                state.pace.took(asked, Instant::now());
                state.last = Some((asked_at, answer));
                let (served, left) = std::mem::take(&mut state.waiting)
                    .into_iter()
                    .partition::<HashMap<_, _>, _>(|(_, not_before)| *not_before <= asked_at);
                state.waiting = left;
                if state.waiting.is_empty() {
                    state.asking = false;
                }
                served
            };
            for (who, _) in served {
                (self.wake)(who);
            }
            if !self.lock().asking {
                return;
            }
        }
    }

    async fn space_out(&self) {
        // Things that are applied together arrive a moment apart, and one answer serves them all.
        tokio::time::sleep(GATHER).await;
        loop {
            let next = {
                let state = self.lock();
                match state.pace.next() {
                    Some(next) if state.waiting.len() < CROWD => next,
                    _ => break,
                }
            };
            if next <= Instant::now() {
                break;
            }
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.bell.notified() => {}
            }
        }
        self.lock().pace.asks(Instant::now());
    }

    async fn read(&self, asked_at: Duration) -> Answer {
        let caller = loop {
            match self.chatwoot.enter(Lane::Change, &self.key) {
                Entry::Turn(caller) => break caller,
                Entry::Queued => self.bell.notified().await,
                // Whoever waits says so in its condition instead of waiting in silence.
                Entry::Closed { retry_in, .. } => {
                    self.chatwoot.forget(&self.key);
                    let closed = Failure {
                        retry_after: Some(retry_in),
                        ..Failure::of(crate::chatwoot::outcome::Class::Connect)
                    };
                    return Err(Silence::Unavailable(closed));
                }
            }
        };
        match caller.call(|platform| platform.accounts_index(INDEX_LIMIT)).await {
            Ok(rows) => Ok(Arc::new(Census::new(asked_at, &self.installation, rows))),
            Err(IndexError::Unsupported) => Err(Silence::Unsupported),
            Err(IndexError::Broken) => Err(Silence::Broken),
            Err(IndexError::TooLarge) => Err(Silence::TooLarge),
            Err(IndexError::Unavailable(failure)) => Err(Silence::Unavailable(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chatwoot::{marker::Installation, types::AccountId};

    fn marker(namespace: &str, name: &str, uid: &str) -> Marker {
        Installation::new("0123456789abcdef".into(), vec![1; 32]).marker(
            "ChatwootAccount",
            "acme",
            namespace,
            name,
            uid,
        )
    }

    fn row(id: i64, marker: &str) -> Indexed {
        Indexed { id: AccountId(id), marker: Some(marker.to_owned()) }
    }

    #[test]
    fn a_few_lists_are_asked_for_at_once_and_then_one_in_ten_seconds() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut now = start;
        let mut asked = Vec::new();
        while asked.len() < 8 {
            now = pace.next().map_or(now, |next| next.max(now));
            pace.asks(now);
            pace.took(now, now + Duration::from_millis(10));
            asked.push((now - start).as_millis());
        }
        assert_eq!(asked, [0, 210, 420, 630, 840, 10_000, 20_000, 30_000]);
        pace.took(now, now + Duration::from_secs(60));
        assert_eq!(pace.next(), Some(now + Duration::from_secs(70)), "a slow list is rested from");
    }

    #[test]
    fn a_resource_sees_what_carries_its_marker_in_any_way_and_nothing_else() {
        let mine = marker("ns-1", "main", "u-1");
        let rows = vec![
            row(1, &mine.to_string()),
            row(2, &marker("ns-1", "main", "u-0").to_string()),
            row(3, &marker("ns-0", "main", "u-9").to_string()),
            row(4, &marker("ns-1", "other", "u-2").to_string()),
            row(5, "v1:ffffffffffffffff:x:y:u-1"),
            Indexed { id: AccountId(6), marker: None },
        ];
        let census = Census::new(Duration::ZERO, &mine.installation, rows);
        let seen: Vec<_> = census.matches(&mine, |_| false).iter().map(|m| (m.id, m.likeness)).collect();
        assert_eq!(seen, [(1, Likeness::Ours), (2, Likeness::Recreated), (3, Likeness::Restored)]);
        assert_eq!(census.matches(&mine, |id| id == 2).len(), 2);
        assert_eq!(census.carried, 4);
    }
}
