//! Without `rebindUntil` nothing is touched, and the conditions say what to do; once that is done, everything binds again.

use crate::{
    backup::Kept,
    scene::{Scene, WITH_PASSWORD, second},
    support::subject::message,
};
use anyhow::{Result, ensure};
use chatwoot_stage::Kind;
use serde_json::json;

async fn refused_and_then_told(kept: Kept) -> Result<Scene> {
    let scene = Scene::new().await?.moves_to(&second().await?).await?;
    scene.backup.restore(&scene.stage.admin, kept).await?;
    for (kind, subject, _) in scene.bound() {
        // Who is new, as far as anybody can tell, is not made before there is an account to be in; Alice is in none.
        if kind == Kind::User && kept == Kept::SpecOnly && subject.name != "alice" {
            subject.reason_at_last("WaitingForAccount").await?;
            continue;
        }
        let reason = if kind == Kind::Account { "PreviousAccountFound" } else { "NotOwned" };
        let told = subject.stalled(reason).await?;
        let text = message(&told, "Ready");
        ensure!(text.contains("set rebindUntil on the instance"), "{}: {text}", subject.name);
    }
    // Not even a marker.
    ensure!(scene.stage.chatwoot.state().await? == scene.before, "Chatwoot has changed");
    let secrets = scene.tenant.secret_now("alice-chatwoot").await?;
    ensure!(secrets.contains_key("password"), "her password is forgotten: {:?}", secrets.keys());

    scene.stage.instance().set(json!({"rebindUntil": "2199-01-01T00:00:00Z"})).await?;
    scene.is_bound_again().await?;
    Ok(scene)
}

#[tokio::test]
async fn with_status_nothing_is_touched_until_somebody_says_that_this_is_a_restore() -> Result<()> {
    let scene = refused_and_then_told(Kept::Everything).await?;
    scene.chatwoot_is_as_it_was(&[]).await
}

#[tokio::test]
async fn without_status_nothing_is_touched_until_somebody_says_that_this_is_a_restore() -> Result<()> {
    let scene = refused_and_then_told(Kept::SpecOnly).await?;
    scene.chatwoot_is_as_it_was(&WITH_PASSWORD).await
}
