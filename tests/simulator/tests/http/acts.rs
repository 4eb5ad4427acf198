//! What people do behind the operator's back, as far as no other file shows it.

use crate::support::*;
use chatwoot_simulator::{Act, EditAccount, EditUser, How, Kind, Role, When};
use serde_json::{Map, Value, json};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn the_console_edits_accounts() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    chatwoot.act(Act::RenameAccount { account: id, name: "New".into() }).await;
    chatwoot
        .act(Act::EditAccount(EditAccount {
            account: id,
            status: Some("suspended".into()),
            locale: Some("de".into()),
            domain: Some("d.example".into()),
            features: [("sla".to_owned(), true), ("macros".to_owned(), false)].into(),
            limits: Some(json!({"agents": 3})),
            ..Default::default()
        }))
        .await;
    let shown = chatwoot.get(account(id)).await.ok();
    let fields = json!([shown["name"], shown["status"], shown["locale"], shown["domain"], shown["limits"]]);
    assert_eq!(fields, json!(["New", "suspended", "de", "d.example", {"agents": 3}]));
    assert_eq!((&shown["features"]["sla"], shown["features"].get("macros")), (&json!(true), None));
}

#[tokio::test]
async fn attributes_are_merged_replaced_or_wiped_on_accounts_and_people() {
    let chatwoot = Chatwoot::start().await;
    let (id, person) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    for (how, given, expected) in [
        (How::Merge, json!({"a": 1}), json!({"a": 1})),
        (How::Merge, json!({"b": 2}), json!({"a": 1, "b": 2})),
        (How::Replace, json!({"c": 3}), json!({"c": 3})),
        (How::Wipe, json!({}), json!({})),
    ] {
        chatwoot.act(Act::EditAccountAttributes { account: id, how, attributes: map(given.clone()) }).await;
        chatwoot.act(Act::EditUserAttributes { user: person, how, attributes: map(given) }).await;
        let state = chatwoot.state().await;
        assert_eq!(Value::Object(state.account(id).unwrap().custom_attributes.clone()), expected);
        assert_eq!(Value::Object(state.user(person).unwrap().custom_attributes.clone()), expected);
    }
}

#[tokio::test]
async fn people_are_renamed_moved_and_given_passwords_and_pictures() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.act(Act::RenameUser { user: id, name: "Bo".into() }).await;
    chatwoot
        .act(Act::EditUser(EditUser {
            user: id,
            email: Some("bo@acme.example".into()),
            password: Some("theirs".into()),
            avatar_url: Some("http://a/b.png".into()),
            ..Default::default()
        }))
        .await;
    let shown = chatwoot.get(user(id)).await.ok();
    let fields = json!([shown["name"], shown["email"], shown["avatar_url"]]);
    assert_eq!(fields, json!(["Bo", "bo@acme.example", "http://a/b.png"]));
    assert_eq!(chatwoot.state().await.user(id).unwrap().password.as_deref(), Some("theirs"));
}

#[tokio::test]
async fn memberships_are_added_changed_and_removed() {
    let chatwoot = Chatwoot::start().await;
    let (id, person) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    let (account, user) = (id, person);
    chatwoot.act(Act::AddMember { account, user, role: Some(Role::Administrator) }).await;
    let role = async || chatwoot.get(members(id)).await.ok()[0]["role"].clone();
    assert_eq!(role().await, "administrator");
    chatwoot.act(Act::ChangeRole { account, user, role: Some(Role::Agent) }).await;
    assert_eq!(role().await, "agent");
    chatwoot.act(Act::ChangeRole { account, user, role: None }).await;
    assert_eq!(role().await, Value::Null);
    chatwoot.act(Act::RemoveMember { account, user, way: Default::default() }).await;
    assert_eq!(chatwoot.get(members(id)).await.ok(), json!([]));
}

#[tokio::test]
async fn a_person_can_be_gone_at_once_or_by_a_job() {
    let chatwoot = Chatwoot::start().await;
    let (now, later) = (chatwoot.user("a@acme.example").await, chatwoot.user("b@acme.example").await);
    chatwoot.hold_jobs().await;
    chatwoot.act(Act::DeleteUser { user: now, when: When::Now }).await;
    chatwoot.act(Act::DeleteUser { user: later, when: When::Queued }).await;
    assert_eq!((chatwoot.get(user(now)).await.status, chatwoot.get(user(later)).await.status), (404, 200));
    chatwoot.run_jobs().await;
    assert_eq!(chatwoot.get(user(later)).await.status, 404);
}

#[tokio::test]
async fn a_rotated_token_stops_at_once_and_keeps_its_permissions() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let token = chatwoot.act(Act::RotateToken { app: None, token: None }).await.token.unwrap();
    chatwoot.get(account(id)).await.is_error(401, "Invalid access_token");
    assert_eq!(
        chatwoot.send(Ask::new("GET", account(id)).header("api-access-token", token)).await.status,
        200
    );
}

#[tokio::test]
async fn a_replaced_app_sees_nothing_of_the_old_ones() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let new = chatwoot.act(Act::ReplaceApp { app: None, token: Some("known".into()) }).await;
    assert_eq!(new.token.as_deref(), Some("known"));
    let get = async || chatwoot.send(Ask::new("GET", account(id)).header("api-access-token", "known")).await;
    get().await.is_error(401, "Non permissible resource");
    chatwoot.act(Act::Permit { kind: Kind::Account, id, app: new.id }).await;
    assert_eq!(get().await.status, 200);
    let second = chatwoot.act(Act::AddApp { token: None }).await;
    assert!(second.id > new.id && second.token.is_some());
}

#[tokio::test]
async fn objects_can_be_made_for_an_app() {
    let chatwoot = Chatwoot::start().await;
    let made = Act::CreateAccount { name: "Made".into(), attributes: map(json!({"a": 1})), app: Some(1) };
    let id = chatwoot.act(made).await.id.unwrap();
    assert_eq!(chatwoot.get(account(id)).await.ok()["custom_attributes"], json!({"a": 1}));
    chatwoot.act(Act::GrowAccounts { count: 3, attribute_bytes: 10, app: None }).await;
    assert_eq!(chatwoot.get(ACCOUNTS).await.ok().as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_by_name_and_changes_nothing() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let before = chatwoot.state().await;
    let refused = async |act: Act| chatwoot.control().act(act).await.unwrap_err().to_string();
    assert!(refused(Act::RenameAccount { account: 99, name: "x".into() }).await.contains("no account 99"));
    assert!(refused(Act::RenameUser { user: 99, name: "x".into() }).await.contains("no user 99"));
    let edit = |status: &str| {
        Act::EditAccount(EditAccount { account: id, status: Some(status.into()), ..Default::default() })
    };
    assert!(refused(edit("gone")).await.contains("gone"));
    let odd = EditAccount { account: id, features: [("nope".to_owned(), true)].into(), ..Default::default() };
    assert!(refused(Act::EditAccount(odd)).await.contains("nope"));
    assert!(refused(Act::Revoke { kind: Kind::User, id: 5, app: None }).await.contains("no permission"));
    assert!(refused(Act::Permit { kind: Kind::User, id: 5, app: None }).await.contains("no User 5"));
    assert!(refused(Act::ChangeRole { account: id, user: 5, role: None }).await.contains("no member"));
    assert_eq!(chatwoot.state().await, before);
}

#[tokio::test]
async fn acts_read_as_documented_and_a_list_stops_at_the_first_that_fails() {
    let chatwoot = Chatwoot::start().await;
    let act = async |body: Value| chatwoot.post("/_simulator/act", body).await;
    let id = act(json!({"act": "create_account", "name": "A", "app": 1})).await.ok()["id"].as_i64().unwrap();
    assert_eq!(act(json!({"act": "repair_index"})).await.ok(), json!({"count": 0}));
    for unreadable in [
        json!({"act": "rename_acount", "account": id, "name": "x"}),
        json!({"act": "rename_account", "account": id, "name": "x", "nmae": "y"}),
        json!({"act": "repair_index", "ap": 1}),
        json!({"act": "edit_account", "account": id, "nam": "x"}),
        json!("repair_index"),
    ] {
        assert_eq!(act(unreadable.clone()).await.status, 422, "{unreadable}");
    }
    let list = json!([
        {"act": "edit_account", "account": id, "name": "first"},
        {"act": "rename_account", "account": 99, "name": "x"},
        {"act": "rename_account", "account": id, "name": "never"},
    ]);
    assert_eq!(act(list).await.status, 422);
    assert_eq!(chatwoot.get(account(id)).await.ok()["name"], "first");
}

#[tokio::test]
async fn an_older_database_has_what_it_had_and_gives_ids_once_more() {
    let chatwoot = Chatwoot::start().await;
    let old = chatwoot.account("Acme").await;
    chatwoot.act(Act::Dump).await;
    let before = chatwoot.state().await;
    let late = chatwoot.account("Late").await;
    chatwoot.act(Act::RenameAccount { account: old, name: "New".into() }).await;
    for _ in 0..2 {
        chatwoot.act(Act::SetBack).await;
        assert_eq!(chatwoot.state().await, before);
    }
    assert_eq!(chatwoot.account("Another").await, late);
}
