//! The order of a work queue: who waits for a turn, who waits for a time, who is being looked at. No I/O, no tasks.

use super::queue::Depth;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Back-off after a pass that failed: doubling from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// Nobody waits longer; keeps far-away times from overflowing the clock.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// One turn in this many belongs to objects that nobody woke, while there are any.
const ROUTINE_SHARE: u32 = 4;

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Over,
    Again(Duration),
    Failed,
}

/// Every object that is not merely resting has exactly one [`Place`].
pub(super) struct Line<K> {
    places: HashMap<Arc<K>, Place>,
    /// Woken objects.
    woken: VecDeque<Arc<K>>,
    /// The first round of a term, and those whose time has come.
    routine: VecDeque<Arc<K>>,
    timers: BTreeMap<At, Arc<K>>,
    /// Failed turns in a row.
    failures: HashMap<Arc<K>, u32>,
    turns: u32,
    sequence: u64,
}

/// A time, and a number that keeps equal times apart.
type At = (Instant, u64);

#[derive(Clone, Copy)]
enum Place {
    /// Among those woken or in the routine.
    Ready {
        woken: bool,
    },
    Waiting(At),
    Running {
        woken: bool,
    },
}

impl<K> Default for Line<K> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            woken: VecDeque::new(),
            routine: VecDeque::new(),
            timers: BTreeMap::new(),
            failures: HashMap::new(),
            turns: 0,
            sequence: 0,
        }
    }
}

impl<K: Hash + Eq> Line<K> {
    /// Somebody wants the object looked at now.
    pub(super) fn wake(&mut self, key: K) {
        self.ready(Arc::new(key), true);
    }

    /// The object is due for a look among all others.
    pub(super) fn enlist(&mut self, key: K) {
        self.ready(Arc::new(key), false);
    }

    /// Takes the next object; it is running until [`end`](Self::end).
    pub(super) fn begin(&mut self, now: Instant) -> Option<K>
    where
        K: Clone,
    {
        self.due(now);
        self.turns = self.turns.wrapping_add(1);
        let routine_first = self.turns.is_multiple_of(ROUTINE_SHARE);
        loop {
            let key = if routine_first {
                self.routine.pop_front().or_else(|| self.woken.pop_front())
            } else {
                self.woken.pop_front().or_else(|| self.routine.pop_front())
            }?;
            // An object of the routine that was woken stands in both lines; the first turn is its turn.
            if let Some(place @ Place::Ready { .. }) = self.places.get_mut(&key) {
                *place = Place::Running { woken: false };
                return Some((*key).clone());
            }
        }
    }

    /// The object's turn has ended.
    pub(super) fn end(&mut self, key: &K, turn: Turn, now: Instant) {
        let Some(Place::Running { woken }) = self.places.get(key).copied() else { return };
        let Some((key, _)) = self.places.remove_entry(key) else { return };
        let wait = match turn {
            Turn::Over => None,
            Turn::Again(wait) => Some(wait),
            Turn::Failed => {
                Some(backoff(*self.failures.entry(key.clone()).and_modify(|n| *n += 1).or_insert(0)))
            }
        };
        if turn != Turn::Failed {
            self.failures.remove(&key);
        }
        match wait {
            _ if woken => self.ready(key, true),
            Some(wait) => self.wait(key, wait, now),
            None => {}
        }
    }

    /// Forgets everybody but those who are running, and that those were woken.
    pub(super) fn clear(&mut self) {
        self.places.retain(|_, place| match place {
            Place::Running { woken } => {
                *woken = false;
                true
            }
            Place::Ready { .. } | Place::Waiting(_) => false,
        });
        self.woken.clear();
        self.routine.clear();
        self.timers.clear();
        self.failures.clear();
    }

    /// When the first of those who wait for a time is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|(at, _)| at.0)
    }

    pub(super) fn depth(&self) -> Depth {
        let mut depth = Depth { waiting: self.timers.len(), ..Depth::default() };
        for place in self.places.values() {
            match place {
                Place::Ready { .. } => depth.ready += 1,
                Place::Running { .. } => depth.running += 1,
                Place::Waiting(_) => {}
            }
        }
        depth
    }

    fn ready(&mut self, key: Arc<K>, woken: bool) {
        match self.places.get_mut(&key) {
            Some(Place::Running { woken }) => *woken = true,
            Some(Place::Ready { woken: already }) if *already || !woken => {}
            place => {
                if let Some(Place::Waiting(at)) = place {
                    self.timers.remove(at);
                }
                let line = if woken { &mut self.woken } else { &mut self.routine };
                line.push_back(key.clone());
                self.places.insert(key, Place::Ready { woken });
            }
        }
    }

    fn wait(&mut self, key: Arc<K>, wait: Duration, now: Instant) {
        self.sequence += 1;
        let at = (now + wait.min(FOR_EVER), self.sequence);
        self.timers.insert(at, key.clone());
        self.places.insert(key, Place::Waiting(at));
    }

    fn due(&mut self, now: Instant) {
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now) {
            let key = first.remove();
            self.places.insert(key.clone(), Place::Ready { woken: false });
            self.routine.push_back(key);
        }
    }
}

fn backoff(failures: u32) -> Duration {
    let (first, last) = BACKOFF;
    first.saturating_mul(2u32.saturating_pow(failures)).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Wake(u8),
        Enlist(u8),
        Begin,
        End(u8, Option<u64>),
        Fail(u8),
        Later(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        let key = 0..4u8;
        prop_oneof![
            3 => key.clone().prop_map(Act::Wake),
            1 => key.clone().prop_map(Act::Enlist),
            4 => Just(Act::Begin),
            3 => (key.clone(), proptest::option::of(0..20u64)).prop_map(|(k, wait)| Act::End(k, wait)),
            1 => key.prop_map(Act::Fail),
            2 => (0..20u64).prop_map(Act::Later),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: nobody runs twice at once, and nobody who was called is forgotten.
        #[test]
        fn nobody_runs_twice_and_nobody_is_forgotten(acts in proptest::collection::vec(act(), 1..200)) {
            let mut line = Line::default();
            let mut now = Instant::now();
            let (mut running, mut owed) = (HashSet::new(), HashSet::new());
            for act in acts {
                match act {
                    Act::Wake(key) => {
                        line.wake(key);
                        owed.insert(key);
                    }
                    Act::Enlist(key) => {
                        line.enlist(key);
                        owed.insert(key);
                    }
                    Act::Begin => if let Some(key) = line.begin(now) {
                        prop_assert!(running.insert(key), "{key} runs twice");
                        owed.remove(&key);
                    },
                    Act::End(key, wait) => {
                        let turn = wait.map_or(Turn::Over, |s| Turn::Again(Duration::from_secs(s)));
                        line.end(&key, turn, now);
                        if running.remove(&key) && wait.is_some() {
                            owed.insert(key);
                        }
                    }
                    Act::Fail(key) => {
                        line.end(&key, Turn::Failed, now);
                        if running.remove(&key) {
                            owed.insert(key);
                        }
                    }
                    Act::Later(seconds) => now += Duration::from_secs(seconds),
                }
                prop_assert_eq!(line.depth().running, running.len());
            }
            // Everybody's time comes, and those who run end.
            now += BACKOFF.1 + Duration::from_secs(20);
            running.iter().for_each(|key| line.end(key, Turn::Over, now));
            while let Some(key) = line.begin(now) {
                owed.remove(&key);
                line.end(&key, Turn::Over, now);
            }
            prop_assert!(owed.is_empty(), "{owed:?} were forgotten");
            prop_assert_eq!(line.depth(), Depth::default());
        }
    }
}
