//! The operator's own user in an account, and the settings it is there for.

use crate::support::{
    Journal, People, Setup, Stage, Subject, Tenant,
    content::Furnished,
    people,
    subject::{condition, id, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, How, Role, Status, listed};
use serde_json::{Map, Value, json};

pub const SETTINGS: &str = "GET /api/v1/accounts/:id";
const SET: &str = "PATCH /api/v1/accounts/:id";

/// With an instance that keeps a domain for the operator's own users.
pub async fn stage() -> Result<Stage> {
    let instance = json!({"automation": {"emailDomain": "ops.example.com"}});
    Stage::with(Setup { instance, ..Setup::default() }).await
}

/// An account that declares settings, Ready, and its own user.
pub async fn configured(stage: &Stage, grant: Value, more: Value) -> Result<(Tenant, Subject, listed::User)> {
    let mut spec = json!({"name": "Acme", "settings": {"autoResolveAfter": "72h"}});
    crate::support::stage::merge(&mut spec, more);
    let (tenant, account) = stage.settled(grant, spec).await?;
    let own = own(stage, &account).await?;
    Ok((tenant, account, own))
}

async fn own(stage: &Stage, account: &Subject) -> Result<listed::User> {
    let object = account.get().await?;
    let user =
        object["status"]["automation"]["userId"].as_i64().with_context(|| format!("no user in {object}"))?;
    stage.chatwoot.person(user).await
}

async fn settings(stage: &Stage, id: i64) -> Result<Map<String, Value>> {
    Ok(stage.chatwoot.account(id).await?.context("it is gone")?.settings)
}

#[tokio::test]
async fn settings_bring_a_user_of_the_operators_own_and_nobody_else_does() -> Result<()> {
    let stage = stage().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    assert!(stage.chatwoot.state().await?.users.is_empty());
    let seq = stage.chatwoot.last_seq().await?;
    let declared =
        json!({"autoResolveAfter": "72h", "autoResolveMessage": "Bye", "audioTranscriptions": true});
    account.set(json!({"settings": declared})).await?;
    let object = account.ready().await?;
    let id = id(&object)?;
    let own = own(&stage, &account).await?;
    assert_eq!(own.email, format!("chatwoot-operator+{id}@ops.example.com"));
    assert_eq!(object["status"]["automation"], json!({"email": own.email, "userId": own.id}));
    assert_eq!(stage.chatwoot.roles(own.id).await?, [(id, Some(Role::Administrator))].into());
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET account", "POST user", "POST member", SETTINGS, SET]);
    let there =
        json!({"auto_resolve_after": 4320, "auto_resolve_message": "Bye", "audio_transcriptions": true});
    assert_eq!(json!(settings(&stage, id).await?), there);

    // A look costs one read of the user and one of the settings, and mends only what is declared.
    let vandal = json!({"auto_resolve_after": 10, "auto_resolve_ignore_waiting": true});
    let vandal = vandal.as_object().cloned().unwrap_or_default();
    let edit = Act::EditAccountSettings { account: id, how: How::Merge, settings: vandal };
    stage.chatwoot.act(edit).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.looked_at().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET account", "GET user", SETTINGS, SET]);
    let mended = settings(&stage, id).await?;
    assert_eq!(
        (&mended["auto_resolve_after"], &mended["auto_resolve_ignore_waiting"]),
        (&json!(4320), &json!(true))
    );
    let seq = stage.chatwoot.last_seq().await?;
    account.looked_at().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET account", "GET user", SETTINGS]);

    // Nobody else's account has cost a call.
    let other = tenant.account(&stage, "other", json!({"name": "Other"})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    other.ready().await?;
    ensure!(!stage.chatwoot.calls(seq).await?.iter().any(|call| call.ends_with("user")));
    Ok(())
}

#[tokio::test]
async fn without_a_domain_the_admin_is_named_and_setting_one_is_enough() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let spec = json!({"name": "Acme", "locale": "de", "settings": {"autoResolveAfter": "1h"}});
    let account = tenant.account(&stage, "acme", spec).await?;
    let object = account.reason("AutomationDisabled").await?;
    assert!(message(&object, "Ready").contains("spec.automation.emailDomain"), "{object}");
    assert_eq!(
        stage.chatwoot.account(id(&object)?).await?.and_then(|found| found.locale).as_deref(),
        Some("de")
    );
    assert!(stage.chatwoot.state().await?.users.is_empty());
    stage.instance().set(json!({"automation": {"emailDomain": "ops.example.com"}})).await?;
    let object = account.ready().await?;
    assert_eq!(settings(&stage, id(&object)?).await?["auto_resolve_after"], 60);
    Ok(())
}

#[tokio::test]
pub async fn a_lost_answer_makes_no_second_user_and_leaves_none_behind() -> Result<()> {
    for (effect, name) in [
        (Effect::ResetAfterCommit, "after"),
        (Effect::ResetBeforeCommit, "before"),
        (Effect::Html { status: 502, after_commit: true }, "proxy"),
    ] {
        let stage = stage().await?;
        let tenant = stage.tenant(json!({})).await?;
        stage.chatwoot.fault_once(people::route::CREATE_USER, effect).await?;
        let spec = json!({"name": "Acme", "settings": {"autoResolveAfter": "1h"}});
        let account = tenant.account(&stage, "acme", spec).await?;
        let object = account.reason_at_last("Succeeded").await.context(name)?;
        let own = own(&stage, &account).await?;
        let all = stage.chatwoot.state().await?.users;
        ensure!(all.len() == 1 && all.iter().all(|user| user.id == own.id), "{name}: {all:?}");
        assert_eq!(stage.chatwoot.roles(own.id).await?.len(), 1);
        assert!(object["status"]["automation"]["unansweredSince"].is_string(), "{object}");
        // What may still be under way is waited for before the last who remembers goes.
        account.delete().await?;
        account.gone_at_last().await?;
        stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
        assert!(stage.chatwoot.state().await?.users.is_empty(), "{name}");
    }
    Ok(())
}

#[tokio::test]
pub async fn whatever_becomes_of_the_account_the_user_goes_first() -> Result<()> {
    let grant = || json!({"allow": ["Delete"]});
    for (policy, calls) in [
        ("Retain", &["GET user", "DELETE user"][..]),
        ("Suspend", &["GET account", "PATCH account", "GET user", "DELETE user"]),
        ("Delete", &["GET account", "PATCH account", "GET user", "DELETE user", "DELETE account"]),
    ] {
        let stage = stage().await?;
        let (_, account, own) = configured(&stage, grant(), json!({"deletionPolicy": policy})).await?;
        let seq = stage.chatwoot.last_seq().await?;
        account.delete().await?;
        account.gone().await?;
        let made = stage.chatwoot.calls(seq).await?;
        ensure!(
            made.starts_with(&calls.iter().map(|call| (*call).to_owned()).collect::<Vec<_>>()),
            "{policy}: {made:?}"
        );
        stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
        ensure!(stage.chatwoot.state().await?.user(own.id).is_none(), "{policy}");
    }
    Ok(())
}

#[tokio::test]
async fn a_user_that_vanished_is_made_again_and_the_token_read_anew() -> Result<()> {
    let stage = stage().await?;
    let (_, account, before) = configured(&stage, json!({}), json!({})).await?;
    // Somebody removes it as an agent, which deletes who is in no other account (P30).
    stage.chatwoot.act(Act::DeleteUser { user: before.id, when: Default::default() }).await?;
    account.looked_at().await?;
    let after = own(&stage, &account).await?;
    assert_ne!(after.id, before.id);
    assert_eq!(after.email, before.email);
    // Its token is another one by now.
    stage.chatwoot.act(Act::ResetAccessToken { user: after.id }).await?;
    account.set(json!({"settings": {"autoResolveAfter": "2h"}})).await?;
    let object = account.ready().await?;
    assert_eq!(settings(&stage, id(&object)?).await?["auto_resolve_after"], 120);
    stage.instance().ready().await?;
    Ok(())
}

/// A token that was refused says nothing about the instance's.
#[tokio::test]
pub async fn a_refused_token_never_makes_the_instance_look_unauthorized() -> Result<()> {
    let stage = stage().await?;
    let (_, account, _) = configured(&stage, json!({}), json!({})).await?;
    let refused = json!({"error": "Invalid Access Token"});
    let effect = Effect::Json { status: 401, body: refused, after_commit: false };
    stage.chatwoot.fault_once(SETTINGS, effect).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.set(json!({"settings": {"autoResolveAfter": "2h"}})).await?;
    account.ready().await?;
    let calls = stage.chatwoot.calls(seq).await?;
    assert_eq!(calls.iter().filter(|call| *call == SETTINGS).count(), 2, "{calls:?}");
    // The instance was not even asked whether its token is good.
    let asked = stage.chatwoot.journal(&chatwoot_simulator::Filter::default().since(seq)).await?;
    ensure!(!asked.iter().any(|entry| entry.path.ends_with("/accounts/0")), "{asked:?}");
    Ok(())
}

#[tokio::test]
async fn a_suspended_accounts_settings_wait() -> Result<()> {
    let stage = stage().await?;
    let (_, account, _) = configured(&stage, json!({"allow": ["State"]}), json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    account.set(json!({"state": "Suspended", "settings": {"autoResolveAfter": "2h"}})).await?;
    let object = account.ready().await?;
    assert!(message(&object, "Ready").contains("spec.settings waits"), "{object}");
    let id = id(&object)?;
    assert_eq!(stage.chatwoot.account(id).await?.and_then(|found| found.status), Some(Status::Suspended));
    ensure!(!stage.chatwoot.calls(seq).await?.iter().any(|call| call == SETTINGS || call == SET));
    account.set(json!({"state": "Active"})).await?;
    account.ready().await?;
    assert_eq!(settings(&stage, id).await?["auto_resolve_after"], 120);
    Ok(())
}

#[tokio::test]
async fn the_first_content_brings_the_user_and_the_last_keeps_it() -> Result<()> {
    let inside = Furnished::new().await?;
    assert!(inside.stage.chatwoot.state().await?.users.is_empty(), "nothing needs a user yet");
    let before = inside.account.get().await?;
    let vip = inside.apply("ChatwootLabel", "vip", json!({"title": "vip"})).await?;
    vip.ready().await?;
    let own = own(&inside.stage, &inside.account).await?;
    assert_eq!(inside.stage.chatwoot.roles(own.id).await?, [(inside.id, Some(Role::Administrator))].into());
    // Nothing the account's author asked for was missing meanwhile.
    let after = inside.account.get().await?;
    assert_eq!(condition(&after, "Ready"), condition(&before, "Ready"));
    vip.delete().await?;
    vip.gone().await?;
    inside.account.looked_at().await?;
    assert_eq!(inside.stage.chatwoot.person(own.id).await?, own);
    Ok(())
}

/// A squatted address is no reason for an account to be anything but Ready that needs the user for its content only.
#[tokio::test]
async fn content_waits_for_a_squatted_address_and_the_account_stays_ready() -> Result<()> {
    let inside = Furnished::new().await?;
    let email = format!("chatwoot-operator+{}@ops.example", inside.id);
    let squat = Act::CreateUser { name: "Squatter".into(), email, attributes: Default::default(), app: None };
    let squatter = inside.stage.chatwoot.act(squat).await?.id.context("no id")?;
    let vip = inside.apply("ChatwootLabel", "vip", json!({"title": "vip"})).await?;
    let told = |object: &Value| message(object, "Ready").contains("kubectl chatwoot reconcile account");
    inside.account.until("says what to do", told).await?;
    inside.account.ready().await?;
    vip.reason("WaitingForAccount").await?;
    inside.stage.chatwoot.act(Act::DeleteUser { user: squatter, when: Default::default() }).await?;
    inside.account.looked_at().await?;
    vip.ready().await?;
    Ok(())
}

/// What goes together goes in the order in which it can: the content needs the user, and the user the account.
#[tokio::test]
pub async fn content_that_goes_together_with_its_account_goes_first() -> Result<()> {
    let inside = Furnished::new().await?;
    let vip = inside.apply("ChatwootLabel", "vip", json!({"title": "vip"})).await?;
    vip.ready().await?;
    let slow = Effect::Delay { ms: 500, after_commit: false };
    inside.stage.chatwoot.fault_once("DELETE /api/v1/accounts/:account_id/labels/:id", slow).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    vip.delete().await?;
    inside.account.delete().await?;
    inside.account.gone().await?;
    vip.gone().await?;
    let calls = inside.stage.chatwoot.calls(seq).await?;
    let at =
        |call: &str| calls.iter().position(|made| made == call).with_context(|| format!("{call}: {calls:?}"));
    ensure!(at("DELETE /api/v1/accounts/:account_id/labels/:id")? < at("DELETE user")?, "{calls:?}");
    assert!(inside.content().await?.labels.is_empty());
    Ok(())
}
