//! Builds the copy once and runs the tests against each variant.

use crate::{
    report::{Said, Verdict, read},
    tree::SWITCHED_ON,
    variant::{Binary, Variant},
};
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, stream};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::Command;

/// A broken operator may never answer; its tests have deadlines of their own, of a minute or two each.
const AT_MOST: Duration = Duration::from_secs(600);

/// The copy, built.
pub struct Runner {
    copy: PathBuf,
    binaries: BTreeMap<Binary, PathBuf>,
}

impl Runner {
    /// Build what `variants` need in `copy`, into `target`.
    ///
    /// # Errors
    /// When cargo cannot be run, or a variant does not compile; cargo has said why on stderr.
    pub async fn build(copy: &Path, target: &Path, variants: &[&Variant]) -> Result<Self> {
        let wanted: BTreeSet<Binary> = variants.iter().map(|variant| variant.binary).collect();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(copy).env("CARGO_TARGET_DIR", target).env("RUSTFLAGS", "--cap-lints=allow");
        cargo.args(["test", "--workspace", "--features", "chatwoot-operator/cel", "--no-run"]);
        cargo.arg("--message-format=json-render-diagnostics");
        for binary in &wanted {
            match binary {
                Binary::Unit => cargo.arg("--lib"),
                other => cargo.args(["--test", other.target()]),
            };
        }
        let built =
            cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().await.context("running cargo")?;
        ensure!(built.status.success(), "a variant does not compile; cargo names the place in the copy");
        let printed = String::from_utf8(built.stdout)?;
        let binaries = wanted
            .into_iter()
            .map(|binary| {
                let found = printed.lines().find_map(|line| executable(line, binary.target()));
                Ok((
                    binary,
                    found.with_context(|| format!("cargo built no tests called {}", binary.target()))?,
                ))
            })
            .collect::<Result<_>>()?;
        Ok(Self { copy: copy.to_path_buf(), binaries })
    }

    /// The tests that fail although nothing is broken.
    ///
    /// # Errors
    /// When a test binary cannot be run.
    pub async fn sound(&self, variants: &[&Variant], threads: usize) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for binary in self.binaries.keys() {
            let asked = variants.iter().filter(|variant| variant.binary == *binary);
            let tests: BTreeSet<String> = asked.flat_map(|variant| variant.caught_by.clone()).collect();
            let tests: Vec<String> = tests.into_iter().collect();
            let printed = self.tests(*binary, &tests, "", threads).await?;
            for (test, said) in read(&tests, &printed) {
                match said {
                    Said::Passed => {}
                    Said::Failed => wrong.push(format!("{test} fails although nothing is broken")),
                    Said::Nothing => wrong.push(format!("there is no test {test} in {}", binary.target())),
                }
            }
        }
        Ok(wrong)
    }

    /// Run each of `variants`, so many beside each other, and give `tell` what came of it.
    ///
    /// # Errors
    /// When a test binary cannot be run.
    pub async fn run(
        &self,
        variants: &[&Variant],
        beside: usize,
        mut tell: impl FnMut(&Verdict),
    ) -> Result<Vec<Verdict>> {
        let mut coming = stream::iter(variants).map(|variant| self.one(variant)).buffer_unordered(beside);
        let mut verdicts = Vec::new();
        while let Some(verdict) = coming.next().await {
            let verdict = verdict?;
            tell(&verdict);
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    async fn one(&self, variant: &Variant) -> Result<Verdict> {
        let started = Instant::now();
        let on = [std::slice::from_ref(&variant.name), &variant.with].concat().join(",");
        let printed = self.tests(variant.binary, &variant.caught_by, &on, 2).await?;
        let tests =
            read(&variant.caught_by, &printed).into_iter().map(|(test, said)| (test.to_owned(), said));
        Ok(Verdict {
            name: variant.name.clone(),
            breaks: variant.breaks.clone(),
            tests: tests.collect(),
            took: started.elapsed().as_secs(),
        })
    }

    async fn tests(&self, binary: Binary, tests: &[String], on: &str, threads: usize) -> Result<String> {
        let Some(program) = self.binaries.get(&binary) else { bail!("{} was not built", binary.target()) };
        let mut run = Command::new(program);
        run.current_dir(&self.copy).env("CARGO_MANIFEST_DIR", &self.copy).env(SWITCHED_ON, on);
        run.arg("--exact").args(tests).args(["--test-threads", &threads.to_string()]);
        run.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(AT_MOST, run.output()).await {
            Ok(ended) => {
                Ok(String::from_utf8_lossy(&ended.with_context(|| format!("running {binary:?}"))?.stdout)
                    .into())
            }
            Err(_) => Ok(String::new()),
        }
    }
}

/// What cargo says of each thing it built, as far as it matters here.
#[derive(Deserialize)]
struct Artifact {
    profile: Profile,
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// A line of cargo's, when it says where the tests of `target` are.
fn executable(line: &str, target: &str) -> Option<PathBuf> {
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    let ours = artifact.profile.test && artifact.target.name == target;
    artifact.executable.filter(|_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_the_tests_are() {
        let line = |test: bool, name: &str| {
            format!(r#"{{"profile":{{"test":{test}}},"target":{{"name":"{name}"}},"executable":"/e2e-1"}}"#)
        };
        assert_eq!(executable(&line(true, "e2e"), "e2e"), Some("/e2e-1".into()));
        assert_eq!(executable(&line(false, "e2e"), "e2e"), None);
        assert_eq!(executable(&line(true, "cli"), "e2e"), None);
        assert_eq!(executable("Compiling", "e2e"), None);
    }
}
