//! What goes wrong between the operator and the API server, request by request.

use super::call::Call;
use http::StatusCode;
use std::{collections::VecDeque, time::Duration};

/// One request's mishap. Writes only: those it says so of let reads pass, and wait for the next write.
#[derive(Clone, Debug, PartialEq)]
pub enum Mishap {
    /// The connection ends, and the API server never heard of it.
    LoseRequest,
    /// Carried out, and the connection ends without an answer.
    LoseAnswer {
        writes_only: bool,
    },
    Refuse {
        status: StatusCode,
        writes_only: bool,
    },
    Delay {
        by: Duration,
    },
}

/// In the order in which they are to happen.
#[derive(Default)]
pub struct Queue(VecDeque<Mishap>);

impl Queue {
    pub fn extend(&mut self, all: impl IntoIterator<Item = Mishap>) {
        self.0.extend(all);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn next(&mut self, call: &Call) -> Option<Mishap> {
        let waits = match self.0.front()? {
            Mishap::LoseAnswer { writes_only } | Mishap::Refuse { writes_only, .. } => *writes_only,
            Mishap::LoseRequest | Mishap::Delay { .. } => false,
        };
        if waits && !call.write { None } else { self.0.pop_front() }
    }
}
