//! Kubeconfig files, self-contained so that they can be copied anywhere.

use crate::folder::{Folder, write};
use anyhow::{Context, Result};
use k8s_openapi::ByteString;
use serde_json::{Value, json};
use std::path::Path;

/// The name of cluster, user and context in every kubeconfig we write; what tells ours from somebody else's.
pub const NAME: &str = "control-plane-for-tests";

/// Who the bearer of a kubeconfig is.
pub enum Credential<'a> {
    /// `certificates/NAME.crt` and `.key`
    Certificate(&'a str),
    Token(&'a str),
}

/// Writes a kubeconfig for `server` (`https://…`), with `namespace` as the default one.
pub fn make(folder: &Folder, file: &Path, server: &str, namespace: &str, who: Credential<'_>) -> Result<()> {
    let user = match who {
        Credential::Certificate(name) => json!({
            "client-certificate-data": encoded(folder, &format!("{name}.crt"))?,
            "client-key-data": encoded(folder, &format!("{name}.key"))?,
        }),
        Credential::Token(token) => json!({ "token": token }),
    };
    let cluster = json!({ "server": server, "certificate-authority-data": encoded(folder, "ca.crt")? });
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": NAME, "cluster": cluster }],
        "users": [{ "name": NAME, "user": user }],
        "contexts": [{ "name": NAME, "context": { "cluster": NAME, "user": NAME, "namespace": namespace } }],
        "current-context": NAME,
    });
    // JSON is YAML, and every tool takes it.
    write(file, &serde_json::to_string_pretty(&config)?)
}

/// Copies the administrator's kubeconfig to where a person asked for it.
///
/// # Errors
/// Something that we did not write is in the way: it might be somebody's only kubeconfig.
pub fn copy_to(folder: &Folder, file: &Path) -> Result<()> {
    if let Ok(present) = std::fs::read_to_string(file) {
        anyhow::ensure!(
            present.trim().is_empty() || is_ours(&present),
            "{} exists and is not one of ours; give another --kubeconfig, or remove it first",
            file.display()
        );
    }
    write(file, &std::fs::read_to_string(folder.kubeconfig())?)
}

fn is_ours(text: &str) -> bool {
    serde_saphyr::from_str::<Value>(text)
        .is_ok_and(|config| config.get("current-context").is_some_and(|name| name == NAME))
}

fn encoded(folder: &Folder, file: &str) -> Result<Value> {
    let file = folder.certificate(file);
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(serde_json::to_value(ByteString(bytes))?)
}
