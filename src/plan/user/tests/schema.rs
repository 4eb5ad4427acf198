//! Whatever the API server stores, the planner comes to an end with it: any spec and any status.

use super::world::*;
use crate::{
    api::{
        schema::{anything::any_part, definition},
        user::{UserSpec, UserStatus},
    },
    plan::email::Email,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

fn any_readable<T: DeserializeOwned + std::fmt::Debug>(part: &str) -> impl Strategy<Value = T> + use<T> {
    any_part(&definition("ChatwootUser"), part)
        .prop_filter_map("readable", |value| serde_json::from_value(value).ok())
        .no_shrink()
}

/// What the rules beyond the structure see to.
fn is_whole(spec: &UserSpec) -> bool {
    let password = spec.password.as_ref();
    let one =
        password.is_none_or(|password| password.generate.is_some() != password.secret_key_ref.is_some());
    let generated = password.is_some_and(|password| password.generate.is_some());
    one && (!generated || spec.credentials_secret.is_some())
}

proptest! {
    #![proptest_config(crate::tried(192))]

    /// Every check of the world holds on the way, and a second pass has nothing to do.
    #[test]
    fn any_spec_comes_to_rest(specs in prop::collection::vec(any_readable::<UserSpec>("spec"), 1..3)) {
        let mut world = World::converged(serde_json::json!({}));
        for spec in specs.into_iter().filter(is_whole) {
            world.taken = spec.adopt.iter().map(|adopt| adopt.id).collect();
            world.spec = spec;
            world.generation += 1;
            world.settle();
            let pass = world.pass();
            prop_assert_eq!(pass.writes, 0, "{:?}", pass.effects);
            prop_assert!(world.is_ready() || !world.message().is_empty());
            prop_assert!(world.message().len() <= 1024);
            prop_assert!(!world.is_ready() || Email::parse(&world.spec.email).is_ok());
        }
    }

    /// A status that nobody of this version wrote.
    #[test]
    fn any_status_is_decided_on(
        spec in any_readable::<UserSpec>("spec"), status in any_readable::<UserStatus>("status"),
        deleting: bool, finalizer: bool, there: bool, due: bool,
    ) {
        let mut world = World::new(serde_json::json!({}));
        (world.status, world.deleting, world.finalizer, world.due) = (status, deleting, finalizer, due);
        if is_whole(&spec) {
            world.spec = spec;
        }
        if let Some(id) = world.status.id.filter(|_| there) {
            let mine = world.mine();
            world.someone(id, ALICE, Some(&mine));
        }
        world.run_unchecked();
    }
}
