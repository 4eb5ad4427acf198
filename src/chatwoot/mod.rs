//! What Chatwoot speaks. Nothing here knows Kubernetes.

#[cfg(test)]
mod anything;
pub mod attributes;
mod classify;
mod decode;
pub mod features;
pub mod gate;
mod http;
pub mod instance;
pub mod locales;
pub mod marker;
pub mod outcome;
pub mod passwords;
pub mod platform;
#[cfg(test)]
mod scripted;
pub mod types;
pub mod version;

pub use http::{AccessToken, Ended, Observer};
