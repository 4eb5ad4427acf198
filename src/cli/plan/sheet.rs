//! What one object's rehearsal wrote down.

use serde::Serialize;
use serde_json::Value;

/// One field that would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// In words of the spec: `name`, `features.sla`, `limits.agents`.
    pub field: String,
    /// What is there now; `null` where nothing is, or nobody knows.
    pub old: Value,
    pub new: Value,
}

/// What would be done in Chatwoot for one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    pub creates: bool,
    pub deletes: bool,
    pub changes: Vec<Change>,
    /// Other things a person should know, such as what becomes of a resource that goes.
    pub notes: Vec<String>,
    /// Routes of the requests that would write, in order.
    pub requests: Vec<String>,
}

impl Sheet {
    /// A field goes from `old` to `new`. Of a field that changes twice the first and the last value count.
    pub fn change(&mut self, field: impl Into<String>, old: impl Into<Value>, new: impl Into<Value>) {
        let (field, new) = (field.into(), new.into());
        match self.changes.iter_mut().find(|change| change.field == field) {
            Some(change) => change.new = new,
            None => self.changes.push(Change { field, old: old.into(), new }),
        }
        self.changes.retain(|change| change.old != change.new);
    }

    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Adds what a later pass over the same object would do.
    pub fn then(&mut self, later: Sheet) {
        self.creates |= later.creates;
        self.deletes |= later.deletes;
        self.requests.extend(later.requests);
        later.changes.into_iter().for_each(|change| self.change(change.field, change.old, change.new));
        later.notes.into_iter().for_each(|note| self.note(note));
    }

    pub fn is_empty(&self) -> bool {
        !self.creates && !self.deletes && self.changes.is_empty() && self.requests.is_empty()
    }
}

/// A field of Chatwoot's as the spec has it: `show_on_sidebar` is `showOnSidebar` there.
pub fn in_spec(field: &str) -> String {
    let mut spoken = String::new();
    let mut upper = false;
    for letter in field.chars() {
        if letter == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            spoken.extend(letter.to_uppercase());
        } else {
            spoken.push(letter);
        }
    }
    spoken
}

/// The entries of two maps that differ, under `prefix`.
pub fn differences<'a>(
    prefix: &str,
    old: impl IntoIterator<Item = (&'a String, &'a Value)>,
    new: &serde_json::Map<String, Value>,
) -> Vec<Change> {
    let old: serde_json::Map<String, Value> = old.into_iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let value =
        |map: &serde_json::Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
    keys.into_iter()
        .map(|key| Change { field: format!("{prefix}.{key}"), old: value(&old, key), new: value(new, key) })
        .filter(|change| change.old != change.new)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_that_changes_twice_is_told_once_and_one_that_returns_not_at_all() {
        let mut sheet = Sheet::default();
        sheet.change("name", "A", "B");
        sheet.change("locale", Value::Null, "en");
        sheet.change("name", "B", "C");
        assert_eq!(
            sheet.changes.first().map(|c| (c.old.clone(), c.new.clone())),
            Some((json!("A"), json!("C")))
        );
        sheet.change("name", "C", "A");
        assert_eq!(sheet.changes.len(), 1);
    }

    #[test]
    fn fields_are_told_in_words_of_the_spec() {
        for (field, told) in [
            ("auto_resolve_ignore_waiting", "autoResolveIgnoreWaiting"),
            ("show_on_sidebar", "showOnSidebar"),
            ("title", "title"),
        ] {
            assert_eq!(in_spec(field), told);
        }
    }

    #[test]
    fn maps_are_compared_key_by_key() {
        let (old, new) = (json!({"a": 1, "b": 2, "c": 3}), json!({"b": 2, "c": 4, "d": 5}));
        let told = differences("limits", old.as_object().unwrap(), new.as_object().unwrap());
        let told: Vec<_> = told.iter().map(|c| format!("{} {}→{}", c.field, c.old, c.new)).collect();
        assert_eq!(told, ["limits.a 1→null", "limits.c 3→4", "limits.d null→5"]);
    }
}
