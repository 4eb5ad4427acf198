//! The facts of an account's pass, from the caches.

use super::KIND;
use crate::{
    api::{
        account::{AccountDeletionPolicy, AccountSpec, ChatwootAccount},
        common::{FINALIZER, RESOLVE_ANNOTATION},
    },
    chatwoot::{features::check_feature, gate::Key, locales::check_locale, types::AccountId},
    plan::{
        Moment,
        account::{Around, Done, Facts, InstanceChoice, Object, Remote, automation, settings},
        create,
        entitlements::Planned,
        grants::{self, AccountRequest, Tenant},
    },
    reconcile::{
        automation::{content_leaving, marker as own_marker},
        instances::Handle,
        memory::Remembered,
        offer,
        references::Ref,
        surroundings::{self, Home},
        world::World,
    },
};
use kube::ResourceExt;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Until an instance says otherwise.
const HOUR: Duration = Duration::from_secs(3600);

pub fn facts(
    object: &ChatwootAccount,
    world: &Arc<World>,
    remembered: &mut Remembered<create::Memory>,
    at: &Moment,
) -> Option<Facts> {
    let installation = world.installation()?;
    let (namespace, name) = (object.namespace()?, object.name_any());
    let who = Key::new(KIND, &namespace, &name);
    let bound = object.status.as_ref().is_some_and(|status| status.id.is_some());
    let home = Home::of(world, &who, remembered.since, bound)?;
    let uid = object.uid()?;
    let status = object.status.clone().unwrap_or_default();
    let spec = object.spec.clone();
    let key = world.instance_of(&namespace, status.instance.as_ref(), spec.instance_ref.as_ref());
    let instance =
        surroundings::instance(world, key.as_ref(), object.metadata.deletion_timestamp.is_some(), at)?;
    let tenancy = key.as_ref().map(|key| world.tenancy(key)).unwrap_or_default();
    let grants = surroundings::grants(&tenancy, world);
    let is_home = key.as_ref().is_some_and(|key| key.namespace == namespace);
    let tenant = Tenant { namespace: &namespace, labels: home.labels.as_ref(), home: is_home };
    let request = AccountRequest {
        plan: spec.plan.as_deref(),
        features: !spec.features.is_empty(),
        limits: !spec.limits.is_empty(),
        state: spec.state.is_some(),
        custom_attributes: !spec.custom_attributes.is_empty(),
        delete: spec.deletion_policy == AccountDeletionPolicy::Delete,
        adopt: spec.adopt.filter(|_| status.id.is_none()).map(|adopt| AccountId(adopt.id)),
    };
    let verdict = grants::account(&grants, &tenant, &request);
    let may_delete = grants::may_delete_account(&grants, &tenant, spec.plan.as_deref());
    let answer = object.annotations().get(RESOLVE_ANNOTATION).and_then(|text| create::Answer::parse(text));
    let candidates = candidates(&spec.adopt, &status, answer.as_ref());
    let adoptable: BTreeSet<i64> = (candidates.iter().copied())
        .filter(|id| grants::may_take_back_account(&grants, &tenant, &request, AccountId(*id)))
        .collect();
    let plan =
        spec.plan.as_ref().and_then(|plan| tenancy.plans.get(plan)).map(|plan| Arc::new(plan.spec.clone()));
    let planned = Arc::new(Planned::of(tenancy.plans.values().map(|plan| &plan.spec)));
    let marker = installation.marker(KIND, &namespace, &home.uid, &name, &uid);
    let finalizer = object.finalizers().iter().any(|f| f == FINALIZER);
    let known_before = remembered.version.is_some();
    let read_at = remembered.first_saw(&object.resource_version().unwrap_or_default(), at.clock);
    let known = match &instance {
        InstanceChoice::Known(view) => Some(view.clone()),
        _ => None,
    };
    let handle = key.as_ref().and_then(|key| world.instances.handle(key));
    let client = handle.as_ref().map(|handle| handle.known());
    let by_label = by_label(&spec, world);
    let hash_of = |spec: &AccountSpec| {
        wanted_hash(&installation, &marker, spec, plan.as_deref(), &planned, &verdict, by_label.is_some())
    };
    let hash = hash_of(&spec);
    let reconciled = Some(status.observed_generation) == object.metadata.generation
        || (spec.paused && status.applied == Some(hash_of(&AccountSpec { paused: false, ..spec.clone() })));
    let claim = status.creation.as_ref().map(create::Claim::from);
    remembered.own.observe(claim.as_ref(), finalizer, at.clock, known_before);
    let deleting = object.metadata.deletion_timestamp.is_some();
    let is_seen = Some(status.observed_generation) == object.metadata.generation;
    let create = create::Facts {
        bound: status.id,
        claim,
        finalizer,
        deleting,
        destroying: spec.deletion_policy == AccountDeletionPolicy::Delete,
        adopt: spec.adopt.map(|adopt| adopt.id),
        question: status.decision.as_ref().map(|decision| decision.token.clone()),
        answer,
        read_at,
        restoring: known.as_ref().is_some_and(|view| view.restoring),
        timeout: client.as_ref().map_or(create::LONGEST_TIMEOUT, |known| known.timeout),
        settle_margin: world.settings.settle_margin,
        memory: remembered.own.clone(),
        mine: None,
        unsure: None,
        look: None,
        ended: None,
        read_again: false,
        stale: false,
        gone: false,
    };
    let invalid = by_label.or_else(|| invalid(object, known.as_ref()?.version));
    let timeout = client.as_ref().map_or(create::LONGEST_TIMEOUT, |known| known.timeout);
    let going = object.metadata.deletion_timestamp.as_ref().map(|since| at.now.duration_since(since.0));
    let automation = automation::Around {
        domain: surroundings::automation_domain(world, key.as_ref()),
        wanted: world.wants_automation(&namespace, &name),
        content_leaving: deleting && content_leaving(world, &namespace, &name),
        walking: deleting && world.walks.is_under_way(&uid),
        doubted: world.automation.is_doubted(&uid),
        marker: own_marker(&installation, &namespace, &home.uid, &name, &uid),
        // While no operator ran nobody could do what is waited for.
        deleting_for: going
            .and_then(|age| Duration::try_from(age).ok())
            .unwrap_or_default()
            .min(at.clock.saturating_sub(remembered.since.unwrap_or(at.clock))),
        settle: timeout * 2 + world.settings.settle_margin,
    };
    let around = Around {
        walked: spec.verify.and_then(|_| world.walks.outcome(&uid)),
        instance,
        ungranted: grants::account_refusal(&tenant, &request),
        verdict,
        may_delete,
        plan,
        planned,
        is_instance_namespace: is_home,
        invalid,
        marker,
        automation,
        hash,
        reconciled,
        adoptable,
        taken: surroundings::taken(world, key.as_ref(), &who, &candidates, Ref::AccountId),
        swept: handle.as_ref().and_then(|handle| swept(handle, &uid, &status.duplicates, read_at)),
        due: remembered.next_check.is_some_and(|due| due <= at.clock),
        grace: world.settings.grace,
        interval: client.as_ref().map_or(HOUR, |known| known.interval),
        // 500s to another version's write say nothing about this one's.
        write_errors: if is_seen { remembered.write_errors } else { 0 },
    };
    Some(Facts {
        object: Object {
            namespace,
            name,
            generation: object.metadata.generation.unwrap_or_default(),
            deleting,
            finalizer,
            requested_at: surroundings::requested_at(object),
        },
        spec,
        status,
        around,
        create,
        remote: Remote::Unread,
        automation: automation::Pass::default(),
        settings: settings::Pass::default(),
        trouble: None,
        done: Done::default(),
    })
}

/// The ids this resource names, or is bound to.
fn candidates(
    adopt: &Option<crate::api::common::Adopt>,
    status: &crate::api::account::AccountStatus,
    answer: Option<&create::Answer>,
) -> BTreeSet<i64> {
    let chosen = match answer.map(|answer| answer.choice) {
        Some(create::Choice::Account(id)) => Some(id),
        _ => None,
    };
    [status.id, adopt.map(|adopt| adopt.id), chosen].into_iter().flatten().collect()
}

/// What the latest reading of the index saw with this uid. One that was asked for before this version of the object was
/// seen cannot say that a recorded duplicate has vanished.
fn swept(handle: &Handle, uid: &str, recorded: &[i64], read_at: Duration) -> Option<BTreeSet<i64>> {
    let (asked_at, answer) = handle.index.latest()?;
    let mut seen = answer.ok()?.of_uid(uid);
    if asked_at < read_at {
        seen.extend(recorded);
    }
    Some(seen)
}

/// Consent to namespaces by label, of which a confined operator knows nothing.
fn by_label(spec: &AccountSpec, world: &World) -> Option<String> {
    let at = spec.members_from.iter().position(|offer| offer.namespaces.selector.is_some())?;
    let confined = world.settings.is_confined();
    confined.then(|| format!("spec.membersFrom[{at}].namespaces.selector: {}", offer::NO_LABELS))
}

/// What only the instance's version can tell.
fn invalid(object: &ChatwootAccount, version: crate::chatwoot::version::Version) -> Option<String> {
    let spec = &object.spec;
    if let Some(Err(wrong)) = spec.locale.as_deref().map(|locale| check_locale(locale, version)) {
        return Some(format!("spec.locale: {wrong}"));
    }
    let feature =
        |flag: &String| check_feature(flag, version).err().map(|wrong| format!("spec.features: {wrong}"));
    let declared = spec.settings.as_ref();
    (spec.features.keys().find_map(feature))
        .or_else(|| declared.and_then(|declared| settings::invalid(declared, version)))
}

/// Everything that was wanted: a pass finds its work by comparing this with `status.applied`.
///
/// The marker is part of it. An object that a backup brought back, status and all, has another uid and has nothing
/// applied yet: its marker has to be stamped before `rebindUntil` is over, and not at some drift check after that.
fn wanted_hash(
    installation: &crate::chatwoot::marker::Installation,
    marker: &crate::chatwoot::marker::Marker,
    spec: &AccountSpec,
    plan: Option<&crate::api::plan::PlanSpec>,
    planned: &Planned,
    verdict: &grants::Verdict,
    by_label: bool,
) -> String {
    let names_plan = spec.plan.is_some();
    let spec = serde_json::to_string(spec).unwrap_or_default();
    let plan = plan.and_then(|plan| serde_json::to_string(plan).ok()).unwrap_or_default();
    let planned = if names_plan { format!("{planned:?}") } else { String::new() };
    let (verdict, marker) = (format!("{verdict:?}"), marker.to_string());
    let mut wanted = vec!["account", &marker, &spec, &plan, &planned, &verdict];
    wanted.extend(by_label.then_some("by label"));
    installation.hash(&wanted)
}
