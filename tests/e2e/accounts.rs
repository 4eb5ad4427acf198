//! Accounts: made, changed, kept as they are wanted.

use crate::support::{
    Journal, PATCH, PATIENCE, POST, Setup, Stage, route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditAccount, Effect, End, Filter, How, Options, Release, Version};
use serde_json::{Value, json};

#[tokio::test]
pub async fn an_account_is_made_with_the_fewest_calls_and_writes() -> Result<()> {
    let stage = Stage::new().await?;
    // Seen by the operator first: what is still to come would be waited for, and that said with a write.
    stage.plan("pro", json!({"features": {"crm_v2": true}})).await?.ready().await?;
    let tenant = stage.tenant(json!({"plans": ["pro"]})).await?;
    stage.subject("ChatwootGrant", &tenant.namespace).ready().await?;
    let seq = stage.chatwoot.last_seq().await?;

    let account =
        tenant.account(&stage, "acme", json!({"name": "Acme", "locale": "de", "plan": "pro"})).await?;
    let object = account.ready().await?;

    let id = id(&object)?;
    let made = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!((made.name.as_str(), made.locale.as_deref()), ("Acme", Some("de")));
    assert!(made.features.contains(&"crm_v2".to_owned()));
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET index", POST, PATCH, PATCH]);
    let status = &object["status"];
    assert_eq!(status["ownership"], "Created");
    assert_eq!(status["url"], format!("{}/app/accounts/{id}", stage.chatwoot.url()));
    assert_eq!(status["instance"]["namespace"], json!(stage.home));
    assert_eq!((&status["instance"]["name"], &status["creation"]["attempt"]), (&json!("main"), &json!(1)));
    let writes = stage.place.writes_to(&tenant.namespace, "acme").await?;
    assert!(writes.len() <= 4, "{writes:?}");
    Ok(())
}

#[tokio::test]
async fn where_nothing_follows_the_post_one_write_less_is_made() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Plain"})).await?;
    let writes = stage.place.writes_to(&tenant.namespace, "acme").await?;
    assert_eq!(
        writes,
        ["update chatwootaccounts/status", "patch chatwootaccounts", "update chatwootaccounts/status"]
    );
    Ok(())
}

#[tokio::test]
async fn a_change_is_applied_and_nothing_else_is_touched() -> Result<()> {
    let stage = Stage::new().await?;
    let whole = json!({"name": "Acme", "locale": "de", "domain": "in.acme.example", "supportEmail": "help@acme.example"});
    let (_, account) = stage.settled(json!({}), whole).await?;
    let seq = stage.chatwoot.last_seq().await?;

    account.set(json!({"name": "Acme GmbH"})).await?;
    let object = account.ready().await?;

    let sent = stage.chatwoot.journal(&Filter::route(route::UPDATE_ACCOUNT).since(seq)).await?;
    let bodies: Vec<Value> =
        sent.iter().map(|entry| serde_json::from_str(&entry.body)).collect::<Result<_, _>>()?;
    assert_eq!(bodies, [json!({"name": "Acme GmbH"})]);
    let made = stage.chatwoot.account(id(&object)?).await?.context("it is not there")?;
    assert_eq!((made.name.as_str(), made.locale.as_deref()), ("Acme GmbH", Some("de")));
    Ok(())
}

#[tokio::test]
async fn a_field_left_out_is_left_alone_and_an_empty_domain_clears_it() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage
        .settled(json!({}), json!({"name": "Acme", "locale": "fr", "domain": "in.acme.example"}))
        .await?;
    let id = id(&account.get().await?)?;

    tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.ready().await?;
    let left = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!((left.locale.as_deref(), left.domain.as_deref()), (Some("fr"), Some("in.acme.example")));

    tenant.account(&stage, "acme", json!({"name": "Acme", "domain": ""})).await?;
    account.ready().await?;
    let cleared = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!(cleared.domain.unwrap_or_default(), "");
    assert_eq!(cleared.locale.as_deref(), Some("fr"));
    Ok(())
}

#[tokio::test]
async fn what_others_keep_in_an_account_stays_when_ours_is_set_and_taken_away() -> Result<()> {
    let stage = Stage::new().await?;
    let allow = json!({"allow": ["Features", "Limits", "CustomAttributes"]});
    let (tenant, account) = stage.settled(allow, json!({"name": "Acme"})).await?;
    let id = id(&account.get().await?)?;
    let foreign = json!({"crm_id": 9, "nested": {"kept": [1, "two"]}});
    let attributes = foreign.as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditAccountAttributes { account: id, how: How::Merge, attributes }).await?;
    let limits = Some(json!({"agents": 5}));
    stage
        .chatwoot
        .act(Act::EditAccount(EditAccount { account: id, limits, ..EditAccount::default() }))
        .await?;

    let more = json!({
        "name": "Acme", "features": {"crm_v2": true, "macros": false}, "limits": {"inboxes": 3},
        "customAttributes": {"segment": "smb", "seats": 7}
    });
    tenant.account(&stage, "acme", more).await?;
    account.ready().await?;
    let with = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!(with.limits, json!({"agents": 5, "inboxes": 3}));
    for (key, value) in [
        ("crm_id", json!(9)),
        ("segment", json!("smb")),
        ("seats", json!(7)),
        ("nested", foreign["nested"].clone()),
    ] {
        assert_eq!(with.custom_attributes.get(key), Some(&value), "{key}");
    }
    assert!(with.features.contains(&"crm_v2".to_owned()) && !with.features.contains(&"macros".to_owned()));
    assert!(with.custom_attributes.contains_key("chatwoot_operator"), "the marker must survive");

    tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.ready().await?;
    let without = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!(without.limits, json!({"agents": 5}));
    let keys: Vec<_> = without.custom_attributes.keys().map(String::as_str).collect();
    assert_eq!(keys.iter().filter(|key| **key != "chatwoot_operator").count(), 2, "{keys:?}");
    assert!(!without.features.contains(&"crm_v2".to_owned()));
    Ok(())
}

#[tokio::test]
async fn what_somebody_edits_in_chatwoot_is_repaired() -> Result<()> {
    let stage = Stage::new().await?;
    let allow = json!({"allow": ["Features", "CustomAttributes", "State"]});
    let spec = json!({"name": "Acme", "features": {"crm_v2": true}, "customAttributes": {"segment": "smb"}, "state": "Active"});
    let (_, account) = stage.settled(allow, spec).await?;
    let id = id(&account.get().await?)?;
    stage
        .chatwoot
        .act(Act::EditAccount(EditAccount {
            account: id,
            name: Some("Changed by hand".into()),
            status: Some("suspended".into()),
            features: [("crm_v2".to_owned(), false)].into(),
            ..EditAccount::default()
        }))
        .await?;
    let attributes =
        json!({"segment": "enterprise", "note": "mine"}).as_object().cloned().context("no map")?;
    stage.chatwoot.act(Act::EditAccountAttributes { account: id, how: How::Merge, attributes }).await?;

    account.annotate("chatwoot.dev/reconcile-requested-at", "2026-01-01T00:00:00Z").await?;
    account
        .until("answers the request", |o| o["status"]["lastHandledReconcileAt"] == "2026-01-01T00:00:00Z")
        .await?;
    account.ready().await?;

    let repaired = stage.chatwoot.account(id).await?.context("it is not there")?;
    assert_eq!(repaired.name, "Acme");
    assert_eq!(serde_json::to_value(repaired.status)?, json!("active"));
    assert!(repaired.features.contains(&"crm_v2".to_owned()));
    assert_eq!(repaired.custom_attributes["segment"], "smb");
    assert_eq!(repaired.custom_attributes["note"], "mine");
    Ok(())
}

/// The one test that waits for a drift slot: at the shortest interval there is, a minute.
#[tokio::test]
async fn drift_is_repaired_at_its_slot_without_anybody_asking() -> Result<()> {
    let stage =
        Stage::with(Setup { instance: json!({"driftCheckInterval": "1m"}), ..Setup::default() }).await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let id = id(&account.get().await?)?;
    let writes = stage.place.writes_to(&tenant.namespace, "acme").await?;
    stage.chatwoot.act(Act::RenameAccount { account: id, name: "Changed by hand".into() }).await?;
    let seq = stage.chatwoot.last_seq().await?;

    stage.chatwoot.wait(&Filter::route(route::UPDATE_ACCOUNT).since(seq), 1, crate::support::LONG).await?;

    assert_eq!(stage.chatwoot.account(id).await?.context("it is not there")?.name, "Acme");
    let after = stage.place.writes_to(&tenant.namespace, "acme").await?;
    assert_eq!(after, writes, "a repair that changes nothing people were told writes nothing");
    Ok(())
}

#[tokio::test]
async fn a_request_to_look_is_answered_with_its_own_words_and_one_call() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    for asked in ["once", "twice"] {
        account.annotate("chatwoot.dev/reconcile-requested-at", asked).await?;
        let answered = |o: &Value| o["status"]["lastHandledReconcileAt"] == asked && is(o, "Succeeded");
        account.until("answers", answered).await?;
    }
    let calls = stage.chatwoot.calls(seq).await?;
    assert_eq!(
        calls.iter().filter(|call| *call != "GET index").collect::<Vec<_>>(),
        ["GET account", "GET account"]
    );
    Ok(())
}

#[tokio::test]
pub async fn what_this_chatwoot_cannot_do_is_said_before_anything_is_sent() -> Result<()> {
    let simulator = Options { version: Version(4, 2, 0), ..Options::default() };
    let stage = Stage::with(Setup { simulator, ..Setup::default() }).await?;
    let tenant = stage.tenant(json!({"allow": ["Features"]})).await?;
    for (name, wrong, right, told) in [
        ("locale", json!({"locale": "bg"}), json!({"locale": "de"}), "spec.locale"),
        (
            "flag",
            json!({"features": {"crm_v2": true}}),
            json!({"features": {"macros": false, "crm_v2": null}}),
            "4.5",
        ),
        (
            "typo",
            json!({"features": {"macro": true}}),
            json!({"features": {"macros": true, "macro": null}}),
            "macros",
        ),
    ] {
        let seq = stage.chatwoot.last_seq().await?;
        let mut spec = json!({"name": "Acme"});
        spec.as_object_mut().context("no map")?.extend(wrong.as_object().cloned().context("no map")?);
        let account = tenant.account(&stage, name, spec).await?;
        let refused = account.stalled("InvalidSpec").await?;
        assert!(message(&refused, "Ready").contains(told), "{}", message(&refused, "Ready"));
        assert_eq!(refused["status"]["id"], Value::Null);
        assert!(stage.chatwoot.calls(seq).await?.is_empty(), "{name}");

        account.set(right).await?;
        account.ready().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_bound_account_keeps_its_settings_while_its_spec_cannot_be() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({"allow": ["Features"]}), json!({"name": "Acme"})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.set(json!({"name": "Never sent", "features": {"no_such_flag": true}})).await?;
    account.stalled("InvalidSpec").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    account.set(json!({"name": "Sent", "features": {"no_such_flag": null}})).await?;
    let object = account.ready().await?;
    assert_eq!(stage.chatwoot.account(id(&object)?).await?.context("it is not there")?.name, "Sent");
    Ok(())
}

#[tokio::test]
pub async fn a_paused_account_is_left_alone_until_it_is_no_longer() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "paused": true})).await?;
    let paused = account.reason("Paused").await?;
    assert_eq!(condition(&paused, "Ready")["status"], "Unknown");
    assert_eq!(condition(&paused, "Paused")["status"], "True");
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert_eq!(paused["metadata"]["finalizers"], Value::Null);

    account.set(json!({"paused": false})).await?;
    let object = account.ready().await?;
    assert_eq!(condition(&object, "Paused"), &Value::Null);

    let seq = stage.chatwoot.last_seq().await?;
    account.set(json!({"paused": true})).await?;
    let paused = account.until("is paused", |o| condition(o, "Paused")["status"] == "True").await?;
    assert_eq!(
        condition(&paused, "Ready")["status"],
        "True",
        "pausing alone changes nothing that was reconciled"
    );
    account.set(json!({"name": "Renamed while paused"})).await?;
    let unseen = account.reason("Paused").await?;
    assert_eq!(condition(&unseen, "Ready")["status"], "Unknown");
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    account.set(json!({"paused": false})).await?;
    let object = account.ready().await?;
    assert_eq!(
        stage.chatwoot.account(id(&object)?).await?.context("it is not there")?.name,
        "Renamed while paused"
    );
    Ok(())
}

#[tokio::test]
pub async fn observing_creates_binds_and_writes_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "mode": "Observe"})).await?;
    let object = account.reason("Observed").await?;
    assert_eq!(condition(&object, "Ready")["status"], "True");
    assert_eq!((&object["status"]["id"], &object["metadata"]["finalizers"]), (&Value::Null, &Value::Null));
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    account.set(json!({"mode": "Enforce"})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn observing_an_account_to_be_adopted_lists_differences_and_leaves_it_alone() -> Result<()> {
    let stage = Stage::new().await?;
    let made = stage
        .chatwoot
        .act(Act::CreateAccount { name: "Old name".into(), attributes: Default::default(), app: Some(1) })
        .await?;
    let id = made.id.context("no id")?;
    let tenant = stage.tenant(json!({"adoptable": {"accounts": [id]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let spec = json!({"name": "New name", "mode": "Observe", "adopt": {"id": id}});
    let account = tenant.account(&stage, "acme", spec).await?;
    let object = account.reason("Observed").await?;
    assert_eq!(object["status"]["drifted"], json!(["name"]));
    assert_eq!(condition(&object, "Drifted")["reason"], "DifferencesFound");
    assert_eq!((&object["status"]["id"], &object["metadata"]["finalizers"]), (&Value::Null, &Value::Null));
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET account"]);

    account.set(json!({"mode": "Enforce"})).await?;
    let adopted = account.ready().await?;
    assert_eq!(adopted["status"]["ownership"], "Adopted");
    assert_eq!(condition(&adopted, "Drifted"), &Value::Null);
    assert_eq!(stage.chatwoot.account(id).await?.context("it is not there")?.name, "New name");
    Ok(())
}

#[tokio::test]
async fn observing_a_bound_account_lists_drift_and_repairs_none() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let id = id(&account.get().await?)?;
    account.set(json!({"mode": "Observe"})).await?;
    account.reason("Observed").await?;
    stage.chatwoot.act(Act::RenameAccount { account: id, name: "By hand".into() }).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    let object = account.until("lists the name", |o| o["status"]["drifted"] == json!(["name"])).await?;
    assert!(is(&object, "Observed"));
    assert!(stage.chatwoot.writes(seq).await?.is_empty());

    account.set(json!({"mode": "Enforce"})).await?;
    account.ready().await?;
    assert_eq!(stage.chatwoot.account(id).await?.context("it is not there")?.name, "Acme");
    Ok(())
}

#[tokio::test]
pub async fn while_it_is_at_work_an_account_says_at_what() -> Result<()> {
    let instance = json!({"requestBudget": {"timeout": "20s", "perMinute": 60000}});
    let stage = Stage::with(Setup { instance, ..Setup::default() }).await?;
    let tenant = stage.tenant(json!({})).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, Effect::HangBeforeCommit).await?;
    stage.chatwoot.fault_once(route::UPDATE_ACCOUNT, Effect::HangBeforeCommit).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "locale": "de"})).await?;
    for (reason, route) in [("Creating", route::CREATE_ACCOUNT), ("Progressing", route::UPDATE_ACCOUNT)] {
        let busy = account.reason(reason).await?;
        assert_eq!(condition(&busy, "Reconciling")["status"], "True");
        stage.chatwoot.wait(&Filter::route(route).end(End::Hanging), 1, PATIENCE).await?;
        stage.chatwoot.release(Release::proceed()).await?;
    }
    account.ready().await?;
    Ok(())
}

/// `kubectl replace` with a manifest that knows nothing of our finalizer.
#[tokio::test]
async fn a_finalizer_that_somebody_strips_is_put_back() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    account.merge(json!({"metadata": {"finalizers": null}})).await?;
    account
        .until("has its finalizer", |o| o["metadata"]["finalizers"] == json!(["chatwoot.dev/finalizer"]))
        .await?;
    Ok(())
}
