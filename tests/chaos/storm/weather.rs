//! Letting it happen.

mod people;

use super::{
    forecast::{Edit, Gust},
    outages::Outage,
};
use crate::{
    arena::Arena,
    scenario::{Name, Scenario, is_tenants},
};
use anyhow::Result;
use chatwoot_simulator::{Act, End, Fault, Filter, Release};
use chatwoot_stage::Kind;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// After an outage the next probe comes at most about as much later as the outage was long, and this.
const RECOVERS_WITHIN: Duration = Duration::from_secs(10);

/// Carries a gust out to its end. An outage comes back with what was asked meanwhile.
pub async fn strike(arena: &Arc<Arena>, scenarios: &[Scenario], gust: Gust) -> Result<Option<Outage>> {
    match gust {
        Gust::Fault { scenario, route, count, effect } => {
            scenarios[scenario].stage.chatwoot.add_fault(Fault::once(route, effect).times(count)).await?;
        }
        Gust::Hang { scenario, effect, lasts, proceeds } => {
            let chatwoot = &scenarios[scenario].stage.chatwoot;
            chatwoot.add_fault(Fault::once("WRITE *", effect)).await?;
            let seq = chatwoot.last_seq().await?;
            let hanging = Filter::default().since(seq).end(End::Hanging);
            // Nothing may come to hang; then there is nothing to let go.
            if let Ok(entries) = chatwoot.wait(&hanging, 1, Duration::from_secs(10)).await
                && let Some(entry) = entries.first()
            {
                sleep(lasts).await;
                let how = if proceeds { Release::proceed() } else { Release::drop() };
                chatwoot.release(how.only(entry.seq)).await?;
            }
        }
        Gust::Down { scenario, lasts } => {
            let chatwoot = &scenarios[scenario].stage.chatwoot;
            chatwoot.act(Act::SetDown { down: true }).await?;
            let seq = chatwoot.last_seq().await?;
            sleep(lasts).await;
            let refused = Filter { status: Some(502), ..Filter::default().since(seq) };
            let asked = chatwoot.journal(&refused).await?;
            chatwoot.act(Act::SetDown { down: false }).await?;
            let seq = chatwoot.last_seq().await?;
            let probe = Filter { status: Some(200), ..Filter::default().since(seq) };
            // The first answer closes the breaker; whoever waited comes then. In a short storm nobody may have waited.
            let _ = chatwoot.wait(&probe, 1, lasts + RECOVERS_WITHIN).await;
            sleep(Duration::from_secs(1)).await;
            let herd = chatwoot.journal(&Filter::default().since(seq)).await?.len();
            return Ok(Some(Outage { lasts, asked, herd }));
        }
        Gust::Wire { mishaps } => arena.proxy.mishaps(mishaps),
        Gust::DropWatches => arena.proxy.drop_watches(),
        Gust::Gone { lasts } => {
            arena.proxy.goes();
            sleep(lasts).await;
            arena.proxy.comes_back();
        }
        Gust::Restart => arena.restart_api_server().await?,
        Gust::StandStill { lasts } => arena.stand_still(lasts).await?,
        Gust::People { scenario, which, deed } => {
            let chatwoot = &scenarios[scenario].stage.chatwoot;
            if let Some(act) = people::people(&chatwoot.state().await?, which, deed) {
                // Whom they mean may be gone by now.
                let _ = chatwoot.act(act).await;
            }
        }
        Gust::Author { scenario, which, deed } => {
            let _served = arena.served.read().await;
            author(&scenarios[scenario], which, deed).await?;
        }
        Gust::Crash => arena.crash().await?,
    }
    Ok(None)
}

/// Edits are undone by the last word, which applies everything anew.
async fn author(scenario: &Scenario, which: usize, deed: Edit) -> Result<()> {
    let tenants = scenario.applied().into_keys().filter(is_tenants);
    let among: Vec<Name> = if deed == Edit::Rotate { scenario.generated() } else { tenants.collect() };
    let at_once = if deed == Edit::Look { LOOKS } else { 1 };
    for (kind, namespace, name) in among.iter().cycle().skip(which % among.len().max(1)).take(at_once) {
        let change = match deed {
            Edit::Rename => renamed(*kind, which),
            Edit::Look => json!({"metadata": {"annotations": {REQUESTED: format!("gust {which}")}}}),
            Edit::Rotate => json!({"spec": {"password": {"generate": {"rotation": format!("{which}")}}}}),
        };
        change_one(scenario, *kind, namespace, name, &change).await?;
    }
    Ok(())
}

/// Another name, which for some is a title or an address.
fn renamed(kind: Kind, which: usize) -> Value {
    json!({"spec": match kind {
        Kind::Label => json!({"title": format!("renamed-{which}")}),
        Kind::Webhook => json!({"url": format!("https://renamed.example/{which}")}),
        Kind::Team => json!({"name": format!("renamed {which}")}),
        _ => json!({"name": format!("Renamed {which}")}),
    }})
}

/// Looks that are asked for at once; without them nobody would notice what people did before the next drift check.
const LOOKS: usize = 8;

pub const REQUESTED: &str = "chatwoot.dev/reconcile-requested-at";

/// Merges a change into an object.
pub async fn change_one(
    scenario: &Scenario,
    kind: Kind,
    namespace: &str,
    name: &str,
    change: &Value,
) -> Result<()> {
    let api: Api<DynamicObject> =
        Api::namespaced_with(scenario.stage.admin.clone(), namespace, &kind.resource());
    // As the manager who has the last word, so that nothing is left over then.
    let params = PatchParams { field_manager: Some("author".into()), ..PatchParams::default() };
    match api.patch(name, &params, &Patch::Merge(change)).await {
        Ok(_) => Ok(()),
        // Not applied yet.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error.into()),
    }
}
