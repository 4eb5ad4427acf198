//! The command line as processes, against a real API server and the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod bench;
mod contacts;
mod conversations;
mod doctor;
mod erase;
mod import;
mod import_inside;
mod import_large;
mod inside;
mod login_link;
mod plan;
mod plan_inside;
mod town;
mod verify;
