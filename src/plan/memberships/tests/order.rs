//! Memberships have no order: not in what Chatwoot lists, not in what is recorded, and not in what is declared.

use super::*;

/// As [`any_declared`], every entry for an account of its own: of two for the same one the first decides.
fn apart() -> impl Strategy<Value = Vec<Declared>> {
    any_declared().prop_map(|mut all| {
        let mut seen = BTreeSet::new();
        all.retain(|wish| match wish.target {
            Target::There { id: Some(id), .. } => seen.insert(id),
            _ => true,
        });
        all
    })
}

fn sorted(mut plan: Plan) -> Plan {
    plan.entries.sort_by(|a, b| (&a.namespace, &a.account).cmp(&(&b.namespace, &b.account)));
    plan.calls.sort_by_key(|call| format!("{call:?}"));
    plan
}

fn shuffled<T: Clone + std::fmt::Debug + 'static>(
    all: impl Strategy<Value = Vec<T>> + 'static,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    all.prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
}

fn any_record() -> impl Strategy<Value = Vec<MembershipStatus>> {
    let state = prop::sample::select(vec![
        MembershipState::Pending,
        MembershipState::Granted,
        MembershipState::Refused,
        MembershipState::Revoking,
    ]);
    let role = prop::sample::select(vec![Role::Agent, Role::Administrator]);
    let one = (prop::option::of(0i64..5), role, state);
    prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "gone"]), one, 0..4).prop_map(
        |all| {
            let entry =
                |(account, (account_id, role, state)): (&str, (Option<i64>, Role, MembershipState))| {
                    let (namespace, account) = (String::new(), account.to_owned());
                    MembershipStatus { namespace, account, account_id, role, state, reason: None }
                };
            all.into_iter().map(entry).collect()
        },
    )
}

fn any_belongings() -> impl Strategy<Value = Vec<Belonging>> {
    let role = prop::option::of(prop::sample::select(vec![MemberRole::Agent, MemberRole::Administrator]));
    prop::collection::btree_map(0i64..6, role, 0..5).prop_map(|all| {
        all.into_iter().map(|(id, role)| Belonging { account: AccountId(id), role }).collect()
    })
}

proptest! {
    #![proptest_config(crate::tried(1024))]

    #[test]
    fn whatever_the_order_the_plan_is_the_same(
        (declared, declared_too) in shuffled(apart()),
        (recorded, recorded_too) in shuffled(any_record()),
        (belongings, belongings_too) in shuffled(any_belongings()),
        seconds in prop::collection::vec(0u64..200, 1..4),
    ) {
        let facts = |declared, recorded, belongings, clock| Facts {
            declared, recorded, belongings, clock, settle: SETTLE, withdrawn_for: WITHDRAWN_FOR,
        };
        let (mut memory, mut memory_too) = (Memory::default(), Memory::default());
        let mut clock = Duration::ZERO;
        for passed in seconds {
            clock += Duration::from_secs(passed);
            let one = facts(&declared[..], &recorded[..], &belongings[..], clock);
            let other = facts(&declared_too[..], &recorded_too[..], &belongings_too[..], clock);
            memory.observe(&one);
            memory_too.observe(&other);
            prop_assert_eq!(sorted(plan(&one, &memory)), sorted(plan(&other, &memory_too)));
            prop_assert_eq!(to_take_back(&recorded, &belongings), to_take_back(&recorded_too, &belongings_too));
            prop_assert_eq!(under_way_until(&one, &memory), under_way_until(&other, &memory_too));
            prop_assert_eq!(only_ours(&recorded, &belongings), only_ours(&recorded_too, &belongings_too));
        }
    }
}
