use super::*;
use crate::api::content::{ContentDeletionPolicy, Within};
use std::collections::BTreeMap;

/// Inboxes by name, with what they say about their bot; and bots that name an inbox, oldest first.
struct Town {
    version: Version,
    inboxes: BTreeMap<&'static str, (Option<i64>, Option<&'static str>)>,
    bots: Vec<&'static str>,
}

impl Default for Town {
    fn default() -> Self {
        let inboxes = BTreeMap::from([
            ("silent", (Some(5), None)),
            ("mine", (Some(3), Some("helper"))),
            ("theirs", (Some(4), Some("other"))),
            ("alone", (Some(8), Some(""))),
            ("coming", (None, None)),
        ]);
        Self { version: Version::NEWEST_KNOWN, inboxes, bots: vec!["helper"] }
    }
}

impl Names for Town {
    fn version(&self) -> Version {
        self.version
    }

    fn member(&self, _: &str) -> Result<i64, Verdict> {
        panic!("a bot has no members")
    }

    fn sibling(&self, kind: &'static str, name: &str) -> Result<i64, Verdict> {
        assert_eq!(kind, "ChatwootInbox");
        let id = self.inboxes.get(name).and_then(|(id, _)| *id);
        id.ok_or_else(|| Verdict::new(reason::WAITING_FOR_REFERENCE, format!("no {name}")))
    }

    fn spec(&self, _: &'static str, name: &str) -> Option<Value> {
        let (_, bot) = self.inboxes.get(name)?;
        Some(bot.map_or_else(|| json!({}), |bot| json!({"bot": bot})))
    }

    fn naming(&self, by: &'static str, _: &'static str, name: &str) -> Vec<String> {
        if by == "ChatwootAgentBot" {
            return self.bots.iter().map(|bot| (*bot).to_owned()).collect();
        }
        let naming = self.inboxes.iter().filter(|(_, (_, bot))| *bot == Some(name));
        naming.map(|(inbox, _)| (*inbox).to_owned()).collect()
    }
}

fn spec(inboxes: Option<&[&str]>) -> AgentBotSpec {
    AgentBotSpec {
        within: Within { account: "acme".into(), ..Within::default() },
        installation_wide: false,
        name: "Helper".into(),
        description: None,
        outgoing_url: Some("https://bot.acme.example".into()),
        inboxes: inboxes.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        connection_secret: None,
        deletion_policy: ContentDeletionPolicy::Delete,
    }
}

fn asked(inboxes: &[&str], town: &Town) -> Result<Wish, Verdict> {
    wish("helper", &spec(Some(inboxes)), town)
}

#[test]
fn only_what_the_spec_declares_is_asked_for() {
    let wish = wish("helper", &spec(None), &Town::default()).unwrap();
    assert_eq!(wish.fields.keys().collect::<Vec<_>>(), ["name", "outgoing_url"]);
    assert!(wish.parts.is_empty());
    let bot = serde_json::from_value(
        json!({"id": 2, "name": "Helper", "outgoing_url": "https://bot.acme.example"}),
    );
    assert!(wish.differences(&seen(&bot.unwrap())).is_empty());
}

/// P36: there the answer shows the name instead, which would be repaired for ever.
#[test]
fn a_url_that_chatwoot_does_not_show_is_not_compared() {
    let old = Town { version: Version::new(4, 11, 9), ..Town::default() };
    let wish = wish("helper", &spec(None), &old).unwrap();
    assert_eq!(json!(wish.blind), json!({"outgoing_url": "https://bot.acme.example"}));
    let bot = serde_json::from_value(json!({"id": 2, "name": "Helper", "outgoing_url": "Helper"}));
    assert!(wish.differences(&seen(&bot.unwrap())).is_empty());
}

/// Accounts see bots of the installation without it (§3.6).
#[test]
fn the_url_of_a_bot_for_the_whole_installation_is_sent_and_not_compared() {
    let spec = AgentBotSpec { installation_wide: true, ..spec(None) };
    let wish = wish("helper", &spec, &Town::default()).unwrap();
    assert_eq!(json!(wish.blind), json!({"outgoing_url": "https://bot.acme.example"}));
    assert_eq!(json!(wish.fields), json!({"name": "Helper"}));
}

#[test]
fn it_answers_where_it_says_and_where_inboxes_say_so() {
    let wish = asked(&["silent"], &Town::default()).unwrap();
    assert_eq!(json!(wish.parts), json!({"inboxes": [3, 5]}));
    let wish = asked(&["mine"], &Town::default()).unwrap();
    assert_eq!(json!(wish.parts), json!({"inboxes": [3]}));
    let wish = asked(&[], &Town::default()).unwrap();
    assert_eq!(json!(wish.parts), json!({"inboxes": [3]}));
}

#[test]
fn what_the_inbox_says_goes_first() {
    let refused = asked(&["theirs"], &Town::default()).unwrap_err();
    assert_eq!(refused.reason, reason::INVALID_SPEC);
    assert!(refused.message.contains("ChatwootInbox theirs names other"), "{}", refused.message);
    assert!(refused.message.ends_with("write bot: helper there"), "{}", refused.message);
    assert!(asked(&["alone"], &Town::default()).unwrap_err().message.contains("names no bot"));
}

#[test]
fn of_two_bots_the_older_one_answers() {
    let second = Town { bots: vec!["first", "helper"], ..Town::default() };
    let refused = asked(&["silent"], &second).unwrap_err();
    assert_eq!(refused.reason, reason::INVALID_SPEC);
    assert!(refused.message.contains("ChatwootAgentBot first"), "{}", refused.message);
    assert!(asked(&["mine"], &second).is_ok(), "the inbox has said which");
    let first = Town { bots: vec!["helper", "second"], ..Town::default() };
    assert!(asked(&["silent"], &first).is_ok());
}

/// An inbox may name this bot and wait for it.
#[test]
fn an_inbox_that_is_not_there_yet_does_not_hold_up_the_bot() {
    let wish = asked(&["coming"], &Town::default()).unwrap();
    assert!(wish.parts.is_empty());
    assert_eq!(wish.pending.unwrap().reason, reason::WAITING_FOR_REFERENCE);
}
