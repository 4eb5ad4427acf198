//! What a state consists of: one Kubernetes object, the accounts and requests of one Chatwoot, and the processes.
//!
//! Everything in it is small, compares and hashes. Names that only ever compare equal or unequal (versions, nonces,
//! tokens) are taken from the smallest ones nobody holds, and times are kept relative to each other, so that runs which
//! differ in nothing that matters meet in one state.

use crate::{
    bounds::Budget,
    canonical::{Called, FAR, nonces, nth},
};
use chatwoot_operator::plan::create::{Answer, Claim, Facts, LOST, Memory, SEND_WITHIN, Stop};
use std::{
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
/// How much longer than its time-out a request may be under way that nobody waits for any more: to the end of the
/// settle time, had it been sent at the last moment. What arrives even later no protocol can exclude (design §5).
pub const LATE: Duration = CLAIM_SETTLES.saturating_sub(SEND_WITHIN).saturating_sub(TIMEOUT);
/// An existing account without a marker, which the resource may be told to adopt.
pub const ADOPTABLE: i64 = 42;

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
    /// A replaced manifest took the finalizer away, and nobody has put it back yet.
    pub stripped: bool,
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
        let held = nonces(&self.object, &self.processes);
        (0..).map(nth).find(|nonce| !held.contains(&nonce.as_str())).unwrap_or_default()
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

    /// Something of an earlier resource of this name is left, or may still come of it. A resource that has no
    /// predecessor when it is made never gets one.
    pub fn has_predecessors(&self) -> bool {
        let Some(uid) = self.object.as_ref().map(|object| object.uid) else { return true };
        let passes = self.processes.iter().filter_map(|process| process.pass.as_ref());
        self.accounts.iter().any(|account| account.uid.is_some_and(|theirs| theirs != uid))
            || self.flights.iter().any(|flight| flight.uid != uid)
            || passes.into_iter().any(|pass| pass.object.uid != uid)
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
