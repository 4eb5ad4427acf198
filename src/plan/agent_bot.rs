//! What a ChatwootAgentBot asks for, in Chatwoot's words.

use super::{
    content::{Names, Naming, Seen, Telling, Trait, Wish, declared, fields},
    inbox::INBOX,
    status::Verdict,
};
use crate::{
    api::{
        agent_bot::AgentBotSpec,
        conditions::reason,
        content::{ContentDeletionPolicy, Within},
    },
    chatwoot::{tenant::agent_bot::AgentBot, version::Version},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const AGENT_BOT: Trait = Trait {
    kind: "ChatwootAgentBot",
    noun: "agent bot",
    key: "name",
    naming: Naming::Temporary("name"),
    precious: false,
};

/// Where it answers: ids of inboxes in ascending order.
pub const INBOXES: &str = "inboxes";

/// Before this release Chatwoot shows the bot's name where its URL should be (chatwoot-api P36); of a bot of the whole
/// installation an account never sees the URL (§3.6).
const SHOWS_THE_URL: Version = Version::new(4, 12, 0);

/// What the spec of the bot `name` asks for.
///
/// # Errors
/// An inbox that is not this bot's to answer in, and who decides that.
pub fn wish(name: &str, spec: &AgentBotSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    let url = declared([("outgoing_url", spec.outgoing_url.as_ref().map(|url| json!(url)))]);
    let mut wish = Wish {
        key: spec.name.clone(),
        fields: declared([
            ("name", Some(json!(spec.name))),
            ("description", spec.description.as_ref().map(|text| json!(text))),
        ]),
        connection: spec.connection_secret.as_ref().map(|secret| secret.name.clone()),
        ..Wish::default()
    };
    if names.version() < SHOWS_THE_URL || spec.installation_wide {
        wish.blind = url;
    } else {
        wish.fields.extend(url);
    }
    if let Some(inboxes) = &spec.inboxes {
        for inbox in inboxes {
            not_contradicted(name, inbox, names)?;
        }
        match ids(name, inboxes, names) {
            Ok(ids) => drop(wish.parts.insert(INBOXES, json!(ids))),
            Err(why) => wish.pending = Some(why),
        }
    }
    Ok(wish)
}

/// An inbox has one bot. What the inbox itself says goes first, then the oldest bot that names it.
fn not_contradicted(bot: &str, inbox: &str, names: &dyn Names) -> Result<(), Verdict> {
    let spec = names.spec(INBOX.kind, inbox).unwrap_or_default();
    if let Some(says) = spec.get("bot").and_then(Value::as_str).filter(|says| *says != bot) {
        let says = if says.is_empty() { "no bot" } else { says };
        return Err(Verdict::new(
            reason::INVALID_SPEC,
            format!(
                "ChatwootInbox {inbox} names {says} in its own spec.bot; take it out of spec.inboxes here, or write bot: {bot} there"
            ),
        ));
    }
    let rivals = names.naming(AGENT_BOT.kind, INBOX.kind, inbox);
    match rivals.first().filter(|first| *first != bot) {
        Some(first) if spec.get("bot").is_none() => Err(Verdict::new(
            reason::INVALID_SPEC,
            format!(
                "an inbox has one bot, and ChatwootAgentBot {first}, which is older, names ChatwootInbox {inbox} too; take it out \
                 of spec.inboxes of one of the two"
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

/// Those that the bot names, and those that name the bot.
fn ids(bot: &str, inboxes: &[String], names: &dyn Names) -> Result<BTreeSet<i64>, Verdict> {
    let own = names.naming(INBOX.kind, AGENT_BOT.kind, bot);
    let named: BTreeSet<&String> = inboxes.iter().chain(&own).collect();
    named.into_iter().map(|inbox| names.sibling(INBOX.kind, inbox)).collect()
}

/// What Chatwoot shows of a bot, without its secrets.
pub fn seen(bot: &AgentBot) -> Seen {
    Seen {
        id: bot.id.0,
        key: bot.name.clone(),
        fields: fields([
            ("name", json!(bot.name)),
            ("description", json!(bot.description.clone().unwrap_or_default())),
            ("outgoing_url", json!(bot.outgoing_url.clone().unwrap_or_default())),
        ]),
    }
}

/// What a manifest of one that is there declares. Where it answers stands in the manifests of the inboxes.
pub fn told(within: Within, bot: &mut Telling<'_>) -> AgentBotSpec {
    let shows_the_url = bot.version() >= SHOWS_THE_URL;
    if !shows_the_url {
        bot.leave(format!("outgoingUrl (Chatwoot shows it since {SHOWS_THE_URL})"));
    }
    AgentBotSpec {
        within,
        installation_wide: false,
        name: bot.key(),
        description: bot.text("description"),
        outgoing_url: bot.text("outgoing_url").filter(|_| shows_the_url),
        inboxes: None,
        connection_secret: None,
        deletion_policy: ContentDeletionPolicy::Retain,
    }
}

#[cfg(test)]
mod tests;
