//! `doctor` finds what is wrong, says what to do, and touches nothing.

use crate::bench::{Bench, Ended, HOME};
use anyhow::Result;
use chatwoot_simulator::{Act, Effect, Fault};
use serde_json::{Value, json};

const ACCOUNT: &str = "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootAccount
metadata: {name: main, namespace: acme}
spec: {instanceRef: {name: main, namespace: chat}, name: Acme}
";

async fn doctor(bench: &Bench, more: &[&str]) -> Result<Ended> {
    bench.run(&[&["doctor", "--operator-namespace", HOME], more].concat(), "").await
}

/// The finding of a check about the instance, or about the cluster.
fn found<'a>(report: &'a Value, check: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("no {check} in {report:#}"))
}

async fn examined(bench: &Bench, code: i32) -> Result<Value> {
    let seq = bench.chatwoot.last_seq().await?;
    let ended = doctor(bench, &["-o", "json"]).await?;
    assert_eq!(ended.code, code, "{ended:?}");
    assert!(!ended.out.contains(bench.chatwoot.token()) && !ended.err.contains(bench.chatwoot.token()));
    bench.nothing_was_written(seq).await?;
    Ok(ended.json())
}

#[tokio::test]
async fn a_healthy_installation_is_told_so() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    bench.apply(ACCOUNT).await?;
    bench.ready("cwa/main").await?;
    let well = doctor(&bench, &[]).await?;
    assert_eq!(well.code, 0, "{well:?}");
    for part in [
        "cluster                     definitions       ok",
        "may do what the operator does",
        "ChatwootInstance chat/main  token             ok",
        "Chatwoot 4.14.2",
        "queue and database work",
        "1 carry this operator's marker",
        "ChatwootAccounts: 1 Ready",
        "2 ChatwootGrants in force",
    ] {
        assert!(well.out.contains(part), "{part:?} is not in:\n{}", well.out);
    }
    let report = examined(&bench, 0).await?;
    assert_eq!(found(&report, "operator")["level"], "Ok");
    assert_eq!(found(&report, "installation")["level"], "Ok");

    // An account that was let go on purpose, and then the index that a deletion breaks.
    bench.plane.kubectl(["delete", "cwa/main", "-n", "acme"]).run().await?;
    let report = examined(&bench, 2).await?;
    assert_eq!(found(&report, "unowned accounts")["level"], "Warning");
    assert!(found(&report, "unowned accounts")["message"].as_str().unwrap().contains("accounts 1 carry"));
    bench.chatwoot.act(Act::DeleteAccount { account: 1, when: Default::default() }).await?;
    let broken = doctor(&bench, &["--instance", "chat/main"]).await?;
    assert_eq!(broken.code, 2, "{broken:?}");
    assert!(broken.out.contains("PROBLEM  broken: a deleted account"), "{}", broken.out);
    assert!(
        broken.out.contains("PlatformAppPermissible.where(permissible_type: 'Account')"),
        "{}",
        broken.out
    );
    assert!(broken.out.contains("DELETE FROM platform_app_permissibles"), "{}", broken.out);
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_an_instance_is_found() -> Result<()> {
    let bench = Bench::new().await?;
    // No operator has ever run here.
    let report = examined(&bench, 2).await?;
    assert_eq!(found(&report, "operator")["level"], "Problem");
    assert_eq!(found(&report, "installation")["level"], "Warning");
    assert_eq!(found(&report, "token")["level"], "Ok");

    for (version, check, level) in [("4.1.0", "version", "Problem"), ("9.0.0", "version", "Warning")] {
        let body = json!({"version": version, "queue_services": "failing", "data_services": "ok"});
        let answer = Effect::Json { status: 200, body, after_commit: false };
        bench.chatwoot.add_fault(Fault::always("GET /api", answer)).await?;
        let report = examined(&bench, 2).await?;
        assert_eq!(found(&report, check)["level"], level, "{version}");
        if level == "Warning" {
            assert_eq!(found(&report, "services")["level"], "Problem");
        }
        bench.chatwoot.clear_faults().await?;
    }

    let token = |text: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "platform-app", "namespace": HOME},
            "stringData": {"token": text}})
        .to_string()
    };
    bench.apply(&token("wrong")).await?;
    let report = examined(&bench, 2).await?;
    assert_eq!(found(&report, "url")["level"], "Ok");
    assert!(found(&report, "token")["message"].as_str().unwrap().contains("refuses the platform token"));

    bench.plane.kubectl(["delete", "secret/platform-app", "-n", HOME]).run().await?;
    let report = examined(&bench, 2).await?;
    assert!(
        found(&report, "token")["message"]
            .as_str()
            .unwrap()
            .contains("create it with: kubectl -n chat create secret")
    );

    bench.apply(&token(bench.chatwoot.token())).await?;
    bench
        .plane
        .kubectl([
            "patch",
            "cwi/main",
            "-n",
            HOME,
            "--type=merge",
            "-p",
            r#"{"spec":{"url":"http://127.0.0.1:9"}}"#,
        ])
        .run()
        .await?;
    let report = examined(&bench, 2).await?;
    assert!(found(&report, "url")["message"].as_str().unwrap().contains("no connection"));
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_in_the_cluster_is_found() -> Result<()> {
    let bench = Bench::new().await?;
    bench
        .apply(
            "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootInstance
metadata: {name: stray, namespace: acme}
spec: {url: 'http://127.0.0.1:9', platformTokenSecretRef: {name: none}}
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootGrant
metadata: {name: lost, namespace: chat}
spec: {instanceRef: {name: nowhere}, namespaces: {names: [acme]}, emailDomains: ['*']}
",
        )
        .await?;
    bench.plane.kubectl(["delete", "clusterrolebinding", "admin-of-this-test"]).run().await?;
    let admin = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: only-the-admin}, roleRef: {apiGroup: \
                 rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}, subjects: [{kind: ServiceAccount, name: \
                 admin, namespace: chat}]}";
    bench.apply(admin).await?;
    let report = examined(&bench, 2).await?;
    let rights = found(&report, "rights");
    assert_eq!(rights["level"], "Problem");
    assert!(rights["message"].as_str().unwrap().contains("patch chatwootaccounts"), "{rights}");
    assert!(found(&report, "in force")["about"] == "ChatwootGrant chat/lost", "{report:#}");
    let stray = found(&report, "instance");
    assert_eq!(stray["about"], "ChatwootInstance acme/stray");
    assert!(stray["message"].as_str().unwrap().contains("--instance-namespaces"), "{stray}");

    bench.plane.kubectl(["delete", "crd", "chatwootplans.chatwoot.dev"]).run().await?;
    let ended = doctor(&bench, &[]).await?;
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.out.contains("not installed: chatwootplans.chatwoot.dev"), "{}", ended.out);
    Ok(())
}

#[tokio::test]
async fn the_bootstrap_is_printed_without_a_look_at_anything() -> Result<()> {
    let bench = Bench::new().await?;
    let plugin = tempfile::tempdir()?;
    let plugin = plugin.path().join("kubectl-chatwoot");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_chatwoot-operator"), &plugin)?;
    let seq = bench.chatwoot.last_seq().await?;
    let printed = bench.run_as(&plugin, &["doctor", "--rails", "--instance", "chat/main"], "").await?;
    assert_eq!(printed.code, 0, "{printed:?}");
    assert!(printed.out.contains("PlatformApp.find_or_create_by!(name: 'chatwoot-operator')"));
    assert!(
        printed
            .out
            .contains("kubectl -n chat create secret generic platform-app --from-file=token=/dev/stdin")
    );
    assert_eq!(bench.chatwoot.last_seq().await?, seq);
    let help = bench.run_as(&plugin, &["doctor", "--help"], "").await?;
    assert!(help.out.contains("Usage: kubectl chatwoot doctor"), "{help:?}");
    assert!(help.out.contains("Exit codes: 0 all is well; 2"), "{help:?}");
    Ok(())
}
