//! The client against Chatwoot's quirks as the simulator plays them: one real call after another, on several releases.

#![cfg(test)]

use chatwoot_operator::chatwoot::{
    features,
    gate::{Entry, Key, Lane, Limits, Reason},
    instance::{Caller, Instance},
    locales,
    marker::{self, Installation, Marker, Reading},
    outcome::{Class, Failure, Fate},
    passwords,
    platform::{Config, INDEX_LIMIT, IndexError, Member, NewAccount, NewUser, Platform, UserPatch},
    types::{AccountId, AccountPatch, AccountState, Map, MemberRole, UserId},
    version::Version,
};
use chatwoot_simulator::{Act, Effect, Options, Simulator};
use secrecy::ExposeSecret;
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

struct Bed {
    chatwoot: Simulator,
    platform: Platform,
}

impl Bed {
    async fn start(options: Options) -> Self {
        let chatwoot = Simulator::start(options).await.unwrap();
        let platform = Platform::new(config(&chatwoot)).unwrap();
        Self { chatwoot, platform }
    }

    async fn of(version: &str) -> Self {
        Self::start(Options { version: version.parse().unwrap(), ..held() }).await
    }

    async fn account(&self, uid: &str) -> AccountId {
        let new = NewAccount { name: "Acme".into(), marker: marker(uid).to_string() };
        self.platform.create_account(&new).await.unwrap().id
    }

    async fn run_jobs(&self) {
        self.chatwoot.act(Act::RunJobs { kinds: vec![] }).await.unwrap();
    }
}

/// Jobs run when a test says so.
fn held() -> Options {
    Options { deletion_delay: 3_600_000, ..Options::default() }
}

fn config(chatwoot: &Simulator) -> Config {
    Config {
        url: chatwoot.url().into(),
        external_url: None,
        token: chatwoot.token().into(),
        ca_pem: None,
        timeout: Duration::from_secs(20),
    }
}

fn marker(uid: &str) -> Marker {
    Installation::new("0123456789abcdef".into(), vec![7; 32]).marker("ChatwootUser", "acme", "n-1", uid, uid)
}

fn marked(uid: &str) -> Map {
    Map::from_iter([(marker::KEY.to_owned(), json!(marker(uid).to_string()))])
}

fn person(email: &str, uid: &str) -> NewUser {
    NewUser {
        email: email.into(),
        name: "Alice".into(),
        display_name: Some("Al".into()),
        password: passwords::generate(&[3; passwords::RANDOM_BYTES]),
        custom_attributes: marked(uid),
    }
}

fn class<T>(result: Result<T, Failure>) -> Class {
    match result {
        Ok(_) => panic!("it worked"),
        Err(failure) => failure.class,
    }
}

#[tokio::test]
async fn a_tenant_comes_lives_and_goes() {
    let bed = Bed::start(held()).await;
    let platform = &bed.platform;
    assert_eq!(platform.version().await, Ok(Version::new(4, 14, 2)));
    platform.probe_token().await.unwrap();

    let id = bed.account("u-1").await;
    let index = platform.accounts_index(INDEX_LIMIT).await.unwrap();
    assert_eq!(index.len(), 1);
    assert_eq!(marker("u-1").compare(index[0].marker.as_deref().unwrap()), Reading::Ours);

    let patch = AccountPatch {
        name: Some("Acme <Support>".into()),
        locale: Some("pt_BR".into()),
        domain: Some("support.acme.example".into()),
        state: Some(AccountState::Suspended),
        limits: Some(Map::from_iter([("agents".into(), json!(10))])),
        ..Default::default()
    };
    platform.update_account(id, &patch).await.unwrap();
    let features = BTreeMap::from([("sla".to_owned(), true), ("macros".to_owned(), false)]);
    platform.update_account(id, &AccountPatch { features, ..Default::default() }).await.unwrap();
    let account = platform.account(id).await.unwrap();
    assert_eq!((account.name.as_str(), account.locale.as_deref()), ("Acme <Support>", Some("pt_BR")));
    assert_eq!((account.state, account.limits["agents"].as_i64()), (AccountState::Suspended, Some(10)));
    assert!(account.features.contains("sla") && !account.features.contains("macros"));
    assert_eq!(marker("u-1").read(&account.custom_attributes), Reading::Ours);

    platform.delete_account(id).await.unwrap();
    platform.account(id).await.unwrap();
    bed.run_jobs().await;
    assert_eq!(class(platform.account(id).await), Class::NotFound);
    assert_eq!(platform.account_vanished(id).await, Ok(true));
    assert_eq!(platform.accounts_index(INDEX_LIMIT).await, Err(IndexError::Broken), "P2");
}

#[tokio::test]
async fn a_person_joins_changes_and_goes() {
    let bed = Bed::start(held()).await;
    let platform = &bed.platform;
    let (account, mine) = (bed.account("u-1").await, marker("p-1"));
    let own = platform.create_user(&person("Alice@Acme.example", "p-1")).await.unwrap().prove(&mine).unwrap();
    assert_eq!((own.email.as_str(), own.display_name.as_deref()), ("alice@acme.example", Some("Al")));
    let id = own.id;

    let member = Member { user: id, role: Some(MemberRole::Agent) };
    assert_eq!(platform.upsert_member(account, id, MemberRole::Agent).await, Ok(member));
    let admin = Member { role: Some(MemberRole::Administrator), ..member };
    assert_eq!(platform.upsert_member(account, id, MemberRole::Administrator).await, Ok(admin));
    assert_eq!(platform.members(account).await, Ok(vec![admin]));
    assert_eq!(platform.user(id).await.unwrap().belongings.len(), 1);
    let nobody = platform.upsert_member(account, UserId(999), MemberRole::Agent).await.unwrap_err();
    assert_eq!((nobody.class, nobody.refusal.unwrap().0.as_str()), (Class::Invalid, "User must exist"));

    let patch =
        UserPatch { name: Some("Alice B".into()), display_name: Some(String::new()), ..Default::default() };
    assert_eq!(platform.update_user(id, &patch).await.unwrap().name, "Alice B");
    let weak = UserPatch { password: Some("correct horse".into()), ..Default::default() };
    let refused = platform.update_user(id, &weak).await.unwrap_err();
    assert_eq!((refused.fate(), refused.refusal.unwrap().0.as_str()), (Fate::Rejected, passwords::RULES));

    let token = platform.token(id).await.unwrap();
    assert_eq!(token.expose_secret(), own.access_token().unwrap().expose_secret());
    assert!(platform.login(id).await.unwrap().expose_secret().contains("sso_auth_token="));

    platform.remove_member(account, id).await.unwrap();
    platform.remove_member(account, id).await.unwrap();
    assert_eq!(platform.members(account).await, Ok(vec![]));
    platform.delete_user(id).await.unwrap();
    bed.run_jobs().await;
    assert_eq!(class(platform.user(id).await), Class::NotFound);
    assert_eq!(platform.user_vanished(id).await, Ok(true));
}

#[tokio::test]
async fn a_matching_email_never_hands_over_a_strangers_token() {
    let bed = Bed::start(held()).await;
    bed.platform.create_user(&person("alice@acme.example", "theirs")).await.unwrap();
    let answer = bed.platform.create_user(&person("alice@acme.example", "ours")).await.unwrap();
    assert_eq!(answer.prove(&marker("ours")).unwrap_err(), Reading::Foreign);
}

#[tokio::test]
async fn what_another_app_owns_is_not_permitted_and_a_wrong_token_is_unauthorized() {
    let tokens = vec!["first-token".to_owned(), "second-token".to_owned()];
    let bed = Bed::start(Options { platform_tokens: tokens, ..held() }).await;
    let id = bed.account("u-1").await;
    let as_token =
        |token: &str| Platform::new(Config { token: token.into(), ..config(&bed.chatwoot) }).unwrap();
    let other = as_token("second-token");
    other.probe_token().await.unwrap();
    assert_eq!(class(other.account(id).await), Class::NotPermitted);
    assert_eq!(class(other.delete_account(id).await), Class::NotPermitted);
    let stranger = as_token("no-token");
    assert_eq!(class(stranger.probe_token().await), Class::Unauthorized);
    assert_eq!(class(stranger.account(id).await), Class::Unauthorized);
}

#[tokio::test]
async fn forced_tls_is_a_redirect_that_the_external_url_explains_away() {
    let bed = Bed::start(Options { force_ssl: true, ..held() }).await;
    let redirected = bed.platform.account(AccountId(1)).await.unwrap_err();
    assert_eq!(
        (redirected.class, redirected.location.as_deref()),
        (Class::Redirected, Some("https://127.0.0.1"))
    );
    let external_url = Some("https://chat.example.com".to_owned());
    let behind = Platform::new(Config { external_url, ..config(&bed.chatwoot) }).unwrap();
    behind.probe_token().await.unwrap();
}

#[tokio::test]
async fn each_release_takes_exactly_the_flags_and_locales_the_tables_say() {
    for text in ["4.2.0", "4.5.0", "4.10.0", "4.14.0", "4.14.2", "4.15.1"] {
        let bed = Bed::of(text).await;
        let version = bed.platform.version().await.unwrap();
        assert_eq!(version, text.parse().unwrap());
        let id = bed.account("u-1").await;
        for flag in features::flags() {
            let features = BTreeMap::from([(flag.name.to_owned(), true)]);
            let answer =
                bed.platform.update_account(id, &AccountPatch { features, ..Default::default() }).await;
            let allowed = features::check_feature(flag.name, version).is_ok();
            assert_eq!(answer.is_ok(), allowed, "{} on {text}", flag.name);
            assert!(allowed || class(answer) == Class::Server);
        }
        for code in locales::codes() {
            let patch = AccountPatch { locale: Some(code.into()), ..Default::default() };
            let answer = bed.platform.update_account(id, &patch).await;
            assert_eq!(answer.is_ok(), locales::check_locale(code, version).is_ok(), "{code} on {text}");
        }
    }
}

#[tokio::test]
async fn an_older_chatwoot_lacks_what_the_version_says_it_lacks() {
    for text in ["4.2.0", "4.3.0", "4.5.0"] {
        let bed = Bed::of(text).await;
        let version: Version = text.parse().unwrap();
        bed.account("u-1").await;
        let index = bed.platform.accounts_index(INDEX_LIMIT).await;
        assert_eq!(
            index.as_ref().err(),
            (!version.has_account_index()).then_some(&IndexError::Unsupported),
            "{text}"
        );
        let id = bed.platform.create_user(&person("a@acme.example", "p-1")).await.unwrap().id;
        assert_eq!(bed.platform.token(id).await.is_ok(), version.has_token_route(), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_went_missing_is_ambiguous_whether_or_not_the_account_was_made() {
    let bed = Bed::start(held()).await;
    let faults = [
        (Effect::ResetBeforeCommit, 0),
        (Effect::CloseBeforeCommit, 0),
        (Effect::ResetAfterCommit, 1),
        (Effect::CloseAfterCommit, 1),
        (Effect::TruncateAfterCommit, 1),
        (Effect::Html { status: 502, after_commit: true }, 1),
        (Effect::Html { status: 401, after_commit: true }, 1),
        (Effect::Html { status: 422, after_commit: true }, 1),
        (Effect::Empty { status: 200, after_commit: true }, 1),
        (Effect::Status { status: 500, after_commit: false }, 0),
    ];
    let mut expected = 0;
    for (fault, accounts) in faults {
        bed.chatwoot.fault_once("POST /platform/api/v1/accounts", fault.clone()).await.unwrap();
        let new = NewAccount { name: "Acme".into(), marker: marker("u-1").to_string() };
        let failure = bed.platform.create_account(&new).await.unwrap_err();
        assert_eq!(failure.fate(), Fate::Ambiguous, "{fault:?}");
        expected += accounts;
        let made = bed.platform.accounts_index(INDEX_LIMIT).await.unwrap();
        assert_eq!(made.len(), expected, "no request is repeated: {fault:?}");
    }
}

#[tokio::test]
async fn the_throttle_stops_everybody_and_not_only_the_one_who_met_it() {
    let chatwoot = Simulator::start(Options { requests_per_minute: 3, ..held() }).await.unwrap();
    let limits = Limits { per_minute: 60_000, in_flight: 2 };
    let instance = Instance::new(config(&chatwoot), limits, Arc::new(drop), None).unwrap();
    let enter = |name: &str| instance.enter(Lane::Change, &Key::new("ChatwootAccount", "acme", name));
    let Entry::Turn(caller) = enter("first") else { panic!("no turn") };
    // A new minute may begin in between, so twice the budget is certain to meet the throttle.
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(probe(&caller).await);
    }
    assert!(answers[..3].iter().all(Result::is_ok), "{answers:?}");
    let met = answers.iter().find_map(|answer| answer.as_ref().err()).unwrap();
    assert_eq!((met.class, met.status, met.fate()), (Class::RateLimited, Some(429), Fate::NotSent));
    assert!(matches!(enter("second"), Entry::Closed { reason: Reason::Throttled, .. }));
}

async fn probe(caller: &Caller) -> Result<(), Failure> {
    caller.call(|platform| platform.probe_token()).await
}
