//! Asking the operator's endpoints.

use anyhow::{Context, Result};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub status: u16,
    pub text: String,
}

/// Asks for `path` on a loopback port.
///
/// # Errors
/// Nobody listens there, or the answer is not HTTP.
pub async fn get(port: u16, path: &str) -> Result<Page> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    // HTTP/1.0: the answer comes in one piece, and its end is the connection's.
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    parse(&String::from_utf8_lossy(&bytes)).with_context(|| format!("GET {path}: the answer is not HTTP"))
}

fn parse(answer: &str) -> Option<Page> {
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Page { status, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Page, parse};

    #[test]
    fn an_answer_is_its_status_and_its_text() {
        let page = parse("HTTP/1.0 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nno\n");
        assert_eq!(page, Some(Page { status: 503, text: "no\n".to_owned() }));
        assert_eq!(parse("half an answ"), None);
    }
}
