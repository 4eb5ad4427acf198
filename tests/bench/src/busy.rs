//! W4: how long somebody waits who applies one object after another while much else goes on.

use crate::{
    arena::Arena,
    calls::Calls,
    change::{create, rename},
    figures::{Aim, Section, count, seconds},
    objects,
    spread::Spread,
};
use anyhow::{Context, Result, anyhow, bail};
use chatwoot_stage::{Kind, News, Seen};
use control_plane::Supervised;
use kube::Client;
use serde::Serialize;
use std::{
    future::Future,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// New objects; one in twenty is an account.
const NEW: usize = 200;
const ACCOUNTS_AMONG_THEM: usize = 10;
/// What the other tenant changes, again and again until the measurement is over.
const CHANGES: usize = 1000;
const HANDS: usize = 8;
/// An account waits for the account index, which is asked once in ten seconds; nothing else takes so long.
const STUCK_AFTER: Duration = Duration::from_secs(120);

#[derive(Debug, Serialize)]
pub struct Busy {
    /// While `reconcile --all` runs.
    pub rechecks: New,
    /// While another tenant changes a thousand objects.
    pub changes: New,
}

/// How long new objects took, from the answer to their apply until the watch said Ready, while something else went on.
#[derive(Debug, Serialize)]
pub struct New {
    pub people: usize,
    pub people_ready: Spread,
    pub accounts: usize,
    pub accounts_ready: Spread,
    /// How much of the something else there was: objects looked at again, or changed.
    pub meanwhile: usize,
    pub calls: Calls,
}

/// # Errors
/// An object does not become Ready, or the operator ends.
pub async fn measure(arena: &mut Arena<'_>) -> Result<Busy> {
    eprintln!("  while everything is looked at again");
    let rechecks = while_everything_is_looked_at(arena).await?;
    eprintln!("  while another tenant changes 1,000 objects");
    let changes = while_a_tenant_changes_much(arena).await?;
    Ok(Busy { rechecks, changes })
}

async fn while_everything_is_looked_at(arena: &mut Arena<'_>) -> Result<New> {
    let (program, kubeconfig) = (arena.launch.program.clone(), arena.cluster.kubeconfig());
    let log = arena.cluster.dir().join("logs/reconcile.log");
    let again_and_again = async {
        loop {
            let mut command = Command::new(&program);
            command
                .args(["reconcile", "user", "--all", "--per-second", "1000"])
                .env("KUBECONFIG", &kubeconfig);
            let mut run = Supervised::start(&command, &log)?;
            while run.ended()?.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let mut new = beside(arena, 0, again_and_again).await?;
    let looks = new.calls.by_route.get("GET /platform/api/v1/users/:id").copied().unwrap_or_default();
    new.meanwhile = usize::try_from(looks)?;
    Ok(new)
}

async fn while_a_tenant_changes_much(arena: &mut Arena<'_>) -> Result<New> {
    let client = arena.cluster.client()?;
    // The first tenant's; those who are measured are the last one.
    let theirs: Vec<Seen> =
        arena.objects.iter().filter(|object| object.namespace == objects::tenant(0)).cloned().collect();
    let changed = AtomicUsize::new(0);
    let most = arena.scaled(CHANGES, HANDS);
    let hand = |number: usize| {
        let (client, theirs, changed) = (&client, &theirs, &changed);
        async move {
            for (round, object) in theirs.iter().cycle().enumerate().skip(number).step_by(HANDS) {
                rename(client, object, &objects::new_name(object, round)).await?;
                // A thousand at once, and then as many as keep the line from running empty.
                if changed.fetch_add(1, Ordering::Relaxed) > most {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            Err::<(), _>(anyhow!("there is nobody to change anything"))
        }
    };
    let all_hands = async {
        let hands: Vec<_> = (0..HANDS).map(hand).collect();
        futures::future::try_join_all(hands).await?;
        Ok(())
    };
    let mut new = beside(arena, 1, all_hands).await?;
    new.meanwhile = changed.load(Ordering::Relaxed);
    Ok(new)
}

/// Applies new people one by one, and new accounts one by one, while `meanwhile` goes on, which never ends well.
async fn beside(
    arena: &mut Arena<'_>,
    round: usize,
    meanwhile: impl Future<Output = Result<()>>,
) -> Result<New> {
    let client = arena.cluster.client()?;
    let accounts = arena.scaled(ACCOUNTS_AMONG_THEM, 2);
    let people = arena.scaled(NEW - ACCOUNTS_AMONG_THEM, 4);
    arena.journal.news().await?;
    let measured = async {
        // The quiet tenant's own where there is one; at a small scale nobody's.
        let accounts_there = || arena.objects.iter().filter(|seen| seen.kind == Kind::Account);
        let own = accounts_there().find(|seen| seen.namespace == objects::newcomers());
        let known = own.or(accounts_there().next()).context("there is no account")?;
        tokio::try_join!(
            one_by_one(&client, Kind::User, (0..people).map(|at| objects::newcomer(known, round, at))),
            one_by_one(&client, Kind::Account, (0..accounts).map(|at| objects::new_account(round, at))),
        )
    };
    let (people_took, accounts_took) = tokio::select! {
        took = measured => took?,
        ended = meanwhile => { ended?; bail!("what was to go on meanwhile ended") }
        error = arena.operator.died() => return Err(error),
    };
    Ok(New {
        people,
        people_ready: Spread::of(people_took.into_iter()),
        accounts,
        accounts_ready: Spread::of(accounts_took.into_iter()),
        meanwhile: 0,
        calls: Calls::of(&arena.journal.news().await?),
    })
}

/// Applies each when the one before is Ready.
async fn one_by_one(
    client: &Client,
    kind: Kind,
    new: impl Iterator<Item = (Kind, serde_json::Value)>,
) -> Result<Vec<Duration>> {
    let mut news = News::of(client, &[kind]);
    let mut took = Vec::new();
    for object in new {
        let uid = create(client, object).await?;
        let applied = Instant::now();
        let ready = async {
            loop {
                let seen = news.next().await;
                if seen.uid == uid && seen.is_ready() {
                    return;
                }
            }
        };
        if tokio::time::timeout(STUCK_AFTER, ready).await.is_err() {
            bail!("a new {} was not Ready after {STUCK_AFTER:?}", kind.name());
        }
        took.push(applied.elapsed());
    }
    Ok(took)
}

impl Busy {
    pub fn aims(&self) -> Vec<Aim> {
        let Self { rechecks, changes } = self;
        vec![
            Aim::new("W4  rechecks: looked at meanwhile", count(rechecks.meanwhile), None, ""),
            Aim::new("W4  rechecks: new person, p50", seconds(rechecks.people_ready.p50_ms), None, "s"),
            Aim::new("W4  rechecks: new person, p99", seconds(rechecks.people_ready.p99_ms), 1.0, "s"),
            Aim::new("W4  rechecks: new account, p50", seconds(rechecks.accounts_ready.p50_ms), None, "s"),
            Aim::new("W4  rechecks: new account, p99", seconds(rechecks.accounts_ready.p99_ms), LONGEST, "s"),
            Aim::new("W4  noisy tenant: changes meanwhile", count(changes.meanwhile), None, ""),
            Aim::new("W4  noisy tenant: new person, p50", seconds(changes.people_ready.p50_ms), None, "s"),
            Aim::new("W4  noisy tenant: new person, p99", seconds(changes.people_ready.p99_ms), 1.0, "s"),
            Aim::new("W4  noisy tenant: new account, p50", seconds(changes.accounts_ready.p50_ms), None, "s"),
            Aim::new(
                "W4  noisy tenant: new account, p99",
                seconds(changes.accounts_ready.p99_ms),
                LONGEST,
                "s",
            ),
        ]
    }

    pub fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section::new("W4, calls while everything was looked at again", &self.rechecks.calls.by_route),
            Section::new("W4, calls while another tenant changed much", &self.changes.calls.by_route),
        ]
    }
}

/// Accounts that are applied one after another: the first five find the index at once, and then it may be asked once in
/// ten seconds. The next one then comes a moment after, and waits for nearly all of them.
const LONGEST: f64 = 11.0;
