//! The words of the account planner.

pub use crate::plan::trouble::{Call, Trouble};

use crate::{
    api::{
        account::{AccountSpec, AccountStatus, InstanceBinding},
        common::Mode,
        conditions::reason,
        plan::PlanSpec,
    },
    chatwoot::{
        marker::Marker,
        outcome::Failure,
        types::{Account, AccountPatch},
        version::Version,
    },
    plan::{
        NoTurn, create,
        entitlements::Planned,
        grants::{self, Fit},
        status::Verdict,
    },
};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// The Kubernetes object of this pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub namespace: String,
    pub name: String,
    pub generation: i64,
    pub deleting: bool,
    pub finalizer: bool,
    /// Value of the reconcile annotation.
    pub requested_at: Option<String>,
}

/// The instance an account belongs to, as this pass sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceView {
    pub binding: InstanceBinding,
    /// Why nothing can be sent, where that is so.
    pub blocked: Option<String>,
    pub version: Version,
    /// Where browsers find it, without a trailing slash.
    pub public_url: String,
    /// `rebindUntil` lies in the future.
    pub restoring: bool,
}

/// Which instance a resource means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceChoice {
    /// Neither the spec nor the operator names one.
    Unnamed,
    /// It does not exist, is not honoured, or is being deleted.
    Missing {
        name: String,
        namespace: String,
    },
    Known(Box<InstanceView>),
}

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Around {
    pub instance: InstanceChoice,
    pub verdict: grants::Verdict,
    /// What is said where the request is not granted.
    pub ungranted: grants::Refusal,
    /// Whether a deletion with policy Delete is granted now.
    pub may_delete: Fit,
    /// The plan the spec names, where it is there and valid.
    pub plan: Option<Arc<PlanSpec>>,
    /// Keys that any plan of the instance names.
    pub planned: Arc<Planned>,
    /// The tenant lives in the instance's own namespace.
    pub is_instance_namespace: bool,
    /// What the spec itself asks for that cannot be, beyond what the schema refuses.
    pub invalid: Option<String>,
    pub marker: Marker,
    pub automation: super::automation::Around,
    /// What the latest walk came to that this process has made.
    pub walked: Option<super::walked::Outcome>,
    /// Keyed hash of all that was wanted.
    pub hash: String,
    /// What is wanted had been so before, save that it was not paused then.
    pub reconciled: bool,
    /// Of the ids this resource names or is bound to, those a fitting grant lets it take over.
    pub adoptable: BTreeSet<i64>,
    /// Ids bound to other resources of the instance, of those this resource names.
    pub taken: BTreeSet<i64>,
    /// What the last sweep of the index saw with this resource's uid; `None`: it has not been swept.
    pub swept: Option<BTreeSet<i64>>,
    pub due: bool,
    pub grace: Duration,
    /// Time between drift slots.
    pub interval: Duration,
    /// Writes of this object that Chatwoot answered with 500, in a row.
    pub write_errors: u32,
}

impl Around {
    pub fn known(&self) -> Option<&InstanceView> {
        match &self.instance {
            InstanceChoice::Known(view) => Some(view),
            _ => None,
        }
    }

    /// Calls can be made.
    pub(super) fn reachable(&self) -> bool {
        self.known().is_some_and(|view| view.blocked.is_none())
    }

    /// Why nothing may be done for this account now, most fundamental first.
    pub(super) fn refusal(&self, facts: &Facts) -> Option<Verdict> {
        if let InstanceChoice::Unnamed = self.instance {
            return Some(Verdict::new(
                reason::INVALID_SPEC,
                "spec.instanceRef is missing and the operator has no default instance; write instanceRef: {name: …, \
                 namespace: …}, or have the operator started with --default-instance NAMESPACE/NAME",
            ));
        }
        if let Fit::Refused(refusal) | Fit::Unknown(refusal) = &self.verdict.fit {
            return Some(Verdict::new(reason::NOT_GRANTED, refusal.to_string()));
        }
        // Not before: it can depend on the instance's version, which says that there is one.
        if let Some(invalid) = &self.invalid {
            return Some(Verdict::new(reason::INVALID_SPEC, invalid.clone()));
        }
        let view = match &self.instance {
            InstanceChoice::Known(view) => view,
            InstanceChoice::Missing { name, namespace } => {
                let text =
                    format!("instance {namespace}/{name} is not there, or not honoured in that namespace");
                return Some(Verdict::new(reason::WAITING_FOR_INSTANCE, text));
            }
            InstanceChoice::Unnamed => return None,
        };
        if facts.spec.plan.is_some() && self.plan.is_none() {
            return Some(self.missing_plan(facts));
        }
        if let Some(why) = &view.blocked {
            return Some(Verdict::new(reason::WAITING_FOR_INSTANCE, why.clone()));
        }
        self.adoption_refused(facts)
    }

    /// In a tenant's namespace a missing plan reads like one that is not granted.
    fn missing_plan(&self, facts: &Facts) -> Verdict {
        let plan = facts.spec.plan.as_deref().unwrap_or_default();
        if self.is_instance_namespace {
            Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "spec.plan: there is no usable ChatwootPlan {plan} beside the instance; create it, or name another"
                ),
            )
        } else {
            Verdict::new(reason::NOT_GRANTED, self.ungranted.to_string())
        }
    }

    fn adoption_refused(&self, facts: &Facts) -> Option<Verdict> {
        let adopt = facts.spec.adopt.map(|adopt| adopt.id)?;
        match facts.status.id {
            Some(bound) if bound != adopt => Some(Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "spec.adopt.id is {adopt}, but this resource is bound to account {bound}; remove adopt, or delete the \
                     resource and create another"
                ),
            )),
            None if self.taken.contains(&adopt) && facts.spec.mode == Mode::Enforce => Some(Verdict::new(
                reason::ACCOUNT_ALREADY_BOUND,
                format!(
                    "account {adopt} is bound to another resource; name another id, or have that one let it go"
                ),
            )),
            _ => None,
        }
    }
}

/// What this pass knows of the account in Chatwoot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    Unread,
    Found(Box<Account>),
    /// Answered with 404 in Chatwoot's own words; not yet believed.
    NotFound(i64),
    /// Chatwoot itself, behind this very URL, says so.
    Vanished(i64),
    NotPermitted(i64),
}

/// What this pass has done already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub patched: bool,
    pub flagged: bool,
    /// The remote account was compared with what is wanted.
    pub read: bool,
    /// How the POST of this pass failed, for the message.
    pub refused: Option<Failure>,
    /// Chatwoot has accepted the deletion in this pass.
    pub deleted: bool,
    /// The object was read again, and its spec may say something else than what this pass was begun with.
    pub reread: bool,
}

/// Everything the planner decides on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub object: Object,
    pub spec: AccountSpec,
    /// As last read or written.
    pub status: AccountStatus,
    pub around: Around,
    pub create: create::Facts,
    pub remote: Remote,
    pub automation: super::automation::Pass,
    pub settings: super::settings::Pass,
    pub trouble: Option<Trouble>,
    pub done: Done,
}

/// Exactly one call or one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    AskIndex {
        not_before: Duration,
    },
    /// Read the object again from the API server.
    ReadBack,
    AddFinalizer,
    /// Let the object go, and say what an admin has to know about it.
    DropFinalizer(Option<Notice>),
    /// An event, a log line and a metric carry an id that nothing can hold any more.
    ReportOrphan(i64),
    /// Replace the status.
    Write(Box<AccountStatus>, Tag),
    /// `POST /accounts` with this name and the marker, unless the clock has reached `before` when its turn comes.
    Post {
        name: String,
        before: Duration,
    },
    Get(i64),
    /// Is a 404 Chatwoot's own word?
    Vanished(i64),
    Patch(i64, Box<AccountPatch>),
    Delete(i64),
    /// About the operator's own user in the account.
    Automation(super::automation::Effect),
    /// About what administrators of the account set themselves.
    Settings(super::settings::Effect),
}

impl Effect {
    /// It calls Chatwoot, or commits this pass to a call, so a turn at the gate comes first.
    pub fn needs_turn(&self) -> bool {
        matches!(
            self,
            Effect::Write(_, Tag::Claim(_))
                | Effect::Post { .. }
                | Effect::Get(_)
                | Effect::Vanished(_)
                | Effect::Patch(..)
                | Effect::Delete(_)
                | Effect::Automation(_)
                | Effect::Settings(_)
        )
    }
}

/// What a status write means to the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    Claim(create::NewClaim),
    Record(create::Outcome),
    StoreId(i64),
    Bind {
        id: i64,
        found: create::Found,
    },
    Duplicate(i64),
    /// The operator's own user is about to be asked for; with when an earlier request was sent that nobody heard of.
    Intent {
        earlier: Option<Timestamp>,
    },
    /// A decision was taken note of, or a deletion was sent.
    Progress,
}

/// Something people must learn although the object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// An account may exist that carries our marker.
    MayExist,
    /// The account was destroyed; that breaks the account index until repaired (P2).
    Deleted,
    /// The deletion had been sent when the policy became Retain.
    TooLate,
    /// Suspended, and kept.
    Suspended,
    /// Kept as it is.
    Retained,
    /// Kept, and the operator's own user in it, too: it could not be removed.
    AutomationLeft,
}

/// What one effect taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    NoTurn(NoTurn),
    Index(create::Look),
    ReadBack {
        back: create::ReadBack,
        status: Option<Box<AccountStatus>>,
    },
    Finalizer(create::Wrote),
    Dropped(create::Wrote),
    OrphanReported,
    Wrote {
        tag: Tag,
        status: Box<AccountStatus>,
        wrote: create::Wrote,
    },
    Posted(Result<Account, Failure>),
    Got(i64, Result<Account, Failure>),
    /// Whether Chatwoot itself says that the account does not exist.
    Vanished(i64, Result<bool, Failure>),
    Patched {
        features: bool,
        answer: Result<Account, Failure>,
    },
    Deleted(i64, Result<(), Failure>),
    Automation(super::automation::Lesson),
    Settings(super::settings::Lesson),
}
