//! The figures for a person to read, each beside what is aimed at.

use crate::create::Create;
use crate::machine::Machine;
use crate::objects::{DEFAULT_PER_MINUTE, IN_FLIGHT, PER_MINUTE};
use crate::restart::Restart;
use chatwoot_stage::Kind;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub latency_ms: u64,
    pub slots: usize,
    pub per_minute: u32,
    pub in_flight: u32,
    pub create: Create,
    pub restart: Restart,
    pub aims: Vec<Aim>,
}

/// A figure and what it should be.
#[derive(Debug, Serialize)]
pub struct Aim {
    pub figure: &'static str,
    pub measured: f64,
    /// The most it may be; without one the figure is there to be known.
    pub at_most: Option<f64>,
    pub unit: &'static str,
}

impl Aim {
    fn new(figure: &'static str, measured: f64, at_most: impl Into<Option<f64>>, unit: &'static str) -> Self {
        Self { figure, measured, at_most: at_most.into(), unit }
    }

    fn verdict(&self) -> &'static str {
        match self.at_most {
            Some(most) if self.measured <= most => "ok",
            Some(_) => "SHORT",
            None => "",
        }
    }
}

/// The figures that have an aim, and those a reader asks for next.
pub fn aims(create: &Create, restart: &Restart) -> Vec<Aim> {
    let per = |count: u64, of: u64| ratio(count, of);
    let calls = create.all_calls();
    vec![
        Aim::new(
            "W1  calls above the floor, per 1,000",
            1000.0 * per(create.calls_above_floor, calls),
            1.0,
            "",
        ),
        Aim::new("W1  calls per object", per(calls, create.objects()), None, ""),
        Aim::new(
            "W1  Kubernetes writes per account",
            per(create.writes.to(Kind::Account), create.accounts),
            4.0,
            "",
        ),
        Aim::new("W1  Kubernetes writes per user", per(create.writes.to(Kind::User), create.users), 3.0, ""),
        Aim::new("W1  CPU per object (1 is the dream)", per(create.cpu_ms, create.objects()), 3.0, "ms"),
        Aim::new("W1  peak resident memory", mib(create.peak_kib), 40.0, "MiB"),
        Aim::new("W1  time until all are Ready", seconds(create.all_ready_ms), None, "s"),
        Aim::new("W1  apply to Ready, p50", seconds(create.apply_to_ready.p50_ms), None, "s"),
        Aim::new("W1  apply to Ready, p99", seconds(create.apply_to_ready.p99_ms), None, "s"),
        Aim::new("W1  TCP connections", count(create.calls.connections), None, ""),
        Aim::new("W3  start to ready", seconds(restart.ready_ms), 5.0, "s"),
        Aim::new("W3  start to the lead", seconds(restart.leads_ms), None, "s"),
        Aim::new("W3  calls beyond drift slots in 60 s", whole(restart.beyond_slots.total()), 0.0, ""),
        Aim::new("W3  Kubernetes writes in 60 s, leases apart", whole(restart.writes.total()), 0.0, ""),
        Aim::new("W3  CPU until 60 s after the lead", whole(restart.cpu_ms), None, "ms"),
        Aim::new("W3  peak resident memory", mib(restart.peak_kib), 40.0, "MiB"),
    ]
}

impl Report {
    /// A table, then where the numbers come from.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { machine, create, restart, .. } = self;
        writeln!(
            out,
            "\n{} accounts and {} users; commit {}, {}",
            create.accounts, create.users, machine.commit, machine.date
        )?;
        writeln!(out, "{} cores of {}, {} MiB memory", machine.cores, machine.cpu, machine.memory_mib)?;
        writeln!(
            out,
            "Chatwoot: {} ms a request, {} at a time; budget {} a minute, {} in flight\n",
            self.latency_ms, self.slots, self.per_minute, self.in_flight
        )?;
        writeln!(out, "{:<46} {:>10}      {:>8}", "", "measured", "at most")?;
        for aim in &self.aims {
            let most = aim.at_most.map_or_else(String::new, |most| most.to_string());
            writeln!(
                out,
                "{:<46} {:>10} {:<4} {most:>8}  {}",
                aim.figure,
                short(aim.measured),
                aim.unit,
                aim.verdict()
            )?;
        }
        section(
            out,
            "W1, calls to Chatwoot by route, until all were Ready",
            &create.calls.by_route,
            Some(create.objects()),
        )?;
        section(out, "W1, calls until what follows creates was done", &create.calls_after.by_route, None)?;
        section(out, "W1, answers other than 2xx", &create.calls.failed, None)?;
        section(out, "W1, writes to objects", &create.writes.objects, Some(create.objects()))?;
        section(out, "W1, writes to Secrets", &create.writes.secrets, None)?;
        section(out, "W1, events", &create.writes.events, None)?;
        section(out, "W1, Lease", &create.writes.leases, None)?;
        section(out, "W1, other writes", &create.writes.others, None)?;
        section(out, "W1, writes that were refused", &create.writes.refused, None)?;
        section(out, "W1, writes after all were Ready", &create.writes_after.objects, None)?;
        section(out, "W3, calls to Chatwoot", &restart.calls.by_route, None)?;
        section(out, "W3, calls beyond drift slots", &restart.beyond_slots.by_route, None)?;
        section(out, "W3, writes to objects", &restart.writes.objects, None)?;
        section(out, "W3, events", &restart.writes.events, None)?;
        section(out, "W3, Lease", &restart.writes.leases, None)?;
        writeln!(out, "\nW3: {} objects had their drift slot in the time watched", restart.slots_due)?;
        self.arithmetic(out)
    }

    /// Why it takes as long as it does, here and at the default budget.
    fn arithmetic(&self, out: &mut String) -> std::fmt::Result {
        let calls = self.create.all_calls();
        let latency = seconds(u128::from(calls * self.latency_ms)) / f64::from(self.in_flight);
        let minutes = |per_minute: u32| ratio(calls, u64::from(per_minute));
        writeln!(out, "\nArithmetic: {calls} calls (the floor is {})", self.create.floor())?;
        writeln!(
            out,
            "  {calls} × {} ms / {} in flight = {latency:.0} s, whoever makes them",
            self.latency_ms, self.in_flight
        )?;
        writeln!(
            out,
            "  at {} a minute, as here:       the budget takes {:.1} min",
            self.per_minute,
            minutes(self.per_minute)
        )?;
        writeln!(
            out,
            "  at {DEFAULT_PER_MINUTE} a minute, the default:   the budget takes {:.1} min",
            minutes(DEFAULT_PER_MINUTE)
        )
    }
}

fn section(
    out: &mut String,
    title: &str,
    counts: &BTreeMap<String, u64>,
    objects: Option<u64>,
) -> std::fmt::Result {
    if counts.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for (what, count) in counts {
        let each =
            objects.map_or_else(String::new, |objects| format!("  {:.3} per object", ratio(*count, objects)));
        writeln!(out, "  {count:>7}  {what}{each}")?;
    }
    Ok(())
}

/// The conditions under which the figures hold.
pub fn conditions() -> (u32, u32) {
    (PER_MINUTE, IN_FLIGHT)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn whole(count: u64) -> f64 {
    count as f64
}

fn count(count: usize) -> f64 {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}

fn ratio(count: u64, of: u64) -> f64 {
    whole(count) / whole(of.max(1))
}

fn seconds(ms: u128) -> f64 {
    whole(u64::try_from(ms).unwrap_or(u64::MAX)) / 1000.0
}

fn mib(kib: u64) -> f64 {
    whole(kib) / 1024.0
}

/// Three digits after the point at most, and none for whole numbers.
fn short(figure: f64) -> String {
    let text = format!("{figure:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Aim, short};

    #[test]
    fn a_figure_beyond_its_aim_is_said_to_be_short() {
        assert_eq!(Aim::new("x", 3.0, 3.0, "").verdict(), "ok");
        assert_eq!(Aim::new("x", 3.1, 3.0, "").verdict(), "SHORT");
        assert_eq!(Aim::new("x", 3.1, None, "").verdict(), "");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([short(3.0), short(0.1234), short(120.0)], ["3", "0.123", "120"]);
    }
}
