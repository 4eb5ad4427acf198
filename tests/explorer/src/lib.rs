//! Exhaustive exploration of how an account is created and bound.
//!
//! The production `next` and `learn` of [`chatwoot_operator::plan::create`] are driven against a small model of one
//! Kubernetes object ([`model`], [`world`]) and one Chatwoot, by one or two processes ([`process`]) that may both act
//! and may each crash anywhere. [`explore`] visits every state within bounds ([`bounds`]); [`invariants`] must hold in
//! each, and each must come to rest once nothing goes wrong any more ([`calm`]). [`mutants`] are machines with one
//! fault each, which the exploration must find.

#![allow(
    clippy::indexing_slicing,
    reason = "every index comes from the list it is used on, and a panic is a failed test"
)]

pub mod actions;
pub mod bounds;
pub mod calm;
pub mod canonical;
pub mod creating;
pub mod explore;
pub mod fingerprint;
pub mod hands;
pub mod inside;
pub mod invariants;
pub mod model;
pub mod mutants;
pub mod person;
pub mod process;
pub mod resource;
pub mod scenarios;
pub mod settle;
pub mod tenant;
pub mod timers;
pub mod world;
