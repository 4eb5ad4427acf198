//! Servers that answer whatever a test wants, to the last byte.

use anyhow::Result;
use serde_json::json;
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands in everything it says; nobody may ever repeat it.
pub const NONSENSE: &str = "nonsense-of-a-hostile-server";
pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n";

type Answer = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;
/// Answers a request by its first line.
pub type Script = Arc<dyn Fn(String, TcpStream) -> Answer + Send + Sync>;

/// A server that is under a test's control to the last byte; it ends with this value.
pub struct Hostile {
    pub url: String,
    pub asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Hostile {
    pub async fn start(address: SocketAddr, script: Script) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (url, asked) = (format!("http://{}", listener.local_addr()?), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        let serving = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (script, count) = (script.clone(), count.clone());
                connections.spawn(async move {
                    let mut reader = BufReader::new(stream);
                    let mut first = String::new();
                    reader.read_line(&mut first).await?;
                    let (mut line, mut length) = (String::new(), 0);
                    while reader.read_line(&mut line).await? > 2 {
                        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap_or_default();
                        }
                        line.clear();
                    }
                    reader.read_exact(&mut vec![0; length]).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                    script(first, reader.into_inner()).await
                });
            }
        });
        Ok(Self { url, asked, serving })
    }
}

/// The same bytes for everything.
pub fn always(bytes: impl Into<Vec<u8>>) -> Script {
    let bytes: Arc<[u8]> = bytes.into().into();
    Arc::new(move |_, mut stream| {
        let bytes = bytes.clone();
        Box::pin(async move { stream.write_all(&bytes).await })
    })
}

/// A head, and then `chunk` for as long as somebody listens, `pause` apart.
fn endless(head: &'static str, chunk: Vec<u8>, pause: Duration) -> Script {
    let chunk: Arc<[u8]> = chunk.into();
    Arc::new(move |_, mut stream| {
        let chunk = chunk.clone();
        Box::pin(async move {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(&chunk).await?;
                tokio::time::sleep(pause).await;
            }
        })
    })
}

/// A head with a body after it.
pub fn body(head: &str, body: &str) -> String {
    format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// Everything that a Chatwoot never answers. `trap` is where redirects lead.
pub fn scripts(trap: &str) -> Vec<(&'static str, Script)> {
    let none = Duration::ZERO;
    let version = |text: &str| always(body(OK, &json!({"version": text, "timestamp": NONSENSE}).to_string()));
    let away = |location: &str| {
        always(format!(
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ))
    };
    let mut headers = String::from(OK);
    (0..5_000).for_each(|n| headers.push_str(&format!("X-{n}: {NONSENSE}\r\n")));
    let mut one_header = String::from(OK);
    one_header.push_str(&format!("X-Long: {}\r\n", NONSENSE.repeat(40_000)));
    let mut not_text =
        format!("{OK}Content-Length: 40\r\nConnection: close\r\n\r\n{{\"version\": \"").into_bytes();
    not_text.extend([0xff, 0xfe, 0xc0, 0x80].repeat(10));
    vec![
        (
            "endless",
            endless(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"version\": \"",
                vec![b'9'; 64 * 1024],
                none,
            ),
        ),
        (
            "dripping",
            endless(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
                b" ".to_vec(),
                Duration::from_millis(200),
            ),
        ),
        ("dripping-head", endless("HTTP/1.1 200 OK\r\nX-", b"a".to_vec(), Duration::from_millis(200))),
        ("promising", always(format!("{OK}Content-Length: 99999999999999\r\n\r\n{{"))),
        ("lying", always(format!("{OK}Content-Length: 10\r\nContent-Length: 20\r\n\r\n{{\"a\": 1}}"))),
        ("deep", always(body(OK, &format!("{}{}", "[".repeat(500_000), "]".repeat(400_000))))),
        ("deeper", always(body(OK, &format!("{{\"version\":{}", "{\"a\":".repeat(150_000))))),
        ("not-text", always(not_text)),
        ("headers", always(body(&headers, "{}"))),
        ("one-header", always(body(&one_header, "{}"))),
        (
            "folded",
            always(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n {NONSENSE}\r\n\r\n{{}}")),
        ),
        ("no-http", always(format!("SSH-2.0-{NONSENSE}\r\n"))),
        (
            "status",
            always(format!("HTTP/1.1 999 {NONSENSE}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")),
        ),
        ("early", endless("", b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), Duration::from_millis(1))),
        (
            "switching",
            always("HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\nConnection: upgrade\r\n\r\n"),
        ),
        ("long-version", version(&format!("4.{}", "9".repeat(500_000)))),
        ("steering-version", version("4.14.2\u{1b}[2J\n{\"level\": \"ERROR\"}")),
        ("word-version", version(NONSENSE)),
        (
            "refusing",
            always(body(
                "HTTP/1.1 401 No\r\nContent-Type: application/json\r\n",
                &json!({"error": NONSENSE.repeat(1000)}).to_string(),
            )),
        ),
        (
            "failing",
            always(body(
                "HTTP/1.1 500 No\r\nContent-Type: application/json\r\n",
                &json!({"message": NONSENSE}).to_string(),
            )),
        ),
        (
            "waiting",
            always(format!(
                "HTTP/1.1 429 No\r\nRetry-After: 99999999999999999999\r\nX: {NONSENSE}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )),
        ),
        ("away", away(&format!("{trap}/{NONSENSE}?{NONSENSE}#{NONSENSE}"))),
        ("away-as", away(&format!("http://{NONSENSE}:{NONSENSE}@{}/", trap.trim_start_matches("http://")))),
        ("away-far", away(&format!("javascript:{NONSENSE}"))),
        ("away-long", away(&format!("http://{}.example/", "a".repeat(60_000)))),
        ("away-where", away("\u{1}\u{7f}")),
    ]
}
