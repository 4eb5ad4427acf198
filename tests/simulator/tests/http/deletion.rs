//! Deleting: P2, P4, P13, P27–P30.

use crate::support::*;
use chatwoot_simulator::{Act, How, JobKind, Options, When};
use serde_json::json;

/// An account with a member, and all jobs held.
async fn acme() -> (Chatwoot, i64, i64) {
    let chatwoot = Chatwoot::start().await;
    let (account, user) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    chatwoot.member(account, user).await.ok();
    chatwoot.hold_jobs().await;
    (chatwoot, account, user)
}

#[tokio::test]
async fn p27_a_deleted_account_is_shown_unchanged_until_the_job_has_run() {
    let (chatwoot, id, _) = acme().await;
    let before = chatwoot.get(account(id)).await.ok();
    chatwoot.delete(account(id)).await.is_empty_200();
    assert_eq!(chatwoot.get(account(id)).await.ok(), before);
    chatwoot.delete(account(id)).await.is_empty_200();
    chatwoot.patch(account(id), json!({"name": "Still there"})).await.ok();
    assert_eq!(chatwoot.run_jobs().await, 2, "each call enqueued one; the second finds nothing");
    chatwoot.get(account(id)).await.is_404();
    chatwoot.delete(account(id)).await.is_404();
}

#[tokio::test]
async fn p4_members_are_500_between_the_rows_end_and_the_clean_up() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.delete(account(id)).await.is_empty_200();
    assert_eq!(chatwoot.get(user(person)).await.status, 200, "phase A");
    chatwoot.run_jobs().await;
    chatwoot.get(user(person)).await.is_500();
    chatwoot.post(USERS, json!({"email": "al@acme.example"})).await.is_500();
    chatwoot.patch(user(person), json!({"name": "New"})).await.is_500();
    assert_eq!(chatwoot.state().await.user(person).unwrap().name, "New", "saved before the view failed");
    chatwoot.run_jobs().await;
    let clean = chatwoot.get(user(person)).await.ok();
    assert_eq!(
        (&clean["accounts"], &clean["name"]),
        (&json!([]), &json!("New")),
        "phase C; people are not deleted"
    );
}

#[tokio::test]
async fn p29_a_deleted_person_goes_in_phases_too_and_the_member_list_shows_a_dead_id() {
    let (chatwoot, id, person) = acme().await;
    chatwoot.delete(user(person)).await.is_empty_200();
    assert_eq!(chatwoot.get(user(person)).await.status, 200);
    chatwoot.run_jobs().await;
    chatwoot.get(user(person)).await.is_404();
    assert_eq!(chatwoot.get(members(id)).await.ok()[0]["user_id"], person);
    chatwoot.run_jobs().await;
    assert_eq!(chatwoot.get(members(id)).await.ok(), json!([]));
}

#[tokio::test]
async fn p28_a_job_that_died_leaves_the_tenant_standing() {
    let (chatwoot, id, _) = acme().await;
    chatwoot.delete(account(id)).await.is_empty_200();
    assert_eq!(chatwoot.act(Act::DropJobs { kinds: vec![] }).await.count, Some(1));
    chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await;
    assert_eq!(chatwoot.get(account(id)).await.status, 200);
}

#[tokio::test]
async fn p28_the_accounts_bots_go_with_it() {
    let (chatwoot, id, _) = acme().await;
    let bot_id = chatwoot.post(BOTS, json!({"account_id": id})).await.ok()["id"].as_i64().unwrap();
    chatwoot.act(Act::DeleteAccount { account: id, when: When::Now }).await;
    chatwoot.get(bot(bot_id)).await.is_404();
}

#[tokio::test]
async fn one_phase_can_be_held_while_the_others_run() {
    let chatwoot = Chatwoot::with(Options { deletion_delay: 1, ..Options::default() }).await;
    let (id, person) = (chatwoot.account("Acme").await, chatwoot.user("al@acme.example").await);
    chatwoot.member(id, person).await.ok();
    chatwoot.act(Act::HoldJobs { kinds: vec![JobKind::CleanAccount] }).await;
    chatwoot.delete(account(id)).await.is_empty_200();
    until(async || chatwoot.get(account(id)).await.status == 404).await;
    chatwoot.get(user(person)).await.is_500();
    chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await;
    until(async || chatwoot.get(user(person)).await.status == 200).await;
    assert_eq!(chatwoot.get(user(person)).await.ok()["accounts"], json!([]));
}

#[tokio::test]
async fn a_deletion_is_never_done_when_the_answer_comes() {
    let chatwoot = Chatwoot::with(Options { deletion_delay: 300_000, ..Options::default() }).await;
    let id = chatwoot.account("Acme").await;
    chatwoot.act(Act::DeleteAccount { account: id, when: When::Queued }).await;
    assert_eq!(chatwoot.get(account(id)).await.status, 200);
    assert_eq!(chatwoot.state().await.jobs.len(), 1);
    chatwoot.act(Act::SetJobDelay { ms: 0 }).await;
    chatwoot.delete(account(id)).await.is_empty_200();
    until(async || chatwoot.get(account(id)).await.status == 404).await;
}

#[tokio::test]
async fn p13_a_mark_in_the_attributes_deletes_the_tenant_at_night() {
    let (chatwoot, id, person) = acme().await;
    let kept = chatwoot.account("Kept").await;
    let mark = |at: &str| json!({"marked_for_deletion_at": at}).as_object().unwrap().clone();
    let set = |account, at| Act::EditAccountAttributes { account, how: How::Merge, attributes: mark(at) };
    chatwoot.act(set(id, "2020-01-01T00:00:00Z")).await;
    chatwoot.act(set(kept, "2999-01-01T00:00:00Z")).await;
    assert_eq!(chatwoot.act(Act::DeleteMarkedAccounts).await.count, Some(1));
    chatwoot.get(account(id)).await.is_404();
    let renamed = format!("{person}@chatwoot-deleted.invalid");
    assert_eq!(chatwoot.get(user(person)).await.ok()["email"], json!(renamed));
    assert_eq!(chatwoot.get(account(kept)).await.status, 200);
}
