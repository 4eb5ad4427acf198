//! Whether something was made or taken over, in the words of a status.

use crate::{api::common::Ownership, chatwoot::marker::Origin};

impl From<Origin> for Ownership {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Made => Self::Created,
            Origin::Adopted => Self::Adopted,
        }
    }
}
