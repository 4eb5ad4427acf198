//! The bench counts what it should, on a load of seconds. How fast anything is is not asked here.

// clippy.toml allows these in test functions; here the helpers beside them are tests, too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;
use std::process::Command;

fn count(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("no {path} in {report:#}"))
}

#[test]
fn what_creating_costs_is_counted_by_route_and_by_object() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_chatwoot-bench"))
        .args(["--scale", "200", "--hurry", "--json"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("5 accounts and 25 users") && said.contains("at 1500 a minute, the default"),
        "{said}"
    );

    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
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
}
