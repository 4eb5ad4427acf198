//! §1.8: e-mail channel migrations and the order of their refusals.

use crate::support::*;
use chatwoot_simulator::Act;
use serde_json::{Value, json};

fn path(id: i64) -> String {
    format!("{}/email_channel_migrations", account(id))
}

#[tokio::test]
async fn it_refuses_in_this_order() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let act = Act::CreateAccount { name: "F".into(), attributes: Default::default(), app: None };
    let foreign = chatwoot.act(act).await.id.unwrap();
    let empty = json!({});
    chatwoot.post(path(99), empty.clone()).await.is_404();
    chatwoot.post(path(foreign), empty.clone()).await.is_error(401, "Non permissible resource");
    chatwoot.post(path(id), empty.clone()).await.is_error(403, "Email channel migration is not enabled");
    chatwoot.act(Act::SetEmailChannelMigration { enabled: true }).await;
    chatwoot.post(path(id), empty).await.is_error(422, "Missing migrations parameter");
    let many: Vec<Value> =
        (0..26).map(|n| json!({"email": format!("{n}@b.co"), "provider": "google"})).collect();
    chatwoot.post(path(id), json!({"migrations": many})).await.is_error(422, "Too many migrations (max 25)");
}

#[tokio::test]
async fn each_entry_has_its_own_result_and_an_address_is_taken_once() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    chatwoot.act(Act::SetEmailChannelMigration { enabled: true }).await;
    let entries =
        json!([{"email": "a@b.co", "provider": "google"}, {"email": "c@d.co", "provider": "yahoo"}]);
    let first = chatwoot.post(path(id), json!({"migrations": entries.clone()})).await.ok();
    let taken = json!({"email": "a@b.co", "inbox_id": 1, "channel_id": 1, "status": "success"});
    assert_eq!(first["results"][0], taken);
    assert_eq!(
        (&first["results"][1]["status"], &first["results"][1]["email"]),
        (&json!("error"), &json!("c@d.co"))
    );
    let again = chatwoot.post(path(id), json!({"migrations": entries})).await.ok();
    assert_eq!(again["results"][0]["status"], "error");
}
