//! One state for everything that no comparison can tell apart.
//!
//! Copies of the object are current or not, nonces are the same or not, instants lie before or after each other by
//! spans the protocol knows. What is left is renamed and moved into one form, so that runs meet.

use crate::{bounds::Trouble, fingerprint::fingerprint, model::*, timers};
use chatwoot_operator::plan::create::{A_MOMENT, LOST, Memory, SEND_WITHIN};
use std::{
    hash::{Hash, Hasher},
    rc::Rc,
    time::Duration,
};

/// Longer than any span the protocol compares; longer gaps between two instants are all alike.
pub const FAR: Duration = Duration::from_secs(120);

impl State {
    /// The same state, with instants counted from the earliest that matters and processes in a fixed order.
    ///
    /// `forgets_timers`: timers that nobody reads again may be forgotten ([`timers`]).
    pub fn canonical(mut self, forgets_timers: bool) -> Self {
        self.forget_what_is_over();
        if forgets_timers {
            timers::forget(&mut self);
        }
        self.renumber();
        let mut instants: Vec<Duration> = self.instants().into_iter().map(|at| *at).collect();
        instants.sort_unstable();
        instants.dedup();
        let mut shifted: Vec<Duration> = Vec::with_capacity(instants.len());
        let (mut second, mut to) = (instants.first().map_or(0, Duration::as_secs), FAR);
        for at in &instants {
            // Within a second only the order counts.
            match shifted.last() {
                Some(last) if at.as_secs() == second => shifted.push(*last + A_MOMENT),
                _ => {
                    to += Duration::from_secs(at.as_secs() - second).min(FAR);
                    second = at.as_secs();
                    shifted.push(to);
                }
            }
        }
        for at in self.instants() {
            if let Ok(place) = instants.binary_search(at) {
                *at = shifted[place];
            }
        }
        self.flights.sort_unstable_by_key(|flight| (flight.uid, flight.until));
        self.order();
        let old = rename(&mut self.object, &mut self.processes);
        self.called.moved(&old);
        self
    }

    /// Versions say only whether a copy is what is stored now: 0, or 1 where it is not.
    fn renumber(&mut self) {
        let current = self.object.as_ref().map(|object| object.version);
        let held = self.processes.iter_mut().flat_map(|process| {
            process.cache.iter_mut().chain(process.pass.iter_mut().map(|pass| &mut pass.object))
        });
        for copy in self.object.iter_mut().chain(held) {
            let version = u8::from(Some(copy.version) != current);
            if copy.version != version {
                Rc::make_mut(copy).version = version;
            }
        }
    }

    /// Puts the processes in an order that does not depend on what nonces are called.
    fn order(&mut self) {
        if self.processes.len() > 1 {
            let object = self.object.clone();
            self.processes.sort_by_cached_key(|process| {
                let (mut object, mut alone) = (object.clone(), [process.clone()]);
                rename(&mut object, &mut alone);
                fingerprint(&alone)
            });
        }
    }

    /// Moves instants that no comparison can tell apart any more to one place.
    fn forget_what_is_over(&mut self) {
        let now = self.now;
        let stale = self.budget.allows(Trouble::Stale);
        let long_ago = now.saturating_sub(FAR);
        let settled = now.saturating_sub(CLAIM_SETTLES);
        self.ghost.born = if self.has_predecessors() { self.ghost.born.max(settled) } else { settled };
        for process in &mut self.processes {
            process.cache = process.cache.take().filter(|_| stale);
            let known = [self.object.as_ref(), process.cache.as_ref()];
            process.memory = process.memory.take().filter(|(uid, memory)| {
                memory.created.is_some() || known.iter().flatten().any(|object| object.uid == *uid)
            });
            if let Some((_, memory)) = &mut process.memory {
                // Whatever is asked from now on is asked later than both.
                memory.first_seen = memory.first_seen.max(now.saturating_sub(settles(memory)));
                if let Some(look) = &mut memory.first_look {
                    look.asked_at = memory.first_seen;
                }
            }
            let Some(Pass { facts, post, .. }) = &mut process.pass else { continue };
            if let Some(mine) = &mut facts.mine {
                let late = now.saturating_sub(SEND_WITHIN);
                // Once it is sent, or known not to be, nobody asks when it may be.
                let over = mine.posted.is_some() || matches!(post, Some(Post::Sent(_)));
                mine.since = if over { late } else { mine.since.max(late) };
            }
            match &facts.look {
                // The next look is asked for now or later.
                None => {
                    facts.read_at = facts.read_at.max(now);
                    facts.memory.first_seen = facts.memory.first_seen.max(long_ago);
                    if let Some(first) = &mut facts.memory.first_look {
                        first.asked_at = facts.memory.first_seen;
                    }
                }
                Some(look) if look.asked_at >= facts.read_at => facts.read_at = look.asked_at,
                Some(_) => {}
            }
            match post {
                Some(Post::Waiting { send_before }) => *send_before = (*send_before).max(now),
                Some(Post::Sent(flight)) => flight.until = flight.until.max(now.saturating_sub(A_MOMENT)),
                None => {}
            }
        }
    }

    /// Every instant in the state.
    fn instants(&mut self) -> Vec<&mut Duration> {
        let mut all = vec![&mut self.now, &mut self.ghost.born];
        all.extend(self.flights.iter_mut().map(|flight| &mut flight.until));
        for process in &mut self.processes {
            if let Some((_, memory)) = &mut process.memory {
                remembered(memory, &mut all);
            }
            let Some(Pass { facts, post, .. }) = &mut process.pass else { continue };
            all.push(&mut facts.read_at);
            remembered(&mut facts.memory, &mut all);
            all.extend(facts.mine.as_mut().map(|mine| &mut mine.since));
            all.extend(facts.unsure.as_mut().map(|new| &mut new.since));
            all.extend(facts.look.as_mut().map(|look| &mut look.asked_at));
            match post {
                Some(Post::Waiting { send_before }) => all.push(send_before),
                Some(Post::Sent(flight)) => all.push(&mut flight.until),
                None => {}
            }
        }
        all
    }
}

/// What the nonces were called when they were made, for traces.
#[derive(Clone, Debug, Default)]
pub struct Called {
    made: usize,
    names: Vec<usize>,
}

impl PartialEq for Called {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Called {}
impl Hash for Called {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Called {
    /// The name of a nonce in a story: the number it was made with.
    pub fn name(&self, nonce: &str) -> String {
        let at = place(nonce);
        // One that this very step has made has no place yet.
        format!("n{}", self.names.get(at).copied().unwrap_or(self.made + 1))
    }

    fn moved(&mut self, old: &[String]) {
        let fresh = old.iter().filter(|nonce| place(nonce) >= self.names.len()).count();
        let names = old.iter().map(|nonce| self.names.get(place(nonce)).copied().unwrap_or(self.made + 1));
        self.names = names.collect();
        self.made += fresh;
    }
}

/// The inverse of [`nth`].
fn place(nonce: &str) -> usize {
    nonce.trim_start_matches('n').parse::<usize>().map_or(0, |number| number - 1)
}

fn remembered<'a>(memory: &'a mut Memory, all: &mut Vec<&'a mut Duration>) {
    all.push(&mut memory.first_seen);
    all.extend(memory.first_look.as_mut().map(|look| &mut look.asked_at));
}

/// Every nonce once, in a fixed order of places.
pub fn nonces<'a>(object: &'a Option<Rc<Object>>, processes: &'a [Process]) -> Vec<&'a str> {
    let mut all = vec![];
    all.extend(object.iter().filter_map(|object| object.status.claim.as_ref()).map(|claim| &claim.nonce));
    for process in processes {
        all.extend(process.cache.iter().filter_map(|object| object.status.claim.as_ref()).map(|c| &c.nonce));
        all.extend(process.memory.iter().flat_map(|(_, memory)| remembered_nonces(memory)));
        let Some(Pass { object, facts, .. }) = &process.pass else { continue };
        all.extend(object.status.claim.as_ref().map(|claim| &claim.nonce));
        all.extend(facts.claim.as_ref().map(|claim| &claim.nonce));
        all.extend(facts.mine.as_ref().map(|mine| &mine.nonce));
        all.extend(facts.unsure.as_ref().map(|new| &new.claim.nonce));
        all.extend(remembered_nonces(&facts.memory));
    }
    let mut once: Vec<&str> = Vec::with_capacity(4);
    for nonce in all {
        if !["", LOST].contains(&nonce.as_str()) && !once.contains(&nonce.as_str()) {
            once.push(nonce);
        }
    }
    once
}

/// Nonces say only whether they are the same: n1, n2 and so on, as they are met. Returns what they were before.
fn rename(object: &mut Option<Rc<Object>>, processes: &mut [Process]) -> Vec<String> {
    let old: Vec<String> = nonces(object, processes).into_iter().map(str::to_owned).collect();
    if old.iter().enumerate().all(|(at, nonce)| *nonce == nth(at)) {
        return old;
    }
    let rename = |nonce: &mut String| {
        if let Some(at) = old.iter().position(|known| known == nonce) {
            *nonce = nth(at);
        }
    };
    let in_object = |object: &mut Rc<Object>| {
        if object.status.claim.is_some() {
            Rc::make_mut(object).status.claim.iter_mut().for_each(|claim| rename(&mut claim.nonce));
        }
    };
    let in_memory = |memory: &mut Memory| {
        rename(&mut memory.nonce);
        memory.created.iter_mut().for_each(|created| rename(&mut created.nonce));
    };
    object.iter_mut().for_each(in_object);
    for process in processes {
        process.cache.iter_mut().for_each(in_object);
        process.memory.iter_mut().for_each(|(_, memory)| in_memory(memory));
        let Some(Pass { object, facts, .. }) = &mut process.pass else { continue };
        in_object(object);
        facts.claim.iter_mut().for_each(|claim| rename(&mut claim.nonce));
        facts.mine.iter_mut().for_each(|mine| rename(&mut mine.nonce));
        facts.unsure.iter_mut().for_each(|new| rename(&mut new.claim.nonce));
        in_memory(&mut facts.memory);
    }
    old
}

fn remembered_nonces(memory: &Memory) -> impl Iterator<Item = &String> {
    std::iter::once(&memory.nonce).chain(memory.created.as_ref().map(|created| &created.nonce))
}

pub fn nth(at: usize) -> String {
    format!("n{}", at + 1)
}
