//! ChatwootTeam: how Chatwoot is called.

use super::{
    cache::Cache,
    content::{Content, Halt, Inside, Item, answer, ids, typed},
    world::Caches,
};
use crate::{
    api::{
        content::{ContentDeletionPolicy, Within},
        team::{ChatwootTeam, TeamSpec},
    },
    chatwoot::{
        application::{Account, Answer},
        tenant::{ids::TeamId, team::Team},
        types::{Map, UserId},
    },
    plan::{
        content::{Named, Names, Telling, Trait, Untold, Wish},
        status::Verdict,
        team::{MEMBERS, TEAM, members, seen, told, wish},
    },
};
use futures::{FutureExt, TryFutureExt};
use serde_json::Value;

impl Content for ChatwootTeam {
    const TRAIT: &'static Trait = &TEAM;
    const TOLD_PARTS: &'static [&'static str] = &[MEMBERS];

    fn cache(caches: &Caches) -> &Cache<Self> {
        &caches.contents.teams
    }

    fn within(&self) -> &Within {
        &self.spec.within
    }

    fn deletion_policy(&self) -> ContentDeletionPolicy {
        self.spec.deletion_policy
    }

    fn named(&self) -> Vec<Named> {
        self.spec.members.iter().flatten().cloned().map(Named::Member).collect()
    }

    fn key(&self) -> String {
        self.spec.name.clone()
    }

    fn wish(&self, names: &dyn Names) -> Result<Wish, Verdict> {
        wish(&self.spec, names)
    }

    fn told(within: Within, shown: &mut Telling<'_>) -> Result<TeamSpec, Untold> {
        Ok(told(within, shown))
    }

    fn list(account: &Account) -> Answer<Vec<Item>> {
        account.teams().list().map_ok(|teams| teams.iter().map(item).collect()).boxed()
    }

    fn create(account: &Account, fields: Map) -> Answer<Item> {
        answer(typed(fields).map(|fields| account.teams().create(&fields).map_ok(|team| item(&team)).boxed()))
    }

    fn patch(account: &Account, id: i64, fields: Map) -> Answer<Item> {
        let patch = |fields| account.teams().update(TeamId(id), &fields).map_ok(|team| item(&team)).boxed();
        answer(typed(fields).map(patch))
    }

    fn delete(account: &Account, id: i64) -> Answer<()> {
        account.teams().delete(TeamId(id))
    }

    fn part(account: &Account, id: i64, _: &'static str) -> Answer<Value> {
        account.team_members(TeamId(id)).list().map_ok(|agents| members(&agents)).boxed()
    }

    async fn write_part(
        inside: &mut Inside<'_>,
        id: i64,
        _: &'static str,
        wanted: Value,
    ) -> Result<Value, Halt> {
        let users: Vec<UserId> = ids(&wanted).map(UserId).collect();
        let agents = inside.call(|account| account.team_members(TeamId(id)).set(&users)).await?;
        Ok(members(&agents))
    }
}

fn item(team: &Team) -> Item {
    seen(team).into()
}
