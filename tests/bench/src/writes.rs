//! What the operator wrote to Kubernetes, from the audit log.

use anyhow::Result;
use chatwoot_stage::{Kind, operator_user};
use control_plane::{AuditEntry, ControlPlane};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Writes of some time, counted by what they went to and how, as in `{"chatwootusers/status patch": 3}`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Writes {
    /// To objects of our kinds.
    pub objects: BTreeMap<String, u64>,
    pub events: BTreeMap<String, u64>,
    pub secrets: BTreeMap<String, u64>,
    pub leases: BTreeMap<String, u64>,
    /// To anything else; there should be none.
    pub others: BTreeMap<String, u64>,
    /// Those of all above that the API server did not carry out, as in `{"409 chatwootusers patch": 1}`.
    pub refused: BTreeMap<String, u64>,
}

impl Writes {
    /// The operator's writes from `since` to `until`.
    ///
    /// # Errors
    /// The audit log cannot be read.
    pub async fn between(cluster: &ControlPlane, since: Timestamp, until: Timestamp) -> Result<Self> {
        let all = cluster.writes_by(&operator_user()).await?;
        Ok(Self::of(all.iter().filter(|entry| (since..until).contains(&entry.time))))
    }

    fn of<'a>(entries: impl Iterator<Item = &'a AuditEntry>) -> Self {
        let mut writes = Self::default();
        for entry in entries {
            let what = format!("{} {}", entry.target(), entry.verb);
            if !entry.succeeded() {
                *writes.refused.entry(format!("{} {what}", entry.code)).or_default() += 1;
            }
            let group = match (entry.group.as_str(), entry.resource.as_str()) {
                ("chatwoot.dev", _) => &mut writes.objects,
                (_, "events") => &mut writes.events,
                (_, "secrets") => &mut writes.secrets,
                (_, "leases") => &mut writes.leases,
                _ => &mut writes.others,
            };
            *group.entry(what).or_default() += 1;
        }
        writes
    }

    /// Writes to objects of one kind.
    pub fn to(&self, kind: Kind) -> u64 {
        let plural = kind.plural();
        let of_kind = |what: &&String| what.split(['/', ' ']).next() == Some(plural.as_str());
        self.objects.iter().filter(|(what, _)| of_kind(what)).map(|(_, count)| count).sum()
    }

    /// To objects of all our kinds.
    pub fn of_objects(&self) -> u64 {
        self.objects.values().sum()
    }

    pub fn leases(&self) -> u64 {
        self.leases.values().sum()
    }

    /// All but leases.
    pub fn total(&self) -> u64 {
        [&self.objects, &self.events, &self.secrets, &self.others]
            .iter()
            .flat_map(|group| group.values())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_object_are_writes_to_the_same_kind() {
        let objects =
            [("chatwootusers patch", 2), ("chatwootusers/status patch", 3), ("chatwootaccounts patch", 9)];
        let objects = objects.map(|(what, count)| (what.to_owned(), count)).into();
        let writes = Writes { objects, ..Writes::default() };
        assert_eq!((writes.to(Kind::User), writes.to(Kind::Account), writes.to(Kind::Plan)), (5, 9, 0));
    }
}
