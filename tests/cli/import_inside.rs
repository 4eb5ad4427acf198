//! `import --content`: what is inside accounts, read as somebody there, printed, applied, and left as it is.

use crate::{
    bench::{Bench, Ended, HOME, SECOND},
    town::{Town, is_ready_with, settled},
};
use anyhow::{Context, Result};
use chatwoot_simulator::{Act, ChannelKind, RecordKind, Role, State};
use serde_json::{Map, Value, json};

const SECRET: &str = "canary-in-a-url";

async fn import(bench: &Bench, more: &[&str]) -> Result<Ended> {
    let words = ["import", "--content", "--operator-namespace", HOME];
    bench.run(&[&words, more].concat(), "").await
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A widget with a form before the chat, as the dashboard stores it.
fn asking() -> Value {
    let list = json!({"name": "tier", "field_type": "contact_attribute", "label": "Tier", "placeholder": "Tier", "type": "list",
        "values": ["gold", "tin"], "required": false, "enabled": true});
    let text = json!({"name": "order", "field_type": "conversation_attribute", "label": "Order", "placeholder": "Order",
        "type": "text", "values": [], "regex_pattern": "/^[0-9]+$/", "regex_cue": null, "required": true, "enabled": true});
    let form = json!({"pre_chat_message": "Who are you?", "pre_chat_fields": [list, text]});
    json!({"website_url": "https://www.acme.example", "pre_chat_form_enabled": true, "pre_chat_form_options": form})
}

/// What people have made in an account.
struct Furnisher<'a> {
    bench: &'a Bench,
    account: i64,
}

impl Furnisher<'_> {
    async fn act(&self, act: Act) -> Result<i64> {
        Ok(self.bench.chatwoot.act(act).await?.id.unwrap_or_default())
    }

    async fn record(&self, kind: RecordKind, fields: Value) -> Result<i64> {
        self.act(Act::CreateRecord { account: self.account, kind, fields: map(fields) }).await
    }

    async fn inbox(&self, name: &str, channel: ChannelKind, fields: Value) -> Result<i64> {
        let name = name.to_owned();
        self.act(Act::CreateInbox { account: self.account, name, channel, fields: map(fields) }).await
    }

    /// One of everything that a manifest can say, with Alice 1 and Bob 2.
    async fn furnish(&self) -> Result<()> {
        let account = self.account;
        let help = self
            .inbox("Help desk", ChannelKind::Api, json!({"greeting_enabled": true, "greeting_message": "Hi"}))
            .await?;
        self.inbox("Website", ChannelKind::WebWidget, asking()).await?;
        let mail = json!({"email": "help@acme.example", "imap_enabled": true, "imap_login": "help", "imap_password": SECRET});
        self.inbox("Mail", ChannelKind::Email, mail).await?;
        self.act(Act::JoinInbox { inbox: help, user: 2 }).await?;
        let url = Some("https://bot.acme.example".to_owned());
        let bot = self
            .act(Act::CreateBot { account: Some(account), name: "Helper".into(), outgoing_url: url })
            .await?;
        self.act(Act::AttachBot { inbox: help, bot: Some(bot) }).await?;
        let team = self.record(RecordKind::Team, json!({"name": "sales", "description": "Sells"})).await?;
        self.act(Act::JoinTeam { account, user: 1, team }).await?;
        self.record(RecordKind::Label, json!({"title": "vip", "color": "#1F93FF"})).await?;
        self.record(
            RecordKind::CannedResponse,
            json!({"short_code": "Hours", "content": "9 to 5\nand no longer"}),
        )
        .await?;
        let key = json!({"attribute_key": "tier", "attribute_model": "contact_attribute", "attribute_display_name": "Tier",
            "attribute_display_type": "list", "attribute_values": ["gold", "tin"]});
        self.record(RecordKind::AttributeDefinition, key).await?;
        let hook = json!({"url": format!("https://hooks.example/{SECRET}"), "name": "CRM", "subscriptions": ["message_created"]});
        self.record(RecordKind::Webhook, hook).await?;
        self.rule("Greet", json!([{"action_name": "assign_agent", "action_params": ["1"]}])).await?;
        self.rule("Sell", json!([{"action_name": "assign_team", "action_params": [team]}])).await?;
        Ok(())
    }

    async fn rule(&self, name: &str, actions: Value) -> Result<i64> {
        let conditions =
            json!([{"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"]}]);
        let rule = json!({"name": name, "event_name": "conversation_created", "active": true, "conditions": conditions, "actions": actions});
        self.record(RecordKind::AutomationRule, rule).await
    }

    /// And of what none can, or not whole.
    async fn clutter(&self) -> Result<()> {
        self.inbox("Twin", ChannelKind::Api, json!({})).await?;
        self.inbox("Twin", ChannelKind::Api, json!({})).await?;
        self.rule("Attach", json!([{"action_name": "send_attachment", "action_params": [3]}])).await?;
        self.record(RecordKind::CannedResponse, json!({"short_code": "tab", "content": "a\tb"})).await?;
        self.record(RecordKind::Label, json!({"title": "odd", "color": "#123456", "description": "a\tb"}))
            .await?;
        self.act(Act::CreateBot { account: None, name: "Everybody's".into(), outgoing_url: None }).await?;
        let stranger = json!({"name": "strangers"});
        let team = self.record(RecordKind::Team, stranger).await?;
        self.act(Act::JoinTeam { account: self.account, user: 3, team }).await?;
        Ok(())
    }
}

/// Account 1 with everything in it and Alice, Bob and Carl, who cannot be seen; account 2 with a label; an instance that lets the
/// operator have users of its own.
async fn furnished() -> Result<Bench> {
    let bench = Bench::new().await?;
    let automated = r#"{"spec": {"automation": {"emailDomain": "ops.example.com"}}}"#;
    bench.plane.kubectl(["patch", "cwi", "main", "-n", HOME, "--type=merge", "-p", automated]).run().await?;
    let mut town = Town::default();
    town.account(&bench.chatwoot, "Acme").await?;
    town.account(&bench.chatwoot, "BPO").await?;
    town.person(&bench.chatwoot, "Alice", "alice@acme.example", &[(1, Role::Administrator)]).await?;
    town.person(&bench.chatwoot, "Bob", "bob@acme.example", &[(1, Role::Agent)]).await?;
    town.person(&bench.chatwoot, "Carl", "carl@acme.example", &[(1, Role::Agent)]).await?;
    town.person(&bench.chatwoot, "Dora", "dora@bpo.example", &[(2, Role::Agent)]).await?;
    bench.chatwoot.act(Act::Revoke { kind: chatwoot_simulator::Kind::User, id: 3, app: None }).await?;
    Furnisher { bench: &bench, account: 1 }.furnish().await?;
    let bpo = Furnisher { bench: &bench, account: 2 };
    bpo.record(RecordKind::Label, json!({"title": "vip", "color": "#000000"})).await?;
    Ok(bench)
}

/// Everything that people have made, without what only time changes.
fn contents(state: &State) -> Value {
    let teams: Vec<_> = state.memberships.iter().collect();
    json!([state.content, teams, state.accounts.iter().map(|one| &one.name).collect::<Vec<_>>()])
}

const KINDS: [(&str, usize); 8] = [
    ("ChatwootInbox", 3),
    ("ChatwootAgentBot", 1),
    ("ChatwootLabel", 1),
    ("ChatwootTeam", 1),
    ("ChatwootCannedResponse", 1),
    ("ChatwootCustomAttributeDefinition", 1),
    ("ChatwootWebhook", 1),
    ("ChatwootAutomationRule", 2),
];

fn only(account: &'static str) -> [String; 2] {
    ["--account-ids".to_owned(), account.to_owned()]
}

#[tokio::test]
async fn what_is_inside_is_taken_over_as_it_is() -> Result<()> {
    let bench = furnished().await?;
    let one = only("1");
    let one: Vec<&str> = one.iter().map(String::as_str).collect();
    // Nobody's token is used unasked; with everybody's account and people first.
    let seq = bench.chatwoot.last_seq().await?;
    let alone = import(&bench, &one).await?;
    assert_eq!(alone.code, 2, "{alone:?}");
    let why = "what is inside account 1 is left out: the operator has no user of its own in it";
    assert!(alone.err.contains(why) && alone.err.contains("--as-administrators"), "{}", alone.err);
    assert!(alone.err.contains("; 0 things inside accounts, and 0 left out"), "{}", alone.err);
    assert!(
        alone.out.contains("kind: ChatwootAccount") && !alone.out.contains("kind: ChatwootLabel"),
        "{}",
        alone.out
    );
    let whole = import(&bench, &[&one[..], &["--as-administrators"]].concat()).await?;
    assert!(whole.err.contains("; 11 things inside accounts, and 0 left out"), "{}", whole.err);
    bench.nothing_was_written(seq).await?;
    assert!(whole.out.starts_with(&alone.out), "what is inside stands behind the rest");

    // The accounts and people are taken over, and what is inside is looked at.
    let operator = bench.operator()?;
    let client = bench.plane.client()?;
    bench.apply(&alone.out.replace("mode: Observe", "mode: Enforce")).await?;
    let succeeded = |object: &Value| is_ready_with(object, "Succeeded");
    settled(&client, "ChatwootAccount", 1, succeeded, 60 * SECOND).await?;
    settled(&client, "ChatwootUser", 2, succeeded, 60 * SECOND).await?;
    let before = bench.chatwoot.state().await?;
    let inside = import(&bench, &[&one[..], &["--as-administrators"]].concat()).await?;
    assert_eq!(inside.out, whole.out.replacen(&alone.out, "", 1), "{}", inside.err);
    assert!(inside.err.contains("email.imap (it takes a Secret with its password"), "{}", inside.err);
    assert!(inside.out.contains(&format!("https://hooks.example/{SECRET}")) && !inside.err.contains(SECRET));
    assert_eq!(inside.out.matches(SECRET).count(), 1, "{}", inside.out);
    for part in [
        "bot: helper\n",
        "members:\n    - bob\n",
        "assignAgent: alice\n",
        "assignTeam: sales\n",
        "of: Contact\n",
        "/^[0-9]+$/",
        "adopt: true\n",
    ] {
        assert!(inside.out.contains(part), "{part:?} is not in {}", inside.out);
    }
    bench.apply(&inside.out).await?;
    for (kind, count) in KINDS {
        // What names something else inside the account waits until that is taken over.
        let looked = |object: &Value| {
            is_ready_with(object, "Observed")
                || object["status"]["conditions"].to_string().contains("WaitingForReference")
        };
        for object in settled(&client, kind, count, looked, 90 * SECOND).await? {
            assert_eq!(
                (&object["status"]["drifted"], &object["status"]["id"]),
                (&Value::Null, &Value::Null),
                "{object:#}"
            );
        }
    }
    assert_eq!(bench.chatwoot.state().await?.content, before.content);

    // By now the operator has a user of its own there, and nobody else is needed.
    let seq = bench.chatwoot.last_seq().await?;
    let again = import(&bench, &[&one[..], &["--mode=enforce"]].concat()).await?;
    assert_eq!(again.out, inside.out.replace("mode: Observe", "mode: Enforce"), "{}", again.err);
    assert_eq!(bench.writes_since(seq).await?, []);
    bench.apply(&again.out).await?;
    for (kind, count) in KINDS {
        for object in settled(&client, kind, count, succeeded, 90 * SECOND).await? {
            let status = &object["status"];
            assert_eq!(
                (&status["ownership"], &status["drifted"]),
                (&json!("Adopted"), &Value::Null),
                "{object:#}"
            );
        }
    }
    assert_eq!(bench.writes_since(seq).await?, [], "everything was as declared");
    assert_eq!(bench.chatwoot.state().await?.content, before.content);

    // Nothing is left to take over, and letting go takes nothing away.
    let done = import(&bench, &one).await?;
    assert_eq!(done.out, "", "{}", done.err);
    let kinds = KINDS.map(|(kind, _)| kind.to_lowercase()).join(",").replace("inbox,", "inboxes,");
    bench.plane.kubectl(["delete", "-n", "tenant-acme", "--all", &kinds]).run().await?;
    assert_eq!(bench.writes_since(seq).await?, []);
    drop(operator);
    Ok(())
}

#[tokio::test]
async fn what_no_manifest_can_say_is_named_with_the_reason() -> Result<()> {
    let bench = furnished().await?;
    Furnisher { bench: &bench, account: 1 }.clutter().await?;
    let token = {
        let state = bench.chatwoot.state().await?;
        let alice = state.users.iter().find(|user| user.email == "alice@acme.example").context("no Alice")?;
        alice.access_token.clone().context("no token")?
    };
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: alice, namespace: {HOME}}}\nstringData: {{access_token: {token}}}\n"
    );
    bench.apply(&secret).await?;
    let before = contents(&bench.chatwoot.state().await?);
    let seq = bench.chatwoot.last_seq().await?;
    let found = import(&bench, &["--credentials", "chat/alice"]).await?;
    assert_eq!(found.code, 2, "{found:?}");
    for part in [
        "inbox 4 \"Twin\" of ChatwootAccount tenant-acme/acme is left out: the account has several of that name",
        "inbox 5 \"Twin\" of ChatwootAccount tenant-acme/acme is left out",
        "\"Attach\" of ChatwootAccount tenant-acme/acme is left out: it does what no ChatwootAutomationRule does",
        "\"tab\" of ChatwootAccount tenant-acme/acme is left out: it has values that its definition does not take (spec.content: content must not",
        "\"odd\" of ChatwootAccount tenant-acme/acme: not declared is description (its definition does not take the value)",
        "\"strangers\" of ChatwootAccount tenant-acme/acme: not declared is members (user 3 is no ChatwootUser",
        "what is inside account 2 is left out: the operator has no user of its own in it",
        "; 13 things inside accounts, and 4 left out",
    ] {
        assert!(found.err.contains(part), "{part:?} is not in {}", found.err);
    }
    assert!(!found.out.contains("Everybody") && !found.err.contains(&token) && !found.out.contains(&token));
    assert!(!found.err.contains(SECRET), "{}", found.err);
    bench.nothing_was_written(seq).await?;
    assert_eq!(contents(&bench.chatwoot.state().await?), before);

    // Dora is no administrator, and nobody else is in her account.
    let agent = import(&bench, &["--as-administrators", "--account-ids=2"]).await?;
    assert!(
        agent.err.contains("account 2 is left out: it has no administrator whom the platform token may see"),
        "{agent:?}"
    );
    for wrong in [&["import", "--as-administrators"][..], &["import", "--credentials=a/b"]] {
        let refused = bench.run(wrong, "").await?;
        assert!(refused.code == 1 && refused.err.contains("--content"), "{refused:?}");
    }

    // What the API server takes, it takes: the rest is what was promised.
    bench.apply(&found.out).await?;
    Ok(())
}
