//! When somebody is there.

use super::{not_null, several_lines};
use kube::{KubeSchema, core::Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When somebody is there, in the inbox's time zone.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct WorkingHours {
    /// Whether the hours count; otherwise somebody is always there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What customers are told at other times. "" clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10_000))]
    #[x_kube(validation = several_lines("workingHours.outOfOfficeMessage"), validation = not_null("workingHours.outOfOfficeMessage"))]
    pub out_of_office_message: Option<String>,
    /// Hours of single days. A day that is left out stays as it is; Chatwoot begins with nine to five from Monday to
    /// Friday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["day".into()]))]
    pub days: Vec<OpeningHours>,
}

/// One day: closed, open all day, or open from one time to another.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = one_way(), validation = in_order())]
pub struct OpeningHours {
    /// Which day.
    pub day: Weekday,
    /// Nobody is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// Somebody is there all day and night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_all_day: Option<bool>,
    /// From when on somebody is there, such as "09:00".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    #[x_kube(validation = time_of_day("open"))]
    pub open: Option<String>,
    /// Until when, such as "17:30".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    #[x_kube(validation = time_of_day("close"))]
    pub close: Option<String>,
}

/// A day of the week.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
pub enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

fn one_way() -> Rule {
    Rule::new(
        "(has(self.closed) && self.closed ? 1 : 0) + (has(self.openAllDay) && self.openAllDay ? 1 : 0) + (has(self.open) || has(self.close) ? 1 : 0) == 1",
    )
    .message("workingHours.days: write for each day one of closed: true, openAllDay: true, or open and close, such as open: \"09:00\", close: \"17:00\"")
}

fn in_order() -> Rule {
    Rule::new("has(self.open) == has(self.close) && (!has(self.open) || self.open < self.close)")
        .message("workingHours.days: open and close belong together, and open comes first, such as open: \"09:00\", close: \"17:00\"")
}

fn time_of_day(field: &str) -> Rule {
    Rule::new("self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')").message(
        format!("workingHours.days: {field} must be a time from 00:00 to 23:59 in quotes, such as \"09:30\"")
            .as_str(),
    )
}
