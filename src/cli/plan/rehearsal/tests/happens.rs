//! What `plan` prints is what happens: any specs over any state, first rehearsed and then carried out.

use super::{
    manifests::{FLAGS, Manifest, some_manifests},
    picture,
    stage::*,
};
use crate::cli::plan::rehearsal::Rehearsal;
use chatwoot_simulator::{Act, Filter};
use proptest::{prelude::*, test_runner::TestRunner};
use std::{cell::Cell, collections::BTreeMap};

/// What somebody does in Chatwoot meanwhile.
#[derive(Clone, Debug)]
enum Meanwhile {
    Rename(usize),
    RenamePerson(usize),
    Flag(usize, &'static str, bool),
    Leave,
    Recolour(usize),
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    prop_oneof![
        (0usize..2).prop_map(Meanwhile::Rename),
        (0usize..2).prop_map(Meanwhile::RenamePerson),
        (0usize..2, prop::sample::select(FLAGS.to_vec()), any::<bool>())
            .prop_map(|(at, flag, on)| Meanwhile::Flag(at, flag, on)),
        Just(Meanwhile::Leave),
        (0usize..2).prop_map(Meanwhile::Recolour),
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
        Meanwhile::Recolour(at) => state.content.labels.get(at).map(|label| Act::EditRecord {
            kind: chatwoot_simulator::RecordKind::Label,
            id: label.id,
            fields: [("color".to_owned(), "#000000".into())].into_iter().collect(),
        }),
        // Not the operator's own user: until it is back nobody can read what is inside, a plan least of all.
        Meanwhile::Leave => {
            let own =
                |user: i64| state.user(user).is_some_and(|user| user.email.starts_with("chatwoot-operator+"));
            let person = state.memberships.iter().find(|row| !own(row.user));
            person.map(|row| Act::RemoveMember {
                account: row.account,
                user: row.user,
                way: chatwoot_simulator::Removal::Plain,
            })
        }
    };
    if let Some(act) = act {
        stage.chatwoot.act(act).await.unwrap();
    }
}

/// The ids of accounts, people and labels by their resources' names.
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
    let labels =
        caches.contents.labels.all().into_iter().filter_map(|one| {
            Some((("ChatwootLabel", one.metadata.name.clone()?), one.status.as_ref()?.id?))
        });
    accounts.chain(people).chain(labels).collect()
}

/// Returns how many requests were planned, and made.
async fn rehearsed_and_carried_out(
    version: &str,
    first: Vec<Manifest>,
    meddling: Vec<Meanwhile>,
    (second, shuffled): (Vec<Manifest>, Vec<Manifest>),
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
    stage.apply(&mut rehearsal, &platform);
    stage.apply(&mut rehearsal, &second);
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

    // In another order: who comes first decides nothing.
    stage.apply(&mut performance, &shuffled);
    stage.apply(&mut performance, &platform);
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
        "ChatwootLabel" => picture::labels(state),
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
        let own = ["locale", "state", "color", "showOnSidebar"];
        let chatwoots = |field: &str| field.starts_with("features.") || own.contains(&field);
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
fn whatever_is_planned_is_what_happens() {
    // Before 4.5 there is no account index, and a create does not wait for it.
    let version = prop_oneof![7 => Just("4.4"), 1 => Just("4.14")];
    let second = some_manifests().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()));
    let life = (version, some_manifests(), prop::collection::vec(meanwhile(), 0..3), second);
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
