//! Numbers of what is inside an account. Installation-wide and never reused, save for [`ConversationId`].

use crate::chatwoot::{loose, types::UserId};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
            #[serde(transparent)]
            pub struct $name(pub i64);

            impl From<i64> for $name {
                fn from(id: i64) -> Self {
                    Self(id)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                /// Only whole positive numbers are ids.
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    loose::own_id(from).map(Self)
                }
            }
        )+
    };
}

ids! {
    AgentBotId,
    AttributeId,
    AutomationRuleId,
    CannedResponseId,
    ContactId,
    /// The number people see: 1, 2, 3 … in each account, never the primary key (§3.4).
    ConversationId,
    InboxId,
    LabelId,
    MessageId,
    TeamId,
    WebhookId,
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}
