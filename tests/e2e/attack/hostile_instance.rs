//! A Chatwoot that has been taken over, or is none: what it answers must stay its own trouble.

use crate::support::{
    Journal, Stage, Subject, rules,
    subject::{condition, is, message},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands in everything it says; nobody may ever repeat it.
const NONSENSE: &str = "nonsense-of-a-hostile-server";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n";

type Answer = Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>>;
/// Answers a request by its first line.
type Script = Arc<dyn Fn(String, TcpStream) -> Answer + Send + Sync>;

/// A server that is under a test's control to the last byte; it ends with this value.
struct Hostile {
    url: String,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Hostile {
    async fn start(address: SocketAddr, script: Script) -> Result<Self> {
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
fn always(bytes: impl Into<Vec<u8>>) -> Script {
    let bytes: Arc<[u8]> = bytes.into().into();
    Arc::new(move |_, mut stream| {
        let bytes = bytes.clone();
        Box::pin(async move { stream.write_all(&bytes).await })
    })
}

/// A head, and then `chunk` for as long as somebody listens, `pause` apart.
fn endless(head: &'static str, chunk: Vec<u8>, pause: std::time::Duration) -> Script {
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

fn body(head: &str, body: &str) -> String {
    format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn scripts(trap: &str) -> Vec<(&'static str, Script)> {
    let none = std::time::Duration::ZERO;
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
                std::time::Duration::from_millis(200),
            ),
        ),
        (
            "dripping-head",
            endless("HTTP/1.1 200 OK\r\nX-", b"a".to_vec(), std::time::Duration::from_millis(200)),
        ),
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
        (
            "early",
            endless("", b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), std::time::Duration::from_millis(1)),
        ),
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

/// All at once, beside one that is what it says.
#[tokio::test]
async fn an_instance_that_answers_with_nonsense_harms_no_other_and_is_never_quoted() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let trap = Hostile::start(stage.address(), always(body(OK, "{\"version\": \"4.14.2\"}"))).await?;
    let mut instances: Vec<(&str, Hostile, Subject)> = Vec::new();
    for (name, script) in scripts(&trap.url) {
        let server = Hostile::start(stage.address(), script).await?;
        let instance = stage.subject("ChatwootInstance", name);
        instance
            .apply(json!({
                "url": server.url, "platformTokenSecretRef": {"name": "platform-app"},
                "requestBudget": {"timeout": "2s", "perMinute": 60000}
            }))
            .await?;
        instances.push((name, server, instance));
    }
    let mut told = String::new();
    for (name, server, instance) in &instances {
        let seen = instance
            .until("is looked at", |o| !condition(o, "Ready").is_null() && !is(o, "Progressing"))
            .await
            .with_context(|| (*name).to_owned())?;
        assert_eq!(condition(&seen, "Ready")["status"], "False", "{name}: {seen}");
        assert!(rules::broken(&seen).is_empty(), "{name}: {seen}");
        assert!(message(&seen, "Ready").chars().all(|c| !c.is_control()), "{name}: {seen}");
        assert!(server.asked.load(Ordering::Relaxed) > 0, "{name} was never asked");
        told += &seen["status"].to_string();
        account.set(json!({"name": format!("Beside {name}")})).await?;
        account.ready().await?;
    }
    let events = stage.place.plane.events(&stage.home).await?;
    told += &format!("{events:?}{}", stage.place.log().await?);
    assert!(
        !told.contains(NONSENSE),
        "{}",
        told.split(NONSENSE).next().map_or("", |before| &before[before.len().saturating_sub(400)..])
    );
    assert_eq!(trap.asked.load(Ordering::Relaxed), 0, "a redirect was followed");
    drop(tenant);
    Ok(())
}

/// The answer about one account or person is another's, or says that it is everybody's.
#[tokio::test]
async fn an_answer_about_somebody_else_is_no_answer() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account, alice) = stage.staffed(json!({}), json!({})).await?;
    let marker = stage.chatwoot.account(account).await?.context("gone")?.custom_attributes.clone();
    let acme = crate::support::subject::id;
    let path = format!("/platform/api/v1/accounts/{account}");
    for body in [
        json!({"id": account + 1, "name": "Other", "custom_attributes": marker, "features": {}, "limits": {}, "status": "active"}),
        json!({"id": account.to_string(), "custom_attributes": [marker]}),
        json!({"id": 1e300, "name": "Other"}),
        json!([]),
        json!(null),
    ] {
        let told = body.to_string();
        let effect = chatwoot_simulator::Effect::Json { status: 200, body, after_commit: false };
        stage.chatwoot.add_fault(chatwoot_simulator::Fault::once("GET *", effect).on_path(&path)).await?;
        let subject = Subject::new(&stage, stage.admin.clone(), "ChatwootAccount", &alice.namespace, "acme");
        let seq = stage.chatwoot.last_seq().await?;
        subject.annotate("chatwoot.dev/reconcile-requested-at", &seq.to_string()).await?;
        let seen =
            subject.until("answers", |o| o["status"]["lastHandledReconcileAt"] == *seq.to_string()).await?;
        assert_eq!((acme(&seen)?, stage.chatwoot.writes(seq).await?), (account, Vec::new()), "{told}");
    }
    Ok(())
}

/// The list of accounts may have 64 MiB; this one has no end.
#[tokio::test]
async fn an_account_index_without_end_is_given_up() -> Result<()> {
    let stage = Stage::new().await?;
    let script: Script = Arc::new(|line, mut stream| {
        Box::pin(async move {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n";
            if line.starts_with("GET /api ") {
                return stream.write_all(body(OK, "{\"version\": \"4.14.2\"}").as_bytes()).await;
            }
            if line.contains("/accounts/0") {
                let gone = "HTTP/1.1 404 No\r\nContent-Type: application/json; charset=utf-8\r\n";
                return stream
                    .write_all(body(gone, "{\"status\":404,\"error\":\"Not Found\"}").as_bytes())
                    .await;
            }
            stream.write_all(format!("{head}[{{\"id\": 1, \"name\": \"").as_bytes()).await?;
            let name = vec![b'x'; 256 * 1024];
            loop {
                stream.write_all(&name).await?;
            }
        })
    });
    let server = Hostile::start(stage.address(), script).await?;
    let instance = stage.subject("ChatwootInstance", "endless");
    instance.apply(json!({"url": server.url, "platformTokenSecretRef": {"name": "platform-app"}})).await?;
    let grown = |o: &Value| condition(o, "AccountIndexAvailable")["reason"] == "TooLarge";
    instance.ready().await?;
    // A create would have it asked.
    let account = stage.subject("ChatwootAccount", "first");
    account.apply(json!({"instanceRef": {"name": "endless"}, "name": "First"})).await?;
    let seen = instance.at_last("has given up", grown).await?;
    assert!(is(&seen, "Succeeded"));
    assert!(stage.chatwoot.writes(0).await?.is_empty());
    Ok(())
}
