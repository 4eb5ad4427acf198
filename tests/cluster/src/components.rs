//! The three programs of a control plane and how they are called.

use crate::folder::Folder;
use crate::tools::Tools;
use anyhow::Result;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

/// The loopback ports of one control plane.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub etcd: u16,
    pub etcd_peers: u16,
    pub api_server: u16,
    pub controllers: u16,
}

impl Ports {
    /// Four ports that were free a moment ago. Somebody may take one before we do; the caller tries again then.
    pub fn pick() -> Result<Self> {
        Ok(Self { etcd: free()?, etcd_peers: free()?, api_server: free()?, controllers: free()? })
    }

    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.api_server)
    }
}

/// Below the ports that Linux hands to outgoing connections (32768 and up): one of those would otherwise take
/// the port of an API server that is stopped and started again.
fn free() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::random_range(18_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("found no free port between 18000 and 32000 on 127.0.0.1 in 200 attempts")
}

pub fn etcd(tools: &Tools, folder: &Folder, ports: &Ports) -> Command {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peers);
    let name = folder.name();
    let mut command = tools.command("etcd");
    command
        .arg(format!("--name={name}"))
        .arg(format!("--data-dir={}", folder.join("etcd").display()))
        .arg("--unsafe-no-fsync")
        .arg(format!("--listen-client-urls={clients}"))
        .arg(format!("--advertise-client-urls={clients}"))
        .arg(format!("--listen-peer-urls={peers}"))
        .arg(format!("--initial-advertise-peer-urls={peers}"))
        .arg(format!("--initial-cluster={name}={peers}"));
    command
}

pub fn api_server(tools: &Tools, folder: &Folder, ports: &Ports) -> Command {
    let certificate = |file: &str| folder.certificate(file).display().to_string();
    let mut command = tools.command("kube-apiserver");
    command
        .arg(format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd))
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
        .arg(format!("--secure-port={}", ports.api_server))
        .arg(format!("--tls-cert-file={}", certificate("server.crt")))
        .arg(format!("--tls-private-key-file={}", certificate("server.key")))
        .arg(format!("--client-ca-file={}", certificate("ca.crt")))
        .arg(format!("--cert-dir={}", folder.join("certificates").display()))
        .arg(format!("--service-account-issuer={}/", ports.server()))
        .arg(format!("--service-account-key-file={}", certificate("tokens.pub")))
        .arg(format!("--service-account-signing-key-file={}", certificate("tokens.key")))
        .arg("--service-cluster-ip-range=10.0.0.0/24")
        .arg("--authorization-mode=RBAC")
        // No controller makes the default service accounts that this plugin would wait for.
        .arg("--disable-admission-plugins=ServiceAccount")
        .arg("--allow-privileged=true")
        .arg(format!("--audit-policy-file={}", folder.join("audit-policy.yaml").display()))
        .arg(format!("--audit-log-path={}", folder.audit_log().display()))
        // One file however long it gets: who reads it counts, and must not miss what was rotated away.
        .arg("--audit-log-maxsize=0");
    command
}

pub fn controllers(tools: &Tools, folder: &Folder, ports: &Ports) -> Command {
    let certificate = |file: &str| folder.certificate(file).display().to_string();
    let mut command = tools.command("kube-controller-manager");
    command
        .arg(format!("--kubeconfig={}", folder.join("controllers.kubeconfig").display()))
        .arg("--controllers=garbage-collector-controller,namespace-controller,clusterrole-aggregation-controller")
        .arg("--leader-elect=false")
        // Without its own account per controller the deletion of a namespace hangs.
        .arg("--use-service-account-credentials=true")
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--secure-port={}", ports.controllers))
        .arg(format!("--tls-cert-file={}", certificate("server.crt")))
        .arg(format!("--tls-private-key-file={}", certificate("server.key")));
    command
}
