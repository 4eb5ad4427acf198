//! Walks of customers' first messages, beside everything else: whoever is due is walked, one at a time on each instance.

use super::health::Pulse;
use crate::reconcile::{verify, world::World};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs until it is told to stop; walks under way end then, without being able to clean up: nothing goes out any more.
pub async fn run(world: Arc<World>, pulse: Pulse, stop: CancellationToken) {
    let mut under_way = JoinSet::new();
    loop {
        pulse.tick();
        for job in world.walks.due(&world) {
            under_way.spawn(verify::walk(world.clone(), job));
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = world.walks.called() => {}
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(Pulse::EVERY) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
    pulse.finish();
}
