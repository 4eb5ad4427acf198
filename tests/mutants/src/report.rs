//! What the tests said of a variant.

use std::{collections::BTreeMap, fmt};

/// Of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Passed,
    Failed,
    /// The binary ended, or was ended, before it said anything; or it has no such test.
    Nothing,
}

/// Of every test that was asked for, from what a test binary printed.
#[must_use]
pub fn read<'a>(asked: &'a [String], printed: &str) -> BTreeMap<&'a str, Said> {
    asked
        .iter()
        .map(|test| {
            let start = format!("test {test} ... ");
            let said = match printed.lines().find_map(|line| line.strip_prefix(&start)) {
                Some("ok") => Said::Passed,
                Some("FAILED") => Said::Failed,
                _ => Said::Nothing,
            };
            (test.as_str(), said)
        })
        .collect()
}

/// Of one variant: caught when every test it names failed.
#[derive(Debug)]
pub struct Verdict {
    pub name: String,
    pub breaks: String,
    pub tests: Vec<(String, Said)>,
    /// Whole seconds.
    pub took: u64,
}

impl Verdict {
    #[must_use]
    pub fn caught(&self) -> bool {
        self.tests.iter().all(|(_, said)| *said == Said::Failed)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.caught() { "caught" } else { "SURVIVED" };
        write!(f, "{word:8} {} ({} s): {}", self.name, self.took, self.breaks)?;
        for (test, said) in &self.tests {
            match said {
                Said::Failed => {}
                Said::Passed => write!(f, "\n         {test} passed all the same")?,
                Said::Nothing => write!(f, "\n         {test} did not run to its end; is it called that?")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_failed_has_caught_something() {
        let asked = ["a::b", "a::bb", "c", "d"].map(str::to_owned);
        let said =
            read(&asked, "running 3 tests\ntest a::bb ... ok\ntest a::b ... FAILED\ntest c ... ignored\n");
        assert_eq!(
            said.into_iter().collect::<Vec<_>>(),
            [("a::b", Said::Failed), ("a::bb", Said::Passed), ("c", Said::Nothing), ("d", Said::Nothing)]
        );
    }

    #[test]
    fn a_variant_is_caught_when_every_test_it_names_failed() {
        let verdict = |said| Verdict {
            name: "n".into(),
            breaks: "Something.".into(),
            tests: vec![("a".into(), Said::Failed), ("b".into(), said)],
            took: 1,
        };
        assert!(verdict(Said::Failed).caught());
        assert!(!verdict(Said::Nothing).caught());
        assert!(
            verdict(Said::Passed).to_string().contains("SURVIVED n (1 s): Something.\n         b passed")
        );
    }
}
