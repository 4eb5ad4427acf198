//! Whatever people have called themselves and their accounts.

use super::{
    super::{Choices, Found, manifests::manifests, values::Field},
    facts::{account, choices, empty, person},
    judge::{consented, objects, sound},
};
use crate::chatwoot::types::{AccountId, AccountState, Belonging, MemberRole};
use clap::ValueEnum;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-cA-C ]{1,6}",
        "\\PC{250,260}",
        prop::sample::select(vec![
            "no",
            "chat",
            "kube-system",
            "---",
            "a: b\n- c",
            "\u{202e}evil",
            "\u{1b}]0;x\u{7}",
            "{slug}",
            "日本",
            "import-a",
            "-1",
            "~",
        ])
        .prop_map(str::to_owned),
    ]
}

fn emails() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c.+']{1,4}@[ab]\\.example",
        "[a-z]{1,70}@[a-c]{1,3}\\.[a-z]{2,4}",
        any::<String>(),
        "[ab]@[a-c]",
    ]
}

fn roles() -> impl Strategy<Value = Option<MemberRole>> {
    prop::sample::select(vec![Some(MemberRole::Agent), Some(MemberRole::Administrator), None])
}

prop_compose! {
    fn accounts()(rows in prop::collection::vec((names(), any::<bool>(), names(), names()), 1..8)) -> Vec<crate::chatwoot::types::Account> {
        let rows = rows.into_iter().zip(1..);
        rows.map(|((name, suspended, text, key), id)| {
            let mut account = account(id * 3, &name);
            account.state = if suspended { AccountState::Suspended } else { AccountState::Active };
            account.locale = Some(text.chars().take(3).collect());
            account.domain = Some(text.clone());
            account.support_email = Some(text.clone());
            account.features = BTreeSet::from(["sla".to_owned(), text.clone()]);
            account.limits.insert(key.clone(), Value::from(id));
            account.custom_attributes.insert(key, Value::from(text));
            account
        })
        .collect()
    }
}

prop_compose! {
    fn facts()(
        accounts in accounts(),
        people in prop::collection::vec((emails(), names(), prop::collection::btree_map(1..9_i64, roles(), 0..5)), 0..12),
    ) -> Found {
        let mut seen = BTreeSet::new();
        let people = people.into_iter().zip(1..).filter(|((email, ..), _)| seen.insert(email.to_lowercase()));
        let people = people.map(|((email, name, roles), id)| {
            let mut user = person(id, &email, &[]);
            user.name = name.clone();
            user.display_name = Some(name);
            user.belongings =
                roles.into_iter().map(|(id, role)| Belonging { account: AccountId(id * 3), role }).collect();
            user
        });
        Found { people: people.collect(), accounts }
    }
}

prop_compose! {
    fn wishes()(
        template in prop::sample::select(vec!["tenant-{slug}", "{slug}", "{id}", "{name}-{id}", "all"]),
        fields in prop::sample::subsequence(Field::value_variants().to_vec(), 0..=9),
    ) -> Choices {
        Choices { fields: fields.into_iter().collect(), ..choices(template) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn any_names_make_manifests_that_our_own_rules_take(found in facts(), wishes in wishes()) {
        let imported = manifests(&found, &empty(), &wishes);
        sound(&imported);
        consented(&imported);
        prop_assert!(imported.notes.lines().all(|line| !line.chars().any(char::is_control)));
    }

    #[test]
    fn a_second_run_prints_the_same_and_nothing_once_all_is_taken_over(found in facts(), wishes in wishes()) {
        let first = manifests(&found, &empty(), &wishes);
        let all = objects(&first);
        let applied = manifests(&found, &empty().after(&all, false), &wishes);
        prop_assert_eq!(&applied.parts, &first.parts);
        let over = manifests(&found, &empty().after(&all, true), &wishes);
        prop_assert_eq!((over.accounts, over.people), (0, 0));
        prop_assert_eq!(over.parts, vec![]);
    }

    #[test]
    fn nobody_is_lost_in_silence(found in facts(), wishes in wishes()) {
        let imported = manifests(&found, &empty(), &wishes);
        let ids = |kind: &str| -> BTreeSet<i64> {
            objects(&imported).iter().filter(|one| one["kind"] == kind).filter_map(|one| one["spec"]["adopt"]["id"].as_i64()).collect()
        };
        let left_out = |what: &str| imported.notes.lines().filter(|line| line.starts_with(what) && line.contains("left out")).count();
        prop_assert!(ids("ChatwootAccount").len() + left_out("account ") == found.accounts.len());
        // Those who are in no account that is taken over share a line.
        let people = ids("ChatwootUser").len() + left_out("user ");
        prop_assert!(people == found.people.len() || left_out("users ") == 1);
        for user in found.people.iter().filter(|user| ids("ChatwootUser").contains(&user.id.0)) {
            let declared = objects(&imported).iter().find(|one| one["kind"] == "ChatwootUser" && one["spec"]["adopt"]["id"] == user.id.0)
                .and_then(|one| one["spec"]["memberships"].as_array().map(Vec::len)).unwrap_or(0);
            let taken_over = ids("ChatwootAccount");
            let there = user.belongings.iter().filter(|one| one.role.is_some() && taken_over.contains(&one.account.0)).count();
            prop_assert_eq!(declared, there);
        }
    }
}
