//! The quick start: two tenants, and an agent whom they share.

use super::WITHIN;
use crate::chatwoot::side_by_side;
use crate::parts::Parts;
use crate::quickstart;
use crate::ready::{all_there, until_ready};
use crate::tell::Tell;
use anyhow::{Context, Result};
use chatwoot_stage::{Kind, Seen};
use std::collections::BTreeMap;

/// The objects of the quick start.
pub struct Tenants {
    pub objects: BTreeMap<(Kind, String), Seen>,
}

pub async fn play(tell: &mut Tell, parts: &mut Parts) -> Result<Tenants> {
    tell.chapter(
        "Two tenants, and an agent they share",
        "Three teams in three namespaces that do not trust one another, and the platform's admin. One apply, in any order.",
    );
    let folder = quickstart::folder();
    let printed = parts.cluster.kubectl(["apply", "-f"]).args([&folder]).run().await?;
    tell.command("kubectl apply -f examples/quickstart/", &printed);

    tell.note("");
    tell.note(
        "An account is made after a look at Chatwoot's list of accounts, which is read at most every 10 s.",
    );
    let wanted = all_there(&parts.client).await?;
    let operator = parts.operator.as_mut().context("the operator does not run")?;
    let objects = until_ready(operator, &parts.client, tell, &wanted, WITHIN).await?;

    let shown = parts.cluster.kubectl(["get", "cwi,cwg,cwp,cwa,cwu", "-A"]).run().await?;
    tell.command("kubectl get cwi,cwg,cwp,cwa,cwu -A", &shown);
    tell.note("");
    tell.table(&side_by_side(objects.values(), &parts.chatwoot.state().await?)?);
    Ok(Tenants { objects })
}
