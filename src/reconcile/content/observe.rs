//! The facts of a pass over something inside an account, from the caches.

use super::{
    Content, ContentMemory,
    names::Around as Surroundings,
    others,
    place::{self, Site},
    recorded,
};
use crate::{
    api::{
        common::FINALIZER,
        content::{ContentDeletionPolicy, ContentStatus},
    },
    chatwoot::marker::Installation,
    plan::{
        Moment,
        account::Object,
        claims::{self, Claim, Standing},
        content::{Around, FRESH, Facts, MADE_UNDER, Manner, Named, Naming, Pass, Place, Wish},
        create::LONGEST_TIMEOUT,
        status::{self, Verdict},
    },
    reconcile::{automation, memory::Remembered, references::Ref, surroundings, world::World},
};
use kube::ResourceExt;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Until an instance says otherwise.
const HOUR: Duration = Duration::from_secs(3600);
pub fn facts<C: Content>(
    object: &C,
    world: &Arc<World>,
    remembered: &mut Remembered<ContentMemory>,
    at: &Moment,
) -> Option<Facts> {
    let installation = world.installation()?;
    let (namespace, name, uid) = (object.namespace()?, object.name_any(), object.uid()?);
    if world.is_unseen(C::TRAIT.kind, &namespace) {
        return None;
    }
    let within = object.within();
    let leaving = object.meta().deletion_timestamp.is_some();
    let mut status = object.status().cloned().unwrap_or_default();
    let site = place::of(world, (&namespace, &within.account), (status.id.is_some(), leaving), at)?;
    let is_wide = object.installation_wide().is_some();
    let is_there = recorded::is_same_chatwoot(world, (&namespace, &within.account), &status, at);
    let left_behind = recorded::forget_other_account(&mut status, &site.place, is_wide, is_there);
    let binding = match &site.place {
        Place::Open(now) => Some(now.clone()),
        Place::Waiting(_) | Place::Gone(_) => status.account.clone(),
    };
    let id = binding.as_ref().map(|account| account.id);
    let surroundings = Surroundings {
        world,
        namespace: &namespace,
        account: &within.account,
        binding: binding.as_ref(),
        version: site.version,
    };
    let mut wish = object.wish(&surroundings).map(|wish| wish.sealed(C::TRAIT));
    // A grant that has gone freezes what is inside with its account. What its author gives up may go all the same.
    if !leaving && let Some(refusal) = place::refusal(world, (&namespace, &within.account), object.needs())? {
        wish = Err(refusal);
    }
    let standing = standing(object, world, &namespace, &uid);
    let hash = wanted_hash(object, &installation, &wish, standing, id, &site);
    let is_seen = Some(status.observed_generation) == object.meta().generation;
    let recently = at.clock.saturating_sub(FRESH);
    // Whoever asks for a look means one that comes after; and what was there before the resource was is not its own.
    let requested_at = surroundings::requested_at(object);
    let requested = requested_at.is_some() && requested_at != status.last_handled_reconcile_at;
    let seen_at = remembered.first_saw(&object.resource_version().unwrap_or_default(), at.clock);
    let patience = (site.is_being_made && status.conditions.is_empty())
        .then(|| (seen_at + world.settings.patience).saturating_sub(at.clock))
        .filter(|left| !left.is_zero());
    let is_due = remembered.next_check.is_some_and(|due| due <= at.clock);
    let secret_news = secret_news(object, world, &namespace, remembered);
    let is_settled = is_seen
        && status.applied.as_deref() == Some(hash.as_str())
        && status::is_ready(&status.conditions)
        && !(leaving || requested || is_due || secret_news);
    let around = Around {
        patience,
        has_token: automation::held(world, &site.uid).is_some(),
        temporary: format!("{MADE_UNDER}{}", installation.hash(&["temporary", C::TRAIT.kind, &uid])),
        // Who looks at nothing need not know of anybody.
        others: if is_settled { Vec::new() } else { others::of(object, world, binding.as_ref(), at) },
        left_behind,
        elsewhere: !is_there,
        standing,
        hash,
        secret_news,
        due: is_due,
        fresh_from: if requested || status.id.is_none() { seen_at.max(recently) } else { recently },
        seen_at,
        requested_since: requested_since(&status, remembered, at),
        settle: site.timeout.unwrap_or(LONGEST_TIMEOUT) * 2 + world.settings.settle_margin,
        grace: world.settings.grace,
        interval: site.interval.unwrap_or(HOUR),
        // 500s to another version's write say nothing about this one's.
        write_errors: if is_seen { remembered.write_errors } else { 0 },
        place: site.place,
        wish,
    };
    Some(Facts {
        kind: C::TRAIT,
        account: within.account.clone(),
        object: Object {
            namespace,
            name,
            generation: object.meta().generation.unwrap_or_default(),
            deleting: leaving,
            finalizer: object.finalizers().iter().any(|f| f == FINALIZER),
            requested_at,
        },
        manner: Manner {
            adopt: within.adopt,
            deletes: object.deletion_policy() == ContentDeletionPolicy::Delete,
            mode: within.mode,
            paused: within.paused,
            installation_wide: is_wide,
        },
        status,
        around,
        clock: at.clock,
        pass: Pass::default(),
    })
}

/// How the claim of the wanted key stands among those of the same account. Two resources with one key would undo each
/// other's work for ever.
fn standing<C: Content>(object: &C, world: &World, namespace: &str, uid: &str) -> Standing {
    if matches!(C::TRAIT.naming, Naming::Temporary(_)) {
        return Standing::Holds;
    }
    let (key, cache) = (C::TRAIT.known(&object.key()), C::cache(&world.caches));
    let what =
        Ref::ContentKey(C::TRAIT.kind, namespace.to_owned(), object.within().account.clone(), key.clone());
    let claim = |name: &str| {
        let other = cache.get(namespace, name)?;
        // What a request may have made counts like what it has.
        let status = other.status();
        let noted = status.and_then(|status| status.creation.as_ref()).map(|note| &note.name);
        let has = [status.and_then(|status| status.key.as_ref()), noted].contains(&Some(&key));
        Some(Claim {
            uid: other.uid()?,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            bound: has,
            created: other.creation_timestamp()?.0,
            granted: true,
        })
    };
    let claims: Vec<Claim> =
        world.references.to(&what).iter().filter_map(|owner| claim(&owner.name)).collect();
    if claims.is_empty() {
        return Standing::Holds;
    }
    claims::standing(uid, &claims, !cache.unreadable_in(namespace).is_empty())
}

/// When this process first saw the request that the status notes.
fn requested_since(
    status: &ContentStatus,
    remembered: &mut Remembered<ContentMemory>,
    at: &Moment,
) -> Option<Duration> {
    let started = status.creation.as_ref().map(|creation| creation.started_at);
    remembered.own.requested = match (started, remembered.own.requested) {
        (Some(started), Some((known, since))) if known == started => Some((known, since)),
        (Some(started), _) => Some((started, at.clock)),
        (None, _) => None,
    };
    remembered.own.requested.map(|(_, since)| since)
}

/// A Secret that it reads or writes is not what the last pass began with, and not what this process wrote.
fn secret_news<C: Content>(
    object: &C,
    world: &World,
    namespace: &str,
    remembered: &mut Remembered<ContentMemory>,
) -> bool {
    let written = object.connection().map(|secret| &secret.name);
    let read = object.named().into_iter().filter_map(|named| match named {
        Named::Secret(name) => Some(name),
        Named::Member(_) | Named::Sibling(..) => None,
    });
    let now: BTreeMap<String, Option<String>> = (read.chain(written.cloned()))
        .map(|name| (name.clone(), world.secret_version(namespace, &name)))
        .collect();
    let news = match &remembered.own.secrets {
        Some(before) => now.iter().any(|(name, version)| {
            before.get(name) != Some(version)
                && !world.is_own_secret_version(namespace, name, version.as_deref())
        }),
        // After a restart: a Secret that should be there and is not has to be made again.
        None => {
            let recorded = object.status().and_then(|status| status.connection_secret.as_ref());
            let is_missing = written.is_some_and(|name| now.get(name) == Some(&None));
            !world.caches.secrets.is_empty() && written.is_some() && recorded == written && is_missing
        }
    };
    remembered.own.secrets = Some(now);
    remembered.own.secret_news |= news;
    remembered.own.secret_news
}

/// Everything that was wanted: a pass finds its work by comparing this with `status.applied`.
fn wanted_hash<C: Content>(
    object: &C,
    installation: &Installation,
    wish: &Result<Wish, Verdict>,
    standing: Standing,
    account: Option<i64>,
    site: &Site,
) -> String {
    let spec = serde_json::to_string(object.spec()).unwrap_or_default();
    let url = if object.connection().is_some() { site.public_url.as_str() } else { "" };
    installation.hash(&[
        C::TRAIT.kind,
        &spec,
        &format!("{wish:?}"),
        &format!("{standing:?}"),
        &format!("{account:?}"),
        url,
    ])
}
