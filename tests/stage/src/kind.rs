//! The five kinds, by name only: what a person types and sees.

use kube::core::{ApiResource, GroupVersionKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Instance,
    Grant,
    Plan,
    Account,
    User,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Instance, Self::Grant, Self::Plan, Self::Account, Self::User];

    /// As in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "ChatwootInstance",
            Self::Grant => "ChatwootGrant",
            Self::Plan => "ChatwootPlan",
            Self::Account => "ChatwootAccount",
            Self::User => "ChatwootUser",
        }
    }

    /// As in an API path.
    #[must_use]
    pub fn plural(self) -> String {
        format!("{}s", self.name().to_lowercase())
    }

    /// The name of its CustomResourceDefinition.
    #[must_use]
    pub fn definition(self) -> String {
        format!("{}.chatwoot.dev", self.plural())
    }

    #[must_use]
    pub fn resource(self) -> ApiResource {
        ApiResource::from_gvk_with_plural(
            &GroupVersionKind::gvk("chatwoot.dev", "v1alpha1", self.name()),
            &self.plural(),
        )
    }
}
