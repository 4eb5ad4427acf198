//! Where passes end up, and what they leave alone: everything declared becomes so, nothing else is touched, and nothing
//! hangs on anything but what is declared.

use super::{properties::*, world::*};
use crate::{
    api::{account::AccountSpec, plan::PlanSpec},
    chatwoot::{
        marker,
        types::{Account, AccountState},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FLAGS: [&str; 5] = ["sla", "macros", "saml", "help_center", "crm"];
const KEYS: [&str; 5] = ["agents", "inboxes", "plan", "tier", "emails"];

prop_compose! {
    fn a_plan()(
        features in prop::collection::btree_map(prop::sample::select(FLAGS.to_vec()), any::<bool>(), 0..3),
        limits in prop::collection::btree_map(prop::sample::select(vec!["agents", "inboxes", "emails"]), 0i64..3, 0..3),
        tier in prop::option::of(0i64..3),
    ) -> PlanSpec {
        let attributes: BTreeMap<_, _> = tier.map(|tier| ("tier", tier)).into_iter().collect();
        serde_json::from_value(json!({
            "instanceRef": {"name": "main"}, "features": features, "limits": limits, "customAttributes": attributes
        })).unwrap()
    }
}

/// How others have left an account.
#[derive(Clone, Debug)]
struct Edited {
    name: &'static str,
    locale: &'static str,
    domain: Option<&'static str>,
    suspended: bool,
    features: BTreeSet<&'static str>,
    maps: [BTreeMap<&'static str, i64>; 2],
}

prop_compose! {
    fn edited()(
        name in prop::sample::select(vec!["Acme", "Vandal"]),
        locale in prop::sample::select(vec!["en", "fr"]),
        domain in prop::option::of(prop::sample::select(vec!["a.example", "theirs.example"])),
        suspended: bool,
        features in prop::collection::btree_set(prop::sample::select(FLAGS.to_vec()), 0..5),
        maps in prop::array::uniform2(prop::collection::btree_map(prop::sample::select(KEYS.to_vec()), 0i64..3, 0..5)),
    ) -> Edited {
        Edited { name, locale, domain, suspended, features, maps }
    }
}

impl Edited {
    fn apply(&self, account: &mut Account) {
        account.name = self.name.into();
        account.locale = Some(self.locale.into());
        account.domain = self.domain.map(str::to_owned);
        account.state = if self.suspended { AccountState::Suspended } else { AccountState::Active };
        account.features = self.features.iter().map(|flag| (*flag).to_owned()).collect();
        let [limits, attributes] = &self.maps;
        account.limits = limits.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        account.custom_attributes.retain(|key, _| key == marker::KEY);
        account
            .custom_attributes
            .extend(attributes.iter().map(|(key, value)| ((*key).to_owned(), json!(value))));
    }
}

/// What an account must be like when `spec` and `plan` are declared over what others left of it; `ours`: what was
/// declared before, which goes where nobody names it any more.
fn expected(spec: &AccountSpec, world: &World, ours: &[&AccountSpec], mut account: Account) -> Account {
    let plan = spec.plan.as_ref().and(world.plan.as_ref());
    account.name.clone_from(&spec.name);
    account.locale = spec.locale.clone().or(account.locale);
    account.domain = spec.domain.clone().or(account.domain).filter(|domain| !domain.is_empty());
    if let Some(state) = spec.state {
        account.state = match state {
            crate::api::account::State::Active => AccountState::Active,
            crate::api::account::State::Suspended => AccountState::Suspended,
        };
    }
    let planned = |of: fn(&PlanSpec) -> Vec<String>| -> BTreeSet<String> {
        plan.into_iter().flat_map(|_| world.plans.iter().flat_map(of)).collect()
    };
    let flags = planned(|plan| plan.features.keys().cloned().collect());
    let limits = planned(|plan| plan.limits.keys().cloned().collect());
    let before = |of: fn(&AccountSpec) -> Vec<String>| ours.iter().flat_map(move |spec| of(spec));
    for flag in flags.into_iter().chain(before(|spec| spec.features.keys().cloned().collect())) {
        account.features.remove(&flag);
    }
    for key in limits.into_iter().chain(before(|spec| spec.limits.keys().cloned().collect())) {
        account.limits.remove(&key);
    }
    for key in before(|spec| spec.custom_attributes.keys().cloned().collect()) {
        account.custom_attributes.remove(&key);
    }
    let said = plan.map(|plan| (&plan.features, &plan.limits, &plan.custom_attributes));
    for (features, limits, attributes) in
        said.into_iter().chain([(&spec.features, &spec.limits, &spec.custom_attributes)])
    {
        for (flag, on) in features {
            if *on {
                account.features.insert(flag.clone())
            } else {
                account.features.remove(flag)
            };
        }
        account.limits.extend(limits.iter().map(|(key, limit)| (key.clone(), json!(limit))));
        account.custom_attributes.extend(attributes.iter().map(|(key, value)| (key.clone(), json!(value))));
    }
    account
}

fn enforced(mut spec: Value) -> Value {
    let fields = spec.as_object_mut().unwrap();
    fields.insert("mode".into(), json!("Enforce"));
    fields.insert("paused".into(), json!(false));
    spec
}

fn world_of(spec: Value, plans: &[PlanSpec]) -> World {
    let mut world = World::new(spec);
    world.plans = plans.to_vec();
    world.plan = plans.first().cloned();
    world
}

proptest! {
    #![proptest_config(crate::tried(400))]

    /// Convergence, and nothing beyond it: after any spec, any edits behind our back and any other spec, the account is
    /// exactly what is declared, over exactly what others left of it.
    #[test]
    fn what_is_declared_becomes_so_and_everything_else_stays(
        first in a_spec(), second in a_spec(), plans in prop::collection::vec(a_plan(), 1..3), edited in edited(),
    ) {
        let mut world = world_of(enforced(first), &plans);
        world.settle();
        prop_assert!(world.is_ready(), "{}", world.message());
        let earlier = world.spec.clone();
        edited.apply(world.account_mut());
        let left = world.account().clone();
        world.change(enforced(second));
        world.settle();
        prop_assert!(world.is_ready(), "{}", world.message());
        // What the plan gave is ours like what was declared.
        let mut sold = AccountSpec::default();
        if let Some(plan) = earlier.plan.as_ref().and(world.plan.as_ref()) {
            sold.features.clone_from(&plan.features);
            sold.limits.clone_from(&plan.limits);
            sold.custom_attributes.clone_from(&plan.custom_attributes);
        }
        let wanted = expected(&world.spec, &world, &[&earlier, &sold], left);
        prop_assert_eq!(world.account(), &wanted);
        // Every key that is ours is recorded, and no other: it is what is taken back one day.
        let spec = &world.spec;
        let plan = spec.plan.as_ref().and(world.plan.as_ref());
        let keys: BTreeSet<&String> =
            spec.limits.keys().chain(plan.into_iter().flat_map(|plan| plan.limits.keys())).collect();
        prop_assert_eq!(world.status.managed.limits.iter().collect::<BTreeSet<_>>(), keys);
    }

    /// Who only looks writes nothing of the tenant's, and nothing at all where no plan is named.
    #[test]
    fn who_only_looks_changes_nothing(first in a_spec(), second in a_spec(), edited in edited(), paused: bool) {
        let mut world = world_of(enforced(first), &[planned(&[], &[])]);
        world.settle();
        edited.apply(world.account_mut());
        let left = world.account().clone();
        let mut resting = second;
        let fields = resting.as_object_mut().unwrap();
        fields.insert("paused".into(), json!(paused));
        fields.insert("mode".into(), json!("Observe"));
        world.change(resting);
        let named = world.spec.clone();
        world.due = true;
        world.settle();
        let mut now = world.account().clone();
        // What was set and is named no more is cleared all the same: a plan may have set it.
        now.features.clone_from(&left.features);
        now.limits.clone_from(&left.limits);
        prop_assert_eq!(&now, &left);
        for flag in named.features.keys() {
            prop_assert_eq!(world.account().features.contains(flag), left.features.contains(flag));
        }
        for key in named.limits.keys() {
            prop_assert_eq!(world.account().limits.get(key), left.limits.get(key));
        }
    }

    /// The same life twice is the same life: every call, every write, every word.
    #[test]
    fn the_same_life_twice_is_the_same(
        first in a_spec(), events in prop::collection::vec(event(), 0..15),
        (plans, shuffled) in prop::collection::vec(a_plan(), 1..4)
            .prop_flat_map(|plans| { let rest = plans[1..].to_vec(); (Just(plans), Just(rest).prop_shuffle()) }),
    ) {
        // The other plans of the instance are listed in another order, and nobody can tell.
        let mut one = world_of(first.clone(), &plans);
        let mut other = world_of(first, &plans);
        other.plans = shuffled;
        other.plans.push(plans[0].clone());
        for event in events {
            happen(&mut one, event.clone());
            happen(&mut other, event);
            if one.gone {
                break;
            }
            let (pass, again) = (one.pass(), other.pass());
            prop_assert_eq!(pass.effects, again.effects);
            prop_assert_eq!(pass.end, again.end);
        }
        prop_assert_eq!(one.accounts, other.accounts);
    }
}
