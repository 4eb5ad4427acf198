//! Definitions of custom attributes.

use crate::support::{
    Setup,
    content::{Furnished, automated},
    life::{Life, live},
    subject::message,
};
use anyhow::Result;
use chatwoot_simulator::{Options, RecordKind};
use serde_json::json;

const DEFINITION: &str = "ChatwootCustomAttributeDefinition";

#[tokio::test]
async fn a_definition_lives_as_its_resource_says() -> Result<()> {
    let list = json!({"attributeKey": "plan", "model": "Contact", "displayType": "List", "displayName": "Plan",
        "values": ["free", "pro"]});
    live(&Life {
        kind: DEFINITION,
        route: "custom_attribute_definitions",
        record: RecordKind::AttributeDefinition,
        spec: list,
        by_hand: ("attribute_values", json!(["pro", "free", "gold"])),
        left: Some(("attribute_description", json!("by hand"))),
        change: json!({"displayName": "Contract"}),
        changed: ("attribute_display_name", json!("Contract")),
        theirs: json!({"attribute_key": "plan", "attribute_model": "contact_attribute",
            "attribute_display_type": "text", "attribute_display_name": "Plan"}),
    })
    .await
}

#[tokio::test]
async fn one_key_is_another_attribute_on_another_model() -> Result<()> {
    let inside = Furnished::new().await?;
    let text = |model: &str, pattern: &str| {
        json!({"attributeKey": "order", "model": model, "displayType": "Text", "displayName": "Order",
            "regexPattern": pattern, "regexCue": "Only digits"})
    };
    let of_contact = inside.apply(DEFINITION, "of-contact", text("Contact", "/^[0-9]+$/")).await?;
    let of_conversation =
        inside.apply(DEFINITION, "of-conversation", text("Conversation", "/^[0-9]$/")).await?;
    of_contact.ready().await?;
    of_conversation.ready().await?;
    let rows = inside.content().await?.attribute_definitions;
    let mut shown: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            Some((row.fields["attribute_model"].as_str()?, row.fields["regex_pattern"].as_str()?))
        })
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, [("contact_attribute", "/^[0-9]+$/"), ("conversation_attribute", "/^[0-9]$/")]);

    of_contact.set(json!({"regexPattern": "", "regexCue": ""})).await?;
    of_contact.ready().await?;
    of_contact.delete().await?;
    of_contact.gone().await?;
    assert_eq!(
        inside.only(RecordKind::AttributeDefinition).await?.fields["attribute_model"],
        "conversation_attribute"
    );
    Ok(())
}

/// Chatwoot would answer 500 to a word it does not know.
#[tokio::test]
async fn a_model_that_this_chatwoot_does_not_have_is_not_sent() -> Result<()> {
    let simulator = Options { version: "4.13.0".parse().map_err(anyhow::Error::msg)?, ..Options::default() };
    let inside = Furnished::with(Setup { simulator, ..automated() }).await?;
    let spec =
        json!({"attributeKey": "tier", "model": "Company", "displayType": "Text", "displayName": "Tier"});
    let company = inside.apply(DEFINITION, "tier", spec).await?;
    let refused = company.reason("InvalidSpec").await?;
    assert!(message(&refused, "Ready").contains("upgrade Chatwoot to 4.14.0"), "{refused}");
    assert_eq!(inside.calls_inside(0).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_list_offers_its_values_in_the_order_they_were_applied_last() -> Result<()> {
    let inside = Furnished::new().await?;
    let spec = |values: &[&str]| json!({"attributeKey": "plan", "model": "Contact", "displayType": "List", "displayName": "Plan", "values": values});
    for values in [["free", "pro", "gold"], ["gold", "free", "pro"]] {
        inside.apply(DEFINITION, "plan", spec(&values)).await?.ready().await?;
        let row = inside.only(RecordKind::AttributeDefinition).await?;
        assert_eq!(row.fields["attribute_values"], json!(values));
    }
    Ok(())
}
