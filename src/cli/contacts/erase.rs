//! A request for erasure: somebody's data in every account.

mod accounts;
mod person;
mod rows;

use crate::{
    cli::{
        cluster::Cluster,
        exit,
        inside::rows::{Format, Rows},
        installed::OperatorFlags,
        output::harmless,
    },
    runtime::flags::{ObjectName, duration},
};
use accounts::{Accounts, Place};
use anyhow::{Context, Result, bail};
use futures::{StreamExt, stream};
use person::Found;
use rows::{COLUMNS, Row};
use std::{io, time::Duration};
use tokio::time::Instant;

/// Accounts that are looked into at once; an instance's requestBudget.inFlight by default.
const AT_ONCE: usize = 4;
/// How often is said how far it is, in accounts.
const TELLS: usize = 50;

#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes: 0 nobody with the address is left; 2 somebody would be deleted (--dry-run), or Chatwoot had not removed all \
conversations when the time was over; 1 error, an account could not be looked into, or somebody was not deleted.")]
pub struct Options {
    /// Whom: exactly this e-mail address, in small letters or capitals
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    email: String,

    /// In the accounts of all ChatwootAccounts that the operator serves
    #[arg(long, required = true)]
    all_accounts: bool,

    /// Say who would be deleted, and do nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    /// How long to wait until Chatwoot has removed the conversations
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    timeout: Duration,

    /// Secret with an administrator's token, for accounts without an automation user; otherwise it is the environment's CHATWOOT_TOKEN
    #[arg(long, value_name = "NAMESPACE/NAME")]
    credentials: Option<ObjectName>,

    #[command(flatten)]
    operator: OperatorFlags,

    #[command(flatten)]
    cluster: Cluster,

    #[command(flatten)]
    rows: Rows,
}

/// Whether it is one Chatwoot has to say; here it must only be something to look for.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim().to_lowercase();
    let parts = text.split_once('@').filter(|(user, domain)| !user.is_empty() && !domain.is_empty());
    match parts {
        Some(_) if !text.chars().any(char::is_whitespace) => Ok(text),
        _ => Err("write the whole e-mail address, such as carol@customers.example".to_owned()),
    }
}

/// What looking into an account has found.
struct Looked {
    place: Place,
    found: Result<(crate::chatwoot::application::Account, Vec<Found>), String>,
}

pub async fn run(options: Options) -> Result<u8> {
    let client = options.cluster.read_only().await?;
    let installed = options.operator.resolve(&client).await?;
    let accounts = Accounts::new(&client, &installed, &options.cluster, options.credentials.as_ref()).await?;
    let places = accounts.list(&client, &installed.scope).await?;
    let looked = look(&accounts, places, &options.email).await;

    let missed = looked.iter().filter(|one| one.found.is_err()).count();
    let there = |one: &Looked| one.found.as_ref().map_or(0, |(_, found)| found.len());
    let count: usize = looked.iter().map(there).sum();
    eprintln!(
        "looked into {} of {} accounts; {count} contacts have the address {}",
        looked.len() - missed,
        looked.len(),
        harmless(&options.email)
    );
    if options.dry_run || count == 0 {
        print(&options, looked.iter().flat_map(Row::would_go).collect()).await?;
        return Ok(match (missed, count) {
            (0, 0) => exit::FINE,
            (0, _) => exit::SOMETHING,
            _ => exit::ERROR,
        });
    }
    if !options.yes {
        ask(&looked, &options.email)?;
    }
    let until = Instant::now() + options.timeout;
    let mut rows = Vec::new();
    for one in looked {
        let Looked { place, found } = one;
        match found {
            Err(why) => rows.push(Row::missed(&place, &why)),
            Ok((_, found)) if found.is_empty() => rows.push(Row::nobody(&place)),
            Ok((account, found)) => {
                for found in found {
                    eprintln!("deleting contact {} of {}", found.contact.id, place.name);
                    let became = person::erase(&account, &found, until).await;
                    rows.push(Row::erased(&place, &found, became));
                }
            }
        }
    }
    let worst = rows.iter().map(Row::code).max_by_key(|code| match *code {
        exit::FINE => 0,
        exit::SOMETHING => 1,
        _ => 2,
    });
    print(&options, rows).await?;
    Ok(worst.unwrap_or(exit::FINE))
}

async fn look(accounts: &Accounts, places: Vec<Place>, email: &str) -> Vec<Looked> {
    let all = places.len();
    let mut looks = stream::iter(places)
        .map(|place| async move {
            let found = match accounts.open(&place).await {
                Ok(account) => person::find(&account, email).await.map(|found| (account, found)),
                Err(why) => Err(why),
            };
            Looked { place, found }
        })
        .buffered(AT_ONCE);
    let mut looked = Vec::new();
    while let Some(one) = looks.next().await {
        looked.push(one);
        if looked.len() % TELLS == 0 {
            eprintln!("{} of {all} accounts looked into", looked.len());
        }
    }
    looked
}

fn ask(looked: &[Looked], email: &str) -> Result<()> {
    for row in looked.iter().flat_map(Row::would_go).filter(Row::is_worth_a_line) {
        eprintln!("{}", harmless(&row.sentence()));
    }
    eprintln!("All of this will be deleted for good, with all conversations. Type yes to go on:");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("the answer could not be read")?;
    if answer.trim() != "yes" {
        bail!("nobody with the address {email} was deleted; only yes, or --yes, does it");
    }
    Ok(())
}

/// Accounts in which nobody was found stand in what scripts read: they are the proof that they were looked into.
async fn print(options: &Options, mut rows: Vec<Row>) -> Result<()> {
    if options.rows.format == Format::Table {
        rows.retain(Row::is_worth_a_line);
    }
    let rows = stream::iter(rows.into_iter().map(Ok));
    options.rows.print(rows, None, COLUMNS, COLUMNS.len()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_whole_and_without_regard_to_case() {
        assert_eq!(address(" Carol@Customers.Example "), Ok("carol@customers.example".to_owned()));
        for wrong in ["", "carol", "@customers.example", "carol@", "carol @customers.example"] {
            assert!(address(wrong).unwrap_err().contains("whole e-mail address"), "{wrong}");
        }
    }
}
