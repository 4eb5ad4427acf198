//! Contacts: §3.2.

use super::tenant::*;
use chatwoot_simulator::{Act, EditContact};
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_comes_with_its_session_where_an_inbox_is_named() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let body = json!({"name": "Ada", "email": "Ada@Customers.example", "inbox_id": inbox["id"]});
    let made = tenant.post("contacts", body).await.ok()["payload"].clone();
    assert_eq!(made["contact"]["email"], "ada@customers.example", "in lower case");
    let source = made["contact_inbox"]["source_id"].as_str().unwrap();
    assert_eq!((source.len(), &made["contact_inbox"]["inbox"]["name"]), (36, &json!("Orders")));
    assert_eq!(made["contact"]["contact_inboxes"][0]["source_id"], source);
    let without = tenant.post("contacts", json!({"name": "Bo"})).await.ok()["payload"].clone();
    assert_eq!(without["contact_inbox"], Value::Null);
    let own = json!({"name": "Cy", "inbox_id": inbox["id"], "source_id": "cy-1"});
    assert_eq!(
        tenant.post("contacts", own.clone()).await.ok()["payload"]["contact_inbox"]["source_id"],
        "cy-1"
    );
    tenant.post("contacts", own).await.is_500();
    tenant.post("contacts", json!({"name": "Di", "inbox_id": 99})).await.is_missing();
    assert_eq!(tenant.chatwoot.state().await.content.contacts.len(), 3, "what failed left nobody");
}

#[tokio::test]
async fn an_email_inbox_names_a_contact_by_address() {
    let tenant = Tenant::start().await;
    let body = json!({"name": "Mail", "channel": {"type": "email", "email": "help@acme.example"}});
    let inbox = id(&tenant.post("inboxes", body).await.ok());
    let nameless = tenant.post("contacts", json!({"name": "Ada", "inbox_id": inbox})).await;
    nameless.is_refused("param is missing or the value is empty: contact email");
    let body = json!({"name": "Ada", "email": "ada@b.example", "inbox_id": inbox});
    assert_eq!(
        tenant.post("contacts", body).await.ok()["payload"]["contact_inbox"]["source_id"],
        "ada@b.example"
    );
}

#[tokio::test]
async fn addresses_identifiers_and_numbers_are_unique_in_the_account_only() {
    let tenant = Tenant::start().await;
    let body =
        json!({"name": "Ada", "email": "ada@b.example", "identifier": "A-1", "phone_number": "+4930123456"});
    tenant.post("contacts", body.clone()).await.ok();
    let taken = |what: &str| format!("{what} has already been taken");
    tenant.post("contacts", json!({"email": "ADA@b.example"})).await.is_422(&taken("Email"), &["email"]);
    tenant.post("contacts", json!({"identifier": "A-1"})).await.is_422(&taken("Identifier"), &["identifier"]);
    tenant
        .post("contacts", json!({"phone_number": "+4930123456"}))
        .await
        .is_422(&taken("Phone number"), &["phone_number"]);
    assert_eq!(tenant.post("contacts", json!({"identifier": "a-1"})).await.status, 200, "case counts");
    tenant.post("contacts", json!({"email": "nobody"})).await.is_422("Email Invalid email", &["email"]);
    let number = tenant.post("contacts", json!({"phone_number": "030123"})).await;
    number.is_422("Phone number should be in e164 format", &["phone_number"]);
    for _ in 0..2 {
        assert_eq!(
            tenant.post("contacts", json!({"name": "blank", "email": ""})).await.status,
            200,
            "blank is null"
        );
    }
    let other = tenant.chatwoot.account("Other").await;
    let boss = tenant.chatwoot.person(other, "boss@other.example", "administrator").await;
    let path = format!("/api/v1/accounts/{other}/contacts");
    assert_eq!(tenant.chatwoot.by(&boss.token, "POST", &path, Some(body)).await.status, 200);
}

#[tokio::test]
async fn attributes_are_merged_and_keys_destroyed_by_name() {
    let tenant = Tenant::start().await;
    let path = format!("contacts/{}", tenant.contact("Ada", "ada@b.example").await);
    let body = json!({"custom_attributes": {"a": 1, "b": 2}, "additional_attributes": {"city": "Kiel"}});
    tenant.patch(&path, body).await.ok();
    let body = json!({"custom_attributes": {"b": 3}, "additional_attributes": {"country": "DE"}});
    let merged = tenant.patch(&path, body).await.ok()["payload"].clone();
    assert_eq!(merged["custom_attributes"], json!({"a": 1, "b": 3}));
    assert_eq!(merged["additional_attributes"], json!({"city": "Kiel", "country": "DE"}));
    let keys = json!({"custom_attributes": ["a", "x"]});
    let left = tenant.post(&format!("{path}/destroy_custom_attributes"), keys).await;
    assert_eq!(left.ok()["payload"]["custom_attributes"], json!({"b": 3}));
    let long = tenant.patch(&path, json!({"custom_attributes": {"k": "x".repeat(1501)}})).await;
    long.is_422("Custom attributes k length should be < 1500", &["custom_attributes"]);
}

#[tokio::test]
async fn the_list_holds_only_whom_something_is_known_of_15_a_page() {
    let tenant = Tenant::start().await;
    let ghost = tenant.post("contacts", json!({"name": "Ghost"})).await.ok()["payload"]["contact"].clone();
    tenant.chatwoot.act(Act::GrowContacts { account: tenant.id, count: 17, inbox: None }).await;
    let first = tenant.get("contacts").await.ok();
    assert_eq!(first["meta"], json!({"count": 17, "current_page": 1}));
    assert_eq!(first["payload"].as_array().unwrap().len(), 15);
    let second = tenant.get("contacts?page=2").await.ok();
    assert_eq!(second["meta"], json!({"count": 17, "current_page": "2"}), "a text, because it was sent");
    assert_eq!(second["payload"].as_array().unwrap().len(), 2);
    assert_eq!(tenant.get("contacts?page=3").await.ok()["payload"], json!([]));
    assert_eq!(tenant.get(&format!("contacts/{}", id(&ghost))).await.ok()["payload"]["name"], "Ghost");
    tenant.get("contacts/999").await.is_missing();
}

#[tokio::test]
async fn every_sort_key_sorts_and_what_has_no_value_comes_last() {
    let tenant = Tenant::start().await;
    let make = async |name: &str, email: Value, phone: &str, city: Value| {
        let attributes = json!({"city": city, "country": city, "company_name": city});
        let body =
            json!({"name": name, "email": email, "phone_number": phone, "additional_attributes": attributes});
        tenant.post("contacts", body).await.ok();
    };
    make("bea", json!("z@b.example"), "+491", json!("Ulm")).await;
    make("Ada", Value::Null, "+493", Value::Null).await;
    make("cy", json!("a@b.example"), "+492", json!("Bonn")).await;
    let order = async |sort: &str| {
        let list = tenant.get(&format!("contacts?sort={sort}")).await.ok();
        column(&list["payload"], "name")
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(order("name").await, ["Ada", "bea", "cy"]);
    assert_eq!(order("-name").await, ["cy", "bea", "Ada"]);
    assert_eq!(order("phone_number").await, ["bea", "cy", "Ada"]);
    assert_eq!(order("email").await, ["cy", "bea", "Ada"]);
    assert_eq!(order("-email").await, ["Ada", "bea", "cy"], "a plain column has NULL first, downwards");
    for key in ["city", "country", "company_name"] {
        assert_eq!(order(key).await, ["cy", "bea", "Ada"]);
        assert_eq!(order(&format!("-{key}")).await, ["bea", "cy", "Ada"]);
    }
    assert_eq!(order("created_at").await, ["bea", "Ada", "cy"]);
    assert_eq!(order("-created_at").await, ["cy", "Ada", "bea"]);
    assert_eq!(order("unknown").await, order("").await, "what is not known does not sort");
    assert_eq!(order("company").await, order("").await, "the name before 4.14");
    assert_eq!(order("last_activity_at").await, order("-last_activity_at").await, "nobody has written");
}

#[tokio::test]
async fn labels_replace_and_select() {
    let tenant = Tenant::start().await;
    let (ada, bo) = (tenant.contact("Ada", "a@b.example").await, tenant.contact("Bo", "b@b.example").await);
    let set = async |id: i64, labels: Value| {
        tenant.post(&format!("contacts/{id}/labels"), json!({"labels": labels})).await.ok()
    };
    assert_eq!(set(ada, json!(["vip", "new"])).await, json!({"payload": ["vip", "new"]}));
    assert_eq!(set(ada, json!(["vip"])).await, json!({"payload": ["vip"]}));
    set(bo, json!(["new"])).await;
    assert_eq!(tenant.get(&format!("contacts/{ada}/labels")).await.ok(), json!({"payload": ["vip"]}));
    let list = tenant.get("contacts?labels[]=vip&labels[]=other").await.ok();
    assert_eq!(column(&list["payload"], "name"), ["Ada"]);
}

#[tokio::test]
async fn sessions_are_left_out_where_they_are_not_wanted() {
    let tenant = Tenant::start().await;
    let path = format!("contacts/{}", tenant.contact("Ada", "a@b.example").await);
    assert!(tenant.get(&path).await.ok()["payload"]["contact_inboxes"].is_array());
    let without = tenant.get(&format!("{path}?include_contact_inboxes=false")).await.ok();
    assert_eq!(without["payload"].get("contact_inboxes"), None);
}

#[tokio::test]
async fn only_administrators_delete_and_nobody_who_is_online() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let contact = tenant.contact("ada LOVELACE", "a@b.example").await;
    let path = format!("contacts/{contact}");
    tenant.agent("DELETE", &path, Value::Null).await.is_not_allowed();
    let online =
        |online| Act::EditContact(EditContact { contact, online: Some(online), ..EditContact::default() });
    tenant.chatwoot.act(online(true)).await;
    assert_eq!(column(&tenant.get("contacts/active").await.ok()["payload"], "id"), [contact]);
    let refused = tenant.delete(&path).await;
    let message = json!({"message": "Ada lovelace is Online, please try again later"});
    assert_eq!((refused.status, refused.json()), (422, message));
    tenant.chatwoot.act(online(false)).await;
    let inbox = tenant.inbox("Orders").await;
    let talk =
        tenant.post("conversations", json!({"inbox_id": inbox["id"], "contact_id": contact})).await.ok();
    tenant.delete(&path).await.is_empty_200();
    tenant.get(&path).await.is_missing();
    let talk = format!("conversations/{}", id(&talk));
    assert_eq!(tenant.get(&talk).await.ok()["meta"]["sender"], Value::Null, "its conversations go by a job");
    tenant.chatwoot.run_jobs().await;
    tenant.get(&talk).await.is_missing();
}

#[tokio::test]
async fn a_contacts_conversations_come_latest_first_and_agents_see_their_inboxes() {
    let tenant = Tenant::start().await;
    let (mine, others) = (tenant.inbox("Mine").await, tenant.inbox("Others").await);
    tenant.join(&mine, tenant.agent.id).await;
    let contact = tenant.contact("Ada", "a@b.example").await;
    for inbox in [&mine, &others] {
        tenant.post("conversations", json!({"inbox_id": inbox["id"], "contact_id": contact})).await.ok();
    }
    let path = format!("contacts/{contact}/conversations");
    assert_eq!(column(&tenant.get(&path).await.ok()["payload"], "id"), [2, 1]);
    assert_eq!(column(&tenant.agent("GET", &path, Value::Null).await.ok()["payload"], "id"), [1]);
}

#[tokio::test]
async fn additional_attributes_were_replaced_before_4_2() {
    let tenant = Tenant::version("4.1").await;
    let path = format!("contacts/{}", tenant.contact("Ada", "a@b.example").await);
    tenant.patch(&path, json!({"additional_attributes": {"city": "Kiel"}})).await.ok();
    let replaced = tenant.patch(&path, json!({"additional_attributes": {"country": "DE"}})).await.ok();
    assert_eq!(replaced["payload"]["additional_attributes"], json!({"country": "DE"}));
}
