//! What must hold, and the few things that no protocol can exclude with this API (design §5).
//!
//! The exclusions, as narrow as they are written there:
//! - a person who answers "create", or with an account, while another may exist has decided so
//!   ([`Ghost::person_created`], [`Ghost::person_chose`]);
//! - a proxy that sends a request twice can make two accounts: both are found while the index works, and where it does
//!   not they cannot be ([`Ghost::replayed`], and [`Ghost::blind`] where it passed on a refusal);
//! - an account committed without permission is invisible (chatwoot-api P1): every repeat that could make one counts.
//!
//! Not modelled, because nothing can hold there: a request carried out after the settle time, and a status that is lost
//! together with the finalizer, or twice, while a request is under way.
//!
//! [`Ghost::person_created`]: crate::model::Ghost::person_created
//! [`Ghost::person_chose`]: crate::model::Ghost::person_chose
//! [`Ghost::replayed`]: crate::model::Ghost::replayed
//! [`Ghost::blind`]: crate::model::Ghost::blind

use crate::model::{About, CLAIM_SETTLES, Ghost, Object, State};
use chatwoot_operator::plan::create::{Answer, Facts, Found, Release, SEND_WITHIN, Stop};
use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Two accounts of one resource that nothing names.
    TwoUnnamed,
    /// A POST that can create while an account of the same resource exists or an earlier POST may still make one.
    SecondPost,
    /// A POST for a claim that does not stand in the status, although nobody has lost that.
    UnclaimedPost,
    /// A repeat that the attempt does not count although an earlier request made an account nobody can see.
    RepeatWithoutNote,
    /// A bound id changed, or a listed duplicate vanished.
    ForgottenId(i64),
    /// An id that Chatwoot had answered was dropped.
    DroppedId(i64),
    /// A predecessor's account was bound although its deletion or creation may be under way.
    BoundTooEarly(i64),
    /// An account was adopted while one of our own may exist.
    AdoptedOverUnfinished(i64),
    /// A person was asked about an outcome that the creator may still learn.
    AskedTooEarly,
    /// A decision was carried out that answers another question.
    OldAnswerUsed,
    /// The resource was let go without a word although an account of it may exist.
    LetGoInSilence,
    /// The resource was deleted before the operator could hold it, although an account of it may exist.
    DeletedUnheld,
    /// A POST for a resource that is gone, of which nobody was told that an account may exist.
    PostForNobody,
    /// A request was prepared for a resource that was read with an id.
    ClaimOverAnId(i64),
    /// A pass that goes on for ever.
    EndlessPass,
    /// Without any trouble, the resource ends neither bound nor with a question.
    Stuck,
    /// It ends bound, and an account of it is named nowhere.
    EndsForgotten,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::TwoUnnamed => {
                f.write_str("two accounts carry the resource's uid and nothing names them")
            }
            Violation::SecondPost => f.write_str("a second POST while the first may have made an account"),
            Violation::UnclaimedPost => f.write_str("a POST for a claim that does not stand in the status"),
            Violation::RepeatWithoutNote => f.write_str("a repeat that the attempt does not count"),
            Violation::ForgottenId(id) => write!(f, "account {id} stood in the status and is gone from it"),
            Violation::DroppedId(id) => {
                write!(f, "Chatwoot answered with account {id}, and it was not written down")
            }
            Violation::BoundTooEarly(id) => {
                write!(f, "a predecessor's account {id} bound before the settle time")
            }
            Violation::AdoptedOverUnfinished(id) => {
                write!(f, "account {id} adopted over an unfinished create")
            }
            Violation::AskedTooEarly => {
                f.write_str("a person is asked while the creator may still be at work")
            }
            Violation::OldAnswerUsed => {
                f.write_str("an answer was used for a question it does not belong to")
            }
            Violation::LetGoInSilence => f.write_str("let go in silence although an account may exist"),
            Violation::DeletedUnheld => {
                f.write_str("deleted with nothing to hold it although an account may exist")
            }
            Violation::PostForNobody => f.write_str("a POST for a resource that is gone"),
            Violation::ClaimOverAnId(id) => {
                write!(f, "a claim gone on with although id {id} was read beside it")
            }
            Violation::EndlessPass => f.write_str("a pass goes on for ever"),
            Violation::Stuck => {
                f.write_str("without further trouble it ends neither bound nor with a question")
            }
            Violation::EndsForgotten => f.write_str("it ends bound while an account of it is named nowhere"),
        }
    }
}

/// The exclusions: who or what made a second account possible.
fn excused(state: &State) -> bool {
    let Ghost { person_created, replayed, blind, .. } = state.ghost;
    person_created || replayed || blind
}

/// In every state.
pub fn always(state: &State) -> Result<(), Violation> {
    let two = state.accounts.iter().filter_map(|account| account.uid).any(|uid| state.unnamed(uid) > 1);
    if two && !excused(state) { Err(Violation::TwoUnnamed) } else { Ok(()) }
}

/// From one state to the next, by anything but the loss of the status.
pub fn across(before: &State, after: &State) -> Result<(), Violation> {
    let (Some(old), Some(new)) = (&before.object, &after.object) else { return Ok(()) };
    if old.uid != new.uid {
        return Ok(());
    }
    if let Some(id) = old.status.bound.filter(|id| new.status.bound != Some(*id)) {
        return Err(Violation::ForgottenId(id));
    }
    let kept = |id: &i64| new.status.duplicates.contains(id) || new.status.bound == Some(*id);
    match old.status.duplicates.iter().find(|id| !kept(id)) {
        Some(id) => Err(Violation::ForgottenId(*id)),
        None => Ok(()),
    }
}

/// An id in a process's hands stays there until it is written down; a crash is the only other way to lose it.
pub fn kept(before: &State, after: &State) -> Result<(), Violation> {
    let in_hand = |state: &State| -> Vec<i64> {
        let memories = state.processes.iter().map(|process| match &process.pass {
            Some(pass) => Some(&pass.facts.memory),
            None => process.memory.as_ref().map(|(_, memory)| memory),
        });
        memories.flatten().filter_map(|memory| memory.created.as_ref()).map(|created| created.id).collect()
    };
    let held = in_hand(after);
    match in_hand(before).into_iter().find(|id| !held.contains(id) && !after.ghost.named.contains(id)) {
        Some(id) => Err(Violation::DroppedId(id)),
        None => Ok(()),
    }
}

/// When a POST goes out.
pub fn sending(state: &State, uid: u8, nonce: Option<&str>, attempt: u32) -> Result<(), Violation> {
    let stored = state.object.as_ref().filter(|object| object.uid == uid && !state.ghost.wiped);
    let claim = stored.map(|object| object.status.claim.as_ref().map(|claim| claim.nonce.as_str()));
    if claim.is_some_and(|claim| claim != nonce) && !excused(state) {
        return Err(Violation::UnclaimedPost);
    }
    let held = state.object.as_ref().is_some_and(|object| object.uid == uid);
    if !held && !state.ghost.warned.contains(&uid) && !state.ghost.stripped {
        return Err(Violation::PostForNobody);
    }
    if state.accounts.iter().any(|account| account.uid == Some(uid) && !account.visible) && attempt < 2 {
        return Err(Violation::RepeatWithoutNote);
    }
    let unresolved = state.in_the_air(uid) > 0 || state.ours(uid).next().is_some();
    if unresolved && !excused(state) { Err(Violation::SecondPost) } else { Ok(()) }
}

/// When a pass has read the object again.
pub fn going_on(read: &Object, facts: &Facts) -> Result<(), Violation> {
    match read.status.bound {
        Some(id) if facts.mine.is_some() => Err(Violation::ClaimOverAnId(id)),
        _ => Ok(()),
    }
}

/// When somebody deletes the resource: what may exist must be held until somebody is told.
pub fn deleted(state: &State) -> Result<(), Violation> {
    let Some(object) = state.object.as_ref().filter(|object| !object.finalizer) else { return Ok(()) };
    let may_exist = state.in_the_air(object.uid) > 0 || state.unnamed(object.uid) > 0;
    let excused = state.ghost.stripped || excused(state);
    if may_exist && !excused { Err(Violation::DeletedUnheld) } else { Ok(()) }
}

/// When an id that was found or named is bound.
pub fn binding(state: &State, object: &Object, id: i64, found: Found) -> Result<(), Violation> {
    match found {
        Found::Recreated | Found::Restored | Found::Ours => {
            let theirs =
                state.accounts.iter().any(|account| account.id == id && account.uid != Some(object.uid));
            let early = state.now < state.ghost.born + CLAIM_SETTLES;
            if theirs && early { Err(Violation::BoundTooEarly(id)) } else { Ok(()) }
        }
        Found::Adopted => {
            let other = state.ours(object.uid).any(|account| account.id != id);
            let unfinished = other || state.in_the_air(object.uid) > 0;
            if unfinished && !excused(state) { Err(Violation::AdoptedOverUnfinished(id)) } else { Ok(()) }
        }
        Found::Chosen => Ok(()),
    }
}

/// When a person is asked.
pub fn asking(state: &State, object: &Object, about: &About) -> Result<(), Violation> {
    let at_work = state.processes.iter().filter_map(|process| process.pass.as_ref()).any(|pass| {
        let mine = pass.facts.mine.as_ref().filter(|_| pass.object.uid == object.uid);
        mine.is_some_and(|mine| state.now < mine.since + SEND_WITHIN)
    });
    let early = at_work || state.in_the_air(object.uid) > 0;
    match about {
        About::Stop(Stop::OutcomeUnknown) if early => Err(Violation::AskedTooEarly),
        _ => Ok(()),
    }
}

/// When a decision is carried out: `used` must answer the question that stood open.
pub fn deciding(
    open: Option<&String>,
    answer: Option<&Answer>,
    used: Option<&Answer>,
) -> Result<(), Violation> {
    let belongs = open.is_some()
        && answer.map(|answer| &answer.token) == open
        && used.map(|used| used.choice) == answer.map(|answer| answer.choice);
    if belongs { Ok(()) } else { Err(Violation::OldAnswerUsed) }
}

/// When the resource is let go.
pub fn releasing(state: &State, uid: u8, release: Release) -> Result<(), Violation> {
    let may_exist = state.in_the_air(uid) > 0 || state.unnamed(uid) > 0;
    let silent = release == Release::NothingMade && may_exist;
    if silent && !excused(state) { Err(Violation::LetGoInSilence) } else { Ok(()) }
}

/// Where everything has come to rest.
pub fn at_rest(state: &State) -> Result<(), Violation> {
    let Some(object) = &state.object else { return Ok(()) };
    if object.status.question.is_some() {
        return Ok(());
    }
    if object.status.bound.is_none() {
        return Err(Violation::Stuck);
    }
    let excused = !state.index_works && (excused(state) || state.ghost.person_chose);
    if state.unnamed(object.uid) > 0 && !excused { Err(Violation::EndsForgotten) } else { Ok(()) }
}
