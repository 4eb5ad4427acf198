//! The values flags can have, each with an error that says what to write.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};
use tokio::net::TcpListener;

/// The name of a namespaced object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    pub namespace: String,
    pub name: String,
}

impl FromStr for ObjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((space, name)) = text.split_once('/') else {
            return Err("write it as NAMESPACE/NAME, for example chatwoot-system/main".to_owned());
        };
        Ok(Self { namespace: namespace(space)?, name: object_name(name)? })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Where to listen; without an address on every one the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    ip: Option<IpAddr>,
    port: u16,
}

impl Listen {
    /// # Errors
    /// The operating system's, for instance when the port is taken.
    pub async fn bind(self) -> std::io::Result<TcpListener> {
        let Some(ip) = self.ip else {
            // On a machine with IPv6 this serves IPv4 as well; on one without it fails.
            let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, self.port));
            return match TcpListener::bind(both).await {
                Ok(listener) => Ok(listener),
                Err(_) => TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port))).await,
            };
        };
        TcpListener::bind(SocketAddr::from((ip, self.port))).await
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = match text.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| Self { ip: None, port }),
            None => text.parse().ok().map(|at: SocketAddr| Self { ip: Some(at.ip()), port: at.port() }),
        };
        address.ok_or_else(|| {
            "write :8080 for every address, or an address and a port such as 127.0.0.1:8080".to_owned()
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            Some(ip) => SocketAddr::from((ip, self.port)).fmt(f),
            None => write!(f, ":{}", self.port),
        }
    }
}

/// A namespace's name: a DNS label.
pub fn namespace(text: &str) -> Result<String, String> {
    if text.len() <= 63 && is_label(text) { Ok(text.to_owned()) } else { Err(not_a_name(text)) }
}

/// An object's name: DNS labels joined by dots.
pub fn object_name(text: &str) -> Result<String, String> {
    if text.len() <= 253 && text.split('.').all(is_label) {
        Ok(text.to_owned())
    } else {
        Err(not_a_name(text))
    }
}

pub(super) fn installation_id(text: &str) -> Result<String, String> {
    let fits = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let hint = "write 16 hexadecimal digits in lower case, as they stand after \"v1:\" in a marker";
    if fits { Ok(text.to_owned()) } else { Err(hint.to_owned()) }
}

/// A duration in Go's form, such as `30s` or `1h30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    parsed.ok_or_else(|| "write a duration with its units, such as 30s, 2m or 1h30m".to_owned())
}

fn is_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn not_a_name(text: &str) -> String {
    format!("{text:?} cannot be a name in Kubernetes: write lower-case letters, digits and hyphens")
}
