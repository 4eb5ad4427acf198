//! Where each person lives, and which memberships they declare.

use super::{
    Found,
    ids::Ids,
    known::{Claim, Known},
    notes::{Notes, shown},
    place::{Placed, marked},
    slug::{free, slug},
    values,
};
use crate::{
    api::{
        account::MembersFrom,
        common::{NamespaceSelector, Role},
        user::Membership,
    },
    chatwoot::types::{AccountId, MemberRole, User},
    cli::kinds::KindName,
    plan::{consent::consent, email::Email},
    runtime::flags::ObjectName,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Caps of the definitions.
const MEMBERSHIPS: usize = 100;
const OFFERS: usize = 20;
const NAMES: usize = 100;

/// A person whose manifest is printed.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    pub user: &'a User,
    pub email: Email,
    pub place: ObjectName,
    pub memberships: Vec<Membership>,
}

/// Everybody who is taken over, and the members from elsewhere that each printed account must consent to.
pub struct People<'a> {
    pub all: Vec<Person<'a>>,
    pub offers: BTreeMap<AccountId, Vec<MembersFrom>>,
}

type Accounts = BTreeMap<AccountId, Placed>;

/// Finds everybody a home. In order of their ids, so that the same people get the same names in every run.
pub fn people<'a>(found: &'a Found, accounts: &Accounts, known: &Known, notes: &mut Notes) -> People<'a> {
    let mut people = Vec::new();
    let mut names = BTreeSet::new();
    let (mut bound, mut homeless) = (BTreeSet::new(), BTreeSet::new());
    let crowd = Crowd::new(found, accounts);
    for user in &found.people {
        let id = user.id;
        let claim = known.people.get(&id);
        if claim.is_some_and(|claim| claim.bound) {
            bound.insert(id.0);
            continue;
        }
        let Some(email) = fit(user, notes) else { continue };
        if known.is_own(id, &email) {
            notes.tell(format!("user {id} is left out: it is the operator's own in an account, or has an address kept for those"));
            continue;
        }
        let Some(home) = crowd.home(user, &email, accounts) else {
            homeless.insert(id.0);
            continue;
        };
        let place = match claim.and_then(Claim::keeps) {
            Some(place) => place.clone(),
            None => name(user, &email, home, known, &names),
        };
        names.insert(place.clone());
        if let Some(claim) = claim.filter(|claim| claim.place != place) {
            notes.tell(format!("user {id} is left out: adopt.id of ChatwootUser {} names them", claim.place));
            continue;
        }
        if let Some(other) = known.emails.get(email.as_str()).filter(|other| **other != place) {
            notes.look(format!("user {id} is left out: ChatwootUser {other} claims their address"));
            continue;
        }
        if marked(known.mark(KindName::User, &place, &user.custom_attributes), &format!("user {id}"), notes) {
            continue;
        }
        let memberships = memberships(user, &place.namespace, accounts, known, notes);
        people.push(Person { user, email, place, memberships });
    }
    if !bound.is_empty() {
        notes.tell(format!("users {} are left out: objects are bound to them already", Ids(bound)));
    }
    if !homeless.is_empty() {
        notes
            .look(format!("users {} are left out: they are in no account that is taken over", Ids(homeless)));
    }
    let offers = offers(&mut people, accounts, notes);
    People { all: people, offers }
}

/// By the part of their address before the @.
fn name(user: &User, email: &Email, home: String, known: &Known, given: &BTreeSet<ObjectName>) -> ObjectName {
    let id = user.id;
    let base = email.as_str().split('@').next().and_then(slug).unwrap_or_else(|| format!("user-{id}"));
    let place = |name: &str| ObjectName { namespace: home.clone(), name: name.to_owned() };
    let name = free(&base, id.0, |name| {
        let place = place(name);
        let theirs = known.people_places.get(&place).is_some_and(|claimed| *claimed != Some(id));
        !theirs && !given.contains(&place)
    });
    place(&name)
}

/// The person's address, where a manifest can hold them.
fn fit(user: &User, notes: &mut Notes) -> Option<Email> {
    if let Err(why) = values::name(&user.name) {
        notes.look(format!("user {} is left out: their name {why}; rename them in Chatwoot", user.id));
        return None;
    }
    let email = Email::parse(&user.email).ok();
    if email.is_none() {
        notes.look(format!(
            "user {} is left out: a manifest cannot hold the address {}",
            user.id,
            shown(&user.email)
        ));
    }
    email
}

/// How many people with addresses of one domain are in a namespace's accounts.
struct Crowd(BTreeMap<(String, String), usize>);

impl Crowd {
    fn new(found: &Found, accounts: &Accounts) -> Self {
        let mut counts = BTreeMap::new();
        for user in &found.people {
            let Ok(email) = Email::parse(&user.email) else { continue };
            let namespaces: BTreeSet<&str> =
                placed(user, accounts).map(|(_, to)| to.place.namespace.as_str()).collect();
            for namespace in namespaces {
                *counts.entry((email.domain().to_owned(), namespace.to_owned())).or_default() += 1;
            }
        }
        Self(counts)
    }

    /// The namespace among those of the person's accounts that has most people of the same e-mail domain, which is most
    /// likely their employer's; of several that of the oldest account.
    fn home(&self, user: &User, email: &Email, accounts: &Accounts) -> Option<String> {
        let of = |namespace: &str| self.0.get(&(email.domain().to_owned(), namespace.to_owned())).copied();
        let best = placed(user, accounts).max_by_key(|(id, to)| (of(&to.place.namespace), Reverse(*id)));
        best.map(|(_, to)| to.place.namespace.clone())
    }
}

/// The person's accounts that have a place, with any role.
fn placed<'a>(user: &'a User, accounts: &'a Accounts) -> impl Iterator<Item = (AccountId, &'a Placed)> {
    user.belongings.iter().filter_map(|one| Some((one.account, accounts.get(&one.account)?)))
}

fn memberships(
    user: &User,
    home: &str,
    accounts: &Accounts,
    known: &Known,
    notes: &mut Notes,
) -> Vec<Membership> {
    let id = user.id;
    let mut declared = BTreeMap::new();
    for one in &user.belongings {
        let Some(to) = accounts.get(&one.account) else { continue };
        let Some(role) = one.role.map(role) else {
            notes.look(format!("user {id}: the membership in account {} is not declared: it has no role (neither agent nor administrator)", one.account));
            continue;
        };
        let may = match &to.held {
            None => true,
            Some(offered) => {
                consent(&to.place.namespace, offered, home, known.namespaces.get(home)).to(role) == Some(true)
            }
        };
        if !may {
            notes.look(format!(
                "user {id}: the membership in ChatwootAccount {} is not declared: its membersFrom does not name namespace {home} \
                 with role {role}",
                to.place
            ));
            continue;
        }
        let namespace = if to.place.namespace == home { String::new() } else { to.place.namespace.clone() };
        let account = to.place.name.clone();
        declared.insert(one.account, Membership { namespace, account, role });
    }
    if declared.len() > MEMBERSHIPS {
        notes.look(format!(
            "user {id}: {} of {} memberships are not declared: a manifest holds {MEMBERSHIPS}",
            declared.len() - MEMBERSHIPS,
            declared.len()
        ));
    }
    declared.into_values().take(MEMBERSHIPS).collect()
}

fn role(role: MemberRole) -> Role {
    match role {
        MemberRole::Agent => Role::Agent,
        MemberRole::Administrator => Role::Administrator,
    }
}

/// The consent of each printed account: namespaces with the same roles together. What does not fit is not declared.
fn offers(
    people: &mut [Person],
    accounts: &Accounts,
    notes: &mut Notes,
) -> BTreeMap<AccountId, Vec<MembersFrom>> {
    let printed = accounts.iter().filter(|(_, to)| to.held.is_none());
    let ids: BTreeMap<&ObjectName, AccountId> = printed.map(|(id, to)| (&to.place, *id)).collect();
    let mut guests: BTreeMap<AccountId, BTreeMap<String, BTreeSet<Role>>> = BTreeMap::new();
    for person in people.iter() {
        for one in person.memberships.iter().filter(|one| !one.namespace.is_empty()) {
            let account = ObjectName { namespace: one.namespace.clone(), name: one.account.clone() };
            if let Some(id) = ids.get(&account) {
                let roles = guests.entry(*id).or_default().entry(person.place.namespace.clone()).or_default();
                roles.insert(one.role);
            }
        }
    }
    let mut all = BTreeMap::new();
    for (id, guests) in guests {
        let mut groups: BTreeMap<Vec<Role>, Vec<String>> = BTreeMap::new();
        for (namespace, roles) in guests {
            groups.entry(roles.into_iter().collect()).or_default().push(namespace);
        }
        let mut offers = Vec::new();
        for (roles, names) in groups {
            let part = |names: &[String]| MembersFrom {
                namespaces: NamespaceSelector { names: names.to_vec(), selector: None },
                roles: roles.clone(),
            };
            offers.extend(names.chunks(NAMES).map(part));
        }
        if offers.len() > OFFERS {
            notes.look(format!(
                "account {id}: its people live in more namespaces than membersFrom can name; some memberships are not declared"
            ));
            offers.truncate(OFFERS);
            if let Some(to) = accounts.get(&id) {
                people.iter_mut().for_each(|person| person.leave_uninvited(&to.place, &offers));
            }
        }
        all.insert(id, offers);
    }
    all
}

impl Person<'_> {
    fn leave_uninvited(&mut self, account: &ObjectName, offers: &[MembersFrom]) {
        let home = &self.place.namespace;
        let invited = |role| {
            offers.iter().any(|offer| offer.roles.contains(&role) && offer.namespaces.names.contains(home))
        };
        self.memberships.retain(|one| {
            (&one.namespace, &one.account) != (&account.namespace, &account.name) || invited(one.role)
        });
    }
}
