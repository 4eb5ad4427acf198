//! Secrets: of the operator, of the platform, and such as only look like the operator's.

use super::{forbidden, request};
use crate::support::{
    Journal, People, Stage,
    place::OPERATOR_NAMESPACE,
    subject::{condition, id, is},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};

#[tokio::test]
async fn the_operators_and_the_platforms_secrets_cannot_be_read() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({})).await?;
    for path in [
        format!("/api/v1/namespaces/{OPERATOR_NAMESPACE}/secrets/chatwoot-operator-installation"),
        format!("/api/v1/namespaces/{}/secrets/platform-app", stage.home),
        format!("/api/v1/namespaces/{}/secrets", stage.home),
        "/api/v1/secrets".to_owned(),
    ] {
        forbidden(request(&evil.client, "GET", &path, &Value::Null).await)?;
    }
    // Its own of the same name is another one, and no way to the platform's.
    let spec = json!({"password": {"secretKeyRef": {"name": "platform-app", "key": "token"}}});
    evil.person(&stage, "evil", spec).await?.stalled("SecretInvalid").await?;
    assert!(stage.chatwoot.writes(0).await?.is_empty());
    Ok(())
}

/// The label and the annotation by which the operator knows its own are no secret, and a tenant writes Secrets.
#[tokio::test]
async fn a_secret_dressed_up_as_the_operators_gives_nothing_of_anybody_else() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({})).await?;
    let dressed = |name: &str, owner: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": {"password": "weak", "own": "kept?"},
            "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "chatwoot-operator"},
                "annotations": {"chatwoot.dev/owner": format!("ChatwootUser/{owner}"), "chatwoot.dev/password-rotation": "1"}}
        })
    };
    let path = format!("/api/v1/namespaces/{}/secrets", evil.namespace);
    for secret in [dressed("mine", "alice"), dressed("others", "bob")] {
        request(&evil.client, "POST", &path, &secret).await?;
    }
    let generated = |secret: &str| json!({"password": {"generate": {"rotation": "1"}}, "credentialsSecret": {"name": secret}});
    let alice = evil.person(&stage, "alice", generated("mine")).await?;
    let user = id(&alice.ready().await?)?;
    // What Chatwoot would refuse is not sent; the Secret holds the operator's own and nothing else.
    let held = evil.secret_now("mine").await?;
    let password = held.get("password").context("no password")?;
    assert!(password != "weak" && !held.contains_key("own"), "{:?}", held.keys());
    assert_eq!(stage.chatwoot.person(user).await?.password.as_ref(), Some(password));

    // One that is said to be another person's is not this one's.
    let seq = stage.chatwoot.last_seq().await?;
    let carol = evil.person(&stage, "carol", generated("others")).await?;
    carol.stalled("SecretInvalid").await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    assert_eq!(evil.secret_now("others").await?["password"], "weak");
    Ok(())
}

#[tokio::test]
async fn metadata_asked_for_on_a_secret_never_changes_whose_it_is() -> Result<()> {
    let stage = Stage::new().await?;
    let evil = stage.tenant(json!({})).await?;
    let asking = |more: Value| {
        let mut secret = json!({"name": "alice"});
        crate::support::stage::merge(&mut secret, more);
        json!({"credentialsSecret": secret})
    };
    for reserved in [
        json!({"labels": {"app.kubernetes.io/managed-by": "evil"}}),
        json!({"annotations": {"chatwoot.dev/owner": "ChatwootUser/bob"}}),
        json!({"annotations": {"chatwoot.dev/password-rotation": "9"}}),
    ] {
        assert!(evil.person(&stage, "alice", asking(reserved.clone())).await.is_err(), "{reserved}");
    }
    let token = json!({"annotations": {"kubernetes.io/service-account.name": "default"}});
    let alice = evil.person(&stage, "alice", asking(token)).await?;
    let published =
        |o: &Value| is(o, "Succeeded") && condition(o, "CredentialsPublished")["status"] == "True";
    alice.until("is published", published).await?;
    let stored = serde_json::to_value(evil.secrets().get("alice").await?)?;
    let metadata = &stored["metadata"];
    assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], "chatwoot-operator");
    assert_eq!(metadata["annotations"]["chatwoot.dev/owner"], "ChatwootUser/alice");
    assert_eq!(stored["type"], "Opaque", "Kubernetes would fill in a token of a service account");
    Ok(())
}
