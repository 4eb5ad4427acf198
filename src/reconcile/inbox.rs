//! ChatwootInbox: how Chatwoot is called.

mod wire;

use super::{
    agent_bot::BOT_OF_INBOX,
    cache::Cache,
    content::{Content, Halt, Inside, Item, Secrets, answer, ids},
    world::Caches,
};
use crate::{
    api::{
        content::{ConnectionSecret, ContentDeletionPolicy, Within},
        inbox::{ChatwootInbox, InboxSpec},
    },
    chatwoot::{
        application::{Account, Answer},
        outcome::{Class, Failure},
        tenant::{
            ids::{AgentBotId, InboxId},
            inbox::Inbox,
        },
        types::{Map, UserId},
    },
    plan::{
        agent_bot::AGENT_BOT,
        content::{Named, Names, Telling, Trait, Untold, Wish},
        grants::Need,
        inbox::{BOT, INBOX, MEMBERS, seen, told, wish},
        status::Verdict,
        team::members,
    },
};
use futures::{FutureExt, TryFutureExt};
use secrecy::SecretString;
use serde_json::{Value, json};

impl Content for ChatwootInbox {
    const TRAIT: &'static Trait = &INBOX;
    const TOLD_PARTS: &'static [&'static str] = &[MEMBERS, BOT];

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.inboxes
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

    /// Mail goes to whoever has the address, and no two inboxes of the installation can: it is a tenant's own, as people's
    /// addresses are.
    fn needs(&self) -> Vec<Need> {
        let address = self.spec.email.as_ref().map(|email| email.address.to_ascii_lowercase());
        let domain = address.and_then(|address| Some(address.rsplit_once('@')?.1.to_owned()));
        domain.map(Need::EmailDomain).into_iter().collect()
    }

    fn named(&self) -> Vec<Named> {
        let spec = &self.spec;
        let members = spec.members.iter().flatten().cloned().map(Named::Member);
        let bot = spec.bot.iter().filter(|name| !name.is_empty());
        let bot = bot.map(|name| Named::Sibling(AGENT_BOT.kind, name.clone()));
        let email = spec.email.iter();
        let passwords = email.flat_map(|email| {
            let imap = email.imap.as_ref().map(|imap| &imap.password_secret_key_ref);
            imap.into_iter().chain(email.smtp.as_ref().map(|smtp| &smtp.password_secret_key_ref))
        });
        members.chain(bot).chain(passwords.map(|secret| Named::Secret(secret.name.clone()))).collect()
    }

    fn key(&self) -> String {
        self.spec.name.clone()
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<InboxSpec, Untold> {
        told(within, shown)
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.inboxes().list().map_ok(|inboxes| inboxes.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        let made = |new| account.inboxes().create(&new).map_ok(|inbox| item(&inbox)).boxed();
        answer(wire::new(fields).map(made))
    }

    /// Of fields whose values stand in no Secret and are not parts of something that Chatwoot replaces whole.
    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let update =
            |patch| account.inboxes().update(InboxId(id), &patch).map_ok(|inbox| item(&inbox)).boxed();
        answer(wire::patch(fields, Secrets::new()).map(update))
    }

    async fn patch_with(
        inside: &mut Inside<'_>,
        id: i64,
        mut fields: Map,
        secrets: Secrets,
    ) -> Result<Item, Failure> {
        let id = InboxId(id);
        if wire::needs_merging(&fields) {
            wire::merge(&mut fields, &inside.call(|account| account.inboxes().show(id)).await?);
        }
        let patch = wire::patch(fields, secrets)?;
        inside.call(|account| account.inboxes().update(id, &patch)).await.map(|inbox| item(&inbox))
    }

    /// Chatwoot only takes note of it, and goes on showing the inbox for a while.
    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.inboxes().delete(InboxId(id))
    }

    fn part(account: &Account, id: i64, part: &'static str) -> Answer<Value> {
        let inbox = InboxId(id);
        match part {
            MEMBERS => account.inbox_members(inbox).list().map_ok(|agents| members(&agents)).boxed(),
            _ => account.inboxes().agent_bot(inbox).map_ok(|bot| json!(bot.map(|bot| bot.id))).boxed(),
        }
    }

    async fn write_part(
        inside: &mut Inside<'_>,
        id: i64,
        part: &'static str,
        wanted: Value,
    ) -> Result<Value, Halt> {
        let inbox = InboxId(id);
        match part {
            MEMBERS => {
                let users: Vec<UserId> = ids(&wanted).map(UserId).collect();
                Ok(members(&inside.call(|account| account.inbox_members(inbox).set(&users)).await?))
            }
            BOT => {
                let bot = wanted.as_i64();
                let set = |account: &Account| account.inboxes().set_agent_bot(inbox, bot.map(AgentBotId));
                match inside.change(BOT_OF_INBOX, (id, bot), set).await {
                    Err(failure) if failure.class == Class::NotFound => {
                        let detail = Some("the inbox or its bot is gone from Chatwoot");
                        Err(Failure { detail, ..failure }.into())
                    }
                    other => Ok(other.map(|()| wanted)?),
                }
            }
            _ => Err(Failure::of(Class::Invalid).into()),
        }
    }
}

fn item(inbox: &Inbox) -> Item {
    let connection = [
        ("inbox_identifier", &inbox.inbox_identifier),
        ("website_token", &inbox.website_token),
        ("web_widget_script", &inbox.web_widget_script),
        ("hmac_token", &inbox.hmac_token),
        ("secret", &inbox.secret),
    ];
    let passwords = [("imap_password", &inbox.imap_password), ("smtp_password", &inbox.smtp_password)];
    Item { seen: seen(inbox), connection: shown(connection), secrets: shown(passwords), ..Item::default() }
}

fn shown<const N: usize>(secrets: [(&'static str, &Option<SecretString>); N]) -> Secrets {
    secrets.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
}
