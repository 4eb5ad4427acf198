//! Agent bots: §1.3, §1.5, P31, P36.

use crate::support::*;
use serde_json::{Value, json};

#[tokio::test]
async fn even_an_empty_body_makes_a_bot() {
    let chatwoot = Chatwoot::start().await;
    let made = chatwoot.post(BOTS, json!({})).await.ok();
    assert_eq!(keys(&made), ["access_token", "account_id", "description", "id", "name", "outgoing_url"]);
    assert_eq!((&made["name"], &made["account_id"]), (&Value::Null, &Value::Null));
    assert_eq!(made["access_token"].as_str().unwrap().len(), 24);
    assert_ne!(chatwoot.post(BOTS, json!({})).await.ok()["id"], made["id"]);
}

#[tokio::test]
async fn p36_neither_url_nor_account_is_checked() {
    let chatwoot = Chatwoot::start().await;
    let body = json!({"name": "B", "outgoing_url": "not a url", "account_id": 999, "description": "D"});
    let made = chatwoot.post(BOTS, body).await.ok();
    assert_eq!((&made["outgoing_url"], &made["account_id"]), (&json!("not a url"), &json!(999)));
    let id = made["id"].as_i64().unwrap();
    let long = chatwoot.patch(bot(id), json!({"outgoing_url": "u".repeat(2049)})).await;
    long.is_422("Outgoing url is too long (maximum is 2048 characters)", &["outgoing_url"]);
    assert_eq!(chatwoot.patch(bot(id), json!({"outgoing_url": "u".repeat(2048)})).await.status, 200);
    assert_eq!(chatwoot.sent(Ask::new("PUT", bot(id)).json(&json!({"name": "C"}))).await.ok()["name"], "C");
    assert_eq!(chatwoot.get(bot(id)).await.ok()["description"], "D");
}

#[tokio::test]
async fn p31_deleting_a_bot_is_done_when_it_answers_and_the_list_stays_whole() {
    let chatwoot = Chatwoot::start().await;
    let (kept, gone) = (chatwoot.post(BOTS, json!({})).await.ok(), chatwoot.post(BOTS, json!({})).await.ok());
    let gone = bot(gone["id"].as_i64().unwrap());
    chatwoot.delete(gone.clone()).await.is_empty_200();
    chatwoot.get(gone.clone()).await.is_404();
    chatwoot.delete(gone).await.is_404();
    assert_eq!(chatwoot.get(BOTS).await.ok(), json!([kept]));
}

#[tokio::test]
async fn an_avatar_comes_by_multipart_and_goes_by_delete() {
    let chatwoot = Chatwoot::start().await;
    let form = "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nPic\r\n--B\r\n\
        Content-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nx\r\n--B--\r\n";
    let made = chatwoot.sent(Ask::new("POST", BOTS).body("multipart/form-data; boundary=B", form)).await.ok();
    assert_eq!(made["name"], "Pic");
    assert!(chatwoot.state().await.bots[0].has_avatar);
    let id = made["id"].as_i64().unwrap();
    assert_eq!(
        chatwoot.delete(format!("{}/avatar", bot(id))).await.ok(),
        made,
        "this DELETE answers the bot"
    );
    assert!(!chatwoot.state().await.bots[0].has_avatar);
}

#[tokio::test]
async fn a_bot_is_looked_up_and_checked_like_everything_else() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.get(bot(1)).await.is_404();
    chatwoot.send(Ask::new("GET", BOTS)).await.is_error(401, "Invalid access_token");
}
