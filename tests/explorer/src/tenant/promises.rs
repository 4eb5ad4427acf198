//! What must hold for an account from the first look to the last finalizer.
//!
//! The exclusions are those of [`crate::invariants`]: a person who asked for another account, or chose one while
//! nobody can look for others, has decided so, a proxy that
//! sends a request twice makes two, and what a lost status named is found again by the index only. And where people change
//! markers or destroy accounts behind the operator's back, nothing can be said about what they changed.

use super::{
    Tenant,
    around::{ADOPTABLE, Around, Marked},
    users,
};
use crate::resource::{Object, Pass, State};
use chatwoot_operator::{
    api::{
        account::{AccountDeletionPolicy as Policy, AccountStatus},
        common::Ownership,
        conditions::{self, ConditionStatus, reason},
    },
    chatwoot::types::{AccountPatch, AccountState},
    plan::status::{is_ready, ready_reason},
};
use std::fmt;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    Endless,
    Restless,
    /// Written to or destroyed without having been read under our marker in the same pass.
    Unread(i64),
    /// Bound, and it never carried our marker.
    BoundForeign(i64),
    SecondPost,
    UnclaimedPost,
    /// A POST while nothing holds the resource.
    PostUnheld,
    DestroyedUnasked(i64),
    SuspendedUnasked(i64),
    /// A bound id, or a listed duplicate, is gone from the status and exists.
    ChangedInSilence(i64),
    /// Two accounts of the resource that its status does not name.
    TwoUnnamed,
    /// Let go by another policy than the one that stands there.
    OtherPolicy,
    NotSuspended(i64),
    NotDestroyed(i64),
    LetGoInSilence,
    /// Ready, and this is not so in Chatwoot.
    ReadyButNot(&'static str),
    /// Neither Ready, nor Stalled with a reason that names the problem.
    NoWord(String),
    /// It ends Ready, and an account of it is named nowhere although the index works.
    EndsForgotten(i64),
    /// The operator's own user was asked for before its address stood in the status.
    UserUnrecorded,
    /// The operator's own user was changed or removed without having been read under our marker in the same pass.
    UserUnread(i64),
    /// It stays although the resource is gone, and nobody was told.
    UserLeft(i64),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Endless => f.write_str("a pass goes on for ever"),
            Violation::Restless => f.write_str("without further trouble it comes to no rest"),
            Violation::Unread(id) => {
                write!(
                    f,
                    "account {id} written to without having been read under our marker in the same pass"
                )
            }
            Violation::BoundForeign(id) => write!(f, "account {id} bound, which does not carry our marker"),
            Violation::SecondPost => f.write_str("a second POST while the first may have made an account"),
            Violation::UnclaimedPost => f.write_str("a POST for a claim that does not stand in the status"),
            Violation::PostUnheld => f.write_str("a POST while nothing holds the resource"),
            Violation::DestroyedUnasked(id) => {
                write!(f, "account {id} destroyed although nobody asked for it")
            }
            Violation::SuspendedUnasked(id) => {
                write!(f, "account {id} suspended although nobody asked for it")
            }
            Violation::ChangedInSilence(id) => {
                write!(f, "account {id} stood in the status and is gone from it")
            }
            Violation::TwoUnnamed => f.write_str("two accounts of the resource that nothing names"),
            Violation::OtherPolicy => f.write_str("let go by another policy than the one that stands there"),
            Violation::NotSuspended(id) => {
                write!(f, "let go with policy Suspend, and account {id} is active")
            }
            Violation::NotDestroyed(id) => write!(f, "let go with policy Delete, and account {id} is there"),
            Violation::LetGoInSilence => f.write_str("let go in silence although an account may exist"),
            Violation::ReadyButNot(what) => write!(f, "Ready, and {what} is not so in Chatwoot"),
            Violation::NoWord(why) => write!(f, "it ends neither Ready nor with a reason: {why}"),
            Violation::EndsForgotten(id) => write!(f, "it ends Ready while account {id} is named nowhere"),
            Violation::UserUnrecorded => f.write_str("a user asked for whose address stands nowhere"),
            Violation::UserUnread(id) => {
                write!(f, "user {id} changed without having been read in the same pass")
            }
            Violation::UserLeft(id) => write!(f, "user {id} stays although the resource is gone"),
        }
    }
}

/// A status in a few words.
pub fn words(status: &AccountStatus) -> String {
    let mut words = vec![status.id.map_or("no id".to_owned(), |id| format!("id {id}"))];
    words.extend(status.creation.as_ref().map(|creation| {
        format!("claim {} (attempt {}, {:?})", creation.nonce, creation.attempt, creation.outcome)
    }));
    words.extend((!status.duplicates.is_empty()).then(|| format!("duplicates {:?}", status.duplicates)));
    words.extend(status.decision.as_ref().map(|open| format!("question {}", open.token)));
    words.extend(status.automation.as_ref().map(|own| {
        let unanswered = if own.unanswered_since.is_some() { ", unanswered" } else { "" };
        format!("own user {:?}{unanswered}", own.user_id)
    }));
    words.extend(status.deletion.as_ref().map(|_| "deletion sent".to_owned()));
    words.extend(ready_reason(&status.conditions).map(str::to_owned));
    words.join(", ")
}

/// Who or what made a second account possible, or took away what would name it.
fn excused(state: &State<Tenant>) -> bool {
    let Around { created_again, chose, index_works, replayed, meddled, unheld, .. } = state.chatwoot;
    let unseen = chose && !index_works;
    created_again || unseen || replayed || meddled || unheld || state.wiped
}

fn names(status: &AccountStatus, id: i64) -> bool {
    status.id == Some(id) || status.duplicates.contains(&id)
}

/// Accounts that were made for the resource and that it does not name; what was to be adopted, a person has named.
fn unnamed<'a>(state: &'a State<Tenant>, object: &'a Object<Tenant>) -> impl Iterator<Item = i64> + 'a {
    let made = state.chatwoot.of(object.uid).map(|account| account.id).filter(|id| *id != ADOPTABLE);
    made.filter(|id| !names(&object.status, *id) && !state.chatwoot.orphans.contains(id))
}

pub fn always(state: &State<Tenant>) -> Result<(), Violation> {
    let two = state.object.as_ref().is_some_and(|object| unnamed(state, object).count() > 1);
    if two && !excused(state) { Err(Violation::TwoUnnamed) } else { Ok(()) }
}

pub fn binding(state: &State<Tenant>, pass: &Pass<Tenant>, id: i64) -> Result<(), Violation> {
    let account = state.chatwoot.find(id);
    let ours = account.is_none_or(|account| matches!(account.marked, Marked::By(_)));
    let seen = matches!(pass.held.seen, Some((seen, Marked::By(_))) if seen == id);
    if ours || seen || state.chatwoot.meddled { Ok(()) } else { Err(Violation::BoundForeign(id)) }
}

/// From one status to the next.
pub fn across(before: Option<&Object<Tenant>>, state: &State<Tenant>) -> Result<(), Violation> {
    let (Some(old), Some(new)) = (before, state.object.as_deref()) else { return Ok(()) };
    let known = old.status.id.into_iter().chain(old.status.duplicates.iter().copied());
    let there = |id: &i64| state.chatwoot.find(*id).is_some() && !state.chatwoot.meddled;
    match known.filter(|id| !names(&new.status, *id)).find(there) {
        Some(id) if old.uid == new.uid => Err(Violation::ChangedInSilence(id)),
        _ => Ok(()),
    }
}

pub fn posting(state: &State<Tenant>, pass: &Pass<Tenant>) -> Result<(), Violation> {
    let uid = pass.object.uid;
    let stored = state.object.as_ref().filter(|stored| stored.uid == uid);
    let held = stored.map_or(state.chatwoot.told, |stored| stored.finalizer);
    if !held && !state.stripped && !state.chatwoot.unheld {
        return Err(Violation::PostUnheld);
    }
    let claim = stored.map(|stored| stored.status.creation.as_ref().map(|creation| &creation.nonce));
    let mine = pass.machine.create.mine.as_ref().map(|mine| &mine.nonce);
    if claim.is_some_and(|claim| claim != mine) && !excused(state) {
        return Err(Violation::UnclaimedPost);
    }
    let unresolved = state.chatwoot.of(uid).next().is_some() || state.chatwoot.late.contains(&uid);
    if unresolved && !excused(state) { Err(Violation::SecondPost) } else { Ok(()) }
}

pub fn patching(pass: &Pass<Tenant>, id: i64, patch: &AccountPatch) -> Result<(), Violation> {
    let Object { deleting, spec, .. } = pass.object.as_ref();
    let stamps = patch.custom_attributes.is_some() && id == ADOPTABLE;
    match pass.held.seen {
        Some((seen, Marked::By(_))) if seen == id => {}
        Some((seen, Marked::Not)) if seen == id && stamps => {}
        _ => return Err(Violation::Unread(id)),
    }
    let asked = *deleting && spec.policy != Policy::Retain;
    let suspends = patch.state == Some(AccountState::Suspended);
    if suspends && !asked { Err(Violation::SuspendedUnasked(id)) } else { Ok(()) }
}

pub fn destroying(pass: &Pass<Tenant>, id: i64) -> Result<(), Violation> {
    match pass.held.seen {
        Some((seen, Marked::By(_))) if seen == id => {}
        _ => return Err(Violation::Unread(id)),
    }
    let asked = pass.object.deleting && pass.object.spec.policy == Policy::Delete;
    if asked { Ok(()) } else { Err(Violation::DestroyedUnasked(id)) }
}

/// When the last finalizer goes: `stored` is what stood there, `decided` the policy it went by.
pub fn letting_go(state: &State<Tenant>, stored: &Object<Tenant>, decided: Policy) -> Result<(), Violation> {
    if stored.spec.policy != decided {
        return Err(Violation::OtherPolicy);
    }
    let account = stored.status.id.and_then(|id| state.chatwoot.find(id));
    let ours = account.filter(|account| matches!(account.marked, Marked::By(_)));
    match (stored.spec.policy, ours) {
        (Policy::Suspend, Some(account)) if !account.suspended && !state.chatwoot.meddled => {
            return Err(Violation::NotSuspended(account.id));
        }
        (Policy::Delete, Some(account)) if !state.chatwoot.meddled => {
            return Err(Violation::NotDestroyed(account.id));
        }
        _ => {}
    }
    // An id in a process's hands is reported by it.
    let in_hand = state.processes.iter().filter_map(|process| process.pass.as_ref());
    let in_hand = in_hand.into_iter().any(|pass| pass.machine.create.memory.created.is_some());
    let may_exist = unnamed(state, stored).next().is_some() || state.chatwoot.late.contains(&stored.uid);
    if may_exist && !in_hand && !state.chatwoot.told && !excused(state) {
        return Err(Violation::LetGoInSilence);
    }
    Ok(())
}

/// Where everything has come to rest.
pub fn at_rest(state: &State<Tenant>) -> Result<(), Violation> {
    match &state.object {
        None if excused(state) || state.chatwoot.told => Ok(()),
        None => gone(&state.chatwoot)
            .and_then(|()| state.chatwoot.end.map_or(Ok(()), |(uid, ..)| users::left(&state.chatwoot, uid))),
        Some(object) => {
            if !is_ready(&object.status.conditions) {
                return stalled(&object.status);
            }
            let forgotten = unnamed(state, object).next().filter(|_| state.chatwoot.index_works);
            match forgotten {
                Some(id) if !state.chatwoot.meddled => Err(Violation::EndsForgotten(id)),
                _ => ready(object, &state.chatwoot).and_then(|()| served(state, object)),
            }
        }
    }
}

fn gone(around: &Around) -> Result<(), Violation> {
    let Some((uid, policy, id)) = around.end else { return Ok(()) };
    let known = |id: i64| around.orphans.contains(&id) || id == ADOPTABLE;
    let left = around.of(uid).find(|account| !known(account.id));
    match left {
        Some(account) if policy == Policy::Delete => Err(Violation::NotDestroyed(account.id)),
        Some(account) if id != Some(account.id) => Err(Violation::LetGoInSilence),
        _ => Ok(()),
    }
}

fn ready(object: &Object<Tenant>, around: &Around) -> Result<(), Violation> {
    let account = object.status.id.and_then(|id| around.find(id));
    match account {
        None => Err(Violation::ReadyButNot("the account")),
        Some(account) if account.marked != Marked::By(object.uid) => {
            Err(Violation::ReadyButNot("the marker"))
        }
        Some(account) if !account.domain => Err(Violation::ReadyButNot("the domain")),
        // Whatever was read, written, lost and applied again on the way.
        Some(account) if (account.id == ADOPTABLE) != says_adopted(&object.status) => {
            Err(Violation::ReadyButNot("its origin"))
        }
        Some(_) => Ok(()),
    }
}

fn says_adopted(status: &AccountStatus) -> bool {
    status.ownership == Some(Ownership::Adopted)
}

fn served(state: &State<Tenant>, object: &Object<Tenant>) -> Result<(), Violation> {
    let wanted = object.status.automation.is_some();
    match object.status.id.filter(|_| wanted) {
        Some(account) => users::at_rest(state, account, object.status.automation_user()),
        None => Ok(()),
    }
}

fn stalled(status: &AccountStatus) -> Result<(), Violation> {
    let problems = [
        reason::NOT_OWNED,
        reason::DELETION_BLOCKED,
        reason::CREATE_OUTCOME_UNKNOWN,
        reason::DUPLICATE_CREATED,
        reason::PREVIOUS_ACCOUNT_FOUND,
        reason::EXTERNAL_RESOURCE_MISSING,
        reason::INVALID_SPEC,
    ];
    let stalled = conditions::find(&status.conditions, conditions::STALLED);
    let named = stalled
        .filter(|stalled| stalled.status == ConditionStatus::True && !stalled.message.is_empty())
        .is_some_and(|stalled| problems.contains(&stalled.reason.as_str()));
    if named {
        return Ok(());
    }
    Err(Violation::NoWord(ready_reason(&status.conditions).unwrap_or("no condition at all").to_owned()))
}
