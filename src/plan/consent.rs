//! Who may join an account: its own namespace always, others as the account's `membersFrom` says.

use super::selection::selects;
use crate::api::{account::MembersFrom, common::Role};
use std::collections::BTreeMap;

/// The roles an account lets somebody have; `None`: not known, because the labels of their namespace are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consent {
    pub agent: Option<bool>,
    pub administrator: Option<bool>,
}

impl Consent {
    pub const EVERYTHING: Self = Self { agent: Some(true), administrator: Some(true) };
    pub const NOTHING: Self = Self { agent: Some(false), administrator: Some(false) };
    pub const UNKNOWN: Self = Self { agent: None, administrator: None };

    pub fn to(self, role: Role) -> Option<bool> {
        match role {
            Role::Agent => self.agent,
            Role::Administrator => self.administrator,
        }
    }
}

/// What the account of `account_namespace` lets a user of `namespace` with `labels` be. Every role is consented to by
/// itself: whoever may be an administrator may be an agent only where that is listed, too.
pub fn consent(
    account_namespace: &str,
    members_from: &[MembersFrom],
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> Consent {
    if account_namespace == namespace {
        return Consent::EVERYTHING;
    }
    let to = |role| {
        let offers = members_from.iter().filter(|offer| offer.roles.contains(&role));
        let answers: Vec<_> = offers.map(|offer| selects(&offer.namespaces, namespace, labels)).collect();
        if answers.contains(&Some(true)) {
            Some(true)
        } else if answers.contains(&None) {
            None
        } else {
            Some(false)
        }
    };
    Consent { agent: to(Role::Agent), administrator: to(Role::Administrator) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn offers(value: serde_json::Value) -> Vec<MembersFrom> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn ones_own_namespace_always_may_join() {
        assert_eq!(consent("acme", &[], "acme", None), Consent::EVERYTHING);
    }

    #[test]
    fn another_namespace_needs_consent_to_exactly_that_role() {
        let labels = BTreeMap::new();
        assert_eq!(consent("acme", &[], "bpo", Some(&labels)), Consent::NOTHING);
        let agents = offers(json!([{"namespaces": {"names": ["bpo"]}, "roles": ["Agent"]}]));
        let only_agent = Consent { agent: Some(true), administrator: Some(false) };
        assert_eq!(consent("acme", &agents, "bpo", Some(&labels)), only_agent);
        assert_eq!(consent("acme", &agents, "evil", Some(&labels)), Consent::NOTHING);
    }

    #[test]
    fn two_offers_are_two_offers_and_not_a_mixture() {
        let labels = BTreeMap::from([("team".to_owned(), "a".to_owned())]);
        let two = offers(json!([
            {"namespaces": {"names": ["bpo"]}, "roles": ["Agent"]},
            {"namespaces": {"selector": {"matchLabels": {"team": "b"}}}, "roles": ["Administrator"]},
        ]));
        let only_agent = Consent { agent: Some(true), administrator: Some(false) };
        assert_eq!(consent("acme", &two, "bpo", Some(&labels)), only_agent);
        let blind = Consent { agent: Some(true), administrator: None };
        assert_eq!(consent("acme", &two, "bpo", None), blind);
    }
}
