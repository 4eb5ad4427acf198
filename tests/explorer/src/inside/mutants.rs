//! Machines for what is inside accounts that are wrong in one thing each.

use chatwoot_operator::{
    api::common::Ownership,
    plan::{
        Machine,
        content::{Effect, Facts, Lesson, Tag},
        create::Wrote,
    },
};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutant {
    SendsBeforeNoting,
    SkipsTheFinalizer,
    RepeatsAtOnce,
    TakesOverUnasked,
    RenamesBeforeBinding,
    DeletesWhatItTookOver,
    ForgetsTwins,
    ForgetsWhatIsUnderWay,
}

/// What it takes the facts for.
pub fn begin(mutant: Option<Mutant>, facts: &mut Facts) {
    match mutant {
        Some(Mutant::RepeatsAtOnce) => facts.around.settle = Duration::ZERO,
        Some(Mutant::TakesOverUnasked) => facts.manner.adopt = true,
        Some(Mutant::DeletesWhatItTookOver) if facts.object.deleting => {
            facts.status.ownership = Some(Ownership::Created);
        }
        Some(Mutant::ForgetsTwins) if facts.status.id.is_some() => facts.around.temporary = "none".into(),
        Some(Mutant::ForgetsWhatIsUnderWay) if facts.object.deleting && facts.status.id.is_none() => {
            facts.around.settle = Duration::ZERO;
        }
        _ => {}
    }
}

pub fn learn(mutant: Option<Mutant>, facts: &mut Facts, lesson: Lesson) {
    facts.learn(lesson);
    if mutant == Some(Mutant::RenamesBeforeBinding)
        && let Some(id) = facts.pass.unrecorded.take()
    {
        facts.status.id = Some(id);
        facts.status.ownership = Some(Ownership::Created);
        facts.status.creation = None;
    }
}

/// An effect it only believes to have carried out.
pub fn imagines(mutant: Option<Mutant>, effect: &Effect) -> Option<Lesson> {
    match (mutant?, effect) {
        (Mutant::SkipsTheFinalizer, Effect::AddFinalizer) => Some(Lesson::Finalizer(Wrote::Yes)),
        (Mutant::SendsBeforeNoting, Effect::Write(status, tag @ Tag::Note)) => {
            Some(Lesson::Wrote { tag: tag.clone(), status: status.clone(), wrote: Wrote::Yes })
        }
        _ => None,
    }
}
