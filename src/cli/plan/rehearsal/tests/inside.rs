//! What is inside accounts, planned and then done.

use super::stage::*;
use crate::{
    cli::plan::rehearsal::{Acted, Rehearsal},
    plan::status::ready_reason,
};
use chatwoot_simulator::{Act, Filter, RecordKind};
use serde_json::{Value, json};

type Manifest = (&'static str, String, Value);

fn account() -> Manifest {
    ("ChatwootAccount", "one".to_owned(), json!({"spec": {"name": "Acme"}}))
}

fn label(name: &str, more: Value) -> Manifest {
    let mut spec = json!({"account": "one", "title": name});
    json_patch::merge(&mut spec, &more);
    ("ChatwootLabel", name.to_owned(), json!({"spec": spec}))
}

fn allowed() -> Vec<Manifest> {
    let spec =
        json!({"instanceRef": {"name": "main"}, "namespaces": {"names": [TENANT]}, "emailDomains": ["*"]});
    vec![("ChatwootGrant", "all".to_owned(), json!({"spec": spec}))]
}

/// Everything applied and carried out.
async fn done(stage: &mut Stage, manifests: &[Manifest]) {
    let mut operator = stage.operator().await;
    let platform = [stage.platform(), allowed()].concat();
    stage.apply(&mut operator, &platform);
    stage.apply(&mut operator, manifests);
    operator.carry_out().await;
    stage.keep(&operator);
}

async fn rehearsed(stage: &mut Stage, manifests: &[Manifest]) -> Rehearsal {
    let seq = stage.chatwoot.last_seq().await.unwrap();
    let mut rehearsal = stage.operator().await;
    let platform = [stage.platform(), allowed()].concat();
    stage.apply(&mut rehearsal, &platform);
    stage.apply(&mut rehearsal, manifests);
    rehearsal.run(|_| ()).await;
    let journal = stage.chatwoot.journal(&Filter::default().since(seq)).await.unwrap();
    let written: Vec<_> = journal.iter().filter(|entry| entry.method != "GET").collect();
    assert!(written.is_empty(), "{written:?}");
    rehearsal
}

fn about<'a>(rehearsal: &'a Rehearsal, name: &str) -> &'a Acted {
    let found = rehearsal.acted.iter().find(|(key, _)| key.kind == "ChatwootLabel" && key.name == name);
    found.unwrap_or_else(|| panic!("{name} was not looked at: {:?}", rehearsal.acted)).1
}

fn said(acted: &Acted) -> Vec<String> {
    let changes = acted.sheet.changes.iter();
    changes.map(|change| format!("{}: {} → {}", change.field, change.old, change.new)).collect()
}

fn reason(rehearsal: &Rehearsal, name: &str) -> String {
    let label = rehearsal.world.caches.contents.labels.get(TENANT, name).unwrap();
    let ready = ready_reason(&label.status.as_ref().unwrap().conditions);
    ready.unwrap().to_owned()
}

#[tokio::test]
async fn what_is_inside_a_new_account_is_made_after_it() {
    let mut stage = Stage::new("4.14").await;
    let manifests = [label("vip", json!({"color": "#1f93ff"})), account()];
    let rehearsal = rehearsed(&mut stage, &manifests).await;
    let vip = about(&rehearsal, "vip");
    assert!(vip.sheet.creates && !vip.undecided);
    assert_eq!(vip.sheet.requests, ["POST /api/v1/accounts/:id/labels"]);
    assert_eq!(said(vip), ["color: null → \"#1f93ff\"", "title: null → \"vip\""]);
    assert_eq!(vip.sheet.notes, ["it is made after its account, which does not exist yet"]);
    assert_eq!(reason(&rehearsal, "vip"), "Succeeded");
}

#[tokio::test]
async fn what_nobody_can_read_yet_is_said_to_be_unknown() {
    let mut stage = Stage::new("4.14").await;
    done(&mut stage, &[account()]).await;
    let rehearsal = rehearsed(&mut stage, &[label("vip", json!({}))]).await;
    let vip = about(&rehearsal, "vip");
    assert!(vip.sheet.creates);
    assert!(vip.sheet.notes[0].contains("cannot be read before"), "{:?}", vip.sheet.notes);
}

#[tokio::test]
async fn what_is_inside_is_compared_field_by_field_and_then_so() {
    let mut stage = Stage::new("4.14").await;
    let before = [account(), label("vip", json!({"color": "#1f93ff"})), label("same", json!({}))];
    done(&mut stage, &before).await;
    let state = stage.chatwoot.state().await.unwrap();
    let id = state.content.labels.iter().find(|label| label.fields["title"] == "vip").unwrap().id;
    let fields = json!({"color": "#000000"}).as_object().unwrap().clone();
    stage.chatwoot.act(Act::EditRecord { kind: RecordKind::Label, id, fields }).await.unwrap();

    let changed = json!({"color": "#1f93ff", "description": "Ours"});
    let manifests = [label("vip", changed), label("same", json!({})), label("new", json!({}))];
    let rehearsal = rehearsed(&mut stage, &manifests).await;
    let vip = about(&rehearsal, "vip");
    assert_eq!(vip.sheet.requests, ["PATCH /api/v1/accounts/:id/labels/:id"]);
    assert_eq!(said(vip), ["color: \"#000000\" → \"#1f93ff\"", "description: \"\" → \"Ours\""]);
    assert!(about(&rehearsal, "same").sheet.is_empty());
    assert!(about(&rehearsal, "new").sheet.creates && about(&rehearsal, "new").sheet.notes.is_empty());

    let seq = stage.chatwoot.last_seq().await.unwrap();
    done(&mut stage, &manifests).await;
    let journal = stage.chatwoot.journal(&Filter::default().since(seq)).await.unwrap();
    let writes = journal.iter().filter(|entry| entry.method != "GET");
    let mut routes: Vec<_> = writes.map(|entry| entry.route.clone()).collect();
    routes.sort();
    let labels = "/api/v1/accounts/:account_id/labels";
    assert_eq!(routes, [format!("PATCH {labels}/:id"), format!("POST {labels}")]);
    let state = stage.chatwoot.state().await.unwrap();
    let vip = state.content.labels.iter().find(|label| label.id == id).unwrap();
    assert_eq!((&vip.fields["color"], &vip.fields["description"]), (&json!("#1f93ff"), &json!("Ours")));
}

#[tokio::test]
async fn what_is_there_already_is_refused_or_taken_over() {
    let mut stage = Stage::new("4.14").await;
    done(&mut stage, &[account(), label("other", json!({}))]).await;
    let account = stage.chatwoot.state().await.unwrap().accounts[0].id;
    let fields = json!({"title": "vip", "color": "#000000"}).as_object().unwrap().clone();
    stage.chatwoot.act(Act::CreateRecord { account, kind: RecordKind::Label, fields }).await.unwrap();
    let rehearsal = rehearsed(&mut stage, &[label("vip", json!({"color": "#1f93ff"}))]).await;
    assert!(about(&rehearsal, "vip").sheet.is_empty());
    assert_eq!(reason(&rehearsal, "vip"), "NotOwned");
    let manifest = label("vip", json!({"color": "#1f93ff", "adopt": true}));
    let rehearsal = rehearsed(&mut stage, &[manifest]).await;
    assert_eq!(said(about(&rehearsal, "vip")), ["color: \"#000000\" → \"#1f93ff\""]);
    assert_eq!(reason(&rehearsal, "vip"), "Succeeded");
}
