//! What a rule does.

use kube::{KubeSchema, core::Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that is done.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = one_thing())]
pub struct RuleAction {
    /// Assigns the conversation to this ChatwootUser, who must be a member of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub assign_agent: Option<String>,
    /// Takes the conversation from its agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unassign_agent: Option<Plainly>,
    /// Assigns the conversation to this ChatwootTeam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub assign_team: Option<String>,
    /// Takes the conversation from its team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unassign_team: Option<Plainly>,
    /// Adds labels, by their titles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 255)))]
    #[x_kube(validation = title("addLabels"))]
    pub add_labels: Vec<String>,
    /// Removes labels, by their titles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 255)))]
    #[x_kube(validation = title("removeLabels"))]
    pub remove_labels: Vec<String>,
    /// Sends the customer a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10_000))]
    #[x_kube(validation = text("sendMessage"))]
    pub send_message: Option<String>,
    /// Adds a note that only the account's own people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10_000))]
    #[x_kube(validation = text("addPrivateNote"))]
    pub add_private_note: Option<String>,
    /// Sends everybody in some teams an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_email_to_team: Option<EmailToTeam>,
    /// Sends the whole conversation to these addresses; {{contact.email}} is the customer's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), inner(length(min = 1, max = 255)))]
    #[x_kube(validation = Rule::new(r"self.all(a, a.matches('^([^@,\\s]+@[^@,\\s]+|\\{\\{ *contact\\.email *\\}\\})$'))").message(
        "sendEmailTranscript: write each address as an entry of its own, such as [desk@acme.example, \"{{contact.email}}\"]"
    ))]
    pub send_email_transcript: Vec<String>,
    /// Sends the event to this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    #[x_kube(validation = Rule::new(r"self.matches('^https?://[^/?#\\s\\p{Cc}]+([/?#][^\\s\\p{Cc}]*)?$')").message(
        "sendWebhookEvent must be http:// or https:// and a host, such as https://hooks.acme.example/chatwoot"
    ))]
    pub send_webhook_event: Option<String>,
    /// Mutes the conversation: its customer's messages are dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute_conversation: Option<Plainly>,
    /// Gives the conversation this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_status: Option<Status>,
    /// Gives the conversation this priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_priority: Option<NewPriority>,
}

/// Done without saying more: {}.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, JsonSchema)]
pub struct Plainly {}

/// An e-mail to teams.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct EmailToTeam {
    /// Names of ChatwootTeams.
    #[schemars(length(min = 1, max = 50), inner(length(min = 1, max = 253)))]
    pub teams: Vec<String>,
    /// What it says.
    #[schemars(length(min = 1, max = 10_000))]
    #[x_kube(validation = text("sendEmailToTeam.message"))]
    pub message: String,
}

/// How a conversation stands.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Status {
    Open,
    Resolved,
    Pending,
    Snoozed,
}

/// How urgent a conversation is to be; None takes its priority away.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum NewPriority {
    None,
    Low,
    Medium,
    High,
    Urgent,
}

fn one_thing() -> Rule {
    Rule::new(
        "[has(self.assignAgent), has(self.unassignAgent), has(self.assignTeam), has(self.unassignTeam), has(self.addLabels), \
         has(self.removeLabels), has(self.sendMessage), has(self.addPrivateNote), has(self.sendEmailToTeam), \
         has(self.sendEmailTranscript), has(self.sendWebhookEvent), has(self.muteConversation), has(self.changeStatus), \
         has(self.changePriority)].filter(x, x).size() == 1",
    )
    .message("actions: an entry does exactly one thing, such as assignTeam: sales; write one entry for each")
}

/// Chatwoot keeps labels in lower case, and never finds another one.
fn title(field: &str) -> Rule {
    Rule::new(r"self.all(t, t.matches('^[\\p{Ll}\\p{Lo}\\p{N}][\\p{Ll}\\p{Lo}\\p{N}_-]+$'))").message(
        format!("{field}: write titles of labels, which have lower-case letters, digits, _ and -, such as vip-customer")
            .as_str(),
    )
}

/// Line breaks and tabs are welcome; of NUL Chatwoot says 500 (chatwoot-api §1.4).
fn text(field: &str) -> Rule {
    Rule::new(r"!self.matches('[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]')").message(
        format!("{field} must not contain control characters other than line breaks and tabs; remove them")
            .as_str(),
    )
}
