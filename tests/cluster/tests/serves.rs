//! What tests of the operator rely on, one by one.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use anyhow::Result;
use control_plane::{ControlPlane, Options, established, service_account_user, wait_for, wait_gone};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(30);

fn config_map(name: &str, owner: Option<Value>) -> ConfigMap {
    let owners: Vec<Value> = owner.into_iter().collect();
    serde_json::from_value(json!({ "metadata": { "name": name, "ownerReferences": owners } })).unwrap()
}

fn is_forbidden(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 403)
}

#[tokio::test]
async fn what_is_applied_is_served_to_kubectl_and_helm() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("serves").await?;
    let two = "{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {text: hello}}\n---\n\
               {apiVersion: v1, kind: Namespace, metadata: {name: serves-cluster-scoped}}\n";
    let applied = cluster.apply(&ns, two).await?;
    assert_eq!(applied.iter().map(ResourceExt::namespace).collect::<Vec<_>>(), [Some(ns.to_string()), None]);

    let text = cluster.kubectl(["get", "cm", "one", "-n", &ns, "-o", "jsonpath={.data.text}"]).run().await?;
    assert_eq!(text, "hello");
    let manifest = "{apiVersion: v1, kind: ConfigMap, metadata: {name: piped}}";
    cluster.kubectl(["apply", "-n", &ns, "-f", "-"]).stdin(manifest).run().await?;

    let chart = tempfile::tempdir()?;
    std::fs::create_dir(chart.path().join("templates"))?;
    std::fs::write(chart.path().join("Chart.yaml"), "{apiVersion: v2, name: tiny, version: 1.0.0}")?;
    let template = "{apiVersion: v1, kind: ConfigMap, metadata: {name: {{ .Release.Name }}-made}}";
    std::fs::write(chart.path().join("templates/made.yaml"), template)?;
    cluster.helm(["install", "tiny", ".", "-n", &ns]).current_dir(chart.path()).run().await?;
    let listed = Api::<ConfigMap>::namespaced(cluster.client()?, &ns).list(&ListParams::default()).await?;
    assert_eq!(listed.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["one", "piped", "tiny-made"]);

    let refused = cluster.kubectl(["get", "nonsense"]).run().await.unwrap_err().to_string();
    assert!(refused.contains("kubectl get nonsense") && refused.contains("resource type"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn an_owned_object_goes_with_its_owner() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("owner").await?;
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client()?, &ns);
    let owner = maps.create(&PostParams::default(), &config_map("owner", None)).await?;
    let reference = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.uid() });
    maps.create(&PostParams::default(), &config_map("owned", Some(reference))).await?;
    maps.create(&PostParams::default(), &config_map("free", None)).await?;

    maps.delete("owner", &DeleteParams::default()).await?;
    wait_gone(&maps, "owned", SOON).await?;
    assert!(maps.get_opt("free").await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_namespace_is_deleted_with_what_is_in_it() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("short-lived").await?;
    let name = ns.to_string();
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client()?, &ns);
    maps.create(&PostParams::default(), &config_map("inside", None)).await?;
    ns.delete(cluster.client()?, SOON).await?;
    assert!(maps.get_opt("inside").await?.is_none(), "{name} is gone and its content is not");
    Ok(())
}

#[tokio::test]
async fn an_aggregated_role_is_filled() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let manifest = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: paints, \
        labels: {rbac.authorization.k8s.io/aggregate-to-edit: 'true'}}, \
        rules: [{apiGroups: [paint.example], resources: [pots], verbs: [get]}]}";
    cluster.apply("default", manifest).await?;
    let roles: Api<ClusterRole> = Api::all(cluster.client()?);
    let has_paint = |role: &ClusterRole| {
        let mut groups = role.rules.iter().flatten().filter_map(|rule| rule.api_groups.as_ref()).flatten();
        groups.any(|group| group == "paint.example")
    };
    wait_for(&roles, "edit", has_paint, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn a_service_account_may_do_what_its_role_says_and_no_more() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("rbac").await?;
    let unknown = cluster.client_as(&ns, "reader").await.err().unwrap().to_string();
    assert!(unknown.contains(&format!("{ns}/reader")), "{unknown}");

    cluster.apply(&ns, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: reader}}").await?;
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client_as(&ns, "reader").await?, &ns);
    assert!(is_forbidden(&maps.list(&ListParams::default()).await.unwrap_err()));

    let rights = format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: read}}, \
           rules: [{{apiGroups: [''], resources: [configmaps], verbs: [list]}}]}}\n---\n\
         {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: read}}, \
           roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: read}}, \
           subjects: [{{kind: ServiceAccount, name: reader, namespace: {ns}}}]}}"
    );
    cluster.apply(&ns, &rights).await?;
    // The authorizer sees the binding by a watch, so it may be an instant late.
    let allowed = async {
        while maps.list(&ListParams::default()).await.is_err_and(|error| is_forbidden(&error)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, allowed).await?;
    assert!(is_forbidden(&maps.create(&PostParams::default(), &config_map("a", None)).await.unwrap_err()));

    let file = cluster.kubeconfig_for_service_account(&ns, "reader").await?;
    cluster.kubectl(["get", "configmaps"]).kubeconfig(&file).run().await?;
    let whoami = cluster.kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
    assert_eq!(whoami.kubeconfig(&file).run().await?, service_account_user(&ns, "reader"));
    Ok(())
}

#[tokio::test]
async fn the_audit_log_names_who_wrote_and_what() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("audit").await?;
    let user = format!("alice@{ns}");
    let secrets: Api<Secret> = Api::namespaced(cluster.impersonating(&user, &["system:masters"])?, &ns);
    let secret: Secret =
        serde_json::from_value(json!({ "metadata": { "name": "s" }, "stringData": { "a": "b" } }))?;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    secrets.create(&dry_run, &secret).await?;
    secrets.create(&PostParams::default(), &secret).await?;
    let change = json!({ "metadata": { "labels": { "a": "b" } } });
    secrets.patch("s", &PatchParams::default(), &Patch::Merge(change)).await?;
    secrets.get("s").await?;
    let again = secrets.create(&PostParams::default(), &secret).await.unwrap_err().to_string();
    assert!(again.contains("exists"), "{again}");

    let writes = cluster.writes_by(&user).await?;
    let brief: Vec<_> =
        writes.iter().map(|w| (w.verb.as_str(), w.target(), w.name.as_str(), w.code)).collect();
    let target = "secrets".to_owned();
    let expected = [
        ("create", target.clone(), "s", 201),
        ("patch", target.clone(), "s", 200),
        ("create", target.clone(), "s", 409),
    ];
    assert_eq!(brief, expected);
    assert!(writes.iter().all(|write| write.namespace == *ns && write.group.is_empty()), "{writes:#?}");
    assert_eq!(cluster.count_writes_by(&user).await?, [(target, 3)].into());
    let reads = cluster.audit().await?.into_iter().filter(|e| e.user == user && e.verb == "get").count();
    assert_eq!(reads, 1);
    Ok(())
}

#[tokio::test]
async fn waiting_in_vain_shows_the_object_as_it_is() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("vain").await?;
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client()?, &ns);
    let briefly = Duration::from_millis(500);
    let error = wait_for(&maps, "a", |_| true, briefly).await.unwrap_err().to_string();
    assert!(error.contains("there is no such object"), "{error}");

    let mut map = config_map("a", None);
    map.data = Some([("colour".to_owned(), "blue".to_owned())].into());
    maps.create(&PostParams::default(), &map).await?;
    let error = wait_for(&maps, "a", |map| map.data.is_none(), briefly).await.unwrap_err().to_string();
    assert!(error.contains("colour: blue") && error.contains(&*ns), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_event_is_waited_for_and_listed() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("events").await?;
    let event = format!(
        "{{apiVersion: events.k8s.io/v1, kind: Event, metadata: {{name: e}}, type: Warning, reason: Spilled, \
          action: Paint, note: all over, reportingController: test/x, reportingInstance: x, \
          eventTime: '2026-01-01T00:00:00.000000Z', regarding: {{kind: Pot, name: p, namespace: {ns}}}}}"
    );
    let (seen, applied) = tokio::join!(
        cluster.wait_for_event(&ns, |event| event.reason == "Spilled", SOON),
        cluster.apply(&ns, &event),
    );
    applied?;
    let seen = seen?;
    assert_eq!((seen.about.as_str(), seen.note.as_str(), seen.count), ("Pot/p", "all over", 1));
    assert_eq!(cluster.events(&ns).await?, [seen]);
    Ok(())
}

fn definition(plural: &str, kind: &str) -> String {
    format!(
        "{{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {{name: {plural}.test.example}}, \
          spec: {{group: test.example, scope: Namespaced, names: {{kind: {kind}, plural: {plural}}}, \
          versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]}}}}\n"
    )
}

/// Garbage collection notices a definition of its own accord only after 30 s, so this has to be quicker.
const BEFORE_ITS_OWN_LOOK: Duration = Duration::from_secs(15);

async fn owns_at_once(cluster: &ControlPlane, kind: &str) -> Result<()> {
    let ns = cluster.namespace("owner").await?;
    let made = cluster
        .apply(&ns, &format!("{{apiVersion: test.example/v1, kind: {kind}, metadata: {{name: o}}}}"))
        .await?;
    let reference =
        json!({ "apiVersion": "test.example/v1", "kind": kind, "name": "o", "uid": made[0].uid() });
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client()?, &ns);
    maps.create(&PostParams::default(), &config_map("owned", Some(reference))).await?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("test.example", "v1", kind));
    let owners: Api<DynamicObject> = Api::namespaced_with(cluster.client()?, &ns, &resource);
    owners.delete("o", &DeleteParams::default()).await?;
    wait_gone(&owners, "o", SOON).await?;
    wait_gone(&maps, "owned", BEFORE_ITS_OWN_LOOK).await
}

#[tokio::test]
async fn a_control_plane_of_its_own_survives_what_a_test_does_to_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("pots.yaml"), definition("pots", "Pot"))?;
    let cluster =
        ControlPlane::start(Options { crds: vec![folder.path().into()], ..Options::default() }).await?;
    owns_at_once(&cluster, "Pot").await?;
    cluster.install_crds(&definition("lids", "Lid")).await?;
    owns_at_once(&cluster, "Lid").await?;

    let attached = ControlPlane::attach(cluster.dir())?;
    let ns = attached.namespace("kept").await?;
    attached.apply(&ns, "{apiVersion: v1, kind: ConfigMap, metadata: {name: kept}}").await?;
    let refused = attached.stop_api_server().await.unwrap_err().to_string();
    assert!(refused.contains("another process runs this control plane"), "{refused}");

    cluster.stop_api_server().await?;
    assert!(cluster.kubectl(["get", "ns"]).run().await.is_err());
    cluster.start_api_server().await?;
    cluster.kill_api_server().await?;
    cluster.start_api_server().await?;
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client()?, &ns);
    assert!(maps.get_opt("kept").await?.is_some(), "etcd keeps the data");

    let dir = cluster.dir().to_path_buf();
    let begun = Instant::now();
    drop(cluster);
    assert!(!dir.exists(), "the folder goes with it");
    assert!(begun.elapsed() < Duration::from_secs(5), "it ends at once, not when the last watch does");
    let gone = ControlPlane::attach(&dir).unwrap_err().to_string();
    assert!(gone.contains("no control plane runs here"), "{gone}");
    Ok(())
}

#[tokio::test]
async fn a_definition_and_its_object_may_stand_in_one_text() -> Result<()> {
    let cluster = ControlPlane::shared().await?;
    let ns = cluster.namespace("together").await?;
    let object = "---\n{apiVersion: test.example/v1, kind: Brush, metadata: {name: b}}";
    let applied = cluster.apply(&ns, &format!("{}{object}", definition("brushes", "Brush"))).await?;
    assert_eq!(applied.len(), 2);
    established(&cluster.client()?, "brushes.test.example").await?;
    Ok(())
}
