//! What a ChatwootInstance may say.

use super::{Case, create};
use serde_json::json;

pub fn instance() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootInstance", refused, says, accepted);
    let duration = |text: &str| json!({"driftCheckInterval": text});
    let timeout = |text: &str| json!({"requestBudget": {"timeout": text}});
    let key = json!({"name": "authority"});
    let domain = |text: &str| json!({"automation": {"emailDomain": text}});
    let dotted = "automation.emailDomain must be a dotted domain";
    vec![
        of(domain("localhost"), dotted, domain("ops.example.com")),
        of(domain("@ops.example.com"), dotted, domain("OPS.example.com")),
        of(domain("ops.example.com\n"), dotted, domain("a-b.example.com")),
        of(
            json!({"automation": {}}),
            "spec.automation.emailDomain: Required value",
            json!({"automation": null}),
        ),
        of(json!({"url": null}), "spec.url: Required value", json!({})),
        of(json!({"platformTokenSecretRef": null}), "spec.platformTokenSecretRef: Required value", json!({})),
        of(
            json!({"url": "ftp://chatwoot"}),
            "url must be http:// or https:// and a host",
            json!({"url": "https://chatwoot"}),
        ),
        of(
            json!({"url": "http://"}),
            "url must be http:// or https:// and a host",
            json!({"url": "http://[::1]:3000"}),
        ),
        of(
            json!({"url": "http://chat woot"}),
            "url must be http:// or https:// and a host",
            json!({"url": "http://chatwoot/prefix/"}),
        ),
        of(
            json!({"url": "https://me:secret@chatwoot"}),
            "url must not contain user information",
            json!({"url": "https://chatwoot/a@b"}),
        ),
        of(
            json!({"url": "https://chatwoot/?a=b"}),
            "url must not contain a query or fragment",
            json!({"url": "https://chatwoot/"}),
        ),
        of(
            json!({"url": "https://chatwoot#top"}),
            "url must not contain a query or fragment",
            json!({"url": "https://chatwoot"}),
        ),
        of(
            json!({"externalURL": "chat.acme.example"}),
            "externalURL must be http:// or https://",
            json!({"externalURL": "https://chat.acme.example"}),
        ),
        of(
            json!({"externalURL": "https://me@chat"}),
            "externalURL must not contain user information",
            json!({"externalURL": "https://chat"}),
        ),
        of(
            json!({"externalURL": "https://chat/#"}),
            "externalURL must not contain a query or fragment",
            json!({"externalURL": "https://chat/"}),
        ),
        of(
            json!({"ca": {}}),
            "ca: set exactly one of secretKeyRef and configMapKeyRef",
            json!({"ca": {"secretKeyRef": key}}),
        ),
        of(
            json!({"ca": {"secretKeyRef": key, "configMapKeyRef": key}}),
            "ca: set exactly one of secretKeyRef and configMapKeyRef",
            json!({"ca": {"configMapKeyRef": key}}),
        ),
        of(duration("59s"), "driftCheckInterval must be from 1m to 168h", duration("1m")),
        of(duration("168h1s"), "driftCheckInterval must be from 1m to 168h", duration("168h")),
        of(duration("1d"), "should match", duration("24h")),
        of(timeout("999ms"), "requestBudget.timeout must be from 1s to 40s", timeout("1s")),
        of(timeout("41s"), "requestBudget.timeout must be from 1s to 40s", timeout("40s")),
        of(
            json!({"requestBudget": {"perMinute": 0}}),
            "should be greater than or equal to 1",
            json!({"requestBudget": {"perMinute": 1}}),
        ),
        of(
            json!({"requestBudget": {"perMinute": 100_001}}),
            "should be less than or equal to 100000",
            json!({"requestBudget": {"perMinute": 100_000}}),
        ),
        of(
            json!({"requestBudget": {"inFlight": 65}}),
            "should be less than or equal to 64",
            json!({"requestBudget": {"inFlight": 64}}),
        ),
        of(
            json!({"requestBudget": {"inFlight": 0}}),
            "should be greater than or equal to 1",
            json!({"requestBudget": {"inFlight": 1}}),
        ),
        of(
            json!({"rebindUntil": "tomorrow"}),
            "must be of type date-time",
            json!({"rebindUntil": "2026-12-01T00:00:00Z"}),
        ),
        of(
            json!({"rebindUntil": "2999-12-31T23:59:59Z"}),
            "rebindUntil must be before the year 2200",
            json!({"rebindUntil": "2199-12-31T23:59:59.5+02:00"}),
        ),
        of(
            json!({"rebindUntil": "2026-12-01T00:00:00+99:99"}),
            "should match",
            json!({"rebindUntil": "2026-12-01T00:00:00-05:30"}),
        ),
        of(
            json!({"deletionPolicy": "Delete"}),
            "supported values: \"Protect\", \"Release\"",
            json!({"deletionPolicy": "Release"}),
        ),
    ]
}
