//! https with a private CA.

use crate::support::*;
use chatwoot_simulator::{Filter, Options};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// A simulator with a certificate of its own for 127.0.0.1, and a client that trusts it.
async fn secured(force_ssl: bool) -> (Chatwoot, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let options = Options { tls_cert: Some(cert), tls_key: Some(key), force_ssl, ..Options::default() };
    let chatwoot = Chatwoot::with(options).await;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (chatwoot, TlsConnector::from(Arc::new(config)))
}

async fn get(chatwoot: &Chatwoot, connector: &TlsConnector, path: &str) -> String {
    let stream = TcpStream::connect(chatwoot.authority()).await.unwrap();
    let mut stream = connector.connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn chatwoot_is_served_over_tls_which_satisfies_force_ssl() {
    let (chatwoot, connector) = secured(true).await;
    assert!(chatwoot.simulator.url().starts_with("https://127.0.0.1:"));
    let answer = get(&chatwoot, &connector, "/api").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("4.14.2"), "{answer}");
    assert!(get(&chatwoot, &connector, "/_simulator/state").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn plain_http_to_a_tls_port_steers_the_simulator_but_reaches_no_chatwoot() {
    let (chatwoot, _) = secured(false).await;
    assert_eq!(chatwoot.send(Ask::new("GET", "/api")).await.status, 400);
    assert!(chatwoot.state().await.accounts.is_empty());
    assert!(chatwoot.control().journal(&Filter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named() {
    let options = Options {
        tls_cert: Some("/no/such.crt".into()),
        tls_key: Some("/no/such.key".into()),
        ..Options::default()
    };
    let error = chatwoot_simulator::Simulator::start(options).await.err().unwrap();
    assert!(format!("{error:#}").contains("/no/such.crt"), "{error:#}");
}
