//! Jobs, nightly routines, configuration and upgrades.

use super::{Act, Done};
use crate::{
    front::Front,
    model::{Edition, World, features, jobs::JobKind},
    throttle::Throttle,
};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

fn or_all(kinds: Vec<JobKind>) -> Vec<JobKind> {
    if kinds.is_empty() { JobKind::ALL.to_vec() } else { kinds }
}

pub fn dump(world: &mut World) -> Done {
    world.dump();
    Done::default()
}

pub fn set_back(world: &mut World) -> Result<Done, String> {
    if world.set_back() { Ok(Done::default()) } else { Err("there is no backup: dump first".into()) }
}

pub fn hold_jobs(world: &mut World, kinds: Vec<JobKind>) -> Done {
    world.jobs.hold(&or_all(kinds));
    Done::default()
}

pub fn release_jobs(world: &mut World, kinds: Vec<JobKind>) -> Done {
    world.jobs.release(&or_all(kinds));
    Done::default()
}

pub fn run_jobs(world: &mut World, kinds: Vec<JobKind>, now: Timestamp) -> Done {
    let works = world.jobs.take_kinds(&or_all(kinds));
    for work in &works {
        world.perform(*work, now);
    }
    Done::count(works.len())
}

pub fn drop_jobs(world: &mut World, kinds: Vec<JobKind>) -> Done {
    Done::count(world.jobs.take_kinds(&or_all(kinds)).len())
}

pub fn set_job_delay(world: &mut World, ms: u64) -> Result<Done, String> {
    world.installation.job_delay = delay(ms)?;
    Ok(Done::default())
}

/// Milliseconds as a delay.
pub fn delay(ms: u64) -> Result<SignedDuration, String> {
    i64::try_from(ms).map(SignedDuration::from_millis).map_err(|_| format!("a delay of {ms} ms is too long"))
}

pub fn premium_reset(world: &mut World) -> Result<Done, String> {
    if world.installation.edition == Edition::Ce {
        return Err("a CE image has no such job: set_edition to ee first".into());
    }
    let mask = features::community_reset(world.installation.version);
    let mut changed = 0;
    for account in world.accounts.values_mut().filter(|account| account.features & mask != 0) {
        account.features &= !mask;
        changed += 1;
    }
    Ok(Done::count(changed))
}

/// Accounts whose mark lies in the past go; people left without an account lose their address.
pub fn delete_marked_accounts(world: &mut World, now: Timestamp) -> Done {
    let is_past = |text: &str| text.parse::<Timestamp>().is_ok_and(|at| at < now);
    let marked: Vec<i64> = world
        .accounts
        .values()
        .filter(|account| {
            account
                .custom_attributes
                .get("marked_for_deletion_at")
                .and_then(|at| at.as_str())
                .is_some_and(is_past)
        })
        .map(|account| account.id)
        .collect();
    for account in &marked {
        let members: Vec<i64> = world.memberships.of_account(*account).map(|row| row.user).collect();
        for member in members {
            if world.memberships.of_user(member).count() == 1
                && let Some(mut user) = world.users.get(&member).cloned()
            {
                user.email = format!("{member}@chatwoot-deleted.invalid");
                world.put_user(user);
            }
        }
        world.delete_account_now(*account);
    }
    Done::count(marked.len())
}

/// Everything that is a setting.
pub fn configure(world: &mut World, front: &mut Front, act: Act) -> Result<Done, String> {
    let installation = &mut world.installation;
    match act {
        Act::SetVersion { version } => installation.version = version,
        Act::SetEdition { edition } => installation.edition = edition,
        Act::SetDefaultFeatures { features: names } => {
            let version = installation.version;
            let unknown = names.iter().flatten().find(|name| features::mask(name, version).is_none());
            if let Some(unknown) = unknown {
                return Err(format!("{version} has no feature {unknown:?}"));
            }
            installation.default_features = names;
        }
        Act::SetUserCap { users } => installation.user_cap = users,
        Act::SetEmailChannelMigration { enabled } => installation.email_channel_migration = enabled,
        Act::SetServices { redis, postgres } => {
            installation.redis_ok = redis;
            installation.postgres_ok = postgres;
        }
        Act::SetMailServers { ok } => installation.mail_servers_ok = ok,
        Act::SetThrottle { requests_per_minute } => front.throttle = Throttle::new(requests_per_minute),
        Act::SetDown { down } => front.down = down,
        Act::SetForceSsl { force_ssl } => front.force_ssl = force_ssl,
        Act::SetLatency { ms } => front.latency = Duration::from_millis(ms),
        other => return Err(format!("{other:?} is no setting")),
    }
    Ok(Done::default())
}
