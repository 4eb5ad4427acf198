//! Folding one lesson into the facts.

use super::*;

impl Facts {
    pub fn learn(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::Index(look) => self.looked(look),
            Lesson::Claimed { claim, wrote } => self.claim_written(claim, wrote),
            Lesson::ReadBack(read) => self.read_back(read),
            Lesson::Finalizer(Wrote::Yes) => self.finalizer = true,
            // A replaced manifest or another writer: read, and go on only while our nonce stands.
            Lesson::Finalizer(Wrote::Conflict | Wrote::Unknown) => self.read_again = true,
            Lesson::Finalizer(Wrote::Gone) => self.gone = true,
            Lesson::Posted(posted) => {
                if let Some(mine) = &mut self.mine {
                    mine.posted = Some(posted);
                }
            }
            Lesson::Created(id) => {
                let nonce = self.mine.take().map(|mine| mine.nonce).unwrap_or_default();
                self.memory.created = Some(Created { id, nonce });
            }
            // Whoever sees a claim without an outcome looks; this pass is nobody special from here on.
            Lesson::Lost => {
                self.mine = None;
                self.look = None;
            }
            Lesson::Recorded { outcome, wrote } => self.recorded(outcome, wrote),
            Lesson::Stored { id, wrote } => self.stored(id, wrote),
            Lesson::Bound { id, wrote } => match wrote {
                Wrote::Yes => {
                    self.bound = Some(id);
                    self.question = None;
                    if let Some(claim) = &mut self.claim {
                        claim.outcome = Some(Outcome::Created);
                    }
                }
                Wrote::Conflict | Wrote::Unknown => self.stale = true,
                Wrote::Gone => self.gone = true,
            },
            Lesson::DuplicateNoted { wrote, .. } => match wrote {
                Wrote::Yes => self.memory.created = None,
                Wrote::Conflict | Wrote::Unknown => self.read_again = true,
                Wrote::Gone => self.gone = true,
            },
            Lesson::OrphanReported => self.memory.created = None,
        }
    }

    fn looked(&mut self, look: Look) {
        if let Index::Answer(matches) = &look.answer {
            let saw = super::saw(matches);
            if self.memory.first_look.as_ref().is_none_or(|first| first.saw != saw) {
                self.memory.first_look = Some(FirstLook { asked_at: look.asked_at, saw });
            }
        }
        self.look = Some(look);
    }

    fn claim_written(&mut self, new: NewClaim, wrote: Wrote) {
        match wrote {
            Wrote::Yes => self.take(new),
            // A conflict may be our own write whose answer was lost and repeated on the way; the stored nonce tells.
            Wrote::Conflict | Wrote::Unknown => {
                self.unsure = Some(new);
                self.read_again = true;
            }
            Wrote::Gone => self.gone = true,
        }
    }

    fn take(&mut self, new: NewClaim) {
        // Where a person had an account replaced that is gone, the claim takes the place of its id.
        self.bound = None;
        self.memory.observe(Some(&new.claim), self.finalizer, new.since, true);
        self.mine = Some(Mine { nonce: new.claim.nonce.clone(), since: new.since, posted: None });
        self.claim = Some(new.claim);
        self.question = None;
        self.look = None;
    }

    fn read_back(&mut self, read: ReadBack) {
        let (bound, claim, finalizer, deleting, at) = match read {
            ReadBack::Found { bound, claim, finalizer, deleting, at } => {
                (bound, claim, finalizer, deleting, at)
            }
            ReadBack::Gone => {
                self.gone = true;
                self.read_again = false;
                return;
            }
            // Still unknown: the hands wait a little before they read again.
            ReadBack::Unknown => return,
        };
        self.read_again = false;
        self.read_at = at;
        let stands = |nonce: &str| {
            bound.is_none()
                && claim.as_ref().is_some_and(|claim| claim.nonce == nonce && claim.outcome.is_none())
        };
        if let Some(new) = self.unsure.take() {
            if stands(&new.claim.nonce) {
                self.take(new);
            } else {
                self.stale = true;
            }
        } else if let Some(mine) = &self.mine
            && !stands(&mine.nonce)
        {
            // Nothing was sent for it by this pass, or its outcome stands there already.
            self.mine = None;
            self.stale = true;
        } else if self.mine.is_none() && self.memory.created.is_none() {
            // Nothing of this pass's own is at stake. What stands there may be another claim, whose settle time has not
            // begun to count and whose index has not been asked: decide anew.
            self.stale = true;
        }
        self.bound = bound;
        self.claim = claim;
        self.finalizer = finalizer;
        self.deleting = deleting;
    }

    fn recorded(&mut self, outcome: Outcome, wrote: Wrote) {
        match wrote {
            Wrote::Yes => {
                if let Some(claim) = &mut self.claim {
                    claim.outcome = Some(outcome);
                }
                self.mine = None;
                self.look = None;
                self.ended = Some(outcome);
            }
            Wrote::Conflict | Wrote::Unknown => self.read_again = true,
            Wrote::Gone => self.gone = true,
        }
    }

    fn stored(&mut self, id: i64, wrote: Wrote) {
        match wrote {
            Wrote::Yes => {
                self.bound = Some(id);
                let created = self.memory.created.take();
                // Somebody else's later claim stays open: what it made is not this id.
                if let (Some(claim), Some(created)) = (&mut self.claim, created)
                    && claim.nonce == created.nonce
                {
                    claim.outcome = Some(Outcome::Created);
                }
            }
            Wrote::Conflict | Wrote::Unknown => self.read_again = true,
            Wrote::Gone => self.gone = true,
        }
    }
}
