//! Every command of the README, typed in its order by a reader with an empty cluster and a Chatwoot.

use crate::page::{Block, of_language, repository};
use anyhow::{Context, Result, bail, ensure};
use chatwoot_simulator::{Act, Options, Role, Simulator};
use control_plane::{ControlPlane, Supervised};
use std::{
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// Commands that are not typed here, because another test does: how they begin, and that test's name.
pub const ELSEWHERE: [(&str, &str); 2] =
    [("make demo", "make_demo_ends_well"), ("make demo KEEP=1", "make_demo_stays_when_told_to")];

/// The Chatwoot that the README's manifests expect.
const CHATWOOT: &str = "http://chatwoot-web.chatwoot:3000";
const TOKEN: &str = "THE_TOKEN";
const NEW_TOKEN: &str = "THE_NEW_TOKEN";

/// How long one block may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn what_the_readme_says_to_type_works_in_its_order() -> Result<()> {
    let blocks: Vec<_> = of_language("sh").into_iter().filter(|block| !is_elsewhere(block)).collect();
    ensure!(blocks.len() > 10, "only {} blocks of commands were found", blocks.len());
    let mut reader = Reader::new().await?;
    for block in &blocks {
        let outcome = reader.types(block).await;
        outcome.with_context(|| {
            format!("README.md, line {}:\n{}{}", block.line, block.text, reader.context())
        })?;
    }
    Ok(())
}

/// Whether another test runs these commands: all of them, or none.
fn is_elsewhere(block: &Block) -> bool {
    let lines: Vec<_> =
        block.text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim()).collect();
    let elsewhere = |line: &&str| ELSEWHERE.iter().any(|(command, _)| *command == *line);
    assert!(
        lines.iter().all(|line| elsewhere(&line)) || !lines.iter().any(|line| elsewhere(&line)),
        "README.md, line {}: some of these commands are run here and some elsewhere; make two blocks of them",
        block.line
    );
    lines.iter().any(|line| elsewhere(&line))
}

/// Somebody at a terminal.
struct Reader {
    // Dropped in this order: the operator ends before what it talks to.
    operator: Option<Supervised>,
    chatwoot: Simulator,
    cluster: ControlPlane,
    desk: TempDir,
}

impl Reader {
    async fn new() -> Result<Self> {
        let cluster = ControlPlane::start(control_plane::Options::default()).await?;
        let options = Options { platform_tokens: vec![TOKEN.to_owned()], ..Options::default() };
        let chatwoot = Simulator::start(options).await?;
        let desk = tempfile::tempdir()?;
        for folder in ["charts", "examples", "crds"] {
            symlink(repository().join(folder), desk.path().join(folder))?;
        }
        let programs = desk.path().join("bin");
        std::fs::create_dir(&programs)?;
        for name in ["chatwoot-operator", "kubectl-chatwoot"] {
            symlink(env!("CARGO_BIN_EXE_chatwoot-operator"), programs.join(name))?;
        }
        Ok(Self { operator: None, chatwoot, cluster, desk })
    }

    async fn types(&mut self, block: &Block) -> Result<()> {
        let text = block.text.replace(CHATWOOT, self.chatwoot.url());
        if text.contains(NEW_TOKEN) {
            let new = Some(NEW_TOKEN.to_owned());
            self.chatwoot.act(Act::RotateToken { app: None, token: new }).await?;
        }
        self.run(&text).await?;
        if text.contains("helm install") {
            self.operator = Some(self.start_operator().await?);
        }
        if text.contains("kind: ChatwootUser") {
            self.sees_the_tenant_in_chatwoot().await?;
        }
        if let Some(operator) = &mut self.operator
            && let Some(code) = operator.ended()?
        {
            bail!("the operator has ended with status {code}");
        }
        Ok(())
    }

    async fn run(&self, text: &str) -> Result<()> {
        let mut shell = tokio::process::Command::new("bash");
        let path = std::env::var("PATH")?;
        let tools = self.cluster.tools().folder().display();
        shell
            .args(["-euo", "pipefail", "-c", text])
            .current_dir(self.desk.path())
            .envs(self.cluster.environment())
            .env("PATH", format!("{}/bin:{tools}:{path}", self.desk.path().display()))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, shell.output()).await;
        let output = output.with_context(|| format!("not done within {PATIENCE:?}"))??;
        ensure!(
            output.status.success(),
            "{}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// What the pod would run, had the cluster nodes: the chart's ServiceAccount, and no other right.
    async fn start_operator(&self) -> Result<Supervised> {
        for plural in ["instances", "grants", "plans", "accounts", "users"] {
            self.cluster.established(&format!("chatwoot{plural}.chatwoot.dev")).await?;
        }
        let who = self.cluster.kubeconfig_for_service_account("chatwoot-system", "chatwoot-operator").await?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"));
        command
            .args(["run", "--listen=127.0.0.1:0"])
            .env("KUBECONFIG", who)
            .env("POD_NAME", "operator-0")
            .env("POD_NAMESPACE", "chatwoot-system");
        Supervised::start(&command, &self.log())
    }

    /// The first tenant stands in Chatwoot, and not only in Kubernetes.
    async fn sees_the_tenant_in_chatwoot(&self) -> Result<()> {
        let state = self.chatwoot.state().await?;
        let account = state.accounts.iter().find(|account| account.name == "Acme Support");
        let account = account.context("Chatwoot has no account \"Acme Support\"")?;
        let person = state.users.iter().find(|user| user.email == "alice@acme.example");
        let person = person.context("Chatwoot has nobody with the address alice@acme.example")?;
        let member = state.memberships.iter().find(|row| row.account == account.id && row.user == person.id);
        ensure!(
            member.is_some_and(|row| row.role == Some(Role::Administrator)),
            "Alice is no administrator of the account"
        );
        Ok(())
    }

    fn log(&self) -> PathBuf {
        self.cluster.dir().join("operator.log")
    }

    /// What helps to understand a failure.
    fn context(&self) -> String {
        let words = self.operator.as_ref().map(Supervised::last_words).unwrap_or_default();
        let lines: Vec<_> = words.lines().rev().take(30).collect();
        format!("The operator said last:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }
}
