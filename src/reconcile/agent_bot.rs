//! ChatwootAgentBot: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Halt, Inside, InstallationWide, Item, Secrets, answer, ids, typed},
    world::Caches,
};
use crate::{
    api::{
        agent_bot::{AgentBotSpec, ChatwootAgentBot},
        content::{ConnectionSecret, ContentDeletionPolicy, Within},
        grant::Privilege,
        inbox::ChatwootInbox,
    },
    chatwoot::{
        application::{Account, Answer},
        outcome::Class,
        tenant::{
            agent_bot::AgentBot,
            ids::{AgentBotId, InboxId},
        },
        types::Map,
    },
    plan::{
        agent_bot::{AGENT_BOT, seen, told, wish},
        content::{Named, Names, Telling, Trait, Untold, Wish},
        grants::Need,
        inbox::INBOX,
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};
use kube::ResourceExt;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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

    fn needs(&self) -> Vec<Need> {
        let everywhere = self.spec.installation_wide.then_some(Need::Privilege(Privilege::InstallationBots));
        everywhere.into_iter().collect()
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

    /// Where it answers.
    async fn read_part(inside: &mut Inside<'_>, id: i64, _: &'static str) -> Result<Value, Halt> {
        let bots = bots_of_inboxes(inside).await?;
        inside.seen();
        let own = bots.into_iter().filter(|(_, bot)| *bot == Some(id));
        Ok(own.map(|(inbox, _)| inbox).collect())
    }

    /// Answers in the inboxes that are wanted and in no other.
    ///
    /// # Errors
    /// Those of a request; it is others' turn.
    async fn write_part(
        inside: &mut Inside<'_>,
        id: i64,
        _: &'static str,
        wanted: Value,
    ) -> Result<Value, Halt> {
        let wanted_in: BTreeSet<i64> = ids(&wanted).collect();
        // Somebody may have deleted one that is wanted: only where Chatwoot has it does the bot answer.
        let mut answers_in = BTreeSet::new();
        for (inbox, bot) in bots_of_inboxes(inside).await? {
            let is_wanted = wanted_in.contains(&inbox);
            if is_wanted {
                answers_in.insert(inbox);
            }
            if (bot == Some(id)) == is_wanted {
                continue;
            }
            inside.give_way()?;
            // Another bot may have come to answer there, and that is not this one's to end.
            if !is_wanted {
                let now = inside.call(|account| bot_of(account, inbox)).await?;
                if now != Some(id) {
                    inside.learned(BOT_OF_INBOX, inbox, now);
                    continue;
                }
            }
            let bot = is_wanted.then_some(id);
            let set =
                |account: &Account| account.inboxes().set_agent_bot(InboxId(inbox), bot.map(AgentBotId));
            inside.change(BOT_OF_INBOX, (inbox, bot), set).await?;
        }
        inside.seen();
        Ok(answers_in.into_iter().collect())
    }
}

/// What is asked about every inbox: which bot answers there.
pub const BOT_OF_INBOX: &str = "bot of inbox";

/// Which bot answers in which inbox of the account. Neither bots nor inboxes are listed with that, so every inbox is asked,
/// once for all bots of the account that want to know.
async fn bots_of_inboxes(inside: &mut Inside<'_>) -> Result<BTreeMap<i64, Option<i64>>, Halt> {
    inside.beside::<ChatwootInbox>(BOT_OF_INBOX, bot_of).await
}

/// Which bot answers in an inbox. One that has gone meanwhile has none.
fn bot_of(account: &Account, inbox: i64) -> Answer<Option<i64>> {
    let asked = account.inboxes().agent_bot(InboxId(inbox));
    asked
        .map(|answer| match answer {
            Ok(found) => Ok(found.map(|bot| bot.id.0)),
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            Err(failure) => Err(failure),
        })
        .boxed()
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

#[cfg(test)]
mod tests;
