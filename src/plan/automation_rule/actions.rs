//! What is done, in Chatwoot's words.

use super::{TEAM, invalid};
use crate::{
    api::automation_rule::{NewPriority, RuleAction, Status},
    plan::{content::Names, status::Verdict},
};
use serde_json::{Value, json};

/// All actions as they are sent.
///
/// # Errors
/// As [`super::wish`].
pub fn wanted(actions: &[RuleAction], names: &dyn Names) -> Result<Value, Verdict> {
    let mut wanted = Vec::new();
    for (at, action) in actions.iter().enumerate() {
        let placed = |verdict: Verdict| {
            Verdict::new(verdict.reason, format!("spec.actions[{at}]: {}", verdict.message))
        };
        let done = one(action, names).map_err(placed)?;
        let [(name, params)] = done.as_slice() else {
            return Err(placed(invalid(
                "an entry does exactly one thing, such as assignTeam: sales".to_owned(),
            )));
        };
        wanted.push(json!({"action_name": name, "action_params": params}));
    }
    if wanted.is_empty() {
        return Err(invalid("spec.actions: a rule does something, such as {changeStatus: Open}".to_owned()));
    }
    Ok(wanted.into())
}

/// Every action that the entry names, with what goes with it.
fn one(action: &RuleAction, names: &dyn Names) -> Result<Vec<(&'static str, Vec<Value>)>, Verdict> {
    let mut done = Vec::new();
    if let Some(name) = &action.assign_agent {
        done.push(("assign_agent", vec![json!(names.member(name)?)]));
    }
    if action.unassign_agent.is_some() {
        done.push(("assign_agent", vec![json!("nil")]));
    }
    if let Some(name) = &action.assign_team {
        done.push(("assign_team", vec![json!(names.sibling(TEAM, name)?)]));
    }
    if action.unassign_team.is_some() {
        done.push(("assign_team", vec![json!("nil")]));
    }
    for (name, labels) in [("add_label", &action.add_labels), ("remove_label", &action.remove_labels)] {
        if !labels.is_empty() {
            done.push((name, labels.iter().map(|title| json!(title)).collect()));
        }
    }
    for (name, text) in [
        ("send_message", &action.send_message),
        ("add_private_note", &action.add_private_note),
        ("send_webhook_event", &action.send_webhook_event),
    ] {
        done.extend(text.iter().map(|text| (name, vec![json!(text)])));
    }
    if let Some(mail) = &action.send_email_to_team {
        let teams = mail.teams.iter().map(|name| names.sibling(TEAM, name)).collect::<Result<Vec<_>, _>>()?;
        done.push(("send_email_to_team", vec![json!({"team_ids": teams, "message": mail.message})]));
    }
    if !action.send_email_transcript.is_empty() {
        done.push(("send_email_transcript", vec![json!(action.send_email_transcript.join(","))]));
    }
    if action.mute_conversation.is_some() {
        done.push(("mute_conversation", Vec::new()));
    }
    if let Some(status) = action.change_status {
        done.push(("change_status", vec![json!(standing(status))]));
    }
    if let Some(priority) = action.change_priority {
        done.push(("change_priority", vec![json!(urgency(priority))]));
    }
    Ok(done)
}

fn standing(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Resolved => "resolved",
        Status::Pending => "pending",
        Status::Snoozed => "snoozed",
    }
}

fn urgency(priority: NewPriority) -> &'static str {
    match priority {
        NewPriority::None => "nil",
        NewPriority::Low => "low",
        NewPriority::Medium => "medium",
        NewPriority::High => "high",
        NewPriority::Urgent => "urgent",
    }
}

/// The status that Chatwoot calls by this word.
pub fn status(word: &Value) -> Option<Status> {
    let all = [Status::Open, Status::Resolved, Status::Pending, Status::Snoozed];
    all.into_iter().find(|one| word == standing(*one))
}

/// The priority that Chatwoot calls by this word.
pub fn priority(word: &Value) -> Option<NewPriority> {
    use NewPriority::{High, Low, Medium, None, Urgent};
    [None, Low, Medium, High, Urgent].into_iter().find(|one| word == urgency(*one))
}
