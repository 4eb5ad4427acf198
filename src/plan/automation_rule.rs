//! What a ChatwootAutomationRule asks for, in Chatwoot's words.
//!
//! Facts about Chatwoot 4.14 that the API document does not say (app/models/automation_rule.rb,
//! app/services/automation_rules/*, app/services/action_service.rb, lib/filters/filter_keys.yml):
//! - On writing it checks that keys of conditions and names of actions are known, and that at most one condition lacks
//!   `query_operator`. The operator of a condition is stored as it is, and judged whenever the rule is due: one that does not
//!   go with its key, or a custom attribute that is gone, switches the rule off.
//! - Conditions become SQL in order, so all but the last need a `query_operator`, and the last must have none.
//! - `assign_agent ["nil"]` and `assign_team ["nil"]` take a conversation from its agent or team; `change_priority ["nil"]`
//!   takes the priority away. Ids are numbers: `team_belongs_to_account?` does not find "7".
//! - `add_label` takes titles and asks for no such label to exist.
//! - `send_email_to_team` takes one map, `{team_ids, message}`; `send_email_transcript` one text with commas.
//! - `send_attachment` needs an uploaded file and `add_sla` the enterprise edition: neither is offered here. Nor is
//!   `attribute_changed`, whose values are a map, nor the contact's company, whose key differs between versions.

mod actions;
mod conditions;
mod shown;
mod told;

pub use shown::seen;
pub use told::told;

use super::{
    content::{Named, Names, Naming, Trait, Wish, declared},
    status::Verdict,
};
use crate::{
    api::{
        automation_rule::{Attribute, AutomationRuleSpec, Event},
        conditions::reason,
    },
    chatwoot::tenant::automation::RuleEvent,
};
use serde_json::json;

pub const AUTOMATION_RULE: Trait = Trait {
    kind: "ChatwootAutomationRule",
    noun: "automation rule",
    key: "name",
    naming: Naming::Temporary("name"),
    precious: false,
};

const TEAM: &str = "ChatwootTeam";
const INBOX: &str = "ChatwootInbox";

/// # Errors
/// What it names that is not there yet; or `InvalidSpec` for a condition or action that the definition refuses today.
pub fn wish(spec: &AutomationRuleSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    let fields = declared([
        ("name", Some(json!(spec.name))),
        ("description", spec.description.as_ref().map(|text| json!(text))),
        ("event_name", Some(json!(event(spec.event).as_str()))),
        ("active", spec.active.map(|active| json!(active))),
        ("conditions", Some(conditions::wanted(&spec.conditions, names)?)),
        ("actions", Some(actions::wanted(&spec.actions, names)?)),
    ]);
    Ok(Wish { key: spec.name.clone(), fields, ..Wish::default() })
}

/// Everybody and everything the spec names.
pub fn named(spec: &AutomationRuleSpec) -> Vec<Named> {
    let mut named = Vec::new();
    for condition in &spec.conditions {
        let to = |name: &String| match condition.attribute {
            Some(Attribute::Assignee) => Some(Named::Member(name.clone())),
            Some(Attribute::Team) => Some(Named::Sibling(TEAM, name.clone())),
            Some(Attribute::Inbox) => Some(Named::Sibling(INBOX, name.clone())),
            _ => None,
        };
        named.extend(condition.values.iter().filter_map(to));
    }
    for action in &spec.actions {
        named.extend(action.assign_agent.clone().map(Named::Member));
        let mailed = action.send_email_to_team.iter().flat_map(|mail| mail.teams.iter());
        named.extend(action.assign_team.iter().chain(mailed).map(|team| Named::Sibling(TEAM, team.clone())));
    }
    named.sort();
    named.dedup();
    named
}

fn event(event: Event) -> RuleEvent {
    match event {
        Event::ConversationCreated => RuleEvent::ConversationCreated,
        Event::ConversationUpdated => RuleEvent::ConversationUpdated,
        Event::ConversationOpened => RuleEvent::ConversationOpened,
        Event::ConversationResolved => RuleEvent::ConversationResolved,
        Event::MessageCreated => RuleEvent::MessageCreated,
    }
}

const EVENTS: [Event; 5] = [
    Event::ConversationCreated,
    Event::ConversationUpdated,
    Event::ConversationOpened,
    Event::ConversationResolved,
    Event::MessageCreated,
];

/// Something that the definition refuses today; an object stored before may still say it.
fn invalid(text: String) -> Verdict {
    Verdict::new(reason::INVALID_SPEC, text)
}

#[cfg(test)]
mod tests;
