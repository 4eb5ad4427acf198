//! What the quick start expects of its Chatwoot, read from the manifests so that demo and example cannot differ.

use anyhow::{Context, Result};
use chatwoot_stage::repository;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the example's Chatwoot listens, and the key to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    pub address: SocketAddr,
    pub token: String,
}

pub fn folder() -> PathBuf {
    repository().join("examples/quickstart")
}

/// Reads `10-instance.yaml`.
///
/// # Errors
/// It names no address on this machine, or no token.
pub fn expected() -> Result<Expected> {
    let file = folder().join("10-instance.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text).with_context(|| format!("in {}", file.display()))
}

fn parse(yaml: &str) -> Result<Expected> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(yaml)?;
    let find = |kind: &str, field: &str| -> Option<&str> {
        objects
            .iter()
            .find(|object| object.pointer("/kind").is_some_and(|own| own == kind))?
            .pointer(field)?
            .as_str()
    };
    let url = find("ChatwootInstance", "/spec/url").context("it has no ChatwootInstance with spec.url")?;
    let address = url.strip_prefix("http://").and_then(|rest| rest.parse().ok());
    let address = address.with_context(|| format!("spec.url is {url}, not http://127.0.0.1:PORT"))?;
    let token = find("Secret", "/stringData/token").context("it has no Secret with stringData.token")?;
    Ok(Expected { address, token: token.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_a_chatwoot_on_this_machine() {
        let expected = expected().unwrap();
        assert!(
            expected.address.ip().is_loopback()
                && expected.address.port() > 1024
                && !expected.token.is_empty()
        );
    }

    #[test]
    fn an_example_that_points_elsewhere_is_refused() {
        let error = parse("{kind: ChatwootInstance, spec: {url: 'https://chat.example.com'}}").unwrap_err();
        assert!(error.to_string().contains("https://chat.example.com"), "{error}");
    }
}
