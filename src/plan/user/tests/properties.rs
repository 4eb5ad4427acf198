//! Whatever the spec, the person, the grants and the weather: what the world checks in every pass holds, and passes come
//! to rest.

use super::world::*;
use crate::{
    api::{common::Role, user::UserDeletionPolicy as Policy},
    chatwoot::{
        outcome::Class,
        types::{AccountId, Belonging},
    },
    plan::{NoTurn, consent::Consent, grants::Fit, memberships::Target},
};
use proptest::prelude::*;
use serde_json::{Value, json};

prop_compose! {
    pub fn a_spec()(
        email in prop::sample::select(vec![ALICE, "bob@acme.example"]),
        name in prop::sample::select(vec!["Alice", "Al"]),
        display in prop::option::of(prop::sample::select(vec!["", "Al"])),
        attributes in prop::collection::btree_map(prop::sample::select(vec!["team", "tier"]), 0i64..3, 0..2),
        members in prop::collection::btree_map(prop::sample::select(vec!["main", "second", "third"]), any::<bool>(), 0..3),
        password in 0usize..4,
        secret in prop::option::of(prop::sample::select(vec!["one", "two"])),
        paused in prop::bool::weighted(0.15),
        observes in prop::bool::weighted(0.15),
    ) -> Value {
        let role = |admin: bool| if admin { Role::Administrator } else { Role::Agent };
        let members: Vec<Value> = members.into_iter().map(|(name, admin)| member(name, role(admin))).collect();
        let mut spec = json!({
            "email": email, "name": name, "customAttributes": attributes, "memberships": members, "paused": paused,
            "mode": if observes { "Observe" } else { "Enforce" },
        });
        let fields = spec.as_object_mut().unwrap();
        fields.extend(display.map(|name| ("displayName".to_owned(), json!(name))));
        let secret = if password == 2 || password == 3 { Some(secret.unwrap_or("one")) } else { secret };
        fields.extend(secret.map(|name| ("credentialsSecret".to_owned(), json!({"name": name}))));
        match password {
            1 => { fields.insert("password".into(), json!({"secretKeyRef": {"name": "mine", "key": "p"}})); }
            2 => { fields.insert("password".into(), json!({"generate": {"rotation": "1"}})); }
            3 => { fields.insert("password".into(), json!({"generate": {"rotation": "2"}})); }
            _ => {}
        }
        spec
    }
}

#[derive(Clone, Debug)]
pub enum Event {
    Spec(Value),
    Grant(bool),
    Consent(&'static str, u8),
    Rename,
    Wipe,
    Foreign,
    Vanish,
    Vouch(bool),
    Stranger,
    Joined(i64),
    Due,
    Fail(&'static str, Class),
    Account(Option<Class>),
    Lost,
    Weather(bool),
    Conflict,
    Strip,
    Restart,
    NewPassword,
    SecretGone,
    SecretsFail(bool),
    Later(u64),
    Delete(Policy),
}

pub fn event() -> impl Strategy<Value = Event> {
    let class = || {
        prop::sample::select(vec![
            Class::Timeout,
            Class::Server,
            Class::Invalid,
            Class::RateLimited,
            Class::Unauthorized,
            Class::NotRouted,
        ])
    };
    let call = prop::sample::select(vec!["post", "get", "patch", "password", "delete", "vanished", "vouch"]);
    prop_oneof![
        4 => a_spec().prop_map(Event::Spec),
        1 => prop::bool::weighted(0.7).prop_map(Event::Grant),
        3 => (prop::sample::select(vec!["main", "second"]), 0u8..5).prop_map(|(name, how)| Event::Consent(name, how)),
        1 => Just(Event::Rename),
        1 => Just(Event::Wipe),
        1 => Just(Event::Foreign),
        1 => Just(Event::Vanish),
        1 => any::<bool>().prop_map(Event::Vouch),
        1 => Just(Event::Stranger),
        1 => prop::sample::select(vec![42i64, 99]).prop_map(Event::Joined),
        2 => Just(Event::Due),
        4 => (call, class()).prop_map(|(call, class)| Event::Fail(call, class)),
        2 => prop::option::of(class()).prop_map(Event::Account),
        1 => Just(Event::Lost),
        1 => any::<bool>().prop_map(Event::Weather),
        1 => Just(Event::Conflict),
        1 => Just(Event::Strip),
        1 => Just(Event::Restart),
        2 => Just(Event::NewPassword),
        1 => Just(Event::SecretGone),
        1 => any::<bool>().prop_map(Event::SecretsFail),
        3 => (1u64..300).prop_map(Event::Later),
        1 => prop::sample::select(vec![Policy::Retain, Policy::Revoke, Policy::Delete]).prop_map(Event::Delete),
    ]
}

pub fn happen(world: &mut World, event: Event, counter: usize) {
    match event {
        Event::Spec(value) if !world.deleting => world.change(value),
        Event::Grant(fits) => world.fit = if fits { Fit::Granted } else { Fit::Refused(refusal()) },
        Event::Consent(name, how) => {
            let id = Some(AccountId(if name == "main" { 42 } else { 43 }));
            let target = match how {
                0 => Target::Absent,
                1 => Target::Unreadable,
                2 => Target::There { id, consent: Consent::NOTHING },
                3 => Target::There { id: None, consent: Consent::EVERYTHING },
                _ => Target::There { id, consent: Consent::EVERYTHING },
            };
            world.targets.insert(name.to_owned(), target);
        }
        Event::Rename => world.users.values_mut().for_each(|user| user.name = "Vandal".into()),
        Event::Wipe => world.users.values_mut().for_each(|user| user.custom_attributes.clear()),
        Event::Foreign => {
            let foreign = marker_of("n-2", "other", "u-2");
            if let Some(id) = world.status.id {
                world.someone(id, ALICE, Some(&foreign));
            }
        }
        Event::Vanish => {
            world.status.id.map(|id| world.users.remove(&id));
        }
        Event::Vouch(vouches) => {
            world.vouchers.clear();
            if vouches {
                world.vouchers.insert(42, marker_of("n-1", "main", "a-1"));
            }
        }
        Event::Stranger => world.someone(500, "bob@acme.example", None),
        Event::Joined(account) => {
            let id = world.status.id.unwrap_or_default();
            if let Some(user) = world.users.get_mut(&id)
                && !user.belongings.iter().any(|belonging| belonging.account.0 == account)
            {
                user.belongings.push(Belonging { account: AccountId(account), role: None });
            }
        }
        Event::Due => world.due = true,
        Event::Fail(call, class) => world.fail(call, class),
        Event::Account(class) => {
            world.broken_accounts = class.map(|class| (43, class)).into_iter().collect();
        }
        Event::Lost => world.loses_answer = true,
        Event::Weather(fine) => {
            world.no_turn = (!fine).then_some(NoTurn::Down { retry_in: std::time::Duration::from_secs(5) });
        }
        Event::Conflict => world.conflicts = 1,
        Event::Strip => {
            world.finalizer = false;
            // The API server removes what is going and has no finalizer left.
            world.gone = world.deleting;
        }
        Event::Restart => world.memory = crate::plan::memberships::Memory::default(),
        Event::NewPassword => {
            world.yours = Some(format!("{CANARY}{counter}"));
            world.secret_news = true;
        }
        Event::SecretGone => {
            world.ours.clear();
            world.secret_news = true;
        }
        Event::SecretsFail(fails) => world.secrets_fail = fails,
        Event::Later(seconds) => world.seconds += seconds,
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
    fn a_second_pass_does_nothing(first in a_spec(), second in a_spec(), due in any::<bool>()) {
        let mut world = World::new(first);
        world.settle();
        world.change(second);
        world.settle();
        let (status, users, resets) = (world.status.clone(), world.users.clone(), world.resets);
        world.due = due;
        let pass = world.pass();
        prop_assert_eq!(pass.writes, 0);
        prop_assert!(calls(&pass.effects).iter().all(|call| *call == "get"));
        prop_assert_eq!((&world.status, &world.users, world.resets), (&status, &users, resets));
    }

    /// Any sequence of changes, failures and restarts: the checks of every pass hold (see [`World`]), and once the weather
    /// is fine it ends Ready or says what is wrong, with the password that was asked for.
    #[test]
    fn whatever_happens_nobody_elses_person_is_touched_and_it_ends(
        first in a_spec(), events in prop::collection::vec((event(), any::<bool>()), 0..25)
    ) {
        let mut world = World::new(first);
        for (counter, (event, looks)) in events.into_iter().enumerate() {
            happen(&mut world, event, counter);
            if looks && !world.gone {
                world.pass();
            }
            if world.gone {
                return Ok(());
            }
        }
        world.failing.clear();
        world.broken_accounts.clear();
        world.no_turn = None;
        world.conflicts = 0;
        world.loses_answer = false;
        world.secrets_fail = false;
        world.due = true;
        world.settle();
        if world.gone {
            return Ok(());
        }
        let pass = world.pass();
        prop_assert_eq!(pass.writes, 0, "it does not come to rest: {:?}", pass.effects);
        prop_assert!(world.is_ready() || !world.message().is_empty());
        let enforced = !world.spec.paused && world.spec.mode == crate::api::common::Mode::Enforce;
        if world.is_ready() && enforced && world.spec.password.is_some() {
            let wanted = match world.spec.password.as_ref().unwrap().generate {
                None => world.yours.clone(),
                Some(_) => world.ours[&world.spec.credentials_secret.as_ref().unwrap().name].0.clone(),
            };
            prop_assert_eq!(world.passwords.get(&world.status.id.unwrap()), wanted.as_ref());
        }
        if world.is_ready() && enforced {
            prop_assert_eq!(&world.user().name, &world.spec.name);
            prop_assert_eq!(&world.user().email, &world.spec.email);
        }
    }
}
