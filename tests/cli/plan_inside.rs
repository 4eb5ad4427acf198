//! What `plan` says of what is inside accounts.

use crate::bench::{Bench, HOME};
use anyhow::Result;
use chatwoot_simulator::{Act, RecordKind};
use serde_json::json;

const TENANT: &str = "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAccount
metadata: {name: main, namespace: acme}
spec: {instanceRef: {name: main, namespace: chat}, name: Acme}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootLabel
metadata: {name: vip, namespace: acme}
spec: {account: main, title: vip, color: '#1f93ff'}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootWebhook
metadata: {name: hook, namespace: acme}
spec: {account: main, url: 'https://hooks.acme.example/chatwoot?key=s3cr3t'}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAutomationRule
metadata: {name: sort, namespace: acme}
spec:
  account: main
  name: Sort
  event: ConversationCreated
  conditions: [{attribute: Status, operator: EqualTo, values: [Open]}]
  actions: [{addLabels: [vip]}]
";

#[tokio::test]
async fn what_is_inside_accounts_is_planned_and_then_so() -> Result<()> {
    let bench = Bench::new().await?;
    let automated = r#"{"spec": {"automation": {"emailDomain": "ops.example.com"}}}"#;
    bench.plane.kubectl(["patch", "cwi", "main", "-n", HOME, "--type=merge", "-p", automated]).run().await?;
    let before = bench.chatwoot.last_seq().await?;
    let plan = bench.plan(TENANT, &[]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    for part in [
        "ChatwootLabel acme/vip: create\n  color: \"#1f93ff\"\n  title: \"vip\"\n  it is made after its account",
        "ChatwootAutomationRule acme/sort: create\n",
        "  eventName: \"conversation_created\"\n",
        "ChatwootWebhook acme/hook: create\n  url: \"(set)\"\n",
        "4 to create, 0 to update",
    ] {
        assert!(plan.out.contains(part), "{part:?} is not in:\n{}", plan.out);
    }
    assert!(!plan.out.contains("s3cr3t"), "{}", plan.out);
    bench.nothing_was_written(before).await?;

    let operator = bench.operator()?;
    bench.apply(TENANT).await?;
    bench.ready("cwl/vip").await?;
    bench.ready("cwar/sort").await?;
    bench.ready("cww/hook").await?;
    let again = bench.plan(TENANT, &[]).await?;
    assert_eq!(again.code, 0, "{again:?}");

    let state = bench.chatwoot.state().await?;
    let (label, rule) = (state.content.labels[0].id, state.content.automation_rules[0].id);
    let fields = json!({"active": false}).as_object().unwrap().clone();
    bench.chatwoot.act(Act::EditRecord { kind: RecordKind::AutomationRule, id: rule, fields }).await?;
    let before = bench.chatwoot.last_seq().await?;
    let changed = TENANT.replace("#1f93ff", "#000000").replace("name: Sort", "name: Sort\n  active: true");
    let changed = changed.replace("s3cr3t", "an0ther");
    let plan = bench.plan(&changed, &["-o", "json"]).await?;
    assert!(!plan.out.contains("an0ther") && !plan.out.contains("s3cr3t"), "{}", plan.out);
    let plan = bench.plan(&changed, &[]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    assert!(!plan.out.contains("an0ther") && !plan.out.contains("s3cr3t"), "{}", plan.out);
    for part in [
        format!("ChatwootLabel acme/vip (id {label}): update\n  color: \"#1f93ff\" → \"#000000\"\n"),
        format!("ChatwootAutomationRule acme/sort (id {rule}): update\n"),
        "  active: false → true\n".to_owned(),
    ] {
        assert!(plan.out.contains(&part), "{part:?} is not in:\n{}", plan.out);
    }
    bench.nothing_was_written(before).await?;

    let doctor = bench.run(&["doctor", "--operator-namespace", HOME], "").await?;
    assert!(doctor.out.contains("ChatwootLabels: 1 Ready"), "{doctor:?}");
    assert!(doctor.out.contains("ChatwootAutomationRules: 1 Ready"), "{doctor:?}");
    drop(operator);
    Ok(())
}
