//! Everything that was measured, each figure beside what is aimed at.

use crate::{
    busy::Busy,
    create::Create,
    drift::Drift,
    figures::{Aim, Section, short},
    idle::Idle,
    inside::Inside,
    machine::Machine,
    outage::Outage,
    restart::Restart,
    unrelated::Unrelated,
};
use serde::Serialize;
use std::fmt::Write as _;

/// Everything that was measured; what was not is absent.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub accounts: usize,
    pub users: usize,
    pub latency_ms: u64,
    pub slots: usize,
    pub per_minute: u32,
    pub in_flight: u32,
    #[serde(flatten)]
    pub figures: Figures,
    pub aims: Vec<Aim>,
}

#[derive(Debug, Default, Serialize)]
#[serde(default)]
pub struct Figures {
    pub create: Option<Create>,
    pub restart: Option<Restart>,
    pub idle: Option<Idle>,
    pub drift: Option<Drift>,
    pub busy: Option<Busy>,
    pub unrelated: Option<Unrelated>,
    pub inside: Option<Inside>,
    pub outage: Option<Outage>,
}

impl Figures {
    /// The figures that have an aim, and those a reader asks for next.
    pub fn aims(&self) -> Vec<Aim> {
        [
            self.create.as_ref().map(Create::aims),
            self.restart.as_ref().map(Restart::aims),
            self.idle.as_ref().map(Idle::aims),
            self.drift.as_ref().map(Drift::aims),
            self.busy.as_ref().map(Busy::aims),
            self.unrelated.as_ref().map(Unrelated::aims),
            self.inside.as_ref().map(Inside::aims),
            self.outage.as_ref().map(Outage::aims),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
    }

    fn sections(&self) -> Vec<Section<'_>> {
        [
            self.create.as_ref().map(Create::sections),
            self.restart.as_ref().map(Restart::sections),
            self.idle.as_ref().map(Idle::sections),
            self.drift.as_ref().map(Drift::sections),
            self.busy.as_ref().map(Busy::sections),
            self.inside.as_ref().map(Inside::sections),
            self.outage.as_ref().map(Outage::sections),
        ]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
    }
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
        let Self { machine, accounts, users, .. } = self;
        writeln!(
            out,
            "\n{accounts} accounts and {users} users; commit {}, {}",
            machine.commit, machine.date
        )?;
        writeln!(out, "{} cores of {}, {} MiB memory", machine.cores, machine.cpu, machine.memory_mib)?;
        writeln!(
            out,
            "Chatwoot: {} ms a request, {} at a time; budget {} a minute, {} in flight\n",
            self.latency_ms, self.slots, self.per_minute, self.in_flight
        )?;
        writeln!(out, "{:<46} {:>10}      {:>8}", "", "measured", "at most")?;
        for aim in &self.aims {
            let most = aim.at_most.map_or_else(String::new, short);
            let (measured, unit) = (short(aim.measured), aim.unit);
            writeln!(out, "{:<46} {measured:>10} {unit:<4} {most:>8}  {}", aim.figure, aim.verdict())?;
        }
        for section in self.figures.sections() {
            write!(out, "{section}")?;
        }
        if let Some(restart) = &self.figures.restart {
            writeln!(out, "\nW3: {} objects had their drift slot in the time watched", restart.slots_due)?;
        }
        if let Some(create) = &self.figures.create {
            create.arithmetic(self.latency_ms, out)?;
        }
        Ok(())
    }
}
