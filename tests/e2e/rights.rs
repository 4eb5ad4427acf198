//! By what right the operator works inside accounts: its user's role there, and the grants of the namespace.

use crate::support::{
    Journal, People, Stage,
    content::{Furnished, automated},
    subject::{id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, EditAccount, Role};
use serde_json::json;

const LABEL: &str = "ChatwootLabel";
const INBOX: &str = "ChatwootInbox";
const BOT: &str = "ChatwootAgentBot";

impl Furnished {
    /// Somebody makes the operator's own user an agent.
    async fn demote(&self) -> Result<i64> {
        let object = self.account.get().await?;
        let user = object["status"]["automation"]["userId"].as_i64().context("no user")?;
        let demotion = Act::ChangeRole { account: self.id, user, role: Some(Role::Agent) };
        self.stage.chatwoot.act(demotion).await?;
        Ok(user)
    }
}

#[tokio::test]
async fn a_grant_that_goes_freezes_what_is_inside_and_one_that_comes_back_lets_it_go_on() -> Result<()> {
    let inside = Furnished::new().await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip", "color": "#112233"})).await?;
    let gone = inside.apply(LABEL, "gone", json!({"title": "gone"})).await?;
    vip.ready().await?;
    gone.ready().await?;
    let grant = inside.stage.subject("ChatwootGrant", &inside.tenant.namespace);
    grant.delete().await?;
    grant.gone().await?;
    inside.account.reason("NotGranted").await?;
    let refused = vip.reason("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("have an account without a plan"), "{refused}");
    let seq = inside.stage.chatwoot.last_seq().await?;
    vip.set(json!({"color": "#445566"})).await?;
    vip.until("is refused", |o| o["status"]["observedGeneration"] == o["metadata"]["generation"]).await?;
    let new = inside.apply(LABEL, "new", json!({"title": "new"})).await?;
    new.reason("NotGranted").await?;
    assert!(inside.stage.chatwoot.calls(seq).await?.is_empty());
    // What its author gives up goes nevertheless: a namespace can be cleared away.
    gone.delete().await?;
    gone.gone().await?;
    inside.stage.grant(&inside.tenant, json!({})).await?;
    vip.ready().await?;
    new.ready().await?;
    let labels = inside.content().await?.labels;
    let titles: Vec<_> =
        labels.iter().map(|label| label.fields["title"].as_str().unwrap_or_default()).collect();
    assert_eq!(titles, ["vip", "new"]);
    assert_eq!(labels[0].fields["color"], "#445566");
    Ok(())
}

#[tokio::test]
async fn a_plan_that_is_not_granted_freezes_what_is_inside() -> Result<()> {
    let inside = Furnished::new().await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    vip.ready().await?;
    inside.account.set(json!({"plan": "gold"})).await?;
    let refused = vip.reason("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("use plan gold"), "{refused}");
    inside.account.set(json!({"plan": null})).await?;
    vip.ready().await?;
    Ok(())
}

/// Agents are shown only the inboxes they are in, and no tokens of bots; nothing of that is gone.
#[tokio::test]
async fn an_operators_user_made_an_agent_believes_nothing_to_be_gone_and_is_made_administrator_again()
-> Result<()> {
    let inside = Furnished::new().await?;
    let shop =
        inside.apply(INBOX, "shop", json!({"name": "shop", "api": {}, "connectionSecret": {"name": "shop"}}));
    let shop = shop.await?;
    let helper = inside
        .apply(BOT, "helper", json!({"name": "Helper", "connectionSecret": {"name": "helper"}}))
        .await?;
    shop.ready().await?;
    helper.ready().await?;
    let secrets = (inside.tenant.secret_now("shop").await?, inside.tenant.secret_now("helper").await?);
    for (one, other) in [(&helper, &shop), (&shop, &helper)] {
        let user = inside.demote().await?;
        let seen = one.looked_at().await?;
        assert!(!is(&seen, "ExternalResourceMissing"), "{seen}");
        one.at_last("is Ready again", |object| is(object, "Succeeded")).await?;
        let roles = inside.stage.chatwoot.roles(user).await?;
        assert_eq!(roles.get(&inside.id), Some(&Some(Role::Administrator)));
        other.looked_at().await?;
        let now = (inside.tenant.secret_now("shop").await?, inside.tenant.secret_now("helper").await?);
        assert!(now == secrets, "a Secret has lost something");
    }
    Ok(())
}

#[tokio::test]
async fn an_operators_user_made_an_agent_leaves_nothing_behind() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop =
        inside.apply(INBOX, "shop", json!({"name": "shop", "api": {}, "deletionPolicy": "Delete"})).await?;
    shop.ready().await?;
    inside.demote().await?;
    shop.delete().await?;
    shop.gone_at_last().await?;
    // Chatwoot deletes inboxes a little later.
    inside.stage.chatwoot.act(Act::RunJobs { kinds: vec![] }).await?;
    assert!(inside.content().await?.inboxes.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_account_suspended_by_hand_before_anything_is_inside_says_what_waits() -> Result<()> {
    let inside = Furnished::on(Stage::with(automated()).await?).await?;
    let suspend =
        EditAccount { account: inside.id, status: Some("suspended".into()), ..EditAccount::default() };
    inside.stage.chatwoot.act(Act::EditAccount(suspend)).await?;
    let vip = inside.apply(LABEL, "vip", json!({"title": "vip"})).await?;
    let account = inside.account.looked_at().await?;
    assert!(message(&account, "Ready").contains("suspended in Chatwoot; activate it there"), "{account}");
    vip.reason("WaitingForAccount").await?;
    let activate =
        EditAccount { account: inside.id, status: Some("active".into()), ..EditAccount::default() };
    inside.stage.chatwoot.act(Act::EditAccount(activate)).await?;
    inside.account.looked_at().await?;
    assert!(id(&vip.ready().await?)? > 0);
    Ok(())
}
