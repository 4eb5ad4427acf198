//! What must hold for a person and the accounts they were let into.
//!
//! What is done about memberships relies on the lead: of two processes that both act, one can make what the other has just
//! taken back, and no write in between would tell it. Everything else holds whoever acts.
//!
//! A process that starts anew does not know that a request to join or to make somebody was never answered, once its repeat
//! was: what then arrives after a deletion within the settle time is left ([`Around::repeated`], [`Around::made_after`]).
//!
//! The exclusions: where the status was lost, or the finalizer was away when the resource was deleted, or somebody took
//! the marker off the person, memberships that stood nowhere else are forgotten; what a proxy that sends a request twice
//! makes after the resource is gone is left; where the finalizer was taken away between a request to make somebody and the
//! note that its answer was lost, nothing tells the next pass that an earlier password may stand; and a person who may exist is named by
//! an event ([`Around::told`]).

use super::{
    Held, Person, Wish,
    around::{Around, STRANGER, Someone},
};
use crate::resource::{Object, Pass, State};
use chatwoot_operator::{
    api::{
        common::Ownership,
        conditions::{self, ConditionStatus, reason},
        user::{PasswordStatus, UserDeletionPolicy as Policy, UserStatus},
    },
    chatwoot::marker::Origin,
    plan::{
        status::{is_ready, ready_reason},
        user::Profile,
    },
};
use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    Endless,
    Restless,
    /// Written to or destroyed without having been read under our marker in the same pass.
    Unread(i64),
    /// Somebody who does not carry our marker was bound.
    BoundStranger(i64),
    /// A request to make somebody while nothing holds the resource.
    PostUnheld,
    /// A request to make somebody that would not carry our marker.
    PostUnmarked,
    /// A membership was made that no status recorded.
    JoinUnrecorded(i64),
    /// A membership was taken back that is not recorded as ours.
    TookNotOurs(i64),
    /// A password was set that is recorded as set already.
    PasswordAgain,
    /// Somebody was destroyed although nobody asked for it.
    DestroyedUnasked,
    /// Ready, and this is not so in Chatwoot.
    ReadyButNot(&'static str),
    /// Neither Ready, nor Stalled with a reason that names the problem.
    NoWord(String),
    /// A membership we made outlives the wish for it.
    LeftBehind(i64),
    /// Somebody we may have made exists, and no status, event or condition ever named them.
    Forgotten,
    /// Let go with policy Delete, and the person is still there.
    NotDestroyed,
    /// A token replaced although the published one is of the rotation that is declared.
    RotatedAgain,
    /// One token published for two rotations.
    NotRotated(u8),
    /// The Secret with the token outlives its resource.
    SecretLeft,
    /// The password of somebody who was there before was set, or their token taken: no grant allows that.
    CameIn(i64),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Endless => f.write_str("a pass goes on for ever"),
            Violation::Restless => f.write_str("without further trouble it comes to no rest"),
            Violation::Unread(id) => {
                write!(f, "user {id} written to without having been read under our marker in the same pass")
            }
            Violation::BoundStranger(id) => write!(f, "user {id} bound, who does not carry our marker"),
            Violation::PostUnheld => f.write_str("a POST while no finalizer holds the resource"),
            Violation::PostUnmarked => f.write_str("a POST without our marker"),
            Violation::JoinUnrecorded(id) => write!(f, "membership of account {id} made and not recorded"),
            Violation::TookNotOurs(id) => {
                write!(f, "membership of account {id} taken back and not recorded as ours")
            }
            Violation::PasswordAgain => f.write_str("a password set again that was recorded as set"),
            Violation::DestroyedUnasked => f.write_str("somebody destroyed although nobody asked for it"),
            Violation::ReadyButNot(what) => write!(f, "Ready, and {what} is not so in Chatwoot"),
            Violation::NoWord(why) => write!(f, "it ends neither Ready nor with a reason: {why}"),
            Violation::LeftBehind(id) => write!(f, "the membership of account {id} that we made is left"),
            Violation::Forgotten => f.write_str("somebody our request made is named nowhere"),
            Violation::RotatedAgain => f.write_str("a token replaced that is of the declared rotation"),
            Violation::NotRotated(token) => write!(f, "token {token} published for two rotations"),
            Violation::CameIn(id) => write!(f, "user {id} was there before, and somebody came in as them"),
            Violation::SecretLeft => f.write_str("the Secret with the token outlives its resource"),
            Violation::NotDestroyed => f.write_str("let go with policy Delete while the person is there"),
        }
    }
}

/// A status in a few words.
pub fn words(status: &UserStatus) -> String {
    let mut words = vec![status.id.map_or("no id".to_owned(), |id| format!("id {id}"))];
    for made in &status.memberships {
        words.push(format!("account {} {:?}", made.account_id.unwrap_or_default(), made.state));
    }
    words.extend(status.password.as_ref().map(|_| "password recorded".to_owned()));
    words.extend(status.access_token.as_ref().map(|token| format!("token of rotation {}", token.rotation)));
    words.extend(status.deletion.as_ref().map(|_| "deletion sent".to_owned()));
    words.extend(ready_reason(&status.conditions).map(str::to_owned));
    words.join(", ")
}

pub fn always(_: &State<Person>) -> Result<(), Violation> {
    Ok(())
}

fn seen_as_ours(held: &Held, id: i64) -> bool {
    matches!(held.seen, Some((seen, Some(_))) if seen == id)
}

pub fn writing(pass: &Pass<Person>, id: i64) -> Result<(), Violation> {
    if seen_as_ours(&pass.held, id) { Ok(()) } else { Err(Violation::Unread(id)) }
}

/// As [`writing`]; taking somebody over begins with the marker, and with nothing else.
pub fn patching(pass: &Pass<Person>, id: i64, profile: &Profile) -> Result<(), Violation> {
    let Profile { custom_attributes: attributes, .. } = profile;
    let marker = attributes.as_ref().filter(|sent| sent.len() == 1).and_then(Origin::of);
    let stamp = *profile == Profile { custom_attributes: attributes.clone(), ..Profile::default() };
    let adopts = stamp && marker == Some(Origin::Adopted) && pass.object.spec.adopt && id == STRANGER;
    let unmarked = matches!(pass.held.seen, Some((seen, None)) if seen == id);
    if adopts && unmarked { Ok(()) } else { writing(pass, id) }
}

/// Whoever is not the stranger was made by the resource, or by one of its name.
pub fn coming_in_as(id: i64) -> Result<(), Violation> {
    if id == STRANGER { Err(Violation::CameIn(id)) } else { Ok(()) }
}

pub fn binding(pass: &Pass<Person>, id: i64) -> Result<(), Violation> {
    if seen_as_ours(&pass.held, id) { Ok(()) } else { Err(Violation::BoundStranger(id)) }
}

pub fn posting(state: &State<Person>, pass: &Pass<Person>, profile: &Profile) -> Result<(), Violation> {
    let marked = profile.custom_attributes.as_ref().is_some_and(|sent| !sent.is_empty());
    let stored = state.object.as_ref().filter(|stored| stored.uid == pass.object.uid);
    let held = stored.is_none_or(|stored| stored.finalizer) || state.stripped;
    match (marked, held) {
        (false, _) => Err(Violation::PostUnmarked),
        (_, false) => Err(Violation::PostUnheld),
        _ => Ok(()),
    }
}

fn records(status: &UserStatus, account: i64) -> bool {
    status.memberships.iter().any(|made| made.account_id == Some(account))
}

pub fn joining(state: &State<Person>, pass: &Pass<Person>, account: i64) -> Result<(), Violation> {
    let stored = state.object.as_ref().filter(|stored| stored.uid == pass.object.uid);
    let recorded = stored.is_some_and(|stored| records(&stored.status, account));
    if recorded || state.wiped || state.chatwoot.unheld {
        Ok(())
    } else {
        Err(Violation::JoinUnrecorded(account))
    }
}

pub fn taking_back(pass: &Pass<Person>, account: i64) -> Result<(), Violation> {
    if records(&pass.object.status, account) { Ok(()) } else { Err(Violation::TookNotOurs(account)) }
}

pub fn setting_password(pass: &Pass<Person>, record: &PasswordStatus) -> Result<(), Violation> {
    if pass.object.status.password.as_ref() == Some(record) { Err(Violation::PasswordAgain) } else { Ok(()) }
}

/// Of two processes that both act one may have replaced what the other has just found to be due: it is then replaced once
/// too often, and published for both rotations.
fn acts_alone(state: &State<Person>) -> bool {
    state.processes.len() == 1
}

pub fn rotating(state: &State<Person>, pass: &Pass<Person>) -> Result<(), Violation> {
    let wanted = pass.object.spec.token;
    let noted = state.chatwoot.published.is_some_and(|(_, noted)| noted == wanted);
    if noted && acts_alone(state) { Err(Violation::RotatedAgain) } else { Ok(()) }
}

pub fn publishing(state: &State<Person>, written: (u8, Option<u8>)) -> Result<(), Violation> {
    let alone = acts_alone(state);
    match (state.chatwoot.published, written) {
        (Some((before, Some(of))), (token, Some(now))) if alone && before == token && of != now => {
            Err(Violation::NotRotated(token))
        }
        _ => Ok(()),
    }
}

pub fn destroying(pass: &Pass<Person>) -> Result<(), Violation> {
    let asked = pass.object.deleting && pass.object.spec.policy == Policy::Delete;
    if asked { Ok(()) } else { Err(Violation::DestroyedUnasked) }
}

/// Where everything has come to rest.
pub fn at_rest(state: &State<Person>) -> Result<(), Violation> {
    let around = &state.chatwoot;
    let excused = state.wiped || around.unheld || around.unmarked;
    match &state.object {
        None if around.published.is_some() && !excused => Err(Violation::SecretLeft),
        None if excused || around.told || around.replayed => Ok(()),
        None => match gone(around) {
            Err(Violation::LeftBehind(_)) if state.restarts > 0 && around.repeated => Ok(()),
            Err(Violation::NotDestroyed) if state.restarts > 0 && around.made_after => Ok(()),
            ended => ended,
        },
        Some(object) => {
            let left = around.made.iter().find(|made| !records(&object.status, **made));
            match left {
                Some(left) if !excused => Err(Violation::LeftBehind(*left)),
                _ if is_ready(&object.status.conditions) => ready(object, around, state.was_stripped),
                _ => stalled(&object.status),
            }
        }
    }
}

fn gone(around: &Around) -> Result<(), Violation> {
    // Nobody has made the stranger, whatever marker they carry by now.
    let ours = |someone: &Someone| someone.marker.is_some() && someone.id != STRANGER;
    let there = around.people.iter().any(ours);
    let left = around.made.first();
    match (around.end, left) {
        _ if there && !around.recorded => Err(Violation::Forgotten),
        (Some(Policy::Delete), None) if there => Err(Violation::NotDestroyed),
        (Some(Policy::Delete | Policy::Revoke), Some(left)) => Err(Violation::LeftBehind(*left)),
        _ => Ok(()),
    }
}

fn ready(object: &Object<Person>, around: &Around, was_stripped: bool) -> Result<(), Violation> {
    let Wish { member, password, token, .. } = object.spec;
    let Some(someone) = object.status.id.and_then(|id| around.find(id)) else {
        return Err(Violation::ReadyButNot("the person"));
    };
    if someone.marker != Some(object.uid) {
        return Err(Violation::ReadyButNot("the marker"));
    }
    if (someone.id == STRANGER) != (object.status.ownership == Some(Ownership::Adopted)) {
        return Err(Violation::ReadyButNot("their origin"));
    }
    if password && someone.password != around.secret && !was_stripped {
        return Err(Violation::ReadyButNot("the password"));
    }
    if token.is_some() && around.published != Some((someone.token, token)) {
        return Err(Violation::ReadyButNot("the published token"));
    }
    let is_member = someone.accounts.contains(&super::around::ACCOUNT);
    if member && !is_member { Err(Violation::ReadyButNot("the membership")) } else { Ok(()) }
}

fn stalled(status: &UserStatus) -> Result<(), Violation> {
    let stalled = conditions::find(&status.conditions, conditions::STALLED);
    let named = stalled
        .filter(|stalled| stalled.status == ConditionStatus::True && !stalled.message.is_empty())
        .is_some_and(|stalled| {
            let known = [reason::NOT_OWNED, reason::DELETION_BLOCKED, reason::NOT_GRANTED];
            known.contains(&stalled.reason.as_str())
        });
    if named {
        return Ok(());
    }
    Err(Violation::NoWord(ready_reason(&status.conditions).unwrap_or("no condition at all").to_owned()))
}
