//! ChatwootUser: facts from the caches, effects on Chatwoot, Kubernetes and Secrets.

mod announce;
mod hands;
mod link;
mod observe;

pub use hands::UserHands;
pub use observe::usable_id;

use super::{
    driver::Kind,
    memory::{Memories, Remembered},
    stored::Stored,
    surroundings,
    world::World,
};
use crate::{
    api::user::{ChatwootUser, UserStatus},
    chatwoot::gate::Key,
    plan::{Moment, memberships, user::Facts},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Kind as it stands in keys, markers and labels.
pub const KIND: &str = "ChatwootUser";

/// What this process remembers of a person's resource between passes.
#[derive(Clone, Debug, Default)]
pub struct UserMemory {
    pub memberships: memberships::Memory,
    /// Versions of the Secrets it refers to, as the last pass began with.
    pub secrets: Option<BTreeMap<String, Option<String>>>,
    /// They have changed, and no pass has come to look at them yet.
    pub secret_news: bool,
}

impl Kind for ChatwootUser {
    type Machine = Facts;
    type Hands = UserHands;
    type Memory = UserMemory;

    fn memories(world: &World) -> &Memories<UserMemory> {
        &world.users
    }

    fn observe(
        object: &Self,
        world: &Arc<World>,
        remembered: &mut Remembered<UserMemory>,
        at: &Moment,
    ) -> Option<Facts> {
        observe::facts(object, world, remembered, at)
    }

    fn hands(stored: Stored<Self>, machine: &Facts, world: &Arc<World>) -> UserHands {
        UserHands::new(stored, machine, world)
    }

    fn give_up_turn(machine: &Facts, world: &World) {
        let key = Key::new(KIND, &machine.object.namespace, &machine.object.name);
        surroundings::give_up_turn(machine.around.known(), &key, world);
    }

    fn remember(machine: &Facts, remembered: &mut Remembered<UserMemory>) {
        remembered.own.memberships = machine.memory.clone();
        remembered.write_errors = machine.write_errors();
        remembered.own.secret_news &= !machine.has_seen_secrets();
    }

    fn interval(machine: &Facts) -> Duration {
        machine.around.interval
    }

    fn deadline(machine: &Facts, at: &Moment) -> Option<Duration> {
        machine.deadline(at)
    }

    fn announce(object: &Self, old: &UserStatus, new: &UserStatus, world: &World) {
        announce::transition(object, old, new, world);
    }
}
