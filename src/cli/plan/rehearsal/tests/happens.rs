//! What `plan` prints is what happens: any specs over any state, first rehearsed and then carried out.

use super::{picture, stage::*};
use crate::cli::plan::rehearsal::Rehearsal;
use chatwoot_simulator::{Act, Filter};
use proptest::{prelude::*, sample::subsequence, test_runner::TestRunner};
use serde_json::{Value, json};
use std::{cell::Cell, collections::BTreeMap};

const ACCOUNTS: [&str; 2] = ["one", "two"];
const PEOPLE: [&str; 2] = ["alice", "bob"];
const FLAGS: [&str; 3] = ["sla", "macros", "help_center"];

type Manifest = (&'static str, String, Value);

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
    fn an_account(name: &'static str)(
        title in prop::sample::select(vec!["Acme", "Other"]),
        locale in prop::option::of(prop::sample::select(vec!["en", "de"])),
        domain in prop::option::of(prop::sample::select(vec!["", "a.example"])),
        state in prop::option::weighted(0.2, prop::sample::select(vec!["Active", "Suspended"])),
        features in flags(), limits in limits(), attributes in attributes(),
        plan in prop::option::of(prop::sample::select(vec!["free", "pro"])),
        paused in prop::bool::weighted(0.1), observes in prop::bool::weighted(0.1),
    ) -> Manifest {
        let mut spec = json!({
            "name": title, "features": features, "limits": limits, "customAttributes": attributes, "locale": locale,
            "domain": domain, "state": state, "plan": plan, "paused": paused,
            "mode": if observes { "Observe" } else { "Enforce" },
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
fn some_manifests() -> impl Strategy<Value = Vec<Manifest>> {
    let optional = |manifest: BoxedStrategy<Manifest>| prop::option::weighted(0.7, manifest);
    (
        grants(),
        (a_plan("free"), a_plan("pro")),
        optional(an_account(ACCOUNTS[0]).boxed()),
        optional(an_account(ACCOUNTS[1]).boxed()),
        optional(a_person(PEOPLE[0]).boxed()),
        optional(a_person(PEOPLE[1]).boxed()),
    )
        .prop_map(|(grants, (free, pro), one, two, alice, bob)| {
            let rest = [Some(free), Some(pro), one, two, alice, bob];
            grants.into_iter().chain(rest.into_iter().flatten()).collect()
        })
}

/// What somebody does in Chatwoot meanwhile.
#[derive(Clone, Debug)]
enum Meanwhile {
    Rename(usize),
    RenamePerson(usize),
    Flag(usize, &'static str, bool),
    Leave,
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    prop_oneof![
        (0usize..2).prop_map(Meanwhile::Rename),
        (0usize..2).prop_map(Meanwhile::RenamePerson),
        (0usize..2, prop::sample::select(FLAGS.to_vec()), any::<bool>())
            .prop_map(|(at, flag, on)| Meanwhile::Flag(at, flag, on)),
        Just(Meanwhile::Leave),
    ]
}

async fn meddle(stage: &Stage, what: Meanwhile) {
    let state = stage.chatwoot.state().await.unwrap();
    let account = |at: usize| state.accounts.get(at).map(|account| account.id);
    let act = match what {
        Meanwhile::Rename(at) => {
            account(at).map(|account| Act::RenameAccount { account, name: "Vandal".into() })
        }
        Meanwhile::RenamePerson(at) => {
            state.users.get(at).map(|user| Act::RenameUser { user: user.id, name: "Vandal".into() })
        }
        Meanwhile::Flag(at, flag, on) => account(at).map(|account| {
            let features = [(flag.to_owned(), on)].into();
            Act::EditAccount(chatwoot_simulator::EditAccount { account, features, ..Default::default() })
        }),
        Meanwhile::Leave => state.memberships.first().map(|row| Act::RemoveMember {
            account: row.account,
            user: row.user,
            way: chatwoot_simulator::Removal::Plain,
        }),
    };
    if let Some(act) = act {
        stage.chatwoot.act(act).await.unwrap();
    }
}

/// The ids of accounts and people by their resources' names.
fn ids(operator: &Rehearsal) -> BTreeMap<(&'static str, String), i64> {
    let caches = &operator.world.caches;
    let accounts =
        caches.accounts.all().into_iter().filter_map(|one| {
            Some((("ChatwootAccount", one.metadata.name.clone()?), one.status.as_ref()?.id?))
        });
    let people = caches
        .users
        .all()
        .into_iter()
        .filter_map(|one| Some((("ChatwootUser", one.metadata.name.clone()?), one.status.as_ref()?.id?)));
    accounts.chain(people).collect()
}

/// Returns how many requests were planned, and made.
async fn rehearsed_and_carried_out(
    version: &str,
    first: Vec<Manifest>,
    meddling: Vec<Meanwhile>,
    second: Vec<Manifest>,
) -> Result<usize, TestCaseError> {
    let mut stage = Stage::new(version).await;
    let mut operator = stage.operator().await;
    let platform = stage.platform();
    stage.apply(&mut operator, &platform);
    stage.apply(&mut operator, &first);
    operator.carry_out().await;
    stage.keep(&operator);
    for what in meddling {
        meddle(&stage, what).await;
    }
    let (before, seq) = (stage.chatwoot.state().await.unwrap(), stage.chatwoot.last_seq().await.unwrap());

    let mut rehearsal = stage.operator().await;
    let mut performance = stage.operator().await;
    let again: Vec<_> = platform.into_iter().chain(second).collect();
    stage.apply(&mut rehearsal, &again);
    rehearsal.run(|_| ()).await;
    let written = |entries: Vec<chatwoot_simulator::Entry>| -> Vec<String> {
        let writes = entries.into_iter().filter(|entry| entry.method != "GET");
        // The simulator names the parts of a path as Rails does.
        let mut routes: Vec<_> = writes
            .map(|entry| entry.route.replace("/platform/api/v1", "").replace(":account_id", ":id"))
            .collect();
        routes.sort();
        routes
    };
    let since = Filter::default().since(seq);
    prop_assert_eq!(written(stage.chatwoot.journal(&since).await.unwrap()), Vec::<String>::new());

    stage.apply(&mut performance, &again);
    performance.carry_out().await;
    let after = stage.chatwoot.state().await.unwrap();
    let mut requests: Vec<String> =
        rehearsal.acted.values().flat_map(|acted| acted.sheet.requests.iter().cloned()).collect();
    requests.sort();
    let (known, made) = (ids(&operator), ids(&performance));
    // Which flags and which language a new account has, only Chatwoot knows; a plan says all that may have to be sent.
    let new = made.keys().filter(|one| one.0 == "ChatwootAccount" && !known.contains_key(one)).count();
    let mut unsaid = requests.clone();
    for route in written(stage.chatwoot.journal(&since).await.unwrap()) {
        let said = unsaid.iter().position(|one| *one == route);
        prop_assert!(said.is_some(), "{} was sent, of {:?}", route, requests);
        unsaid.remove(said.unwrap());
    }
    prop_assert!(
        unsaid.iter().all(|one| one == "PATCH /accounts/:id") && unsaid.len() <= 2 * new,
        "not sent: {:?}",
        unsaid
    );

    let names: BTreeMap<i64, String> = made
        .iter()
        .filter(|((kind, _), _)| *kind == "ChatwootAccount")
        .map(|((_, name), id)| (*id, format!("{TENANT}/{name}")))
        .collect();
    let pictures = |kind: &str, state| match kind {
        "ChatwootAccount" => picture::accounts(state),
        _ => picture::people(state, &names),
    };
    for ((kind, name), id) in &made {
        let find = |state| pictures(kind, state).remove(id).unwrap_or_default();
        let (was, is) = (find(&before), find(&after));
        let acted = rehearsal.acted.iter().find(|(key, _)| key.kind == *kind && key.name == *name);
        let sheet = acted.map(|(_, acted)| acted.sheet.clone()).unwrap_or_default();
        let planned = picture::planned(&sheet.changes);
        if known.contains_key(&(*kind, name.clone())) {
            prop_assert_eq!(planned, picture::differences(&was, &is), "{} {}", kind, name);
            continue;
        }
        prop_assert!(sheet.creates, "{} {} was made, and no plan said so", kind, name);
        for (field, (_, new)) in &planned {
            prop_assert_eq!(&is.get(field).cloned().unwrap_or_default(), new, "{} {}: {}", kind, name, field);
        }
        // Flags, language and state are Chatwoot's own where nobody declares them; everything else comes from the plan.
        let chatwoots = |field: &str| field.starts_with("features.") || ["locale", "state"].contains(&field);
        for field in is.keys().filter(|field| !chatwoots(field)) {
            prop_assert!(planned.contains_key(field), "{} {}: nobody planned {}", kind, name, field);
        }
    }
    let nobody_else = |acted: &(&crate::chatwoot::gate::Key, &crate::cli::plan::rehearsal::Acted)| {
        acted.1.sheet.creates
            && !made.keys().any(|(kind, name)| acted.0.kind == *kind && acted.0.name == *name)
    };
    prop_assert!(
        rehearsal.acted.iter().find(nobody_else).is_none(),
        "a plan said that something would be made"
    );
    Ok(requests.len())
}

#[test]
fn what_a_plan_prints_is_what_happens() {
    // Before 4.5 there is no account index, and a create does not wait for it.
    let version = prop_oneof![7 => Just("4.4"), 1 => Just("4.14")];
    let life = (version, some_manifests(), prop::collection::vec(meanwhile(), 0..3), some_manifests());
    let (told, config) = (Cell::new(0), crate::tried(32));
    let enough = config.cases as usize;
    let mut runner = TestRunner::new(ProptestConfig { source_file: Some(file!()), ..config });
    runner
        .run(&life, |(version, first, meddling, second)| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let requests = runtime.block_on(rehearsed_and_carried_out(version, first, meddling, second))?;
            told.set(told.get() + requests);
            Ok(())
        })
        .unwrap();
    // Where nothing is planned and nothing happens, nothing is shown.
    assert!(told.get() > enough, "only {} requests in {enough} lives", told.get());
}
