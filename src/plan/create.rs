//! Creating an account, which Chatwoot makes neither idempotent nor atomic (chatwoot-api P1).
//!
//! The intent is durable before anything is sent: a claim with a random nonce is written to the status, then the
//! finalizer, then the request goes out, then its id is stored. Only a pass that knows it wrote the claim itself may
//! send; a claim merely found in the status is resolved by looking, never by sending.

mod learn;
#[cfg(test)]
mod tests;
mod types;

pub use types::*;

use super::Moment;
use std::time::Duration;

/// A claim older than this is not sent any more: another process may have begun to wait for its outcome by then.
pub const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Claims made without anybody deciding; the next one needs a person.
pub const ATTEMPTS: u32 = 3;

impl Facts {
    /// What an account without a verified id needs next.
    pub fn next(&self, at: &Moment) -> Next {
        // An id that Chatwoot has given us is written down before anything else, whatever has changed meanwhile.
        if let Some(Created { id, .. }) = self.memory.created {
            return self.keep(id);
        }
        if self.read_again {
            return Next::Act(Effect::ReadBack);
        }
        if self.gone || self.stale {
            return Next::Wait(Wait::Fresh);
        }
        if let Some(outcome) = self.ended {
            return Next::Ended(outcome);
        }
        if let Some(id) = self.bound {
            return Next::Bound(id);
        }
        if let Some(mine) = &self.mine {
            return self.claimed(mine, at);
        }
        if at.stopping {
            return Next::Wait(Wait::Stopping);
        }
        match self.decided() {
            Some(choice) => self.chosen(choice, at),
            None if self.unresolved() => self.resolve(at),
            None => self.absent(at),
        }
    }

    fn chosen(&self, choice: Choice, at: &Moment) -> Next {
        match choice {
            Choice::Account(id) => Next::Verify { id, chosen: true },
            Choice::Create if self.deleting => Next::Release(Release::MayExist),
            Choice::Create => Next::Act(Effect::Claim(self.new_claim(self.attempt() + 1, at))),
        }
    }

    /// A request may have been sent of which nobody knows the end. A finalizer without any claim is a status that was
    /// lost: a claim may have stood in it. An account that was made and whose id is gone must be found again.
    pub fn unresolved(&self) -> bool {
        match &self.claim {
            Some(claim) => claim.outcome.is_none_or(|outcome| outcome == Outcome::Created),
            None => self.finalizer,
        }
    }

    /// Stores the id of an answered POST, or says that nothing is left to store it on.
    fn keep(&self, id: i64) -> Next {
        if self.read_again {
            Next::Act(Effect::ReadBack)
        } else if self.gone {
            Next::Act(Effect::ReportOrphan(id))
        } else if self.bound.is_some_and(|bound| bound != id) {
            Next::Act(Effect::NoteDuplicate(id))
        } else {
            Next::Act(Effect::StoreId(id))
        }
    }

    fn claimed(&self, mine: &Mine, at: &Moment) -> Next {
        match mine.posted {
            Some(Posted::NotSent { answered }) => Next::Act(Effect::Record(Outcome::NotSent { answered })),
            Some(Posted::Rejected) => Next::Act(Effect::Record(Outcome::Rejected)),
            None if self.deleting || at.stopping || at.clock >= mine.send_before() => {
                Next::Act(Effect::Record(Outcome::NotSent { answered: false }))
            }
            None if !self.finalizer => Next::Act(Effect::AddFinalizer),
            None => Next::Act(Effect::Post { nonce: mine.nonce.clone(), before: mine.send_before() }),
        }
    }

    /// Nothing of ours is known to exist, or the last attempt is known to have made nothing.
    fn absent(&self, at: &Moment) -> Next {
        let answered = self.claim.as_ref().and_then(|claim| claim.outcome).is_some_and(Outcome::answered);
        if self.deleting && !answered {
            return Next::Release(Release::NothingMade);
        }
        // A refusal is believed after a look only, so until then an account may exist that adopting would forget.
        if let Some(id) = self.adopt.filter(|_| !answered) {
            return Next::Verify { id, chosen: false };
        }
        let Some(look) = self.look_since(self.read_at) else {
            return Next::Act(Effect::AskIndex { not_before: self.read_at });
        };
        match &look.answer {
            Index::Later => Next::Wait(Wait::Index),
            Index::Unavailable if self.lets_go() => Next::Release(Release::MayExist),
            Index::Unavailable => Next::Wait(Wait::Unavailable),
            Index::Unusable if self.restoring && !self.deleting => Next::Stop(Stop::NeedsIndex),
            // After a refusal too: where nobody can look, it is all there is to go by.
            Index::Unusable => self.claim_or_release(at),
            Index::Answer(matches) => {
                self.judge(matches, look.asked_at, at).unwrap_or_else(|| self.claim_or_release(at))
            }
        }
    }

    fn claim_or_release(&self, at: &Moment) -> Next {
        if self.deleting {
            return Next::Release(Release::NothingMade);
        }
        if let Some(id) = self.adopt {
            return Next::Verify { id, chosen: false };
        }
        // A last attempt that made nothing is this same attempt and leaves no note.
        let attempt = self.claim.as_ref().map_or(1, |claim| claim.attempt.max(1));
        Next::Act(Effect::Claim(self.new_claim(attempt, at)))
    }

    fn new_claim(&self, attempt: u32, at: &Moment) -> NewClaim {
        let claim = Claim { attempt, nonce: at.nonce.clone(), timeout: self.timeout, outcome: None };
        NewClaim { claim, since: at.clock }
    }

    /// A request may be under way, or may have gone through unseen.
    fn resolve(&self, at: &Moment) -> Next {
        if !self.finalizer && !self.deleting {
            // A replaced manifest strips it; without it a deletion would forget what may have been made.
            return Next::Act(Effect::AddFinalizer);
        }
        let settled_at = self.settled_at();
        let over = at.clock >= settled_at;
        let not_before = if over { self.read_at.max(settled_at) } else { self.read_at };
        let Some(look) = self.look_since(not_before) else {
            return Next::Act(Effect::AskIndex { not_before });
        };
        match &look.answer {
            Index::Later => Next::Wait(Wait::Index),
            Index::Unavailable | Index::Unusable if self.lets_go() => Next::Release(Release::MayExist),
            Index::Unavailable => Next::Wait(Wait::Unavailable),
            Index::Unusable if over => Next::Stop(Stop::OutcomeUnknown),
            Index::Unusable => Next::Wait(Wait::Settling { until: settled_at }),
            Index::Answer(matches) => match self.judge(matches, look.asked_at, at) {
                // The creator may still be at work, so nobody is asked yet whether to create.
                Some(Next::Stop(Stop::Previous(_))) if !over => {
                    Next::Wait(Wait::Settling { until: settled_at })
                }
                Some(next) => next,
                None if self.lets_go() => Next::Release(Release::MayExist),
                None if !over => Next::Wait(Wait::Settling { until: settled_at }),
                None if !self.seen_before(saw(matches), look.asked_at) => {
                    Next::Act(Effect::AskIndex { not_before: look.asked_at + A_MOMENT })
                }
                None => self.nothing_came_of_it(at),
            },
        }
    }

    /// Two looks that agree, the second after the settle time: no account that we may see.
    fn nothing_came_of_it(&self, at: &Moment) -> Next {
        if self.deleting {
            return Next::Release(Release::MayExist);
        }
        if let Some(id) = self.adopt {
            return Next::Verify { id, chosen: false };
        }
        if self.attempt() < ATTEMPTS {
            return Next::Act(Effect::Claim(self.new_claim(self.attempt() + 1, at)));
        }
        Next::Stop(Stop::OutcomeUnknown)
    }

    /// This pass's look, if it was asked for at `not_before` or later, or could not be had at all.
    fn look_since(&self, not_before: Duration) -> Option<&Look> {
        self.look.as_ref().filter(|look| look.asked_at >= not_before || !look.answer.is_final())
    }

    /// What the accounts that carry our marker mean; `None` where there are none.
    fn judge(&self, matches: &[Match], asked_at: Duration, at: &Moment) -> Option<Next> {
        let ours = ids(matches, Likeness::Ours);
        match ours.as_slice() {
            [id] => return Some(self.bind(*id, Found::Ours)),
            [] => {}
            _ if self.lets_go() => return Some(Next::Release(Release::MayExist)),
            _ => return Some(Next::Stop(Stop::Duplicate(ours))),
        }
        if self.deleting || self.adopt.is_some() {
            // A predecessor's account is nothing this resource may act on while it goes, nor where another is named.
            return None;
        }
        let (found, theirs) = predecessors(matches);
        match theirs.as_slice() {
            [] => None,
            _ if found == Found::Restored && !self.restoring => Some(Next::Stop(Stop::Previous(theirs))),
            [id] => Some(self.predecessor(*id, found, asked_at, at)),
            _ => Some(Next::Stop(Stop::Duplicate(theirs))),
        }
    }

    fn bind(&self, id: i64, found: Found) -> Next {
        if !self.finalizer && !self.deleting {
            return Next::Act(Effect::AddFinalizer);
        }
        Next::Act(Effect::Bind { id, found })
    }

    /// A predecessor's account: its deletion, or its own creation, may still be under way, so it must be seen twice,
    /// the second time after the settle time.
    fn predecessor(&self, id: i64, found: Found, asked_at: Duration, at: &Moment) -> Next {
        let settled_at = self.settled_at();
        if asked_at >= settled_at && self.seen_before(Saw::Predecessor(id), asked_at) {
            return self.bind(id, found);
        }
        if at.clock >= settled_at {
            return Next::Act(Effect::AskIndex { not_before: settled_at.max(asked_at + A_MOMENT) });
        }
        Next::Wait(Wait::Settling { until: settled_at })
    }

    /// Being deleted, and keeping the account: one look is enough, since nothing is destroyed.
    fn lets_go(&self) -> bool {
        self.deleting && !self.destroying
    }

    fn seen_before(&self, saw: Saw, asked_at: Duration) -> bool {
        self.memory.first_look.as_ref().is_some_and(|first| first.saw == saw && first.asked_at < asked_at)
    }

    fn attempt(&self) -> u32 {
        // A lost status may have held a claim: count it.
        self.claim.as_ref().map_or(1, |claim| claim.attempt.max(1))
    }

    /// When a request of the claim that stands here can no longer be under way.
    pub fn settled_at(&self) -> Duration {
        let timeout = self.claim.as_ref().map_or(LONGEST_TIMEOUT, |claim| claim.timeout);
        self.memory.first_seen + timeout * 2 + self.settle_margin
    }

    /// A person's answer to the question that stands open now; an answer to an earlier one says nothing.
    pub fn decided(&self) -> Option<Choice> {
        let answer = self.answer.as_ref()?;
        (self.question.as_ref() == Some(&answer.token)).then_some(answer.choice)
    }
}

/// What a look shows, as far as a second one must confirm it.
fn saw(matches: &[Match]) -> Saw {
    match predecessors(matches).1.as_slice() {
        _ if matches.iter().any(|one| one.likeness == Likeness::Ours) => Saw::Otherwise,
        [] => Saw::Nothing,
        [id] => Saw::Predecessor(*id),
        _ => Saw::Otherwise,
    }
}

/// Accounts of this resource's predecessors; those of this very namespace go before those of its namesake.
fn predecessors(matches: &[Match]) -> (Found, Vec<i64>) {
    match ids(matches, Likeness::Recreated) {
        none if none.is_empty() => (Found::Restored, ids(matches, Likeness::Restored)),
        some => (Found::Recreated, some),
    }
}

fn ids(matches: &[Match], likeness: Likeness) -> Vec<i64> {
    matches.iter().filter(|m| m.likeness == likeness).map(|m| m.id).collect()
}
