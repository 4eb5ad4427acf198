//! A grant's suspension, and the state an account returns to when it is lifted.

use super::{Asked, Scope};
use crate::{api::account::State, chatwoot::types::AccountState, plan::grants::Suspension};

/// The state an account should have; `None`: not ours to say.
pub(super) fn state(asked: &Asked) -> Option<AccountState> {
    let own = match asked.scope {
        Scope::Everything => asked.spec.state,
        // Lifting a suspension must not override what the tenant may say; otherwise the field rests.
        Scope::Resting => asked.spec.state.filter(|_| asked.before.is_some()),
        Scope::Sold | Scope::Frozen => None,
    };
    match asked.suspension {
        Suspension::Yes => Some(AccountState::Suspended),
        Suspension::Unknown if asked.before.is_some() => None,
        Suspension::No | Suspension::Unknown if asked.scope == Scope::Frozen => None,
        Suspension::No | Suspension::Unknown => own.or(asked.before).map(spoken),
    }
}

/// What `status.stateBefore` should be while an account with state `remote` is looked at: the state to return to, there
/// exactly while `status.suspendedBy` is.
///
/// Written before the suspension is sent, so that it cannot be lost; and dropped after its lifting was sent. Somebody
/// who makes the account active meanwhile is overruled, but has changed what it returns to.
pub fn state_before(asked: &Asked, remote: AccountState) -> Option<State> {
    let frozen = asked.scope == Scope::Frozen || (asked.spec.plan.is_some() && asked.plan.is_none());
    match asked.suspension {
        Suspension::Yes if remote == AccountState::Suspended => asked.before.or(Some(State::Suspended)),
        Suspension::Yes => Some(State::Active),
        Suspension::Unknown => asked.before,
        Suspension::No if frozen => asked.before,
        Suspension::No => None,
    }
}

fn spoken(state: State) -> AccountState {
    match state {
        State::Active => AccountState::Active,
        State::Suspended => AccountState::Suspended,
    }
}
