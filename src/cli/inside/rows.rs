//! Rows as people and scripts want them.

use super::csv;
use crate::cli::output::{self, harmless, table};
use anyhow::{Context, Result};
use futures::{Stream, TryStreamExt};
use serde::Serialize;
use std::{future::ready, io::Write, pin::pin};

/// How rows are printed.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Table,
    Json,
    Yaml,
    /// One JSON object a line, each as soon as it is read
    Ndjson,
    /// With a head; a cell that a spreadsheet would run as a formula begins with an apostrophe
    Csv,
}

/// The flag of every command that prints rows.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct Rows {
    /// How to print the result
    #[arg(short = 'o', long = "output", value_enum, default_value_t, value_name = "FORMAT")]
    pub format: Format,
}

/// A column's name, and what stands in it.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// How often is said how far it is, in rows.
const TELLS: usize = 1000;

impl Rows {
    /// Prints all of them to standard output, or as many as `limit` says. The first `wide` columns make the table, all of
    /// them the CSV. Gives how many there were.
    ///
    /// # Errors
    /// The first of the stream, or standard output is closed. Ndjson and CSV are printed as far as they came.
    pub async fn print<T: Serialize>(
        self,
        rows: impl Stream<Item = Result<T>>,
        limit: Option<usize>,
        columns: &[Column<T>],
        wide: usize,
    ) -> Result<usize> {
        self.write(rows, limit, columns, wide, |text| output::write(&text)).await
    }

    /// As [`Rows::print`], to `sink`.
    ///
    /// # Errors
    /// As [`Rows::print`].
    pub async fn write<T: Serialize>(
        self,
        rows: impl Stream<Item = Result<T>>,
        limit: Option<usize>,
        columns: &[Column<T>],
        wide: usize,
        mut sink: impl FnMut(String) -> Result<()>,
    ) -> Result<usize> {
        let mut rows = pin!(rows);
        let (mut kept, mut count) = (Vec::new(), 0);
        if self.format == Format::Csv {
            sink(csv::line(columns.iter().map(|(name, _)| (*name).to_owned())))?;
        }
        while limit.is_none_or(|limit| count < limit) {
            let Some(row) = rows.try_next().await? else { break };
            count += 1;
            if count % TELLS == 0 {
                eprintln!("{count} read");
            }
            match self.format {
                Format::Ndjson => sink(format!("{}\n", serde_json::to_string(&row)?))?,
                Format::Csv => sink(csv::line(columns.iter().map(|(_, cell)| cell(&row))))?,
                Format::Table | Format::Json | Format::Yaml => kept.push(row),
            }
        }
        match self.format {
            Format::Table => {
                let shown = columns.get(..wide).unwrap_or(columns);
                let head: Vec<String> = shown.iter().map(|(name, _)| head(name)).collect();
                let head: Vec<&str> = head.iter().map(String::as_str).collect();
                let cells = |row: &T| shown.iter().map(|(_, cell)| one_line(&cell(row))).collect();
                sink(table(&head, &kept.iter().map(cells).collect::<Vec<_>>()))?;
            }
            Format::Json => sink(format!("{}\n", serde_json::to_string_pretty(&kept)?))?,
            Format::Yaml => sink(serde_saphyr::to_string(&kept)?)?,
            Format::Ndjson | Format::Csv => {}
        }
        Ok(count)
    }

    /// Prints a single one: its columns below one another as a table, an object as JSON and YAML.
    ///
    /// # Errors
    /// Standard output is closed.
    pub async fn print_one<T: Serialize>(self, row: T, columns: &[Column<T>]) -> Result<()> {
        match self.format {
            Format::Table => {
                let lines = columns.iter().map(|(name, cell)| vec![head(name), one_line(&cell(&row))]);
                output::write(&table(&["FIELD", "VALUE"], &lines.collect::<Vec<_>>()))
            }
            Format::Json => output::write(&format!("{}\n", serde_json::to_string_pretty(&row)?)),
            Format::Yaml => output::write(&serde_saphyr::to_string(&row)?),
            Format::Ndjson | Format::Csv => {
                let rows = futures::stream::once(ready(Ok(row)));
                self.print(rows, None, columns, columns.len()).await.map(drop)
            }
        }
    }
}

/// Writes `text` to a file, with nothing in it that steers a terminal.
///
/// # Errors
/// The file cannot be written.
pub fn append(file: &mut impl Write, text: &str) -> Result<()> {
    file.write_all(harmless(text).as_bytes()).context("the file could not be written")
}

fn head(name: &str) -> String {
    name.to_uppercase().replace('_', " ")
}

/// A table's row is a line.
fn one_line(cell: &str) -> String {
    cell.replace(['\n', '\t'], " ")
}

/// Text that may be missing.
pub fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Seconds since 1970 as a date and time.
pub fn time(seconds: Option<i64>) -> String {
    let time =
        seconds.filter(|seconds| *seconds > 0).and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// A map as JSON; nothing for an empty one.
pub fn map(map: &crate::chatwoot::types::Map) -> String {
    if map.is_empty() { String::new() } else { serde_json::Value::from(map.clone()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{executor::block_on, stream};

    #[derive(Serialize)]
    struct Row {
        id: i64,
        name: &'static str,
    }

    const COLUMNS: &[Column<Row>] =
        &[("id", |row| row.id.to_string()), ("full_name", |row| row.name.to_owned())];

    fn written(format: Format, limit: Option<usize>) -> String {
        let rows = [Row { id: 1, name: "=A\nb" }, Row { id: 2, name: "C" }];
        let mut out = String::new();
        let rows = stream::iter(rows.into_iter().map(Ok));
        let sink = |text: String| {
            out.push_str(&text);
            Ok(())
        };
        let count = block_on(Rows { format }.write(rows, limit, COLUMNS, 2, sink)).unwrap();
        assert_eq!(count, limit.unwrap_or(2));
        out
    }

    #[test]
    fn rows_are_printed_in_every_form() {
        assert_eq!(written(Format::Table, None), "ID  FULL NAME\n1   =A b\n2   C\n");
        assert_eq!(written(Format::Csv, None), "id,full_name\n1,\"'=A\nb\"\n2,C\n");
        assert_eq!(written(Format::Ndjson, Some(1)), "{\"id\":1,\"name\":\"=A\\nb\"}\n");
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json, None)).unwrap();
        assert_eq!(json[1]["name"], "C");
        assert!(written(Format::Yaml, Some(1)).starts_with("- id: 1\n"));
        assert_eq!(written(Format::Json, Some(0)), "[]\n");
    }

    #[test]
    fn a_failure_ends_the_rows() {
        let rows = stream::iter([Err::<Row, _>(anyhow::anyhow!("broken"))]);
        let rows = Rows { format: Format::Ndjson }.write(rows, None, COLUMNS, 2, |_| Ok(()));
        assert!(block_on(rows).is_err());
    }

    #[test]
    fn times_are_shown_in_full() {
        assert_eq!(time(Some(1_700_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(time(Some(0)), "");
    }
}
