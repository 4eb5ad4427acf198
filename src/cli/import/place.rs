//! Where each account goes: its namespace and the name of its object.

use super::{
    Choices, Found,
    ids::Ids,
    known::{Claim, Known, Mark, RESERVED_PREFIX},
    notes::{Notes, shown},
    slug::{free, slug},
    values,
};
use crate::{
    api::account::MembersFrom,
    chatwoot::types::{Account, AccountId, AccountState},
    cli::kinds::KindName,
    runtime::flags::ObjectName,
};
use std::collections::{BTreeMap, BTreeSet};

/// An account that has a place.
#[derive(Clone, Debug)]
pub struct Placed {
    pub place: ObjectName,
    /// `None`: its manifest is printed. Otherwise an object has it already, and consents to these members.
    pub held: Option<Vec<MembersFrom>>,
}

/// Every account that is taken over or has an object already. In order of their ids, so that the same accounts get the
/// same names in every run.
pub fn accounts(
    found: &Found,
    known: &Known,
    choices: &Choices,
    notes: &mut Notes,
) -> BTreeMap<AccountId, Placed> {
    let mut placed = BTreeMap::new();
    let mut given = Given::default();
    let mut bound = BTreeSet::new();
    for account in &found.accounts {
        let id = account.id;
        let claim = known.accounts.get(&id);
        if let Some(claim) = claim.filter(|claim| claim.bound) {
            bound.insert(id.0);
            placed.insert(id, held(claim));
            continue;
        }
        if let Err(why) = values::name(&account.name) {
            notes.look(format!(
                "account {id} {} is left out: its name {why}; rename it in Chatwoot",
                shown(&account.name)
            ));
            continue;
        }
        let place = match claim.and_then(Claim::keeps) {
            Some(place) => given.keep(id, place),
            None => given.place(account, known, choices, notes),
        };
        if let Some(claim) = claim.filter(|claim| claim.place != place) {
            notes.tell(format!(
                "account {id} is left out: adopt.id of ChatwootAccount {} names it",
                claim.place
            ));
            placed.insert(id, held(claim));
            continue;
        }
        if marked(
            known.mark(KindName::Account, &place, &account.custom_attributes),
            &format!("account {id}"),
            notes,
        ) {
            continue;
        }
        placed.insert(id, Placed { place, held: None });
    }
    if !bound.is_empty() {
        notes.tell(format!("accounts {} are left out: objects are bound to them already", Ids(bound)));
    }
    suspended(found, &placed, choices, notes);
    placed
}

fn held(claim: &Claim) -> Placed {
    Placed { place: claim.place.clone(), held: Some(claim.members_from.clone()) }
}

/// Whether somebody else's marker keeps it from being taken over, which is then said.
pub fn marked(mark: Mark, what: &str, notes: &mut Notes) -> bool {
    match mark {
        Mark::Free => return false,
        Mark::LetGo => notes.look(format!(
            "{what} is left out: it carries the marker of an object of another name that let it go; remove the custom attribute \
             chatwoot_operator in Chatwoot to take it over"
        )),
        Mark::Foreign => {
            notes.look(format!("{what} is left out: it carries the marker of another installation of the operator"));
        }
    }
    true
}

/// A suspension is not handed to the tenant: the grant that allows the field would also let them lift it.
fn suspended(found: &Found, placed: &BTreeMap<AccountId, Placed>, choices: &Choices, notes: &mut Notes) {
    let printed = |account: &&Account| placed.get(&account.id).is_some_and(|placed| placed.held.is_none());
    let suspended = found.accounts.iter().filter(printed).filter(|one| one.state == AccountState::Suspended);
    let ids = Ids(suspended.map(|account| account.id.0).collect());
    if ids.0.is_empty() {
        return;
    }
    if choices.fields.contains(&values::Field::State) {
        notes.tell(format!(
            "accounts {ids} are suspended, and their grants allow State: with that their tenants can lift it"
        ));
    } else {
        notes.tell(format!(
            "accounts {ids} are suspended and stay so; state is not declared, because the grant that it takes would let their \
             tenants lift it"
        ));
    }
}

/// Names given in this run.
#[derive(Default)]
struct Given {
    namespaces: BTreeMap<String, AccountId>,
    accounts: BTreeSet<ObjectName>,
}

impl Given {
    fn keep(&mut self, id: AccountId, place: &ObjectName) -> ObjectName {
        self.namespaces.entry(place.namespace.clone()).or_insert(id);
        self.accounts.insert(place.clone());
        place.clone()
    }

    fn place(
        &mut self,
        account: &Account,
        known: &Known,
        choices: &Choices,
        notes: &mut Notes,
    ) -> ObjectName {
        let id = account.id;
        let own = slug(&account.name).unwrap_or_else(|| format!("account-{id}"));
        let wanted = choices.template.render(&own, id.0);
        // What begins like Kubernetes' own is never free, whatever stands behind it.
        let base = if wanted.starts_with(RESERVED_PREFIX) { format!("account-{id}") } else { wanted.clone() };
        let namespace = free(&base, id.0, |name| self.is_free(name, id, known, choices));
        if namespace != wanted {
            notes.tell(format!(
                "account {id} goes to namespace {namespace}, because {wanted} is not free for it"
            ));
        }
        self.namespaces.entry(namespace.clone()).or_insert(id);
        let place = |name: &str| ObjectName { namespace: namespace.clone(), name: name.to_owned() };
        let name = free(&own, id.0, |name| {
            let place = place(name);
            let theirs = known.account_places.get(&place).is_some_and(|claimed| *claimed != Some(id));
            !theirs && !self.accounts.contains(&place)
        });
        let place = place(&name);
        self.accounts.insert(place.clone());
        place
    }

    /// Nobody is put where the company's own things are; and, unless all are meant to live together, nobody beside
    /// another account, or people of others.
    fn is_free(&self, name: &str, id: AccountId, known: &Known, choices: &Choices) -> bool {
        if known.reserved.contains(name) || name.starts_with(RESERVED_PREFIX) {
            return false;
        }
        if !choices.template.is_per_account() {
            return true;
        }
        let lives_there = |place: &ObjectName| place.namespace == name;
        let mut others = known.account_places.iter().filter(|(_, claimed)| **claimed != Some(id));
        self.namespaces.get(name).is_none_or(|other| *other == id)
            && !others.any(|(place, _)| lives_there(place))
            && !known.people_places.keys().any(lives_there)
    }
}
