//! Keys that can hold a secret, such as a webhook's URL: everything but the request itself knows them by a fingerprint.
//!
//! The planner, the status and the claims have nothing else, so no message, event, log line or `Debug` can show the key. It
//! is a plain hash: whoever reads a status reads the spec beside it, and every process must come to the same one, also
//! before it knows the installation's key.

use super::{Naming, Seen, Trait, Wish};
use crate::chatwoot::types::Map;
use serde_json::Value;
use sha2::{Digest, Sha256};

impl Trait {
    /// The key as everything but a request knows it.
    pub fn known(&self, key: &str) -> String {
        match self.naming {
            Naming::Key | Naming::Temporary(_) => key.to_owned(),
            Naming::Fingerprint(_) => {
                let digest =
                    Sha256::new().chain_update(self.kind).chain_update([0]).chain_update(key).finalize();
                digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }

    /// The key as messages show it: `title "vip"`, or what it is called alone.
    pub fn shown(&self, known: &str) -> String {
        match self.naming {
            Naming::Key | Naming::Temporary(_) => format!("{} {known:?}", self.key),
            Naming::Fingerprint(_) => format!("this {}", self.key),
        }
    }

    /// Fields as a request takes them: with the key itself.
    pub fn opened(&self, mut fields: Map, key: &str) -> Map {
        if let Some(value) = self.sealed_in(&mut fields) {
            *value = key.into();
        }
        fields
    }

    fn seal(&self, key: &mut String, fields: &mut Map) {
        *key = self.known(key);
        if let Some(value) = self.sealed_in(fields) {
            *value = self.known(value.as_str().unwrap_or_default()).into();
        }
    }

    fn sealed_in<'a>(&self, fields: &'a mut Map) -> Option<&'a mut Value> {
        let Naming::Fingerprint(field) = self.naming else { return None };
        fields.get_mut(field)
    }
}

impl Wish {
    /// Without a key that can hold a secret.
    #[must_use]
    pub fn sealed(mut self, kind: &Trait) -> Self {
        kind.seal(&mut self.key, &mut self.fields);
        self
    }
}

impl Seen {
    /// Without a key that can hold a secret.
    #[must_use]
    pub fn sealed(mut self, kind: &Trait) -> Self {
        kind.seal(&mut self.key, &mut self.fields);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{super::declared, *};
    use crate::plan::label::LABEL;
    use serde_json::json;

    const HOOK: Trait = Trait {
        kind: "ChatwootWebhook",
        noun: "webhook",
        key: "url",
        naming: Naming::Fingerprint("url"),
        precious: false,
    };
    const URL: &str = "https://hooks.example/t/canary-key";

    fn fields(url: &str) -> Map {
        declared([("url", Some(json!(url))), ("name", Some(json!("CRM")))])
    }

    #[test]
    fn a_key_that_can_hold_a_secret_is_seen_nowhere_but_in_the_request() {
        let wish = Wish { key: URL.into(), fields: fields(URL), ..Wish::default() }.sealed(&HOOK);
        let same = Seen { id: 1, key: URL.into(), fields: fields(URL) }.sealed(&HOOK);
        let other = Seen { id: 2, key: "x".into(), fields: fields("https://other.example") }.sealed(&HOOK);
        assert!(!format!("{wish:?} {same:?}").contains("canary"), "{wish:?} {same:?}");
        assert_eq!((&wish.key, wish.differences(&same)), (&same.key, Map::new()));
        assert_eq!(wish.differences(&other).keys().collect::<Vec<_>>(), ["url"]);
        assert_eq!(HOOK.opened(wish.differences(&other), URL), declared([("url", Some(json!(URL)))]));
        assert_eq!(HOOK.opened(Map::new(), URL), Map::new(), "only what differs is sent");
        assert_eq!(HOOK.shown(&wish.key), "this url");
        assert_eq!((wish.key.len(), HOOK.known("").len()), (32, 32));
    }

    #[test]
    fn every_other_key_is_what_it_is() {
        let wish = Wish { key: "vip".into(), fields: fields("vip"), ..Wish::default() };
        assert_eq!(wish.clone().sealed(&LABEL), wish);
        assert_eq!(LABEL.opened(fields("vip"), "other"), fields("vip"));
        assert_eq!((LABEL.known("vip").as_str(), LABEL.shown("vip").as_str()), ("vip", r#"title "vip""#));
    }
}
