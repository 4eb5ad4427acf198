//! The words of the instance planner.

use crate::{
    api::instance::{InstanceSpec, InstanceStatus, Witness},
    chatwoot::{outcome::Failure, version::Version},
    plan::{NoTurn, account::Object, create::Wrote},
};
use std::{collections::BTreeMap, time::Duration};

/// What the latest reading of the account index came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexState {
    Available,
    Broken,
    TooLarge,
    Unsupported,
    Unread,
}

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Around {
    /// The namespace is one whose instances count.
    pub honoured: bool,
    /// Why there is no installation id and key, where there is none.
    pub no_installation: Option<String>,
    /// Everything bound to this instance, and the markers that prove it.
    pub bound: BTreeMap<Witness, String>,
    /// Resources bound to it that are still there, unreadable ones included.
    pub dependents: usize,
    /// A namespace that is to be watched and may not be looked at: something there may be bound to it.
    pub unseen: Option<String>,
    pub index: IndexState,
    /// Dependents may call it: its connection was proven in this process, and nothing has blocked it since.
    pub was_usable: bool,
    /// There is a client in memory, whatever became of the Secret it was made from.
    pub has_client: bool,
    /// Those who are being deleted may still call it: all that has blocked it since is that its Secret is gone.
    pub served_leavers: bool,
    /// A call of a dependent made its state doubtful.
    pub suspect: bool,
    pub due: bool,
    pub sweep_due: bool,
    pub next_sweep: Option<Duration>,
    pub grace: Duration,
}

/// What is told to dependents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    pub blocked: Option<String>,
    /// Blocked only because the Secret is gone: the token in memory still serves those who are being deleted, so that
    /// what is deleted together goes together, in whatever order.
    pub serves_leavers: bool,
    /// The connection of this pass has been proven, and takes the place of the one before.
    pub proven: bool,
    pub version: Option<Version>,
}

/// What became of reading the Secrets and building a client from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// Ready to call; the keyed hash of url and token.
    Yes {
        fingerprint: String,
    },
    /// A Secret or ConfigMap is missing or incomplete; says which and how to make it.
    Missing(String),
    /// A value cannot work; says what to write instead.
    Invalid(String),
    Kubernetes(String),
}

/// What a witness showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Ours,
    NotOurs,
    /// Not there, not permitted, or without any marker: another one is asked.
    Nothing,
    Failed(Failure),
}

/// What this pass knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    pub connected: Option<Connected>,
    pub fingerprint: Option<String>,
    pub version: Option<Version>,
    pub failure: Option<Failure>,
    pub no_turn: Option<NoTurn>,
    pub probed: bool,
    pub asked: Vec<Witness>,
    pub vouched: bool,
    pub different: bool,
    pub swept: bool,
    pub released: bool,
    pub left: Option<usize>,
    pub published: Option<Usable>,
    pub stale: bool,
    pub gone: bool,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub object: Object,
    pub spec: InstanceSpec,
    pub status: InstanceStatus,
    pub around: Around,
    pub pass: Pass,
}

/// Exactly one call, one write, or one look at Secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    AddFinalizer,
    DropFinalizer,
    /// Read token and CA, and make the client with them.
    Connect,
    /// `GET /api`.
    About,
    /// Does Chatwoot take the token?
    Probe,
    Witness(Witness),
    /// Have the account index read.
    Sweep,
    /// Mark every dependent as let go.
    Release,
    /// Tell dependents how things stand.
    Publish(Usable),
}

impl Effect {
    pub fn needs_turn(&self) -> bool {
        matches!(self, Effect::About | Effect::Probe | Effect::Witness(_))
    }
}

/// What one effect taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    NoTurn(NoTurn),
    Finalizer(Wrote),
    Dropped(Wrote),
    Connected(Connected),
    About(Result<Version, Failure>),
    Probed(Result<(), Failure>),
    Witness(Witness, Seen),
    Swept,
    /// How many dependents could not be marked.
    Released {
        left: usize,
    },
    Published(Usable),
}
