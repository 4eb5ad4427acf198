//! A client that hides nothing: status, headers and bytes as they came.

use chatwoot_simulator::{Act, Control, Done, Options, Simulator, State};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Bytes,
    header::{HOST, HeaderMap},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;

/// Far longer than anything here takes; only a failing test waits that long.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const ACCOUNTS: &str = "/platform/api/v1/accounts";
pub const USERS: &str = "/platform/api/v1/users";
pub const BOTS: &str = "/platform/api/v1/agent_bots";

pub const POST_ACCOUNT: &str = "POST /platform/api/v1/accounts";
pub const GET_ACCOUNT: &str = "GET /platform/api/v1/accounts/:id";

pub const PASSWORD: &str = "Abc123!?";

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    /// The body of a 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    #[track_caller]
    pub fn is_empty_200(&self) {
        assert_eq!((self.status, self.body.len()), (200, 0));
        assert_eq!(self.content_type(), Some("application/json"));
    }

    #[track_caller]
    pub fn is_500(&self) {
        assert_eq!((self.status, self.text()), (500, r#"{"status":500,"error":"Internal Server Error"}"#));
        assert_eq!(self.content_type(), Some("application/json; charset=UTF-8"));
    }

    #[track_caller]
    pub fn is_422(&self, message: &str, attributes: &[&str]) {
        assert_eq!(self.status, 422, "{}", self.text());
        assert_eq!(self.json(), json!({"message": message, "attributes": attributes}));
        assert_eq!(self.content_type(), Some("application/json; charset=utf-8"));
    }

    #[track_caller]
    pub fn is_error(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.json()), (status, json!({"error": error})));
        assert_eq!(self.content_type(), Some("application/json; charset=utf-8"));
    }

    #[track_caller]
    pub fn is_404(&self) {
        assert_eq!((self.status, self.text()), (404, r#"{"status":404,"error":"Not Found"}"#));
        assert_eq!(self.content_type(), Some("application/json; charset=UTF-8"));
    }
}

/// A request to be sent.
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Ask {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Ask { method, path: path.into(), headers: Vec::new(), body: Bytes::new() }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        Ask { body: body.into(), ..self }.header("content-type", content_type)
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends it on a connection of its own. An error is a connection that ended without a whole answer.
    pub async fn send(self, authority: &str) -> Result<Answer, hyper::Error> {
        let stream = TcpStream::connect(authority).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(self.method).uri(self.path).header(HOST, authority);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = sender.send_request(request.body(Full::new(self.body)).unwrap()).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// A simulator with its client.
pub struct Chatwoot {
    pub simulator: Simulator,
}

impl Chatwoot {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn version(version: &str) -> Self {
        Self::with(Options { version: version.parse().unwrap(), ..Options::default() }).await
    }

    pub async fn enterprise() -> Self {
        Self::with(Options { edition: chatwoot_simulator::Edition::Ee, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        Chatwoot { simulator: Simulator::start(options).await.unwrap() }
    }

    pub fn authority(&self) -> &str {
        self.simulator.url().split_once("//").unwrap().1
    }

    pub fn control(&self) -> &Control {
        self.simulator.control()
    }

    pub async fn try_send(&self, ask: Ask) -> Result<Answer, hyper::Error> {
        ask.send(self.authority()).await
    }

    /// Sends it as it is, without a token.
    pub async fn send(&self, ask: Ask) -> Answer {
        self.try_send(ask).await.unwrap()
    }

    fn with_token(&self, ask: Ask) -> Ask {
        ask.header("api-access-token", self.simulator.token())
    }

    /// As the platform app, with whatever else the request carries.
    pub async fn sent(&self, ask: Ask) -> Answer {
        self.send(self.with_token(ask)).await
    }

    pub async fn try_post(&self, path: &str, body: Value) -> Result<Answer, hyper::Error> {
        self.try_send(self.with_token(Ask::new("POST", path).json(&body))).await
    }

    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.sent(Ask::new("GET", path)).await
    }

    pub async fn post(&self, path: impl Into<String>, body: Value) -> Answer {
        self.sent(Ask::new("POST", path).json(&body)).await
    }

    pub async fn patch(&self, path: impl Into<String>, body: Value) -> Answer {
        self.sent(Ask::new("PATCH", path).json(&body)).await
    }

    pub async fn delete(&self, path: impl Into<String>) -> Answer {
        self.sent(Ask::new("DELETE", path)).await
    }

    /// Makes an account and returns its id.
    pub async fn account(&self, name: &str) -> i64 {
        self.post(ACCOUNTS, json!({"name": name})).await.ok()["id"].as_i64().unwrap()
    }

    /// Makes a person and returns their id.
    pub async fn user(&self, email: &str) -> i64 {
        let body = json!({"name": "Al", "email": email, "password": PASSWORD});
        self.post(USERS, body).await.ok()["id"].as_i64().unwrap()
    }

    pub async fn member(&self, account: i64, user: i64) -> Answer {
        self.post(members(account), json!({"user_id": user})).await
    }

    pub async fn act(&self, act: Act) -> Done {
        self.control().act(act).await.unwrap()
    }

    pub async fn state(&self) -> State {
        self.control().state().await.unwrap()
    }

    /// Keeps background jobs from running until the test lets them.
    pub async fn hold_jobs(&self) {
        self.act(Act::HoldJobs { kinds: vec![] }).await;
    }

    /// Runs what waits now, one phase of a deletion.
    pub async fn run_jobs(&self) -> usize {
        self.act(Act::RunJobs { kinds: vec![] }).await.count.unwrap()
    }
}

/// Asks again until it is so, for as long as patience lasts.
#[track_caller]
pub fn until<F: Future<Output = bool>>(mut so: impl FnMut() -> F) -> impl Future<Output = ()> {
    let asked = async move { while !so().await {} };
    async { tokio::time::timeout(PATIENCE, asked).await.expect("it never became so") }
}

pub fn account(id: i64) -> String {
    format!("{ACCOUNTS}/{id}")
}

pub fn user(id: i64) -> String {
    format!("{USERS}/{id}")
}

pub fn bot(id: i64) -> String {
    format!("{BOTS}/{id}")
}

pub fn members(account: i64) -> String {
    format!("{ACCOUNTS}/{account}/account_users")
}

pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
