//! Machines for people that are wrong in one thing each.

use super::Person;
use crate::resource::Next;
use chatwoot_operator::{
    api::user::{MembershipState, UserDeletionPolicy as Policy},
    chatwoot::{marker, types::User},
    plan::{
        Machine, Moment, Step,
        create::Wrote,
        user::{Effect, Facts, Lesson, Tag},
    },
};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    JoinsBeforeRecording,
    TrustsStrangers,
    SkipsTheFinalizer,
    ForgetsTheUnknownPost,
    ForgetsPendingOnDeletion,
    ForgetsWhatIsUndeclared,
    ForgetsLateJoins,
    WritesUnread,
    DestroysUnasked,
    DestroysAtOnce,
    TellsAfterwards,
    SkipsTheRotation,
    /// Reads whose somebody is, and not that they were adopted.
    ForgetsWhoWasAdopted,
}

/// What it takes the facts for.
pub fn begin(mutant: Option<Mutant>, facts: &mut Facts) {
    match mutant {
        Some(Mutant::ForgetsLateJoins) => facts.around.settle = Duration::ZERO,
        Some(Mutant::ForgetsPendingOnDeletion) if facts.object.deleting => {
            facts.status.memberships.retain(|made| made.state == MembershipState::Granted);
        }
        Some(Mutant::ForgetsWhatIsUndeclared) => {
            let declared = &facts.around.declared;
            facts.status.memberships.retain(|made| declared.iter().any(|wish| wish.account == made.account));
        }
        Some(Mutant::DestroysUnasked) if facts.object.deleting => {
            facts.spec.deletion_policy = Policy::Delete;
        }
        _ => {}
    }
}

pub fn next(mutant: Option<Mutant>, facts: &Facts, at: &Moment) -> Next<Person> {
    match (mutant, facts.next(at)) {
        (Some(Mutant::JoinsBeforeRecording), Step::Act(Effect::Write(mut status, Tag::Bind(id)))) => {
            status.memberships.clear();
            Step::Act(Effect::Write(status, Tag::Bind(id)))
        }
        (_, next) => next,
    }
}

pub fn learn(mutant: Option<Mutant>, facts: &mut Facts, lesson: Lesson) {
    let lesson = match (mutant, lesson) {
        // As long ago as nothing is under way any more.
        (Some(Mutant::DestroysAtOnce), Lesson::Posted { answer, password, .. }) => {
            Lesson::Posted { answer, password, clock: Duration::ZERO }
        }
        (Some(Mutant::TrustsStrangers), Lesson::Posted { answer: Ok(mut user), password, clock }) => {
            user.custom_attributes.insert(marker::KEY.into(), facts.around.marker.to_string().into());
            Lesson::Posted { answer: Ok(user), password, clock }
        }
        (Some(Mutant::ForgetsTheUnknownPost), lesson @ Lesson::Posted { .. }) => {
            facts.pass.first = true;
            lesson
        }
        (Some(Mutant::ForgetsWhoWasAdopted), Lesson::Posted { answer, password, clock }) => {
            Lesson::Posted { answer: answer.map(as_if_made), password, clock }
        }
        (Some(Mutant::ForgetsWhoWasAdopted), Lesson::Got(id, answer)) => {
            Lesson::Got(id, answer.map(as_if_made))
        }
        (Some(Mutant::ForgetsWhoWasAdopted), Lesson::Patched(id, answer)) => {
            Lesson::Patched(id, answer.map(as_if_made))
        }
        (_, lesson) => lesson,
    };
    facts.learn(lesson);
}

fn as_if_made(mut user: User) -> User {
    if let Some(text) = user.custom_attributes.get_mut(marker::KEY) {
        *text = text.as_str().unwrap_or_default().replace(":adopted", "").into();
    }
    user
}

/// An effect it only believes to have carried out.
pub fn imagines(mutant: Option<Mutant>, effect: &Effect, facts: &Facts) -> Option<Lesson> {
    match (mutant?, effect) {
        (Mutant::SkipsTheFinalizer, Effect::AddFinalizer) => Some(Lesson::Finalizer(Wrote::Yes)),
        (Mutant::SkipsTheRotation, Effect::RotateToken(_)) => Some(Lesson::TokenRotated(Ok(()))),
        (Mutant::JoinsBeforeRecording, Effect::Write(status, tag @ Tag::Progress)) => {
            let records = status.memberships.iter().any(|made| made.state == MembershipState::Pending);
            let status = records.then(|| status.clone())?;
            Some(Lesson::Wrote { tag: tag.clone(), status, wrote: Wrote::Yes })
        }
        (Mutant::WritesUnread, Effect::Get(id)) => {
            let mut user = super::around::Someone::new(*id).shown();
            user.custom_attributes.insert(marker::KEY.into(), facts.around.marker.to_string().into());
            Some(Lesson::Got(*id, Ok(user)))
        }
        _ => None,
    }
}
