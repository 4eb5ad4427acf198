//! What a state consists of: one Kubernetes object, the accounts and requests of one Chatwoot, and the processes.
//!
//! Everything in it is small, compares and hashes. Names that only ever compare equal or unequal (versions, nonces,
//! tokens) are taken from the smallest ones nobody holds, and times are kept relative to each other, so that runs which
//! differ in nothing that matters meet in one state.

use crate::bounds::{Budget, Trouble};
use chatwoot_operator::plan::create::{A_MOMENT, Answer, Claim, Facts, LOST, Memory, SEND_WITHIN, Stop};
use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    rc::Rc,
    time::Duration,
};

/// The instance's request time-out, and the margin that settle times add to it.
pub const TIMEOUT: Duration = Duration::from_secs(20);
pub const MARGIN: Duration = Duration::from_secs(30);
/// How long a claim settles, and a lost status, of which nobody knows the time-out its claim had.
pub const CLAIM_SETTLES: Duration = Duration::from_secs(70);
pub const LOST_STATUS_SETTLES: Duration = Duration::from_secs(110);
/// An existing account without a marker, which the resource may be told to adopt.
pub const ADOPTABLE: i64 = 42;
/// Longer than any span the protocol compares; longer gaps between two instants are all alike.
const FAR: Duration = Duration::from_secs(120);

/// The resource as the API server stores it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    pub uid: u8,
    pub version: u8,
    pub finalizer: bool,
    pub deleting: bool,
    pub destroying: bool,
    pub adopt: Option<i64>,
    pub answer: Option<Answer>,
    pub status: Status,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status {
    pub bound: Option<i64>,
    pub claim: Option<Claim>,
    /// Sorted.
    pub duplicates: Vec<i64>,
    pub question: Option<Question>,
}

/// A condition that asks a person to decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub token: String,
    pub about: About,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum About {
    Stop(Stop),
    /// An id that somebody named does not exist, or carries somebody else's marker.
    NotThere(i64),
}

/// An account in Chatwoot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    pub id: i64,
    /// Whose marker it carries.
    pub uid: Option<u8>,
    /// The Platform App may see it; false after a create that failed half-way (chatwoot-api P1).
    pub visible: bool,
}

/// A POST under way: it is carried out at or before `until`, or never.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    pub uid: u8,
    pub until: Duration,
}

/// A replica of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub name: Name,
    /// What its watch has told it last, while that can matter: passes begin with the newest version, but for
    /// [`Trouble::Stale`].
    pub cache: Option<Rc<Object>>,
    /// Per uid, and gone with the process.
    pub memory: Option<(u8, Memory)>,
    pub pass: Option<Pass>,
    pub stopping: bool,
}

/// A pass over the object: at most one at a time in each process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    /// As last read or written: every write is a compare-and-swap on its version.
    pub object: Rc<Object>,
    pub facts: Facts,
    pub post: Option<Post>,
    /// It stands still until its next step; time may pass.
    pub paused: bool,
}

/// How far a POST of this pass has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Post {
    /// Decided, and waiting for its turn at the gate; not sent at this instant or later.
    Waiting { send_before: Duration },
    /// Sent, no answer yet.
    Sent(Flight),
}

/// A process's letter, for traces; two states that differ only in it are the same.
#[derive(Clone, Copy, Debug)]
pub struct Name(pub char);

impl PartialEq for Name {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Name {}
impl Hash for Name {
    fn hash<H: Hasher>(&self, _: &mut H) {}
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

/// What the invariants remember beyond what the parts themselves know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ghost {
    /// When the object that exists now was created.
    pub born: Duration,
    /// Ids that a status has named or an event has carried. Sorted.
    pub named: Vec<i64>,
    /// Uids that were let go with the warning that an account may exist.
    pub warned: Vec<u8>,
    /// The status was lost.
    pub wiped: bool,
    /// A person asked for another account, knowing that one may exist.
    pub person_created: bool,
    /// A person chose an account, knowing that another may exist.
    pub person_chose: bool,
    /// A proxy sent a request twice.
    pub replayed: bool,
    /// A proxy sent a request twice and passed on the refusal of the second.
    pub lied: bool,
    /// That was believed where the index could not be used.
    pub blind: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: Duration,
    pub object: Option<Rc<Object>>,
    pub accounts: Vec<Account>,
    /// Requests nobody waits for any more.
    pub flights: Vec<Flight>,
    pub index_works: bool,
    pub processes: Vec<Process>,
    pub budget: Budget,
    pub ghost: Ghost,
    pub called: Called,
}

impl Process {
    pub fn new(name: char) -> Self {
        Self { name: Name(name), cache: None, memory: None, pass: None, stopping: false }
    }
}

impl State {
    /// An object just applied, and processes that have not seen it yet.
    pub fn start(processes: usize, index_works: bool, budget: Budget) -> Self {
        let processes = ('A'..='Z').take(processes).map(Process::new).collect();
        Self {
            // Far enough from zero for everything before it.
            now: FAR,
            object: Some(Rc::new(Object::new(0, 0))),
            accounts: vec![Account { id: ADOPTABLE, uid: None, visible: true }],
            flights: vec![],
            index_works,
            processes,
            budget,
            ghost: Ghost { born: FAR, ..Ghost::default() },
            called: Called::default(),
        }
    }

    /// The same state, with instants counted from the earliest that matters and processes in a fixed order.
    pub fn canonical(mut self) -> Self {
        self.forget_what_is_over();
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
        self.ghost.born = self.ghost.born.max(now.saturating_sub(CLAIM_SETTLES));
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
                mine.since = mine.since.max(now.saturating_sub(SEND_WITHIN));
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

    /// Every copy of the object that somebody holds.
    pub fn copies(&self) -> impl Iterator<Item = &Object> {
        let held = self.processes.iter().flat_map(|process| {
            process.cache.iter().chain(process.pass.iter().map(|pass| &pass.object)).map(Rc::as_ref)
        });
        self.object.as_deref().into_iter().chain(held)
    }

    /// A version that nobody holds, and that [`State::canonical`] does not use.
    pub fn fresh_version(&self) -> u8 {
        (2..).find(|version| self.copies().all(|copy| copy.version != *version)).unwrap_or_default()
    }

    /// A nonce that nobody holds.
    pub fn fresh_nonce(&self) -> String {
        nth(nonces(&self.object, &self.processes).len())
    }

    /// A token that nobody holds.
    pub fn fresh_token(&self) -> String {
        let held = |token: &str| {
            self.copies().any(|copy| {
                copy.status.question.as_ref().is_some_and(|question| question.token == token)
                    || copy.answer.as_ref().is_some_and(|answer| answer.token == token)
            })
        };
        (1..).map(|number| format!("t{number}")).find(|token| !held(token)).unwrap_or_default()
    }

    /// Requests of this resource that may still be carried out.
    pub fn in_the_air(&self, uid: u8) -> usize {
        let waited_for = self.processes.iter().filter_map(|process| match &process.pass.as_ref()?.post {
            Some(Post::Sent(flight)) => Some(flight),
            _ => None,
        });
        self.flights.iter().chain(waited_for).filter(|f| f.uid == uid && f.until >= self.now).count()
    }

    /// Accounts with this resource's marker that the Platform App may see.
    pub fn ours(&self, uid: u8) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |account| account.uid == Some(uid) && account.visible)
    }

    /// Those of them that nothing has named yet.
    pub fn unnamed(&self, uid: u8) -> usize {
        self.ours(uid).filter(|account| !self.ghost.named.contains(&account.id)).count()
    }
}

impl Object {
    pub fn new(uid: u8, version: u8) -> Self {
        Self {
            uid,
            version,
            finalizer: false,
            deleting: false,
            destroying: false,
            adopt: None,
            answer: None,
            status: Status::default(),
        }
    }
}

/// How long what this memory has seen settles.
pub fn settles(memory: &Memory) -> Duration {
    if ["", LOST].contains(&memory.nonce.as_str()) { LOST_STATUS_SETTLES } else { CLAIM_SETTLES }
}

fn remembered<'a>(memory: &'a mut Memory, all: &mut Vec<&'a mut Duration>) {
    all.push(&mut memory.first_seen);
    all.extend(memory.first_look.as_mut().map(|look| &mut look.asked_at));
}

/// Every nonce once, in a fixed order of places.
fn nonces<'a>(object: &'a Option<Rc<Object>>, processes: &'a [Process]) -> Vec<&'a str> {
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

fn nth(at: usize) -> String {
    format!("n{}", at + 1)
}

/// 64 bits that stand for a value: at ten million states the chance that two share one is below one in 10⁵.
pub fn fingerprint<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
