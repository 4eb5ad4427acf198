//! Something inside an account: found by its unique key, or made under a name of its own and renamed; kept, and removed.

pub mod around;
pub mod facts;
pub mod hands;
pub mod mutants;
pub mod promises;

use crate::{
    bounds::Trouble,
    resource::{How, Kind, Next, Object, Pass, Sort, State, Turn, step},
};
use around::{Around, Item, Name};
use chatwoot_operator::{
    api::content::ContentStatus,
    plan::{
        Machine, Moment,
        content::{Effect, Facts, Lesson},
    },
};
use mutants::Mutant;
use promises::Violation;
use std::time::Duration;

/// The kind, as production runs it or with one fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Inside {
    pub mutant: Option<Mutant>,
    /// Its key is unique in the account.
    pub unique: bool,
    pub wish: Wish,
}

/// What people vary of the spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// Its key: the first, or the second.
    pub second: bool,
    pub adopt: bool,
    /// What was made goes with the resource.
    pub deletes: bool,
}

/// What people do, beyond applying and deleting.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// The other key is wanted.
    Rename,
    Switch,
    /// Somebody makes one with the first key.
    MakeTheirs,
    /// Somebody deletes what we made.
    DeleteOurs,
    /// Somebody gives what we made another name.
    RenameOurs,
    /// The database is set back, and somebody makes something that gets the id of what we made.
    GiveAgain,
}

/// What a process remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Since when it knows of the noted request: its time, and the process' clock.
    pub requested: Option<(i64, Duration)>,
    /// The list that is shared, and when it was asked for.
    pub list: Option<(Duration, Vec<Item>)>,
}

impl Kind for Inside {
    type Machine = Facts;
    type Spec = Wish;
    type Status = ContentStatus;
    type Chatwoot = Around;
    type Memory = Memory;
    type Held = ();
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
        facts::remember(machine)
    }

    fn next(&self, machine: &Facts, at: &Moment) -> Next<Self> {
        machine.next(at)
    }

    fn learn(&self, machine: &mut Facts, lesson: Lesson) {
        mutants::learn(self.mutant, machine, lesson);
    }

    fn sort(&self, effect: &Effect) -> Sort {
        match effect {
            Effect::AddFinalizer | Effect::DropFinalizer(_) | Effect::Write(..) => Sort::Write,
            Effect::Create(_) => Sort::Change { late: true },
            Effect::Patch(..) | Effect::Delete(_) => Sort::Change { late: false },
            Effect::List { .. } => Sort::Look,
            _ => Sort::Inside,
        }
    }

    fn act(&self, turn: &mut Turn<'_, Self>, pass: &mut Pass<Self>, effect: Effect, how: How) -> Lesson {
        match mutants::imagines(self.mutant, &effect) {
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
        around.unheld |= turn.state.stripped;
        let kept = !object.spec.deletes;
        around
            .items
            .iter_mut()
            .filter(|item| kept && item.maker == Some(object.uid))
            .for_each(|item| item.maker = None);
    }

    fn deeds(&self, state: &State<Self>) -> Vec<(Trouble, Deed)> {
        let Some(object) = &state.object else { return vec![] };
        let mut deeds = vec![(Trouble::Switch, Deed::Switch)];
        if !object.deleting {
            deeds.push((Trouble::Edit, Deed::Rename));
        }
        let around = &state.chatwoot;
        let taken = around.items.iter().any(|item| item.name == Name::Wanted(false));
        if !(self.unique && taken) {
            deeds.push((Trouble::Behind, Deed::MakeTheirs));
        }
        // What has no id yet is known by its name alone: who changes that hides it.
        if object.status.id.is_some() && around.items.iter().any(|item| item.maker.is_some()) {
            deeds.push((Trouble::Behind, Deed::DeleteOurs));
            deeds.push((Trouble::Behind, Deed::RenameOurs));
        }
        let bound = object.status.id.and_then(|id| around.find(id));
        if bound.is_some_and(|item| item.maker.is_some()) {
            deeds.push((Trouble::Behind, Deed::GiveAgain));
        }
        deeds
    }

    fn does(&self, turn: &mut Turn<'_, Self>, deed: Deed) {
        turn.say(|_| format!("somebody: {deed:?}"));
        let (clock, bound) =
            (turn.state.clock, turn.state.object.as_ref().and_then(|object| object.status.id));
        let around = &mut turn.state.chatwoot;
        match deed {
            Deed::MakeTheirs => around.somebody_makes(clock),
            Deed::GiveAgain => {
                if let Some(id) = bound {
                    around.give_again(id, clock);
                }
            }
            Deed::DeleteOurs => around.items.retain(|item| item.maker.is_none()),
            Deed::RenameOurs => {
                let ours = around.items.iter_mut().filter(|item| Some(item.id) == bound);
                ours.for_each(|item| item.name = Name::Other);
            }
            Deed::Rename | Deed::Switch => {
                step::store(turn, |object| {
                    object.generation += 1;
                    match deed {
                        Deed::Switch => object.spec.deletes = !object.spec.deletes,
                        _ => object.spec.second = !object.spec.second,
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
        let unique = self.unique;
        turn.state.chatwoot.carry_out(request, unique);
    }

    fn tick(&self, around: &mut Around) {
        around.late.clear();
    }

    fn always(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::always(state)
    }

    fn at_rest(&self, state: &State<Self>) -> Result<(), Violation> {
        promises::at_rest(self, state)
    }

    fn words(&self, status: &ContentStatus) -> String {
        promises::words(status)
    }

    fn does_what(&self, effect: &Effect) -> String {
        match effect {
            Effect::Write(status, tag) => format!("writes {tag:?}: {}", promises::words(status)),
            other => step::brief(other),
        }
    }

    fn learns_what(&self, lesson: &Lesson) -> String {
        match lesson {
            Lesson::Wrote { wrote, .. } => format!("{wrote:?}"),
            other => step::brief(other),
        }
    }

    fn stored(&self, mut status: ContentStatus) -> ContentStatus {
        // When a condition changed decides nothing here: no grace is given.
        for condition in &mut status.conditions {
            condition.last_transition_time = jiff::Timestamp::UNIX_EPOCH;
        }
        status
    }
}
