//! What is declared, and with which rights.

use super::{
    super::{manifests::manifests, values::Field},
    facts::*,
    judge::{objects, of_kind, one, sound},
};
use crate::chatwoot::types::AccountState;
use clap::ValueEnum;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn what_is_asked_for_is_declared_as_far_as_a_manifest_can_and_the_grant_allows_just_that() {
    let mut full = account(1, "Acme");
    full.domain = Some("reply.acme.example".to_owned());
    full.support_email = Some("help@acme.example".to_owned());
    full.state = AccountState::Suspended;
    full.features = ["help_center", "sla", "not_a_flag"].map(str::to_owned).into();
    let limits = json!({"agents": 5, "inboxes": null, "emails": -1, "Bad": 1});
    full.limits = limits.as_object().unwrap().clone();
    let attributes = json!({"segment": "smb", "size": 7, "vip": true, "plan_name": "x", "two\nlines": "x", "chatwoot_operator": "v1:0123456789abcdef:x"});
    full.custom_attributes = attributes.as_object().unwrap().clone();
    full.custom_attributes.remove("chatwoot_operator");
    let mut alice = person(7, "alice@acme.example", &[1]);
    alice.display_name = Some("Al".to_owned());
    alice.custom_attributes = json!({"team": "blue", "plan_name": "theirs"}).as_object().unwrap().clone();
    let mut choices = choices("{slug}");
    choices.fields = Field::value_variants().iter().copied().collect();
    let imported = manifests(&found(&[full], &[alice]), &empty(), &choices);
    sound(&imported);
    let all = objects(&imported);
    let spec = &one(&all, "ChatwootAccount", "acme")["spec"];
    assert_eq!(spec["features"], json!({"help_center": true, "sla": true}));
    assert_eq!(spec["limits"], json!({"agents": 5}));
    assert_eq!(spec["customAttributes"], json!({"segment": "smb", "size": 7}));
    assert_eq!((&spec["state"], &spec["domain"]), (&json!("Suspended"), &json!("reply.acme.example")));
    assert_eq!(spec["supportEmail"], "help@acme.example");
    let user = &one(&all, "ChatwootUser", "alice")["spec"];
    assert_eq!(
        (&user["displayName"], &user["customAttributes"]["plan_name"]),
        (&json!("Al"), &json!("theirs"))
    );
    let grant = &one(&all, "ChatwootGrant", "import-acme")["spec"];
    assert_eq!(grant["allow"], json!(["Features", "Limits", "State", "CustomAttributes"]));
    let said: Vec<_> = imported.notes.lines().collect();
    assert!(said.iter().any(|line| line.contains("1 of its features are not declared")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("3 of its limits are not declared")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("3 of its customAttributes are not declared")), "{said:?}");
}

#[test]
fn a_grant_that_is_there_is_printed_with_what_is_missing_added() {
    let facts = found(&[account(1, "Acme")], &[person(7, "alice@acme.example", &[1])]);
    let mut known = empty().after(&objects(&manifests(&facts, &empty(), &choices("{slug}"))), true);
    known.grants.get_mut("import-acme").unwrap().suspended = true;
    let more = found(
        &[account(1, "Acme")],
        &[person(7, "alice@acme.example", &[1]), person(8, "bob@b.example", &[1])],
    );
    let imported = manifests(&more, &known, &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    let grant = &one(&all, "ChatwootGrant", "import-acme")["spec"];
    assert_eq!(grant["emailDomains"], json!(["acme.example", "b.example"]));
    assert_eq!(grant["adoptable"], json!({"accounts": [1], "users": [7, 8]}));
    assert_eq!(grant["suspended"], true);
}

#[test]
fn a_grant_of_somebody_else_is_not_touched_and_too_many_domains_make_a_second_one() {
    let people: Vec<_> = (1..=150).map(|id| person(id, &format!("a@d{id}.example"), &[1])).collect();
    let mut known = empty();
    let foreign =
        json!({"instanceRef": {"name": "other"}, "namespaces": {"names": ["acme"]}, "emailDomains": ["*"]});
    known.grants.insert("import-acme".to_owned(), serde_json::from_value(foreign).unwrap());
    let imported = manifests(&found(&[account(1, "Acme")], &people), &known, &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    let names: BTreeSet<_> = of_kind(&all, "ChatwootGrant")
        .iter()
        .map(|grant| grant["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["import-acme-2", "import-acme-3"].map(str::to_owned).into());
}
