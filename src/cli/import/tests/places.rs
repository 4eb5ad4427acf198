//! Who goes where, and who is left out.

use super::{
    super::manifests::{Imported, manifests},
    facts::*,
    judge::{consented, objects, of_kind, one, sound},
};
use crate::{
    chatwoot::{
        marker::KEY,
        types::{AccountState, Belonging, MemberRole, UserId},
    },
    cli::exit,
};
use serde_json::{Value, json};

fn notes(imported: &Imported) -> String {
    imported.notes.lines().collect::<Vec<_>>().join("\n")
}

#[test]
fn every_tenant_gets_a_namespace_a_grant_and_its_people() {
    let found = found(&[account(1, "Acme Support")], &[person(7, "alice@acme.example", &[1])]);
    let imported = manifests(&found, &empty(), &choices("tenant-{slug}"));
    sound(&imported);
    consented(&imported);
    let all = objects(&imported);
    let spec = |kind, name| one(&all, kind, name)["spec"].clone();
    assert_eq!(
        spec("ChatwootGrant", "import-tenant-acme-support"),
        json!({
            "instanceRef": {"name": "main"}, "namespaces": {"names": ["tenant-acme-support"]},
            "emailDomains": ["acme.example"], "adoptable": {"accounts": [1], "users": [7]},
        })
    );
    let instance = json!({"name": "main", "namespace": "chat"});
    assert_eq!(
        spec("ChatwootAccount", "acme-support"),
        json!({"instanceRef": instance, "name": "Acme Support", "locale": "en", "adopt": {"id": 1}, "mode": "Observe"})
    );
    assert_eq!(
        spec("ChatwootUser", "alice"),
        json!({
            "instanceRef": instance, "email": "alice@acme.example", "name": "Person 7", "adopt": {"id": 7},
            "memberships": [{"namespace": "", "account": "acme-support", "role": "Agent"}],
            "deletionPolicy": "Retain", "mode": "Observe",
        })
    );
    assert_eq!(
        imported.parts.iter().map(|part| part.namespace.as_str()).collect::<Vec<_>>(),
        ["chat", "tenant-acme-support"]
    );
    assert_eq!((imported.notes.exit(), notes(&imported)), (exit::FINE, String::new()));
}

#[test]
fn the_operators_own_users_are_nobodys_to_take_over() {
    let mut known = empty();
    known.own_users.insert(UserId(8));
    known.own_domain = Some("ops.example.com".into());
    let people = [
        person(7, "alice@acme.example", &[1]),
        person(8, "renamed@acme.example", &[1]),
        person(9, "chatwoot-operator+1@ops.example.com", &[1]),
    ];
    let imported = manifests(&found(&[account(1, "Acme")], &people), &known, &choices("tenant-{slug}"));
    let all = objects(&imported);
    let users = of_kind(&all, "ChatwootUser");
    let ids: Vec<_> = users.iter().map(|user| &user["spec"]["adopt"]["id"]).collect();
    assert_eq!(ids, [&json!(7)]);
    assert!(
        notes(&imported).contains("user 8") && notes(&imported).contains("user 9"),
        "{}",
        notes(&imported)
    );
    assert_eq!(imported.notes.exit(), exit::FINE);
}

#[test]
fn accounts_of_one_name_do_not_share_a_namespace_unless_that_is_asked_for() {
    let found =
        found(&[account(1, "Acme"), account(9, "acme!"), account(10, "日本"), account(11, "日本")], &[]);
    let apart = manifests(&found, &empty(), &choices("tenant-{slug}"));
    sound(&apart);
    let all = objects(&apart);
    let spaces: Vec<_> =
        of_kind(&all, "Namespace").iter().map(|one| one["metadata"]["name"].clone()).collect();
    assert_eq!(spaces, ["tenant-account-10", "tenant-account-11", "tenant-acme", "tenant-acme-9"]);
    assert!(
        notes(&apart).contains("account 9 goes to namespace tenant-acme-9, because tenant-acme is not free")
    );
    let together = manifests(&found, &empty(), &choices("customers"));
    sound(&together);
    let all = objects(&together);
    assert_eq!(of_kind(&all, "Namespace").len(), 1);
    one(&all, "ChatwootAccount", "acme-9");
}

#[test]
fn no_name_of_an_account_leads_to_where_the_company_keeps_its_own() {
    let accounts = [account(1, "chat"), account(2, "kube-system"), account(3, "Default")];
    let imported = manifests(&found(&accounts, &[]), &empty(), &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    let spaces: Vec<_> =
        of_kind(&all, "Namespace").iter().map(|one| one["metadata"]["name"].clone()).collect();
    // A prefix that is reserved is reserved with an id behind it, too.
    assert_eq!(spaces, ["account-2", "chat-1", "default-3"]);
}

#[test]
fn an_account_never_joins_a_namespace_where_somebody_elses_objects_are() {
    let known = empty().has_account("acme/main", 77, true).has_person("bpo/bob", 78, "bob@bpo.example", true);
    let imported =
        manifests(&found(&[account(1, "Acme"), account(2, "BPO")], &[]), &known, &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    let spaces: Vec<_> =
        of_kind(&all, "Namespace").iter().map(|one| one["metadata"]["name"].clone()).collect();
    assert_eq!(spaces, ["acme-1", "bpo-2"]);
}

#[test]
fn somebody_of_several_accounts_lives_with_their_colleagues_and_is_invited_elsewhere() {
    let mut bea = person(9, "bea@bpo.example", &[1, 2]);
    bea.belongings.push(Belonging {
        account: crate::chatwoot::types::AccountId(3),
        role: Some(MemberRole::Administrator),
    });
    let people = [person(5, "alice@acme.example", &[1]), person(6, "bob@bpo.example", &[2]), bea];
    let accounts = [account(1, "Acme"), account(2, "BPO"), account(3, "Globex")];
    let imported = manifests(&found(&accounts, &people), &empty(), &choices("{slug}"));
    sound(&imported);
    consented(&imported);
    let all = objects(&imported);
    assert_eq!(one(&all, "ChatwootUser", "bea")["metadata"]["namespace"], "bpo");
    let offer = |name| one(&all, "ChatwootAccount", name)["spec"]["membersFrom"].clone();
    assert_eq!(offer("acme"), json!([{"namespaces": {"names": ["bpo"]}, "roles": ["Agent"]}]));
    assert_eq!(offer("globex"), json!([{"namespaces": {"names": ["bpo"]}, "roles": ["Administrator"]}]));
    assert_eq!(offer("bpo"), Value::Null);
}

#[test]
fn of_equal_homes_it_is_that_of_the_oldest_account() {
    let people = [person(9, "bea@bpo.example", &[3, 2])];
    let imported =
        manifests(&found(&[account(2, "Two"), account(3, "Three")], &people), &empty(), &choices("{slug}"));
    assert_eq!(one(&objects(&imported), "ChatwootUser", "bea")["metadata"]["namespace"], "two");
}

#[test]
fn who_cannot_stand_in_a_manifest_is_left_out_and_said_without_their_words_reaching_the_terminal() {
    let mut nameless = person(4, "old@acme.example", &[1]);
    nameless.name = String::new();
    let people = [
        person(5, "zoë@acme.example", &[1]),
        person(6, "a\u{1b}[31m@b", &[1]),
        nameless,
        person(8, "x@acme.example", &[2]),
    ];
    let accounts = [account(1, "Acme"), account(2, "Two\nlines\u{1b}[2J")];
    let imported = manifests(&found(&accounts, &people), &empty(), &choices("{slug}"));
    sound(&imported);
    assert_eq!((imported.accounts, imported.people), (1, 0));
    let said = notes(&imported);
    for part in [
        "user 4 is left out: their name is blank",
        "user 5 is left out",
        "user 6 is left out",
        "account 2 \"Two\\n",
        "users 8 are left out: they are in no account",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    assert_eq!(said.lines().count(), 5, "{said}");
    assert_eq!(imported.notes.exit(), exit::SOMETHING);
}

#[test]
fn what_has_an_object_is_left_out_and_still_joined() {
    let known =
        empty().has_account("acme/main", 1, true).has_person("acme/al", 7, "alice@acme.example", true);
    let people = [person(7, "alice@acme.example", &[1]), person(8, "bob@acme.example", &[1])];
    let imported = manifests(&found(&[account(1, "Acme")], &people), &known, &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    assert!(of_kind(&all, "ChatwootAccount").is_empty());
    let bob = one(&all, "ChatwootUser", "bob");
    assert_eq!(bob["metadata"]["namespace"], "acme");
    assert_eq!(bob["spec"]["memberships"], json!([{"namespace": "", "account": "main", "role": "Agent"}]));
    assert!(notes(&imported).contains("accounts 1 are left out: objects are bound to them already"));
    assert!(notes(&imported).contains("users 7 are left out"));
    assert_eq!(imported.notes.exit(), exit::FINE);
}

#[test]
fn an_account_that_does_not_consent_is_not_joined_from_elsewhere() {
    let known = empty().has_account("acme/main", 1, true);
    let people = [person(6, "bob@bpo.example", &[2]), person(8, "bea@bpo.example", &[1, 2])];
    let imported =
        manifests(&found(&[account(1, "Acme"), account(2, "BPO")], &people), &known, &choices("{slug}"));
    let memberships = one(&objects(&imported), "ChatwootUser", "bea")["spec"]["memberships"].clone();
    assert_eq!(memberships, json!([{"namespace": "", "account": "bpo", "role": "Agent"}]));
    assert!(notes(&imported).contains("its membersFrom does not name namespace bpo with role Agent"));
    assert_eq!(imported.notes.exit(), exit::SOMETHING);
}

#[test]
fn what_another_object_names_or_claims_is_left_to_it() {
    let known = empty()
        .has_account("by-hand/acme", 1, false)
        .has_person("other/alice", 7, "alice@acme.example", false)
        .has_person("other/bob", 99, "bob@acme.example", false);
    let people = [person(7, "alice@acme.example", &[1]), person(8, "bob@acme.example", &[1])];
    let imported = manifests(&found(&[account(1, "Acme")], &people), &known, &choices("{slug}"));
    assert_eq!(objects(&imported), Vec::<Value>::new());
    let said = notes(&imported);
    assert!(
        said.contains("account 1 is left out: adopt.id of ChatwootAccount by-hand/acme names it"),
        "{said}"
    );
    assert!(said.contains("user 7 is left out: adopt.id of ChatwootUser other/alice"), "{said}");
    assert!(said.contains("user 8 is left out: ChatwootUser other/bob claims their address"), "{said}");
}

#[test]
fn an_object_that_observes_keeps_its_place_whatever_the_names_have_become() {
    let known = empty().after(
        &objects(&manifests(
            &found(&[account(1, "Acme")], &[person(7, "alice@acme.example", &[1])]),
            &empty(),
            &choices("{slug}"),
        )),
        false,
    );
    // Renamed, and an older one of the old name has come to light.
    let accounts = [account(0, "Acme"), account(1, "Acme Ltd")];
    let people = [person(7, "a.smith@acme.example", &[1])];
    let imported = manifests(&found(&accounts[1..], &people), &known, &choices("{slug}"));
    sound(&imported);
    let all = objects(&imported);
    assert_eq!(one(&all, "ChatwootAccount", "acme")["spec"]["name"], "Acme Ltd");
    assert_eq!(one(&all, "ChatwootUser", "alice")["spec"]["email"], "a.smith@acme.example");
    let both = manifests(&found(&accounts, &people), &known, &choices("{slug}"));
    let names: Vec<_> = of_kind(&objects(&both), "ChatwootAccount")
        .iter()
        .map(|one| one["metadata"]["namespace"].clone())
        .collect();
    assert_eq!(names, ["acme", "acme-0"]);
}

#[test]
fn markers_tell_whose_an_account_or_a_person_is() {
    let marked = |id, name: &str, marker: String| {
        let mut account = account(id, name);
        account.custom_attributes.insert(KEY.to_owned(), marker.into());
        account
    };
    let ours = |name: &str| installation().marker("ChatwootAccount", name, "gone", name, "gone").to_string();
    let accounts = [
        marked(1, "Acme", ours("acme")),
        marked(2, "Globex", ours("elsewhere")),
        marked(3, "Initech", "v1:ffffffffffffffff:o:n:u".to_owned()),
        marked(4, "Hooli", "nonsense".to_owned()),
    ];
    let mut stranger = person(7, "alice@acme.example", &[1]);
    stranger.custom_attributes.insert(KEY.to_owned(), 5.into());
    let imported = manifests(&found(&accounts, &[stranger]), &empty(), &choices("{slug}"));
    sound(&imported);
    // The object of the same name comes back; the grant that lists the id is enough for it.
    assert_eq!((imported.accounts, imported.people), (1, 0));
    one(&objects(&imported), "ChatwootAccount", "acme");
    let said = notes(&imported);
    assert!(
        said.contains("account 2 is left out: it carries the marker of an object of another name"),
        "{said}"
    );
    for what in ["account 3", "account 4", "user 7"] {
        assert!(
            said.contains(&format!("{what} is left out: it carries the marker of another installation")),
            "{said}"
        );
    }
}

#[test]
fn a_membership_without_a_role_is_left_alone_and_more_than_a_hundred_are_not_declared() {
    let accounts: Vec<_> = (1..=120).map(|id| account(id, &format!("A{id}"))).collect();
    let all: Vec<i64> = (1..=120).collect();
    let mut odd = person(8, "odd@acme.example", &[1]);
    odd.belongings[0].role = None;
    let imported = manifests(
        &found(&accounts, &[person(7, "root@acme.example", &all), odd]),
        &empty(),
        &choices("{slug}"),
    );
    sound(&imported);
    consented(&imported);
    let objects = objects(&imported);
    assert_eq!(one(&objects, "ChatwootUser", "root")["spec"]["memberships"].as_array().unwrap().len(), 100);
    assert_eq!(one(&objects, "ChatwootUser", "odd")["spec"]["memberships"], Value::Null);
    let said = notes(&imported);
    assert!(said.contains("user 7: 20 of 120 memberships are not declared"), "{said}");
    assert!(said.contains("user 8: the membership in account 1 is not declared: it has no role"), "{said}");
}

#[test]
fn a_suspension_is_not_put_into_the_tenants_hands() {
    let mut suspended = account(1, "Acme");
    suspended.state = AccountState::Suspended;
    let imported = manifests(&found(&[suspended], &[]), &empty(), &choices("{slug}"));
    let all = objects(&imported);
    assert_eq!(one(&all, "ChatwootAccount", "acme")["spec"]["state"], Value::Null);
    assert_eq!(one(&all, "ChatwootGrant", "import-acme")["spec"]["allow"], Value::Null);
    assert!(notes(&imported).contains("accounts 1 are suspended and stay so"));
}
