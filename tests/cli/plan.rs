//! What `plan` prints is what happens.

use crate::bench::{Bench, HOME};
use anyhow::Result;
use chatwoot_simulator::Act;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PLAN: &str = "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootPlan
metadata: {name: pro, namespace: chat}
spec: {instanceRef: {name: main}, features: {sla: true}, limits: {agents: 25}}
";

fn account(name: &str, spec: &str) -> String {
    format!(
        "---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAccount
metadata: {{name: {name}, namespace: acme}}
spec: {{instanceRef: {{name: main, namespace: chat}}, {spec}}}
"
    )
}

fn object<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let objects = plan["objects"].as_array().unwrap();
    objects.iter().find(|object| object["name"] == name).unwrap_or_else(|| panic!("no {name} in {plan:#}"))
}

/// What a plan says will be so in Chatwoot, in the words of the Platform API.
fn promised(planned: &Value) -> BTreeMap<String, Value> {
    let changes = planned["changes"].as_array().cloned().unwrap_or_default();
    let spoken = |field: &str| match field {
        "supportEmail" => "support_email".to_owned(),
        "state" => "status".to_owned(),
        field => field.replace("customAttributes.", "custom_attributes."),
    };
    changes
        .into_iter()
        .map(|change| (spoken(change["field"].as_str().unwrap()), change["new"].clone()))
        .collect()
}

/// What requests have written, flattened.
fn written(writes: &[(String, Value)]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (_, body) in writes {
        for (key, value) in body.as_object().into_iter().flatten() {
            match value {
                Value::Object(map) => {
                    let entries = map.iter().filter(|(key, _)| *key != "chatwoot_operator");
                    all.extend(entries.map(|(inner, value)| (format!("{key}.{inner}"), value.clone())));
                }
                value => drop(all.insert(key.clone(), value.clone())),
            }
        }
    }
    all
}

#[tokio::test]
async fn what_a_plan_prints_is_what_happens() -> Result<()> {
    let bench = Bench::new().await?;
    let manifests = format!(
        "{PLAN}{}{}",
        account("sold", "plan: pro, name: Acme Sold, locale: fr, customAttributes: {segment: smb}"),
        account("plain", "name: Acme Plain, domain: acme.example, supportEmail: help@acme.example")
    );
    let before = bench.chatwoot.last_seq().await?;
    let plan = bench.plan(&manifests, &["-o", "json"]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    bench.nothing_was_written(before).await?;
    let plan = plan.json();
    assert_eq!(object(&plan, "pro")["outcome"], "Create");

    let operator = bench.operator()?;
    for name in ["sold", "plain"] {
        let planned = object(&plan, name);
        assert_eq!(planned["outcome"], "Create", "{planned:#}");
        assert_eq!(planned["reason"], "Succeeded");
        let seq = bench.chatwoot.last_seq().await?;
        let one = if name == "sold" { manifests.rsplit_once("---").unwrap().0 } else { &manifests };
        bench.apply(one).await?;
        bench.ready(&format!("cwa/{name}")).await?;
        let writes = bench.writes_since(seq).await?;
        assert_eq!(promised(planned), written(&writes), "{name}");
        let routes: Vec<_> = writes.iter().map(|(route, _)| route.clone()).collect();
        assert_eq!(planned["requests"], json!(routes), "{name}");
    }

    // Applied, the same manifests have nothing left to do.
    let again = bench.plan(&manifests, &["-o", "json"]).await?;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.json()["objects"].as_array().unwrap().iter().all(|one| one["outcome"] == "Nothing"));

    // A field behind the operator's back, a changed one, one that is removed from a map, and a plan that is edited.
    let state = bench.chatwoot.state().await?;
    let plain = state.accounts.iter().find(|account| account.name == "Acme Plain").unwrap().id;
    bench.chatwoot.act(Act::RenameAccount { account: plain, name: "Edited".into() }).await?;
    let manifests = manifests
        .replace("segment: smb", "tier: gold")
        .replace("agents: 25", "agents: 30")
        .replace("acme.example, supportEmail", "other.example, supportEmail");
    let text = bench.plan(&manifests, &[]).await?;
    assert_eq!(text.code, 2, "{text:?}");
    for line in [
        &format!("ChatwootAccount acme/plain (id {plain}): update\n"),
        "  name: \"Edited\" → \"Acme Plain\"\n",
        "  domain: \"acme.example\" → \"other.example\"\n",
        "  limits.agents: 25 → 30\n",
        "  customAttributes.segment: \"smb\" → (nothing)\n",
        "  customAttributes.tier: (nothing) → \"gold\"\n",
        "ChatwootPlan chat/pro: update\n  spec.limits.agents: 25 → 30\n",
    ] {
        assert!(text.out.contains(line), "{line:?} is not in:\n{}", text.out);
    }
    let plan = bench.plan(&manifests, &["-o", "json"]).await?.json();
    let seq = bench.chatwoot.last_seq().await?;
    bench.apply(&manifests).await?;
    bench
        .plane
        .kubectl(["wait", "--for=jsonpath={.status.observedGeneration}=2", "-n", "acme", "cwa", "--all"])
        .run()
        .await?;
    bench.ready("cwa/plain").await?;
    bench.ready("cwa/sold").await?;
    let mut all = promised(object(&plan, "plain"));
    all.extend(promised(object(&plan, "sold")));
    // A key that is removed is left out of the map that is sent.
    assert_eq!(all.remove("custom_attributes.segment"), Some(Value::Null));
    assert_eq!(all, written(&bench.writes_since(seq).await?));
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn what_would_be_refused_is_said_before_it_is_applied() -> Result<()> {
    let bench = Bench::new().await?;
    let before = bench.chatwoot.last_seq().await?;
    let manifests = format!(
        "{}{}{}{}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: mine}}\nstringData: {{password: hunter2}}\n",
        account("plan", "name: A, plan: gold"),
        account("flag", "name: A, features: {teleport: true}"),
        account("field", "name: A, supportEmail: ''"),
        account("lost", "name: A").replace("name: main", "name: nowhere"),
    );
    let plan = bench.plan(&manifests, &[]).await?;
    assert_eq!(plan.code, 1, "{plan:?}");
    for part in [
        "ChatwootAccount acme/plan: refused\n  NotGranted: ",
        "ChatwootAccount acme/flag: refused\n  InvalidSpec: spec.features: ",
        "ChatwootAccount acme/field: invalid\n",
        "supportEmail cannot be cleared",
        "ChatwootAccount acme/lost: ",
        "Secret mine: not planned",
        "4 refused or waiting",
    ] {
        assert!(plan.out.contains(part), "{part:?} is not in:\n{}", plan.out);
    }
    assert!(!plan.out.contains("hunter2") && !plan.err.contains("hunter2"));
    assert!(!plan.out.contains(bench.chatwoot.token()) && !plan.err.contains(bench.chatwoot.token()));
    bench.nothing_was_written(before).await
}

#[tokio::test]
async fn a_plan_reaches_those_a_change_concerns() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    bench.apply(&format!("{PLAN}{}", account("sold", "plan: pro, name: Sold"))).await?;
    bench.ready("cwa/sold").await?;
    let before = bench.chatwoot.last_seq().await?;
    let plan = bench.plan(&PLAN.replace("agents: 25", "agents: 3"), &[]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(
        plan.out
            .contains("sold (id 1): update, not in the manifests but concerned\n  limits.agents: 25 → 3\n"),
        "{}",
        plan.out
    );

    let suspended = format!(
        "apiVersion: chatwoot.dev/v1alpha1\nkind: ChatwootGrant\nmetadata: {{name: stop, namespace: {HOME}}}\n\
         spec: {{instanceRef: {{name: main}}, namespaces: {{names: [acme]}}, emailDomains: ['*'], suspended: true}}\n"
    );
    let plan = bench.plan(&suspended, &["-o", "yaml"]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(plan.out.contains("field: state") && plan.out.contains("new: Suspended"), "{}", plan.out);
    bench.nothing_was_written(before).await?;
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn a_plan_that_cannot_be_made_says_why() -> Result<()> {
    let bench = Bench::new().await?;
    let missing = bench.run(&["plan", "-f", "/nowhere.yaml", "--operator-namespace", HOME], "").await?;
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("/nowhere.yaml cannot be read"), "{missing:?}");
    let lost = bench.run(&["plan", "-f", "-"], "{}").await?;
    assert_eq!(lost.code, 1);
    assert!(lost.err.contains("apiVersion"), "{lost:?}");
    let lost = bench.run(&["plan", "-f", "-"], "").await?;
    assert!(lost.err.contains("--operator-namespace"), "{lost:?}");

    bench.plane.kubectl(["delete", "secret", "platform-app", "-n", HOME]).run().await?;
    let plan = bench.plan(&account("one", "name: A"), &[]).await?;
    assert_eq!(plan.code, 1, "{plan:?}");
    assert!(plan.out.contains("instance chat/main is not Ready: CredentialsMissing"), "{}", plan.out);
    Ok(())
}

fn user(name: &str, spec: &str) -> String {
    format!(
        "---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootUser
metadata: {{name: {name}, namespace: acme}}
spec: {{instanceRef: {{name: main, namespace: chat}}, email: {name}@acme.example, name: {name}, {spec}}}
"
    )
}

#[tokio::test]
async fn people_are_planned_with_their_memberships_and_credentials() -> Result<()> {
    let bench = Bench::new().await?;
    let before = bench.chatwoot.last_seq().await?;
    let account = account("main", "name: Acme");
    let alice = user(
        "alice",
        "displayName: Al, customAttributes: {team: blue}, memberships: [{account: main, role: Administrator}], \
         password: {generate: {rotation: '1'}}, credentialsSecret: {name: alice, accessToken: {}}",
    );
    let manifests = format!("{account}{alice}");
    let text = bench.plan(&manifests, &[]).await?;
    assert_eq!(text.code, 2, "{text:?}");
    for line in [
        "ChatwootUser acme/alice: create (fails if the e-mail exists)\n",
        "  email: \"alice@acme.example\"\n",
        "  customAttributes.team: \"blue\"\n",
        "  memberships.acme/main: \"Administrator\"\n",
        "  password: \"(set)\"\n",
        "  Secret acme/alice is written\n",
    ] {
        assert!(text.out.contains(line), "{line:?} is not in:\n{}", text.out);
    }
    let plan = bench.plan(&manifests, &["-o", "json"]).await?.json();
    bench.nothing_was_written(before).await?;

    let operator = bench.operator()?;
    bench.apply(&manifests).await?;
    bench.ready("cwu/alice").await?;
    bench.ready("cwa/main").await?;
    let routes = |about: &[(String, Value)], what: &str| {
        // The simulator names the parts of a path as Rails does.
        let mut routes: Vec<_> = about.iter().map(|(route, _)| route.replace(":account_id", ":id")).collect();
        routes.retain(|route| route.contains("users") == (what == "users"));
        routes
    };
    let writes = bench.writes_since(before).await?;
    assert_eq!(object(&plan, "main")["requests"], json!(routes(&writes, "accounts")));
    let planned: Vec<String> = serde_json::from_value(object(&plan, "alice")["requests"].clone())?;
    assert_eq!(planned, routes(&writes, "users"));

    let again = bench.plan(&manifests, &[]).await?;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.out.contains("2 with nothing to do"), "{}", again.out);

    let changed = manifests.replace("Administrator", "Agent").replace("rotation: '1'", "rotation: '2'");
    let text = bench.plan(&changed.replace("team: blue", "shift: late"), &[]).await?;
    assert_eq!(text.code, 2, "{text:?}");
    for line in [
        "  memberships.acme/main: \"Administrator\" → \"Agent\"\n",
        "  customAttributes.shift: (nothing) → \"late\"\n",
        "  customAttributes.team: \"blue\" → (nothing)\n",
        "  password: (nothing) → \"(set)\"\n",
        "  Secret acme/alice is written\n",
    ] {
        assert!(text.out.contains(line), "{line:?} is not in:\n{}", text.out);
    }
    let left = user("alice", "memberships: [], deletionPolicy: Retain");
    let text = bench.plan(&left, &[]).await?;
    assert!(text.out.contains("  memberships.acme/main: \"Administrator\" → (nothing)\n"), "{}", text.out);

    let secret = bench.plane.kubectl(["get", "secret", "alice", "-n", "acme", "-o", "json"]).run().await?;
    let secret: Value = serde_json::from_str(&secret)?;
    assert!(secret["data"]["password"].is_string());
    assert!(bench.plane.writes_by(&Bench::admin_name()).await?.is_empty());
    drop(operator);
    Ok(())
}
