//! Two clusters that work with the same installation on the same objects. Nobody should; and where it happens, the one
//! that was restored goes on, the other one stops and says so, and nothing is there twice.

use crate::{
    backup::Kept,
    scene::{Scene, second},
    support::{
        Place, Subject,
        subject::{id, message},
    },
};
use anyhow::{Result, ensure};
use chatwoot_stage::Kind;
use serde_json::json;

#[tokio::test]
async fn the_cluster_that_was_left_stops_and_nothing_is_there_twice() -> Result<()> {
    let first = Place::shared().await?;
    let scene = Scene::new().await?.moves_to(&second().await?).await?;
    let scene = Scene { backup: scene.backup.clone().rebinding(), ..scene };
    scene.backup.restore(&scene.stage.admin, Kept::Everything).await?;
    scene.is_bound_again().await?;
    let admin = first.admin()?;
    let there = |kind: Kind, name: &str| {
        Subject::new(&scene.stage, admin.clone(), kind.name(), &scene.tenant.namespace, name)
    };

    // Everything changes in the cluster that was left, and then in the other one.
    for (kind, subject, _) in scene.bound() {
        there(kind, &subject.name).set(json!({"name": format!("left {}", subject.name)})).await?;
    }
    for (kind, subject, _) in scene.bound() {
        let reason = if kind == Kind::Account { "PreviousAccountFound" } else { "NotOwned" };
        let told = there(kind, &subject.name).stalled(reason).await?;
        ensure!(message(&told, "Ready").contains("earlier namespace of this name"), "{told}");
    }
    scene.chatwoot_is_as_it_was(&[]).await?;

    // What is new is applied in both. Whoever comes second finds it.
    let (home, spec) = (json!({"name": "main", "namespace": scene.stage.home}), json!({"plan": "pro"}));
    let account = json!({"instanceRef": home, "name": "new", "plan": spec["plan"]});
    let person = json!({
        "instanceRef": home, "email": "dave@acme.example", "name": "dave",
        "memberships": [{"account": "new", "role": "Agent"}]
    });
    let old = [there(Kind::Account, "new"), there(Kind::User, "dave")];
    old[0].apply(account.clone()).await?;
    old[1].apply(person.clone()).await?;
    let made = [id(&old[0].ready().await?)?, id(&old[1].ready().await?)?];
    let new = [scene.subject(Kind::Account, "new"), scene.subject(Kind::User, "dave")];
    new[0].apply(account).await?;
    new[1].apply(person).await?;
    let found =
        [id(&new[0].reason_at_last("Succeeded").await?)?, id(&new[1].reason_at_last("Succeeded").await?)?];
    ensure!(made == found, "{made:?} and {found:?}");
    let state = scene.stage.chatwoot.state().await?;
    let count = (state.accounts.len(), state.users.len(), state.memberships.len());
    let before = (scene.before.accounts.len(), scene.before.users.len(), scene.before.memberships.len());
    ensure!(count == (before.0 + 1, before.1 + 1, before.2 + 1), "{before:?} became {count:?}");
    Ok(())
}
