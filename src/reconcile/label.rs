//! ChatwootLabel: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Item, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        content::{ContentDeletionPolicy, Within},
        label::{ChatwootLabel, LabelSpec},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{ids::LabelId, label::Label},
        types::Map,
    },
    plan::{
        content::{Names, Telling, Trait, Untold, Wish},
        label::{LABEL, seen, told, wish},
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};

impl Content for ChatwootLabel {
    const TRAIT: &'static Trait = &LABEL;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.labels
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn key(&self) -> String {
        self.spec.title.clone()
    }

    fn wish(&self, _: &dyn Names) -> Result<Wish, Verdict> {
        Ok(wish(&self.spec))
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<LabelSpec, Untold> {
        Ok(told(within, shown))
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.labels().list().map_ok(|labels| labels.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        answer(
            typed(fields).map(|fields| account.labels().create(&fields).map_ok(|label| item(&label)).boxed()),
        )
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let patch =
            |fields| account.labels().update(LabelId(id), &fields).map_ok(|label| item(&label)).boxed();
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.labels().delete(LabelId(id))
    }
}

fn item(label: &Label) -> Item {
    seen(label).into()
}
