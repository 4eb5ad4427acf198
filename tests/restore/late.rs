//! A restore in the wrong order, of the wrong parts, and at the wrong time.

use crate::{
    backup::Kept,
    scene::{Scene, second},
    support::{People, subject::is},
};
use anyhow::{Result, ensure};
use chatwoot_simulator::Act;
use chatwoot_stage::Kind;

/// People before their accounts, both before what grants them, a Secret last of all, and Chatwoot is down meanwhile.
#[tokio::test]
async fn what_comes_late_is_waited_for_and_nobody_is_reset() -> Result<()> {
    let scene = Scene::new().await?.moves_to(&second().await?).await?;
    let scene = Scene { backup: scene.backup.clone().rebinding(), ..scene };
    let admin = &scene.stage.admin;
    scene.backup.make_namespaces(admin).await?;
    scene.stage.chatwoot.act(Act::SetDown { down: true }).await?;
    scene.backup.put_objects(admin, &[Kind::User, Kind::Account], Kept::Everything).await?;
    for (_, subject, _) in scene.bound() {
        subject.until("is held up", |o| is(o, "NotGranted")).await?;
    }
    scene.backup.put_secrets(admin, |name| name != "bob-password").await?;
    scene.backup.put_objects(admin, &[Kind::Instance, Kind::Plan, Kind::Grant], Kept::Everything).await?;
    scene.stage.instance().reason_at_last("ChatwootUnavailable").await?;
    scene.stage.chatwoot.act(Act::SetDown { down: false }).await?;
    let bob = scene.subject(Kind::User, "bob");
    bob.reason_at_last("SecretInvalid").await?;
    scene.backup.put_secrets(admin, |name| name == "bob-password").await?;
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&[]).await
}

/// Nobody knows a generated password any more when its Secret is not in the backup: there is another one then.
#[tokio::test]
async fn a_generated_password_that_was_not_backed_up_is_made_anew_and_no_other() -> Result<()> {
    let scene = Scene::new().await?.moves_to(&second().await?).await?;
    let scene = Scene { backup: scene.backup.clone().rebinding(), ..scene };
    let admin = &scene.stage.admin;
    scene.backup.make_namespaces(admin).await?;
    scene.backup.put_secrets(admin, |name| name != "alice-chatwoot").await?;
    scene.backup.put_objects(admin, &crate::backup::VELERO, Kept::Everything).await?;
    scene.is_bound_again().await?;
    let made = scene.tenant.secret_when("alice-chatwoot", |data| data.contains_key("user_id")).await?;
    for (_, subject, id) in scene.bound().into_iter().filter(|(kind, _, _)| *kind == Kind::User) {
        let (was, now) = (scene.before.user(id), scene.stage.chatwoot.person(id).await?);
        let was = was.map(|was| (was.password_writes, was.password.clone()));
        let is = Some((now.password_writes, now.password.clone()));
        ensure!((was == is) == (subject.name != "alice"), "{}: {was:?} became {is:?}", subject.name);
        ensure!(
            subject.name != "alice" || now.password.as_ref() == made.get("password"),
            "it is another one"
        );
    }
    Ok(())
}
