//! What attaching bots to inboxes costs, and where it stops.

use super::*;
use crate::{
    chatwoot::{
        gate::{Entry, Key, Lane, Limits},
        instance::Instance,
        marker::Installation,
        outcome::Class,
        scripted::{Act, Server},
        types::{AccountId, UserId},
    },
    plan::NoTurn,
    reconcile::{
        automation::{self, AccountHandle},
        content::{Lists, Look},
        references::InstanceKey,
        turn::Turn,
    },
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// An account with inboxes, its Chatwoot, and what the bots there know of each other.
struct Bed {
    server: Arc<Server>,
    chatwoot: Instance,
    account: AccountHandle,
    lists: Lists,
    began: Instant,
}

/// In no inbox does a bot answer.
fn bed(inboxes: i64, in_flight: usize) -> Bed {
    let all: Vec<Value> =
        (1..=inboxes).map(|id| json!({"id": id, "name": "a", "channel_type": "Channel::Api"})).collect();
    let server = Arc::new(Server::start([
        Act::json(200, &json!({"payload": all}).to_string()),
        Act::json(200, r#"{"agent_bot":null}"#),
    ]));
    let limits = Limits { per_minute: 60_000, in_flight };
    let chatwoot = Instance::new(server.config(), limits, Arc::new(|_| ()), None).unwrap();
    let installation = Installation::new("0123456789abcdef".into(), vec![7; 32]);
    let account = AccountHandle {
        namespace: "acme".into(),
        name: "main".into(),
        uid: "u-0".into(),
        instance: InstanceKey { namespace: "ops".into(), name: "main".into() },
        id: AccountId(1),
        user_id: UserId(2),
        marker: automation::marker(&installation, "acme", "n-1", "main", "u-0"),
    };
    Bed { server, chatwoot, account, lists: Lists::default(), began: Instant::now() }
}

fn key(name: &str) -> Key {
    Key::new(AGENT_BOT.kind, "acme", name)
}

/// What one bot's passes remember between effects.
struct Pass {
    turn: Turn,
    look: Look,
}

impl Bed {
    /// The bot `id` has its turn, and does not care how old an answer is.
    fn pass(&self, id: i64) -> Pass {
        self.pass_since(id, Duration::ZERO)
    }

    /// The bot `id` has its turn, and has just been asked to look.
    fn asked(&self, id: i64) -> Pass {
        self.pass_since(id, self.began.elapsed())
    }

    fn pass_since(&self, id: i64, since: Duration) -> Pass {
        let mut turn = Turn::of(self.chatwoot.clone(), Lane::Change, key(&id.to_string()));
        turn.take().unwrap();
        Pass { turn, look: Look { who: format!("u-{id}"), why: "spec 1".into(), since } }
    }

    fn inside<'a>(&'a self, pass: &'a mut Pass) -> Inside<'a> {
        let began = self.began;
        Inside {
            account: &self.account,
            token: "operators-token".into(),
            turn: &mut pass.turn,
            lists: &self.lists,
            clock: Arc::new(move || began.elapsed()),
            look: &mut pass.look,
        }
    }

    async fn read(&self, pass: &mut Pass, bot: i64) -> Result<Value, Halt> {
        ChatwootAgentBot::read_part(&mut self.inside(pass), bot, "inboxes").await
    }

    async fn write(&self, pass: &mut Pass, bot: i64, wanted: &[i64]) -> Result<Value, Halt> {
        ChatwootAgentBot::write_part(&mut self.inside(pass), bot, "inboxes", json!(wanted)).await
    }

    /// Requests whose line begins so.
    fn sent(&self, verb: &str) -> usize {
        self.server.seen().iter().filter(|seen| seen.line.starts_with(verb)).count()
    }
}

#[tokio::test]
async fn many_bots_ask_every_inbox_once_together() {
    let bed = bed(40, 2);
    let (mut first, mut second) = (bed.pass(1), bed.pass(2));
    let both = tokio::join!(bed.read(&mut first, 1), bed.read(&mut second, 2));
    assert_eq!(both, (Ok(json!([])), Ok(json!([]))));
    drop((first, second));
    for bot in 3..=20 {
        assert_eq!(bed.read(&mut bed.pass(bot), bot).await, Ok(json!([])));
    }
    assert_eq!(bed.sent(""), 41, "the inboxes, and each of them");
}

#[tokio::test]
async fn without_the_lead_nothing_more_is_attached_and_whoever_goes_on_does_the_rest() {
    let bed = bed(6, 1);
    let (leads_until, server) = (Arc::new(AtomicUsize::new(9)), bed.server.clone());
    let until = leads_until.clone();
    bed.chatwoot.heed(Arc::new(move || server.seen().len() < until.load(SeqCst)));
    let mut pass = bed.asked(7);
    assert_eq!(bed.read(&mut pass, 7).await, Ok(json!([])));
    assert_eq!((bed.sent("GET"), bed.sent("POST")), (7, 0));
    // The lead goes while the second of six is being attached.
    let cut_off = bed.write(&mut pass, 7, &[1, 2, 3, 4, 5, 6]).await.unwrap_err();
    assert!(matches!(&cut_off, Halt::Failed(failure) if failure.class == Class::Connect), "{cut_off:?}");
    assert_eq!(bed.sent("POST"), 2);
    drop(pass);
    leads_until.store(usize::MAX, SeqCst);
    let mut pass = bed.asked(7);
    assert_eq!(bed.read(&mut pass, 7).await, Ok(json!([1, 2])));
    assert_eq!(bed.write(&mut pass, 7, &[1, 2, 3, 4, 5, 6]).await, Ok(json!([1, 2, 3, 4, 5, 6])));
    assert_eq!((bed.sent("GET"), bed.sent("POST")), (7, 6), "nothing was asked or attached twice");
}

/// Somebody has deleted it, and its resource does not know yet.
#[tokio::test]
async fn an_inbox_that_is_gone_is_not_answered_in() {
    let bed = bed(2, 1);
    let mut pass = bed.asked(7);
    assert_eq!(bed.read(&mut pass, 7).await, Ok(json!([])));
    assert_eq!(bed.write(&mut pass, 7, &[2, 9]).await, Ok(json!([2])));
    assert_eq!(bed.write(&mut pass, 7, &[9]).await, Ok(json!([])));
}

#[tokio::test]
async fn others_get_their_turn_while_many_inboxes_are_asked() {
    let bed = bed(25, 1);
    let mut pass = bed.asked(7);
    assert!(matches!(bed.chatwoot.enter(Lane::Change, &key("other")), Entry::Queued));
    assert_eq!(bed.read(&mut pass, 7).await, Err(Halt::NoTurn(NoTurn::Queued)));
    assert_eq!(bed.sent(""), 10);
    drop(pass);
    // Nobody else waits afterwards: one pass does the rest, and none of it again.
    assert!(matches!(bed.chatwoot.enter(Lane::Change, &key("other")), Entry::Turn(_)));
    assert_eq!(bed.read(&mut bed.asked(7), 7).await, Ok(json!([])));
    assert_eq!(bed.sent(""), 26);
}

#[tokio::test]
async fn a_throttle_in_between_ends_it() {
    let bed = bed(5, 1);
    let mut pass = bed.pass(7);
    let listed = bed.inside(&mut pass).list::<ChatwootInbox>(Duration::ZERO).await.unwrap();
    assert_eq!(listed.items.len(), 5);
    let Entry::Queued = bed.chatwoot.enter(Lane::Change, &key("other")) else { panic!("a second turn") };
    let throttled = Server::start([Act::raw(429, "Retry-After: 30\r\n", "")]);
    bed.chatwoot.reconfigure(throttled.config(), Limits { per_minute: 60_000, in_flight: 2 }, None).unwrap();
    let Entry::Turn(other) = bed.chatwoot.enter(Lane::Change, &key("other")) else { panic!("no turn") };
    other.call(|platform| platform.account(AccountId(1))).await.unwrap_err();
    let halted = bed.read(&mut pass, 7).await.unwrap_err();
    assert!(matches!(&halted, Halt::Failed(failure) if failure.class == Class::RateLimited), "{halted:?}");
    assert_eq!(bed.sent(""), 1, "the list alone");
}
