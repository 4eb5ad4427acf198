//! ChatwootGrant and ChatwootPlan.

use super::{
    driver::{Hands, Kind},
    memory::{Memories, Remembered},
    references::InstanceKey,
    stored::Stored,
    surroundings,
    world::World,
};
use crate::{
    api::{
        conditions::Condition,
        grant::{ChatwootGrant, GrantStatus},
        plan::{ChatwootPlan, PlanStatus},
    },
    chatwoot::features::check_feature,
    plan::{
        Moment,
        offer::{Beside, Facts, Never, OfferStatus},
    },
};
use kube::ResourceExt;
use std::{sync::Arc, time::Duration};

/// Nothing of theirs is in Chatwoot, so nothing can drift; they are looked at when something changes.
const DAY: Duration = Duration::from_secs(86_400);

/// There is nothing to carry out.
pub struct NoHands<K>(Stored<K>);

impl<K> AsMut<Stored<K>> for NoHands<K> {
    fn as_mut(&mut self) -> &mut Stored<K> {
        &mut self.0
    }
}

impl<K: Send, S: OfferStatus> Hands<Facts<S>> for NoHands<K>
where
    Stored<K>: Send,
{
    async fn act(&mut self, effect: Never) -> Never {
        match effect {}
    }
}

/// Why a confined operator acts on no selector, and what to write.
pub(super) const NO_LABELS: &str = "this operator is confined to some namespaces and sees no labels, so a selector counts \
    for nobody here; write names: [...] instead";

/// The two kinds differ in name only.
macro_rules! offer {
    ($kind:ty, $status:ty, $invalid:expr) => {
        impl OfferStatus for $status {
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }

            fn set(&mut self, generation: i64, requested_at: Option<String>, conditions: Vec<Condition>) {
                self.observed_generation = generation;
                self.last_handled_reconcile_at = requested_at;
                self.conditions = conditions;
            }
        }

        impl Kind for $kind {
            type Machine = Facts<$status>;
            type Hands = NoHands<Self>;
            type Memory = ();

            fn memories(world: &World) -> &Memories<()> {
                &world.others
            }

            fn observe(
                object: &Self,
                world: &Arc<World>,
                _: &mut Remembered<()>,
                _: &Moment,
            ) -> Option<Facts<$status>> {
                let invalid: fn(&$kind, &World) -> Option<String> = $invalid;
                let namespace = object.namespace()?;
                let instance = object.spec.instance_ref.name.clone();
                Some(Facts {
                    beside: beside(world, &namespace, &instance),
                    invalid: invalid(object, world),
                    namespace,
                    instance,
                    generation: object.metadata.generation.unwrap_or_default(),
                    requested_at: surroundings::requested_at(object),
                    status: object.status.clone().unwrap_or_default(),
                    grace: world.settings.grace,
                })
            }

            fn hands(stored: Stored<Self>, _: &Facts<$status>, _: &Arc<World>) -> NoHands<Self> {
                NoHands(stored)
            }

            fn give_up_turn(_: &Facts<$status>, _: &World) {}

            fn remember(_: &Facts<$status>, _: &mut Remembered<()>) {}

            fn interval(_: &Facts<$status>) -> Duration {
                DAY
            }

            fn announce(_: &Self, _: &$status, _: &$status, _: &World) {}
        }
    };
}

offer!(ChatwootGrant, GrantStatus, by_label);
offer!(ChatwootPlan, PlanStatus, unknown_flag);

fn beside(world: &World, namespace: &str, instance: &str) -> Beside {
    if !world.settings.instance_namespaces.contains(namespace) {
        Beside::NotHonoured
    } else if world.caches.instances.get(namespace, instance).is_some() {
        Beside::Known
    } else {
        Beside::Missing
    }
}

/// Labels of namespaces are not known to a confined operator.
fn by_label(grant: &ChatwootGrant, world: &World) -> Option<String> {
    let refused = world.settings.is_confined() && grant.spec.namespaces.selector.is_some();
    refused.then(|| format!("spec.namespaces.selector: {NO_LABELS}"))
}

/// A flag that the instance's Chatwoot does not know would be a 500 for every account on the plan.
fn unknown_flag(plan: &ChatwootPlan, world: &World) -> Option<String> {
    let key = InstanceKey { namespace: plan.namespace()?, name: plan.spec.instance_ref.name.clone() };
    let version = world.instances.handle(&key)?.known().version;
    let wrong = plan.spec.features.keys().find_map(|flag| check_feature(flag, version).err())?;
    Some(format!("spec.features: {wrong}"))
}
