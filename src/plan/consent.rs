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

/// As [`consent`], where labels are never known: an offer by label, were it to everybody, gives nothing and takes nothing
/// back.
pub fn consent_by_name(account_namespace: &str, members_from: &[MembersFrom], namespace: &str) -> Consent {
    let (by_label, by_name): (Vec<_>, Vec<_>) =
        members_from.iter().cloned().partition(|offer| offer.namespaces.selector.is_some());
    let certain = consent(account_namespace, &by_name, namespace, None);
    let open = |role| by_label.iter().any(|offer| offer.roles.contains(&role));
    let answer = |role| certain.to(role).filter(|yes| *yes || !open(role));
    Consent { agent: answer(Role::Agent), administrator: answer(Role::Administrator) }
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
    fn without_labels_ever_an_offer_by_label_gives_nothing_and_takes_nothing_back() {
        let everybody = json!({"namespaces": {"selector": {}}, "roles": ["Agent"]});
        let named = json!({"namespaces": {"names": ["bpo"]}, "roles": ["Agent", "Administrator"]});
        let by_label = offers(json!([everybody]));
        let open = Consent { agent: None, administrator: Some(false) };
        assert_eq!(consent_by_name("acme", &by_label, "bpo"), open);
        assert_eq!(consent_by_name("acme", &by_label, "acme"), Consent::EVERYTHING);
        let both = offers(json!([everybody, named]));
        assert_eq!(consent_by_name("acme", &both, "bpo"), Consent::EVERYTHING);
        assert_eq!(consent_by_name("acme", &both, "evil"), open);
        assert_eq!(consent_by_name("acme", &offers(json!([named])), "evil"), Consent::NOTHING);
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
