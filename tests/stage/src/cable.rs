//! The cable between one process and the API server, which can be cut.

use anyhow::{Context, Result};
use control_plane::ControlPlane;
use kube::{Client, Config};
use serde_json::Value;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the cable does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Whole,
    /// Connections are closed at once, those that are open too.
    Cut,
    /// Nothing comes through and nobody is told, as when a cable is pulled.
    Silent,
}

/// Passes connections on to the API server as they are; ends when dropped.
#[derive(Debug)]
pub struct Cable {
    config: Config,
    address: SocketAddr,
    state: watch::Sender<State>,
    task: JoinHandle<()>,
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cable {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// None is free.
    pub async fn to(cluster: &ControlPlane) -> Result<Self> {
        let mut config = cluster.config()?;
        let server = cluster.server().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        config.cluster_url = format!("https://{address}").parse()?;
        let (state, seen) = watch::channel(State::Whole);
        let task = tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                tokio::spawn(forward(incoming, server.clone(), seen.clone()));
            }
        });
        Ok(Self { config, address, state, task })
    }

    /// The administrator's configuration, by this cable.
    #[must_use]
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// The administrator, by this cable.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::try_from(self.config())?)
    }

    /// Writes a kubeconfig beside `original` that is the same but for the server, which is reached by this cable.
    ///
    /// # Errors
    /// The original cannot be read, or names no cluster.
    pub fn kubeconfig(&self, original: &Path) -> Result<PathBuf> {
        let mut config: Value = serde_json::from_slice(&std::fs::read(original)?)?;
        let server = config.pointer_mut("/clusters/0/cluster/server");
        *server.context("a kubeconfig that names no server")? = format!("https://{}", self.address).into();
        let file = original.with_extension(format!("by-{}", self.address.port()));
        std::fs::write(&file, config.to_string())?;
        Ok(file)
    }

    /// From now on. What was cut or fell silent does not come back; new connections do.
    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn forward(mut incoming: TcpStream, server: String, mut state: watch::Receiver<State>) {
    let talk = async {
        if let Ok(mut outgoing) = TcpStream::connect(server).await {
            // An end that goes away ends the other.
            let _ = copy_bidirectional(&mut incoming, &mut outgoing).await;
        }
    };
    let became = tokio::select! {
        () = talk => return,
        Ok(state) = state.wait_for(|state| *state != State::Whole) => *state,
    };
    if became == State::Silent {
        // Both ends stay open and hear nothing more.
        std::future::pending::<()>().await;
    }
}
