//! A Chatwoot and a cluster to import from, in a few words.

use super::super::{
    Choices, Found,
    known::{Claim, Known},
    values::Field,
};
use crate::{
    api::common::Mode,
    chatwoot::{
        marker::Installation,
        types::{Account, AccountId, AccountState, Belonging, Map, MemberRole, User, UserId},
        version::Version,
    },
    reconcile::references::InstanceKey,
    runtime::flags::ObjectName,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub fn account(id: i64, name: &str) -> Account {
    Account {
        id: AccountId(id),
        name: name.to_owned(),
        locale: Some("en".to_owned()),
        domain: None,
        support_email: Some("Chatwoot <accounts@chatwoot.com>".to_owned()),
        state: AccountState::Active,
        features: BTreeSet::new(),
        limits: Map::new(),
        custom_attributes: Map::new(),
    }
}

/// Somebody who is an agent in these accounts.
pub fn person(id: i64, email: &str, accounts: &[i64]) -> User {
    let agent = |id: &i64| Belonging { account: AccountId(*id), role: Some(MemberRole::Agent) };
    User {
        id: UserId(id),
        email: email.to_owned(),
        name: format!("Person {id}"),
        display_name: None,
        custom_attributes: Map::new(),
        belongings: accounts.iter().map(agent).collect(),
    }
}

pub fn found(accounts: &[Account], people: &[User]) -> Found {
    Found { accounts: accounts.to_vec(), people: people.to_vec() }
}

pub fn installation() -> Installation {
    Installation::new("0123456789abcdef".to_owned(), vec![1; 32])
}

/// A cluster without any object of ours.
pub fn empty() -> Known {
    Known {
        accounts: BTreeMap::new(),
        people: BTreeMap::new(),
        account_places: BTreeMap::new(),
        people_places: BTreeMap::new(),
        emails: BTreeMap::new(),
        own_users: BTreeSet::new(),
        own_domain: None,
        grants: BTreeMap::new(),
        namespaces: BTreeMap::new(),
        reserved: BTreeSet::from(["chat".to_owned(), "default".to_owned()]),
        unreadable: Vec::new(),
        installation: installation(),
    }
}

pub fn choices(template: &str) -> Choices {
    Choices {
        instance: InstanceKey { namespace: "chat".to_owned(), name: "main".to_owned() },
        version: Version::NEWEST_KNOWN,
        template: template.parse().unwrap(),
        mode: Mode::Observe,
        fields: BTreeSet::from([Field::Locale, Field::Domain]),
    }
}

pub fn at(place: &str) -> ObjectName {
    place.parse().unwrap()
}

fn claim(place: &str, bound: bool) -> Claim {
    Claim {
        place: at(place),
        bound,
        observes: false,
        members_from: Vec::new(),
        automation: None,
        memberships: Vec::new(),
    }
}

impl Known {
    /// An object is there that has this account, or names it.
    pub fn has_account(mut self, place: &str, id: i64, bound: bool) -> Self {
        self.account_places.insert(at(place), Some(AccountId(id)));
        self.accounts.insert(AccountId(id), claim(place, bound));
        self
    }

    /// As [`Known::has_account`], for a person.
    pub fn has_person(mut self, place: &str, id: i64, email: &str, bound: bool) -> Self {
        self.people_places.insert(at(place), Some(UserId(id)));
        self.emails.insert(email.to_owned(), at(place));
        self.people.insert(UserId(id), claim(place, bound));
        self
    }

    /// Everything in `objects` has been applied, and where `bound`, taken over.
    pub fn after(mut self, objects: &[Value], bound: bool) -> Self {
        for object in objects {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
            let name = text("/metadata/name");
            if text("/kind") == "Namespace" {
                self.namespaces.insert(name, BTreeMap::new());
                continue;
            }
            let place = format!("{}/{name}", text("/metadata/namespace"));
            let observes = object.pointer("/spec/mode").is_some_and(|mode| mode == "Observe");
            let id = object.pointer("/spec/adopt/id").and_then(Value::as_i64);
            self = match text("/kind").as_str() {
                "ChatwootAccount" => {
                    let mut known = self.has_account(&place, id.unwrap(), bound);
                    let spec =
                        object.pointer("/spec/membersFrom").cloned().unwrap_or_else(|| Value::Array(vec![]));
                    let claim = known.accounts.get_mut(&AccountId(id.unwrap())).unwrap();
                    claim.members_from = serde_json::from_value(spec).unwrap();
                    claim.observes = observes;
                    known
                }
                "ChatwootUser" => {
                    let mut known = self.has_person(&place, id.unwrap(), &text("/spec/email"), bound);
                    known.people.get_mut(&UserId(id.unwrap())).unwrap().observes = observes;
                    known
                }
                _ => {
                    let spec = serde_json::from_value(object["spec"].clone()).unwrap();
                    self.grants.insert(name, spec);
                    self
                }
            };
        }
        self
    }
}
