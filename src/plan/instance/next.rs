//! The order in which an instance is looked at.

use super::*;
use crate::{
    api::instance::{InstanceDeletionPolicy, Witness},
    chatwoot::{
        outcome::{Class, Failure},
        version::Version,
    },
    plan::{Machine, NoTurn, create::Wrote},
};

/// An instance vouches through at most this many of its bound objects.
const WITNESSES: usize = 3;

impl Machine for Facts {
    type Effect = Effect;
    type Lesson = Lesson;
    type End = End<InstanceStatus>;

    fn next(&self, at: &Moment) -> Next {
        if self.pass.stale || self.pass.gone || at.stopping {
            return Step::Settle(End { status: self.status.clone(), again: Again::Fresh, checked: false });
        }
        if !self.around.honoured {
            let text = format!(
                "instances are not honoured in namespace {}; move it to the operator's namespace, or start the operator with \
                 --instance-namespaces including {}",
                self.object.namespace, self.object.namespace
            );
            return self.not_honoured(text, at);
        }
        // Neither the installation nor a way to Chatwoot is needed to let go, and either may have gone before it.
        if self.object.deleting && self.holds_nothing() {
            return self.delete(at);
        }
        if let Some(why) = &self.around.no_installation {
            return self.settle(self.secret_missing(why), at);
        }
        if !self.object.finalizer && !self.object.deleting {
            return Step::Act(Effect::AddFinalizer);
        }
        match &self.pass.connected {
            None => return Step::Act(Effect::Connect),
            Some(Connected::Missing(_)) if self.object.deleting && self.around.has_client => {}
            Some(Connected::Missing(why)) => return self.settle(self.secret_missing(why), at),
            Some(Connected::Invalid(why)) => return self.settle(Verdict::new(reason::INVALID_SPEC, why), at),
            Some(Connected::Kubernetes(why)) => {
                return self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at);
            }
            Some(Connected::Yes { .. }) => {}
        }
        if self.object.deleting {
            return self.delete(at);
        }
        if let Some(step) = self.look(at) {
            return step;
        }
        if self.around.sweep_due && !self.pass.swept {
            return Step::Act(Effect::Sweep);
        }
        self.settle(self.success(), at)
    }

    fn learn(&mut self, lesson: Lesson) {
        let pass = &mut self.pass;
        match lesson {
            Lesson::NoTurn(why) => pass.no_turn = Some(why),
            Lesson::Finalizer(Wrote::Yes) => self.object.finalizer = true,
            Lesson::Finalizer(Wrote::Gone) => pass.gone = true,
            Lesson::Finalizer(Wrote::Conflict | Wrote::Unknown) => pass.stale = true,
            Lesson::Dropped(Wrote::Yes | Wrote::Gone) => pass.gone = true,
            Lesson::Dropped(Wrote::Conflict | Wrote::Unknown) => pass.stale = true,
            Lesson::Connected(connected) => {
                if let Connected::Yes { fingerprint } = &connected {
                    pass.fingerprint = Some(fingerprint.clone());
                }
                pass.connected = Some(connected);
            }
            Lesson::About(Ok(version)) => pass.version = Some(version),
            Lesson::Probed(Ok(())) => pass.probed = true,
            Lesson::About(Err(failure)) | Lesson::Probed(Err(failure)) => pass.failure = Some(failure),
            Lesson::Witness(witness, seen) => {
                pass.asked.push(witness);
                match seen {
                    Seen::Ours => pass.vouched = true,
                    Seen::NotOurs => pass.different = true,
                    Seen::Nothing => {}
                    Seen::Failed(failure) => pass.failure = Some(failure),
                }
            }
            Lesson::Swept => pass.swept = true,
            Lesson::Released { left } => pass.left = Some(left),
            Lesson::Published(usable) => pass.published = Some(usable),
        }
    }
}

impl Facts {
    /// The calls of a look, where one is wanted; `None`: all is well, or nothing asks for a look.
    fn look(&self, at: &Moment) -> Option<Next> {
        if !self.wants_a_look() {
            return None;
        }
        if let Some(why) = &self.pass.no_turn {
            return Some(match why {
                NoTurn::Queued => {
                    Step::Settle(End { status: self.status.clone(), again: Again::OnChange, checked: false })
                }
                NoTurn::Down { .. } => {
                    self.settle(Verdict::new(reason::CHATWOOT_UNAVAILABLE, "Chatwoot does not answer"), at)
                }
                NoTurn::Throttled { .. } => {
                    self.settle(Verdict::new(reason::RATE_LIMITED, "Chatwoot's request limit is reached"), at)
                }
            });
        }
        if let Some(failure) = &self.pass.failure {
            return Some(self.settle(self.failed(failure), at));
        }
        let Some(version) = self.pass.version else { return Some(Step::Act(Effect::About)) };
        if !version.is_supported() {
            let text =
                format!("Chatwoot {version} is older than {}; upgrade Chatwoot", Version::OLDEST_SUPPORTED);
            return Some(self.settle(Verdict::new(reason::UNSUPPORTED_CHATWOOT, text), at));
        }
        if !self.pass.probed {
            return Some(Step::Act(Effect::Probe));
        }
        if self.is_moved() && !self.pass.vouched {
            return self.ask_a_witness(at);
        }
        None
    }

    /// Ready once, over this very connection, and nothing has raised a doubt since.
    fn wants_a_look(&self) -> bool {
        let settled = status::is_ready(&self.status.conditions)
            && self.status.observed_generation == self.object.generation
            && !self.is_moved()
            && self.status.connection.is_some();
        let requested = self.object.requested_at.is_some()
            && self.object.requested_at != self.status.last_handled_reconcile_at;
        !settled || self.around.due || self.around.suspect || requested
    }

    /// Url or token differ from those that were last proven, or none were: the instance is new, was made again under its
    /// name, or has lost its status, and something may be bound to it already.
    fn is_moved(&self) -> bool {
        let proven = self.status.connection.as_ref().map(|connection| &connection.fingerprint);
        proven != self.pass.fingerprint.as_ref()
    }

    /// Up to three bound objects are read before anything is written over a changed connection.
    fn ask_a_witness(&self, at: &Moment) -> Option<Next> {
        let different = |why: &str| {
            let text = format!(
                "{why}, so url or token seem to lead to another Chatwoot, and nothing is written; set them back, or make a \
                 new ChatwootInstance for the other Chatwoot"
            );
            Some(self.settle(Verdict::new(reason::DIFFERENT_CHATWOOT, text), at))
        };
        if self.pass.different {
            return different("an object bound here carries another marker there");
        }
        let recorded = self.status.connection.iter().flat_map(|connection| &connection.witnesses);
        let known = recorded.filter(|w| self.around.bound.contains_key(w)).chain(self.around.bound.keys());
        match self.most_telling(known.copied()) {
            Some(witness) if self.pass.asked.len() < WITNESSES => Some(Step::Act(Effect::Witness(witness))),
            _ if self.pass.asked.is_empty() => None,
            _ => different(
                "none of the objects bound here is there, or this Platform App is permitted on none of them",
            ),
        }
    }

    /// Of those not asked yet, one of a namespace that has not spoken: a tenant can have its own people and accounts removed
    /// in Chatwoot, and must not make it look like another one to everybody.
    fn most_telling(&self, known: impl Iterator<Item = Witness> + Clone) -> Option<Witness> {
        let asked = &self.pass.asked;
        let mut open = known.filter(|witness| !asked.contains(witness));
        let has_spoken = |witness: &Witness| {
            let namespace = self.namespace_of(witness);
            namespace.is_some() && asked.iter().any(|other| self.namespace_of(other) == namespace)
        };
        open.clone().find(|witness| !has_spoken(witness)).or_else(|| open.next())
    }

    fn failed(&self, failure: &Failure) -> Verdict {
        match failure.class {
            Class::Unauthorized => {
                let token = &self.spec.platform_token_secret_ref;
                Verdict::new(
                    reason::UNAUTHORIZED,
                    format!(
                        "Chatwoot refuses the platform token in Secret {}/{}, key {}; put the token of a Platform App there \
                         (Super Admin console, Platform Apps)",
                        self.object.namespace, token.name, token.key
                    ),
                )
            }
            Class::Redirected => {
                let to = failure.location.as_deref().unwrap_or("another place");
                Verdict::new(
                    reason::REDIRECTED,
                    format!(
                        "Chatwoot redirects to {to}, and redirects are never followed; with FORCE_SSL set spec.externalURL to \
                         the https address, else correct spec.url"
                    ),
                )
            }
            Class::RateLimited => Verdict::new(reason::RATE_LIMITED, failure.to_string()),
            _ => Verdict::new(
                reason::CHATWOOT_UNAVAILABLE,
                format!("{failure}; spec.url is {}", self.spec.url),
            ),
        }
    }

    fn success(&self) -> Verdict {
        match self.version() {
            Some(version) if version.is_newer_than_known() => Verdict::new(
                reason::SUCCEEDED,
                format!("connected; Chatwoot {version} is newer than any this operator was tested with"),
            ),
            Some(version) => Verdict::new(reason::SUCCEEDED, format!("connected to Chatwoot {version}")),
            None => Verdict::new(reason::SUCCEEDED, "connected"),
        }
    }

    /// Nobody whom it protects is bound to it.
    fn holds_nothing(&self) -> bool {
        let nobody = self.around.dependents == 0 && self.around.unseen.is_none();
        nobody || self.spec.deletion_policy == InstanceDeletionPolicy::Release
    }

    fn delete(&self, at: &Moment) -> Next {
        if !self.object.finalizer {
            return Step::Settle(End { status: self.status.clone(), again: Again::OnChange, checked: false });
        }
        let waits = |count: usize| {
            format!(
                "{count} resources are bound to this instance; delete them first, or set spec.deletionPolicy: Release to let \
                 them go as they are"
            )
        };
        match (self.spec.deletion_policy, self.around.dependents) {
            (InstanceDeletionPolicy::Protect, 0) => match &self.around.unseen {
                None => Step::Act(Effect::DropFinalizer),
                Some(namespace) => {
                    let text = format!(
                        "resources in namespace {namespace} may be bound to this instance, and the operator may not look \
                         there; give it the chart's Role there, take the namespace off its --watch-namespaces, or set \
                         spec.deletionPolicy: Release"
                    );
                    self.settle(Verdict::new(reason::DELETION_BLOCKED, text), at)
                }
            },
            (_, 0) => Step::Act(Effect::DropFinalizer),
            (InstanceDeletionPolicy::Protect, count) => {
                self.settle(Verdict::new(reason::DELETION_BLOCKED, waits(count)), at)
            }
            (InstanceDeletionPolicy::Release, _) => match self.pass.left {
                None => Step::Act(Effect::Release),
                Some(0) => Step::Act(Effect::DropFinalizer),
                Some(left) => {
                    let text = format!("{left} resources could not be marked as let go yet");
                    self.settle(Verdict::new(reason::KUBERNETES_ERROR, text), at)
                }
            },
        }
    }

    /// Nothing is called, and no finalizer is taken, where the operator was not told to look.
    fn not_honoured(&self, text: String, at: &Moment) -> Next {
        if self.object.deleting && self.object.finalizer {
            return Step::Act(Effect::DropFinalizer);
        }
        self.settle(Verdict::new(reason::INVALID_SPEC, text), at)
    }
}
