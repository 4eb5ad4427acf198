//! Platform Apps and what they may touch.

use super::Done;
use crate::model::{World, rows::Kind, secrets};

/// The app with this id, or the oldest one.
pub fn app_or_first(world: &World, app: Option<i64>) -> Result<i64, String> {
    match app {
        Some(app) if world.apps.contains_key(&app) => Ok(app),
        Some(app) => Err(format!("there is no Platform App {app}")),
        None => world.apps.keys().next().copied().ok_or_else(|| "there is no Platform App".to_owned()),
    }
}

pub fn permit(world: &mut World, kind: Kind, id: i64, app: Option<i64>) -> Result<Done, String> {
    let exists = match kind {
        Kind::Account => world.accounts.contains_key(&id),
        Kind::User => world.users.contains_key(&id),
        Kind::AgentBot => world.bots.contains_key(&id),
    };
    if !exists {
        return Err(format!("there is no {kind:?} {id} to permit"));
    }
    let app = app_or_first(world, app)?;
    world.permit(app, kind, id);
    Ok(Done::default())
}

pub fn revoke(world: &mut World, kind: Kind, id: i64, app: Option<i64>) -> Result<Done, String> {
    let app = app_or_first(world, app)?;
    if world.permissions.remove(&(app, kind, id)) {
        Ok(Done::default())
    } else {
        Err(format!("Platform App {app} has no permission on {kind:?} {id}"))
    }
}

pub fn rotate(world: &mut World, app: Option<i64>, token: Option<String>) -> Result<Done, String> {
    let app = app_or_first(world, app)?;
    let token = token.unwrap_or_else(secrets::token);
    if let Some(app) = world.apps.get_mut(&app) {
        app.token = token.clone();
    }
    Ok(Done::token(token))
}

pub fn add_app(world: &mut World, token: Option<String>) -> Done {
    let token = token.unwrap_or_else(secrets::token);
    let id = world.add_app(token.clone());
    Done { id: Some(id), token: Some(token), count: None }
}

pub fn replace_app(world: &mut World, app: Option<i64>, token: Option<String>) -> Result<Done, String> {
    let old = app_or_first(world, app)?;
    world.apps.remove(&old);
    world.permissions.retain(|(app, _, _)| *app != old);
    Ok(add_app(world, token))
}

/// As if an account had been made through this app and deleted again.
pub fn break_index(world: &mut World, app: Option<i64>) -> Result<Done, String> {
    let app = app_or_first(world, app)?;
    let id = world.account_ids.next();
    world.permit(app, Kind::Account, id);
    Ok(Done::id(id))
}

pub fn repair_index(world: &mut World) -> Done {
    let orphans: Vec<_> = world.orphan_permissions().collect();
    for orphan in &orphans {
        world.permissions.remove(orphan);
    }
    Done::count(orphans.len())
}
