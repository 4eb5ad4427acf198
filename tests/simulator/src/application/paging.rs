//! Pages: where they begin, and what `meta` says about them.

use crate::params::{Params, integer_of, text_of};
use serde_json::{Value, json};

/// Which page was asked for.
pub struct Page {
    number: usize,
    /// As `meta.current_page` shows it: the number 1 where nothing was sent, else the text that was (chatwoot-api §3.2).
    pub shown: Value,
}

impl Page {
    /// A page below 1, or what is no number, is the first.
    pub fn of(params: &Params) -> Self {
        match params.raw("page").filter(|page| !page.is_null()) {
            None => Page { number: 1, shown: json!(1) },
            Some(page) => {
                let number = integer_of(page).and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
                Page { number, shown: text_of(page).map_or(Value::Null, Value::String) }
            }
        }
    }

    pub fn cut<'a, T>(&self, rows: &'a [T], size: usize) -> &'a [T] {
        let start = (self.number - 1).saturating_mul(size).min(rows.len());
        let end = start.saturating_add(size).min(rows.len());
        rows.get(start..end).unwrap_or_default()
    }

    /// Whether rows come after this page.
    pub fn has_more<T>(&self, rows: &[T], size: usize) -> bool {
        self.number.saturating_mul(size) < rows.len()
    }
}
