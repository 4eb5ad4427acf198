//! `/api/v1/accounts/:account_id/inbox_members`: who works in an inbox. They need not belong to the account.

use super::{Visit, missing, views};
use crate::{
    model::World,
    params::integer_of,
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Value, json};

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = visit.inbox(world, visit.id("inbox_id")?)?.id;
    Ok(Reply::view(&payload(world, visit.account, inbox)))
}

/// Adds who is missing.
pub fn add(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = managed(world, visit)?;
    let new = newcomers(world, inbox, ids(visit)?)?;
    world.content.inbox_members.extend(new.into_iter().map(|user| (inbox, user)));
    Ok(Reply::view(&payload(world, visit.account, inbox)).wrote())
}

/// The list becomes the members. Chatwoot compares numbers with what was sent: a "5" is not the member 5, who is
/// added (a 422 where they are one already) and removed.
pub fn replace(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = managed(world, visit)?;
    let given = ids(visit)?;
    let before = members(world, inbox);
    let new = newcomers(world, inbox, given)?;
    world.content.inbox_members.extend(new.into_iter().map(|user| (inbox, user)));
    for user in before.into_iter().filter(|user| !given.contains(&Value::from(*user))) {
        world.content.inbox_members.remove(&(inbox, user));
    }
    Ok(Reply::view(&payload(world, visit.account, inbox)).wrote())
}

pub fn remove(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let inbox = managed(world, visit)?;
    for user in ids(visit)?.iter().filter_map(integer_of) {
        world.content.inbox_members.remove(&(inbox, user));
    }
    Ok(Reply::empty().wrote())
}

fn managed(world: &World, visit: &Visit) -> Result<i64, Refusal> {
    let id = visit.params.raw("inbox_id").and_then(integer_of).ok_or_else(missing)?;
    let inbox = world.content.inboxes.find(visit.account, id).ok_or_else(missing)?.id;
    visit.administrator(world)?;
    Ok(inbox)
}

/// A missing list is a 500.
fn ids<'a>(visit: &'a Visit) -> Result<&'a Vec<Value>, Refusal> {
    visit.params.list("user_ids").ok_or(Refusal::CRASH)
}

fn members(world: &World, inbox: i64) -> Vec<i64> {
    world.content.inbox_members.range((inbox, i64::MIN)..=(inbox, i64::MAX)).map(|(_, user)| *user).collect()
}

/// Whom Chatwoot would make members of: what was sent and is not among the members' numbers.
fn newcomers(world: &World, inbox: i64, given: &[Value]) -> Result<Vec<i64>, Refusal> {
    let members = members(world, inbox);
    let mut new: Vec<i64> = Vec::new();
    let mut errors = Errors::default();
    for value in given.iter().filter(|value| !value.as_i64().is_some_and(|id| members.contains(&id))) {
        match integer_of(value).filter(|user| world.users.contains_key(user)) {
            None => errors.add("user", "User must exist"),
            Some(user) if members.contains(&user) => errors.add("user_id", "User has already been taken"),
            Some(user) => new.push(user),
        }
    }
    errors.check()?;
    Ok(new)
}

fn payload(world: &World, account: i64, inbox: i64) -> Value {
    json!({"payload": views::people::agents(world, account, members(world, inbox))})
}
