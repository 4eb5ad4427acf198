//! What the doctor found.

use crate::cli::output::table;
use serde::Serialize;
use std::fmt::Write as _;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Level {
    Ok,
    /// It could not be found out, and nothing speaks for trouble.
    Unknown,
    /// It works, but a person should look.
    Warning,
    /// It does not work.
    Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `cluster`, or kind, namespace and name.
    pub about: String,
    pub check: &'static str,
    pub level: Level,
    pub message: String,
    /// What to do or type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    pub findings: Vec<Finding>,
}

impl Findings {
    pub fn add(&mut self, about: &str, check: &'static str, level: Level, message: impl Into<String>) {
        let (about, message) = (about.to_owned(), message.into());
        self.findings.push(Finding { about, check, level, message, remedy: None });
    }

    /// As [`Findings::add`], with what to do about it.
    pub fn advise(
        &mut self,
        about: &str,
        check: &'static str,
        level: Level,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (about, message, remedy) = (about.to_owned(), message.into(), Some(remedy.into()));
        self.findings.push(Finding { about, check, level, message, remedy });
    }

    pub fn is_fine(&self) -> bool {
        self.findings.iter().all(|finding| finding.level <= Level::Unknown)
    }
}

/// A table, and below it what to do.
pub fn text(all: &Findings) -> String {
    let spoken = |level| match level {
        Level::Ok => "ok",
        Level::Unknown => "unknown",
        Level::Warning => "warning",
        Level::Problem => "PROBLEM",
    };
    let row = |finding: &Finding| {
        vec![
            finding.about.clone(),
            finding.check.to_owned(),
            spoken(finding.level).to_owned(),
            finding.message.clone(),
        ]
    };
    let rows: Vec<_> = all.findings.iter().map(row).collect();
    let mut text = table(&["ABOUT", "CHECK", "RESULT", "DETAILS"], &rows);
    for finding in &all.findings {
        if let Some(remedy) = &finding.remedy {
            let _ = write!(text, "\n{}, {}:\n", finding.about, finding.check);
            for line in remedy.lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_stand_below_the_table_and_the_unknown_is_no_trouble() {
        let mut findings = Findings::default();
        findings.add("cluster", "definitions", Level::Ok, "installed");
        findings.add("cluster", "sign-up", Level::Unknown, "no page");
        assert!(findings.is_fine());
        findings.advise("ChatwootInstance chat/main", "index", Level::Problem, "broken", "do\nthis");
        assert!(!findings.is_fine());
        assert_eq!(
            text(&findings),
            "ABOUT                       CHECK        RESULT   DETAILS\n\
             cluster                     definitions  ok       installed\n\
             cluster                     sign-up      unknown  no page\n\
             ChatwootInstance chat/main  index        PROBLEM  broken\n\
             \nChatwootInstance chat/main, index:\n  do\n  this\n"
        );
    }
}
