//! The bounds that the tests and the command explore.

use crate::{
    bounds::{Budget, TROUBLES, Trouble},
    creating::Creating,
    explore::Search,
    model::State,
    mutants::Machine,
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

/// At most `troubles` of the kinds, each as often as that allows, but the status lost at most once.
pub fn search(
    machine: Machine,
    processes: usize,
    index_works: bool,
    troubles: u8,
    kinds: &[Trouble],
) -> Search<Creating> {
    let often = |kind| if kind == Trouble::Wipe { troubles.min(1) } else { troubles };
    let kinds: Vec<(Trouble, u8)> = kinds.iter().map(|kind| (*kind, often(*kind))).collect();
    let start = State::start(processes, index_works, Budget::new(troubles, &kinds));
    Search { model: Creating { machine, start }, most_states: 50_000_000 }
}

/// Everything at once.
pub fn whole(processes: usize, index_works: bool, troubles: u8) -> Search<Creating> {
    search(Machine::Production, processes, index_works, troubles, &TROUBLES)
}
