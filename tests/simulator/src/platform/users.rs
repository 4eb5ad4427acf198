//! `/platform/api/v1/users`.

use super::{Visit, views};
use crate::{
    model::{
        Edition, World, emails,
        jobs::{JobKind, Work},
        passwords,
        rows::{Kind, SsoToken, User},
        secrets,
    },
    params::{Params, map_has_nul},
    reply::*,
};
use jiff::SignedDuration;
use serde_json::json;

const SSO_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// Finds by e-mail or creates. Somebody found is handed over unchanged, with their token (P3).
pub fn save(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let asked = visit.params.text("email").flatten().unwrap_or_default();
    // The look-up lower-cases only; surrounding space makes the create fail later (P19).
    match world.user_by_email(&asked.to_lowercase()) {
        Some(id) => adopt(world, visit, id),
        None => create(world, visit),
    }
}

fn adopt(world: &mut World, visit: &Visit, id: i64) -> Result<Reply, Refusal> {
    let user = world.users.get_mut(&id).ok_or(Refusal::NotFound)?;
    if world.installation.since(4, 14, 0) && user.name.trim().is_empty() {
        let mut errors = Errors::default();
        errors.add("name", "Name can't be blank");
        return Err(Refusal::Invalid(errors));
    }
    user.confirmed = true;
    world.permit(visit.app, Kind::User, id);
    shown_after_write(world, id)
}

fn create(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let mut draft =
        Draft { user: World::blank_user(String::new(), String::new()), name: None, password: None };
    draft.assign(visit.params);
    draft.password.get_or_insert_default();
    let mut user = draft.validated(world)?;
    user.password_writes = 1;
    let id = world.insert_user(user);
    world.permit(visit.app, Kind::User, id);
    shown_after_write(world, id)
}

pub fn show(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::User)?;
    shown(world, id)
}

/// A changed e-mail takes effect at once (P20); a password rotates the pubsub token; attributes are merged (P14).
pub fn update(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::User)?;
    let before = world.users.get(&id).ok_or(Refusal::NotFound)?;
    let mut draft = Draft { user: before.clone(), name: Some(before.name.clone()), password: None };
    draft.assign(visit.params);
    let new_password = draft.password.is_some();
    let mut user = draft.validated(world)?;
    if new_password {
        user.password_writes += 1;
        user.pubsub_token = secrets::token();
    }
    world.put_user(user);
    shown_after_write(world, id)
}

/// Only asks for it (P27).
pub fn delete(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::User)?;
    world.enqueue(Work::on_user(JobKind::DestroyUser, id), visit.now);
    Ok(Reply::empty().wrote())
}

/// A new single-use link each time (P24).
pub fn login(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::User)?;
    let user = world.users.get_mut(&id).ok_or(Refusal::NotFound)?;
    let token = secrets::sso_token();
    user.sso_tokens.retain(|old| old.until > visit.now);
    let until = visit.now.checked_add(SSO_LIFETIME).unwrap_or(visit.now);
    user.sso_tokens.push(SsoToken { token: token.clone(), until });
    let email = url_encoded(&user.email);
    let base = &world.installation.frontend_url;
    let url = format!("{base}/app/login?email={email}&sso_auth_token={token}");
    Ok(Reply::view(&json!({"url": url})).wrote())
}

pub fn token(world: &World, visit: &Visit) -> Result<Reply, Refusal> {
    let id = visit.subject(world, Kind::User)?;
    let user = world.users.get(&id).ok_or(Refusal::NotFound)?;
    let token = user.access_token.as_ref().ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&json!({"access_token": token, "expiry": null, "user": views::token_owner(user)})))
}

fn shown(world: &World, id: i64) -> Result<Reply, Refusal> {
    let user = world.users.get(&id).ok_or(Refusal::NotFound)?;
    views::user(world, user).map(|view| Reply::view(&view))
}

/// The view may fail although the write has been committed (P4).
fn shown_after_write(world: &World, id: i64) -> Result<Reply, Refusal> {
    shown(world, id).map(Reply::wrote).map_err(|_crash| Refusal::Crash { wrote: true })
}

/// Everything but unreserved characters as %XX.
fn url_encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A person with the request's values in them, not yet looked at.
struct Draft {
    user: User,
    name: Option<String>,
    /// To be written; `None` keeps what is there.
    password: Option<String>,
}

impl Draft {
    fn assign(&mut self, params: &Params) {
        let user = &mut self.user;
        if let Some(name) = params.text("name") {
            self.name = name;
        }
        if let Some(name) = params.text("display_name") {
            user.display_name = name;
        }
        if let Some(email) = params.text("email") {
            user.email = emails::normalized(&email.unwrap_or_default());
        }
        if let Some(password) = params.text("password") {
            self.password = password;
        }
        if let Some(attributes) = params.object("custom_attributes") {
            user.custom_attributes.extend(attributes.clone());
        }
    }

    fn validated(self, world: &World) -> Result<User, Refusal> {
        let (user, name, password) = (&self.user, self.name.as_deref(), self.password.as_deref());
        let mut errors = Errors::default();
        errors.limit("name", "Name", name, 255);
        errors.limit("display_name", "Display name", user.display_name.as_deref(), 255);
        errors.limit("email", "Email", Some(&user.email), 255);
        for complaint in emails::complaints(&user.email) {
            errors.add("email", complaint);
        }
        if world.user_by_email(&user.email).is_some_and(|other| other != user.id) {
            errors.add("email", "Email has already been taken");
        }
        for complaint in password.map(passwords::complaints).unwrap_or_default() {
            errors.add("password", complaint);
        }
        if world.installation.since(4, 14, 0) && name.is_none_or(|name| name.trim().is_empty()) {
            errors.add("name", "Name can't be blank");
        }
        let is_new = user.id == 0;
        if is_new && licence_used_up(world) {
            errors.add("base", "User limit reached. Please purchase more licenses from super admin");
        }
        errors.check()?;
        let texts = [name, user.display_name.as_deref(), Some(user.email.as_str())];
        if texts.iter().flatten().any(|text| text.contains('\0')) || map_has_nul(&user.custom_attributes) {
            return Err(Refusal::CRASH);
        }
        // No validation before 4.14.0, but a column that takes no NULL.
        let name = self.name.ok_or(Refusal::CRASH)?;
        let password = self.password.or(self.user.password);
        Ok(User { name, password, ..self.user })
    }
}

fn licence_used_up(world: &World) -> bool {
    world.installation.edition == Edition::Ee
        && world.installation.user_cap.is_some_and(|cap| world.users.len() >= cap)
}
