//! The credentials Secret: what stands in it, whose it is, and when it goes.

use crate::support::{
    Journal, People, Stage,
    people::silent_about,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::Act;
use serde_json::{Value, json};

fn published(object: &Value) -> bool {
    is(object, "Succeeded") && condition(object, "CredentialsPublished")["status"] == "True"
}

#[tokio::test]
async fn the_secret_holds_what_a_person_needs_and_the_token_only_when_asked_for() -> Result<()> {
    let stage = Stage::new().await?;
    let secret = json!({"name": "alice-chatwoot", "labels": {"team": "a"}, "annotations": {"note": "b"}});
    let (tenant, account, alice) = stage.staffed(json!({}), json!({"credentialsSecret": secret})).await?;
    let object = alice.until("is published", published).await?;
    let user = id(&object)?;
    let url = format!("{}/app/login", stage.chatwoot.url());
    let mut wanted = [
        ("url".to_owned(), url),
        ("email".to_owned(), "alice@acme.example".to_owned()),
        ("user_id".to_owned(), user.to_string()),
        ("account_id".to_owned(), account.to_string()),
    ]
    .into_iter()
    .collect::<std::collections::BTreeMap<_, _>>();
    assert_eq!(tenant.secret_now("alice-chatwoot").await?, wanted);
    let metadata = tenant.secrets().get("alice-chatwoot").await?.metadata;
    let labels = metadata.labels.unwrap_or_default();
    assert_eq!(
        (
            labels.get("team").map(String::as_str),
            labels.get("app.kubernetes.io/managed-by").map(String::as_str)
        ),
        (Some("a"), Some("chatwoot-operator"))
    );
    let notes = metadata.annotations.unwrap_or_default();
    assert_eq!(
        (notes.get("note").map(String::as_str), notes.get("chatwoot.dev/owner").map(String::as_str)),
        (Some("b"), Some("ChatwootUser/alice"))
    );

    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"credentialsSecret": {"accessToken": {}}})).await?;
    let object = alice.until("is published", published).await?;
    let token = stage.chatwoot.person(user).await?.access_token.context("no token")?;
    wanted.insert("access_token".into(), token.clone());
    assert_eq!(tenant.secret_now("alice-chatwoot").await?, wanted);
    silent_about(&object.to_string(), &[&token])?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user"]);

    // The person makes a new token; the next look publishes it.
    let act = Act::ResetAccessToken { user };
    let token = stage.chatwoot.act(act).await?.token.context("no token")?;
    alice.looked_at().await?;
    assert_eq!(tenant.secret_now("alice-chatwoot").await?.get("access_token"), Some(&token));

    // Not asked for any longer, it goes; and in two accounts there is no account_id.
    tenant.account(&stage, "other", json!({"name": "Other"})).await?.ready().await?;
    alice
        .set(json!({"credentialsSecret": {"accessToken": null}, "memberships": [
            {"account": "acme", "role": "Agent"}, {"account": "other", "role": "Agent"}
        ]}))
        .await?;
    alice.until("is published", published).await?;
    wanted.remove("access_token");
    wanted.remove("account_id");
    assert_eq!(tenant.secret_now("alice-chatwoot").await?, wanted);
    Ok(())
}

#[tokio::test]
async fn a_secret_that_is_not_ours_is_never_overwritten() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    tenant.secret("alice-chatwoot", json!({"mine": "keep", "password": "theirs"})).await?;
    let before = tenant.secrets().get("alice-chatwoot").await?;
    let spec = json!({"credentialsSecret": {"name": "alice-chatwoot"}});
    let alice = tenant.person(&stage, "alice", spec).await?;
    let refused = alice.stalled("SecretInvalid").await?;
    assert!(message(&refused, "Ready").contains("alice-chatwoot"));
    assert_eq!(condition(&refused, "CredentialsPublished")["status"], "False");

    // Nor where a password is to be generated; then nobody is made with one that could not be kept.
    let seq = stage.chatwoot.last_seq().await?;
    let generated = json!({"credentialsSecret": {"name": "alice-chatwoot"}, "password": {"generate": {}}});
    let bob = tenant.person(&stage, "bob", generated).await?;
    bob.stalled("SecretInvalid").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert_eq!(tenant.secrets().get("alice-chatwoot").await?, before);

    // Nor removed with its namesake.
    bob.delete().await?;
    bob.gone().await?;
    assert_eq!(tenant.secrets().get("alice-chatwoot").await?, before);

    tenant.delete_secret("alice-chatwoot").await?;
    alice.until("is published", published).await?;
    // What is one person's is not another's either.
    let carol =
        tenant.person(&stage, "carol", json!({"credentialsSecret": {"name": "alice-chatwoot"}})).await?;
    carol.stalled("SecretInvalid").await?;
    carol.set(json!({"credentialsSecret": {"name": "carol-chatwoot"}})).await?;
    carol.until("is published", published).await?;
    assert_eq!(tenant.secret_now("alice-chatwoot").await?["email"], "alice@acme.example");
    Ok(())
}

#[tokio::test]
async fn a_renamed_secret_moves_with_its_password() -> Result<()> {
    let stage = Stage::new().await?;
    let spec = json!({"password": {"generate": {}}, "credentialsSecret": {"name": "before"}});
    let (tenant, _, alice) = stage.staffed(json!({}), spec).await?;
    alice.set(json!({"credentialsSecret": {"name": "after"}})).await?;
    let object =
        alice.until("is published", |o| published(o) && o["status"]["credentialsSecret"] == "after").await?;
    tenant.secret_gone("before").await?;
    let kept = tenant.secret_now("after").await?;
    assert_eq!(stage.chatwoot.person(id(&object)?).await?.password.as_ref(), kept.get("password"));

    alice.set(json!({"credentialsSecret": null, "password": null})).await?;
    let object = alice.until("is Ready", |o| is(o, "Succeeded")).await?;
    assert_eq!(condition(&object, "CredentialsPublished"), &Value::Null);
    tenant.secret_gone("after").await?;
    Ok(())
}

#[tokio::test]
async fn a_deleted_secret_is_made_again_with_a_password_that_works() -> Result<()> {
    let stage = Stage::new().await?;
    let spec = json!({"password": {"generate": {}}, "credentialsSecret": {"name": "alice-chatwoot"}});
    let (tenant, account, alice) = stage.staffed(json!({}), spec).await?;
    let user = id(&alice.get().await?)?;
    let first = tenant.secret_now("alice-chatwoot").await?["password"].clone();
    tenant.delete_secret("alice-chatwoot").await?;
    let again = tenant
        .secret_when("alice-chatwoot", |data| {
            data.contains_key("user_id") && data.get("password") != Some(&first)
        })
        .await?;
    assert_eq!(again["account_id"], account.to_string());
    alice.until("is published", published).await?;
    assert_eq!(stage.chatwoot.person(user).await?.password.as_ref(), again.get("password"));
    Ok(())
}

#[tokio::test]
async fn what_somebody_writes_into_the_secret_is_put_right() -> Result<()> {
    let stage = Stage::new().await?;
    let spec = json!({"credentialsSecret": {"name": "alice-chatwoot"}});
    let (tenant, _, _alice) = stage.staffed(json!({}), spec).await?;
    let before = tenant.secret_now("alice-chatwoot").await?;
    let change = json!({"stringData": {"url": "https://evil.example", "extra": "x"}});
    let merge = kube::api::Patch::Merge(&change);
    tenant.secrets().patch("alice-chatwoot", &Default::default(), &merge).await?;
    tenant.secret_when("alice-chatwoot", |data| *data == before).await?;
    Ok(())
}

#[tokio::test]
async fn the_secret_goes_with_its_resource_whatever_the_policy() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    for policy in ["Revoke", "Retain"] {
        let spec = json!({"deletionPolicy": policy, "credentialsSecret": {"name": "alice-chatwoot"}});
        let alice = tenant.person(&stage, "alice", spec).await?;
        alice.until("is published", published).await?;
        alice.delete().await?;
        alice.gone().await?;
        tenant.secret_gone("alice-chatwoot").await?;
    }

    // Also where nobody was made: Chatwoot did not answer, and a password had been made already.
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    let spec = json!({"password": {"generate": {}}, "credentialsSecret": {"name": "bob-chatwoot"}});
    let bob = tenant.person(&stage, "bob", spec).await?;
    bob.reason("ChatwootUnavailable").await?;
    tenant.secret_when("bob-chatwoot", |data| data.contains_key("password")).await?;
    bob.set(json!({"deletionPolicy": "Retain"})).await?;
    bob.delete().await?;
    bob.gone().await?;
    tenant.secret_gone("bob-chatwoot").await?;
    Ok(())
}
