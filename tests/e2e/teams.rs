//! Teams, and who is in them.

use crate::support::{
    content::Furnished,
    life::{Life, live},
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, RecordKind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TEAM: &str = "ChatwootTeam";

#[tokio::test]
async fn a_team_lives_as_its_resource_says() -> Result<()> {
    live(&Life {
        kind: TEAM,
        route: "teams",
        record: RecordKind::Team,
        spec: json!({"name": "second level", "description": "Hard questions"}),
        by_hand: ("description", json!("by hand")),
        left: Some(("allow_auto_assign", json!(false))),
        change: json!({"name": "third level"}),
        changed: ("name", json!("third level")),
        theirs: json!({"name": "second level"}),
    })
    .await
}

/// Who is in the only team there is.
async fn members(inside: &Furnished) -> Result<BTreeSet<i64>> {
    Ok(inside.stage.chatwoot.state().await?.teams.iter().map(|row| row.user).collect())
}

/// Adds somebody to the account, and gives their id.
async fn person(inside: &Furnished, name: &str) -> Result<i64> {
    let spec = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    id(&inside.tenant.person(&inside.stage, name, spec).await?.ready().await?)
}

#[tokio::test]
async fn exactly_those_who_are_declared_are_in_a_team() -> Result<()> {
    let inside = Furnished::new().await?;
    let spec = json!({"name": "support", "members": ["alice", "bob"]});
    let support = inside.apply(TEAM, "support", spec).await?;
    let waiting = support.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("no ChatwootUser alice"), "{waiting}");
    let (alice, bob) = (person(&inside, "alice").await?, person(&inside, "bob").await?);
    let carol = person(&inside, "carol").await?;
    let team = id(&support.ready().await?)?;
    assert_eq!(members(&inside).await?, [alice, bob].into());

    // One goes and another comes, by hand.
    inside.act(Act::LeaveTeam { account: inside.id, user: alice, team }).await?;
    inside.act(Act::JoinTeam { account: inside.id, user: carol, team }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    support.looked_at().await?;
    assert_eq!(members(&inside).await?, [alice, bob].into());
    let part = "teams/:team_id/team_members";
    let calls = ["GET teams".to_owned(), format!("GET {part}"), format!("PATCH {part}")];
    assert_eq!(inside.calls_inside(seq).await?, calls);

    support.set(json!({"members": ["alice"]})).await?;
    support.ready().await?;
    assert_eq!(members(&inside).await?, [alice].into());

    // Members that are not declared are nobody's business.
    inside.apply(TEAM, "support", json!({"name": "support"})).await?;
    support.ready().await?;
    inside.act(Act::JoinTeam { account: inside.id, user: carol, team }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    support.looked_at().await?;
    assert_eq!(members(&inside).await?, [alice, carol].into());
    assert_eq!(inside.calls_inside(seq).await?, ["GET teams"]);

    inside.apply(TEAM, "support", json!({"name": "support", "members": []})).await?;
    support.ready().await?;
    assert_eq!(members(&inside).await?, BTreeSet::new());
    Ok(())
}

#[tokio::test]
async fn a_member_who_leaves_the_account_is_waited_for() -> Result<()> {
    let inside = Furnished::new().await?;
    person(&inside, "alice").await?;
    let support = inside.apply(TEAM, "support", json!({"name": "support", "members": ["alice"]})).await?;
    support.ready().await?;
    inside.tenant.person(&inside.stage, "alice", json!({})).await?.ready().await?;
    let waiting = support.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("spec.memberships"), "{waiting}");
    assert_eq!(members(&inside).await?, BTreeSet::new(), "Chatwoot takes them out of teams");
    person(&inside, "alice").await?;
    support.ready().await?;
    assert_eq!(members(&inside).await?.len(), 1);
    Ok(())
}

/// Access is taken back at once, whoever else has not come yet.
#[tokio::test]
async fn whoever_is_taken_out_of_a_team_goes_before_somebody_else_has_come() -> Result<()> {
    let inside = Furnished::new().await?;
    let (alice, bob) = (person(&inside, "alice").await?, person(&inside, "bob").await?);
    let support =
        inside.apply(TEAM, "support", json!({"name": "support", "members": ["alice", "bob"]})).await?;
    support.ready().await?;
    assert_eq!(members(&inside).await?, [alice, bob].into());
    support.set(json!({"members": ["alice", "carol"], "description": "Hard questions"})).await?;
    let waiting = support.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("there is no ChatwootUser carol"), "{waiting}");
    assert_eq!(members(&inside).await?, [alice].into());
    assert_eq!(inside.only(RecordKind::Team).await?.fields["description"], "Hard questions");
    let carol = person(&inside, "carol").await?;
    support.ready().await?;
    assert_eq!(members(&inside).await?, [alice, carol].into());
    Ok(())
}

/// A name that would be stored otherwise than it is written never gets here.
#[tokio::test]
async fn a_name_with_capital_letters_is_refused_by_the_api_server() -> Result<()> {
    let inside = Furnished::new().await?;
    let refused = inside.apply(TEAM, "support", json!({"name": "Support"})).await;
    let refused = format!("{:#}", refused.err().context("it was accepted")?);
    assert!(refused.contains("name takes no capital letters"), "{refused}");
    assert_eq!(inside.calls_inside(0).await?, Vec::<String>::new());
    assert_eq!(inside.content().await?.teams.len(), 0);
    let written = inside.apply(TEAM, "support", json!({"name": "première ß"})).await?.ready().await?;
    assert_eq!(inside.only(RecordKind::Team).await?.fields["name"], "première ß");
    assert_eq!(written["status"]["key"], Value::from("première ß"));
    Ok(())
}
