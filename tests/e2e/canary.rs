//! No secret leaves: one run with people, mistakes and refusals, at the most talkative log level, and then a search.

mod forms;
mod hooks;
mod inside;

use crate::support::{
    PATIENCE, Place, Setup, Stage, Subject, Tenant,
    people::route,
    place::OPERATOR_NAMESPACE,
    subject::{condition, id, is},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, Fault, Options};
use chatwoot_stage::Kind;
use forms::Secrets;
use k8s_openapi::api::{coordination::v1::Lease, core::v1::Secret, events::v1::Event};
use kube::{
    Api, Resource,
    api::{DynamicObject, ListParams, Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::{fmt::Debug, process::Stdio};

const TOKEN: &str = "canary-platform-token-5f1c";
const DECLARED: &str = "Canary-Declared-1!";
const WEAK: &str = "canary-weak";
const OTHER: &str = "canary-of-no-concern-to-anybody";
/// The most that can be asked for, of everything the operator is built on.
const EVERYTHING: &str = "trace,hyper=trace,hyper_util=trace,reqwest=trace,h2=trace,rustls=trace,tower=trace,\
                          kube=trace,kube_client=trace,kube_runtime=trace,kube_lease_manager=trace";

/// A customer's first message is walked through the account. A step of it fails with an answer that repeats what it should not,
/// and the inbox with its keys stays for a while.
async fn first_message(stage: &Stage, account: &Subject, secrets: &mut Secrets) -> Result<()> {
    let inside = "/api/v1/accounts/:account_id";
    let body = json!({"message": format!("{TOKEN} and {DECLARED} are odd"), "attributes": ["labels"]});
    let echo = Effect::Json { status: 422, body, after_commit: false };
    stage.chatwoot.fault_once(&format!("POST {inside}/conversations/:id/labels"), echo).await?;
    let refused = Effect::Status { status: 500, after_commit: false };
    stage.chatwoot.fault_once(&format!("DELETE {inside}/inboxes/:id"), refused).await?;
    account.set(json!({"verify": {"interval": "1h"}})).await?;
    account.until("fails", |object| crate::verify::is_verified(object, "False", "StepFailed")).await?;
    for inbox in stage.chatwoot.state().await?.content.inboxes {
        secrets.add("inbox identifier", inbox.identifier.unwrap_or_default().as_bytes());
        secrets.add("inbox HMAC token", inbox.hmac_token.unwrap_or_default().as_bytes());
    }
    account.annotate("chatwoot.dev/reconcile-requested-at", "walk").await?;
    account.until("works", |object| crate::verify::is_verified(object, "True", "Succeeded")).await.map(drop)
}

#[tokio::test]
async fn no_secret_of_people_leaves_whatever_goes_wrong() -> Result<()> {
    let place = Place::own_with(json!({"logLevel": EVERYTHING})).await?;
    let simulator = Options { platform_tokens: vec![TOKEN.into()], ..Options::default() };
    let instance = json!({"automation": {"emailDomain": "ops.example.com"}});
    let stage = Stage::in_place_with(&place, Setup { simulator, instance, ..Setup::default() }).await?;
    let mut secrets = Secrets::default();
    for (what, value) in [
        ("platform token", TOKEN),
        ("declared password", DECLARED),
        ("weak password", WEAK),
        ("other key", OTHER),
    ] {
        secrets.add(what, value.as_bytes());
    }

    let stranger = Act::CreateUser {
        name: "Stranger".into(),
        email: "stranger@acme.example".into(),
        attributes: Default::default(),
        app: None,
    };
    stage.chatwoot.act(stranger).await?;
    let published = json!({"credentialsSecret": {"name": "alice-chatwoot", "accessToken": {}}, "password": {"generate": {}}});
    let (tenant, _, alice) = stage.staffed(json!({}), published).await?;
    // The operator's own user comes into the account, and its token into use; refused and repeated, too.
    let echo = json!({"error": "Invalid Access Token"});
    let effect = Effect::Json { status: 401, body: echo, after_commit: false };
    stage.chatwoot.fault_once(crate::automation::SETTINGS, effect).await?;
    let account = tenant.subject(&stage, "ChatwootAccount", "acme");
    account.set(json!({"settings": {"autoResolveAfter": "72h"}})).await?;
    account.ready().await?;
    first_message(&stage, &account, &mut secrets).await?;
    hooks::hang(&stage, &tenant, &mut secrets).await?;
    tenant.secret("declared", json!({"value": DECLARED, "weak": WEAK, "other": OTHER})).await?;
    let from = |key: &str| json!({"password": {"secretKeyRef": {"name": "declared", "key": key}}});
    // Chatwoot, or a proxy before it, repeats what it was sent.
    for (name, status) in [("echo-a", 422), ("echo-b", 500), ("echo-c", 400)] {
        let body = json!({"message": format!("Password {DECLARED} with {TOKEN} is odd"), "attributes": ["password"]});
        let fault = Fault::once(route::CREATE_USER, Effect::Json { status, body, after_commit: false });
        stage.chatwoot.add_fault(fault.with_body(&format!("{name}@acme.example"))).await?;
        let person = tenant.person(&stage, name, from("value")).await?;
        person.until("is looked at", |o| !condition(o, "Ready").is_null()).await?;
        person.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
        person.ready().await?;
    }
    tenant.person(&stage, "weak", from("weak")).await?.reason("SecretInvalid").await?;
    let spec =
        json!({"password": {"generate": {}}, "credentialsSecret": {"name": "stranger", "accessToken": {}}});
    tenant.person(&stage, "stranger", spec).await?.reason("NotOwned").await?;
    tenant.person(&stage, "nobodys", json!({})).await?.ready().await?;
    let first = tenant.secret_now("alice-chatwoot").await?["password"].clone();
    secrets.add("first generated password", first.as_bytes());
    alice.set(json!({"password": {"generate": {"rotation": "2"}}})).await?;
    alice.until("has rotated", |o| is(o, "Succeeded") && o["status"]["password"]["rotation"] == "2").await?;
    ways_in(&stage, &tenant, &alice, &mut secrets).await?;
    let rotated =
        stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?.token.context("no token")?;
    secrets.add("second platform token", rotated.as_bytes());
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    stage.instance().reason("Unauthorized").await?;
    stage.token(&rotated).await?;
    alice.looked_at().await?;
    authority(&stage, &mut secrets).await?;
    // Secrets that cannot be used: no text, and a token in which a whole file was pasted.
    for odd in [&b"\xff\xfecanary-bytes\x00"[..], b"canary-line-1\ncanary-line-2"] {
        secrets.add("unusable token", odd);
        token(&stage, odd).await?;
        stage.instance().until("is not used", |o| !is(o, "Succeeded") && !is(o, "Progressing")).await?;
    }
    stage.token(&rotated).await?;
    alice.looked_at().await?;

    inside::furnish(&stage, &tenant, &mut secrets).await?;
    for user in stage.chatwoot.state().await?.users {
        let texts = [
            ("password", user.password),
            ("access token", user.access_token),
            ("pubsub token", Some(user.pubsub_token)),
        ];
        for (what, value) in texts.into_iter().filter_map(|(what, value)| Some((what, value?))) {
            secrets.add(&format!("{what} of user {}", user.id), value.as_bytes());
        }
    }
    let installation: Api<Secret> = Api::namespaced(stage.admin.clone(), OPERATOR_NAMESPACE);
    let key = installation.get("chatwoot-operator-installation").await?.data.unwrap_or_default();
    secrets.add("installation key", &key.get("key").context("no key")?.0);
    search(&stage, &tenant, &secrets, id(&alice.get().await?)?).await
}

/// A login link, and a token that was replaced.
async fn ways_in(stage: &Stage, tenant: &Tenant, alice: &Subject, secrets: &mut Secrets) -> Result<()> {
    let token = tenant.secret_now("alice-chatwoot").await?["access_token"].clone();
    secrets.add("first access token", token.as_bytes());
    // Chatwoot, or a proxy before it, says more than it should.
    let body = json!({"error": format!("{token} is odd")});
    let odd = Effect::Json { status: 422, body, after_commit: false };
    stage.chatwoot.fault_once("POST /api/v1/profile/reset_access_token", odd).await?;
    alice.set(json!({"credentialsSecret": {"accessToken": {"rotation": "1"}}})).await?;
    let rotated = |o: &serde_json::Value| is(o, "Succeeded") && o["status"]["accessToken"]["rotation"] == "1";
    alice.at_last("has another token", rotated).await?;
    alice.annotate("chatwoot.dev/login-link-requested-at", "now").await?;
    alice.until("has a login link", |o| o["status"]["loginLink"]["state"] == "Stored").await?;
    let link = tenant.secret_now("alice-login-link").await?["login_url"].clone();
    let token = link.split_once("sso_auth_token=").context("no link")?.1;
    secrets.add("login link", token.as_bytes());
    Ok(())
}

/// A certificate authority in a Secret, with its private key beside the certificate in the same text, as people paste it.
async fn authority(stage: &Stage, secrets: &mut Secrets) -> Result<()> {
    let pair = rcgen::generate_simple_self_signed(["chatwoot.example".to_owned()])?;
    let (certificate, private) = (pair.cert.pem(), pair.signing_key.serialize_pem());
    for (what, pem) in [("certificate authority", &certificate), ("its private key", &private)] {
        let line = pem.lines().nth(1).context("no PEM")?;
        secrets.add(what, line.as_bytes());
    }
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "company-ca"},
        "stringData": {"ca.crt": format!("{certificate}{private}"), "broken": format!("-----BEGIN CERTIFICATE-----\n{private}")}});
    stage.place.plane.apply(&stage.home, &secret.to_string()).await?;
    let ca = |key: &str| json!({"ca": {"secretKeyRef": {"name": "company-ca", "key": key}}});
    stage.apply_instance(ca("broken")).await?.reason("InvalidSpec").await?;
    stage.apply_instance(ca("ca.crt")).await?.ready().await?;
    Ok(())
}

async fn token(stage: &Stage, bytes: &[u8]) -> Result<()> {
    let data = json!({"data": {"token": k8s_openapi::ByteString(bytes.to_vec())}});
    let secrets: Api<Secret> = Api::namespaced(stage.admin.clone(), &stage.home);
    secrets.patch("platform-app", &PatchParams::default(), &Patch::Merge(&data)).await?;
    Ok(())
}

async fn all<K>(stage: &Stage) -> Result<String>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + serde::Serialize,
{
    let api: Api<K> = Api::all(stage.admin.clone());
    Ok(serde_json::to_string(&api.list(&ListParams::default()).await?.items)?)
}

/// What a command says, on both of its streams.
async fn command(stage: &Stage, words: &[&str], input: &str) -> Result<String> {
    use tokio::io::AsyncWriteExt;
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_chatwoot-operator"))
        .args(words)
        .env("KUBECONFIG", stage.place.plane.kubeconfig())
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await??;
    let said = [output.stdout, output.stderr].concat();
    ensure!(!said.is_empty(), "{words:?} said nothing");
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Everything the command line says of this installation.
async fn commands(stage: &Stage, tenant: &Tenant) -> Result<Vec<(String, String)>> {
    let reference = json!({"name": "main", "namespace": stage.home});
    let person = |name: &str, more: serde_json::Value| {
        let mut spec =
            json!({"instanceRef": reference, "name": "Planned", "email": format!("{name}@acme.example")});
        crate::support::stage::merge(&mut spec, more);
        json!({"apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootUser", "metadata": {"name": name}, "spec": spec})
    };
    let published = json!({"name": "alice-chatwoot", "accessToken": {"rotation": "2"}});
    let manifest = [
        person("alice", json!({"password": {"generate": {"rotation": "3"}}, "credentialsSecret": published})),
        person("echo-a", json!({"password": {"secretKeyRef": {"name": "declared", "key": "other"}}})),
        person("new", json!({"password": {"secretKeyRef": {"name": "declared", "key": "value"}}})),
        json!({"apiVersion": "chatwoot.dev/v1alpha1", "kind": "ChatwootWebhook", "metadata": {"name": "crm"}, "spec": {
            "account": "acme", "url": format!("https://hooks.acme.example/t/{}", hooks::KEY), "name": "CRM"}}),
        person("worse", json!({"password": {"secretKeyRef": {"name": "declared", "key": "weak"}}})),
    ];
    let manifest = manifest.map(|object| object.to_string()).join("\n---\n");
    let alice = format!("{}/alice", tenant.namespace);
    let at_home = ["--operator-namespace", OPERATOR_NAMESPACE];
    let plan = ["plan", "-f", "-", "-n", &tenant.namespace];
    let mut told = Vec::new();
    for (words, input) in [
        ([&plan[..], &at_home].concat(), manifest.as_str()),
        ([&plan[..], &at_home, &["-o", "json"]].concat(), manifest.as_str()),
        ([&plan[..], &at_home, &["-o", "yaml"]].concat(), manifest.as_str()),
        ([&["doctor"][..], &at_home].concat(), ""),
        ([&["doctor"][..], &at_home, &["-o", "json"]].concat(), ""),
        (vec!["doctor", "--rails", "--instance", "none/none"], ""),
        ([&["login-link", &alice][..], &at_home].concat(), ""),
        (vec!["reconcile", "user", &alice, "--timeout", "20s"], ""),
        (vec!["resolve", "user", &alice, "--create", "--timeout", "1s"], ""),
    ] {
        told.push((words.join(" "), command(stage, &words, input).await?));
    }
    Ok(told)
}

/// Looks for every secret in all that anybody is told.
async fn search(stage: &Stage, tenant: &Tenant, secrets: &Secrets, known: i64) -> Result<()> {
    let mut told = commands(stage, tenant).await?;
    ensure!(told.iter().any(|(_, text)| text.contains("Planned")), "no plan: {told:?}");
    told.push(("log".into(), stage.place.log().await?));
    {
        let operator = stage.place.operator().await;
        let operator = operator.as_ref().context("the operator does not run")?;
        for path in ["/metrics", "/readyz", "/livez"] {
            told.push((path.into(), operator.get(path).await?.1));
        }
    }
    for kind in Kind::ALL {
        let all: Api<DynamicObject> = Api::all_with(stage.admin.clone(), &kind.resource());
        let mut all = all.list(&ListParams::default()).await?.items;
        // What authors write there themselves is theirs to see.
        for object in all.iter_mut().filter(|_| kind == Kind::Webhook) {
            object.data["spec"] = serde_json::Value::Null;
        }
        told.push((kind.name().into(), serde_json::to_string(&all)?));
    }
    // The last of them may still be under way.
    let last = |event: &control_plane::SeenEvent| event.about == "ChatwootUser/nobodys";
    stage.place.plane.wait_for_event(&tenant.namespace, last, PATIENCE).await?;
    told.push(("events".into(), all::<Event>(stage).await?));
    told.push(("leases".into(), all::<Lease>(stage).await?));

    // The search finds what is there.
    let (_, log) = told.iter().find(|(place, _)| place == "log").context("no log")?;
    ensure!(log.contains("TRACE") && told.iter().any(|(_, text)| text.contains(&format!("user {known}"))));
    let secret: Api<Secret> = tenant.secrets();
    let whole = serde_json::to_string(&secret.get("alice-chatwoot").await?)?;
    ensure!(secrets.found_in(&whole).is_some(), "the Secret itself is not recognised");
    for (place, text) in &told {
        if let Some((what, before)) = secrets.found_in(text) {
            anyhow::bail!("the {what} stands in {place}, after: {before}");
        }
    }
    Ok(())
}
