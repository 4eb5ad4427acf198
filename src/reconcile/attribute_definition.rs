//! ChatwootCustomAttributeDefinition: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Item, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        attribute_definition::{ChatwootCustomAttributeDefinition, CustomAttributeDefinitionSpec},
        content::{ContentDeletionPolicy, Within},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{attribute::AttributeDefinition, ids::AttributeId},
        types::Map,
    },
    plan::{
        attribute_definition::{ATTRIBUTE_DEFINITION, key, seen, told, wish},
        content::{Names, Telling, Trait, Untold, Wish},
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};

impl Content for ChatwootCustomAttributeDefinition {
    const TRAIT: &'static Trait = &ATTRIBUTE_DEFINITION;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.attribute_definitions
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn key(&self) -> String {
        key(&self.spec)
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<CustomAttributeDefinitionSpec, Untold> {
        told(within, shown)
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.attributes().list(None).map_ok(|all| all.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        answer(typed(fields).map(|new| account.attributes().create(&new).map_ok(|one| item(&one)).boxed()))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let id = AttributeId(id);
        let patch = |fields| account.attributes().update(id, &fields).map_ok(|one| item(&one)).boxed();
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.attributes().delete(AttributeId(id))
    }
}

fn item(definition: &AttributeDefinition) -> Item {
    seen(definition).into()
}
