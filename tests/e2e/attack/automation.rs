//! The operator's own users are the way into every account, so tenants try to have one.

use crate::{
    automation::{configured, stage},
    support::{
        Journal, People, Stage,
        subject::{id, message},
    },
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Role, listed};
use serde_json::{Value, json};

/// Nothing has happened to the user, and nobody but the operator holds its token.
async fn untouched(stage: &Stage, before: &listed::User, account: i64) -> Result<()> {
    let after = stage.chatwoot.person(before.id).await?;
    ensure!(&after == before, "{after:?}");
    ensure!(stage.chatwoot.roles(before.id).await? == [(account, Some(Role::Administrator))].into());
    Ok(())
}

#[tokio::test]
async fn nobody_may_ask_for_a_kept_address_whether_the_account_is_there_or_not() -> Result<()> {
    let stage = stage().await?;
    let (_, account, own) = configured(&stage, json!({}), json!({})).await?;
    let account = id(&account.get().await?)?;
    // Every address and every right there is.
    let rights =
        json!({"emailDomains": ["*"], "allow": ["Delete", "Credentials"], "adoptable": {"users": [own.id]}});
    let evil = stage.tenant(rights).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let mut told = Vec::new();
    for (name, email) in [
        ("there", own.email.clone()),
        ("not-there", format!("chatwoot-operator+{}@ops.example.com", account + 4711)),
        ("shouted", own.email.to_uppercase()),
        ("no-number", "Chatwoot-Operator+anything@ops.example.com".to_owned()),
    ] {
        let wanted = json!({"email": email, "credentialsSecret": {"name": name, "accessToken": {}}});
        let refused = evil.person(&stage, name, wanted).await?.stalled("InvalidSpec").await?;
        told.push(message(&refused, "Ready").to_owned());
    }
    ensure!(told.iter().all(|text| Some(text) == told.first()), "{told:?}");
    ensure!(stage.chatwoot.calls(seq).await?.is_empty());
    untouched(&stage, &own, account).await
}

#[tokio::test]
async fn nobody_takes_the_user_over_by_its_id() -> Result<()> {
    let stage = stage().await?;
    let (tenant, account, own) = configured(&stage, json!({}), json!({})).await?;
    let account = id(&account.get().await?)?;
    let rights = json!({"allow": ["Credentials"], "adoptable": {"users": [own.id]}});
    stage.grant(&tenant, rights.clone()).await?;
    let evil = stage.tenant(rights).await?;
    let seq = stage.chatwoot.last_seq().await?;
    // The account's own team tries, also by the account's own name; and so do others.
    for (who, name, email, expected) in [
        (&tenant, "acme", "other@acme.example", "AccountAlreadyBound"),
        (&tenant, "own", own.email.as_str(), "InvalidSpec"),
        (&evil, "evil", "evil@acme.example", "AccountAlreadyBound"),
    ] {
        who.secret("mine", json!({"value": "3vil-Passw0rd!"})).await?;
        let wish = json!({
            "email": email, "adopt": {"id": own.id},
            "password": {"secretKeyRef": {"name": "mine", "key": "value"}},
            "credentialsSecret": {"name": format!("{name}-chatwoot"), "accessToken": {}}
        });
        who.person(&stage, name, wish).await?.stalled(expected).await?;
        let secrets = who.secrets().list(&Default::default()).await?.items;
        let published = format!("{name}-chatwoot");
        ensure!(!secrets.iter().any(|secret| secret.metadata.name.as_ref() == Some(&published)), "{name}");
    }
    ensure!(!stage.chatwoot.calls(seq).await?.iter().any(|call| call.ends_with(" user")));
    untouched(&stage, &own, account).await
}

/// Once the admin has taken the domain away, addresses are not kept any more; whose the users are, is.
#[tokio::test]
async fn a_domain_that_is_given_up_gives_nobody_away() -> Result<()> {
    let stage = stage().await?;
    let (_, resource, own) = configured(&stage, json!({}), json!({})).await?;
    let account = id(&resource.get().await?)?;
    stage.instance().merge(json!({"spec": {"automation": Value::Null}})).await?;
    stage.instance().ready().await?;
    let evil = stage.tenant(json!({"emailDomains": ["*"], "adoptable": {"users": [own.id]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    evil.person(&stage, "asks", json!({"email": own.email})).await?.stalled("NotOwned").await?;
    ensure!(stage.chatwoot.calls(seq).await?.is_empty());
    untouched(&stage, &own, account).await?;
    // Nothing is done inside the account any more, and the user goes with it.
    resource.set(json!({"settings": {"autoResolveAfter": "2h"}})).await?;
    resource.stalled("AutomationDisabled").await?;
    resource.delete().await?;
    resource.gone().await?;
    stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
    ensure!(stage.chatwoot.state().await?.user(own.id).is_none());
    Ok(())
}

/// An administrator of some account invites the address in Chatwoot before the operator needs it.
#[tokio::test]
async fn a_squatted_address_is_neither_used_nor_touched() -> Result<()> {
    let stage = stage().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let number = id(&account.get().await?)?;
    let email = format!("chatwoot-operator+{number}@ops.example.com");
    let squat = Act::CreateUser {
        name: "Squatter".into(),
        email: email.clone(),
        attributes: Default::default(),
        app: None,
    };
    let squatter = stage.chatwoot.act(squat).await?.id.context("no id")?;
    let theirs = Act::AddMember { account: number, user: squatter, role: Some(Role::Administrator) };
    stage.chatwoot.act(theirs).await?;
    let before = stage.chatwoot.person(squatter).await?;
    account.set(json!({"settings": {"autoResolveAfter": "1h"}})).await?;
    let object = account.stalled("CredentialsMissing").await?;
    let text = message(&object, "Ready");
    ensure!(
        text.contains(&email)
            && text.contains(&format!("kubectl chatwoot reconcile account {}/acme", tenant.namespace)),
        "{text}"
    );
    assert_eq!(stage.chatwoot.person(squatter).await?, before);
    ensure!(stage.chatwoot.account(number).await?.is_some_and(|found| found.settings.is_empty()));
    let fits = |event: &control_plane::SeenEvent| event.reason == "AutomationUser";
    stage.place.plane.wait_for_event(&tenant.namespace, fits, crate::support::PATIENCE).await?;

    // People of the account are not locked out for it.
    let alice = tenant
        .person(&stage, "alice", json!({"memberships": [{"account": "acme", "role": "Agent"}]}))
        .await?;
    alice.ready().await?;

    // An admin frees the address, and asks for a look.
    stage.chatwoot.act(Act::DeleteUser { user: squatter, when: Default::default() }).await?;
    account.looked_at().await?;
    let own = account.get().await?["status"]["automation"]["userId"].as_i64().context("no user")?;
    assert_ne!(own, squatter);
    Ok(())
}
