//! Every way a call can go wrong below HTTP.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use std::net::TcpListener;
use std::sync::Arc;

async fn ended(server: &Server) -> Failure {
    server.platform().create_account(&new_account()).await.unwrap_err()
}

fn at(url: String) -> Platform {
    let server = Server::start([Act::Close]);
    Platform::new(Config { url, timeout: Duration::from_secs(5), ..server.config() }).unwrap()
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = at(format!("http://127.0.0.1:{port}")).create_account(&new_account()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate(), failure.status), (Class::Connect, Fate::NotSent, None));
    assert_eq!(failure.detail, Some("it refused the connection"));
}

#[tokio::test]
async fn an_unknown_host_sent_nothing() {
    // Too long for a label, so no resolver needs to be asked.
    let url = format!("http://{}.invalid", "a".repeat(64));
    let failure = at(url).create_account(&new_account()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Connect, Fate::NotSent));
    assert_eq!(failure.detail, Some("its host name could not be resolved"));
}

#[tokio::test]
async fn a_reset_before_or_after_the_request_was_read_is_ambiguous() {
    for act in [Act::Reset, Act::Close] {
        let server = Server::start([act, Act::json(200, ACCOUNT)]);
        let failure = ended(&server).await;
        assert_eq!(
            (failure.class, failure.fate(), failure.status),
            (Class::Transport, Fate::Ambiguous, None)
        );
        assert!(server.seen().len() <= 1, "never repeated: {:?}", server.seen());
    }
}

#[tokio::test]
async fn silence_is_a_time_out_and_ambiguous() {
    let server = Server::start([Act::Hang]);
    let config = Config { timeout: Duration::from_millis(200), ..server.config() };
    let failure = Platform::new(config).unwrap().create_account(&new_account()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate(), failure.status), (Class::Timeout, Fate::Ambiguous, None));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_answer_cut_short_is_ambiguous_and_known_as_an_answer() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 500\r\n\r\n{\"id\":42";
    let server = Server::start([Act::Answer(cut.into())]);
    let failure = ended(&server).await;
    assert_eq!(
        (failure.class, failure.fate(), failure.status),
        (Class::Transport, Fate::Ambiguous, Some(200))
    );
}

#[tokio::test]
async fn no_answer_of_http_at_all_is_ambiguous() {
    let server = Server::start([Act::Answer("SSH-2.0-OpenSSH_9.2\r\n\r\n".into())]);
    assert_eq!(ended(&server).await.class, Class::Transport);
}

#[tokio::test]
async fn an_oversized_answer_is_not_read_whether_it_is_announced_or_not() {
    let large = format!(r#"{{"id":42,"name":"{}"}}"#, "x".repeat(1024 * 1024));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let unannounced = Act::Answer(format!("{head}Connection: close\r\n\r\n{large}"));
    for act in [Act::json(200, &large), unannounced] {
        let server = Server::start([act]);
        let failure = ended(&server).await;
        assert_eq!((failure.class, failure.status), (Class::Unexpected, Some(200)));
        assert_eq!(failure.detail, Some("its body is too large"));
    }
    let fits = format!(r#"{{"id":42,"name":"{}"}}"#, "x".repeat(1024 * 1024 - 100));
    assert!(Server::start([Act::json(200, &fits)]).platform().create_account(&new_account()).await.is_ok());
}

#[tokio::test]
async fn a_failure_whose_body_cannot_be_read_still_has_its_status() {
    let cut = "HTTP/1.1 502 X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 500\r\n\r\n{";
    let failure = ended(&Server::start([Act::Answer(cut.into())])).await;
    assert_eq!((failure.class, failure.status), (Class::Proxy, Some(502)));
    let refusal = cut.replace("502", "422");
    let failure = ended(&Server::start([Act::Answer(refusal)])).await;
    assert_eq!((failure.class, failure.fate()), (Class::Unexpected, Fate::Ambiguous));
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Server::start([Act::json(200, ACCOUNT)]);
    for status in [301, 302, 307, 308] {
        let location = format!("Location: {}/platform/api/v1/accounts\r\n", elsewhere.url());
        let server = Server::start([Act::raw(status, &location, "")]);
        assert_eq!(ended(&server).await.class, Class::Redirected);
        assert_eq!(server.platform().account(AccountId(42)).await.unwrap_err().class, Class::Redirected);
    }
    assert!(elsewhere.seen().is_empty(), "the token would have gone elsewhere");
}

#[tokio::test]
async fn what_must_not_be_repeated_never_goes_out_on_a_used_connection() {
    let server = Server::start([Act::json(200, ACCOUNT), Act::json(200, ACCOUNT), Act::json(200, ACCOUNT)]);
    let platform = server.platform();
    platform.account(AccountId(42)).await.unwrap();
    platform.create_account(&new_account()).await.unwrap();
    platform.create_account(&new_account()).await.unwrap();
    platform.account(AccountId(42)).await.unwrap();
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1, 2, 0], "reads share one, every create has its own");
}

#[tokio::test]
async fn a_user_is_created_on_a_connection_of_its_own_too() {
    let server = Server::start([Act::json(200, USER)]);
    let platform = server.platform();
    platform.user(UserId(7)).await.unwrap();
    platform.create_user(&new_user()).await.unwrap();
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 1]);
}

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn pem(&self) -> Vec<u8> {
        self.issuer.pem().into_bytes()
    }

    fn server(&self, name: &str) -> Server {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        Server::start_tls([Act::json(200, ACCOUNT)], Arc::new(config))
    }
}

async fn over_tls(server: &Server, ca_pem: Vec<u8>) -> Result<(), Failure> {
    let platform = Platform::new(Config { ca_pem: Some(ca_pem), ..server.config() }).unwrap();
    platform.account(AccountId(42)).await.map(|account| assert_eq!(account.id, AccountId(42)))
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_given_and_only_then() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = ours.server("127.0.0.1");
    over_tls(&server, ours.pem()).await.unwrap();
    let failure = over_tls(&server, theirs.pem()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Connect, Fate::NotSent));
    let detail = "its certificate is not trusted: check the CA and the host name in the URL";
    assert_eq!(failure.detail, Some(detail));
    assert_eq!(server.seen().len(), 1, "nothing was sent to a stranger");
    let both = [theirs.pem(), ours.pem()].concat();
    over_tls(&server, both).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_trusted() {
    let ours = Authority::new();
    let failure = over_tls(&ours.server("other.example"), ours.pem()).await.unwrap_err();
    assert_eq!(failure.class, Class::Connect);
    assert!(failure.detail.is_some_and(|detail| detail.contains("not trusted")), "{failure:?}");
}

#[tokio::test]
async fn plain_http_where_tls_is_expected_sent_nothing() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let config = Config {
        url: server.url().replace("http:", "https:"),
        ca_pem: Some(Authority::new().pem()),
        ..server.config()
    };
    let failure = Platform::new(config).unwrap().create_account(&new_account()).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Connect, Fate::NotSent), "{failure:?}");
}
