//! How much may go wrong in one run.

use std::fmt;

/// Something that goes wrong, or that a person does. Each happens at most as often as its allowance says, and all
/// together at most [`Budget::left`] times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// A process dies: memory and pass are lost, requests on the way are not.
    Crash,
    /// A process is told to stop, and starts anew when its pass has ended.
    Terminate,
    /// A process stands still in the middle of a pass while time passes.
    Pause,
    /// A pass begins on a version of the object that is not the newest.
    Stale,
    /// A write to Kubernetes gets no answer, or a wrong one.
    Write,
    /// A POST gets no answer of its own: before or after it was carried out, or while it still may be, for as long as
    /// the settle time reckons with.
    Lost,
    /// A POST is not sent, throttled or refused, truly.
    Refused,
    /// A POST answers 422 although it, or its replay, made an account.
    Lie,
    /// A proxy sends a POST twice.
    Replay,
    /// A POST makes an account that this Platform App may not see (chatwoot-api P1).
    Leak,
    /// The index cannot be asked just now.
    Unavailable,
    /// The index breaks, or is repaired.
    Index,
    /// Somebody deletes the resource, keeping the account.
    DeleteKeeping,
    /// Somebody deletes the resource and the account with it.
    DeleteDestroying,
    /// Somebody changes the deletion policy of a resource that is going.
    Switch,
    /// Somebody applies a deleted resource again.
    Recreate,
    /// The status is lost, whole.
    Wipe,
    /// A replaced manifest takes the finalizer away.
    Strip,
    /// Somebody sets `adopt.id`.
    Adopt,
    /// A person answers the question that stands open.
    Decide,
    /// A call fails with a 500 before anything was done.
    Server,
    /// Another process takes the lead.
    Handover,
    /// Somebody changes the spec.
    Edit,
    /// Somebody changes something in Chatwoot, behind the operator's back.
    Behind,
}

pub const TROUBLES: [Trouble; 24] = [
    Trouble::Crash,
    Trouble::Terminate,
    Trouble::Pause,
    Trouble::Stale,
    Trouble::Write,
    Trouble::Lost,
    Trouble::Refused,
    Trouble::Lie,
    Trouble::Replay,
    Trouble::Leak,
    Trouble::Unavailable,
    Trouble::Index,
    Trouble::DeleteKeeping,
    Trouble::DeleteDestroying,
    Trouble::Switch,
    Trouble::Recreate,
    Trouble::Wipe,
    Trouble::Strip,
    Trouble::Adopt,
    Trouble::Decide,
    Trouble::Server,
    Trouble::Handover,
    Trouble::Edit,
    Trouble::Behind,
];

/// What may still go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    pub left: u8,
    allowance: [u8; TROUBLES.len()],
}

impl Budget {
    /// At most `in_all` troubles, of these kinds, each at most that often.
    pub fn new(in_all: u8, kinds: &[(Trouble, u8)]) -> Self {
        let mut allowance = [0; TROUBLES.len()];
        for (kind, times) in kinds {
            allowance[*kind as usize] = *times;
        }
        Self { left: in_all, allowance }
    }

    pub fn allows(&self, kind: Trouble) -> bool {
        self.left > 0 && self.allowance[kind as usize] > 0
    }

    /// Takes one of this kind; allowances that can never be used again are forgotten, so that states meet.
    pub fn spend(&mut self, kind: Trouble) {
        self.left = self.left.saturating_sub(1);
        self.allowance[kind as usize] = self.allowance[kind as usize].saturating_sub(1);
        for times in &mut self.allowance {
            *times = (*times).min(self.left);
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} of", self.left)?;
        for kind in TROUBLES {
            match self.allowance[kind as usize] {
                0 => {}
                times => write!(f, " {kind:?}×{times}")?,
            }
        }
        Ok(())
    }
}
