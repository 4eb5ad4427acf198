//! The bounds that the tests and the command explore.

use crate::{
    bounds::{Budget, Trouble},
    creating::Creating,
    explore::Search,
    inside::{self, Inside},
    model as creating,
    mutants::Machine,
    person::{self, Person},
    resource::{State, run::Running},
    tenant::{self, Order, Tenant},
};

/// What goes wrong without anybody's doing.
pub const FAULTS: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Terminate,
    Trouble::Pause,
    Trouble::Stale,
    Trouble::Write,
    Trouble::Lost,
    Trouble::Refused,
    Trouble::Lie,
    Trouble::Replay,
    Trouble::Leak,
    Trouble::Unavailable,
    Trouble::Index,
];

/// And what people do.
pub const CREATING: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Terminate,
    Trouble::Pause,
    Trouble::Stale,
    Trouble::Write,
    Trouble::Lost,
    Trouble::Refused,
    Trouble::Lie,
    Trouble::Replay,
    Trouble::Leak,
    Trouble::Unavailable,
    Trouble::Index,
    Trouble::DeleteKeeping,
    Trouble::DeleteDestroying,
    Trouble::Switch,
    Trouble::Recreate,
    Trouble::Wipe,
    Trouble::Strip,
    Trouble::Adopt,
    Trouble::Decide,
];

/// At most `troubles` of the kinds, each as often as that allows, but the status lost at most once.
pub fn search(
    machine: Machine,
    processes: usize,
    index_works: bool,
    troubles: u8,
    kinds: &[Trouble],
) -> Search<Creating> {
    let start = creating::State::start(processes, index_works, budget(troubles, kinds));
    Search { model: Creating { machine, start }, most_states: 50_000_000 }
}

fn budget(troubles: u8, kinds: &[Trouble]) -> Budget {
    let often = |kind| if kind == Trouble::Wipe { troubles.min(1) } else { troubles };
    let kinds: Vec<(Trouble, u8)> = kinds.iter().map(|kind| (*kind, often(*kind))).collect();
    Budget::new(troubles, &kinds)
}

/// Everything at once.
pub fn whole(processes: usize, index_works: bool, troubles: u8) -> Search<Creating> {
    search(Machine::Production, processes, index_works, troubles, CREATING)
}

/// What can go wrong around a whole resource.
pub const WHOLE: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Terminate,
    Trouble::Pause,
    Trouble::Stale,
    Trouble::Write,
    Trouble::Lost,
    Trouble::Replay,
    Trouble::Server,
    Trouble::Handover,
    Trouble::DeleteKeeping,
    Trouble::Recreate,
    Trouble::Switch,
    Trouble::Edit,
    Trouble::Behind,
    Trouble::Wipe,
    Trouble::Strip,
    Trouble::Index,
    Trouble::Adopt,
    Trouble::Decide,
];

/// A person's resource. `processes`: how many, and whether one of them leads.
pub fn person(
    kind: Person,
    stranger: bool,
    (processes, leads): (usize, bool),
    troubles: u8,
    kinds: &[Trouble],
) -> Search<Running<Person>> {
    let around = person::around::Around::new(stranger);
    let start = State::new(processes, leads, 2, budget(troubles, kinds), kind.first(), around);
    let who = match (stranger, kind.adopts) {
        (true, true) => "a stranger who is adopted",
        (true, false) => "a person with a stranger's e-mail",
        (false, _) => "a person",
    };
    let about = format!("{who}, {:?}", kind.wish);
    Search { model: Running { kind, start, about }, most_states: 50_000_000 }
}

/// Something inside an account. `theirs`: others have made one with its key.
pub fn inside(
    kind: Inside,
    theirs: bool,
    (processes, leads): (usize, bool),
    troubles: u8,
    kinds: &[Trouble],
) -> Search<Running<Inside>> {
    let around = inside::around::Around::new(theirs);
    let start = State::new(processes, leads, 2, budget(troubles, kinds), kind.wish, around);
    let named = if kind.unique { "by its key" } else { "by a name of its own" };
    let beside = if theirs { ", beside one that others made" } else { "" };
    let about = format!("something inside an account, found {named}{beside}, {:?}", kind.wish);
    Search { model: Running { kind, start, about }, most_states: 50_000_000 }
}

/// An account's resource.
pub fn tenant(
    kind: Tenant,
    index_works: bool,
    (processes, leads): (usize, bool),
    troubles: u8,
    kinds: &[Trouble],
) -> Search<Running<Tenant>> {
    let around = tenant::around::Around::new(index_works);
    let order = Order { policy: kind.policy, adopt: false, answer: None };
    let start = State::new(processes, leads, 2, budget(troubles, kinds), order, around);
    let index = if index_works { "working" } else { "broken" };
    let about = format!("an account, index {index}, policy {:?}", kind.policy);
    Search { model: Running { kind, start, about }, most_states: 50_000_000 }
}
