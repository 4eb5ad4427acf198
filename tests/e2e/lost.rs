//! Answers that never come, come wrong, or come from somebody else: one account per resource all the same.

use crate::support::{
    Journal, Stage, Subject, route,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, Effect, Fault, Filter, Release};
use futures::future::try_join_all;
use serde_json::{Value, json};

/// A create that meets `effect`, in a stage of its own.
async fn create_against(effect: Effect) -> Result<(Stage, Subject)> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    stage.chatwoot.fault_once(route::CREATE_ACCOUNT, effect).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Acme", "locale": "de"})).await?;
    Ok((stage, account))
}

/// Chatwoot has exactly the one account that is recorded.
async fn exactly_one(stage: &Stage, object: &Value) -> Result<()> {
    let uid = object["metadata"]["uid"].as_str().context("no uid")?;
    let ids: Vec<i64> = stage.chatwoot.of_uid(uid).await?.iter().map(|account| account.id).collect();
    ensure!(ids == [id(object)?], "accounts {ids:?} for {object}");
    Ok(())
}

#[tokio::test]
pub async fn a_lost_answer_never_makes_a_second_account() -> Result<()> {
    let ways = [
        (Effect::ResetBeforeCommit, false),
        (Effect::ResetAfterCommit, true),
        (Effect::CloseBeforeCommit, false),
        (Effect::CloseAfterCommit, true),
        (Effect::TruncateAfterCommit, true),
        (Effect::HangBeforeCommit, false),
        (Effect::HangAfterCommit, true),
        (Effect::Status { status: 500, after_commit: false }, false),
        (Effect::Status { status: 500, after_commit: true }, true),
        (Effect::Html { status: 502, after_commit: true }, true),
        (Effect::Html { status: 504, after_commit: false }, false),
        (Effect::Html { status: 200, after_commit: true }, true),
        (Effect::Empty { status: 200, after_commit: true }, true),
        (Effect::Html { status: 401, after_commit: true }, true),
        (Effect::Html { status: 404, after_commit: true }, true),
        (Effect::Json { status: 422, body: json!({"oops": "a proxy's own"}), after_commit: true }, true),
        (
            Effect::Json { status: 200, body: json!({"id": 77, "name": "of a cache"}), after_commit: true },
            true,
        ),
    ];
    try_join_all(ways.map(|(effect, committed)| async move {
        let name = format!("{effect:?}");
        let (stage, account) = create_against(effect).await?;
        account.reason("ResolvingCreate").await.context(name.clone())?;
        let object = account.reason_at_last("Succeeded").await.context(name.clone())?;
        exactly_one(&stage, &object).await.context(name.clone())?;
        let posts = stage.chatwoot.journal(&Filter::route(route::CREATE_ACCOUNT)).await?;
        // What was committed is found, what was not is sent again; and where it was sent again, that is said.
        assert_eq!(posts.len(), if committed { 1 } else { 2 }, "{name}");
        assert_eq!(object["status"]["creation"]["attempt"], if committed { 1 } else { 2 }, "{name}");
        assert_eq!(object["status"]["creation"]["repeats"].is_null(), committed, "{name}");
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}

#[tokio::test]
pub async fn what_was_refused_is_the_same_attempt_again() -> Result<()> {
    let ways = [
        (Effect::RetryAfter { seconds: 1 }, "RateLimited"),
        (Effect::Redirect { status: 308, location: None }, "Redirected"),
    ];
    try_join_all(ways.map(|(effect, reason)| async move {
        let (stage, account) = create_against(effect).await?;
        let told = account.reason(reason).await?;
        assert_eq!(condition(&told, "Ready")["status"], "False");
        let object = account.reason_at_last("Succeeded").await?;
        exactly_one(&stage, &object).await?;
        assert_eq!(object["status"]["creation"]["attempt"], 1, "{reason}");
        assert!(object["status"]["creation"]["repeats"].is_null(), "{reason}");
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}

#[tokio::test]
pub async fn what_chatwoot_rejects_is_its_authors_to_correct_and_made_once() -> Result<()> {
    let stage = Stage::new().await?;
    let tenant = stage.tenant(json!({})).await?;
    let body = json!({"message": "Name is odd", "attributes": ["name"]});
    let odd = Effect::Json { status: 422, body, after_commit: false };
    stage.chatwoot.add_fault(Fault::always(route::CREATE_ACCOUNT, odd).with_body("Odd")).await?;
    let account = tenant.account(&stage, "acme", json!({"name": "Odd"})).await?;
    let told = account.stalled("RejectedByChatwoot").await?;
    assert!(message(&told, "Ready").contains("Name is odd"));
    account.set(json!({"name": "Even"})).await?;
    let object = account.reason_at_last("Succeeded").await?;
    exactly_one(&stage, &object).await?;
    assert_eq!(object["status"]["creation"]["attempt"], 1);
    Ok(())
}

/// Chatwoot's own throttle says nothing about how long: the pause lasts until the next full minute.
#[tokio::test]
async fn a_throttle_without_retry_after_is_waited_out() -> Result<()> {
    let throttled = Effect::Text { status: 429, body: "Retry later\n".into(), after_commit: false };
    let (stage, account) = create_against(throttled).await?;
    account.reason("RateLimited").await?;
    let seq = stage.chatwoot.last_seq().await?;
    let object = account.reason_at_last("Succeeded").await?;
    exactly_one(&stage, &object).await?;
    let first = stage.chatwoot.journal(&Filter::default().since(seq)).await?;
    let when = first.first().context("no call")?.time;
    assert!(when.as_second().rem_euclid(60) <= 10, "not before the minute is over: {when}");
    Ok(())
}

#[tokio::test]
async fn a_request_that_arrives_late_is_found_and_not_repeated() -> Result<()> {
    let (stage, account) = create_against(Effect::HangBeforeCommit).await?;
    account.reason("ResolvingCreate").await?;
    // The connection is long given up; what stood in between passes the request on all the same.
    stage.chatwoot.release(Release::proceed()).await?;
    let object = account.reason_at_last("Succeeded").await?;
    exactly_one(&stage, &object).await?;
    assert_eq!(stage.chatwoot.journal(&Filter::route(route::CREATE_ACCOUNT)).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_just_sent_again() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    for (number, effect) in [
        Effect::ResetBeforeCommit,
        Effect::ResetAfterCommit,
        Effect::HangAfterCommit,
        Effect::Html { status: 502, after_commit: false },
        Effect::Status { status: 500, after_commit: false },
    ]
    .into_iter()
    .enumerate()
    {
        stage.chatwoot.fault_once(route::UPDATE_ACCOUNT, effect).await?;
        account.set(json!({"name": format!("Acme {number}")})).await?;
        let object = account.ready().await?;
        let name = stage.chatwoot.account(id(&object)?).await?.context("it is gone")?.name;
        assert_eq!(name, format!("Acme {number}"));
    }
    Ok(())
}

#[tokio::test]
pub async fn a_write_that_chatwoot_fails_at_thrice_is_its_last_word() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let failing = Effect::Status { status: 500, after_commit: false };
    stage.chatwoot.add_fault(Fault::always(route::UPDATE_ACCOUNT, failing).with_body("Poison")).await?;
    account.set(json!({"name": "Poison"})).await?;
    account.reason("ChatwootUnavailable").await?;
    account.stalled("RejectedByChatwoot").await?;
    account.set(json!({"name": "Cured"})).await?;
    account.ready().await?;
    Ok(())
}

#[tokio::test]
pub async fn an_outage_writes_nothing_on_who_has_no_work_and_tells_who_has() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, settled) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let before = settled.get().await?;
    stage.chatwoot.act(Act::SetDown { down: true }).await?;
    let waiting = tenant.account(&stage, "new", json!({"name": "New"})).await?;
    waiting.reason("ChatwootUnavailable").await?;
    stage.instance().reason("ChatwootUnavailable").await?;
    settled.annotate("chatwoot.dev/reconcile-requested-at", "now").await?;
    // Somebody else's turn is over first, so that one had its turn as well.
    waiting.set(json!({"name": "Newer"})).await?;
    waiting.reason("ChatwootUnavailable").await?;
    let during = settled.get().await?;
    assert_eq!(during["status"], before["status"], "a converged object stays as it is");

    stage.chatwoot.act(Act::SetDown { down: false }).await?;
    let object = waiting.reason_at_last("Succeeded").await?;
    exactly_one(&stage, &object).await?;
    stage.instance().ready().await?;
    Ok(())
}

#[tokio::test]
async fn a_read_that_fails_inside_chatwoot_is_tried_again_and_changes_nothing() -> Result<()> {
    let stage = Stage::new().await?;
    let (_, account) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let failing = Effect::Status { status: 500, after_commit: false };
    stage.chatwoot.add_fault(Fault::once(route::READ_ACCOUNT, failing).times(4)).await?;
    account.set(json!({"name": "Newer"})).await?;
    account.reason("ChatwootUnavailable").await?;
    account.ready().await?;
    Ok(())
}

/// As a careless restore leaves it: the object and its finalizer, without what was recorded.
#[tokio::test]
async fn a_status_that_is_wiped_is_found_again_and_nothing_is_made() -> Result<()> {
    let stage = Stage::new().await?;
    let (tenant, acme) = stage.settled(json!({}), json!({"name": "Acme"})).await?;
    let boss = json!({"memberships": [{"account": "acme", "role": "Administrator"}]});
    let alice = tenant.person(&stage, "alice", boss).await?;
    let before = [id(&acme.get().await?)?, id(&alice.ready().await?)?];
    let seq = stage.chatwoot.last_seq().await?;
    for (kind, name) in [("chatwootaccount", "acme"), ("chatwootuser", "alice")] {
        let wipe =
            ["patch", kind, name, "--subresource=status", "--type=merge", "--patch", r#"{"status":null}"#];
        stage.place.plane.kubectl(wipe).args(["--namespace", &tenant.namespace]).run().await?;
    }
    let found = |object: &Value| is(object, "Succeeded") && object["status"]["id"].is_i64();
    let after = [acme.at_last("is found", found).await?, alice.at_last("is found", found).await?];
    assert_eq!([id(&after[0])?, id(&after[1])?], before);
    let made = stage.chatwoot.journal(&Filter::route(route::CREATE_ACCOUNT).since(seq)).await?;
    assert!(made.is_empty(), "{made:?}");
    let state = stage.chatwoot.state().await?;
    assert_eq!((state.accounts.len(), state.users.len(), state.memberships.len()), (1, 1, 1));
    Ok(())
}
