//! The Helm chart and the examples, tried on a real API server with the real helm and kubectl.

#![expect(
    clippy::indexing_slicing,
    reason = "a field that is missing in JSON reads as null, and the assertion says so"
)]

mod chart;
mod crds;
mod examples;
mod health;
mod matrix;
mod namespaced;
mod permissions;
mod pod;
mod release;
mod tenants;
mod values;
mod verify;
