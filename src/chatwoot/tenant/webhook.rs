//! Webhooks: URLs that Chatwoot tells of events (§3.6).

use super::{
    ids::{InboxId, WebhookId},
    words::words,
};
use crate::chatwoot::{loose, version::Version};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// What a webhook can be told of. Anything else, and nothing at all, is a 422 `Subscriptions Invalid events`.
    WebhookEvent, "webhook event":
    ConversationCreated = "conversation_created",
    ConversationStatusChanged = "conversation_status_changed",
    ConversationUpdated = "conversation_updated",
    MessageCreated = "message_created",
    MessageUpdated = "message_updated",
    WebwidgetTriggered = "webwidget_triggered",
    ContactCreated = "contact_created",
    ContactUpdated = "contact_updated",
    /// Told only where Chatwoot runs with `ENABLE_INBOX_EVENTS`, as is the next.
    InboxCreated = "inbox_created",
    InboxUpdated = "inbox_updated",
    /// Since 4.2.0.
    ConversationTypingOn = "conversation_typing_on",
    /// Since 4.2.0.
    ConversationTypingOff = "conversation_typing_off",
}

impl WebhookEvent {
    /// The first release that takes it, as far back as this operator goes.
    pub fn since(self) -> Version {
        match self {
            Self::ConversationTypingOn | Self::ConversationTypingOff => Version::new(4, 2, 0),
            _ => Version::new(2, 0, 0),
        }
    }
}

/// A webhook; its URL is unique in an account. `Debug` shows the id alone, because URLs can carry keys.
#[derive(Clone, Deserialize, Serialize)]
pub struct Webhook {
    pub id: WebhookId,
    /// Since 4.8.
    #[serde(default, deserialize_with = "loose::text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "loose::plain")]
    pub url: String,
    /// Those this version knows.
    #[serde(default, deserialize_with = "loose::words")]
    pub subscriptions: Vec<WebhookEvent>,
    #[serde(default, deserialize_with = "loose::part")]
    inbox: Option<Of>,
    /// Signs what Chatwoot sends; since 4.12.
    #[serde(default, deserialize_with = "loose::secret", skip_serializing)]
    pub secret: Option<SecretString>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Of {
    id: InboxId,
}

impl Webhook {
    /// The first release in which webhooks have names.
    pub const NAMED_SINCE: Version = Version::new(4, 8, 0);
    /// The first release that signs what it sends.
    pub const SIGNED_SINCE: Version = Version::new(4, 12, 0);

    /// The inbox it is about.
    pub fn inbox_id(&self) -> Option<InboxId> {
        self.inbox.as_ref().map(|inbox| inbox.id)
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a webhook is made of or changed to; `None` leaves a field alone, and in a new one leaves it to Chatwoot: all events
/// but those of inboxes and typing.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct WebhookFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscriptions: Option<Vec<WebhookEvent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_id: Option<InboxId>,
}

impl fmt::Debug for WebhookFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookFields").field("subscriptions", &self.subscriptions).finish_non_exhaustive()
    }
}
