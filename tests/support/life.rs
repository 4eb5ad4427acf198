//! What every kind inside accounts goes through, whatever it is: made, repaired, renamed, made anew, taken over, deleted.

use super::{
    content::Furnished,
    subject::{id, is, message},
};
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Act, RecordKind, listed::Content, listed::Record};
use serde_json::{Map, Value, json};

/// One kind, and what is tried with it.
pub struct Life {
    pub kind: &'static str,
    /// As paths have it: `labels`.
    pub route: &'static str,
    pub record: RecordKind,
    /// All but the account.
    pub spec: Value,
    /// A column that the spec declares, and what somebody puts there by hand.
    pub by_hand: (&'static str, Value),
    /// A column that the spec leaves alone, and what somebody puts there by hand.
    pub left: Option<(&'static str, Value)>,
    /// A change of the spec, and what it makes of which column.
    pub change: Value,
    pub changed: (&'static str, Value),
    /// What somebody has made under the key of `spec`: its columns.
    pub theirs: Value,
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn fields(one: (&'static str, Value)) -> Map<String, Value> {
    Map::from_iter([(one.0.to_owned(), one.1)])
}

/// Everything of a kind that tenants have in Chatwoot.
pub fn records(content: &Content, kind: RecordKind) -> &[Record] {
    match kind {
        RecordKind::Team => &content.teams,
        RecordKind::Label => &content.labels,
        RecordKind::Webhook => &content.webhooks,
        RecordKind::CannedResponse => &content.canned_responses,
        RecordKind::AttributeDefinition => &content.attribute_definitions,
        RecordKind::AutomationRule => &content.automation_rules,
    }
}

impl Furnished {
    /// The one of this kind that there is.
    pub async fn only(&self, kind: RecordKind) -> Result<Record> {
        let content = self.content().await?;
        let all = records(&content, kind);
        ensure!(all.len() == 1, "{all:?}");
        all.first().cloned().context("there is none")
    }

    pub async fn act(&self, act: Act) -> Result<Option<i64>> {
        Ok(self.stage.chatwoot.act(act).await?.id)
    }
}

/// Lives it through, in an account of its own.
///
/// # Errors
/// What went otherwise.
pub async fn live(life: &Life) -> Result<()> {
    let inside = Furnished::new().await?;
    made_repaired_changed_and_deleted(&inside, life).await.context("made by the operator")?;
    there_already(&inside, life).await.context("there already")
}

async fn made_repaired_changed_and_deleted(inside: &Furnished, life: &Life) -> Result<()> {
    let route = life.route;
    let one = inside.apply(life.kind, "one", life.spec.clone()).await?;
    let object = one.ready().await?;
    let calls = inside.calls_inside(0).await?;
    ensure!(calls == [format!("GET {route}"), format!("POST {route}")], "{calls:?}");
    let record = inside.only(life.record).await?;
    ensure!((record.account, record.id) == (inside.id, id(&object)?), "{record:?} {object}");
    ensure!(object["status"]["ownership"] == "Created", "{object}");

    let (column, _) = life.by_hand;
    let mut hand = fields(life.by_hand.clone());
    hand.extend(life.left.clone().map(|(column, value)| (column.to_owned(), value)));
    inside.act(Act::EditRecord { kind: life.record, id: record.id, fields: hand }).await?;
    let seq = inside.stage.chatwoot.last_seq().await?;
    one.looked_at().await?;
    let calls = inside.calls_inside(seq).await?;
    ensure!(calls == [format!("GET {route}"), format!("PATCH {route}/:id")], "drift: {calls:?}");
    let repaired = inside.only(life.record).await?;
    ensure!(repaired.fields[column] == record.fields[column], "{repaired:?}");
    if let Some((left, value)) = &life.left {
        ensure!(repaired.fields[*left] == *value, "not declared, and changed: {repaired:?}");
    }

    one.set(life.change.clone()).await?;
    one.ready().await?;
    let changed = inside.only(life.record).await?;
    ensure!(changed.id == record.id && changed.fields[life.changed.0] == life.changed.1, "{changed:?}");

    inside.act(Act::DeleteRecord { kind: life.record, id: record.id }).await?;
    let anew = one.looked_at().await?;
    ensure!(id(&anew)? == inside.only(life.record).await?.id && id(&anew)? != record.id, "{anew}");

    let seq = inside.stage.chatwoot.last_seq().await?;
    one.delete().await?;
    one.gone().await?;
    let calls = inside.calls_inside(seq).await?;
    ensure!(calls.last() == Some(&format!("DELETE {route}/:id")), "{calls:?}");
    ensure!(records(&inside.content().await?, life.record).is_empty(), "it is left behind");
    Ok(())
}

async fn there_already(inside: &Furnished, life: &Life) -> Result<()> {
    inside.stage.grant(&inside.tenant, json!({"allow": ["State"]})).await?;
    inside.account.set(json!({"state": "Suspended"})).await?;
    inside.account.ready().await?;
    let mut theirs = map(life.theirs.clone());
    theirs.extend(fields(life.by_hand.clone()));
    let record = Act::CreateRecord { account: inside.id, kind: life.record, fields: theirs };
    let theirs = inside.act(record).await?.context("no id")?;
    let two = inside.apply(life.kind, "two", life.spec.clone()).await?;
    let waiting = two.reason("WaitingForAccount").await?;
    ensure!(message(&waiting, "Ready").contains("suspended"), "{waiting}");

    inside.account.set(json!({"state": "Active"})).await?;
    let refused = two.until("is told that it is not its own", |object| is(object, "NotOwned")).await?;
    ensure!(message(&refused, "Ready").contains("spec.adopt: true"), "{refused}");
    ensure!(inside.only(life.record).await?.fields[life.by_hand.0] == life.by_hand.1, "it was touched");

    two.set(json!({"adopt": true})).await?;
    let adopted = two.ready().await?;
    ensure!(adopted["status"]["ownership"] == "Adopted" && id(&adopted)? == theirs, "{adopted}");
    ensure!(inside.only(life.record).await?.fields[life.by_hand.0] != life.by_hand.1, "it was not changed");
    two.delete().await?;
    two.gone().await?;
    ensure!(inside.only(life.record).await?.id == theirs, "what was taken over stays");
    Ok(())
}
