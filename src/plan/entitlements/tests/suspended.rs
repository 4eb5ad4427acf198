//! A suspension by a grant, whenever it comes and wherever passes are cut off: it holds, and lifting it brings back the
//! state from before.

use super::*;
use proptest::prelude::*;

fn any_state() -> impl Strategy<Value = State> {
    prop::sample::select(vec![State::Active, State::Suspended])
}

fn spoken(state: State) -> AccountState {
    match state {
        State::Active => AccountState::Active,
        State::Suspended => AccountState::Suspended,
    }
}

/// What happens while the company suspends.
#[derive(Clone, Debug)]
enum Meanwhile {
    /// A pass, perhaps one that is cut off.
    Pass(Option<u8>),
    /// A grant cannot be read for a pass.
    Doubt,
    /// The tenant wishes for a state.
    Wish(Option<State>),
    /// The tenant names a plan that is missing, or a good one: all but the suspension is frozen meanwhile.
    Plan(Option<&'static str>),
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    prop_oneof![
        4 => prop::option::of(0u8..2).prop_map(Meanwhile::Pass),
        1 => Just(Meanwhile::Doubt),
        1 => prop::option::of(any_state()).prop_map(Meanwhile::Wish),
        1 => prop::option::of(prop::sample::select(vec!["free", "nowhere"])).prop_map(Meanwhile::Plan),
    ]
}

proptest! {
    #![proptest_config(crate::tried(512))]

    #[test]
    fn a_suspension_holds_and_lifting_it_brings_back_the_state_from_before(
        earlier in any_state(),
        own in prop::option::of(any_state()),
        scope in prop::sample::select(vec![Scope::Everything, Scope::Resting, Scope::Sold]),
        meanwhile in prop::collection::vec(meanwhile(), 0..10),
        crashes in prop::collection::vec(prop::option::of(0u8..2), 0..3),
    ) {
        let mut world = World::new(spec(json!({})), &shop());
        world.account.state = spoken(earlier);
        world.suspension = Suspension::Yes;
        world.pass(scope, None);
        for event in meanwhile {
            match event {
                Meanwhile::Pass(crash) => world.pass(scope, crash),
                Meanwhile::Doubt => {
                    world.suspension = Suspension::Unknown;
                    world.pass(scope, None);
                    world.suspension = Suspension::Yes;
                }
                Meanwhile::Wish(state) => world.spec.state = state,
                Meanwhile::Plan(plan) => world.spec.plan = plan.map(str::to_owned),
            }
            prop_assert_eq!(world.account.state, AccountState::Suspended);
        }
        world.settle(scope);
        prop_assert_eq!(world.before, Some(earlier));
        world.spec.plan = None;
        world.spec.state = own;
        world.suspension = Suspension::No;
        for crash in crashes {
            world.pass(scope, crash);
        }
        world.settle(scope);
        // A refused tenant's wish counts for nothing.
        let wish = own.filter(|_| scope != Scope::Sold);
        prop_assert_eq!((world.account.state, world.before), (spoken(wish.unwrap_or(earlier)), None));
    }
}
