//! §6: what differs from release to release.

use crate::support::*;
use chatwoot_simulator::{Act, EditUser};
use serde_json::{Value, json};

const JSON_404: &str = r#"{"status":404,"error":"Not Found"}"#;

async fn routed(chatwoot: &Chatwoot, method: &'static str, path: &str) -> bool {
    let answer = chatwoot.sent(Ask::new(method, path)).await;
    let page = answer.content_type() == Some("text/html; charset=UTF-8");
    assert_eq!(page, answer.status == 404, "{}", answer.text());
    !page
}

#[tokio::test]
async fn the_account_index_appeared_in_4_5() {
    for (version, there) in [("4.2", false), ("4.4.0", false), ("4.5", true), ("4.14", true)] {
        let chatwoot = Chatwoot::version(version).await;
        assert_eq!(routed(&chatwoot, "GET", ACCOUNTS).await, there, "{version}");
    }
    let old = Chatwoot::version("4.2").await;
    let asked = old.sent(Ask::new("GET", ACCOUNTS).header("accept", "application/json")).await;
    assert_eq!((asked.status, asked.text()), (404, JSON_404));
}

#[tokio::test]
async fn the_token_endpoint_appeared_in_4_3_and_health_in_4_11() {
    for (version, token, health) in
        [("4.2", false, false), ("4.5", true, false), ("4.10", true, false), ("4.14", true, true)]
    {
        let chatwoot = Chatwoot::version(version).await;
        let id = chatwoot.user("al@acme.example").await;
        assert_eq!(routed(&chatwoot, "POST", &format!("{}/token", user(id))).await, token, "{version}");
        assert_eq!(routed(&chatwoot, "GET", "/health").await, health, "{version}");
    }
}

#[tokio::test]
async fn email_channel_migrations_appeared_in_4_12_1() {
    for (version, there) in [("4.10", false), ("4.12.0", false), ("4.12.1", true)] {
        let chatwoot = Chatwoot::version(version).await;
        let id = chatwoot.account("Acme").await;
        let path = format!("{}/email_channel_migrations", account(id));
        assert_eq!(routed(&chatwoot, "POST", &path).await, there, "{version}");
    }
}

#[tokio::test]
async fn the_probe_tells_the_version_without_a_token() {
    for (version, full) in
        [("4.2", "4.2.0"), ("4.5", "4.5.0"), ("4.10", "4.10.0"), ("4.14", "4.14.2"), ("3.9.0", "3.9.0")]
    {
        let chatwoot = Chatwoot::version(version).await;
        let probe = chatwoot.send(Ask::new("GET", "/api")).await.ok();
        assert_eq!(keys(&probe), ["data_services", "queue_services", "timestamp", "version"]);
        assert_eq!(probe["version"], full);
        assert_eq!((&probe["queue_services"], &probe["data_services"]), (&json!("ok"), &json!("ok")));
    }
    let chatwoot = Chatwoot::start().await;
    chatwoot.act(Act::SetServices { redis: false, postgres: true }).await;
    assert_eq!(chatwoot.send(Ask::new("GET", "/api")).await.ok()["queue_services"], "failing");
    assert_eq!(chatwoot.send(Ask::new("GET", "/health")).await.text(), r#"{"status":"woot"}"#);
}

#[tokio::test]
async fn each_release_has_its_own_flags_and_a_replaced_name_is_unknown_to_the_newer_one() {
    let knows = async |version: &str, flag: &str| {
        let chatwoot = Chatwoot::version(version).await;
        let id = chatwoot.account("Acme").await;
        chatwoot.patch(account(id), json!({"features": {flag: true}})).await.status == 200
    };
    for (flag, first, last) in [
        ("channel_voice", "4.4.0", None),
        ("saml", "4.6.0", None),
        ("csat_review_notes", "4.10", None),
        ("captain_tasks", "4.11.0", None),
        ("conversation_unread_counts", "4.14.1", None),
        ("channel_twitter", "4.2", Some("4.14.1")),
        ("mobile_v2", "4.2", Some("4.12.0")),
        ("response_bot", "4.2", Some("4.13.0")),
        ("report_v4", "4.2", Some("4.14.0")),
        ("twilio_content_templates", "4.6.0", Some("4.14.0")),
    ] {
        assert!(knows(first, flag).await, "{flag} at {first}");
        if first != "4.2" {
            assert!(!knows("4.2", flag).await, "{flag} at 4.2");
        }
        match last {
            Some(gone) => assert!(!knows(gone, flag).await, "{flag} at {gone}"),
            None => assert!(knows("4.14", flag).await, "{flag} at 4.14"),
        }
    }
}

#[tokio::test]
async fn new_accounts_get_the_flags_of_their_release() {
    let flags = async |version: &str| {
        Chatwoot::version(version).await.post(ACCOUNTS, json!({"name": "A"})).await.ok()["features"].clone()
    };
    let (old, new) = (flags("4.2").await, flags("4.14").await);
    assert_eq!((old.get("report_v4"), new.get("report_v4")), (Some(&json!(true)), None));
    assert_eq!((old.get("assignment_v2"), new.get("assignment_v2")), (None, Some(&json!(true))));
    assert_eq!((old.get("chatwoot_v4"), new.get("chatwoot_v4")), (None, Some(&json!(true))));
}

#[tokio::test]
async fn an_upgrade_keeps_the_bits_and_changes_their_names() {
    let chatwoot = Chatwoot::version("4.2").await;
    let id = chatwoot.account("Acme").await;
    assert_eq!(chatwoot.get(account(id)).await.ok()["features"]["channel_twitter"], true);
    chatwoot.act(Act::SetVersion { version: "4.14".parse().unwrap() }).await;
    let features = chatwoot.get(account(id)).await.ok()["features"].clone();
    assert_eq!(
        (features.get("channel_twitter"), &features["conversation_unread_counts"]),
        (None, &json!(true))
    );
}

#[tokio::test]
async fn bulgarian_came_with_4_5_and_estonian_with_4_13() {
    for (version, bg, et) in [("4.2", 500, 500), ("4.5", 200, 500), ("4.10", 200, 500), ("4.14", 200, 200)] {
        let chatwoot = Chatwoot::version(version).await;
        let status =
            async |locale: &str| chatwoot.post(ACCOUNTS, json!({"name": "A", "locale": locale})).await.status;
        assert_eq!((status("bg").await, status("et").await, status("sr").await), (bg, et, 200), "{version}");
    }
}

#[tokio::test]
async fn an_account_without_a_name_was_a_500_before_4_9() {
    for version in ["4.2", "4.5", "4.8.1"] {
        let chatwoot = Chatwoot::version(version).await;
        chatwoot.post(ACCOUNTS, json!({})).await.is_500();
        assert!(chatwoot.state().await.accounts.is_empty());
        assert_eq!(chatwoot.post(ACCOUNTS, json!({"name": ""})).await.ok()["name"], "");
    }
    let chatwoot = Chatwoot::version("4.10").await;
    chatwoot.post(ACCOUNTS, json!({"name": ""})).await.is_422("Name can't be blank", &["name"]);
}

#[tokio::test]
async fn a_person_without_a_name_was_a_500_before_4_14() {
    for version in ["4.2", "4.10", "4.13.0"] {
        let chatwoot = Chatwoot::version(version).await;
        let body = json!({"email": "a@b.co", "password": PASSWORD});
        chatwoot.post(USERS, body).await.is_500();
        assert!(chatwoot.state().await.users.is_empty());
        let blank =
            chatwoot.post(USERS, json!({"name": "", "email": "a@b.co", "password": PASSWORD})).await.ok();
        assert_eq!(blank["name"], "");
        let id = blank["id"].as_i64().unwrap();
        chatwoot.patch(user(id), json!({"name": null})).await.is_500();
        chatwoot
            .act(Act::EditUser(EditUser { user: id, name: Some(String::new()), ..Default::default() }))
            .await;
        assert_eq!(chatwoot.post(USERS, json!({"email": "a@b.co"})).await.status, 200, "P8 came later");
    }
}

#[tokio::test]
async fn support_addresses_were_not_validated_before_4_13() {
    for (version, status) in [("4.2", 200), ("4.10", 200), ("4.13.0", 422), ("4.14", 422)] {
        let chatwoot = Chatwoot::version(version).await;
        let body = json!({"name": "A", "support_email": "not an email"});
        assert_eq!(chatwoot.post(ACCOUNTS, body).await.status, status, "{version}");
    }
}

#[tokio::test]
async fn a_membership_row_grew_a_column_in_4_5() {
    for (version, there) in [("4.2", false), ("4.5", true), ("4.14", true)] {
        let chatwoot = Chatwoot::version(version).await;
        let (id, person) = (chatwoot.account("A").await, chatwoot.user("al@acme.example").await);
        let row = chatwoot.member(id, person).await.ok();
        assert_eq!(row.get("agent_capacity_policy_id").is_some(), there, "{version}");
        assert!(row.get("custom_role_id").is_some());
    }
}

#[tokio::test]
async fn before_4_6_an_account_never_opened_came_first() {
    for (version, current) in [("4.5", "never"), ("4.6.0", "opened"), ("4.14", "opened")] {
        let chatwoot = Chatwoot::version(version).await;
        let person = chatwoot.user("al@acme.example").await;
        let (opened, never) = (chatwoot.account("opened").await, chatwoot.account("never").await);
        chatwoot.member(opened, person).await.ok();
        chatwoot.member(never, person).await.ok();
        chatwoot.act(Act::OpenAccount { account: opened, user: person }).await;
        let shown = chatwoot.get(user(person)).await.ok();
        let expected = if current == "opened" { opened } else { never };
        assert_eq!(shown["account_id"], expected, "{version}");
    }
}

#[tokio::test]
async fn p36_a_bots_url_was_shown_as_its_name_before_4_12() {
    for (version, url) in [("4.2", "Bot"), ("4.10", "Bot"), ("4.12.0", "http://b"), ("4.14", "http://b")] {
        let chatwoot = Chatwoot::version(version).await;
        let made = chatwoot.post(BOTS, json!({"name": "Bot", "outgoing_url": "http://b"})).await.ok();
        assert_eq!(made["outgoing_url"], url, "{version}");
    }
}

#[tokio::test]
async fn a_deleted_bot_broke_the_list_before_4_14() {
    let chatwoot = Chatwoot::version("4.13.0").await;
    let id = chatwoot.post(BOTS, json!({})).await.ok()["id"].as_i64().unwrap();
    chatwoot.delete(bot(id)).await.is_empty_200();
    chatwoot.get(BOTS).await.is_500();
    chatwoot.act(Act::SetVersion { version: "4.14".parse().unwrap() }).await;
    assert_eq!(chatwoot.get(BOTS).await.ok(), json!([]), "the newer release tolerates the orphan");
}

#[tokio::test]
async fn the_emails_limit_came_with_4_11() {
    for (version, status) in [("4.10", 422), ("4.11.0", 200)] {
        let chatwoot = Chatwoot::enterprise().await;
        chatwoot.act(Act::SetVersion { version: version.parse().unwrap() }).await;
        let made = chatwoot.post(ACCOUNTS, json!({"name": "A", "limits": {"emails": 1}})).await;
        assert_eq!(made.status, status, "{version}");
    }
}

#[tokio::test]
async fn p33_the_nightly_reset_takes_premium_flags_on_enterprise_only() {
    let chatwoot = Chatwoot::enterprise().await;
    let id = chatwoot.account("Acme").await;
    let on = json!({"features": {"sla": true, "audit_logs": true, "companies": true}});
    chatwoot.patch(account(id), on).await.ok();
    assert_eq!(chatwoot.act(Act::PremiumReset).await.count, Some(1));
    let features = chatwoot.get(account(id)).await.ok()["features"].clone();
    let flag = |name: &str| features.get(name).cloned().unwrap_or(Value::Null);
    assert_eq!((flag("sla"), flag("audit_logs"), flag("companies")), (Value::Null, Value::Null, json!(true)));
    let community = Chatwoot::start().await;
    let refused = community.control().act(Act::PremiumReset).await.unwrap_err();
    assert!(refused.to_string().contains("no such job"), "{refused}");
}
