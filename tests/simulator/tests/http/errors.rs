//! §1.1 and §1.4: who is let in, what is read from a request, and how refusals look.

use crate::support::*;
use chatwoot_simulator::{Act, Kind};
use serde_json::json;

#[tokio::test]
async fn a_token_that_is_missing_empty_unknown_or_a_persons_is_the_same_401() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let person = chatwoot.user("al@acme.example").await;
    let persons_token = chatwoot.get(user(person)).await.ok()["access_token"].as_str().unwrap().to_owned();
    let ask = || Ask::new("GET", account(id));
    for refused in [
        ask(),
        ask().header("api-access-token", ""),
        ask().header("api-access-token", "wrong"),
        ask().header("api-access-token", persons_token),
        ask().header("authorization", format!("Bearer {}", chatwoot.simulator.token())),
        Ask::new("GET", format!("{}?api_access_token={}", account(id), chatwoot.simulator.token())),
    ] {
        chatwoot.send(refused).await.is_error(401, "Invalid access_token");
    }
}

#[tokio::test]
async fn the_header_is_taken_in_both_spellings() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    for name in ["api_access_token", "Api-Access-Token"] {
        let ask = Ask::new("GET", account(id)).header(name, chatwoot.simulator.token());
        assert_eq!(chatwoot.send(ask).await.status, 200);
    }
}

#[tokio::test]
async fn a_foreign_id_is_401_and_a_missing_one_404_and_a_wrong_token_hides_both() {
    let chatwoot = Chatwoot::start().await;
    let foreign = chatwoot
        .act(Act::CreateAccount { name: "F".into(), attributes: Default::default(), app: None })
        .await;
    let foreign = foreign.id.unwrap();
    chatwoot.get(account(foreign)).await.is_error(401, "Non permissible resource");
    chatwoot.patch(account(foreign), json!({"name": "mine"})).await.is_error(401, "Non permissible resource");
    chatwoot.delete(account(foreign)).await.is_error(401, "Non permissible resource");
    chatwoot.get(account(foreign + 1)).await.is_404();
    chatwoot.send(Ask::new("GET", account(foreign + 1))).await.is_error(401, "Invalid access_token");
    chatwoot.act(Act::Permit { kind: Kind::Account, id: foreign, app: None }).await;
    assert_eq!(chatwoot.get(account(foreign)).await.status, 200);
}

#[tokio::test]
async fn a_missing_record_is_json_whatever_accept_says() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.sent(Ask::new("GET", account(9)).header("accept", "text/html")).await.is_404();
}

#[tokio::test]
async fn a_path_that_is_not_routed_is_html_unless_json_is_asked_for() {
    let chatwoot = Chatwoot::start().await;
    for path in [USERS, "/nothing", "/platform/api/v1/accounts/1/users"] {
        let page = chatwoot.get(path).await;
        assert_eq!((page.status, page.content_type()), (404, Some("text/html; charset=UTF-8")));
        assert!(page.text().starts_with("<!DOCTYPE html>"));
        chatwoot.sent(Ask::new("GET", path).header("accept", "application/json")).await.is_404();
    }
    // Routing comes before the token.
    assert_eq!(chatwoot.send(Ask::new("GET", USERS)).await.status, 404);
}

#[tokio::test]
async fn malformed_json_is_400_before_the_token_is_looked_at() {
    let chatwoot = Chatwoot::start().await;
    let ask = || Ask::new("POST", ACCOUNTS).body("application/json", "{\"name\":");
    let asked = chatwoot.send(ask().header("accept", "application/json")).await;
    assert_eq!((asked.status, asked.text()), (400, r#"{"status":400,"error":"Bad Request"}"#));
    let bare = chatwoot.sent(ask().header("accept", "*/*")).await;
    assert_eq!((bare.status, bare.body.len()), (400, 0));
    assert_eq!(bare.content_type(), Some("text/html; charset=UTF-8"));
    assert!(chatwoot.state().await.accounts.is_empty());
}

#[tokio::test]
async fn a_foreign_extension_is_406_in_xml() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let refused = chatwoot.get(format!("{}.xml", account(id))).await;
    assert_eq!((refused.status, refused.content_type()), (406, Some("application/xml; charset=UTF-8")));
    assert_eq!(chatwoot.get(format!("{}.json", account(id))).await.status, 200);
}

#[tokio::test]
async fn ids_are_cast_like_integer_prefixes() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    assert_eq!(chatwoot.get(format!("{ACCOUNTS}/{id}abc")).await.ok()["id"], id);
    for missing in ["abc", "0", "99999999999999999999999", "-1"] {
        chatwoot.get(format!("{ACCOUNTS}/{missing}")).await.is_404();
    }
}

#[tokio::test]
async fn scalars_are_coerced_and_wrong_shapes_and_unknown_keys_dropped() {
    let chatwoot = Chatwoot::start().await;
    let made = chatwoot
        .post(ACCOUNTS, json!({"name": 123, "domain": true, "role": "x", "settings": {"a": 1}}))
        .await
        .ok();
    assert_eq!((&made["name"], &made["domain"]), (&json!("123"), &json!("t")));
    let id = made["id"].as_i64().unwrap();
    let odd =
        json!({"name": ["x"], "domain": {"a": 1}, "limits": "x", "features": [1], "custom_attributes": null});
    assert_eq!(chatwoot.patch(account(id), odd).await.ok(), made);
}

#[tokio::test]
async fn a_wrapped_body_or_one_of_another_type_counts_as_empty() {
    let chatwoot = Chatwoot::start().await;
    let wrapped = chatwoot.post(ACCOUNTS, json!({"account": {"name": "Acme"}})).await;
    wrapped.is_422("Name can't be blank", &["name"]);
    let plain = chatwoot.sent(Ask::new("POST", ACCOUNTS).body("text/plain", "{\"name\":\"Acme\"}")).await;
    plain.is_422("Name can't be blank", &["name"]);
    chatwoot.post(ACCOUNTS, json!([{"name": "Acme"}])).await.is_422("Name can't be blank", &["name"]);
}

#[tokio::test]
async fn a_form_works_but_every_value_is_a_string() {
    let chatwoot = Chatwoot::start().await;
    let form = "name=Acme+%26+Co&features[sla]=false&custom_attributes[size]=3";
    let made =
        chatwoot.sent(Ask::new("POST", ACCOUNTS).body("application/x-www-form-urlencoded", form)).await.ok();
    assert_eq!(made["name"], "Acme & Co");
    assert_eq!(made["features"]["sla"], true, "the string false is present, and so it enables");
    assert_eq!(made["custom_attributes"], json!({"size": "3"}));
}

#[tokio::test]
async fn a_nul_character_is_a_500_and_stores_nothing() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    chatwoot.post(ACCOUNTS, json!({"name": "a\u{0}b"})).await.is_500();
    chatwoot.patch(account(id), json!({"custom_attributes": {"a": ["\u{0}"]}})).await.is_500();
    let person = json!({"name": "a\u{0}", "email": "a@b.co", "password": PASSWORD});
    chatwoot.post(USERS, person).await.is_500();
    chatwoot.post(BOTS, json!({"name": "a\u{0}"})).await.is_500();
    let state = chatwoot.state().await;
    assert_eq!((state.accounts.len(), state.users.len(), state.bots.len()), (1, 0, 0));
}

#[tokio::test]
async fn markup_comes_escaped_and_is_still_the_same_text() {
    let chatwoot = Chatwoot::start().await;
    let made = chatwoot.post(ACCOUNTS, json!({"name": "<a> & b"})).await;
    assert!(made.text().contains(r#""name":"\u003ca\u003e \u0026 b""#), "{}", made.text());
    assert_eq!(made.ok()["name"], "<a> & b");
    assert_eq!(made.content_type(), Some("application/json; charset=utf-8"));
}

#[tokio::test]
async fn put_is_patch() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    chatwoot.patch(account(id), json!({"domain": "a.example"})).await.ok();
    let put = chatwoot.sent(Ask::new("PUT", account(id)).json(&json!({"name": "New"}))).await.ok();
    assert_eq!((&put["name"], &put["domain"]), (&json!("New"), &json!("a.example")));
}

#[tokio::test]
async fn a_get_has_a_weak_etag_and_answers_304_and_head_works() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let first = chatwoot.get(account(id)).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""));
    assert_eq!(first.header("cache-control"), Some("max-age=0, private, must-revalidate"));
    let ask = || Ask::new("GET", account(id)).header("if-none-match", tag.clone());
    let again = chatwoot.sent(ask()).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    chatwoot.patch(account(id), json!({"name": "New"})).await.ok();
    assert_eq!(chatwoot.sent(ask()).await.status, 200);
    let head = chatwoot.sent(Ask::new("HEAD", account(id))).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}
