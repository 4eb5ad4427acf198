//! From what was found to manifests. Pure: the same facts give the same text.

use super::{
    Choices, Found, grants,
    grants::Needs,
    known::Known,
    notes::Notes,
    people::{self, Person},
    place, values,
};
use crate::{
    api::{GROUP, VERSION, user::Membership},
    chatwoot::types::AccountId,
    runtime::flags::ObjectName,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Manifests of one namespace, in the order in which they are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub namespace: String,
    pub objects: Vec<Value>,
}

impl Part {
    /// Not the one of the grants.
    pub fn is_tenants(&self) -> bool {
        self.objects.iter().all(|object| object.get("kind").is_none_or(|kind| kind != "ChatwootGrant"))
    }
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The grants first, then one part for each namespace.
    pub parts: Vec<Part>,
    pub accounts: usize,
    pub people: usize,
    /// Where every account is, also those that an object has already.
    pub homes: BTreeMap<AccountId, Home>,
    pub notes: Notes,
}

/// An account's object, for what is inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    pub place: ObjectName,
    /// ChatwootUsers of its namespace who declare to be members, by the person's id.
    pub members: BTreeMap<i64, String>,
}

/// Makes manifests for everything found that no object has yet.
pub fn manifests(found: &Found, known: &Known, choices: &Choices) -> Imported {
    let mut notes = Notes::default();
    for unreadable in &known.unreadable {
        notes.look(format!("{unreadable} cannot be read, so it is not known what it has taken over already"));
    }
    let placed = place::accounts(found, known, choices, &mut notes);
    let mut people = people::people(found, &placed, known, &mut notes);
    let mut spaces: BTreeMap<String, (Needs, Vec<Value>)> = BTreeMap::new();
    let mut accounts = 0;
    for account in &found.accounts {
        let Some(to) = placed.get(&account.id).filter(|to| to.held.is_none()) else { continue };
        let offers = people.offers.remove(&account.id).unwrap_or_default();
        let spec = values::account(account, offers, choices, &mut notes);
        let (needs, objects) = spaces.entry(to.place.namespace.clone()).or_default();
        needs.account(account.id.0, &spec);
        objects.push(object("ChatwootAccount", &to.place.namespace, &to.place.name, &spec));
        accounts += 1;
    }
    for person in &people.all {
        let spec =
            values::person(person.user, &person.email, person.memberships.clone(), choices, &mut notes);
        let (needs, objects) = spaces.entry(person.place.namespace.clone()).or_default();
        needs.person(person);
        objects.push(object("ChatwootUser", &person.place.namespace, &person.place.name, &spec));
    }
    let homes = placed.iter().map(|(id, to)| (*id, home(&to.place, &people.all, known))).collect();
    tell_of_namespaces(&spaces, known, &mut notes);
    tell_of_domains(&people.all, &mut notes);
    let mut granted = Vec::new();
    let mut parts = Vec::new();
    for (namespace, (needs, objects)) in spaces {
        for (name, spec) in needs.grants(&namespace, known, choices) {
            granted.push(object("ChatwootGrant", &choices.instance.namespace, &name, &spec));
        }
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        parts.push(Part { objects: [space].into_iter().chain(objects).collect(), namespace });
    }
    if !granted.is_empty() {
        parts.insert(0, Part { namespace: choices.instance.namespace.clone(), objects: granted });
    }
    Imported { parts, accounts, people: people.all.len(), homes, notes }
}

fn home(place: &ObjectName, people: &[Person], known: &Known) -> Home {
    let joins = |memberships: &[Membership]| {
        memberships.iter().any(|one| one.namespace.is_empty() && one.account == place.name)
    };
    let held = known.people.iter().map(|(id, claim)| (id.0, &claim.place, &claim.memberships));
    let printed = people.iter().map(|person| (person.user.id.0, &person.place, &person.memberships));
    let here = held
        .chain(printed)
        .filter(|(_, at, memberships)| at.namespace == place.namespace && joins(memberships));
    Home { place: place.clone(), members: here.map(|(id, at, _)| (id, at.name.clone())).collect() }
}

/// Without what says no more than the default.
pub fn object(kind: &str, namespace: &str, name: &str, spec: &impl Serialize) -> Value {
    let mut spec = serde_json::to_value(spec).unwrap_or_default();
    if let Value::Object(fields) = &mut spec {
        for flag in ["paused", "suspended", "installationWide"] {
            if fields.get(flag) == Some(&Value::Bool(false)) {
                fields.remove(flag);
            }
        }
        // Of an account this is the default; of a person it is not.
        if kind == "ChatwootAccount" {
            fields.remove("deletionPolicy");
        }
    }
    json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}

/// A namespace that somebody else made may not be meant for this tenant.
fn tell_of_namespaces(spaces: &BTreeMap<String, (Needs, Vec<Value>)>, known: &Known, notes: &mut Notes) {
    let used = |namespace: &str| {
        let mut places = known.account_places.keys().chain(known.people_places.keys());
        places.any(|place| place.namespace == namespace)
    };
    for namespace in spaces.keys().filter(|name| known.namespaces.contains_key(*name) && !used(name)) {
        notes.tell(format!(
            "namespace {namespace} exists already: see that it is this tenant's, or choose another --namespace-template"
        ));
    }
}

/// Whoever may claim addresses of a domain may claim any of it.
fn tell_of_domains(people: &[Person], notes: &mut Notes) {
    let addresses = people.iter().map(|person| (person.place.namespace.as_str(), &person.email));
    for (domain, count) in grants::shared_domains(addresses) {
        notes.tell(format!(
            "the grants of {count} namespaces list the e-mail domain {domain}: each of them may claim free addresses there"
        ));
    }
}
