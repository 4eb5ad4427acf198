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
    TrustsTheId,
    ForgetsRivals,
    KeepsWhatIsInTheWay,
    KeepsItsOwnId,
}

/// What it takes the facts for.
pub fn begin(mutant: Option<Mutant>, facts: &mut Facts) {
    match mutant {
        Some(Mutant::RepeatsAtOnce) => facts.around.settle = Duration::ZERO,
        Some(Mutant::TakesOverUnasked) => facts.manner.adopt = true,
        Some(Mutant::DeletesWhatItTookOver) if facts.object.deleting => {
            facts.status.ownership = Some(Ownership::Created);
        }
        Some(Mutant::ForgetsRivals) => facts.around.others.clear(),
        Some(Mutant::ForgetsTwins) if facts.status.id.is_some() => facts.around.temporary = "none".into(),
        Some(Mutant::ForgetsWhatIsUnderWay) if facts.object.deleting && facts.status.id.is_none() => {
            facts.around.settle = Duration::ZERO;
        }
        _ => {}
    }
}

pub fn learn(mutant: Option<Mutant>, facts: &mut Facts, lesson: Lesson) {
    let is_list = matches!(lesson, Lesson::Listed(_));
    facts.learn(lesson);
    if mutant == Some(Mutant::TrustsTheId) && is_list {
        let bound = facts.pass.list.as_ref().zip(facts.status.id).and_then(|(list, id)| list.find(id));
        if let Some(key) = bound.map(|seen| seen.key.clone()) {
            facts.status.key = Some(key);
        }
    }
    // Another id that was recorded meanwhile is overlooked.
    if mutant == Some(Mutant::KeepsItsOwnId) && facts.pass.reread {
        facts.status.id = None;
    }
    // What is listed after a refusal counts as made.
    if mutant == Some(Mutant::KeepsWhatIsInTheWay) && is_list && facts.pass.refused.is_some() {
        facts.pass.unrecorded =
            facts.pass.list.as_ref().and_then(|list| list.items.first()).map(|seen| seen.id);
    }
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
