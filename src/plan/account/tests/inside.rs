//! What is inside an account of the fake Chatwoot: the operator's own user, and settings.

use super::world::*;
use crate::{
    chatwoot::{
        marker::{self, Marker, Reading},
        outcome::{Class, Failure, Refusal},
        types::{AccountId, Belonging, Map, MemberRole, User, UserId},
    },
    plan::account::{
        Effect as Whole, Lesson as Taught,
        automation::{Effect, Lesson},
        settings as inner,
    },
};
use serde_json::{Value, json};

/// The marker of the operator's own user in the account of the resource with this uid.
pub fn own_marker(uid: &str) -> Marker {
    installation().marker("ChatwootAccount/automation", "acme", "n-1", "main", uid)
}

/// Somebody with this address, and this marker.
pub fn user(id: i64, email: &str, marker: Option<&Marker>) -> User {
    let mut attributes = Map::new();
    if let Some(marker) = marker {
        attributes.insert(marker::KEY.into(), json!(marker.to_string()));
    }
    User {
        id: UserId(id),
        email: email.to_owned(),
        name: "Somebody".into(),
        display_name: None,
        custom_attributes: attributes,
        belongings: Vec::new(),
    }
}

/// Nothing is done to a user that was not read under our marker in this very pass.
pub fn check(world: &World, effect: &Whole, seen: Option<&User>) {
    let id = match effect {
        Whole::Automation(Effect::Patch { id, .. } | Effect::Delete(id) | Effect::Join { user: id, .. }) => {
            *id
        }
        Whole::Automation(Effect::Post { email }) => {
            let recorded = world.status.automation.as_ref().expect("asked for before it was recorded");
            assert_eq!((&recorded.email, recorded.unanswered_since.is_some()), (email, true));
            return;
        }
        Whole::Settings(_) => {
            let seen = seen.expect("acted as a user that was not read");
            assert_eq!(own_marker(UID).read(&seen.custom_attributes), Reading::Ours);
            return;
        }
        _ => return,
    };
    let seen = seen.filter(|seen| seen.id.0 == id).expect("a user was changed without having been read");
    let reading = own_marker(UID).read(&seen.custom_attributes);
    assert!(
        matches!(reading, Reading::Ours | Reading::Recreated),
        "{effect:?} on a user that is {reading:?}"
    );
}

pub fn seen(lesson: &Taught) -> Option<User> {
    match lesson {
        Taught::Automation(
            Lesson::Posted(Ok(user)) | Lesson::Got(_, Ok(user)) | Lesson::Patched(_, Ok(user)),
        ) => Some(user.clone()),
        _ => None,
    }
}

pub fn call(effect: &Effect) -> &'static str {
    match effect {
        Effect::Post { .. } => "post user",
        Effect::Get(_) => "get user",
        Effect::Vanished(_) => "vanished user",
        Effect::Patch { .. } => "patch user",
        Effect::Join { .. } => "join",
        Effect::Delete(_) => "delete user",
    }
}

pub fn about_user(world: &mut World, effect: &Effect) -> Lesson {
    let failed = world.failed(call(effect));
    match effect {
        Effect::Post { email } => Lesson::Posted(failed.map_or_else(|| Ok(post(world, email)), Err)),
        Effect::Get(id) => Lesson::Got(*id, failed.map_or_else(|| find(world, *id), Err)),
        Effect::Vanished(id) => Lesson::Vanished(*id, failed.map_or(Ok(!world.users.contains_key(id)), Err)),
        Effect::Patch { id, email } => {
            Lesson::Patched(*id, failed.map_or_else(|| patch(world, *id, email), Err))
        }
        Effect::Join { account, user } => {
            let joined = failed.map_or(Ok(()), Err);
            if let (Ok(()), Some(user)) = (&joined, world.users.get_mut(user)) {
                user.belongings.retain(|belonging| belonging.account.0 != *account);
                let role = Some(MemberRole::Administrator);
                user.belongings.push(Belonging { account: AccountId(*account), role });
            }
            Lesson::Joined { account: *account, answer: joined }
        }
        Effect::Delete(id) => {
            let answer = failed.map_or(Ok(()), Err);
            if answer.is_ok() {
                world.users.remove(id);
            }
            Lesson::Deleted(*id, answer)
        }
    }
}

/// Finds by address, and hands over whoever that is (P3).
fn post(world: &mut World, email: &str) -> User {
    if let Some(known) = world.users.values().find(|user| user.email == email) {
        return known.clone();
    }
    let id = world.users.keys().max().map_or(17, |last| last + 1);
    let made = user(id, email, Some(&own_marker(UID)));
    world.users.insert(id, made.clone());
    made
}

fn find(world: &World, id: i64) -> Result<User, Failure> {
    if world.hidden_users.contains(&id) {
        return Err(failure(Class::NotPermitted, 401));
    }
    world.users.get(&id).cloned().ok_or_else(|| failure(Class::NotFound, 404))
}

fn patch(world: &mut World, id: i64, email: &Option<String>) -> Result<User, Failure> {
    if email.as_ref().is_some_and(|email| world.users.values().any(|user| user.email == *email)) {
        return Err(taken());
    }
    let user = world.users.get_mut(&id).ok_or_else(|| failure(Class::NotFound, 404))?;
    user.email = email.clone().unwrap_or(std::mem::take(&mut user.email));
    user.custom_attributes.insert(marker::KEY.into(), json!(own_marker(UID).to_string()));
    Ok(user.clone())
}

/// Chatwoot's own words (§1.7).
pub fn taken() -> Failure {
    Failure { refusal: Some(Refusal("Email has already been taken".into())), ..failure(Class::Invalid, 422) }
}

pub fn settings(world: &mut World, effect: &inner::Effect) -> inner::Lesson {
    match effect {
        inner::Effect::Read { account } => {
            let found = world.settings.get(account).cloned().unwrap_or_default();
            inner::Lesson::Read(world.failed("settings").map_or(Ok(found), Err))
        }
        inner::Effect::Write { account, patch } => {
            if let Some(failure) = world.failed("set settings") {
                return inner::Lesson::Written(Err(failure));
            }
            let there = world.settings.entry(*account).or_default();
            if let Ok(Value::Object(sent)) = serde_json::to_value(patch) {
                there.extend(sent.into_iter().filter(|(key, _)| !world.stuck.contains(key)));
            }
            inner::Lesson::Written(Ok(there.clone()))
        }
    }
}
