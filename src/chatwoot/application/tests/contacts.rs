use super::*;
use crate::chatwoot::tenant::{
    contact::{ContactFields, NewContact, Sort, SortBy},
    filter::{ContactKey, Filter, Key, Operator, Rule},
    ids::{ContactId, InboxId},
};
use ::secrecy::ExposeSecret;

const ID: ContactId = ContactId(7);

fn contact() -> Value {
    json!({"id": 7, "name": "Bob Smith", "email": "bob@example.com", "phone_number": null, "identifier": "b-7",
        "blocked": false, "thumbnail": "", "availability_status": "offline", "additional_attributes": {},
        "custom_attributes": {"plan": "pro"}, "last_activity_at": 1_700_000_000, "created_at": 1_600_000_000,
        "company_id": 5, "contact_inboxes": [{"source_id": "source-1", "inbox": {"id": 2, "name": "App",
        "channel_type": "Channel::Api", "provider": null}}]})
}

#[tokio::test]
async fn a_page_of_contacts_is_asked_for_and_read() {
    // `current_page` is a text where a page was asked for (§3.2).
    let page = json!({"meta": {"count": 31, "current_page": "2"}, "payload": [contact()]});
    let server = answering(&page);
    let query = ContactQuery {
        sort: Some("-last_activity_at".parse().unwrap()),
        labels: vec!["vip".into(), "a&b=c".into()],
        with_inboxes: true,
    };
    let page = inside(&server).contacts().list(&query, 2).await.unwrap();
    assert_eq!((page.count, page.has_more, page.contacts.len()), (Some(31), None, 1));
    let bob = &page.contacts[0];
    assert_eq!((bob.id, bob.name.as_str(), bob.phone_number.as_deref()), (ID, "Bob Smith", None));
    assert_eq!(bob.contact_inboxes[0].source_id.as_ref().unwrap().expose_secret(), "source-1");
    let expected = "GET /contacts?page=2&sort=-last_activity_at&include_contact_inboxes=true\
                    &labels%5B%5D=vip&labels%5B%5D=a%26b%3Dc";
    assert_eq!(sent(&server).0, expected);
}

#[tokio::test]
async fn every_sort_key_goes_out_both_ways_and_an_unknown_one_is_refused() {
    for by in SortBy::ALL {
        for descending in [false, true] {
            let server = answering(&json!({"meta": {"count": 0, "current_page": 1}, "payload": []}));
            let sort = Some(Sort { by: *by, descending });
            inside(&server).contacts().list(&ContactQuery { sort, ..Default::default() }, 0).await.unwrap();
            let minus = if descending { "-" } else { "" };
            assert_eq!(
                sent(&server).0,
                format!("GET /contacts?page=1&sort={minus}{by}&include_contact_inboxes=false")
            );
        }
    }
    assert!("-age".parse::<Sort>().unwrap_err().to_string().contains("write one of name, email"));
}

#[tokio::test]
async fn a_search_is_read_as_old_and_new_versions_answer_it() {
    let old = answering(&json!({"meta": {"count": 40, "current_page": 1}, "payload": [contact()]}));
    let page = inside(&old).contacts().search("bob@example.com", None, 1).await.unwrap();
    assert_eq!((page.count, page.has_more), (Some(40), None));
    assert_eq!(sent(&old).0, "GET /contacts/search?page=1&include_contact_inboxes=false&q=bob%40example.com");
    let new = json!({"meta": {"count": 1, "current_page": 1, "has_more": true}, "payload": [contact()]});
    let page = inside(&answering(&new)).contacts().search("bob", None, 1).await.unwrap();
    assert_eq!((page.count, page.has_more), (Some(1), Some(true)));
    // A blank text finds nobody, and counts null.
    let blank = json!({"meta": {"count": null, "current_page": 1}, "payload": []});
    let page = inside(&answering(&blank)).contacts().search(" ", None, 1).await.unwrap();
    assert!(page.contacts.is_empty() && page.count.is_none());
}

#[tokio::test]
async fn a_filter_goes_out_with_its_rules() {
    let server = answering(&json!({"meta": {"count": 0, "current_page": "1"}, "payload": []}));
    let rule = Rule::new(Key::Standard(ContactKey::Email), Operator::Contains, &["@acme".into()]).unwrap();
    inside(&server).contacts().filter(&Filter::new(rule), &Default::default(), 1).await.unwrap();
    let (line, body) = sent(&server);
    assert_eq!(line, "POST /contacts/filter?page=1&include_contact_inboxes=false");
    assert_eq!(
        body,
        json!({"payload": [{"attribute_key": "email", "filter_operator": "contains", "values": ["@acme"],
            "query_operator": null}]})
    );
}

#[tokio::test]
async fn a_key_the_account_does_not_define_is_chatwoots_to_refuse() {
    let text = "Invalid attribute key - [seats]. The key should be one of [name] or a custom attribute";
    let server = Server::start([Act::json(422, &json!({"error": text}).to_string())]);
    let rule = Rule::new(Key::Standard(ContactKey::Name), Operator::EqualTo, &["x".into()]).unwrap();
    let asked = inside(&server).contacts().filter(&Filter::new(rule), &Default::default(), 1).await;
    let failure = asked.unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
    assert!(failure.to_string().contains("[seats]"), "{failure}");
}

#[tokio::test]
async fn a_contact_is_shown_and_one_of_somebody_else_is_not_taken_for_it() {
    let server = answering(&json!({"payload": contact()}));
    let contacts = inside(&server).contacts();
    assert_eq!(contacts.show(ID).await.unwrap().email.as_deref(), Some("bob@example.com"));
    assert_eq!(contacts.show(ContactId(8)).await.unwrap_err().class, Class::Unexpected);
    assert_eq!(line(&server.seen()[0]), "GET /contacts/7?include_contact_inboxes=true");
}

#[tokio::test]
async fn a_contact_is_made_with_an_address() {
    let made = json!({"payload": {"contact": contact(), "contact_inbox": {"inbox": {"id": 2, "raw": [1]},
        "source_id": "source-2"}}});
    let server = answering(&made);
    let new = NewContact {
        fields: ContactFields { name: Some("Bob".into()), blocked: Some(false), ..Default::default() },
        inbox_id: Some(InboxId(2)),
        source_id: Some("source-2".into()),
    };
    let made = inside(&server).contacts().create(&new).await.unwrap();
    assert_eq!((made.contact.id, made.source_id.unwrap().expose_secret()), (ID, "source-2"));
    let expected = json!({"name": "Bob", "blocked": false, "inbox_id": 2, "source_id": "source-2"});
    assert_eq!(sent(&server), ("POST /contacts".to_owned(), expected));
    // Without an inbox there is no address, which Chatwoot writes as null or as an object of nulls.
    for none in [json!(null), json!({"inbox": null, "source_id": null})] {
        let server = answering(&json!({"payload": {"contact": contact(), "contact_inbox": none}}));
        assert!(inside(&server).contacts().create(&NewContact::default()).await.unwrap().source_id.is_none());
    }
}

#[tokio::test]
async fn a_change_sends_what_is_given_and_nothing_else() {
    let server = answering(&json!({"payload": contact()}));
    let fields = ContactFields { email: Some(String::new()), ..Default::default() };
    inside(&server).contacts().update(ID, &fields).await.unwrap();
    assert_eq!(sent(&server), ("PATCH /contacts/7".to_owned(), json!({"email": ""})));
}

#[tokio::test]
async fn a_contact_that_is_online_is_not_deleted_and_not_named() {
    let online = json!({"message": "Bob Smith is Online, please try again later"});
    let server = Server::start([Act::json(422, &online.to_string()), Act::json(200, "")]);
    let contacts = inside(&server).contacts();
    let failure = contacts.delete(ID).await.unwrap_err();
    assert_eq!((failure.class, failure.fate()), (Class::Invalid, Fate::Rejected));
    assert!(failure.to_string().contains("online now") && !format!("{failure} {failure:?}").contains("Bob"));
    contacts.delete(ID).await.unwrap();
    assert_eq!(line(&server.seen()[1]), "DELETE /contacts/7");
}

#[tokio::test]
async fn labels_attributes_and_conversations_of_a_contact() {
    let server = Server::start([
        Act::json(200, r#"{"payload":["vip"]}"#),
        Act::json(200, r#"{"payload":["vip","new"]}"#),
        Act::json(200, ""),
        Act::json(200, r#"{"payload":[{"id":4,"status":"from-the-future","labels":null}]}"#),
    ]);
    let contacts = inside(&server).contacts();
    assert_eq!(contacts.labels(ID).await.unwrap(), ["vip"]);
    assert_eq!(contacts.set_labels(ID, &["vip".into(), "new".into()]).await.unwrap(), ["vip", "new"]);
    contacts.destroy_custom_attributes(ID, &["plan".into()]).await.unwrap();
    let conversations = contacts.conversations(ID).await.unwrap();
    assert_eq!((conversations[0].id.0, conversations[0].status), (4, None));
    let seen = server.seen();
    assert_eq!(body(&seen[1]), json!({"labels": ["vip", "new"]}));
    assert_eq!(line(&seen[2]), "POST /contacts/7/destroy_custom_attributes");
    assert_eq!(body(&seen[2]), json!({"custom_attributes": ["plan"]}));
}
