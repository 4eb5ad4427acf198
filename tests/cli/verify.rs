//! `verify` walks a customer's first message, and leaves nothing behind, whatever happens.

use crate::{
    bench::{Bench, Ended, SECOND},
    inside::{INSIDE, Inside, PROGRAM, ended},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditAccount, Effect, Filter, Release};
use serde_json::{Value, json};
use std::path::Path;
use tokio::io::{AsyncBufReadExt, BufReader};

/// The steps with their results.
fn steps(ended: &Ended) -> Vec<(String, String)> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    ended.column("step").into_iter().map(text).zip(ended.column("result").into_iter().map(text)).collect()
}

#[tokio::test]
async fn a_first_message_arrives_and_nothing_is_left() -> Result<()> {
    let inside = Inside::new().await?;
    let ended = inside.verify(&inside.token).await?.fine();
    let steps = steps(&ended);
    assert!(steps.iter().all(|(_, result)| result == "ok"), "{ended:?}");
    let names: Vec<&str> = steps.iter().map(|(step, _)| step.as_str()).collect();
    assert_eq!(names.len(), 18, "{names:?}");
    assert_eq!((names[0], names[16], names[17]), ("make an inbox", "delete the contact", "delete the inbox"));
    assert!(!ended.out.contains(&inside.token) && !ended.err.contains(&inside.token));

    // What Chatwoot saw: a proof from the customer, and every kind of call.
    let journal = inside.chatwoot.journal(&Filter::default()).await?;
    let arrival = journal.iter().find(|entry| entry.method == "POST" && entry.path.ends_with("/contacts"));
    assert!(arrival.context("nobody arrived")?.body.contains("identifier_hash"));
    for part in [
        "toggle_typing",
        "update_last_seen",
        "contacts/search",
        "contacts/filter",
        "labels",
        "custom_attributes",
        "toggle_status",
    ] {
        assert!(journal.iter().any(|entry| entry.path.contains(part)), "{part} was not called");
    }
    inside.nothing_is_left().await
}

#[tokio::test]
async fn whatever_fails_is_said_and_cleaned_up() -> Result<()> {
    let inside = Inside::new().await?;
    let error = Effect::Status { status: 500, after_commit: false };
    let customers = "/public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations";
    for (route, step) in [
        (format!("POST {INSIDE}/conversations/:id/toggle_status"), "agent: resolve the conversation"),
        (format!("POST {INSIDE}/conversations/:id/labels"), "agent: label the conversation"),
        (format!("POST {customers}/:conversation_id/update_last_seen"), "customer: have seen it"),
    ] {
        inside.chatwoot.fault_once(&route, error.clone()).await?;
        let ended = inside.verify(&inside.token).await?;
        assert_eq!(ended.code, 1, "{ended:?}");
        let steps = steps(&ended);
        let failed: Vec<_> = steps.iter().filter(|(_, result)| result != "ok").collect();
        assert_eq!(failed, [&(step.to_owned(), "failed".to_owned())], "{ended:?}");
        assert!(ended.out.contains("Chatwoot failed with an internal error"), "{ended:?}");
        assert_eq!(steps.last().map(|(step, _)| step.as_str()), Some("delete the inbox"));
        inside.nothing_is_left().await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_inbox_or_contact_whose_answer_was_lost_is_found_and_removed() -> Result<()> {
    let inside = Inside::new().await?;
    for (route, step) in [
        (format!("POST {INSIDE}/inboxes"), "make an inbox"),
        (
            "POST /public/api/v1/inboxes/:inbox_id/contacts".to_owned(),
            "customer: arrive with a proven identity",
        ),
    ] {
        inside.chatwoot.fault_once(&route, Effect::CloseAfterCommit).await?;
        let ended = inside.verify(&inside.token).await?;
        assert_eq!(ended.code, 1, "{ended:?}");
        let failed = steps(&ended).into_iter().find(|(_, result)| result == "failed");
        assert_eq!(failed.context("nothing failed")?.0, step);
        inside.nothing_is_left().await?;
    }
    Ok(())
}

#[tokio::test]
async fn ctrl_c_cleans_up_first() -> Result<()> {
    let inside = Inside::new().await?;
    let route = format!("POST {INSIDE}/conversations/:id/labels");
    inside.chatwoot.fault_once(&route, Effect::HangAfterCommit).await?;
    let mut child = inside.begin_verify(&inside.token)?;
    inside.chatwoot.wait(&Filter::route(&route), 1, 60 * SECOND).await?;
    let id = child.id().context("it is over")?.to_string();
    assert!(tokio::process::Command::new("kill").args(["-INT", &id]).status().await?.success());
    let mut told = BufReader::new(child.stderr.take().context("no standard error")?).lines();
    while !told.next_line().await?.context("it ended without a word")?.starts_with("stopping") {}
    // The step under way is awaited, and its answer only comes now.
    inside.chatwoot.release(Release::proceed()).await?;
    let rest = async { while let Ok(Some(_)) = told.next_line().await {} };
    let (ended, ()) = tokio::join!(ended(child), rest);
    let ended = ended?;
    assert_eq!(ended.code, 1, "{ended:?}");
    let steps = steps(&ended);
    assert!(steps.iter().any(|(_, result)| result == "stopped"), "{ended:?}");
    assert_eq!(steps.last().map(|(step, _)| step.as_str()), Some("delete the inbox"));
    inside.nothing_is_left().await
}

#[tokio::test]
async fn a_token_that_will_not_do_is_named_and_nothing_is_made() -> Result<()> {
    let inside = Inside::new().await?;
    for (token, told) in [
        (
            inside.agents_token.as_str(),
            "the token in CHATWOOT_TOKEN belongs to somebody who is not in the account, or no administrator",
        ),
        ("none", "the token in CHATWOOT_TOKEN is none of this Chatwoot's"),
    ] {
        let ended = inside.verify(token).await?;
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.out.contains(told), "{ended:?}");
        assert_eq!(steps(&ended), [("make an inbox".to_owned(), "failed".to_owned())]);
    }
    let suspend =
        EditAccount { account: inside.account, status: Some("suspended".into()), ..EditAccount::default() };
    inside.chatwoot.act(Act::EditAccount(suspend)).await?;
    let ended = inside.verify(&inside.token).await?;
    assert!(ended.code == 1 && ended.out.contains("the account is suspended"), "{ended:?}");
    inside.nothing_is_left().await
}

/// An account, and an administrator whose token is in a Secret.
const TENANT: &str = "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAccount
metadata: {name: main, namespace: acme}
spec: {instanceRef: {name: main, namespace: chat}, name: Acme}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootUser
metadata: {name: alice, namespace: acme}
spec:
  instanceRef: {name: main, namespace: chat}
  email: alice@acme.example
  name: Alice
  memberships: [{account: main, role: Administrator}]
  credentialsSecret: {name: alice, accessToken: {}}
";

#[tokio::test]
async fn the_cluster_knows_where_an_account_is_and_has_a_token_for_it() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    bench.apply(TENANT).await?;
    bench.ready("cwa/main").await?;
    bench.ready("cwu/alice").await?;
    let ended = bench.run(&["verify", "acme/main", "--credentials", "acme/alice"], "").await?.fine();
    assert!(ended.out.starts_with("STEP ") && ended.out.contains("delete the inbox"), "{ended:?}");

    let listed = ["contacts", "list", "--account", "acme/main", "-o", "json", "--credentials"];
    let list = async |secret: &str| bench.run(&[&listed[..], &[secret]].concat(), "").await;
    assert_eq!(list("acme/alice").await?.fine().out, "[]\n");
    // A Secret says how customers' applications come in.
    let channel = chatwoot_simulator::ChannelKind::Api;
    let made = Act::CreateInbox { account: 1, name: "App".into(), channel, fields: Default::default() };
    let id = bench.chatwoot.act(made).await?.id.context("no id")?;
    let inboxes = bench.chatwoot.state().await?.content.inboxes;
    let inbox = inboxes.into_iter().find(|inbox| inbox.id == id).context("no inbox")?;
    let data = json!({"inbox_identifier": inbox.identifier, "hmac_token": inbox.hmac_token});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "app", "namespace": "acme"},
        "stringData": data});
    bench.apply(&secret.to_string()).await?;
    let create =
        ["client", "contact", "create", "--identifier=al-7", "--url", bench.chatwoot.url(), "--connection"];
    let create = async |secret: &str| bench.run(&[&create[..], &[secret]].concat(), "").await;
    assert!(create("acme/app").await?.fine().out.contains("CONTACT IDENTIFIER"));
    create("acme/alice").await?.refused(&["Secret acme/alice has no key inbox_identifier"]);

    list("acme/nobody").await?.refused(&["Secret acme/nobody does not exist"]);
    list("chat/platform-app").await?.refused(&["Secret chat/platform-app has no key access_token"]);
    bench
        .run(&["contacts", "list", "--account", "acme/other"], "")
        .await?
        .refused(&["no token", "CHATWOOT_TOKEN"]);
    let other = ["contacts", "list", "--account", "acme/other", "--credentials", "acme/alice"];
    bench.run(&other, "").await?.refused(&["ChatwootAccount acme/other does not exist"]);
    drop(operator);
    Ok(())
}

/// The pod of `helm test` cannot run here; its command can, as its service account and with what the chart lets that do.
#[tokio::test]
async fn helm_test_walks_with_the_rights_the_chart_gives_it() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    bench.apply(TENANT).await?;
    bench.ready("cwu/alice").await?;
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/chatwoot-operator");
    let values = json!({"test": {"account": "acme/main", "credentialsSecret": "alice"}});
    let template = ["template", "chatwoot-operator", "--namespace", "chat", "--values", "-", "--show-only"];
    let rendered = (bench.plane.helm(template).args(["templates/tests/verify.yaml"]).args([&chart]))
        .stdin(values.to_string())
        .run()
        .await?;
    let parts: Vec<Value> = serde_saphyr::from_multiple(&rendered).context("this is not YAML")?;
    let (pod, rights): (Vec<&Value>, _) = parts.iter().partition(|part| part["kind"] == "Pod");
    for right in rights {
        bench.apply(&right.to_string()).await?;
    }
    let spec = &pod.first().context("no pod")?["spec"];
    let words = spec["containers"][0]["args"].as_array().context("no arguments")?;
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    let who = spec["serviceAccountName"].as_str().context("no service account")?;
    let kubeconfig = bench.plane.kubeconfig_for_service_account("chat", who).await?;
    let run = async || {
        let output =
            tokio::process::Command::new(PROGRAM).args(&words).env("KUBECONFIG", &kubeconfig).output();
        tokio::time::timeout(60 * SECOND, output).await?.context("it cannot be run")
    };
    let ended = run().await?;
    let said = String::from_utf8(ended.stdout)?;
    let told = String::from_utf8(ended.stderr)?;
    assert!(ended.status.success() && said.contains("delete the inbox"), "{said}{told}");
    // Helm takes the rights away with the test.
    bench.plane.kubectl(["delete", "role", "-n", "acme", "chatwoot-operator-test-account"]).run().await?;
    let ended = run().await?;
    let told = String::from_utf8(ended.stderr)?;
    assert!(!ended.status.success() && told.contains("you may not read it"), "{told}");
    drop(operator);
    Ok(())
}
