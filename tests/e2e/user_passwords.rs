//! Passwords: set once when they change, refused before they are sent, never shown.

use crate::support::{
    Journal, People, Stage,
    people::silent_about,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};

const FIRST: &str = "F1rst-Passw0rd!";
const SECOND: &str = "S3cond-Passw0rd!";

fn from_secret() -> Value {
    json!({"password": {"secretKeyRef": {"name": "alice-password", "key": "value"}}})
}

#[tokio::test]
async fn without_a_password_nobody_knows_it() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let spec = json!({"credentialsSecret": {"name": "alice-chatwoot"}});
    let alice = tenant.person(&stage, "alice", spec).await?;
    let bob = tenant.person(&stage, "bob", json!({})).await?;
    let (alice, bob) = (alice.ready().await?, bob.ready().await?);
    let password = stage.chatwoot.person(id(&alice)?).await?.password.context("no password")?;
    let other = stage.chatwoot.person(id(&bob)?).await?.password.context("no password")?;
    assert!(password.len() >= 20 && password != other, "long, and another one each time");
    silent_about(&alice.to_string(), &[&password])?;
    silent_about(&format!("{:?}", tenant.secret_now("alice-chatwoot").await?), &[&password])?;
    assert_eq!(alice["status"]["password"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_declared_password_is_set_with_the_person_and_a_changed_one_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", from_secret()).await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["POST user"]);
    let made = stage.chatwoot.person(user).await?;
    assert_eq!((made.password.as_deref(), made.password_writes), (Some(FIRST), 1));

    tenant.secret("alice-password", json!({"value": SECOND})).await?;
    let before = alice.get().await?["status"]["password"]["fingerprint"].clone();
    let changed = alice
        .until("has another password", |o| {
            is(o, "Succeeded") && o["status"]["password"]["fingerprint"] != before
        })
        .await?;
    silent_about(&changed.to_string(), &[FIRST, SECOND])?;
    let after = stage.chatwoot.person(user).await?;
    assert_eq!((after.password.as_deref(), after.password_writes), (Some(SECOND), 2));

    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.person(user).await?.password_writes, 2);
    Ok(())
}

#[tokio::test]
async fn touching_a_secret_without_changing_its_value_resets_nobody() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    let alice = tenant.person(&stage, "alice", from_secret()).await?;
    let user = id(&alice.ready().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    tenant.secret("alice-password", json!({"value": FIRST, "other": "key"})).await?;
    // The edit wakes the person, and one look suffices.
    let filter = chatwoot_simulator::Filter::route(crate::support::people::route::READ_USER).since(seq);
    stage.chatwoot.wait(&filter, 1, crate::support::PATIENCE).await?;
    // Restored from a backup: another uid, the same value.
    tenant.delete_secret("alice-password").await?;
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    alice.looked_at().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.person(user).await?.password_writes, 1);
    Ok(())
}

#[tokio::test]
pub async fn a_password_chatwoot_would_refuse_is_never_sent_and_never_repeated() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", from_secret()).await?;
    let missing = alice.stalled("SecretInvalid").await?;
    let told = message(&missing, "Ready");
    assert_eq!(missing["metadata"]["finalizers"], Value::Null, "there is nothing to undo");
    assert!(told.contains("alice-password") && told.contains("chatwoot.dev/watch"), "{told}");

    for (weak, missing) in
        [("weak-canary", "capital"), ("N0special1canary", "special"), ("Pässw0rd-canary!", "ASCII")]
    {
        tenant.secret("alice-password", json!({"value": weak})).await?;
        let seen = |o: &Value| is(o, "SecretInvalid") && message(o, "Ready").contains("key value");
        let refused = alice.until(&format!("refuses one without {missing}"), seen).await?;
        silent_about(&refused.to_string(), &[weak, "canary"])?;
    }
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    let user = id(&alice.ready().await?)?;
    assert_eq!(stage.chatwoot.person(user).await?.password.as_deref(), Some(FIRST));

    // Later as well: a key that goes missing changes nothing in Chatwoot.
    let seq = stage.chatwoot.last_seq().await?;
    tenant.secret("alice-password", json!({"other": "x"})).await?;
    alice.stalled("SecretInvalid").await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.password_writes, 1);
    Ok(())
}

#[tokio::test]
async fn a_generated_password_works_and_rotates_when_asked() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let spec = |rotation: &str| json!({"password": {"generate": {"rotation": rotation}}, "credentialsSecret": {"name": "alice-chatwoot"}});
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", spec("1")).await?;
    let object = alice.ready().await?;
    assert_eq!(stage.chatwoot.writes(seq).await?, ["POST user"]);
    let user = id(&object)?;
    let first = tenant.secret_now("alice-chatwoot").await?["password"].clone();
    assert_eq!(stage.chatwoot.person(user).await?.password, Some(first.clone()));
    silent_about(&object.to_string(), &[&first])?;

    alice.set(spec("2")).await?;
    let object = alice
        .until("has rotated", |o| is(o, "Succeeded") && o["status"]["password"]["rotation"] == "2")
        .await?;
    let second = tenant.secret_now("alice-chatwoot").await?["password"].clone();
    assert_ne!(second, first);
    let after = stage.chatwoot.person(user).await?;
    assert_eq!((after.password, after.password_writes), (Some(second.clone()), 2));
    silent_about(&object.to_string(), &[&first, &second])?;
    assert_eq!(condition(&object, "CredentialsPublished")["status"], "True");
    Ok(())
}

#[tokio::test]
async fn a_password_taken_out_of_the_spec_is_left_as_it_is() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    tenant.secret("alice-password", json!({"value": FIRST})).await?;
    let alice = tenant.person(&stage, "alice", from_secret()).await?;
    let user = id(&alice.ready().await?)?;
    alice.set(json!({"password": null})).await?;
    let object = alice.ready().await?;
    assert_eq!(object["status"]["password"], Value::Null);
    tenant.secret("alice-password", json!({"value": SECOND})).await?;
    alice.looked_at().await?;
    let after = stage.chatwoot.person(user).await?;
    assert_eq!((after.password.as_deref(), after.password_writes), (Some(FIRST), 1));
    Ok(())
}
