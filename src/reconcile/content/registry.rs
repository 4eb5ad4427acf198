//! The kinds inside accounts, one line each, and what is made from that list.

use super::{Content, names, recorded};
use crate::{
    api::{common::InstanceBinding, conditions::Condition},
    reconcile::{cache::Cache, references::InstanceKey, world::Caches},
};
use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::Value;

/// Hands the list of kinds to another macro: a name for the kind's caches and queues, and its type.
macro_rules! contents {
    ($with:ident) => {
        $with! {
            inboxes: $crate::api::inbox::ChatwootInbox,
            agent_bots: $crate::api::agent_bot::ChatwootAgentBot,
            labels: $crate::api::label::ChatwootLabel,
            teams: $crate::api::team::ChatwootTeam,
            canned_responses: $crate::api::canned_response::ChatwootCannedResponse,
            attribute_definitions: $crate::api::attribute_definition::ChatwootCustomAttributeDefinition,
            webhooks: $crate::api::webhook::ChatwootWebhook,
            automation_rules: $crate::api::automation_rule::ChatwootAutomationRule,
        }
    };
}
pub(crate) use contents;

/// Another resource of the same namespace.
pub struct Sibling {
    /// Name of its ChatwootAccount.
    pub account: String,
    /// Its id in Chatwoot.
    pub id: Option<i64>,
    /// The instance it is in, and the account, unless every account of the installation sees it.
    pub place: Option<(InstanceKey, Option<i64>)>,
    /// What has its id may be something else by now.
    pub is_disowned: bool,
    /// Every account of the installation sees it.
    pub installation_wide: bool,
    pub spec: Value,
    pub created: Option<Timestamp>,
}

macro_rules! caches {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// The caches of every kind inside accounts.
        #[derive(Clone)]
        pub struct ContentCaches {
            $(pub $field: Cache<$kind>,)+
        }

        impl ContentCaches {
            /// Waits until every first list is in; false when one never will be.
            pub async fn ready(&self) -> bool {
                true $(&& self.$field.ready().await)+
            }
        }

        /// The resource of a kind by its name.
        pub fn sibling(caches: &Caches, kind: &str, namespace: &str, name: &str) -> Option<Sibling> {
            $(if kind == <$kind as Content>::TRAIT.kind {
                let found = caches.contents.$field.get(namespace, name)?;
                return Some(Sibling {
                    account: found.within().account.clone(),
                    id: found.status.as_ref().and_then(|status| status.id),
                    place: recorded::place(&*found),
                    is_disowned: found
                        .status
                        .as_ref()
                        .is_some_and(|status| names::is_disowned(&status.conditions)),
                    installation_wide: found.installation_wide().is_some(),
                    spec: serde_json::to_value(&found.spec).unwrap_or_default(),
                    created: found.metadata.creation_timestamp.as_ref().map(|time| time.0),
                });
            })+
            None
        }

        /// True while objects of this kind in the namespace should be seen and may not be.
        pub fn is_unseen(caches: &Caches, kind: &str, namespace: &str) -> bool {
            $(if kind == <$kind as Content>::TRAIT.kind {
                return caches.contents.$field.is_unseen(namespace);
            })+
            false
        }

        /// Tells uid and instance of every resource that is in Chatwoot.
        pub fn each_bound(caches: &Caches, mut tell: impl FnMut(&str, Option<&InstanceBinding>)) {
            $(for object in caches.contents.$field.all() {
                let status = object.status.as_ref().filter(|status| status.id.is_some());
                let account = status.and_then(|status| status.account.as_ref());
                tell(&object.uid().unwrap_or_default(), account.map(|account| &account.instance));
            })+
        }

        /// Tells kind and conditions of every resource.
        pub fn each_condition(caches: &Caches, mut tell: impl FnMut(&'static str, Option<&[Condition]>)) {
            $(for object in caches.contents.$field.all() {
                let conditions = object.status.as_ref().map(|status| status.conditions.as_slice());
                tell(<$kind as Content>::TRAIT.kind, conditions);
            })+
        }
    };
}
contents!(caches);
