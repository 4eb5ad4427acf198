//! An account's resource with everything around its create: verifying, stamping, patching, adopting, deciding, deleting
//! with each policy, and what the conditions say.

pub mod around;
pub mod facts;
pub mod hands;
pub mod mutants;
pub mod nonces;
pub mod promises;
pub mod users;

use crate::{
    bounds::Trouble,
    resource::{How, Kind, Next, Object, Pass, Sort, State, Turn, step},
};
use around::{ADOPTABLE, Around, Marked};
use chatwoot_operator::{
    api::account::{AccountDeletionPolicy as Policy, AccountStatus},
    plan::{
        Moment,
        account::{Effect, Facts, Lesson, Tag},
        create::{self, Answer, Choice},
    },
};
use jiff::Timestamp;
use mutants::Mutant;
use promises::Violation;

/// The account's kind, as production runs it or with one fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tenant {
    pub mutant: Option<Mutant>,
    pub policy: Policy,
    /// The account has content, so the operator keeps a user of its own in it.
    pub content: bool,
}

/// What people vary of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub policy: Policy,
    pub adopt: bool,
    /// The resolve annotation.
    pub answer: Option<Answer>,
}

/// What people do, beyond applying and deleting.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    Switch(Policy),
    Adopt,
    Decide(Choice),
    SetIndex(bool),
    /// The marker of every account of ours becomes this.
    Mark(Marked),
    /// Every account of ours is destroyed.
    Destroy,
}

/// What the hands of a pass have read last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    pub seen: Option<(i64, Marked)>,
    /// The operator's own user.
    pub user: Option<(i64, Marked)>,
}

/// What a process remembers, and whether it has seen the object at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    pub known: bool,
    pub create: create::Memory,
}

impl Kind for Tenant {
    type Machine = Facts;
    type Spec = Order;
    type Status = AccountStatus;
    type Chatwoot = Around;
    type Memory = Memory;
    type Held = Held;
    type Deed = Deed;
    type Violation = Violation;

    fn endless() -> Violation {
        Violation::Endless
    }

    fn restless() -> Violation {
        Violation::Restless
    }

    fn observe(&self, state: &State<Self>, object: &Object<Self>, memory: &Memory) -> Facts {
        let mut facts = facts::observe(self, state, object, memory);
        mutants::begin(self.mutant, &mut facts);
        facts
    }

    fn remember(&self, machine: &Facts) -> Memory {
        Memory { known: true, create: machine.create.memory.clone() }
    }

    fn next(&self, machine: &Facts, at: &Moment) -> Next<Self> {
        mutants::next(self.mutant, machine, at)
    }

    fn learn(&self, machine: &mut Facts, lesson: Lesson) {
        mutants::learn(self.mutant, machine, lesson);
    }

    fn sort(&self, effect: &Effect) -> Sort {
        match effect {
            Effect::AddFinalizer | Effect::DropFinalizer(_) | Effect::Write(..) => Sort::Write,
            Effect::Post { .. } => Sort::Change { late: true },
            Effect::Patch(..) | Effect::Delete(_) => Sort::Change { late: false },
            Effect::Automation(effect) => users::sort(effect),
            Effect::Settings(_) => Sort::Look,
            Effect::AskIndex { .. } | Effect::Get(_) | Effect::Vanished(_) => Sort::Look,
            Effect::ReadBack | Effect::ReportOrphan(_) => Sort::Inside,
        }
    }

    fn act(&self, turn: &mut Turn<'_, Self>, pass: &mut Pass<Self>, effect: Effect, how: How) -> Lesson {
        match mutants::imagines(self.mutant, &effect, &pass.machine) {
            Some(lesson) => lesson,
            None => hands::act(turn, pass, effect, how),
        }
    }

    fn fresh(&self, state: &State<Self>) -> String {
        nonces::fresh(state)
    }

    fn again(&self, state: &State<Self>) -> Object<Self> {
        Object::new(state.chatwoot.lives, Order { policy: self.policy, adopt: false, answer: None })
    }

    fn gone(&self, turn: &mut Turn<'_, Self>, object: &Object<Self>) {
        let unheld = turn.state.stripped;
        let around = &mut turn.state.chatwoot;
        around.lives = object.uid + 1;
        around.unheld |= unheld;
        around.end = Some((object.uid, object.spec.policy, object.status.id));
    }

    fn deeds(&self, state: &State<Self>) -> Vec<(Trouble, Deed)> {
        let around = &state.chatwoot;
        let mut deeds = vec![(Trouble::Index, Deed::SetIndex(!around.index_works))];
        let ours = around.accounts.iter().any(|account| matches!(account.marked, Marked::By(_)));
        if ours {
            deeds.extend(
                [Deed::Mark(Marked::Not), Deed::Mark(Marked::Foreign), Deed::Destroy]
                    .map(|deed| (Trouble::Behind, deed)),
            );
        }
        let Some(object) = &state.object else { return deeds };
        for policy in [Policy::Retain, Policy::Suspend, Policy::Delete] {
            deeds.extend((policy != object.spec.policy).then_some((Trouble::Switch, Deed::Switch(policy))));
        }
        if !object.spec.adopt && object.status.id.is_none() && !object.deleting {
            deeds.push((Trouble::Adopt, Deed::Adopt));
        }
        if let Some(open) = &object.status.decision
            && object.spec.answer.as_ref().is_none_or(|answer| answer.token != open.token)
        {
            let ids = around.accounts.iter().map(|account| Choice::Account(account.id));
            let choices = ids.chain([Choice::Create]);
            deeds.extend(choices.map(|choice| (Trouble::Decide, Deed::Decide(choice))));
        }
        deeds
    }

    fn does(&self, turn: &mut Turn<'_, Self>, deed: Deed) {
        turn.say(|_| format!("somebody: {deed:?}"));
        let around = &mut turn.state.chatwoot;
        match deed {
            Deed::SetIndex(works) => around.index_works = works,
            Deed::Mark(marked) => {
                let ours = |account: &&mut around::Account| matches!(account.marked, Marked::By(_));
                around.accounts.iter_mut().filter(ours).for_each(|account| account.marked = marked);
                around.meddled = true;
            }
            Deed::Destroy => {
                around.accounts.retain(|account| !matches!(account.marked, Marked::By(_)));
                around.meddled = true;
            }
            Deed::Switch(_) | Deed::Adopt | Deed::Decide(_) => {
                step::store(turn, |object| match deed {
                    Deed::Decide(choice) => {
                        let token = object.status.decision.as_ref().map(|open| open.token.clone());
                        object.spec.answer = token.map(|token| Answer { token, choice });
                    }
                    Deed::Switch(policy) => {
                        object.generation += 1;
                        object.spec.policy = policy;
                    }
                    _ => {
                        object.generation += 1;
                        object.spec.adopt = true;
                    }
                });
                let around = &mut turn.state.chatwoot;
                around.created_again |= matches!(deed, Deed::Decide(Choice::Create));
                around.chose |= matches!(deed, Deed::Decide(Choice::Account(_)));
            }
        }
    }

    fn late(&self, around: &Around) -> usize {
        around.late.len() + around.late_users.len()
    }

    fn land(&self, turn: &mut Turn<'_, Self>, request: usize) {
        if let Some(user) = request.checked_sub(turn.state.chatwoot.late.len()) {
            return users::land(turn, user);
        }
        let uid = turn.state.chatwoot.late.swap_remove(request);
        let id = turn.state.chatwoot.make(uid);
        turn.say(|_| format!("a request still on the way makes account {id}"));
    }

    fn tick(&self, around: &mut Around) {
        around.tick();
    }

    fn always(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::always(state)
    }

    fn at_rest(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::at_rest(state)
    }

    fn words(&self, status: &AccountStatus) -> String {
        promises::words(status)
    }

    fn does_what(&self, effect: &Effect) -> String {
        match effect {
            Effect::Write(status, Tag::Progress) => format!("writes {}", promises::words(status)),
            Effect::Write(status, tag) => format!("writes {}: {}", step::brief(tag), promises::words(status)),
            Effect::Patch(id, patch) => format!(
                "patches {id}: {:?}{}{}",
                patch.state,
                if patch.domain.is_some() { ", domain" } else { "" },
                if patch.custom_attributes.is_some() { ", marker" } else { "" }
            ),
            other => step::brief(other),
        }
    }

    fn learns_what(&self, lesson: &Lesson) -> String {
        match lesson {
            Lesson::Wrote { wrote, .. } => format!("{wrote:?}"),
            Lesson::ReadBack { status: Some(status), .. } => promises::words(status),
            Lesson::Posted(Ok(account)) | Lesson::Got(_, Ok(account)) => {
                format!("account {}, {:?}, {:?}", account.id, account.state, account.custom_attributes)
            }
            Lesson::Patched { answer, .. } => step::brief(&answer.as_ref().map(|account| account.id)),
            other => step::brief(other),
        }
    }

    fn stored(&self, mut status: AccountStatus) -> AccountStatus {
        // When something happened decides nothing here, but for a claim: an account just made is not believed to be gone.
        for condition in &mut status.conditions {
            condition.last_transition_time = Timestamp::UNIX_EPOCH;
        }
        if let Some(deletion) = &mut status.deletion {
            deletion.sent_at = Timestamp::UNIX_EPOCH;
        }
        for repeat in status.creation.iter_mut().flat_map(|creation| &mut creation.repeats) {
            repeat.at = Timestamp::UNIX_EPOCH;
        }
        status
    }
}

/// The id people may set in `adopt`.
pub const fn adoptable() -> i64 {
    ADOPTABLE
}
