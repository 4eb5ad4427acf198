//! The README is true: its manifests are accepted, its commands work when they are typed in order, its generated parts
//! are what the code says, and everything it names is there.
//!
//! `make docs`, or `UPDATE=1 cargo test --test readme generated`, writes the generated parts anew.

mod demo;
mod generated;
mod manifests;
mod named;
mod page;
mod values;
mod walk;
