//! API tokens that are replaced when another rotation is declared.

use crate::support::{
    Journal, People, Setup, Stage,
    people::silent_about,
    subject::{id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, Filter, Options, Version};
use serde_json::{Value, json};

const RESET: &str = "POST /api/v1/profile/reset_access_token";

fn rotation(value: &str) -> Value {
    json!({"credentialsSecret": {"name": "alice", "accessToken": {"rotation": value}}})
}

fn has_rotated(value: &'static str) -> impl Fn(&Value) -> bool {
    move |object| is(object, "Succeeded") && object["status"]["accessToken"]["rotation"] == value
}

#[tokio::test]
async fn another_rotation_replaces_the_token_once_and_publishes_it() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), rotation("1")).await?;
    let object = alice.until("is published", has_rotated("1")).await?;
    let user = id(&object)?;
    let token = async || stage.chatwoot.person(user).await?.access_token.context("no token");
    let published = async || anyhow::Ok(tenant.secret_now("alice").await?["access_token"].clone());
    let first = token().await?;
    assert_eq!(published().await?, first);
    let resets = async || anyhow::Ok(stage.chatwoot.journal(&Filter::route(RESET)).await?.len());
    assert_eq!(resets().await?, 0, "a new person's token need not be replaced");

    let seq = stage.chatwoot.last_seq().await?;
    alice.set(rotation("2")).await?;
    let object = alice.until("has rotated", has_rotated("2")).await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user", RESET]);
    let second = token().await?;
    ensure!(second != first, "it is still the first");
    assert_eq!(published().await?, second);
    silent_about(&object.to_string(), &[&first, &second])?;
    alice.looked_at().await?;
    assert_eq!(resets().await?, 1);

    // Whoever replaces it themselves takes nothing away: the next look publishes theirs.
    let theirs = stage.chatwoot.act(Act::ResetAccessToken { user }).await?.token.context("no token")?;
    alice.looked_at().await?;
    assert_eq!((published().await?, resets().await?), (theirs, 1));
    Ok(())
}

#[tokio::test]
async fn a_token_that_was_published_without_a_rotation_is_replaced_by_the_first() -> Result<()> {
    let stage = Stage::new().await?;
    let plain = json!({"credentialsSecret": {"name": "alice", "accessToken": {}}});
    let (tenant, _, alice) = stage.staffed(json!({}), plain).await?;
    let first = tenant.secret_now("alice").await?["access_token"].clone();
    alice.set(rotation("1")).await?;
    alice.until("has rotated", has_rotated("1")).await?;
    ensure!(tenant.secret_now("alice").await?["access_token"] != first, "people had that one");
    Ok(())
}

#[tokio::test]
async fn whatever_becomes_of_the_answer_the_token_that_holds_is_published() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), rotation("1")).await?;
    let user = id(&alice.get().await?)?;
    let effects = [
        Effect::ResetAfterCommit,
        Effect::ResetBeforeCommit,
        Effect::TruncateAfterCommit,
        Effect::Status { status: 500, after_commit: true },
        Effect::Html { status: 502, after_commit: true },
        Effect::Status { status: 401, after_commit: false },
    ];
    for (number, effect) in effects.into_iter().enumerate() {
        stage.chatwoot.fault_once(RESET, effect.clone()).await?;
        let value = (number + 2).to_string();
        alice.set(rotation(&value)).await?;
        let rotated = |o: &Value| is(o, "Succeeded") && o["status"]["accessToken"]["rotation"] == value;
        alice.at_last(&format!("has rotated after {effect:?}"), rotated).await?;
        let token = stage.chatwoot.person(user).await?.access_token.context("no token")?;
        assert_eq!(tenant.secret_now("alice").await?["access_token"], token, "{effect:?}");
    }
    assert!(stage.instance().get().await?["status"]["conditions"][0]["status"] == "True");
    Ok(())
}

#[tokio::test]
async fn a_chatwoot_that_cannot_replace_tokens_is_told() -> Result<()> {
    let simulator = Options { version: Version(4, 2, 0), ..Options::default() };
    let stage = Stage::with(Setup { simulator, ..Setup::default() }).await?;
    let tenant = stage.tenant(json!({})).await?;
    let alice = tenant.person(&stage, "alice", rotation("1")).await?;
    alice.until("is published", has_rotated("1")).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(rotation("2")).await?;
    let refused = alice.stalled("InvalidSpec").await?;
    let told = message(&refused, "Ready");
    assert!(told.contains("accessToken.rotation") && told.contains("since 4.3"), "{told}");
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    alice.set(rotation("1")).await?;
    alice.ready().await?;
    Ok(())
}
