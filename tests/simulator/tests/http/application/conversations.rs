//! Conversations: §3.4.

use super::tenant::*;
use chatwoot_simulator::{Act, EditContact};
use serde_json::{Value, json};

#[tokio::test]
async fn ids_are_display_ids_counted_in_each_account() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    assert_eq!(tenant.conversation(&inbox, "ada").await, 1);
    let other = tenant.chatwoot.account("Other").await;
    let boss = tenant.chatwoot.person(other, "boss@other.example", "administrator").await;
    let post = async |path: &str, body: Value| {
        tenant
            .chatwoot
            .by(&boss.token, "POST", &format!("/api/v1/accounts/{other}/{path}"), Some(body))
            .await
            .ok()
    };
    let foreign = post("inboxes", json!({"name": "x", "channel": {"type": "api"}})).await;
    let contact = post("contacts", json!({"name": "x", "inbox_id": foreign["id"]})).await["payload"].clone();
    let body = json!({"source_id": contact["contact_inbox"]["source_id"]});
    assert_eq!(post("conversations", body).await["id"], 1, "each account counts for itself");
    assert_eq!(tenant.conversation(&inbox, "bo").await, 2);
    let shown = tenant.get("conversations/2").await.ok();
    assert_eq!((&shown["inbox_id"], &shown["account_id"]), (&inbox["id"], &json!(tenant.id)));
    assert_eq!(shown["meta"]["sender"]["name"], "bo");
    tenant.get("conversations/3").await.is_missing();
}

#[tokio::test]
async fn a_conversation_begins_from_a_contact_or_from_a_source_id() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let body = json!({"name": "Ada", "email": "a@b.example", "inbox_id": inbox["id"]});
    let made = tenant.post("contacts", body).await.ok()["payload"].clone();
    let source = &made["contact_inbox"]["source_id"];
    let by_source = tenant.post("conversations", json!({"source_id": source})).await.ok();
    assert_eq!(by_source["meta"]["sender"]["id"], made["contact"]["id"]);
    let ids = json!({"inbox_id": inbox["id"], "contact_id": made["contact"]["id"], "source_id": "own-1"});
    assert_eq!(tenant.post("conversations", ids).await.status, 200);
    let bo = tenant.contact("Bo", "bo@b.example").await;
    let taken = json!({"inbox_id": inbox["id"], "contact_id": bo, "source_id": source});
    tenant.post("conversations", taken).await.is_refused("source_id should be unique");
    for nothing in [json!({}), json!({"source_id": "unknown"}), json!({"inbox_id": inbox["id"]})] {
        tenant.post("conversations", nothing).await.is_missing();
    }
    let unknown = json!({"inbox_id": inbox["id"], "contact_id": bo, "status": "lost"});
    tenant.post("conversations", unknown).await.is_500();
    let two = tenant.chatwoot.state().await.content.conversations.len();
    assert_eq!(two, 2, "refusals begin nothing");
}

#[tokio::test]
async fn a_source_id_of_another_tenant_is_found_and_refused() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let body = json!({"name": "Ada", "inbox_id": inbox["id"], "source_id": "secret-7"});
    tenant.post("contacts", body).await.ok();
    let other = tenant.chatwoot.account("Other").await;
    let boss = tenant.chatwoot.person(other, "boss@other.example", "administrator").await;
    let path = format!("/api/v1/accounts/{other}/conversations");
    let refused =
        tenant.chatwoot.by(&boss.token, "POST", &path, Some(json!({"source_id": "secret-7"}))).await;
    refused.is_not_allowed();
}

#[tokio::test]
async fn the_first_status_depends_on_bot_block_and_wish() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let contact = tenant.contact("Ada", "a@b.example").await;
    let begin = async |status: Value| {
        let body = json!({"inbox_id": inbox["id"], "contact_id": contact, "status": status});
        tenant.post("conversations", body).await.ok()["status"].clone()
    };
    assert_eq!(begin(Value::Null).await, "open");
    assert_eq!(begin(json!("snoozed")).await, "snoozed");
    let bot = Act::CreateBot { account: Some(tenant.id), name: "B".into(), outgoing_url: None };
    let bot = tenant.chatwoot.act(bot).await.id;
    tenant.chatwoot.act(Act::AttachBot { inbox: id(&inbox), bot }).await;
    assert_eq!(begin(json!("open")).await, "pending", "the bot comes first");
    tenant
        .chatwoot
        .act(Act::EditContact(EditContact { contact, blocked: Some(true), ..EditContact::default() }))
        .await;
    assert_eq!(begin(json!("open")).await, "resolved", "nobody listens to the blocked");
}

#[tokio::test]
async fn an_inbox_may_allow_but_one_conversation() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    tenant.patch(&format!("inboxes/{}", id(&inbox)), json!({"lock_to_single_conversation": true})).await.ok();
    let made = tenant.post("contacts", json!({"name": "Ada", "inbox_id": inbox["id"]})).await.ok();
    let body = json!({"source_id": made["payload"]["contact_inbox"]["source_id"]});
    let first = tenant.post("conversations", body.clone()).await.ok();
    assert_eq!(tenant.post("conversations", body).await.ok()["uuid"], first["uuid"]);
}

#[tokio::test]
async fn everything_that_can_be_given_at_the_beginning_is_kept() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let team = id(&tenant.post("teams", json!({"name": "sales"})).await.ok());
    let contact = tenant.contact("Ada", "a@b.example").await;
    let body = json!({"inbox_id": inbox["id"], "contact_id": contact, "assignee_id": tenant.agent.id, "team_id": team,
        "custom_attributes": {"order": 7}, "additional_attributes": {"referer": "x"}, "message": {"content": "Hello"}});
    let made = tenant.post("conversations", body).await.ok();
    assert_eq!(
        (&made["meta"]["assignee"]["id"], &made["meta"]["team"]["name"]),
        (&json!(tenant.agent.id), &json!("sales"))
    );
    assert_eq!(
        (&made["custom_attributes"], &made["additional_attributes"]),
        (&json!({"order": 7}), &json!({"referer": "x"}))
    );
    assert_eq!(made["messages"][0]["content"], "Hello");
    let body = json!({"inbox_id": inbox["id"], "contact_id": contact, "custom_attributes": {"n": 10_000_000_000i64}});
    assert_eq!(tenant.post("conversations", body).await.status, 422);
}

#[tokio::test]
async fn the_list_shows_open_ones_25_a_page_with_counts() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    for number in 0..26 {
        let writes = Act::CustomerWrites {
            inbox: id(&inbox),
            source_id: Some(format!("s{number}")),
            content: format!("word{number}"),
        };
        tenant.chatwoot.act(writes).await;
    }
    let mine = json!({"assignee_id": tenant.admin.id});
    tenant.post("conversations/1/assignments", mine).await.ok();
    tenant.post("conversations/2/toggle_status", json!({})).await.ok();
    let data = tenant.get("conversations").await.ok()["data"].clone();
    let counts = json!({"mine_count": 1, "assigned_count": 1, "unassigned_count": 24, "all_count": 25});
    assert_eq!((&data["meta"], data["payload"].as_array().unwrap().len()), (&counts, 25));
    assert_eq!(tenant.get("conversations/meta").await.ok()["meta"], counts);
    let ids = async |query: &str| {
        let list = tenant.get(&format!("conversations?{query}")).await.ok();
        column(&list["data"]["payload"], "id").iter().map(|id| id.as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids("status=all&page=2").await.len(), 1);
    assert_eq!(ids("status=all&updated_within=3600").await.len(), 26, "not paged");
    assert_eq!(ids("status=resolved").await, [2]);
    assert_eq!(ids("assignee_type=me").await, [1]);
    assert_eq!(ids("assignee_type=assigned").await, [1]);
    assert_eq!(ids("assignee_type=unassigned").await.len(), 24);
    assert_eq!(ids("q=WORD1").await.len(), 11, "word1 and word10 to word19, of any status");
    assert_eq!(ids("source_id=s3").await, [4]);
    assert_eq!(ids(&format!("inbox_id={}", id(&inbox))).await.len(), 25);
    assert_eq!(ids("inbox_id=99").await.len(), 0);
    assert_eq!(ids("sort_by=created_at_asc&status=all").await[0], 1);
    assert_eq!(ids("conversation_type=mention").await.len(), 0);
    tenant.get("conversations?team_id=99").await.is_missing();
    tenant.post("conversations/3/labels", json!({"labels": ["vip"]})).await.ok();
    assert_eq!(ids("labels[]=vip").await, [3]);
}

#[tokio::test]
async fn agents_reach_the_conversations_of_their_inboxes() {
    let tenant = Tenant::start().await;
    let (mine, others) = (tenant.inbox("Mine").await, tenant.inbox("Others").await);
    tenant.join(&mine, tenant.agent.id).await;
    let (seen, hidden) = (tenant.conversation(&mine, "ada").await, tenant.conversation(&others, "bo").await);
    let list = tenant.agent("GET", "conversations", Value::Null).await.ok();
    assert_eq!(column(&list["data"]["payload"], "id"), [seen]);
    tenant.agent("GET", &format!("conversations/{hidden}"), Value::Null).await.is_not_allowed();
    tenant
        .agent("POST", &format!("conversations/{hidden}/labels"), json!({"labels": []}))
        .await
        .is_not_allowed();
}

#[tokio::test]
async fn a_status_toggles_or_is_set_and_an_agent_who_opens_gets_it() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    tenant.join(&inbox, tenant.agent.id).await;
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    let toggle = format!("{path}/toggle_status");
    let set = async |body: Value| tenant.post(&toggle, body).await.ok()["payload"]["current_status"].clone();
    assert_eq!(set(json!({})).await, "resolved");
    assert_eq!(set(json!({})).await, "open");
    assert_eq!(set(json!({"status": "pending"})).await, "pending");
    assert_eq!(set(json!({})).await, "open");
    let snoozed =
        tenant.post(&toggle, json!({"status": "snoozed", "snoozed_until": 4_000_000_000i64})).await.ok();
    assert_eq!(snoozed["payload"]["snoozed_until"], "2096-10-02T07:06:40.000Z", "seconds in, a text out");
    assert_eq!(snoozed["payload"]["success"], true);
    tenant.post(&toggle, json!({"status": "lost"})).await.is_500();
    assert_eq!(tenant.get(&path).await.ok()["meta"].get("assignee"), None, "administrators are not assigned");
    tenant.agent("POST", &toggle, json!({"status": "open"})).await.ok();
    assert_eq!(tenant.get(&path).await.ok()["meta"]["assignee"]["id"], tenant.agent.id);
}

#[tokio::test]
async fn labels_and_attributes_are_replaced() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    let labels =
        async |body: Value| tenant.post(&format!("{path}/labels"), body).await.ok()["payload"].clone();
    assert_eq!(
        labels(json!({"labels": ["a", "b", "a"]})).await,
        json!(["a", "b"]),
        "no label record is needed"
    );
    assert_eq!(labels(json!({"labels": ["c"]})).await, json!(["c"]));
    assert_eq!(tenant.get(&format!("{path}/labels")).await.ok()["payload"], json!(["c"]));
    assert_eq!(labels(json!({})).await, json!([]), "no list clears");
    let attributes = format!("{path}/custom_attributes");
    tenant.post(&attributes, json!({"custom_attributes": {"a": 1}})).await.ok();
    let replaced = tenant.post(&attributes, json!({"custom_attributes": {"b": 2}})).await.ok();
    assert_eq!(replaced, json!({"custom_attributes": {"b": 2}}));
    tenant.post(&attributes, json!({})).await.is_500();
    tenant.post(&attributes, json!({"custom_attributes": null})).await.is_500();
    let long = tenant.post(&attributes, json!({"custom_attributes": {"k": "x".repeat(1501)}})).await;
    long.is_422("Custom attributes k length should be < 1500", &["custom_attributes"]);
}

#[tokio::test]
async fn only_the_priority_is_written_by_patch() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    let patched = tenant.patch(&path, json!({"priority": "high", "status": "resolved"})).await.ok();
    assert_eq!((&patched["priority"], &patched["status"]), (&json!("high"), &json!("open")));
    tenant.patch(&path, json!({"priority": "extreme"})).await.is_500();
    tenant.post(&format!("{path}/toggle_priority"), json!({"priority": null})).await.is_empty_200();
    assert_eq!(tenant.get(&path).await.ok()["priority"], Value::Null);
}

#[tokio::test]
async fn assignments_take_members_and_teams_of_the_account() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let team = id(&tenant.post("teams", json!({"name": "sales"})).await.ok());
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    let assign = async |body: Value| tenant.post(&format!("{path}/assignments"), body).await.ok();
    assert_eq!(assign(json!({"assignee_id": tenant.agent.id})).await["id"], tenant.agent.id);
    assert_eq!(assign(json!({"team_id": team})).await["name"], "sales");
    assert_eq!(assign(json!({"assignee_id": 999})).await, Value::Null, "a stranger takes it away");
    let meta = tenant.get(&path).await.ok()["meta"].clone();
    assert_eq!((meta.get("assignee"), &meta["team"]["id"]), (None, &json!(team)));
    assert_eq!(assign(json!({"team_id": 0})).await, Value::Null);
    assert_eq!(tenant.get(&path).await.ok()["meta"].get("team"), None);
}

#[tokio::test]
async fn muting_blocks_the_contact() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    tenant.post(&format!("{path}/mute"), json!({})).await.is_empty_200();
    let muted = tenant.get(&path).await.ok();
    assert_eq!((&muted["muted"], &muted["status"]), (&json!(true), &json!("resolved")));
    tenant.post(&format!("{path}/unmute"), json!({})).await.is_empty_200();
    assert_eq!(tenant.get(&path).await.ok()["muted"], false);
}

#[tokio::test]
async fn seen_and_unseen_are_counted() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let writes = Act::CustomerWrites { inbox: id(&inbox), source_id: None, content: "Hi".into() };
    tenant.chatwoot.act(writes).await;
    assert_eq!(tenant.get("conversations/1").await.ok()["unread_count"], 1);
    assert_eq!(tenant.post("conversations/1/update_last_seen", json!({})).await.ok()["unread_count"], 0);
    assert_eq!(tenant.post("conversations/1/unread", json!({})).await.ok()["unread_count"], 1);
    tenant.post("conversations/1/transcript", json!({})).await.is_refused("email param missing");
    tenant.post("conversations/1/transcript", json!({"email": "a@b.example"})).await.is_empty_200();
    tenant.post("conversations/1/toggle_typing_status", json!({"typing_status": "on"})).await.is_empty_200();
}

#[tokio::test]
async fn a_conversation_is_deleted_by_a_job_for_administrators_since_4_3() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    let inbox = tenant.inbox("Orders").await;
    tenant.join(&inbox, tenant.agent.id).await;
    let path = format!("conversations/{}", tenant.conversation(&inbox, "ada").await);
    tenant.agent("DELETE", &path, Value::Null).await.is_not_allowed();
    tenant.delete(&path).await.is_empty_200();
    assert_eq!(tenant.get(&path).await.status, 200);
    tenant.chatwoot.run_jobs().await;
    tenant.get(&path).await.is_missing();
    let old = Tenant::version("4.2").await;
    assert_eq!(old.delete("conversations/1").await.content_type(), Some("text/html; charset=UTF-8"));
}

#[tokio::test]
async fn bots_do_what_bots_may() {
    let tenant = Tenant::start().await;
    let inbox = tenant.inbox("Orders").await;
    let talk = tenant.conversation(&inbox, "ada").await;
    let bot =
        tenant.chatwoot.act(Act::CreateBot { account: None, name: "B".into(), outgoing_url: None }).await;
    let token = bot.token.unwrap();
    let ask = async |method: &'static str, rest: &str, body: Option<Value>| {
        tenant.chatwoot.by(&token, method, &tenant.path(rest), body).await
    };
    let outside = "Bot is not authorized to access this account";
    let path = format!("conversations/{talk}");
    ask("POST", &format!("{path}/toggle_status"), Some(json!({}))).await.is_error(401, outside);
    tenant.chatwoot.act(Act::AttachBot { inbox: id(&inbox), bot: bot.id }).await;
    let said = ask("POST", &format!("{path}/messages"), Some(json!({"content": "Beep"}))).await.ok();
    assert_eq!(said["sender"]["type"], "agent_bot");
    ask("POST", &format!("{path}/toggle_status"), Some(json!({"status": "open"}))).await.ok();
    assert_eq!(ask("GET", &path, None).await.ok()["meta"].get("assignee"), None);
    let for_people = "Access to this endpoint is not authorized for bots";
    ask("GET", &format!("{path}/messages"), None).await.is_error(401, for_people);
    tenant.chatwoot.act(Act::SetVersion { version: "4.14.1".parse().unwrap() }).await;
    ask("GET", &path, None).await.is_error(401, for_people);
}
