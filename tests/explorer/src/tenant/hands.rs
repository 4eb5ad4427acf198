//! Carrying out one effect, and what must not happen on the way.

use super::{
    Tenant,
    around::{Around, Marked, marker_of},
    mutants::Mutant,
    promises, users,
};
use crate::resource::{How, Kind, Pass, Turn, step::write};
use chatwoot_operator::{
    chatwoot::{
        marker::{self, Marker, Origin},
        outcome::{Class, Failure},
        types::{Account, AccountPatch, AccountState},
    },
    plan::{
        account::{Effect, Lesson, Notice, Tag},
        create::{self, Look, ReadBack, Wrote},
    },
};

pub fn act(turn: &mut Turn<'_, Tenant>, pass: &mut Pass<Tenant>, effect: Effect, how: How) -> Lesson {
    match effect {
        Effect::AskIndex { not_before } => {
            let asked_at = not_before.max(turn.state.clock);
            let answer = match how {
                How::Failed => create::Index::Unavailable,
                _ => turn.state.chatwoot.index(pass.object.uid),
            };
            Lesson::Index(Look { asked_at, answer })
        }
        Effect::ReadBack => read_back(turn, pass),
        Effect::AddFinalizer => Lesson::Finalizer(write(turn, pass, how, |object| object.finalizer = true)),
        Effect::DropFinalizer(notice) => Lesson::Dropped(let_go(turn, pass, notice, how)),
        Effect::ReportOrphan(id) => {
            turn.state.chatwoot.orphans.push(id);
            Lesson::OrphanReported
        }
        Effect::Write(status, tag) => {
            let stored = turn.kind.stored((*status).clone());
            let before = turn.state.object.clone();
            if let Tag::Bind { id, .. } | Tag::StoreId(id) = tag {
                turn.check(promises::binding(&turn.state, pass, id));
            }
            let wrote = write(turn, pass, how, |object| object.status = stored);
            turn.check(promises::across(before.as_deref(), &turn.state));
            Lesson::Wrote { tag, status, wrote }
        }
        Effect::Post { before, .. } => {
            if turn.state.clock >= before {
                return Lesson::Posted(Err(Failure::of(Class::Connect)));
            }
            turn.check(promises::posting(&turn.state, pass));
            let answer = post(&mut turn.state.chatwoot, pass.object.uid, how);
            see(pass, answer.as_ref().ok());
            Lesson::Posted(answer)
        }
        Effect::Get(id) => {
            let answer = looked(how).and_then(|()| find(&turn.state.chatwoot, id));
            see(pass, answer.as_ref().ok());
            Lesson::Got(id, answer)
        }
        Effect::Vanished(id) => {
            Lesson::Vanished(id, looked(how).map(|()| turn.state.chatwoot.find(id).is_none()))
        }
        Effect::Patch(id, patch) => {
            turn.check(promises::patching(pass, id, &patch));
            let answer = done(turn, how, |around| apply(around, id, &patch));
            let answer = answer.and_then(|()| find(&turn.state.chatwoot, id));
            see(pass, answer.as_ref().ok());
            Lesson::Patched { features: !patch.features.is_empty(), answer }
        }
        Effect::Delete(id) => {
            turn.check(promises::destroying(pass, id));
            let answer = done(turn, how, |around| {
                around.find_mut(id).into_iter().for_each(|account| account.going = true);
            });
            Lesson::Deleted(id, answer)
        }
        Effect::Automation(effect) => Lesson::Automation(users::act(turn, pass, effect, how)),
        Effect::Settings(_) => unreachable!("no settings are declared"),
    }
}

fn read_back(turn: &mut Turn<'_, Tenant>, pass: &mut Pass<Tenant>) -> Lesson {
    let Some(stored) = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid) else {
        return Lesson::ReadBack { back: ReadBack::Gone, status: None };
    };
    let back = ReadBack::Found {
        bound: stored.status.id,
        claim: stored.status.creation.as_ref().map(create::Claim::from),
        finalizer: stored.finalizer,
        deleting: stored.deleting,
        at: turn.state.clock,
    };
    pass.object = stored.clone();
    Lesson::ReadBack { back, status: Some(Box::new(stored.status.clone())) }
}

/// The event goes first where nobody may hear of it otherwise.
fn let_go(turn: &mut Turn<'_, Tenant>, pass: &mut Pass<Tenant>, notice: Option<Notice>, how: How) -> Wrote {
    turn.state.chatwoot.told |= notice == Some(Notice::MayExist);
    let leaves = notice == Some(Notice::AutomationLeft);
    if turn.kind.mutant == Some(Mutant::DropsWithoutTest)
        && let Some(stored) = turn.state.object.clone().filter(|stored| stored.uid == pass.object.uid)
    {
        pass.object = stored;
    }
    let stored = turn.state.object.clone();
    let decided = pass.machine.spec.deletion_policy;
    let wrote = write(turn, pass, how, |object| object.finalizer = false);
    let late = notice == Some(Notice::TooLate) && matches!(wrote, Wrote::Yes | Wrote::Unknown) && !how.dies();
    turn.state.chatwoot.told |= late;
    turn.state.chatwoot.told |= leaves && matches!(wrote, Wrote::Yes | Wrote::Unknown) && !how.dies();
    if let (Some(stored), None) = (stored, &turn.state.object) {
        turn.check(promises::letting_go(&turn.state, &stored, decided));
    }
    wrote
}

fn find(around: &Around, id: i64) -> Result<Account, Failure> {
    around.find(id).map(super::around::Account::shown).ok_or_else(|| failure(Class::NotFound, 404))
}

pub fn failure(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::of(class) }
}

/// Whose marker stands in an account.
pub fn marked(account: &Account) -> Marked {
    match account.custom_attributes.get(marker::KEY).and_then(|value| value.as_str()) {
        None => Marked::Not,
        Some(text) => {
            let named = Marker::parse(text);
            (0..8).find(|uid| named == Some(marker_of(*uid))).map_or(Marked::Foreign, Marked::By)
        }
    }
}

fn see(pass: &mut Pass<Tenant>, account: Option<&Account>) {
    pass.held.seen = account.map(|account| (account.id.0, marked(account))).or(pass.held.seen);
}

pub fn looked(how: How) -> Result<(), Failure> {
    if how == How::Failed { Err(Failure::of(Class::Timeout)) } else { Ok(()) }
}

pub fn done(turn: &mut Turn<'_, Tenant>, how: How, change: impl FnOnce(&mut Around)) -> Result<(), Failure> {
    if how == How::Failed {
        return Err(failure(Class::Server, 500));
    }
    change(&mut turn.state.chatwoot);
    if how == How::Plainly { Ok(()) } else { Err(Failure::of(Class::Timeout)) }
}

fn post(around: &mut Around, uid: u8, how: How) -> Result<Account, Failure> {
    match how {
        How::Failed => return Err(failure(Class::Server, 500)),
        How::LostUnderWay | How::DiedUnderWay => around.late.push(uid),
        How::Repeated | How::Plainly => {
            let id = around.make(uid);
            if how == How::Repeated {
                around.late.push(uid);
                around.replayed = true;
            }
            return find(around, id);
        }
        _ => {
            around.make(uid);
        }
    }
    around.late.sort_unstable();
    Err(Failure::of(Class::Timeout))
}

fn apply(around: &mut Around, id: i64, patch: &AccountPatch) {
    let Some(account) = around.find_mut(id) else { return };
    if let Some(state) = patch.state {
        account.suspended = state == AccountState::Suspended;
    }
    account.domain |= patch.domain.is_some();
    if let Some(attributes) = &patch.custom_attributes {
        account.marked = marked(&Account { custom_attributes: attributes.clone(), ..account.shown() });
        account.adopted = Origin::of(attributes) == Some(Origin::Adopted);
    }
}
