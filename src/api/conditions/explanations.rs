//! Who must act on a reason, what it means, and what to do.

use super::reason;

/// Who must act on a reason; decides which abnormal condition shows it and when the next try comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReasonClass {
    /// Nobody: all is as it should be.
    Nobody,
    /// The operator, on the next event it waits for.
    Operator,
    /// Nobody: it passes, and the operator tries again with growing pauses.
    Passes,
    /// Whoever wrote the resource.
    Author,
    /// The platform admin.
    Admin,
    /// A person must decide something no program can know.
    Decision,
}

impl ReasonClass {
    /// Whether the resource is Stalled with such a reason.
    pub fn stalls(self) -> bool {
        matches!(self, ReasonClass::Author | ReasonClass::Admin | ReasonClass::Decision)
    }

    /// Whether the resource is Reconciling with such a reason.
    pub fn reconciles(self) -> bool {
        matches!(self, ReasonClass::Operator | ReasonClass::Passes)
    }

    /// For the table people read.
    pub fn who(self) -> &'static str {
        match self {
            ReasonClass::Nobody => "nobody",
            ReasonClass::Operator => "the operator",
            ReasonClass::Passes => "nobody, it passes",
            ReasonClass::Author => "the author",
            ReasonClass::Admin => "the platform admin",
            ReasonClass::Decision => "a person decides",
        }
    }
}

/// One reason, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub reason: &'static str,
    pub class: ReasonClass,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: &'static str,
}

const fn explain(
    reason: &'static str,
    class: ReasonClass,
    meaning: &'static str,
    remedy: &'static str,
) -> Explanation {
    Explanation { reason, class, meaning, remedy }
}

/// Every reason of [`reason`], in the order people read about them.
pub const REASONS: [Explanation; 32] = [
    explain(reason::SUCCEEDED, ReasonClass::Nobody, "Everything asked for is so in Chatwoot.", ""),
    explain(
        reason::OBSERVED,
        ReasonClass::Nobody,
        "The resource is only observed; status.drifted lists the differences.",
        "Set mode: Enforce when the operator shall repair them.",
    ),
    explain(
        reason::PAUSED,
        ReasonClass::Nobody,
        "The resource is paused and its latest version has not been applied.",
        "Set paused: false to go on.",
    ),
    explain(reason::PROGRESSING, ReasonClass::Operator, "The operator is applying the resource.", ""),
    explain(reason::CREATING, ReasonClass::Operator, "The operator is creating the object in Chatwoot.", ""),
    explain(
        reason::RESOLVING_CREATE,
        ReasonClass::Operator,
        "It is not certain whether a create request went through; the operator waits and looks.",
        "Wait a minute or two; if no program can tell, the reason becomes CreateOutcomeUnknown.",
    ),
    explain(
        reason::DELETING,
        ReasonClass::Operator,
        "Chatwoot is deleting the object, which can take hours for a big account.",
        "If it never ends, check that Chatwoot's Sidekiq is running.",
    ),
    explain(
        reason::WAITING_FOR_INSTANCE,
        ReasonClass::Operator,
        "The instance is missing or not Ready.",
        "Look at the ChatwootInstance: `kubectl get cwi -A`.",
    ),
    explain(
        reason::WAITING_FOR_ACCOUNT,
        ReasonClass::Operator,
        "An account that a membership or spec.account names is not bound yet, is suspended, or is without the operator's user.",
        "Look at that ChatwootAccount.",
    ),
    explain(
        reason::ACCOUNT_GONE,
        ReasonClass::Operator,
        "The resource of an account that a membership or spec.account names is gone; what is in Chatwoot was left.",
        "Apply the account again, or remove the membership, or the resource that names it.",
    ),
    explain(
        reason::WAITING_FOR_REFERENCE,
        ReasonClass::Operator,
        "Another resource that the spec names is missing or not Ready.",
        "Look at the resource that the message names.",
    ),
    explain(
        reason::CHATWOOT_UNAVAILABLE,
        ReasonClass::Passes,
        "Chatwoot does not answer, or answers with an error of its own.",
        "If it lasts, look at Chatwoot and the proxies in front of it.",
    ),
    explain(
        reason::RATE_LIMITED,
        ReasonClass::Passes,
        "Chatwoot refuses further requests for now.",
        "If it lasts, lower requestBudget.perMinute on the instance or raise RACK_ATTACK_LIMIT in Chatwoot.",
    ),
    explain(
        reason::KUBERNETES_ERROR,
        ReasonClass::Passes,
        "The Kubernetes API does not accept a read or write of the operator.",
        "If it lasts, compare the operator's permissions with the chart's.",
    ),
    explain(
        reason::INVALID_SPEC,
        ReasonClass::Author,
        "The spec asks for something that cannot be; nothing was sent.",
        "Correct the field that the message names.",
    ),
    explain(
        reason::NOT_OWNED,
        ReasonClass::Author,
        "The object in Chatwoot is not this resource's, so it is not touched.",
        "Use another e-mail address or key, or have the object listed under adoptable in a grant and set adopt.id; inside an account set adopt: true.",
    ),
    explain(
        reason::ACCOUNT_ALREADY_BOUND,
        ReasonClass::Author,
        "Another resource is bound to this id already.",
        "Remove adopt, or delete the other resource with policy Retain first.",
    ),
    explain(
        reason::SECRET_INVALID,
        ReasonClass::Author,
        "A Secret is missing, lacks the key, holds a value Chatwoot would refuse, or is not the operator's to write.",
        "Correct the Secret that the message names; the label chatwoot.dev/watch=true on it makes changes noticed at once.",
    ),
    explain(
        reason::REJECTED_BY_CHATWOOT,
        ReasonClass::Author,
        "Chatwoot refused the values.",
        "Correct what the message names.",
    ),
    explain(
        reason::NOT_GRANTED,
        ReasonClass::Admin,
        "No grant allows this, or the account that a membership names does not consent.",
        "Have the platform admin allow it in a ChatwootGrant, or the account's owner in membersFrom.",
    ),
    explain(
        reason::UNAUTHORIZED,
        ReasonClass::Admin,
        "Chatwoot refuses the platform token.",
        "Put the token of a Platform App into the Secret that platformTokenSecretRef names.",
    ),
    explain(
        reason::CREDENTIALS_MISSING,
        ReasonClass::Admin,
        "A Secret the operator needs is missing or incomplete; or spec.settings needs a user that the operator cannot have.",
        "Create the Secret that the message names, or do for the user what it says.",
    ),
    explain(
        reason::NOT_PERMITTED,
        ReasonClass::Admin,
        "The object exists in Chatwoot, but this Platform App may not touch it.",
        "Run the Rails statement in the message.",
    ),
    explain(
        reason::REDIRECTED,
        ReasonClass::Admin,
        "Chatwoot answers with a redirect, which is never followed because it would carry the token elsewhere.",
        "Set url to where the redirect points, or with FORCE_SSL set externalURL to the https address.",
    ),
    explain(
        reason::DIFFERENT_CHATWOOT,
        ReasonClass::Admin,
        "The changed url or token leads to another Chatwoot than the bound objects live in; nothing is written.",
        "Set url and token back, or make a new ChatwootInstance for the other Chatwoot.",
    ),
    explain(
        reason::UNSUPPORTED_CHATWOOT,
        ReasonClass::Admin,
        "This Chatwoot is older than 4.2.",
        "Upgrade Chatwoot.",
    ),
    explain(
        reason::AUTOMATION_DISABLED,
        ReasonClass::Admin,
        "The instance does not let the operator have a user of its own in each account, which work inside accounts needs.",
        "Set spec.automation.emailDomain on the ChatwootInstance.",
    ),
    explain(
        reason::CREATE_OUTCOME_UNKNOWN,
        ReasonClass::Decision,
        "A create request may have made an account, and no program can tell.",
        "Look for the account in Chatwoot, then run `kubectl chatwoot resolve account NS/NAME --account-id N`, or `--create` if there is none.",
    ),
    explain(
        reason::DUPLICATE_CREATED,
        ReasonClass::Decision,
        "Chatwoot has several accounts with this resource's marker; none was deleted.",
        "Choose one with `kubectl chatwoot resolve account NS/NAME --account-id N` and delete the others in Chatwoot.",
    ),
    explain(
        reason::PREVIOUS_ACCOUNT_FOUND,
        ReasonClass::Decision,
        "Chatwoot has an account that belonged to a resource of this name in an earlier namespace of this name.",
        "Set rebindUntil on the instance after a restore, or run `kubectl chatwoot resolve account NS/NAME` with `--account-id N` or `--create`.",
    ),
    explain(
        reason::EXTERNAL_RESOURCE_MISSING,
        ReasonClass::Decision,
        "What the resource is bound to is gone from Chatwoot, with its data.",
        "Delete this resource, or start anew: an account with `kubectl chatwoot resolve account NS/NAME --create`, anything else by applying it again after.",
    ),
    explain(
        reason::DELETION_BLOCKED,
        ReasonClass::Decision,
        "The resource is being deleted, and what its deletionPolicy asks for cannot be done.",
        "Remove the cause that the message names, or set deletionPolicy: Retain to let go at once.",
    ),
];

/// The explanation of a reason; `None` for one that is not in [`REASONS`].
pub fn explanation(reason: &str) -> Option<&'static Explanation> {
    REASONS.iter().find(|explanation| explanation.reason == reason)
}

/// Who must act on a reason. An unknown one counts as the operator's, so that it is tried again.
pub fn class(reason: &str) -> ReasonClass {
    explanation(reason).map_or(ReasonClass::Operator, |explanation| explanation.class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_explained_once_and_every_stalled_one_says_what_to_do() {
        let names: BTreeSet<_> = REASONS.iter().map(|explanation| explanation.reason).collect();
        assert_eq!(names.len(), REASONS.len());
        for explanation in &REASONS {
            assert!(explanation.meaning.ends_with('.'), "{}", explanation.reason);
            assert!(
                !explanation.class.stalls() || explanation.remedy.ends_with('.'),
                "{}",
                explanation.reason
            );
        }
    }

    #[test]
    fn the_source_lists_no_reason_that_is_not_explained() {
        let source = include_str!("../conditions.rs");
        let module = source.split("pub mod reason {").nth(1).unwrap().split("\n}").next().unwrap();
        let listed: BTreeSet<_> = module.lines().filter_map(|line| line.split('"').nth(1)).collect();
        let explained: BTreeSet<_> = REASONS.iter().map(|explanation| explanation.reason).collect();
        assert_eq!(listed, explained);
    }

    #[test]
    fn a_reason_never_both_stalls_and_reconciles() {
        for explanation in &REASONS {
            assert!(
                !(explanation.class.stalls() && explanation.class.reconciles()),
                "{}",
                explanation.reason
            );
        }
        assert_eq!(class(reason::NOT_GRANTED), ReasonClass::Admin);
        assert_eq!(class("NeverHeardOf"), ReasonClass::Operator);
    }
}
