//! Two replicas that both act, as if there were no Lease.

use super::{Site, turn};
use crate::support::{Journal, People, Setup, Stage, subject::id};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::Filter;
use futures::future::try_join_all;
use serde_json::json;
use std::collections::BTreeSet;

const ACCOUNTS: usize = 16;
const PEOPLE: usize = 16;

/// With settle times that are sound: a create is sent up to 10 s after its claim, and answered within 6 s.
#[tokio::test]
async fn two_that_both_act_make_nothing_twice() -> Result<()> {
    let _turn = turn().await;
    let site = Site::new().await?;
    let flags = ["--leader-election=false", "--settle-margin=4s"];
    let (one, two) = tokio::try_join!(site.start("one", None, &flags), site.start("two", None, &flags))?;
    let sound = json!({"requestBudget": {"timeout": "6s"}});
    let stage = Stage::in_place_with(&site.place, Setup { instance: sound, ..Setup::default() }).await?;
    let tenant = stage.tenant(json!({})).await?;
    let accounts = try_join_all((0..ACCOUNTS).map(|number| {
        let (tenant, stage, name) = (&tenant, &stage, format!("acme-{number}"));
        async move { tenant.account(stage, &name, json!({"name": name, "locale": "de"})).await }
    }))
    .await?;
    let people = try_join_all((0..PEOPLE).map(|number| {
        let (tenant, stage, name) = (&tenant, &stage, format!("person-{number}"));
        let mut spec = json!({"memberships": [{"account": format!("acme-{number}"), "role": "Agent"}]});
        if number % 4 == 0 {
            spec["password"] = json!({"generate": {"rotation": "1"}});
            spec["credentialsSecret"] = json!({"name": format!("{name}-chatwoot")});
        }
        async move { tenant.person(stage, &name, spec).await }
    }))
    .await?;
    let mut bound = BTreeSet::new();
    for subject in accounts.iter().chain(&people) {
        let object = subject.reason_at_last("Succeeded").await?;
        if object["kind"] == "ChatwootAccount" {
            let uid = object["metadata"]["uid"].as_str().context("no uid")?;
            let made = stage.chatwoot.of_uid(uid).await?;
            ensure!(made.len() == 1 && made[0].id == id(&object)?, "{}: {made:?}", subject.name);
            bound.insert(made[0].id);
        }
    }
    let posts = stage.chatwoot.journal(&Filter::route(crate::support::route::CREATE_ACCOUNT)).await?;
    ensure!((bound.len(), posts.len()) == (ACCOUNTS, ACCOUNTS), "{} requests for {bound:?}", posts.len());

    // All of them change at once; the last word is the author's.
    for subject in accounts.iter().chain(&people) {
        subject.set(json!({"name": format!("{} & Sons", subject.name)})).await?;
    }
    for subject in accounts.iter().chain(&people) {
        subject.reason_at_last("Succeeded").await?;
    }
    let state = stage.chatwoot.state().await?;
    let count = (state.accounts.len(), state.users.len(), state.memberships.len());
    ensure!(count == (ACCOUNTS, PEOPLE, PEOPLE), "{count:?}");
    let names = state.accounts.iter().map(|row| &row.name).chain(state.users.iter().map(|row| &row.name));
    for name in names {
        ensure!(name.ends_with(" & Sons"), "{name} was set back");
    }
    for subject in people.iter().step_by(4) {
        let person = stage.chatwoot.person(id(&subject.get().await?)?).await?;
        let secret = format!("{}-chatwoot", subject.name);
        let kept = tenant.secret_when(&secret, |data| data.get("password") == person.password.as_ref());
        kept.await.with_context(|| format!("{secret} has another password"))?;
    }
    for replica in [&one, &two] {
        ensure!(replica.requests(&stage).await? > 0, "{} did nothing, so only one acted", replica.pod);
    }
    one.stops().await?;
    two.stops().await
}
