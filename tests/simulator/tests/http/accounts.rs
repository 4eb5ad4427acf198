//! Accounts: P1, P2, P9–P12, P15–P17, P34, P39.

use crate::support::*;
use chatwoot_simulator::{Act, EditAccount, Kind, Options};
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_account_has_exactly_nine_keys_and_only_enabled_flags() {
    let chatwoot = Chatwoot::start().await;
    let made = chatwoot.post(ACCOUNTS, json!({"name": "Acme"})).await.ok();
    let nine = [
        "custom_attributes",
        "domain",
        "features",
        "id",
        "limits",
        "locale",
        "name",
        "status",
        "support_email",
    ];
    assert_eq!(keys(&made), nine);
    assert_eq!(
        (&made["locale"], &made["status"], &made["domain"]),
        (&json!("en"), &json!("active"), &Value::Null)
    );
    assert_eq!((&made["custom_attributes"], &made["limits"]), (&json!({}), &json!({})));
    assert_eq!(made["features"]["macros"], true);
    assert_eq!(made["features"].get("sla"), None);
    assert!(made["features"].as_object().unwrap().values().all(|on| *on == json!(true)));
}

#[tokio::test]
async fn p1_an_unknown_feature_leaks_an_account_nobody_may_touch() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.post(ACCOUNTS, json!({"name": "Acme", "features": {"nope": false}})).await.is_500();
    let state = chatwoot.state().await;
    let leaked = state.accounts[0].id;
    assert_eq!(state.accounts.len(), 1);
    assert!(state.permissions.is_empty());
    chatwoot.get(account(leaked)).await.is_error(401, "Non permissible resource");
    assert_eq!(chatwoot.get(ACCOUNTS).await.ok(), json!([]));
    assert!(chatwoot.account("Next").await > leaked);
}

#[tokio::test]
async fn p1_an_unknown_feature_in_a_patch_saves_nothing_at_all() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let before = chatwoot.get(account(id)).await.ok();
    chatwoot
        .patch(account(id), json!({"name": "New", "features": {"sla": true, "nope": true}}))
        .await
        .is_500();
    assert_eq!(chatwoot.get(account(id)).await.ok(), before);
}

#[tokio::test]
async fn p2_the_index_breaks_for_ever_once_a_permitted_account_is_gone() {
    let chatwoot = Chatwoot::start().await;
    let (kept, gone) = (chatwoot.account("Kept").await, chatwoot.account("Gone").await);
    let listed = chatwoot.get(ACCOUNTS).await.ok();
    assert_eq!(listed.as_array().unwrap().iter().map(|a| a["id"].clone()).collect::<Vec<_>>(), [kept, gone]);
    chatwoot.act(Act::DeleteAccount { account: gone, when: Default::default() }).await;
    chatwoot.get(ACCOUNTS).await.is_500();
    chatwoot.get(ACCOUNTS).await.is_500();
    assert_eq!(chatwoot.get(account(kept)).await.status, 200);
    assert_eq!(chatwoot.act(Act::RepairIndex).await.count, Some(1));
    assert_eq!(chatwoot.get(ACCOUNTS).await.ok().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn p2_the_index_can_be_broken_without_deleting_anything() {
    let chatwoot = Chatwoot::start().await;
    chatwoot.account("Acme").await;
    chatwoot.act(Act::BreakIndex { app: None }).await;
    chatwoot.get(ACCOUNTS).await.is_500();
}

#[tokio::test]
async fn ids_go_up_and_are_never_used_again() {
    let chatwoot = Chatwoot::start().await;
    let first = chatwoot.account("A").await;
    chatwoot.act(Act::DeleteAccount { account: first, when: Default::default() }).await;
    assert!(chatwoot.account("B").await > first);
    assert_eq!(chatwoot.user("al@acme.example").await, 1, "each table counts for itself");
}

#[tokio::test]
async fn p9_a_feature_is_on_when_its_value_is_present() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let sla = async |value: Value| {
        let shown = chatwoot.patch(account(id), json!({"features": {"sla": value}})).await.ok();
        shown["features"].get("sla") == Some(&json!(true))
    };
    for on in [json!(true), json!(0), json!("false"), json!("0"), json!([0]), json!({"a": 1})] {
        assert!(sla(on.clone()).await, "{on}");
    }
    for off in [json!(false), json!(null), json!(""), json!(" "), json!([]), json!({})] {
        assert!(sla(json!(true)).await);
        assert!(!sla(off.clone()).await, "{off}");
    }
}

#[tokio::test]
async fn p9_features_are_a_delta() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let before = chatwoot.get(account(id)).await.ok()["features"].clone();
    let after = chatwoot.patch(account(id), json!({"features": {"sla": true, "macros": false}})).await.ok();
    let mut expected = before.as_object().unwrap().clone();
    expected.insert("sla".into(), json!(true));
    expected.remove("macros");
    assert_eq!(after["features"], Value::Object(expected));
    assert_eq!(chatwoot.patch(account(id), json!({"features": {}})).await.ok(), after);
}

#[tokio::test]
async fn p10_the_name_flags_wipes_every_flag() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    assert_eq!(
        chatwoot.patch(account(id), json!({"features": {"flags": false}})).await.ok()["features"],
        json!({})
    );
}

#[tokio::test]
async fn p11_an_empty_support_email_reads_as_the_installations() {
    let options = Options { support_email: "help@host.example".into(), ..Options::default() };
    let chatwoot = Chatwoot::with(options).await;
    let id = chatwoot.account("Acme").await;
    assert_eq!(chatwoot.get(account(id)).await.ok()["support_email"], "help@host.example");
    let set = chatwoot.patch(account(id), json!({"support_email": "a@acme.example"})).await.ok();
    assert_eq!(set["support_email"], "a@acme.example");
    for cleared in [json!(""), json!(null)] {
        let shown = chatwoot.patch(account(id), json!({"support_email": cleared})).await.ok();
        assert_eq!(shown["support_email"], "help@host.example");
    }
}

#[tokio::test]
async fn p11_a_support_email_is_parsed_leniently_and_its_column_is_short() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let set = async |email: String| chatwoot.patch(account(id), json!({"support_email": email})).await;
    for fine in ["foo", "Name <a@b.c>"] {
        assert_eq!(set(fine.into()).await.status, 200);
    }
    set("not an email".into()).await.is_422("Support email is not a valid email address", &["support_email"]);
    assert_eq!(set("a".repeat(100)).await.status, 200);
    set("a".repeat(101)).await.is_500();
    set("a".repeat(255)).await.is_500();
    let too_long = "Support email is too long (maximum is 255 characters)";
    set("a".repeat(256)).await.is_422(too_long, &["support_email"]);
    assert_eq!(chatwoot.get(account(id)).await.ok()["support_email"], "a".repeat(100));
}

#[tokio::test]
async fn p12_custom_attributes_are_replaced() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.post(ACCOUNTS, json!({"name": "A", "custom_attributes": {"a": 1, "b": 2}})).await.ok()
        ["id"]
        .clone();
    let id = id.as_i64().unwrap();
    let set = async |value: Value| {
        chatwoot.patch(account(id), json!({"custom_attributes": value})).await.ok()["custom_attributes"]
            .clone()
    };
    assert_eq!(set(json!({"b": 3})).await, json!({"b": 3}));
    assert_eq!(set(json!(null)).await, json!({"b": 3}));
    assert_eq!(set(json!({})).await, json!({}));
}

#[tokio::test]
async fn p15_a_community_image_stores_any_limits_and_replaces_them() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let set = async |value: Value| {
        chatwoot.patch(account(id), json!({"limits": value})).await.ok()["limits"].clone()
    };
    assert_eq!(set(json!({"agents": 5, "whatever": "x"})).await, json!({"agents": 5, "whatever": "x"}));
    assert_eq!(set(json!({"inboxes": 1})).await, json!({"inboxes": 1}));
}

#[tokio::test]
async fn p15_an_enterprise_image_refuses_unknown_limits_but_looks_at_no_value() {
    let chatwoot = Chatwoot::enterprise().await;
    chatwoot
        .post(ACCOUNTS, json!({"name": "A", "limits": {"seats": 1}}))
        .await
        .is_422("Limits : Invalid data", &["limits"]);
    assert!(chatwoot.state().await.accounts.is_empty());
    let odd = json!({"agents": "many", "inboxes": -1, "emails": null, "captain_responses": 1.5});
    let made = chatwoot.post(ACCOUNTS, json!({"name": "A", "limits": odd.clone()})).await.ok();
    assert_eq!(made["limits"], odd);
}

#[tokio::test]
async fn p15_a_null_limits_column_makes_every_later_save_fail_on_enterprise() {
    let chatwoot = Chatwoot::enterprise().await;
    let id = chatwoot.account("Acme").await;
    chatwoot
        .act(Act::EditAccount(EditAccount { account: id, limits: Some(json!("null")), ..Default::default() }))
        .await;
    assert_eq!(chatwoot.get(account(id)).await.ok()["limits"], Value::Null);
    chatwoot.patch(account(id), json!({"name": "New"})).await.is_422("Limits : Invalid data", &["limits"]);
    chatwoot.patch(account(id), json!({"limits": {}})).await.ok();
}

#[tokio::test]
async fn p16_locale_and_status_take_labels_integers_and_blank() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let set = async |key: &str, value: Value| chatwoot.patch(account(id), json!({key: value})).await;
    assert_eq!(set("locale", json!("pt_BR")).await.ok()["locale"], "pt_BR");
    assert_eq!(set("locale", json!(12)).await.ok()["locale"], "es");
    assert_eq!(set("locale", json!("")).await.ok()["locale"], Value::Null);
    assert_eq!(set("status", json!("suspended")).await.ok()["status"], "suspended");
    assert_eq!(set("status", json!(0)).await.ok()["status"], "active");
    assert_eq!(set("status", json!(null)).await.ok()["status"], Value::Null);
}

#[tokio::test]
async fn p16_an_unknown_label_is_a_500_that_saves_nothing() {
    let chatwoot = Chatwoot::start().await;
    let id = chatwoot.account("Acme").await;
    let before = chatwoot.get(account(id)).await.ok();
    for locale in [json!("hi"), json!("zh"), json!("12"), json!("xx"), json!(5), json!(99), json!(true)] {
        chatwoot.patch(account(id), json!({"locale": locale, "name": "New"})).await.is_500();
    }
    for status in [json!("deleted"), json!("0"), json!(2)] {
        chatwoot.patch(account(id), json!({"status": status, "name": "New"})).await.is_500();
    }
    assert_eq!(chatwoot.get(account(id)).await.ok(), before);
    chatwoot.post(ACCOUNTS, json!({"name": "B", "locale": "xx"})).await.is_500();
    assert_eq!(chatwoot.state().await.accounts.len(), 1);
}

#[tokio::test]
async fn p17_names_and_domains_have_lengths_and_names_are_not_trimmed() {
    let chatwoot = Chatwoot::start().await;
    let create = async |body: Value| chatwoot.post(ACCOUNTS, body).await;
    create(json!({"name": " "})).await.is_422("Name can't be blank", &["name"]);
    create(json!({})).await.is_422("Name can't be blank", &["name"]);
    let long = create(json!({"name": "x".repeat(256)})).await;
    long.is_422("Name is too long (maximum is 255 characters)", &["name"]);
    let both = create(json!({"name": "", "domain": "d".repeat(101)})).await;
    let message = "Name can't be blank, Domain is too long (maximum is 100 characters)";
    both.is_422(message, &["name", "domain"]);
    assert_eq!(create(json!({"name": " ä".repeat(127)})).await.status, 200);
    let fine = create(json!({"name": " Acme ", "domain": "no check!"})).await.ok();
    assert_eq!((&fine["name"], &fine["domain"]), (&json!(" Acme "), &json!("no check!")));
    assert_ne!(create(json!({"name": " Acme "})).await.ok()["id"], fine["id"], "names are not unique");
}

#[tokio::test]
async fn p34_the_flags_of_a_new_account_can_be_chosen() {
    let options = Options { default_features: vec!["sla".into()], ..Options::default() };
    let chatwoot = Chatwoot::with(options).await;
    let flags = async || chatwoot.post(ACCOUNTS, json!({"name": "A"})).await.ok()["features"].clone();
    assert_eq!(flags().await, json!({"sla": true}));
    chatwoot.act(Act::SetDefaultFeatures { features: Some(vec![]) }).await;
    assert_eq!(flags().await, json!({}));
    chatwoot.act(Act::SetDefaultFeatures { features: None }).await;
    assert_eq!(flags().await["macros"], true);
}

#[tokio::test]
async fn two_platform_apps_never_see_each_others_accounts() {
    let options = Options { platform_tokens: vec!["one".into(), "two".into()], ..Options::default() };
    let chatwoot = Chatwoot::with(options).await;
    let ask = |token: &str| {
        Ask::new("POST", ACCOUNTS).json(&json!({"name": token})).header("api-access-token", token)
    };
    let theirs = chatwoot.send(ask("two")).await.ok()["id"].as_i64().unwrap();
    chatwoot.get(account(theirs)).await.is_error(401, "Non permissible resource");
    assert_eq!(chatwoot.get(ACCOUNTS).await.ok(), json!([]));
    chatwoot.act(Act::Permit { kind: Kind::Account, id: theirs, app: Some(1) }).await;
    assert_eq!(chatwoot.get(account(theirs)).await.ok()["name"], "two");
}
