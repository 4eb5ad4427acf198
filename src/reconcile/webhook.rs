//! ChatwootWebhook: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Item, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        content::{ConnectionSecret, ContentDeletionPolicy, Within},
        webhook::{ChatwootWebhook, WebhookSpec},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{ids::WebhookId, webhook::Webhook},
        types::Map,
    },
    plan::{
        content::{Named, Names, Telling, Trait, Untold, Wish},
        status::Verdict,
        webhook::{INBOX, WEBHOOK, seen, told, wish},
    },
};
use futures::{FutureExt, TryFutureExt};

impl Content for ChatwootWebhook {
    const TRAIT: &'static Trait = &WEBHOOK;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.webhooks
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

    fn named(&self) -> Vec<Named> {
        self.spec.inbox.iter().map(|inbox| Named::Sibling(INBOX, inbox.clone())).collect()
    }

    fn key(&self) -> String {
        self.spec.url.0.clone()
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<WebhookSpec, Untold> {
        Ok(told(within, shown))
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.webhooks().list().map_ok(|webhooks| webhooks.into_iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        answer(typed(fields).map(|fields| account.webhooks().create(&fields).map_ok(item).boxed()))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let patch = |fields| account.webhooks().update(WebhookId(id), &fields).map_ok(item).boxed();
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.webhooks().delete(WebhookId(id))
    }
}

fn item(webhook: Webhook) -> Item {
    let seen = seen(&webhook);
    let connection = webhook.secret.into_iter().map(|secret| ("secret", secret)).collect();
    Item { seen, connection, ..Item::default() }
}
