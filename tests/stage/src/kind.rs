//! The kinds, by name only: what a person types and sees.

use kube::core::{ApiResource, GroupVersionKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Instance,
    Grant,
    Plan,
    Account,
    User,
    Label,
    Team,
    CannedResponse,
    CustomAttributeDefinition,
    Webhook,
    Inbox,
    AgentBot,
    AutomationRule,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Instance,
        Self::Grant,
        Self::Plan,
        Self::Account,
        Self::User,
        Self::Label,
        Self::Team,
        Self::CannedResponse,
        Self::CustomAttributeDefinition,
        Self::Webhook,
        Self::Inbox,
        Self::AgentBot,
        Self::AutomationRule,
    ];

    /// As in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "ChatwootInstance",
            Self::Grant => "ChatwootGrant",
            Self::Plan => "ChatwootPlan",
            Self::Account => "ChatwootAccount",
            Self::User => "ChatwootUser",
            Self::Label => "ChatwootLabel",
            Self::Team => "ChatwootTeam",
            Self::CannedResponse => "ChatwootCannedResponse",
            Self::CustomAttributeDefinition => "ChatwootCustomAttributeDefinition",
            Self::Webhook => "ChatwootWebhook",
            Self::Inbox => "ChatwootInbox",
            Self::AgentBot => "ChatwootAgentBot",
            Self::AutomationRule => "ChatwootAutomationRule",
        }
    }

    /// As in an API path.
    #[must_use]
    pub fn plural(self) -> String {
        let ending = if self == Self::Inbox { "es" } else { "s" };
        format!("{}{ending}", self.name().to_lowercase())
    }

    /// Inside an account, rather than about accounts and people.
    #[must_use]
    pub fn is_inside(self) -> bool {
        self > Self::User
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

#[cfg(test)]
mod tests {
    use super::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_the_chart_defines_is_there_under_its_plural() {
        let files = std::fs::read_dir(crate::repository().join("crds")).unwrap();
        let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let defined: BTreeSet<String> = files.map(|name| name.trim_end_matches(".yaml").to_owned()).collect();
        assert_eq!(Kind::ALL.map(Kind::definition).into_iter().collect::<BTreeSet<_>>(), defined);
    }

    #[test]
    fn what_belongs_to_an_account_is_inside_it() {
        let outside = Kind::ALL.into_iter().filter(|kind| !kind.is_inside()).collect::<Vec<_>>();
        assert_eq!(outside, [Kind::Instance, Kind::Grant, Kind::Plan, Kind::Account, Kind::User]);
    }
}
