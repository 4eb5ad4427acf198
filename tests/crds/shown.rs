//! What people see: defaults, columns, short names, and an object nobody has looked at.

use crate::{
    cases,
    server::{api, cluster, object},
};
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

/// Defaults of everything inside accounts.
fn inside() -> Value {
    json!({"deletionPolicy": "Delete", "mode": "Enforce", "paused": false})
}

#[tokio::test]
async fn defaults_are_stored_and_an_unseen_object_is_not_current() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("defaults").await.unwrap();
    for (kind, defaults) in [
        (
            "ChatwootInstance",
            json!({
                "platformTokenSecretRef": {"key": "token"}, "driftCheckInterval": "1h", "deletionPolicy": "Protect",
                "requestBudget": {"perMinute": 1500, "inFlight": 4, "timeout": "20s"},
            }),
        ),
        ("ChatwootGrant", json!({"suspended": false})),
        ("ChatwootPlan", json!({})),
        ("ChatwootAccount", json!({"deletionPolicy": "Retain", "mode": "Enforce", "paused": false})),
        ("ChatwootUser", json!({"deletionPolicy": "Revoke", "mode": "Enforce", "paused": false})),
        ("ChatwootInbox", json!({"deletionPolicy": "Retain", "mode": "Enforce", "paused": false})),
        (
            "ChatwootAgentBot",
            json!({"deletionPolicy": "Delete", "installationWide": false, "mode": "Enforce", "paused": false}),
        ),
        ("ChatwootLabel", inside()),
        ("ChatwootTeam", inside()),
        ("ChatwootCannedResponse", inside()),
        ("ChatwootCustomAttributeDefinition", inside()),
        ("ChatwootWebhook", inside()),
        ("ChatwootAutomationRule", inside()),
    ] {
        // A status in what somebody applies is dropped: only the operator writes it, through the subresource.
        let mut made = object(kind, "plain", cases::plain(kind));
        made.data["status"] = json!({"observedGeneration": 7, "id": 42});
        let stored = api(cluster, kind, &namespace).create(&PostParams::default(), &made).await.unwrap();
        assert_eq!(stored.data["spec"], cases::spec(kind, &defaults), "{kind}");
        assert_eq!(stored.data["status"], json!({"observedGeneration": -1}), "{kind}");
    }
}

#[tokio::test]
async fn defaults_inside_objects_fill_what_is_left_out() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("nested").await.unwrap();
    for (kind, given, filled) in [
        (
            "ChatwootInstance",
            json!({"requestBudget": {"perMinute": 60}, "ca": {"secretKeyRef": {"name": "ca"}}}),
            json!({"requestBudget": {"perMinute": 60, "inFlight": 4, "timeout": "20s"}, "ca": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}}),
        ),
        (
            "ChatwootInstance",
            json!({"ca": {"configMapKeyRef": {"name": "ca"}}}),
            json!({"ca": {"configMapKeyRef": {"name": "ca", "key": "ca.crt"}}}),
        ),
        (
            "ChatwootUser",
            json!({"password": {"generate": {}}, "credentialsSecret": {"name": "x"}}),
            json!({"password": {"generate": {"rotation": ""}}}),
        ),
    ] {
        let made = object(kind, "nested", cases::spec(kind, &given));
        let stored = api(cluster, kind, &namespace).create(&crate::server::dry_run(), &made).await.unwrap();
        for (field, value) in filled.as_object().unwrap() {
            assert_eq!(&stored.data["spec"][field], value, "{kind}.{field}");
        }
    }
}

/// One kind's table: short name, status, the columns of `kubectl get` and those `-o wide` adds.
struct Table {
    kind: &'static str,
    short: &'static str,
    spec: Value,
    status: Value,
    columns: &'static [(&'static str, &'static str)],
    wide: &'static [(&'static str, &'static str)],
}

fn tables() -> Vec<Table> {
    let instance = json!({"namespace": "chatwoot-system", "name": "main", "uid": "u"});
    vec![
        Table {
            kind: "ChatwootInstance",
            short: "cwi",
            spec: json!({}),
            status: json!({"version": "4.14.2"}),
            columns: &[("VERSION", "4.14.2"), ("AGE", "")],
            wide: &[("URL", "http://chatwoot:3000")],
        },
        Table {
            kind: "ChatwootGrant",
            short: "cwg",
            spec: json!({"suspended": true}),
            status: json!({}),
            columns: &[("INSTANCE", "main"), ("SUSPENDED", "true"), ("AGE", "")],
            wide: &[],
        },
        Table {
            kind: "ChatwootPlan",
            short: "cwp",
            spec: json!({}),
            status: json!({}),
            columns: &[("INSTANCE", "main"), ("AGE", "")],
            wide: &[],
        },
        Table {
            kind: "ChatwootAccount",
            short: "cwa",
            spec: json!({"plan": "pro", "state": "Active"}),
            status: json!({"id": 42, "instance": instance, "url": "https://chat/app/accounts/42"}),
            columns: &[("ID", "42"), ("PLAN", "pro"), ("AGE", "")],
            wide: &[("INSTANCE", "main"), ("STATE", "Active"), ("URL", "https://chat/app/accounts/42")],
        },
        Table {
            kind: "ChatwootUser",
            short: "cwu",
            spec: json!({}),
            status: json!({"id": 7, "instance": instance}),
            columns: &[("ID", "7"), ("EMAIL", "alice@acme.example"), ("AGE", "")],
            wide: &[("INSTANCE", "main")],
        },
        Table {
            kind: "ChatwootInbox",
            short: "cwx",
            spec: json!({}),
            status: json!({"id": 9}),
            columns: &[("ACCOUNT", "acme"), ("INBOX", "Help"), ("AGE", "")],
            wide: &[("ID", "9")],
        },
        Table {
            kind: "ChatwootAgentBot",
            short: "cwb",
            spec: json!({}),
            status: json!({"id": 8}),
            columns: &[("ACCOUNT", "acme"), ("BOT", "Helper"), ("AGE", "")],
            wide: &[("ID", "8"), ("EVERYWHERE", "false")],
        },
        content("ChatwootLabel", "cwl", &[("ACCOUNT", "acme"), ("TITLE", "vip"), ("AGE", "")]),
        content("ChatwootTeam", "cwt", &[("ACCOUNT", "acme"), ("TEAM", "support"), ("AGE", "")]),
        content("ChatwootCannedResponse", "cwc", &[("ACCOUNT", "acme"), ("CODE", "hours"), ("AGE", "")]),
        content(
            "ChatwootCustomAttributeDefinition",
            "cwd",
            &[("ACCOUNT", "acme"), ("KEY", "plan"), ("MODEL", "Contact"), ("AGE", "")],
        ),
        // The URL can hold a key.
        content("ChatwootWebhook", "cww", &[("ACCOUNT", "acme"), ("AGE", "")]),
        content(
            "ChatwootAutomationRule",
            "cwar",
            &[("ACCOUNT", "acme"), ("EVENT", "ConversationCreated"), ("AGE", "")],
        ),
    ]
}

fn content(
    kind: &'static str,
    short: &'static str,
    columns: &'static [(&'static str, &'static str)],
) -> Table {
    Table { kind, short, spec: json!({}), status: json!({"id": 9}), columns, wide: &[("ID", "9")] }
}

#[tokio::test]
async fn kubectl_get_shows_what_a_person_on_call_needs() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("columns").await.unwrap();
    for table in tables() {
        let api = api(cluster, table.kind, &namespace);
        let made = object(table.kind, "shown", cases::spec(table.kind, &table.spec));
        api.create(&PostParams::default(), &made).await.unwrap();
        let mut status = table.status.clone();
        status["conditions"] = json!([
            {"type": "Stalled", "status": "True", "reason": "Other", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
            {"type": "Ready", "status": "False", "reason": "NotGranted", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        ]);
        let patch = Patch::Merge(json!({"status": status}));
        api.patch_status("shown", &PatchParams::default(), &patch).await.unwrap();

        let start = [("NAME", "shown"), ("READY", "False"), ("REASON", "NotGranted")];
        let narrow: Vec<_> = start.iter().chain(table.columns).copied().collect();
        let wide: Vec<_> = narrow.iter().chain(table.wide).copied().collect();
        for (format, expected) in [("", narrow), ("wide", wide)] {
            let shown =
                cluster.kubectl(["get", table.short, "-n", &namespace, "-o", format]).run().await.unwrap();
            let mut lines = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
            assert_eq!(
                header,
                expected.iter().map(|(column, _)| *column).collect::<Vec<_>>(),
                "{}",
                table.kind
            );
            for ((column, value), shown) in expected.iter().zip(row) {
                assert!(
                    *column == "AGE" || *value == shown,
                    "{}: {column} shows {shown}, not {value}",
                    table.kind
                );
            }
        }
    }
}

#[tokio::test]
async fn one_category_names_all_kinds() {
    let cluster = cluster().await;
    let namespace = cluster.namespace("category").await.unwrap();
    for &kind in cases::KINDS {
        let made = object(kind, "one", cases::plain(kind));
        api(cluster, kind, &namespace).create(&PostParams::default(), &made).await.unwrap();
    }
    let shown = cluster.kubectl(["get", "chatwoot", "-n", &namespace, "-o", "name"]).run().await.unwrap();
    let mut shown: Vec<_> = shown.lines().collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            "chatwootaccount.chatwoot.dev/one",
            "chatwootagentbot.chatwoot.dev/one",
            "chatwootautomationrule.chatwoot.dev/one",
            "chatwootcannedresponse.chatwoot.dev/one",
            "chatwootcustomattributedefinition.chatwoot.dev/one",
            "chatwootgrant.chatwoot.dev/one",
            "chatwootinbox.chatwoot.dev/one",
            "chatwootinstance.chatwoot.dev/one",
            "chatwootlabel.chatwoot.dev/one",
            "chatwootplan.chatwoot.dev/one",
            "chatwootteam.chatwoot.dev/one",
            "chatwootuser.chatwoot.dev/one",
            "chatwootwebhook.chatwoot.dev/one",
        ]
    );
}
