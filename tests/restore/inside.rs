//! What is inside accounts carries no marker: its status tells which it is. Where that is lost, somebody is asked, and no
//! second one is made.

use crate::{
    backup::{Backup, Kept},
    scene::{Scene, second},
    support::{
        Subject,
        subject::{id, message},
    },
};
use anyhow::{Result, ensure};
use chatwoot_simulator::{Filter, State};
use chatwoot_stage::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One of each kind whose status matters in another way.
fn furniture() -> [(Kind, &'static str, Value); 5] {
    let connection = |name: &str| json!({"name": name});
    [
        (Kind::Label, "vip", json!({"title": "vip", "color": "#1f93ff"})),
        (Kind::Team, "support", json!({"name": "support"})),
        (
            Kind::Inbox,
            "desk",
            json!({"name": "Desk", "api": {}, "connectionSecret": connection("desk-connection")}),
        ),
        (
            Kind::AgentBot,
            "helper",
            json!({"name": "Helper", "connectionSecret": connection("helper-connection")}),
        ),
        (
            Kind::Webhook,
            "crm",
            json!({"url": "https://crm.acme.example", "connectionSecret": connection("crm-connection")}),
        ),
    ]
}

/// The Secrets into which ways to connect are written.
const CONNECTIONS: [&str; 3] = ["desk-connection", "helper-connection", "crm-connection"];

/// The scene with furniture in one of its accounts, backed up and put into the second cluster.
async fn restored(kept: Kept) -> Result<Scene> {
    let mut scene = Scene::new().await?;
    scene.stage.instance().set(json!({"automation": {"emailDomain": "ops.example"}})).await?;
    for (kind, name, mut spec) in furniture() {
        spec["account"] = json!("acme");
        scene.subject(kind, name).apply(spec).await?;
    }
    for (kind, name, _) in furniture() {
        scene.subject(kind, name).ready().await?;
    }
    scene.backup =
        Backup::of(&scene.stage.admin, &[&scene.stage.home, &scene.tenant.namespace]).await?.rebinding();
    ensure!(scene.backup.inside().len() == furniture().len(), "not all of it is bound");
    (scene.before, scene.seq) = (scene.stage.chatwoot.state().await?, scene.stage.chatwoot.last_seq().await?);
    let scene = scene.moves_to(&second().await?).await?;
    scene.backup.restore(&scene.stage.admin, kept).await?;
    Ok(scene)
}

/// What there is inside accounts.
fn inside_of(state: &State) -> Value {
    let content = &state.content;
    json!({
        "labels": content.labels, "teams": content.teams, "inboxes": content.inboxes, "webhooks": content.webhooks,
        "bots": state.bots
    })
}

impl Scene {
    fn furniture(&self) -> Vec<(Subject, i64)> {
        let all = self.backup.inside().into_iter();
        all.map(|(kind, name, id)| (self.subject(kind, &name), id)).collect()
    }

    /// Nothing was sent that could change what is inside accounts, and nothing has.
    async fn nothing_inside_was_touched(&self) -> Result<()> {
        let sent = self.stage.chatwoot.journal(&Filter::route("WRITE *").since(self.seq)).await?;
        let inside: Vec<_> = sent.iter().filter(|entry| entry.path.starts_with("/api/v1/")).collect();
        ensure!(inside.is_empty(), "sent: {inside:#?}");
        let (was, is) = (inside_of(&self.before), inside_of(&self.stage.chatwoot.state().await?));
        ensure!(was == is, "inside accounts there was\n{was:#}\nand is\n{is:#}");
        Ok(())
    }

    async fn connections(&self) -> Result<BTreeMap<&'static str, BTreeMap<String, String>>> {
        let mut all = BTreeMap::new();
        for name in CONNECTIONS {
            all.insert(name, self.tenant.secret_now(name).await?);
        }
        Ok(all)
    }
}

#[tokio::test]
async fn what_is_inside_comes_back_with_its_status_and_is_bound_to_the_same() -> Result<()> {
    let scene = restored(Kept::Everything).await?;
    scene.is_bound_again().await?;
    let before = scene.connections().await?;
    for (subject, was) in scene.furniture() {
        let object = subject.looked_at().await?;
        ensure!(id(&object)? == was, "{} was bound to {was}: {object}", subject.name);
    }
    ensure!(scene.connections().await? == before, "what others connect with has changed");
    scene.nothing_inside_was_touched().await
}

#[tokio::test]
async fn what_is_inside_comes_back_without_status_and_nothing_is_made_twice() -> Result<()> {
    let scene = restored(Kept::NoStatus).await?;
    scene.is_bound_again().await?;
    for (subject, _) in scene.furniture() {
        let told = subject.stalled("NotOwned").await?;
        ensure!(message(&told, "Ready").contains("spec.adopt: true"), "{}: {told}", subject.name);
    }
    scene.nothing_inside_was_touched().await?;
    for (subject, was) in scene.furniture() {
        subject.set(json!({"adopt": true})).await?;
        let object = subject.reason_at_last("Succeeded").await?;
        ensure!(id(&object)? == was, "{} was bound to {was}: {object}", subject.name);
    }
    scene.nothing_inside_was_touched().await
}
