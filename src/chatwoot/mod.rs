//! What Chatwoot speaks. Nothing here knows Kubernetes.

pub mod marker;
pub mod outcome;
pub mod types;
