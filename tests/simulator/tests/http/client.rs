//! The Client API: §4.

use crate::{application::tenant::*, support::*};
use chatwoot_simulator::{Act, EditAccount};
use serde_json::{Value, json};

/// A tenant with an API inbox, seen from outside.
struct Outside {
    tenant: Tenant,
    inbox: Value,
    base: String,
}

impl Outside {
    async fn start() -> Self {
        Self::of(Tenant::start().await).await
    }

    async fn of(tenant: Tenant) -> Self {
        let inbox = tenant.inbox("Orders").await;
        let base = format!("/public/api/v1/inboxes/{}", inbox["inbox_identifier"].as_str().unwrap());
        Outside { tenant, inbox, base }
    }

    async fn ask(&self, method: &'static str, rest: &str, body: Value) -> Answer {
        let ask = Ask::new(method, format!("{}{rest}", self.base));
        self.tenant.chatwoot.send(if body.is_null() { ask } else { ask.json(&body) }).await
    }

    async fn get(&self, rest: &str) -> Answer {
        self.ask("GET", rest, Value::Null).await
    }

    async fn post(&self, rest: &str, body: Value) -> Answer {
        self.ask("POST", rest, body).await
    }

    /// A new contact's path.
    async fn contact(&self, body: Value) -> String {
        let made = self.post("/contacts", body).await.ok();
        format!("/contacts/{}", made["source_id"].as_str().unwrap())
    }

    async fn conversation(&self, contact: &str) -> String {
        let made = self.post(&format!("{contact}/conversations"), json!({})).await.ok();
        format!("{contact}/conversations/{}", made["id"])
    }

    fn hash(&self, identifier: &str) -> String {
        use hmac::{Hmac, Mac};
        let key = self.inbox["hmac_token"].as_str().unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(identifier.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn mandatory(&self) {
        let path = format!("inboxes/{}", id(&self.inbox));
        self.tenant.patch(&path, json!({"channel": {"hmac_mandatory": true}})).await.ok();
    }
}

#[tokio::test]
async fn an_inbox_introduces_itself_to_whoever_knows_its_identifier() {
    let outside = Outside::start().await;
    let inbox = outside.get("").await.ok();
    assert_eq!((&inbox["name"], &inbox["identity_validation_enabled"]), (&json!("Orders"), &json!(false)));
    assert_eq!(inbox["working_hours"].as_array().unwrap().len(), 7);
    let unknown = outside.tenant.chatwoot.send(Ask::new("GET", "/public/api/v1/inboxes/nothing")).await;
    assert_eq!((unknown.status, unknown.text()), (404, r#"{"status":404,"error":"Not Found"}"#));
}

#[tokio::test]
async fn a_contact_is_found_by_source_identifier_address_or_number_or_made() {
    let outside = Outside::start().await;
    let body = json!({"identifier": "A-1", "email": "Ada@b.example", "phone_number": "+491", "name": "Ada", "source_id": "s1"});
    let first = outside.post("/contacts", body).await.ok();
    assert_eq!(keys(&first), ["email", "id", "name", "phone_number", "pubsub_token", "source_id"]);
    assert_eq!((&first["source_id"], &first["email"]), (&json!("s1"), &json!("ada@b.example")));
    assert_eq!(
        outside.post("/contacts", json!({"source_id": "s1", "name": "Eve"})).await.ok(),
        first,
        "untouched"
    );
    let matches =
        [json!({"identifier": "A-1"}), json!({"email": "ADA@b.example"}), json!({"phone_number": "+491"})];
    for body in matches {
        let mut given = body.clone();
        given["name"] = json!("Eve");
        let again = outside.post("/contacts", given).await.ok();
        assert_eq!((&again["id"], &again["name"]), (&first["id"], &json!("Ada")), "{body}");
        assert_ne!(again["source_id"], first["source_id"], "another session each time");
    }
    let nameless = outside.post("/contacts", json!({})).await.ok();
    assert_ne!(nameless["id"], first["id"]);
    assert!(!nameless["name"].as_str().unwrap().is_empty(), "a name is made up");
    let odd = outside.post("/contacts", json!({"email": "nobody"})).await;
    odd.is_422("Email Invalid email", &["email"]);
}

#[tokio::test]
async fn an_update_answers_the_raw_row_skips_blanks_and_ignores_the_identifier() {
    let outside = Outside::start().await;
    let contact = outside
        .contact(json!({"identifier": "A-1", "name": "Ada", "custom_attributes": {"a": {"x": 1}}}))
        .await;
    let body = json!({"identifier": "B-2", "name": "", "email": "a@b.example", "custom_attributes": {"a": {"y": 2}}});
    let row = outside.ask("PATCH", &contact, body).await.ok();
    assert_eq!(
        (&row["identifier"], &row["name"], &row["email"]),
        (&json!("A-1"), &json!("Ada"), &json!("a@b.example"))
    );
    assert_eq!(row["custom_attributes"], json!({"a": {"x": 1, "y": 2}}));
    assert!(row.get("source_id").is_none() && row.get("pubsub_token").is_none());
    assert_eq!(row["account_id"], outside.tenant.id);
}

#[tokio::test]
async fn an_address_of_somebody_else_merges_the_two_and_the_other_survives() {
    let outside = Outside::start().await;
    let ada = outside.post("/contacts", json!({"email": "a@b.example", "name": "Ada"})).await.ok();
    let visitor = outside.contact(json!({"name": "Visitor"})).await;
    outside.conversation(&visitor).await;
    let row = outside.ask("PATCH", &visitor, json!({"email": "a@b.example"})).await.ok();
    assert_eq!(row["id"], ada["id"]);
    assert_eq!(outside.get(&visitor).await.ok()["id"], ada["id"], "the session moved");
    let content = outside.tenant.chatwoot.state().await.content;
    assert_eq!((content.contacts.len(), content.conversations[0].contact), (1, id(&ada)));
}

#[tokio::test]
async fn a_hash_is_checked_when_sent_or_needed_and_a_wrong_one_is_a_500() {
    let outside = Outside::start().await;
    outside.post("/contacts", json!({"identifier": "A-1", "identifier_hash": "wrong"})).await.is_500();
    let right = json!({"identifier": "A-1", "identifier_hash": outside.hash("A-1")});
    let contact = outside.contact(right.clone()).await;
    let verified = async || outside.tenant.chatwoot.state().await.content.contact_inboxes[0].hmac_verified;
    assert!(!verified().await, "on a create it is only checked");
    outside.mandatory().await;
    assert_eq!(outside.get("").await.ok()["identity_validation_enabled"], true);
    outside.post("/contacts", json!({"identifier": "A-2"})).await.is_500();
    outside.get(&contact).await.is_500();
    let query = format!("{contact}?identifier=A-1&identifier_hash={}", outside.hash("A-1"));
    assert_eq!(outside.get(&query).await.status, 200);
    assert!(verified().await);
    let other = format!("{contact}?identifier=A-2&identifier_hash={}", outside.hash("A-1"));
    outside.get(&other).await.is_500();
}

#[tokio::test]
async fn who_has_proven_themselves_sees_all_their_conversations() {
    let outside = Outside::start().await;
    let proof = json!({"identifier": "A-1", "identifier_hash": outside.hash("A-1")});
    let (first, second) = (outside.contact(proof.clone()).await, outside.contact(proof.clone()).await);
    outside.conversation(&first).await;
    outside.conversation(&second).await;
    let seen = async |contact: &str| {
        let list = outside.get(&format!("{contact}/conversations")).await.ok();
        column(&list, "id").len()
    };
    assert_eq!(seen(&first).await, 1);
    assert_eq!(outside.get(&format!("{first}/conversations/2")).await.status, 404);
    outside.ask("PATCH", &first, proof).await.ok();
    assert_eq!(seen(&first).await, 2);
    assert_eq!(outside.get(&format!("{first}/conversations/2")).await.status, 200);
    outside.tenant.chatwoot.act(Act::SetVersion { version: "4.6".parse().unwrap() }).await;
    outside.get(&format!("{first}/conversations")).await.is_500();
}

#[tokio::test]
async fn a_customer_talks_and_agents_notes_stay_inside() {
    let outside = Outside::start().await;
    let talk = outside.conversation(&outside.contact(json!({"name": "Ada"})).await).await;
    let said =
        outside.post(&format!("{talk}/messages"), json!({"content": "Hello", "echo_id": "e"})).await.ok();
    assert_eq!(
        (&said["message_type"], &said["conversation_id"], &said["sender"]["name"]),
        (&json!(0), &json!(1), &json!("Ada"))
    );
    let inside = "conversations/1/messages";
    outside.tenant.post(inside, json!({"content": "note", "private": true})).await.ok();
    outside.tenant.post(inside, json!({"content": "Hi Ada"})).await.ok();
    let messages = outside.get(&format!("{talk}/messages")).await.ok();
    assert_eq!(column(&messages, "content"), ["Hello", "Hi Ada"]);
    assert_eq!(column(&messages, "message_type"), [0, 1]);
    let shown = outside.get(&talk).await.ok();
    assert_eq!((&shown["status"], column(&shown["messages"], "content").len()), (&json!("open"), 2));
    assert_eq!(shown["contact"]["name"], "Ada");
    assert_eq!(outside.tenant.get("conversations/1").await.ok()["unread_count"], 1);
}

#[tokio::test]
async fn messages_come_20_at_a_time_and_have_their_limits() {
    let outside = Outside::start().await;
    let talk = outside.conversation(&outside.contact(json!({})).await).await;
    let path = format!("{talk}/messages");
    let long = outside.post(&path, json!({"content": "x".repeat(150_001)})).await;
    long.is_422("Content is too long (maximum is 150000 characters)", &["content"]);
    let mut last = Value::Null;
    for number in 0..200 {
        last = outside.post(&path, json!({"content": number.to_string()})).await.ok();
    }
    outside.post(&path, json!({"content": "one more"})).await.is_422("Too many messages", &["base"]);
    let page = outside.get(&path).await.ok();
    assert_eq!((page.as_array().unwrap().len(), &page[19]["id"]), (20, &last["id"]));
    let before = outside.get(&format!("{path}?before={}", page[0]["id"])).await.ok();
    assert_eq!(before[19]["content"], "179");
}

#[tokio::test]
async fn status_typing_and_seen_answer_as_documented() {
    let outside = Outside::start().await;
    let talk = outside.conversation(&outside.contact(json!({})).await).await;
    for _ in 0..2 {
        let toggled = outside.post(&format!("{talk}/toggle_status"), json!({})).await.ok();
        assert_eq!(toggled["status"], "resolved", "it only resolves");
    }
    outside.post(&format!("{talk}/messages"), json!({"content": "again"})).await.ok();
    assert_eq!(outside.get(&talk).await.ok()["status"], "open");
    for typing in [json!("on"), json!("off"), json!("dancing"), Value::Null] {
        outside.post(&format!("{talk}/toggle_typing"), json!({"typing_status": typing})).await.is_empty_200();
    }
    assert_eq!(outside.get(&talk).await.ok()["contact_last_seen_at"], 0);
    outside.post(&format!("{talk}/update_last_seen"), json!({})).await.is_empty_200();
    assert_ne!(outside.get(&talk).await.ok()["contact_last_seen_at"], 0);
    for path in ["/contacts/nobody", "/contacts/nobody/conversations"] {
        let missing = outside.get(path).await;
        assert_eq!((missing.status, missing.text()), (404, r#"{"status":404,"error":"Not Found"}"#));
    }
}

#[tokio::test]
async fn submitted_values_are_kept_with_the_message() {
    let outside = Outside::start().await;
    let talk = outside.conversation(&outside.contact(json!({})).await).await;
    let asked = json!({"content": "Which?", "content_type": "input_select"});
    let asked = id(&outside.tenant.post("conversations/1/messages", asked).await.ok());
    let body = json!({"submitted_values": [{"title": "A", "value": "a"}]});
    let chosen = outside.ask("PATCH", &format!("{talk}/messages/{asked}"), body).await.ok();
    assert_eq!(chosen["content_attributes"]["submitted_values"][0]["value"], "a");
    assert_eq!(outside.ask("PATCH", &format!("{talk}/messages/999"), json!({})).await.status, 404);
}

#[tokio::test]
async fn p32_a_suspended_account_still_answers_its_customers() {
    let outside = Outside::start().await;
    let edit = EditAccount {
        account: outside.tenant.id,
        status: Some("suspended".into()),
        ..EditAccount::default()
    };
    outside.tenant.chatwoot.act(Act::EditAccount(edit)).await;
    let contact = outside.contact(json!({"name": "Ada"})).await;
    assert_eq!(outside.post(&format!("{contact}/conversations"), json!({})).await.status, 200);
}

#[tokio::test]
async fn a_bot_makes_conversations_pending_and_a_lock_makes_them_one() {
    let outside = Outside::start().await;
    let bot = Act::CreateBot { account: None, name: "B".into(), outgoing_url: None };
    let bot = outside.tenant.chatwoot.act(bot).await.id;
    outside.tenant.chatwoot.act(Act::AttachBot { inbox: id(&outside.inbox), bot }).await;
    let contact = outside.contact(json!({})).await;
    let path = format!("{contact}/conversations");
    let first = outside.post(&path, json!({"custom_attributes": {"order": 7}})).await.ok();
    assert_eq!(first["status"], "pending");
    assert_eq!(outside.tenant.get("conversations/1").await.ok()["custom_attributes"], json!({"order": 7}));
    assert_ne!(outside.post(&path, json!({})).await.ok()["id"], first["id"]);
    let lock = json!({"lock_to_single_conversation": true});
    outside.tenant.patch(&format!("inboxes/{}", id(&outside.inbox)), lock).await.ok();
    assert_eq!(outside.post(&path, json!({})).await.ok()["id"], 2);
}

#[tokio::test]
async fn a_deleted_inbox_is_nobodys() {
    let outside = Outside::start().await;
    outside.tenant.chatwoot.hold_jobs().await;
    outside.tenant.delete(&format!("inboxes/{}", id(&outside.inbox))).await.ok();
    assert_eq!(outside.get("").await.status, 200, "until the job has run");
    outside.tenant.chatwoot.run_jobs().await;
    assert_eq!(outside.get("").await.status, 404);
}
