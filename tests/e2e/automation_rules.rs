//! Rules by which an account acts on its own: made whole, compared whatever their order, removed.

use crate::support::{
    content::Furnished,
    subject::{id, message},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, RecordKind, listed::Record};
use serde_json::{Map, Value, json};

const RULE: &str = "ChatwootAutomationRule";

/// Whatever happens to a new conversation that is open.
fn rule(name: &str, actions: Value) -> Value {
    let conditions = json!([{"attribute": "Status", "operator": "EqualTo", "values": ["Open"]}]);
    json!({"name": name, "event": "ConversationCreated", "conditions": conditions, "actions": actions})
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

async fn only(inside: &Furnished) -> Result<Record> {
    let mut rules = inside.content().await?.automation_rules;
    anyhow::ensure!(rules.len() == 1, "{rules:?}");
    rules.pop().context("no rule")
}

#[tokio::test]
async fn a_rule_is_made_under_a_name_of_its_own_and_then_called_as_wanted() -> Result<()> {
    let inside = Furnished::new().await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    let sort = inside.apply(RULE, "sort", rule("Sort", json!([{"addLabels": ["new"]}]))).await?;
    let object = sort.ready().await?;
    let calls = inside.calls_inside(seq).await?;
    assert_eq!(calls, ["GET automation_rules", "POST automation_rules", "PATCH automation_rules/:id"]);
    let made = only(&inside).await?;
    assert_eq!((made.account, made.id), (inside.id, id(&object)?));
    assert_eq!((&made.fields["name"], &made.fields["active"]), (&json!("Sort"), &json!(true)));

    // Looked at again, with nothing to do.
    let seq = inside.stage.chatwoot.last_seq().await?;
    sort.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET automation_rules"]);
    sort.delete().await?;
    sort.gone().await?;
    assert!(inside.content().await?.automation_rules.is_empty());
    Ok(())
}

#[tokio::test]
async fn chatwoot_takes_every_condition_and_every_action_there_is() -> Result<()> {
    let inside = Furnished::new().await?;
    let fields = json!({"attribute_key": "tier", "attribute_model": "contact_attribute",
        "attribute_display_name": "Tier", "attribute_display_type": "text"});
    let record =
        Act::CreateRecord { account: inside.id, kind: RecordKind::AttributeDefinition, fields: map(fields) };
    inside.stage.chatwoot.act(record).await?;
    let text = ["Content", "Email", "Referer", "City", "MailSubject"];
    let plain = ["BrowserLanguage", "ConversationLanguage", "CountryCode", "Labels"];
    let is = |attribute: &str, operator: &str, value: &str| json!({"attribute": attribute, "operator": operator, "values": [value]});
    let mut conditions: Vec<Value> = text.map(|one| is(one, "DoesNotContain", "x")).into();
    conditions.extend(plain.map(|one| is(one, "NotEqualTo", "x")));
    conditions.extend(
        ["Assignee", "Team", "Inbox"].map(|one| json!({"attribute": one, "operator": "IsNotPresent"})),
    );
    conditions.push(is("PhoneNumber", "StartsWith", "+49"));
    conditions.push(is("Status", "EqualTo", "Snoozed"));
    conditions.push(is("Priority", "EqualTo", "Urgent"));
    conditions.push(is("MessageType", "EqualTo", "Incoming"));
    conditions.push(is("PrivateNote", "EqualTo", "false"));
    conditions.push(json!({"customAttribute": {"key": "tier", "of": "Contact"}, "operator": "EqualTo", "values": ["gold"]}));
    let actions = json!([
        {"unassignAgent": {}}, {"unassignTeam": {}}, {"addLabels": ["vip"]}, {"removeLabels": ["new"]},
        {"sendMessage": "Hello,\nwe are on it."}, {"addPrivateNote": "by rule"},
        {"sendEmailTranscript": ["desk@acme.example", "{{contact.email}}"]},
        {"sendWebhookEvent": "https://hooks.acme.example/chatwoot"}, {"muteConversation": {}},
        {"changeStatus": "Pending"}, {"changePriority": "High"},
    ]);
    let spec = json!({"name": "All", "event": "MessageCreated", "conditions": conditions, "actions": actions,
        "active": false, "description": "everything"});
    let all = inside.apply(RULE, "all", spec).await?;
    all.ready().await?;
    let made = only(&inside).await?;
    let count = |field: &str| made.fields[field].as_array().map(Vec::len);
    assert_eq!((count("conditions"), count("actions")), (Some(18), Some(11)));
    assert_eq!(
        (&made.fields["active"], &made.fields["event_name"]),
        (&json!(false), &json!("message_created"))
    );
    let seq = inside.stage.chatwoot.last_seq().await?;
    all.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET automation_rules"]);
    Ok(())
}

#[tokio::test]
async fn what_somebody_changes_in_a_rule_is_repaired_and_its_order_of_writing_is_no_change() -> Result<()> {
    let inside = Furnished::new().await?;
    let sort = inside.apply(RULE, "sort", rule("Sort", json!([{"changePriority": "Low"}]))).await?;
    let rule = id(&sort.ready().await?)?;
    let edit =
        |fields: Value| Act::EditRecord { kind: RecordKind::AutomationRule, id: rule, fields: map(fields) };
    let written = json!([{"values": ["open"], "custom_attribute_type": "", "query_operator": null,
        "filter_operator": "equal_to", "attribute_key": "status"}]);
    inside.stage.chatwoot.act(edit(json!({"conditions": written, "description": "by hand"}))).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    sort.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET automation_rules"]);

    let action = json!([{"action_name": "change_priority", "action_params": ["urgent"]}]);
    inside.stage.chatwoot.act(edit(json!({"actions": action, "event_name": "nonsense"}))).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    sort.looked_at().await?;
    assert_eq!(inside.calls_inside(seq).await?, ["GET automation_rules", "PATCH automation_rules/:id"]);
    let now = only(&inside).await?;
    assert_eq!(now.fields["actions"][0]["action_params"], json!(["low"]));
    assert_eq!(
        (&now.fields["event_name"], &now.fields["description"]),
        (&json!("conversation_created"), &json!("by hand"))
    );
    Ok(())
}

#[tokio::test]
async fn people_are_named_and_waited_for() -> Result<()> {
    let inside = Furnished::new().await?;
    let spec = rule("Sort", json!([{"assignAgent": "alice"}]));
    let sort = inside.apply(RULE, "sort", spec).await?;
    let waiting = sort.reason("WaitingForReference").await?;
    assert!(message(&waiting, "Ready").contains("there is no ChatwootUser alice"), "{waiting}");
    let alice = json!({"memberships": [{"account": "acme", "role": "Agent"}]});
    let alice = inside.tenant.person(&inside.stage, "alice", alice).await?;
    let person = id(&alice.ready().await?)?;
    sort.ready().await?;
    let made = only(&inside).await?;
    assert_eq!(made.fields["actions"], json!([{"action_name": "assign_agent", "action_params": [person]}]));
    Ok(())
}

#[tokio::test]
async fn rules_of_one_name_live_side_by_side_and_one_that_is_meant_is_taken_over() -> Result<()> {
    let inside = Furnished::new().await?;
    let fields = json!({"name": "Sort", "event_name": "message_created", "active": false, "conditions": [], "actions": []});
    let record =
        Act::CreateRecord { account: inside.id, kind: RecordKind::AutomationRule, fields: map(fields) };
    inside.stage.chatwoot.act(record).await?;
    let theirs = only(&inside).await?.id;
    let own = inside.apply(RULE, "own", rule("Sort", json!([{"muteConversation": {}}]))).await?;
    own.ready().await?;
    let rules = inside.content().await?.automation_rules;
    assert_eq!(rules.len(), 2);
    let untouched = rules.iter().find(|rule| rule.id == theirs).context("it is gone")?;
    assert_eq!(untouched.fields["event_name"], "message_created");
    own.delete().await?;
    own.gone().await?;

    let mut spec = rule("Sort", json!([{"muteConversation": {}}]));
    spec["adopt"] = json!(true);
    let taken = inside.apply(RULE, "taken", spec).await?;
    let object = taken.ready().await?;
    assert_eq!((id(&object)?, &object["status"]["ownership"]), (theirs, &json!("Adopted")));
    let now = only(&inside).await?;
    assert_eq!(
        (&now.fields["event_name"], &now.fields["active"]),
        (&json!("conversation_created"), &json!(false))
    );
    Ok(())
}

#[tokio::test]
async fn what_chatwoot_does_not_know_is_said_in_its_own_words() -> Result<()> {
    let inside = Furnished::new().await?;
    let mut spec = rule("Sort", json!([{"muteConversation": {}}]));
    spec["conditions"] = json!([{"customAttribute": {"key": "tier", "of": "Contact"}, "operator": "EqualTo", "values": ["gold"]}]);
    let sort = inside.apply(RULE, "sort", spec).await?;
    let refused = sort.reason("RejectedByChatwoot").await?;
    assert!(message(&refused, "Ready").contains("tier not supported"), "{refused}");
    assert!(inside.content().await?.automation_rules.is_empty());
    Ok(())
}
