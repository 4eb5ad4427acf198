//! What the definitions refuse and what to write instead, in pairs: every rule with one object it refuses and one it
//! lets pass.

use serde_json::{Value, json};

/// One rule, seen from both sides.
pub struct Case {
    pub kind: &'static str,
    /// The stored object that is changed; `None`: both sides are creations.
    pub from: Option<Stored>,
    /// Merged over the kind's plain spec; refused.
    pub refused: Value,
    /// Part of the refusal's message.
    pub says: &'static str,
    /// Merged over the kind's plain spec; accepted.
    pub accepted: Value,
}

/// An object as it stands before a change.
pub struct Stored {
    /// Merged over the kind's plain spec.
    pub spec: Value,
    /// Its `status.id`.
    pub bound_to: Option<i64>,
}

pub const KINDS: [&str; 5] =
    ["ChatwootInstance", "ChatwootGrant", "ChatwootPlan", "ChatwootAccount", "ChatwootUser"];

/// The least that each kind needs.
pub fn plain(kind: &str) -> Value {
    match kind {
        "ChatwootInstance" => {
            json!({"url": "http://chatwoot:3000", "platformTokenSecretRef": {"name": "platform-app"}})
        }
        "ChatwootGrant" => {
            json!({"instanceRef": {"name": "main"}, "namespaces": {"names": ["acme"]}, "emailDomains": ["acme.example"]})
        }
        "ChatwootPlan" => json!({"instanceRef": {"name": "main"}}),
        "ChatwootAccount" => json!({"name": "Acme Support"}),
        "ChatwootUser" => json!({"name": "Alice", "email": "alice@acme.example"}),
        other => panic!("no such kind: {other}"),
    }
}

/// The plain spec with `changes` merged in (RFC 7386: null removes).
pub fn spec(kind: &str, changes: &Value) -> Value {
    let mut spec = plain(kind);
    json_patch::merge(&mut spec, changes);
    spec
}

pub fn all() -> Vec<Case> {
    [instance(), grant(), plan(), account(), user()].into_iter().flatten().collect()
}

fn create(kind: &'static str, refused: Value, says: &'static str, accepted: Value) -> Case {
    Case { kind, from: None, refused, says, accepted }
}

fn change(kind: &'static str, from: Stored, refused: Value, says: &'static str, accepted: Value) -> Case {
    Case { kind, from: Some(from), refused, says, accepted }
}

fn unbound(spec: Value) -> Stored {
    Stored { spec, bound_to: None }
}

fn bound(spec: Value) -> Stored {
    Stored { spec, bound_to: Some(42) }
}

fn long(length: usize) -> String {
    "a".repeat(length)
}

fn attributes(count: usize) -> Value {
    (0..count).map(|at| (format!("k{at}"), json!(at))).collect::<serde_json::Map<_, _>>().into()
}

fn instance() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootInstance", refused, says, accepted);
    let duration = |text: &str| json!({"driftCheckInterval": text});
    let timeout = |text: &str| json!({"requestBudget": {"timeout": text}});
    let key = json!({"name": "authority"});
    vec![
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

fn grant() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootGrant", refused, says, accepted);
    let domains = |list: Value| json!({"emailDomains": list});
    let namespaces = |value: Value| json!({"namespaces": {"names": null, "selector": value}});
    let requirement = |operator: &str, values: Value| json!({"namespaces": {"names": null, "selector": {"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}}});
    let without_values = json!({"namespaces": {"names": null, "selector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}});
    let says_domain = "emailDomains: write a domain in lower case";
    let says_values = "values must be given with the operators In and NotIn";
    let says_one = "set exactly one of names and selector";
    vec![
        of(json!({"instanceRef": null}), "spec.instanceRef: Required value", json!({})),
        of(json!({"namespaces": null}), "spec.namespaces: Required value", json!({})),
        of(json!({"emailDomains": null}), "spec.emailDomains: Required value", domains(json!(["*"]))),
        of(domains(json!([])), "should have at least 1 items", domains(json!(["*"]))),
        of(domains(json!(["Acme.example"])), says_domain, domains(json!(["acme.example"]))),
        of(domains(json!(["acme"])), says_domain, domains(json!(["*.acme.example"]))),
        of(domains(json!(["*.*"])), says_domain, domains(json!(["mail-2.acme.example"]))),
        of(domains(json!(["@acme.example"])), says_domain, domains(json!(["acme.example", "*"]))),
        of(
            domains(json!(["acme.example", "acme.example"])),
            "Duplicate value",
            domains(json!(["acme.example", "bpo.example"])),
        ),
        of(json!({"namespaces": {"names": null}}), says_one, json!({})),
        of(json!({"namespaces": {"selector": {}}}), says_one, namespaces(json!({}))),
        of(json!({"namespaces": {"names": []}}), "should have at least 1 items", json!({})),
        of(
            json!({"namespaces": {"names": ["Acme"]}}),
            "should match",
            json!({"namespaces": {"names": ["acme-2"]}}),
        ),
        of(
            namespaces(json!({"matchLabels": {"team": null}})),
            "should have at least 1 properties",
            namespaces(json!({"matchLabels": {"team": "acme"}})),
        ),
        of(
            namespaces(json!({"matchExpressions": []})),
            "should have at least 1 items",
            without_values.clone(),
        ),
        of(requirement("In", json!([])), says_values, requirement("In", json!(["a"]))),
        of(requirement("Exists", json!(["a"])), says_values, without_values),
        of(
            requirement("Near", json!(["a"])),
            "supported values: \"In\", \"NotIn\"",
            requirement("NotIn", json!(["a"])),
        ),
        of(
            json!({"allow": ["Everything"]}),
            "supported values: \"Features\"",
            json!({"allow": ["Features", "Limits", "State", "CustomAttributes", "Delete", "Credentials", "InstallationBots"]}),
        ),
        of(json!({"allow": ["Delete", "Delete"]}), "Duplicate value", json!({"allow": ["Delete"]})),
        of(
            json!({"adoptable": {"accounts": [0]}}),
            "should be greater than or equal to 1",
            json!({"adoptable": {"accounts": [42]}}),
        ),
        of(
            json!({"adoptable": {"users": (1..=5001).collect::<Vec<_>>()}}),
            "must have at most 5000 items",
            json!({"adoptable": {"users": (1..=5000).collect::<Vec<_>>()}}),
        ),
    ]
}

fn plan() -> Vec<Case> {
    let mut cases = sold("ChatwootPlan");
    cases.push(create(
        "ChatwootPlan",
        json!({"instanceRef": null}),
        "spec.instanceRef: Required value",
        json!({}),
    ));
    cases
}

/// What a plan and an account have in common.
fn sold(kind: &'static str) -> Vec<Case> {
    let of = |refused, says, accepted| create(kind, refused, says, accepted);
    let reserved = "customAttributes: chatwoot_operator and the keys in which Chatwoot keeps its own state";
    let mut cases: Vec<_> = chatwoot_operator::api::common::RESERVED_ATTRIBUTES
        .into_iter()
        .map(|key| {
            of(
                json!({"customAttributes": {key: "1"}}),
                reserved,
                json!({"customAttributes": {format!("my_{key}"): "1"}}),
            )
        })
        .collect();
    cases.extend(attribute_forms(kind));
    cases.extend([
        of(
            json!({"features": {"flags": false}}),
            "features: flags is not a feature",
            json!({"features": {"help_center": false}}),
        ),
        of(
            json!({"features": {"Help Center": true}}),
            "features: names are Chatwoot's feature flags",
            json!({"features": {"chatwoot_v4": true}}),
        ),
        of(
            json!({"features": {"sla": "yes"}}),
            "must be of type boolean",
            json!({"features": {"sla": true}}),
        ),
        of(
            json!({"limits": {"Agents": 1}}),
            "limits: names are Chatwoot's limits",
            json!({"limits": {"agents": 0, "inboxes": 1_000_000_000}}),
        ),
        of(
            json!({"limits": {"agents": -1}}),
            "should be greater than or equal to 0",
            json!({"limits": {"agents": 10}}),
        ),
        of(
            json!({"limits": {"agents": 1_000_000_001}}),
            "should be less than or equal to 1000000000",
            json!({"limits": {"agents": 1}}),
        ),
        of(json!({"limits": {"agents": 1.5}}), "must be of type integer", json!({"limits": {"agents": 2}})),
    ]);
    cases
}

/// What holds for everybody's custom attributes.
fn attribute_forms(kind: &'static str) -> Vec<Case> {
    let of = |refused: Value, says, accepted: Value| {
        create(kind, json!({"customAttributes": refused}), says, json!({"customAttributes": accepted}))
    };
    let says_key = "customAttributes: keys must have 1 to 63 characters";
    vec![
        of(json!({"": "x"}), says_key, json!({"a": "x"})),
        of(json!({long(64): "x"}), says_key, json!({long(63): "x"})),
        of(json!({"a\nb": "x"}), says_key, json!({"a b": "x"})),
        of(
            json!({"a": "x\ty"}),
            "customAttributes: values must not contain control characters",
            json!({"a": "x y", "b": 7, "c": -9_007_199_254_740_993_i64}),
        ),
        of(json!({"a": long(256)}), "may not be more than 255", json!({"a": long(255)})),
        of(json!({"a": true}), "must be of type integer,string", json!({"a": "true"})),
        of(json!({"a": 1.5}), "must be of type integer,string", json!({"a": "1.5"})),
        of(json!({"a": {"b": "c"}}), "must be of type integer,string", json!({"a": 1})),
        of(attributes(33), "must have at most 32 items", attributes(32)),
    ]
}

/// What an account and a user have in common.
fn person_or_tenant(kind: &'static str) -> Vec<Case> {
    let main = || json!({"instanceRef": {"name": "main"}});
    let fixed = "instanceRef is immutable and can neither be added nor removed";
    let set = "spec.adopt cannot be set to another id once this resource is bound";
    vec![
        create(kind, json!({"name": null}), "spec.name: Required value", json!({})),
        create(kind, json!({"name": ""}), "should be at least 1 chars long", json!({"name": "A"})),
        create(kind, json!({"name": long(256)}), "may not be more than 255", json!({"name": long(255)})),
        create(kind, json!({"name": " \u{a0}"}), "name must not be blank", json!({"name": " é "})),
        create(
            kind,
            json!({"name": "A\u{0}"}),
            "name must not contain control characters",
            json!({"name": "A – B"}),
        ),
        create(
            kind,
            json!({"mode": "Report"}),
            "supported values: \"Enforce\", \"Observe\"",
            json!({"mode": "Observe"}),
        ),
        create(
            kind,
            json!({"adopt": {"id": 0}}),
            "should be greater than or equal to 1",
            json!({"adopt": {"id": 1}}),
        ),
        create(kind, json!({"adopt": {}}), "spec.adopt.id: Required value", json!({"adopt": {"id": 1}})),
        create(kind, json!({"instanceRef": {}}), "spec.instanceRef.name: Required value", main()),
        change(kind, unbound(json!({})), main(), fixed, json!({"paused": true})),
        change(kind, unbound(main()), json!({}), fixed, main()),
        change(kind, unbound(main()), json!({"instanceRef": {"name": "other"}}), fixed, main()),
        change(
            kind,
            unbound(main()),
            json!({"instanceRef": {"name": "main", "namespace": "x"}}),
            fixed,
            main(),
        ),
        change(kind, bound(json!({})), json!({"adopt": {"id": 7}}), set, json!({"adopt": {"id": 42}})),
        change(kind, bound(json!({"adopt": {"id": 42}})), json!({"adopt": {"id": 7}}), set, json!({})),
        // What stands there already may stay while other fields change, even when something else was bound.
        change(
            kind,
            bound(json!({"adopt": {"id": 7}})),
            json!({"adopt": {"id": 8}}),
            set,
            json!({"adopt": {"id": 7}, "name": "B"}),
        ),
        change(
            kind,
            unbound(json!({"adopt": {"id": 7}})),
            json!({"adopt": {"id": -1}}),
            "should be greater than or equal to 1",
            json!({"adopt": {"id": 8}}),
        ),
    ]
}

fn account() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootAccount", refused, says, accepted);
    let from = |value: Value| json!({"membersFrom": [value]});
    let names = json!({"names": ["bpo"]});
    let expression = |operator: &str, values: Value| json!({"selector": {"matchExpressions": [{"key": "team", "operator": operator, "values": values}]}});
    let mut cases = sold("ChatwootAccount");
    cases.extend(person_or_tenant("ChatwootAccount"));
    cases.extend([
        of(
            json!({"locale": "hi"}),
            "Unsupported value: \"hi\": supported values: \"en\"",
            json!({"locale": "pt_BR"}),
        ),
        of(json!({"locale": "pt-BR"}), "Unsupported value", json!({"locale": "no"})),
        of(json!({"locale": 12}), "must be of type string", json!({"locale": "et"})),
        of(
            json!({"domain": "a b"}),
            "domain must not contain spaces or control characters",
            json!({"domain": "support.acme.example"}),
        ),
        of(json!({"domain": long(101)}), "may not be more than 100", json!({"domain": ""})),
        of(
            json!({"supportEmail": ""}),
            "supportEmail cannot be cleared",
            json!({"supportEmail": "Acme <help@acme.example>"}),
        ),
        of(
            json!({"supportEmail": "a@b.cc\r\nBcc: x@y.zz"}),
            "supportEmail must not contain control characters",
            json!({"supportEmail": "help@acme.example"}),
        ),
        of(
            json!({"supportEmail": long(101)}),
            "may not be more than 100",
            json!({"supportEmail": long(100)}),
        ),
        of(
            json!({"state": "active"}),
            "supported values: \"Active\", \"Suspended\"",
            json!({"state": "Suspended"}),
        ),
        of(json!({"plan": ""}), "should be at least 1 chars long", json!({"plan": "pro"})),
        of(
            json!({"deletionPolicy": "Revoke"}),
            "supported values: \"Retain\", \"Suspend\", \"Delete\"",
            json!({"deletionPolicy": "Suspend"}),
        ),
        of(
            from(json!({"namespaces": names})),
            "membersFrom[0].roles: Required value",
            from(json!({"namespaces": names, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"roles": ["Agent"]})),
            "membersFrom[0].namespaces: Required value",
            from(json!({"namespaces": {"selector": {}}, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"namespaces": names, "roles": []})),
            "should have at least 1 items",
            from(json!({"namespaces": names, "roles": ["Agent", "Administrator"]})),
        ),
        of(
            from(json!({"namespaces": {}, "roles": ["Agent"]})),
            "set exactly one of names and selector",
            from(json!({"namespaces": names, "roles": ["Agent"]})),
        ),
        of(
            from(json!({"namespaces": expression("DoesNotExist", json!(["a"])), "roles": ["Agent"]})),
            "values must be given with the operators In and NotIn",
            from(json!({"namespaces": expression("In", json!(["a"])), "roles": ["Agent"]})),
        ),
        of(
            json!({"membersFrom": vec![json!({"namespaces": names, "roles": ["Agent"]}); 21]}),
            "must have at most 20 items",
            json!({"membersFrom": vec![json!({"namespaces": names, "roles": ["Agent"]}); 20]}),
        ),
    ]);
    cases
}

fn user() -> Vec<Case> {
    let of = |refused, says, accepted| create("ChatwootUser", refused, says, accepted);
    let email = |text: &str| json!({"email": text});
    let says_email = "email must be an ASCII address with a dotted domain";
    let secret = |value: Value| json!({"credentialsSecret": value});
    let labels = |value: Value| secret(json!({"name": "x", "labels": value}));
    let annotations = |value: Value| secret(json!({"name": "x", "annotations": value}));
    let says_labels = "credentialsSecret.labels: write Kubernetes keys";
    let says_annotations = "credentialsSecret.annotations: write Kubernetes keys";
    let says_value = "credentialsSecret.labels: values have at most 63 letters";
    let says_password = "password: set exactly one of secretKeyRef and generate";
    let key = json!({"name": "x", "key": "password"});
    let generated = json!({"password": {"generate": {"rotation": "1"}}, "credentialsSecret": {"name": "x"}});
    let member = |namespace: &str, account: &str, role: &str| json!({"namespace": namespace, "account": account, "role": role});
    let members = |list: Vec<Value>| json!({"memberships": list});
    let mut cases = attribute_forms("ChatwootUser");
    cases.extend(person_or_tenant("ChatwootUser"));
    cases.extend([
        of(json!({"email": null}), "spec.email: Required value", email("alice@acme.example")),
        of(email("alice"), says_email, email("ALICE@ACME.EXAMPLE")),
        of(email("alice@localhost"), says_email, email("alice@svc.cluster.local")),
        of(email("alice@acme.c"), says_email, email("alice@acme.co")),
        of(email("alice@acme.c0m"), says_email, email("alice+1@mail-2.acme.example")),
        of(email(" alice@acme.example"), says_email, email("o'neil@acme.example")),
        of(email("älice@acme.example"), says_email, email("a.b_c@acme.example")),
        of(email("alice@bob@acme.example"), says_email, email("alice@1.acme.example")),
        of(email("alice@acme.example\n"), says_email, email("a@b.cc")),
        of(email("alice@-acme.example"), says_email, email("alice@a-c.example")),
        of(
            json!({"displayName": "A\nB"}),
            "displayName must not contain control characters",
            json!({"displayName": ""}),
        ),
        of(json!({"displayName": long(256)}), "may not be more than 255", json!({"displayName": "Al"})),
        of(
            json!({"customAttributes": {"chatwoot_operator": "x"}}),
            "customAttributes: chatwoot_operator is reserved for the operator's proof of ownership",
            json!({"customAttributes": {"website": "x"}}),
        ),
        of(json!({"password": {}}), says_password, json!({"password": {"secretKeyRef": key}})),
        of(
            json!({"password": {"secretKeyRef": key, "generate": {}}, "credentialsSecret": {"name": "y"}}),
            says_password,
            generated.clone(),
        ),
        of(
            json!({"password": {"generate": {}}}),
            "password.generate needs a place for the password",
            generated,
        ),
        of(
            json!({"password": {"secretKeyRef": {"name": "x"}}}),
            "secretKeyRef.key: Required value",
            json!({"password": {"secretKeyRef": key}}),
        ),
        of(
            json!({"password": {"secretKeyRef": key}, "credentialsSecret": {"name": "x"}}),
            "credentialsSecret must not be the Secret that password.secretKeyRef reads",
            json!({"password": {"secretKeyRef": key}, "credentialsSecret": {"name": "y"}}),
        ),
        of(
            secret(json!({})),
            "spec.credentialsSecret.name: Required value",
            secret(json!({"name": "x", "accessToken": {}})),
        ),
        of(
            secret(json!({"name": "Alice"})),
            "credentialsSecret.name must be a Secret's name",
            secret(json!({"name": "alice.chatwoot"})),
        ),
        of(labels(json!({"a b": "c"})), says_labels, labels(json!({"team": "c", "acme.example/team": ""}))),
        of(
            labels(json!({"app.kubernetes.io/managed-by": "me"})),
            says_labels,
            labels(json!({"app.kubernetes.io/part-of": "me"})),
        ),
        of(
            labels(json!({"chatwoot.dev/watch": "true"})),
            says_labels,
            labels(json!({"mychatwoot.dev/watch": "true"})),
        ),
        of(labels(json!({"team": "a b"})), says_value, labels(json!({"team": "a_b"}))),
        of(
            annotations(json!({"chatwoot.dev/owner": "me"})),
            says_annotations,
            annotations(json!({"acme.example/owner": "Me, myself"})),
        ),
        of(annotations(json!({"/x": "me"})), says_annotations, annotations(json!({"x": "me"}))),
        of(
            members(vec![member("", "acme", "Owner")]),
            "supported values: \"Agent\", \"Administrator\"",
            members(vec![member("", "acme", "Agent")]),
        ),
        of(
            members(vec![member("Acme", "acme", "Agent")]),
            "should match",
            members(vec![member("acme", "acme", "Agent")]),
        ),
        of(
            members(vec![json!({"role": "Agent"})]),
            "memberships[0].account: Required value",
            members(vec![json!({"account": "acme", "role": "Agent"})]),
        ),
        of(
            members(vec![json!({"account": "acme"})]),
            "memberships[0].role: Required value",
            members(vec![member("", "acme", "Administrator")]),
        ),
        of(
            members(vec![member("", "acme", "Agent"), json!({"account": "acme", "role": "Administrator"})]),
            "Duplicate value",
            members(vec![member("", "acme", "Agent"), member("bpo", "acme", "Agent")]),
        ),
        of(
            members((0..101).map(|at| member("", &format!("a{at}"), "Agent")).collect()),
            "must have at most 100 items",
            members((0..100).map(|at| member("", &format!("a{at}"), "Agent")).collect()),
        ),
        of(
            json!({"deletionPolicy": "Suspend"}),
            "supported values: \"Revoke\", \"Delete\", \"Retain\"",
            json!({"deletionPolicy": "Retain"}),
        ),
    ]);
    cases
}
