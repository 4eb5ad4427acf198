//! Something that is in an account, told as a manifest: as its kind tells it, and only where Chatwoot would then agree with
//! every word of it.

use super::Content;
use crate::{
    api::{GROUP, VERSION, conditions::reason, content::Within},
    chatwoot::version::Version,
    plan::{
        content::{Called, Names, Shown, Telling, Untold},
        status::Verdict,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A manifest's spec, and what it does not declare.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub spec: Value,
    pub left_out: Vec<String>,
}

/// Who and what has a manifest, in one account and its namespace.
#[derive(Clone, Debug)]
pub struct Book {
    pub version: Version,
    /// ChatwootUsers by the person's id.
    pub people: BTreeMap<i64, String>,
    /// Resources by kind and id.
    pub things: BTreeMap<(&'static str, i64), String>,
}

impl Called for Book {
    fn version(&self) -> Version {
        self.version
    }

    fn member(&self, id: i64) -> Option<String> {
        self.people.get(&id).cloned()
    }

    fn sibling(&self, kind: &'static str, id: i64) -> Option<String> {
        self.things.get(&(kind, id)).cloned()
    }
}

impl Names for Book {
    fn version(&self) -> Version {
        self.version
    }

    fn member(&self, name: &str) -> Result<i64, Verdict> {
        let found = self.people.iter().find(|(_, known)| *known == name);
        found.map(|(id, _)| *id).ok_or_else(|| missing(name))
    }

    fn sibling(&self, kind: &'static str, name: &str) -> Result<i64, Verdict> {
        let found = self.things.iter().find(|((of, _), known)| *of == kind && *known == name);
        found.map(|((_, id), _)| *id).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> Verdict {
    Verdict::new(reason::WAITING_FOR_REFERENCE, format!("nothing is called {name}"))
}

/// The spec of a manifest of `shown`.
///
/// # Errors
/// Why there can be none, after "it".
pub fn told<C: Content>(shown: &Shown, within: Within, book: &Book) -> Result<Told, Untold> {
    let mut telling = Telling::new(shown, book);
    let spec = C::told(within, &mut telling)?;
    let left_out = telling.left_out();
    let spec = serde_json::to_value(spec).unwrap_or_default();
    let object = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"), "kind": C::TRAIT.kind, "metadata": {"name": "told"}, "spec": spec,
    });
    let object: C = serde_json::from_value(object).map_err(|_| "has values of another shape".to_owned())?;
    let wish = object.wish(book).map_err(|verdict| format!("cannot be said: {}", verdict.message))?;
    let mut differing: Vec<String> = wish.differences(&shown.seen).keys().cloned().collect();
    differing.extend(wish.irreconcilable(&shown.seen).map(str::to_owned));
    let parts = wish.parts.iter().filter(|(part, wanted)| shown.parts.get(*part) != Some(*wanted));
    differing.extend(parts.map(|(part, _)| (*part).to_owned()));
    if wish.key != shown.seen.key {
        differing.push(C::TRAIT.key.to_owned());
    }
    if differing.is_empty() {
        Ok(Told { spec, left_out })
    } else {
        Err(format!("has values that a manifest cannot say, in {}", differing.join(", ")))
    }
}

#[cfg(test)]
mod tests;
