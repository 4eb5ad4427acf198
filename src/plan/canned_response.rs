//! What a ChatwootCannedResponse asks for, in Chatwoot's words.

use super::content::{Naming, Seen, Telling, Trait, Wish, fields};
use crate::{
    api::{
        canned_response::CannedResponseSpec,
        content::{ContentDeletionPolicy, Within},
    },
    chatwoot::tenant::canned::CannedResponse,
};
use serde_json::json;

pub const CANNED_RESPONSE: Trait = Trait {
    kind: "ChatwootCannedResponse",
    noun: "canned response",
    key: "shortCode",
    naming: Naming::Key,
    precious: false,
};

pub fn wish(spec: &CannedResponseSpec) -> Wish {
    let fields = fields([("short_code", json!(spec.short_code)), ("content", json!(spec.content))]);
    Wish { key: spec.short_code.clone(), fields, ..Wish::default() }
}

pub fn seen(answer: &CannedResponse) -> Seen {
    let fields = fields([("short_code", json!(answer.short_code)), ("content", json!(answer.content))]);
    Seen { id: answer.id.0, key: answer.short_code.clone(), fields }
}

/// What a manifest of one that is there declares.
pub fn told(within: Within, answer: &Telling<'_>) -> CannedResponseSpec {
    CannedResponseSpec {
        within,
        short_code: answer.key(),
        content: answer.text("content").unwrap_or_default(),
        deletion_policy: ContentDeletionPolicy::Retain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_by_capital_letters_and_content_to_the_letter() {
        let spec = CannedResponseSpec {
            within: Within { account: "acme".into(), ..Within::default() },
            short_code: "Hours".into(),
            content: "We are here\nfrom 9 to 5.\n".into(),
            deletion_policy: ContentDeletionPolicy::Delete,
        };
        let row = |code: &str, content: &str| {
            seen(&serde_json::from_value(json!({"id": 5, "short_code": code, "content": content})).unwrap())
        };
        let wish = wish(&spec);
        let same = row("Hours", "We are here\nfrom 9 to 5.\n");
        assert!(wish.differences(&same).is_empty() && wish.key == same.key);
        let other = row("hours", "We are here\nfrom 9 to 5.");
        assert_ne!(wish.key, other.key);
        assert_eq!(wish.differences(&other).keys().collect::<Vec<_>>(), ["content", "short_code"]);
    }
}
