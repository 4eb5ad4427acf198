//! `contacts erase` answers a request for erasure in every account, and claims nothing that it has not seen.

use crate::bench::{Bench, Ended, HOME};
use anyhow::{Context, Result};
use chatwoot_simulator::{
    Act, ChannelKind, ConversationStatus, EditContact, EditConversation, JobKind, Role,
};
use serde_json::{Map, Value, json};

const EMAIL: &str = "carol@customers.example";
const INSTALLATION: &str = "0123456789abcdef";
const NAMES: [&str; 3] = ["acme", "globex", "initech"];

/// Three accounts of the operator's: `acme` has an automation user, `globex` an administrator whose token we have, `initech`
/// neither.
struct Accounts {
    bench: Bench,
    ids: [i64; 3],
}

impl Accounts {
    async fn new() -> Result<Self> {
        let bench = Bench::new().await?;
        let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        let id = "MDEyMzQ1Njc4OWFiY2RlZg==";
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: chatwoot-operator-installation, namespace: {HOME}}}\n\
             data: {{id: {id}, key: {key}}}\n"
        );
        bench.apply(&secret).await?;
        let mut ids = [0; 3];
        for (at, name) in NAMES.into_iter().enumerate() {
            let made = Act::CreateAccount { name: name.into(), attributes: Default::default(), app: Some(1) };
            ids[at] = bench.chatwoot.act(made).await?.id.context("no id")?;
        }
        let accounts = Self { bench, ids };
        accounts.administrator("admin@globex.example", 1, None).await?;
        let token = accounts.token("admin@globex.example").await?;
        let secret = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: admin, namespace: acme}}\nstringData: {{access_token: {token}}}\n"
        );
        accounts.bench.apply(&secret).await?;
        for at in 0..3 {
            accounts.resource(at, (at == 0).then_some(INSTALLATION)).await?;
        }
        Ok(accounts)
    }

    /// The ChatwootAccount of an account as the operator leaves it, with an automation user where one of an installation is
    /// named; the user's address.
    async fn resource(&self, account: usize, installation: Option<&str>) -> Result<String> {
        let (name, id) = (NAMES[account], self.ids[account]);
        let manifest = format!(
            "apiVersion: chatwoot.dev/v1alpha1\nkind: ChatwootAccount\nmetadata: {{name: {name}, namespace: acme}}\n\
             spec: {{instanceRef: {{name: main, namespace: {HOME}}}, name: {name}}}\n"
        );
        self.bench.apply(&manifest).await?;
        let what = format!("cwa/{name}");
        let read = ["get", &what, "-n", "acme", "-o", "jsonpath={.metadata.uid}"];
        let uid = self.bench.plane.kubectl(read).run().await?;
        let mut status = json!({
            "id": id, "ownership": "Created", "observedGeneration": 1,
            "instance": {"namespace": HOME, "name": "main", "uid": "u"}
        });
        let email = format!("chatwoot-operator+{id}@ops.example");
        if let Some(installation) = installation {
            let marker = format!("v1:{installation}:owner:namespace:{uid}");
            let user = self.administrator(&email, account, Some(&marker)).await?;
            status["automation"] = json!({"email": email, "userId": user});
        }
        let patch = json!({"status": status}).to_string();
        let words = ["patch", &what, "-n", "acme", "--subresource=status", "--type=merge", "-p", &patch];
        self.bench.plane.kubectl(words).run().await?;
        Ok(email)
    }

    async fn administrator(&self, email: &str, account: usize, marker: Option<&str>) -> Result<i64> {
        let attributes = marker.map(|marker| ("chatwoot_operator".to_owned(), marker.into()));
        let made = Act::CreateUser {
            name: email.into(),
            email: email.into(),
            attributes: Map::from_iter(attributes),
            app: Some(1),
        };
        let user = self.bench.chatwoot.act(made).await?.id.context("no id")?;
        let role = Some(Role::Administrator);
        self.bench.chatwoot.act(Act::AddMember { account: self.ids[account], user, role }).await?;
        Ok(user)
    }

    async fn token(&self, email: &str) -> Result<String> {
        let users = self.bench.chatwoot.state().await?.users;
        let user = users.into_iter().find(|user| user.email == email);
        user.and_then(|user| user.access_token).context("no token")
    }

    /// A customer of an account with an address and so many conversations; their id.
    async fn customer(&self, account: usize, email: &str, conversations: usize) -> Result<i64> {
        let chatwoot = &self.bench.chatwoot;
        let account = self.ids[account];
        let name = format!("inbox of {email}");
        let inbox = Act::CreateInbox { account, name, channel: ChannelKind::Api, fields: Map::new() };
        let inbox = chatwoot.act(inbox).await?.id.context("no inbox")?;
        let source_id = Some(format!("source of {email}"));
        for _ in 0..conversations.max(1) {
            let writes = Act::CustomerWrites { inbox, source_id: source_id.clone(), content: "Hello".into() };
            let conversation = chatwoot.act(writes).await?.id.context("no conversation")?;
            let status = Some(ConversationStatus::Resolved);
            let resolved = EditConversation { account, conversation, status, ..EditConversation::default() };
            chatwoot.act(Act::EditConversation(resolved)).await?;
        }
        let contacts = chatwoot.state().await?.content.contacts;
        let contact = contacts.iter().rev().find(|one| one.account == account).context("nobody")?.id;
        let (name, email) = (Some("Carol".to_owned()), Some(email.to_owned()));
        chatwoot
            .act(Act::EditContact(EditContact { contact, name, email, ..EditContact::default() }))
            .await?;
        Ok(contact)
    }

    async fn erase(&self, more: &[&str], input: &str) -> Result<Ended> {
        let words = ["contacts", "erase", "--all-accounts", "--operator-namespace", HOME, "-o", "json"];
        self.bench.run(&[&words, more].concat(), input).await
    }

    async fn contacts(&self) -> Result<Vec<i64>> {
        let mut ids: Vec<_> =
            self.bench.chatwoot.state().await?.content.contacts.iter().map(|one| one.id).collect();
        ids.sort_unstable();
        Ok(ids)
    }
}

fn result<'a>(ended: &'a [Value], account: &str) -> Vec<&'a Value> {
    ended.iter().filter(|row| row["account"] == account).collect()
}

fn rows(ended: &Ended) -> Vec<Value> {
    ended.json().as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn somebody_is_erased_from_every_account_that_can_be_looked_into_and_the_others_are_said() -> Result<()>
{
    let accounts = Accounts::new().await?;
    let chatwoot = &accounts.bench.chatwoot;
    let carol = accounts.customer(0, "Carol@Customers.Example", 23).await?;
    let other = accounts.customer(0, "xcarol@customers.example", 1).await?;
    let theirs = accounts.customer(1, EMAIL, 1).await?;
    let hidden = accounts.customer(2, EMAIL, 1).await?;
    let all = accounts.contacts().await?;
    let email = ["--email", "CAROL@customers.example"];
    let credentials = ["--credentials", "acme/admin"];

    // Without a word that it is meant for all of them, and without an address, nothing is looked for.
    let vague = accounts.bench.run(&["contacts", "erase", "--email", EMAIL], "").await?;
    vague.refused(&["--all-accounts"]);
    accounts.erase(&["--email", "carol"], "").await?.refused(&["whole e-mail address"]);

    let dry = accounts.erase(&[&email[..], &credentials, &["--dry-run"]].concat(), "").await?;
    assert_eq!(dry.code, 1, "one account could not be looked into: {dry:?}");
    let told = rows(&dry);
    let acme = result(&told, "acme/acme");
    assert_eq!((acme.len(), &acme[0]["contact"], &acme[0]["conversations"]), (1, &json!(carol), &json!(23)));
    assert_eq!(acme[0]["result"], "found");
    assert_eq!(result(&told, "acme/globex")[0]["contact"], theirs);
    let missed = result(&told, "acme/initech")[0];
    assert_eq!(missed["result"], "not-looked-into");
    assert!(missed["message"].as_str().unwrap().contains("no automation user"), "{missed}");
    assert_eq!(accounts.contacts().await?, all);

    let asked = accounts.erase(&[&email[..], &credentials].concat(), "no\n").await?;
    assert_eq!(asked.code, 1, "{asked:?}");
    assert!(
        asked.err.contains(&format!("acme/acme: contact {carol} (Carol) with 23 conversations")),
        "{asked:?}"
    );
    assert!(asked.err.contains("was deleted; only yes"), "{asked:?}");
    assert_eq!(accounts.contacts().await?, all);

    // Chatwoot takes its time with conversations, and that is said instead of believed.
    chatwoot.act(Act::HoldJobs { kinds: vec![JobKind::CleanContact] }).await?;
    let words = [&email[..], &credentials, &["--timeout", "0s"]].concat();
    let queued = accounts.erase(&words, "yes\n").await?;
    assert_eq!(queued.code, 1, "{queued:?}");
    let told = rows(&queued);
    for (account, contact) in [("acme/acme", carol), ("acme/globex", theirs)] {
        let row = result(&told, account)[0];
        assert_eq!((&row["result"], &row["contact"]), (&json!("queued"), &json!(contact)), "{queued:?}");
        assert!(row["message"].as_str().unwrap().contains("are still there"), "{row}");
    }
    let mut left = vec![other, hidden];
    left.sort_unstable();
    assert_eq!(accounts.contacts().await?, left);
    let automation = format!("chatwoot-operator+{}@ops.example", accounts.ids[0]);
    let token = accounts.token(&automation).await?;
    assert!(!queued.out.contains(&token) && !queued.err.contains(&token));

    // Now all of them are there, and Chatwoot does its work.
    chatwoot.act(Act::ReleaseJobs { kinds: vec![] }).await?;
    accounts.resource(2, Some(INSTALLATION)).await?;
    let erased = accounts.erase(&[&email[..], &credentials, &["--yes"]].concat(), "").await?;
    assert_eq!(erased.code, 0, "{erased:?}");
    let told = rows(&erased);
    assert_eq!(result(&told, "acme/initech")[0]["result"], "erased");
    assert_eq!(result(&told, "acme/acme")[0]["result"], "nobody");
    assert_eq!(accounts.contacts().await?, [other]);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_deleted_or_trusted_is_said() -> Result<()> {
    let accounts = Accounts::new().await?;
    let chatwoot = &accounts.bench.chatwoot;
    let carol = accounts.customer(0, EMAIL, 1).await?;
    let online =
        Act::EditContact(EditContact { contact: carol, online: Some(true), ..EditContact::default() });
    chatwoot.act(online).await?;
    // Another installation's marker stands on the automation user of another account.
    accounts.resource(1, Some("ffffffffffffffff")).await?;
    let ended = accounts.erase(&["--email", EMAIL, "--yes"], "").await?;
    assert_eq!(ended.code, 1, "{ended:?}");
    let told = rows(&ended);
    let acme = result(&told, "acme/acme")[0];
    assert_eq!(acme["result"], "kept");
    assert!(acme["message"].as_str().unwrap().contains("online now"), "{acme}");
    let globex = result(&told, "acme/globex")[0];
    assert!(globex["message"].as_str().unwrap().contains("does not carry its marker"), "{globex}");
    let initech = result(&told, "acme/initech")[0];
    assert!(initech["message"].as_str().unwrap().contains("--credentials"), "{initech}");
    assert_eq!(accounts.contacts().await?, [carol]);

    // An agent's token looks into nothing: it could not delete, and would not see all conversations.
    let agent = accounts.token("admin@globex.example").await?;
    let users = chatwoot.state().await?.users;
    let user = users.iter().find(|one| one.access_token.as_ref() == Some(&agent)).context("nobody")?.id;
    let role = Some(Role::Agent);
    chatwoot.act(Act::AddMember { account: accounts.ids[2], user, role }).await?;
    let ended = accounts.erase(&["--email", EMAIL, "--dry-run", "--credentials", "acme/admin"], "").await?;
    let told = rows(&ended);
    let initech = result(&told, "acme/initech")[0];
    assert!(initech["message"].as_str().unwrap().contains("no administrator of it"), "{initech}");
    Ok(())
}
