//! `/api/v1/accounts/:account_id/agents`: members by e-mail address (chatwoot-api §3.6).

use super::{Visit, missing, views};
use crate::{
    model::{
        Edition, World,
        content::columns::{flag, label},
        emails,
        jobs::{JobKind, Work},
        rows::{Membership, Role, User},
    },
    params::{Params, integer_of, present, text_of},
    reply::{Errors, Refusal, Reply},
};
use serde_json::Value;

const FIELDS: [&str; 5] = ["email", "name", "role", "availability", "auto_offline"];
const AVAILABILITIES: [&str; 3] = ["online", "offline", "busy"];

/// By name; administrators too.
pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let rows = world.memberships.of_account(visit.account);
    let mut users: Vec<&User> = rows.filter_map(|row| world.users.get(&row.user)).collect();
    users.sort_by_cached_key(|user| (user.name.to_lowercase(), user.id));
    let views: Vec<Value> =
        users.into_iter().map(|user| views::people::agent(world, visit.account, user)).collect();
    Ok(Reply::view(&Value::Array(views)))
}

/// A person who exists is added as they are; a new one gets a random password and a mail to confirm.
pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    if !has_seats(world, visit.account, 1) {
        return Err(no_seats());
    }
    let agent = visit.wrapped("agent", FIELDS.into_iter())?;
    let email = agent.text("email").flatten().ok_or(Refusal::CRASH)?;
    let given = Given::read(&agent)?;
    let user = match world.user_by_email(&emails::normalized(&email)) {
        Some(user) => user,
        None => invite(world, &email, &agent)?,
    };
    if world.memberships.get(visit.account, user).is_some() {
        let mut errors = Errors::default();
        errors.add("user_id", "User has already been taken");
        return Err(Refusal::Invalid(errors));
    }
    world
        .add_member(visit.account, user, given.role.unwrap_or(Some(Role::Agent)), visit.now)
        .map_err(|_stale| Refusal::Crash { wrote: true })?;
    if let Some(row) = world.memberships.get_mut(visit.account, user) {
        given.assign(row);
    }
    shown(world, visit, user)
}

fn invite(world: &mut World, email: &str, agent: &Params) -> Result<i64, Refusal> {
    let email = emails::normalized(email);
    let mut errors = Errors::default();
    for complaint in emails::complaints(&email) {
        errors.add("email", complaint);
    }
    errors.check()?;
    let local = email.split('@').next().unwrap_or_default().to_owned();
    let name = agent.text("name").flatten().filter(|name| !name.trim().is_empty()).unwrap_or(local);
    Ok(world.insert_user(User { confirmed: false, ..World::blank_user(name, email) }))
}

/// Invites everybody with one of these addresses; who cannot be added is passed over in silence.
pub fn bulk_create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let emails = visit.params.list("emails").ok_or(Refusal::CRASH)?;
    if !has_seats(world, visit.account, emails.len()) {
        return Err(no_seats());
    }
    for email in emails.iter().filter_map(text_of) {
        let known = world.user_by_email(&emails::normalized(&email));
        let user = known.map_or_else(|| invite(world, &email, &Params::default()), Ok);
        if let Ok(user) = user
            && world.memberships.get(visit.account, user).is_none()
        {
            world
                .add_member(visit.account, user, Some(Role::Agent), visit.now)
                .map_err(|_stale| Refusal::Crash { wrote: true })?;
        }
    }
    Ok(Reply::empty().wrote())
}

fn no_seats() -> Refusal {
    Refusal::Said(402, "Account limit exceeded. Please purchase more licenses".into())
}

/// Only an EE image counts seats; what was subscribed goes before the limit.
fn has_seats(world: &World, account: i64, wanted: usize) -> bool {
    let Some(row) = world.accounts.get(&account) else { return false };
    let most = row.custom_attributes.get("subscribed_quantity").or_else(|| row.limits.get("agents"));
    let taken = world.memberships.of_account(account).count();
    let enough = |most: i64| usize::try_from(most).is_ok_and(|most| taken + wanted <= most);
    world.installation.edition == Edition::Ce || most.and_then(integer_of).is_none_or(enough)
}

fn found(world: &World, visit: &Visit) -> Result<i64, Refusal> {
    let user = visit.id("id")?;
    let member = world.memberships.get(visit.account, user).is_some();
    if member && world.users.contains_key(&user) { Ok(user) } else { Err(missing()) }
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let user = found(world, visit)?;
    visit.administrator(world)?;
    let agent = visit.wrapped("agent", FIELDS.into_iter())?;
    let given = Given::read(&agent)?;
    if let Some(name) = agent.text("name").flatten()
        && let Some(person) = world.users.get_mut(&user)
    {
        person.name = name;
    }
    if let Some(row) = world.memberships.get_mut(visit.account, user) {
        if let Some(role) = given.role {
            row.role = role;
        }
        given.assign(row);
        row.updated_at = visit.now;
    }
    shown(world, visit, user)
}

/// Who is left without any account is deleted (P30).
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let user = found(world, visit)?;
    visit.administrator(world)?;
    world.remove_member(visit.account, user, visit.now);
    if world.memberships.of_user(user).next().is_none() {
        world.enqueue(Work::on_user(JobKind::DestroyUser, user), visit.now);
    }
    Ok(Reply::empty().wrote())
}

fn shown(world: &World, visit: &Visit, user: i64) -> Result<Reply, Refusal> {
    let user = world.users.get(&user).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::people::agent(world, visit.account, user)).wrote())
}

/// What a request says of the membership; absent fields stay.
struct Given {
    role: Option<Option<Role>>,
    availability: Option<&'static str>,
    auto_offline: Option<bool>,
}

impl Given {
    fn read(agent: &Params) -> Result<Self, Refusal> {
        let role = match agent.raw("role") {
            None => None,
            Some(value) => Some(match label(value, &["agent", "administrator"])? {
                Some("administrator") => Some(Role::Administrator),
                Some(_) => Some(Role::Agent),
                None => None,
            }),
        };
        let availability = match agent.raw("availability").filter(|value| present(value)) {
            None => None,
            Some(value) => label(value, &AVAILABILITIES)?,
        };
        Ok(Given { role, availability, auto_offline: agent.raw("auto_offline").and_then(flag) })
    }

    fn assign(&self, row: &mut Membership) {
        row.availability = self.availability.unwrap_or(row.availability);
        row.auto_offline = self.auto_offline.unwrap_or(row.auto_offline);
    }
}
