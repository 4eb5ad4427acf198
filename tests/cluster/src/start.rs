//! Bringing the programs up, one after the other, and knowing why when one does not come.

use crate::components::{self, Ports};
use crate::folder::Folder;
use crate::identity;
use crate::supervised::{Caretaker, Supervised};
use crate::tools::Tools;
use anyhow::{Context, Result, anyhow};
use std::process::Command;
use std::time::{Duration, Instant};

/// Why a program did not come up.
#[derive(Debug)]
pub enum Failure {
    /// Somebody else has taken its port since we looked; with another one it may work.
    PortTaken(anyhow::Error),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

fn other(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Other(error.into())
}

impl Failure {
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Self::PortTaken(error) | Self::Other(error) => error,
        }
    }
}

/// What it takes to start one of the programs.
pub struct Starter<'a> {
    pub tools: &'a Tools,
    pub folder: &'a Folder,
    pub caretaker: &'a Caretaker,
    pub ports: &'a Ports,
    pub deadline: Instant,
}

impl Starter<'_> {
    /// Returns when etcd answers. Without that wait kube-apiserver's first dial fails and its backoff costs half a
    /// second.
    pub async fn etcd(&self) -> Result<Supervised, Failure> {
        let config =
            kube::Config::new(format!("http://127.0.0.1:{}", self.ports.etcd).parse().map_err(other)?);
        // Two control planes that start at once may have picked the same port; whoever answers must be ours.
        let ours = format!("\"name\":\"{}\"", self.folder.name());
        let ask = async || {
            let question = http::Request::post("/v3/cluster/member/list").body(b"{}".to_vec())?;
            let answer = identity::client(config.clone())?.request_text(question).await?;
            anyhow::ensure!(answer.contains(&ours), "another etcd answers on its port: {answer}");
            Ok(())
        };
        self.up(components::etcd(self.tools, self.folder, self.ports), ask).await
    }

    /// Returns when `/readyz` says ok.
    pub async fn api_server(&self) -> Result<Supervised, Failure> {
        let config = identity::admin(self.folder, &self.ports.server())?;
        let ask = async || says_ok(&config, "/readyz").await;
        self.up(components::api_server(self.tools, self.folder, self.ports), ask).await
    }

    /// Returns when the controllers' `/healthz` says ok.
    pub async fn controllers(&self) -> Result<Supervised, Failure> {
        let server = format!("https://127.0.0.1:{}", self.ports.controllers);
        let config = identity::anonymous(self.folder, &server)?;
        let ask = async || says_ok(&config, "/healthz").await;
        self.up(components::controllers(self.tools, self.folder, self.ports), ask).await
    }

    async fn up(
        &self,
        command: Command,
        mut ready: impl AsyncFnMut() -> Result<()>,
    ) -> Result<Supervised, Failure> {
        let name = command.get_program().to_string_lossy().rsplit('/').next().unwrap_or_default().to_owned();
        let mut process = Supervised::start_in(self.caretaker, &command, &self.folder.log(&name))?;
        // A program on its way up tells nobody when it is there; it has to be asked.
        let mut pause = Duration::from_millis(10);
        loop {
            let not_yet = match tokio::time::timeout(Duration::from_secs(5), ready()).await {
                Ok(Ok(())) => return Ok(process),
                Ok(Err(error)) => error,
                Err(_) => anyhow!("no answer within 5 s"),
            };
            if let Some(code) = process.ended()? {
                let said = process.last_words();
                let error =
                    anyhow!("{name} ended with status {code} while starting; its last words:\n{said}");
                return Err(if said.contains("address already in use") {
                    Failure::PortTaken(error)
                } else {
                    Failure::Other(error)
                });
            }
            if Instant::now() > self.deadline {
                let said = process.last_words();
                return Err(Failure::Other(
                    not_yet.context(format!("{name} did not become ready in time; its last words:\n{said}")),
                ));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(40));
        }
    }
}

async fn says_ok(config: &kube::Config, path: &str) -> Result<()> {
    let client = identity::client(config.clone())?;
    let answer = client.request_text(http::Request::get(path).body(Vec::new())?).await;
    let answer = answer.with_context(|| format!("{path} did not say ok"))?;
    anyhow::ensure!(answer == "ok", "{path} said {answer}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[tokio::test]
    async fn a_port_that_somebody_took_first_is_told_from_other_failures() -> Result<()> {
        let tools = Tools::find().await?;
        let (folder, caretaker) = Folder::create()?;
        let taken = TcpListener::bind("127.0.0.1:0")?;
        let ports = Ports { etcd_peers: taken.local_addr()?.port(), ..Ports::pick()? };
        let deadline = Instant::now() + Duration::from_secs(60);
        let starter =
            Starter { tools: &tools, folder: &folder, caretaker: &caretaker, ports: &ports, deadline };
        let Err(Failure::PortTaken(error)) = starter.etcd().await else { panic!("it took a taken port") };
        let said = error.to_string();
        assert!(said.contains("etcd ended with status") && said.contains("address already in use"), "{said}");
        Ok(())
    }

    #[tokio::test]
    async fn somebody_elses_etcd_on_our_port_is_not_taken_for_ours() -> Result<()> {
        let tools = Tools::find().await?;
        let deadline = Instant::now() + Duration::from_secs(60);
        let (folder, caretaker) = Folder::create()?;
        let ports = Ports::pick()?;
        let first =
            Starter { tools: &tools, folder: &folder, caretaker: &caretaker, ports: &ports, deadline };
        let _running = first.etcd().await.map_err(Failure::into_error)?;

        let (folder, caretaker) = Folder::create()?;
        let ports = Ports { etcd_peers: Ports::pick()?.etcd_peers, ..ports };
        let second =
            Starter { tools: &tools, folder: &folder, caretaker: &caretaker, ports: &ports, deadline };
        assert!(matches!(second.etcd().await, Err(Failure::PortTaken(_))));
        Ok(())
    }

    #[tokio::test]
    async fn a_program_that_dies_is_quoted() -> Result<()> {
        let tools = Tools::find().await?;
        let (folder, caretaker) = Folder::create()?;
        let ports = Ports::pick()?;
        let deadline = Instant::now() + Duration::from_secs(60);
        let starter =
            Starter { tools: &tools, folder: &folder, caretaker: &caretaker, ports: &ports, deadline };
        let mut command = components::api_server(&tools, &folder, &ports);
        command.arg("--no-such-flag");
        let Err(Failure::Other(error)) = starter.up(command, async || anyhow::bail!("no")).await else {
            panic!("it cannot have come up")
        };
        let said = error.to_string();
        assert!(said.contains("kube-apiserver ended with status") && said.contains("no-such-flag"), "{said}");
        Ok(())
    }
}
