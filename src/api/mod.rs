//! What users write: the resources of group `chatwoot.dev`, one file per kind. Nothing here knows anybody.

// Clippy takes the `type_` of two print columns for one attribute given twice.
#![allow(clippy::duplicated_attributes)]

pub mod account;
pub mod agent_bot;
pub mod attribute_definition;
pub mod automation_rule;
pub mod canned_response;
pub mod common;
pub mod conditions;
pub mod content;
mod duration;
pub mod grant;
pub mod inbox;
pub mod instance;
pub mod label;
pub mod locale;
pub mod plan;
mod reference;
mod rules;
pub mod schema;
mod selector;
pub mod team;
pub mod user;
pub mod webhook;

/// API group of every kind.
pub const GROUP: &str = "chatwoot.dev";
/// The one version served and stored.
pub const VERSION: &str = "v1alpha1";
