//! Ids as people write them: `1,2,5-9`.

use anyhow::{Context, Result};
use std::{collections::BTreeSet, fmt, path::Path, str::FromStr};

/// More than this is a typing error, or takes longer than anybody waits.
const MOST: usize = 100_000;

/// A set of ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids(pub BTreeSet<i64>);

impl FromStr for Ids {
    type Err = String;

    /// Ids and ranges, with commas, spaces or line breaks between them.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut ids = BTreeSet::new();
        for word in text.split(|c: char| c == ',' || c.is_ascii_whitespace()).filter(|word| !word.is_empty())
        {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            let read = |text: &str| text.parse::<i64>().ok().filter(|id| *id > 0);
            let (Some(first), Some(last)) = (read(first), read(last)) else {
                return Err("write ids and ranges, such as 1,2,5-9".to_owned());
            };
            if first > last {
                return Err(format!("{first}-{last} begins after its end; write {last}-{first}"));
            }
            let room = MOST.saturating_sub(ids.len()) as u64;
            if last.abs_diff(first) >= room {
                return Err(format!("at most {MOST} ids at once; take them in several goes"));
            }
            ids.extend(first..=last);
        }
        if ids.is_empty() { Err("name at least one id, such as 1,2,5-9".to_owned()) } else { Ok(Self(ids)) }
    }
}

impl Ids {
    /// The ids in a file, written as on the command line, also one on each line.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn read(file: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        text.parse().map_err(anyhow::Error::msg).with_context(|| file.display().to_string())
    }
}

impl fmt::Display for Ids {
    /// Ranges where there are any, `1, 2, 5-9`; as much of it as fits on a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        let ranges = self.ranges();
        for (at, (first, last)) in ranges.iter().take(SHOWN).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first}, {last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        if ranges.len() > SHOWN { write!(f, " and others, {} in all", self.0.len()) } else { Ok(()) }
    }
}

impl Ids {
    /// As few ranges as there can be, in order.
    pub fn ranges(&self) -> Vec<(i64, i64)> {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for id in &self.0 {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(*id) => *last = *id,
                _ => ranges.push((*id, *id)),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_ranges_are_read_and_shown_alike() {
        let ids: Ids = "9,1, 5-7\n2".parse().unwrap();
        assert_eq!(ids.0, BTreeSet::from([1, 2, 5, 6, 7, 9]));
        assert_eq!(ids.to_string(), "1, 2, 5-7, 9");
        let many = Ids((0..100).map(|n| n * 2 + 1).collect());
        assert!(many.to_string().ends_with("39 and others, 100 in all"), "{many}");
    }

    #[test]
    fn what_is_no_id_is_refused_with_what_to_write() {
        for text in ["", ",", "a", "0", "-1", "1-", "1-b", "1.5", "99999999999999999999"] {
            let said = text.parse::<Ids>().unwrap_err();
            assert!(said.contains("such as 1,2,5-9"), "{text:?}: {said}");
        }
        assert!("9-5".parse::<Ids>().unwrap_err().contains("write 5-9"));
        assert!("1-100001".parse::<Ids>().unwrap_err().contains("at most"));
        assert!("1-9223372036854775807".parse::<Ids>().unwrap_err().contains("at most"));
        assert_eq!("1-100000".parse::<Ids>().unwrap().0.len(), MOST);
    }

    #[test]
    fn a_file_is_named_when_it_cannot_be_used() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "3\n4\n").unwrap();
        assert_eq!(Ids::read(file.path()).unwrap().to_string(), "3, 4");
        std::fs::write(file.path(), "three").unwrap();
        let said = format!("{:#}", Ids::read(file.path()).unwrap_err());
        assert!(said.contains(&file.path().display().to_string()) && said.contains("5-9"), "{said}");
    }
}
