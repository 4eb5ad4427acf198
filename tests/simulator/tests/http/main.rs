//! Every quirk the simulator plays, over real HTTP. Numbers such as P5 and §1.4 are those of the facts about Chatwoot.

// Clippy's leave for tests ends at functions marked as tests; here everything is one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod acts;
mod application;
mod bots;
mod client;
mod deletion;
mod doors;
mod errors;
mod faults;
mod journal;
mod members;
mod migrations;
mod program;
mod support;
mod tls;
mod users;
mod versions;
