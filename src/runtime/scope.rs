//! What this operator looks at, in one place.

use kube::{Api, Client, Resource, core::NamespaceResourceScope};
use std::{collections::BTreeSet, sync::Arc};

/// One watch's part of the cluster: a namespace, or all of them.
pub type Place = Option<Arc<str>>;

/// Which namespaces are watched, and whose instances are honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Where the operator itself lives: its Lease, its installation Secret.
    pub own_namespace: String,
    instance_namespaces: BTreeSet<String>,
    /// `None`: all namespaces are served.
    served: Option<BTreeSet<String>>,
}

impl Scope {
    /// Without `instance_namespaces` only the own namespace's instances are honoured.
    ///
    /// Without `watched` all namespaces are served. With it the operator is confined to these and to the instance
    /// namespaces, and asks nothing of the cluster as a whole. Its own namespace counts only as one of those.
    pub fn new(
        own_namespace: String,
        instance_namespaces: impl IntoIterator<Item = String>,
        watched: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut instance_namespaces: BTreeSet<_> = instance_namespaces.into_iter().collect();
        if instance_namespaces.is_empty() {
            instance_namespaces.insert(own_namespace.clone());
        }
        let mut served: BTreeSet<_> = watched.into_iter().collect();
        let served = (!served.is_empty()).then(|| {
            served.extend(instance_namespaces.iter().cloned());
            served
        });
        Self { own_namespace, instance_namespaces, served }
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

    /// The namespaces whose accounts and users are served; `None`: all.
    #[must_use]
    pub fn served(&self) -> Option<&BTreeSet<String>> {
        self.served.as_ref()
    }

    /// Where accounts, users and Secrets are watched.
    #[must_use]
    pub fn tenants(&self) -> Vec<Place> {
        self.served.as_ref().map_or_else(|| vec![None], places)
    }

    /// Where instances, grants and plans are watched. All over the cluster one that lies in the wrong namespace is told so;
    /// a confined operator does not see it.
    #[must_use]
    pub fn offers(&self) -> Vec<Place> {
        if self.served.is_some() { places(&self.instance_namespaces) } else { vec![None] }
    }
}

fn places(namespaces: &BTreeSet<String>) -> Vec<Place> {
    namespaces.iter().map(|name| Some(Arc::from(name.as_str()))).collect()
}

/// The objects of one place.
pub fn api<K>(client: &Client, place: &Place) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    match place {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(places: Vec<Place>) -> Vec<String> {
        places.into_iter().map(|place| place.as_deref().unwrap_or("*").to_owned()).collect()
    }

    fn scope(instances: &[&str], watched: &[&str]) -> Scope {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        Scope::new("ops".into(), owned(instances), owned(watched))
    }

    #[test]
    fn only_the_own_namespace_may_aim_the_operator_unless_told_otherwise() {
        let told_nothing = scope(&[], &[]);
        assert!(told_nothing.honours_instances_of("ops") && !told_nothing.honours_instances_of("acme"));
        let told = scope(&["chat"], &[]);
        assert!(told.honours_instances_of("chat") && !told.honours_instances_of("ops"));
        for everywhere in [told_nothing, told] {
            assert_eq!(
                (names(everywhere.tenants()), names(everywhere.offers())),
                (vec!["*".to_owned()], vec!["*".to_owned()])
            );
        }
    }

    #[test]
    fn a_confined_operator_sees_what_it_is_told_and_the_namespaces_of_its_instances() {
        let by_default = scope(&[], &["acme", "bpo", "acme"]);
        assert_eq!(names(by_default.tenants()), ["acme", "bpo", "ops"]);
        assert_eq!(names(by_default.offers()), ["ops"]);
        let elsewhere = scope(&["chat"], &["acme"]);
        assert_eq!(names(elsewhere.tenants()), ["acme", "chat"], "its own is no instance namespace then");
        assert_eq!(names(elsewhere.offers()), ["chat"]);
    }
}
