//! What the cluster holds already, as far as it concerns what is taken over.

use crate::{
    api::{account::MembersFrom, common::Mode, grant::GrantSpec, user::Membership},
    chatwoot::{
        marker::{Installation, Reading},
        types::{AccountId, Map, UserId},
    },
    cli::kinds::KindName,
    plan::email::{Email, is_reserved},
    reconcile::{references::InstanceKey, surroundings::automation_domain, world::World},
    runtime::flags::ObjectName,
};
use kube::{Resource, ResourceExt};
use std::collections::{BTreeMap, BTreeSet};

/// An object that has an account or a person of Chatwoot, or names it in `adopt.id`.
#[derive(Clone, Debug)]
pub struct Claim {
    pub place: ObjectName,
    /// Its id is recorded; otherwise only `adopt.id` names it.
    pub bound: bool,
    /// In mode Observe: an earlier run has made it, or somebody who wants to see the same.
    pub observes: bool,
    /// Of an account.
    pub members_from: Vec<MembersFrom>,
    /// Of an account: the operator's own user in it, and the uid of its object.
    pub automation: Option<(UserId, String)>,
    /// Of a person.
    pub memberships: Vec<Membership>,
}

/// What the cluster holds.
#[derive(Clone, Debug)]
pub struct Known {
    pub accounts: BTreeMap<AccountId, Claim>,
    pub people: BTreeMap<UserId, Claim>,
    /// Every ChatwootAccount there is, and the id of this instance that it claims.
    pub account_places: BTreeMap<ObjectName, Option<AccountId>>,
    pub people_places: BTreeMap<ObjectName, Option<UserId>>,
    /// Who claims an e-mail address on this instance.
    pub emails: BTreeMap<String, ObjectName>,
    /// The operator's own users in accounts, and the domain that keeps addresses for them.
    pub own_users: BTreeSet<UserId>,
    pub own_domain: Option<String>,
    /// Grants beside the instance, by name.
    pub grants: BTreeMap<String, GrantSpec>,
    /// Namespaces and their labels.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// Namespaces where no tenant belongs.
    pub reserved: BTreeSet<String>,
    /// Objects that cannot be read, as `ChatwootUser acme/alice`: they may claim anything.
    pub unreadable: Vec<String>,
    pub installation: Installation,
}

impl Claim {
    /// Where the object stays that is printed again: one that only observes keeps its place, whatever has become of the
    /// names in Chatwoot since.
    pub fn keeps(&self) -> Option<&ObjectName> {
        (self.observes && !self.bound).then_some(&self.place)
    }
}

impl Known {
    /// Asks nobody: the world has been read.
    pub fn of(world: &World, instance: &InstanceKey, installation: Installation) -> Self {
        let mut known = Self {
            accounts: BTreeMap::new(),
            people: BTreeMap::new(),
            account_places: BTreeMap::new(),
            people_places: BTreeMap::new(),
            emails: BTreeMap::new(),
            own_users: BTreeSet::new(),
            own_domain: automation_domain(world, Some(instance)),
            grants: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            reserved: reserved(world, instance),
            unreadable: Vec::new(),
            installation,
        };
        known.read_accounts(world, instance);
        known.read_people(world, instance);
        for grant in world.caches.grants.all() {
            if grant.namespace().as_ref() == Some(&instance.namespace) {
                known.grants.insert(grant.name_any(), grant.spec.clone());
            }
        }
        for namespace in world.caches.namespaces.all() {
            known.namespaces.insert(namespace.name_any(), namespace.labels().clone());
        }
        known
    }

    fn read_accounts(&mut self, world: &World, instance: &InstanceKey) {
        for object in world.caches.accounts.all() {
            let place = place(&*object);
            let status = object.status.clone().unwrap_or_default();
            let on = world.instance_of(
                &place.namespace,
                status.instance.as_ref(),
                object.spec.instance_ref.as_ref(),
            );
            let named = object.spec.adopt.map(|adopt| adopt.id);
            let id = status.id.or(named).filter(|_| on.as_ref() == Some(instance)).map(AccountId);
            if let Some(id) = id {
                let claim = Claim {
                    place: place.clone(),
                    bound: status.id.is_some(),
                    observes: object.spec.mode == Mode::Observe,
                    members_from: object.spec.members_from.clone(),
                    automation: status.automation_user().map(UserId).zip(object.uid()),
                    memberships: Vec::new(),
                };
                put(&mut self.accounts, id, claim);
            }
            let own = status.automation.and_then(|own| own.user_id).filter(|_| on.as_ref() == Some(instance));
            self.own_users.extend(own.map(UserId));
            self.account_places.insert(place, id);
        }
        for (name, _) in world.caches.accounts.all_unreadable() {
            self.unreadable.push(format!("{} {name}", KindName::Account.kind()));
            self.account_places.extend(name.parse().ok().map(|place: ObjectName| (place, None)));
        }
    }

    fn read_people(&mut self, world: &World, instance: &InstanceKey) {
        for object in world.caches.users.all() {
            let place = place(&*object);
            let status = object.status.clone().unwrap_or_default();
            let on = world.instance_of(
                &place.namespace,
                status.instance.as_ref(),
                object.spec.instance_ref.as_ref(),
            );
            let is_here = on.as_ref() == Some(instance);
            let named = object.spec.adopt.map(|adopt| adopt.id);
            let id = status.id.or(named).filter(|_| is_here).map(UserId);
            if let Some(id) = id {
                let claim = Claim {
                    place: place.clone(),
                    bound: status.id.is_some(),
                    observes: object.spec.mode == Mode::Observe,
                    members_from: Vec::new(),
                    automation: None,
                    memberships: object.spec.memberships.clone(),
                };
                put(&mut self.people, id, claim);
            }
            if is_here {
                for email in status.email.iter().chain([&object.spec.email]) {
                    self.emails.insert(email.to_ascii_lowercase(), place.clone());
                }
            }
            self.people_places.insert(place, id);
        }
        for (name, _) in world.caches.users.all_unreadable() {
            self.unreadable.push(format!("{} {name}", KindName::User.kind()));
            self.people_places.extend(name.parse().ok().map(|place: ObjectName| (place, None)));
        }
    }

    /// The person is the operator's own user in an account, or has an address kept for one: no resource may have them.
    pub fn is_own(&self, id: UserId, email: &Email) -> bool {
        let reserved = self.own_domain.as_ref().is_some_and(|domain| is_reserved(email, domain));
        reserved || self.own_users.contains(&id)
    }

    /// Whose something with `attributes` is, seen from an object of this kind and place that does not exist yet.
    pub fn mark(&self, kind: KindName, place: &ObjectName, attributes: &Map) -> Mark {
        // No object has these UIDs, so what is left to agree is the installation and the name.
        let mine = self.installation.marker(kind.kind(), &place.namespace, "", &place.name, "-");
        match mine.read(attributes) {
            Reading::Absent => Mark::Free,
            Reading::Ours | Reading::Recreated | Reading::Restored => Mark::Free,
            Reading::Foreign if mine.same_installation(attributes) => Mark::LetGo,
            Reading::Foreign => Mark::Foreign,
        }
    }
}

/// What a marker says to somebody who wants to take its bearer over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// There is none, or one of an object of exactly this name.
    Free,
    /// It is this operator's, of an object of another name that is not there any more.
    LetGo,
    /// It is another operator's, or none at all.
    Foreign,
}

/// Bound beats named, and of two the first by name stays.
fn put<K: Ord>(claims: &mut BTreeMap<K, Claim>, id: K, claim: Claim) {
    match claims.get(&id) {
        Some(other) if (!other.bound, &other.place) <= (!claim.bound, &claim.place) => {}
        _ => drop(claims.insert(id, claim)),
    }
}

fn place<K: Resource>(object: &K) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}

/// Whoever puts a tenant here puts it beside what runs the cluster, or where everything is allowed.
fn reserved(world: &World, instance: &InstanceKey) -> BTreeSet<String> {
    let settings = &world.settings;
    let own = settings.instance_namespaces.iter().chain([&settings.namespace, &instance.namespace]).cloned();
    own.chain(["default".to_owned()]).collect()
}

/// Kubernetes keeps names with this prefix for itself.
pub const RESERVED_PREFIX: &str = "kube-";
