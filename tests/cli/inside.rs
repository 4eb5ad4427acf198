//! A Chatwoot with one account, an administrator and an agent in it, and the program under test as a process that has no
//! cluster to talk to.

use crate::bench::{Ended, SECOND};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Options, Role, Simulator};
use serde_json::Value;
use std::process::Stdio;
use tokio::process::{Child, Command};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_chatwoot-operator");
/// How simulated Chatwoot calls what is inside an account.
pub const INSIDE: &str = "/api/v1/accounts/:account_id";

pub struct Inside {
    pub chatwoot: Simulator,
    pub account: i64,
    pub token: String,
    pub agents_token: String,
}

impl Inside {
    pub async fn new() -> Result<Self> {
        let chatwoot = Simulator::start(Options::default()).await?;
        let account = Act::CreateAccount { name: "Acme".into(), attributes: Default::default(), app: None };
        let account = chatwoot.act(account).await?.id.context("no id")?;
        let (_, token) = person(&chatwoot, account, "admin@acme.example", Role::Administrator).await?;
        let (_, agents_token) = person(&chatwoot, account, "agent@acme.example", Role::Agent).await?;
        Ok(Self { chatwoot, account, token, agents_token })
    }

    /// A customer; their id.
    pub async fn contact(&self, name: &str, email: &str) -> Result<i64> {
        let (name, email) = (name.to_owned(), Some(email.to_owned()));
        let made = Act::CreateContact { account: self.account, name, email, identifier: None };
        self.chatwoot.act(made).await?.id.context("no id")
    }

    /// As the administrator, with this account and Chatwoot.
    pub async fn run(&self, words: &[&str]) -> Result<Ended> {
        self.run_with(&self.token, words, "").await
    }

    /// With any token, and `input` on standard input.
    pub async fn run_with(&self, token: &str, words: &[&str], input: &str) -> Result<Ended> {
        let account = self.account.to_string();
        let words = [words, &["--account", &account, "--url", self.chatwoot.url()]].concat();
        run(&words, &[("CHATWOOT_TOKEN", token)], input).await
    }

    pub async fn verify(&self, token: &str) -> Result<Ended> {
        let child = self.begin_verify(token)?;
        ended(child).await
    }

    pub fn begin_verify(&self, token: &str) -> Result<Child> {
        let account = self.account.to_string();
        let words = ["verify", &account, "--url", self.chatwoot.url(), "-o", "json"];
        start(&words, &[("CHATWOOT_TOKEN", token)])
    }

    /// # Errors
    /// Something is inside the account, once all work that was asked for is done.
    pub async fn nothing_is_left(&self) -> Result<()> {
        while self.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?.count.unwrap_or(0) > 0 {}
        let left = self.chatwoot.state().await?.content;
        let is_empty = left.inboxes.is_empty()
            && left.contacts.is_empty()
            && left.contact_inboxes.is_empty()
            && left.conversations.is_empty()
            && left.messages.is_empty();
        anyhow::ensure!(is_empty, "{left:#?}");
        Ok(())
    }
}

async fn person(chatwoot: &Simulator, account: i64, email: &str, role: Role) -> Result<(i64, String)> {
    let made = Act::CreateUser {
        name: email.into(),
        email: email.into(),
        attributes: Default::default(),
        app: None,
    };
    let user = chatwoot.act(made).await?.id.context("no id")?;
    chatwoot.act(Act::AddMember { account, user, role: Some(role) }).await?;
    let token = chatwoot.state().await?.users.into_iter().find(|one| one.id == user);
    Ok((user, token.and_then(|user| user.access_token).context("no token")?))
}

/// Starts the program with nothing in its environment but `environment`; it ends with the value returned.
pub fn start(words: &[&str], environment: &[(&str, &str)]) -> Result<Child> {
    Ok(Command::new(PROGRAM)
        .args(words)
        .env_clear()
        .env("KUBECONFIG", "/dev/null")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?)
}

pub async fn run(words: &[&str], environment: &[(&str, &str)], input: &str) -> Result<Ended> {
    use tokio::io::AsyncWriteExt;
    let mut child = start(words, environment)?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    // Most commands read nothing, and may be over by now.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    ended(child).await
}

pub async fn ended(child: Child) -> Result<Ended> {
    let output = tokio::time::timeout(60 * SECOND, child.wait_with_output()).await??;
    Ok(Ended {
        code: output.status.code().context("it was killed")?,
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

impl Ended {
    /// # Panics
    /// It did not end well.
    #[track_caller]
    pub fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// # Panics
    /// It did not fail, or does not say all of these.
    #[track_caller]
    pub fn refused(self, told: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{self:?}");
        for part in told {
            assert!(self.err.contains(part), "{part:?} is not in {}", self.err);
        }
    }

    /// One column of what was printed as JSON.
    #[track_caller]
    pub fn column(&self, key: &str) -> Vec<Value> {
        let rows = self.json();
        rows.as_array()
            .unwrap_or_else(|| panic!("no list: {rows}"))
            .iter()
            .map(|row| row[key].clone())
            .collect()
    }
}
