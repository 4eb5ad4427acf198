//! Whatever somebody may apply.

use super::stage::TENANT;
use proptest::{prelude::*, sample::subsequence};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ACCOUNTS: [&str; 2] = ["one", "two"];
const PEOPLE: [&str; 2] = ["alice", "bob"];
const LABELS: [&str; 2] = ["red", "blue"];
pub const FLAGS: [&str; 3] = ["sla", "macros", "help_center"];

/// Kind, name, and what is merged over the object that is there.
pub type Manifest = (&'static str, String, Value);

fn flags() -> impl Strategy<Value = BTreeMap<&'static str, bool>> {
    prop::collection::btree_map(prop::sample::select(FLAGS.to_vec()), any::<bool>(), 0..3)
}

fn limits() -> impl Strategy<Value = BTreeMap<&'static str, i64>> {
    prop::collection::btree_map(prop::sample::select(vec!["agents", "inboxes"]), 0i64..3, 0..3)
}

fn attributes() -> impl Strategy<Value = BTreeMap<&'static str, i64>> {
    prop::collection::btree_map(prop::sample::select(vec!["tier", "segment"]), 0i64..3, 0..3)
}

prop_compose! {
    fn settings()(
        after in prop::option::of(prop::sample::select(vec!["0s", "1h", "72h"])),
        message in prop::option::of(prop::sample::select(vec!["", "Bye"])),
        ignore in prop::option::of(any::<bool>()),
        label in prop::option::of(prop::sample::select(vec!["", "closed"])),
    ) -> Value {
        let mut all = json!({
            "autoResolveAfter": after, "autoResolveMessage": message, "autoResolveIgnoreWaiting": ignore,
            "autoResolveLabel": label,
        });
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        all
    }
}

prop_compose! {
    fn an_account(name: &'static str)(
        title in prop::sample::select(vec!["Acme", "Other"]),
        locale in prop::option::of(prop::sample::select(vec!["en", "de"])),
        domain in prop::option::of(prop::sample::select(vec!["", "a.example"])),
        state in prop::option::weighted(0.2, prop::sample::select(vec!["Active", "Suspended"])),
        features in flags(), limits in limits(), attributes in attributes(),
        plan in prop::option::of(prop::sample::select(vec!["free", "pro"])),
        settings in prop::option::weighted(0.4, settings()),
        paused in prop::bool::weighted(0.1), observes in prop::bool::weighted(0.1),
    ) -> Manifest {
        let mut spec = json!({
            "name": title, "features": features, "limits": limits, "customAttributes": attributes, "locale": locale,
            "domain": domain, "state": state, "plan": plan, "paused": paused,
            "mode": if observes { "Observe" } else { "Enforce" }, "settings": settings,
        });
        spec.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        ("ChatwootAccount", name.to_owned(), json!({"spec": spec}))
    }
}

prop_compose! {
    fn a_person(name: &'static str)(
        called in prop::sample::select(vec!["Alice", "Al"]),
        display in prop::option::of(prop::sample::select(vec!["", "Boss"])),
        attributes in attributes(),
        members in prop::collection::btree_map(prop::sample::select(vec!["one", "two", "nowhere"]), any::<bool>(), 0..3),
        moved in prop::bool::weighted(0.1),
        paused in prop::bool::weighted(0.1), observes in prop::bool::weighted(0.1),
    ) -> Manifest {
        let role = |admin: bool| if admin { "Administrator" } else { "Agent" };
        let members: Vec<_> =
            members.into_iter().map(|(account, admin)| json!({"account": account, "role": role(admin)})).collect();
        let mut spec = json!({
            "email": format!("{name}{}@acme.example", if moved { ".new" } else { "" }), "name": called,
            "displayName": display, "customAttributes": attributes, "memberships": members, "paused": paused,
            "mode": if observes { "Observe" } else { "Enforce" },
        });
        spec.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        ("ChatwootUser", name.to_owned(), json!({"spec": spec}))
    }
}

prop_compose! {
    fn a_label(name: &'static str)(
        title in prop::sample::select(vec!["vip", "new", "old"]),
        color in prop::option::of(prop::sample::select(vec!["#111111", "#222222"])),
        description in prop::option::of(prop::sample::select(vec!["", "Theirs"])),
        shown in prop::option::of(any::<bool>()),
        paused in prop::bool::weighted(0.1), observes in prop::bool::weighted(0.1),
    ) -> Manifest {
        let mut spec = json!({
            "account": "one", "title": title, "color": color, "description": description, "showOnSidebar": shown,
            "paused": paused, "mode": if observes { "Observe" } else { "Enforce" },
        });
        spec.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        ("ChatwootLabel", name.to_owned(), json!({"spec": spec}))
    }
}

prop_compose! {
    fn a_plan(name: &'static str)(features in flags(), limits in limits(), tier in prop::option::of(0i64..3)) -> Manifest {
        let attributes: BTreeMap<_, _> = tier.map(|tier| ("tier", tier)).into_iter().collect();
        let spec = json!({
            "instanceRef": {"name": "main"}, "features": features, "limits": limits, "customAttributes": attributes
        });
        ("ChatwootPlan", name.to_owned(), json!({"spec": spec}))
    }
}

// Two grants, because an account with a plan and one without need different ones.
prop_compose! {
    fn grants()(allow in subsequence(vec!["Features", "Limits", "State", "CustomAttributes"], 3..=4), suspended in prop::bool::weighted(0.15)) -> Vec<Manifest> {
        let spec = |plans: Value, suspended: bool| json!({"spec": {
            "instanceRef": {"name": "main"}, "namespaces": {"names": [TENANT]}, "emailDomains": ["*"], "plans": plans,
            "allow": allow, "suspended": suspended,
        }});
        vec![
            ("ChatwootGrant", "sold".to_owned(), spec(json!(["free", "pro"]), suspended)),
            ("ChatwootGrant", "plain".to_owned(), spec(json!([]), false)),
        ]
    }
}

/// Some of everything there can be.
pub fn some_manifests() -> impl Strategy<Value = Vec<Manifest>> {
    let optional = |manifest: BoxedStrategy<Manifest>| prop::option::weighted(0.7, manifest);
    (
        grants(),
        (a_plan("free"), a_plan("pro")),
        optional(an_account(ACCOUNTS[0]).boxed()),
        optional(an_account(ACCOUNTS[1]).boxed()),
        optional(a_person(PEOPLE[0]).boxed()),
        optional(a_person(PEOPLE[1]).boxed()),
        (optional(a_label(LABELS[0]).boxed()), optional(a_label(LABELS[1]).boxed())),
    )
        .prop_map(|(grants, (free, pro), one, two, alice, bob, (red, blue))| {
            let rest = [Some(free), Some(pro), one, two, alice, bob, red, blue];
            grants.into_iter().chain(rest.into_iter().flatten()).collect()
        })
}
