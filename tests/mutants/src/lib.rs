//! A test that cannot fail proves nothing. Here the operator is broken on purpose, in one thing at a time, and the tests
//! that promise to notice are run against it.
//!
//! The variants are data (`*.yaml` beside this crate): a piece of the product's source, and what a hurried programmer might
//! have written instead. All of them are compiled into one copy of the sources, each behind a switch, so that a hundred
//! variants cost one build; the product itself knows nothing of them.

pub mod place;
pub mod report;
pub mod runner;
pub mod tree;
pub mod variant;
