//! What Chatwoot speaks. Nothing here knows Kubernetes.

#[cfg(test)]
mod anything;
pub mod application;
pub mod attributes;
mod classify;
mod decode;
pub mod features;
pub mod gate;
mod http;
pub mod instance;
pub mod locales;
mod loose;
pub mod marker;
pub mod outcome;
pub mod pages;
pub mod passwords;
pub mod platform;
pub mod public;
#[cfg(test)]
pub(crate) mod scripted;
pub mod tenant;
pub mod types;
pub mod version;

pub use http::{AccessToken, Ended, Observer};
