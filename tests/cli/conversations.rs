//! `conversations` and `client`: both sides of what is said.

use crate::inside::{Inside, run};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, ChannelKind};
use serde_json::{Value, json};

/// An API inbox: its id, identifier and HMAC token.
async fn inbox(inside: &Inside) -> Result<(String, String, String)> {
    let made = Act::CreateInbox {
        account: inside.account,
        name: "App".into(),
        channel: ChannelKind::Api,
        fields: Default::default(),
    };
    let id = inside.chatwoot.act(made).await?.id.context("no id")?;
    let content = inside.chatwoot.state().await?.content;
    let inbox = content.inboxes.into_iter().find(|inbox| inbox.id == id).context("no inbox")?;
    Ok((
        id.to_string(),
        inbox.identifier.context("no identifier")?,
        inbox.hmac_token.context("no HMAC token")?,
    ))
}

#[tokio::test]
async fn a_conversation_is_begun_and_put_in_order() -> Result<()> {
    let inside = Inside::new().await?;
    let (inbox, ..) = inbox(&inside).await?;
    let contact = inside.contact("Al", "al@acme.example").await?.to_string();
    let words = [
        "conversations",
        "create",
        "--inbox-id",
        &inbox,
        "--contact-id",
        &contact,
        "--message",
        "Hello",
        "--set",
        "order=7",
    ];
    let made = inside.run(&[&words[..], &["-o", "json"]].concat()).await?.fine().json();
    assert_eq!((&made["id"], &made["custom_attributes"]), (&json!(1), &json!({"order": 7})));

    inside.run(&["conversations", "label", "1", "--add", "vip", "--add", "late"]).await?.fine();
    let labels = inside.run(&["conversations", "label", "1", "--remove", "late", "-o", "json"]).await?.fine();
    assert_eq!(labels.json(), json!(["vip"]));
    let words = ["conversations", "attributes", "1", "--set", "plan=pro", "--unset", "order", "-o", "json"];
    assert_eq!(inside.run(&words).await?.fine().json(), json!([{"plan": "pro"}]));
    inside.run(&["conversations", "status", "1", "snoozed", "--for", "2h"]).await?.fine();
    inside
        .run(&["conversations", "status", "1", "open", "--for", "2h"])
        .await?
        .refused(&["--for goes with snoozed"]);
    inside
        .run(&["conversations", "status", "1", "closed"])
        .await?
        .refused(&["write one of open, resolved, pending, snoozed"]);

    assert_eq!(
        inside.run(&["conversations", "list", "-o", "json"]).await?.fine().json(),
        json!([]),
        "none is open"
    );
    let list = ["conversations", "list", "--status", "all", "--label", "vip"];
    let table = inside.run(&list).await?.fine();
    assert!(
        table.out.contains("snoozed") && table.out.contains("Al") && table.out.contains("vip"),
        "{}",
        table.out
    );
    let of = inside.run(&["contacts", "conversations", &contact, "-o", "json"]).await?.fine();
    assert_eq!(of.column("id"), [json!(1)]);
    let shown = inside.run(&["conversations", "show", "1", "-o", "json"]).await?.fine().json();
    assert_eq!(shown["custom_attributes"], json!({"plan": "pro"}));
    // Who knows a customer's address in an API inbox can write as them.
    let person = inside.run(&["contacts", "show", &contact, "-o", "json"]).await?.fine();
    assert_eq!(person.json()["contact_inboxes"][0]["inbox"]["name"], "App");
    let state = inside.chatwoot.state().await?;
    let secrets = state.secrets();
    assert!(
        secrets.len() > 5 && secrets.iter().any(|secret| secret.len() == 36),
        "there is nothing to look for"
    );
    for secret in secrets {
        assert!(!person.out.contains(secret) && !shown.to_string().contains(secret), "{secret} is printed");
    }
    inside.run(&["conversations", "show", "2"]).await?.refused(&["conversation 2", "no such object"]);
    Ok(())
}

#[tokio::test]
async fn a_customer_speaks_through_the_client_api() -> Result<()> {
    let inside = Inside::new().await?;
    let (id, identifier, hmac) = inbox(&inside).await?;
    let url = inside.chatwoot.url();
    let door = [("CHATWOOT_INBOX", identifier.as_str()), ("CHATWOOT_HMAC_TOKEN", hmac.as_str())];
    let create =
        ["client", "contact", "create", "--name", "Al", "--identifier", "al-7", "-o", "json", "--url", url];
    let made = run(&create, &door, "").await?.fine().json();
    let customer = made["contact_identifier"].as_str().context("nobody")?.to_owned();
    let again = run(&create, &door, "").await?.fine().json();
    assert_eq!(again["id"], made["id"], "the same person");

    let with = [&door[..], &[("CHATWOOT_CONTACT", customer.as_str())]].concat();
    let say = async |words: &[&str]| run(&[&["client"], words, &["--url", url]].concat(), &with, "").await;
    let after =
        say(&["contact", "update", "--email", "al@acme.example", "--identifier", "al-7", "-o", "json"])
            .await?
            .fine();
    assert_eq!(after.json()["email"], "al@acme.example");
    let number = say(&["conversation", "create", "-o", "json"]).await?.fine().json()["id"].to_string();
    say(&["conversation", "say", &number, "Hello"]).await?.fine();
    say(&["conversation", "typing", &number, "on"]).await?.fine();
    say(&["conversation", "seen", &number]).await?.fine();
    say(&["conversation", "typing", &number, "maybe"]).await?.refused(&["write one of on, off"]);
    let list = say(&["conversation", "list", "-o", "json"]).await?.fine();
    assert_eq!(list.column("id"), [json!(1)]);
    let told: Vec<Value> = inside
        .run(&["conversations", "list", "--inbox-id", &id, "-o", "json"])
        .await?
        .fine()
        .column("messages");
    assert!(told[0].to_string().contains("Hello"), "{told:?}");

    let forged = [door[0], ("CHATWOOT_HMAC_TOKEN", "wrong")];
    run(&create, &forged, "")
        .await?
        .refused(&["an identity hash that is wrong", "check --identifier and the HMAC token"]);
    run(&create, &[("CHATWOOT_INBOX", "nowhere")], "")
        .await?
        .refused(&["no such object", "are inbox, contact"]);
    run(&create, &[], "").await?.refused(&["which inbox?", "CHATWOOT_INBOX"]);
    let list = ["client", "conversation", "list", "--url", url];
    run(&list, &door, "").await?.refused(&["which customer?", "CHATWOOT_CONTACT"]);
    Ok(())
}
