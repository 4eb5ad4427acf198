//! Whatever is sold, wished for, changed behind our back or cut off in between: the last plan decides, and what nobody
//! declares stays.

use super::*;
use proptest::{prelude::*, sample::subsequence};

const FLAGS: [&str; 4] = ["sla", "macros", "help_center", "saml"];
const LIMITS: [&str; 3] = ["agents", "inboxes", "emails"];

/// What happens to one account in its life.
#[derive(Clone, Debug)]
enum Event {
    Name(Option<&'static str>),
    EditPlan(&'static str, PlanSpec),
    Own(BTreeMap<String, bool>, BTreeMap<String, i64>),
    Drift(&'static str, bool),
}

fn flags() -> impl Strategy<Value = BTreeMap<String, bool>> {
    (subsequence(FLAGS.to_vec(), 0..=3), any::<[bool; 3]>())
        .prop_map(|(keys, values)| keys.into_iter().map(str::to_owned).zip(values).collect())
}

fn limits() -> impl Strategy<Value = BTreeMap<String, i64>> {
    (subsequence(LIMITS.to_vec(), 0..=3), prop::array::uniform3(0i64..3))
        .prop_map(|(keys, values)| keys.into_iter().map(str::to_owned).zip(values).collect())
}

fn any_plan() -> impl Strategy<Value = PlanSpec> {
    let tier = prop::option::of(0i64..3);
    (flags(), limits(), tier).prop_map(|(features, limits, tier)| PlanSpec {
        features,
        limits,
        custom_attributes: tier.map(|tier| ("tier".to_owned(), Scalar::Int(tier))).into_iter().collect(),
        ..PlanSpec::default()
    })
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop::sample::select(vec!["free", "pro"]);
    prop_oneof![
        prop::option::of(name.clone()).prop_map(Event::Name),
        (name, any_plan()).prop_map(|(name, plan)| Event::EditPlan(name, plan)),
        (flags(), limits()).prop_map(|(features, limits)| Event::Own(features, limits)),
        (prop::sample::select(FLAGS.to_vec()), any::<bool>()).prop_map(|(flag, on)| Event::Drift(flag, on)),
    ]
}

fn happen(world: &mut World, event: &Event) {
    match event {
        Event::Name(plan) => world.spec.plan = plan.map(str::to_owned),
        Event::EditPlan(name, plan) => {
            world.plans.insert((*name).to_owned(), plan.clone());
        }
        Event::Own(features, limits) => {
            world.spec.features.clone_from(features);
            world.spec.limits.clone_from(limits);
        }
        Event::Drift(flag, true) => {
            world.account.features.insert((*flag).to_owned());
        }
        Event::Drift(flag, false) => {
            world.account.features.remove(*flag);
        }
    }
}

proptest! {
    #![proptest_config(crate::tried(512))]

    /// Whatever happened before, and wherever passes were cut off: the last plan decides.
    #[test]
    fn any_sequence_of_plan_changes_ends_at_what_the_last_plan_says(
        events in prop::collection::vec((event(), prop::option::of(0u8..2)), 0..12),
    ) {
        let mut world = World::new(spec(json!({"plan": "free"})), &shop());
        let mut ours: BTreeSet<String> = BTreeSet::new();
        for (event, crash) in &events {
            happen(&mut world, event);
            if let Event::Drift(flag, true) = event {
                ours.remove(*flag);
            }
            world.pass(Scope::Everything, *crash);
            if *crash != Some(0) {
                ours.extend(world.wanted(Scope::Everything).managed.features);
            }
        }
        world.settle(Scope::Everything);
        let planned = Planned::of(world.plans.values());
        let plan = world.spec.plan.as_ref().map(|name| &world.plans[name]);
        for flag in FLAGS {
            let said = world.spec.features.get(flag).or(plan.and_then(|plan| plan.features.get(flag)));
            let belongs = plan.is_some() && planned.features.contains(flag);
            match said {
                Some(on) => prop_assert_eq!(world.has(flag), *on),
                None if belongs => prop_assert!(!world.has(flag)),
                None if ours.contains(flag) => prop_assert!(!world.has(flag), "nobody names {} any more", flag),
                None => {}
            }
        }
        for key in LIMITS {
            let said = world.spec.limits.get(key).or(plan.and_then(|plan| plan.limits.get(key)));
            prop_assert_eq!(world.limit(key), said.copied(), "nobody else sets limits here");
        }
        let mut attributes = fresh().custom_attributes;
        for (key, value) in plan.into_iter().flat_map(|plan| &plan.custom_attributes) {
            attributes.insert(key.clone(), serde_json::to_value(value).unwrap());
        }
        prop_assert_eq!(world.account.custom_attributes, attributes);
    }

    /// Only what the spec, a plan or our own record names is ever sent, in every scope; and once is enough.
    #[test]
    fn only_declared_fields_are_written_and_only_once(
        own in (flags(), limits()),
        plans in prop::array::uniform2(any_plan()),
        remote in (flags(), limits()),
        named in any::<bool>(),
        scope in prop::sample::select(vec![Scope::Everything, Scope::Resting, Scope::Sold, Scope::Frozen]),
    ) {
        let [free, pro] = plans;
        let mut world = World::new(spec(json!({})), &[("free", free), ("pro", pro)]);
        world.spec.features = own.0;
        world.spec.limits = own.1;
        world.spec.plan = named.then(|| "free".to_owned());
        world.account.features = remote.0.into_keys().collect();
        world.account.limits = remote.1.iter().map(|(key, limit)| (key.clone(), json!(limit))).collect();
        let before = world.account.clone();
        let planned = if named { Planned::of(world.plans.values()) } else { Planned::default() };
        let diff = world.diff(scope);
        for flag in diff.features.keys() {
            let own = scope == Scope::Everything && world.spec.features.contains_key(flag);
            prop_assert!(own || planned.features.contains(flag), "{} in {:?}", flag, scope);
        }
        world.settle(scope);
        for key in LIMITS {
            let own = scope == Scope::Everything && world.spec.limits.contains_key(key);
            if !own && !planned.limits.contains(key) {
                prop_assert_eq!(world.account.limits.get(key), before.limits.get(key));
            }
        }
        prop_assert_eq!(&world.account.domain, &before.domain);
        prop_assert_eq!(&world.account.support_email, &before.support_email);
        prop_assert_eq!(world.account.state, before.state);
        if scope == Scope::Frozen {
            prop_assert_eq!(&world.account, &before);
        }
    }

    /// For a tenant who may set nothing, no mixture of pausing and refused wishes changes what the plans decide.
    #[test]
    fn no_tenant_keeps_or_lifts_what_the_company_sells(
        wishes in (flags(), limits()),
        plans in prop::array::uniform2(any_plan()),
        sold in any_plan(),
    ) {
        let [free, pro] = plans;
        let mut honest = World::new(spec(json!({"plan": "free"})), &[("free", free), ("pro", pro)]);
        honest.settle(Scope::Everything);
        honest.plans.insert("free".into(), sold);
        let mut greedy = honest.clone();
        greedy.spec.features = wishes.0;
        greedy.spec.limits = wishes.1;
        let mut resting = honest.clone();
        honest.settle(Scope::Everything);
        greedy.settle(Scope::Sold);
        resting.settle(Scope::Resting);
        let planned = Planned::of(honest.plans.values());
        for flag in &planned.features {
            prop_assert_eq!(greedy.has(flag), honest.has(flag));
            prop_assert_eq!(resting.has(flag), honest.has(flag));
        }
        for key in &planned.limits {
            prop_assert_eq!(greedy.limit(key), honest.limit(key));
            prop_assert_eq!(resting.limit(key), honest.limit(key));
        }
    }

    /// A plan that is named and given up again leaves nothing behind of what it gave, and everything else as it was.
    #[test]
    fn a_plan_given_up_leaves_nothing_behind(
        plans in prop::array::uniform2(any_plan()),
        own in (flags(), limits()),
        remote in (flags(), limits()),
        crashes in prop::collection::vec(prop::option::of(0u8..2), 0..4),
    ) {
        let [free, pro] = plans;
        let mut world = World::new(spec(json!({})), &[("free", free.clone()), ("pro", pro)]);
        world.account.features = remote.0.into_keys().collect();
        world.account.limits = remote.1.iter().map(|(key, limit)| (key.clone(), json!(limit))).collect();
        let before = world.account.clone();
        world.spec.plan = Some("free".into());
        world.spec.features = own.0.clone();
        world.spec.limits = own.1.clone();
        world.settle(Scope::Everything);
        world.spec = spec(json!({}));
        for crash in crashes {
            world.pass(Scope::Everything, crash);
        }
        world.settle(Scope::Everything);
        let planned = Planned::of(world.plans.values());
        for flag in FLAGS {
            let was_ours = planned.features.contains(flag) || own.0.contains_key(flag);
            prop_assert_eq!(world.has(flag), !was_ours && before.features.contains(flag), "{}", flag);
        }
        for key in LIMITS {
            let was_ours = planned.limits.contains(key) || own.1.contains_key(key);
            let left = (!was_ours).then(|| before.limits.get(key)).flatten();
            prop_assert_eq!(world.account.limits.get(key), left, "{}", key);
        }
        prop_assert_eq!(&world.account.custom_attributes, &before.custom_attributes);
        prop_assert_eq!(&world.managed, &Managed::default());
    }

    /// The tenant's own granted fields go over the plan, key by key: what is wanted of a key hangs on nothing but that
    /// key.
    #[test]
    fn ones_own_fields_go_over_the_plan_key_by_key(plan in any_plan(), other in any_plan(), own in (flags(), limits())) {
        let mut world = World::new(spec(json!({"plan": "free"})), &[("free", plan.clone()), ("pro", other)]);
        let sold = world.wanted(Scope::Everything);
        world.spec.features = own.0.clone();
        world.spec.limits = own.1.clone();
        let wanted = world.wanted(Scope::Everything);
        for (flag, on) in &wanted.features {
            prop_assert_eq!(Some(on), own.0.get(flag).or(sold.features.get(flag)));
        }
        for (key, limit) in &wanted.limits {
            let expected = own.1.get(key).map(|own| Some(*own)).or(sold.limits.get(key).copied());
            prop_assert_eq!(Some(*limit), expected);
        }
        prop_assert!(own.0.keys().all(|flag| wanted.features.contains_key(flag)));
        prop_assert!(own.1.keys().all(|key| wanted.limits.contains_key(key)));
    }

    /// The order in which plans are listed changes nothing of what is wanted.
    #[test]
    fn plans_have_no_order(
        (listed, shuffled) in prop::collection::vec(any_plan(), 0..4)
            .prop_flat_map(|plans| (Just(plans.clone()), Just(plans).prop_shuffle())),
    ) {
        prop_assert_eq!(Planned::of(&listed), Planned::of(&shuffled));
    }
}
