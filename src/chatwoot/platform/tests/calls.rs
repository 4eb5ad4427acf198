//! What goes out, and what is made of the answer.

use super::*;
use crate::chatwoot::{
    marker::{Marker, Reading},
    types::{AccountPatch, AccountState, Belonging, MemberRole},
};
use ::secrecy::ExposeSecret;
use serde_json::{Value, json};

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn every_request_carries_the_token_under_a_name_that_proxies_let_through() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    server.platform().account(AccountId(42)).await.unwrap();
    let [seen] = &server.seen()[..] else { panic!() };
    assert_eq!(seen.line, "GET /platform/api/v1/accounts/42 HTTP/1.1");
    assert_eq!(seen.header("Api-Access-Token"), Some(TOKEN));
    assert_eq!(seen.header("Accept"), Some("application/json"));
    assert_eq!(seen.header("X-Forwarded-Proto"), None);
    assert_eq!(seen.header("Content-Type"), None);
}

#[tokio::test]
async fn a_chatwoot_that_forces_tls_is_told_that_the_request_came_by_tls() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let config = Config { external_url: Some("https://chat.example.com".into()), ..server.config() };
    Platform::new(config).unwrap().account(AccountId(42)).await.unwrap();
    assert_eq!(server.seen()[0].header("X-Forwarded-Proto"), Some("https"));
    let config = Config { external_url: Some("http://chat.example.com".into()), ..server.config() };
    Platform::new(config).unwrap().account(AccountId(42)).await.unwrap();
    assert_eq!(server.seen()[1].header("X-Forwarded-Proto"), None);
}

#[tokio::test]
async fn a_path_prefix_stays_in_front() {
    for slash in ["", "/"] {
        let server = Server::start([Act::json(200, ACCOUNT)]);
        let config = Config { url: format!("{}/support/chat{slash}", server.url()), ..server.config() };
        Platform::new(config).unwrap().account(AccountId(42)).await.unwrap();
        assert_eq!(server.seen()[0].line, "GET /support/chat/platform/api/v1/accounts/42 HTTP/1.1");
    }
}

#[tokio::test]
async fn an_account_is_created_with_name_and_marker_and_nothing_else() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let account = server.platform().create_account(&new_account()).await.unwrap();
    assert_eq!((account.id, account.state), (AccountId(42), AccountState::Active));
    assert_eq!(account.features, ["help_center".to_owned()].into());
    let [seen] = &server.seen()[..] else { panic!() };
    assert_eq!(seen.line, "POST /platform/api/v1/accounts HTTP/1.1");
    assert_eq!(seen.header("Content-Type"), Some("application/json"));
    let expected = json!({"name": "Acme", "custom_attributes": {"chatwoot_operator": "v1:i:o:n:u"}});
    assert_eq!(body(&seen.body), expected);
}

#[tokio::test]
async fn an_answer_about_another_object_is_not_taken_for_the_one_asked_for() {
    let server = Server::start([Act::json(200, ACCOUNT)]);
    let platform = server.platform();
    assert_eq!(platform.account(AccountId(4)).await.unwrap_err().class, Class::Unexpected);
    let patch = AccountPatch { name: Some("x".into()), ..Default::default() };
    assert_eq!(platform.update_account(AccountId(4), &patch).await.unwrap_err().class, Class::Unexpected);
    platform.update_account(AccountId(42), &patch).await.unwrap();
    assert_eq!(server.seen()[2].line, "PATCH /platform/api/v1/accounts/42 HTTP/1.1");
    assert_eq!(body(&server.seen()[2].body), json!({"name": "x"}));
    let server = Server::start([Act::json(200, USER)]);
    assert_eq!(server.platform().user(UserId(8)).await.unwrap_err().class, Class::Unexpected);
}

#[tokio::test]
async fn deletions_and_removals_answer_with_nothing() {
    let server = Server::start([Act::json(200, "")]);
    let platform = server.platform();
    platform.delete_account(AccountId(42)).await.unwrap();
    platform.delete_user(UserId(7)).await.unwrap();
    platform.remove_member(AccountId(42), UserId(7)).await.unwrap();
    let seen = server.seen();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.trim_end_matches(" HTTP/1.1")).collect();
    let root = "DELETE /platform/api/v1";
    assert_eq!(
        lines,
        [
            format!("{root}/accounts/42"),
            format!("{root}/users/7"),
            format!("{root}/accounts/42/account_users")
        ]
    );
    assert_eq!(body(&seen[2].body), json!({"user_id": 7}));
    let login_page = Server::start([Act::html(200)]);
    assert_eq!(
        login_page.platform().delete_account(AccountId(42)).await.unwrap_err().class,
        Class::Unexpected
    );
}

#[tokio::test]
async fn members_are_listed_and_set_by_role() {
    let row = r#"{"id":1,"account_id":42,"user_id":7,"role":"administrator","availability":"online"}"#;
    let null = r#"{"user_id":8,"role":null}"#;
    let server = Server::start([Act::json(200, &format!("[{row},{null}]")), Act::json(200, row)]);
    let platform = server.platform();
    let admin = Member { user: UserId(7), role: Some(MemberRole::Administrator) };
    assert_eq!(
        platform.members(AccountId(42)).await.unwrap(),
        [admin, Member { user: UserId(8), role: None }]
    );
    let set = platform.upsert_member(AccountId(42), UserId(7), MemberRole::Administrator).await;
    assert_eq!(set, Ok(admin));
    assert_eq!(body(&server.seen()[1].body), json!({"user_id": 7, "role": "administrator"}));
    let other = platform.upsert_member(AccountId(42), UserId(9), MemberRole::Agent).await;
    assert_eq!(other.unwrap_err().class, Class::Unexpected);
}

fn marker(uid: &str) -> Marker {
    Marker::parse(&format!("v1:i:o:n:{uid}")).unwrap()
}

#[tokio::test]
async fn a_persons_token_is_out_of_reach_until_the_marker_is_ours() {
    let server = Server::start([Act::json(200, USER)]);
    let answer = server.platform().create_user(&new_user()).await.unwrap();
    assert_eq!((answer.id, answer.name.as_str()), (UserId(7), "Alice"));
    assert_eq!(
        answer.belongings,
        [
            Belonging { account: AccountId(42), role: Some(MemberRole::Administrator) },
            Belonging { account: AccountId(43), role: None },
        ]
    );
    let own = answer.prove(&marker("u")).unwrap();
    assert_eq!(own.access_token().unwrap().expose_secret(), "users-api-token-77");
    let again = server.platform().user(UserId(7)).await.unwrap();
    assert_eq!(again.prove(&marker("another")).unwrap_err(), Reading::Recreated);
    let unmarked = USER.replace("chatwoot_operator", "other");
    let server = Server::start([Act::json(200, &unmarked)]);
    let answer = server.platform().user(UserId(7)).await.unwrap();
    assert_eq!(answer.prove(&marker("u")).unwrap_err(), Reading::Absent);
}

#[tokio::test]
async fn a_person_is_created_and_changed_with_exactly_what_is_given() {
    let server = Server::start([Act::json(200, USER)]);
    let platform = server.platform();
    platform.create_user(&new_user()).await.unwrap();
    let patch = UserPatch {
        display_name: Some(String::new()),
        password: Some(PASSWORD.into()),
        ..Default::default()
    };
    platform.update_user(UserId(7), &patch).await.unwrap();
    let seen = server.seen();
    let expected = json!({"email": "alice@acme.example", "name": "Alice", "password": PASSWORD, "custom_attributes": {}});
    assert_eq!(body(&seen[0].body), expected);
    assert_eq!(seen[1].line, "PATCH /platform/api/v1/users/7 HTTP/1.1");
    assert_eq!(body(&seen[1].body), json!({"display_name": "", "password": PASSWORD}));
}

#[test]
fn a_link_without_an_address_gets_the_sites() {
    let path = "/app/login?email=a%40b.co&sso_auth_token=ff";
    for site in ["https://chat.example.com", "https://chat.example.com/"] {
        let link = absolute(path.into(), site);
        assert_eq!(link.expose_secret(), format!("https://chat.example.com{path}"));
        assert_eq!(absolute(link.clone(), "https://other.example").expose_secret(), link.expose_secret());
    }
}

#[tokio::test]
async fn links_and_tokens_are_read() {
    let link = "https://chat.example.com/app/login?email=a%40b.co&sso_auth_token=ff";
    let token = r#"{"access_token":"t-1","expiry":null,"user":{"id":7}}"#;
    let server = Server::start([Act::json(200, &json!({"url": link}).to_string()), Act::json(200, token)]);
    let platform = server.platform();
    assert_eq!(platform.login(UserId(7)).await.unwrap().expose_secret(), link);
    assert_eq!(platform.token(UserId(7)).await.unwrap().expose_secret(), "t-1");
    assert_eq!(server.seen()[1].line, "POST /platform/api/v1/users/7/token HTTP/1.1");
    for body in [r#"{"access_token":null}"#, r#"{"access_token":""}"#, "{}", r#"["t-1"]"#] {
        let server = Server::start([Act::json(200, body)]);
        assert_eq!(server.platform().token(UserId(7)).await.unwrap_err().class, Class::Unexpected, "{body}");
    }
}

#[tokio::test]
async fn the_version_is_asked_for_without_a_token() {
    let about = r#"{"version":"4.14.2","timestamp":"x","queue_services":"ok","data_services":"failing"}"#;
    let server = Server::start([Act::json(200, about)]);
    let told = server.platform().about().await.unwrap();
    assert_eq!(told, About { version: "4.14.2".parse().unwrap(), queue_works: true, database_works: false });
    assert_eq!(server.platform().version().await, Ok(told.version));
    let seen = server.seen();
    assert_eq!((seen[0].line.as_str(), seen[0].header("api-access-token")), ("GET /api HTTP/1.1", None));
    for body in ["{}", r#"{"version":"develop"}"#, r#"{"version":4}"#] {
        let server = Server::start([Act::json(200, body)]);
        assert_eq!(server.platform().version().await.unwrap_err().class, Class::Unexpected, "{body}");
    }
}

#[tokio::test]
async fn a_token_is_good_when_chatwoot_looks_for_the_account_at_all() {
    let cases = [
        (Act::json(404, r#"{"status":404,"error":"Not Found"}"#), Ok(())),
        (Act::json(401, r#"{"error":"Invalid access_token"}"#), Err(Class::Unauthorized)),
        (Act::html(401), Err(Class::Unauthorized)),
        (Act::html(404), Err(Class::NotRouted)),
        (Act::json(200, ACCOUNT), Err(Class::Unexpected)),
    ];
    for (act, expected) in cases {
        let server = Server::start([act]);
        let probed = server.platform().probe_token().await.map_err(|failure| failure.class);
        assert_eq!(probed, expected);
        assert_eq!(server.seen()[0].line, "GET /platform/api/v1/accounts/0 HTTP/1.1");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_what_to_write() {
    let config = |url: &str, token: &str| Config {
        url: url.into(),
        external_url: None,
        token: token.into(),
        ca_pem: None,
        timeout: Duration::from_secs(1),
    };
    let refused = |config| Platform::new(config).unwrap_err().to_string();
    for url in [
        "",
        "chat.example.com",
        "ftp://x",
        "http://",
        "http://u:p@x",
        "http://x?a=1",
        "http://x#a",
        "http:// x",
    ] {
        assert!(refused(config(url, "t")).starts_with("url: "), "{url}");
    }
    assert!(!refused(config("http://u:secret@x", "t")).contains("secret"));
    assert_eq!(Platform::new(config("http://x", " \n")).unwrap_err(), ConfigError::EmptyToken);
    for token in ["a b", "a\nb", "ä"] {
        assert_eq!(Platform::new(config("http://x", token)).unwrap_err(), ConfigError::BadToken, "{token:?}");
    }
    assert!(Platform::new(config("http://x/", "token\n")).is_ok(), "a line break at the end is usual");
    for ca in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let config = Config { ca_pem: Some(ca.into()), ..config("https://x", "t") };
        assert_eq!(Platform::new(config).unwrap_err(), ConfigError::Ca, "{ca:?}");
    }
    let zero = Config { timeout: Duration::ZERO, ..config("http://x", "t") };
    assert_eq!(Platform::new(zero).unwrap_err(), ConfigError::Timeout);
    let external = Config { external_url: Some("chat".into()), ..config("http://x", "t") };
    assert!(refused(external).starts_with("externalURL: "));
}
