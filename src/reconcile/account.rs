//! ChatwootAccount: facts from the caches, effects on Chatwoot and Kubernetes.

mod announce;
mod hands;
mod inside;
mod observe;

pub use hands::AccountHands;

use super::{
    driver::Kind,
    memory::{Memories, Remembered},
    stored::Stored,
    surroundings,
    world::World,
};
use crate::{
    api::account::{AccountStatus, ChatwootAccount},
    chatwoot::gate::Key,
    plan::{Moment, account::Facts, create},
};
use std::{sync::Arc, time::Duration};

/// Kind as it stands in keys, markers and labels.
pub const KIND: &str = "ChatwootAccount";

impl Kind for ChatwootAccount {
    type Machine = Facts;
    type Hands = AccountHands;
    type Memory = create::Memory;

    fn memories(world: &World) -> &Memories<create::Memory> {
        &world.accounts
    }

    fn observe(
        object: &Self,
        world: &Arc<World>,
        remembered: &mut Remembered<create::Memory>,
        at: &Moment,
    ) -> Option<Facts> {
        observe::facts(object, world, remembered, at)
    }

    fn hands(stored: Stored<Self>, machine: &Facts, world: &Arc<World>) -> AccountHands {
        AccountHands::new(stored, machine, world)
    }

    fn give_up_turn(machine: &Facts, world: &World) {
        let key = Key::new(KIND, &machine.object.namespace, &machine.object.name);
        surroundings::give_up_turn(machine.around.known(), &key, world);
    }

    fn remember(machine: &Facts, remembered: &mut Remembered<create::Memory>) {
        remembered.own = machine.create.memory.clone();
        remembered.write_errors = machine.write_errors();
    }

    fn interval(machine: &Facts) -> Duration {
        machine.around.interval
    }

    fn announce(object: &Self, old: &AccountStatus, new: &AccountStatus, world: &World) {
        announce::transition(object, old, new, world);
    }
}
