//! Bad input never gets past `kubectl apply`, and the message says what to write.

use crate::{
    cases::{self, Case, Stored},
    server::{api, cluster, dry_run, object},
};
use kube::{
    Api, ResourceExt,
    api::{DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

#[tokio::test]
async fn bad_input_is_refused_with_what_to_write_and_that_is_accepted() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("refused").await.unwrap();
    for (at, case) in cases::all().iter().enumerate() {
        let api = api(cluster, case.kind, &namespace);
        let name = format!("case-{at}");
        if let Some(from) = &case.from {
            store(&api, case.kind, &name, from).await;
        }
        let refusal = judge(&api, case, &name, &case.refused).await;
        let refusal = refusal.expect_err(&format!("{} accepts {}", case.kind, case.refused)).to_string();
        assert!(refusal.contains(case.says), "{} {}: {refusal}", case.kind, case.refused);
        let accepted = judge(&api, case, &name, &case.accepted).await;
        accepted.unwrap_or_else(|error| panic!("{} refuses {}: {error}", case.kind, case.accepted));
    }
}

async fn judge(
    api: &Api<DynamicObject>,
    case: &Case,
    name: &str,
    changes: &Value,
) -> kube::Result<DynamicObject> {
    let spec = cases::spec(case.kind, changes);
    if case.from.is_none() {
        return api.create(&dry_run(), &object(case.kind, name, spec)).await;
    }
    let mut stored = api.get(name).await?;
    stored.data["spec"] = spec;
    api.replace(name, &dry_run(), &stored).await
}

async fn store(api: &Api<DynamicObject>, kind: &str, name: &str, from: &Stored) {
    let made =
        api.create(&PostParams::default(), &object(kind, name, cases::spec(kind, &from.spec))).await.unwrap();
    if let Some(id) = from.bound_to {
        let status = Patch::Merge(json!({"status": {"id": id}}));
        let bound = api.patch_status(&made.name_any(), &PatchParams::default(), &status).await.unwrap();
        assert_eq!(bound.data["status"]["id"], id);
    }
}

/// What would be stored and could not be read back would be invisible to the operator.
#[tokio::test]
async fn numbers_in_odd_spellings_are_stored_as_what_they_are() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("spellings").await.unwrap();
    let manifest = "{apiVersion: chatwoot.dev/v1alpha1, kind: ChatwootAccount, metadata: {name: odd}, \
                    spec: {name: Acme, limits: {agents: 10.0, inboxes: 1e3}, adopt: {id: 7.0}}}";
    let apply = cluster.kubectl(["apply", "-n", &namespace, "-f", "-"]).stdin(manifest);
    apply.run().await.unwrap();
    let api: Api<chatwoot_operator::api::account::ChatwootAccount> =
        Api::namespaced(cluster.client().unwrap(), &namespace);
    let account = api.get("odd").await.unwrap();
    assert_eq!(account.spec.limits, [("agents".to_owned(), 10), ("inboxes".to_owned(), 1000)].into());
    assert_eq!(account.spec.adopt.map(|adopt| adopt.id), Some(7));
}

#[tokio::test]
async fn a_null_is_the_same_as_nothing() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("null").await.unwrap();
    let spec = json!({
        "name": "Alice", "email": "alice@acme.example", "displayName": null, "password": null, "mode": null,
        "paused": null, "customAttributes": {"a": null, "b": 1},
        "memberships": [{"account": "acme", "namespace": null, "role": "Agent"}],
    });
    let stored = api(cluster, "ChatwootUser", &namespace)
        .create(&PostParams::default(), &object("ChatwootUser", "alice", spec))
        .await
        .unwrap();
    assert_eq!(
        stored.data["spec"],
        json!({
            "name": "Alice", "email": "alice@acme.example", "mode": "Enforce", "paused": false,
            "deletionPolicy": "Revoke", "customAttributes": {"b": 1},
            "memberships": [{"account": "acme", "namespace": "", "role": "Agent"}],
        })
    );
}
