//! An operator with Roles in the namespaces it serves, and no right beyond them.

use crate::support::{
    Journal, LONG, PATIENCE, Place, Setup, Stage, Subject, Tenant,
    operator::Operator,
    place::OPERATOR_NAMESPACE,
    subject::{id, message},
};
use anyhow::{Context, Result, ensure};
use control_plane::{AuditEntry, wait_gone};
use k8s_openapi::api::{core::v1::Namespace, rbac::v1::ClusterRole};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::Output};
use tokio::time::Instant;

/// The program as somebody else, from the command line.
async fn run(kubeconfig: &Path, words: &[&str], input: &str) -> Result<(i32, String)> {
    use tokio::io::AsyncWriteExt;
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"))
        .args(words)
        .env("KUBECONFIG", kubeconfig)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes()).await?;
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, child.wait_with_output()).await??;
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    Ok((status.code().context("it was killed")?, said))
}

/// What the operator serves, by its own arguments.
fn served(place: &Place) -> BTreeSet<String> {
    let (arguments, _) = place.deployed();
    let flags = ["--watch-namespaces=", "--instance-namespaces="];
    let lists = arguments.iter().filter_map(|word| flags.iter().find_map(|flag| word.strip_prefix(flag)));
    lists.flat_map(|list| list.split(',')).map(str::to_owned).collect()
}

/// A life from the first apply to the last delete, a restart in the middle: every request is about one namespace that the
/// operator serves, or its own, and none is refused.
#[tokio::test]
async fn no_right_beyond_the_served_namespaces_is_used_or_missed() -> Result<()> {
    let place = Place::confined().await?;
    let stage = Stage::in_place(&place).await?;
    stage.plan("pro", json!({"limits": {"agents": 5}})).await?;
    let (tenant, account) = stage
        .settled(json!({"plans": ["pro"], "allow": ["Delete"]}), json!({"name": "Acme", "plan": "pro"}))
        .await?;
    tenant.secret("bob", json!({"password": "S3cret-Passw0rd!"})).await?;
    let member = json!([{"account": "acme", "role": "Agent"}]);
    let alice = tenant
        .person(
            &stage,
            "alice",
            json!({"memberships": member, "password": {"generate": {"rotation": "1"}},
                "credentialsSecret": {"name": "alice", "accessToken": {}}}),
        )
        .await?;
    let bob = tenant
        .person(
            &stage,
            "bob",
            json!({"memberships": member, "password": {"secretKeyRef": {"name": "bob", "key": "password"}}}),
        )
        .await?;
    for subject in [&alice, &bob] {
        subject.ready().await?;
    }
    place.stop_operator().await?;
    place.start_operator().await?;
    tenant.secret("bob", json!({"password": "Another-Passw0rd!1"})).await?;
    alice.set(json!({"name": "Alice A."})).await?;
    alice.ready().await?;
    bob.looked_at().await?;
    account.set(json!({"deletionPolicy": "Delete"})).await?;
    account.ready().await?;
    for subject in [&alice, &bob, &account] {
        subject.delete().await?;
        subject.gone().await?;
    }
    stage.instance().delete().await?;
    stage.instance().gone().await?;

    let mut known = served(&place);
    ensure!(known.len() > 10, "{known:?}");
    known.insert(OPERATOR_NAMESPACE.to_owned());
    let all = place.plane.audit().await?;
    let asked: Vec<_> = all.into_iter().filter(|entry| entry.user == place.operator_user()).collect();
    let beyond = |entry: &&AuditEntry| !known.contains(&entry.namespace);
    assert_eq!(
        asked.iter().filter(beyond).collect::<Vec<_>>(),
        Vec::<&AuditEntry>::new(),
        "asked beyond its namespaces"
    );
    let refused = |entry: &&AuditEntry| [401, 403].contains(&entry.code);
    assert_eq!(asked.iter().filter(refused).collect::<Vec<_>>(), Vec::<&AuditEntry>::new(), "asked in vain");
    let kinds: BTreeSet<_> = asked.iter().map(|entry| entry.resource.as_str()).collect();
    for kind in ["namespaces", "secrets", "leases", "events", "chatwootusers", "chatwootinstances"] {
        assert!(kinds.contains(kind), "the log shows no {kind}, so it proves little: {kinds:?}");
    }
    assert!(!place.log().await?.contains("orbidden"));
    Ok(())
}

/// Everything a user may read of why it was refused.
async fn why(subject: &Subject, replaced: &str) -> Result<String> {
    let mut status = subject.stalled("NotGranted").await?["status"].clone();
    for condition in status["conditions"].as_array_mut().context("no conditions")? {
        condition["lastTransitionTime"] = Value::Null;
    }
    Ok(json!([status["conditions"], status["memberships"]]).to_string().replace(replaced, "TARGET"))
}

#[tokio::test]
async fn what_lies_in_a_namespace_that_is_not_served_is_neither_touched_nor_counted() -> Result<()> {
    let place = Place::confined().await?;
    let stage = Stage::in_place(&place).await?;
    let beyond =
        Tenant { namespace: place.plane.namespace("beyond").await?.to_string(), client: place.admin()? };
    stage.grant(&beyond, json!({})).await?.ready().await?;
    let everybody = json!([{"namespaces": {"names": ["tenant-000"]}, "roles": ["Agent"]}]);
    let unseen = beyond.account(&stage, "acme", json!({"name": "Unseen", "membersFrom": everybody})).await?;
    let held = json!({"metadata": {"finalizers": ["chatwoot.dev/finalizer"]}});
    unseen.merge(held).await?;

    // A member of its own namespace's account, and a guest of one that is not looked at, or not there at all.
    let (tenant, _) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    assert_eq!(tenant.namespace, "tenant-000");
    let mut words = Vec::new();
    for namespace in [beyond.namespace.as_str(), "nowhere"] {
        let guest = json!({"memberships": [{"namespace": namespace, "account": "acme", "role": "Agent"}]});
        words.push(
            why(&tenant.person(&stage, &format!("guest-{}", words.len()), guest).await?, namespace).await?,
        );
    }
    assert_eq!(words.first(), words.last(), "a tenant learns what is not looked at");

    // It names the instance, and holds it up as little as it is waited for.
    for subject in
        [tenant.subject(&stage, "ChatwootUser", "guest-0"), tenant.subject(&stage, "ChatwootUser", "guest-1")]
    {
        subject.delete().await?;
        subject.gone().await?;
    }
    let own = tenant.subject(&stage, "ChatwootAccount", "acme");
    own.delete().await?;
    own.gone().await?;
    stage.instance().delete().await?;
    stage.instance().gone().await?;
    unseen.delete().await?;
    let left = unseen.get().await?;
    assert_eq!(left["status"]["observedGeneration"], -1);
    assert_eq!(
        left["metadata"]["finalizers"],
        json!(["chatwoot.dev/finalizer"]),
        "it is somebody else's to take off"
    );
    assert!(stage.chatwoot.state().await?.accounts.iter().all(|account| account.name != "Unseen"));
    unseen.merge(json!({"metadata": {"finalizers": null}})).await?;
    Ok(())
}

/// The operator's answer to `/readyz`, once it holds.
async fn remarked(place: &Place, holds: impl Fn(&str) -> bool) -> Result<String> {
    let deadline = Instant::now() + LONG;
    loop {
        let operator = place.operator().await;
        let (status, text) = operator.as_ref().context("it does not run")?.get("/readyz").await?;
        drop(operator);
        ensure!(status == 200, "one namespace makes the operator unready: {text}");
        if holds(&text) {
            return Ok(text);
        }
        ensure!(Instant::now() < deadline, "not after {LONG:?}: {text}");
        // An endpoint tells its state when it is asked, and only then.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// A namespace that is not there has no Role either, so both look the same to the operator.
#[tokio::test]
async fn a_namespace_without_rights_is_told_holds_up_nobody_and_is_served_once_it_has_them() -> Result<()> {
    let place = Place::confined().await?;
    let stage = Stage::in_place(&place).await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let later = "tenant-001";
    let roles = place.chart_roles(later).await?;
    place.stop_operator().await?;
    let namespaces: Api<Namespace> = Api::all(place.admin()?);
    namespaces.delete(later, &DeleteParams::default()).await?;
    wait_gone(&namespaces, later, PATIENCE).await?;
    place.start_operator().await?;
    place.operator().await.as_ref().map(Operator::is_ready).context("it does not run")?.await?;

    let said = format!(
        "ChatwootUsers of namespace {later}: not there, or the operator lacks the chart's Role there"
    );
    remarked(&place, |text| text.contains(&said)).await?;
    let log = place.log().await?;
    let warned = log.lines().filter(|line| line.contains("left alone") && line.contains(later)).count();
    assert!((1..=12).contains(&warned), "once for each kind that is watched there, not {warned} times");
    let metrics = place.operator().await.as_ref().context("it does not run")?.get("/metrics").await?.1;
    assert!(metrics.contains("chatwoot_operator_unseen_namespaces{kind=\"ChatwootAccount\"} 1"), "{metrics}");
    let admin = place.plane.kubeconfig();
    let (code, found) = run(&admin, &["doctor"], "").await?;
    assert_eq!(code, 2, "{found}");
    for part in [
        "namespace tenant-001 is to be served and is not there",
        "may not in namespace tenant-001: get chatwootaccounts",
    ] {
        assert!(found.contains(part), "{part:?} is not in {found}");
    }
    account.set(json!({"name": "Acme goes on"})).await?;
    account.ready().await?;
    // What may be bound there would be left behind.
    stage.instance().delete().await?;
    tenant.subject(&stage, "ChatwootAccount", "acme").delete().await?;
    account.gone().await?;
    let blocked = stage.instance().until("waits", |o| message(o, "Ready").contains(later)).await?;
    assert!(message(&blocked, "Ready").contains("spec.deletionPolicy: Release"), "{blocked}");

    place.make_home(later).await?;
    place.plane.apply(later, &roles.join("\n---\n")).await?;
    let left = remarked(&place, |text| !text.contains(later)).await?;
    assert_eq!(left, "ok\n");
    stage.instance().annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    stage.instance().gone().await?;
    Ok(())
}

/// Whoever has rights in the served namespaces only needs no others for the command line.
#[tokio::test]
async fn a_person_with_rights_in_the_served_namespaces_can_use_the_command_line() -> Result<()> {
    let place = Place::confined().await?;
    let stage = Stage::in_place(&place).await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let clerk = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "clerk"}});
    place.plane.apply(OPERATOR_NAMESPACE, &clerk.to_string()).await?;
    for namespace in served(&place).into_iter().chain([OPERATOR_NAMESPACE.to_owned()]) {
        let (group, name) = ("rbac.authorization.k8s.io", json!({"name": "clerk"}));
        let rules = json!([{"apiGroups": ["chatwoot.dev"], "resources": ["*"], "verbs": ["get", "list", "watch", "patch"]}]);
        let subjects = json!([{"kind": "ServiceAccount", "name": "clerk", "namespace": OPERATOR_NAMESPACE}]);
        let role = |kind: &str, name: &str| json!({"apiGroup": group, "kind": kind, "name": name});
        let kind = |kind: &str| json!({"apiVersion": format!("{group}/v1"), "kind": kind, "metadata": name});
        let mut objects = [kind("Role"), kind("RoleBinding"), kind("RoleBinding")];
        objects[0]["rules"] = rules;
        objects[1]["roleRef"] = role("Role", "clerk");
        objects[2]["roleRef"] = role("ClusterRole", "admin");
        objects[2]["metadata"]["name"] = json!("clerk-is-admin");
        objects[1]["subjects"] = subjects.clone();
        objects[2]["subjects"] = subjects;
        place.plane.apply(&namespace, &objects.map(|object| object.to_string()).join("\n---\n")).await?;
    }
    let clerk = place.plane.kubeconfig_for_service_account(OPERATOR_NAMESPACE, "clerk").await?;

    let (code, said) = run(&clerk, &["doctor"], "").await?;
    for part in ["may do what the operator does", "and all are there", "you may not read definitions"] {
        assert!(said.contains(part), "{part:?} is not in {said} ({code})");
    }
    let mut changed = account.get().await?;
    changed["spec"]["name"] = json!("Acme Care");
    for field in ["managedFields", "resourceVersion", "uid"] {
        changed["metadata"].as_object_mut().context("no metadata")?.remove(field);
    }
    let (code, said) = run(&clerk, &["plan", "-f", "-"], &changed.to_string()).await?;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("name: \"Acme\" → \"Acme Care\""), "{said}");
    let (code, said) = run(&clerk, &["reconcile", "account", "--all"], "").await?;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&tenant.namespace), "{said}");
    let two = format!("{},{}", tenant.namespace, stage.home);
    let (code, said) = run(&clerk, &["reconcile", "account", "--all", "--namespace", &two], "").await?;
    assert_eq!(code, 0, "{said}");
    Ok(())
}

/// The watch of namespaces may be behind that of accounts, here for good: what it last said is not believed.
#[tokio::test]
async fn a_used_namespace_name_is_told_apart_although_nobody_tells_of_namespaces() -> Result<()> {
    let place = std::sync::Arc::new(Place::unattended(json!({})).await?);
    place.start_operator().await?;
    let stage = Stage::in_place_with(&place, Setup::default()).await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let old = id(&account.get().await?)?;
    account.delete().await?;
    account.gone().await?;
    let roles: Api<ClusterRole> = Api::all(place.admin()?);
    let mut role = roles.get("chatwoot-operator").await?;
    for rule in role.rules.iter_mut().flatten() {
        if rule.resources.iter().flatten().any(|resource| resource == "namespaces") {
            rule.verbs = vec!["get".to_owned()];
        }
    }
    let rules = json!({"rules": role.rules});
    roles.patch("chatwoot-operator", &PatchParams::default(), &Patch::Merge(rules)).await?;
    place.plane.stop_api_server().await?;
    place.plane.start_api_server().await?;
    let deadline = Instant::now() + PATIENCE;
    while !place
        .log()
        .await?
        .lines()
        .any(|line| line.contains("the watch failed") && line.contains("namespaces is forbidden"))
    {
        ensure!(Instant::now() < deadline, "the watch of namespaces goes on");
        // A log tells nobody that it has grown.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }

    let newcomer = place.again(&tenant.namespace).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let theirs = newcomer.account(&stage, "acme", json!({"name": "Newcomer"})).await?;
    let asked = theirs.reason_at_last("PreviousAccountFound").await?;
    assert_eq!(asked["status"]["id"], Value::Null);
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    assert_eq!(stage.chatwoot.account(old).await?.context("it is gone")?.name, "Acme");
    Ok(())
}
