//! The binary: flags, port file, output, end.

use crate::support::*;
use chatwoot_simulator::Control;
use serde_json::json;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

/// Ends with the test, also when that panics.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatwoot-simulator"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn first_line(child: &mut Child) -> (String, BufReader<ChildStdout>) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, out.read_line(&mut line))
        .await
        .expect("the program says nothing")
        .unwrap();
    (line, out)
}

fn port(file: &Path) -> u16 {
    std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn it_serves_what_its_flags_say_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("port");
    let mut child = program(&[
        "--listen",
        "127.0.0.1:0",
        "--platform-token",
        "one",
        "--platform-token",
        "two",
        "--version",
        "4.10",
        "--edition",
        "ee",
        "--latency",
        "1",
        "--requests-per-minute",
        "1000",
        "--slots",
        "2",
        "--support-email",
        "s@h.example",
        "--deletion-delay",
        "10",
        "--port-file",
        file.to_str().unwrap(),
    ])
    .spawn()
    .unwrap();
    let (line, mut out) = first_line(&mut child).await;
    assert!(line.starts_with("Chatwoot 4.10.0 (simulated) at http://127.0.0.1:"), "{line}");
    let authority = format!("127.0.0.1:{}", port(&file));
    assert!(line.contains(&authority) && !folder.path().join("port.tmp").exists());
    let mut token = String::new();
    out.read_line(&mut token).await.unwrap();
    assert_eq!(token, "platform token: one\n");

    let ask = Ask::new("POST", ACCOUNTS).header("api-access-token", "two").json(&json!({"name": "A"}));
    assert_eq!(ask.send(&authority).await.unwrap().ok()["support_email"], "s@h.example");
    let control = Control::new(&format!("http://{authority}")).unwrap();
    let state = control.state().await.unwrap();
    assert_eq!((state.apps.len(), state.version.as_str(), state.accounts.len()), (2, "4.10.0", 1));

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it did not end").unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn help_explains_it_to_readers_who_have_no_chatwoot() {
    let help = program(&["--help"]).output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.starts_with("A Chatwoot for readers who have none"), "{help}");
    for flag in [
        "--listen",
        "--platform-token",
        "--version",
        "--edition",
        "--latency",
        "--slots",
        "--requests-per-minute",
        "--port-file",
        "--support-email",
        "--deletion-delay",
        "--force-ssl",
        "--tls-cert",
        "--tls-key",
        "/_simulator",
    ] {
        assert!(help.contains(flag), "{flag} is not explained in {help}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_one_clear_complaint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (args, said) in [
        (vec!["--listen", address.as_str()], "--listen"),
        (vec!["--version", "four"], "write it like 4.14"),
        (vec!["--port-file", "/no/such/folder/port"], "/no/such/folder/port"),
    ] {
        let output = program(&args).output().await.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && complaint.contains(said), "{complaint}");
    }
}
