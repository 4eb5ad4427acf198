//! `spec.settings`: only what is declared, as the operator's own user, and repaired like everything else.

use super::world::*;
use crate::{
    api::conditions::{DRIFTED, reason},
    chatwoot::{outcome::Class, types::AccountState},
    plan::account::automation::Effect as Own,
    plan::account::*,
};
use serde_json::{Value, json};

fn declared(settings: Value) -> World {
    let mut world = World::new(json!({"name": "Acme", "settings": settings}));
    world.domain = Some("ops.example.com".into());
    world
}

fn settled(settings: Value) -> World {
    let mut world = declared(settings);
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
    world
}

fn there(world: &World) -> Value {
    world.settings.get(&world.id()).map_or(json!({}), |found| json!(found))
}

#[test]
fn a_new_account_gets_its_settings_in_one_pass() {
    let mut world = declared(json!({"autoResolveAfter": "72h", "autoResolveMessage": "Bye"}));
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["post", "post user", "join", "settings", "set settings"]);
    // Claim, finalizer, id with the address of the user to be, and Ready.
    assert_eq!(pass.writes, 4);
    assert!(world.is_ready());
    assert_eq!(there(&world), json!({"auto_resolve_after": 4320, "auto_resolve_message": "Bye"}));
    assert!(world.pass().effects.is_empty());
}

#[test]
fn a_drift_check_takes_one_more_read_and_repairs_only_what_is_declared() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.due = true;
    let pass = world.pass();
    assert_eq!((calls(&pass.effects), pass.writes), (vec!["get", "get user", "settings"], 0));
    let id = world.id();
    let found = world.settings.entry(id).or_default();
    found.insert("auto_resolve_after".into(), json!(10));
    found.insert("auto_resolve_message".into(), json!("theirs"));
    world.due = true;
    assert_eq!(calls(&world.pass().effects), ["get", "get user", "settings", "set settings"]);
    assert_eq!(there(&world), json!({"auto_resolve_after": 4320, "auto_resolve_message": "theirs"}));
    assert!(!world.is(DRIFTED));
}

#[test]
fn observing_lists_differences_and_changes_nothing() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.change(json!({"name": "Acme", "mode": "Observe", "settings": {"autoResolveAfter": "1h"}}));
    let before = there(&world);
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "get user", "settings"]);
    assert_eq!(world.status.drifted, ["settings.autoResolveAfter"]);
    assert_eq!((world.reason(), there(&world)), (reason::OBSERVED, before));
}

#[test]
fn what_does_not_stick_is_listed() {
    let mut world = declared(json!({"audioTranscriptions": true}));
    world.stuck.insert("audio_transcriptions".into());
    world.settle();
    assert!(world.is_ready() && world.is(DRIFTED));
    assert_eq!(world.status.drifted, ["settings.audioTranscriptions"]);
    assert!(world.pass().effects.is_empty());
}

#[test]
fn without_automation_the_rest_is_applied_and_the_admin_is_named() {
    let mut world =
        World::new(json!({"name": "Acme", "locale": "de", "settings": {"autoResolveAfter": "72h"}}));
    world.settle();
    assert_eq!(world.account().locale.as_deref(), Some("de"));
    assert_eq!(world.reason(), reason::AUTOMATION_DISABLED);
    assert!(world.message().contains("ChatwootInstance ops/main"), "{}", world.message());
    // The admin sets it.
    world.domain = Some("ops.example.com".into());
    world.settle();
    assert!(world.is_ready(), "{}", world.message());
}

#[test]
fn a_domain_that_is_taken_away_ends_the_work_inside_accounts() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.domain = None;
    assert!(world.pass().effects.is_empty(), "what has converged is not looked at for it");
    world.due = true;
    assert_eq!(calls(&world.pass().effects), ["get", "get user"]);
    assert_eq!((world.reason(), world.users.len()), (reason::AUTOMATION_DISABLED, 1));
    world.deleting = true;
    world.settle();
    assert!(world.gone && world.users.is_empty());
}

#[test]
fn a_squatted_address_is_the_accounts_trouble_where_settings_need_the_user() {
    let mut world = declared(json!({"autoResolveAfter": "72h"}));
    world.users.insert(7, inside::user(7, "chatwoot-operator+42@ops.example.com", None));
    world.settle();
    assert_eq!(world.reason(), reason::CREDENTIALS_MISSING);
    assert!(world.message().contains("kubectl chatwoot reconcile account acme/main"), "{}", world.message());
    // People may stay in the account: it is still its resource's.
    assert!(world.status.id.is_some());
}

#[test]
fn a_suspended_accounts_settings_wait() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.change(json!({"name": "Acme", "state": "Suspended", "settings": {"autoResolveAfter": "1h"}}));
    let effects = world.settle();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Settings(_) | Effect::Automation(_))));
    assert_eq!(world.account().state, AccountState::Suspended);
    assert!(world.is_ready() && world.message().contains("spec.settings waits"), "{}", world.message());
    world.change(json!({"name": "Acme", "state": "Active", "settings": {"autoResolveAfter": "1h"}}));
    world.settle();
    assert_eq!(there(&world), json!({"auto_resolve_after": 60}));
}

#[test]
fn a_token_that_is_refused_is_read_anew_and_the_instance_is_not_blamed() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.change(json!({"name": "Acme", "settings": {"autoResolveAfter": "1h"}}));
    world.fail("settings", Class::Unauthorized, 401);
    world.pass();
    assert_eq!(world.reason(), reason::CHATWOOT_UNAVAILABLE);
    assert!(!world.message().contains("platform token"), "{}", world.message());
    let pass = world.pass();
    assert_eq!(calls(&pass.effects), ["get", "get user", "settings", "set settings"]);
    assert!(world.is_ready());
}

#[test]
fn values_that_chatwoot_refuses_are_the_authors_business() {
    let mut world = settled(json!({"autoResolveAfter": "72h"}));
    world.change(json!({"name": "Acme", "settings": {"autoResolveLabel": "nobody knows"}}));
    world.fail("set settings", Class::Invalid, 422);
    world.pass();
    assert_eq!(world.reason(), reason::REJECTED_BY_CHATWOOT);
}

#[test]
fn settings_that_declare_nothing_bring_nobody() {
    let mut world = settled(json!({}));
    assert!(world.users.is_empty());
    world.change(json!({"name": "Acme", "settings": {}}));
    let effects = world.settle();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Automation(Own::Post { .. }))));
}
