//! How a pass ends: what the status says, and when to look again.

use super::*;
use crate::{
    chatwoot::outcome::{Class, Failure, Fate},
    plan::{
        Again, End, NoTurn, status,
        trouble::{self, Call, LAST_WORD, Trouble},
    },
};
use std::time::Duration;

/// The least time between two tries of what Chatwoot could not use; each takes it as long as a mail server lets it wait.
const BETWEEN_TRIES: Duration = Duration::from_secs(30);

impl Facts {
    /// Nothing to say: the stored status stands.
    pub(super) fn quiet(&self) -> Next {
        self.end(self.status.clone(), Again::OnChange, false)
    }

    pub(super) fn fresh(&self) -> Next {
        self.end(self.status.clone(), Again::Fresh, false)
    }

    pub(super) fn end(&self, status: ContentStatus, again: Again, checked: bool) -> Next {
        Step::Settle(End { status, again, checked })
    }

    /// Ends with `verdict` in the conditions.
    pub(super) fn settle(&self, verdict: Verdict, at: &Moment) -> Next {
        let (status, grace_left) = self.status_with(&verdict, at);
        self.end(status, status::again(&verdict, grace_left), self.pass.list.is_some())
    }

    pub(super) fn before(&self, at: &Moment) -> status::Before<'_> {
        status::Before {
            conditions: &self.status.conditions,
            generation: self.object.generation,
            now: at.now,
            grace: self.around.grace,
        }
    }

    pub(super) fn observed(&self, status: &mut ContentStatus) {
        status.observed_generation = self.object.generation;
        status.last_handled_reconcile_at = self.object.requested_at.clone();
    }

    /// Chatwoot agrees, or differs in nothing that is being repaired.
    pub(super) fn agreed(&self, drifted: Vec<String>, at: &Moment) -> Next {
        let observing = self.manner.mode == Mode::Observe;
        let mut facts = self.clone();
        let pending = self.around.wish.as_ref().ok().and_then(|wish| wish.pending.clone());
        let verdict = if observing {
            Verdict::new(reason::OBSERVED, "observed; differences are listed in status.drifted")
        } else if let Some(pending) = pending {
            pending
        } else if drifted.is_empty() {
            Verdict::new(reason::SUCCEEDED, "everything asked for is so in Chatwoot")
        } else {
            self.not_as_sent(&drifted)
        };
        facts.status.drifted = drifted;
        if !observing {
            let published = self.around.wish.as_ref().ok().and_then(|wish| wish.connection.clone());
            facts.status.connection_secret = published;
        }
        if let Some(id) = self.status.id {
            facts.status.account = self.account();
            facts.status.key = self.listed_key(id).or(facts.status.key);
        }
        facts.status.applied =
            if verdict.is_ready() { Some(self.around.hash.clone()) } else { self.sent_unseen() };
        let (status, grace_left) = facts.status_with(&verdict, at);
        self.end(status, status::again(&verdict, grace_left), true)
    }

    /// What lies beside it consists of others, one of which may be gone.
    fn not_as_sent(&self, drifted: &[String]) -> Verdict {
        let parts = self.around.wish.as_ref().map(|wish| wish.parts.clone()).unwrap_or_default();
        let what_to_do = if drifted.iter().all(|name| parts.contains_key(name.as_str())) {
            "what the spec names there may be gone from Chatwoot: correct the spec, or apply the gone resource anew"
        } else {
            "correct them in the spec, or leave them out"
        };
        let text = format!("Chatwoot took the values and shows others: {}; {what_to_do}", drifted.join(", "));
        Verdict::new(reason::REJECTED_BY_CHATWOOT, text)
    }

    /// What `status.applied` says where everything of its own has been sent and something else is open: what Chatwoot does not
    /// show is not sent again before something else is wanted.
    pub(super) fn sent_unseen(&self) -> Option<String> {
        let wish = self.around.wish.as_ref().ok()?;
        let seen = self.pass.list.as_ref()?.find(self.status.id?)?;
        let is_sent = self.manner.mode == Mode::Enforce && wish.differences(seen).is_empty();
        (is_sent && !wish.blind.is_empty()).then(|| self.around.hash.clone())
    }

    /// The key that something has in Chatwoot, whatever is wanted.
    pub(super) fn listed_key(&self, id: i64) -> Option<String> {
        self.pass.list.as_ref()?.find(id).map(|seen| seen.key.clone())
    }

    pub(super) fn settle_paused(&self, at: &Moment) -> Next {
        let mut next = self.status.clone();
        self.observed(&mut next);
        let reconciled = Some(self.status.observed_generation) == Some(self.object.generation);
        let extras = status::Extras { paused: true, ..status::Extras::default() };
        next.conditions = status::paused(self.before(at), reconciled, &extras).conditions;
        next.applied = Some(self.around.hash.clone());
        self.end(next, Again::OnChange, false)
    }

    pub(super) fn troubled(&self, trouble: &Trouble, at: &Moment) -> Next {
        match trouble {
            Trouble::NoTurn(why) => match (trouble::no_turn(why), why) {
                (Some(verdict), NoTurn::Down { retry_in } | NoTurn::Throttled { retry_in }) => {
                    self.unavailable(verdict, *retry_in, at)
                }
                _ => self.quiet(),
            },
            Trouble::Failed(call, failure) => self.failed(*call, failure, trouble, at),
        }
    }

    fn failed(&self, call: Call, failure: &Failure, trouble: &Trouble, at: &Moment) -> Next {
        if self.pass.unused {
            return self.could_not_be_used(failure, at);
        }
        let at_least = failure.retry_after.unwrap_or_default();
        let last_word =
            call == Call::Write && trouble.write_errors(self.around.write_errors) >= Some(LAST_WORD);
        let verdict = match failure.class {
            Class::Redirected => return self.settle(self.if_deleting(trouble::redirected(failure)), at),
            Class::Unauthorized if self.pass.by_platform => {
                trouble::passing(reason::WAITING_FOR_INSTANCE, failure)
            }
            Class::NotPermitted if self.pass.by_platform => {
                return self.settle(self.if_deleting(self.not_permitted()), at);
            }
            Class::Suspended => Verdict::new(
                reason::WAITING_FOR_ACCOUNT,
                "the account is suspended; this resource goes on when it is active again",
            ),
            Class::Unauthorized | Class::NotAllowed => Verdict::new(
                reason::WAITING_FOR_ACCOUNT,
                "Chatwoot refuses the operator's own user in the account; it is made an administrator again with the next check \
                 of the ChatwootAccount",
            ),
            Class::Invalid => return self.rejected(failure, at),
            Class::LimitReached => return self.settle(self.too_many(failure), at),
            _ if last_word => return self.rejected(failure, at),
            Class::RateLimited => trouble::passing(reason::RATE_LIMITED, failure),
            _ => trouble::passing(reason::CHATWOOT_UNAVAILABLE, failure),
        };
        // A request whose answer was lost is looked for when it can be no longer under way.
        if self.status.creation.is_some() && self.pass.noted && failure.fate() == Fate::Ambiguous {
            return self.resolve_later(self.around.settle, at);
        }
        self.unavailable(verdict, at_least, at)
    }

    /// Chatwoot has stored the values, as far as anybody knows, and then could not use them: the server did not answer, or
    /// took so long that the request was cut off. Nothing differs any more, so the status says what has to be tried again;
    /// that may be all it takes, and Chatwoot is not asked to try all the time.
    fn could_not_be_used(&self, failure: &Failure, at: &Moment) -> Next {
        let mut facts = self.clone();
        facts.status.applied = None;
        let text = format!(
            "{failure}; it is tried again, less and less often; correct {} in the spec of {}/{} if it does not pass",
            facts.status.drifted.join(", "),
            self.object.namespace,
            self.object.name
        );
        let (status, _) = facts.status_with(&Verdict::new(reason::REJECTED_BY_CHATWOOT, text), at);
        let at_least = failure.retry_after.unwrap_or_default().max(BETWEEN_TRIES);
        self.end(status, Again::Backoff { at_least }, true)
    }

    /// The sandbox's refusal, with the statement that lifts it. Kinds are named after Chatwoot's models.
    fn not_permitted(&self) -> Verdict {
        let model = self.kind.kind.trim_start_matches("Chatwoot");
        let id = self.status.id.map_or_else(|| "ID".to_owned(), |id| id.to_string());
        Verdict::new(
            reason::NOT_PERMITTED,
            format!(
                "{} {id} exists in Chatwoot, but this Platform App has no permission for it; run in the Rails console: \
                 PlatformAppPermissible.find_or_create_by!(platform_app: PlatformApp.find(APP_ID), permissible: {model}.find({id}))",
                self.kind.noun
            ),
        )
    }

    /// Nothing is wrong with the spec. Of what is inside accounts Chatwoot counts inboxes alone (chatwoot-api §3.1, §3.5).
    fn too_many(&self, failure: &Failure) -> Verdict {
        let text = format!(
            "{failure}: Chatwoot makes no more inboxes in it than its limit says; raise limits.inboxes in the ChatwootPlan or \
             in spec.limits of ChatwootAccount {}, whichever sets it, or remove an inbox from the account",
            self.account
        );
        Verdict::new(reason::REJECTED_BY_CHATWOOT, text)
    }

    fn rejected(&self, failure: &Failure, at: &Moment) -> Next {
        let text = format!("{failure}; correct the spec of {}/{}", self.object.namespace, self.object.name);
        self.settle(self.if_deleting(Verdict::new(reason::REJECTED_BY_CHATWOOT, text)), at)
    }

    /// Chatwoot cannot be used just now. What had converged keeps its Ready: only the instance flips.
    fn unavailable(&self, verdict: Verdict, at_least: Duration, at: &Moment) -> Next {
        let status = if self.is_converged() && !self.object.deleting {
            self.status.clone()
        } else {
            self.status_with(&self.if_deleting(verdict), at).0
        };
        self.end(status, Again::Backoff { at_least }, false)
    }

    /// A dead Chatwoot never wedges a namespace without saying how to get out.
    fn if_deleting(&self, verdict: Verdict) -> Verdict {
        if self.object.deleting { self.deletion_blocked(&verdict.message) } else { verdict }
    }

    /// 500s in a row to a write of this object.
    pub fn write_errors(&self) -> u32 {
        let before = self.around.write_errors;
        match self.pass.trouble.as_ref().and_then(|trouble| trouble.write_errors(before)) {
            Some(errors) => errors,
            None if self.pass.patched || self.pass.noted => 0,
            None => before,
        }
    }
}
