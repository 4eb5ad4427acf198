//! ChatwootAgentBot: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, InstallationWide, Item, Secrets, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        agent_bot::{AgentBotSpec, ChatwootAgentBot},
        content::{ConnectionSecret, ContentDeletionPolicy, Within},
    },
    chatwoot::{
        application::{Account, Answer},
        outcome::{Class, Failure},
        tenant::{
            agent_bot::AgentBot,
            ids::{AgentBotId, InboxId},
        },
        types::Map,
    },
    plan::{
        agent_bot::{AGENT_BOT, seen, told, wish},
        content::{Named, Names, Telling, Trait, Untold, Wish},
        inbox::INBOX,
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};
use kube::ResourceExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Content for ChatwootAgentBot {
    const TRAIT: &'static Trait = &AGENT_BOT;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.agent_bots
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn connection(&self) -> Option<&ConnectionSecret> {
        self.spec.connection_secret.as_ref()
    }

    fn installation_wide(&self) -> Option<&'static InstallationWide> {
        self.spec.installation_wide.then_some(&INSTALLATION_WIDE)
    }

    fn named(&self) -> Vec<Named> {
        let inboxes = self.spec.inboxes.iter().flatten();
        inboxes.map(|name| Named::Sibling(INBOX.kind, name.clone())).collect()
    }

    fn key(&self) -> String {
        self.spec.name.clone()
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.name_any(), &self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<AgentBotSpec, Untold> {
        Ok(told(within, shown))
    }

    /// The account's own, and those of the installation, which cannot be written here.
    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.agent_bots().list().map_ok(|bots| bots.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        let made = |fields| account.agent_bots().create(&fields).map_ok(|bot| item(&bot)).boxed();
        answer(typed(fields).map(made))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let changed = |fields| account.agent_bots().update(AgentBotId(id), &fields).map_ok(|bot| item(&bot));
        answer(typed(fields).map(|fields| changed(fields).boxed()))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.agent_bots().delete(AgentBotId(id))
    }

    /// Where it answers. Neither bots nor inboxes are listed with that, so every inbox of the account is asked.
    fn read_part(account: &Account, id: i64, _: &'static str, _: &Value) -> Answer<Value> {
        attached(account.clone(), AgentBotId(id)).map_ok(|inboxes| json!(inboxes)).boxed()
    }

    fn write_part(account: &Account, id: i64, _: &'static str, wanted: Value) -> Answer<Value> {
        let (account, bot) = (account.clone(), AgentBotId(id));
        async move {
            let wanted_in: BTreeSet<i64> =
                wanted.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
            // Each is asked right before it is changed: another bot may have come to answer there.
            for inbox in account.inboxes().list().await? {
                let answers = is_in(&account, bot, inbox.id).await?;
                let is_wanted = wanted_in.contains(&inbox.id.0);
                if answers != is_wanted {
                    account.inboxes().set_agent_bot(inbox.id, is_wanted.then_some(bot)).await?;
                }
            }
            Ok(wanted)
        }
        .boxed()
    }
}

/// Ids of the inboxes in which the bot answers.
async fn attached(account: Account, bot: AgentBotId) -> Result<BTreeSet<i64>, Failure> {
    let mut inboxes = BTreeSet::new();
    for inbox in account.inboxes().list().await? {
        if is_in(&account, bot, inbox.id).await? {
            inboxes.insert(inbox.id.0);
        }
    }
    Ok(inboxes)
}

/// Whether the bot answers in an inbox. One that has gone meanwhile has no bot.
async fn is_in(account: &Account, bot: AgentBotId, inbox: InboxId) -> Result<bool, Failure> {
    match account.inboxes().agent_bot(inbox).await {
        Ok(found) => Ok(found.is_some_and(|found| found.id == bot)),
        Err(failure) if failure.class == Class::NotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}

const INSTALLATION_WIDE: InstallationWide = InstallationWide {
    create: |platform, fields| {
        let platform = platform.clone();
        async move { platform.create_agent_bot(&typed(fields)?).await.map(|bot| item(&bot)) }.boxed()
    },
    patch: |platform, id, fields| {
        let (platform, id) = (platform.clone(), AgentBotId(id));
        async move { platform.update_agent_bot(id, &typed(fields)?).await.map(|bot| item(&bot)) }.boxed()
    },
    show: |platform, id| {
        let (platform, id) = (platform.clone(), AgentBotId(id));
        async move { platform.agent_bot(id).await.map(|bot| item(&bot)) }.boxed()
    },
    delete: |platform, id| {
        let (platform, id) = (platform.clone(), AgentBotId(id));
        async move { platform.delete_agent_bot(id).await }.boxed()
    },
};

fn item(bot: &AgentBot) -> Item {
    let secrets = [("access_token", &bot.access_token), ("secret", &bot.secret)];
    let connection: Secrets =
        secrets.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect();
    let installation_wide = bot.account_id.is_none() || bot.system_bot;
    Item { seen: seen(bot), connection, installation_wide, ..Item::default() }
}
