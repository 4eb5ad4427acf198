//! Canned responses.

use crate::support::{
    content::Furnished,
    life::{Life, live},
};
use anyhow::Result;
use chatwoot_simulator::RecordKind;
use serde_json::json;

const CANNED_RESPONSE: &str = "ChatwootCannedResponse";

#[tokio::test]
async fn a_canned_response_lives_as_its_resource_says() -> Result<()> {
    live(&Life {
        kind: CANNED_RESPONSE,
        route: "canned_responses",
        record: RecordKind::CannedResponse,
        spec: json!({"shortCode": "hours", "content": "We are here from 9 to 5."}),
        by_hand: ("content", json!("by hand")),
        left: None,
        change: json!({"shortCode": "opening"}),
        changed: ("short_code", json!("opening")),
        theirs: json!({"short_code": "hours"}),
    })
    .await
}

/// Codes differ by their case, and a text of several lines is the same when it is read again.
#[tokio::test]
async fn codes_and_texts_are_kept_to_the_letter() -> Result<()> {
    let inside = Furnished::new().await?;
    let text = "Hello {{contact.name}},\n\n  we are here from 9 to 5.\n";
    let spec = |code: &str| json!({"shortCode": code, "content": text});
    let small = inside.apply(CANNED_RESPONSE, "small", spec("hours")).await?;
    let capital = inside.apply(CANNED_RESPONSE, "capital", spec("Hours")).await?;
    small.ready().await?;
    capital.ready().await?;
    let content = inside.content().await?;
    let codes: Vec<_> =
        content.canned_responses.iter().map(|row| row.fields["short_code"].as_str()).collect();
    assert!(codes.contains(&Some("hours")) && codes.contains(&Some("Hours")), "{codes:?}");
    assert!(content.canned_responses.iter().all(|row| row.fields["content"] == text));
    let seq = inside.stage.chatwoot.last_seq().await?;
    small.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET canned_responses"]);
    Ok(())
}
