//! What is inside accounts: made, kept and removed, with as few calls as can be.

use crate::support::{
    PATIENCE, Place, Stage,
    content::{Furnished, automated},
    subject::{id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Edition, RecordKind};
use serde_json::{Map, Value, json};

const INBOX: &str = "ChatwootInbox";
const LABEL: &str = "ChatwootLabel";

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_label_is_made_with_one_list_one_call_and_three_writes() -> Result<()> {
    let inside = Furnished::new().await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip", "color": "#1f93ff"})).await?;
    let object = vip.ready().await?;
    assert_eq!(inside.calls_inside(0).await?, ["GET labels", "POST labels"]);
    let writes = inside.stage.place.writes_to(&inside.tenant.namespace, "vip").await?;
    assert_eq!(
        writes,
        ["update chatwootlabels/status", "patch chatwootlabels", "update chatwootlabels/status"],
        "note, finalizer, outcome"
    );
    let content = inside.content().await?;
    let [label] = content.labels.as_slice() else { panic!("{content:?}") };
    assert_eq!((label.account, label.id), (inside.id, id(&object)?));
    assert_eq!((&label.fields["title"], &label.fields["color"]), (&json!("vip"), &json!("#1f93ff")));
    assert_eq!(object["status"]["ownership"], "Created");
    assert_eq!(object["status"]["account"]["id"], inside.id);
    Ok(())
}

#[tokio::test]
async fn many_labels_share_their_list() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.apply(LABEL, "first", json!({"title": "first"})).await?.ready().await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    let mut labels = Vec::new();
    for number in 0..10 {
        let name = format!("label-{number}");
        labels.push(inside.apply(LABEL, &name, json!({"title": name})).await?);
    }
    for label in &labels {
        label.ready().await?;
    }
    let calls = inside.calls_inside(seq).await?;
    let lists = calls.iter().filter(|call| *call == "GET labels").count();
    assert_eq!(calls.len() - lists, 10, "{calls:?}");
    assert!(lists <= 5, "{calls:?}");
    Ok(())
}

#[tokio::test]
async fn what_somebody_changes_is_repaired_and_what_is_not_declared_is_left() -> Result<()> {
    let inside = Furnished::new().await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip", "color": "#1f93ff"})).await?;
    let label = id(&vip.ready().await?)?;
    let fields = map(json!({"color": "#000000", "description": "by hand"}));
    inside.stage.chatwoot.act(Act::EditRecord { kind: RecordKind::Label, id: label, fields }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    vip.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET labels", "PATCH labels/:id"]);
    let content = inside.content().await?;
    let label = content.labels.first().context("the label is gone")?;
    assert_eq!(
        (&label.fields["color"], &label.fields["description"]),
        (&json!("#1f93ff"), &json!("by hand"))
    );
    Ok(())
}

#[tokio::test]
async fn what_is_there_already_is_not_touched_unless_it_is_taken_over() -> Result<()> {
    let inside = Furnished::new().await?;
    let fields = map(json!({"title": "vip", "color": "#000000"}));
    let record = Act::CreateRecord { account: inside.id, kind: RecordKind::Label, fields };
    inside.stage.chatwoot.act(record).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip", "color": "#1f93ff"})).await?;
    let refused = vip.reason("NotOwned").await?;
    assert!(message(&refused, "Ready").contains("spec.adopt: true"), "{refused}");
    assert_eq!(inside.content().await?.labels[0].fields["color"], "#000000");

    vip.set(json!({"adopt": true})).await?;
    let adopted = vip.ready().await?;
    assert_eq!(adopted["status"]["ownership"], "Adopted");
    assert_eq!(inside.content().await?.labels[0].fields["color"], "#1f93ff");
    vip.delete().await?;
    vip.gone().await?;
    assert_eq!(inside.content().await?.labels.len(), 1, "what was taken over stays");
    Ok(())
}

#[tokio::test]
async fn what_was_made_goes_with_its_resource_or_stays_with_retain() -> Result<()> {
    let inside = Furnished::new().await?;
    let gone = inside.apply(LABEL, "gone", json!({"title": "gone"})).await?;
    let kept = inside.apply(LABEL, "kept", json!({"title": "kept", "deletionPolicy": "Retain"})).await?;
    gone.ready().await?;
    kept.ready().await?;
    for label in [&gone, &kept] {
        label.delete().await?;
    }
    gone.gone().await?;
    kept.gone().await?;
    let content = inside.content().await?;
    let titles: Vec<&Value> = content.labels.iter().map(|label| &label.fields["title"]).collect();
    assert_eq!(titles, [&json!("kept")]);
    Ok(())
}

#[tokio::test]
async fn a_suspended_account_is_waited_for() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.stage.grant(&inside.tenant, json!({"allow": ["State"]})).await?;
    inside.account.set(json!({"state": "Suspended"})).await?;
    inside.account.ready().await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    let waiting = vip.reason("WaitingForAccount").await?;
    assert!(message(&waiting, "Ready").contains("suspended"), "{waiting}");
    inside.account.set(json!({"state": "Active"})).await?;
    vip.ready().await?;
    Ok(())
}

#[tokio::test]
pub async fn without_automation_the_message_says_what_the_admin_writes() -> Result<()> {
    let inside = Furnished::with(crate::support::Setup::default()).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    let refused = vip.reason("AutomationDisabled").await?;
    assert!(message(&refused, "Ready").contains("spec.automation"), "{refused}");
    let spec = json!({"automation": {"emailDomain": "ops.example"}});
    inside.stage.instance().set(spec).await?;
    vip.ready().await?;
    Ok(())
}

#[tokio::test]
async fn two_with_one_title_do_not_undo_each_other() -> Result<()> {
    let inside = Furnished::with(automated()).await?;
    let first = inside.apply(LABEL, "first", json!({"title": "vip", "color": "#111111"})).await?;
    first.ready().await?;
    let second = inside.apply(LABEL, "second", json!({"title": "vip", "color": "#222222"})).await?;
    let refused = second.reason("NotOwned").await?;
    assert!(message(&refused, "Ready").contains("another ChatwootLabel"), "{refused}");
    assert!(is(&first.get().await?, "Succeeded"));
    first.delete().await?;
    second.ready().await?;
    assert_eq!(inside.content().await?.labels[0].fields["color"], "#222222");
    Ok(())
}

/// What is inside needs the operator's user in the account, so the account waits for it, however long ago both were deleted.
#[tokio::test]
async fn what_is_deleted_with_its_account_while_no_operator_runs_goes_too() -> Result<()> {
    let place = Place::own().await?;
    let inside = Furnished::on(Stage::in_place_with(&place, automated()).await?).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    vip.ready().await?;
    place.stop_operator().await?;
    inside.account.delete().await?;
    vip.delete().await?;
    place.start_operator().await?;
    vip.gone().await?;
    inside.account.gone().await?;
    assert!(inside.content().await?.labels.is_empty());
    Ok(())
}

/// A list of the new account does not show what is in the old one; that says nothing about what became of it.
#[tokio::test]
async fn what_was_made_in_another_account_is_said_to_be_left_there_and_not_to_be_gone() -> Result<()> {
    let inside = Furnished::granted(Stage::with(automated()).await?, json!({"allow": ["Delete"]})).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    vip.ready().await?;
    inside.account.set(json!({"deletionPolicy": "Delete"})).await?;
    inside.account.ready().await?;
    inside.account.delete().await?;
    inside.account.gone().await?;
    inside.tenant.account(&inside.stage, "acme", json!({"name": "Acme again"})).await?.ready().await?;
    let moved = |o: &Value| is(o, "Succeeded") && o["status"]["account"]["id"] != inside.id;
    let moved = vip.at_last("is made there", moved).await?;
    assert_ne!(moved["status"]["account"]["id"], json!(null), "{moved}");
    let about = |event: &control_plane::SeenEvent| {
        event.about == "ChatwootLabel/vip" && ["LeftBehind", "Vanished"].contains(&event.reason.as_str())
    };
    let plane = &inside.stage.place.plane;
    let told = plane.wait_for_event(&inside.tenant.namespace, about, PATIENCE).await?;
    assert_eq!(told.reason, "LeftBehind", "{}", told.note);
    assert!(told.note.contains(&format!("account {} of instance", inside.id)), "{}", told.note);
    Ok(())
}

/// Nothing is wrong with its spec, and whoever raises the limit need not touch it.
#[tokio::test]
async fn an_inbox_too_many_names_the_limit_and_is_made_when_it_is_raised() -> Result<()> {
    let stage = Stage::with(automated()).await?;
    stage.chatwoot.act(Act::SetEdition { edition: Edition::Ee }).await?;
    let inside = Furnished::granted(stage, json!({"allow": ["Limits"]})).await?;
    inside.account.set(json!({"limits": {"inboxes": 1}})).await?;
    inside.account.ready().await?;
    inside.apply(INBOX, "shop", json!({"name": "shop", "api": {}})).await?.ready().await?;
    let site = inside.apply(INBOX, "site", json!({"name": "site", "api": {}})).await?;
    let refused = site.reason("RejectedByChatwoot").await?;
    let told = message(&refused, "Ready");
    assert!(
        told.contains("limits.inboxes in the ChatwootPlan") && told.contains("ChatwootAccount acme"),
        "{told}"
    );
    inside.account.set(json!({"limits": {"inboxes": 2}})).await?;
    site.ready().await?;
    assert_eq!(inside.content().await?.inboxes.len(), 2);
    Ok(())
}
