//! All contacts in a file.

use super::{COLUMNS, filter};
use crate::{
    chatwoot::application::ContactQuery,
    cli::inside::{
        self,
        rows::{self, Format, Rows},
    },
};
use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

#[derive(clap::Args, Debug)]
pub struct Options {
    /// Where to write them; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Only those that rules mean, as for contacts filter
    #[arg(long = "where", value_name = "RULE", num_args = 1..)]
    rules: Vec<String>,

    #[command(flatten)]
    inside: inside::Flags,

    /// How to write them; by the file's name where it ends in .csv, .json, .ndjson or .yaml
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORMAT")]
    format: Option<Format>,
}

pub async fn run(options: Options) -> Result<()> {
    let format = options.format.or_else(|| by_name(&options.file)).with_context(|| {
        format!("{}: say how to write it, by --output or by its name's end", options.file.display())
    })?;
    let rules = if options.rules.is_empty() { None } else { Some(filter::parse(&options.rules)?) };
    let mut part = Part::begin(&options.file)?;
    let reached = options.inside.reach().await?;
    let contacts = reached.account.contacts();
    let query = ContactQuery::default();
    let rows = match rules {
        Some(rules) => contacts.filter_stream(&filter::filter(rules, &reached).await?, &query).left_stream(),
        None => contacts.stream(&query).right_stream(),
    };
    let rows = rows.map_err(|failure| reached.said.error("the export of contacts", &failure));
    let writer = |text: String| rows::append(&mut part.writer, &text);
    let count = Rows { format }.write(rows, None, COLUMNS, COLUMNS.len(), writer).await?;
    part.finish()?;
    eprintln!("{count} contacts are in {}", options.file.display());
    Ok(())
}

fn by_name(file: &Path) -> Option<Format> {
    match file.extension()?.to_str()? {
        "csv" => Some(Format::Csv),
        "json" => Some(Format::Json),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "yaml" | "yml" => Some(Format::Yaml),
        _ => None,
    }
}

/// A file under another name until it is complete. It goes when it never is.
struct Part<'a> {
    writer: BufWriter<File>,
    path: PathBuf,
    whole: &'a Path,
}

impl<'a> Part<'a> {
    fn begin(whole: &'a Path) -> Result<Self> {
        if whole.exists() {
            bail!("{} is there already; choose another name, or remove it", whole.display());
        }
        let mut name = whole.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.with_context(|| {
            format!("{} cannot be made; if an earlier export was killed, remove it", path.display())
        })?;
        Ok(Self { writer: BufWriter::new(file), path, whole })
    }

    fn finish(mut self) -> Result<()> {
        self.writer.flush().with_context(|| format!("{} could not be written", self.path.display()))?;
        // Unlike a rename a link fails where somebody has made the file meanwhile; but not every file system has links.
        let there = fs::hard_link(&self.path, self.whole).or_else(|error| match error.kind() {
            ErrorKind::AlreadyExists => Err(error),
            _ => fs::rename(&self.path, self.whole),
        });
        there.with_context(|| format!("{} could not be written", self.whole.display()))
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_once_it_is_complete_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("contacts.csv");
        let left = || fs::read_dir(folder.path()).unwrap().count();
        drop(Part::begin(&file).unwrap());
        assert_eq!(left(), 0);

        let mut part = Part::begin(&file).unwrap();
        part.writer.write_all(b"id\n").unwrap();
        assert!(!file.exists());
        assert!(Part::begin(&file).is_err(), "somebody else is at it");
        part.finish().unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), left()), ("id\n", 1));
        assert!(Part::begin(&file).is_err());
    }
}
