//! Login links: asked for by an annotation, in a Secret of their own for five minutes, and for nobody who must not have one.

use crate::support::{
    Journal, PATIENCE, People, Place, Stage, Subject, Tenant,
    people::{route, silent_about},
    subject::{id, is},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, Fault, Filter, Release};
use jiff::{SignedDuration, Timestamp};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Value, json};

const ASK: &str = "chatwoot.dev/login-link-requested-at";
const SECRET: &str = "alice-login-link";
const RESET: &str = "POST /api/v1/profile/reset_access_token";

fn link<'a>(object: &'a Value, key: &str) -> &'a Value {
    &object["status"]["loginLink"][key]
}

fn became(asked: &str, state: &str) -> impl Fn(&Value) -> bool {
    move |object| link(object, "requestedAt") == asked && link(object, "state") == state
}

impl Subject {
    async fn asks(&self, value: &str, state: &str) -> Result<Value> {
        self.annotate(ASK, value).await?;
        self.until(&format!("has answered {value} with {state}"), became(value, state)).await
    }
}

/// Lets the time of a stored link be over so soon, as if most of it had passed.
async fn expires_in(stage: &Stage, tenant: &Tenant, seconds: i64) -> Result<()> {
    let users = ApiResource::from_gvk(&GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", "ChatwootUser"));
    let users: Api<DynamicObject> = Api::namespaced_with(stage.admin.clone(), &tenant.namespace, &users);
    let then = Timestamp::now().checked_add(SignedDuration::from_secs(seconds))?;
    let patch = json!({"status": {"loginLink": {"expiresAt": then.to_string()}}});
    users.patch_status("alice", &PatchParams::default(), &Patch::Merge(&patch)).await?;
    Ok(())
}

async fn event(stage: &Stage, tenant: &Tenant, about: &str, reason: &str) -> Result<String> {
    let fits = |event: &control_plane::SeenEvent| event.about == about && event.reason == reason;
    Ok(stage.place.plane.wait_for_event(&tenant.namespace, fits, PATIENCE).await?.note)
}

#[tokio::test]
async fn a_login_link_is_given_once_for_each_request_and_gone_when_its_time_is_over() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    let object = alice.asks("first", "Stored").await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user", "GET user"], "the person, and the link");
    let url = tenant.secret_now(SECRET).await?["login_url"].clone();
    let token = stage.chatwoot.person(user).await?.sso_tokens.first().cloned().context("no link was made")?;
    let wanted =
        format!("{}/app/login?email=alice%40acme.example&sso_auth_token={token}", stage.chatwoot.url());
    assert_eq!(url, wanted);
    let secret = tenant.secrets().get(SECRET).await?.metadata;
    let notes = secret.annotations.unwrap_or_default();
    assert_eq!(notes.get("chatwoot.dev/owner").map(String::as_str), Some("ChatwootUser/alice"));
    assert_eq!(notes.get("chatwoot.dev/expires-at").map(String::as_str), link(&object, "expiresAt").as_str());
    let left = link(&object, "expiresAt").as_str().context("no time")?.parse::<Timestamp>()?;
    let left = left.duration_since(Timestamp::now()).as_secs();
    ensure!((1..=300).contains(&left), "{left} s are left");
    let owner = secret.owner_references.unwrap_or_default().pop().context("it has no owner")?;
    assert_eq!(object["metadata"]["uid"], owner.uid);

    // An event says so, without the link.
    let note = event(&stage, &tenant, "ChatwootUser/alice", "LoginLink").await?;
    assert!(note.contains(&format!("{}/{SECRET}", tenant.namespace)), "{note}");
    silent_about(&format!("{note}{object}"), &[&token])?;

    // The same value is answered once.
    let seq = stage.chatwoot.last_seq().await?;
    alice.looked_at().await?;
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user"]);
    alice.asks("second", "Stored").await?;
    let again = tenant.secret_when(SECRET, |data| data.get("login_url") != Some(&url)).await?;
    assert!(again.contains_key("login_url"));

    // When its time is over the Secret goes, and nobody has to do anything for it.
    expires_in(&stage, &tenant, 4).await?;
    alice.looked_at().await?;
    tenant.secret_gone(SECRET).await?;
    let object = alice.until("has removed it", became("second", "Removed")).await?;
    assert_eq!((link(&object, "expiresAt"), is(&object, "Succeeded")), (&Value::Null, true));
    Ok(())
}

#[tokio::test]
async fn who_rests_or_was_adopted_without_the_right_gets_no_link() -> Result<()> {
    let stage = Stage::new().await?;
    let made = |name: &str| Act::CreateUser {
        name: name.to_owned(),
        email: format!("{name}@acme.example"),
        attributes: Default::default(),
        app: Some(1),
    };
    let old = stage.chatwoot.act(made("old")).await?.id.context("no id")?;
    let grant = |allow: Value| json!({"adoptable": {"users": [old]}, "allow": allow});
    let tenant = stage.tenant(grant(json!([]))).await?;
    let adopted = tenant.person(&stage, "old", json!({"adopt": {"id": old}})).await?;
    adopted.ready().await?;
    let paused = tenant.person(&stage, "paused", json!({})).await?;
    paused.ready().await?;
    paused.set(json!({"paused": true})).await?;

    let seq = stage.chatwoot.last_seq().await?;
    let object = adopted.asks("first", "Refused").await?;
    assert_eq!((link(&object, "reason"), is(&object, "Succeeded")), (&json!("NotGranted"), true));
    let note = event(&stage, &tenant, "ChatwootUser/old", "NoLoginLink").await?;
    assert!(note.contains("allow: [Credentials]"), "{note}");
    let object = paused.asks("first", "Refused").await?;
    assert_eq!(link(&object, "reason"), "Paused");
    assert!(stage.chatwoot.calls(seq).await?.iter().all(|call| call == "GET user"));
    let minted = Filter::route("GET /platform/api/v1/users/:id/login").since(seq);
    assert!(stage.chatwoot.journal(&minted).await?.is_empty());

    // With the right, and asked again.
    stage.grant(&tenant, grant(json!(["Credentials"]))).await?;
    adopted.looked_at().await?;
    assert!(tenant.secrets().get_opt("old-login-link").await?.is_none(), "an answer is an answer");
    adopted.asks("second", "Stored").await?;
    tenant.secret_when("old-login-link", |data| data.contains_key("login_url")).await?;
    Ok(())
}

#[tokio::test]
async fn a_secret_of_that_name_that_is_not_ours_is_neither_overwritten_nor_removed() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    tenant.secret(SECRET, json!({"login_url": "mine"})).await?;
    let before = tenant.secrets().get(SECRET).await?;
    let object = alice.asks("first", "Refused").await?;
    assert_eq!(link(&object, "reason"), "SecretInvalid");
    let note = event(&stage, &tenant, "ChatwootUser/alice", "NoLoginLink").await?;
    assert!(note.contains(SECRET), "{note}");
    expires_in(&stage, &tenant, -1).await?;
    alice.looked_at().await?;
    assert_eq!(tenant.secrets().get(SECRET).await?, before);

    // Nor is her own credentials Secret, whatever it is called.
    tenant.delete_secret(SECRET).await?;
    alice.set(json!({"credentialsSecret": {"name": SECRET}})).await?;
    alice.ready().await?;
    let credentials = tenant.secret_now(SECRET).await?;
    let object = alice.asks("second", "Refused").await?;
    assert_eq!(link(&object, "reason"), "SecretInvalid");
    assert_eq!(tenant.secret_now(SECRET).await?, credentials);
    alice.delete().await?;
    alice.gone().await?;
    tenant.secret_gone(SECRET).await?;
    Ok(())
}

#[tokio::test]
async fn a_login_link_goes_with_its_resource() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({"deletionPolicy": "Retain"})).await?;
    alice.asks("first", "Stored").await?;
    alice.delete().await?;
    alice.gone().await?;
    tenant.secret_gone(SECRET).await?;
    Ok(())
}

/// The operator is killed when a token has been replaced and nobody knows it, and a link's time is over before another one
/// comes.
#[tokio::test]
async fn killed_with_a_link_out_and_a_token_half_replaced_it_puts_both_right() -> Result<()> {
    let place = Place::own().await?;
    let stage = Stage::in_place(&place).await?;
    let spec = |rotation: &str| json!({"credentialsSecret": {"name": "alice", "accessToken": {"rotation": rotation}}});
    let (tenant, _, alice) = stage.staffed(json!({}), spec("1")).await?;
    let user = id(&alice.get().await?)?;
    alice.asks("first", "Stored").await?;
    let first = tenant.secret_now("alice").await?["access_token"].clone();
    stage.chatwoot.add_fault(Fault::once(RESET, Effect::HangAfterCommit)).await?;
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(spec("2")).await?;
    stage.chatwoot.wait(&Filter::route(RESET).since(seq), 1, PATIENCE).await?;
    place.kill_operator().await;
    stage.chatwoot.release(Release::drop()).await?;
    let lost = stage.chatwoot.person(user).await?.access_token.context("no token")?;
    ensure!(lost != first, "the token was not replaced");
    assert_eq!(tenant.secret_now("alice").await?["access_token"], first);
    assert!(tenant.secrets().get_opt(SECRET).await?.is_some());
    expires_in(&stage, &tenant, -60).await?;

    place.start_operator().await?;
    tenant.secret_gone(SECRET).await?;
    let rotated = |o: &Value| is(o, "Succeeded") && o["status"]["accessToken"]["rotation"] == "2";
    alice.at_last("has rotated", rotated).await?;
    let token = stage.chatwoot.person(user).await?.access_token.context("no token")?;
    assert_eq!(tenant.secret_now("alice").await?["access_token"], token);
    let resets = stage.chatwoot.journal(&Filter::route(RESET)).await?.len();
    assert_eq!(resets, 2, "one more than was asked for, and no further");
    assert!(stage.chatwoot.journal(&Filter::route(route::CREATE_USER)).await?.len() == 1);
    alice.until("says so", became("first", "Removed")).await?;
    Ok(())
}
