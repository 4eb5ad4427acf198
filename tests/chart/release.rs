//! A release's life: installed, upgraded, removed, and installed again.

use crate::chart::{NAMESPACE, RELEASE, folder, helm, kinds, wait_for_kinds};
use anyhow::{Context, Result};
use control_plane::{ControlPlane, Options};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// What kubectl finds, as JSON; null where there is nothing.
async fn find(plane: &ControlPlane, what: &[&str]) -> Result<Value> {
    let call = plane.kubectl(["get", "--ignore-not-found", "--output=json", "--namespace", NAMESPACE]);
    let text = call.args(what).run().await?;
    if text.trim().is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
}

async fn uninstall(plane: &ControlPlane) -> Result<String> {
    plane.helm(["uninstall", RELEASE, "--namespace", NAMESPACE]).run().await
}

/// As the documentation says it is done.
async fn remove_with_definitions(plane: &ControlPlane) -> Result<()> {
    helm(plane, &folder(), "upgrade", &json!({"crds": {"keep": false}})).await?;
    uninstall(plane).await?;
    for plural in kinds() {
        let name = format!("{plural}.chatwoot.dev");
        plane.kubectl(["wait", "--for=delete", "--timeout=60s", "crd", &name]).run().await?;
    }
    Ok(())
}

async fn tenants_object(plane: &ControlPlane) -> Result<Value> {
    find(plane, &["chatwootaccounts.chatwoot.dev", "precious"]).await
}

#[tokio::test]
async fn a_release_is_installed_upgraded_and_removed_and_tenants_objects_stay() -> Result<()> {
    let plane = ControlPlane::start(Options::default()).await?;
    let chart = folder();
    let said = helm(&plane, &chart, "install", &json!({})).await?;
    the_notes_lead_on(&plane, &said).await?;
    assert_eq!(find(&plane, &["deployment", RELEASE]).await?["spec"]["replicas"], 1);

    let account = json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootAccount", "metadata": {"name": "precious"},
        "spec": {"instanceRef": {"name": "main"}, "name": "Precious"}
    });
    plane.apply(NAMESPACE, &account.to_string()).await?;
    // As the operator makes it; it is nobody's but the operator's.
    let secret = ["create", "secret", "generic", "chatwoot-operator-installation", "--namespace", NAMESPACE];
    plane.kubectl(secret).run().await?;

    helm(&plane, &chart, "upgrade", &json!({"replicas": 2, "logLevel": "debug"})).await?;
    let deployment = find(&plane, &["deployment", RELEASE]).await?;
    assert_eq!(deployment["spec"]["replicas"], 2);
    assert!(deployment.to_string().contains("--log-level=debug"));
    assert_ne!(find(&plane, &["poddisruptionbudget", RELEASE]).await?, Value::Null);
    helm(&plane, &chart, "upgrade", &json!({"metrics": {"service": {"enabled": false}}})).await?;
    assert_eq!(find(&plane, &["poddisruptionbudget", RELEASE]).await?, Value::Null);
    assert_eq!(find(&plane, &["service", "chatwoot-operator-metrics"]).await?, Value::Null);

    // Removing the operator takes away what belongs to it, and nothing that is a tenant's.
    uninstall(&plane).await?;
    for kind in ["deployment", "serviceaccount", "role", "rolebinding", "clusterrole", "clusterrolebinding"] {
        assert_eq!(find(&plane, &[kind, RELEASE]).await?, Value::Null, "{kind}");
    }
    assert_eq!(tenants_object(&plane).await?["spec"]["name"], "Precious");
    assert_ne!(find(&plane, &["secret", "chatwoot-operator-installation"]).await?, Value::Null);

    // The kept definitions are taken up again, and let go when the administrator says so.
    helm(&plane, &chart, "install", &json!({})).await?;
    assert_eq!(tenants_object(&plane).await?["spec"]["name"], "Precious");
    remove_with_definitions(&plane).await?;
    Ok(())
}

/// The next step that the notes print is one that works.
async fn the_notes_lead_on(plane: &ControlPlane, said: &str) -> Result<()> {
    wait_for_kinds(plane).await?;
    let (_, rest) = said.split_once("kubectl apply -f - <<END\n").context("no instance in the notes")?;
    let (instance, rest) =
        rest.split_once("\nEND\n").context("its end is indented, so a shell would not see it")?;
    plane.kubectl(["apply", "--dry-run=server", "-f", "-"]).stdin(instance).run().await?;
    for hint in ["PlatformApp.create!", "create secret generic platform-app", "chatwoot.dev/watch=true"] {
        assert!(said.contains(hint), "{said}");
    }
    assert!(rest.contains("condition=Ready") && rest.contains("examples/quickstart"), "{said}");
    Ok(())
}

#[tokio::test]
async fn an_upgrade_brings_new_definitions_and_strangers_may_bring_their_own() -> Result<()> {
    let plane = ControlPlane::start(Options::default()).await?;
    let older = tempfile::tempdir()?;
    copy(&folder(), older.path())?;
    let file = older.path().join("files/crds/chatwootplans.chatwoot.dev.yaml");
    let text = fs::read_to_string(&file)?;
    assert!(text.contains("- cwp\n"));
    fs::write(&file, text.replace("- cwp\n", "- oldname\n"))?;

    let short_name = async || {
        let crd = find(&plane, &["crd", "chatwootplans.chatwoot.dev"]).await?;
        anyhow::Ok(crd["spec"]["names"]["shortNames"][0].clone())
    };
    helm(&plane, older.path(), "install", &json!({})).await?;
    assert_eq!(short_name().await?, "oldname");
    helm(&plane, &folder(), "upgrade", &json!({})).await?;
    assert_eq!(short_name().await?, "cwp");

    // Definitions that somebody else looks after are left alone, and do not stand in the way.
    remove_with_definitions(&plane).await?;
    plane.kubectl(["create", "-f"]).args([older.path().join("files/crds")]).run().await?;
    helm(&plane, &folder(), "install", &json!({"crds": {"install": false}})).await?;
    uninstall(&plane).await?;
    assert_eq!(short_name().await?, "oldname");

    // Nor are they taken over by mistake, only when asked for.
    let refused = helm(&plane, &folder(), "install", &json!({})).await.unwrap_err().to_string();
    assert!(refused.contains("invalid ownership metadata"), "{refused}");
    let take = ["install", RELEASE, "--namespace", NAMESPACE, "--take-ownership", "--force-conflicts"];
    plane.helm(take).args([folder()]).run().await?;
    assert_eq!(short_name().await?, "cwp");
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
