//! Somebody edits in Chatwoot what Kubernetes decides.

use super::WITHIN;
use crate::chatwoot::name_of;
use crate::parts::Parts;
use crate::scenes::tenants::Tenants;
use crate::tell::Tell;
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Filter};
use chatwoot_stage::Kind;
use std::time::{Duration, Instant};

const OBJECT: &str = "acme/acme";
const INTRUDER: &str = "Somebody Else's Support";

/// Returns how long the repair took from when it was asked for.
pub async fn play(tell: &mut Tell, parts: &mut Parts, tenants: &Tenants) -> Result<Duration> {
    tell.chapter(
        "A change behind the operator's back",
        "Declared fields stay as declared. Each object is compared every drift interval; an annotation asks for it now.",
    );
    let account = tenants
        .objects
        .get(&(Kind::Account, OBJECT.to_owned()))
        .context("the quick start has no acme/acme")?;
    let id = account.id.context("acme/acme has no id")?;
    let before = name_of(&parts.chatwoot.state().await?, id)?.to_owned();
    parts.chatwoot.act(Act::RenameAccount { account: id, name: INTRUDER.to_owned() }).await?;
    tell.done(&format!(
        "somebody renames account {id} in Chatwoot: {before:?} is now {:?}",
        name_of(&parts.chatwoot.state().await?, id)?
    ));

    let seq = parts.chatwoot.last_seq().await?;
    let begun = Instant::now();
    let request = format!("chatwoot.dev/reconcile-requested-at={}", jiff::Timestamp::now());
    let call = ["annotate", "--overwrite", "-n", "acme", "chatwootaccount/acme", &request];
    let printed = parts.cluster.kubectl(call).run().await?;
    tell.command(&format!("kubectl {}", call.join(" ")), &printed);

    let patch = Filter { committed: Some(true), ..Filter::route("PATCH /platform/api/v1/accounts/:id") };
    let patch = patch.path(&format!("/platform/api/v1/accounts/{id}")).since(seq);
    parts.seen_by_chatwoot(&patch, 1, WITHIN).await?;
    let took = begun.elapsed();
    let state = parts.chatwoot.state().await?;
    let after = name_of(&state, id)?;
    ensure!(after == before, "the account is called {after:?}, not {before:?}");
    tell.done(&format!("put right after {:.1} s: account {id} is {after:?} again", took.as_secs_f32()));
    Ok(took)
}
