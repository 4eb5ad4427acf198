//! ChatwootInstance: its token, its client, and whether it is the Chatwoot it was.

mod hands;
mod observe;

pub use hands::InstanceHands;

use super::{
    driver::Kind,
    events::publish,
    memory::{Memories, Remembered},
    stored::Stored,
    world::World,
};
use crate::{
    api::{
        conditions::{self, ConditionStatus, find},
        instance::{ChatwootInstance, InstanceStatus},
    },
    plan::{Moment, instance::Facts},
};
use kube::runtime::events::EventType::{Normal, Warning};
use std::{sync::Arc, time::Duration};

pub const KIND: &str = "ChatwootInstance";

impl Kind for ChatwootInstance {
    type Machine = Facts;
    type Hands = InstanceHands;
    type Memory = ();

    fn memories(world: &World) -> &Memories<()> {
        &world.others
    }

    fn observe(
        object: &Self,
        world: &Arc<World>,
        remembered: &mut Remembered<()>,
        at: &Moment,
    ) -> Option<Facts> {
        observe::facts(object, world, remembered, at)
    }

    fn hands(stored: Stored<Self>, machine: &Facts, world: &Arc<World>) -> InstanceHands {
        InstanceHands::new(stored, machine, world)
    }

    fn give_up_turn(_: &Facts, _: &World) {}

    fn remember(_: &Facts, _: &mut Remembered<()>) {}

    fn interval(machine: &Facts) -> Duration {
        machine.spec.drift_check_interval.0
    }

    fn announce(object: &Self, old: &InstanceStatus, new: &InstanceStatus, world: &World) {
        let (before, after) =
            (find(&old.conditions, conditions::READY), find(&new.conditions, conditions::READY));
        let Some(after) = after else { return };
        if before.is_none_or(|before| before.reason != after.reason || before.status != after.status) {
            let kind = if after.status == ConditionStatus::True { Normal } else { Warning };
            publish(object, kind, &after.reason, after.message.clone(), world);
        }
    }
}
