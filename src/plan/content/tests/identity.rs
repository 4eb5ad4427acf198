//! An id alone proves nothing: a database that was set back gives it once more, to something else.

use super::{super::*, world::*};
use crate::chatwoot::outcome::Class;
use serde_json::json;

/// One that has long been in Chatwoot, at the time of its next check.
fn settled(kind: &'static Trait) -> (World, i64) {
    let mut world = World::of(kind);
    world.settle();
    let id = world.status.id.unwrap();
    later(&mut world);
    (world, id)
}

fn later(world: &mut World) {
    world.due = true;
    world.wait(3600);
}

/// Something else has the id now.
fn given_to(world: &mut World, id: i64, key: &str, color: &str) {
    let item = world.items.get_mut(&id).unwrap();
    item.key = key.into();
    item.fields.insert(world.kind.key.into(), json!(key));
    item.fields.insert("color".into(), json!(color));
}

/// Its resource is deleted a minute later.
fn deleted(world: &mut World) -> super::world::Pass {
    world.deleting = true;
    world.wait(60);
    world.pass()
}

fn other(who: &str, id: Option<i64>, has: &str) -> Other {
    Other { who: who.into(), id, has: Some(has.into()), may_make: [has.into()].into() }
}

#[test]
fn promise_an_id_that_something_else_has_by_now_is_not_touched() {
    for kind in [&LABEL, &INBOX, &HOOK] {
        let (mut world, id) = settled(kind);
        given_to(&mut world, id, "by hand", "#ffffff");
        let before = world.items.clone();
        let pass = world.pass();
        assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"), "{kind:?}");
        let message = pass.message();
        assert!(message.contains(&format!("{} {id}", kind.noun)) && message.contains("color"), "{message}");
        assert!(
            message.contains("spec.adopt: true") && message.contains("delete this resource"),
            "{message}"
        );
        assert_eq!(kind != &HOOK, message.contains("by hand"), "{message}");
        assert_eq!(deleted(&mut world).calls(), ["list"]);
        assert!(world.gone && world.items == before);
        assert_eq!(world.notices, [Notice::Retained]);
    }
}

/// It has its name back, so it was this resource's all the time.
#[test]
fn one_that_is_given_its_key_again_goes_on() {
    let (mut world, id) = settled(&LABEL);
    given_to(&mut world, id, "by hand", "#ffffff");
    assert_eq!(world.pass().reason(), "NotOwned");
    given_to(&mut world, id, "vip", "#ffffff");
    world.wait(60);
    assert_eq!(world.pass().calls(), ["list", "patch"]);
    assert_eq!(world.settle().reason(), "Succeeded");
}

#[test]
fn where_the_spec_says_so_another_one_of_the_key_is_taken_over_and_kept() {
    let (mut world, id) = settled(&LABEL);
    given_to(&mut world, id, "by hand", "#ffffff");
    assert_eq!(world.pass().reason(), "NotOwned");
    world.edit(|world| world.manner.adopt = true);
    assert_eq!(world.pass().reason(), "NotOwned", "there is none");
    let vip = world.somebody_makes("vip");
    world.wait(60);
    world.settle();
    assert_eq!((world.status.id, world.status.ownership), (Some(vip), Some(Ownership::Adopted)));
    assert_eq!(world.items[&id].key, "by hand");
}

#[test]
fn one_that_was_renamed_and_agrees_otherwise_is_named_as_wanted() {
    for kind in [&LABEL, &INBOX] {
        let (mut world, id) = settled(kind);
        given_to(&mut world, id, "by hand", "#112233");
        let pass = world.pass();
        assert_eq!(pass.calls(), ["list", "patch"], "{kind:?}");
        assert_eq!(world.items[&id].key, "vip");
        // Whoever deletes it meanwhile deletes what was made; but what holds people's work must have its name.
        given_to(&mut world, id, "by hand", "#112233");
        deleted(&mut world);
        assert_eq!((world.gone, world.items.contains_key(&id)), (true, kind.precious), "{kind:?}");
    }
}

#[test]
fn one_that_was_renamed_and_changed_in_little_else_is_put_right() {
    let mut world = World::label();
    world.wished().fields.extend([("description".into(), json!("ours")), ("shown".into(), json!(true))]);
    world.settle();
    let id = world.status.id.unwrap();
    later(&mut world);
    given_to(&mut world, id, "by hand", "#ffffff");
    assert_eq!(world.pass().calls(), ["list", "patch"]);
    given_to(&mut world, id, "by hand", "#ffffff");
    world.items.get_mut(&id).unwrap().fields.insert("description".into(), json!("theirs"));
    world.wait(60);
    world.due = true;
    assert_eq!(world.pass().reason(), "NotOwned");
}

/// Nothing but the key is declared, so a name by hand is put right, but nothing is deleted under it.
#[test]
fn one_of_which_nothing_else_is_declared_is_renamed_and_never_deleted_under_another_name() {
    let mut world = World::label();
    world.wished().fields.remove("color");
    world.settle();
    let id = world.status.id.unwrap();
    later(&mut world);
    given_to(&mut world, id, "by hand", "#ffffff");
    assert_eq!(world.pass().calls(), ["list", "patch"]);
    given_to(&mut world, id, "by hand", "#ffffff");
    assert_eq!(deleted(&mut world).calls(), ["list"]);
    assert!(world.gone && world.items.contains_key(&id));
    assert_eq!(world.notices, [Notice::Retained]);
}

/// What Chatwoot never shows as it was sent speaks for nothing.
#[test]
fn a_field_that_is_known_to_differ_is_no_evidence() {
    let (mut world, id) = settled(&LABEL);
    world.status.drifted = vec!["color".into()];
    given_to(&mut world, id, "by hand", "#123456");
    assert_eq!(world.pass().calls(), ["list", "patch"]);
}

/// A name that Chatwoot stores in another form is the one it has.
#[test]
fn a_key_that_chatwoot_changes_is_known_again() {
    let (mut world, id) = settled(&INBOX);
    given_to(&mut world, id, "Vip", "#112233");
    world.fail("patch", Fault::Vain);
    world.pass();
    world.manner.mode = Mode::Observe;
    world.settle();
    assert_eq!(world.status.key.as_deref(), Some("Vip"));
    world.manner.mode = Mode::Enforce;
    world.edit(|world| drop(world.wished().fields.insert("color".into(), json!("#445566"))));
    assert_eq!(world.pass().calls(), ["list", "patch"]);
}

#[test]
fn promise_what_belongs_to_another_resource_by_now_is_left_to_it_and_made_anew() {
    let (mut world, id) = settled(&LABEL);
    given_to(&mut world, id, "gold", "#112233");
    world.others = vec![other("ChatwootLabel gold", Some(id), "gold")];
    assert_eq!(world.pass().calls(), ["list", "create"]);
    assert_eq!(world.items[&id].key, "gold");
    assert_eq!(world.items[&world.status.id.unwrap()].key, "vip");
    assert_ne!(world.status.id, Some(id));

    let (mut world, id) = settled(&INBOX);
    given_to(&mut world, id, "gold", "#112233");
    world.others = vec![other("ChatwootInbox gold", Some(id), "gold")];
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "ExternalResourceMissing"));
    assert!(pass.message().contains("belongs to ChatwootInbox gold by now"), "{}", pass.message());
    deleted(&mut world);
    assert!(world.gone && world.items.contains_key(&id));
}

/// Its resource has made it a moment ago, and has not come to write down which it is.
#[test]
fn promise_what_another_resource_may_just_have_made_is_left_alone() {
    let (mut world, id) = settled(&LABEL);
    given_to(&mut world, id, "gold", "#112233");
    world.others = vec![other("ChatwootLabel gold", Some(102), "gold")];
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"));
    assert!(pass.message().contains("ChatwootLabel gold asks for"), "{}", pass.message());
    // Where that has its own, somebody has given this one a name that is not unique.
    let (mut world, id) = settled(&INBOX);
    let gold = world.somebody_makes("gold");
    given_to(&mut world, id, "gold", "#112233");
    world.others = vec![other("ChatwootInbox gold", Some(gold), "gold")];
    assert_eq!(world.pass().calls(), ["list", "patch"]);
}

#[test]
fn promise_two_that_are_bound_to_one_thing_touch_nothing() {
    for kind in [&LABEL, &INBOX] {
        let (mut world, id) = settled(kind);
        given_to(&mut world, id, "vip", "#ffffff");
        world.others = vec![other("another", Some(id), "vip")];
        let pass = world.pass();
        assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "NotOwned"), "{kind:?}");
        assert!(pass.message().contains("bound to another as well"), "{}", pass.message());
        deleted(&mut world);
        assert!(world.gone && world.items.contains_key(&id), "{kind:?}");
    }
}

/// The other one has lost what it had: this is not it.
#[test]
fn whoever_has_the_key_goes_on_whatever_others_were_bound_to() {
    let (mut world, id) = settled(&LABEL);
    given_to(&mut world, id, "vip", "#ffffff");
    world.others = vec![other("ChatwootLabel gold", Some(id), "gold")];
    assert_eq!(world.pass().calls(), ["list", "patch"]);
}

/// It waits for a decision, and what gets its id next is none.
#[test]
fn promise_what_was_seen_to_be_gone_does_not_come_back_under_another_name() {
    let (mut world, id) = settled(&INBOX);
    let item = world.items.remove(&id).unwrap();
    assert_eq!(world.pass().reason(), "ExternalResourceMissing");
    world.items.insert(id, item.clone());
    given_to(&mut world, id, "by hand", "#112233");
    world.wait(60);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "ExternalResourceMissing"));
    // A backup that is put back brings it back.
    world.items.insert(id, item);
    world.wait(60);
    assert_eq!(world.settle().reason(), "Succeeded");
}

#[test]
fn promise_what_can_never_have_been_made_is_not_touched() {
    let mut world = World::inbox();
    world.wished().fixed.insert("channel_type".into(), json!("Channel::Api"));
    world.settle();
    let id = world.status.id.unwrap();
    later(&mut world);
    world.items.get_mut(&id).unwrap().fields.insert("channel_type".into(), json!("Channel::Email"));
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "ExternalResourceMissing"));
    assert!(pass.message().contains("channel_type"), "{}", pass.message());
}

/// Every tenant's bots are beside it, and ids are all that the Platform API asks for.
#[test]
fn promise_what_belongs_to_the_installation_is_deleted_only_where_it_is_the_one() {
    let gone = Place::Gone(Verdict::new(reason::ACCOUNT_GONE, "the account is gone"));
    type Change = fn(&mut World, i64);
    let changes: [(&str, Change); 3] = [
        ("another name", |world, id| given_to(world, id, "theirs", "#112233")),
        ("another Chatwoot", |world, _| world.elsewhere = true),
        ("another tenant's", |world, id| {
            world.others = vec![other("a ChatwootAgentBot of another namespace", Some(id), "vip")];
        }),
    ];
    for (what, change) in changes {
        let mut world = World::of(&crate::plan::agent_bot::AGENT_BOT);
        world.manner.installation_wide = true;
        world.settle();
        let id = world.status.id.unwrap();
        change(&mut world, id);
        world.place = gone.clone();
        world.deleting = true;
        let pass = world.pass();
        assert!(!pass.calls().contains(&"delete"), "{what}: {:?}", pass.calls());
        assert!(world.gone && world.items.contains_key(&id), "{what}");
        assert_eq!(world.notices, [Notice::Retained], "{what}");
    }
}

#[test]
fn one_of_the_installation_that_is_gone_already_is_let_go_and_one_that_cannot_be_read_is_not() {
    let mut world = World::of(&crate::plan::agent_bot::AGENT_BOT);
    world.manner.installation_wide = true;
    world.settle();
    world.place = Place::Gone(Verdict::new(reason::ACCOUNT_GONE, "the account is gone"));
    world.deleting = true;
    let mut unread = world.clone();
    world.items.clear();
    assert_eq!(world.pass().calls(), ["show"]);
    assert!(world.gone);
    unread.fail("show", Fault::Refused(Class::Server));
    assert_eq!(unread.pass().reason(), "DeletionBlocked");
    assert!(!unread.gone);
}

/// Its POST was lost, its key was changed, and another resource has made what it had asked for.
#[test]
fn promise_what_another_resource_made_meanwhile_is_not_taken_for_ones_own() {
    for deleting in [false, true] {
        let mut world = World::label();
        world.fail("create", Fault::Vain);
        world.pass();
        world.edit(|world| {
            world.wished().key = "gold".into();
            world.wished().fields.insert("title".into(), json!("gold"));
        });
        let theirs = world.somebody_makes("vip");
        world.others = vec![other("ChatwootLabel vip", Some(theirs), "vip")];
        world.deleting = deleting;
        world.wait(SETTLE * 2);
        if deleting {
            world.pass();
            world.wait(SETTLE * 2);
            world.pass();
            assert!(world.gone);
        } else {
            world.settle();
            assert_eq!(world.items[&world.status.id.unwrap()].key, "gold");
        }
        assert_eq!(world.items[&theirs].key, "vip");
    }
}

/// The list is a moment old when the request is sent.
#[test]
fn promise_what_somebody_makes_just_before_the_request_is_not_taken_over() {
    for adopt in [false, true] {
        let mut world = World::label();
        world.manner.adopt = adopt;
        let pass = world.pass_until(3);
        assert!(!pass.calls().contains(&"create"), "{:?}", pass.effects);
        let mut world = World::label();
        world.manner.adopt = adopt;
        world.meanwhile = Some("vip");
        let pass = world.pass();
        let theirs = *world.items.keys().next().unwrap();
        assert_eq!(world.items.len(), 1);
        if adopt {
            assert_eq!(pass.calls(), ["list", "create", "list", "patch"]);
            assert_eq!((world.status.id, world.status.ownership), (Some(theirs), Some(Ownership::Adopted)));
            continue;
        }
        assert_eq!((pass.calls(), pass.reason()), (vec!["list", "create", "list"], "NotOwned"));
        assert_eq!((world.status.id, &world.status.creation), (None, &None));
        deleted(&mut world);
        assert!(world.gone && world.items.contains_key(&theirs));
    }
}

/// A proxy sent it twice, and gave the refusal of the second.
#[test]
fn a_refusal_of_what_was_made_exactly_so_is_believed_to_be_a_repeat() {
    let mut world = World::label();
    world.repeated = true;
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list", "create", "list"], "Succeeded"));
    assert_eq!(world.status.ownership, Some(Ownership::Created));
}

/// It was made in an account that is another one by now.
#[test]
fn what_stays_in_another_account_is_told_where_its_resource_goes_first() {
    let mut world = World::label();
    world.finalizer = true;
    world.status.account = Some(binding(7));
    world.left_behind = true;
    world.deleting = true;
    assert_eq!(world.pass().calls(), Vec::<&str>::new());
    assert!(world.gone);
    assert_eq!(world.notices, [Notice::LeftBehind]);
}
