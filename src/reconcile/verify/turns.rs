//! Calls of a walk: each in a turn of its own, behind everybody who has changed something.

use super::{Job, KIND};
use crate::{
    chatwoot::{
        application::Answer,
        gate::{Key, Lane},
        outcome::{Class, Failure},
    },
    plan::NoTurn,
    reconcile::{instances::Handle, turn::Turn, walk::Calls, world::World},
};
use std::sync::Arc;
use tokio::sync::Notify;

pub struct Turns {
    world: Arc<World>,
    handle: Arc<Handle>,
    key: Key,
    /// Rung when the gate keeps a turn for the walk.
    bell: Arc<Notify>,
}

impl Turns {
    pub fn new(world: &Arc<World>, handle: &Arc<Handle>, job: &Job) -> Self {
        let key = Key::new(KIND, &job.namespace, &job.name);
        let bell = world.walks.expect(&key);
        Self { world: world.clone(), handle: handle.clone(), key, bell }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// At once where the way to Chatwoot is closed, or the process is going: nothing was sent.
    pub async fn take(&self) -> Result<Turn, Failure> {
        loop {
            let handle = Some(self.handle.clone());
            let mut turn = Turn::new(handle, Lane::Background, self.key.clone(), false, &self.world);
            match turn.take() {
                Ok(()) => return Ok(turn),
                Err(NoTurn::Queued) => tokio::select! {
                    () = self.bell.notified() => {}
                    () = self.world.stop.cancelled() => return Err(not_sent()),
                },
                Err(NoTurn::Down { .. } | NoTurn::Throttled { .. }) => return Err(not_sent()),
            }
        }
    }
}

impl Calls for Turns {
    async fn make<T: Send + 'static>(&self, call: Answer<T>) -> Result<T, Failure> {
        self.take().await?.call_inside(call).await
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.handle.chatwoot.forget(&self.key);
        self.world.walks.unexpect(&self.key);
    }
}

fn not_sent() -> Failure {
    Failure { detail: Some("nothing was sent"), ..Failure::of(Class::Connect) }
}
