//! Machines for accounts that are wrong in one thing each, outside the create protocol.

use super::{Tenant, around, users};
use crate::resource::Next;
use chatwoot_operator::{
    api::account::{AccountDeletionPolicy as Policy, AccountStatus},
    chatwoot::marker,
    plan::{
        Machine, Moment, Step,
        account::{Effect, Facts, Lesson, Notice, Tag},
        create::Wrote,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    WritesUnread,
    TakesForeignForOurs,
    DestroysUnasked,
    LetsGoBeforeSuspending,
    DropsWithoutTest,
    ForgetsWhatItReplaces,
    SaysNothingOfWhatMayExist,
    SaysReadyBeforeItIs,
    /// Believes its user removed, and has not asked for it.
    LeavesItsUser,
    /// Asks for its user before it has recorded that it will.
    AsksUnrecorded,
    /// Forgets that a request for its user may still be under way.
    ForgetsWhatIsUnderWay,
    /// Reads whose an account is, and not that it was adopted.
    ForgetsWhatWasAdopted,
}

/// What it takes the facts for.
pub fn begin(mutant: Option<Mutant>, facts: &mut Facts) {
    match mutant {
        Some(Mutant::DestroysUnasked) if facts.spec.deletion_policy == Policy::Suspend => {
            facts.spec.deletion_policy = Policy::Delete;
        }
        Some(Mutant::LetsGoBeforeSuspending) if facts.spec.deletion_policy == Policy::Suspend => {
            facts.spec.deletion_policy = Policy::Retain;
        }
        _ => {}
    }
}

pub fn next(mutant: Option<Mutant>, facts: &Facts, at: &Moment) -> Next<Tenant> {
    match (mutant, facts.next(at)) {
        (
            Some(Mutant::ForgetsWhatItReplaces),
            Step::Act(Effect::Write(mut status, tag @ Tag::Bind { .. })),
        ) => {
            status.duplicates.clear();
            Step::Act(Effect::Write(status, tag))
        }
        (
            Some(Mutant::SaysNothingOfWhatMayExist),
            Step::Act(Effect::DropFinalizer(Some(Notice::MayExist))),
        ) => Step::Act(Effect::DropFinalizer(None)),
        (Some(Mutant::ForgetsWhatIsUnderWay), Step::Act(Effect::Write(mut status, tag))) => {
            forget(&mut status);
            Step::Act(Effect::Write(status, tag))
        }
        (Some(Mutant::ForgetsWhatIsUnderWay), Step::Settle(mut end)) => {
            forget(&mut end.status);
            Step::Settle(end)
        }
        (_, next) => next,
    }
}

pub fn learn(mutant: Option<Mutant>, facts: &mut Facts, lesson: Lesson) {
    let lesson = match (mutant, lesson) {
        (Some(Mutant::TakesForeignForOurs), Lesson::Got(id, Ok(mut account))) => {
            account.custom_attributes.insert(marker::KEY.into(), facts.around.marker.to_string().into());
            Lesson::Got(id, Ok(account))
        }
        (Some(Mutant::ForgetsWhatWasAdopted), Lesson::Got(id, Ok(mut account))) => {
            if let Some(text) = account.custom_attributes.get_mut(marker::KEY) {
                *text = text.as_str().unwrap_or_default().replace(":adopted", "").into();
            }
            Lesson::Got(id, Ok(account))
        }
        (_, lesson) => lesson,
    };
    facts.learn(lesson);
}

fn forget(status: &mut AccountStatus) {
    if let Some(own) = status.automation.as_mut().filter(|own| own.user_id.is_some()) {
        own.unanswered_since = None;
    }
}

/// An effect it only believes to have carried out.
pub fn imagines(mutant: Option<Mutant>, effect: &Effect, facts: &Facts) -> Option<Lesson> {
    let ours = |id: i64, domain: bool| {
        let account = around::Account { domain, ..around::Account::new(id, around::Marked::Not) };
        let mut shown = account.shown();
        shown.custom_attributes.insert(marker::KEY.into(), facts.around.marker.to_string().into());
        shown
    };
    match (mutant?, effect) {
        (mutant, Effect::Automation(effect)) => users::imagines(mutant, effect).map(Lesson::Automation),
        (Mutant::AsksUnrecorded, Effect::Write(status, tag @ Tag::Intent { .. })) => {
            Some(Lesson::Wrote { tag: tag.clone(), status: status.clone(), wrote: Wrote::Yes })
        }
        (Mutant::WritesUnread, Effect::Get(id)) => Some(Lesson::Got(*id, Ok(ours(*id, false)))),
        (Mutant::SaysReadyBeforeItIs, Effect::Patch(id, patch)) if patch.domain.is_some() => {
            Some(Lesson::Patched { features: false, answer: Ok(ours(*id, true)) })
        }
        _ => None,
    }
}
