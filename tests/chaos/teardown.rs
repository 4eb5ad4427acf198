//! A platform that is taken down at once, in whatever order its parts go.

use crate::{
    arena::Arena,
    scenario::{Chapter, Scenario, is_tenants},
    support::LONG,
    turn,
};
use anyhow::{Result, ensure};
use chatwoot_simulator::Filter;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams},
};
use serde_json::json;

/// The Secret with the token goes before everything that waits for a finalizer, so an operator that comes then has no way
/// to Chatwoot. It needs none to let go.
#[tokio::test(flavor = "multi_thread")]
async fn namespaces_deleted_while_no_operator_runs_go_when_one_comes_back() -> Result<()> {
    let _turn = turn().await;
    // Accounts with a user of the operator's wait so long for a Chatwoot that they will not reach.
    let arena = Arena::with(&["--stalled-after=10s"]).await?;
    arena.start().await?;
    let scenario = arena.scenario().await?;
    scenario.play(Chapter::Create).await?;
    arena.board.ready(&scenario.applied(), LONG).await?;
    retained(&scenario).await?;
    arena.kill().await?;
    let calls = scenario.stage.chatwoot.last_seq().await?;
    let namespaces = scenario.namespaces();
    let comes_back = async {
        let secrets: Api<Secret> = Api::namespaced(scenario.stage.admin.clone(), &scenario.home);
        control_plane::wait_gone(&secrets, "platform-app", LONG).await?;
        arena.start().await
    };
    tokio::try_join!(arena.gone(&scenario, &namespaces), comes_back)?;
    let writes = scenario.stage.chatwoot.journal(&Filter::route("WRITE *").since(calls)).await?;
    ensure!(writes.is_empty(), "what is retained was touched: {writes:#?}");
    Ok(())
}

/// Nobody is to be revoked, suspended or destroyed.
async fn retained(scenario: &Scenario) -> Result<()> {
    let change = json!({"spec": {"deletionPolicy": "Retain"}});
    for (kind, namespace, name) in scenario.applied().into_keys().filter(is_tenants) {
        let api: Api<DynamicObject> =
            Api::namespaced_with(scenario.stage.admin.clone(), &namespace, &kind.resource());
        api.patch(&name, &PatchParams::default(), &Patch::Merge(&change)).await?;
    }
    Ok(())
}
