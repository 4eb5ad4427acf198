//! No secret leaves: one run with people, mistakes and refusals, at the most talkative log level, and then a search.

use crate::support::{
    PATIENCE, Place, Setup, Stage,
    people::route,
    subject::{condition, id, is},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, Fault, Options};
use k8s_openapi::api::{core::v1::Secret, events::v1::Event};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams},
    core::GroupVersionKind,
};
use serde_json::json;
use std::collections::BTreeMap;

const TOKEN: &str = "canary-platform-token-5f1c";
const DECLARED: &str = "Canary-Declared-1!";
const WEAK: &str = "canary-weak";

#[tokio::test]
async fn no_secret_of_people_leaves_whatever_goes_wrong() -> Result<()> {
    let place = Place::own_with(json!({"logLevel": "trace"})).await?;
    let simulator = Options { platform_tokens: vec![TOKEN.into()], ..Options::default() };
    let stage = Stage::in_place_with(&place, Setup { simulator, ..Setup::default() }).await?;
    let mut secrets: BTreeMap<String, String> =
        [("platform token", TOKEN), ("declared password", DECLARED), ("weak password", WEAK)]
            .map(|(what, value)| (what.to_owned(), value.to_owned()))
            .into();

    let stranger = Act::CreateUser {
        name: "Stranger".into(),
        email: "stranger@acme.example".into(),
        attributes: Default::default(),
        app: None,
    };
    stage.chatwoot.act(stranger).await?;
    let published = json!({"credentialsSecret": {"name": "alice-chatwoot", "accessToken": {}}, "password": {"generate": {}}});
    let (tenant, _, alice) = stage.staffed(json!({}), published).await?;
    tenant.secret("declared", json!({"value": DECLARED, "weak": WEAK})).await?;
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
    secrets.insert("first generated password".into(), first);
    alice.set(json!({"password": {"generate": {"rotation": "2"}}})).await?;
    alice.until("has rotated", |o| is(o, "Succeeded") && o["status"]["password"]["rotation"] == "2").await?;
    let rotated =
        stage.chatwoot.act(Act::RotateToken { app: None, token: None }).await?.token.context("no token")?;
    secrets.insert("second platform token".into(), rotated.clone());
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    stage.instance().reason("Unauthorized").await?;
    stage.token(&rotated).await?;
    alice.looked_at().await?;

    for user in stage.chatwoot.state().await?.users {
        let texts = [
            ("password", user.password),
            ("access token", user.access_token),
            ("pubsub token", Some(user.pubsub_token)),
        ];
        for (what, value) in texts.into_iter().filter_map(|(what, value)| Some((what, value?))) {
            secrets.insert(format!("{what} of user {}", user.id), value);
        }
    }
    let installation: Api<Secret> =
        Api::namespaced(stage.admin.clone(), crate::support::place::OPERATOR_NAMESPACE);
    let key = installation.get("chatwoot-operator-installation").await?.data.unwrap_or_default();
    let key = key.get("key").context("no key")?.0.clone();
    secrets.insert("installation key in hex".into(), key.iter().map(|byte| format!("{byte:02x}")).collect());
    search(&stage, &tenant.namespace, &secrets, id(&alice.get().await?)?).await
}

/// Looks for every secret, also as Kubernetes writes Secrets down, in all that anybody is told.
async fn search(stage: &Stage, tenant: &str, secrets: &BTreeMap<String, String>, known: i64) -> Result<()> {
    let mut told: Vec<(String, String)> = vec![("log".into(), stage.place.log().await?)];
    {
        let operator = stage.place.operator().await;
        let operator = operator.as_ref().context("the operator does not run")?;
        for path in ["/metrics", "/readyz", "/livez"] {
            told.push((path.into(), operator.get(path).await?.1));
        }
    }
    for kind in ["ChatwootInstance", "ChatwootGrant", "ChatwootPlan", "ChatwootAccount", "ChatwootUser"] {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", kind));
        let all: Api<DynamicObject> = Api::all_with(stage.admin.clone(), &resource);
        told.push((kind.into(), serde_json::to_string(&all.list(&ListParams::default()).await?.items)?));
    }
    let events: Api<Event> = Api::all(stage.admin.clone());
    // The last of them may still be under way.
    stage.place.plane.wait_for_event(tenant, |event| event.about == "ChatwootUser/nobodys", PATIENCE).await?;
    told.push(("events".into(), serde_json::to_string(&events.list(&ListParams::default()).await?.items)?));

    // The search finds what is there.
    let log = &told.first().context("no log")?.1;
    ensure!(log.contains("TRACE") && told.iter().any(|(_, text)| text.contains(&format!("user {known}"))));
    for (place, text) in &told {
        for (what, value) in secrets {
            let encoded = serde_json::to_value(k8s_openapi::ByteString(value.clone().into_bytes()))?;
            let encoded = encoded.as_str().context("no text")?.trim_end_matches('=').to_owned();
            for form in [value.as_str(), encoded.as_str()] {
                if let Some(at) = text.find(form) {
                    let around = text.get(at.saturating_sub(300)..at).unwrap_or_default();
                    anyhow::bail!("the {what} stands in {place}, after: {around}");
                }
            }
        }
    }
    Ok(())
}
