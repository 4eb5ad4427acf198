//! Letting it happen.

use super::{
    forecast::{Deed, Edit, Gust},
    outages::Outage,
};
use crate::{arena::Arena, scenario::Scenario};
use anyhow::Result;
use chatwoot_simulator::{
    Act, EditAccount, EditUser, End, Fault, Filter, How, Release, Removal, Role, State, When,
};
use chatwoot_stage::Kind;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
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
            if let Some(act) = people(&chatwoot.state().await?, which, deed) {
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

/// Only what the operator is asked to put right: marks stay, because without them it must not touch anything.
fn people(state: &State, which: usize, deed: Deed) -> Option<Act> {
    let account = state.accounts.get(which % state.accounts.len().max(1))?.id;
    let person = state.users.get(which % state.users.len().max(1));
    let row = state.memberships.get(which % state.memberships.len().max(1));
    let given = |key: &str| json!({key: "changed by people"}).as_object().cloned().unwrap_or_default();
    Some(match deed {
        Deed::RenameAccount => Act::RenameAccount { account, name: "Renamed by people".into() },
        Deed::ChangeAttributes => {
            // The outsourcer's accounts declare none.
            let plan = state.account(account)?.custom_attributes.contains_key("plan");
            let attributes = plan.then(|| given("segment"))?;
            Act::EditAccountAttributes { account, how: How::Merge, attributes }
        }
        Deed::ChangeFeatures => {
            let features = BTreeMap::from([("automations".to_owned(), false), ("macros".to_owned(), false)]);
            let plan = state.account(account)?.custom_attributes.get("plan")? == "pro";
            plan.then(|| Act::EditAccount(EditAccount { account, features, ..EditAccount::default() }))?
        }
        Deed::ChangeLimits => {
            let mut limits = state.account(account)?.limits.as_object().cloned()?;
            *limits.get_mut("agents")? = json!(3);
            Act::EditAccount(EditAccount {
                account,
                limits: Some(Value::Object(limits)),
                ..EditAccount::default()
            })
        }
        Deed::RenamePerson => Act::EditUser(EditUser {
            user: person?.id,
            name: Some("Renamed by people".into()),
            ..EditUser::default()
        }),
        Deed::DeletePerson => Act::DeleteUser { user: person?.id, when: When::Now },
        Deed::RemoveMember => {
            Act::RemoveMember { account: row?.account, user: row?.user, way: Removal::Plain }
        }
        Deed::ChangeRole => {
            let other = if row?.role == Some(Role::Agent) { Role::Administrator } else { Role::Agent };
            Act::ChangeRole { account: row?.account, user: row?.user, role: Some(other) }
        }
    })
}

/// Edits are undone by the last word, which applies everything anew.
async fn author(scenario: &Scenario, which: usize, deed: Edit) -> Result<()> {
    let applied = scenario.applied().into_keys();
    let tenants = applied.filter(|name| matches!(name.0, Kind::Account | Kind::User));
    let among = if deed == Edit::Rotate { scenario.generated() } else { tenants.collect() };
    let at_once = if deed == Edit::Look { LOOKS } else { 1 };
    for (kind, namespace, name) in among.iter().cycle().skip(which % among.len().max(1)).take(at_once) {
        let change = match deed {
            Edit::Rename => json!({"spec": {"name": format!("Renamed {which}")}}),
            Edit::Look => json!({"metadata": {"annotations": {REQUESTED: format!("gust {which}")}}}),
            Edit::Rotate => json!({"spec": {"password": {"generate": {"rotation": format!("{which}")}}}}),
        };
        change_one(scenario, *kind, namespace, name, &change).await?;
    }
    Ok(())
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
