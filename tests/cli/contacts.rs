//! `contacts` reads, changes and exports an account's customers.

use crate::{
    bench::SECOND,
    inside::{INSIDE, Inside, run},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditContact, Effect, Fault, Filter, RecordKind, listed};
use serde_json::{Map, Value, json};
use std::{fs, os::unix::fs::PermissionsExt};

#[tokio::test]
async fn all_pages_are_read_and_printed_in_every_form() -> Result<()> {
    let inside = Inside::new().await?;
    inside.chatwoot.act(Act::GrowContacts { account: inside.account, count: 40, inbox: None }).await?;
    let all = inside.run(&["contacts", "list", "-o", "json"]).await?.fine();
    assert_eq!(all.column("id").len(), 40);
    let some = inside.run(&["contacts", "list", "-o", "ndjson", "--limit", "17"]).await?.fine();
    assert_eq!(some.out.lines().count(), 17);
    assert!(some.out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let table = inside.run(&["contacts", "list", "--limit=2", "--sort=-name"]).await?.fine();
    assert!(table.out.starts_with("ID  NAME"), "{}", table.out);
    assert_eq!(table.out.lines().count(), 3);
    assert!(table.out.lines().nth(1).unwrap().contains("Grown 9 "), "{}", table.out);
    let yaml = inside.run(&["contacts", "list", "-o", "yaml", "--limit=1"]).await?.fine();
    assert!(yaml.out.starts_with("- id: "), "{}", yaml.out);
    Ok(())
}

#[tokio::test]
async fn what_customers_call_themselves_neither_steers_a_terminal_nor_runs_in_a_spreadsheet() -> Result<()> {
    let inside = Inside::new().await?;
    inside.contact("=cmd|' /C calc'!A0", "a@customers.example").await?;
    inside.contact("\u{1b}[2J\u{202e}evil", "b@customers.example").await?;
    let table = inside.run(&["contacts", "list"]).await?.fine();
    assert!(table.out.contains("\\u001b[2J\\u202eevil") && !table.out.contains('\u{1b}'), "{}", table.out);
    let csv = inside.run(&["contacts", "list", "-o", "csv"]).await?.fine();
    let lines: Vec<&str> = csv.out.lines().collect();
    assert!(lines[0].starts_with("id,name,email,phone_number,identifier,"), "{lines:?}");
    assert!(lines[1].contains(",'=cmd|' /C calc'!A0,a@customers.example,"), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn customers_are_found_by_text_and_by_rules() -> Result<()> {
    let inside = Inside::new().await?;
    let al = inside.contact("Al", "al@acme.example").await?;
    let bo = inside.contact("Bo", "bo@other.example").await?;
    let fields = json!({"attribute_key": "plan", "attribute_display_name": "Plan", "attribute_model": "contact_attribute",
        "attribute_display_type": "text"});
    let fields: Map<String, Value> = serde_json::from_value(fields)?;
    let kind = RecordKind::AttributeDefinition;
    inside.chatwoot.act(Act::CreateRecord { account: inside.account, kind, fields }).await?;
    let custom_attributes = Some(Map::from_iter([("plan".to_owned(), json!("pro"))]));
    let edit = EditContact { contact: bo, custom_attributes, ..EditContact::default() };
    inside.chatwoot.act(Act::EditContact(edit)).await?;

    let found = inside.run(&["contacts", "search", "other.ex", "-o", "json"]).await?.fine();
    assert_eq!(found.column("id"), [json!(bo)]);
    for (rules, wanted) in [
        (&["email contains @acme.example"][..], vec![json!(al)]),
        (&["plan equal_to pro"], vec![json!(bo)]),
        (&["name equal_to al", "or", "name equal_to bo"], vec![json!(al), json!(bo)]),
        (&["name equal_to al", "AND", "plan equal_to pro"], vec![]),
    ] {
        let words = [&["contacts", "filter"], rules, &["-o", "json"]].concat();
        assert_eq!(inside.run(&words).await?.fine().column("id"), wanted, "{rules:?}");
    }

    let seq = inside.chatwoot.last_seq().await?;
    let wrong = ["contacts", "filter", "email days_before 3"];
    inside.run(&wrong).await?.refused(&["email cannot be compared with days_before: write one of equal_to"]);
    assert_eq!(inside.chatwoot.last_seq().await?, seq, "nothing was asked");
    inside
        .run(&["contacts", "filter", "colour equal_to red"])
        .await?
        .refused(&["contacts have no \"colour\"", "plan"]);
    Ok(())
}

#[tokio::test]
async fn a_customer_is_shown_changed_and_deleted() -> Result<()> {
    let inside = Inside::new().await?;
    let id = inside.contact("Al", "al@acme.example").await?;
    let who = id.to_string();
    let shown = inside.run(&["contacts", "show", &who]).await?.fine();
    assert!(shown.out.contains("EMAIL") && shown.out.contains("al@acme.example"), "{}", shown.out);

    let words = [
        "contacts",
        "update",
        &who,
        "--name",
        "Albert",
        "--phone-number",
        "+4915112345",
        "--set",
        "seats=12",
        "-o",
        "json",
    ];
    let after = inside.run(&words).await?.fine().json();
    assert_eq!((&after["name"], &after["custom_attributes"]), (&json!("Albert"), &json!({"seats": 12})));
    let after = inside
        .run(&["contacts", "update", &who, "--unset", "seats", "--email", "", "-o", "json"])
        .await?
        .fine();
    assert_eq!((&after.json()["email"], &after.json()["custom_attributes"]), (&json!(null), &json!({})));
    let other = inside.contact("Bo", "bo@acme.example").await?.to_string();
    inside
        .run(&["contacts", "update", &who, "--email", "bo@acme.example"])
        .await?
        .refused(&["contact", "already been taken"]);
    inside.run(&["contacts", "update", &who]).await?.refused(&["say what to change"]);

    let delete = ["contacts", "delete", &who];
    inside.run(&delete).await?.refused(&["Albert", "was not deleted"]);
    assert_eq!(inside.chatwoot.state().await?.content.contacts.len(), 2);
    inside.run_with(&inside.token, &delete, "yes\n").await?.fine();
    inside.run(&["contacts", "delete", &other, "--yes"]).await?.fine();
    assert_eq!(inside.chatwoot.state().await?.content.contacts.len(), 0);
    inside.run(&["contacts", "show", &who]).await?.refused(&[
        &format!("contact {who}"),
        "no such object",
        "is the number right",
    ]);
    Ok(())
}

#[tokio::test]
async fn an_export_is_complete_or_not_there() -> Result<()> {
    let inside = Inside::new().await?;
    inside.chatwoot.act(Act::GrowContacts { account: inside.account, count: 40, inbox: None }).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("contacts.csv");
    let path = file.to_str().context("no text")?;
    let route = format!("GET {INSIDE}/contacts");
    inside
        .chatwoot
        .add_fault(Fault::always(&route, Effect::Status { status: 500, after_commit: false }))
        .await?;
    inside.run(&["contacts", "export", path]).await?.refused(&["the export of contacts", "internal error"]);
    assert_eq!(fs::read_dir(folder.path())?.count(), 0);
    inside.chatwoot.clear_faults().await?;

    let ended = inside.run(&["contacts", "export", path]).await?.fine();
    assert!(ended.err.contains("40 contacts are in"), "{ended:?}");
    assert_eq!(fs::read_to_string(&file)?.lines().count(), 41);
    assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    inside.run(&["contacts", "export", path]).await?.refused(&["is there already"]);

    let one = folder.path().join("one.json");
    let path = one.to_str().context("no text")?;
    inside.run(&["contacts", "export", path, "--where", "name equal_to grown 7"]).await?.fine();
    let rows: Vec<Value> = serde_json::from_slice(&fs::read(&one)?)?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    Ok(())
}

#[tokio::test]
async fn what_was_exported_is_imported_elsewhere_once() -> Result<()> {
    let (from, to) = (Inside::new().await?, Inside::new().await?);
    from.chatwoot.act(Act::GrowContacts { account: from.account, count: 3, inbox: None }).await?;
    let words = [
        "contacts",
        "update",
        "1",
        "--set",
        "plan=pro",
        "--identifier",
        "One",
        "--email",
        "one@customers.example",
    ];
    from.run(&words).await?.fine();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("contacts.ndjson");
    let path = file.to_str().context("no text")?;
    from.run(&["contacts", "export", path]).await?.fine();

    let import = async |more: &[&str]| to.run(&[&["contacts", "import", path], more].concat()).await;
    assert!(import(&["--dry-run"]).await?.fine().err.contains("3 would be made, 0 would be changed"));
    assert_eq!(to.chatwoot.state().await?.content.contacts.len(), 0);
    assert!(import(&[]).await?.fine().err.contains("3 made, 0 changed"));
    let seq = to.chatwoot.last_seq().await?;
    assert!(import(&[]).await?.fine().err.contains("0 made, 0 changed, 3 stand so already"));
    let written =
        to.chatwoot.journal(&Filter { since: seq, committed: Some(true), ..Filter::default() }).await?;
    assert!(written.iter().all(|entry| entry.path.ends_with("/filter")), "{written:?}");
    let one = |contacts: Vec<_>| {
        contacts.into_iter().find(|one: &listed::Contact| one.identifier.as_deref() == Some("One"))
    };
    let arrived = one(to.chatwoot.state().await?.content.contacts).context("One is not there")?;
    assert_eq!(arrived.custom_attributes, Map::from_iter([("plan".to_owned(), json!("pro"))]));

    // Lines that are wrong keep nobody else out, and are not repeated.
    let lines = "{\"name\": \"Nobody\"}\nsecret\n\n{\"email\": \"wrong\"}\n{\"email\": \"ONE@customers.example\", \"name\": \"New\"}\n";
    fs::write(&file, lines)?;
    let ended = import(&[]).await?;
    assert_eq!(ended.code, 2, "{ended:?}");
    for told in [
        "line 1: left out: it has neither",
        "line 2: left out: no contact",
        "line 4: left out",
        "0 made, 1 changed, 0 stand",
    ] {
        assert!(ended.err.contains(told), "{told}: {ended:?}");
    }
    assert!(!ended.err.contains("secret"), "{ended:?}");
    let arrived = one(to.chatwoot.state().await?.content.contacts).context("One is gone")?;
    assert_eq!((arrived.name.as_str(), arrived.identifier.as_deref()), ("New", Some("One")));
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_said_before_anything_is_asked() -> Result<()> {
    let inside = Inside::new().await?;
    let url = inside.chatwoot.url();
    let seq = inside.chatwoot.last_seq().await?;
    run(&["contacts", "list", "--account=1", "--url", url], &[], "").await?.refused(&[
        "no token",
        "--credentials",
        "CHATWOOT_TOKEN",
    ]);
    let token = [("CHATWOOT_TOKEN", inside.token.as_str())];
    run(&["contacts", "list", "--account=1"], &token, "")
        .await?
        .refused(&["account 1: where is its Chatwoot? Give --url"]);
    run(&["contacts", "list", "--account=main"], &token, "").await?.refused(&["NAMESPACE/NAME"]);
    run(&["contacts", "list", "--account=1", "--url=chat"], &token, "")
        .await?
        .refused(&["account 1 cannot be reached", "https://"]);
    let spaced = [("CHATWOOT_TOKEN", "two words")];
    run(&["contacts", "list", "--account=1", "--url", url], &spaced, "")
        .await?
        .refused(&["the token in CHATWOOT_TOKEN"]);
    assert_eq!(inside.chatwoot.journal(&Filter { since: seq, ..Filter::default() }).await?.len(), 0);
    inside
        .run_with("wrong", &["contacts", "list"], "")
        .await?
        .refused(&["the token in CHATWOOT_TOKEN is none of this Chatwoot's"]);
    let unreachable = ["contacts", "list", "--account=1", "--url=http://127.0.0.1:9"];
    let ended = tokio::time::timeout(60 * SECOND, run(&unreachable, &token, "")).await??;
    ended.refused(&["no connection", "--url names another address"]);
    Ok(())
}
