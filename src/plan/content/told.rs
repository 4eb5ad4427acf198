//! A manifest of what is in an account already: a wish, the other way round.

use super::Seen;
use crate::chatwoot::{types::Map, version::Version};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What ids in Chatwoot are called in a namespace: [`Names`](super::Names), the other way round.
pub trait Called {
    /// The Chatwoot the account is on.
    fn version(&self) -> Version;

    /// The ChatwootUser of the namespace who is this user, and declares to be a member of the account.
    fn member(&self, id: i64) -> Option<String>;

    /// The resource of this kind, namespace and account that is this one.
    fn sibling(&self, kind: &'static str, id: i64) -> Option<String>;
}

/// Something in an account, with what lies beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub seen: Seen,
    pub parts: BTreeMap<&'static str, Value>,
}

/// Something that is being told as a spec.
pub struct Telling<'a> {
    shown: &'a Shown,
    called: &'a dyn Called,
    left_out: Vec<String>,
}

impl<'a> Telling<'a> {
    pub fn new(shown: &'a Shown, called: &'a dyn Called) -> Self {
        Self { shown, called, left_out: Vec::new() }
    }

    /// Says that something is not declared: the field, and why.
    pub fn leave(&mut self, what: impl Into<String>) {
        self.left_out.push(what.into());
    }

    /// What is not declared.
    pub fn left_out(self) -> Vec<String> {
        self.left_out
    }

    pub fn version(&self) -> Version {
        self.called.version()
    }

    pub fn key(&self) -> String {
        self.shown.seen.key.clone()
    }

    pub fn fields(&self) -> &'a Map {
        &self.shown.seen.fields
    }

    /// A text that is set.
    pub fn text(&self, field: &str) -> Option<String> {
        let text = self.fields().get(field).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub fn flag(&self, field: &str) -> Option<bool> {
        self.fields().get(field).and_then(Value::as_bool)
    }

    /// Anything else; `None` where it has another shape.
    pub fn read<T: DeserializeOwned>(&self, field: &str) -> Option<T> {
        self.fields().get(field).and_then(|value| serde_json::from_value(value.clone()).ok())
    }

    /// The word of `all` that Chatwoot says in a field, by what each is in Chatwoot.
    pub fn word<T: Copy, W: serde::Serialize>(
        &self,
        field: &str,
        all: &[T],
        word: impl Fn(T) -> W,
    ) -> Option<T> {
        let said = self.fields().get(field)?;
        all.iter().copied().find(|one| serde_json::to_value(word(*one)).is_ok_and(|word| word == *said))
    }

    pub fn member(&self, id: i64) -> Option<String> {
        self.called.member(id)
    }

    pub fn sibling(&self, kind: &'static str, id: i64) -> Option<String> {
        self.called.sibling(kind, id)
    }

    pub fn part(&self, part: &str) -> Option<&'a Value> {
        self.shown.parts.get(part)
    }

    /// People, by name: all of them or none, because whoever is not named would be taken out.
    pub fn people(&mut self, part: &str) -> Option<Vec<String>> {
        let ids = self.part(part)?.as_array().into_iter().flatten().filter_map(Value::as_i64);
        let mut names = Vec::new();
        for id in ids {
            let Some(name) = self.member(id) else {
                self.leave(format!("{part} (user {id} is no ChatwootUser of its namespace and account)"));
                return None;
            };
            names.push(name);
        }
        (!names.is_empty()).then_some(names)
    }
}

/// Why something cannot be told at all, after "it".
pub type Untold = String;
