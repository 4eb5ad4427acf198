//! What the operator writes comes back whole, and lists merge by their keys.

use crate::{
    cases,
    server::{api, cluster, object},
};
use chatwoot_operator::api::{
    account::ChatwootAccount, attribute_definition::ChatwootCustomAttributeDefinition,
    canned_response::ChatwootCannedResponse, grant::ChatwootGrant, instance::ChatwootInstance,
    label::ChatwootLabel, plan::ChatwootPlan, schema, team::ChatwootTeam, user::ChatwootUser,
    webhook::ChatwootWebhook,
};
use control_plane::ControlPlane;
use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams, PostParams},
    core::object::{HasSpec, HasStatus},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

/// Every field that `schema` knows is there in `value`, except where the schema offers a choice.
fn complete(path: &str, schema: &Value, value: &Value, choices: &[&str]) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if choices.contains(&path.as_str()) {
            continue;
        }
        let value = value.get(name).unwrap_or_else(|| panic!("the example lacks {path}"));
        complete(&path, property, value, choices);
        if let Some(items) = property.get("items") {
            let first = value.get(0).unwrap_or_else(|| panic!("the example has nothing in {path}"));
            complete(&format!("{path}[]"), items, first, choices);
        }
    }
}

/// Stores an object with every field, reads it back, and compares: JSON with JSON, and type with type.
async fn round_trip<K>(cluster: &ControlPlane, spec: Value, status: Value, choices: &[&str])
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + HasSpec
        + HasStatus
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
    K::Spec: PartialEq + Debug + DeserializeOwned,
    K::Status: PartialEq + Debug + DeserializeOwned,
{
    let kind = K::kind(&());
    let crd = schema::all().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let definition =
        serde_json::to_value(&crd.spec.versions[0]).unwrap()["schema"]["openAPIV3Schema"].clone();
    complete("spec", &definition["properties"]["spec"], &spec, choices);
    complete("status", &definition["properties"]["status"], &status, choices);

    let namespace = cluster.namespace("round-trip").await.unwrap();
    let api: Api<K> = Api::namespaced(cluster.client().unwrap(), &namespace);
    let made: K = serde_json::from_value(json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind, "metadata": {"name": "whole"}, "spec": spec,
    }))
    .unwrap();
    let mut stored = api.create(&PostParams::default(), &made).await.unwrap();
    let wanted: K::Status = serde_json::from_value(status.clone()).unwrap();
    *stored.status_mut() = Some(wanted);
    api.replace_status("whole", &PostParams::default(), &stored).await.unwrap();

    let read = api.get("whole").await.unwrap();
    assert_eq!(read.spec(), made.spec(), "{kind}");
    assert_eq!(read.status(), stored.status(), "{kind}");
    let raw = crate::server::api(cluster, &kind, &namespace).get(&read.name_any()).await.unwrap();
    assert_eq!(raw.data["spec"], spec, "{kind}");
    assert_eq!(raw.data["status"], status, "{kind}");
}

fn conditions() -> Value {
    json!([{
        "type": "Ready", "status": "True", "reason": "Succeeded", "message": "m", "observedGeneration": 3,
        "lastTransitionTime": "2026-01-01T00:00:00.25Z",
    }])
}

fn binding() -> Value {
    json!({"namespace": "chatwoot-system", "name": "main", "uid": "u-1", "released": true})
}

fn selector() -> Value {
    json!({"selector": {
        "matchLabels": {"team": "acme"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold"]}],
    }})
}

#[tokio::test]
async fn an_instance_comes_back_whole() {
    let spec = json!({
        "url": "http://chatwoot:3000", "externalURL": "https://chat.acme.example",
        "platformTokenSecretRef": {"name": "platform-app", "key": "t"},
        "ca": {"secretKeyRef": {"name": "ca", "key": "pem"}},
        "requestBudget": {"perMinute": 60, "inFlight": 2, "timeout": "5s500ms"},
        "driftCheckInterval": "1h30m", "rebindUntil": "2026-12-01T00:00:00Z", "deletionPolicy": "Release",
        "automation": {"emailDomain": "ops.example.com"},
    });
    let status = json!({
        "observedGeneration": 3, "lastHandledReconcileAt": "now", "version": "4.14.2", "conditions": conditions(),
        "connection": {"fingerprint": "f", "witnesses": [{"kind": "Account", "id": 42}, {"kind": "User", "id": 7}]},
    });
    round_trip::<ChatwootInstance>(cluster().await, spec, status, &["spec.ca.configMapKeyRef"]).await;
}

#[tokio::test]
async fn a_grant_comes_back_whole() {
    let spec = json!({
        "instanceRef": {"name": "main"}, "namespaces": selector(), "emailDomains": ["acme.example", "*.acme.example"],
        "plans": ["free", "pro"], "adoptable": {"accounts": [42], "users": [7, 8]}, "suspended": true,
        "allow": ["Features", "Limits", "State", "CustomAttributes", "Delete", "Credentials", "InstallationBots"],
    });
    let status =
        json!({"observedGeneration": 3, "lastHandledReconcileAt": "now", "conditions": conditions()});
    round_trip::<ChatwootGrant>(cluster().await, spec, status, &["spec.namespaces.names"]).await;
}

#[tokio::test]
async fn a_plan_comes_back_whole() {
    let spec = json!({
        "instanceRef": {"name": "main"}, "features": {"sla": true, "crm": false}, "limits": {"agents": 25},
        "customAttributes": {"tier": "pro", "seats": 25},
    });
    let status =
        json!({"observedGeneration": 3, "lastHandledReconcileAt": "now", "conditions": conditions()});
    round_trip::<ChatwootPlan>(cluster().await, spec, status, &[]).await;
}

#[tokio::test]
async fn an_account_comes_back_whole() {
    let spec = json!({
        "instanceRef": {"name": "main", "namespace": "chatwoot-system"}, "plan": "pro", "name": "Acme Support",
        "locale": "no", "domain": "", "supportEmail": "help@acme.example", "state": "Suspended",
        "features": {"help_center": true}, "limits": {"agents": 10},
        "customAttributes": {"segment": "smb", "number": -1, "like_a_number": "1"},
        "membersFrom": [{"namespaces": selector(), "roles": ["Agent", "Administrator"]}], "adopt": {"id": 42},
        "settings": {
            "autoResolveAfter": "72h", "autoResolveMessage": "Bye\nbye", "autoResolveIgnoreWaiting": true,
            "autoResolveLabel": "closed", "audioTranscriptions": false,
        },
        "verify": {"interval": "1h30m"},
        "deletionPolicy": "Suspend", "mode": "Observe", "paused": true,
    });
    let status = json!({
        "observedGeneration": 3, "lastHandledReconcileAt": "now", "id": 42, "ownership": "Adopted",
        "instance": binding(), "url": "https://chat/app/accounts/42",
        "creation": {
            "attempt": 2, "nonce": "n", "startedAt": "2026-01-01T00:00:00.123456789Z", "timeout": "20s",
            "outcome": "NotSent", "answered": true,
            "repeats": [{"attempt": 1, "cause": "NotFound", "at": "2026-01-01T00:00:00Z"}],
        },
        "duplicates": [43, 44], "decision": {"token": "t"},
        "managed": {"features": ["sla"], "limits": ["agents"], "customAttributes": ["segment"]},
        "applied": "a", "drifted": ["name"], "suspendedBy": "Grant", "stateBefore": "Active",
        "automation": {
            "email": "chatwoot-operator+42@ops.example.com", "userId": 17, "unansweredSince": "2026-01-01T00:00:00.5Z",
            "problem": {"reason": "Refused", "generation": 3, "detail": "HTTP 422"},
        },
        "deletion": {"sentAt": "2026-01-01T00:00:00Z"}, "conditions": conditions(),
    });
    let choices = ["spec.membersFrom[].namespaces.names"];
    round_trip::<ChatwootAccount>(cluster().await, spec, status, &choices).await;
}

#[tokio::test]
async fn a_user_comes_back_whole() {
    let spec = json!({
        "instanceRef": {"name": "main", "namespace": "chatwoot-system"}, "email": "Alice@acme.example", "name": "Alice",
        "displayName": "", "customAttributes": {"team": "blue", "floor": 3},
        "memberships": [{"namespace": "", "account": "acme", "role": "Administrator"}],
        "password": {"generate": {"rotation": "1"}},
        "credentialsSecret": {"name": "alice", "accessToken": {"rotation": "1"}, "labels": {"a": "b"}, "annotations": {"c": "d"}},
        "adopt": {"id": 7}, "deletionPolicy": "Retain", "mode": "Observe", "paused": true,
    });
    let status = json!({
        "observedGeneration": 3, "lastHandledReconcileAt": "now", "id": 7, "ownership": "Created",
        "instance": binding(), "email": "alice@acme.example", "emailTaken": {"generation": 3, "permitted": true},
        "memberships": [{
            "namespace": "", "account": "acme", "accountId": 42, "role": "Administrator", "state": "Refused",
            "reason": "NotGranted",
        }],
        "password": {"rotation": "1", "fingerprint": "f", "keyId": "k"}, "managed": {"customAttributes": ["team"]},
        "accessToken": {"rotation": "1"},
        "loginLink": {
            "requestedAt": "now", "state": "Refused", "expiresAt": "2026-01-01T00:05:00Z", "reason": "KubernetesError",
        },
        "applied": "a", "drifted": ["name"], "credentialsSecret": "alice",
        "deletion": {"sentAt": "2026-01-01T00:00:00Z"}, "conditions": conditions(),
    });
    round_trip::<ChatwootUser>(cluster().await, spec, status, &["spec.password.secretKeyRef"]).await;
}

/// The status of anything inside an account.
fn inside() -> Value {
    json!({
        "observedGeneration": 3, "lastHandledReconcileAt": "now", "id": 9, "ownership": "Created",
        "account": {"id": 42, "instance": binding()}, "key": "k",
        "creation": {"startedAt": "2026-01-01T00:00:00.5Z", "name": "n"}, "applied": "a", "drifted": ["f"],
        "connectionSecret": "s", "deletion": {"sentAt": "2026-01-01T00:00:00Z"}, "conditions": conditions(),
    })
}

/// A whole spec of something inside an account: what all of them have, and `own`.
fn whole(own: Value) -> Value {
    let mut spec = json!({"account": "acme", "adopt": true, "deletionPolicy": "Retain", "mode": "Observe", "paused": true});
    json_patch::merge(&mut spec, &own);
    spec
}

#[tokio::test]
async fn what_is_inside_accounts_comes_back_whole() {
    let cluster = cluster().await;
    let label = json!({"title": "vip", "description": "", "color": "#1f93ff", "showOnSidebar": false});
    round_trip::<ChatwootLabel>(cluster, whole(label), inside(), &[]).await;
    let team = json!({"name": "support", "description": "d", "allowAutoAssign": false, "members": ["alice"]});
    round_trip::<ChatwootTeam>(cluster, whole(team), inside(), &[]).await;
    let canned = json!({"shortCode": "hours", "content": "From 9\nto 5.\n"});
    round_trip::<ChatwootCannedResponse>(cluster, whole(canned), inside(), &[]).await;
    let text = json!({
        "attributeKey": "order", "model": "Contact", "displayType": "Text", "displayName": "Order", "description": "",
        "regexPattern": "/^[0-9]+$/", "regexCue": "Digits",
    });
    round_trip::<ChatwootCustomAttributeDefinition>(cluster, whole(text), inside(), &["spec.values"]).await;
    let list = json!({
        "attributeKey": "plan", "model": "Conversation", "displayType": "List", "displayName": "Plan",
        "description": "d", "values": ["pro", "free"],
    });
    let choices = ["spec.regexPattern", "spec.regexCue"];
    round_trip::<ChatwootCustomAttributeDefinition>(cluster, whole(list), inside(), &choices).await;
    let webhook = json!({
        "url": "https://hooks.acme.example/a", "name": "CRM", "subscriptions": ["MessageCreated", "ContactCreated"],
        "inbox": "website", "connectionSecret": {"name": "crm-hook"},
    });
    round_trip::<ChatwootWebhook>(cluster, whole(webhook), inside(), &[]).await;
}

#[tokio::test]
async fn two_appliers_each_own_their_memberships() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("list-map").await.unwrap();
    let api = api(cluster, "ChatwootUser", &namespace);
    let apply = async |who: &str, memberships: Value| {
        let spec = cases::spec("ChatwootUser", &json!({"memberships": memberships}));
        let wanted = object("ChatwootUser", "alice", spec);
        api.patch("alice", &PatchParams::apply(who), &Patch::Apply(&wanted)).await
    };
    apply("one", json!([{"namespace": "", "account": "acme", "role": "Agent"}])).await.unwrap();
    apply("two", json!([{"namespace": "bpo", "account": "acme", "role": "Administrator"}])).await.unwrap();
    let both = json!([
        {"namespace": "", "account": "acme", "role": "Agent"},
        {"namespace": "bpo", "account": "acme", "role": "Administrator"},
    ]);
    assert_eq!(api.get("alice").await.unwrap().data["spec"]["memberships"], both);
    // The same account again is the same entry, so a second owner with another role is a conflict, not a second entry.
    let conflict = apply("two", json!([{"account": "acme", "namespace": "", "role": "Administrator"}])).await;
    assert!(conflict.unwrap_err().to_string().contains("conflict with \"one\""));
    // Letting go of one's own entry leaves the other's.
    let left = apply("two", json!([])).await.unwrap();
    assert_eq!(
        left.data["spec"]["memberships"],
        json!([{"namespace": "", "account": "acme", "role": "Agent"}])
    );
}

#[tokio::test]
async fn a_condition_type_is_there_once() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("conditions").await.unwrap();
    let api = api(cluster, "ChatwootPlan", &namespace);
    api.create(&PostParams::default(), &object("ChatwootPlan", "pro", cases::plain("ChatwootPlan")))
        .await
        .unwrap();
    let condition = json!({"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let twice = Patch::Merge(json!({"status": {"conditions": [condition, condition]}}));
    let refusal = api.patch_status("pro", &PatchParams::default(), &twice).await.unwrap_err().to_string();
    assert!(refusal.contains("Duplicate value: {\"type\":\"Ready\"}"), "{refusal}");
}
