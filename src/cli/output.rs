//! What commands print: text for people, JSON or YAML for scripts.

use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;

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

/// # Errors
/// Standard output is closed.
pub fn write(text: &str) -> Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes()).context("the result could not be written")
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
