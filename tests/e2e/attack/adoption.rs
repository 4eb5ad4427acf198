//! Ids of others, by the one way that an id can be named besides `adopt`: the answer to a question. And people who were
//! adopted, whose object is made to forget that.

use crate::support::{
    Journal, People, Stage,
    people::silent_about,
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, When};
use serde_json::{Value, json};

#[tokio::test]
async fn an_answer_to_a_question_takes_no_account_of_anothers() -> Result<()> {
    let stage = Stage::new().await?;
    let (owner, victim) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let bound = id(&victim.get().await?)?;
    let unmarked = Act::CreateAccount { name: "Old".into(), attributes: Default::default(), app: Some(1) };
    let unmarked = stage.chatwoot.act(unmarked).await?.id.context("no id")?;
    let strange = Act::CreateAccount { name: "Strange".into(), attributes: Default::default(), app: None };
    let strange = stage.chatwoot.act(strange).await?.id.context("no id")?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let own = id(&account.get().await?)?;
    stage.chatwoot.act(Act::DeleteAccount { account: own, when: When::default() }).await?;
    stage.chatwoot.act(Act::RunJobs { kinds: Vec::new() }).await?;
    let before = (stage.chatwoot.account(bound).await?, stage.chatwoot.account(unmarked).await?);

    let seq = stage.chatwoot.last_seq().await?;
    for chosen in [bound, unmarked, strange, strange + 4711] {
        account.annotate("chatwoot.dev/reconcile-requested-at", &chosen.to_string()).await?;
        let asks = |o: &Value| o["status"]["decision"]["token"].is_string();
        let asked = account.at_last("asks what to do", asks).await?;
        let token = asked["status"]["decision"]["token"].as_str().context("no token")?;
        account.annotate("chatwoot.dev/resolve", &format!("{token}/account-id={chosen}")).await?;
        let told = account
            .at_last("has taken the answer", |o| {
                o["metadata"]["annotations"].get("chatwoot.dev/resolve").is_none()
                    || o["status"]["decision"]["token"] != *token
                    || message(o, "Ready").contains(&chosen.to_string())
            })
            .await?;
        assert_ne!(told["status"]["id"], json!(chosen));
        silent_about(&told["status"].to_string(), &[&owner.namespace, "Acme", "Strange"])?;
    }
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!((stage.chatwoot.account(bound).await?, stage.chatwoot.account(unmarked).await?), before);
    victim.ready().await?;
    drop(evil);
    Ok(())
}

/// An answer nobody was asked for, and one that copies another's token, are nothing.
#[tokio::test]
async fn an_answer_nobody_was_asked_for_changes_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, victim) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let bound = id(&victim.get().await?)?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let own = account.get().await?["status"]["id"].clone();
    let seq = stage.chatwoot.last_seq().await?;
    for answer in [
        format!("0123456789abcdef/account-id={bound}"),
        format!("/account-id={bound}"),
        "/create".into(),
        "x".repeat(200_000),
    ] {
        account.annotate("chatwoot.dev/resolve", &answer).await?;
        account.annotate("chatwoot.dev/reconcile-requested-at", &format!("{:.8}", answer)).await?;
        let seen = account
            .until("answers", |o| o["status"]["lastHandledReconcileAt"] == json!(format!("{answer:.8}")))
            .await?;
        assert_eq!(seen["status"]["id"], own);
    }
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    drop(evil);
    Ok(())
}

/// Adopted without `Credentials`, let go, and applied again as if they were new: by their address, and with everything that
/// lets somebody come in as them.
#[tokio::test]
async fn nobody_comes_in_as_an_adopted_person_by_deleting_and_applying_them_again() -> Result<()> {
    let stage = Stage::new().await?;
    let (name, email) = ("Alice".to_owned(), "alice@acme.example".to_owned());
    let old = Act::CreateUser { name, email, attributes: Default::default(), app: Some(1) };
    let old = stage.chatwoot.act(old).await?.id.context("no id")?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old]}})).await?;
    tenant.secret("alice-password", json!({"value": "F1rst-Passw0rd!"})).await?;
    let theirs = json!({"secretKeyRef": {"name": "alice-password", "key": "value"}});
    let token = json!({"name": "alice-chatwoot", "accessToken": {"rotation": "1"}});
    let entering = [
        json!({"password": theirs, "credentialsSecret": token}),
        json!({"password": {"generate": {}}, "credentialsSecret": {"name": "alice-chatwoot"}}),
    ];
    for (policy, spec) in ["Revoke", "Retain"].into_iter().zip(entering) {
        let adopting = json!({"name": "Alice", "adopt": {"id": old}, "deletionPolicy": policy});
        let alice = tenant.person(&stage, "alice", adopting).await?;
        assert_eq!(id(&alice.ready().await?)?, old);
        alice.delete().await?;
        alice.gone().await?;

        let before = stage.chatwoot.person(old).await?;
        let alice = tenant.person(&stage, "alice", spec).await?;
        alice.annotate("chatwoot.dev/login-link-requested-at", policy).await?;
        let refused = alice.stalled("NotGranted").await?;
        assert!(message(&refused, "Ready").contains("Credentials"), "{refused}");
        assert_eq!(refused["status"]["ownership"], "Adopted");
        let link = |object: &Value| object["status"]["loginLink"]["state"] == "Refused";
        alice.until("is refused the link", link).await?;
        assert_eq!(stage.chatwoot.person(old).await?, before, "neither password, token, name nor link");
        for secret in ["alice-chatwoot", "alice-login-link"] {
            assert!(tenant.secrets().get_opt(secret).await?.is_none(), "{secret}");
        }
        alice.delete().await?;
        alice.gone().await?;
    }

    // With the grant it is as for anybody adopted.
    stage.grant(&tenant, json!({"allow": ["Credentials"]})).await?;
    let alice = tenant.person(&stage, "alice", json!({"password": theirs})).await?;
    assert_eq!(alice.ready().await?["status"]["ownership"], "Adopted");
    assert_eq!(stage.chatwoot.person(old).await?.password_writes, 1);
    Ok(())
}
