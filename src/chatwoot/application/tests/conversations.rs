use super::*;
use crate::chatwoot::{
    tenant::{
        conversation::{AssigneeType, Between, NewConversation, Priority, Status, StatusFilter},
        ids::{ContactId, MessageId},
        message::{Direction, NewMessage},
    },
    types::UserId,
};

const ID: ConversationId = ConversationId(4);

fn conversation() -> Value {
    json!({"id": 4, "uuid": "u-u", "account_id": 3, "inbox_id": 2, "status": "snoozed", "priority": null,
        "labels": ["vip"], "custom_attributes": {"order": 5}, "additional_attributes": {}, "can_reply": true,
        "muted": false, "unread_count": 1, "snoozed_until": 1_800_000_000, "created_at": 1_700_000_000,
        "updated_at": 1_700_000_000.25, "last_activity_at": 1_700_000_001, "contact_last_seen_at": 0,
        "agent_last_seen_at": 0, "messages": [{"id": 9, "content": "hi", "message_type": 0, "conversation_id": 4}],
        "meta": {"sender": {"id": 7, "name": "Bob"}, "channel": "Channel::Api", "assignee": {"id": 1, "role": "agent"},
            "team": {"id": 6, "name": "sales"}, "hmac_verified": true}, "sla_policy_id": null})
}

#[tokio::test]
async fn a_page_of_conversations_is_asked_for_and_read() {
    let counts = json!({"mine_count": 1, "assigned_count": 2, "unassigned_count": 3, "all_count": 5});
    let server = answering(&json!({"data": {"meta": counts, "payload": [conversation()]}}));
    let query = ConversationQuery {
        assignee_type: Some(AssigneeType::Unassigned),
        status: Some(StatusFilter::All),
        q: Some("late parcel".into()),
        inbox_id: Some(InboxId(2)),
        team_id: Some(TeamId(6)),
        labels: vec!["vip".into()],
    };
    let page = inside(&server).conversations().list(&query, 3).await.unwrap();
    assert_eq!(page.counts.all, Some(5));
    let one = &page.conversations[0];
    assert_eq!((one.id, one.status, one.contact_last_seen_at), (ID, Some(Status::Snoozed), None));
    let meta = one.meta.as_ref().unwrap();
    assert_eq!(meta.sender.as_ref().unwrap().name, "Bob");
    assert_eq!(meta.team.as_ref().unwrap().id, TeamId(6));
    assert!(meta.hmac_verified);
    assert_eq!(one.messages[0].direction, Some(Direction::Incoming));
    let expected = "GET /conversations?page=3&assignee_type=unassigned&status=all&q=late%20parcel&inbox_id=2\
                    &team_id=6&labels%5B%5D=vip";
    assert_eq!(sent(&server).0, expected);
}

#[tokio::test]
async fn a_conversation_is_made_between_an_inbox_and_a_contact() {
    let server = answering(&conversation());
    let new = NewConversation {
        status: Some(Status::Open),
        assignee_id: Some(UserId(1)),
        team_id: Some(TeamId(6)),
        custom_attributes: Some(json!({"order": 5}).as_object().unwrap().clone()),
        message: Some(NewMessage::text("hello")),
        ..NewConversation::new(Between::Contact {
            inbox_id: InboxId(2),
            contact_id: ContactId(7),
            source_id: None,
        })
    };
    inside(&server).conversations().create(&new).await.unwrap();
    let expected = json!({"inbox_id": 2, "contact_id": 7, "status": "open", "assignee_id": 1, "team_id": 6,
        "custom_attributes": {"order": 5}, "message": {"content": "hello"}});
    assert_eq!(sent(&server), ("POST /conversations".to_owned(), expected));
}

#[tokio::test]
async fn a_conversation_is_made_at_an_address_alone_which_may_be_unknown_or_somebody_elses() {
    let server = Server::start([
        Act::json(200, &conversation().to_string()),
        Act::json(404, r#"{"error":"Resource could not be found"}"#),
        Act::json(422, r#"{"error":"source_id should be unique"}"#),
    ]);
    let conversations = inside(&server).conversations();
    let new = NewConversation::new(Between::Source { source_id: "source-1".into() });
    conversations.create(&new).await.unwrap();
    assert_eq!(body(&server.seen()[0]), json!({"source_id": "source-1"}));
    assert_eq!(conversations.create(&new).await.unwrap_err().class, Class::NotFound);
    let failure = conversations.create(&new).await.unwrap_err();
    assert_eq!(failure.refusal, Some(Refusal("source_id should be unique".into())));
}

#[tokio::test]
async fn a_status_is_always_named() {
    let answer = json!({"payload": {"success": true, "conversation_id": 4, "current_status": "snoozed",
        "snoozed_until": "2027-01-15T08:00:00.000Z"}});
    let server = answering(&answer);
    let conversations = inside(&server).conversations();
    let toggled = conversations.set_status(ID, Status::Snoozed, Some(1_800_000_000)).await.unwrap();
    assert_eq!((toggled.current_status, toggled.snoozed_until), (Some(Status::Snoozed), Some(1_800_000_000)));
    assert!(toggled.confirm(Status::Snoozed).is_ok());
    assert_eq!(toggled.confirm(Status::Open).unwrap_err().class, Class::Unexpected);
    let expected = json!({"status": "snoozed", "snoozed_until": 1_800_000_000});
    assert_eq!(sent(&server), ("POST /conversations/4/toggle_status".to_owned(), expected));
    let failure = conversations.set_status(ID, Status::Open, Some(1)).await.unwrap_err();
    assert_eq!((failure.class, failure.status), (Class::Invalid, None));
    conversations.set_status(ID, Status::Open, None).await.unwrap();
    assert_eq!(body(&server.seen()[1]), json!({"status": "open"}));
}

#[tokio::test]
async fn labels_attributes_priority_and_assignments() {
    let server = Server::start([
        Act::json(200, r#"{"payload":["a"]}"#),
        Act::json(200, r#"{"payload":[]}"#),
        Act::json(200, r#"{"custom_attributes":{"k":"v"}}"#),
        Act::json(200, &conversation().to_string()),
        Act::json(200, "null"),
        Act::json(200, r#"{"id":1,"name":"Al"}"#),
        Act::json(200, r#"{"id":6,"name":"sales"}"#),
        Act::json(200, "null"),
        Act::json(200, ""),
    ]);
    let conversations = inside(&server).conversations();
    assert_eq!(conversations.labels(ID).await.unwrap(), ["a"]);
    assert!(conversations.set_labels(ID, &[]).await.unwrap().is_empty());
    let map = json!({"k": "v"}).as_object().unwrap().clone();
    assert_eq!(conversations.set_custom_attributes(ID, &map).await.unwrap(), map);
    conversations.set_priority(ID, Some(Priority::Urgent)).await.unwrap();
    conversations.assign(ID, None).await.unwrap();
    conversations.assign(ID, Some(UserId(1))).await.unwrap();
    conversations.assign_team(ID, Some(TeamId(6))).await.unwrap();
    conversations.assign_team(ID, None).await.unwrap();
    conversations.delete(ID).await.unwrap();
    let bodies: Vec<Value> = server.seen().iter().map(body).collect();
    assert_eq!(bodies[1], json!({"labels": []}), "an empty list clears, and is always there");
    assert_eq!(bodies[2], json!({"custom_attributes": {"k": "v"}}));
    assert_eq!(bodies[3], json!({"priority": "urgent"}));
    assert_eq!(bodies[4], json!({"assignee_id": null}));
    assert_eq!(bodies[5], json!({"assignee_id": 1}));
    assert_eq!(bodies[6], json!({"team_id": 6}));
    assert_eq!(bodies[7], json!({"team_id": null}));
    assert_eq!(line(&server.seen()[8]), "DELETE /conversations/4");
}

#[tokio::test]
async fn empty_attributes_are_sent_as_an_object() {
    // Missing or null is a 500 (§3.4).
    let server = answering(&json!({"custom_attributes": {}}));
    inside(&server).conversations().set_custom_attributes(ID, &Default::default()).await.unwrap();
    assert_eq!(sent(&server).1, json!({"custom_attributes": {}}));
}

#[tokio::test]
async fn messages_are_listed_backwards_and_sent() {
    let one = json!({"id": 9, "content": "hi", "message_type": 1, "content_type": "text", "private": true,
        "conversation_id": 4, "created_at": 1_700_000_000, "sender": {"id": 1, "name": "Al", "type": "user"}});
    let server = Server::start([
        Act::json(200, &json!({"meta": {}, "payload": [one, {"id": 10, "message_type": 99}]}).to_string()),
        Act::json(200, &one.to_string()),
        Act::json(422, r#"{"message":"Too many messages","attributes":["base"]}"#),
        Act::json(200, r#"{"id":11,"conversation_id":5}"#),
    ]);
    let messages = inside(&server).messages(ID);
    let listed = messages.list(Some(MessageId(20))).await.unwrap();
    assert_eq!((listed[0].direction, listed[1].direction), (Some(Direction::Outgoing), None));
    let new = NewMessage { private: true, direction: Some(Direction::Outgoing), content: "hi".into() };
    messages.create(&new).await.unwrap();
    let failure = messages.create(&new).await.unwrap_err();
    assert_eq!(failure.refusal, Some(Refusal("Too many messages".into())));
    assert_eq!(messages.create(&new).await.unwrap_err().class, Class::Unexpected, "another conversation's");
    let seen = server.seen();
    assert_eq!(line(&seen[0]), "GET /conversations/4/messages?before=20");
    assert_eq!(body(&seen[1]), json!({"content": "hi", "message_type": "outgoing", "private": true}));
}

#[tokio::test]
async fn a_list_of_long_messages_is_read() {
    let long: Vec<Value> = (1..=20).map(|id| json!({"id": id, "content": "x".repeat(150_000)})).collect();
    let server = answering(&json!({"payload": long}));
    assert_eq!(inside(&server).messages(ID).list(None).await.unwrap().len(), 20);
    let one = json!({"id": 4, "uuid": "x".repeat(2_000_000)});
    let failure = inside(&answering(&one)).conversations().show(ID).await.unwrap_err();
    assert_eq!(failure.detail, Some("its body is too large"));
}
