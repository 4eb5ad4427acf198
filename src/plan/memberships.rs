//! A user's memberships: which to make, which to take back, and how each stands.
//!
//! A membership is ours once it is recorded with the account's id, which happens before it is made. Only what is ours is
//! ever taken back; one that was there before and that nobody declared stays.

#[cfg(test)]
mod tests;
mod withdrawn;

pub use withdrawn::{Withdrawn, any_withdrawn, withdrawn};

use super::consent::Consent;
use crate::{
    api::{
        common::Role,
        conditions::reason,
        user::{MembershipState, MembershipStatus},
    },
    chatwoot::types::{AccountId, Belonging, MemberRole},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How long consent must have been withdrawn before a membership is taken back, unless a test says otherwise. Removal
/// costs the person their teams and inboxes (chatwoot-api P5), and a manifest that is replaced may miss its consent for a
/// moment.
pub const WITHDRAWN_FOR: Duration = Duration::from_secs(60);

/// A membership of the spec, with what is known about its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Namespace of the account's resource; "" for the user's own.
    pub namespace: String,
    pub account: String,
    pub role: Role,
    pub target: Target,
}

/// What is known about the account of a declared membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Its resource is there. `id`: what it is bound to, on the same instance, unless that is itself not owned, not
    /// permitted or gone.
    There { id: Option<AccountId>, consent: Consent },
    /// There is no such resource.
    Absent,
    /// It cannot be read: nothing is made and nothing taken back.
    Unreadable,
}

/// Names a membership: namespace and name of the account's resource, as the spec writes them.
pub type Key = (String, String);

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Makes the membership, or gives it another role: an upsert, never a removal first (chatwoot-api P5).
    Join { key: Key, account: AccountId, role: MemberRole },
    /// Takes it back.
    Leave { key: Key, account: AccountId },
}

/// What there is to do, and how everything stands until it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// `status.memberships`.
    pub entries: Vec<MembershipStatus>,
    /// `entries` must be stored before any of `calls`: some of them make what is not recorded yet.
    pub record_first: bool,
    /// What to do, in this order. One that fails does not hold up the others.
    pub calls: Vec<Call>,
    /// The worst reason among `entries`, a reason of the Ready condition; `None` where all is well.
    pub worst: Option<&'static str>,
    /// When (on the clock of [`Facts`]) something that is only waited for will be over.
    pub wake: Option<Duration>,
}

/// What this process remembers of a person's memberships between passes, from when it took the lead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// When this process first looked: the one before it may have sent something until then.
    first_look: Option<Duration>,
    /// Since when recorded ones have been seen not wanted, by the account's resource and id.
    unwanted: BTreeMap<(Key, AccountId), Duration>,
    /// When requests to join an account were last sent: one whose answer is lost may arrive late, even after one that
    /// was sent later.
    sent: Vec<(AccountId, Duration)>,
    /// Those of them whose answer was lost, or may have been by the process before this one.
    unanswered: BTreeMap<AccountId, Duration>,
    /// When a request to make the person was last sent while the answer to one was missing: it may arrive late, and then
    /// make them once more after they were destroyed.
    making: Option<Duration>,
}

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub declared: &'a [Declared],
    /// `status.memberships`.
    pub recorded: &'a [MembershipStatus],
    /// The accounts the person is in, read in this pass.
    pub belongings: &'a [Belonging],
    /// Monotonic time since this process began.
    pub clock: Duration,
    /// How long a request whose answer was lost may still be under way.
    pub settle: Duration,
    /// How long consent must have been withdrawn: [`WITHDRAWN_FOR`].
    pub withdrawn_for: Duration,
}

impl Memory {
    /// Looks at the memberships. Whatever is wanted, or cannot be told, begins anew.
    pub fn observe(&mut self, facts: &Facts) {
        let unwanted: BTreeSet<_> =
            facts.recorded.iter().filter_map(|record| facts.unwanted(record)).collect();
        self.unwanted.retain(|membership, _| unwanted.contains(membership));
        for membership in unwanted {
            self.unwanted.entry(membership).or_insert(facts.clock);
        }
        if self.first_look.is_none() {
            // What is recorded as made was answered; of anything else the process before this one may have learned nothing.
            let doubted = facts.recorded.iter().filter(|record| record.state != MembershipState::Granted);
            let doubted = doubted.filter_map(|record| record.account_id.map(AccountId));
            self.unanswered.extend(doubted.map(|id| (id, facts.clock)));
        }
        self.sent.retain(|(_, at)| facts.clock < *at + facts.settle);
        self.unanswered.retain(|_, at| facts.clock < *at + facts.settle);
        self.making = self.making.filter(|at| facts.clock < *at + facts.settle);
        self.first_look.get_or_insert(facts.clock);
    }

    /// A request to make the person was sent, at `clock`, and one that was not answered may be under way.
    pub fn request_to_make_them(&mut self, clock: Duration) {
        self.making = Some(clock);
    }

    /// Until when such a request may still be under way.
    pub fn made_again_until(&self, clock: Duration, settle: Duration) -> Option<Duration> {
        self.making.map(|at| at + settle).filter(|until| clock < *until)
    }

    /// A request to join `account` was sent, at `clock`. `answered`: Chatwoot said what became of it.
    pub fn sent(&mut self, account: AccountId, clock: Duration, answered: bool) {
        self.sent.retain(|(to, _)| *to != account);
        self.sent.push((account, clock));
        if !answered {
            self.unanswered.insert(account, clock);
        }
    }
}

impl Facts<'_> {
    fn unwanted(&self, record: &MembershipStatus) -> Option<(Key, AccountId)> {
        let id = AccountId(record.account_id?);
        let key = key_of(record);
        let wanted = match self.declared.iter().find(|wish| wish.key() == key) {
            None => false,
            Some(wish) if wish.overreach(self.recorded).is_some() => false,
            Some(wish) => match wish.target {
                Target::Absent | Target::Unreadable | Target::There { id: None, .. } => true,
                Target::There { id: Some(now), .. } => now == id,
            },
        };
        (!wanted).then_some((key, id))
    }

    fn belongs(&self, id: AccountId) -> bool {
        self.belongings.iter().any(|belonging| belonging.account == id)
    }

    /// Accounts that the entry of some declared membership will stand for in any case: no other entry takes the person
    /// out of them, or need remember them. One that is still to move from another id is no such case.
    fn spoken_for(&self) -> BTreeSet<AccountId> {
        let mut accounts = BTreeSet::new();
        for wish in self.declared {
            let record = record_of(self.recorded, &wish.key());
            let recorded = record.and_then(|record| record.account_id).map(AccountId);
            match wish.target {
                Target::There { id: Some(id), consent } if consent.to(wish.role) == Some(true) => {
                    accounts.extend(recorded.is_none_or(|earlier| earlier == id).then_some(id));
                }
                _ if wish.withdrawn(record) => {}
                _ => accounts.extend(recorded),
            }
        }
        accounts
    }
}

/// What to do about a person's memberships.
pub fn plan(facts: &Facts, memory: &Memory) -> Plan {
    let spoken_for = facts.spoken_for();
    let mut draft = Draft::new(facts, memory, spoken_for);
    for wish in facts.declared {
        let entry = draft.wish(wish, record_of(facts.recorded, &wish.key()));
        draft.plan.entries.push(entry);
    }
    let declared: BTreeSet<Key> = facts.declared.iter().map(Declared::key).collect();
    for record in facts.recorded.iter().filter(|record| !declared.contains(&key_of(record))) {
        // What is only remembered for a while longer is nothing anybody waits for.
        let there = record.account_id.is_some_and(|id| facts.belongs(AccountId(id)));
        let entry = draft.end(record, Duration::ZERO, there.then_some(reason::PROGRESSING));
        draft.plan.entries.extend(entry);
    }
    draft.finish()
}

/// The accounts that the deletion of a user takes back: the recorded ones the person is in. The recorded id suffices,
/// whatever became of the account's resource.
pub fn to_take_back(recorded: &[MembershipStatus], belongings: &[Belonging]) -> BTreeSet<AccountId> {
    let ours = recorded_accounts(recorded);
    belongings.iter().map(|belonging| belonging.account).filter(|id| ours.contains(id)).collect()
}

/// Until when a request whose answer was lost, of this process or of the one before it, may still make a recorded
/// membership; `None`: nothing is under way.
pub fn under_way_until(facts: &Facts, memory: &Memory) -> Option<Duration> {
    let recorded = recorded_accounts(facts.recorded);
    let unanswered = memory.unanswered.iter().filter(|(id, _)| recorded.contains(id));
    unanswered.map(|(_, at)| *at + facts.settle).filter(|until| facts.clock < *until).max()
}

/// Whether a person is in no account but recorded ones, so that destroying them takes nobody else's colleague.
pub fn only_ours(recorded: &[MembershipStatus], belongings: &[Belonging]) -> bool {
    let ours = recorded_accounts(recorded);
    belongings.iter().all(|belonging| ours.contains(&belonging.account))
}

/// Chatwoot's word for a role.
pub fn member_role(role: Role) -> MemberRole {
    match role {
        Role::Agent => MemberRole::Agent,
        Role::Administrator => MemberRole::Administrator,
    }
}

impl Declared {
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.account.clone())
    }

    /// The account wants neither this nor the role that was made.
    fn withdrawn(&self, record: Option<&MembershipStatus>) -> bool {
        let Target::There { consent, .. } = self.target else { return false };
        let made = record.filter(|record| record.account_id.is_some());
        made.is_some_and(|made| consent.to(self.role) == Some(false) && consent.to(made.role) == Some(false))
    }

    fn entry(&self, id: Option<AccountId>, state: MembershipState, why: Option<&str>) -> MembershipStatus {
        MembershipStatus {
            namespace: self.namespace.clone(),
            account: self.account.clone(),
            account_id: id.map(|id| id.0),
            role: self.role,
            state,
            reason: why.map(str::to_owned),
        }
    }

    fn waiting(&self) -> MembershipStatus {
        self.entry(None, MembershipState::Pending, Some(reason::WAITING_FOR_ACCOUNT))
    }

    /// No consent and no such account read the same.
    fn refused(&self) -> MembershipStatus {
        self.entry(None, MembershipState::Refused, Some(reason::NOT_GRANTED))
    }
}

struct Draft<'a> {
    facts: &'a Facts<'a>,
    memory: &'a Memory,
    spoken_for: BTreeSet<AccountId>,
    /// Accounts an entry makes the person a member of: a second one must not quarrel over the role there.
    joined: BTreeSet<AccountId>,
    plan: Plan,
}

impl<'a> Draft<'a> {
    fn new(facts: &'a Facts<'a>, memory: &'a Memory, spoken_for: BTreeSet<AccountId>) -> Self {
        Self { facts, memory, spoken_for, joined: BTreeSet::new(), plan: Plan::default() }
    }

    fn wish(&mut self, wish: &Declared, record: Option<&MembershipStatus>) -> MembershipStatus {
        let made = record.filter(|record| record.account_id.is_some());
        let (id, consent) = match wish.target {
            Target::Unreadable => return record.cloned().unwrap_or_else(|| wish.refused()),
            Target::Absent => {
                return made.map_or_else(|| wish.refused(), |made| self.left(made, reason::ACCOUNT_GONE));
            }
            Target::There { id, consent } => (id, consent),
        };
        match (consent.to(wish.role), id, made) {
            (None, ..) => record.cloned().unwrap_or_else(|| wish.refused()),
            (Some(true), Some(id), _) => self.join(wish, id, made),
            (Some(true), None, Some(made)) => self.left(made, reason::WAITING_FOR_ACCOUNT),
            (Some(true), None, None) => wish.waiting(),
            (Some(false), _, None) => wish.refused(),
            (Some(false), _, Some(made)) if wish.withdrawn(record) => self
                .end(made, self.facts.withdrawn_for, Some(reason::NOT_GRANTED))
                .unwrap_or_else(|| wish.refused()),
            // The role asked for is refused; the one that was made before still has consent.
            (Some(false), _, Some(made)) => told(made, MembershipState::Refused, reason::NOT_GRANTED),
        }
    }

    fn join(&mut self, wish: &Declared, id: AccountId, made: Option<&MembershipStatus>) -> MembershipStatus {
        // One entry remembers one id: an earlier membership ends before the new one is recorded.
        let earlier = made.filter(|made| made.account_id != Some(id.0));
        if let Some(ending) =
            earlier.and_then(|made| self.end(made, Duration::ZERO, Some(reason::PROGRESSING)))
        {
            return ending;
        }
        if !self.joined.insert(id) {
            return wish.waiting();
        }
        let role = member_role(wish.role);
        let has = self.facts.belongings.iter().find(|belonging| belonging.account == id);
        if has.is_some_and(|has| has.role == Some(role)) {
            return wish.entry(Some(id), MembershipState::Granted, None);
        }
        // One that vanished behind our back is recorded again before it is made again: a deletion that meets it as Granted
        // would not wait for a request under way.
        let told = |made: &MembershipStatus| {
            made.account_id == Some(id.0) && (has.is_some() || made.state != MembershipState::Granted)
        };
        self.plan.record_first |= !made.is_some_and(told);
        self.plan.calls.push(Call::Join { key: wish.key(), account: id, role });
        wish.entry(Some(id), MembershipState::Pending, Some(reason::PROGRESSING))
    }

    /// Takes a recorded membership back once it has not been wanted for `patience`. `None`: it has ended and can be
    /// forgotten.
    fn end(
        &mut self,
        made: &MembershipStatus,
        patience: Duration,
        why: Option<&str>,
    ) -> Option<MembershipStatus> {
        let Facts { clock, settle, .. } = *self.facts;
        let id = AccountId(made.account_id?);
        if self.spoken_for.contains(&id) {
            return None;
        }
        let membership = (key_of(made), id);
        let since = self.memory.unwanted.get(&membership).copied().unwrap_or(clock);
        let belongs = self.facts.belongs(id);
        // A request to make it may still be under way, sent by this process or by the one before it, and would then make
        // what nobody remembers. So it is remembered until that is over, and looked for once more.
        let sent = self.memory.sent.iter().find(|(to, _)| *to == id).map(|(_, at)| *at);
        let quiet_at = sent.max(self.memory.first_look).unwrap_or(clock) + settle;
        let over_at = if belongs { since + patience } else { quiet_at.max(since + patience) };
        match (clock < over_at, belongs) {
            (true, _) => self.plan.wake = Some(self.plan.wake.map_or(over_at, |wake| wake.min(over_at))),
            (false, true) => self.plan.calls.push(Call::Leave { key: membership.0, account: id }),
            (false, false) => return None,
        }
        let state = MembershipState::Revoking;
        Some(MembershipStatus { state, reason: why.map(str::to_owned), ..made.clone() })
    }

    /// Nothing is done about it, and it stays ours.
    fn left(&self, made: &MembershipStatus, why: &str) -> MembershipStatus {
        let there = made.account_id.is_some_and(|id| self.facts.belongs(AccountId(id)));
        told(made, if there { MembershipState::Granted } else { made.state }, why)
    }

    fn finish(self) -> Plan {
        let reasons: BTreeSet<&str> =
            self.plan.entries.iter().filter_map(|entry| entry.reason.as_deref()).collect();
        let worst = WORST_FIRST.into_iter().find(|reason| reasons.contains(reason));
        Plan { worst, ..self.plan }
    }
}

/// Reasons a membership can have.
const WORST_FIRST: [&str; 4] =
    [reason::NOT_GRANTED, reason::ACCOUNT_GONE, reason::WAITING_FOR_ACCOUNT, reason::PROGRESSING];

fn told(made: &MembershipStatus, state: MembershipState, why: &str) -> MembershipStatus {
    MembershipStatus { state, reason: Some(why.to_owned()), ..made.clone() }
}

fn key_of(record: &MembershipStatus) -> Key {
    (record.namespace.clone(), record.account.clone())
}

fn record_of<'a>(recorded: &'a [MembershipStatus], key: &Key) -> Option<&'a MembershipStatus> {
    recorded.iter().find(|record| record.namespace == key.0 && record.account == key.1)
}

fn recorded_accounts(recorded: &[MembershipStatus]) -> BTreeSet<AccountId> {
    recorded.iter().filter_map(|record| record.account_id).map(AccountId).collect()
}
