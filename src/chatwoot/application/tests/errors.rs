//! Every error shape of chatwoot-api §3.1, and what looks like one.

use super::*;

async fn ended(act: Act) -> Failure {
    let server = Server::start([act]);
    let failure = inside(&server).labels().create(&Default::default()).await.unwrap_err();
    assert_eq!(server.seen().len(), 1, "a call is one request");
    failure
}

#[tokio::test]
async fn chatwoots_own_refusals_prove_that_nothing_was_made() {
    let cases = [
        (401, json!({"errors": ["You need to sign in or sign up before continuing."]}), Class::Unauthorized),
        (401, json!({"errors": ["Melden Sie sich an."]}), Class::Unauthorized),
        (401, json!({"error": "Invalid Access Token"}), Class::Unauthorized),
        (401, json!({"error": "Access to this endpoint is not authorized for bots"}), Class::NotAllowed),
        (401, json!({"error": "Account is suspended"}), Class::Suspended),
        (401, json!({"error": "You are not authorized to access this account"}), Class::NotAllowed),
        (401, json!({"error": "Bot is not authorized to access this account"}), Class::NotAllowed),
        (401, json!({"error": "You are not authorized to do this action"}), Class::NotAllowed),
        (401, json!({"error": "Invalid User IDs"}), Class::Invalid),
        (402, json!({"error": "Account limit exceeded. Upgrade to a higher plan"}), Class::LimitReached),
        (404, json!({"error": "Resource could not be found"}), Class::NotFound),
        (400, json!({"status": 400, "error": "Bad Request"}), Class::Invalid),
        (422, json!({"message": "Title has already been taken", "attributes": ["title"]}), Class::Invalid),
        (422, json!({"error": "param is missing or the value is empty: label"}), Class::Invalid),
        (422, json!({"message": "Something"}), Class::Invalid),
        (422, json!({"error": {"conditions": ["Automation conditions are bad"]}}), Class::Invalid),
    ];
    for (status, body, class) in cases {
        let failure = ended(Act::json(status, &body.to_string())).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Rejected), "{status} {body}");
        assert_eq!(failure.status, Some(status));
    }
}

#[tokio::test]
async fn what_only_looks_like_a_refusal_proves_nothing() {
    let cases = [
        (401, json!({"error": "Invalid access_token"}), Class::Unauthorized),
        (401, json!({"error": "Account is suspended", "more": 1}), Class::Unauthorized),
        (401, json!({"errors": []}), Class::Unauthorized),
        (402, json!({"message": "pay"}), Class::Unexpected),
        (403, json!({"error": "Forbidden"}), Class::Unexpected),
        (404, json!({"status": 404, "error": "Not Found"}), Class::NotRouted),
        (422, json!({"message": "x", "attributes": [1]}), Class::Unexpected),
        (422, json!({"error": {"conditions": "text"}}), Class::Unexpected),
        (422, json!({"message": "x", "request_id": "r"}), Class::Unexpected),
        (422, json!([]), Class::Unexpected),
        (500, json!({"status": 500, "error": "Internal Server Error"}), Class::Server),
        (502, json!({}), Class::Proxy),
        (201, json!({"id": 1, "title": "a"}), Class::Unexpected),
    ];
    for (status, body, class) in cases {
        let failure = ended(Act::json(status, &body.to_string())).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Ambiguous), "{status} {body}");
        assert_eq!(failure.refusal, None, "{status} {body}");
    }
    for status in [200, 401, 402, 404, 422] {
        assert_eq!(ended(Act::html(status)).await.fate(), Fate::Ambiguous, "{status}");
    }
}

#[tokio::test]
async fn the_five_meanings_of_a_401_are_told_apart_in_words() {
    for (text, told) in [
        ("Access to this endpoint is not authorized for bots", "give a person's"),
        ("You are not authorized to access this account", "no member"),
        ("Bot is not authorized to access this account", "another account"),
        ("You are not authorized to do this action", "administrator"),
    ] {
        let failure = ended(Act::json(401, &json!({"error": text}).to_string())).await;
        assert!(failure.to_string().contains(told), "{failure}");
    }
    let failure = ended(Act::json(401, r#"{"error":"Invalid User IDs"}"#)).await;
    assert!(failure.to_string().contains("members of the account"), "{failure}");
}

#[tokio::test]
async fn a_refusal_of_values_is_shown_unless_it_could_hold_a_secret() {
    let shown = |failure: Failure| failure.refusal.map(|Refusal(text)| text);
    let taken = r#"{"message":"Title has already been taken","attributes":["title"]}"#;
    assert_eq!(shown(ended(Act::json(422, taken)).await).unwrap(), "Title has already been taken");
    let rule = r#"{"error":{"actions":["are bad","twice"],"name":["can't be blank"]}}"#;
    let told = shown(ended(Act::json(422, rule)).await).unwrap();
    assert_eq!(told, "actions: are bad, twice; name: can't be blank");
    for hidden in [
        format!(r#"{{"message":"token {TOKEN}","attributes":[]}}"#),
        r#"{"message":"Imap password hunter2 is bad","attributes":["imap_password"]}"#.to_owned(),
        r#"{"message":"535 hunter2"}"#.to_owned(),
    ] {
        assert_eq!(shown(ended(Act::json(422, &hidden)).await), None, "{hidden}");
    }
}

#[tokio::test]
async fn of_a_refusal_about_people_only_known_sentences_are_shown() {
    let ended = async |body: &str| {
        let server = Server::start([Act::json(422, body)]);
        inside(&server).contacts().create(&Default::default()).await.unwrap_err().to_string()
    };
    let told = ended(r#"{"message":"Email has already been taken","attributes":["email"]}"#).await;
    assert!(told.contains("Email has already been taken"), "{told}");
    let told =
        ended(r#"{"message":"Phone number should be in e164 format","attributes":["phone_number"]}"#).await;
    assert!(told.contains("e164"), "{told}");
    let told = ended(r#"{"message":"Bob Smith ist vergeben","attributes":["name"]}"#).await;
    assert!(told.ends_with(": name") && !told.contains("Bob"), "{told}");
    let told = ended(r#"{"error":"Bob Smith is busy"}"#).await;
    assert!(!told.contains("Bob"), "{told}");
}
