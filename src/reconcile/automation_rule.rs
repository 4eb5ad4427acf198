//! ChatwootAutomationRule: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Item, answer, typed},
    world::Caches,
};
use crate::{
    api::{
        automation_rule::{AutomationRuleSpec, ChatwootAutomationRule},
        content::{ContentDeletionPolicy, Within},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{automation::AutomationRule, ids::AutomationRuleId},
        types::Map,
    },
    plan::{
        automation_rule::{AUTOMATION_RULE, named, seen, told, wish},
        content::{Named, Names, Telling, Trait, Untold, Wish},
        status::Verdict,
    },
};
use futures::{FutureExt, TryFutureExt};

impl Content for ChatwootAutomationRule {
    const TRAIT: &'static Trait = &AUTOMATION_RULE;

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.automation_rules
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn named(&self) -> Vec<Named> {
        named(&self.spec)
    }

    fn key(&self) -> String {
        self.spec.name.clone()
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<AutomationRuleSpec, Untold> {
        told(within, shown)
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.automation_rules().list().map_ok(|rules| rules.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        let create = |fields| account.automation_rules().create(&fields).map_ok(|rule| item(&rule)).boxed();
        answer(typed(fields).map(create))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let patch = |fields| {
            account
                .automation_rules()
                .update(AutomationRuleId(id), &fields)
                .map_ok(|rule| item(&rule))
                .boxed()
        };
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.automation_rules().delete(AutomationRuleId(id))
    }
}

fn item(rule: &AutomationRule) -> Item {
    seen(rule).into()
}
