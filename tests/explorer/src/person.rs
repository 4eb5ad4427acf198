//! A person's resource: made by an e-mail that may be somebody's, with a password that is set once, memberships that
//! are recorded before they are made and taken back when they are no longer wanted, and a published token that is replaced
//! when another rotation is declared.

pub mod around;
pub mod facts;
pub mod hands;
pub mod mutants;
pub mod promises;

use crate::{
    bounds::Trouble,
    resource::{How, Kind, Next, Object, Pass, Sort, State, Turn, step},
};
use around::{ACCOUNT, Around};
use chatwoot_operator::{
    api::user::{PasswordStatus, UserDeletionPolicy as Policy, UserStatus},
    plan::{
        Moment, memberships,
        user::{Effect, Facts, Lesson},
    },
};
use mutants::Mutant;
use promises::Violation;

/// The person's kind, as production runs it or with one fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    pub mutant: Option<Mutant>,
    /// Of every resource but the first that adopts.
    pub wish: Wish,
    /// The first resource adopts the stranger who has the address, and asks for nothing that lets anybody come in as them.
    pub adopts: bool,
}

/// What people vary of the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// A member of [`ACCOUNT`].
    pub member: bool,
    /// Their password stands in a Secret.
    pub password: bool,
    /// Their token is published, with this rotation.
    pub token: Option<u8>,
    /// The stranger is named by id.
    pub adopt: bool,
    pub policy: Policy,
}

impl Wish {
    /// It asks for what lets somebody come in as the person.
    pub fn enters(&self) -> bool {
        self.password || self.token.is_some()
    }
}

impl Person {
    /// What the first resource asks for.
    pub fn first(&self) -> Wish {
        let adopting = Wish { password: false, token: None, adopt: true, ..self.wish };
        if self.adopts { adopting } else { self.wish }
    }
}

/// What people do, beyond applying and deleting.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// The membership is declared, or no longer.
    Declare,
    Switch(Policy),
    /// Another value stands in the Secret.
    NewPassword,
    /// Another rotation of the token is declared.
    Rotate,
    /// The marker is taken from the person.
    Unmark,
    /// The person is taken out of the account.
    TakeOut,
}

/// What the hands hold in a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    /// The Secret's value as it was read.
    pub password: Option<u8>,
    /// Who was read last in this pass, and the uid in their marker.
    pub seen: Option<(i64, Option<u8>)>,
    /// Their token, from the latest answer.
    pub token: Option<u8>,
}

impl Kind for Person {
    type Machine = Facts;
    type Spec = Wish;
    type Status = UserStatus;
    type Chatwoot = Around;
    type Memory = memberships::Memory;
    type Held = Held;
    type Deed = Deed;
    type Violation = Violation;

    fn endless() -> Violation {
        Violation::Endless
    }

    fn restless() -> Violation {
        Violation::Restless
    }

    fn observe(&self, state: &State<Self>, object: &Object<Self>, memory: &memberships::Memory) -> Facts {
        let mut facts = facts::observe(state, object, memory);
        mutants::begin(self.mutant, &mut facts);
        facts
    }

    fn remember(&self, machine: &Facts) -> memberships::Memory {
        machine.memory.clone()
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
            Effect::Post(_) | Effect::Join { .. } => Sort::Change { late: true },
            Effect::Patch(..)
            | Effect::SetPassword(..)
            | Effect::Leave { .. }
            | Effect::RotateToken(_)
            | Effect::Publish { .. }
            | Effect::Delete(_) => Sort::Change { late: false },
            Effect::Get(_) | Effect::Vanished(_) | Effect::Vouch { .. } | Effect::MintLink(_) => Sort::Look,
            _ => Sort::Inside,
        }
    }

    fn act(&self, turn: &mut Turn<'_, Self>, pass: &mut Pass<Self>, effect: Effect, how: How) -> Lesson {
        match mutants::imagines(self.mutant, &effect, &pass.machine) {
            Some(lesson) => lesson,
            None => hands::act(turn, pass, effect, how),
        }
    }

    fn again(&self, state: &State<Self>) -> Object<Self> {
        Object::new(state.chatwoot.lives, self.wish)
    }

    fn gone(&self, turn: &mut Turn<'_, Self>, object: &Object<Self>) {
        let around = &mut turn.state.chatwoot;
        around.lives = object.uid + 1;
        around.end = Some(object.spec.policy);
        around.unheld |= turn.state.stripped;
        if object.spec.policy == Policy::Retain {
            around.made.clear();
        }
    }

    fn deeds(&self, state: &State<Self>) -> Vec<(Trouble, Deed)> {
        let Some(object) = &state.object else { return vec![] };
        let spec = object.spec;
        let mut deeds = vec![];
        for policy in [Policy::Revoke, Policy::Delete, Policy::Retain] {
            deeds.extend((policy != spec.policy).then_some((Trouble::Switch, Deed::Switch(policy))));
        }
        if !object.deleting {
            deeds.push((Trouble::Edit, Deed::Declare));
            let first = spec.password && state.chatwoot.secret == 1;
            deeds.extend(first.then_some((Trouble::Edit, Deed::NewPassword)));
            deeds.extend((spec.token == Some(1)).then_some((Trouble::Edit, Deed::Rotate)));
        }
        let ours = state.chatwoot.people.iter().filter(|someone| someone.marker.is_some());
        for someone in ours {
            deeds.push((Trouble::Behind, Deed::Unmark));
            let member = someone.accounts.contains(&ACCOUNT);
            deeds.extend(member.then_some((Trouble::Behind, Deed::TakeOut)));
        }
        deeds
    }

    fn does(&self, turn: &mut Turn<'_, Self>, deed: Deed) {
        turn.say(|_| format!("somebody: {deed:?}"));
        let around = &mut turn.state.chatwoot;
        match deed {
            Deed::NewPassword => around.secret += 1,
            Deed::Unmark => {
                around.people.iter_mut().for_each(|someone| someone.marker = None);
                around.unmarked = true;
            }
            Deed::TakeOut => {
                around.people.iter_mut().for_each(|someone| someone.accounts.clear());
                around.made.clear();
            }
            Deed::Declare | Deed::Switch(_) | Deed::Rotate => {
                step::store(turn, |object| {
                    object.generation += 1;
                    match deed {
                        Deed::Switch(policy) => object.spec.policy = policy,
                        Deed::Rotate => object.spec.token = Some(2),
                        _ => object.spec.member = !object.spec.member,
                    }
                });
            }
        }
    }

    fn late(&self, around: &Around) -> usize {
        around.late.len()
    }

    fn land(&self, turn: &mut Turn<'_, Self>, request: usize) {
        let request = turn.state.chatwoot.late.swap_remove(request);
        turn.say(|_| format!("a request still on the way is carried out: {request:?}"));
        let around = &mut turn.state.chatwoot;
        around.made_after |= around.destroyed && matches!(request, around::Request::Post { .. });
        around.carry_out(request);
    }

    fn tick(&self, around: &mut Around) {
        around.late.clear();
    }

    fn always(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::always(state)
    }

    fn at_rest(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::at_rest(state)
    }

    fn words(&self, status: &UserStatus) -> String {
        promises::words(status)
    }

    fn does_what(&self, effect: &Effect) -> String {
        match effect {
            Effect::Write(status, tag) => format!("writes {tag:?}: {}", promises::words(status)),
            Effect::Post(_) => "posts".into(),
            Effect::SetPassword(id, _) => format!("sets the password of {id}"),
            other => step::brief(other),
        }
    }

    fn learns_what(&self, lesson: &Lesson) -> String {
        match lesson {
            Lesson::Wrote { wrote, .. } => format!("{wrote:?}"),
            Lesson::Posted { answer: Ok(user), .. } | Lesson::Got(_, Ok(user)) => {
                format!("user {}, {:?}, in {:?}", user.id, user.custom_attributes, user.belongings)
            }
            Lesson::PasswordSet(_, answer) => step::brief(&answer.as_ref().map(|_| ())),
            Lesson::Password(password) => {
                step::brief(password).split(&[' ', '{']).next().unwrap_or_default().to_owned()
            }
            other => step::brief(other),
        }
    }

    fn stored(&self, mut status: UserStatus) -> UserStatus {
        // When a condition changed decides nothing here: no grace is given.
        for condition in &mut status.conditions {
            condition.last_transition_time = jiff::Timestamp::UNIX_EPOCH;
        }
        if let Some(deletion) = &mut status.deletion {
            deletion.sent_at = jiff::Timestamp::UNIX_EPOCH;
        }
        status
    }
}

/// What is recorded of the Secret's value.
pub fn record(value: u8) -> PasswordStatus {
    facts::record(value)
}
