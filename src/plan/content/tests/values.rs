//! Fields of a kind other than plain ones: secret, blind, tried, fixed; and parts that are waited for.

use super::{
    super::*,
    world::{Pass, *},
};
use crate::{api::common::SecretKeyRef, chatwoot::outcome::Class, plan::Again};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// An inbox with a mail server and its password.
fn mail() -> World {
    let mut world = World::inbox();
    let reference = SecretKeyRef { name: "mail".into(), key: "password".into() };
    let wish = world.wished();
    wish.fields.insert("imap_enabled".into(), json!(true));
    wish.secrets.insert("imap_password", reference);
    wish.tried.insert("imap", BTreeSet::from(["imap_enabled", "imap_password"]));
    world.passwords = Ok(BTreeMap::from([("imap_password", "hash-1".to_owned())]));
    world
}

fn sent(pass: &Pass) -> Vec<Vec<&str>> {
    let fields = pass.effects.iter().filter_map(|effect| match effect {
        Effect::Patch(_, fields) => Some(fields.keys().map(String::as_str).collect()),
        _ => None,
    });
    fields.collect()
}

#[test]
fn a_changed_secret_is_noticed_and_sent_with_what_it_is_tried_with() {
    let mut world = mail();
    assert_eq!(world.settle().reason(), "Succeeded");
    assert_eq!(world.items[&101].fields["imap_password"], json!("hash-1"));
    world.passwords = Ok(BTreeMap::from([("imap_password", "hash-2".to_owned())]));
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    assert_eq!(sent(&pass), [["imap_enabled", "imap_password"]]);
    assert_eq!(world.items[&101].fields["imap_password"], json!("hash-2"));
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.writes), (vec!["list"], 0));
}

#[test]
fn without_its_secret_nothing_is_sent_and_the_message_says_which() {
    for (unread, reason) in [
        (Unread::Unusable("Secret acme/mail has no key password".into()), "SecretInvalid"),
        (Unread::Failed("the API server could not be reached".into()), "KubernetesError"),
    ] {
        let mut world = mail();
        world.passwords = Err(unread);
        let pass = world.pass();
        assert_eq!((pass.calls(), pass.reason()), (vec![], reason));
    }
}

/// Chatwoot stores what it is told and then says that the mail server does not answer. Nothing differs any more, and yet it
/// is not as wanted.
#[test]
fn what_chatwoot_stored_and_could_not_use_is_tried_again_and_not_all_the_time() {
    let mut world = mail();
    for _ in 0..3 {
        world.fail("patch", Fault::StoredAndRefused);
    }
    for _ in 0..3 {
        let pass = world.pass();
        assert_eq!(pass.reason(), "RejectedByChatwoot");
        assert!(
            matches!(pass.end.again, Again::Backoff { at_least } if at_least.as_secs() == 30),
            "{pass:?}"
        );
        assert_eq!(world.status.drifted, ["imap"]);
        assert!(pass.message().contains("tried again"), "{}", pass.message());
        world.wait(30);
        world.restart();
    }
    // An outage in between does not make it right.
    world.fail("list", Fault::NotSent);
    assert_eq!(world.pass().reason(), "ChatwootUnavailable");
    let pass = world.pass();
    assert_eq!(sent(&pass), [["imap_enabled", "imap_password"]]);
    assert_eq!((pass.reason(), world.status.drifted.len()), ("Succeeded", 0));
}

/// A mail server that swallows packets: Chatwoot stores everything, waits, and is cut off by its own time limit (a 500), by a
/// proxy's, or by ours. The next list shows what was wanted.
#[test]
fn a_mail_server_that_never_answers_is_not_taken_for_one_that_works() {
    for class in [Class::Server, Class::Timeout, Class::Proxy, Class::Transport, Class::Unexpected] {
        let mut world = mail();
        for _ in 0..4 {
            world.fail("patch", Fault::StoredAnd(class));
        }
        for _ in 0..4 {
            let pass = world.pass();
            assert_eq!(pass.reason(), "RejectedByChatwoot", "{class:?}");
            assert!(
                matches!(pass.end.again, Again::Backoff { at_least } if at_least.as_secs() == 30),
                "{pass:?}"
            );
            assert_eq!((&world.status.drifted[..], &world.status.applied), (&["imap".to_owned()][..], &None));
            world.wait(30);
        }
        let pass = world.pass();
        assert_eq!(sent(&pass), [["imap_enabled", "imap_password"]], "{class:?}");
        assert_eq!((pass.reason(), world.status.drifted.len()), ("Succeeded", 0));
    }
}

/// Whoever dies while Chatwoot tries, or loses the write that says what came of it, has said before what is tried.
#[test]
fn what_is_tried_is_tried_again_by_whoever_goes_on() {
    for effects in 0..12 {
        let mut world = mail();
        world.fail("patch", Fault::StoredAnd(Class::Timeout));
        let tries = sent(&world.pass_until(effects)).len();
        world.restart();
        world.faults.clear();
        world.conflicts = 1;
        world.wait(SETTLE * 2);
        let mut later = 0;
        for _ in 0..6 {
            let pass = world.pass();
            later += sent(&pass).iter().filter(|fields| fields.contains(&"imap_enabled")).count();
            world.wait(SETTLE);
        }
        assert!(later > 0, "cut off after {effects} effects and {tries} tries");
        assert_eq!((world.settle().reason(), world.status.drifted.len()), ("Succeeded", 0));
    }
}

/// A change of the mail server costs one write more than another change, and a look afterwards none.
#[test]
fn what_is_tried_is_noted_with_one_write() {
    let mut world = mail();
    world.settle();
    world.passwords = Ok(BTreeMap::from([("imap_password", "hash-2".to_owned())]));
    world.due = true;
    world.wait(3600);
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.writes, pass.reason()), (vec!["list", "patch"], 2, "Succeeded"));
    assert_eq!(world.pass().effects, []);
}

/// What came after it says nothing about the mail server.
#[test]
fn a_part_that_fails_after_the_mail_server_worked_is_its_own_trouble() {
    let mut world = mail();
    world.wished().parts.insert("members", json!([4]));
    world.fail("part", Fault::Refused(Class::Server));
    assert_eq!(world.pass().reason(), "ChatwootUnavailable");
    world.wait(30);
    assert_eq!(world.settle().reason(), "Succeeded");
}

#[test]
fn a_refusal_of_something_that_is_not_tried_is_the_authors_business() {
    let mut world = World::inbox();
    world.fail("patch", Fault::StoredAndRefused);
    assert_eq!(world.pass().reason(), "RejectedByChatwoot");
    assert!(world.status.drifted.is_empty());
    let mut refused = mail();
    refused.fail("patch", Fault::Refused(Class::Invalid));
    assert!(matches!(refused.pass().end.again, Again::After(_)));
}

#[test]
fn what_lists_do_not_show_is_sent_when_it_changes_and_not_again() {
    let mut world = World::inbox();
    world.wished().blind.insert("outgoing_url".into(), json!("https://a.example"));
    world.settle();
    assert_eq!(world.items[&101].fields["outgoing_url"], json!("https://a.example"));
    // As Chatwoot shows it.
    world.items.get_mut(&101).unwrap().fields.insert("outgoing_url".into(), json!("vip"));
    world.due = true;
    world.wait(3600);
    assert_eq!(world.pass().calls(), ["list"]);
    world.edit(|world| drop(world.wished().blind.insert("outgoing_url".into(), json!("https://b.example"))));
    assert_eq!(sent(&world.pass()), [["outgoing_url"]]);
    assert_eq!(world.pass().effects, []);
}

/// Everything of its own has been sent; what is open is another's to bring, or the author's.
#[test]
fn what_lists_do_not_show_is_not_sent_again_for_what_else_is_open() {
    let open: [(&str, Change); 3] = [
        ("WaitingForReference", |world| {
            world.wished().pending =
                Some(Verdict::new(reason::WAITING_FOR_REFERENCE, "there is no shop yet"));
        }),
        ("SecretInvalid", |world| {
            world.wished().connection = Some("faq".into());
            world.published = Published::NotOurs("Secret acme/faq is not the operator's".into());
        }),
        ("RejectedByChatwoot", |world| {
            world.wished().parts.insert("inboxes", json!([4]));
            world.stubborn = true;
        }),
    ];
    for (reason, open) in open {
        let mut world = World::inbox();
        world.wished().blind.insert("outgoing_url".into(), json!("https://a.example"));
        open(&mut world);
        assert_eq!(world.pass().reason(), reason);
        assert_eq!(world.items[&101].fields["outgoing_url"], json!("https://a.example"));
        let again = |world: &mut World| {
            world.wait(600);
            world.restart();
            let pass = world.pass();
            assert_eq!((sent(&pass).len(), pass.reason()), (0, reason), "{:?}", pass.effects);
            pass.writes
        };
        // The grace is over by then, which may be said.
        again(&mut world);
        assert_eq!(again(&mut world), 0, "{reason}");
        world.edit(|world| {
            drop(world.wished().blind.insert("outgoing_url".into(), json!("https://b.example")))
        });
        assert_eq!(sent(&world.pass()), [["outgoing_url"]]);
    }
}

/// Nobody knows whether it arrived.
#[test]
fn what_lists_do_not_show_is_sent_again_where_the_answer_was_lost() {
    let mut world = World::inbox();
    world.settle();
    world.edit(|world| {
        world.wished().blind.insert("outgoing_url".into(), json!("https://a.example"));
        world.wished().pending = Some(Verdict::new(reason::WAITING_FOR_REFERENCE, "there is no shop yet"));
    });
    world.fail("patch", Fault::Vain);
    assert_eq!(world.pass().reason(), "ChatwootUnavailable");
    assert_eq!(sent(&world.pass()), [["outgoing_url"]]);
    assert_eq!(world.items[&101].fields["outgoing_url"], json!("https://a.example"));
}

/// What the one before was sent says nothing about this one.
#[test]
fn one_that_is_taken_over_later_is_sent_what_lists_do_not_show() {
    let mut world = World::inbox();
    world.wished().blind.insert("outgoing_url".into(), json!("https://a.example"));
    world.manner.adopt = true;
    world.settle();
    let theirs = world.somebody_makes("vip");
    let own = world.items.get_mut(&101).unwrap();
    own.key = "other".into();
    own.fields.insert("name".into(), json!("other"));
    own.fields.insert("color".into(), json!("#000000"));
    world.due = true;
    world.wait(3600);
    world.settle();
    assert_eq!(world.status.id, Some(theirs));
    assert_eq!(world.items[&theirs].fields["outgoing_url"], json!("https://a.example"));
}

#[test]
fn one_that_can_never_be_as_wanted_is_not_taken_over() {
    let mut world = World::inbox();
    let theirs = world.somebody_makes("vip");
    let fields = &mut world.items.get_mut(&theirs).unwrap().fields;
    fields.insert("channel_type".into(), json!("Channel::Email"));
    world.wished().fixed.insert("channel_type".into(), json!("Channel::Api"));
    world.manner.adopt = true;
    let pass = world.pass();
    assert_eq!((pass.calls(), pass.reason()), (vec!["list"], "InvalidSpec"));
    assert!(pass.message().contains("has another channel_type"), "{}", pass.message());
    world.items.get_mut(&theirs).unwrap().fields.insert("channel_type".into(), json!("Channel::Api"));
    world.wait(60);
    world.settle();
    assert_eq!(world.status.id, Some(theirs));
}

#[test]
fn what_a_part_waits_for_holds_up_nothing_else() {
    let mut world = World::inbox();
    world.wished().pending =
        Some(Verdict::new(reason::WAITING_FOR_REFERENCE, "there is no ChatwootUser carol in this namespace"));
    world.wished().connection = Some("website".into());
    let pass = world.pass();
    assert_eq!(pass.reason(), "WaitingForReference");
    assert_eq!(world.items[&101].key, "vip");
    assert!(world.secrets.contains("website"));
    assert_eq!(world.status.applied, None);
    world.wished().pending = None;
    assert_eq!(world.settle().reason(), "Succeeded");
}
