//! What it costs to create everything.

use crate::calls::{Calls, Reader};
use crate::figures::{Aim, Section, count, mib, ratio, seconds};
use crate::load::{Done, drive};
use crate::objects::{self, DEFAULT_PER_MINUTE, IN_FLIGHT, PER_MINUTE, USERS_PER_ACCOUNT};
use crate::process::{cpu_ms, peak_kib};
use crate::spread::Spread;
use crate::writes::Writes;
use anyhow::Result;
use chatwoot_stage::{Kind, Operator, Seen};
use control_plane::ControlPlane;
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

#[derive(Debug, Serialize)]
pub struct Create {
    pub accounts: u64,
    pub users: u64,
    /// From the first apply until the last object was Ready.
    pub all_ready_ms: u128,
    /// From the answer to an apply until the watch said Ready.
    pub apply_to_ready: Spread,
    pub account_ready: Spread,
    pub user_ready: Spread,
    /// Until all were Ready, and until what follows a create had been done.
    pub calls: Calls,
    pub calls_after: Calls,
    pub calls_above_floor: u64,
    pub writes: Writes,
    pub writes_after: Writes,
    pub cpu_ms: u64,
    pub cpu_ms_after: u64,
    pub peak_kib: u64,
}

impl Create {
    pub fn objects(&self) -> u64 {
        self.accounts + self.users
    }

    pub fn all_calls(&self) -> u64 {
        self.calls.total() + self.calls_after.total()
    }

    /// The fewest calls there can be: create, settings and features of an account; create and membership of a user.
    pub fn floor(&self) -> u64 {
        floor(self.accounts, self.users).iter().map(|(_, count)| count).sum()
    }

    pub fn aims(&self) -> Vec<Aim> {
        let (calls, objects) = (self.all_calls(), self.objects());
        let each = |kind: Kind, of: u64| ratio(self.writes.to(kind), of);
        vec![
            Aim::new(
                "W1  calls above the floor, per 1,000",
                1000.0 * ratio(self.calls_above_floor, calls),
                1.0,
                "",
            ),
            Aim::new("W1  calls per object", ratio(calls, objects), None, ""),
            Aim::new("W1  Kubernetes writes per account", each(Kind::Account, self.accounts), 4.0, ""),
            Aim::new("W1  Kubernetes writes per user", each(Kind::User, self.users), 3.0, ""),
            Aim::new("W1  CPU per object (1 is the dream)", ratio(self.cpu_ms, objects), 3.0, "ms"),
            Aim::new("W1  peak resident memory", mib(self.peak_kib), 40.0, "MiB"),
            Aim::new("W1  time until all are Ready", seconds(self.all_ready_ms), None, "s"),
            Aim::new("W1  apply to Ready, p50", seconds(self.apply_to_ready.p50_ms), None, "s"),
            Aim::new("W1  apply to Ready, p99", seconds(self.apply_to_ready.p99_ms), None, "s"),
            Aim::new("W1  TCP connections", count(self.calls.connections), None, ""),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        let objects = self.objects();
        vec![
            Section::new("W1, calls to Chatwoot by route, until all were Ready", &self.calls.by_route)
                .each_of(objects),
            Section::new("W1, calls until what follows creates was done", &self.calls_after.by_route),
            Section::new("W1, answers other than 2xx", &self.calls.failed),
            Section::new("W1, writes to objects", &self.writes.objects).each_of(objects),
            Section::new("W1, writes to Secrets", &self.writes.secrets),
            Section::new("W1, events", &self.writes.events),
            Section::new("W1, Lease", &self.writes.leases),
            Section::new("W1, other writes", &self.writes.others),
            Section::new("W1, writes that were refused", &self.writes.refused),
            Section::new("W1, writes after all were Ready", &self.writes_after.objects),
        ]
    }

    /// Why it takes as long as it does, here and at the default budget.
    pub fn arithmetic(&self, latency_ms: u64, out: &mut String) -> std::fmt::Result {
        let calls = self.all_calls();
        let latency = seconds(u128::from(calls * latency_ms)) / f64::from(IN_FLIGHT);
        let minutes = |per_minute: u32| ratio(calls, u64::from(per_minute));
        writeln!(out, "\nArithmetic: {calls} calls (the floor is {})", self.floor())?;
        writeln!(
            out,
            "  {calls} × {latency_ms} ms / {IN_FLIGHT} in flight = {latency:.0} s, whoever makes them",
        )?;
        writeln!(
            out,
            "  at {PER_MINUTE} a minute, as here:       the budget takes {:.1} min",
            minutes(PER_MINUTE)
        )?;
        writeln!(
            out,
            "  at {DEFAULT_PER_MINUTE} a minute, the default:   the budget takes {:.1} min",
            minutes(DEFAULT_PER_MINUTE)
        )
    }
}

fn floor(accounts: u64, users: u64) -> [(&'static str, u64); 4] {
    [
        ("POST /platform/api/v1/accounts", accounts),
        ("PATCH /platform/api/v1/accounts/:id", 2 * accounts),
        ("POST /platform/api/v1/users", users),
        ("POST /platform/api/v1/accounts/:account_id/account_users", users),
    ]
}

/// Creates `accounts` accounts and their users, and returns the figures and the objects.
///
/// # Errors
/// The objects do not become Ready, or one of the logs cannot be read.
pub async fn measure(
    cluster: &ControlPlane,
    journal: &mut Reader,
    operator: &mut Operator,
    accounts: usize,
    settling: Duration,
) -> Result<(Create, Vec<Seen>)> {
    let client = cluster.client()?;
    let pid = operator.pid()?;
    journal.news().await?;
    let (cpu_before, begun) = (cpu_ms(pid)?, Timestamp::now());
    let batches = (0..accounts).map(objects::tenants).collect();
    let (done, all_ready) = drive(&client, operator, &[Kind::Account, Kind::User], batches).await?;
    let (cpu_ready, ready) = (cpu_ms(pid)?, Timestamp::now());
    let calls = journal.news().await?;

    eprintln!("  all Ready; waiting {} s for what follows creates (a look at the index)", settling.as_secs());
    tokio::select! {
        () = tokio::time::sleep(settling) => {}
        error = operator.died() => return Err(error),
    }
    let calls_after = journal.news().await?;
    let (accounts, users) = (u64::try_from(accounts)?, u64::try_from(accounts * USERS_PER_ACCOUNT)?);
    let everything: Vec<_> = calls.iter().chain(&calls_after).cloned().collect();
    let of = |kind: Kind| Spread::of(done.iter().filter(|done| done.seen.kind == kind).map(|done| done.took));
    let create = Create {
        accounts,
        users,
        all_ready_ms: all_ready.as_millis(),
        apply_to_ready: Spread::of(done.iter().map(|done| done.took)),
        account_ready: of(Kind::Account),
        user_ready: of(Kind::User),
        calls: Calls::of(&calls),
        calls_after: Calls::of(&calls_after),
        calls_above_floor: Calls::of(&everything).above(&floor(accounts, users)),
        writes: Writes::between(cluster, begun, ready).await?,
        writes_after: Writes::between(cluster, ready, Timestamp::now()).await?,
        cpu_ms: cpu_ready - cpu_before,
        cpu_ms_after: cpu_ms(pid)? - cpu_ready,
        peak_kib: peak_kib(pid)?,
    };
    Ok((create, done.into_iter().map(|Done { seen, .. }| seen).collect()))
}

#[cfg(test)]
mod tests {
    use super::floor;

    #[test]
    fn the_floor_is_three_calls_an_account_and_two_a_user() {
        let total: u64 = floor(10, 50).iter().map(|(_, count)| count).sum();
        assert_eq!(total, 3 * 10 + 2 * 50);
    }
}
