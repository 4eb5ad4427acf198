//! People: P3, P8, P14, P19–P24, P37.

use crate::support::*;
use chatwoot_simulator::{Act, EditUser, Kind};
use serde_json::{Value, json};

const SPECIAL: &str =
    "Password must contain at least 1 special character  ( !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~')";

#[tokio::test]
async fn a_new_person_has_exactly_these_keys() {
    let chatwoot = Chatwoot::start().await;
    let body = json!({"name": "Al", "email": "al@acme.example", "password": PASSWORD, "custom_attributes": {"a": 1}});
    let made = chatwoot.post(USERS, body).await.ok();
    let expected = [
        "access_token",
        "account_id",
        "accounts",
        "available_name",
        "avatar_url",
        "confirmed",
        "custom_attributes",
        "display_name",
        "email",
        "id",
        "message_signature",
        "name",
        "provider",
        "pubsub_token",
        "role",
        "ui_settings",
        "uid",
    ];
    assert_eq!(keys(&made), expected);
    assert_eq!(made["access_token"].as_str().unwrap().len(), 24);
    assert_eq!(
        (&made["confirmed"], &made["provider"], &made["uid"]),
        (&json!(true), &json!("email"), &made["email"])
    );
    assert_eq!(
        (&made["accounts"], &made["account_id"], &made["role"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
    assert_eq!((&made["avatar_url"], &made["display_name"]), (&json!(""), &Value::Null));
    assert!(!made.to_string().contains(PASSWORD));
}

#[tokio::test]
async fn empty_attributes_leave_their_key_out() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    assert_eq!(chatwoot.get(user(id)).await.ok().get("custom_attributes"), None);
}

#[tokio::test]
async fn p3_a_known_email_hands_the_person_over_unchanged() {
    let chatwoot = Chatwoot::start().await;
    let create = Act::CreateUser {
        name: "Bo".into(),
        email: "bo@other.example".into(),
        attributes: json!({"theirs": 1}).as_object().unwrap().clone(),
        app: None,
    };
    let id = chatwoot.act(create).await.id.unwrap();
    chatwoot.get(user(id)).await.is_error(401, "Non permissible resource");
    let body = json!({"name": "Mine", "email": "BO@other.example", "password": PASSWORD, "custom_attributes": {"m": 1}});
    let taken = chatwoot.post(USERS, body).await.ok();
    assert_eq!((&taken["id"], &taken["name"]), (&json!(id), &json!("Bo")));
    assert_eq!(taken["custom_attributes"], json!({"theirs": 1}));
    assert!(taken["access_token"].is_string());
    assert_eq!(chatwoot.get(user(id)).await.status, 200, "and may be touched from now on");
    assert_eq!(chatwoot.state().await.user(id).unwrap().password, None);
    assert_eq!(
        chatwoot.post(USERS, json!({"email": "bo@other.example"})).await.ok()["id"],
        id,
        "only the email is needed"
    );
}

#[tokio::test]
async fn p22_a_known_person_is_confirmed_by_the_way() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.act(Act::EditUser(EditUser { user: id, confirmed: Some(false), ..Default::default() })).await;
    assert_eq!(chatwoot.get(user(id)).await.ok()["confirmed"], false);
    assert_eq!(chatwoot.post(USERS, json!({"email": "al@acme.example"})).await.ok()["confirmed"], true);
}

#[tokio::test]
async fn p25_what_is_not_offered_cannot_be_set() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let before = chatwoot.get(user(id)).await.ok();
    let wish = json!({"type": "SuperAdmin", "role": "administrator", "confirmed": false, "ui_settings": {"a": 1},
        "message_signature": "x", "availability": "busy", "provider": "saml", "access_token": "mine", "uid": "x"});
    assert_eq!(chatwoot.patch(user(id), wish).await.ok(), before);
}

#[tokio::test]
async fn two_creates_at_once_make_one_person() {
    let chatwoot = Chatwoot::start().await;
    let post =
        || chatwoot.post(USERS, json!({"name": "Al", "email": "al@acme.example", "password": PASSWORD}));
    let (one, two) = tokio::join!(post(), post());
    assert_eq!(one.ok()["id"], two.ok()["id"]);
    assert_eq!(chatwoot.state().await.users.len(), 1);
}

#[tokio::test]
async fn p8_a_known_person_with_a_blank_name_is_refused() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.act(Act::EditUser(EditUser { user: id, name: Some(String::new()), ..Default::default() })).await;
    chatwoot.post(USERS, json!({"email": "al@acme.example"})).await.is_422("Name can't be blank", &["name"]);
}

#[tokio::test]
async fn p14_attributes_are_merged_and_never_removed() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let set = async |value: Value| {
        chatwoot.patch(user(id), json!({"custom_attributes": value})).await.ok()["custom_attributes"].clone()
    };
    assert_eq!(set(json!({"a": 1, "n": {"x": 1}})).await, json!({"a": 1, "n": {"x": 1}}));
    assert_eq!(set(json!({"b": 2, "n": {"y": 2}})).await, json!({"a": 1, "b": 2, "n": {"y": 2}}));
    assert_eq!(set(json!({"a": null})).await, json!({"a": null, "b": 2, "n": {"y": 2}}));
    assert_eq!(set(json!({})).await, json!({"a": null, "b": 2, "n": {"y": 2}}));
}

#[tokio::test]
async fn p19_an_email_is_trimmed_and_lower_cased_when_saved_but_only_lower_cased_when_looked_up() {
    let chatwoot = Chatwoot::start().await;
    let body = |email: &str| json!({"name": "Al", "email": email, "password": PASSWORD});
    let made = chatwoot.post(USERS, body(" Al@Acme.example ")).await.ok();
    assert_eq!((&made["email"], &made["uid"]), (&json!("al@acme.example"), &json!("al@acme.example")));
    let again = chatwoot.post(USERS, body(" al@acme.example")).await;
    again.is_422("Email has already been taken", &["email"]);
}

#[tokio::test]
async fn p19_an_email_needs_a_dotted_domain() {
    let chatwoot = Chatwoot::start().await;
    let post = async |email: &str| {
        chatwoot.post(USERS, json!({"name": "Al", "email": email, "password": PASSWORD})).await
    };
    for refused in ["a@localhost", "a@corp", "a@corp.c"] {
        post(refused).await.is_422("Email is not an email", &["email"]);
    }
    post("a b").await.is_422("Email is invalid, Email is not an email", &["email"]);
    for fine in ["a@svc.cluster.local", "ünï@b.example"] {
        assert_eq!(post(fine).await.status, 200, "{fine}");
    }
}

#[tokio::test]
async fn p20_a_changed_email_takes_effect_at_once() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.user("bo@acme.example").await;
    let set = async |email: Value| chatwoot.patch(user(id), json!({"email": email})).await;
    set(json!("bo@acme.example")).await.is_422("Email has already been taken", &["email"]);
    for blank in [json!(""), json!(null)] {
        set(blank).await.is_422("Email can't be blank", &["email"]);
    }
    let moved = set(json!("New@acme.example")).await.ok();
    assert_eq!((&moved["email"], &moved["uid"]), (&json!("new@acme.example"), &json!("new@acme.example")));
    assert_ne!(chatwoot.user("al@acme.example").await, id, "the old address is free");
}

#[tokio::test]
async fn p21_the_password_texts() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let set = async |password: &str| chatwoot.patch(user(id), json!({"password": password})).await;
    set("Aa1!x").await.is_422("Password must contain at least 6 characters", &["password"]);
    set(&format!("Aa1!{}", "x".repeat(125)))
        .await
        .is_422("Password must contain less than 128 characters", &["password"]);
    set("abc123!")
        .await
        .is_422("Password must contain at least 1 uppercase character  (A..Z)", &["password"]);
    set("ABC123!")
        .await
        .is_422("Password must contain at least 1 lowercase character  (a..z)", &["password"]);
    set("Abcdef!").await.is_422("Password must contain at least 1 number character  (0..9)", &["password"]);
    set("Abc1234").await.is_422(SPECIAL, &["password"]);
    set("Abc123!é").await.is_422("Password contains 1 invalid character (é)", &["password"]);
    assert_eq!(set(&format!("Aa1!{}", "x".repeat(124))).await.status, 200);
    assert_eq!(set(" !@#$%^&*()_+-=[]{}|\"/\\.,`<>:;?~'Aa1").await.status, 200);
}

#[tokio::test]
async fn p21_an_empty_body_lists_seven_complaints_in_this_order() {
    let chatwoot = Chatwoot::start().await;
    let message = format!(
        "Email can't be blank, Password must contain at least 6 characters, Password must contain at least 1 uppercase \
         character  (A..Z), Password must contain at least 1 lowercase character  (a..z), Password must contain at \
         least 1 number character  (0..9), {SPECIAL}, Name can't be blank"
    );
    chatwoot.post(USERS, json!({})).await.is_422(&message, &["email", "password", "name"]);
    assert!(chatwoot.state().await.users.is_empty());
}

#[tokio::test]
async fn p21_a_password_of_null_changes_nothing_and_an_empty_one_is_refused() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let before = chatwoot.get(user(id)).await.ok();
    assert_eq!(chatwoot.patch(user(id), json!({"password": null})).await.ok(), before);
    assert_eq!(chatwoot.patch(user(id), json!({"password": ""})).await.status, 422);
    assert_eq!(chatwoot.state().await.user(id).unwrap().password.as_deref(), Some(PASSWORD));
}

#[tokio::test]
async fn a_new_password_rotates_the_pubsub_token_and_keeps_the_access_token() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let before = chatwoot.get(user(id)).await.ok();
    let after = chatwoot.patch(user(id), json!({"password": "Other99!"})).await.ok();
    assert_ne!(after["pubsub_token"], before["pubsub_token"]);
    assert_eq!(after["access_token"], before["access_token"]);
    let renamed = chatwoot.patch(user(id), json!({"name": "Bo"})).await.ok();
    assert_eq!(renamed["pubsub_token"], after["pubsub_token"]);
    assert_eq!(chatwoot.state().await.user(id).unwrap().password_writes, 2);
}

#[tokio::test]
async fn names_are_validated_and_the_display_name_is_shown_first() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.patch(user(id), json!({"name": " "})).await.is_422("Name can't be blank", &["name"]);
    let long = chatwoot.patch(user(id), json!({"name": "x".repeat(256)})).await;
    long.is_422("Name is too long (maximum is 255 characters)", &["name"]);
    let shown = chatwoot.patch(user(id), json!({"display_name": "Ally"})).await.ok();
    assert_eq!((&shown["available_name"], &shown["name"]), (&json!("Ally"), &json!("Al")));
}

#[tokio::test]
async fn p23_the_access_token_stays_until_the_person_resets_it() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let token = chatwoot.post(format!("{}/token", user(id)), json!({})).await.ok();
    assert_eq!(keys(&token), ["access_token", "expiry", "user"]);
    assert_eq!(keys(&token["user"]), ["display_name", "email", "id", "name", "pubsub_token"]);
    assert_eq!(token["expiry"], Value::Null);
    assert_eq!(token["access_token"], chatwoot.get(user(id)).await.ok()["access_token"]);
    let reset = chatwoot.act(Act::ResetAccessToken { user: id }).await.token.unwrap();
    assert_ne!(token["access_token"], json!(reset));
    assert_eq!(chatwoot.get(user(id)).await.ok()["access_token"], json!(reset));
}

#[tokio::test]
async fn a_person_without_a_token_row_is_a_500_until_repaired() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    chatwoot.act(Act::DropAccessToken { user: id }).await;
    chatwoot.get(user(id)).await.is_500();
    chatwoot.act(Act::ResetAccessToken { user: id }).await;
    assert_eq!(chatwoot.get(user(id)).await.status, 200);
}

#[tokio::test]
async fn p24_each_login_link_is_new_and_points_to_the_frontend() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al+x@acme.example").await;
    let link =
        async || chatwoot.get(format!("{}/login", user(id))).await.ok()["url"].as_str().unwrap().to_owned();
    let (first, second) = (link().await, link().await);
    let prefix =
        format!("{}/app/login?email=al%2Bx%40acme.example&sso_auth_token=", chatwoot.simulator.url());
    let token = first.strip_prefix(&prefix).unwrap();
    assert!(token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_ne!(first, second);
    assert!(chatwoot.state().await.user(id).unwrap().sso_tokens.contains(&token.to_owned()));
}

#[tokio::test]
async fn p37_a_used_up_licence_refuses_new_people() {
    let chatwoot = Chatwoot::enterprise().await;
    chatwoot.user("al@acme.example").await;
    chatwoot.act(Act::SetUserCap { users: Some(1) }).await;
    let refused = chatwoot.post(USERS, json!({"name": "B", "email": "b@b.co", "password": PASSWORD})).await;
    refused.is_422("User limit reached. Please purchase more licenses from super admin", &["base"]);
    chatwoot.post(USERS, json!({"email": "al@acme.example"})).await.ok();
}

#[tokio::test]
async fn the_current_account_is_the_one_opened_last() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.user("al@acme.example").await;
    let (first, second) = (chatwoot.account("One").await, chatwoot.account("Two").await);
    chatwoot.member(second, id).await.ok();
    chatwoot.post(members(first), json!({"user_id": id, "role": "administrator"})).await.ok();
    let shown = chatwoot.get(user(id)).await.ok();
    assert_eq!((&shown["account_id"], &shown["role"]), (&json!(second), &json!("agent")), "first created");
    assert_eq!(
        shown["accounts"][1],
        json!({"id": first, "name": "One", "active_at": null, "role": "administrator"})
    );
    chatwoot.act(Act::OpenAccount { account: first, user: id }).await;
    let shown = chatwoot.get(user(id)).await.ok();
    assert_eq!((&shown["account_id"], &shown["role"]), (&json!(first), &json!("administrator")));
    assert!(shown["accounts"][1]["active_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_person_may_be_permitted_later() {
    let chatwoot = Chatwoot::start().await;
    let act = Act::CreateUser {
        name: "B".into(),
        email: "b@b.co".into(),
        attributes: Default::default(),
        app: None,
    };
    let id = chatwoot.act(act).await.id.unwrap();
    chatwoot.act(Act::Permit { kind: Kind::User, id, app: None }).await;
    assert_eq!(chatwoot.get(user(id)).await.ok()["email"], "b@b.co");
    chatwoot.act(Act::Revoke { kind: Kind::User, id, app: None }).await;
    chatwoot.get(user(id)).await.is_error(401, "Non permissible resource");
}
