//! W5: what Secrets and ConfigMaps that are nobody's business here cost.

use crate::{
    arena::Arena,
    figures::{Aim, count, mib},
    process::resident_kib,
};
use anyhow::Result;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;

const EACH: usize = 5000;
const HANDS: usize = 8;
const PAYLOAD: usize = 1024;
const NAMESPACE: &str = "unrelated";
/// For a watch that should not bring them to bring them.
const ARRIVES: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize)]
pub struct Unrelated {
    pub secrets: usize,
    pub config_maps: usize,
    pub before_kib: u64,
    pub after_kib: u64,
    /// Of a process that was started with all of them there, beside one that was started before.
    pub started_before_kib: u64,
    pub started_after_kib: u64,
}

/// Creates them and takes them away again. The operator is restarted before and after.
///
/// # Errors
/// The API server refuses, or the operator does not come up.
pub async fn measure(arena: Arena<'_>) -> Result<(Unrelated, Arena<'_>)> {
    let client = arena.cluster.client()?;
    let each = arena.scaled(EACH, 10);
    let (mut arena, started_before_kib) = started(arena).await?;
    let before_kib = resident_kib(arena.operator.pid()?)?;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    arena.cluster.apply(NAMESPACE, &namespace.to_string()).await?;
    let value = "x".repeat(PAYLOAD);
    fill::<Secret>(&client, each, |name| json!({"metadata": {"name": name}, "stringData": {"value": value}}))
        .await?;
    fill::<ConfigMap>(&client, each, |name| json!({"metadata": {"name": name}, "data": {"value": value}}))
        .await?;
    arena.watch(ARRIVES).await?;
    let after_kib = resident_kib(arena.operator.pid()?)?;
    let (arena, started_after_kib) = started(arena).await?;
    let (params, all) = (DeleteParams::default(), ListParams::default());
    Api::<Secret>::namespaced(client.clone(), NAMESPACE).delete_collection(&params, &all).await?;
    Api::<ConfigMap>::namespaced(client, NAMESPACE).delete_collection(&params, &all).await?;
    let config_maps = each;
    let unrelated = Unrelated {
        secrets: each,
        config_maps,
        before_kib,
        after_kib,
        started_before_kib,
        started_after_kib,
    };
    Ok((unrelated, arena))
}

/// Restarts the operator; with it comes its memory a moment later.
async fn started(arena: Arena<'_>) -> Result<(Arena<'_>, u64)> {
    let (mut arena, _) = arena.restarted().await?;
    arena.watch(ARRIVES).await?;
    let held = resident_kib(arena.operator.pid()?)?;
    Ok((arena, held))
}

async fn fill<K>(client: &Client, count: usize, make: impl Fn(String) -> Value) -> Result<()>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Serialize
        + DeserializeOwned
        + Clone
        + std::fmt::Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), NAMESPACE);
    let hand = |number: usize| {
        let (api, make) = (&api, &make);
        async move {
            for at in (number..count).step_by(HANDS) {
                let object: K = serde_json::from_value(make(format!("unrelated-{at:05}")))?;
                api.create(&PostParams::default(), &object).await?;
            }
            anyhow::Ok(())
        }
    };
    futures::future::try_join_all((0..HANDS).map(hand)).await.map(drop)
}

impl Unrelated {
    pub fn aims(&self) -> Vec<Aim> {
        let more = |before: u64, after: u64| mib(after.saturating_sub(before));
        vec![
            Aim::new(
                "W5  Secrets and ConfigMaps of others",
                count(self.secrets + self.config_maps),
                None,
                "",
            ),
            Aim::new("W5  resident memory before", mib(self.before_kib), None, "MiB"),
            Aim::new("W5  more memory with them", more(self.before_kib, self.after_kib), 1.0, "MiB"),
            Aim::new(
                "W5  more memory after a start with them",
                more(self.started_before_kib, self.started_after_kib),
                1.0,
                "MiB",
            ),
        ]
    }
}
