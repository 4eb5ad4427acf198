//! A client for `/_simulator/`, for tests and tools, in the same process or another.

use crate::{
    behind::{Act, Done},
    faults::{Armed, Effect, Fault},
    journal::{Entry, Filter},
    state::State,
};
use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;

/// Which hanging requests to let go, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// True: the request goes on as if nothing had been. False: its connection is closed without an answer.
    pub proceed: bool,
    /// Only this entry of the journal.
    pub seq: Option<u64>,
    /// Only requests of this route.
    pub route: Option<String>,
}

impl Release {
    /// All that hang go on.
    pub fn proceed() -> Self {
        Release { proceed: true, seq: None, route: None }
    }

    /// All that hang end without an answer; those not yet carried out never will be.
    pub fn drop() -> Self {
        Release { proceed: false, ..Release::proceed() }
    }

    pub fn only(self, seq: u64) -> Self {
        Release { seq: Some(seq), ..self }
    }
}

/// Reads and steers one simulator. Speaks plain HTTP, also to a simulator that serves TLS.
#[derive(Clone, Debug)]
pub struct Control {
    authority: String,
}

#[derive(Deserialize)]
struct Entries {
    entries: Vec<Entry>,
    #[serde(default)]
    last_seq: u64,
    #[serde(default)]
    forgotten: u64,
    #[serde(default)]
    reached: bool,
}

impl Control {
    /// `url`: the simulator's own, such as `http://127.0.0.1:3000`.
    ///
    /// # Errors
    /// A text without host and port.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let uri: http::Uri = url.parse().with_context(|| format!("{url:?} is no URL"))?;
        let authority = uri.authority().with_context(|| format!("{url:?} names no host"))?;
        Ok(Control { authority: authority.to_string() })
    }

    /// All entries that are kept and match, oldest first.
    ///
    /// # Errors
    /// Also when the journal had to forget entries, because then an answer would not be the whole truth.
    pub async fn journal(&self, filter: &Filter) -> anyhow::Result<Vec<Entry>> {
        let found: Entries = self.ask(Method::GET, &format!("journal?{}", query(filter)), None).await?;
        if found.forgotten > 0 {
            bail!("the journal has forgotten its oldest {} entries: raise --journal-limit", found.forgotten);
        }
        Ok(found.entries)
    }

    /// The number of the last request; what comes later is `Filter::since` it.
    pub async fn last_seq(&self) -> anyhow::Result<u64> {
        let found: Entries = self.ask(Method::GET, &format!("journal?since={}", u64::MAX), None).await?;
        Ok(found.last_seq)
    }

    pub async fn clear_journal(&self) -> anyhow::Result<()> {
        self.ask::<Value>(Method::DELETE, "journal", None).await.map(drop)
    }

    pub async fn state(&self) -> anyhow::Result<State> {
        self.ask(Method::GET, "state", None).await
    }

    /// The next request of this route meets the effect.
    pub async fn fault_once(&self, route: &str, effect: Effect) -> anyhow::Result<()> {
        self.add_fault(Fault::once(route, effect)).await
    }

    pub async fn add_fault(&self, fault: Fault) -> anyhow::Result<()> {
        self.ask::<Value>(Method::POST, "faults", Some(serde_json::to_value(fault)?)).await.map(drop)
    }

    pub async fn faults(&self) -> anyhow::Result<Vec<Armed>> {
        #[derive(Deserialize)]
        struct Listed {
            faults: Vec<Armed>,
        }
        self.ask::<Listed>(Method::GET, "faults", None).await.map(|listed| listed.faults)
    }

    pub async fn clear_faults(&self) -> anyhow::Result<()> {
        self.ask::<Value>(Method::DELETE, "faults", None).await.map(drop)
    }

    /// Does something behind the operator's back.
    pub async fn act(&self, act: Act) -> anyhow::Result<Done> {
        self.ask(Method::POST, "act", Some(serde_json::to_value(act)?)).await
    }

    /// Waits until `count` requests match, and returns all that do.
    ///
    /// # Errors
    /// When they have not come within `timeout`; the message says how many had.
    pub async fn wait(&self, filter: &Filter, count: usize, timeout: Duration) -> anyhow::Result<Vec<Entry>> {
        let path = format!("wait?{}&count={count}&timeout_ms={}", query(filter), timeout.as_millis());
        let found: Entries = self.ask(Method::GET, &path, None).await?;
        if !found.reached {
            bail!("waited {timeout:?} for {count} requests like {filter:?}, saw {}", found.entries.len());
        }
        Ok(found.entries)
    }

    /// Lets hanging requests go on; returns how many.
    pub async fn release(&self, release: Release) -> anyhow::Result<usize> {
        #[derive(Deserialize)]
        struct Released {
            released: usize,
        }
        let how = if release.proceed { "proceed" } else { "drop" };
        let body = json!({"how": how, "seq": release.seq, "route": release.route});
        self.ask::<Released>(Method::POST, "release", Some(body)).await.map(|released| released.released)
    }

    /// One request on a connection of its own, so that nothing lingers between a test's calls.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<T> {
        let what = format!("{method} /_simulator/{path}");
        let stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("no simulator answers at {}", self.authority))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let pump = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(format!("/_simulator/{path}"))
            .header(header::HOST, &self.authority)
            .body(Full::new(body.map(|body| Bytes::from(body.to_string())).unwrap_or_default()))?;
        let response = sender.send_request(request).await.with_context(|| what.clone())?;
        let status = response.status();
        let bytes = response.into_body().collect().await.with_context(|| what.clone())?.to_bytes();
        pump.abort();
        if !status.is_success() {
            bail!("{what}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        serde_json::from_slice(&bytes).with_context(|| what)
    }
}

fn query(filter: &Filter) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("since", &filter.since.to_string());
    let end = filter.end.and_then(|end| serde_json::to_value(end).ok());
    let pairs = [
        ("route", filter.route.clone()),
        ("path", filter.path.clone()),
        ("status", filter.status.map(|status| status.to_string())),
        ("end", end.as_ref().and_then(Value::as_str).map(str::to_owned)),
        ("committed", filter.committed.map(|committed| committed.to_string())),
    ];
    for (key, value) in pairs {
        if let Some(value) = value {
            query.append_pair(key, &value);
        }
    }
    query.finish()
}
