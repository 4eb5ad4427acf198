//! What Chatwoot has, beside what Kubernetes says.

use anyhow::{Context, Result, ensure};
use chatwoot_simulator::State;
use chatwoot_stage::{Kind, Seen};

/// One row for each account and person: object, id in its status, and what Chatwoot has under that id.
///
/// # Errors
/// Chatwoot has nothing under an id.
pub fn side_by_side<'a>(objects: impl Iterator<Item = &'a Seen>, state: &State) -> Result<Vec<Vec<String>>> {
    let mut rows = vec![["KUBERNETES", "STATUS.ID", "CHATWOOT"].map(str::to_owned).to_vec()];
    for object in objects {
        let there = match object.kind {
            Kind::Account => account(object, state),
            Kind::User => person(object, state),
            _ => continue,
        };
        let id = object.id.context("it has no id")?;
        let there = there
            .with_context(|| format!("Chatwoot has nothing for {} {}", object.kind.name(), object.place()))?;
        rows.push(vec![format!("{} {}", object.kind.name(), object.place()), id.to_string(), there]);
    }
    Ok(rows)
}

fn account(object: &Seen, state: &State) -> Option<String> {
    let account = state.account(object.id?)?;
    let members = state.memberships.iter().filter(|row| row.account == account.id).count();
    Some(format!("account {}: {:?}, {members} members", account.id, account.name))
}

fn person(object: &Seen, state: &State) -> Option<String> {
    let user = state.user(object.id?)?;
    let enters = state.memberships.iter().filter(|row| row.user == user.id).map(|row| {
        let role = row.role.map_or_else(|| "no role".to_owned(), |role| format!("{role:?}").to_lowercase());
        format!("{role} of account {}", row.account)
    });
    Some(format!("user {}: {}, {}", user.id, user.email, enters.collect::<Vec<_>>().join(", ")))
}

/// The name of an account.
///
/// # Errors
/// There is no such account.
pub fn name_of(state: &State, id: i64) -> Result<&str> {
    let account = state.account(id).with_context(|| format!("Chatwoot has no account {id}"))?;
    Ok(&account.name)
}

/// Fails unless Chatwoot has exactly one account of each of these names, under the id that the object has.
///
/// # Errors
/// Says which account is missing, doubled or another's.
pub fn exactly_one_each(wanted: &[(String, i64)], state: &State) -> Result<()> {
    for (name, id) in wanted {
        let ids: Vec<i64> =
            state.accounts.iter().filter(|account| account.name == *name).map(|account| account.id).collect();
        ensure!(ids == [*id], "{name:?} should be account {id} and nothing else; Chatwoot has {ids:?}");
    }
    Ok(())
}
