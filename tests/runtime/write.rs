use crate::gadget::{Gadget, GadgetStatus, cluster, create};
use anyhow::Result;
use chatwoot_operator::{
    reconcile::stored::{Read, Stored, Wrote, strip},
    runtime::clients::clients,
};
use control_plane::Namespace;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::sync::Arc;

const FINALIZER: &str = "runtime.test.chatwoot.dev/finalizer";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

struct Bench {
    namespace: Namespace,
    client: Client,
    api: Api<Gadget>,
}

impl Bench {
    async fn new() -> Result<Self> {
        let cluster = cluster().await?;
        let namespace = cluster.namespace("write").await?;
        let client = clients(cluster.config()?)?.exact;
        let api = Api::namespaced(client.clone(), &namespace);
        Ok(Self { namespace, client, api })
    }

    async fn create(&self, name: &str) -> Result<Stored<Gadget>> {
        Ok(self.stored(create(&self.client, &self.namespace, name, 1).await?))
    }

    fn stored(&self, object: Gadget) -> Stored<Gadget> {
        Stored::new(self.client.clone(), object, Arc::new(|_, _, _| {}))
    }

    /// What somebody else does meanwhile.
    async fn meanwhile(&self, name: &str, change: Value) -> Result<Gadget> {
        Ok(self.api.patch(name, &PatchParams::default(), &Patch::Merge(change)).await?)
    }

    /// Another object under the same name.
    async fn replace(&self, name: &str) -> Result<Gadget> {
        self.api.delete(name, &DeleteParams::default()).await?;
        create(&self.client, &self.namespace, name, 2).await
    }
}

fn status(seen: i64) -> GadgetStatus {
    GadgetStatus { seen: Some(seen), note: None }
}

#[tokio::test]
async fn one_pass_can_write_again_and_again_and_clears_what_it_leaves_out() -> Result<()> {
    let bench = Bench::new().await?;
    let mut stored = bench.create("a").await?;
    let note = GadgetStatus { seen: Some(1), note: Some("first".into()) };
    assert_eq!(stored.write_status(note).await, Wrote::Yes);
    assert_eq!(stored.add_finalizer(FINALIZER, Some(("velero.io/restore-status", "true"))).await, Wrote::Yes);
    assert_eq!(stored.write_status(status(2)).await, Wrote::Yes);
    assert_eq!(stored.annotate("chatwoot.dev/x", "y").await, Wrote::Yes);
    let object = bench.api.get("a").await?;
    assert_eq!(object.status, Some(status(2)));
    assert_eq!(object.finalizers(), [FINALIZER]);
    assert_eq!(object.annotations()["velero.io/restore-status"], "true");
    assert_eq!(stored.remove_annotation("chatwoot.dev/x").await, Wrote::Yes);
    assert_eq!(stored.drop_finalizer(FINALIZER).await, Wrote::Yes);
    let object = bench.api.get("a").await?;
    assert!(object.finalizers().is_empty() && object.annotations().len() == 1);
    Ok(())
}

#[tokio::test]
async fn a_stale_status_or_finalizer_is_a_conflict_and_changes_nothing() -> Result<()> {
    let bench = Bench::new().await?;
    let mut stored = bench.create("a").await?;
    let theirs = bench.meanwhile("a", json!({"spec": {"size": 5}})).await?;
    assert_eq!(stored.write_status(status(1)).await, Wrote::Conflict);
    assert_eq!(stored.add_finalizer(FINALIZER, None).await, Wrote::Conflict);
    let object = bench.api.get("a").await?;
    assert_eq!(object.resource_version(), theirs.resource_version());

    assert!(matches!(stored.reread().await, Read::Found(found) if found.spec.size == 5));
    assert_eq!(stored.write_status(status(1)).await, Wrote::Yes);
    Ok(())
}

#[tokio::test]
async fn a_deleted_object_is_gone_for_every_write() -> Result<()> {
    let bench = Bench::new().await?;
    let mut stored = bench.create("a").await?;
    assert_eq!(stored.add_finalizer(FINALIZER, None).await, Wrote::Yes);
    let mut late = bench.stored(stored.object().clone());
    bench.api.delete("a", &DeleteParams::default()).await?;
    assert_eq!(stored.drop_finalizer(FINALIZER).await, Wrote::Yes, "the last one lets go");
    assert!(matches!(late.reread().await, Read::Gone));
    assert_eq!(late.drop_finalizer(FINALIZER).await, Wrote::Gone);
    assert_eq!(late.add_finalizer("runtime.test.chatwoot.dev/other", None).await, Wrote::Gone);
    assert_eq!(late.annotate("a.b/c", "d").await, Wrote::Gone);
    assert_eq!(late.write_status(status(1)).await, Wrote::Gone);
    Ok(())
}

/// The name may already belong to a new object; nothing meant for the old one may reach it.
#[tokio::test]
async fn no_write_reaches_another_object_of_the_same_name() -> Result<()> {
    let bench = Bench::new().await?;
    let mut held = bench.create("a").await?.object().clone();
    held.metadata.annotations = Some([("a.b/c".to_owned(), "d".to_owned())].into());
    held.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    let new = bench.replace("a").await?;
    let extra = json!({"metadata": {"annotations": {"a.b/c": "d"}, "finalizers": [FINALIZER]}});
    let new_version = bench.meanwhile("a", extra).await?.resource_version();
    assert_ne!(new.uid(), held.uid());

    let mut stored = bench.stored(held);
    assert_eq!(stored.write_status(status(1)).await, Wrote::Conflict);
    assert_eq!(stored.add_finalizer("runtime.test.chatwoot.dev/other", None).await, Wrote::Conflict);
    assert_eq!(stored.drop_finalizer(FINALIZER).await, Wrote::Conflict);
    assert_eq!(stored.annotate("a.b/c", "e").await, Wrote::Conflict);
    assert_eq!(stored.remove_annotation("a.b/c").await, Wrote::Conflict);
    assert!(matches!(stored.reread().await, Read::OtherUid));
    assert_eq!(bench.api.get("a").await?.resource_version(), new_version);
    bench.meanwhile("a", json!({"metadata": {"finalizers": null}})).await?;
    Ok(())
}

#[tokio::test]
async fn dropping_a_finalizer_minds_only_its_own_place() -> Result<()> {
    let bench = Bench::new().await?;
    let mut stored = bench.create("a").await?;
    assert_eq!(stored.add_finalizer(FINALIZER, None).await, Wrote::Yes);
    bench.meanwhile("a", json!({"spec": {"size": 9}})).await?;
    let others = json!({"metadata": {"finalizers": ["runtime.test.chatwoot.dev/other", FINALIZER]}});
    let mut late = bench.stored(stored.object().clone());
    assert_eq!(stored.drop_finalizer(FINALIZER).await, Wrote::Yes, "another field's change does not matter");

    bench.meanwhile("a", others).await?;
    assert_eq!(late.drop_finalizer(FINALIZER).await, Wrote::Conflict, "it is in another place now");
    assert!(matches!(late.reread().await, Read::Found(_)));
    assert_eq!(late.drop_finalizer(FINALIZER).await, Wrote::Yes);
    assert_eq!(bench.api.get("a").await?.finalizers(), ["runtime.test.chatwoot.dev/other"]);
    bench.meanwhile("a", json!({"metadata": {"finalizers": null}})).await?;
    Ok(())
}

#[tokio::test]
async fn a_new_answer_is_not_removed_with_the_old_one() -> Result<()> {
    let bench = Bench::new().await?;
    let mut stored = bench.create("a").await?;
    assert_eq!(stored.annotate("chatwoot.dev/resolve", "t0/create").await, Wrote::Yes);
    bench.meanwhile("a", json!({"metadata": {"annotations": {"chatwoot.dev/resolve": "t1/create"}}})).await?;
    assert_eq!(stored.remove_annotation("chatwoot.dev/resolve").await, Wrote::Conflict);
    assert_eq!(bench.api.get("a").await?.annotations()["chatwoot.dev/resolve"], "t1/create");
    Ok(())
}

/// Caches leave out kubectl's copy of the manifest; writing from such a copy must not take it from the server.
#[tokio::test]
async fn what_the_cache_leaves_out_stays_on_the_server() -> Result<()> {
    let bench = Bench::new().await?;
    bench.create("a").await?;
    let mut object = bench.meanwhile("a", json!({"metadata": {"annotations": {LAST_APPLIED: "{}"}}})).await?;
    strip(&mut object);
    assert!(object.annotations().is_empty() && object.metadata.managed_fields.is_none());
    let mut stored = bench.stored(object);
    assert_eq!(stored.add_finalizer(FINALIZER, Some(("velero.io/restore-status", "true"))).await, Wrote::Yes);
    assert_eq!(stored.write_status(status(1)).await, Wrote::Yes);
    assert_eq!(stored.annotate("a.b/c", "d").await, Wrote::Yes);
    let object = bench.api.get("a").await?;
    assert_eq!(object.annotations()[LAST_APPLIED], "{}");
    assert_eq!(object.annotations().len(), 3);
    assert!(object.metadata.managed_fields.is_some_and(|fields| !fields.is_empty()));
    bench.meanwhile("a", json!({"metadata": {"finalizers": null}})).await?;
    Ok(())
}

#[tokio::test]
async fn a_write_without_the_right_is_not_taken_for_a_lost_race() -> Result<()> {
    let cluster = cluster().await?;
    let namespace = cluster.namespace("norights").await?;
    let object = create(&cluster.client()?, &namespace, "a", 1).await?;
    let stranger = cluster.impersonating("nobody-in-particular", &[])?;
    let mut stored = Stored::new(stranger, object, Arc::new(|_, _, _| {}));
    assert_eq!(stored.write_status(status(1)).await, Wrote::Unknown);
    assert!(stored.trouble().is_some_and(|why| why.contains("forbidden")), "{:?}", stored.trouble());
    assert!(matches!(stored.reread().await, Read::Unknown));
    Ok(())
}
