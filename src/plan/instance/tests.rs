//! Whole passes over an instance: every effect is answered by a scripted Chatwoot.

use super::*;
use crate::{
    api::{
        conditions::{ACCOUNT_INDEX_AVAILABLE, RECONCILING, STALLED, find},
        instance::{InstanceDeletionPolicy, InstanceSpec, Witness, WitnessKind},
    },
    chatwoot::{
        outcome::{Class, Failure},
        version::Version,
    },
    plan::{Machine, NoTurn, account::Object, create::Wrote, status::tests::well_formed},
};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

struct World {
    facts: Facts,
    second: i64,
    token: Connected,
    version: Result<Version, Class>,
    probe: Result<(), Class>,
    witnesses: BTreeMap<i64, Seen>,
    no_turn: Option<NoTurn>,
    left: usize,
    published: Vec<Usable>,
}

struct Pass {
    effects: Vec<Effect>,
    end: End<InstanceStatus>,
}

fn yes(fingerprint: &str) -> Connected {
    Connected::Yes { fingerprint: fingerprint.into() }
}

fn account(id: i64) -> Witness {
    Witness { kind: WitnessKind::Account, id }
}

impl World {
    fn new() -> Self {
        let spec: InstanceSpec = serde_json::from_value(
            json!({"url": "http://chatwoot:3000", "platformTokenSecretRef": {"name": "platform-app"}}),
        )
        .unwrap();
        let object = Object {
            namespace: "ops".into(),
            name: "main".into(),
            generation: 1,
            deleting: false,
            finalizer: false,
            requested_at: None,
        };
        let around = Around {
            honoured: true,
            no_installation: None,
            bound: BTreeMap::new(),
            dependents: 0,
            unseen: None,
            index: IndexState::Unread,
            was_usable: false,
            has_client: false,
            served_leavers: false,
            suspect: false,
            due: false,
            sweep_due: false,
            next_sweep: None,
            grace: Duration::from_secs(120),
        };
        let pass = super::Pass::default();
        Self {
            facts: Facts { object, spec, status: InstanceStatus::default(), around, pass },
            second: 1000,
            token: yes("f-1"),
            version: Ok("4.14.2".parse().unwrap()),
            probe: Ok(()),
            witnesses: BTreeMap::new(),
            no_turn: None,
            left: 0,
            published: Vec::new(),
        }
    }

    /// Ready, with three accounts bound to it.
    fn ready() -> Self {
        let mut world = Self::new();
        world.pass();
        assert!(world.is_ready(), "{}", world.message());
        world.facts.around.bound = (42..45).map(|id| (account(id), "marker".to_owned())).collect();
        world
    }

    fn reason(&self) -> &str {
        status::ready_reason(&self.facts.status.conditions).unwrap_or("none")
    }

    fn is_ready(&self) -> bool {
        status::is_ready(&self.facts.status.conditions)
    }

    fn message(&self) -> &str {
        find(&self.facts.status.conditions, conditions::READY).map_or("", |ready| ready.message.as_str())
    }

    fn blocked(&self) -> Option<&str> {
        self.published.last().expect("nothing was told to dependents").blocked.as_deref()
    }

    fn pass(&mut self) -> Pass {
        self.facts.pass = super::Pass::default();
        let mut effects = Vec::new();
        for _ in 0..20 {
            let at = Moment {
                now: Timestamp::from_second(1_800_000_000 + self.second).unwrap(),
                clock: Duration::from_secs(self.second as u64),
                nonce: String::new(),
                stopping: false,
            };
            match self.facts.next(&at) {
                Step::Act(effect) => {
                    let lesson = self.act(&effect);
                    self.facts.learn(lesson);
                    effects.push(effect);
                }
                Step::Settle(end) => {
                    if end.again != Again::Fresh {
                        well_formed(&end.status.conditions, self.facts.object.generation);
                        self.facts.status = end.status.clone();
                    }
                    return Pass { effects, end };
                }
            }
        }
        panic!("the plan does not come to an end: {effects:#?}");
    }

    fn act(&mut self, effect: &Effect) -> Lesson {
        if effect.needs_turn()
            && let Some(why) = self.no_turn
        {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AddFinalizer => Lesson::Finalizer(Wrote::Yes),
            Effect::DropFinalizer => Lesson::Dropped(Wrote::Yes),
            Effect::Connect => Lesson::Connected(self.token.clone()),
            Effect::About => Lesson::About(self.version.map_err(Failure::of)),
            Effect::Probe => Lesson::Probed(self.probe.map_err(Failure::of)),
            Effect::Witness(witness) => {
                let seen = self.witnesses.get(&witness.id).cloned().unwrap_or(Seen::Nothing);
                Lesson::Witness(*witness, seen)
            }
            Effect::Sweep => Lesson::Swept,
            Effect::Release => Lesson::Released { left: self.left },
            Effect::Publish(usable) => {
                self.published.push(usable.clone());
                self.facts.around.has_client |= usable.version.is_some();
                self.facts.around.served_leavers = usable.serves_leavers;
                self.facts.around.was_usable = usable.version.is_some() && usable.blocked.is_none();
                Lesson::Published(usable.clone())
            }
        }
    }
}

fn calls(pass: &Pass) -> Vec<&Effect> {
    pass.effects.iter().filter(|effect| effect.needs_turn()).collect()
}

#[test]
fn an_instance_is_ready_once_chatwoot_took_its_token() {
    let mut world = World::new();
    let pass = world.pass();
    assert_eq!(pass.effects[..4], [Effect::AddFinalizer, Effect::Connect, Effect::About, Effect::Probe]);
    assert!(world.is_ready() && world.blocked().is_none() && pass.end.checked);
    assert_eq!(world.facts.status.version.as_deref(), Some("4.14.2"));
    assert_eq!(world.facts.status.connection.as_ref().unwrap().fingerprint, "f-1");
}

#[test]
fn woken_without_a_doubt_it_calls_nobody_and_writes_nothing() {
    let mut world = World::ready();
    let before = world.facts.status.clone();
    let pass = world.pass();
    assert!(calls(&pass).is_empty());
    assert_eq!(world.facts.status, before);
    for doubt in [|w: &mut World| w.facts.around.suspect = true, |w: &mut World| w.facts.around.due = true] {
        let mut world = World::ready();
        doubt(&mut world);
        assert_eq!(calls(&world.pass()), [&Effect::About, &Effect::Probe]);
    }
}

#[test]
fn what_cannot_be_used_says_what_to_do_and_holds_dependents_back() {
    type Break = fn(&mut World);
    let broken: [(&str, &str, Break); 6] = [
        (reason::CREDENTIALS_MISSING, "create it with", |w| {
            w.token = Connected::Missing("create it with: kubectl".into())
        }),
        (reason::INVALID_SPEC, "write", |w| w.token = Connected::Invalid("spec.url: write http".into())),
        (reason::UNAUTHORIZED, "platform-app", |w| w.probe = Err(Class::Unauthorized)),
        (reason::REDIRECTED, "spec.externalURL", |w| w.version = Err(Class::Redirected)),
        (reason::UNSUPPORTED_CHATWOOT, "upgrade", |w| w.version = Ok("4.1.0".parse().unwrap())),
        (reason::CREDENTIALS_MISSING, "restore", |w| {
            w.facts.around.no_installation = Some("restore the Secret".into())
        }),
    ];
    for (expected, says, break_it) in broken {
        let mut world = World::ready();
        world.facts.around.due = true;
        world.facts.around.suspect = true;
        break_it(&mut world);
        world.pass();
        assert_eq!(world.reason(), expected);
        assert!(world.message().contains(says), "{}", world.message());
        assert!(world.blocked().is_some_and(|why| why.ends_with(expected)));
        assert!(find(&world.facts.status.conditions, RECONCILING).is_some());
        world.second += 120;
        world.pass();
        assert!(find(&world.facts.status.conditions, STALLED).is_some());
        assert_eq!(world.facts.status.connection.as_ref().unwrap().fingerprint, "f-1");
    }
}

#[test]
fn an_outage_flips_the_instance_and_holds_back_nobody_who_could_work() {
    for class in [Class::Connect, Class::Timeout, Class::Proxy, Class::Server, Class::RateLimited] {
        let mut world = World::ready();
        world.facts.around.suspect = true;
        world.version = Err(class);
        let pass = world.pass();
        assert!(!world.is_ready() && world.blocked().is_none(), "{class:?}");
        assert!(matches!(pass.end.again, Again::Backoff { .. }));
    }
}

#[test]
fn an_outage_lets_nobody_through_who_was_held_back() {
    let mut world = World::ready();
    world.token = yes("f-2");
    world.witnesses.insert(42, Seen::NotOurs);
    world.pass();
    assert_eq!(world.reason(), reason::DIFFERENT_CHATWOOT);
    world.version = Err(Class::Timeout);
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    assert!(world.blocked().is_some(), "a connection that was not proven is not to be used");
}

#[test]
fn after_a_changed_connection_nothing_is_written_before_a_bound_object_vouched_for_it() {
    let mut world = World::ready();
    world.token = yes("f-2");
    world.witnesses.insert(43, Seen::Ours);
    let pass = world.pass();
    let asked: Vec<_> = calls(&pass).into_iter().skip(2).collect();
    assert_eq!(asked, [&Effect::Witness(account(42)), &Effect::Witness(account(43))]);
    assert!(world.is_ready());
    assert_eq!(world.facts.status.connection.as_ref().unwrap().fingerprint, "f-2");
}

#[test]
fn a_different_chatwoot_is_recognised_and_nothing_is_written_there() {
    let foreign: [&[(i64, Seen)]; 3] = [&[(42, Seen::NotOurs)], &[(43, Seen::NotOurs)], &[]];
    for witnesses in foreign {
        let mut world = World::ready();
        world.token = yes("f-2");
        world.witnesses = witnesses.iter().cloned().collect();
        let pass = world.pass();
        assert_eq!(world.reason(), reason::DIFFERENT_CHATWOOT);
        assert!(world.blocked().is_some());
        assert!(calls(&pass).len() <= 5, "at most three are asked");
        assert_eq!(world.facts.status.connection.as_ref().unwrap().fingerprint, "f-1");
        // Set back, all is well again.
        world.token = yes("f-1");
        world.pass();
        assert!(world.is_ready() && world.blocked().is_none());
    }
}

/// Whoever runs an account in Chatwoot can remove its people there.
#[test]
fn one_tenant_whose_people_are_gone_does_not_make_it_look_like_another_chatwoot() {
    let of = |namespace: &str, uid: &str| format!("v1:0123456789abcdef:owner:{namespace}:{uid}");
    let evil = (42..45).map(|id| (account(id), of("evil", &id.to_string())));
    let mut world = World::ready();
    world.facts.around.bound = evil.collect();
    world.facts.around.due = true;
    world.pass();
    world.facts.around.bound.extend([(account(50), of("acme", "50")), (account(51), of("bpo", "51"))]);
    world.witnesses.insert(51, Seen::Ours);
    world.token = yes("f-2");
    let pass = world.pass();
    let asked: Vec<_> = calls(&pass).into_iter().skip(2).collect();
    let wanted = [42, 50, 51].map(|id| Effect::Witness(account(id)));
    assert_eq!(asked, wanted.iter().collect::<Vec<_>>());
    assert!(world.is_ready(), "{}", world.message());
    let kept = &world.facts.status.connection.as_ref().unwrap().witnesses;
    assert_eq!(kept, &[42, 50, 51].map(account));
}

#[test]
fn a_witness_that_cannot_be_read_decides_nothing() {
    let mut world = World::ready();
    world.token = yes("f-2");
    world.witnesses.insert(42, Seen::Failed(Failure::of(Class::Timeout)));
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    assert_eq!(world.facts.status.connection.as_ref().unwrap().fingerprint, "f-1");
    world.witnesses.insert(42, Seen::Ours);
    world.pass();
    assert!(world.is_ready());
}

#[test]
fn an_instance_made_again_under_its_name_must_be_vouched_for_too() {
    let mut world = World::new();
    world.facts.around.bound.insert(account(42), "marker".into());
    world.witnesses.insert(42, Seen::NotOurs);
    world.pass();
    assert_eq!(world.reason(), reason::DIFFERENT_CHATWOOT);
    world.witnesses.insert(42, Seen::Ours);
    world.pass();
    assert!(world.is_ready());
}

#[test]
fn where_instances_do_not_count_nothing_is_called_and_no_finalizer_taken() {
    let mut world = World::new();
    world.facts.around.honoured = false;
    let pass = world.pass();
    assert!(pass.effects.iter().all(|effect| matches!(effect, Effect::Publish(_))), "{:?}", pass.effects);
    assert_eq!(world.reason(), reason::INVALID_SPEC);
    assert!(world.message().contains("--instance-namespaces"));
    world.facts.object.finalizer = true;
    world.facts.object.deleting = true;
    assert_eq!(world.pass().effects, [Effect::DropFinalizer]);
}

#[test]
fn protect_waits_for_dependents_and_says_how_to_get_out() {
    let mut world = World::ready();
    world.facts.object.deleting = true;
    world.facts.around.dependents = 3;
    world.pass();
    assert_eq!(world.reason(), reason::DELETION_BLOCKED);
    assert!(world.message().contains('3') && world.message().contains("spec.deletionPolicy: Release"));
    assert!(world.blocked().is_none(), "those who are to be let go are still served");
    world.facts.around.dependents = 0;
    assert!(world.pass().effects.contains(&Effect::DropFinalizer));
}

#[test]
fn protect_waits_for_a_namespace_that_cannot_be_looked_at() {
    let mut world = World::ready();
    world.facts.object.deleting = true;
    world.facts.around.unseen = Some("bpo".into());
    assert!(!world.pass().effects.contains(&Effect::DropFinalizer));
    assert_eq!(world.reason(), reason::DELETION_BLOCKED);
    assert!(
        world.message().contains("namespace bpo") && world.message().contains("spec.deletionPolicy: Release")
    );
    world.facts.around.unseen = None;
    assert!(world.pass().effects.contains(&Effect::DropFinalizer));
}

#[test]
fn release_marks_every_dependent_before_it_goes() {
    let mut world = World::ready();
    world.facts.object.deleting = true;
    world.facts.spec.deletion_policy = InstanceDeletionPolicy::Release;
    world.facts.around.dependents = 3;
    world.left = 1;
    let pass = world.pass();
    assert!(!pass.effects.contains(&Effect::DropFinalizer));
    assert!(matches!(pass.end.again, Again::Backoff { .. }));
    world.left = 0;
    let pass = world.pass();
    let order: Vec<_> =
        pass.effects.iter().filter(|e| matches!(e, Effect::Release | Effect::DropFinalizer)).collect();
    assert_eq!(order, [&Effect::Release, &Effect::DropFinalizer]);
}

#[test]
fn while_it_goes_the_token_in_memory_serves_although_its_secret_is_gone() {
    let mut world = World::ready();
    world.token = Connected::Missing("create it".into());
    // The Secret went first, and for a moment the instance was not going yet.
    world.pass();
    assert!(world.blocked().is_some());
    assert!(world.facts.around.served_leavers, "what goes with it may go");
    world.facts.around.was_usable = false;
    world.pass();
    assert!(world.facts.around.served_leavers, "for as long as it is so");
    world.facts.object.deleting = true;
    world.facts.around.dependents = 1;
    world.pass();
    assert_eq!(world.reason(), reason::DELETION_BLOCKED);
    assert!(world.blocked().is_none());
}

/// With its namespace the Secret goes too, and an operator that was started after that has no token in memory.
#[test]
fn what_holds_nothing_more_goes_without_token_and_installation() {
    for policy in [InstanceDeletionPolicy::Protect, InstanceDeletionPolicy::Release] {
        let mut world = World::ready();
        world.token = Connected::Missing("create it".into());
        world.facts.around.has_client = false;
        world.facts.around.no_installation = Some("restore it".into());
        world.facts.spec.deletion_policy = policy;
        world.facts.object.deleting = true;
        world.facts.around.dependents = usize::from(policy == InstanceDeletionPolicy::Release);
        assert!(world.pass().effects.contains(&Effect::DropFinalizer), "{policy:?}: {}", world.message());
    }
}

#[test]
fn the_sweep_follows_a_look_and_comes_when_creates_have_settled() {
    let mut world = World::ready();
    world.facts.around.sweep_due = true;
    assert!(world.pass().effects.contains(&Effect::Sweep));
    world.facts.around.sweep_due = false;
    world.facts.around.next_sweep = Some(Duration::from_secs(1090));
    let pass = world.pass();
    assert!(!pass.effects.contains(&Effect::Sweep));
    assert_eq!(pass.end.again, Again::After(Duration::from_secs(90)));
}

#[test]
fn the_index_has_a_condition_of_its_own_that_says_what_to_do() {
    for (state, says) in [
        (IndexState::Available, "lists its accounts"),
        (IndexState::Broken, "doctor"),
        (IndexState::TooLarge, "64 MiB"),
        (IndexState::Unsupported, "upgrade"),
        (IndexState::Unread, "not been read"),
    ] {
        let mut world = World::ready();
        world.facts.around.index = state;
        world.pass();
        let condition = find(&world.facts.status.conditions, ACCOUNT_INDEX_AVAILABLE).unwrap();
        assert!(condition.message.contains(says), "{}", condition.message);
        assert!(world.is_ready(), "it does not make the instance less Ready");
    }
}

#[test]
fn without_a_turn_nothing_is_said() {
    let mut world = World::ready();
    let before = world.facts.status.clone();
    world.facts.around.due = true;
    world.no_turn = Some(NoTurn::Queued);
    let pass = world.pass();
    assert_eq!((world.facts.status.clone(), pass.end.checked), (before, false));
}
