//! Bots: made, attached to inboxes, connected to, and removed.

use crate::support::{
    Journal, Stage, Subject,
    content::{Furnished, automated},
    stage::merge,
    subject::{condition, id, is, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, ChannelKind, Effect, Filter, Kind, When, listed};
use serde_json::{Map, Value, json};
use std::time::Duration;

const INBOX: &str = "ChatwootInbox";
const BOT: &str = "ChatwootAgentBot";
const REQUESTED_AT: &str = "chatwoot.dev/reconcile-requested-at";
const CREATE: &str = "POST /api/v1/accounts/:account_id/agent_bots";

impl Furnished {
    async fn bots(&self) -> Result<Vec<listed::Bot>> {
        Ok(self.stage.chatwoot.state().await?.bots)
    }

    /// The bot that answers in an inbox.
    async fn bot_of(&self, inbox: i64) -> Result<Option<i64>> {
        let inboxes = self.content().await?.inboxes;
        let found = inboxes.iter().find(|one| one.id == inbox);
        Ok(found.with_context(|| format!("there is no inbox {inbox}"))?.bot)
    }
}

#[tokio::test]
async fn a_bot_gets_its_name_once_its_id_is_recorded_and_its_token_goes_into_a_secret() -> Result<()> {
    let inside = Furnished::new().await?;
    // The installation's own bots are listed to accounts, and are not theirs.
    let theirs = Act::CreateBot { account: None, name: "Helper".into(), outgoing_url: None };
    inside.stage.chatwoot.act(theirs).await?;
    let spec = json!({"name": "Helper", "outgoingUrl": "https://bot.acme.example", "adopt": true,
        "connectionSecret": {"name": "helper"}});
    let helper = inside.apply(BOT, "helper", spec).await?;
    let object = helper.ready().await?;
    assert_eq!(object["status"]["ownership"], "Created");
    assert_eq!(inside.calls_inside(0).await?, ["GET agent_bots", "POST agent_bots", "PATCH agent_bots/:id"]);
    let bots = inside.bots().await?;
    let bot = bots.iter().find(|bot| Some(bot.id) == object["status"]["id"].as_i64()).context("no bot")?;
    assert_eq!((bot.name.as_deref(), bot.account), (Some("Helper"), Some(inside.id)));
    assert_eq!(bot.outgoing_url.as_deref(), Some("https://bot.acme.example"));
    let secret = inside.tenant.secret_now("helper").await?;
    assert_eq!(secret["access_token"], bot.access_token.clone().context("no token")?);
    assert_eq!((&secret["secret"], &secret["agent_bot_id"]), (&bot.secret, &bot.id.to_string()));

    // A token that was made anew in Chatwoot gets into the Secret with the next look.
    let token =
        inside.stage.chatwoot.act(Act::ResetBotToken { bot: bot.id }).await?.token.context("no token")?;
    helper.looked_at().await?;
    assert_eq!(inside.tenant.secret_now("helper").await?["access_token"], token);
    inside
        .stage
        .chatwoot
        .act(Act::EditBot { bot: bot.id, name: Some("Other".into()), outgoing_url: None })
        .await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    helper.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET agent_bots", "PATCH agent_bots/:id"]);
    helper.delete().await?;
    helper.gone().await?;
    inside.tenant.secret_gone("helper").await?;
    let left: Vec<Option<i64>> = inside.bots().await?.iter().map(|bot| bot.account).collect();
    assert_eq!(left, [None], "the installation's bot stays");
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_second_bot() -> Result<()> {
    let inside = Furnished::new().await?;
    inside.stage.chatwoot.fault_once(CREATE, Effect::CloseAfterCommit).await?;
    let helper = inside.apply(BOT, "helper", json!({"name": "Helper"})).await?;
    helper.reason("ResolvingCreate").await?;
    let found = helper.at_last("is Ready", |object| is(object, "Succeeded")).await?;
    let bots = inside.bots().await?;
    let [bot] = bots.as_slice() else { panic!("{bots:?}") };
    assert_eq!((bot.id, bot.name.as_deref()), (id(&found)?, Some("Helper")));
    Ok(())
}

#[tokio::test]
async fn a_bot_answers_in_the_inboxes_it_names_and_of_two_the_older_one_does() -> Result<()> {
    let inside = Furnished::new().await?;
    let mut inboxes = Vec::new();
    for name in ["shop", "site"] {
        let inbox = inside.apply(INBOX, name, json!({"name": name, "api": {}})).await?;
        inboxes.push(id(&inbox.ready().await?)?);
    }
    let make = Act::CreateInbox {
        account: inside.id,
        name: "by hand".into(),
        channel: ChannelKind::Api,
        fields: Map::new(),
    };
    let by_hand = inside.stage.chatwoot.act(make).await?.id.context("no id")?;
    let helper = inside.apply(BOT, "helper", json!({"name": "Helper", "inboxes": ["shop", "site"]})).await?;
    let bot = id(&helper.ready().await?)?;
    for inbox in &inboxes {
        assert_eq!(inside.bot_of(*inbox).await?, Some(bot));
    }
    // Taken off the list, or attached by hand to another: it answers in exactly these.
    inside.stage.chatwoot.act(Act::AttachBot { inbox: by_hand, bot: Some(bot) }).await?;
    helper.set(json!({"inboxes": ["shop"]})).await?;
    helper.ready().await?;
    assert_eq!(inside.bot_of(inboxes[0]).await?, Some(bot));
    assert_eq!((inside.bot_of(inboxes[1]).await?, inside.bot_of(by_hand).await?), (None, None));

    let second = inside.apply(BOT, "second", json!({"name": "Second", "inboxes": ["shop"]})).await?;
    let refused = second.reason("InvalidSpec").await?;
    assert!(message(&refused, "Ready").contains("ChatwootAgentBot helper, which is older"), "{refused}");
    // It goes on as soon as the older one lets go.
    helper.set(json!({"inboxes": ["site"]})).await?;
    let other = id(&second.ready().await?)?;
    helper.ready().await?;
    // The two may have met there.
    second.looked_at().await?;
    assert_eq!(inside.bot_of(inboxes[0]).await?, Some(other));
    assert_eq!(inside.bot_of(inboxes[1]).await?, Some(bot));
    // A bot that is gone from Chatwoot is made anew, and answers where it did.
    inside.stage.chatwoot.act(Act::DeleteBot { bot }).await?;
    let again = id(&helper.looked_at().await?)?;
    assert!(again != bot);
    assert_eq!(inside.bot_of(inboxes[1]).await?, Some(again));
    Ok(())
}

/// The inbox's own resource need not have noticed yet.
#[tokio::test]
async fn a_bot_whose_inbox_was_deleted_in_chatwoot_is_not_ready() -> Result<()> {
    let inside = Furnished::new().await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "shop", "api": {}})).await?;
    let shop = id(&shop.ready().await?)?;
    let helper = inside.apply(BOT, "helper", json!({"name": "Helper", "inboxes": ["shop"]})).await?;
    helper.ready().await?;
    inside.stage.chatwoot.act(Act::DeleteInbox { inbox: shop, when: When::Now }).await?;
    helper.annotate(REQUESTED_AT, "now").await?;
    let told = helper.reason("RejectedByChatwoot").await?;
    assert_eq!(told["status"]["drifted"], json!(["inboxes"]));
    assert!(message(&told, "Ready").contains("inboxes"), "{told}");
    Ok(())
}

/// Every one of them must know of every inbox whether it answers there, and Chatwoot says so of one inbox at a time.
#[tokio::test]
async fn bots_keep_to_the_budget_and_ask_every_inbox_once_together() -> Result<()> {
    const INBOXES: usize = 40;
    const PER_MINUTE: usize = 120;
    let inside = Furnished::new().await?;
    for number in 0..INBOXES {
        let name = format!("by hand {number}");
        let make =
            Act::CreateInbox { account: inside.id, name, channel: ChannelKind::Api, fields: Map::new() };
        inside.stage.chatwoot.act(make).await?;
    }
    let mut spec = automated().instance;
    merge(&mut spec, json!({"requestBudget": {"perMinute": PER_MINUTE}}));
    inside.stage.apply_instance(spec).await?.ready().await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    let mut bots = Vec::new();
    for name in ["one", "two", "three", "four", "five"] {
        bots.push(inside.apply(BOT, name, json!({"name": name, "inboxes": []})).await?);
    }
    for bot in &bots {
        bot.reason_at_last("Succeeded").await?;
    }
    let asked = inside.calls_inside(seq).await?;
    let asked = asked.iter().filter(|call| *call == "GET inboxes/:id/agent_bot").count();
    // Whoever was seen a moment later may ask a few again, which were answered before.
    assert!((INBOXES..2 * INBOXES).contains(&asked), "{asked} questions for 5 bots in {INBOXES} inboxes");
    let entries = inside.stage.chatwoot.journal(&Filter::default().since(seq)).await?;
    let in_minute = |from: usize| {
        let minute = entries[from].time + Duration::from_secs(60);
        entries[from..].iter().take_while(|entry| entry.time < minute).count()
    };
    let most = (0..entries.len()).map(in_minute).max().context("nothing was sent")?;
    assert!(most <= PER_MINUTE, "{most} requests in a minute");
    Ok(())
}

/// One of the installation, of a tenant who may make such.
async fn of_all(more: Value) -> Result<(Furnished, Subject)> {
    let stage = Stage::with(automated()).await?;
    let inside = Furnished::granted(stage, json!({"allow": ["InstallationBots"], "plans": []})).await?;
    let mut spec = json!({"name": "Faq", "installationWide": true, "outgoingUrl": "https://faq.example"});
    merge(&mut spec, more);
    let bot = inside.apply(BOT, "faq", spec).await?;
    Ok((inside, bot))
}

#[tokio::test]
async fn a_bot_for_the_whole_installation_is_made_by_the_platform_token_and_published() -> Result<()> {
    let (inside, faq) = of_all(json!({"connectionSecret": {"name": "faq"}})).await?;
    let shop = inside.apply(INBOX, "shop", json!({"name": "shop", "api": {}, "bot": "faq"})).await?;
    let bot = id(&faq.ready().await?)?;
    let shop = id(&shop.ready().await?)?;
    assert_eq!(inside.bot_of(shop).await?, Some(bot));
    let bots = inside.bots().await?;
    let [made] = bots.as_slice() else { panic!("{bots:?}") };
    assert_eq!((made.id, made.account, made.name.as_deref()), (bot, None, Some("Faq")));
    assert_eq!(made.outgoing_url.as_deref(), Some("https://faq.example"));
    let secret = inside.tenant.secret_now("faq").await?;
    assert_eq!(Some(&secret["access_token"]), made.access_token.as_ref());
    assert_eq!(secret["agent_bot_id"], bot.to_string());
    assert!(!secret.contains_key("account_id") && !secret.contains_key("secret"), "{:?}", secret.keys());
    // Another name is put right, and a second look does nothing.
    let edit = Act::EditBot { bot, name: Some("Other".into()), outgoing_url: None };
    inside.stage.chatwoot.act(edit).await?;
    faq.looked_at().await?;
    assert_eq!(inside.bots().await?[0].name.as_deref(), Some("Faq"));
    let seq = inside.stage.chatwoot.last_seq().await?;
    faq.looked_at().await?;
    assert!(inside.stage.chatwoot.writes(seq).await?.is_empty());
    // Chatwoot shows its URL to nobody in an account; what is asked for is sent nevertheless.
    faq.set(json!({"outgoingUrl": "https://new.example"})).await?;
    faq.ready().await?;
    assert_eq!(inside.bots().await?[0].outgoing_url.as_deref(), Some("https://new.example"));
    Ok(())
}

/// Its token is shown by itself alone, and that is asked of Chatwoot and not of Kubernetes.
#[tokio::test]
async fn what_ails_chatwoot_is_not_told_as_kubernetes_trouble_on_a_bot_for_the_whole_installation()
-> Result<()> {
    const SHOW: &str = "GET /platform/api/v1/agent_bots/:id";
    let (inside, faq) = of_all(json!({"connectionSecret": {"name": "faq"}})).await?;
    let ready = faq.ready().await?;
    let (bot, chatwoot) = (id(&ready)?, &inside.stage.chatwoot);
    let refused = json!({"error": "Invalid access_token"});
    for effect in [
        Effect::CloseBeforeCommit,
        Effect::Status { status: 500, after_commit: false },
        Effect::Json { status: 401, body: refused, after_commit: false },
    ] {
        let seq = chatwoot.last_seq().await?;
        chatwoot.fault_once(SHOW, effect).await?;
        let now = faq.looked_at().await?;
        let since = |object: &Value| condition(object, "Ready")["lastTransitionTime"].clone();
        assert_eq!(since(&now), since(&ready), "it was not Ready in between");
        let asked = chatwoot.journal(&Filter::route(SHOW).since(seq)).await?;
        assert_eq!(asked.iter().filter(|entry| entry.fault.is_some()).count(), 1, "{asked:?}");
    }
    chatwoot.act(Act::Revoke { kind: Kind::AgentBot, id: bot, app: None }).await?;
    faq.annotate(REQUESTED_AT, "now").await?;
    let told = faq.reason("NotPermitted").await?;
    let statement = format!("permissible: AgentBot.find({bot}))");
    assert!(message(&told, "Ready").ends_with(&statement), "{told}");
    chatwoot.act(Act::Permit { kind: Kind::AgentBot, id: bot, app: None }).await?;
    faq.looked_at().await?;
    Ok(())
}

#[tokio::test]
async fn a_bot_for_the_whole_installation_needs_a_grant_that_says_so() -> Result<()> {
    let inside = Furnished::new().await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    let faq = inside.apply(BOT, "faq", json!({"name": "Faq", "installationWide": true})).await?;
    let refused = faq.reason("NotGranted").await?;
    assert!(message(&refused, "Ready").contains("allow: [InstallationBots]"), "{refused}");
    assert!(inside.bots().await?.is_empty());
    let bots = |calls: Vec<String>| calls.into_iter().filter(|call| call.contains("agent_bots")).count();
    assert_eq!(bots(inside.stage.chatwoot.calls(seq).await?), 0);
    // Granted, it is made at once; the grant taken back, it stays as it is and can still be removed.
    let grant = inside.stage.grant(&inside.tenant, json!({"allow": ["InstallationBots"]})).await?;
    let bot = id(&faq.ready().await?)?;
    grant.set(json!({"allow": []})).await?;
    faq.reason("NotGranted").await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    faq.set(json!({"name": "Mine now"})).await?;
    faq.until("is refused again", |o| o["status"]["observedGeneration"] == o["metadata"]["generation"])
        .await?;
    assert_eq!(bots(inside.stage.chatwoot.writes(seq).await?), 0);
    assert_eq!(inside.bots().await?[0].id, bot);
    faq.delete().await?;
    faq.gone().await?;
    assert!(inside.bots().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_lost_answer_to_a_bot_for_the_whole_installation_never_makes_a_second() -> Result<()> {
    let stage = Stage::with(automated()).await?;
    let inside = Furnished::granted(stage, json!({"allow": ["InstallationBots"]})).await?;
    inside.stage.chatwoot.fault_once("POST /platform/api/v1/agent_bots", Effect::CloseAfterCommit).await?;
    let faq = inside.apply(BOT, "faq", json!({"name": "Faq", "installationWide": true})).await?;
    faq.reason("ResolvingCreate").await?;
    let found = faq.at_last("is Ready", |object| is(object, "Succeeded")).await?;
    let bots = inside.bots().await?;
    let [bot] = bots.as_slice() else { panic!("{bots:?}") };
    assert_eq!((bot.id, bot.name.as_deref(), bot.account), (id(&found)?, Some("Faq"), None));
    Ok(())
}

#[tokio::test]
async fn a_bot_for_the_whole_installation_outlives_its_account_and_goes_with_its_resource() -> Result<()> {
    let (inside, faq) = of_all(json!({})).await?;
    faq.ready().await?;
    inside.account.delete().await?;
    inside.account.gone().await?;
    faq.reason("AccountGone").await?;
    assert_eq!(inside.bots().await?.len(), 1);
    faq.delete().await?;
    faq.gone().await?;
    assert!(inside.bots().await?.is_empty());
    Ok(())
}
