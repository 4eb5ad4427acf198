//! Whole resources: the machine the operator runs for a kind, from the first look to the last finalizer, with everything
//! it reads and writes around the create protocol.
//!
//! What [`crate::creating`] explores in depth is a part of it; here the whole is explored with coarser time: a tick is
//! longer than every span the protocol waits for, and what is still under way is carried out before it or never.

pub mod calm;
pub mod run;
pub mod step;

use crate::bounds::Budget;
use chatwoot_operator::plan::{self, End};
use std::{
    fmt::Debug,
    hash::{Hash, Hasher},
    rc::Rc,
    time::Duration,
};

/// One tick, longer than every settle time.
pub const TICK: Duration = Duration::from_secs(130);

/// What a kind adds.
pub trait Kind: Clone + Debug + Eq + Hash + Sized {
    type Machine: plan::Machine<End = End<Self::Status>>;
    type Spec: Clone + Eq + Hash + Debug;
    type Status: Clone + Eq + Hash + Default + Debug;
    /// Chatwoot, and the requests nobody waits for any more.
    type Chatwoot: Clone + Eq + Hash + Debug;
    /// What a process remembers of the object.
    type Memory: Clone + Default + Eq + Hash + Debug;
    /// What the hands of a pass hold that the machine does not see, and what it has read.
    type Held: Clone + Default + Eq + Hash + Debug;
    /// Something people do.
    type Deed: Copy + Debug;
    type Violation: Clone + Debug + std::fmt::Display;

    /// Violations of the engine's own: a pass without end, or no rest.
    fn endless() -> Self::Violation;
    fn restless() -> Self::Violation;

    /// The facts of a pass, as `reconcile/` gathers them.
    fn observe(&self, state: &State<Self>, object: &Object<Self>, memory: &Self::Memory) -> Self::Machine;
    fn remember(&self, machine: &Self::Machine) -> Self::Memory;

    /// What comes next, and what it teaches: production's own, or a mutant's.
    fn next(&self, machine: &Self::Machine, at: &plan::Moment) -> Next<Self>;
    fn learn(&self, machine: &mut Self::Machine, lesson: <Self::Machine as plan::Machine>::Lesson);

    /// What this effect is to the world.
    fn sort(&self, effect: &<Self::Machine as plan::Machine>::Effect) -> Sort;
    /// Carries it out and says what it teaches; what must not happen is checked here.
    fn act(
        &self,
        turn: &mut Turn<'_, Self>,
        pass: &mut Pass<Self>,
        effect: <Self::Machine as plan::Machine>::Effect,
        how: How,
    ) -> <Self::Machine as plan::Machine>::Lesson;

    /// The resource applied again, with another uid and without a status.
    fn again(&self, state: &State<Self>) -> Object<Self>;
    /// The object goes for good.
    fn gone(&self, turn: &mut Turn<'_, Self>, object: &Object<Self>);

    /// A nonce that nobody holds.
    fn fresh(&self, _: &State<Self>) -> String {
        "0".repeat(16)
    }

    fn deeds(&self, state: &State<Self>) -> Vec<(crate::bounds::Trouble, Self::Deed)>;
    fn does(&self, turn: &mut Turn<'_, Self>, deed: Self::Deed);
    /// How many requests are under way that nobody waits for.
    fn late(&self, chatwoot: &Self::Chatwoot) -> usize;
    fn land(&self, turn: &mut Turn<'_, Self>, request: usize);
    /// Time has passed: what is still under way now never arrives, and Chatwoot's own jobs are done.
    fn tick(&self, chatwoot: &mut Self::Chatwoot);

    /// What must hold in every state, and where everything has come to rest.
    fn always(&self, state: &State<Self>) -> Result<(), Self::Violation>;
    fn at_rest(&self, state: &State<Self>) -> Result<(), Self::Violation>;
    /// A status, an effect and a lesson as a trace tells them.
    fn words(&self, status: &Self::Status) -> String;
    fn does_what(&self, effect: &<Self::Machine as plan::Machine>::Effect) -> String;
    fn learns_what(&self, lesson: &<Self::Machine as plan::Machine>::Lesson) -> String;
    /// Status as it is stored; times that no decision reads are taken out.
    fn stored(&self, status: Self::Status) -> Self::Status {
        status
    }
}

pub type Next<K> =
    plan::Step<<<K as Kind>::Machine as plan::Machine>::Effect, <<K as Kind>::Machine as plan::Machine>::End>;

/// What an effect is to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A write to the object.
    Write,
    /// A call that changes something in Chatwoot. `late`: one whose answer is lost may still arrive.
    Change { late: bool },
    /// A call that only looks.
    Look,
    /// Anything else: reading back, Secrets, events.
    Inside,
}

/// How an effect ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Plainly,
    AppliedWithoutAnswer,
    NotAppliedWithoutAnswer,
    AppliedWithConflict,
    /// Answered with a 500, and nothing was done.
    Failed,
    LostAfter,
    LostUnderWay,
    /// Done and answered, and a copy is under way.
    Repeated,
    /// Done, and the process dies before it learns so.
    DiedAfter,
    /// The process dies while the request is under way.
    DiedUnderWay,
}

/// The resource as the API server stores it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object<K: Kind> {
    pub uid: u8,
    pub version: u8,
    pub generation: i64,
    pub finalizer: bool,
    pub deleting: bool,
    pub spec: K::Spec,
    pub status: K::Status,
}

/// A replica of the operator.
#[derive(Clone, Debug)]
pub struct Process<K: Kind> {
    pub memory: Option<(u8, K::Memory)>,
    pub cache: Option<Rc<Object<K>>>,
    pub pass: Option<Pass<K>>,
    pub stopping: bool,
}

/// A pass under way.
#[derive(Clone, Debug)]
pub struct Pass<K: Kind> {
    /// As last read or written.
    pub object: Rc<Object<K>>,
    pub machine: K::Machine,
    pub held: K::Held,
    /// Stands for the machine, which does not hash.
    pub mark: u128,
    pub paused: bool,
    pub steps: usize,
}

impl<K: Kind> Hash for Pass<K> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        (&self.object, &self.held, self.mark, self.paused).hash(to);
    }
}

impl<K: Kind> Hash for Process<K> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        (&self.memory, &self.cache, &self.pass, self.stopping).hash(to);
    }
}

#[derive(Clone, Debug, Hash)]
pub struct State<K: Kind> {
    pub clock: Duration,
    pub ticks_left: u8,
    pub object: Option<Rc<Object<K>>>,
    pub chatwoot: K::Chatwoot,
    pub processes: Vec<Process<K>>,
    /// Who leads; `None`: everybody acts.
    pub leader: Option<usize>,
    pub budget: Budget,
    /// A replaced manifest took the finalizer away, and nobody has put it back yet.
    pub stripped: bool,
    /// That has happened before.
    pub was_stripped: bool,
    pub wiped: bool,
    /// How often a process has lost what it remembered; 2 is twice or more.
    pub restarts: u8,
}

/// One transition under way.
pub struct Turn<'a, K: Kind> {
    pub kind: &'a K,
    pub state: State<K>,
    pub broke: Option<K::Violation>,
    pub story: Option<&'a mut Vec<String>>,
}

impl<K: Kind> Default for Process<K> {
    fn default() -> Self {
        Self { memory: None, cache: None, pass: None, stopping: false }
    }
}

impl<K: Kind> State<K> {
    pub fn new(
        processes: usize,
        leads: bool,
        ticks: u8,
        budget: Budget,
        spec: K::Spec,
        chatwoot: K::Chatwoot,
    ) -> Self {
        Self {
            clock: Duration::from_secs(1000),
            ticks_left: ticks,
            object: Some(Rc::new(Object::new(0, spec))),
            chatwoot,
            processes: (0..processes).map(|_| Process::default()).collect(),
            leader: leads.then_some(0),
            budget,
            stripped: false,
            was_stripped: false,
            wiped: false,
            restarts: 0,
        }
    }

    /// Versions say only whether a copy is what is stored now: 0, or 1 where it is not. What can never be read again is
    /// forgotten.
    pub fn canonical(mut self) -> Self {
        let stale = self.budget.allows(crate::bounds::Trouble::Stale);
        let current = self.object.as_ref().map(|object| object.version);
        let uid = self.object.as_ref().map(|object| object.uid);
        for process in &mut self.processes {
            process.cache = process.cache.take().filter(|_| stale);
            let cached = process.cache.as_ref().map(|object| object.uid);
            process.memory = process.memory.take().filter(|(of, _)| Some(*of) == uid || Some(*of) == cached);
        }
        let held = self.processes.iter_mut().flat_map(|process| {
            process.cache.iter_mut().chain(process.pass.iter_mut().map(|pass| &mut pass.object))
        });
        for copy in held.chain(self.object.iter_mut()) {
            let version = u8::from(Some(copy.version) != current);
            if copy.version != version {
                Rc::make_mut(copy).version = version;
            }
        }
        self
    }

    pub fn fresh_version(&self) -> u8 {
        let held = |version: u8| {
            let copies = self
                .processes
                .iter()
                .flat_map(|process| process.cache.iter().chain(process.pass.iter().map(|pass| &pass.object)));
            self.object.iter().chain(copies).any(|copy| copy.version == version)
        };
        (2..).find(|version| !held(*version)).unwrap_or_default()
    }
}

impl<K: Kind> Object<K> {
    pub fn new(uid: u8, spec: K::Spec) -> Self {
        Self {
            uid,
            version: 0,
            generation: 1,
            finalizer: false,
            deleting: false,
            spec,
            status: K::Status::default(),
        }
    }
}

impl<K: Kind> Turn<'_, K> {
    /// A process starts anew, and remembers nothing.
    pub fn restart(&mut self, who: usize) {
        self.state.processes[who] = Process::default();
        self.state.restarts = (self.state.restarts + 1).min(2);
    }

    pub fn say(&mut self, words: impl FnOnce(&State<K>) -> String) {
        if let Some(story) = &mut self.story {
            story.push(words(&self.state));
        }
    }

    pub fn check(&mut self, kept: Result<(), K::Violation>) {
        if let Err(broken) = kept {
            self.broke.get_or_insert(broken);
        }
    }
}
