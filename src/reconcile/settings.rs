//! What the operator was told at its start, as reconciliation needs it.

use super::references::InstanceKey;
use std::{collections::BTreeSet, time::Duration};

#[derive(Clone, Debug)]
pub struct Settings {
    /// The operator's own namespace.
    pub namespace: String,
    /// Namespaces whose instances are honoured: a URL is a way to aim the operator.
    pub instance_namespaces: BTreeSet<String>,
    /// Namespaces whose accounts and users are served; `None`: all.
    pub served: Option<BTreeSet<String>>,
    /// The caches are a picture of one moment, taken namespaces last; nothing in it is newer than they are.
    pub pictured: bool,
    pub default_instance: Option<InstanceKey>,
    /// Added to twice the time-out before a create counts as settled.
    pub settle_margin: Duration,
    /// How long an author's or admin's mistake counts as in progress.
    pub grace: Duration,
    /// How long consent must have been withdrawn before a membership is revoked.
    pub revoke_after: Duration,
    /// People who are applied together with their account wait for it this long before their status says so: the wait is
    /// usually over in moments, and would cost every one of a thousand people a write.
    pub patience: Duration,
}

impl Settings {
    /// The operator sees some namespaces only, and no labels of any: it may not be told when they change. So selectors count
    /// for nobody.
    pub fn is_confined(&self) -> bool {
        self.served.is_some()
    }
}
