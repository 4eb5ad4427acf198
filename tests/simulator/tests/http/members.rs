//! Memberships: P5, P7, P18, P26, P30, P38.

use crate::support::*;
use chatwoot_simulator::{Act, JobKind, Removal};
use serde_json::{Value, json};

async fn acme() -> (Chatwoot, i64, i64) {
    let chatwoot = Chatwoot::start().await;
    let (account, user) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    (chatwoot, account, user)
}

#[tokio::test]
async fn a_fresh_membership_is_the_raw_row_of_an_agent() {
    let (chatwoot, id, person) = acme().await;
    let row = chatwoot.member(id, person).await.ok();
    let columns = [
        "account_id",
        "active_at",
        "agent_capacity_policy_id",
        "auto_offline",
        "availability",
        "created_at",
        "custom_role_id",
        "id",
        "inviter_id",
        "role",
        "updated_at",
        "user_id",
    ];
    assert_eq!(keys(&row), columns);
    assert_eq!(
        (&row["role"], &row["availability"], &row["auto_offline"]),
        (&json!("agent"), &json!("online"), &json!(true))
    );
    let time = row["created_at"].as_str().unwrap();
    assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    assert_eq!(chatwoot.get(members(id)).await.ok(), json!([row]));
}

#[tokio::test]
async fn p18_a_role_is_kept_when_left_out_and_null_when_blank() {
    let (chatwoot, id, person) = acme().await;
    let save = async |role: Value| chatwoot.post(members(id), json!({"user_id": person, "role": role})).await;
    let first = save(json!("administrator")).await.ok();
    let again = chatwoot.member(id, person).await.ok();
    assert_eq!((&again["id"], &again["role"]), (&first["id"], &json!("administrator")), "one row, same role");
    assert_eq!(save(json!(0)).await.ok()["role"], "agent");
    assert_eq!(save(json!("")).await.ok()["role"], Value::Null);
    assert_eq!(save(json!(null)).await.ok()["role"], Value::Null);
    for unknown in ["owner", "1"] {
        save(json!(unknown)).await.is_500();
    }
}

#[tokio::test]
async fn p7_any_existing_person_can_be_added_and_nobody_else() {
    let (chatwoot, id, _) = acme().await;
    let act = Act::CreateUser {
        name: "B".into(),
        email: "b@b.co".into(),
        attributes: Default::default(),
        app: None,
    };
    let foreign = chatwoot.act(act).await.id.unwrap();
    chatwoot.member(id, foreign).await.ok();
    assert_eq!(
        chatwoot.get(members(id)).await.ok()[0]["user_id"],
        foreign,
        "P26: the list shows foreign ids"
    );
    chatwoot.get(user(foreign)).await.is_error(401, "Non permissible resource");
    for nobody in [json!({}), json!({"user_id": 999}), json!({"user_id": null}), json!({"user_id": "x"})] {
        chatwoot.post(members(id), nobody).await.is_422("User must exist", &["user"]);
    }
}

#[tokio::test]
async fn the_account_is_looked_up_and_checked_first() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.member(id + 1, person).await.is_404();
    chatwoot.get(members(id + 1)).await.is_404();
    let act = Act::CreateAccount { name: "F".into(), attributes: Default::default(), app: None };
    let foreign = chatwoot.act(act).await.id.unwrap();
    chatwoot.member(foreign, person).await.is_error(401, "Non permissible resource");
}

#[tokio::test]
async fn removing_answers_200_for_members_strangers_and_nobody_in_body_or_query() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.member(id, person).await.ok();
    chatwoot.sent(Ask::new("DELETE", members(id)).json(&json!({"user_id": person}))).await.is_empty_200();
    assert!(chatwoot.state().await.memberships.is_empty());
    chatwoot.delete(format!("{}?user_id={person}", members(id))).await.is_empty_200();
    chatwoot.delete(members(id)).await.is_empty_200();
    assert_eq!(chatwoot.get(user(person)).await.ok()["accounts"], json!([]), "the person stays");
}

#[tokio::test]
async fn p5_adding_again_too_early_is_a_500_that_stored_the_row_and_a_late_job_strips_it() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.hold_jobs().await;
    chatwoot.member(id, person).await.ok();
    chatwoot.delete(format!("{}?user_id={person}", members(id))).await.is_empty_200();
    chatwoot.member(id, person).await.is_500();
    let row = chatwoot.get(members(id)).await.ok()[0].clone();
    assert_eq!(row["user_id"], person);
    assert_eq!(chatwoot.member(id, person).await.ok(), row, "a second try finds it");
    chatwoot.act(Act::JoinTeam { account: id, user: person, team: 3 }).await;
    assert_eq!(chatwoot.run_jobs().await, 1);
    let state = chatwoot.state().await;
    assert!(state.teams.is_empty() && state.membership(id, person).is_some());
}

#[tokio::test]
async fn p5_adding_again_after_the_job_is_fine() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.hold_jobs().await;
    chatwoot.member(id, person).await.ok();
    chatwoot.delete(format!("{}?user_id={person}", members(id))).await.is_empty_200();
    chatwoot.run_jobs().await;
    assert_eq!(chatwoot.member(id, person).await.status, 200);
}

#[tokio::test]
async fn p30_the_settings_page_deletes_a_person_who_has_no_account_left() {
    let (chatwoot, id, person) = acme().await;
    let other = chatwoot.account("Other").await;
    chatwoot.member(id, person).await.ok();
    chatwoot.member(other, person).await.ok();
    chatwoot.hold_jobs().await;
    chatwoot.act(Act::RemoveMember { account: id, user: person, way: Removal::Ui }).await;
    assert!(!chatwoot.state().await.jobs.iter().any(|job| job.kind == JobKind::DestroyUser));
    chatwoot.act(Act::RemoveMember { account: other, user: person, way: Removal::Ui }).await;
    chatwoot.run_jobs().await;
    chatwoot.get(user(person)).await.is_404();
    assert_ne!(chatwoot.user("al@acme.example").await, person, "made again with a new id");
}

#[tokio::test]
async fn p38_seat_limits_do_not_stop_the_platform_api() {
    let chatwoot = Chatwoot::enterprise().await;
    let id = chatwoot.post(ACCOUNTS, json!({"name": "A", "limits": {"agents": 1}})).await.ok()["id"]
        .as_i64()
        .unwrap();
    for email in ["a@acme.example", "b@acme.example"] {
        let person = chatwoot.user(email).await;
        assert_eq!(chatwoot.member(id, person).await.status, 200);
    }
}
