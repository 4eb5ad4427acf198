//! What Argo CD calls healthy, by the check that the example ships, run by Lua 5.1 as Argo CD's interpreter does.

use crate::chart::repository;
use anyhow::{Context, Result};
use mlua::{Lua, LuaSerdeExt, Table};
use serde_json::{Value, json};
use std::fs;

fn check() -> Result<String> {
    let text = fs::read_to_string(repository().join("examples/gitops/argocd/health.yaml"))?;
    let map: Value = serde_saphyr::from_str(&text)?;
    let customizations = map["data"]["resource.customizations"].as_str().context("no customizations")?;
    let customizations: Value = serde_saphyr::from_str(customizations)?;
    Ok(customizations["chatwoot.dev/*"]["health.lua"].as_str().context("no check")?.to_owned())
}

/// Health and message of an object of generation 2.
fn health(deleting: bool, status: Value) -> Result<(String, String)> {
    let mut metadata = json!({"name": "acme", "generation": 2});
    if deleting {
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    }
    let mut object = json!({"kind": "ChatwootAccount", "metadata": metadata});
    if !status.is_null() {
        object["status"] = status;
    }
    let lua = Lua::new();
    let run = || -> mlua::Result<(String, String)> {
        lua.globals().set("obj", lua.to_value(&object)?)?;
        let answer: Table = lua.load(check().map_err(mlua::Error::external)?).eval()?;
        Ok((answer.get("status")?, answer.get("message")?))
    };
    run().map_err(|error| anyhow::anyhow!("{object}: {error}"))
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": format!("about {reason}")})
}

fn status(conditions: &[Value]) -> Value {
    json!({"observedGeneration": 2, "conditions": conditions})
}

#[test]
fn argo_cd_tells_waiting_from_working_from_broken() -> Result<()> {
    let ready = condition("Ready", "True", "Succeeded");
    let observed = condition("Ready", "True", "Observed");
    let creating = condition("Ready", "False", "Creating");
    let refused = condition("Ready", "False", "NotGranted");
    let reconciling = condition("Reconciling", "True", "Creating");
    let stalled = condition("Stalled", "True", "NotGranted");
    let blocked = condition("Stalled", "True", "DeletionBlocked");
    let drifted = condition("Drifted", "True", "Drifted");
    let paused = condition("Paused", "True", "Paused");
    for (what, deleting, status, expected, said) in [
        ("just applied", false, json!({"observedGeneration": -1}), "Progressing", "Waiting for the operator"),
        ("without status", false, Value::Null, "Progressing", "Waiting for the operator"),
        ("looked at", false, status(&[]), "Progressing", "Waiting for the operator"),
        ("ready", false, status(std::slice::from_ref(&ready)), "Healthy", "Succeeded: about Succeeded"),
        ("observed", false, status(&[observed, drifted]), "Healthy", "Observed: about Observed"),
        ("at work", false, status(&[creating, reconciling]), "Progressing", "Creating: about Creating"),
        ("refused", false, status(&[refused, stalled.clone()]), "Degraded", "NotGranted: about NotGranted"),
        (
            "was ready, is not",
            false,
            status(&[ready.clone(), stalled]),
            "Degraded",
            "NotGranted: about NotGranted",
        ),
        ("paused", false, status(&[ready.clone(), paused]), "Suspended", "Paused: about Paused"),
        ("going", true, status(std::slice::from_ref(&ready)), "Progressing", "Being deleted"),
        ("held back", true, status(&[blocked]), "Degraded", "DeletionBlocked: about DeletionBlocked"),
        (
            "ready for an earlier spec",
            false,
            json!({"observedGeneration": 1, "conditions": [ready]}),
            "Progressing",
            "Waiting for the operator to look at this generation",
        ),
    ] {
        let (health, message) = health(deleting, status).context(what)?;
        assert_eq!(
            (health.as_str(), message.as_str().starts_with(said)),
            (expected, true),
            "{what}: {message}"
        );
    }
    Ok(())
}
