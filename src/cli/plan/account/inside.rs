//! What is inside an account, in rehearsal: the operator's own user, and the account's settings.

use crate::{
    chatwoot::{
        marker::{KEY, Marker},
        outcome::{Class, Failure},
        tenant::settings::SettingsPatch,
        types::{AccountId, Belonging, Map, MemberRole, User, UserId},
    },
    cli::plan::{
        hands::{Shared, is_imagined, next_imagined},
        sheet::{Sheet, in_spec},
    },
    plan::account::{
        automation::{self, Effect, Lesson},
        settings,
    },
    reconcile::references::InstanceKey,
};
use serde_json::Value;

/// What `effect` would have taught if it is a write; otherwise the effect itself.
pub fn user(
    (key, marker): (&InstanceKey, &Marker),
    effect: Effect,
    sheet: &mut Sheet,
    shared: &Shared,
) -> Result<Lesson, Effect> {
    let stamp = || Map::from_iter([(KEY.to_owned(), Value::from(marker.to_string()))]);
    let change = |id: i64, write: &mut dyn FnMut(&mut User)| {
        let mut user = shared.person(key, id).ok_or_else(|| Failure::of(Class::NotFound))?;
        write(&mut user);
        shared.keep_person(key, &user);
        Ok(user)
    };
    match effect {
        Effect::Post { email } => {
            sheet.requests.push("POST /users".to_owned());
            sheet.note(format!(
                "the operator makes a user of its own in the account, {email} (fails if the address is taken)"
            ));
            let user = User {
                id: UserId(next_imagined()),
                email,
                name: String::new(),
                display_name: None,
                custom_attributes: stamp(),
                belongings: Vec::new(),
            };
            shared.keep_person(key, &user);
            Ok(Lesson::Posted(Ok(user)))
        }
        Effect::Get(id) => match shared.person(key, id).filter(|_| is_imagined(id)) {
            Some(user) => Ok(Lesson::Got(id, Ok(user))),
            // A real answer brings the token that settings are read with, so it is had again.
            None => Err(Effect::Get(id)),
        },
        Effect::Patch { id, email } => {
            sheet.requests.push("PATCH /users/:id".to_owned());
            let answer = change(id, &mut |user| {
                user.custom_attributes.extend(stamp());
                if let Some(email) = &email {
                    sheet.change("automation.email", user.email.as_str(), email.as_str());
                    user.email.clone_from(email);
                }
            });
            Ok(Lesson::Patched(id, answer))
        }
        Effect::Join { account, user } => {
            sheet.requests.push("POST /accounts/:id/account_users".to_owned());
            let answer = change(user, &mut |user| {
                let account = AccountId(account);
                user.belongings.retain(|one| one.account != account);
                user.belongings.push(Belonging { account, role: Some(MemberRole::Administrator) });
            });
            Ok(Lesson::Joined { account, answer: answer.map(drop) })
        }
        Effect::Delete(id) => {
            sheet.requests.push("DELETE /users/:id".to_owned());
            sheet.note("the operator's own user in the account is removed");
            Ok(Lesson::Deleted(id, Ok(())))
        }
        read @ Effect::Vanished(_) => Err(read),
    }
}

/// What an earlier pass changed in thought is put in the place of what was read.
pub fn noticed(key: &InstanceKey, lesson: &mut Lesson, shared: &Shared) {
    if let automation::Lesson::Got(id, Ok(user)) = lesson {
        match shared.person(key, *id) {
            Some(changed) => *user = changed,
            None => shared.keep_person(key, user),
        }
    }
}

/// What `effect` would have taught if it is a write, or cannot be carried out yet; otherwise the effect itself.
/// `readable`: the user who can read them is there already.
pub fn settings(
    (key, readable): (&InstanceKey, bool),
    effect: settings::Effect,
    sheet: &mut Sheet,
    shared: &Shared,
) -> Result<settings::Lesson, settings::Effect> {
    match effect {
        settings::Effect::Read { account } => match shared.settings(key, account) {
            Some(known) => Ok(settings::Lesson::Read(Ok(known))),
            None if readable => Err(settings::Effect::Read { account }),
            // Which ones the account has, only Chatwoot knows; so all that differ from none are said.
            None => Ok(settings::Lesson::Read(Ok(Map::new()))),
        },
        settings::Effect::Write { account, patch } => {
            sheet.requests.push("PATCH /api/v1/accounts/:id".to_owned());
            let mut now = shared.settings(key, account).unwrap_or_default();
            write(&mut now, &patch, sheet);
            shared.keep_settings(key, account, &now);
            Ok(settings::Lesson::Written(Ok(now)))
        }
    }
}

/// What was read is there for the write that follows.
pub fn noticed_settings(key: &InstanceKey, account: i64, lesson: &settings::Lesson, shared: &Shared) {
    if let settings::Lesson::Read(Ok(found)) = lesson {
        shared.keep_settings(key, account, found);
    }
}

fn write(now: &mut Map, patch: &SettingsPatch, sheet: &mut Sheet) {
    let Ok(Value::Object(sent)) = serde_json::to_value(patch) else { return };
    for (key, value) in sent {
        let before = now.insert(key.clone(), value.clone()).unwrap_or_default();
        sheet.change(format!("settings.{}", in_spec(&key)), before, value);
    }
}
