//! Taking over people who exist: by id, granted, never with another owner's marker, never by POST.

use crate::support::{
    Journal, People, Stage,
    subject::{condition, id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, How, Kind};
use serde_json::{Value, json};

/// Somebody who was there before, permitted to the Platform App or not.
async fn old(stage: &Stage, attributes: Value, permitted: bool) -> Result<i64> {
    let attributes = attributes.as_object().cloned().unwrap_or_default();
    let act = Act::CreateUser {
        name: "Old".into(),
        email: "alice@acme.example".into(),
        attributes,
        app: permitted.then_some(1),
    };
    stage.chatwoot.act(act).await?.id.context("no id")
}

#[tokio::test]
async fn an_adopted_person_is_stamped_before_anything_of_theirs_changes() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, json!({"crm": 9}), true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old]}})).await?;
    let account = id(&tenant.account(&stage, "acme", json!({"name": "Acme"})).await?.ready().await?)?;
    let seq = stage.chatwoot.last_seq().await?;
    let spec = json!({
        "email": "Alice@acme.example", "name": "Alice", "adopt": {"id": old},
        "memberships": [{"account": "acme", "role": "Agent"}], "credentialsSecret": {"name": "alice-chatwoot"}
    });
    let alice = tenant.person(&stage, "alice", spec).await?;
    let object = alice.ready().await?;
    assert_eq!((id(&object)?, &object["status"]["ownership"]), (old, &json!("Adopted")));
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user", "PATCH user", "PATCH user", "POST member"]);
    let filter = chatwoot_simulator::Filter::route(crate::support::people::route::UPDATE_USER).since(seq);
    let first = stage.chatwoot.journal(&filter).await?.first().context("nothing was sent")?.body.clone();
    let first: Value = serde_json::from_str(&first)?;
    let sent: Vec<_> = first.as_object().context("no map")?.keys().collect();
    assert_eq!(sent, ["custom_attributes"]);
    let after = stage.chatwoot.person(old).await?;
    assert_eq!(
        (after.name.as_str(), &after.custom_attributes["crm"], after.password_writes),
        ("Alice", &json!(9), 0)
    );
    assert!(stage.chatwoot.roles(old).await?.contains_key(&account));

    // Removing what is no longer needed changes nothing.
    let seq = stage.chatwoot.last_seq().await?;
    alice.set(json!({"adopt": null})).await?;
    alice.ready().await?;
    assert!(stage.chatwoot.writes(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn without_a_grant_nobody_is_read_whether_they_exist_or_not() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, Value::Null, true).await?;
    let tenant = stage.tenant(json!({})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let mut told = Vec::new();
    for (name, adopt) in [("there", old), ("not-there", old + 4711)] {
        let spec = json!({"email": "alice@acme.example", "adopt": {"id": adopt}});
        let object = tenant.person(&stage, name, spec).await?.stalled("NotGranted").await?;
        let text = message(&object, "Ready").replace(&format!("user {adopt};"), "user ID;");
        told.push(text.replace(&format!("users: [{adopt}]"), "users: [ID]"));
    }
    assert_eq!(told.first(), told.last());
    assert!(stage.chatwoot.calls(seq).await?.is_empty());
    Ok(())
}

#[tokio::test]
pub async fn the_address_must_be_theirs() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, Value::Null, true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old]}})).await?;
    let before = stage.chatwoot.person(old).await?;
    let spec = json!({"email": "somebody@acme.example", "adopt": {"id": old}});
    let alice = tenant.person(&stage, "alice", spec).await?;
    let refused = alice.stalled("InvalidSpec").await?;
    assert!(!message(&refused, "Ready").contains("alice@"), "their address is not told");
    assert_eq!(stage.chatwoot.person(old).await?, before);
    alice.set(json!({"email": "alice@acme.example"})).await?;
    assert_eq!(id(&alice.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
async fn somebody_with_a_foreign_marker_is_never_taken_over() -> Result<()> {
    let stage = Stage::new().await?;
    let marker = "v1:0123456789abcdef:0:0:00000000-0000-0000-0000-000000000000";
    let old = old(&stage, json!({"chatwoot_operator": marker}), true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old]}})).await?;
    let before = stage.chatwoot.person(old).await?;
    let alice = tenant.person(&stage, "alice", json!({"adopt": {"id": old}})).await?;
    alice.stalled("NotOwned").await?;
    assert_eq!(stage.chatwoot.person(old).await?, before);
    let wipe = Act::EditUserAttributes { user: old, how: How::Wipe, attributes: Default::default() };
    stage.chatwoot.act(wipe).await?;
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&alice.ready().await?)?, old);
    Ok(())
}

#[tokio::test]
async fn a_bound_person_whose_marker_is_gone_is_not_touched() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let wipe = Act::EditUserAttributes { user, how: How::Wipe, attributes: Default::default() };
    stage.chatwoot.act(wipe).await?;
    let before = stage.chatwoot.person(user).await?;
    alice.set(json!({"name": "Never sent"})).await?;
    alice.stalled("NotOwned").await?;
    assert_eq!(stage.chatwoot.person(user).await?, before);
    // An admin vouches for them.
    stage.grant(&tenant, json!({"adoptable": {"users": [user]}})).await?;
    alice.ready().await?;
    assert_eq!(stage.chatwoot.person(user).await?.name, "Never sent");
    Ok(())
}

#[tokio::test]
pub async fn somebody_bound_to_another_resource_is_refused() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, _, alice) = stage.staffed(json!({}), json!({})).await?;
    let user = id(&alice.get().await?)?;
    let thief = stage.tenant(json!({"adoptable": {"users": [user]}})).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let spec = json!({"email": "other@acme.example", "adopt": {"id": user}});
    let evil = thief.person(&stage, "evil", spec).await?;
    evil.stalled("AccountAlreadyBound").await?;
    evil.set(json!({"email": "alice@acme.example"})).await?;
    evil.until("is looked at", |o| crate::support::subject::is(o, "NotOwned")).await?;
    assert!(stage.chatwoot.calls(seq).await?.is_empty());

    // Let go with the marker on, the person is still the first tenant's: only an admin can give them away.
    alice.delete().await?;
    alice.gone().await?;
    evil.stalled("NotOwned").await?;
    let wipe = Act::EditUserAttributes { user, how: How::Wipe, attributes: Default::default() };
    stage.chatwoot.act(wipe).await?;
    evil.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&evil.ready().await?)?, user);
    Ok(())
}

#[tokio::test]
pub async fn somebody_the_platform_app_may_not_see_comes_with_the_statement_that_permits_it() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, Value::Null, false).await?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old, old + 4711]}})).await?;
    let alice = tenant.person(&stage, "alice", json!({"adopt": {"id": old}})).await?;
    let told = alice.stalled("NotPermitted").await?;
    let text = message(&told, "Ready");
    assert!(
        text.contains("PlatformAppPermissible.find_or_create_by!") && text.contains(&format!("find({old})")),
        "{text}"
    );
    stage.chatwoot.act(Act::Permit { kind: Kind::User, id: old, app: None }).await?;
    alice.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    assert_eq!(id(&alice.ready().await?)?, old);

    let nobody = tenant.person(&stage, "nobody", json!({"adopt": {"id": old + 4711}})).await?;
    let told = nobody.stalled("InvalidSpec").await?;
    assert!(message(&told, "Ready").contains(&(old + 4711).to_string()));
    Ok(())
}

/// Whoever may take a person over may not yet come in as them.
#[tokio::test]
async fn the_password_and_token_of_an_adopted_person_need_a_grant_of_their_own() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, Value::Null, true).await?;
    let adoptable = json!({"adoptable": {"users": [old]}});
    let tenant = stage.tenant(adoptable.clone()).await?;
    tenant.secret("alice-password", json!({"value": "F1rst-Passw0rd!"})).await?;
    let before = stage.chatwoot.person(old).await?;
    let password = json!({"secretKeyRef": {"name": "alice-password", "key": "value"}});
    let spec = json!({"adopt": {"id": old}, "password": password});
    let alice = tenant.person(&stage, "alice", spec).await?;
    let refused = alice.stalled("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("Credentials"));
    alice
        .set(json!({"password": null, "credentialsSecret": {"name": "alice-chatwoot", "accessToken": {}}}))
        .await?;
    alice.stalled("NotGranted").await?;
    assert_eq!(stage.chatwoot.person(old).await?, before);

    // Taken over without them, they stay out of reach also once the person is bound.
    alice.set(json!({"credentialsSecret": {"accessToken": null}})).await?;
    alice.ready().await?;
    alice.set(json!({"adopt": null, "credentialsSecret": {"accessToken": {}}})).await?;
    alice.stalled("NotGranted").await?;
    assert!(!tenant.secret_now("alice-chatwoot").await?.contains_key("access_token"));
    assert_eq!(stage.chatwoot.person(old).await?.password_writes, 0);

    stage.grant(&tenant, json!({"adoptable": {"users": [old]}, "allow": ["Credentials"]})).await?;
    alice.set(json!({"password": password})).await?;
    alice.ready().await?;
    let after = stage.chatwoot.person(old).await?;
    assert_eq!((after.password.as_deref(), after.password_writes), (Some("F1rst-Passw0rd!"), 1));
    assert_eq!(tenant.secret_now("alice-chatwoot").await?.get("access_token"), after.access_token.as_ref());
    Ok(())
}

#[tokio::test]
async fn observing_somebody_to_be_adopted_lists_differences_and_leaves_them_alone() -> Result<()> {
    let stage = Stage::new().await?;
    let old = old(&stage, Value::Null, true).await?;
    let tenant = stage.tenant(json!({"adoptable": {"users": [old]}})).await?;
    let before = stage.chatwoot.person(old).await?;
    let seq = stage.chatwoot.last_seq().await?;
    let alice = tenant.person(&stage, "alice", json!({"adopt": {"id": old}, "mode": "Observe"})).await?;
    let object = alice.reason("Observed").await?;
    assert_eq!(object["status"]["drifted"], json!(["name"]));
    assert_eq!(condition(&object, "Drifted")["reason"], "DifferencesFound");
    assert_eq!((&object["status"]["id"], &object["metadata"]["finalizers"]), (&Value::Null, &Value::Null));
    assert_eq!(stage.chatwoot.calls(seq).await?, ["GET user"]);
    assert_eq!(stage.chatwoot.person(old).await?, before);
    Ok(())
}
