//! Instances: reached, told apart, let go.

use crate::support::{
    Journal, PATIENCE, Place, Setup, Stage, Subject,
    place::DEFAULT_HOME,
    route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Effect, Fault, Filter, Options, Version};
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use serde_json::{Value, json};

#[tokio::test]
pub async fn an_instance_without_its_token_says_how_to_make_the_secret() -> Result<()> {
    let stage = Stage::empty(Place::shared().await?, Setup::default()).await?;
    let instance = stage.apply_instance(Value::Null).await?;
    let told = instance.stalled("CredentialsMissing").await?;
    let text = message(&told, "Ready");
    assert!(text.contains("kubectl -n") && text.contains("create secret generic platform-app"), "{text}");
    assert!(stage.chatwoot.journal(&Filter::default()).await?.is_empty());
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.reason("WaitingForInstance").await?;

    stage.token(stage.chatwoot.token()).await?;
    let ready = instance.ready().await?;
    assert_eq!(ready["status"]["version"], "4.14.2");
    account.ready().await?;
    Ok(())
}

#[tokio::test]
pub async fn a_refused_token_stops_the_instance_and_a_new_one_starts_it() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let rotated = stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?;
    account.set(json!({"name": "Newer"})).await?;
    account.reason("WaitingForInstance").await?;
    let told = stage.instance().stalled("Unauthorized").await?;
    assert!(message(&told, "Ready").contains("Platform App"));

    stage.token(&rotated.token.context("no token")?).await?;
    stage.instance().ready().await?;
    account.ready().await?;
    assert_eq!(
        stage.chatwoot.account(id(&account.get().await?)?).await?.context("it is gone")?.name,
        "Newer"
    );
    Ok(())
}

#[tokio::test]
async fn a_create_that_meets_a_dead_token_waits_for_the_instance_and_is_made_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let rotated = stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    stage.instance().reason("Unauthorized").await?;
    account.reason("WaitingForInstance").await?;
    stage.token(&rotated.token.context("no token")?).await?;
    let object = account.reason_at_last("Succeeded").await?;
    assert_eq!(object["status"]["creation"]["attempt"], 1);
    assert_eq!(stage.chatwoot.state().await?.accounts.len(), 1);
    Ok(())
}

#[tokio::test]
pub async fn a_chatwoot_that_is_too_old_is_refused_until_it_is_upgraded() -> Result<()> {
    let simulator = Options { version: Version(4, 1, 0), ..Options::default() };
    let stage = Stage::empty(Place::shared().await?, Setup { simulator, ..Setup::default() }).await?;
    stage.token(stage.chatwoot.token()).await?;
    let instance = stage.apply_instance(Value::Null).await?;
    let told = instance.stalled("UnsupportedChatwoot").await?;
    assert!(message(&told, "Ready").contains("4.2"));
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme"})).await?;
    account.reason("WaitingForInstance").await?;
    assert!(stage.chatwoot.writes(0).await?.is_empty());

    stage.chatwoot.act(Act::SetVersion { version: Version(4, 14, 2) }).await?;
    instance.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    instance.ready().await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_chatwoot_newer_than_known_only_warns() -> Result<()> {
    let simulator = Options { version: Version(5, 0, 0), ..Options::default() };
    let stage = Stage::with(Setup { simulator, ..Setup::default() }).await?;
    assert!(message(&stage.instance().get().await?, "Ready").contains("newer"));
    stage.settled(json!({}), json!({"name": "Acme"})).await?;
    Ok(())
}

#[tokio::test]
pub async fn another_chatwoot_behind_the_same_name_is_noticed_before_anything_is_written() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let options = Options {
        listen: stage.address(),
        platform_tokens: vec![stage.chatwoot.token().to_owned()],
        ..Options::default()
    };
    let other = chatwoot_simulator::Simulator::start(options).await?;
    stage.apply_instance(json!({"url": other.url()})).await?;
    let told = stage.instance().stalled("DifferentChatwoot").await?;
    assert!(message(&told, "Ready").contains("another Chatwoot"));
    account.set(json!({"name": "Not sent there"})).await?;
    account.reason("WaitingForInstance").await?;
    let new = tenant.account(&stage, "new", json!({"name": "Nor this"})).await?;
    new.reason("WaitingForInstance").await?;
    assert!(other.writes(0).await?.is_empty());

    stage.apply_instance(Value::Null).await?;
    stage.instance().ready().await?;
    account.ready().await?;
    new.reason_at_last("Succeeded").await?;
    assert_eq!(
        stage.chatwoot.account(id(&account.get().await?)?).await?.context("it is gone")?.name,
        "Not sent there"
    );
    Ok(())
}

#[tokio::test]
async fn the_same_chatwoot_at_another_address_is_known_by_its_accounts() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let before = stage.instance().get().await?["status"]["connection"]["fingerprint"].clone();
    stage.apply_instance(json!({"url": format!("{}/", stage.chatwoot.url())})).await?;
    let proven = |o: &Value| is(o, "Succeeded") && o["status"]["connection"]["fingerprint"] != before;
    stage.instance().until("is proven", proven).await?;
    account.set(json!({"name": "Newer"})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
pub async fn a_redirect_is_never_followed_and_the_way_out_is_named() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    stage.chatwoot.act(Act::SetForceSsl { force_ssl: true }).await?;
    account.set(json!({"name": "Newer"})).await?;
    account.until("is held up", |o| is(o, "Redirected") || is(o, "WaitingForInstance")).await?;
    let told = stage.instance().stalled("Redirected").await?;
    assert!(message(&told, "Ready").contains("externalURL"));

    stage.apply_instance(json!({"externalURL": "https://chat.example.com"})).await?;
    stage.instance().ready().await?;
    let object = account
        .until("is Ready under its new address", |o| {
            is(o, "Succeeded")
                && o["status"]["url"]
                    .as_str()
                    .is_some_and(|url| url.starts_with("https://chat.example.com/app/accounts/"))
        })
        .await?;
    assert_eq!(stage.chatwoot.account(id(&object)?).await?.context("it is gone")?.name, "Newer");
    Ok(())
}

#[tokio::test]
async fn a_redirected_object_says_so_itself_until_it_no_longer_is() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let away =
        Effect::Redirect { status: 308, location: Some("https://elsewhere.example/login?token=x".into()) };
    stage.chatwoot.add_fault(Fault::once(route::UPDATE_ACCOUNT, away)).await?;
    account.set(json!({"name": "Newer"})).await?;
    let told = account.reason("Redirected").await?;
    let text = message(&told, "Ready");
    assert!(text.contains("https://elsewhere.example") && !text.contains("token="), "{text}");
    account.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
async fn the_index_condition_follows_what_chatwoot_can_do() -> Result<()> {
    let stage = Stage::new().await?;
    stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let instance = stage.instance();
    let index = |status: &'static str, reason: &'static str| {
        move |o: &Value| {
            let index = condition(o, "AccountIndexAvailable");
            index["status"] == status && index["reason"] == reason
        }
    };
    instance.at_last("knows its index", index("True", "Available")).await?;
    stage.chatwoot.act(Act::BreakIndex { app: None }).await?;
    // The next create asks it, and its settle time has it asked again.
    let (_, _) = stage.settled(json!({}), json!({"name": "Another"})).await?;
    let broken = instance.at_last("sees it broken", index("False", "Broken")).await?;
    assert!(is(&broken, "Succeeded"), "an index is a comfort, not a condition");
    assert!(message(&broken, "AccountIndexAvailable").contains("doctor"));

    let simulator = Options { version: Version(4, 2, 0), ..Options::default() };
    let old = Stage::with(Setup { simulator, ..Setup::default() }).await?;
    old.settled(json!({}), json!({"name": "Acme"})).await?;
    old.instance().at_last("has none", index("False", "Unsupported")).await?;
    Ok(())
}

#[tokio::test]
pub async fn an_instance_in_use_is_protected_until_nobody_is_bound() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme", "deletionPolicy": "Suspend"})).await?;
    let bound = id(&account.get().await?)?;
    stage.instance().delete().await?;
    let blocked = stage.instance().stalled("DeletionBlocked").await?;
    assert!(message(&blocked, "Ready").contains("deletionPolicy: Release"));

    // The Secret may go with the namespace's other things; who is to be let go is still served.
    let secrets: Api<Secret> = Api::namespaced(stage.admin.clone(), &stage.home);
    secrets.delete("platform-app", &Default::default()).await?;
    account.delete().await?;
    account.gone().await?;
    stage.instance().gone().await?;
    let left = stage.chatwoot.account(bound).await?.context("it is gone")?;
    assert_eq!(left.status, Some(chatwoot_simulator::Status::Suspended));
    Ok(())
}

#[tokio::test]
async fn an_instance_that_releases_lets_everybody_go_as_they_are() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme", "deletionPolicy": "Suspend"})).await?;
    let bound = id(&account.get().await?)?;
    stage.apply_instance(json!({"deletionPolicy": "Release"})).await?.ready().await?;
    let seq = stage.chatwoot.last_seq().await?;
    stage.instance().delete().await?;
    stage.instance().gone().await?;
    account.until("is released", |o| o["status"]["instance"]["released"] == true).await?;
    account.delete().await?;
    account.gone().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(
        stage.chatwoot.account(bound).await?.context("it is gone")?.status,
        Some(chatwoot_simulator::Status::Active)
    );
    Ok(())
}

#[tokio::test]
async fn only_told_namespaces_may_aim_the_operator() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let aimed = Subject::new(&stage, stage.admin.clone(), "ChatwootInstance", &tenant.namespace, "mine");
    let seq = stage.chatwoot.last_seq().await?;
    aimed
        .apply(json!({"url": stage.chatwoot.url(), "platformTokenSecretRef": {"name": "platform-app"}}))
        .await?;
    if !stage.place.confined {
        // Where instances count is all that a confined operator sees of them.
        let told = aimed.stalled("InvalidSpec").await?;
        assert!(message(&told, "Ready").contains("--instance-namespaces"));
    }
    assert_eq!(aimed.get().await?["metadata"]["finalizers"], Value::Null);
    let spec = json!({"name": "Acme", "instanceRef": {"name": "mine"}});
    let account = tenant.account(&stage, "acme", spec).await?;
    account.until("is looked at", |o| is(o, "WaitingForInstance") || is(o, "NotGranted")).await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn who_names_no_instance_gets_the_default_one_and_keeps_it() -> Result<()> {
    let setup = Setup { home: Some(DEFAULT_HOME.into()), ..Setup::default() };
    let stage = Stage::with(setup).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "instanceRef": null})).await?;
    let object = account.ready().await?;
    assert_eq!(object["spec"].get("instanceRef"), None);
    assert_eq!(object["status"]["instance"]["namespace"], DEFAULT_HOME);
    stage.chatwoot.wait(&Filter::route(route::CREATE_ACCOUNT), 1, PATIENCE).await?;
    Ok(())
}

#[tokio::test]
async fn who_names_no_instance_is_told_what_to_write_where_there_is_no_default() -> Result<()> {
    let place = Place::own_with(json!({"defaultInstance": ""})).await?;
    let stage = Stage::in_place(&place).await?;
    let tenant = stage.tenant(json!({})).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "instanceRef": null})).await?;
    let person = json!({"email": "alice@acme.example", "name": "Alice", "instanceRef": null});
    let alice = tenant.user(&stage, "alice", person).await?;
    for subject in [account, alice] {
        let told = subject.stalled("InvalidSpec").await?;
        for word in ["instanceRef", "--default-instance"] {
            assert!(message(&told, "Ready").contains(word), "{told}");
        }
        assert_eq!(told["metadata"].get("finalizers"), None);
    }
    assert!(stage.chatwoot.state().await?.accounts.is_empty());
    Ok(())
}

#[tokio::test]
pub async fn an_account_waits_for_an_instance_that_is_still_to_come() -> Result<()> {
    let stage = Stage::empty(Place::shared().await?, Setup::default()).await?;
    let account = stage.subject("ChatwootAccount", "own");
    account.apply(json!({"instanceRef": {"name": "main"}, "name": "Own"})).await?;
    let waiting = account.reason("WaitingForInstance").await?;
    assert_eq!(condition(&waiting, "Reconciling")["status"], "True");
    stage.open(Value::Null).await?;
    account.ready().await?;
    Ok(())
}
