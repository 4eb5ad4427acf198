//! A wire to the API server that can be cut.

use anyhow::Result;
use control_plane::ControlPlane;
use kube::{Client, Config};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Whole,
    /// Connections are closed at once, those that are open too.
    Cut,
    /// Nothing comes through and nobody is told, as when a cable is pulled.
    Silent,
}

/// Forwards to the API server; ends when dropped.
pub struct Proxy {
    config: Config,
    wire: watch::Sender<Wire>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub async fn to(cluster: &ControlPlane) -> Result<Self> {
        let mut config = cluster.config()?;
        let server = cluster.server().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        config.cluster_url = format!("https://{}", listener.local_addr()?).parse()?;
        let (wire, state) = watch::channel(Wire::Whole);
        let task = tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                tokio::spawn(forward(incoming, server.clone(), state.clone()));
            }
        });
        Ok(Self { config, wire, task })
    }

    pub fn config(&self) -> Config {
        self.config.clone()
    }

    pub fn client(&self) -> Result<Client> {
        Ok(Client::try_from(self.config())?)
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn forward(mut incoming: TcpStream, server: String, mut wire: watch::Receiver<Wire>) {
    let talk = async {
        if let Ok(mut outgoing) = TcpStream::connect(server).await {
            let _ = copy_bidirectional(&mut incoming, &mut outgoing).await;
        }
    };
    let state = tokio::select! {
        () = talk => return,
        Ok(state) = wire.wait_for(|wire| *wire != Wire::Whole) => *state,
    };
    if state == Wire::Silent {
        // Both ends stay open and hear nothing more; what was cut does not come back.
        std::future::pending::<()>().await;
    }
}
