//! Surroundings for tests of one kind's wish: names that stand for ids, whatever they are names of.

use crate::{
    api::conditions::reason,
    chatwoot::version::Version,
    plan::{content::Names, status::Verdict},
};
use std::collections::BTreeMap;

pub struct Namesakes {
    pub version: Version,
    pub ids: BTreeMap<&'static str, i64>,
}

impl Default for Namesakes {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Namesakes {
    pub fn of(ids: &[(&'static str, i64)]) -> Self {
        Self { version: Version::NEWEST_KNOWN, ids: ids.iter().copied().collect() }
    }

    fn id(&self, name: &str) -> Result<i64, Verdict> {
        let missing = || Verdict::new(reason::WAITING_FOR_REFERENCE, format!("there is no {name}"));
        self.ids.get(name).copied().ok_or_else(missing)
    }
}

impl Names for Namesakes {
    fn version(&self) -> Version {
        self.version
    }

    fn member(&self, name: &str) -> Result<i64, Verdict> {
        self.id(name)
    }

    fn sibling(&self, _: &'static str, name: &str) -> Result<i64, Verdict> {
        self.id(name)
    }
}
