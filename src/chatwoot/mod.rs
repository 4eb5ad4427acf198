//! What Chatwoot speaks. Nothing here knows Kubernetes.

pub mod attributes;
pub mod features;
pub mod locales;
pub mod marker;
pub mod outcome;
pub mod passwords;
pub mod types;
pub mod version;
