//! Lists whose pages move while they are read, over HTTP.

use super::*;
use crate::chatwoot::tenant::filter::{ContactKey, Filter, Key, Operator, Rule};
use futures::TryStreamExt;

fn page(count: i64, ids: impl IntoIterator<Item = i64>) -> Act {
    let contacts: Vec<Value> = ids.into_iter().map(|id| json!({"id": id, "name": "x"})).collect();
    Act::json(200, &json!({"meta": {"count": count, "current_page": "1"}, "payload": contacts}).to_string())
}

async fn ids(account: &Account) -> Result<Vec<i64>, Failure> {
    let contacts = account.contacts();
    contacts.stream(&ContactQuery::default()).map_ok(|contact| contact.id.0).try_collect().await
}

#[tokio::test]
async fn one_page_of_contacts_is_one_request_in_the_steadiest_order() {
    let server = Server::start([page(2, [1, 2])]);
    assert_eq!(ids(&inside(&server)).await.unwrap(), [1, 2]);
    assert_eq!(sent(&server).0, "GET /contacts?page=1&sort=created_at&include_contact_inboxes=false");
}

#[tokio::test]
async fn a_contact_that_slips_over_the_seam_is_found_on_the_page_before() {
    // 3 is deleted once page 1 was read: 16 is then the last on page 1, and page 2 begins with 17.
    let server = Server::start([page(17, 1..=15), page(16, [17]), page(16, (1..=16).filter(|id| *id != 3))]);
    assert_eq!(ids(&inside(&server)).await.unwrap(), (1..=17).collect::<Vec<_>>());
    let lines: Vec<String> = server.seen().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "GET /contacts?page=1&sort=created_at&include_contact_inboxes=false",
            "GET /contacts?page=2&sort=created_at&include_contact_inboxes=false",
            "GET /contacts?page=1&sort=created_at&include_contact_inboxes=false"
        ]
    );
}

#[tokio::test]
async fn a_search_follows_what_each_version_says_about_more() {
    let hit = |id: i64, more: bool| {
        let meta = json!({"count": 1, "current_page": "1", "has_more": more});
        Act::json(200, &json!({"meta": meta, "payload": [{"id": id}]}).to_string())
    };
    let server = Server::start([hit(1, true), hit(2, false), hit(1, true)]);
    let contacts = inside(&server).contacts();
    let found: Vec<_> = contacts.search_stream("bob", None).try_collect().await.unwrap();
    assert_eq!(found.iter().map(|contact| contact.id.0).collect::<Vec<_>>(), [1, 2]);
    let old = Server::start([page(1, [1])]);
    let found: Vec<_> = inside(&old).contacts().search_stream("bob", None).try_collect().await.unwrap();
    assert_eq!((found.len(), old.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_filter_is_streamed_as_a_list_is() {
    let server = Server::start([page(1, [1])]);
    let rule = Rule::new(Key::Standard(ContactKey::Blocked), Operator::EqualTo, &["true".into()]).unwrap();
    let contacts = inside(&server).contacts();
    let stream = contacts.filter_stream(&Filter::new(rule), &ContactQuery::default());
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    assert_eq!(sent(&server).0, "POST /contacts/filter?page=1&sort=created_at&include_contact_inboxes=false");
}

#[tokio::test]
async fn conversations_end_at_an_empty_page_because_their_number_on_a_page_is_a_setting() {
    let page = |ids: &[i64]| {
        let rows: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        Act::json(200, &json!({"data": {"meta": {"all_count": 3}, "payload": rows}}).to_string())
    };
    // 1 gets a message and moves to the front, then 5 comes.
    let server =
        Server::start([page(&[3, 2]), page(&[2]), page(&[1, 3]), page(&[]), page(&[3, 2]), page(&[5, 1])]);
    let conversations = inside(&server).conversations();
    let stream = conversations.stream(&ConversationQuery::default());
    let read: Vec<i64> = stream.map_ok(|conversation| conversation.id.0).try_collect().await.unwrap();
    assert_eq!(read, [3, 2, 1]);
}

#[tokio::test]
async fn all_conversations_at_an_address_are_those_of_any_status() {
    let rows = json!({"data": {"meta": {}, "payload": [{"id": 3}]}}).to_string();
    let none = json!({"data": {"meta": {}, "payload": []}}).to_string();
    let server = Server::start([Act::json(200, &rows), Act::json(200, &none), Act::json(200, &rows)]);
    let stream = inside(&server).conversations().stream_at(&"a b".into());
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    assert_eq!(line(&server.seen()[0]), "GET /conversations?page=1&status=all&source_id=a%20b");
}

#[tokio::test]
async fn a_failure_in_between_is_told_after_what_was_read() {
    let server = Server::start([page(20, 1..=15), Act::html(502)]);
    let contacts = inside(&server).contacts();
    let mut stream = std::pin::pin!(contacts.stream(&ContactQuery::default()));
    let mut read = 0;
    let failure = loop {
        match stream.try_next().await {
            Ok(Some(_)) => read += 1,
            Ok(None) => panic!("a list that was not read to its end"),
            Err(failure) => break failure,
        }
    };
    assert_eq!((read, failure.class), (15, Class::Proxy));
}
