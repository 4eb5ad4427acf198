//! The account index in every state it can be in.

use super::*;

async fn index(act: Act) -> Result<Vec<Indexed>, IndexError> {
    Server::start([act]).platform().accounts_index(INDEX_LIMIT).await
}

fn indexed(id: i64, marker: Option<&str>) -> Indexed {
    Indexed { id: AccountId(id), marker: marker.map(str::to_owned) }
}

#[tokio::test]
async fn accounts_are_listed_with_their_markers() {
    let list = format!(r#"[{ACCOUNT},{{"id":43,"name":null,"custom_attributes":{{}}}},{{"id":44}}]"#);
    let server = Server::start([Act::json(200, &list)]);
    let found = server.platform().accounts_index(INDEX_LIMIT).await.unwrap();
    assert_eq!(found, [indexed(42, Some("v1:i:o:n:u")), indexed(43, None), indexed(44, None)]);
    assert_eq!(server.seen()[0].line, "GET /platform/api/v1/accounts HTTP/1.1");
    assert_eq!(index(Act::json(200, " [] ")).await.unwrap(), []);
}

#[tokio::test]
async fn an_index_that_says_nothing_is_never_taken_for_an_empty_one() {
    let internal = r#"{"status":500,"error":"Internal Server Error"}"#;
    let cases = [
        (Act::html(404), IndexError::Unsupported),
        (Act::json(404, r#"{"status":404,"error":"Not Found"}"#), IndexError::Unsupported),
        (Act::json(500, internal), IndexError::Broken),
        (Act::json(200, "[null]"), IndexError::Broken),
        (Act::json(200, "{}"), IndexError::Broken),
        (Act::json(200, ""), IndexError::Broken),
        (Act::json(200, "[]]"), IndexError::Broken),
        (Act::json(200, r#"[{"id":1},{"name":"x"}]"#), IndexError::Broken),
        (Act::json(200, r#"[{"id":1}"#), IndexError::Broken),
    ];
    for (act, expected) in cases {
        assert_eq!(index(act).await, Err(expected));
    }
    for (act, class) in [
        (Act::html(200), Class::Unexpected),
        (Act::html(502), Class::Proxy),
        (Act::html(401), Class::Unauthorized),
        (Act::html(429), Class::RateLimited),
        (Act::html(301), Class::Redirected),
        (Act::Close, Class::Transport),
    ] {
        let Err(IndexError::Unavailable(failure)) = index(act).await else { panic!("{class:?}") };
        assert_eq!(failure.class, class);
    }
}

#[tokio::test]
async fn a_list_cut_short_is_no_list() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 500\r\n\r\n";
    let Err(IndexError::Unavailable(failure)) = index(Act::Answer(format!("{head}[{{\"id\":1}}]"))).await
    else {
        panic!()
    };
    assert_eq!((failure.class, failure.status), (Class::Transport, Some(200)));
}

#[tokio::test]
async fn a_list_beyond_the_limit_is_too_large_whether_announced_or_not() {
    let list = format!("[{}]", vec![r#"{"id":1,"name":"Acme"}"#; 10_000].join(","));
    let announced = Server::start([Act::json(200, &list)]);
    assert_eq!(announced.platform().accounts_index(100_000).await, Err(IndexError::TooLarge));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let silent = Server::start([Act::Answer(format!("{head}{list}"))]);
    assert_eq!(silent.platform().accounts_index(100_000).await, Err(IndexError::TooLarge));
    let exact = silent.platform().accounts_index(list.len()).await.unwrap();
    assert_eq!(exact.len(), 10_000);
}
