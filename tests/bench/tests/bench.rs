//! The bench counts what it should, on a load of seconds. How fast anything is is not asked here.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::process::Command;

fn count(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path} in {report:#}"))
}

fn figure(report: &Value, name: &str) -> f64 {
    let aims = report["aims"].as_array().unwrap();
    let found =
        aims.iter().find(|aim| aim["figure"] == name).unwrap_or_else(|| panic!("no {name:?} in {report:#}"));
    found["measured"].as_f64().unwrap()
}

/// Runs the bench at its smallest; what it says, and its report.
fn bench(arguments: &[&str]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_chatwoot-bench"))
        .args(["--scale", "200", "--hurry", "--json"])
        .arg(&file)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (said, serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap())
}

#[test]
fn what_everything_costs_is_counted_by_route_and_by_object() {
    let (said, report) = bench(&[]);
    assert!(
        said.contains("5 accounts and 25 users") && said.contains("at 1500 a minute, the default"),
        "{said}"
    );

    let routes = &report["create"]["calls"]["by_route"];
    assert_eq!(routes["POST /platform/api/v1/accounts"], 5, "{routes:#}");
    assert_eq!(routes["POST /platform/api/v1/users"], 25, "{routes:#}");
    assert_eq!(routes["POST /platform/api/v1/accounts/:account_id/account_users"], 25, "{routes:#}");
    // Settings and features of an account are a request each.
    assert_eq!(routes["PATCH /platform/api/v1/accounts/:id"], 10, "{routes:#}");
    for measured in ["/create/cpu_ms", "/create/peak_kib", "/create/calls/connections", "/restart/peak_kib"] {
        assert!(count(&report, measured) > 0, "{measured}");
    }
    let writes = &report["create"]["writes"]["objects"];
    assert!(writes["chatwootusers/status update"].as_u64() >= Some(25), "{writes:#}");
    assert_eq!(report["create"]["writes"]["others"], serde_json::json!({}));

    // W2: one object of thirty was changed behind the operator's back, and repaired with a PATCH.
    assert!(count(&report, "/idle/resident_kib") > 0);
    assert_eq!(count(&report, "/drift/changed"), 1);
    let repairs = report["drift"]["calls"]["by_route"].as_object().unwrap();
    assert!(repairs.keys().any(|route| route.starts_with("PATCH ")), "{repairs:#?}");

    // W4: everybody new got there, while something else went on.
    for meanwhile in ["rechecks", "changes"] {
        let new = &report["busy"][meanwhile];
        assert_eq!((count(new, "/people"), count(new, "/accounts")), (4, 2), "{new:#}");
        assert!(
            count(new, "/people_ready/p99_ms") > 0 && count(new, "/accounts_ready/p99_ms") > 0,
            "{new:#}"
        );
        assert_eq!(new["calls"]["by_route"]["POST /platform/api/v1/accounts"], 2, "{new:#}");
    }
    assert!(count(&report, "/busy/rechecks/meanwhile") > 0 && count(&report, "/busy/changes/meanwhile") > 0);

    // W5
    assert_eq!(figure(&report, "W5  Secrets and ConfigMaps of others"), 50.0);

    // W6: one account got its things, each with a call of its own and a list for each kind.
    let inside = &report["inside"];
    assert_eq!((count(inside, "/accounts"), count(inside, "/objects")), (1, 10), "{inside:#}");
    let routes = &inside["calls"]["by_route"];
    for (kind, made) in [("inboxes", 1), ("teams", 2), ("labels", 5), ("webhooks", 1), ("agent_bots", 1)] {
        assert_eq!(routes[format!("POST /api/v1/accounts/:account_id/{kind}")], made, "{routes:#}");
    }
    let lists = inside["lists"]["by_kind"].as_object().unwrap();
    assert!(lists.len() == 5 && count(inside, "/lists/most") > 0, "{lists:#?}");
    assert_eq!(figure(&report, "W6  Kubernetes writes per bot"), 4.0, "{inside:#}");
    assert_eq!(figure(&report, "W6  Kubernetes writes per label"), 3.0, "{inside:#}");
    assert_eq!(figure(&report, "W6  nothing to do: Kubernetes writes"), 0.0, "{inside:#}");

    // W7: what could not be done was done afterwards.
    for trouble in ["down", "storm"] {
        let trouble = &report["outage"][trouble];
        assert!(count(trouble, "/changed") > 0, "{trouble:#}");
        let after = trouble["calls_after"]["by_route"].as_object().unwrap();
        assert!(after.keys().any(|route| route.starts_with("PATCH ")), "{after:#?}");
    }
    assert!(report["outage"]["storm"]["calls"]["failed"].to_string().contains("429"), "{report:#}");
}

#[test]
fn only_what_is_asked_for_is_measured() {
    let (said, report) = bench(&["--only", "w5"]);
    assert!(report["unrelated"].is_object() && report["create"].is_null(), "{said}");
    assert!(
        report["aims"]
            .as_array()
            .unwrap()
            .iter()
            .all(|aim| aim["figure"].as_str().unwrap().starts_with("W5"))
    );
}
