//! A server for tests that does what a script says, good or bad, and writes down what it saw.

use super::platform::{Config, Platform};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    collections::VecDeque,
    future::Future,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter, layer::SubscriberExt};

pub const TOKEN: &str = "platform-token-5f3b9c";

/// What to do with the next request.
#[derive(Clone, Debug)]
pub enum Act {
    Answer(String),
    /// Reset the connection with the request unread.
    Reset,
    /// Read the request and close the connection.
    Close,
    /// Read the request and never answer.
    Hang,
}

impl Act {
    pub fn raw(status: u16, head: &str, body: &str) -> Self {
        Self::Answer(format!("HTTP/1.1 {status} X\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len()))
    }

    pub fn json(status: u16, body: &str) -> Self {
        Self::raw(status, "Content-Type: application/json; charset=utf-8\r\n", body)
    }

    pub fn html(status: u16) -> Self {
        Self::raw(status, "Content-Type: text/html\r\n", "<html><body>No</body></html>")
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub connection: usize,
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

struct Shared {
    /// The last act repeats.
    script: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<Seen>>,
    over: AtomicBool,
}

/// Listens on loopback until dropped.
pub struct Server {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
}

impl Server {
    pub fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Self::listen(script, None)
    }

    pub fn start_tls(script: impl IntoIterator<Item = Act>, config: Arc<ServerConfig>) -> Self {
        Self::listen(script, Some(config))
    }

    fn listen(script: impl IntoIterator<Item = Act>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Shared {
            script: Mutex::new(script.into_iter().collect()),
            seen: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let server =
            Self { address: listener.local_addr().unwrap(), tls: tls.is_some(), shared: shared.clone() };
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared, tls) = (stream, shared.clone(), tls.clone()) else { continue };
                thread::spawn(move || match tls {
                    None => serve(stream.try_clone().unwrap(), Some(stream), connection, &shared),
                    Some(config) => {
                        let tls = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(tls, stream), None, connection, &shared);
                    }
                });
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn config(&self) -> Config {
        Config {
            url: self.url(),
            external_url: None,
            token: TOKEN.into(),
            ca_pem: None,
            timeout: Duration::from_secs(10),
        }
    }

    pub fn platform(&self) -> Platform {
        Platform::new(self.config()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: impl Read + Write, plain: Option<TcpStream>, connection: usize, shared: &Shared) {
    let mut stream = BufReader::new(stream);
    loop {
        let resets = matches!(shared.script.lock().unwrap().front(), Some(Act::Reset));
        if let (true, Some(plain)) = (resets, &plain) {
            // Closing with unread bytes makes the kernel send a reset.
            if plain.peek(&mut [0]).is_ok_and(|read| read > 0) {
                next(shared);
            }
            return;
        }
        let Some(seen) = request(&mut stream, connection) else { return };
        shared.seen.lock().unwrap().push(seen);
        match next(shared) {
            Act::Answer(text) => {
                // The peer may have had enough before it read all.
                if stream
                    .get_mut()
                    .write_all(text.as_bytes())
                    .and_then(|()| stream.get_mut().flush())
                    .is_err()
                {
                    return;
                }
                let framed = text.to_ascii_lowercase().contains("content-length: ");
                if !framed || text.contains("Connection: close") {
                    return;
                }
            }
            Act::Reset | Act::Close => return,
            Act::Hang => {
                let _ = stream.read(&mut [0]);
                return;
            }
        }
    }
}

fn next(shared: &Shared) -> Act {
    let mut script = shared.script.lock().unwrap();
    if script.len() > 1 { script.pop_front().unwrap() } else { script.front().unwrap().clone() }
}

fn request(stream: &mut impl BufRead, connection: usize) -> Option<Seen> {
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let mut seen = Seen { connection, line: first, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

/// Runs `calls` on this thread and gives what they gave with all that was logged, at any level.
pub fn logged<F: Future<Output = String>>(calls: impl Fn() -> F) -> (String, String) {
    let log = Log::default();
    let layer = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(LevelFilter::TRACE).with(layer);
    // One thread, so that everything below is seen by this thread's subscriber.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = tracing::subscriber::with_default(subscriber, || {
        // An event that another test's thread reaches first is marked as of no interest to anybody. So all are reached
        // once, then everybody is asked again.
        runtime.block_on(calls());
        tracing::callsite::rebuild_interest_cache();
        runtime.block_on(calls())
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    (told, log)
}
