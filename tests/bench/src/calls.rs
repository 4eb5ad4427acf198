//! What Chatwoot was asked, from the simulator's journal.

use anyhow::Result;
use chatwoot_simulator::{Control, Entry, Filter};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Requests of some time, counted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Calls {
    pub by_route: BTreeMap<String, u64>,
    /// Answers other than 2xx, as in `{"404 GET /x": 1}`.
    pub failed: BTreeMap<String, u64>,
    pub connections: usize,
}

impl Calls {
    pub fn of(entries: &[Entry]) -> Self {
        let mut calls = Self::default();
        let mut connections = BTreeSet::new();
        for entry in entries {
            *calls.by_route.entry(entry.route.to_string()).or_default() += 1;
            connections.insert(entry.connection);
            if !entry.status.is_some_and(|status| (200..300).contains(&status)) {
                let status = entry.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
                *calls.failed.entry(format!("{status} {}", entry.route)).or_default() += 1;
            }
        }
        calls.connections = connections.len();
        calls
    }

    pub fn total(&self) -> u64 {
        self.by_route.values().sum()
    }

    /// How many calls there are beyond so many of each route; routes not listed count whole.
    pub fn above(&self, floor: &[(&str, u64)]) -> u64 {
        let allowed =
            |route: &str| floor.iter().find(|(name, _)| *name == route).map_or(0, |(_, most)| *most);
        self.by_route.iter().map(|(route, count)| count.saturating_sub(allowed(route))).sum()
    }
}

/// Reads the journal on from where it was last read, so that reading costs little however long it gets.
#[derive(Debug)]
pub struct Reader {
    control: Control,
    read: u64,
}

impl Reader {
    /// Begins after what was asked so far.
    ///
    /// # Errors
    /// The simulator does not answer.
    pub async fn from_now(control: &Control) -> Result<Self> {
        Ok(Self { control: control.clone(), read: control.last_seq().await? })
    }

    /// What was asked since the last time.
    ///
    /// # Errors
    /// The simulator does not answer, or has forgotten some.
    pub async fn news(&mut self) -> Result<Vec<Entry>> {
        let entries = self.control.journal(&Filter::default().since(self.read)).await?;
        self.read = entries.last().map_or(self.read, |entry| entry.seq);
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::Calls;

    #[test]
    fn only_what_exceeds_the_floor_is_above_it() {
        let by_route = [("POST /a", 10), ("PATCH /a", 21), ("GET /api", 2)];
        let by_route = by_route.map(|(route, count)| (route.to_owned(), count)).into();
        let calls = Calls { by_route, ..Calls::default() };
        assert_eq!(calls.above(&[("POST /a", 10), ("PATCH /a", 20)]), 3);
        // One too few of one route does not pay for one too many of another.
        assert_eq!(calls.above(&[("POST /a", 11), ("PATCH /a", 20), ("GET /api", 2)]), 1);
    }
}
