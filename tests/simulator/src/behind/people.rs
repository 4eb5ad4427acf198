//! What happens to people and memberships without the Platform API.

use super::{Done, EditUser, How, Removal, When, accounts, edit_map, permissions::app_or_first};
use crate::model::{
    World, emails,
    jobs::{JobKind, Work},
    rows::{Kind, Membership, Role, User},
    secrets,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

fn find(world: &mut World, id: i64) -> Result<&mut User, String> {
    world.users.get_mut(&id).ok_or_else(|| format!("there is no user {id}"))
}

fn member(world: &mut World, account: i64, user: i64) -> Result<&mut Membership, String> {
    world
        .memberships
        .get_mut(account, user)
        .ok_or_else(|| format!("user {user} is no member of account {account}"))
}

fn free_address(world: &World, email: &str, id: i64) -> Result<String, String> {
    let email = emails::normalized(email);
    match world.user_by_email(&email) {
        Some(other) if other != id => Err(format!("user {other} has the address {email:?} already")),
        _ => Ok(email),
    }
}

pub fn edit(world: &mut World, edit: EditUser) -> Result<Done, String> {
    let mut user = find(world, edit.user)?.clone();
    user.name = edit.name.unwrap_or(user.name);
    if let Some(email) = edit.email {
        user.email = free_address(world, &email, user.id)?;
    }
    if let Some(name) = edit.display_name {
        user.display_name = (!name.is_empty()).then_some(name);
    }
    if let Some(password) = edit.password {
        user.password = Some(password);
        user.password_writes += 1;
        user.pubsub_token = secrets::token();
    }
    user.confirmed = edit.confirmed.unwrap_or(user.confirmed);
    user.avatar_url = edit.avatar_url.unwrap_or(user.avatar_url);
    world.put_user(user);
    Ok(Done::default())
}

pub fn edit_attributes(
    world: &mut World,
    id: i64,
    how: How,
    given: Map<String, Value>,
) -> Result<Done, String> {
    edit_map(&mut find(world, id)?.custom_attributes, how, given);
    Ok(Done::default())
}

pub fn create(
    world: &mut World,
    name: String,
    email: &str,
    attributes: Map<String, Value>,
    app: Option<i64>,
) -> Result<Done, String> {
    let app = app.map(|app| app_or_first(world, Some(app))).transpose()?;
    let email = free_address(world, email, 0)?;
    let id = world.insert_user(User { custom_attributes: attributes, ..World::blank_user(name, email) });
    if let Some(app) = app {
        world.permit(app, Kind::User, id);
    }
    Ok(Done::id(id))
}

pub fn delete(world: &mut World, id: i64, when: When, now: Timestamp) -> Result<Done, String> {
    find(world, id)?;
    match when {
        When::Now => world.delete_user_now(id),
        When::Queued => world.enqueue(Work::on_user(JobKind::DestroyUser, id), now),
    }
    Ok(Done::default())
}

pub fn add_member(
    world: &mut World,
    account: i64,
    user: i64,
    role: Option<Role>,
    now: Timestamp,
) -> Result<Done, String> {
    accounts::find(world, account)?;
    find(world, user)?;
    if world.memberships.get(account, user).is_some() {
        return Err(format!("user {user} is a member of account {account} already"));
    }
    world.add_member(account, user, Some(role.unwrap_or(Role::Agent)), now).map_err(|_stale| {
        format!("user {user} was added to account {account}, but too early after a removal (P5)")
    })?;
    Ok(Done::default())
}

pub fn remove_member(
    world: &mut World,
    account: i64,
    user: i64,
    way: Removal,
    now: Timestamp,
) -> Result<Done, String> {
    member(world, account, user)?;
    world.remove_member(account, user, now);
    if way == Removal::Ui && world.memberships.of_user(user).next().is_none() {
        world.enqueue(Work::on_user(JobKind::DestroyUser, user), now);
    }
    Ok(Done::default())
}

pub fn change_role(
    world: &mut World,
    account: i64,
    user: i64,
    role: Option<Role>,
    now: Timestamp,
) -> Result<Done, String> {
    let row = member(world, account, user)?;
    row.role = role;
    row.updated_at = now;
    Ok(Done::default())
}

pub fn join_team(world: &mut World, account: i64, user: i64, team: i64) -> Result<Done, String> {
    member(world, account, user)?;
    world.team_members.insert((account, user, team));
    Ok(Done::default())
}

pub fn open_account(world: &mut World, account: i64, user: i64, now: Timestamp) -> Result<Done, String> {
    member(world, account, user)?.active_at = Some(now);
    Ok(Done::default())
}

pub fn reset_access_token(world: &mut World, user: i64) -> Result<Done, String> {
    let token = secrets::token();
    find(world, user)?.access_token = Some(token.clone());
    Ok(Done::token(token))
}

pub fn drop_access_token(world: &mut World, user: i64) -> Result<Done, String> {
    find(world, user)?.access_token = None;
    Ok(Done::default())
}
