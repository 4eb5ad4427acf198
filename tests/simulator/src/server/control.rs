//! `/_simulator/`: what tests read and steer. No token, no throttle, no slot.

use super::{Release, Shared};
use crate::{
    behind::Act,
    faults::{Armed, Fault},
    journal::{Entry, Filter},
    reply::{JSON, Reply},
    routes,
    state::State,
    strict,
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const HELP: &str = "\
GET    /_simulator/journal    requests so far; since=SEQ route=ROUTE path=PATH status=N end=END committed=true|false
DELETE /_simulator/journal    forget them
GET    /_simulator/state      accounts, users, memberships, permissions, bots, jobs, and what tenants have made
GET    /_simulator/faults     faults and how often each has hit
POST   /_simulator/faults     one or a list of {\"route\", \"count\"?, \"skip\"?, \"path\"?, \"body_contains\"?, \"kind\", …}
DELETE /_simulator/faults     no more faults
POST   /_simulator/act        one or a list of {\"act\", …}
GET    /_simulator/wait       answers when count=N requests match; the journal's filters, timeout_ms=10000
POST   /_simulator/release    hanging requests go on: {\"how\": \"proceed\"|\"drop\", \"seq\"?, \"route\"?}
A route is written as the journal shows it, or \"POST *\", or \"WRITE *\" for all verbs that write, or \"*\". A wrong kind, act or route is answered with the list.
";

/// Serves one control request. Bad input is a 422 that says what is wrong.
pub async fn answer(shared: &Shared, method: &str, path: &str, query: Option<&str>, body: &[u8]) -> Reply {
    let answered = match (method, path.trim_start_matches("/_simulator").trim_matches('/')) {
        ("GET", "") => return Reply::new(200, "text/plain; charset=utf-8", HELP),
        ("GET", "journal") => journal(shared, query),
        ("DELETE", "journal") => {
            shared.core().journal.clear();
            text(&json!({}))
        }
        ("GET", "state") => {
            let state = State::of(&shared.core().world, Timestamp::now());
            text(&state)
        }
        ("GET", "faults") => {
            let armed: Vec<Armed> = shared.core().faults.list().to_vec();
            text(&json!({"faults": armed}))
        }
        ("POST", "faults") => add_faults(shared, body),
        ("DELETE", "faults") => {
            shared.core().faults.clear();
            text(&json!({}))
        }
        ("POST", "act") => act(shared, body),
        ("GET", "wait") => wait(shared, query).await,
        ("POST", "release") => release(shared, body),
        _ => return Reply::new(404, "text/plain; charset=utf-8", HELP),
    };
    match answered {
        Ok(body) => Reply::new(200, JSON, body),
        Err(error) => Reply::new(422, JSON, json!({"error": error}).to_string()),
    }
}

/// Written straight to text: a journal of 50,000 entries would take ten times its size as a tree of values.
fn text<T: Serialize>(thing: &T) -> Result<String, String> {
    serde_json::to_string(thing).map_err(|error| error.to_string())
}

#[derive(Serialize)]
struct Listing<'a> {
    entries: Vec<&'a Entry>,
    last_seq: u64,
    forgotten: u64,
}

#[derive(Serialize)]
struct Waited<'a> {
    entries: Vec<&'a Entry>,
    reached: bool,
}

fn journal(shared: &Shared, query: Option<&str>) -> Result<String, String> {
    let (filter, rest) = filter(query)?;
    none_left(&rest)?;
    let (entries, forgotten, last_seq) = {
        let core = shared.core();
        let entries: Vec<Arc<Entry>> = core.journal.select(&filter).cloned().collect();
        (entries, core.journal.forgotten(), core.journal.last_seq())
    };
    text(&Listing { entries: entries.iter().map(Arc::as_ref).collect(), last_seq, forgotten })
}

fn add_faults(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let faults: Vec<Fault> = one_or_many(body)?;
    for fault in &faults {
        known_route(&fault.route)?;
    }
    let mut core = shared.core();
    faults.into_iter().for_each(|fault| core.faults.add(fault));
    text(&json!({}))
}

/// A list stops at the first act that cannot be done; what came before it has happened.
fn act(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let acts: Vec<Act> = one_or_many(body)?;
    let single = acts.len() == 1;
    let mut done = acts.into_iter().map(|act| shared.act(act)).collect::<Result<Vec<_>, _>>()?;
    match done.pop() {
        Some(only) if single => text(&only),
        Some(last) => {
            done.push(last);
            text(&done)
        }
        None => text(&json!([])),
    }
}

async fn wait(shared: &Shared, query: Option<&str>) -> Result<String, String> {
    let (filter, rest) = filter(query)?;
    let (mut count, mut timeout) = (1usize, 10_000u64);
    for (key, text) in rest {
        match key.as_str() {
            "count" => count = number(&key, &text)?,
            "timeout_ms" => timeout = number(&key, &text)?,
            _ => return Err(unknown(&key)),
        }
    }
    let mut changed = shared.journal_changed.subscribe();
    let enough = async {
        let (mut counted, mut from) = (0, filter.since);
        loop {
            changed.mark_unchanged();
            {
                let core = shared.core();
                if filter.is_settled() {
                    counted += core.journal.select(&filter.clone().since(from)).count();
                    from = core.journal.last_seq().max(from);
                } else {
                    counted = core.journal.select(&filter).count();
                }
                if counted >= count {
                    return core.journal.select(&filter).cloned().collect::<Vec<_>>();
                }
            }
            if changed.changed().await.is_err() {
                // The simulator is ending; the time-out will say what was seen.
                std::future::pending::<()>().await;
            }
        }
    };
    let (seen, reached) = match tokio::time::timeout(Duration::from_millis(timeout), enough).await {
        Ok(seen) => (seen, true),
        Err(_) => (shared.core().journal.select(&filter).cloned().collect(), false),
    };
    text(&Waited { entries: seen.iter().map(Arc::as_ref).collect(), reached })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReleaseHow {
    Proceed,
    Drop,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseRequest {
    how: ReleaseHow,
    seq: Option<u64>,
    route: Option<String>,
}

fn release(shared: &Shared, body: &[u8]) -> Result<String, String> {
    let request: ReleaseRequest = parsed(body)?;
    let filter = Filter { route: request.route, ..Filter::default() };
    let mut core = shared.core();
    let on_route: Vec<u64> = core.journal.select(&filter).map(|entry| entry.seq).collect();
    let meant =
        |seq: &u64| request.seq.is_none_or(|wanted| wanted == *seq) && on_route.binary_search(seq).is_ok();
    let seqs: Vec<u64> = core.hanging.keys().copied().filter(meant).collect();
    for seq in &seqs {
        if let Some(sender) = core.hanging.remove(seq) {
            let how = match request.how {
                ReleaseHow::Proceed => Release::Proceed,
                ReleaseHow::Drop => Release::Drop,
            };
            // Nobody listens only when the simulator is ending.
            let _ = sender.send(how);
        }
    }
    text(&json!({"released": seqs.len()}))
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn one_or_many<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<Vec<T>, String> {
    let list = match parsed(body)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter().map(strict::read).collect()
}

/// A misspelt route would wait, or fail to fail, for ever.
fn known_route(route: &str) -> Result<(), String> {
    let verb_of_all = route.strip_suffix('*').is_some_and(|verb| {
        ["", "GET ", "HEAD ", "POST ", "PATCH ", "PUT ", "DELETE ", "WRITE "].contains(&verb)
    });
    let named = routes::all().any(|known| known.name == route);
    let unrouted = route.split_once(' ').is_some_and(|(verb, _)| routes::unrouted(verb) == route);
    if verb_of_all || named || unrouted {
        return Ok(());
    }
    let names: Vec<&str> = routes::all().map(|known| known.name).collect();
    Err(format!(
        "there is no route {route:?}: write *, \"POST *\", \"WRITE *\", or one of {}",
        names.join(", ")
    ))
}

type Pairs = Vec<(String, String)>;

/// The journal's filter in a query, and the parameters that are none of it.
fn filter(query: Option<&str>) -> Result<(Filter, Pairs), String> {
    let mut filter = Filter::default();
    let mut rest = Vec::new();
    for (key, text) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned() {
        match key.as_str() {
            "since" => filter.since = number(&key, &text)?,
            "route" => {
                known_route(&text)?;
                filter.route = Some(text);
            }
            "path" => filter.path = Some(text),
            "status" => filter.status = Some(number(&key, &text)?),
            "committed" => filter.committed = Some(number(&key, &text)?),
            "end" => {
                filter.end =
                    Some(serde_json::from_value(Value::String(text)).map_err(|error| error.to_string())?)
            }
            _ => rest.push((key, text)),
        }
    }
    Ok((filter, rest))
}

fn number<T: std::str::FromStr>(key: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{key}={text} cannot be read"))
}

fn unknown(key: &str) -> String {
    format!("there is no parameter {key}; GET /_simulator lists them")
}

fn none_left(rest: &[(String, String)]) -> Result<(), String> {
    rest.first().map_or(Ok(()), |(key, _)| Err(unknown(key)))
}
