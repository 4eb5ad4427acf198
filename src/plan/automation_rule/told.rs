//! A rule that is there, as a manifest declares it. Whoever asks compares what that comes to with what is there: so nothing
//! here needs to judge a rule, only to read it.

use super::{EVENTS, TEAM, actions, conditions, event};
use crate::{
    api::{
        automation_rule::{
            AttributeOwner, AutomationRuleSpec, CustomAttribute, EmailToTeam, Join, Plainly, RuleAction,
            RuleCondition,
        },
        content::{ContentDeletionPolicy, Within},
    },
    plan::{
        automation_rule::INBOX,
        content::{Telling, Untold},
    },
};
use serde_json::Value;

/// # Errors
/// It names somebody or something of which there is no manifest, or does what no ChatwootAutomationRule does.
pub fn told(within: Within, rule: &Telling<'_>) -> Result<AutomationRuleSpec, Untold> {
    let heard = rule.word("event_name", &EVENTS, |one| event(one).as_str());
    let rows = |field: &str| rule.fields().get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(AutomationRuleSpec {
        within,
        name: rule.key(),
        description: rule.text("description"),
        event: heard.ok_or("waits for an event that no ChatwootAutomationRule has")?,
        active: rule.flag("active"),
        conditions: rows("conditions").iter().map(|row| condition(row, rule)).collect::<Result<_, _>>()?,
        actions: rows("actions").iter().map(|row| action(row, rule)).collect::<Result<_, _>>()?,
        deletion_policy: ContentDeletionPolicy::Retain,
    })
}

fn condition(row: &Value, rule: &Telling<'_>) -> Result<RuleCondition, Untold> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let key = text("attribute_key");
    let of = match text("custom_attribute_type") {
        "contact_attribute" => Some(AttributeOwner::Contact),
        "conversation_attribute" => Some(AttributeOwner::Conversation),
        _ => None,
    };
    let attribute = conditions::attribute(key).filter(|_| of.is_none());
    let Some(operator) = conditions::named_operator(text("filter_operator")) else {
        return Err(format!(
            "compares in a way that no ChatwootAutomationRule has: {:?}",
            text("filter_operator")
        ));
    };
    if attribute.is_none() && of.is_none() {
        return Err(format!("looks at what no ChatwootAutomationRule looks at: {key:?}"));
    }
    let values = row.get("values").and_then(Value::as_array).into_iter().flatten();
    Ok(RuleCondition {
        attribute,
        custom_attribute: of.map(|of| CustomAttribute { key: key.to_owned(), of }),
        operator,
        values: values.map(|value| worth(key, value, rule)).collect::<Result<_, _>>()?,
        join: match text("query_operator") {
            "OR" => Some(Join::Or),
            "AND" => Some(Join::And),
            _ => None,
        },
    })
}

/// A value of a condition as a manifest has it.
fn worth(key: &str, value: &Value, rule: &Telling<'_>) -> Result<String, Untold> {
    match (key, value) {
        ("assignee_id", _) => person(value, rule),
        ("team_id", _) => sibling(TEAM, value, rule),
        ("inbox_id", _) => sibling(INBOX, value, rule),
        ("status" | "priority" | "message_type", Value::String(word)) => Ok(capital(word)),
        (_, Value::String(text)) => Ok(text.clone()),
        (_, other) => Ok(other.to_string()),
    }
}

fn action(row: &Value, rule: &Telling<'_>) -> Result<RuleAction, Untold> {
    let name = row.get("action_name").and_then(Value::as_str).unwrap_or_default();
    let params = row.get("action_params").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let first = params.first().unwrap_or(&Value::Null);
    let taken_away = first == "nil";
    let text = || first.as_str().map(str::to_owned);
    let texts = || params.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut done = RuleAction::default();
    match name {
        "assign_agent" if taken_away => done.unassign_agent = Some(Plainly {}),
        "assign_agent" => done.assign_agent = Some(person(first, rule)?),
        "assign_team" if taken_away => done.unassign_team = Some(Plainly {}),
        "assign_team" => done.assign_team = Some(sibling(TEAM, first, rule)?),
        "add_label" => done.add_labels = texts(),
        "remove_label" => done.remove_labels = texts(),
        "send_message" => done.send_message = text(),
        "add_private_note" => done.add_private_note = text(),
        "send_webhook_event" => done.send_webhook_event = text(),
        "send_email_to_team" => done.send_email_to_team = Some(mail(first, rule)?),
        "send_email_transcript" => {
            let addresses = text().unwrap_or_default();
            done.send_email_transcript = addresses.split(',').map(str::to_owned).collect();
        }
        "mute_conversation" => done.mute_conversation = Some(Plainly {}),
        "change_status" => done.change_status = actions::status(first),
        "change_priority" => done.change_priority = actions::priority(first),
        other => return Err(format!("does what no ChatwootAutomationRule does: {other:?}")),
    }
    Ok(done)
}

fn mail(row: &Value, rule: &Telling<'_>) -> Result<EmailToTeam, Untold> {
    let teams = row.get("team_ids").and_then(Value::as_array).into_iter().flatten();
    let message = row.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let teams = teams.map(|id| sibling(TEAM, id, rule)).collect::<Result<_, _>>()?;
    Ok(EmailToTeam { teams, message })
}

fn person(id: &Value, rule: &Telling<'_>) -> Result<String, Untold> {
    let name = id.as_i64().and_then(|id| rule.member(id));
    name.ok_or_else(|| format!("names user {id}, who is no ChatwootUser of its namespace and account"))
}

fn sibling(kind: &'static str, id: &Value, rule: &Telling<'_>) -> Result<String, Untold> {
    let name = id.as_i64().and_then(|id| rule.sibling(kind, id));
    name.ok_or_else(|| format!("names what has no manifest: {kind} {id}"))
}

/// `open` is `Open` in manifests.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
