//! Every error shape of chatwoot-api §1.4, and what looks like one.

use super::*;

async fn ended(act: Act) -> Failure {
    let server = Server::start([act]);
    let failure = server.platform().create_account(&new_account()).await.unwrap_err();
    assert_eq!(server.seen().len(), 1, "a call is one request");
    failure
}

#[tokio::test]
async fn chatwoots_own_refusals_prove_that_nothing_was_made() {
    let cases = [
        (401, r#"{"error":"Invalid access_token"}"#, Class::Unauthorized),
        (401, r#"{"error":"Non permissible resource"}"#, Class::NotPermitted),
        (404, r#"{"status":404,"error":"Not Found"}"#, Class::NotFound),
        (400, r#"{"status":400,"error":"Bad Request"}"#, Class::Invalid),
        (403, r#"{"error":"Email channel migration is not enabled"}"#, Class::Invalid),
        (422, r#"{"error":"Missing migrations parameter"}"#, Class::Invalid),
        (422, r#"{"message":"Name can't be blank","attributes":["name"]}"#, Class::Invalid),
        (422, " {\n\"attributes\":[],\"message\":\"x\" }\n", Class::Invalid),
    ];
    for (status, body, class) in cases {
        let failure = ended(Act::json(status, body)).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Rejected), "{status} {body}");
        assert_eq!(failure.status, Some(status));
    }
}

#[tokio::test]
async fn what_only_looks_like_a_refusal_proves_nothing() {
    let cases = [
        (401, r#"{"error":"Unauthorized"}"#, Class::Unauthorized),
        (401, r#"{"error":"Invalid access_token","more":1}"#, Class::Unauthorized),
        (401, "", Class::Unauthorized),
        (404, r#"{"error":"Not Found"}"#, Class::NotRouted),
        (404, r#"{"status":"404","error":"Not Found"}"#, Class::NotRouted),
        (404, r#"{"error":"Resource could not be found"}"#, Class::NotRouted),
        (400, r#"{"error":"Bad Request"}"#, Class::Unexpected),
        (400, "", Class::Unexpected),
        (403, r#"{"error":"Forbidden"}"#, Class::Unexpected),
        (422, r#"{"error":"anything else"}"#, Class::Unexpected),
        (422, r#"{"message":"Name can't be blank"}"#, Class::Unexpected),
        (422, r#"{"message":"x","attributes":[1]}"#, Class::Unexpected),
        (422, r#"{"message":"x","attributes":[],"request_id":"r"}"#, Class::Unexpected),
        (422, r#"{"message":"x","attribut"#, Class::Unexpected),
        (405, "{}", Class::Unexpected),
        (406, "{}", Class::Unexpected),
        (413, "{}", Class::Unexpected),
        (500, r#"{"status":500,"error":"Internal Server Error"}"#, Class::Server),
        (501, "{}", Class::Unexpected),
        (502, "{}", Class::Proxy),
        (503, "{}", Class::Proxy),
        (504, "{}", Class::Proxy),
        (520, "{}", Class::Unexpected),
        (201, ACCOUNT, Class::Unexpected),
        (204, "", Class::Unexpected),
    ];
    for (status, body, class) in cases {
        let failure = ended(Act::json(status, body)).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Ambiguous), "{status} {body}");
        assert_eq!(failure.status, Some(status));
        assert_eq!(failure.refusal, None, "{status} {body}");
    }
}

#[tokio::test]
async fn a_refusal_that_does_not_call_itself_json_is_not_believed() {
    let bodies = [
        (401, r#"{"error":"Non permissible resource"}"#, Class::Unauthorized),
        (404, r#"{"status":404,"error":"Not Found"}"#, Class::NotRouted),
        (422, r#"{"message":"x","attributes":[]}"#, Class::Unexpected),
    ];
    for (status, body, class) in bodies {
        let failure = ended(Act::raw(status, "Content-Type: text/html\r\n", body)).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Ambiguous), "{status}");
    }
}

#[tokio::test]
async fn a_proxys_page_is_never_chatwoots_word() {
    for (status, class) in [
        (200, Class::Unexpected),
        (400, Class::Unexpected),
        (401, Class::Unauthorized),
        (403, Class::Unexpected),
        (404, Class::NotRouted),
        (422, Class::Unexpected),
        (502, Class::Proxy),
    ] {
        let failure = ended(Act::html(status)).await;
        assert_eq!((failure.class, failure.fate()), (class, Fate::Ambiguous), "{status}");
    }
}

#[tokio::test]
async fn a_success_without_a_readable_account_may_have_made_one() {
    let bodies = [
        "",
        "null",
        "[]",
        "42",
        "{}",
        r#"{"name":"Acme"}"#,
        r#"{"id":null}"#,
        r#"{"id":0}"#,
        r#"{"id":-1}"#,
        r#"{"id":1.5}"#,
        r#"{"id":"x"}"#,
        r#"[42,"Acme"]"#,
        r#"{"id":42"#,
        r#"{"id":42,"id":43}"#,
    ];
    for body in bodies {
        let failure = ended(Act::json(200, body)).await;
        assert_eq!(
            (failure.class, failure.fate(), failure.status),
            (Class::Unexpected, Fate::Ambiguous, Some(200)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_throttle_says_when_to_come_back_where_it_says_so() {
    let plain = Act::raw(429, "Content-Type: text/plain\r\n", "Retry later\n");
    let failure = ended(plain).await;
    assert_eq!(
        (failure.class, failure.fate(), failure.retry_after),
        (Class::RateLimited, Fate::NotSent, None)
    );
    let failure = ended(Act::raw(429, "Retry-After: 7\r\n", "")).await;
    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    let failure = ended(Act::raw(503, "Retry-After: 99999999\r\n", "")).await;
    assert_eq!(failure.retry_after, Some(Duration::from_secs(3600)), "capped");
}

#[tokio::test]
async fn a_redirect_names_where_to_and_nothing_else() {
    let target = "https://user:pw@chat.example.com:8443/app?token=abc#x";
    for status in [301, 302, 303, 307, 308] {
        let failure = ended(Act::raw(status, &format!("Location: {target}\r\n"), "")).await;
        assert_eq!((failure.class, failure.fate()), (Class::Redirected, Fate::NotSent), "{status}");
        assert_eq!(failure.location.as_deref(), Some("https://chat.example.com"));
    }
    let failure = ended(Act::raw(302, "Location: /app/login\r\n", "")).await;
    assert_eq!(failure.location.as_deref(), Some("http://127.0.0.1"));
    let failure = ended(Act::raw(301, "", "")).await;
    assert_eq!((failure.class, failure.location), (Class::Redirected, None));
}

#[tokio::test]
async fn a_refusal_is_shown_in_chatwoots_words() {
    let failure = ended(Act::json(
        422,
        r#"{"message":"Domain is too long (maximum is 100 characters)","attributes":["domain"]}"#,
    ))
    .await;
    assert_eq!(failure.refusal, Some(Refusal("Domain is too long (maximum is 100 characters)".into())));
}

#[tokio::test]
async fn a_refusal_about_a_password_is_never_shown_in_chatwoots_words() {
    let bodies = [
        r#"{"message":"Password contains 1 invalid character (é)","attributes":["password"]}"#,
        r#"{"message":"Name is bad, PASSWORD é is bad","attributes":["name"]}"#,
        r#"{"message":"é is bad","attributes":["password_confirmation"]}"#,
    ];
    for body in bodies {
        let Some(Refusal(text)) = ended(Act::json(422, body)).await.refusal else { panic!("{body}") };
        assert_eq!(text, crate::chatwoot::passwords::RULES);
    }
}

#[tokio::test]
async fn a_refusal_is_cut_cleaned_and_never_repeats_the_token() {
    let long = format!(r#"{{"message":"a\u0000b\nc\u202ed {}","attributes":[]}}"#, "é".repeat(400));
    let Some(Refusal(text)) = ended(Act::json(422, &long)).await.refusal else { panic!() };
    assert!(text.starts_with("ab cd é"), "{text:?}");
    assert_eq!(text.chars().count(), 300);
    let echo = format!(r#"{{"message":"token {TOKEN} is bad","attributes":[]}}"#);
    assert_eq!(ended(Act::json(422, &echo)).await.refusal, None);
    assert_eq!(ended(Act::json(422, r#"{"message":" \n ","attributes":[]}"#)).await.refusal, None);
}

#[tokio::test]
async fn a_page_that_is_not_there_is_told_from_an_account_that_is_not_there() {
    let gone = r#"{"status":404,"error":"Not Found"}"#;
    let denied = r#"{"error":"Invalid access_token"}"#;
    let cases = [
        (Act::json(401, denied), true),
        (Act::json(404, gone), false),
        (Act::html(404), false),
        (Act::html(401), false),
        (Act::json(401, r#"{"error":"Non permissible resource"}"#), false),
        (Act::json(200, ACCOUNT), false),
        (Act::raw(302, "", ""), false),
    ];
    for (answer, vanished) in cases {
        let server = Server::start([Act::json(404, gone), answer.clone(), answer]);
        let platform = server.platform();
        assert_eq!(platform.account(AccountId(42)).await.unwrap_err().class, Class::NotFound);
        assert_eq!(platform.account_vanished(AccountId(42)).await, Ok(vanished));
        assert_eq!(platform.user_vanished(UserId(7)).await, Ok(vanished));
        let seen = server.seen();
        assert_eq!(seen[0].line, seen[1].line, "the same URL");
        assert!(seen[0].header("api-access-token").is_some() && seen[1].header("api-access-token").is_none());
        assert_eq!(seen[2].line, "GET /platform/api/v1/users/7 HTTP/1.1");
    }
    for answer in [Act::html(502), Act::html(500), Act::html(429), Act::Close] {
        let server = Server::start([answer]);
        server.platform().account_vanished(AccountId(42)).await.unwrap_err();
    }
}
