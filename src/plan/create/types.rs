//! The words of the create protocol. All of them hash, so that the explorer can tell states apart.

use std::time::Duration;

/// The longest request time-out an instance may have; used where the claim that knew is lost.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(40);
/// The smallest difference between two looks.
pub const A_MOMENT: Duration = Duration::from_millis(1);

/// The intent to create, as it stands in `status.creation`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Grows by one whenever an earlier request may have made an account nobody can see.
    pub attempt: u32,
    pub nonce: String,
    /// Request time-out of the process that claimed.
    pub timeout: Duration,
    pub outcome: Option<Outcome>,
}

/// How a claim ended, where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was made. `answered`: an HTTP answer (429, 3xx) said so, which a replaying proxy can get wrong.
    NotSent { answered: bool },
    /// Chatwoot refused it: nothing was made.
    Rejected,
    /// Its id was stored.
    Created,
}

impl Outcome {
    /// The knowledge rests on an HTTP answer.
    pub fn answered(self) -> bool {
        !matches!(self, Outcome::NotSent { answered: false })
    }
}

/// A claim about to be written, and the clock before it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewClaim {
    pub claim: Claim,
    pub since: Duration,
}

/// A claim this very pass knows it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mine {
    pub nonce: String,
    pub since: Duration,
    pub posted: Option<Posted>,
}

impl Mine {
    /// From here on its request is not sent any more.
    pub(super) fn send_before(&self) -> Duration {
        self.since + super::SEND_WITHIN
    }
}

/// An ended POST that made nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Posted {
    NotSent { answered: bool },
    Rejected,
}

/// Stands for the nonce of a claim that was lost: there is a finalizer, and no claim.
pub const LOST: &str = "lost";

/// What this process remembers of one object (by uid) between passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// The claim the settle time counts for: its nonce, [`LOST`], or "" while there is none.
    pub nonce: String,
    /// When this process first saw that claim.
    pub first_seen: Duration,
    /// The first of the looks that agree with each other.
    pub first_look: Option<FirstLook>,
    /// An id that Chatwoot gave us and that is not stored yet.
    pub created: Option<Created>,
}

impl Memory {
    /// Counts the settle time anew for another claim. To be called with what every pass begins with.
    ///
    /// `known`: this process has seen the object before.
    pub fn observe(&mut self, claim: Option<&Claim>, finalizer: bool, clock: Duration, known: bool) {
        // A claim may come and be lost unseen between two looks, so a lost one is not the same as none yet.
        let none = if finalizer { LOST } else { "" };
        let nonce = claim.map_or(none, |claim| claim.nonce.as_str());
        if !known || self.nonce != nonce {
            self.nonce = nonce.to_owned();
            self.first_seen = clock;
            self.first_look = None;
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Created {
    pub id: i64,
    pub nonce: String,
}

/// A look at the index that a second one must confirm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirstLook {
    pub asked_at: Duration,
    pub saw: Saw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Saw {
    Nothing,
    Predecessor(i64),
    Otherwise,
}

/// An account in the index that carries our marker in some way and is bound to no other resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    pub id: i64,
    pub likeness: Likeness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    Ours,
    Recreated,
    Restored,
}

/// What asking the account index came to. A failing list is unknown, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    Answer(Vec<Match>),
    /// This Chatwoot has none, or it is broken (P2) or too large.
    Unusable,
    /// It could not be asked just now.
    Unavailable,
    /// It has been asked for; this object is woken when the answer is there.
    Later,
}

impl Index {
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Index::Answer(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    pub asked_at: Duration,
    pub answer: Index,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    Account(i64),
    Create,
}

/// A decision, and the question it answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Answer {
    pub token: String,
    pub choice: Choice,
}

impl Answer {
    /// Reads `<token>/account-id=42` and `<token>/create`.
    pub fn parse(text: &str) -> Option<Self> {
        let (token, choice) = text.trim().split_once('/')?;
        let choice = match choice.strip_prefix("account-id=") {
            Some(id) => Choice::Account(id.parse().ok().filter(|id| *id > 0)?),
            None if choice == "create" => Choice::Create,
            None => return None,
        };
        (!token.is_empty()).then(|| Self { token: token.to_owned(), choice })
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.choice {
            Choice::Account(id) => write!(f, "{}/account-id={id}", self.token),
            Choice::Create => write!(f, "{}/create", self.token),
        }
    }
}

/// Everything the protocol decides on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    // The object as last read or written.
    pub bound: Option<i64>,
    pub claim: Option<Claim>,
    pub finalizer: bool,
    pub deleting: bool,
    /// Its deletion policy destroys the account.
    pub destroying: bool,
    pub adopt: Option<i64>,
    pub question: Option<String>,
    pub answer: Option<Answer>,
    /// When this process first saw this version of the object.
    pub read_at: Duration,
    // The surroundings.
    /// `rebindUntil` lies in the future.
    pub restoring: bool,
    pub timeout: Duration,
    pub settle_margin: Duration,
    // This process, and this pass.
    pub memory: Memory,
    pub mine: Option<Mine>,
    /// A claim whose write may or may not have been applied.
    pub unsure: Option<NewClaim>,
    pub look: Option<Look>,
    /// How this pass's own claim ended.
    pub ended: Option<Outcome>,
    pub read_again: bool,
    pub stale: bool,
    pub gone: bool,
}

/// Exactly one call or one write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Ask the account index, with an answer asked for at `not_before` or later.
    AskIndex {
        not_before: Duration,
    },
    /// Write the claim (and close an answered question), if the object is still at the version decided on.
    Claim(NewClaim),
    /// Read the object again from the API server.
    ReadBack,
    AddFinalizer,
    /// Send the request, with the time-out of the claim, unless the clock has reached `before` when its turn comes: then
    /// it was not sent.
    Post {
        nonce: String,
        before: Duration,
    },
    Record(Outcome),
    /// Store the id an answered POST gave, together with its outcome.
    StoreId(i64),
    /// Store an id that was found.
    Bind {
        id: i64,
        found: Found,
    },
    /// Another id stands where ours should go: list ours beside it.
    NoteDuplicate(i64),
    /// Nothing is left that could hold the id: an event, a log line and a metric carry it.
    ReportOrphan(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    Ours,
    Recreated,
    Restored,
    /// A person named it in answer to a question.
    Chosen,
    /// The spec names it, and a grant allows it.
    Adopted,
}

/// The outcome of a Kubernetes write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrote {
    Yes,
    /// The object has changed since it was read.
    Conflict,
    /// There is no such object any more.
    Gone,
    /// No answer, or one that says nothing about the object: it may or may not be applied.
    Unknown,
}

impl Wrote {
    /// The `outcome` label of `kubernetes_writes_total`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Yes => "ok",
            Self::Conflict => "conflict",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

/// The object as read from the API server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReadBack {
    Found {
        bound: Option<i64>,
        claim: Option<Claim>,
        finalizer: bool,
        deleting: bool,
        at: Duration,
    },
    /// Deleted, or replaced by another object of the same name.
    Gone,
    Unknown,
}

/// What one effect taught.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lesson {
    Index(Look),
    Claimed {
        claim: NewClaim,
        wrote: Wrote,
    },
    ReadBack(ReadBack),
    Finalizer(Wrote),
    Posted(Posted),
    Created(i64),
    /// The POST may or may not have been carried out.
    Lost,
    Recorded {
        outcome: Outcome,
        wrote: Wrote,
    },
    Stored {
        id: i64,
        wrote: Wrote,
    },
    Bound {
        id: i64,
        wrote: Wrote,
    },
    DuplicateNoted {
        id: i64,
        wrote: Wrote,
    },
    OrphanReported,
}

/// What the protocol asks of the pass.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    Act(Effect),
    /// There is an id: read it, check its marker, go on.
    Bound(i64),
    /// An id somebody named: read it, check its marker, then bind it. `chosen`: a person answered a question with it.
    Verify {
        id: i64,
        chosen: bool,
    },
    /// This pass's claim ended without an account; the next pass tries again, later.
    Ended(Outcome),
    Wait(Wait),
    Stop(Stop),
    /// The resource is being deleted and has no account to act on.
    Release(Release),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// What was decided on is out of date: the watch brings the new version.
    Fresh,
    /// The answer of the index wakes this object.
    Index,
    Settling {
        until: Duration,
    },
    Unavailable,
    Stopping,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    OutcomeUnknown,
    Duplicate(Vec<i64>),
    Previous(Vec<i64>),
    /// While restoring, nothing may be created before the index has been read.
    NeedsIndex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Release {
    NothingMade,
    /// An account may exist that carries our marker.
    MayExist,
}
