use super::{super::*, world::*};
use crate::{chatwoot::outcome::Class, plan::Again};
use serde_json::json;

#[test]
fn one_with_a_key_is_made_by_one_request_and_three_writes() {
    let mut world = World::label();
    let pass = world.pass();
    assert_eq!(pass.calls(), ["list", "create"]);
    assert_eq!(pass.writes, 3, "finalizer, note, outcome: {:?}", pass.effects);
    assert_eq!(pass.reason(), "Succeeded");
    assert_eq!(world.status.id, Some(101));
    assert_eq!(world.status.creation, None);
    assert_eq!(world.status.key.as_deref(), Some("vip"));
    assert_eq!(world.pass().effects, []);
}

#[test]
fn one_without_a_key_gets_its_name_after_its_id_is_recorded() {
    let mut world = World::inbox();
    let pass = world.pass();
    assert_eq!(pass.calls(), ["list", "create", "patch"]);
    assert_eq!(pass.writes, 4, "finalizer, note, id, outcome: {:?}", pass.effects);
    let bound = pass.effects.iter().position(|effect| matches!(effect, Effect::Write(_, Tag::Bind(101))));
    let named = pass.effects.iter().position(|effect| matches!(effect, Effect::Patch(101, _)));
    assert!(bound < named, "{:?}", pass.effects);
    assert_eq!(world.items[&101].key, "vip");
    assert_eq!(pass.reason(), "Succeeded");
}

#[test]
fn drift_is_repaired_in_the_declared_fields_alone() {
    let mut world = World::label();
    world.settle();
    let item = world.items.get_mut(&101).unwrap();
    item.fields.insert("color".into(), json!("#000000"));
    item.fields.insert("description".into(), json!("by hand"));
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    let [Effect::List { .. }, Effect::Patch(101, fields)] = pass.effects.as_slice() else {
        panic!("{:?}", pass.effects)
    };
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["color"]);
    assert_eq!(pass.writes, 0, "drift that is repaired needs no word in the status");
    assert_eq!(world.items[&101].fields["description"], json!("by hand"));
}

#[test]
fn a_check_without_drift_is_one_list_and_no_write() {
    let mut world = World::inbox();
    world.settle();
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.writes), (vec!["list"], 0));
    assert!(pass.end.checked);
}

#[test]
fn a_new_key_renames() {
    let mut world = World::label();
    world.settle();
    world.edit(|world| {
        world.wished().key = "gold".into();
        world.wished().fields.insert("title".into(), json!("gold"));
    });
    assert_eq!(world.pass().calls(), ["list", "patch"]);
    assert_eq!(world.items[&101].key, "gold");
    assert_eq!(world.status.key.as_deref(), Some("gold"));
}

#[test]
fn parts_are_read_and_made_as_wanted() {
    let mut world = World::label();
    world.wished().parts.insert("members", json!([4, 5]));
    world.parts.insert("members", json!([9]));
    let pass = world.pass();
    assert_eq!(pass.calls(), ["list", "create", "part", "part"]);
    assert_eq!(world.parts["members"], json!([4, 5]));
    world.due = true;
    world.wait(3600);
    assert_eq!(world.pass().calls(), ["list", "part"]);
}

#[test]
fn what_configures_is_made_anew_and_what_holds_work_is_not() {
    let mut label = World::label();
    label.settle();
    label.items.clear();
    label.due = true;
    label.wait(3600);
    assert_eq!(label.pass().calls(), ["list", "create"]);
    assert_eq!(label.status.id, Some(102));

    let mut inbox = World::inbox();
    inbox.settle();
    inbox.items.clear();
    inbox.due = true;
    inbox.wait(3600);
    let pass = inbox.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "ExternalResourceMissing"));
    assert!(pass.message().ends_with("apply it again"), "{}", pass.message());
}

#[test]
fn a_refused_token_is_read_anew_once() {
    let mut world = World::label();
    world.fail("create", Fault::Refused(Class::Unauthorized));
    let pass = world.pass();
    assert_eq!(pass.calls(), ["list", "create", "token", "create"]);
    assert_eq!(pass.reason(), "Succeeded");
    let mut refused = World::label();
    refused.fail("list", Fault::Refused(Class::Unauthorized));
    refused.fail("list", Fault::Refused(Class::Unauthorized));
    let pass = refused.pass();
    assert_eq!(pass.calls(), ["list", "token", "list"]);
    assert_eq!(pass.reason(), "WaitingForAccount");
}

#[test]
fn values_that_are_refused_are_the_authors_business() {
    let mut world = World::inbox();
    world.fail("create", Fault::Refused(Class::Invalid));
    let pass = world.pass();
    assert_eq!(pass.calls(), ["list", "create", "list"]);
    assert_eq!(pass.reason(), "RejectedByChatwoot");
    assert_eq!(world.status.creation, None, "nothing was made");
    assert!(matches!(pass.end.again, Again::After(_)));
}

/// Nothing is wrong with the spec, and nothing in it would help.
#[test]
fn a_full_account_is_told_by_the_limit_and_who_raises_it() {
    let mut world = World::inbox();
    world.fail("create", Fault::Refused(Class::LimitReached));
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list", "create"], "RejectedByChatwoot"));
    for part in
        ["limits.inboxes in the ChatwootPlan", "spec.limits of ChatwootAccount acme", "remove an inbox"]
    {
        assert!(pass.message().contains(part), "{}", pass.message());
    }
    assert!(!pass.message().contains("correct the spec"), "{}", pass.message());
    assert_eq!(world.status.creation, None, "nothing was made");
    assert_eq!(world.settle().reason(), "Succeeded", "as soon as there is room");
    assert_eq!(world.items.len(), 1);
}

/// One of those it names is gone from Chatwoot, say, and nobody has noticed yet.
#[test]
fn a_part_that_does_not_become_as_wanted_is_not_ready() {
    let mut world = World::label();
    world.wished().parts.insert("inboxes", json!([4, 5]));
    world.settle();
    world.parts.insert("inboxes", json!([4]));
    world.stubborn = true;
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list", "part", "part"], "RejectedByChatwoot"));
    assert_eq!(world.status.drifted, ["inboxes"]);
    assert!(pass.message().contains("may be gone from Chatwoot"), "{}", pass.message());
    world.stubborn = false;
    assert_eq!((world.settle().reason(), world.status.drifted.len()), ("Succeeded", 0));
}

#[test]
fn values_that_chatwoot_takes_and_changes_are_told() {
    let mut world = World::label();
    world.settle();
    // Chatwoot accepts the patch and goes on showing something else.
    world.wished().fields.insert("color".into(), json!("#ABCDEF"));
    world.generation += 1;
    world.fail("patch", Fault::Vain);
    assert_eq!(world.pass().reason(), "ChatwootUnavailable");
    assert_eq!(world.pass().reason(), "Succeeded");
}

#[test]
fn a_pass_without_a_turn_says_nothing() {
    let mut world = World::label();
    let Step::Settle(end) = world.without_turn() else { panic!() };
    assert_eq!(end.status, ContentStatus::default());
}

#[test]
fn while_the_account_cannot_be_worked_in_nothing_is_sent_and_ready_is_kept() {
    let waiting = || Place::Waiting(Verdict::new(reason::WAITING_FOR_ACCOUNT, "the account is suspended"));
    let mut new = World::label();
    new.place = waiting();
    let pass = new.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec![], "WaitingForAccount"));
}
