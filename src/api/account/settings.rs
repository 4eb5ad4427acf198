//! What administrators of an account set themselves (chatwoot-api §3.3).

use crate::api::{common::GoDuration, rules};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Settings of the account. What is left out is left as it is there.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Conversations without activity are resolved after this long: 10m to 23997h36m in whole minutes. 0s switches it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(
        validation = Rule::new("duration(self) == duration('0s') || (duration(self) >= duration('10m') && duration(self) <= duration('23997h36m'))").message("settings.autoResolveAfter must be from 10m to 23997h36m; write 72h, for example, or 0s to switch it off"),
        validation = Rule::new("self.matches('^(0s|([0-9]{1,5}[hm]){1,4})$')").message("settings.autoResolveAfter must be whole minutes; write hours and minutes, such as 1h30m"),
    )]
    pub auto_resolve_after: Option<GoDuration>,
    /// What the customer is told then. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    #[x_kube(validation = rules::lines("settings.autoResolveMessage"))]
    pub auto_resolve_message: Option<String>,
    /// Leaves alone conversations in which the customer waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_ignore_waiting: Option<bool>,
    /// Label that such conversations are given. "" clears it. Chatwoot has it since 4.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255))]
    #[x_kube(validation = rules::printable("settings.autoResolveLabel"))]
    pub auto_resolve_label: Option<String>,
    /// Writes down what is said in audio messages. Chatwoot has it since 4.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_transcriptions: Option<bool>,
}
