//! Walks of customers' first messages through accounts with `spec.verify`.
//!
//! They run beside the accounts' passes and only hand them an [`Outcome`], of which the pass makes the condition
//! `Verified`. Every call has a turn of its own in the background lane, so a walk holds nobody up, and on an instance there
//! is one at a time. Everything of an account's walks has one name, which nobody else's can have: so what a crash left in the
//! middle is found and removed by the next walk before it makes anything.

mod judge;
mod rounds;
mod turns;

pub use rounds::{Job, Walks};

use super::{
    account,
    automation::{self, AccountHandle},
    content::place::account_handle,
    instances::Handle,
    walk::{Sides, Walk},
    world::World,
};
use crate::{
    api::conditions::{self, find},
    chatwoot::{
        AccessToken,
        gate::Key,
        outcome::{Class, Failure},
    },
    plan::account::walked::Outcome,
};
use judge::Judged;
use secrecy::SecretString;
use std::{sync::Arc, time::Instant};
use turns::Turns;

/// Kind of the key under which a walk waits at the gate.
pub const KIND: &str = "Verification";

/// Carries out one job, and keeps what it came to.
pub async fn walk(world: Arc<World>, job: Job) {
    let ends = rounds::Ends::new(&world, &job);
    let start = Instant::now();
    let judged = try_walk(&world, &job).await;
    let instance = job.instance.to_string();
    (world.observers.walk)(&instance, judged.label(), start.elapsed());
    tracing::debug!(
        namespace = job.namespace,
        name = job.name,
        result = judged.label(),
        "walked a first message"
    );
    ends.with(judged);
    tell(&world, &job);
}

/// Has the account's own pass say what is new, or go on with a deletion that has waited for the walk.
fn tell(world: &World, job: &Job) {
    let Some(object) = world.caches.accounts.get(&job.namespace, &job.name) else { return };
    let stored = object.status.as_ref().and_then(|status| find(&status.conditions, conditions::VERIFIED));
    let is_told = world.walks.outcome(&job.uid).is_none_or(|outcome| outcome.is_told_by(stored));
    if !is_told || object.metadata.deletion_timestamp.is_some() {
        (world.wake)(Key::new(account::KIND, &job.namespace, &job.name));
    }
}

async fn try_walk(world: &Arc<World>, job: &Job) -> Judged {
    let object = world.caches.accounts.get(&job.namespace, &job.name);
    let inside = object.and_then(|object| account_handle(world, &object));
    let reached = inside.and_then(|inside| Some((world.instances.handle(&inside.instance)?, inside)));
    let (Some((handle, inside)), Some(installation)) = (reached, world.installation()) else {
        return Judged::Nothing;
    };
    let turns = Turns::new(world, &handle, job);
    let sides = match sides(world, &handle, &inside, &turns).await {
        Ok(sides) => sides,
        // The account's own pass looks at its user where that is what is wrong.
        Err(_) => return Judged::Nothing,
    };
    let tag: String = installation.hash(&["verify", &job.uid]).chars().take(16).collect();
    let called = format!("chatwoot-operator-verify-{tag}");
    let mut walk = Walk::new(&turns, &sides, called, |_| {}, job.stop.clone());
    if walk.tidy().await.is_ok() && !job.only_tidy {
        let _ = walk.walk().await;
        walk.clean_up().await;
    }
    let judged = Judged::of(&walk.into_steps());
    if matches!(judged, Judged::Refused(_)) {
        automation::forget(world, &job.uid);
    }
    judged
}

/// The account as its own user of the operator's and as a customer see it. Sends nothing where the token is known.
async fn sides(
    world: &Arc<World>,
    handle: &Arc<Handle>,
    inside: &AccountHandle,
    turns: &Turns,
) -> Result<Sides, Failure> {
    let token: SecretString = match automation::held(world, &inside.uid) {
        Some(token) => token,
        None => automation::fetch(&turns.take().await?, world, inside).await?,
    };
    let unusable = |_| Failure { detail: Some("it is no token"), ..Failure::of(Class::Unauthorized) };
    let token = AccessToken::new(&token).map_err(unusable)?;
    let platform = handle.chatwoot.ungated();
    Ok(Sides { account: platform.application(&token).account(inside.id), public: platform.public() })
}

/// For the metric.
fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Arrived => "arrived",
        Outcome::Failed(_) => "failed",
        Outcome::Suspended => "undecided",
    }
}
