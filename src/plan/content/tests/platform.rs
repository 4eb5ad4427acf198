//! What belongs to the whole installation: it is spoken about with the platform token, whose troubles are the instance's or
//! those of the admin, and never the account's.

use super::{super::*, world::*};
use crate::{chatwoot::outcome::Class, plan::Again};
use serde_json::json;

/// One that publishes its token, which only a question about itself shows.
fn wide() -> World {
    let mut world = World::inbox();
    world.manner.installation_wide = true;
    world.wished().connection = Some("faq".into());
    world.wished().blind.insert("outgoing_url".into(), json!("https://faq.example"));
    world
}

const OUTAGES: [Class; 6] = [
    Class::Connect,
    Class::Timeout,
    Class::Proxy,
    Class::Server,
    Class::Unauthorized,
    // The list still has it: one that is gone is missing from the next.
    Class::NotFound,
];

#[test]
fn promise_an_outage_writes_nothing_on_what_has_converged() {
    for class in OUTAGES {
        let mut world = wide();
        world.settle();
        let before = world.status.clone();
        world.fail("show", Fault::Refused(class));
        world.due = true;
        world.wait(3600);
        let pass = world.pass();
        assert_eq!((pass.calls(), pass.writes), (vec!["list"], 0), "{class:?}: {}", pass.message());
        assert!(matches!(pass.end.again, Again::Backoff { .. }) && !pass.end.checked, "{pass:?}");
        assert_eq!(world.status, before, "{class:?}");
        assert_eq!(world.settle().reason(), "Succeeded", "{class:?}");
    }
}

#[test]
fn what_the_platform_app_may_not_touch_is_told_with_the_statement_that_lifts_it() {
    let edit: Change = |world| {
        world.edit(|world| drop(world.wished().fields.insert("color".into(), json!("#445566"))));
    };
    let look: Change = |world| world.due = true;
    let leave: Change = |world| {
        world.deleting = true;
        world.place = Place::Gone(Verdict::new(reason::ACCOUNT_GONE, "gone"));
    };
    for (call, change, reason) in [
        ("show", look, "NotPermitted"),
        ("patch", edit, "NotPermitted"),
        ("show", leave, "DeletionBlocked"),
        ("delete", leave, "DeletionBlocked"),
    ] {
        let mut world = wide();
        world.settle();
        world.wait(3600);
        change(&mut world);
        world.fail(call, Fault::Refused(Class::NotPermitted));
        let pass = world.pass();
        assert_eq!(pass.reason(), reason, "{call}: {}", pass.message());
        // World::inbox: kinds are named after Chatwoot's models.
        assert!(pass.message().contains("permissible: Inbox.find(101))"), "{}", pass.message());
        assert!(!pass.calls().contains(&"token"), "{:?}", pass.effects);
        world.wait(600);
        let healed = world.pass();
        assert!(world.gone || healed.reason() == "Succeeded", "{call}: {}", healed.message());
    }
}

#[test]
fn a_refused_platform_token_is_the_instances_trouble() {
    for call in ["create", "patch"] {
        let mut world = wide();
        world.fail(call, Fault::Refused(Class::Unauthorized));
        let pass = world.pass();
        assert_eq!(pass.calls().last(), Some(&call), "it is not asked again: {:?}", pass.effects);
        assert_eq!(pass.reason(), "WaitingForInstance", "{call}: {}", pass.message());
        world.has_token = true;
        world.wait(SETTLE * 2);
        assert_eq!(world.settle().reason(), "Succeeded", "{call}");
    }
    // The token of the operator's user is read with it.
    let mut world = World::label();
    world.has_token = false;
    world.fail("token", Fault::Refused(Class::Unauthorized));
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["token"], "WaitingForInstance"));
}

/// Lists, and where a bot answers, are the account's.
#[test]
fn the_accounts_token_is_read_anew_for_what_the_account_is_asked() {
    for call in ["list", "part"] {
        let mut world = wide();
        world.wished().parts.insert("inboxes", json!([4]));
        world.fail(call, Fault::Refused(Class::Unauthorized));
        let pass = world.pass();
        assert_eq!(pass.calls().iter().filter(|made| **made == "token").count(), 1, "{:?}", pass.effects);
        assert_eq!(pass.reason(), "Succeeded", "{call}: {}", pass.message());
    }
}
