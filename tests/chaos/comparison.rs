//! The comparison that everything here leans on, seen failing: each thing that may go wrong in Chatwoot or Kubernetes is
//! done on purpose, and must be reported.

use crate::picture::{Picture, differences};
use anyhow::{Result, ensure};
use chatwoot_simulator::{
    Act, ChannelKind, EditUser, How, Options, RecordKind, Removal, Role, Simulator, When,
};
use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

const HOME: &str = "chaos-0007";

/// One account with one member who has a Secret, a label, and an inbox with a Secret, as the operator would have left them.
struct Specimen {
    chatwoot: Simulator,
    account: i64,
    person: i64,
    label: i64,
    inbox: i64,
    objects: Vec<Value>,
}

fn marker(uid: &str) -> Map<String, Value> {
    json!({"chatwoot_operator": format!("v1:installation:owner:namespace:{uid}")})
        .as_object()
        .cloned()
        .unwrap_or_default()
}

/// `number`: so many objects were made before, which all ids and uids tell.
async fn specimen(number: i64) -> Result<Specimen> {
    let chatwoot = Simulator::start(Options::default()).await?;
    let (account_uid, person_uid) = (format!("account-{number}"), format!("person-{number}"));
    for _ in 0..number {
        let account = Act::CreateAccount { name: "Earlier".into(), attributes: Map::new(), app: Some(1) };
        let id = chatwoot.act(account).await?.id.unwrap_or_default();
        chatwoot.act(Act::DeleteAccount { account: id, when: When::Now }).await?;
    }
    chatwoot.act(Act::RepairIndex).await?;
    let account = Act::CreateAccount { name: "Acme".into(), attributes: marker(&account_uid), app: Some(1) };
    let account = chatwoot.act(account).await?.id.unwrap_or_default();
    let person = Act::CreateUser {
        name: "Alice".into(),
        email: "alice@acme.example".into(),
        attributes: marker(&person_uid),
        app: Some(1),
    };
    let person = chatwoot.act(person).await?.id.unwrap_or_default();
    let password = EditUser { user: person, password: Some("S3cret-Passw0rd".into()), ..EditUser::default() };
    chatwoot.act(Act::EditUser(password)).await?;
    chatwoot.act(Act::AddMember { account, user: person, role: Some(Role::Agent) }).await?;
    let fields = json!({"title": "vip", "color": "#1f93ff"}).as_object().cloned().unwrap_or_default();
    let label = Act::CreateRecord { account, kind: RecordKind::Label, fields };
    let label = chatwoot.act(label).await?.id.unwrap_or_default();
    let (name, channel) = ("Desk".to_owned(), ChannelKind::Api);
    let inbox = Act::CreateInbox { account, name, channel, fields: Map::new() };
    let inbox = chatwoot.act(inbox).await?.id.unwrap_or_default();
    let made = chatwoot.state().await?.content.inboxes;
    let secret = made.iter().find_map(|row| row.hmac_token.clone().filter(|_| row.id == inbox));
    let place = |name: &str, uid: &str| json!({"namespace": format!("{HOME}-acme"), "name": name, "uid": uid, "generation": 1});
    let ready = json!([{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "observedGeneration": 1,
        "lastTransitionTime": format!("2026-01-01T00:00:{number:02}Z")}]);
    let bytes = |text: &str| json!(ByteString(text.as_bytes().to_vec()));
    let objects = vec![
        json!({
            "kind": "ChatwootAccount", "metadata": place("acme", &account_uid), "spec": {"name": "Acme"},
            "status": {
                "id": account, "observedGeneration": 1, "creation": {"attempt": 1, "nonce": account_uid}, "conditions": ready,
                "url": format!("https://chat.example.com/app/accounts/{account}")
            }
        }),
        json!({
            "kind": "ChatwootUser", "metadata": place("alice", &person_uid), "spec": {"email": "alice@acme.example"},
            "status": {
                "id": person, "observedGeneration": 1, "conditions": ready,
                "memberships": [{"account": "acme", "accountId": account, "role": "Agent", "state": "Granted"}]
            }
        }),
        json!({
            "kind": "Secret", "metadata": place("alice-chatwoot", "secret"),
            "data": {"user_id": bytes(&person.to_string()), "password": bytes("S3cret-Passw0rd")}
        }),
        json!({
            "kind": "ChatwootLabel", "metadata": place("vip", "label"), "spec": {"account": "acme", "title": "vip"},
            "status": {"id": label, "key": "vip", "account": {"id": account}, "observedGeneration": 1, "conditions": ready}
        }),
        json!({
            "kind": "ChatwootInbox", "metadata": place("desk", "inbox"), "spec": {"account": "acme", "name": "Desk"},
            "status": {"id": inbox, "key": "Desk", "account": {"id": account}, "observedGeneration": 1, "conditions": ready}
        }),
        json!({
            "kind": "Secret", "metadata": place("desk-connection", "connection"),
            "data": {"inbox_id": bytes(&inbox.to_string()), "hmac_token": bytes(&secret.unwrap_or_default())}
        }),
    ];
    Ok(Specimen { chatwoot, account, person, label, inbox, objects })
}

impl Specimen {
    async fn picture(&self) -> Result<Picture> {
        Ok(Picture::from(HOME, &self.objects, &self.objects, &self.chatwoot.state().await?))
    }
}

#[tokio::test]
async fn two_good_runs_look_the_same_whatever_their_numbers() -> Result<()> {
    let (one, other) = (specimen(0).await?, specimen(3).await?);
    ensure!(one.account != other.account, "the ids do not differ");
    let wrong = differences(&one.picture().await?, &other.picture().await?);
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

#[tokio::test]
async fn whatever_chatwoot_has_too_much_or_too_little_is_reported() -> Result<()> {
    let of = "ChatwootAccount S-acme/acme";
    let doubled = |s: &Specimen| {
        let uid = s.objects[0]["metadata"]["uid"].as_str().unwrap_or_default();
        Act::CreateAccount { name: "Acme".into(), attributes: marker(uid), app: Some(1) }
    };
    let unmarked =
        |_: &Specimen| Act::CreateAccount { name: "Acme".into(), attributes: Map::new(), app: Some(1) };
    let stranger = |_: &Specimen| Act::CreateUser {
        name: "Alice".into(),
        email: "alice2@acme.example".into(),
        attributes: Map::new(),
        app: None,
    };
    let kept_by_nobody = |s: &Specimen| Act::EditAccountAttributes {
        account: s.account,
        how: How::Wipe,
        attributes: Map::new(),
    };
    let password = |s: &Specimen| EditUser {
        user: s.person,
        password: Some("Other-Passw0rd1".into()),
        ..EditUser::default()
    };
    type Break<'a> = &'a dyn Fn(&Specimen) -> Act;
    let record = |s: &Specimen| {
        let fields = json!({"title": "other"}).as_object().cloned().unwrap_or_default();
        Act::CreateRecord { account: s.account, kind: RecordKind::Label, fields }
    };
    let colour = |s: &Specimen| {
        let fields = json!({"color": "#000000"}).as_object().cloned().unwrap_or_default();
        Act::EditRecord { kind: RecordKind::Label, id: s.label, fields }
    };
    let bot =
        |s: &Specimen| Act::CreateBot { account: Some(s.account), name: "Helper".into(), outgoing_url: None };
    let cases: [(Break<'_>, &str); 15] = [
        (&record, "a ChatwootLabel nobody recorded in ChatwootAccount S-acme/acme: 1 instead of none"),
        (
            &colour,
            "ChatwootLabel S-acme/vip in ChatwootAccount S-acme/acme .color: \"#000000\" instead of \"#1f93ff\"",
        ),
        (
            &|s| Act::DeleteRecord { kind: RecordKind::Label, id: s.label },
            "ChatwootLabel S-acme/vip in ChatwootAccount S-acme/acme: 0 instead of 1",
        ),
        (&bot, "a ChatwootAgentBot nobody recorded in ChatwootAccount S-acme/acme: 1 instead of none"),
        (
            &|s| Act::JoinInbox { inbox: s.inbox, user: s.person },
            "ChatwootUser S-acme/alice works in ChatwootInbox S-acme/desk: 1 instead of none",
        ),
        (
            &|s| Act::EditInbox {
                inbox: s.inbox,
                name: Some("chatwoot-operator-1f".into()),
                fields: Map::new(),
            },
            "ChatwootInbox S-acme/desk in ChatwootAccount S-acme/acme .name: \"chatwoot-operator-1f\" instead of \"Desk\"",
        ),
        (&doubled, "account of ChatwootAccount S-acme/acme: 2 instead of 1"),
        (&unmarked, "account of nobody: 1 instead of none"),
        (&stranger, "person alice2@acme.example of nobody: 1 instead of none"),
        (
            &|s| Act::RemoveMember { account: s.account, user: s.person, way: Removal::Plain },
            "membership of ChatwootUser S-acme/alice in ChatwootAccount S-acme/acme: 0 instead of 1",
        ),
        (
            &|s| Act::ChangeRole { account: s.account, user: s.person, role: Some(Role::Administrator) },
            "membership of ChatwootUser S-acme/alice in ChatwootAccount S-acme/acme: \"administrator\" instead of \"agent\"",
        ),
        (&|s| Act::DeleteUser { user: s.person, when: When::Now }, "person alice@acme.example"),
        (
            &|s| Act::RenameAccount { account: s.account, name: "Other".into() },
            ".name: \"Other\" instead of \"Acme\"",
        ),
        (&kept_by_nobody, "account of ChatwootAccount S-acme/acme: 0 instead of 1"),
        (&|s| Act::EditUser(password(s)), ".data .password: \"wrong\" instead of \"right\""),
    ];
    let good = specimen(0).await?.picture().await?;
    for (act, report) in cases {
        let specimen = specimen(1).await?;
        specimen.chatwoot.act(act(&specimen)).await?;
        let wrong = differences(&good, &specimen.picture().await?);
        ensure!(wrong.iter().any(|line| line.contains(report)), "{report:?} is not among {wrong:#?}");
    }
    ensure!(good.count(of) == 1, "the picture does not show the account");
    Ok(())
}

#[tokio::test]
async fn whatever_kubernetes_says_otherwise_is_reported() -> Result<()> {
    let good = specimen(0).await?.picture().await?;
    let cases: [(usize, &str, Value, &str); 12] = [
        (3, "/status/id", json!(99), "a ChatwootLabel nobody recorded"),
        (4, "/status/account/id", json!(99), "an account nobody recorded"),
        (5, "/data/hmac_token", json!(ByteString(b"x".to_vec())), "\"wrong\" instead of \"right\""),
        (0, "/status/id", json!(99), "nobody recorded"),
        (0, "/status/url", json!("https://chat.example.com/app/accounts/99"), "of another account"),
        (0, "/status/conditions/0/status", json!("False"), "\"False\" instead of \"True\""),
        (0, "/status/conditions/0/observedGeneration", json!(0), "false instead of true"),
        (0, "/status/creation", json!(null), ".creation"),
        (0, "/metadata/generation", json!(2), ".observedGeneration: false instead of true"),
        (1, "/status/memberships/0/state", json!("Pending"), "\"Pending\" instead of \"Granted\""),
        (1, "/status/memberships/0/accountId", json!(99), "nobody recorded"),
        (2, "/data/password", json!(ByteString(b"x".to_vec())), "\"wrong\" instead of \"right\""),
    ];
    for (object, pointer, value, report) in cases {
        let mut specimen = specimen(1).await?;
        if let Some(place) = specimen.objects[object].pointer_mut(pointer) {
            *place = value;
        }
        let wrong = differences(&good, &specimen.picture().await?);
        ensure!(
            wrong.iter().any(|line| line.contains(report)),
            "{pointer}: {report:?} is not among {wrong:#?}"
        );
    }
    let mut lost = specimen(1).await?;
    lost.objects.remove(2);
    let wrong = differences(&good, &lost.picture().await?);
    ensure!(wrong == ["Secret S-acme/alice-chatwoot: 0 instead of 1"], "{wrong:#?}");
    Ok(())
}
