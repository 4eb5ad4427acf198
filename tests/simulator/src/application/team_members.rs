//! `/api/v1/accounts/:account_id/teams/:team_id/team_members` (chatwoot-api §3.6).

use super::{Visit, missing, views};
use crate::{
    model::World,
    params::integer_of,
    reply::{Refusal, Reply},
};
use serde_json::Value;

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?;
    Ok(answer(world, visit, members(world, visit.account, team)))
}

/// Answers only those who are new.
pub fn add(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?;
    visit.administrator(world)?;
    let given = ids(world, visit)?;
    let before = members(world, visit.account, team);
    let new: Vec<i64> = given.iter().filter_map(integer_of).filter(|user| !before.contains(user)).collect();
    enter(world, visit.account, team, &new);
    Ok(answer(world, visit, new).wrote())
}

/// The list becomes the members. Ids sent as texts equal nobody's number: everybody goes.
pub fn replace(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?;
    visit.administrator(world)?;
    let given = ids(world, visit)?.clone();
    let new: Vec<i64> = given.iter().filter_map(integer_of).collect();
    enter(world, visit.account, team, &new);
    for user in members(world, visit.account, team) {
        if !given.contains(&Value::from(user)) {
            world.team_members.remove(&(visit.account, user, team));
        }
    }
    Ok(answer(world, visit, members(world, visit.account, team)).wrote())
}

pub fn remove(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?;
    visit.administrator(world)?;
    for user in ids(world, visit)?.iter().filter_map(integer_of) {
        world.team_members.remove(&(visit.account, user, team));
    }
    Ok(Reply::empty().wrote())
}

fn found(world: &World, visit: &Visit) -> Result<i64, Refusal> {
    let id = visit.id("team_id")?;
    world.content.teams.find(visit.account, id).map(|team| team.id).ok_or_else(missing)
}

/// Only members of the account; a missing list is a 500.
fn ids<'a>(world: &World, visit: &'a Visit) -> Result<&'a Vec<Value>, Refusal> {
    let ids = visit.params.list("user_ids").ok_or(Refusal::CRASH)?;
    let known = |value: &Value| {
        integer_of(value).is_some_and(|user| world.memberships.get(visit.account, user).is_some())
    };
    if ids.iter().all(known) { Ok(ids) } else { Err(Refusal::Said(401, "Invalid User IDs".into())) }
}

fn members(world: &World, account: i64, team: i64) -> Vec<i64> {
    let of_account = world.team_members.range((account, i64::MIN, i64::MIN)..=(account, i64::MAX, i64::MAX));
    of_account.filter(|(_, _, id)| *id == team).map(|(_, user, _)| *user).collect()
}

fn enter(world: &mut World, account: i64, team: i64, users: &[i64]) {
    world.team_members.extend(users.iter().map(|user| (account, *user, team)));
}

fn answer(world: &World, visit: &Visit, users: Vec<i64>) -> Reply {
    Reply::view(&views::people::agents(world, visit.account, users))
}
