//! Whatever the API server stores, the planner comes to an end with it: any spec, any status, any plan and grants.

use super::world::*;
use crate::{
    api::{
        account::{AccountSpec, AccountStatus},
        grant::GrantSpec,
        plan::PlanSpec,
        schema::{anything::any_part, definition},
    },
    plan::grants::{self, AccountRequest, Grant, Grants, Tenant},
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What can be read of what the structure of a kind lets pass.
pub fn any_readable<T: DeserializeOwned + std::fmt::Debug>(
    kind: &str,
    part: &str,
) -> impl Strategy<Value = T> + use<T> {
    any_part(&definition(kind), part)
        .prop_filter_map("readable", |value| serde_json::from_value(value).ok())
        .no_shrink()
}

fn judge(spec: &AccountSpec, list: &[GrantSpec]) -> grants::Verdict {
    let list = list.iter().map(|spec| Grant { spec, valid: true }).collect();
    let labels = BTreeMap::new();
    let tenant = Tenant { namespace: "acme", labels: Some(&labels), home: false };
    let request = AccountRequest {
        plan: spec.plan.as_deref(),
        features: !spec.features.is_empty(),
        limits: !spec.limits.is_empty(),
        state: spec.state.is_some(),
        ..AccountRequest::default()
    };
    grants::account(&Grants { list, unreadable: false }, &tenant, &request)
}

proptest! {
    #![proptest_config(crate::tried(192))]

    /// Every check of the world holds on the way, and a second pass has nothing to do.
    #[test]
    fn any_spec_comes_to_rest(
        specs in prop::collection::vec(any_readable::<AccountSpec>("ChatwootAccount", "spec"), 1..3),
        plans in prop::collection::vec(any_readable::<PlanSpec>("ChatwootPlan", "spec"), 0..3),
        list in prop::collection::vec(any_readable::<GrantSpec>("ChatwootGrant", "spec"), 0..4),
        free: bool,
    ) {
        let mut world = World::acme();
        world.plans = plans;
        for spec in specs {
            world.plan = spec.plan.as_ref().and_then(|_| world.plans.first().cloned());
            world.verdict = if free { world.verdict } else { judge(&spec, &list) };
            world.taken = spec.adopt.iter().map(|adopt| adopt.id).collect();
            world.spec = spec;
            world.generation += 1;
            world.settle();
            let pass = world.pass();
            prop_assert_eq!(pass.writes, 0, "{:?}", pass.effects);
            prop_assert!(world.is_ready() || !world.message().is_empty());
            prop_assert!(world.message().len() <= 1024);
        }
    }

    /// A status that nobody of this version wrote.
    #[test]
    fn any_status_is_decided_on(
        spec in any_readable::<AccountSpec>("ChatwootAccount", "spec"),
        status in any_readable::<AccountStatus>("ChatwootAccount", "status"),
        deleting: bool, finalizer: bool, there: bool, due: bool,
    ) {
        let mut world = World::acme();
        (world.spec, world.status, world.deleting, world.finalizer, world.due) = (spec, status, deleting, finalizer, due);
        if let Some(id) = world.status.id.filter(|_| there) {
            let mine = world.mine();
            world.someone(id, Some(&mine));
        }
        world.run_unchecked();
    }
}
