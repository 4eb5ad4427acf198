//! Addresses of others: look-alikes, and people whom somebody else asked for first.

use crate::support::{
    Journal, People, Stage,
    people::silent_about,
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Role};
use serde_json::{Value, json};

#[tokio::test]
async fn look_alike_addresses_are_refused_or_are_other_people() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, victim) = stage.staffed(json!({}), json!({"email": "victim@acme.example"})).await?;
    let user = id(&victim.get().await?)?;
    let before = stage.chatwoot.person(user).await?;
    let evil = stage.tenant(json!({})).await?;
    for look_alike in [
        "v\u{456}ctim@acme.example",
        "victim@acm\u{435}.example",
        "v\u{131}ctim@acme.example",
        "\u{ff56}ictim@acme.example",
        "victim\u{200b}@acme.example",
        "victim\u{ad}@acme.example",
        "vict\u{69}\u{307}m@acme.example",
        "victim@acme\u{3002}example",
        "victim@acme.example.",
        "victim@acme.example\u{0}",
        "victim@acme.example\n",
        " victim@acme.example",
        "\"victim\"@acme.example",
        "victim@[127.0.0.1]",
        "evil@evil.test,victim@acme.example",
        "Victim <victim@acme.example>",
        "victim%00@acme.example ",
    ] {
        let applied = evil.person(&stage, "evil", json!({"email": look_alike})).await;
        let error = format!("{:#}", applied.err().with_context(|| format!("{look_alike:?} was stored"))?);
        assert!(error.contains("email"), "{error}");
    }
    // These are ASCII and other addresses; Chatwoot takes neither dots nor tags out.
    for (number, other) in [
        "v.ictim@acme.example",
        "victim+x@acme.example",
        "victim@acme.example.test",
        "victim@xn--acm-dma.example",
        "victlm@acme.example",
    ]
    .iter()
    .enumerate()
    {
        let person = evil.person(&stage, &format!("other-{number}"), json!({"email": other})).await?;
        assert_ne!(id(&person.ready().await?)?, user, "{other}");
    }
    assert_eq!(stage.chatwoot.person(user).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_domain_that_only_looks_like_a_granted_one_is_not_granted() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({"emailDomains": ["acme.example", "*.acme.example"]})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    for (number, email) in [
        "a@acme.example.evil.test",
        "a@evil-acme.example",
        "a@acme-example.test",
        "a@xn--acm-dma.example",
        "a@acme.examplee",
        "acme.example@evil.test",
        "a@example",
    ]
    .iter()
    .enumerate()
    {
        match evil.person(&stage, &format!("p{number}"), json!({"email": email})).await {
            Ok(person) => drop(person.stalled("NotGranted").await?),
            Err(error) => assert!(format!("{error:#}").contains("email"), "{error:#}"),
        }
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    // And no pattern can be written that would match by accident.
    for pattern in
        ["*acme.example", "a*.example", "*.", "**", "", ".acme.example", "acme.example.", "a b", "*.*"]
    {
        let applied = stage.grant(&evil, json!({"emailDomains": [pattern]})).await;
        assert!(applied.is_err(), "{pattern:?} was stored");
    }
    Ok(())
}

/// Whoever runs an account can invite any address in Chatwoot, before its owner's resource is applied.
#[tokio::test]
async fn somebody_invited_ahead_into_anothers_account_is_not_handed_over() -> Result<()> {
    let stage = Stage::new().await?;
    let (evil, account) = stage.settled(json!({}), json!({"name": "Evil"})).await?;
    let account = id(&account.get().await?)?;
    let invited = Act::CreateUser {
        name: "Invited".into(),
        email: "alice@acme.example".into(),
        attributes: Default::default(),
        app: None,
    };
    let user = stage.chatwoot.act(invited).await?.id.context("no id")?;
    stage.chatwoot.act(Act::AddMember { account, user, role: Some(Role::Agent) }).await?;
    let before = stage.chatwoot.person(user).await?;

    let victim = stage.tenant(json!({})).await?;
    victim.account(&stage, "acme", json!({"name": "Acme"})).await?.ready().await?;
    let spec = json!({
        "password": {"generate": {}}, "credentialsSecret": {"name": "alice", "accessToken": {}},
        "memberships": [{"account": "acme", "role": "Administrator"}]
    });
    let alice = victim.person(&stage, "alice", spec).await?;
    let told = alice.stalled("NotOwned").await?;
    silent_about(message(&told, "Ready"), &[&evil.namespace, "Invited", "Evil", &format!("user {user}")])?;
    assert_eq!(stage.chatwoot.person(user).await?, before);
    assert_eq!(stage.chatwoot.roles(user).await?, [(account, Some(Role::Agent))].into());
    assert!(victim.secrets().get_opt("alice").await?.is_none());
    assert_eq!(told["status"]["memberships"], Value::Null);
    Ok(())
}
