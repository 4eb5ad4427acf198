//! `/platform/api/v1/accounts/:account_id/account_users`.

use super::{Visit, enums, views};
use crate::{
    model::{
        World,
        rows::{Kind, Role},
    },
    params::integer_of,
    reply::*,
};
use serde_json::Value;

/// Ids and roles of everybody, also of people this caller may not read (P26).
pub fn list(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    let account = visit.subject(world, Kind::Account)?;
    let mut rows: Vec<_> = world.memberships.of_account(account).collect();
    rows.sort_by_key(|row| row.id);
    Ok(Reply::view(&Value::Array(rows.into_iter().map(|row| views::membership(world, row)).collect())))
}

/// Adds or changes a member, by user id. The person needs no permission (P7).
pub fn save(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let account = visit.subject(world, Kind::Account)?;
    let user = visit.params.raw("user_id").and_then(integer_of);
    let role = visit.params.raw("role").map(enums::role).transpose()?;
    let Some(user) = user.filter(|user| world.users.contains_key(user)) else {
        let mut errors = Errors::default();
        errors.add("user", "User must exist");
        return Err(Refusal::Invalid(errors));
    };
    match (world.memberships.get_mut(account, user), role) {
        (Some(row), Some(role)) if row.role != role => {
            row.role = role;
            row.updated_at = visit.now;
        }
        // A role that is left out stays as it is.
        (Some(_), _) => {}
        (None, role) => world
            .add_member(account, user, role.unwrap_or(Some(Role::Agent)), visit.now)
            .map_err(|_stale| Refusal::Crash { wrote: true })?,
    }
    let row = world.memberships.get(account, user).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::membership(world, row)).wrote())
}

/// 200 also for somebody who is no member, or nobody at all.
pub fn remove(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let account = visit.subject(world, Kind::Account)?;
    let user = visit.params.raw("user_id").and_then(integer_of);
    let removed = user.is_some_and(|user| world.remove_member(account, user, visit.now));
    Ok(Reply { wrote: removed, ..Reply::empty() })
}
