//! The wire to the API server does what the other tests trust it to do.

use crate::{
    proxy::{Mishap, Proxy, When},
    support::{PATIENCE, Tenant},
};
use anyhow::{Result, ensure};
use control_plane::{ControlPlane, wait_for};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api, Client, Config,
    api::PostParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::json;

fn named(name: &str) -> Result<ConfigMap> {
    Ok(serde_json::from_value(json!({"metadata": {"name": name}}))?)
}

/// The same namespace, through the wire as its team, and past it as the administrator.
async fn both_ways() -> Result<(Proxy, String, Api<ConfigMap>, Api<ConfigMap>)> {
    let plane = ControlPlane::shared().await?;
    let Tenant { namespace, .. } = Tenant::new(plane, &[]).await?;
    let proxy = Proxy::before(plane).await?;
    let own = plane.kubeconfig_for_service_account(&namespace, "team").await?;
    let through = Kubeconfig::read_from(proxy.kubeconfig(&own)?)?;
    let mut config = Config::from_custom_kubeconfig(through, &KubeConfigOptions::default()).await?;
    config.default_retry = false;
    let through = Api::namespaced(Client::try_from(config)?, &namespace);
    let past = Api::namespaced(plane.client()?, &namespace);
    Ok((proxy, namespace, through, past))
}

#[tokio::test]
async fn a_trap_stops_a_write_on_the_side_of_the_commit_that_it_says() -> Result<()> {
    let (proxy, scope, through, past) = both_ways().await?;
    for (when, name, there) in [(When::Before, "before", false), (When::After, "after", true)] {
        let caught = proxy.trap(&scope, 2, when);
        through.create(&PostParams::default(), &named(&format!("first-{name}"))?).await?;
        let (params, second) = (PostParams::default(), named(name)?);
        let hangs = through.create(&params, &second);
        let caught = tokio::select! {
            answer = hangs => anyhow::bail!("the trap let the second write through: {answer:?}"),
            caught = caught => caught?,
        };
        ensure!(caught.what == "POST configmaps", "{caught:?}");
        ensure!(past.get_opt(name).await?.is_some() == there, "{when:?}: carried out, or not");
        ensure!(proxy.writes(&scope).len() == 2, "the wire counts {:?}", proxy.writes(&scope));
    }
    Ok(())
}

#[tokio::test]
async fn watches_pass_as_streams_and_can_be_ended_and_a_mishap_is_what_it_says() -> Result<()> {
    let (proxy, _, through, past) = both_ways().await?;
    let create = |name: &'static str| {
        let past = past.clone();
        async move { anyhow::Ok(past.create(&PostParams::default(), &named(name)?).await?) }
    };
    // The first watch is open before there is anything to see.
    let (_, seen) = tokio::join!(create("one"), wait_for(&through, "one", |_| true, PATIENCE));
    seen?;
    let waits = tokio::spawn({
        let through = through.clone();
        async move { wait_for(&through, "two", |_| true, PATIENCE).await }
    });
    proxy.drop_watches();
    create("two").await?;
    waits.await??;

    proxy.mishaps([Mishap::LoseRequest, Mishap::LoseAnswer { writes_only: true }]);
    ensure!(through.create(&PostParams::default(), &named("lost")?).await.is_err(), "it was answered");
    ensure!(past.get_opt("lost").await?.is_none(), "a lost request was carried out");
    through.get_opt("a-read-passes").await?;
    ensure!(through.create(&PostParams::default(), &named("unanswered")?).await.is_err(), "it was answered");
    ensure!(past.get_opt("unanswered").await?.is_some(), "a lost answer means that it was carried out");
    ensure!(proxy.disturbed() >= 3, "two mishaps and the end of watches are {}", proxy.disturbed());

    proxy.goes();
    ensure!(through.get_opt("one").await.is_err(), "an API server that is gone answers");
    proxy.comes_back();
    ensure!(through.get_opt("one").await?.is_some(), "it is not back");
    Ok(())
}
