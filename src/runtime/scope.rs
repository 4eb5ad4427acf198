//! What this operator looks at, in one place.

use kube::{Api, Client, Resource};
use std::collections::BTreeSet;

/// Which namespaces are watched, and whose instances are honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Where the operator itself lives: its Lease, its installation Secret.
    pub own_namespace: String,
    instance_namespaces: BTreeSet<String>,
}

impl Scope {
    /// Without `instance_namespaces` only the own namespace's instances are honoured.
    pub fn new(own_namespace: String, instance_namespaces: impl IntoIterator<Item = String>) -> Self {
        let mut instance_namespaces: BTreeSet<_> = instance_namespaces.into_iter().collect();
        if instance_namespaces.is_empty() {
            instance_namespaces.insert(own_namespace.clone());
        }
        Self { own_namespace, instance_namespaces }
    }

    /// True when instances of this namespace count. A URL is a way to aim the operator, so not everybody may give one.
    #[must_use]
    pub fn honours_instances_of(&self, namespace: &str) -> bool {
        self.instance_namespaces.contains(namespace)
    }

    /// The namespaces whose instances count; never empty.
    pub fn instance_namespaces(&self) -> impl Iterator<Item = &str> {
        self.instance_namespaces.iter().map(String::as_str)
    }

    /// Where objects of this kind are watched: the whole cluster.
    pub fn api<K: Resource<DynamicType = ()>>(&self, client: &Client) -> Api<K> {
        Api::all(client.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_namespace_may_aim_the_operator_unless_told_otherwise() {
        let scope = Scope::new("ops".into(), []);
        assert!(scope.honours_instances_of("ops") && !scope.honours_instances_of("acme"));
        let scope = Scope::new("ops".into(), ["chat".into()]);
        assert!(scope.honours_instances_of("chat") && !scope.honours_instances_of("ops"));
    }
}
