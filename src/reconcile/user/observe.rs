//! The facts of a person's pass, from the caches.

use super::{KIND, UserMemory};
use crate::{
    api::{
        account::ChatwootAccount,
        common::{FINALIZER, LOGIN_LINK_ANNOTATION, Ownership},
        conditions::reason,
        user::{ChatwootUser, Membership, MembershipStatus, UserDeletionPolicy, UserSpec, UserStatus},
    },
    chatwoot::{
        gate::Key,
        marker::{Installation, Marker},
        types::{AccountId, UserId},
    },
    plan::{
        Moment,
        account::{InstanceChoice, Object},
        claims::{self, Claim, Standing},
        consent::{Consent, consent, consent_by_name},
        create::LONGEST_TIMEOUT,
        email::{Email, is_reserved},
        grants::{self, Grants, Tenant, UserRequest},
        memberships::{Declared, Target},
        status,
        user::{Around, Facts, Pass},
    },
    reconcile::{
        account,
        memory::Remembered,
        references::{InstanceKey, Ref},
        surroundings::{self, Home},
        world::World,
    },
};
use kube::ResourceExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Until an instance says otherwise.
const HOUR: Duration = Duration::from_secs(3600);

pub fn facts(
    object: &ChatwootUser,
    world: &Arc<World>,
    remembered: &mut Remembered<UserMemory>,
    at: &Moment,
) -> Option<Facts> {
    let installation = world.installation()?;
    let (namespace, name, uid) = (object.namespace()?, object.name_any(), object.uid()?);
    let who = Key::new(KIND, &namespace, &name);
    let bound = object.status.as_ref().is_some_and(|status| status.id.is_some());
    let home = Home::of(world, &who, remembered.since, bound)?;
    let status = object.status.clone().unwrap_or_default();
    let spec = object.spec.clone();
    let key = world.instance_of(&namespace, status.instance.as_ref(), spec.instance_ref.as_ref());
    let instance =
        surroundings::instance(world, key.as_ref(), object.metadata.deletion_timestamp.is_some(), at)?;
    let tenancy = key.as_ref().map(|key| world.tenancy(key)).unwrap_or_default();
    let grants = surroundings::grants(&tenancy, world);
    let is_home = key.as_ref().is_some_and(|key| key.namespace == namespace);
    let tenant = Tenant { namespace: &namespace, labels: home.labels.as_ref(), home: is_home };
    let email = Email::parse(&spec.email).map_err(|wrong| format!("spec.email: {wrong}"));
    let adopted = status.ownership == Some(Ownership::Adopted) || spec.adopt.is_some();
    let published = spec.credentials_secret.as_ref().is_some_and(|secret| secret.access_token.is_some());
    let credentials = spec.password.is_some() || published;
    let request = email.as_ref().ok().map(|email| UserRequest {
        email,
        adopt: spec.adopt.filter(|_| status.id.is_none()).map(|adopt| UserId(adopt.id)),
        delete: spec.deletion_policy == UserDeletionPolicy::Delete,
        credentials: adopted && credentials,
    });
    // Whether the person was made or adopted may turn out only in this pass, so both are asked for.
    let fit_with = |credentials| {
        request.as_ref().map_or(grants::Fit::Granted, |request| {
            grants::user(&grants, &tenant, &UserRequest { credentials, ..*request })
        })
    };
    let fit = fit_with(false);
    let fit_of_adopted = if credentials { fit_with(true) } else { fit.clone() };
    let link_requested = surroundings::requested_by(object, LOGIN_LINK_ANNOTATION);
    let may_have_link = link_requested.as_ref().map_or(grants::Fit::Granted, |_| fit_with(true));
    let recorded = status.email.as_deref().and_then(|email| Email::parse(email).ok());
    let to_delete = recorded.as_ref().or(email.as_ref().ok());
    let stands = recorded.as_ref().is_some_and(|email| {
        let bare = UserRequest { email, adopt: None, delete: false, credentials: false };
        grants::user(&grants, &tenant, &bare).granted()
    });
    let may_delete =
        to_delete.map_or(grants::Fit::Granted, |email| grants::may_delete_user(&grants, &tenant, email));
    let candidates: BTreeSet<i64> =
        [status.id, spec.adopt.map(|adopt| adopt.id)].into_iter().flatten().collect();
    let adoptable = candidates
        .iter()
        .copied()
        .filter(|id| {
            request.as_ref().is_some_and(|r| grants::may_take_back_user(&grants, &tenant, r, UserId(*id)))
        })
        .collect();
    let standing = match (&key, &email) {
        (Some(key), Ok(email)) => standing(world, key, &grants, email, &uid),
        _ => Standing::Holds,
    };
    let declared: Vec<Declared> =
        spec.memberships.iter().map(|membership| declare(world, key.as_ref(), &home, membership)).collect();
    let left_over = left_over(world, key.as_ref(), &home, &spec, &status);
    let marker = installation.marker(KIND, &namespace, &home.uid, &name, &uid);
    let reserved = reserved(world, key.as_ref(), email.as_ref().ok());
    let told = if adopted { &fit_of_adopted } else { &fit };
    let hash_of = |spec: &UserSpec| {
        let hash =
            wanted_hash(&installation, &marker, spec, told, standing, (&declared, &left_over), &instance);
        // Only where it is so: nobody else is to be looked at anew for it.
        if reserved.is_some() { installation.hash(&[&hash, "reserved"]) } else { hash }
    };
    let hash = hash_of(&spec);
    let reconciled = Some(status.observed_generation) == object.metadata.generation
        || (spec.paused && status.applied == Some(hash_of(&UserSpec { paused: false, ..spec.clone() })));
    let known = key.as_ref().and_then(|key| world.instances.handle(key)).map(|handle| handle.known());
    let timeout = known.as_ref().map_or(LONGEST_TIMEOUT, |known| known.timeout);
    let own = spec.memberships.iter().find(|membership| membership.namespace == namespace);
    let invalid = own.map(|membership| {
        format!(
            "spec.memberships: write the account {} of your own namespace with namespace: \"\", not {namespace}",
            membership.account
        )
    });
    let invalid = reserved.or(invalid);
    let secret_news = secret_news(object, world, &namespace, remembered);
    let first_seen = remembered.first_saw(&object.resource_version().unwrap_or_default(), at.clock);
    let patience = (status.conditions.is_empty() && are_being_made(world, &namespace, &declared))
        .then(|| (first_seen + world.settings.patience).saturating_sub(at.clock))
        .filter(|left| !left.is_zero());
    let is_seen = Some(status.observed_generation) == object.metadata.generation;
    let around = Around {
        instance,
        fit,
        fit_of_adopted,
        stands,
        may_delete,
        email,
        standing,
        invalid,
        marker,
        hash,
        reconciled,
        adoptable,
        taken: surroundings::taken(world, key.as_ref(), &who, &candidates, Ref::UserId),
        vouching: vouching(world, &installation, &namespace, &declared),
        declared,
        left_over,
        link_requested,
        may_have_link,
        secret_news,
        due: remembered.next_check.is_some_and(|due| due <= at.clock),
        grace: world.settings.grace,
        interval: known.as_ref().map_or(HOUR, |known| known.interval),
        settle: timeout * 2 + world.settings.settle_margin,
        revoke_after: world.settings.revoke_after,
        // 500s to another version's write say nothing about this one's.
        write_errors: if is_seen { remembered.write_errors } else { 0 },
        patience,
    };
    Some(Facts {
        object: Object {
            namespace,
            name,
            generation: object.metadata.generation.unwrap_or_default(),
            deleting: object.metadata.deletion_timestamp.is_some(),
            finalizer: object.finalizers().iter().any(|f| f == FINALIZER),
            requested_at: surroundings::requested_at(object),
        },
        spec,
        status,
        around,
        memory: remembered.own.memberships.clone(),
        clock: at.clock,
        pass: Pass::default(),
    })
}

/// Addresses of the operator's own users are nobody else's, whatever grants say, and whether the account is there or not.
fn reserved(world: &World, instance: Option<&InstanceKey>, email: Option<&Email>) -> Option<String> {
    let domain = surroundings::automation_domain(world, instance)?;
    email.filter(|email| is_reserved(email, &domain)).map(|_| {
        format!(
            "spec.email: addresses that begin with chatwoot-operator+ at {domain} are kept for the operator's own users; write \
             another address"
        )
    })
}

/// How the claim of the wanted address stands among everybody who claims it.
fn standing(world: &World, instance: &InstanceKey, grants: &Grants, email: &Email, uid: &str) -> Standing {
    let may_have = |namespace: &str| {
        let labels = world.labels(namespace);
        let tenant = Tenant { namespace, labels: labels.as_ref(), home: instance.namespace == namespace };
        let request = UserRequest { email, adopt: None, delete: false, credentials: false };
        grants::user(grants, &tenant, &request).granted()
    };
    let owners = world.references.to(&Ref::Email(instance.clone(), email.to_string()));
    // The operator's own user in an account has it, from when the instance still said so.
    if owners.iter().any(|owner| owner.kind == account::KIND) {
        return Standing::Taken;
    }
    // Asked once for each namespace: a thousand claims of one tenant must not cost everybody a thousand questions.
    let mut granted: BTreeMap<&str, bool> = BTreeMap::new();
    for owner in &owners {
        granted.entry(&owner.namespace).or_insert_with_key(|namespace| may_have(namespace));
    }
    let claims: Vec<Claim> = (owners.iter())
        .filter_map(|owner| {
            let user = world.caches.users.get(&owner.namespace, &owner.name)?;
            let has = user.status.as_ref().and_then(|status| status.email.as_deref());
            Some(Claim {
                uid: user.uid()?,
                namespace: owner.namespace.clone(),
                name: owner.name.clone(),
                bound: has.is_some_and(|has| has == email.as_str()),
                created: user.creation_timestamp()?.0,
                granted: granted.get(owner.namespace.as_str()).copied().unwrap_or_default(),
            })
        })
        .collect();
    // One that cannot be read may claim the address, where its namespace could be granted it.
    let doubt = world.caches.users.any_unreadable()
        && world.caches.users.unreadable_namespaces().iter().any(|namespace| may_have(namespace));
    claims::standing(uid, &claims, doubt)
}

/// A membership of the spec with what is known about its account.
fn declare(world: &World, key: Option<&InstanceKey>, home: &Home, membership: &Membership) -> Declared {
    let namespace = if membership.namespace.is_empty() { &home.name } else { &membership.namespace };
    let target = match world.caches.accounts.get(namespace, &membership.account) {
        None if world.caches.accounts.is_unreadable(namespace, &membership.account) => Target::Unreadable,
        None if world.caches.accounts.is_unseen(namespace) => Target::Unreadable,
        None => Target::Absent,
        Some(account) if instance_of(world, &account).as_ref() != key => Target::Absent,
        Some(account) => Target::There {
            id: usable_id(&account).filter(|id| !is_outlived(world, key, &account, *id)),
            consent: consent_of(world, namespace, &account, home),
        },
    };
    Declared {
        namespace: membership.namespace.clone(),
        account: membership.account.clone(),
        role: membership.role,
        target,
    }
}

/// Memberships that are recorded and no longer declared, with what is known about their accounts.
fn left_over(
    world: &World,
    key: Option<&InstanceKey>,
    home: &Home,
    spec: &UserSpec,
    status: &UserStatus,
) -> Vec<Declared> {
    let is_declared = |made: &&MembershipStatus| {
        (spec.memberships.iter()).any(|wish| wish.namespace == made.namespace && wish.account == made.account)
    };
    let left = status.memberships.iter().filter(|made| !is_declared(made));
    left.map(|made| {
        let (namespace, account) = (made.namespace.clone(), made.account.clone());
        declare(world, key, home, &Membership { namespace, account, role: made.role })
    })
    .collect()
}

/// Whom an account lets in; a confined operator goes by names alone.
fn consent_of(world: &World, namespace: &str, account: &ChatwootAccount, home: &Home) -> Consent {
    let offers = &account.spec.members_from;
    if world.settings.is_confined() {
        consent_by_name(namespace, offers, &home.name)
    } else {
        consent(namespace, offers, &home.name, home.labels.as_ref())
    }
}

/// The accounts that would let this person in and are not bound yet are all being worked on at this moment. Of others
/// nothing is asked: what becomes of them must not show in how long this takes.
fn are_being_made(world: &World, own: &str, declared: &[Declared]) -> bool {
    let at_work = [reason::PROGRESSING, reason::CREATING];
    let mut waited_for = declared.iter().filter(|wish| {
        matches!(wish.target, Target::There { id: None, consent } if consent.to(wish.role) == Some(true))
    });
    waited_for.all(|wish| {
        let namespace = if wish.namespace.is_empty() { own } else { wish.namespace.as_str() };
        let account = world.caches.accounts.get(namespace, &wish.account);
        let status = account.as_ref().and_then(|account| account.status.as_ref());
        let ready = status.and_then(|status| status::ready_reason(&status.conditions));
        ready.is_none_or(|why| at_work.contains(&why))
    })
}

fn instance_of(world: &World, account: &ChatwootAccount) -> Option<InstanceKey> {
    let bound = account.status.as_ref().and_then(|status| status.instance.as_ref());
    world.instance_of(&account.namespace()?, bound, account.spec.instance_ref.as_ref())
}

/// The account's id, unless it is itself not its resource's, not permitted, or gone.
pub fn usable_id(account: &ChatwootAccount) -> Option<AccountId> {
    let found = account.status.as_ref()?;
    let unusable = [reason::NOT_OWNED, reason::NOT_PERMITTED, reason::EXTERNAL_RESOURCE_MISSING];
    let why = status::ready_reason(&found.conditions).unwrap_or_default();
    (!unusable.contains(&why) && found.deletion.is_none()).then_some(AccountId(found.id?))
}

/// Another resource had this very id given to it later: a Chatwoot that was set back gives ids out once more. Until this
/// one has been looked at, nobody of its tenant may join what is another tenant's by now.
fn is_outlived(world: &World, key: Option<&InstanceKey>, account: &ChatwootAccount, id: AccountId) -> bool {
    let made = |account: &ChatwootAccount| Some(account.status.as_ref()?.creation.as_ref()?.started_at);
    let owners = key.map(|key| world.references.to(&Ref::AccountId(key.clone(), id.0))).unwrap_or_default();
    let others = owners.iter().filter_map(|owner| world.caches.accounts.get(&owner.namespace, &owner.name));
    others.filter(|other| other.uid() != account.uid()).any(|other| made(&other) > made(account))
}

/// The accounts this person is in that can vouch for the Chatwoot, with their markers.
fn vouching(
    world: &World,
    installation: &Installation,
    own: &str,
    declared: &[Declared],
) -> Vec<(i64, Marker)> {
    let proof = |wish: &Declared| {
        let Target::There { id: Some(id), .. } = wish.target else { return None };
        let namespace = if wish.namespace.is_empty() { own } else { wish.namespace.as_str() };
        let resource = world.caches.accounts.get(namespace, &wish.account)?;
        // Its own uid proves it; the namespace's would only help one that is there again.
        let namespace_uid = world.namespace_uid(namespace).unwrap_or_default();
        let marker =
            installation.marker(account::KIND, namespace, &namespace_uid, &wish.account, &resource.uid()?);
        Some((id.0, marker))
    };
    declared.iter().filter_map(proof).take(3).collect()
}

/// A Secret this resource refers to is not what the last pass began with, and not what this process wrote.
fn secret_news(
    object: &ChatwootUser,
    world: &World,
    namespace: &str,
    remembered: &mut Remembered<UserMemory>,
) -> bool {
    let spec = &object.spec;
    let declared =
        spec.password.as_ref().and_then(|password| password.secret_key_ref.as_ref()).map(|r| r.name.clone());
    let published = spec.credentials_secret.as_ref().map(|secret| secret.name.clone());
    let now: BTreeMap<String, Option<String>> = declared
        .into_iter()
        .chain(published.clone())
        .map(|name| (name.clone(), world.secret_version(namespace, &name)))
        .collect();
    let watched = !world.caches.secrets.is_empty();
    let news = match &remembered.own.secrets {
        Some(before) => now.iter().any(|(name, version)| {
            before.get(name) != Some(version)
                && !world.is_own_secret_version(namespace, name, version.as_deref())
        }),
        // After a restart: a Secret that should be there and is not has to be made again.
        None => {
            let recorded = object.status.as_ref().and_then(|status| status.credentials_secret.as_ref());
            watched && recorded.is_some_and(|name| now.get(name) == Some(&None))
        }
    };
    remembered.own.secrets = Some(now);
    remembered.own.secret_news |= news;
    remembered.own.secret_news
}

/// Everything that was wanted: a pass finds its work by comparing this with `status.applied`. The marker is part of it,
/// because of somebody whom a backup brought back nothing is applied yet, whatever their status says.
fn wanted_hash(
    installation: &Installation,
    marker: &Marker,
    spec: &UserSpec,
    fit: &grants::Fit,
    standing: Standing,
    (declared, left_over): (&[Declared], &[Declared]),
    instance: &InstanceChoice,
) -> String {
    let publishes = spec.credentials_secret.is_some();
    let spec = serde_json::to_string(spec).unwrap_or_default();
    let url = match instance {
        InstanceChoice::Known(view) if publishes => view.public_url.clone(),
        _ => String::new(),
    };
    installation.hash(&[
        "user",
        &marker.to_string(),
        &spec,
        &format!("{fit:?}"),
        &format!("{standing:?}"),
        &if left_over.is_empty() { format!("{declared:?}") } else { format!("{declared:?}{left_over:?}") },
        &url,
    ])
}
