//! The user goes before its account does, whatever becomes of the account.

use super::*;
use crate::plan::Again;
use std::time::Duration;

/// A walk that cleans up is waited for so long. It tells when it is done.
const LONGEST_WALK: Duration = Duration::from_secs(120);

/// Whoever clears away a namespace deletes everything in it at once, and each kind is heard of by itself.
const HEARING: Duration = Duration::from_secs(2);

/// Content is waited for so long at least, however soon an operator is told to call things stalled.
const LEAVING: Duration = Duration::from_secs(15);

impl Facts {
    /// Content that is going needs the user for that, and is waited for; but not for ever. So is a walk, which cleans up.
    pub(in crate::plan::account) fn await_content(&self, at: &Moment) -> Option<Next> {
        let left = LONGEST_WALK.checked_sub(self.around.automation.deleting_for);
        if let Some(left) = left.filter(|left| self.around.automation.walking && !left.is_zero()) {
            let text = "waiting until the walk of a customer's first message has cleaned up";
            return Some(self.waits(text, left, at));
        }
        let has_content = self.around.automation.wanted && self.leaves_automation();
        let hearing = HEARING.checked_sub(self.around.automation.deleting_for).filter(|_| has_content);
        if let Some(left) = hearing.filter(|left| !left.is_zero() && !self.around.automation.content_leaving)
        {
            return Some(self.end(self.status.clone(), Again::After(left), false));
        }
        let left = self.around.grace.max(LEAVING).checked_sub(self.around.automation.deleting_for)?;
        let waits = self.around.automation.content_leaving && !left.is_zero();
        waits.then(|| {
            self.waits("waiting for the resources of the account's content that are being deleted", left, at)
        })
    }

    /// Looks again when `left` is over, and says what for.
    fn waits(&self, text: &str, left: Duration, at: &Moment) -> Next {
        let status = self.status_with(&Verdict::new(reason::DELETING, text), at).0;
        self.end(status, Again::After(left), false)
    }

    /// Removes the user; `None`: nothing is left of it that may be removed.
    pub(in crate::plan::account) fn dismiss(&self, at: &Moment) -> Option<Next> {
        let known = self.status.automation.as_ref()?;
        if let Some(left) = self.under_way(known, at) {
            let text = "a request to make the operator's own user may still be under way; looking again when it can be no \
                        longer";
            return Some(self.waits(text, left, at));
        }
        let act = |effect| Some(Step::Act(super::super::Effect::Automation(effect)));
        let Some(id) = known.user_id else {
            // Nothing was sent whose end nobody knows.
            known.unanswered_since?;
            // Asked once more, which finds it; one that is made only now goes again at once.
            return match self.automation.intended {
                Some(_) => act(Effect::Post { email: known.email.clone() }),
                None => Some(Step::Act(self.write_intent(known.email.clone(), at))),
            };
        };
        match &self.automation.remote {
            Remote::Found(user) if user.id.0 == id => {
                self.may_act_as(user).and_then(|_| act(Effect::Delete(id)))
            }
            Remote::NotFound(missing) if *missing == id => act(Effect::Vanished(id)),
            Remote::NotPermitted(foreign) if *foreign == id => None,
            _ => act(Effect::Get(id)),
        }
    }

    /// How much longer a request that nobody heard of may arrive: what it makes after the resource is gone, nobody would
    /// remember.
    pub(in crate::plan::account) fn under_way(
        &self,
        known: &AutomationStatus,
        at: &Moment,
    ) -> Option<Duration> {
        // The one this pass is about to send has not been sent.
        let since = known.unanswered_since.filter(|_| self.automation.intended.is_none())?;
        let age = Duration::try_from(at.now.duration_since(since)).ok()?;
        self.around.automation.settle.checked_sub(age).filter(|left| !left.is_zero())
    }

    /// Something of the user may stay behind.
    pub(in crate::plan::account) fn leaves_automation(&self) -> bool {
        let known = self.status.automation.as_ref();
        known.is_some_and(|known| known.user_id.is_some() || known.unanswered_since.is_some())
    }

    /// A resource that is only let go does not wait for ever for a Chatwoot that is down.
    pub(in crate::plan::account) fn gives_up_on_automation(&self) -> bool {
        let waited = self.around.automation.deleting_for >= self.around.grace;
        self.object.deleting && self.retains() && self.leaves_automation() && waited
    }
}
