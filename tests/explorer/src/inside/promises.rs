//! What must hold for what is inside accounts.
//!
//! Nothing in Chatwoot says whose it is, so two things no protocol can tell, and they are excluded: what others make under
//! the same unique key while a request of ours is under way counts as made by it, and so does what came in the place of ours
//! after that was looked at ([`Around::mistaken`]); and where the
//! status was lost, or the finalizer was away when the resource went, what was made is not removed. What a proxy that sends
//! a request twice makes after the resource is gone is left, and what may exist is named by an event.

use super::{
    Inside,
    around::{Around, Item, Name},
};
use crate::resource::{Object, Pass, State, TICK};
use chatwoot_operator::{
    api::{
        common::Ownership,
        conditions::{self, ConditionStatus, reason},
        content::ContentStatus,
    },
    plan::status::{is_ready, ready_reason},
};
use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    Endless,
    Restless,
    /// A request to make one while nothing notes it.
    Unnoted,
    /// A request to make one while nothing holds the resource.
    Unheld,
    /// What others made was bound without being asked for.
    BoundStranger(i64),
    /// What others made was changed.
    WroteNotOurs(i64),
    /// What we have not made was deleted.
    DeletedNotOurs(i64),
    /// What others made is gone or has another name.
    TouchedTheirs,
    /// Ready, and this is not so in Chatwoot.
    ReadyButNot(&'static str),
    /// One resource has made several.
    Doubled,
    /// Neither Ready, nor Stalled with a reason that names the problem.
    NoWord(String),
    /// What we made outlives its resource.
    LeftBehind(i64),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Endless => f.write_str("a pass goes on for ever"),
            Violation::Restless => f.write_str("without further trouble it comes to no rest"),
            Violation::Unnoted => f.write_str("a request to make one that no status notes"),
            Violation::Unheld => f.write_str("a request to make one while no finalizer holds the resource"),
            Violation::BoundStranger(id) => write!(f, "{id} bound, which others made"),
            Violation::WroteNotOurs(id) => write!(f, "{id} changed, which is not this resource's"),
            Violation::DeletedNotOurs(id) => write!(f, "{id} deleted, which this resource has not made"),
            Violation::TouchedTheirs => f.write_str("what others made is gone, or has another name"),
            Violation::ReadyButNot(what) => write!(f, "Ready, and {what} is not so in Chatwoot"),
            Violation::Doubled => f.write_str("one resource has made several"),
            Violation::NoWord(why) => write!(f, "it ends neither Ready nor with a reason: {why}"),
            Violation::LeftBehind(id) => write!(f, "{id} is left, which the resource has made"),
        }
    }
}

/// A status in a few words.
pub fn words(status: &ContentStatus) -> String {
    let mut words = vec![status.id.map_or("no id".to_owned(), |id| format!("id {id}"))];
    words.extend(status.creation.as_ref().map(|note| format!("{} noted", note.name)));
    words.extend(ready_reason(&status.conditions).map(str::to_owned));
    words.join(", ")
}

/// What others made stays as they made it, unless it was to be taken over.
pub fn always(state: &State<Inside>) -> Result<(), Violation> {
    let around = &state.chatwoot;
    let as_made =
        around.items.iter().filter(|item| item.theirs.is_some() && item.name == Name::Wanted(false));
    if around.adopted || around.mistaken || as_made.count() == around.theirs {
        Ok(())
    } else {
        Err(Violation::TouchedTheirs)
    }
}

fn stored<'a>(state: &'a State<Inside>, pass: &Pass<Inside>) -> Option<&'a Object<Inside>> {
    state.object.as_deref().filter(|stored| stored.uid == pass.object.uid)
}

pub fn creating(state: &State<Inside>, pass: &Pass<Inside>) -> Result<(), Violation> {
    let Some(stored) = stored(state, pass) else { return Ok(()) };
    // One that another process has bound meanwhile needs no note: what is made beside it is known by its name.
    if stored.status.creation.is_none() && stored.status.id.is_none() && !state.wiped {
        return Err(Violation::Unnoted);
    }
    if stored.finalizer || state.stripped { Ok(()) } else { Err(Violation::Unheld) }
}

/// Whether what is bound is somebody's mistaken for ours.
pub fn binding(state: &State<Inside>, pass: &Pass<Inside>, id: i64) -> Result<bool, Violation> {
    let Some(item) = state.chatwoot.find(id) else { return Ok(false) };
    if item.made_by == Some(pass.object.uid) || pass.machine.manner.adopt && pass.object.spec.adopt {
        return Ok(false);
    }
    // It is bound already: what came in its place since is found out with the next look.
    if stored(state, pass).is_some_and(|stored| stored.status.id == Some(id)) && is_unseen(item, pass) {
        return Ok(false);
    }
    if item.theirs.is_some() && (pass.machine.pass.refused.is_some() || is_rivals(state, item, pass)) {
        return Err(Violation::BoundStranger(id));
    }
    // The copy of a request that an earlier resource of this name sent counts as others', too.
    let copy = item.made_by.is_some() && state.chatwoot.replayed;
    if copy || appeared_meanwhile(item, pass) { Ok(true) } else { Err(Violation::BoundStranger(id)) }
}

/// Others made it while a request of ours was noted. Times are as coarse as ticks here.
fn appeared_meanwhile(item: &Item, pass: &Pass<Inside>) -> bool {
    let noted = pass.object.status.creation.as_ref();
    let noted = noted.map(|note| u64::try_from(note.started_at.as_second()).unwrap_or_default());
    item.theirs.zip(noted).is_some_and(|(made, noted)| (made + TICK).as_secs() > noted)
}

/// Another resource was bound to it when the pass began.
fn is_rivals(state: &State<Inside>, item: &Item, pass: &Pass<Inside>) -> bool {
    state.chatwoot.rival && item.theirs.is_some_and(|made| made < pass.machine.clock)
}

/// The pass has not seen it as it is.
fn is_unseen(item: &Item, pass: &Pass<Inside>) -> bool {
    let list = pass.machine.pass.list.as_ref();
    list.is_none_or(|list| list.find(item.id) != Some(&item.shown()))
}

/// Whether what is written has come in the place of ours since it was looked at.
pub fn writing(state: &State<Inside>, pass: &Pass<Inside>, id: i64) -> Result<bool, Violation> {
    let Some(item) = state.chatwoot.find(id) else { return Ok(false) };
    let adopted = pass.machine.status.ownership == Some(Ownership::Adopted) && pass.object.spec.adopt;
    if item.made_by == Some(pass.object.uid) || adopted || state.chatwoot.mistaken {
        Ok(false)
    } else if item.theirs.is_some() && is_unseen(item, pass) {
        Ok(true)
    } else {
        Err(Violation::WroteNotOurs(id))
    }
}

/// Whether what is deleted is somebody's mistaken for ours.
pub fn deleting(state: &State<Inside>, pass: &Pass<Inside>, id: i64) -> Result<bool, Violation> {
    let Some(item) = state.chatwoot.find(id) else { return Ok(false) };
    if item.made_by == Some(pass.object.uid) || state.chatwoot.mistaken {
        Ok(false)
    } else if (item.theirs.is_some() && is_unseen(item, pass))
        || (appeared_meanwhile(item, pass) && !is_rivals(state, item, pass))
    {
        Ok(true)
    } else {
        Err(Violation::DeletedNotOurs(id))
    }
}

/// Where everything has come to rest.
pub fn at_rest(kind: &Inside, state: &State<Inside>) -> Result<(), Violation> {
    let around = &state.chatwoot;
    let excused = state.wiped || around.unheld || around.told || around.mistaken;
    let uid = state.object.as_ref().map(|object| object.uid);
    let left = around.items.iter().find(|item| item.maker.is_some() && item.maker != uid);
    if let Some(left) = left.filter(|_| !excused && !around.replayed) {
        return Err(Violation::LeftBehind(left.id));
    }
    match &state.object {
        None => Ok(()),
        Some(object) if is_ready(&object.status.conditions) => ready(kind, object, around, excused),
        Some(object) => stalled(&object.status),
    }
}

fn ready(kind: &Inside, object: &Object<Inside>, around: &Around, excused: bool) -> Result<(), Violation> {
    let Some(item) = object.status.id.and_then(|id| around.find(id)) else {
        return Err(Violation::ReadyButNot("what it names"));
    };
    if item.name != Name::Wanted(object.spec.second) {
        return Err(Violation::ReadyButNot("its name"));
    }
    let made = around.items.iter().filter(|item| item.maker == Some(object.uid)).count();
    // What has a unique key shows no second one that was made under an earlier key.
    let excused = excused || kind.unique && around.replayed;
    if made > 1 && !excused { Err(Violation::Doubled) } else { Ok(()) }
}

fn stalled(status: &ContentStatus) -> Result<(), Violation> {
    let stalled = conditions::find(&status.conditions, conditions::STALLED);
    let reasons = [
        reason::NOT_OWNED,
        reason::DELETION_BLOCKED,
        reason::REJECTED_BY_CHATWOOT,
        reason::EXTERNAL_RESOURCE_MISSING,
        reason::INVALID_SPEC,
    ];
    let named = stalled
        .filter(|stalled| stalled.status == ConditionStatus::True && !stalled.message.is_empty())
        .is_some_and(|stalled| reasons.contains(&stalled.reason.as_str()));
    if named {
        return Ok(());
    }
    Err(Violation::NoWord(ready_reason(&status.conditions).unwrap_or("no condition at all").to_owned()))
}
