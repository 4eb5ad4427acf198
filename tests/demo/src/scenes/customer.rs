//! A whole customer as one Helm release, and the first message of one of theirs.

use super::WITHIN;
use crate::parts::Parts;
use crate::ready::{all_there, until_ready};
use crate::tell::Tell;
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::State;
use chatwoot_stage::Kind;
use serde_json::Value;
use std::path::Path;
use tokio::process::Command;

const NAMESPACE: &str = "hooli";
const SECRET: &str = "hooli/support-app";
const WORDS: &str = "Hello, is anybody there?";

/// What came of it.
pub struct Customer {
    pub objects: usize,
}

pub async fn play(tell: &mut Tell, parts: &mut Parts) -> Result<Customer> {
    tell.chapter(
        "A whole customer, and a first message",
        "One Helm release: plan, grant, account, administrator, team, labels, bot, webhook, and an inbox for their application.",
    );
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/saas-tenant");
    let install = ["install", "hooli", "--namespace", NAMESPACE, "--create-namespace"];
    parts.cluster.helm(install).args([&chart]).run().await?;
    tell.command("helm install hooli examples/saas-tenant --namespace hooli --create-namespace", "");
    let mut wanted = all_there(&parts.client).await?;
    wanted.retain(|(_, place)| place.starts_with("hooli/"));
    let operator = parts.operator.as_mut().context("the operator does not run")?;
    let seen = until_ready(operator, &parts.client, tell, &wanted, WITHIN).await?;
    let inbox = seen.get(&(Kind::Inbox, format!("{NAMESPACE}/app"))).and_then(|inbox| inbox.id);
    let inbox = inbox.context("the inbox has no id")?;

    tell.note("");
    tell.note(&format!(
        "Their application finds what it needs in the Secret {SECRET}, and speaks for its user Ida:"
    ));
    let contact =
        client(tell, parts, None, &["contact", "create", "--name=Ida", "--identifier=user-1"]).await?;
    let whom = contact
        .get("contact_identifier")
        .and_then(Value::as_str)
        .context("no contact_identifier was printed")?;
    let begun = client(tell, parts, Some(whom), &["conversation", "create"]).await?;
    let number = begun.get("id").and_then(Value::as_i64).context("no conversation was printed")?.to_string();
    client(tell, parts, Some(whom), &["conversation", "say", &number, WORDS]).await?;

    let state = parts.chatwoot.state().await?;
    let who = arrived(&state, inbox)?;
    tell.done(&format!("in Chatwoot, inbox {inbox} of the new account shows: {who}: {WORDS:?}"));
    Ok(Customer { objects: wanted.len() })
}

/// Runs the operator's command `client` as a person would, and returns what it prints as JSON.
async fn client(tell: &Tell, parts: &Parts, contact: Option<&str>, what: &[&str]) -> Result<Value> {
    let url = parts.chatwoot.url();
    let mut command = Command::new(&parts.launch.program);
    command.arg("client").args(what).args(["--url", url, "--connection", SECRET, "-o", "json"]);
    command.env("KUBECONFIG", parts.cluster.kubeconfig());
    if let Some(contact) = contact {
        command.env("CHATWOOT_CONTACT", contact);
    }
    let ended = command.output().await.context("the operator's program cannot be run")?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "client {}: {said}", what.join(" "));
    let typed: Vec<String> = what
        .iter()
        .map(|word| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() })
        .collect();
    tell.command(&format!("chatwoot-operator client {} --connection {SECRET} …", typed.join(" ")), "");
    serde_json::from_slice(&ended.stdout)
        .with_context(|| format!("client {} printed no JSON", what.join(" ")))
}

/// Who wrote the words in the inbox.
fn arrived(state: &State, inbox: i64) -> Result<String> {
    let content = &state.content;
    let message = content.messages.iter().find(|message| message.content.as_deref() == Some(WORDS));
    let message = message.context("Chatwoot has no such message")?;
    let conversation = content.conversations.iter().find(|one| one.id == message.conversation);
    let conversation = conversation.context("the message is in no conversation")?;
    ensure!(conversation.inbox == inbox, "the message is in inbox {}, not {inbox}", conversation.inbox);
    let contact = content.contacts.iter().find(|contact| contact.id == conversation.contact);
    contact.map(|contact| contact.name.clone()).context("nobody has written it")
}
