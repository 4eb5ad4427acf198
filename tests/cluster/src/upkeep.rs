//! What is done to a control plane while it runs: its API server goes and comes back, definitions are added.

use crate::apply;
use crate::components::Ports;
use crate::control_plane::{ATTEMPTS, ControlPlane};
use crate::start::Failure;
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

impl ControlPlane {
    /// Stops the API server as an orderly restart would, SIGKILL after a second. etcd keeps the data.
    ///
    /// # Errors
    /// Another process runs it, or it is stopped already.
    pub async fn stop_api_server(&self) -> Result<()> {
        let process = self.running()?.lock().await.api_server.take().context("the API server is stopped")?;
        Ok(tokio::task::spawn_blocking(move || drop(process)).await?)
    }

    /// Kills the API server in the middle of whatever it does. etcd keeps the data.
    ///
    /// # Errors
    /// As [`ControlPlane::stop_api_server`].
    pub async fn kill_api_server(&self) -> Result<()> {
        let process = self.running()?.lock().await.api_server.take().context("the API server is stopped")?;
        Ok(tokio::task::spawn_blocking(move || process.kill()).await?)
    }

    /// Starts the API server again, with the same data on the same port, and waits until it is ready.
    ///
    /// # Errors
    /// Another process runs it, it runs already, or it did not come up.
    pub async fn start_api_server(&self) -> Result<()> {
        let mut running = self.running()?.lock().await;
        if running.api_server.is_some() {
            bail!("the API server runs already; stop it first");
        }
        let starter = self.starter(&running);
        let process = loop {
            match starter.api_server().await {
                Ok(process) => break process,
                // The port is the same as before, so the only hope is that who took it leaves.
                Err(Failure::PortTaken(_)) if Instant::now() < starter.deadline => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        };
        running.api_server = Some(process);
        Ok(())
    }

    /// Applies definitions and waits until each is served. When this process runs the control plane and one is
    /// new, the controllers are started anew, so that garbage collection knows it at once (see [`Options::crds`]).
    ///
    /// # Errors
    /// The text is not a set of definitions, or the API server refuses one.
    pub async fn install_crds(&self, yaml: &str) -> Result<()> {
        let new = apply::definitions(&self.client()?, yaml).await?;
        // Whoever runs it for us has its controllers; they notice by themselves, later.
        let (true, Ok(running)) = (new, self.running()) else { return Ok(()) };
        let mut running = running.lock().await;
        let old = running.controllers.take();
        tokio::task::spawn_blocking(move || drop(old)).await?;
        for attempt in 1.. {
            // The old port may still be closing.
            running.ports.controllers = Ports::pick()?.controllers;
            match self.starter(&running).controllers().await {
                Ok(controllers) => {
                    running.controllers = Some(controllers);
                    break;
                }
                Err(Failure::PortTaken(_)) if attempt < ATTEMPTS => {}
                Err(failure) => return Err(failure.into_error()),
            }
        }
        Ok(())
    }
}
