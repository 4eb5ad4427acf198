//! Carrying out what `plan` decides: the effects, one Kubernetes write or one Chatwoot call each.

pub mod freshness;
pub mod stored;
