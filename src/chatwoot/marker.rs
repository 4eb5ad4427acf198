//! The proof of ownership the operator writes into `custom_attributes` of everything it makes.
//!
//! `chatwoot_operator = "v1:<installation>:<owner>:<namespace>:<uid>"`, and `:adopted` after it where the operator did not
//! make its bearer. `owner` and `namespace` are keyed hashes, because colleagues can read a user's attributes in Chatwoot;
//! `uid` alone tells nothing about names.

use super::types::Map;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use std::fmt;

/// The attribute's key; tenants may not set it.
pub const KEY: &str = "chatwoot_operator";

/// Who a marker names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    pub installation: String,
    pub owner: String,
    pub namespace: String,
    pub uid: String,
}

/// How its bearer came to carry a marker. It is a part of the marker, because a status goes with its resource and this has
/// to be known of whoever is applied again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The operator made it.
    Made,
    /// It was there before, and was taken over.
    Adopted,
}

/// What stands last in the marker of what was adopted.
const ADOPTED: &str = "adopted";

impl Origin {
    /// What the marker in `attributes` says, whoever's it is; `None` where none can be read.
    pub fn of(attributes: &Map) -> Option<Self> {
        Marker::split(attributes.get(KEY)?.as_str()?).map(|(_, origin)| origin)
    }
}

/// What reading an object's marker says about whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// Installation and uid match.
    Ours,
    /// Installation, owner and namespace match: the same tenant applied the same object again.
    Recreated,
    /// Installation and owner match, in another namespace of the same name: a restored cluster, or a namespace name
    /// that somebody else uses now.
    Restored,
    Absent,
    /// Anything else, unreadable markers included.
    Foreign,
}

impl Marker {
    /// Reads the text form; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Self::split(text).map(|(marker, _)| marker)
    }

    fn split(text: &str) -> Option<(Self, Origin)> {
        let mut parts = text.split(':');
        let marker = match (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?) {
            ("v1", installation, owner, namespace, uid) => Self {
                installation: installation.to_owned(),
                owner: owner.to_owned(),
                namespace: namespace.to_owned(),
                uid: uid.to_owned(),
            },
            _ => return None,
        };
        match (parts.next(), parts.next()) {
            (None, _) => Some((marker, Origin::Made)),
            (Some(ADOPTED), None) => Some((marker, Origin::Adopted)),
            _ => None,
        }
    }

    /// What is written into the attributes of something of this origin.
    pub fn text(&self, origin: Origin) -> String {
        match origin {
            Origin::Made => self.to_string(),
            Origin::Adopted => format!("{self}:{ADOPTED}"),
        }
    }

    /// Whose an object with `attributes` is, seen from the resource this marker names.
    pub fn read(&self, attributes: &Map) -> Reading {
        match attributes.get(KEY) {
            None | Some(serde_json::Value::Null) => Reading::Absent,
            Some(serde_json::Value::String(text)) => self.compare(text),
            Some(_) => Reading::Foreign,
        }
    }

    /// Exactly this marker stands in `attributes`, for something of this origin: a lost key makes *ours* differ in owner
    /// and namespace.
    pub fn stands_in(&self, origin: Origin, attributes: &Map) -> bool {
        attributes.get(KEY).and_then(|value| value.as_str()) == Some(self.text(origin).as_str())
    }

    /// A marker of this installation stands in `attributes`, whoever's it is.
    pub fn same_installation(&self, attributes: &Map) -> bool {
        let text = attributes.get(KEY).and_then(|value| value.as_str());
        text.and_then(Marker::parse).is_some_and(|theirs| theirs.installation == self.installation)
    }

    /// As [`Marker::read`], for a marker's text.
    pub fn compare(&self, text: &str) -> Reading {
        match Marker::parse(text) {
            Some(theirs) if theirs.installation != self.installation => Reading::Foreign,
            Some(theirs) if theirs.uid == self.uid => Reading::Ours,
            Some(theirs) if theirs.owner == self.owner && theirs.namespace == self.namespace => {
                Reading::Recreated
            }
            Some(theirs) if theirs.owner == self.owner => Reading::Restored,
            _ => Reading::Foreign,
        }
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1:{}:{}:{}:{}", self.installation, self.owner, self.namespace, self.uid)
    }
}

/// This installation of the operator: a random id and a random key, kept in a Secret of its namespace.
#[derive(Clone)]
pub struct Installation {
    pub id: String,
    key: SecretSlice<u8>,
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Installation").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Installation {
    pub fn new(id: String, key: Vec<u8>) -> Self {
        Self { id, key: key.into() }
    }

    /// HMAC-SHA256 of `parts` joined by NUL, cut to 32 hex digits.
    pub fn hash(&self, parts: &[&str]) -> String {
        // HMAC takes a key of any length, so this cannot fail; an empty tag would only ever make markers foreign.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.expose_secret()) else {
            return String::new();
        };
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                mac.update(&[0]);
            }
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The marker of a resource.
    pub fn marker(&self, kind: &str, namespace: &str, namespace_uid: &str, name: &str, uid: &str) -> Marker {
        Marker {
            installation: self.id.clone(),
            owner: self.hash(&[kind, namespace, name]),
            namespace: self.hash(&[namespace_uid]),
            uid: uid.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn installation(key: u8) -> Installation {
        Installation::new("0123456789abcdef".into(), vec![key; 32])
    }

    fn reading(mine: &Marker, text: &str) -> Reading {
        let mut attributes = Map::new();
        attributes.insert(KEY.into(), json!(text));
        mine.read(&attributes)
    }

    #[test]
    fn the_text_form_survives_a_round_trip() {
        let marker = installation(1).marker("ChatwootAccount", "acme", "n-1", "main", "u-1");
        for origin in [Origin::Made, Origin::Adopted] {
            let text = marker.text(origin);
            assert_eq!(Marker::parse(&text), Some(marker.clone()));
            let attributes = Map::from_iter([(KEY.to_owned(), json!(text))]);
            assert_eq!((Origin::of(&attributes), marker.read(&attributes)), (Some(origin), Reading::Ours));
            assert!(marker.stands_in(origin, &attributes));
        }
        assert_eq!(Origin::of(&Map::new()), None);
    }

    #[test]
    fn adopted_or_made_a_marker_names_the_same_resource_and_another_text() {
        let marker = installation(1).marker("ChatwootUser", "acme", "n-1", "alice", "u-1");
        assert_eq!(marker.text(Origin::Made), marker.to_string());
        let adopted = Map::from_iter([(KEY.to_owned(), json!(marker.text(Origin::Adopted)))]);
        assert!(!marker.stands_in(Origin::Made, &adopted) && marker.same_installation(&adopted));
    }

    #[test]
    fn names_do_not_stand_in_a_marker() {
        let text = installation(1).marker("ChatwootAccount", "acme", "n-1", "main", "u-1").to_string();
        assert!(!text.contains("acme") && !text.contains("main") && !text.contains("n-1"), "{text}");
    }

    #[test]
    fn every_reading_has_its_case() {
        let ours = installation(1);
        let mine = ours.marker("ChatwootAccount", "acme", "n-1", "main", "u-1");
        let of = |ns_uid, name, uid| ours.marker("ChatwootAccount", "acme", ns_uid, name, uid).to_string();
        assert_eq!(reading(&mine, &of("n-1", "main", "u-1")), Reading::Ours);
        assert_eq!(reading(&mine, &of("n-1", "main", "u-0")), Reading::Recreated);
        assert_eq!(reading(&mine, &of("n-0", "main", "u-0")), Reading::Restored);
        assert_eq!(reading(&mine, &of("n-1", "other", "u-0")), Reading::Foreign);
        assert_eq!(mine.read(&Map::new()), Reading::Absent);
    }

    #[test]
    fn a_lost_key_still_proves_ours_by_uid() {
        let before = installation(1).marker("ChatwootAccount", "acme", "n-1", "main", "u-1");
        let after = installation(2).marker("ChatwootAccount", "acme", "n-1", "main", "u-1");
        assert_ne!(before.owner, after.owner);
        assert_eq!(reading(&after, &before.to_string()), Reading::Ours);
    }

    #[test]
    fn another_installation_and_any_other_text_are_foreign() {
        let mine = installation(1).marker("ChatwootAccount", "acme", "n-1", "main", "u-1");
        let adopted_twice = format!("{mine}:adopted:adopted");
        for text in [
            "",
            "v1",
            "v1:a:b:c",
            "v1:a:b:c:d:e",
            &adopted_twice,
            "v2:0123456789abcdef:o:n:u-1",
            "v1:ffff:o:n:u-1",
        ] {
            assert_eq!(reading(&mine, text), Reading::Foreign, "{text}");
        }
        let mut attributes = Map::new();
        attributes.insert(KEY.into(), json!({"uid": "u-1"}));
        assert_eq!(mine.read(&attributes), Reading::Foreign);
    }
}
