//! ChatwootCannedResponse: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Item, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        canned_response::{CannedResponseSpec, ChatwootCannedResponse},
        content::{ContentDeletionPolicy, Within},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{canned::CannedResponse, ids::CannedResponseId},
        types::Map,
    },
    plan::{
        canned_response::{CANNED_RESPONSE, seen, told, wish},
        content::{Names, Telling, Trait, Untold, Wish},
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};

impl Content for ChatwootCannedResponse {
    const TRAIT: &'static Trait = &CANNED_RESPONSE;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.canned_responses
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn key(&self) -> String {
        self.spec.short_code.clone()
    }

    fn wish(&self, _: &dyn Names) -> Result<Wish, Verdict> {
        Ok(wish(&self.spec))
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<CannedResponseSpec, Untold> {
        Ok(told(within, shown))
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.canned_responses().list().map_ok(|answers| answers.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        let create = |fields| account.canned_responses().create(&fields).map_ok(|one| item(&one)).boxed();
        answer(typed(fields).map(create))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let id = CannedResponseId(id);
        let patch = |fields| account.canned_responses().update(id, &fields).map_ok(|one| item(&one)).boxed();
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.canned_responses().delete(CannedResponseId(id))
    }
}

fn item(answer: &CannedResponse) -> Item {
    seen(answer).into()
}
