//! The production machine, and machines that differ from it in one line each.
//!
//! A mutant wraps `next` and `learn`; production code has no hooks for it. The explorer must find what is wrong with
//! every one of them, or it proves nothing about the machine that is right.

use crate::model::Object;
use chatwoot_operator::plan::{
    Moment,
    create::{
        Claim, Effect, Facts, Index, Lesson, Likeness, Look, Memory, Mine, Next, Outcome, ReadBack, Release,
        Stop, Wait, Wrote,
    },
};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    Production,
    /// Production too, explored without forgetting any timer.
    Remembering,
    PostsWithoutClaim,
    TakesFailingIndexForEmpty,
    RepeatsWithoutSettling,
    TrustsAClaimItFound,
    TrustsTheFinalizersAbsence,
    RetriesConflictsBlindly,
    AcceptsAnyClaimOnReadBack,
    KeepsOneTimerPerObject,
    DropsTheIdOnConflict,
    ReusesAnswers,
    AdoptsBeforeResolving,
    BindsPredecessorsAtFirstSight,
    BelievesRefusals,
    AsksTooEarly,
    LetsGoInSilence,
    RepeatsWithoutNote,
    SendsLate,
    GoesOnAfterReadingBack,
    TakesALostStatusForNone,
    PostsWithoutFinalizer,
    AddsFinalizerToAnyVersion,
    AddsFinalizerToAnyUid,
    GoesOnOverAnId,
}

impl Machine {
    pub fn next(self, facts: &Facts, at: &Moment) -> Next {
        if self == Machine::AdoptsBeforeResolving
            && undecided(facts)
            && let Some(id) = facts.adopt.filter(|_| !facts.deleting)
        {
            return Next::Verify { id, chosen: false };
        }
        let mut other = self.takes_for(facts);
        let next = other.next(at);
        match (self, next) {
            (Machine::BelievesRefusals, Next::Act(Effect::AskIndex { .. })) if refused(facts) => {
                other.look = Some(Look { asked_at: at.clock, answer: Index::Answer(vec![]) });
                other.next(at)
            }
            (Machine::AsksTooEarly, Next::Wait(Wait::Settling { .. })) => Next::Stop(Stop::OutcomeUnknown),
            (Machine::LetsGoInSilence, Next::Release(_)) => Next::Release(Release::NothingMade),
            (Machine::RepeatsWithoutNote, Next::Act(Effect::Claim(mut new))) => {
                new.claim.attempt = 1;
                Next::Act(Effect::Claim(new))
            }
            (_, next) => next,
        }
    }

    /// What this machine takes the facts for.
    pub fn takes_for(self, facts: &Facts) -> Facts {
        let mut other = facts.clone();
        match self {
            Machine::RepeatsWithoutSettling => {
                other.settle_margin = Duration::ZERO;
                other.claim.iter_mut().for_each(|claim| claim.timeout = Duration::ZERO);
            }
            Machine::TrustsTheFinalizersAbsence if !facts.finalizer && facts.mine.is_none() => {
                other.claim = None;
            }
            Machine::ReusesAnswers => {
                if let (Some(question), Some(answer)) = (&facts.question, &mut other.answer) {
                    answer.token.clone_from(question);
                }
            }
            _ => {}
        }
        other
    }

    pub fn learn(self, facts: &mut Facts, lesson: Lesson) {
        let before = facts.memory.clone();
        match (self, lesson) {
            (Machine::TakesFailingIndexForEmpty, Lesson::Index(Look { asked_at, answer })) => {
                let answer = match answer {
                    Index::Answer(matches) => Index::Answer(matches),
                    _ => Index::Answer(vec![]),
                };
                facts.learn(Lesson::Index(Look { asked_at, answer }));
            }
            (
                Machine::BindsPredecessorsAtFirstSight,
                Lesson::Index(Look { asked_at, answer: Index::Answer(mut matches) }),
            ) => {
                matches.iter_mut().for_each(|one| one.likeness = Likeness::Ours);
                facts.learn(Lesson::Index(Look { asked_at, answer: Index::Answer(matches) }));
            }
            (Machine::AcceptsAnyClaimOnReadBack, Lesson::ReadBack(read)) => {
                if let (Some(new), ReadBack::Found { claim: Some(claim), .. }) = (&mut facts.unsure, &read) {
                    new.claim.nonce.clone_from(&claim.nonce);
                }
                facts.learn(Lesson::ReadBack(read));
            }
            (Machine::GoesOnAfterReadingBack, Lesson::ReadBack(read)) => {
                let others = facts.mine.is_none() && facts.unsure.is_none() && facts.memory.created.is_none();
                facts.learn(Lesson::ReadBack(read));
                facts.stale &= !others;
            }
            (Machine::GoesOnOverAnId, Lesson::ReadBack(mut read)) => {
                if let ReadBack::Found { bound, claim: Some(claim), .. } = &mut read {
                    *bound = None;
                    claim.outcome = None;
                }
                facts.learn(Lesson::ReadBack(read));
            }
            (Machine::DropsTheIdOnConflict, Lesson::Stored { wrote: Wrote::Conflict, .. }) => {
                facts.memory.created = None;
                facts.stale = true;
            }
            (_, lesson) => facts.learn(lesson),
        }
        self.one_timer(&before, &mut facts.memory);
    }

    /// What a pass does with what the process remembers, when it begins.
    pub fn begin(self, facts: &mut Facts, clock: Duration, known: bool) {
        let before = facts.memory.clone();
        let finalizer = facts.finalizer && self != Machine::TakesALostStatusForNone;
        facts.memory.observe(facts.claim.as_ref(), finalizer, clock, known);
        if known {
            self.one_timer(&before, &mut facts.memory);
        }
        if self == Machine::TrustsAClaimItFound
            && undecided(facts)
            && let Some(Claim { nonce, outcome: None, .. }) = &facts.claim
        {
            facts.mine = Some(Mine { nonce: nonce.clone(), since: clock, posted: None });
        }
    }

    /// An effect this machine only believes to have carried out.
    pub fn imagines(self, effect: &Effect) -> Option<Lesson> {
        match (self, effect) {
            (Machine::PostsWithoutClaim, Effect::Claim(claim)) => {
                Some(Lesson::Claimed { claim: claim.clone(), wrote: Wrote::Yes })
            }
            (Machine::PostsWithoutFinalizer, Effect::AddFinalizer) => Some(Lesson::Finalizer(Wrote::Yes)),
            _ => None,
        }
    }

    /// A claim that meets a conflict is written again over whatever stands there.
    pub fn overwrites(self) -> bool {
        self == Machine::RetriesConflictsBlindly
    }

    /// Where the finalizer is written without the tests that belong to it: what stands there now.
    pub fn adds_finalizer_to(self, read: &Object, stored: Option<&Object>) -> Option<u8> {
        stored.map(|stored| stored.uid).filter(|uid| match self {
            Machine::AddsFinalizerToAnyVersion => *uid == read.uid,
            Machine::AddsFinalizerToAnyUid => true,
            _ => false,
        })
    }

    /// It reads settle times where production does, so those that production never reads again may be forgotten.
    pub fn forgets_timers(self) -> bool {
        let elsewhere = [Machine::KeepsOneTimerPerObject, Machine::TakesALostStatusForNone];
        self != Machine::Remembering && !elsewhere.contains(&self)
    }

    /// The time to send in is checked before the turn is waited for, and not with the turn in hand.
    pub fn sends_late(self) -> bool {
        self == Machine::SendsLate
    }

    fn one_timer(self, before: &Memory, after: &mut Memory) {
        if self == Machine::KeepsOneTimerPerObject {
            after.first_seen = before.first_seen;
        }
    }
}

fn undecided(facts: &Facts) -> bool {
    facts.bound.is_none()
        && facts.mine.is_none()
        && facts.memory.created.is_none()
        && !(facts.read_again || facts.stale || facts.gone || facts.ended.is_some())
}

fn refused(facts: &Facts) -> bool {
    facts.mine.is_none()
        && facts.claim.as_ref().and_then(|claim| claim.outcome).is_some_and(Outcome::answered)
}
