//! Consent that an account's owner has taken back holds whatever the joining tenant's own resource says. Pausing it, only
//! observing, or asking for something that is refused must be no way to stay.

use super::*;

/// What is done about memberships that their accounts no longer consent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Entries of `status.memberships`, each in place of the one of its key.
    pub entries: Vec<MembershipStatus>,
    /// Accounts to leave now.
    pub leave: Vec<AccountId>,
    /// When (on the clock of [`Facts`]) something that is only waited for will be over.
    pub wake: Option<Duration>,
}

/// Whether any account has taken back the role that was made there.
pub fn any_withdrawn<'a>(
    wishes: impl IntoIterator<Item = &'a Declared>,
    recorded: &[MembershipStatus],
) -> bool {
    wishes.into_iter().any(|wish| wish.overreach(recorded).is_some())
}

/// What to do about those. [`Facts::declared`] also names what is only recorded any more, or leaving a membership out of
/// a paused spec would hide it from here.
pub fn withdrawn(facts: &Facts, memory: &Memory) -> Withdrawn {
    let mut draft = Draft::new(facts, memory, BTreeSet::new());
    let mut entries = Vec::new();
    for wish in facts.declared {
        let Some(made) = wish.overreach(facts.recorded) else { continue };
        let entry = draft.end(made, facts.withdrawn_for, Some(reason::NOT_GRANTED));
        entries.push(entry.unwrap_or_else(|| wish.refused()));
    }
    let leave = draft.plan.calls.iter().map(|call| match call {
        Call::Join { account, .. } | Call::Leave { account, .. } => *account,
    });
    Withdrawn { entries, leave: leave.collect(), wake: draft.plan.wake }
}

impl Declared {
    /// What was made and is in a role that the account does not consent to.
    pub(super) fn overreach<'a>(&self, recorded: &'a [MembershipStatus]) -> Option<&'a MembershipStatus> {
        let Target::There { consent, .. } = self.target else { return None };
        let made = record_of(recorded, &self.key()).filter(|made| made.account_id.is_some())?;
        (consent.to(made.role) == Some(false)).then_some(made)
    }
}
