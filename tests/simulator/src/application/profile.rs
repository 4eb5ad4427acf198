//! `/api/v1/profile`: the caller themselves, whatever has become of their accounts (chatwoot-api §3.1).

use super::{Visit, views};
use crate::{
    model::{World, secrets},
    reply::{Refusal, Reply},
};

pub fn show(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let user = visit.user().and_then(|user| world.users.get(&user)).ok_or(Refusal::CRASH)?;
    Ok(Reply::view(&views::people::profile(world, user)?))
}

/// The token that was used is dead when this answers.
pub fn reset_access_token(world: &mut World, visit: &Visit) -> Result<Reply, Refusal> {
    let user = visit.user().and_then(|user| world.users.get_mut(&user)).ok_or(Refusal::CRASH)?;
    user.access_token = Some(secrets::token());
    show(world, visit).map(Reply::wrote)
}
