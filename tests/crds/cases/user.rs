//! What a ChatwootUser may say.

use super::{
    Case, create,
    shared::{attribute_forms, long, person_or_tenant},
};
use serde_json::{Value, json};

pub fn user() -> Vec<Case> {
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
            json!({"password": {"secretKeyRef": {"name": "../../victim/secrets/x", "key": "k"}}}),
            "secretKeyRef.name must be a Secret's name",
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
            secret(json!({"name": "x", "accessToken": {"rotation": long(64)}})),
            "may not be more than 63",
            secret(json!({"name": "x", "accessToken": {"rotation": ""}})),
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
