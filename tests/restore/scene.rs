//! A tenant with accounts and people, first in one cluster and then in another.

use crate::{
    backup::{Backup, Kept, move_installation},
    support::{
        Journal, People, Place, Stage, Subject, Tenant,
        subject::{id, is},
    },
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Filter, State};
use chatwoot_stage::Kind;
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// People whose password the operator sets: one made by it, one from a Secret of the team.
pub const WITH_PASSWORD: [&str; 2] = ["alice", "bob"];

/// What there is before the disaster, all of it Ready: a plan, a grant, two accounts and three people.
pub struct Scene {
    pub stage: Stage,
    pub tenant: Tenant,
    pub backup: Backup,
    /// Chatwoot at the time of the backup.
    pub before: State,
    pub seq: u64,
}

impl Scene {
    /// In the cluster that all tests back up, whose operator goes on running.
    pub async fn new() -> Result<Self> {
        Self::in_place(&Place::shared().await?).await
    }

    pub async fn in_place(place: &Arc<Place>) -> Result<Self> {
        let stage = Stage::in_place(place).await?;
        stage.plan("pro", json!({"limits": {"agents": 5}, "features": {"macros": true}})).await?;
        let grant =
            json!({"plans": ["pro"], "allow": ["CustomAttributes"], "emailDomains": ["acme.example"]});
        let tenant = stage.tenant(grant).await?;
        stage.subject("ChatwootGrant", &tenant.namespace).ready().await?;
        tenant.secret("bob-password", json!({"value": "F1rst-Passw0rd!"})).await?;
        for name in ["acme", "side"] {
            let spec = json!({"name": name, "plan": "pro", "customAttributes": {"segment": "smb"}});
            tenant.account(&stage, name, spec).await?;
        }
        for name in ["acme", "side"] {
            tenant.subject(&stage, "ChatwootAccount", name).ready().await?;
        }
        let (boss, agent) = (["acme", "Administrator"], ["side", "Agent"]);
        let member = |[account, role]: [&str; 2]| json!({"account": account, "role": role});
        let people = [
            (
                "alice",
                json!({"credentialsSecret": {"name": "alice-chatwoot"}, "password": {"generate": {"rotation": "1"}}}),
            ),
            (
                "bob",
                json!({"memberships": [member(boss), member(agent)], "password": {"secretKeyRef": {"name": "bob-password", "key": "value"}}}),
            ),
            ("carol", json!({"memberships": [member(agent)], "customAttributes": {"team": "blue"}})),
        ];
        for (name, spec) in people.clone() {
            tenant.person(&stage, name, spec).await?;
        }
        for (name, _) in people {
            tenant.subject(&stage, "ChatwootUser", name).ready().await?;
        }
        let backup = Backup::of(&stage.admin, &[&stage.home, &tenant.namespace]).await?;
        ensure!(backup.ids().len() == 5, "not everything is bound: {:?}", backup.ids());
        let (before, seq) = (stage.chatwoot.state().await?, stage.chatwoot.last_seq().await?);
        Ok(Self { stage, tenant, backup, before, seq })
    }

    /// The same scene as it is seen in another cluster.
    pub async fn moves_to(mut self, place: &Arc<Place>) -> Result<Self> {
        self.stage.place = place.clone();
        self.stage.admin = place.admin()?;
        self.tenant.client = self.stage.admin.clone();
        Ok(self)
    }

    pub fn subject(&self, kind: Kind, name: &str) -> Subject {
        self.tenant.subject(&self.stage, kind.name(), name)
    }

    /// Every account and person of the backup, with the id each had.
    pub fn bound(&self) -> Vec<(Kind, Subject, i64)> {
        let all = self.backup.ids().into_iter();
        all.map(|(kind, name, id)| (kind, self.subject(kind, &name), id)).collect()
    }

    /// Waits until everything is bound to what it was bound to, with a marker that names its new uid.
    pub async fn is_bound_again(&self) -> Result<()> {
        try_join_all(self.bound().iter().map(|(kind, subject, was)| async move {
            // What came back may say that it is Ready; only what was applied to its new self counts.
            let again = |o: &Value| {
                let applied = o["status"]["applied"].as_str();
                is(o, "Succeeded") && applied.is_some_and(|applied| !self.applied().contains(&applied))
            };
            let object = subject.at_last("is Ready and bound", again).await?;
            ensure!(id(&object)? == *was, "{} was bound to {was}: {object}", subject.name);
            let marker = self.marker(*kind, *was).await?;
            let uid = object["metadata"]["uid"].as_str().context("no uid")?;
            ensure!(marker.ends_with(&format!(":{uid}")), "{} carries {marker}, not {uid}", subject.name);
            Ok(())
        }))
        .await?;
        Ok(())
    }

    /// What was applied to each at the time of the backup.
    fn applied(&self) -> Vec<&str> {
        let objects = self.backup.objects.iter();
        objects.filter_map(|(_, object)| object.data["status"]["applied"].as_str()).collect()
    }

    async fn marker(&self, kind: Kind, id: i64) -> Result<String> {
        let attributes = match kind {
            Kind::Account => self.stage.chatwoot.account(id).await?.context("it is gone")?.custom_attributes,
            _ => self.stage.chatwoot.person(id).await?.custom_attributes,
        };
        Ok(attributes["chatwoot_operator"].as_str().unwrap_or_default().to_owned())
    }

    /// Nothing in Chatwoot is other than before, markers apart; and passwords of those named, which were set once more,
    /// to what they were.
    pub async fn chatwoot_is_as_it_was(&self, set_once_more: &[&str]) -> Result<()> {
        let after = self.stage.chatwoot.state().await?;
        let (was, is) = (rows(&self.before, set_once_more, 1), rows(&after, set_once_more, 0));
        ensure!(was == is, "Chatwoot was\n{was:#}\nand is\n{is:#}");
        let made = Filter::route("POST /platform/api/v1/accounts").since(self.seq);
        let made = self.stage.chatwoot.journal(&made).await?;
        ensure!(made.is_empty(), "accounts were made: {made:#?}");
        Ok(())
    }

    /// What was sent since the backup and would change something.
    pub async fn writes(&self) -> Result<Vec<String>> {
        self.stage.chatwoot.writes(self.seq).await
    }
}

/// What must not change, by table. `set`: names of people whose password was written `more` often than it says.
fn rows(state: &State, set: &[&str], more: u32) -> Value {
    let mut state = state.clone();
    state.accounts.iter_mut().for_each(|row| drop(row.custom_attributes.remove("chatwoot_operator")));
    for person in &mut state.users {
        person.custom_attributes.remove("chatwoot_operator");
        if set.contains(&person.name.as_str()) {
            person.password_writes += more;
            // It changes with every write of the password.
            person.pubsub_token.clear();
        }
    }
    json!({
        "accounts": state.accounts, "users": state.users, "memberships": state.memberships,
        "permissions": state.permissions
    })
}

/// The cluster everything is restored into: another control plane, with the installation of the first and an operator.
pub async fn second() -> Result<Arc<Place>> {
    static SECOND: OnceCell<Arc<Place>> = OnceCell::const_new();
    let place = SECOND.get_or_try_init(|| async {
        let first = Place::shared().await?;
        // The operator there makes its installation when it leads, and who is Ready was marked with it.
        Stage::in_place(&first).await?;
        let place = Arc::new(Place::unattended(json!({})).await?);
        move_installation(&first.admin()?, &place.admin()?).await?;
        place.start_operator().await?;
        anyhow::Ok(place)
    });
    let place = place.await?.clone();
    place.check().await?;
    Ok(place)
}

/// Moves a scene into the second cluster and puts its backup there, to be bound again.
pub async fn restored(kept: Kept) -> Result<Scene> {
    let scene = Scene::new().await?.moves_to(&second().await?).await?;
    let scene = Scene { backup: scene.backup.clone().rebinding(), ..scene };
    scene.backup.restore(&scene.stage.admin, kept).await?;
    Ok(scene)
}
