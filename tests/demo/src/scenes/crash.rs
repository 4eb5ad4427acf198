//! Ten creations, and a crash in the middle.

use super::WITHIN;
use crate::chatwoot::exactly_one_each;
use crate::parts::Parts;
use crate::ready::until_ready;
use crate::tell::Tell;
use anyhow::{Context, Result, ensure};
use chatwoot_simulator::{Effect, End, Entry, Fault, Filter, Release, State};
use chatwoot_stage::{Kind, Seen};
use std::fmt::Write as _;

const CREATE: &str = "POST /platform/api/v1/accounts";
const ACCOUNTS: usize = 10;
/// Creations that are answered before answers begin to get lost.
const ANSWERED: u64 = 3;
/// Creations whose answer is lost: as many as the operator has under way at a time.
const LOST: u64 = 4;

/// What came of it.
pub struct Crash {
    pub accounts: usize,
    /// Accounts that Chatwoot has more than before.
    pub made: usize,
}

pub async fn play(tell: &mut Tell, parts: &mut Parts) -> Result<Crash> {
    tell.chapter(
        "Ten creations, and a crash in the middle",
        "Chatwoot cannot be asked twice: each POST makes one more account. So whoever repeats an unanswered one gets eleven.",
    );
    shorten_settling(tell, parts).await?;
    let before = parts.chatwoot.state().await?;
    let seq = parts.chatwoot.last_seq().await?;
    let creates = Filter::route(CREATE).since(seq);

    // Carried out, and the answer is held back: the worst moment there is.
    parts
        .chatwoot
        .add_fault(Fault::always(CREATE, Effect::HangAfterCommit).skipping(ANSWERED).times(LOST))
        .await?;
    parts.cluster.kubectl(["apply", "-f", "-"]).stdin(branches()).run().await?;
    tell.command("kubectl apply -f -   # ten ChatwootAccounts, branch-01 to branch-10", "");
    let carried_out = usize::try_from(ANSWERED + LOST)?;
    let committed = Filter { committed: Some(true), ..creates.clone() };
    parts.seen_by_chatwoot(&committed, carried_out, WITHIN).await?;
    parts.kill_operator().await?;
    let sent = parts.chatwoot.journal(&creates).await?;
    let state = parts.chatwoot.state().await?;
    tell.done("the operator is killed (SIGKILL)");
    tell.note(&format!(
        "At this moment Chatwoot has made {} of the ten, and {} of the answers never arrived.",
        state.accounts.len() - before.accounts.len(),
        sent.iter().filter(|entry| !was_answered(entry)).count(),
    ));

    parts.chatwoot.clear_faults().await?;
    parts.chatwoot.release(Release::drop()).await?;
    let took = parts.start_operator().await?;
    tell.done(&format!("another one is started, and leads after {:.1} s", took.as_secs_f32()));
    tell.note(
        "It looks for the unanswered ones in Chatwoot's list of accounts, which it reads at most every 10 s.",
    );
    let wanted: Vec<_> = (1..=ACCOUNTS).map(|n| (Kind::Account, format!("acme/{}", object(n)))).collect();
    let operator = parts.operator.as_mut().context("the operator does not run")?;
    let seen = until_ready(operator, &parts.client, tell, &wanted, WITHIN).await?;

    let after = parts.chatwoot.state().await?;
    let made = after.accounts.len() - before.accounts.len();
    counted(&seen.values().collect::<Vec<_>>(), &after)?;
    let posts = parts.chatwoot.journal(&creates).await?.len();
    tell.note("");
    tell.table(&[
        row("objects in Kubernetes", ACCOUNTS),
        row("creations sent to Chatwoot", posts),
        row("accounts made in Chatwoot", made),
    ]);
    ensure!(made == ACCOUNTS, "{made} accounts were made for {ACCOUNTS} objects");
    tell.done("ten, not eleven: what had been asked for was found again by the mark it carries");
    Ok(Crash { accounts: ACCOUNTS, made })
}

/// An answer that is lost may come late, so nothing unanswered is judged before twice the time-out and a margin.
async fn shorten_settling(tell: &Tell, parts: &Parts) -> Result<()> {
    let patch = r#"{"spec": {"requestBudget": {"timeout": "5s"}}}"#;
    let call = ["patch", "cwi", "main", "-n", "chatwoot-system", "--type=merge", "-p", patch];
    let printed = parts.cluster.kubectl(call).run().await?;
    tell.command(&format!("kubectl patch cwi main -n chatwoot-system --type=merge -p '{patch}'"), &printed);
    tell.note("Before it repeats a creation that left no trace, the operator waits twice this time-out and a margin.");
    tell.note("By default that is 70 s (2 × 20 s + 30 s). For the demo it is 11 s: 5 s here, and --settle-margin=1s.");
    Ok(())
}

fn was_answered(entry: &Entry) -> bool {
    entry.end == End::Answered
}

fn object(n: usize) -> String {
    format!("branch-{n:02}")
}

fn name(n: usize) -> String {
    format!("Acme Branch {n:02}")
}

fn branches() -> String {
    (1..=ACCOUNTS).fold(String::new(), |mut yaml, n| {
        // Writing into a String does not fail.
        let _ = write!(
            yaml,
            "---\napiVersion: chatwoot.dev/v1alpha1\nkind: ChatwootAccount\n\
             metadata: {{name: {}, namespace: acme}}\n\
             spec: {{instanceRef: {{name: main, namespace: chatwoot-system}}, plan: free, name: {}}}\n",
            object(n),
            name(n)
        );
        yaml
    })
}

fn counted(seen: &[&Seen], state: &State) -> Result<()> {
    let mut wanted = Vec::new();
    for n in 1..=ACCOUNTS {
        let found = seen.iter().find(|seen| seen.name == object(n)).and_then(|seen| seen.id);
        wanted.push((name(n), found.with_context(|| format!("{} has no id", object(n)))?));
    }
    exactly_one_each(&wanted, state)
}

fn row(what: &str, count: usize) -> Vec<String> {
    vec![what.to_owned(), count.to_string()]
}
