//! `/api/v1/accounts/:account_id/teams` (chatwoot-api §3.6).

use super::{Visit, missing};
use crate::{
    model::{
        World,
        content::{
            columns::{Column, Fields, Kind, Start, assign, blank, column},
            rows::Record,
        },
    },
    reply::{Errors, Refusal, Reply},
};
use serde_json::{Value, json};

pub const COLUMNS: &[Column] = &[
    column("name", Kind::Text, Start::Null),
    column("description", Kind::Text, Start::Null),
    column("allow_auto_assign", Kind::Flag, Start::On),
];

pub fn list(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let views: Vec<Value> =
        world.content.teams.of(visit.account).map(|team| view(world, visit, team)).collect();
    Ok(Reply::view(&Value::Array(views)))
}

fn found<'w>(world: &'w World, visit: &Visit) -> Result<&'w Record, Refusal> {
    world.content.teams.find(visit.account, visit.id("id")?).ok_or_else(missing)
}

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?;
    Ok(Reply::view(&view(world, visit, team)))
}

pub fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    visit.administrator(world)?;
    let fields = given(world, visit, 0, blank(COLUMNS))?;
    let team = Record::new(visit.account, fields, visit.now);
    let id = world.content.teams.insert(team);
    let team = world.content.teams.get(id).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&view(world, visit, team)).wrote())
}

pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let team = found(world, visit)?.clone();
    visit.administrator(world)?;
    let fields = given(world, visit, team.id, team.fields.clone())?;
    let team = Record { fields, updated_at: visit.now, ..team };
    let view = view(world, visit, &team);
    world.content.teams.put(team);
    Ok(Reply::view(&view).wrote())
}

pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = found(world, visit)?.id;
    visit.administrator(world)?;
    world.destroy_team(id);
    Ok(Reply::empty().wrote())
}

/// The name is written in lower case, and unique in the account.
fn given(world: &World, visit: &Visit, id: i64, mut fields: Fields) -> Result<Fields, Refusal> {
    let params = visit.wrapped("team", COLUMNS.iter().map(|column| column.name))?;
    assign(&mut fields, COLUMNS, &params)?;
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let mut errors = Errors::default();
    if name.trim().is_empty() {
        errors.add("name", "Name must not be blank");
    }
    let taken = |team: &Record| team.id != id && team.text("name") == Some(&name);
    if world.content.teams.of(visit.account).any(taken) {
        errors.add("name", "Name has already been taken");
    }
    errors.limit("name", "Name", Some(&name), 255);
    errors.check()?;
    fields.insert("name".into(), name.into());
    Ok(fields)
}

pub fn view(world: &World, visit: &Visit, team: &Record) -> Value {
    let member = visit.user().is_some_and(|user| world.team_members.contains(&(team.account, user, team.id)));
    json!({
        "id": team.id,
        "name": team.value("name"),
        "description": team.value("description"),
        "allow_auto_assign": team.value("allow_auto_assign"),
        "account_id": team.account,
        "is_member": member,
    })
}
