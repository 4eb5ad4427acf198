//! The Secret with the installation's id and key: missing at first, and made with another key.

use crate::{
    backup::{INSTALLATION, Kept, VELERO, move_installation},
    scene::Scene,
    support::{Place, place::OPERATOR_NAMESPACE, subject::message},
};
use anyhow::{Context, Result, ensure};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api,
    api::{DeleteParams, PostParams},
};
use serde_json::json;
use std::sync::Arc;

/// All is put back while no operator runs, and the Secret is forgotten. Later its key is lost for good.
#[tokio::test]
async fn without_the_installation_nothing_is_done_and_with_another_key_nobody_is_reset() -> Result<()> {
    let first = Place::shared().await?;
    let third = Arc::new(Place::unattended(json!({})).await?);
    let scene = Scene::new().await?.moves_to(&third).await?;
    let scene = Scene { backup: scene.backup.clone().rebinding(), ..scene };
    let admin = &scene.stage.admin;
    // Of bare objects too, an annotation that backups keep tells that they are not new.
    let mut bare = scene.backup.clone();
    bare.objects.iter_mut().for_each(|(_, object)| object.metadata.finalizers = None);
    bare.restore(admin, Kept::NoStatus).await?;
    third.start_operator().await?;
    let told = scene.stage.instance().stalled("CredentialsMissing").await?;
    let text = message(&told, "Ready");
    ensure!(text.contains(INSTALLATION) && text.contains("--installation-id"), "{text}");
    let secrets: Api<Secret> = Api::namespaced(admin.clone(), OPERATOR_NAMESPACE);
    ensure!(secrets.get_opt(INSTALLATION).await?.is_none(), "another installation was made");

    // Everything is put back once more, properly.
    third.stop_operator().await?;
    for (kind, object) in &scene.backup.objects {
        let name = object.metadata.name.as_deref().context("no name")?;
        let namespace = object.metadata.namespace.as_deref().context("no namespace")?;
        let api: Api<kube::api::DynamicObject> =
            Api::namespaced_with(admin.clone(), namespace, &kind.resource());
        let gone = json!({"metadata": {"finalizers": null}});
        api.patch(name, &Default::default(), &kube::api::Patch::Merge(&gone)).await?;
        api.delete(name, &DeleteParams::default()).await?;
    }
    scene.backup.put_objects(admin, &VELERO, Kept::Everything).await?;
    third.start_operator().await?;
    scene.stage.instance().stalled("CredentialsMissing").await?;
    ensure!(scene.stage.chatwoot.state().await? == scene.before, "Chatwoot has changed");
    ensure!(scene.writes().await?.is_empty(), "something was sent: {:?}", scene.writes().await?);

    // The id was read in a marker, and the key is another one: restored objects cannot prove anything.
    third.stop_operator().await?;
    move_installation(&first.admin()?, admin).await?;
    with_another_key(&secrets).await?;
    third.start_operator().await?;
    scene.stage.instance().stalled("DifferentChatwoot").await?;
    ensure!(scene.writes().await?.is_empty(), "something was sent: {:?}", scene.writes().await?);

    third.stop_operator().await?;
    secrets.delete(INSTALLATION, &DeleteParams::default()).await?;
    move_installation(&first.admin()?, admin).await?;
    third.start_operator().await?;
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&[]).await?;

    // In the same cluster the uids prove it.
    third.stop_operator().await?;
    with_another_key(&secrets).await?;
    third.start_operator().await?;
    for (_, subject, _) in scene.bound() {
        subject.looked_at().await?;
    }
    scene.is_bound_again().await?;
    scene.chatwoot_is_as_it_was(&[]).await
}

async fn with_another_key(secrets: &Api<Secret>) -> Result<()> {
    let mut other = secrets.get(INSTALLATION).await?;
    secrets.delete(INSTALLATION, &DeleteParams::default()).await?;
    other.metadata.resource_version = None;
    other.metadata.uid = None;
    other.data.as_mut().context("no data")?.insert("key".into(), ByteString(vec![7; 32]));
    secrets.create(&PostParams::default(), &other).await?;
    Ok(())
}
