use super::{super::*, world::*};
use crate::chatwoot::outcome::Class;

#[test]
fn what_was_made_goes_with_its_resource() {
    for kind in [&LABEL, &INBOX] {
        let mut world = World::of(kind);
        world.settle();
        world.deleting = true;
        world.wait(60);
        let pass = world.pass();
        assert_eq!(pass.calls(), ["list", "delete"]);
        assert!(world.gone && world.items.is_empty());
        assert_eq!(world.notices, [Notice::Deleted]);
    }
}

#[test]
fn with_retain_it_stays() {
    let mut world = World::inbox();
    world.settle();
    world.manner.deletes = false;
    world.deleting = true;
    assert_eq!(world.pass().calls(), Vec::<&str>::new());
    assert!(world.gone && world.items.len() == 1);
    assert_eq!(world.notices, [Notice::Retained]);
}

#[test]
fn one_that_is_gone_already_is_let_go() {
    let mut world = World::label();
    world.settle();
    world.items.clear();
    world.deleting = true;
    world.wait(60);
    assert_eq!(world.pass().calls(), ["list"]);
    assert!(world.gone);
}

#[test]
fn with_its_account_gone_nothing_holds_it() {
    let mut world = World::label();
    world.settle();
    world.place = Place::Gone(Verdict::new(reason::ACCOUNT_GONE, "the account is gone"));
    assert_eq!(world.pass().reason(), "AccountGone");
    world.deleting = true;
    assert_eq!(world.pass().calls(), Vec::<&str>::new());
    assert!(world.gone);
}

/// No account takes it along, so whatever has become of the one it was seen through, it goes by its id.
#[test]
fn what_belongs_to_the_installation_is_deleted_although_its_account_cannot_be_asked() {
    let waiting = Verdict::new(reason::WAITING_FOR_ACCOUNT, "the account is suspended");
    for place in
        [Place::Gone(Verdict::new(reason::ACCOUNT_GONE, "the account is gone")), Place::Waiting(waiting)]
    {
        let mut world = World::of(&crate::plan::agent_bot::AGENT_BOT);
        world.manner.installation_wide = true;
        world.settle();
        let id = world.status.id.unwrap();
        world.place = place.clone();
        world.deleting = true;
        assert_eq!(world.pass().calls(), ["show", "delete"], "{place:?}");
        assert!(world.gone && !world.items.contains_key(&id));
        assert_eq!(world.notices, [Notice::Deleted]);
    }
}

#[test]
fn what_a_lost_request_may_make_is_waited_for_and_deleted() {
    let mut world = World::inbox();
    world.fail("create", Fault::Vain);
    world.pass();
    world.deleting = true;
    let pass = world.pass();
    assert_eq!(pass.reason(), "Deleting");
    assert!(!world.gone);
    let name = world.status.creation.as_ref().unwrap().name.clone();
    world.somebody_makes(&name);
    world.wait(SETTLE * 2);
    world.pass();
    assert!(world.gone && world.items.is_empty());
}

#[test]
fn a_deletion_that_cannot_be_done_says_how_to_get_out() {
    let mut world = World::label();
    world.settle();
    world.deleting = true;
    world.place = Place::Waiting(Verdict::new(reason::WAITING_FOR_ACCOUNT, "the account is suspended"));
    let pass = world.pass();
    assert_eq!(pass.reason(), "DeletionBlocked");
    assert!(pass.message().ends_with("set spec.deletionPolicy: Retain"), "{}", pass.message());
    world.place = Place::Open(binding(7));
    world.wait(60);
    world.fail("delete", Fault::Refused(Class::Server));
    assert_eq!(world.pass().reason(), "DeletionBlocked");
    assert!(!world.gone);
}

#[test]
fn its_connection_secret_goes_too() {
    let mut world = World::inbox();
    world.wished().connection = Some("acme-website".into());
    world.settle();
    assert!(world.secrets.contains("acme-website"));
    world.edit(|world| world.wished().connection = Some("acme-web".into()));
    world.settle();
    assert_eq!(world.secrets.iter().collect::<Vec<_>>(), ["acme-web"]);
    world.deleting = true;
    world.wait(60);
    world.pass();
    assert!(world.gone && world.secrets.is_empty());
}
