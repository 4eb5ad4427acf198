//! What is applied.

use chatwoot_stage::{Kind, NAMESPACE, Seen};
use serde_json::{Value, json};
use std::time::Duration;

/// Namespaces the tenants are spread over.
const TENANTS: usize = 20;
/// Users for each account.
pub const USERS_PER_ACCOUNT: usize = 5;

/// What an account is given by [`inside`], and how much of it.
pub const INSIDE: [(Kind, usize); 5] =
    [(Kind::Inbox, 1), (Kind::Team, 2), (Kind::Label, 5), (Kind::Webhook, 1), (Kind::AgentBot, 1)];
/// Accounts that are given it.
pub const FURNISHED: usize = 200;

/// The budget under test, and the one that stands without a word.
pub const PER_MINUTE: u32 = 60_000;
pub const DEFAULT_PER_MINUTE: u32 = 1_500;
pub const IN_FLIGHT: u32 = 4;
/// How often objects are compared in the ordinary way; the default.
pub const DRIFT_INTERVAL: Duration = Duration::from_secs(3600);
/// The time-out that stands without a word; what follows a create waits twice that and the margin of 30 s.
pub const SETTLED_AFTER: Duration = Duration::from_secs(2 * 20 + 30);

/// What the platform's admin applies first, as a YAML stream (JSON documents).
pub fn platform(chatwoot: &str, token: &str) -> Vec<Value> {
    let mut all = vec![
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "platform-app", "namespace": NAMESPACE, "labels": {"chatwoot.dev/watch": "true"}},
            "stringData": {"token": token}
        }),
        object(
            Kind::Instance,
            NAMESPACE,
            "main",
            json!({
                "url": chatwoot,
                "platformTokenSecretRef": {"name": "platform-app", "key": "token"},
                "requestBudget": {"perMinute": PER_MINUTE, "inFlight": IN_FLIGHT},
                // So long that comparing, which happens by the clock, is not counted with creating.
                "driftCheckInterval": "168h"
            }),
        ),
        object(
            Kind::Plan,
            NAMESPACE,
            "standard",
            json!({
                "instanceRef": {"name": "main"}, "features": {"automations": false}
            }),
        ),
    ];
    for number in 0..TENANTS {
        let tenant = tenant(number);
        all.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": tenant}}));
        all.push(object(
            Kind::Grant,
            NAMESPACE,
            &tenant,
            json!({
                "instanceRef": {"name": "main"}, "namespaces": {"names": [tenant]},
                "emailDomains": [format!("{tenant}.example")], "plans": ["standard"]
            }),
        ));
    }
    all
}

/// One account of many: a declared locale and a plan with one flag take a PATCH each.
pub fn account(number: usize) -> (Kind, Value) {
    let spec = json!({"instanceRef": instance(), "plan": "standard", "name": format!("Tenant {number:05}"), "locale": "de"});
    (Kind::Account, object(Kind::Account, &tenant(number), &account_name(number), spec))
}

/// One person of account `number`.
pub fn user(number: usize, person: usize) -> (Kind, Value) {
    let tenant = tenant(number);
    let name = format!("user-{number:05}-{person}");
    let spec = json!({
        "instanceRef": instance(), "email": format!("{name}@{tenant}.example"), "name": format!("User {number} {person}"),
        "memberships": [{"account": account_name(number), "role": "Agent"}]
    });
    (Kind::User, object(Kind::User, &tenant, &name, spec))
}

/// Account `number` and its people.
pub fn tenants(number: usize) -> Vec<(Kind, Value)> {
    let people = (0..USERS_PER_ACCOUNT).map(|person| user(number, person));
    std::iter::once(account(number)).chain(people).collect()
}

/// What one account is given: see [`INSIDE`].
pub fn inside(account: &Seen) -> Vec<(Kind, Value)> {
    let namespace = &account.namespace;
    let all = INSIDE.into_iter().flat_map(|(kind, count)| (0..count).map(move |at| (kind, at)));
    all.map(|(kind, at)| {
        let (account, name) = (&account.name, format!("{}-{}-{at}", account.name, kind.name().to_lowercase()));
        let spec = match kind {
            Kind::Inbox => json!({"account": account, "name": "Desk", "api": {}, "connectionSecret": {"name": name}}),
            Kind::Team => json!({"account": account, "name": format!("team {at}"), "description": "Of the bench"}),
            Kind::Label => json!({"account": account, "title": format!("label-{at}"), "color": "#1f93ff"}),
            Kind::Webhook => {
                json!({"account": account, "url": format!("https://hooks.example/{name}"), "subscriptions": ["MessageCreated"]})
            }
            _ => json!({"account": account, "name": "Helper", "outgoingUrl": "https://bot.example/chatwoot"}),
        };
        (kind, object(kind, namespace, &name, spec))
    })
    .collect()
}

/// Person `at` of those who come while something else goes on, into an account that is there.
pub fn newcomer(account: &Seen, round: usize, at: usize) -> (Kind, Value) {
    let (tenant, name) = (newcomers(), format!("new-{round}-{at:03}"));
    let spec = json!({
        "instanceRef": instance(), "email": format!("{name}@{tenant}.example"), "name": format!("Newcomer {round} {at}"),
        // One of another tenant's that does not let them in is no reason to wait for.
        "memberships": if account.namespace == tenant { json!([{"account": account.name, "role": "Agent"}]) } else { json!([]) }
    });
    (Kind::User, object(Kind::User, &tenant, &name, spec))
}

/// Account `at` of those that are made meanwhile.
pub fn new_account(round: usize, at: usize) -> (Kind, Value) {
    let spec = json!({"instanceRef": instance(), "plan": "standard", "name": format!("New {round} {at}"), "locale": "de"});
    (Kind::Account, object(Kind::Account, &newcomers(), &format!("new-{round}-{at:03}"), spec))
}

/// What an object is to be called from the next change on.
pub fn new_name(object: &Seen, round: usize) -> String {
    format!("{} {round}", object.name)
}

/// The namespace of whoever is new.
pub fn newcomers() -> String {
    tenant(TENANTS - 1)
}

pub fn tenant(number: usize) -> String {
    format!("tenant-{:02}", number % TENANTS)
}

fn account_name(number: usize) -> String {
    format!("account-{number:05}")
}

fn instance() -> Value {
    json!({"name": "main", "namespace": NAMESPACE})
}

fn object(kind: Kind, namespace: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind.name(),
        "metadata": {"name": name, "namespace": namespace}, "spec": spec
    })
}
