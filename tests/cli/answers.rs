//! `resolve` and `reconcile`: asking the operator, and waiting for its answer.

use crate::bench::{Bench, SECOND};
use anyhow::Result;
use chatwoot_simulator::{Act, Effect, Fault, Filter};
use serde_json::Value;

const ACCOUNT: &str = "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAccount
metadata: {name: main, namespace: acme}
spec: {instanceRef: {name: main, namespace: chat}, name: Acme}
";

async fn status(bench: &Bench, path: &str) -> Result<String> {
    bench
        .plane
        .kubectl(["get", "cwa/main", "-n", "acme", "-o", &format!("jsonpath={{.status.{path}}}")])
        .run()
        .await
}

#[tokio::test]
async fn an_account_that_is_gone_is_replaced_when_a_person_says_so() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    bench.apply(ACCOUNT).await?;
    bench.ready("cwa/main").await?;

    // Nothing stands open, so no answer is taken.
    let early = bench.run(&["resolve", "account", "acme/main", "--create"], "").await?;
    assert_eq!(early.code, 1, "{early:?}");
    assert!(early.err.contains("asks nothing: Ready is True with reason Succeeded"), "{early:?}");
    let nobody = bench.run(&["resolve", "account", "acme/nobody", "--create"], "").await?;
    assert!(nobody.err.contains("ChatwootAccount acme/nobody does not exist"), "{nobody:?}");

    let id: i64 = status(&bench, "id").await?.parse()?;
    bench.chatwoot.act(Act::DeleteAccount { account: id, when: Default::default() }).await?;
    // A just-made account is not believed to be gone, so this one was made long ago.
    let long_ago = r#"{"status":{"creation":{"startedAt":"2026-01-01T00:00:00Z"}}}"#;
    let patch = ["patch", "cwa/main", "-n", "acme", "--subresource=status", "--type=merge", "-p", long_ago];
    bench.plane.kubectl(patch).run().await?;
    let looked = bench.run(&["reconcile", "account", "acme/main", "-o", "json"], "").await?;
    assert_eq!(looked.code, 2, "{looked:?}");
    assert_eq!(looked.json()["objects"][0]["reason"], "ExternalResourceMissing");

    // Not an id of anything: the question stays open.
    let wrong = bench.run(&["resolve", "account", "acme/main", "--account-id", "999"], "").await?;
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.out.contains("Chatwoot has no account 999"), "{wrong:?}");

    let answered = bench.run(&["resolve", "account", "acme/main", "--create", "-o", "yaml"], "").await?;
    assert_eq!(answered.code, 0, "{answered:?}");
    assert!(
        answered.out.contains("ready: 'True'") || answered.out.contains("ready: \"True\""),
        "{answered:?}"
    );
    let new: i64 = status(&bench, "id").await?.parse()?;
    assert_ne!(new, id);
    assert_eq!(bench.chatwoot.state().await?.accounts.len(), 1);
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn a_create_nobody_can_tell_is_decided_by_a_person() -> Result<()> {
    let bench = Bench::new().await?;
    // The index is broken by an account that somebody has deleted, and the answer to the POST is lost.
    let doomed = bench
        .chatwoot
        .act(Act::CreateAccount { name: "x".into(), attributes: Default::default(), app: Some(1) })
        .await?;
    let doomed = doomed.id.expect("an id");
    bench.chatwoot.act(Act::DeleteAccount { account: doomed, when: Default::default() }).await?;
    bench.chatwoot.add_fault(Fault::once("POST /platform/api/v1/accounts", Effect::ResetAfterCommit)).await?;
    bench
        .plane
        .kubectl([
            "patch",
            "cwi/main",
            "-n",
            "chat",
            "--type=merge",
            "-p",
            r#"{"spec":{"requestBudget":{"timeout":"1s"}}}"#,
        ])
        .run()
        .await?;
    let operator = bench.operator()?;
    bench.apply(ACCOUNT).await?;
    bench.reason("cwa/main", "CreateOutcomeUnknown").await?;
    let made =
        bench.chatwoot.state().await?.accounts.iter().find(|a| a.name == "Acme").expect("it was made").id;

    let answered =
        bench.run(&["resolve", "account", "acme/main", &format!("--account-id={made}")], "").await?;
    assert_eq!(answered.code, 0, "{answered:?}");
    assert!(answered.out.contains("Succeeded"), "{answered:?}");
    assert_eq!(status(&bench, "id").await?, made.to_string());
    let posts = Filter { route: Some("POST /platform/api/v1/accounts".into()), ..Filter::default() };
    assert_eq!(bench.chatwoot.journal(&posts).await?.len(), 1);
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn an_answer_waits_for_an_operator_and_says_when_there_is_none() -> Result<()> {
    let bench = Bench::new().await?;
    bench.apply(ACCOUNT).await?;
    let silent = bench.run(&["reconcile", "account", "acme/main", "--timeout=1s"], "").await?;
    assert_eq!(silent.code, 1, "{silent:?}");
    assert!(silent.err.contains("is the operator running?"), "{silent:?}");
    let asked: Value = serde_json::from_str(
        &bench.plane.kubectl(["get", "cwa/main", "-n", "acme", "-o", "json"]).run().await?,
    )?;
    assert!(asked["metadata"]["annotations"]["chatwoot.dev/reconcile-requested-at"].is_string());
    // A typing error is not "something is not Ready".
    let typo = bench.run(&["reconcile", "acount", "acme/main"], "").await?;
    assert_eq!(typo.code, 1, "{typo:?}");
    assert!(typo.err.contains("account"), "{typo:?}");
    let nobody = bench.run(&["reconcile", "user", "acme/nobody"], "").await?;
    assert!(nobody.err.contains("ChatwootUser acme/nobody does not exist"), "{nobody:?}");
    Ok(())
}

#[tokio::test]
async fn every_object_of_a_kind_is_looked_at() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    for name in ["one", "two", "three"] {
        bench
            .apply(&ACCOUNT.replace("name: main, namespace: acme", &format!("name: {name}, namespace: acme")))
            .await?;
    }
    bench.ready("cwa/three").await?;
    bench.ready("cwa/one").await?;
    bench.ready("cwa/two").await?;
    let seq = bench.chatwoot.last_seq().await?;
    let all = bench.run(&["reconcile", "cwa", "--all", "-n", "acme", "--per-second=50"], "").await?;
    assert_eq!(all.code, 0, "{all:?}");
    assert!(all.err.contains("asking for 3 ChatwootAccounts, 50 a second"), "{all:?}");
    assert!(all.err.contains("3 of 3 answered"), "{all:?}");
    assert_eq!(all.out.lines().count(), 4, "{all:?}");
    let reads =
        Filter { since: seq, route: Some("GET /platform/api/v1/accounts/:id".into()), ..Filter::default() };
    bench.chatwoot.wait(&reads, 3, SECOND).await?;
    let none = bench.run(&["reconcile", "user", "--all"], "").await?;
    assert_eq!(none.code, 0, "{none:?}");
    assert!(none.err.contains("asking for 0 ChatwootUsers"), "{none:?}");
    drop(operator);
    Ok(())
}
