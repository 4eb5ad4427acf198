//! The README is true: its manifests are accepted, its commands work when they are typed in order, its generated parts
//! are what the code says, and everything it names is there.
//!
//! `make docs`, or `UPDATE=1 cargo test --test readme generated`, writes the generated parts anew.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a page that cannot be read is a test that has failed"
)]

mod demo;
mod generated;
mod manifests;
mod named;
mod page;
mod reader;
mod values;
mod walk;
