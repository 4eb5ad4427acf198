//! What lies beside the things in an account and in no list: asked about one by one, once for all who want to know, however
//! many turns that takes.

use super::lists::Of;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// A look that nobody goes on with for so long is over, and what was answered is forgotten.
const ABANDONED: Duration = Duration::from_secs(600);

/// Somebody's look at what lies beside everything of a kind.
#[derive(Clone, Debug)]
pub struct Look {
    /// The uid of whoever looks.
    pub who: String,
    /// Changes with what it looks for: an answer to an earlier question is none to this one.
    pub why: String,
    /// Answers that were asked for since then are new enough. It stays as it was when the look began, or one that takes many
    /// turns would never end.
    pub since: Duration,
}

/// Every answer that somebody may still want.
#[derive(Debug, Default)]
pub struct Beside {
    rounds: Mutex<HashMap<Of, Round>>,
    looks: Mutex<HashMap<String, Begun>>,
}

#[derive(Debug, Default)]
struct Round {
    answers: HashMap<i64, Answer>,
    /// Those that somebody is asking about.
    asking: HashSet<i64>,
    /// Rung when an answer has come, or will not.
    bell: Arc<Notify>,
    touched: Duration,
}

#[derive(Debug)]
struct Begun {
    why: String,
    since: Duration,
    touched: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    /// `None`: it was changed then, and nobody knows to what.
    known: Option<Option<i64>>,
    /// Clock when it was asked for, or changed.
    at: Duration,
}

/// What is left to do.
#[derive(Debug)]
pub enum Next<'a> {
    /// Nothing: what lies beside each.
    Known(BTreeMap<i64, Option<i64>>),
    /// This one is to be asked about, by whoever holds this.
    Ask(Asking<'a>),
    /// Others are asking about all that is left.
    Wait,
}

/// The right to ask about one; given up when dropped.
#[derive(Debug)]
pub struct Asking<'a> {
    beside: &'a Beside,
    of: &'a Of,
    pub id: i64,
}

impl Beside {
    /// Begins a look, or goes on with it: then `look.since` is what it was when it began. `now`: the clock.
    pub fn begin(&self, look: &mut Look, now: Duration) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |begun: &&mut Begun| begun.why == look.why && begun.touched + ABANDONED > now;
        match looks.get_mut(&look.who).filter(goes_on) {
            Some(begun) => {
                begun.touched = now;
                look.since = begun.since;
            }
            None => {
                looks.retain(|_, begun| begun.touched + ABANDONED > now);
                let begun = Begun { why: look.why.clone(), since: look.since, touched: now };
                looks.insert(look.who.clone(), begun);
            }
        }
    }

    /// The look has seen everything.
    pub fn end(&self, look: &Look) {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).remove(&look.who);
    }

    /// Makes room for the answers that somebody is about to want. `now`: the clock.
    pub fn open(&self, of: &Of, now: Duration) {
        let mut rounds = self.lock();
        rounds.retain(|_, round| !round.asking.is_empty() || round.touched + ABANDONED > now);
        rounds.entry(of.clone()).or_default().touched = now;
    }

    /// What is left to do for answers about `ids` that were asked for at `since` or later.
    pub fn next<'a>(&'a self, of: &'a Of, ids: &[i64], since: Duration) -> Next<'a> {
        let mut rounds = self.lock();
        let round = rounds.entry(of.clone()).or_default();
        let known = |id: &i64| round.answers.get(id).filter(|answer| answer.at >= since)?.known;
        let left: Vec<i64> = ids.iter().copied().filter(|id| known(id).is_none()).collect();
        if left.is_empty() {
            return Next::Known(ids.iter().filter_map(|id| Some((*id, known(id)?))).collect());
        }
        match left.into_iter().find(|id| !round.asking.contains(id)) {
            Some(id) => {
                round.asking.insert(id);
                Next::Ask(Asking { beside: self, of, id })
            }
            None => Next::Wait,
        }
    }

    /// Rings when [`Next::Wait`] may be over. To be listened to before asking what is next.
    pub fn bell(&self, of: &Of) -> Arc<Notify> {
        self.lock().entry(of.clone()).or_default().bell.clone()
    }

    /// This process has changed what lies beside `id`. `now`: the clock afterwards; an answer asked for before tells nothing
    /// any more.
    pub fn put(&self, of: &Of, id: i64, value: Option<i64>, now: Duration) {
        self.keep(of, id, Answer { known: Some(value), at: now });
    }

    /// A change was sent, and nobody knows what came of it.
    pub fn forget(&self, of: &Of, id: i64, now: Duration) {
        self.keep(of, id, Answer { known: None, at: now });
    }

    /// Forgets everything: what another process did meanwhile is not known here.
    pub fn clear(&self) {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.lock().retain(|_, round| {
            round.answers.clear();
            !round.asking.is_empty()
        });
    }

    fn keep(&self, of: &Of, id: i64, answer: Answer) {
        let mut rounds = self.lock();
        let kept = rounds.entry(of.clone()).or_default().answers.entry(id).or_insert(answer);
        if kept.at <= answer.at {
            *kept = answer;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Of, Round>> {
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// The answer. `asked_at`: the clock before the request went out.
    pub fn answered(self, value: Option<i64>, asked_at: Duration) {
        self.beside.keep(self.of, self.id, Answer { known: Some(value), at: asked_at });
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(round) = self.beside.lock().get_mut(self.of) {
            round.asking.remove(&self.id);
            round.bell.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chatwoot::types::AccountId, reconcile::references::InstanceKey};

    fn of() -> Of {
        let instance = InstanceKey { namespace: "ops".into(), name: "main".into() };
        Of { instance, account: AccountId(1), kind: "bot of inbox" }
    }

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    fn look(who: &str, why: &str, since: u64) -> Look {
        Look { who: who.into(), why: why.into(), since: at(since) }
    }

    fn known(beside: &Beside, ids: &[i64], since: u64) -> Option<BTreeMap<i64, Option<i64>>> {
        match beside.next(&of(), ids, at(since)) {
            Next::Known(all) => Some(all),
            Next::Ask(_) | Next::Wait => None,
        }
    }

    fn ask(beside: &Beside, ids: &[i64], since: u64, answer: Option<i64>, now: u64) -> i64 {
        let of = of();
        let Next::Ask(asking) = beside.next(&of, ids, at(since)) else { panic!("nothing to ask") };
        let id = asking.id;
        asking.answered(answer, at(now));
        id
    }

    #[test]
    fn an_answer_serves_everybody_who_began_to_look_before_it() {
        let beside = Beside::default();
        assert_eq!(ask(&beside, &[1, 2], 10, Some(7), 12), 1);
        assert_eq!(ask(&beside, &[1, 2], 10, None, 13), 2);
        let all = BTreeMap::from([(1, Some(7)), (2, None)]);
        assert_eq!(known(&beside, &[1, 2], 12), Some(all));
        assert_eq!(known(&beside, &[1, 2], 13), None, "the first is older than that");
        assert_eq!(known(&beside, &[2], 13), Some(BTreeMap::from([(2, None)])));
    }

    #[test]
    fn nobody_asks_what_another_is_asking() {
        let (beside, of) = (Beside::default(), of());
        let Next::Ask(first) = beside.next(&of, &[1, 2], at(0)) else { panic!("nothing to ask") };
        let Next::Ask(second) = beside.next(&of, &[1, 2], at(0)) else { panic!("nothing to ask") };
        assert_eq!((first.id, second.id), (1, 2));
        assert!(matches!(beside.next(&of, &[1, 2], at(0)), Next::Wait));
        // Whoever is cut off leaves it to the others.
        drop(first);
        assert!(matches!(beside.next(&of, &[1, 2], at(0)), Next::Ask(asking) if asking.id == 1));
    }

    #[test]
    fn a_look_that_is_cut_off_goes_on_and_does_not_begin_anew() {
        let beside = Beside::default();
        let mut first = look("u-1", "spec 1", 10);
        beside.open(&of(), at(20));
        beside.begin(&mut first, at(20));
        ask(&beside, &[1, 2], 10, None, 21);
        let mut later = look("u-1", "spec 1", 300);
        beside.begin(&mut later, at(310));
        assert_eq!(later.since, at(10));
        assert_eq!(ask(&beside, &[1, 2], 10, None, 311), 2, "what was answered is not asked again");
        // Another question, an ended look, and one that was abandoned begin where they are.
        let mut other = look("u-1", "spec 2", 320);
        beside.begin(&mut other, at(320));
        assert_eq!(other.since, at(320));
        beside.end(&other);
        let mut again = look("u-1", "spec 2", 330);
        beside.begin(&mut again, at(330));
        assert_eq!(again.since, at(330));
        let mut late = look("u-1", "spec 2", 2000);
        beside.begin(&mut late, at(2000));
        assert_eq!(late.since, at(2000));
        beside.open(&of(), at(2000));
        assert_eq!(known(&beside, &[1, 2], 0), None, "and what was answered then is forgotten");
    }

    #[test]
    fn what_this_process_changes_outdoes_what_was_asked_before() {
        let (beside, of) = (Beside::default(), of());
        let Next::Ask(asking) = beside.next(&of, &[1], at(0)) else { panic!("nothing to ask") };
        beside.put(&of, 1, Some(9), at(5));
        asking.answered(Some(7), at(4));
        assert_eq!(known(&beside, &[1], 0), Some(BTreeMap::from([(1, Some(9))])));
        beside.forget(&of, 1, at(6));
        assert_eq!(known(&beside, &[1], 0), None);
        beside.put(&of, 1, None, at(7));
        beside.clear();
        assert_eq!(known(&beside, &[1], 0), None);
    }
}
