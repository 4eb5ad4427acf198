//! What Kubernetes, Chatwoot, time and people do.

use crate::{
    canonical::Called,
    invariants::{self, Violation},
    model::*,
    mutants::Machine,
};
use chatwoot_operator::plan::create::{Answer, Choice, Index, Likeness, Match, SEND_WITHIN, Wrote};
use std::{rc::Rc, time::Duration};

/// One transition under way: the state it leads to, what it broke, and its story where somebody listens.
pub struct Turn<'a> {
    pub machine: Machine,
    pub state: State,
    pub broke: Option<Violation>,
    pub story: Option<&'a mut Vec<String>>,
}

impl Turn<'_> {
    pub fn say(&mut self, words: impl FnOnce(&State) -> String) {
        if let Some(story) = &mut self.story {
            story.push(words(&self.state));
        }
    }

    pub fn check(&mut self, kept: Result<(), Violation>) {
        if let Err(broken) = kept {
            self.broke.get_or_insert(broken);
        }
    }

    // Kubernetes.

    /// A compare-and-swap on the version and uid of `read`; on success it also gives what is stored now.
    pub fn write(&mut self, read: &Object, change: impl FnOnce(&mut Object)) -> (Wrote, Option<Rc<Object>>) {
        let Some(stored) = self.state.object.clone().filter(|stored| stored.uid == read.uid) else {
            return (Wrote::Gone, None);
        };
        if stored.version != read.version {
            return (Wrote::Conflict, None);
        }
        (Wrote::Yes, self.store(change))
    }

    /// Changes the stored object, whatever its version, and removes it when nothing holds it any more.
    pub fn store(&mut self, change: impl FnOnce(&mut Object)) -> Option<Rc<Object>> {
        let version = self.state.fresh_version();
        let mut object = Object::clone(self.state.object.as_deref()?);
        change(&mut object);
        object.version = version;
        let status = &object.status;
        let mut names: Vec<i64> = status.bound.into_iter().chain(status.duplicates.iter().copied()).collect();
        self.name(&mut names);
        self.state.ghost.stripped &= !object.finalizer;
        let object = Rc::new(object);
        self.state.object = (!object.deleting || object.finalizer).then(|| object.clone());
        Some(object)
    }

    pub fn name(&mut self, ids: &mut Vec<i64>) {
        let named = &mut self.state.ghost.named;
        named.append(ids);
        named.sort_unstable();
        named.dedup();
    }

    // Chatwoot.

    /// Carries out a POST.
    pub fn make_account(&mut self, uid: u8, visible: bool) -> i64 {
        let known = self
            .state
            .accounts
            .iter()
            .map(|account| account.id)
            .chain(self.state.ghost.named.iter().copied());
        let id = known.max().unwrap_or(ADOPTABLE) + 1;
        self.state.accounts.push(Account { id, uid: Some(uid), visible });
        id
    }

    /// What the index says now to the resource with this uid.
    pub fn index(&self, uid: u8) -> Index {
        if !self.state.index_works {
            return Index::Unusable;
        }
        let likeness = |theirs: u8| if theirs == uid { Likeness::Ours } else { Likeness::Recreated };
        let seen = self.state.accounts.iter().filter(|account| account.visible);
        Index::Answer(seen.filter_map(|a| Some(Match { id: a.id, likeness: likeness(a.uid?) })).collect())
    }

    /// The instance's sweep: a second account with the uid of what is bound is listed.
    pub fn sweep(&mut self) {
        let Some(object) = self.state.object.clone() else { return };
        let others: Vec<i64> = self
            .state
            .ours(object.uid)
            .map(|account| account.id)
            .filter(|id| object.status.bound != Some(*id) && !object.status.duplicates.contains(id))
            .collect();
        if self.state.index_works && object.status.bound.is_some() && !others.is_empty() {
            self.say(|_| format!("the sweep finds {others:?} beside what is bound"));
            self.store(|object| add(&mut object.status.duplicates, &others));
        }
    }

    // Everything that happens to the processes from outside.

    /// A watch brings the newest version; what was remembered of another object of that name is forgotten.
    pub fn deliver(&mut self, who: usize) {
        let object = self.state.object.clone();
        let process = &mut self.state.processes[who];
        let uid = object.as_ref().map(|object| object.uid);
        process.memory = process.memory.take().filter(|(of, _)| Some(*of) == uid);
        process.cache = object;
    }

    pub fn pause(&mut self, who: usize) {
        let process = &mut self.state.processes[who];
        let name = process.name.0;
        if let Some(pass) = &mut process.pass {
            pass.paused = true;
        }
        self.say(|_| format!("{name}: stands still"));
    }

    /// The process dies; its request stays on the way.
    pub fn crash(&mut self, who: usize) {
        let process = &mut self.state.processes[who];
        let name = process.name.0;
        let pass = std::mem::replace(process, Process::new(name)).pass;
        if let Some(Pass { post: Some(Post::Sent(flight)), .. }) = pass {
            let under_way = (flight.until >= self.state.now).then(|| abandoned(&flight));
            self.state.flights.extend(under_way);
        }
        self.say(|_| format!("{name}: dies, and starts anew"));
    }

    /// The process is told to stop: its pass begins nothing new, and it starts anew after it.
    pub fn terminate(&mut self, who: usize) {
        let process = &mut self.state.processes[who];
        process.stopping = true;
        let name = process.name.0;
        self.say(|_| format!("{name}: is told to stop"));
    }

    pub fn set_index(&mut self, works: bool) {
        self.state.index_works = works;
        self.say(|_| format!("the account index {}", if works { "is repaired" } else { "breaks" }));
    }

    /// A request nobody waits for is carried out.
    pub fn land(&mut self, flight: usize) {
        let uid = self.state.flights.swap_remove(flight).uid;
        let id = self.make_account(uid, true);
        self.say(|_| format!("a request still on the way makes account {id}"));
    }

    /// Time passes to the next instant at which anything changes by itself.
    pub fn tick(&mut self) {
        let Some(to) = next_instant(&self.state) else { return };
        let passed = to - self.state.now;
        self.state.now = to;
        self.state.flights.retain(|flight| flight.until >= to);
        self.say(|_| format!("{} s pass", passed.as_secs_f64()));
    }

    // People.

    pub fn delete(&mut self, destroying: bool) {
        self.check(invariants::deleted(&self.state));
        self.store(|object| {
            object.deleting = true;
            object.destroying = destroying;
        });
        let what = if destroying { "destroying" } else { "keeping" };
        self.say(|_| format!("somebody deletes the resource, {what} the account"));
    }

    pub fn switch(&mut self) {
        let mut destroying = false;
        self.store(|object| {
            object.destroying = !object.destroying;
            destroying = object.destroying;
        });
        let what = if destroying { "destroy" } else { "keep" };
        self.say(|_| format!("somebody changes the deletion policy: {what} the account"));
    }

    pub fn recreate(&mut self) {
        let held =
            self.state.copies().map(|copy| copy.uid).chain(self.state.accounts.iter().filter_map(|a| a.uid));
        let flying = self.state.flights.iter().map(|flight| flight.uid);
        let uid =
            held.chain(flying).chain(self.state.ghost.warned.iter().copied()).max().map_or(1, |uid| uid + 1);
        self.state.object = Some(Rc::new(Object::new(uid, self.state.fresh_version())));
        self.state.ghost.born = self.state.now;
        self.say(|_| "somebody applies the resource again".into());
    }

    pub fn wipe(&mut self) {
        self.store(|object| object.status = Status::default());
        self.state.ghost.wiped = true;
        self.say(|_| "the status is lost".into());
    }

    pub fn strip(&mut self) {
        self.store(|object| object.finalizer = false);
        self.state.ghost.stripped = true;
        self.say(|_| "a replaced manifest takes the finalizer away".into());
    }

    pub fn adopt(&mut self) {
        self.store(|object| object.adopt = Some(ADOPTABLE));
        self.say(|_| format!("somebody sets adopt.id to {ADOPTABLE}"));
    }

    pub fn decide(&mut self, choice: Choice) {
        self.store(|object| {
            let token = object.status.question.as_ref().map(|question| question.token.clone());
            object.answer = token.map(|token| Answer { token, choice });
        });
        self.say(|_| format!("a person answers the question with {choice:?}"));
    }

    /// The transition's end: what must hold across it, and in the state it leads to.
    pub fn finish(mut self, before: &State, status_lost: bool, crashed: bool) -> (State, Option<Violation>) {
        if !status_lost {
            self.check(invariants::across(before, &self.state));
        }
        if !crashed {
            self.check(invariants::kept(before, &self.state));
        }
        self.check(invariants::always(&self.state));
        (self.state.canonical(self.machine.forgets_timers()), self.broke)
    }
}

/// A request nobody waits for any more.
pub fn abandoned(flight: &Flight) -> Flight {
    Flight { uid: flight.uid, until: flight.until + LATE }
}

pub fn add(list: &mut Vec<i64>, ids: &[i64]) {
    list.extend(ids);
    list.sort_unstable();
    list.dedup();
}

/// The earliest instant ahead at which something ends: the time to send in, a request, a settle time. Requests that
/// have reached their end must be told what became of them first.
fn next_instant(state: &State) -> Option<Duration> {
    let mut instants: Vec<Duration> = state.flights.iter().map(|flight| flight.until).collect();
    for process in &state.processes {
        let pass = process.pass.as_ref();
        let memory =
            pass.map(|pass| &pass.facts.memory).or(process.memory.as_ref().map(|(_, memory)| memory));
        instants.extend(memory.map(|memory| memory.first_seen + settles(memory)));
        let Some(pass) = pass else { continue };
        if let Some(mine) = &pass.facts.mine {
            instants.push(mine.since + SEND_WITHIN);
        }
        if let Some(Post::Sent(flight)) = &pass.post {
            instants.push(flight.until);
        }
    }
    // One more, so that requests whose end has come are over.
    let ahead = instants.into_iter().filter(|at| *at > state.now).min();
    let to = ahead.or_else(|| (!state.flights.is_empty()).then(|| state.now + Duration::from_secs(1)))?;
    // Fractions of a second only keep an order.
    Some(if to.subsec_nanos() == 0 { to } else { Duration::from_secs(to.as_secs() + 1) })
}

/// How the object reads in a trace.
pub fn words(object: Option<&Object>, called: &Called) -> String {
    let Some(object) = object else { return "nothing".into() };
    let Status { bound, claim, duplicates, question } = &object.status;
    let mut parts = vec![format!("uid {}", object.uid)];
    parts.extend(bound.map(|id| format!("id {id}")));
    parts.extend(claim.as_ref().map(|claim| match claim.outcome {
        None => format!("claim {} (attempt {})", called.name(&claim.nonce), claim.attempt),
        Some(outcome) => {
            format!("claim {} (attempt {}, {outcome:?})", called.name(&claim.nonce), claim.attempt)
        }
    }));
    parts.extend((!duplicates.is_empty()).then(|| format!("duplicates {duplicates:?}")));
    parts.extend(
        question.as_ref().map(|question| format!("question {} {:?}", question.token, question.about)),
    );
    parts.extend(
        object.answer.as_ref().map(|answer| format!("answer to {} {:?}", answer.token, answer.choice)),
    );
    parts.extend(object.adopt.map(|id| format!("adopt {id}")));
    parts.push(if object.finalizer { "finalizer".into() } else { "no finalizer".into() });
    parts.extend(object.deleting.then(|| "deleting".into()));
    parts.join(", ")
}
