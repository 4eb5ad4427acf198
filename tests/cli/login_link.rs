//! `login-link` logs people in, for whoever sits at a terminal.

use crate::bench::{Bench, Ended, HOME, SECOND};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, Filter, How};
use serde_json::{Map, Value};
use std::{fs::OpenOptions, process::Stdio};

const LOGIN: &str = "GET /platform/api/v1/users/:id/login";

fn person(name: &str, more: &str) -> String {
    format!(
        "
---
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootUser
metadata: {{name: {name}, namespace: acme}}
spec: {{instanceRef: {{name: main, namespace: chat}}, name: {name}, email: {name}@acme.example{more}}}
"
    )
}

async fn links(bench: &Bench, more: &[&str]) -> Result<Ended> {
    bench.run(&[&["login-link", "--operator-namespace", HOME], more].concat(), "").await
}

/// How often Chatwoot made a link.
async fn made(bench: &Bench) -> Result<usize> {
    Ok(bench.chatwoot.journal(&Filter::route(LOGIN)).await?.len())
}

#[tokio::test]
async fn a_login_link_goes_to_a_terminal_or_where_it_is_meant_to() -> Result<()> {
    let bench = Bench::new().await?;
    let old = Act::CreateUser {
        name: "Old".into(),
        email: "old@acme.example".into(),
        attributes: Default::default(),
        app: Some(1),
    };
    let old = bench.chatwoot.act(old).await?.id.context("no id")?;
    let grant = format!(
        "
apiVersion: chatwoot.dev/v1alpha1
kind: ChatwootGrant
metadata: {{name: acme, namespace: chat}}
spec:
  instanceRef: {{name: main}}
  namespaces: {{names: [acme]}}
  emailDomains: ['*']
  adoptable: {{users: [{old}]}}
"
    );
    bench.apply(&grant).await?;
    let operator = bench.operator()?;
    bench
        .apply(&format!("{}{}", person("alice", ""), person("old", &format!(", adopt: {{id: {old}}}"))))
        .await?;
    bench.ready("cwu/alice").await?;
    bench.ready("cwu/old").await?;
    drop(operator);

    let seq = bench.chatwoot.last_seq().await?;
    links(&bench, &["acme/alice"]).await?.refused(&["ChatwootUser acme/alice", "no terminal", "--piped"]);
    assert_eq!(bench.chatwoot.last_seq().await?, seq, "nothing was asked");

    let printed = links(&bench, &["acme/alice", "--piped"]).await?;
    assert_eq!(printed.code, 0, "{printed:?}");
    let state = bench.chatwoot.state().await?;
    let alice = state.users.iter().find(|user| user.email == "alice@acme.example").context("nobody")?;
    let token = alice.sso_tokens.first().context("no link was made")?;
    let url = bench.chatwoot.url();
    let wanted = format!("{url}/app/login?email=alice%40acme.example&sso_auth_token={token}\n");
    assert_eq!(printed.out, wanted);
    assert!(printed.err.contains("alice@acme.example") && !printed.err.contains(token), "{printed:?}");

    // A terminal nobody looks at is one all the same.
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/ptmx")?;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"));
    command
        .args(["login-link", "acme/alice", "--operator-namespace", HOME])
        .env("KUBECONFIG", bench.plane.kubeconfig())
        .stdin(Stdio::null())
        .stdout(terminal)
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(60 * SECOND, command.spawn()?.wait_with_output()).await??;
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(made(&bench).await?, 2);

    // Whom nobody made takes another word, and who is not ours any more none.
    links(&bench, &["acme/old", "--piped"]).await?.refused(&["acme/old", "was adopted", "--adopted"]);
    assert_eq!(links(&bench, &["acme/old", "--piped", "--adopted"]).await?.code, 0);
    assert_eq!(made(&bench).await?, 3);
    // Who is known to be adopted by the marker alone does, too.
    let marker = alice.custom_attributes["chatwoot_operator"].as_str().context("no marker")?;
    let attributes = Map::from_iter([("chatwoot_operator".to_owned(), format!("{marker}:adopted").into())]);
    bench.chatwoot.act(Act::EditUserAttributes { user: alice.id, how: How::Merge, attributes }).await?;
    links(&bench, &["acme/alice", "--piped"]).await?.refused(&["acme/alice", "was adopted", "--adopted"]);
    let wipe = Act::EditUserAttributes { user: alice.id, how: How::Wipe, attributes: Default::default() };
    bench.chatwoot.act(wipe).await?;
    links(&bench, &["acme/alice", "--piped"])
        .await?
        .refused(&["does not carry its marker", "reconcile user"]);
    links(&bench, &["acme/nobody", "--piped"]).await?.refused(&["ChatwootUser acme/nobody does not exist"]);
    bench.apply(&person("new", "")).await?;
    links(&bench, &["acme/new", "--piped"]).await?.refused(&["is nobody in Chatwoot yet"]);
    assert_eq!(made(&bench).await?, 3);
    bench.nothing_was_written(seq).await
}

/// What a link would do is planned too, and no link made for it.
#[tokio::test]
async fn a_plan_knows_of_links_and_tokens_and_makes_neither() -> Result<()> {
    let bench = Bench::new().await?;
    let operator = bench.operator()?;
    let published = |rotation: &str| {
        person(
            "alice",
            &format!(", credentialsSecret: {{name: alice, accessToken: {{rotation: '{rotation}'}}}}"),
        )
    };
    bench.apply(&published("1")).await?;
    bench.ready("cwu/alice").await?;
    drop(operator);
    let before = bench.chatwoot.last_seq().await?;
    let asked = published("2").replace(
        "namespace: acme}",
        "namespace: acme, annotations: {chatwoot.dev/login-link-requested-at: now}}",
    );
    let plan = bench.plan(&asked, &["-o", "json"]).await?;
    assert_eq!(plan.code, 2, "{plan:?}");
    let plan = plan.json();
    let alice = &plan["objects"][0];
    assert_eq!(
        alice["requests"],
        serde_json::json!(["POST /api/v1/profile/reset_access_token"]),
        "{alice:#}"
    );
    let notes: Vec<&str> =
        alice["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(notes.contains(&"Secret acme/alice-login-link gets a login link, for five minutes"), "{notes:?}");
    assert!(notes.contains(&"Secret acme/alice is written"), "{notes:?}");
    assert_eq!(made(&bench).await?, 0);
    bench.nothing_was_written(before).await
}
