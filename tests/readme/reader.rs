//! Somebody at a terminal, with an empty cluster and a Chatwoot.

use crate::page::repository;
use anyhow::{Context, Result, bail, ensure};
use chatwoot_simulator::{Act, Options, Role, Simulator, listed::Account};
use control_plane::{ControlPlane, Supervised};
use serde_json::Value;
use std::{
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// The Chatwoot that the README's manifests expect.
const CHATWOOT: &str = "http://chatwoot-web.chatwoot:3000";
const TOKEN: &str = "THE_TOKEN";
const NEW_TOKEN: &str = "THE_NEW_TOKEN";

/// How long one block may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

pub struct Reader {
    // Dropped in this order: the operator ends before what it talks to.
    operator: Option<Supervised>,
    chatwoot: Simulator,
    cluster: ControlPlane,
    desk: TempDir,
}

impl Reader {
    pub async fn new() -> Result<Self> {
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

    /// Types these lines, and returns what they print. What the text says has happened before, happens before.
    ///
    /// # Errors
    /// They fail, or Chatwoot shows afterwards that they did not do what the README says.
    pub async fn types(&mut self, lines: &str) -> Result<String> {
        if lines.contains(NEW_TOKEN) {
            let token = Some(NEW_TOKEN.to_owned());
            self.chatwoot.act(Act::RotateToken { app: None, token }).await?;
        }
        if lines.contains("resolve account") {
            self.loses_the_account().await?;
        }
        if lines.contains("chatwoot import --rails") {
            self.has_been_in_use().await?;
        }
        let printed = self.run(&lines.replace(CHATWOOT, self.chatwoot.url())).await?;
        if lines.contains("rbac.scope=") {
            // The helm of these lines has changed the pod, and Kubernetes would start another one.
            let running = self.operator.take();
            tokio::task::spawn_blocking(move || drop(running)).await?;
        }
        if lines.contains("helm install") || lines.contains("rbac.scope=") {
            self.operator = Some(self.start_operator().await?);
        }
        if lines.contains("kind: ChatwootUser") {
            self.sees_the_tenant().await?;
        }
        if lines.contains("delete --ignore-not-found -f takeover") {
            self.sees_that_letting_go_took_nothing().await?;
        }
        match self.operator.as_mut().map(Supervised::ended).transpose()?.flatten() {
            Some(code) => bail!("the operator has ended with status {code}"),
            None => Ok(printed),
        }
    }

    async fn run(&self, lines: &str) -> Result<String> {
        let mut shell = tokio::process::Command::new("bash");
        let path = std::env::var("PATH")?;
        let tools = self.cluster.tools().folder().display();
        shell
            .args(["-euo", "pipefail", "-c", lines])
            .current_dir(self.desk.path())
            .envs(self.cluster.environment())
            .env("PATH", format!("{}/bin:{tools}:{path}", self.desk.path().display()))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, shell.output()).await;
        let output = output.with_context(|| format!("not done within {PATIENCE:?}"))??;
        let printed = String::from_utf8(output.stdout)?;
        // A plan with changes says so by its exit code.
        let wanted = if lines.contains("chatwoot plan") { 2 } else { 0 };
        ensure!(
            output.status.code() == Some(wanted),
            "{}\n{printed}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(printed)
    }

    /// What the pod would run, had the cluster nodes: the chart's ServiceAccount, and no other right.
    async fn start_operator(&self) -> Result<Supervised> {
        for plural in ["instances", "grants", "plans", "accounts", "users"] {
            self.cluster.established(&format!("chatwoot{plural}.chatwoot.dev")).await?;
        }
        let who = self.cluster.kubeconfig_for_service_account("chatwoot-system", "chatwoot-operator").await?;
        let deployment = ["get", "deployment", "chatwoot-operator", "-n", "chatwoot-system", "-o", "json"];
        let deployed: Value = serde_json::from_str(&self.cluster.kubectl(deployment).run().await?)?;
        let arguments = &deployed["spec"]["template"]["spec"]["containers"][0]["args"];
        let arguments: Vec<String> = serde_json::from_value(arguments.clone())?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"));
        command
            .args(arguments.iter().filter(|argument| !argument.starts_with("--listen=")))
            .arg("--listen=127.0.0.1:0")
            .env("KUBECONFIG", who)
            .env("POD_NAME", "operator-0")
            .env("POD_NAMESPACE", "chatwoot-system");
        Supervised::start(&command, &self.cluster.dir().join("operator.log"))
    }

    /// The first tenant stands in Chatwoot, and not only in Kubernetes.
    async fn sees_the_tenant(&self) -> Result<()> {
        let account = self.account().await?;
        let state = self.chatwoot.state().await?;
        let alice = state.users.iter().find(|user| user.email == "alice@acme.example");
        let alice = alice.context("Chatwoot has nobody with the address alice@acme.example")?;
        let member = state.memberships.iter().find(|row| (row.account, row.user) == (account.id, alice.id));
        let role = member.and_then(|row| row.role);
        ensure!(role == Some(Role::Administrator), "Alice has role {role:?}");
        Ok(())
    }

    /// People have worked with this Chatwoot, and the token may see them.
    async fn has_been_in_use(&self) -> Result<()> {
        let made = Act::CreateAccount { name: "Globex".into(), attributes: Default::default(), app: Some(1) };
        let account = self.chatwoot.act(made).await?.id.context("no id")?;
        for (name, role) in [("Gina", Role::Administrator), ("Gus", Role::Agent)] {
            let email = format!("{}@globex.example", name.to_lowercase());
            let made =
                Act::CreateUser { name: name.into(), email, attributes: Default::default(), app: Some(1) };
            let user = self.chatwoot.act(made).await?.id.context("no id")?;
            self.chatwoot.act(Act::AddMember { account, user, role: Some(role) }).await?;
        }
        Ok(())
    }

    async fn sees_that_letting_go_took_nothing(&self) -> Result<()> {
        let state = self.chatwoot.state().await?;
        let globex = state.accounts.iter().find(|account| account.name == "Globex");
        let id = globex.context("Chatwoot has no account \"Globex\" any more")?.id;
        let members = state.memberships.iter().filter(|row| row.account == id).count();
        ensure!(members == 2, "account Globex has {members} members");
        Ok(())
    }

    /// Somebody deletes the account in Chatwoot, so that there is something to decide.
    async fn loses_the_account(&self) -> Result<()> {
        let account = self.account().await?.id;
        self.chatwoot.act(Act::DeleteAccount { account, when: Default::default() }).await?;
        let reason = r#"{.status.conditions[?(@.type=="Ready")].reason}"#;
        self.run(&format!(
            "kubectl -n acme annotate chatwootaccount acme chatwoot.dev/reconcile-requested-at=lost --overwrite\n\
             kubectl -n acme wait chatwootaccount/acme --for=jsonpath='{reason}'=ExternalResourceMissing --timeout=2m"
        ))
        .await?;
        Ok(())
    }

    async fn account(&self) -> Result<Account> {
        let accounts = self.chatwoot.state().await?.accounts;
        let found = accounts.into_iter().find(|account| account.name == "Acme Support");
        found.context("Chatwoot has no account \"Acme Support\"")
    }

    /// What helps to understand a failure.
    pub fn last_words(&self) -> String {
        let words = self.operator.as_ref().map(Supervised::last_words).unwrap_or_default();
        let lines: Vec<_> = words.lines().collect();
        format!("The operator said last:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
    }
}
