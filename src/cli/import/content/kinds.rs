//! What an import needs of each kind inside accounts, made from their one list.

use crate::{
    api::{common::Mode, content::Within},
    chatwoot::application::{Account, Answer},
    plan::content::{Shown, Trait, Untold},
    reconcile::{
        content::{
            Content, Item,
            registry::contents,
            told::{Book, Told, told},
        },
        world::Caches,
    },
    runtime::flags::ObjectName,
};
use kube::ResourceExt;
use serde_json::Value;

/// A kind.
pub struct Kind {
    pub of: &'static Trait,
    pub parts: &'static [&'static str],
    pub list: fn(&Account) -> Answer<Vec<Item>>,
    pub part: fn(&Account, i64, &'static str) -> Answer<Value>,
    pub told: fn(&Shown, Within, &Book) -> Result<Told, Untold>,
    /// The objects of a namespace.
    pub held: fn(&Caches, &str) -> Vec<Held>,
}

/// An object that is there.
#[derive(Clone, Debug)]
pub struct Held {
    pub place: ObjectName,
    /// `None`: it cannot be read, and may be anything.
    pub read: Option<Read>,
}

/// What an object says.
#[derive(Clone, Debug)]
pub struct Read {
    pub account: String,
    pub id: Option<i64>,
    pub key: String,
    /// It only looks, and would take over what has its key: an earlier run has made it, or somebody who wants the same.
    pub observes: bool,
}

macro_rules! kinds {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// All of them.
        pub fn all() -> Vec<Kind> {
            vec![$(kind::<$kind>()),+]
        }
    };
}
contents!(kinds);

fn kind<C: Content>() -> Kind {
    Kind {
        of: C::TRAIT,
        parts: C::TOLD_PARTS,
        list: C::list,
        part: C::part,
        told: told::<C>,
        held: held::<C>,
    }
}

fn held<C: Content>(caches: &Caches, namespace: &str) -> Vec<Held> {
    let cache = C::cache(caches);
    let here = |name: String| ObjectName { namespace: namespace.to_owned(), name };
    let known = cache.all().into_iter().filter(|one| one.namespace().as_deref() == Some(namespace));
    let read = known.map(|object| {
        let within = object.within();
        let read = Read {
            account: within.account.clone(),
            id: object.status().and_then(|status| status.id),
            key: object.key(),
            observes: within.adopt && within.mode == Mode::Observe,
        };
        Held { place: here(object.name_any()), read: Some(read) }
    });
    let unread =
        cache.unreadable_in(namespace).into_iter().map(|name| Held { place: here(name), read: None });
    read.chain(unread).collect()
}
