//! What commands print: text for people, JSON or YAML for scripts.

use anyhow::{Context, Result};
use serde::Serialize;
use std::{borrow::Cow, io::Write};

/// How a result is printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
    Yaml,
}

/// The flag every command with a result has.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct Output {
    /// How to print the result
    #[arg(short = 'o', long = "output", value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

impl Output {
    /// Prints `result` to standard output; `text` is its form for people.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn print<T: Serialize>(self, result: &T, text: impl FnOnce(&T) -> String) -> Result<()> {
        let printed = match self.format {
            Format::Text => text(result),
            Format::Json => format!("{}\n", serde_json::to_string_pretty(result)?),
            Format::Yaml => serde_saphyr::to_string(result)?,
        };
        write(&printed)
    }
}

/// Writes to standard output, with what would steer a terminal made visible: names in Chatwoot are what any
/// administrator of an account makes them.
///
/// # Errors
/// Standard output is closed.
pub fn write(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(harmless(text).as_bytes()).context("the result could not be written")
}

/// Control characters but line breaks and tabs, and those that turn the direction of writing, as `\u001b`.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Columns as wide as they must be, two spaces apart, and no space at the end of a line. The last column is not padded.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        format!("{}\n", line.trim_end())
    };
    let mut text = line(&mut head.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_steers_a_terminal() {
        let name = "\"\u{9b}2J\u{1b}[31mred\u{7f}\u{202e}\u{2066}\r\"\n\tü";
        let shown = harmless(name);
        assert_eq!(shown, "\"\\u009b2J\\u001b[31mred\\u007f\\u202e\\u2066\\u000d\"\n\tü");
        // What JSON holds stays what it was.
        let json = serde_json::to_string("\u{9b}\u{202e}").unwrap();
        assert_eq!(serde_json::from_str::<String>(&harmless(&json)).unwrap(), "\u{9b}\u{202e}");
        assert!(matches!(harmless("plain\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn columns_line_up_and_no_line_ends_in_spaces() {
        let rows = vec![
            vec!["ChatwootAccount".into(), "a".into()],
            vec!["é".into(), String::new()],
            vec!["x".into(), "long one".into()],
        ];
        let text = table(&["KIND", "NAME"], &rows);
        assert_eq!(text, "KIND             NAME\nChatwootAccount  a\né\nx                long one\n");
    }
}
