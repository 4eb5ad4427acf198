//! Whatever the spec, the account, the grants and the weather: what the world checks in every pass holds, and passes
//! come to rest.

use super::world::*;
use crate::{
    api::{account::AccountDeletionPolicy as Policy, common::Mode},
    chatwoot::{outcome::Class, types::AccountState},
    plan::{
        account::*,
        grants::{Fit, Suspension},
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn field<T: std::fmt::Debug + Clone + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    prop::option::of(prop::sample::select(values))
}

prop_compose! {
    pub fn a_spec()(
        name in prop::sample::select(vec!["Acme", "Other"]),
        locale in field(vec!["en", "de"]),
        domain in field(vec!["", "a.example"]),
        state in field(vec!["Active", "Suspended"]),
        flags in prop::collection::btree_map(prop::sample::select(vec!["sla", "macros", "saml"]), any::<bool>(), 0..3),
        limits in prop::collection::btree_map(prop::sample::select(vec!["agents", "inboxes"]), 0i64..3, 0..2),
        attributes in prop::collection::btree_map(prop::sample::select(vec!["plan", "tier"]), 0i64..3, 0..2),
        plan in any::<bool>(),
        paused in prop::bool::weighted(0.2),
        observes in prop::bool::weighted(0.2),
    ) -> Value {
        let mut spec = json!({
            "name": name, "features": flags, "limits": limits, "customAttributes": attributes, "paused": paused,
            "mode": if observes { "Observe" } else { "Enforce" },
        });
        let fields = spec.as_object_mut().unwrap();
        fields.extend(locale.map(|l| ("locale".to_owned(), json!(l))));
        fields.extend(domain.map(|d| ("domain".to_owned(), json!(d))));
        fields.extend(state.map(|s| ("state".to_owned(), json!(s))));
        fields.extend(plan.then(|| ("plan".to_owned(), json!("pro"))));
        spec
    }
}

/// What happens between two passes.
#[derive(Clone, Debug)]
pub enum Event {
    Spec(Value),
    Plan(bool),
    Grant(bool),
    Suspend(Suspension),
    Rename,
    Wipe,
    Foreign,
    Vanish,
    Hide,
    Due,
    Fail(&'static str, Class),
    Weather(bool),
    Books(Books),
    Conflict,
    Strip,
    Restart,
    Later(u64),
    Answer(bool),
    Delete(Policy),
}

pub fn event() -> impl Strategy<Value = Event> {
    let class = prop::sample::select(vec![
        Class::Timeout,
        Class::Server,
        Class::Invalid,
        Class::RateLimited,
        Class::Unauthorized,
        Class::Connect,
        Class::NotRouted,
    ]);
    let call = prop::sample::select(vec!["post", "get", "patch", "features", "delete", "vanished"]);
    prop_oneof![
        4 => a_spec().prop_map(Event::Spec),
        1 => any::<bool>().prop_map(Event::Plan),
        2 => prop::bool::weighted(0.6).prop_map(Event::Grant),
        1 => prop::sample::select(vec![Suspension::No, Suspension::Yes, Suspension::Unknown]).prop_map(Event::Suspend),
        1 => Just(Event::Rename),
        1 => Just(Event::Wipe),
        1 => Just(Event::Foreign),
        1 => Just(Event::Vanish),
        1 => Just(Event::Hide),
        2 => Just(Event::Due),
        4 => (call, class).prop_map(|(call, class)| Event::Fail(call, class)),
        1 => any::<bool>().prop_map(Event::Weather),
        1 => prop::sample::select(vec![Books::Open, Books::Broken, Books::Down]).prop_map(Event::Books),
        1 => Just(Event::Conflict),
        1 => Just(Event::Strip),
        1 => Just(Event::Restart),
        3 => (1u64..700).prop_map(Event::Later),
        2 => any::<bool>().prop_map(Event::Answer),
        1 => prop::sample::select(vec![Policy::Retain, Policy::Suspend, Policy::Delete]).prop_map(Event::Delete),
    ]
}

pub fn happen(world: &mut World, event: Event) {
    match event {
        Event::Spec(value) if !world.deleting => world.change(value),
        Event::Plan(on) => {
            let plan = planned(&[("sla", true)], &[("agents", 5)]);
            world.plan = on.then(|| plan.clone());
            world.plans = vec![plan];
        }
        Event::Grant(true) => world.verdict.fit = Fit::Granted,
        Event::Grant(false) => world.verdict.fit = Fit::Refused(refusal()),
        Event::Suspend(suspension) => world.verdict.suspension = suspension,
        Event::Rename => world.accounts.values_mut().for_each(|account| account.name = "Vandal".into()),
        Event::Wipe => world.accounts.values_mut().for_each(|account| account.custom_attributes.clear()),
        Event::Foreign => {
            let foreign = marker_of("n-2", "other", "u-2");
            if let Some(id) = world.status.id {
                world.someone(id, Some(&foreign));
            }
        }
        Event::Vanish => {
            world.status.id.map(|id| world.accounts.remove(&id));
        }
        Event::Hide => {
            world.hidden =
                if world.hidden.is_empty() { world.status.id.into_iter().collect() } else { [].into() };
        }
        Event::Due => world.due = true,
        Event::Fail(call, class) => world.fail(call, class, 500),
        Event::Weather(fine) => {
            world.no_turn = (!fine).then_some(NoTurn::Down { retry_in: std::time::Duration::from_secs(5) });
        }
        Event::Books(books) => world.books = books,
        Event::Conflict => world.conflicts = 1,
        Event::Strip => {
            world.finalizer = false;
            // The API server removes what is going and has no finalizer left.
            world.gone = world.deleting;
        }
        Event::Restart => {
            world.memory =
                create::Memory { created: world.memory.created.clone(), ..create::Memory::default() };
            world.known = false;
        }
        Event::Later(seconds) => world.seconds += seconds,
        Event::Answer(create) => {
            if let Some(asked) = &world.status.decision {
                let choice = if create {
                    "create".to_owned()
                } else {
                    format!("account-id={}", world.status.id.unwrap_or(42))
                };
                world.answer = Some(format!("{}/{choice}", asked.token));
            }
        }
        // An object without finalizers is gone at once.
        Event::Delete(policy) if world.finalizer => {
            world.deleting = true;
            world.spec.deletion_policy = policy;
            world.generation += 1;
        }
        Event::Delete(_) | Event::Spec(_) => {}
    }
}

proptest! {
    #![proptest_config(crate::tried(400))]

    /// The second pass after convergence does nothing, and the status is the very same.
    #[test]
    fn a_second_pass_does_nothing(first in a_spec(), second in a_spec(), plan in any::<bool>(), due in any::<bool>()) {
        let mut world = World::new(first);
        if plan {
            let plan = planned(&[("sla", true)], &[("agents", 5)]);
            world.plan = Some(plan.clone());
            world.plans = vec![plan];
        }
        world.settle();
        world.change(second);
        world.settle();
        let (status, accounts) = (world.status.clone(), world.accounts.clone());
        world.due = due;
        let pass = world.pass();
        prop_assert_eq!(pass.writes, 0);
        prop_assert!(calls(&pass.effects).iter().all(|call| *call == "get"));
        prop_assert_eq!(&world.status, &status);
        prop_assert_eq!(&world.accounts, &accounts);
    }

    /// Any sequence of changes, failures, decisions and restarts: the checks of every pass hold (see [`World`]), there is
    /// never a second account nobody names, and once the weather is fine it ends Ready or says what is wrong.
    #[test]
    fn whatever_happens_nothing_of_somebody_elses_is_touched_and_it_ends(
        first in a_spec(), events in prop::collection::vec((event(), any::<bool>()), 0..25)
    ) {
        let mut world = World::new(first);
        for (event, looks) in events {
            happen(&mut world, event);
            if looks && !world.gone {
                world.pass();
            }
            if world.gone {
                return Ok(());
            }
        }
        world.failing.clear();
        world.no_turn = None;
        world.conflicts = 0;
        world.due = true;
        world.settle();
        if !world.gone {
            let pass = world.pass();
            prop_assert_eq!(pass.writes, 0, "it does not come to rest: {:?}", pass.effects);
            prop_assert!(world.is_ready() || !world.message().is_empty());
            let enforced = world.spec.mode == Mode::Enforce && !world.spec.paused && world.status.suspended_by.is_none();
            if world.is_ready() && enforced && world.spec.state == Some(crate::api::account::State::Active) {
                prop_assert_eq!(world.account().state, AccountState::Active);
            }
        }
    }
}
