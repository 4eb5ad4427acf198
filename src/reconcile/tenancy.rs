//! Grants and plans of one instance, gathered once until one of them changes.

use super::references::InstanceKey;
use crate::api::{grant::ChatwootGrant, plan::ChatwootPlan};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// What lies beside one instance.
#[derive(Debug, Default)]
pub struct Tenancy {
    pub grants: Vec<Arc<ChatwootGrant>>,
    /// A grant beside the instance does not parse: it may speak for anybody.
    pub unreadable_grant: bool,
    pub plans: HashMap<String, Arc<ChatwootPlan>>,
    /// Names of plans that do not parse.
    pub unreadable_plans: Vec<String>,
}

/// The tenancies of all instances.
#[derive(Debug, Default)]
pub struct Tenancies(RwLock<HashMap<InstanceKey, Arc<Tenancy>>>);

impl Tenancies {
    /// A grant or plan of `namespace` has changed.
    pub fn forget(&self, namespace: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|key, _| key.namespace != namespace);
    }

    pub fn of(&self, key: &InstanceKey, gather: impl FnOnce() -> Tenancy) -> Arc<Tenancy> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(key) {
            return known.clone();
        }
        // Gathered under the lock, so that a change told meanwhile is not overwritten by what was read before it.
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        map.entry(key.clone()).or_insert_with(|| Arc::new(gather())).clone()
    }
}
