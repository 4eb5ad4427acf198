//! What users write: the resources of group `chatwoot.dev`, one file per kind. Nothing here knows anybody.

pub mod account;
pub mod common;
pub mod conditions;
mod duration;
pub mod grant;
pub mod instance;
pub mod locale;
pub mod plan;
mod rules;
pub mod schema;
mod selector;
pub mod user;

/// API group of every kind.
pub const GROUP: &str = "chatwoot.dev";
/// The one version served and stored.
pub const VERSION: &str = "v1alpha1";
