//! Queues and watches of the kinds inside accounts, made from their one list.

use super::{
    health::Health,
    metrics::Metrics,
    operator::{AT_ONCE, worker},
    pump::PumpHooks,
    pumps::{pump, start, watches},
    queue::Queue,
    scope::Place,
    wiring,
};
use crate::{
    chatwoot::gate::Key,
    reconcile::{
        cache,
        content::{
            Content,
            registry::{ContentCaches, contents},
        },
        driver::is_bare,
        world::World,
    },
};
use kube::Client;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

macro_rules! queues {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// Their work queues.
        #[derive(Clone)]
        pub struct ContentQueues {
            $($field: Queue<$kind>,)+
        }

        impl ContentQueues {
            pub fn new(metrics: &Metrics) -> Self {
                Self { $($field: Queue::new(AT_ONCE, metrics.pass_observer()),)+ }
            }

            pub fn wake(&self, key: &Key) {
                $(if key.kind == <$kind as Content>::TRAIT.kind {
                    self.$field.wake(cache::key(Some(key.namespace.as_str()), key.name.as_str()));
                })+
            }

            pub fn attach(&self, caches: &ContentCaches) {
                $(self.$field.attach(caches.$field.clone());)+
            }

            pub fn detach(&self) {
                $(self.$field.detach();)+
            }

            pub fn start(&self, work: &mut JoinSet<()>, world: &Arc<World>, health: &Health, stop: &CancellationToken) {
                $(worker(work, &self.$field, world, health, stop);)+
            }
        }
    };
}
contents!(queues);

macro_rules! pumps {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// Their watches, before they run.
        pub struct ContentPumps {
            $($field: super::pump::Pump<$kind>,)+
        }

        impl ContentPumps {
            pub fn new(health: &Health, hooks: &PumpHooks) -> Self {
                Self { $($field: pump(health, hooks, &format!("{}s", <$kind as Content>::TRAIT.kind)).marking(is_bare),)+ }
            }

            pub fn caches(&self) -> ContentCaches {
                ContentCaches { $($field: self.$field.cache(),)+ }
            }

            pub fn start(self, tasks: &mut JoinSet<()>, client: &Client, tenants: &[Place], world: &Arc<World>) {
                $(start(tasks, self.$field, watches(client, tenants), world, wiring::content_changed);)+
            }
        }
    };
}
contents!(pumps);
