//! Who gets in: §3.1.

use super::tenant::*;
use crate::support::*;
use chatwoot_simulator::{Act, EditAccount, Filter};
use serde_json::{Value, json};

#[tokio::test]
async fn every_way_of_not_getting_in_has_its_own_401() {
    let tenant = Tenant::start().await;
    let (chatwoot, path) = (&tenant.chatwoot, tenant.path("inboxes"));
    let nobody = chatwoot.send(Ask::new("GET", &path)).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.json(), json!({"errors": ["You need to sign in or sign up before continuing."]}));
    chatwoot.by("unknown", "GET", &path, None).await.is_error(401, "Invalid Access Token");
    let for_people = "Access to this endpoint is not authorized for bots";
    let platform = chatwoot.simulator.token().to_owned();
    chatwoot.by(&platform, "GET", &path, None).await.is_error(401, for_people);
    let bot = Act::CreateBot { account: Some(tenant.id), name: "B".into(), outgoing_url: None };
    let bot = chatwoot.act(bot).await.token.unwrap();
    chatwoot.by(&bot, "GET", &path, None).await.is_error(401, for_people);
    let other = chatwoot.account("Other").await;
    let stranger = chatwoot.person(other, "x@other.example", "administrator").await;
    let refused = chatwoot.by(&stranger.token, "GET", &path, None).await;
    refused.is_error(401, "You are not authorized to access this account");
    chatwoot.by(&stranger.token, "GET", "/api/v1/accounts/99/inboxes", None).await.is_missing();
    chatwoot.by(&stranger.token, "GET", "/api/v1/accounts/x/inboxes", None).await.is_missing();
}

#[tokio::test]
async fn the_token_of_somebody_who_is_gone_gets_the_words_for_bots_until_a_job_took_it() {
    let tenant = Tenant::start().await;
    tenant.chatwoot.hold_jobs().await;
    tenant.chatwoot.delete(user(tenant.agent.id)).await.is_empty_200();
    assert_eq!(tenant.agent("GET", "inboxes", Value::Null).await.status, 200, "phase A");
    tenant.chatwoot.run_jobs().await;
    let gone = tenant.agent("GET", "inboxes", Value::Null).await;
    gone.is_error(401, "Access to this endpoint is not authorized for bots");
    tenant.chatwoot.run_jobs().await;
    tenant.agent("GET", "inboxes", Value::Null).await.is_error(401, "Invalid Access Token");
}

#[tokio::test]
async fn a_nul_character_is_a_500_wherever_it_would_be_stored() {
    let tenant = Tenant::start().await;
    for (path, body) in [
        ("teams", json!({"name": "a\u{0}b"})),
        ("webhooks", json!({"url": "https://x.example", "name": "\u{0}"})),
        ("contacts", json!({"name": "\u{0}"})),
        ("inboxes", json!({"name": "\u{0}", "channel": {"type": "api"}})),
    ] {
        tenant.post(path, body).await.is_500();
    }
}

#[tokio::test]
async fn an_agent_doing_an_administrators_work_is_told_401_and_not_403() {
    let tenant = Tenant::start().await;
    let inbox = id(&tenant.inbox("Site").await);
    let team = id(&tenant.post("teams", json!({"name": "sales"})).await.ok());
    let writes = [
        ("POST", "inboxes".to_owned(), json!({"name": "x", "channel": {"type": "api"}})),
        ("PATCH", format!("inboxes/{inbox}"), json!({"name": "x"})),
        ("DELETE", format!("inboxes/{inbox}"), Value::Null),
        ("POST", format!("inboxes/{inbox}/set_agent_bot"), json!({})),
        ("POST", "inbox_members".to_owned(), json!({"inbox_id": inbox, "user_ids": []})),
        ("POST", "teams".to_owned(), json!({"name": "x"})),
        ("DELETE", format!("teams/{team}"), Value::Null),
        ("POST", format!("teams/{team}/team_members"), json!({"user_ids": []})),
        ("POST", "labels".to_owned(), json!({"title": "xx"})),
        ("GET", "webhooks".to_owned(), Value::Null),
        ("POST", "webhooks".to_owned(), json!({"url": "https://x.example"})),
        ("GET", "automation_rules".to_owned(), Value::Null),
        ("POST", "agent_bots".to_owned(), json!({"name": "x"})),
        ("POST", "agents".to_owned(), json!({"email": "x@acme.example"})),
    ];
    for (method, path, body) in writes {
        tenant.agent(method, &path, body).await.is_not_allowed();
    }
    let seen = tenant.chatwoot.control().journal(&Filter::default()).await.unwrap();
    let agents = |entry: &&chatwoot_simulator::Entry| entry.user == Some(tenant.agent.id);
    assert!(seen.iter().filter(agents).all(|entry| entry.commit.is_none()), "nothing was written");
}

#[tokio::test]
async fn p32_a_suspended_account_answers_401_to_its_members_and_to_strangers() {
    let tenant = Tenant::start().await;
    for status in ["suspended", ""] {
        let edit = EditAccount { account: tenant.id, status: Some(status.into()), ..EditAccount::default() };
        tenant.chatwoot.act(Act::EditAccount(edit)).await;
        tenant.get("contacts").await.is_error(401, "Account is suspended");
    }
    let other = tenant.chatwoot.account("Other").await;
    let stranger = tenant.chatwoot.person(other, "x@other.example", "agent").await;
    let refused = tenant.chatwoot.by(&stranger.token, "GET", &tenant.path("contacts"), None).await;
    refused.is_error(401, "Account is suspended");
    let own = tenant.chatwoot.by(&tenant.admin.token, "GET", "/api/v1/profile", None).await.ok();
    assert_eq!(own["accounts"][0]["status"], Value::Null, "the profile still answers");
    let path = format!("/api/v1/accounts/{}", tenant.id);
    let own = tenant.chatwoot.by(&tenant.admin.token, "GET", &path, None).await.ok();
    assert_eq!(own["name"], "Acme", "and so does the account itself");
}

#[tokio::test]
async fn a_wrapper_is_made_for_flat_json_only() {
    let tenant = Tenant::start().await;
    let missing = "param is missing or the value is empty: team";
    assert_eq!(tenant.post("teams", json!({"name": "flat"})).await.ok()["name"], "flat");
    assert_eq!(tenant.post("teams", json!({"team": {"name": "nested"}})).await.ok()["name"], "nested");
    tenant.post("teams", json!({})).await.is_refused(missing);
    tenant.post("teams", json!({"unknown": 1})).await.is_refused(missing);
    tenant.post("teams", json!({"team": {}})).await.is_refused(missing);
    tenant.post("teams", json!({"team": "text"})).await.is_500();
    let form = |body: &str| {
        Ask::new("POST", tenant.path("teams"))
            .header("api-access-token", &tenant.admin.token)
            .body("application/x-www-form-urlencoded", body.to_owned())
    };
    tenant.chatwoot.send(form("name=form")).await.is_refused(missing);
    assert_eq!(tenant.chatwoot.send(form("team[name]=form")).await.ok()["name"], "form");
}

#[tokio::test]
async fn a_path_that_no_release_has_is_rails_own_404() {
    let tenant = Tenant::start().await;
    let page = tenant.get("nothing").await;
    assert_eq!((page.status, page.content_type()), (404, Some("text/html; charset=UTF-8")));
    let old = Tenant::version("4.2").await;
    let reset = "/api/v1/profile/reset_access_token";
    assert_eq!(old.chatwoot.by(&old.admin.token, "POST", reset, None).await.status, 404, "since 4.3");
}

#[tokio::test]
async fn answers_carry_etags_and_the_journal_says_who_asked() {
    let tenant = Tenant::start().await;
    let first = tenant.get("inboxes").await;
    let tag = first.header("etag").unwrap().to_owned();
    let again = Ask::new("GET", tenant.path("inboxes"))
        .header("api-access-token", &tenant.admin.token)
        .header("if-none-match", tag);
    assert_eq!(tenant.chatwoot.send(again).await.status, 304);
    let route = Filter::route("GET /api/v1/accounts/:account_id/inboxes");
    let seen = tenant.chatwoot.control().journal(&route).await.unwrap();
    assert_eq!(
        seen.iter().map(|entry| (entry.user, entry.app)).collect::<Vec<_>>(),
        [(Some(tenant.admin.id), None); 2]
    );
}
