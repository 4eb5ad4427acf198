//! What a plan needs for each kind inside accounts, made from their one list.

use super::super::{
    hands::Rehearsed,
    rehearsal::{Rehearsal, list},
};
use crate::{
    api::conditions::Condition,
    chatwoot::gate::Key,
    plan::content::Naming,
    reconcile::{
        cache::Cache,
        content::{
            Content,
            registry::{ContentCaches, contents},
        },
        snapshot::Snapshot,
        world::World,
    },
    runtime::{pump::Change, scope::Place, wiring},
};
use anyhow::Result;
use kube::{Client, api::DynamicObject};

/// A kind of which a plan keeps what Kubernetes holds.
pub trait Kept: Content {
    fn kept(snapshots: &mut ContentSnapshots) -> &mut Snapshot<Self>;
}

/// What looks at every kind in turn.
pub trait Visitor {
    fn visit<C: Kept>(&mut self, cache: &Cache<C>);
}

macro_rules! kinds {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// What Kubernetes holds of every kind inside accounts, as it would be.
        pub struct ContentSnapshots {
            $($field: Snapshot<$kind>,)+
        }

        $(impl Kept for $kind {
            fn kept(snapshots: &mut ContentSnapshots) -> &mut Snapshot<Self> {
                &mut snapshots.$field
            }
        })+

        impl ContentSnapshots {
            /// Lists everything once.
            ///
            /// # Errors
            /// Something cannot be listed.
            pub async fn list(client: &Client, places: &[Place]) -> Result<Self> {
                Ok(Self { $($field: Snapshot::new(list::<$kind>(client, places).await?),)+ })
            }

            pub fn caches(&self) -> ContentCaches {
                ContentCaches { $($field: self.$field.cache(),)+ }
            }
        }

        /// Who refers to whom, as the watches would have told it.
        pub fn learn(world: &World) {
            $(for object in world.caches.contents.$field.all() {
                wiring::content_changed::<$kind>(world, &Change::New(&object));
            })+
        }

        /// A pass over one object.
        pub async fn perform(rehearsal: &mut Rehearsal, key: &Key) {
            $(if key.kind == <$kind as Content>::TRAIT.kind {
                return rehearsal.perform_one::<$kind>(key).await;
            })+
        }

        /// Where a kind stands among the others, which may name those before it.
        pub fn rank(kind: &str) -> Option<usize> {
            [$(<$kind as Content>::TRAIT.kind),+].into_iter().position(|one| one == kind)
        }

        /// The field of the spec that is the key, where that can hold a secret.
        pub fn secret_key(kind: &str) -> Option<&'static str> {
            let traits = [$(<$kind as Content>::TRAIT),+].into_iter();
            let found = traits.filter(|one| matches!(one.naming, Naming::Fingerprint(_)));
            found.filter(|one| one.kind == kind).map(|one| one.key).next()
        }

        /// Puts an object of this kind into the picture.
        ///
        /// # Errors
        /// It is none that the operator would understand.
        pub fn put(rehearsal: &mut Rehearsal, kind: &str, object: DynamicObject) -> Result<Key> {
            $(if kind == <$kind as Content>::TRAIT.kind {
                return rehearsal.put_untyped::<$kind>(object);
            })+
            anyhow::bail!("{kind} is no kind inside accounts")
        }

        /// Its id in Chatwoot and its conditions; `None` where there is no such object.
        pub fn standing(rehearsal: &Rehearsal, key: &Key) -> Option<(Option<i64>, Vec<Condition>)> {
            $(if key.kind == <$kind as Content>::TRAIT.kind {
                let object = rehearsal.world.caches.contents.$field.get(&key.namespace, &key.name)?;
                return Some((Rehearsed::id(&*object), Rehearsed::conditions(&*object).to_vec()));
            })+
            None
        }

        /// Shows every kind's cache to `visitor`.
        pub fn each(caches: &ContentCaches, visitor: &mut impl Visitor) {
            $(visitor.visit::<$kind>(&caches.$field);)+
        }
    };
}
contents!(kinds);
