//! The credentials Secret: when it is written, and what the condition says of it.

use super::*;
use crate::api::{
    conditions::{self, ConditionStatus},
    user::MembershipState,
};

impl Facts {
    /// Brings the Secret up to date, and removes the one of an earlier name.
    pub(super) fn publish(&self, at: &Moment) -> Option<Next> {
        let wanted = self.spec.credentials_secret.as_ref().map(|secret| secret.name.clone());
        let old = self.status.credentials_secret.clone().filter(|old| Some(old) != wanted.as_ref());
        if let Some(old) = old.filter(|old| !self.pass.dropped_secrets.contains(old)) {
            return Some(self.drop_secret(old, at));
        }
        wanted.as_ref()?;
        match &self.pass.published {
            None => {
                let (account, rotation) = (self.only_account(), self.rotation_note());
                Some(Step::Act(Effect::Publish { account, rotation }))
            }
            Some(Published::Yes) => None,
            Some(Published::NotOurs(why)) => Some(self.settle(Verdict::new(reason::SECRET_INVALID, why), at)),
            Some(Published::Failed(why)) => {
                Some(self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at))
            }
            Some(Published::NoToken(failure)) => {
                Some(self.settle(Verdict::new(reason::CHATWOOT_UNAVAILABLE, failure.to_string()), at))
            }
        }
    }

    /// Removes a credentials Secret, or says why that could not be done.
    pub(super) fn drop_secret(&self, name: String, at: &Moment) -> Next {
        match &self.pass.published {
            Some(Published::Failed(why)) => {
                self.settle(Verdict::new(reason::KUBERNETES_ERROR, format!("Secret {name}: {why}")), at)
            }
            _ => Step::Act(Effect::DropSecret(name)),
        }
    }

    /// The account of a person who is in exactly one.
    fn only_account(&self) -> Option<i64> {
        let Remote::Found(user) = &self.pass.remote else { return None };
        let entries = self.memberships(user).entries;
        let mut granted = entries
            .iter()
            .filter(|entry| entry.state == MembershipState::Granted)
            .filter_map(|e| e.account_id);
        let first = granted.next()?;
        granted.next().is_none().then_some(first)
    }

    /// `CredentialsPublished`; absent without a credentials Secret.
    pub(super) fn credentials_condition(
        &self,
        verdict: &Verdict,
    ) -> Vec<(&'static str, ConditionStatus, Verdict)> {
        if self.spec.credentials_secret.is_none() || self.spec.mode == Mode::Observe {
            return Vec::new();
        }
        let before = conditions::find(&self.status.conditions, conditions::CREDENTIALS_PUBLISHED);
        let published = self.pass.published == Some(Published::Yes);
        let stands = before.is_some_and(|before| {
            before.status == ConditionStatus::True
                && before.observed_generation == Some(self.object.generation)
        });
        if published || (stands && self.pass.published.is_none()) {
            let text = Verdict::new(conditions::PUBLISHED, "every key that was asked for is in the Secret");
            return vec![(conditions::CREDENTIALS_PUBLISHED, ConditionStatus::True, text)];
        }
        let text = Verdict::new(verdict.reason, format!("not published yet: {}", verdict.message));
        vec![(conditions::CREDENTIALS_PUBLISHED, ConditionStatus::False, text)]
    }
}
