//! Kinds and objects as people name them.

use crate::api::{GROUP, VERSION};
use crate::runtime::flags::ObjectName;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
};

/// A kind of this operator, named as kubectl would accept it.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KindName {
    #[value(aliases = ["instances", "cwi", "chatwootinstance", "chatwootinstances"])]
    Instance,
    #[value(aliases = ["grants", "cwg", "chatwootgrant", "chatwootgrants"])]
    Grant,
    #[value(aliases = ["plans", "cwp", "chatwootplan", "chatwootplans"])]
    Plan,
    #[value(aliases = ["accounts", "cwa", "chatwootaccount", "chatwootaccounts"])]
    Account,
    #[value(aliases = ["users", "cwu", "chatwootuser", "chatwootusers"])]
    User,
    #[value(aliases = ["inboxes", "cwx", "chatwootinbox", "chatwootinboxes"])]
    Inbox,
    #[value(aliases = ["agentbots", "cwb", "chatwootagentbot", "chatwootagentbots"])]
    AgentBot,
    #[value(aliases = ["labels", "cwl", "chatwootlabel", "chatwootlabels"])]
    Label,
    #[value(aliases = ["teams", "cwt", "chatwootteam", "chatwootteams"])]
    Team,
    #[value(aliases = ["canned-responses", "cwc", "chatwootcannedresponse", "chatwootcannedresponses"])]
    CannedResponse,
    #[value(aliases = [
        "custom-attribute-definitions",
        "cwd",
        "chatwootcustomattributedefinition",
        "chatwootcustomattributedefinitions",
    ])]
    CustomAttributeDefinition,
    #[value(aliases = ["webhooks", "cww", "chatwootwebhook", "chatwootwebhooks"])]
    Webhook,
    #[value(aliases = ["automation-rules", "cwar", "chatwootautomationrule", "chatwootautomationrules"])]
    AutomationRule,
}

impl KindName {
    /// As it stands in manifests.
    pub fn kind(self) -> &'static str {
        match self {
            KindName::Instance => "ChatwootInstance",
            KindName::Grant => "ChatwootGrant",
            KindName::Plan => "ChatwootPlan",
            KindName::Account => "ChatwootAccount",
            KindName::User => "ChatwootUser",
            KindName::Inbox => "ChatwootInbox",
            KindName::AgentBot => "ChatwootAgentBot",
            KindName::Label => "ChatwootLabel",
            KindName::Team => "ChatwootTeam",
            KindName::CannedResponse => "ChatwootCannedResponse",
            KindName::CustomAttributeDefinition => "ChatwootCustomAttributeDefinition",
            KindName::Webhook => "ChatwootWebhook",
            KindName::AutomationRule => "ChatwootAutomationRule",
        }
    }

    /// The kind that a manifest names; `None`: none of ours.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        let ours = api_version == format!("{GROUP}/{VERSION}");
        Self::ALL.into_iter().find(|one| ours && one.kind() == kind)
    }

    pub const ALL: [Self; 13] = [
        Self::Instance,
        Self::Grant,
        Self::Plan,
        Self::Account,
        Self::User,
        Self::Inbox,
        Self::AgentBot,
        Self::Label,
        Self::Team,
        Self::CannedResponse,
        Self::CustomAttributeDefinition,
        Self::Webhook,
        Self::AutomationRule,
    ];

    /// Tenants write it, in their own namespaces.
    pub fn is_tenants(self) -> bool {
        !matches!(self, KindName::Instance | KindName::Grant | KindName::Plan)
    }

    /// It is inside an account.
    pub fn is_content(self) -> bool {
        self.is_tenants() && !matches!(self, KindName::Account | KindName::User)
    }

    pub fn resource(self) -> ApiResource {
        ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, VERSION, self.kind()))
    }

    /// Objects of this kind, whatever our types make of them.
    pub fn api(self, client: &Client, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &self.resource()),
            None => Api::all_with(client.clone(), &self.resource()),
        }
    }
}

/// An error of the API server about one object, in words that say what to do.
pub fn refused(what: &str, who: &ObjectName, error: kube::Error) -> anyhow::Error {
    match error {
        kube::Error::Api(status) if status.is_not_found() => {
            anyhow::anyhow!("{what} {who} does not exist; kubectl get chatwoot -A lists what does")
        }
        kube::Error::Api(status) if status.is_forbidden() => {
            anyhow::anyhow!(
                "{what} {who}: you may not do this ({}); ask for the chart's edit role",
                status.message
            )
        }
        kube::Error::Api(status) => anyhow::anyhow!("{what} {who}: {}", status.message),
        error => anyhow::Error::new(error).context(format!("{what} {who}: the API server does not answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn kinds_are_known_by_every_name_kubectl_knows() {
        for (text, kind) in
            [("cwa", KindName::Account), ("users", KindName::User), ("ChatwootPlan", KindName::Plan)]
        {
            assert_eq!(KindName::from_str(text, true).unwrap(), kind);
        }
        for crd in crate::api::schema::all() {
            let names = crd.spec.names;
            let known = KindName::of("chatwoot.dev/v1alpha1", &names.kind).unwrap();
            assert_eq!(known.resource().plural, names.plural);
            for name in names.short_names.into_iter().flatten().chain([names.plural]).chain(names.singular) {
                assert_eq!(KindName::from_str(&name, true).unwrap(), known, "{name}");
            }
        }
        assert_eq!(KindName::of("v1", "Secret"), None);
        assert_eq!(KindName::of("chatwoot.dev/v2", "ChatwootPlan"), None);
    }
}
