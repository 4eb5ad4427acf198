mod order;

use super::*;
use proptest::prelude::*;

const SETTLE: Duration = Duration::from_secs(110);
const ACME: AccountId = AccountId(1);

/// A person in Chatwoot, what is recorded of them, and one process.
#[derive(Clone, Debug, Default)]
struct World {
    declared: Vec<Declared>,
    recorded: Vec<MembershipStatus>,
    remote: BTreeMap<AccountId, Option<MemberRole>>,
    memory: Memory,
    /// Since the process began.
    clock: Duration,
    now: Duration,
    /// Requests to join that have not arrived yet.
    late: Vec<(Duration, AccountId, MemberRole)>,
    calls: Vec<Call>,
    writes: usize,
}

/// How the calls of a pass end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Good,
    /// The request was lost.
    Lost,
    /// It arrived, and the answer was lost.
    Unanswered,
    /// The answer was lost, and the request arrives when so much time has passed.
    Late(u64),
    /// As `Late`, and the lead then passes to another process, which has been running for as long.
    TakenOver(u64),
    /// The process dies before the first call, or after it.
    Killed {
        called: bool,
    },
}

impl World {
    fn look(&mut self) -> Plan {
        let belongings: Vec<Belonging> =
            self.remote.iter().map(|(account, role)| Belonging { account: *account, role: *role }).collect();
        let Self { declared, recorded, clock, memory, .. } = self;
        let facts = Facts {
            declared,
            recorded,
            belongings: &belongings,
            clock: *clock,
            settle: SETTLE,
            withdrawn_for: WITHDRAWN_FOR,
        };
        memory.observe(&facts);
        plan(&facts, memory)
    }

    fn store(&mut self, plan: &Plan) {
        if self.recorded != plan.entries {
            self.recorded.clone_from(&plan.entries);
            self.writes += 1;
        }
    }

    fn call(&mut self, call: &Call) {
        match call {
            Call::Join { account, role, .. } => self.remote.insert(*account, Some(*role)),
            Call::Leave { account, .. } => self.remote.remove(account),
        };
    }

    /// One pass as the planner runs it.
    fn pass(&mut self, luck: Luck) {
        self.calls_of_a_pass(luck);
        if let Luck::TakenOver(_) = luck {
            self.memory = Memory::default();
        }
    }

    fn calls_of_a_pass(&mut self, luck: Luck) {
        let mut tried: Vec<Call> = Vec::new();
        loop {
            let plan = self.look();
            let Some(call) = plan.calls.iter().find(|call| !tried.contains(call)).cloned() else {
                return self.store(&plan);
            };
            if plan.record_first {
                self.store(&plan);
            }
            if luck == (Luck::Killed { called: false }) {
                return self.restart();
            }
            self.calls.push(call.clone());
            if let Call::Join { account, .. } = &call {
                self.memory.sent(*account, self.clock, true);
            }
            match (luck, &call) {
                (Luck::Lost, _) => {}
                (Luck::Late(after) | Luck::TakenOver(after), Call::Join { account, role, .. }) => {
                    self.late.push((self.now + Duration::from_secs(after), *account, *role));
                }
                (Luck::Unanswered, _) => {
                    let before = self.remote.clone();
                    self.call(&call);
                    let after = std::mem::replace(&mut self.remote, before);
                    tried.push(call);
                    let plan = self.look();
                    self.store(&plan);
                    self.remote = after;
                    return;
                }
                _ => self.call(&call),
            }
            tried.push(call);
            if luck == (Luck::Killed { called: true }) {
                return self.restart();
            }
        }
    }

    fn restart(&mut self) {
        self.memory = Memory::default();
        self.clock = Duration::ZERO;
    }

    fn wait(&mut self, seconds: u64) {
        self.clock += Duration::from_secs(seconds);
        self.now += Duration::from_secs(seconds);
        let (due, late): (Vec<_>, _) = self.late.iter().copied().partition(|(at, ..)| *at <= self.now);
        self.late = late;
        for (_, account, role) in due {
            self.remote.insert(account, Some(role));
        }
    }

    fn settled(&mut self) {
        for _ in 0..4 {
            self.pass(Luck::Good);
            self.wait(120);
        }
        self.pass(Luck::Good);
    }

    fn entry(&self, account: &str) -> (MembershipState, Option<&str>) {
        let entry = self.recorded.iter().find(|entry| entry.account == account).unwrap();
        (entry.state, entry.reason.as_deref())
    }
}

fn wish(account: &str, role: Role, target: Target) -> Declared {
    Declared { namespace: String::new(), account: account.into(), role, target }
}

fn there(id: i64, consent: Consent) -> Target {
    Target::There { id: (id > 0).then_some(AccountId(id)), consent }
}

fn agent_of(id: i64) -> World {
    let declared = vec![wish("acme", Role::Agent, there(id, Consent::EVERYTHING))];
    let mut world = World { declared, ..World::default() };
    world.pass(Luck::Good);
    world
}

#[test]
fn a_membership_is_recorded_before_it_is_made() {
    let mut world = World {
        declared: vec![wish("acme", Role::Agent, there(1, Consent::EVERYTHING))],
        ..World::default()
    };
    let plan = world.look();
    assert!(plan.record_first);
    assert_eq!(plan.entries[0].state, MembershipState::Pending);
    assert_eq!(plan.entries[0].account_id, Some(1));
    world.pass(Luck::Killed { called: false });
    assert_eq!(world.entry("acme"), (MembershipState::Pending, Some(reason::PROGRESSING)));
    world.pass(Luck::Good);
    assert_eq!(world.entry("acme"), (MembershipState::Granted, None));
    assert_eq!(world.remote, [(ACME, Some(MemberRole::Agent))].into());
}

#[test]
fn a_first_membership_takes_two_writes_and_a_second_look_none() {
    let mut world = agent_of(1);
    assert_eq!((world.writes, world.calls.len()), (2, 1));
    world.pass(Luck::Good);
    assert_eq!((world.writes, world.calls.len()), (2, 1));
}

#[test]
fn a_role_is_changed_without_ever_taking_the_person_out() {
    let mut world = agent_of(1);
    world.declared[0].role = Role::Administrator;
    world.calls.clear();
    world.settled();
    let key = (String::new(), "acme".to_owned());
    assert_eq!(world.calls, [Call::Join { key, account: ACME, role: MemberRole::Administrator }]);
}

#[test]
fn a_role_that_is_null_is_mended() {
    let mut world = agent_of(1);
    world.remote.insert(ACME, None);
    world.settled();
    assert_eq!(world.remote, [(ACME, Some(MemberRole::Agent))].into());
}

#[test]
fn memberships_nobody_declared_are_not_ours_to_remove() {
    let mut world = agent_of(1);
    world.remote.insert(AccountId(9), Some(MemberRole::Administrator));
    world.declared.clear();
    world.settled();
    assert_eq!(world.remote, [(AccountId(9), Some(MemberRole::Administrator))].into());
    assert_eq!(world.recorded, []);
}

#[test]
fn a_membership_that_is_no_longer_declared_ends_at_once() {
    let mut world = agent_of(1);
    world.wait(SETTLE.as_secs());
    world.pass(Luck::Good);
    world.declared.clear();
    world.pass(Luck::Good);
    assert!(world.remote.is_empty() && world.recorded.is_empty());
}

#[test]
fn a_membership_that_ends_soon_after_a_restart_is_remembered_a_while_and_holds_nobody_up() {
    let mut world = agent_of(1);
    world.declared.clear();
    world.pass(Luck::Good);
    assert!(world.remote.is_empty());
    let plan = world.look();
    assert_eq!((plan.worst, plan.wake, plan.entries.len()), (None, Some(SETTLE), 1));
    world.wait(SETTLE.as_secs());
    world.pass(Luck::Good);
    assert_eq!(world.recorded, []);
}

#[test]
fn consent_withdrawn_for_a_moment_takes_nobody_out() {
    let mut world = agent_of(1);
    world.declared[0].target = there(1, Consent::NOTHING);
    world.pass(Luck::Good);
    assert_eq!(world.entry("acme"), (MembershipState::Revoking, Some(reason::NOT_GRANTED)));
    assert_eq!(world.look().wake, Some(WITHDRAWN_FOR));
    world.wait(59);
    world.pass(Luck::Good);
    world.declared[0].target = there(1, Consent::EVERYTHING);
    world.pass(Luck::Good);
    assert_eq!(world.entry("acme"), (MembershipState::Granted, None));
    // Withdrawn again, it counts from the beginning, and a restart counts anew, too.
    world.declared[0].target = there(1, Consent::NOTHING);
    world.pass(Luck::Good);
    world.wait(59);
    world.pass(Luck::Good);
    assert_eq!(world.calls.len(), 1);
    world.restart();
    world.pass(Luck::Good);
    world.wait(59);
    world.pass(Luck::Good);
    assert_eq!(world.calls.len(), 1);
    world.wait(1);
    world.pass(Luck::Good);
    assert!(world.remote.is_empty());
    world.settled();
    assert_eq!(world.entry("acme"), (MembershipState::Refused, Some(reason::NOT_GRANTED)));
}

#[test]
fn no_consent_and_no_such_account_read_the_same() {
    let said = |target| {
        let mut world = World { declared: vec![wish("acme", Role::Agent, target)], ..World::default() };
        world.settled();
        assert!(world.calls.is_empty());
        world.recorded
    };
    let first = said(Target::Absent);
    assert_eq!(said(there(1, Consent::NOTHING)), first);
    assert_eq!(said(there(0, Consent::NOTHING)), first);
    assert_eq!(said(there(1, Consent::UNKNOWN)), first);
    assert_eq!(said(Target::Unreadable), first);
    assert_eq!(first[0].account_id, None);
}

#[test]
fn a_role_above_consent_is_refused_and_the_one_below_stays() {
    let mut world = agent_of(1);
    let only_agents = Consent { agent: Some(true), administrator: Some(false) };
    world.declared[0] = wish("acme", Role::Administrator, there(1, only_agents));
    world.settled();
    assert_eq!(world.remote, [(ACME, Some(MemberRole::Agent))].into());
    assert_eq!(world.entry("acme"), (MembershipState::Refused, Some(reason::NOT_GRANTED)));
    // It is still ours: when it is not declared any more it goes.
    world.declared.clear();
    world.settled();
    assert!(world.remote.is_empty());
}

#[test]
fn an_account_whose_resource_is_gone_or_unreadable_loses_nobody() {
    for target in
        [Target::Absent, Target::Unreadable, there(1, Consent::UNKNOWN), there(0, Consent::EVERYTHING)]
    {
        let mut world = agent_of(1);
        world.declared[0].target = target;
        world.settled();
        assert_eq!(world.remote.len(), 1, "{target:?}");
        assert_eq!(world.recorded[0].account_id, Some(1), "{target:?}");
        world.declared.clear();
        world.settled();
        assert!(world.remote.is_empty(), "{target:?}");
    }
}

#[test]
fn the_reason_of_a_left_membership_says_why() {
    let mut world = agent_of(1);
    world.declared[0].target = Target::Absent;
    assert_eq!(world.look().worst, Some(reason::ACCOUNT_GONE));
    world.declared[0].target = there(0, Consent::EVERYTHING);
    assert_eq!(world.look().worst, Some(reason::WAITING_FOR_ACCOUNT));
    world.declared[0].target = Target::Unreadable;
    assert_eq!(world.look().worst, None);
}

#[test]
fn one_refused_membership_holds_up_no_other_and_the_worst_reason_shows() {
    let mut world = World {
        declared: vec![
            wish("foreign", Role::Agent, Target::Absent),
            wish("later", Role::Agent, there(0, Consent::EVERYTHING)),
            wish("acme", Role::Agent, there(1, Consent::EVERYTHING)),
        ],
        ..World::default()
    };
    world.pass(Luck::Good);
    assert_eq!(world.entry("acme").0, MembershipState::Granted);
    assert_eq!(world.entry("later"), (MembershipState::Pending, Some(reason::WAITING_FOR_ACCOUNT)));
    assert_eq!(world.look().worst, Some(reason::NOT_GRANTED));
}

#[test]
fn an_account_whose_resource_was_renamed_keeps_its_people() {
    let mut world = agent_of(1);
    world.declared = vec![wish("acme-2", Role::Agent, there(1, Consent::EVERYTHING))];
    world.calls.clear();
    world.settled();
    assert!(world.calls.is_empty());
    assert_eq!(world.recorded.len(), 1);
    assert_eq!(world.recorded[0].account_id, Some(1));
}

#[test]
fn whoever_is_left_in_an_account_by_one_entry_is_not_taken_out_by_another() {
    let mut world = agent_of(1);
    world.declared[0].target = Target::Absent;
    world.declared.push(wish("acme-2", Role::Agent, there(1, Consent::EVERYTHING)));
    world.settled();
    world.declared.pop();
    world.calls.clear();
    world.settled();
    assert!(world.calls.is_empty());
    assert_eq!(world.recorded.len(), 1);
}

#[test]
fn a_membership_follows_its_account_to_another_id() {
    let mut world = agent_of(1);
    world.declared[0].target = there(2, Consent::EVERYTHING);
    world.settled();
    assert_eq!(world.remote, [(AccountId(2), Some(MemberRole::Agent))].into());
    assert_eq!(world.recorded.len(), 1);
}

#[test]
fn two_entries_for_one_account_do_not_quarrel_over_the_role() {
    let mut world = agent_of(1);
    world.declared.push(wish("twin", Role::Administrator, there(1, Consent::EVERYTHING)));
    world.settled();
    let calls = world.calls.len();
    world.settled();
    assert_eq!(world.calls.len(), calls);
}

#[test]
fn a_request_that_arrives_late_is_not_forgotten() {
    let mut world = World {
        declared: vec![wish("acme", Role::Agent, there(1, Consent::EVERYTHING))],
        ..World::default()
    };
    world.pass(Luck::Late(100));
    world.declared.clear();
    world.pass(Luck::Good);
    assert_eq!(world.recorded[0].account_id, Some(1));
    assert!(world.look().wake.is_some());
    world.wait(100);
    assert_eq!(world.remote.len(), 1);
    world.settled();
    assert!(world.remote.is_empty() && world.recorded.is_empty());
}

#[test]
fn a_request_that_arrives_after_its_repeat_and_its_end_is_not_forgotten() {
    let mut world = World {
        declared: vec![wish("acme", Role::Agent, there(1, Consent::EVERYTHING))],
        ..World::default()
    };
    world.wait(1000);
    world.pass(Luck::Late(90));
    world.pass(Luck::Good);
    world.declared.clear();
    world.pass(Luck::Good);
    assert!(world.remote.is_empty());
    world.wait(90);
    assert_eq!(world.remote.len(), 1);
    world.settled();
    assert!(world.remote.is_empty() && world.recorded.is_empty());
}

#[test]
fn a_deletion_takes_back_what_is_recorded_and_spares_colleagues_of_others() {
    let world = agent_of(1);
    let belonging = |id| Belonging { account: AccountId(id), role: Some(MemberRole::Agent) };
    let both = [belonging(1), belonging(9)];
    assert_eq!(to_take_back(&world.recorded, &both), [ACME].into());
    assert_eq!(to_take_back(&world.recorded, &both[1..]), [].into());
    assert!(!only_ours(&world.recorded, &both));
    assert!(only_ours(&world.recorded, &both[..1]) && only_ours(&world.recorded, &[]));
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        Just(Luck::Good),
        Just(Luck::Lost),
        Just(Luck::Unanswered),
        (1u64..100).prop_map(Luck::Late),
        (1u64..100).prop_map(Luck::TakenOver),
        any::<bool>().prop_map(|called| Luck::Killed { called }),
    ]
}

fn any_target() -> impl Strategy<Value = Target> {
    let answer = prop::sample::select(vec![Some(true), Some(true), Some(false), None]);
    prop_oneof![
        1 => Just(Target::Absent),
        1 => Just(Target::Unreadable),
        6 => (0i64..4, answer.clone(), answer).prop_map(|(id, agent, administrator)| {
            there(id, Consent { agent, administrator })
        }),
    ]
}

fn any_declared() -> impl Strategy<Value = Vec<Declared>> {
    let role = prop::sample::select(vec![Role::Agent, Role::Administrator]);
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), (role, any_target()), 0..3)
        .prop_map(|all| {
            all.into_iter().map(|(account, (role, target))| wish(account, role, target)).collect()
        })
}

proptest! {
    #![proptest_config(crate::tried(2048))]

    /// Whatever is declared, lost, late or cut off: nobody stays in an account that nothing remembers, nobody loses a
    /// membership that was not ours, and nobody is let in without consent.
    #[test]
    fn no_membership_is_forgotten_and_no_foreign_one_taken(
        steps in prop::collection::vec((any_declared(), luck(), 0u64..50), 1..10),
        at_first in prop::collection::btree_set(1i64..6, 0..3),
    ) {
        let theirs: BTreeMap<_, _> = at_first.into_iter().map(|id| (AccountId(id), Some(MemberRole::Agent))).collect();
        let mut world = World { remote: theirs.clone(), ..World::default() };
        let mut ever_ours = BTreeSet::new();
        for (declared, luck, seconds) in steps {
            world.declared = declared;
            world.calls.clear();
            let ours_before = recorded_accounts(&world.recorded);
            world.pass(luck);
            let ours = recorded_accounts(&world.recorded);
            ever_ours.extend(ours.iter().copied());
            for call in &world.calls {
                match call {
                    Call::Join { key, account, role } => {
                        let consented = world.declared.iter().any(|wish| {
                            let Target::There { id, consent } = wish.target else { return false };
                            wish.key() == *key && id == Some(*account) && member_role(wish.role) == *role
                                && consent.to(wish.role) == Some(true)
                        });
                        prop_assert!(consented, "{:?}", call);
                    }
                    Call::Leave { account, .. } => prop_assert!(ours_before.contains(account), "{:?}", call),
                }
            }
            world.wait(seconds);
            for account in world.remote.keys() {
                let known = ours.contains(account) || theirs.contains_key(account);
                prop_assert!(known, "{} is forgotten", account);
            }
        }
        world.wait(100);
        // Everything that can be wished for comes true, once nothing goes wrong any more.
        world.settled();
        let plan = world.look();
        prop_assert!(plan.calls.is_empty() && plan.entries == world.recorded);
        ever_ours.extend(recorded_accounts(&world.recorded));
        world.declared.clear();
        world.settled();
        prop_assert_eq!(&world.recorded, &[]);
        for account in world.remote.keys() {
            prop_assert!(theirs.contains_key(account));
        }
        for account in theirs.keys().filter(|account| !ever_ours.contains(account)) {
            prop_assert!(world.remote.contains_key(account));
        }
    }
}
