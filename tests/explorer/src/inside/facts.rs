//! The facts of a pass, as `reconcile/` gathers them.

use super::{
    Inside, Memory,
    around::{Item, Name},
};
use crate::resource::{Object, State};
use chatwoot_operator::{
    api::{account::InstanceBinding, common::Mode, content::AccountBinding},
    chatwoot::types::Map,
    plan::{
        account::Object as Seen,
        claims::Standing,
        content::{Around, Facts, Manner, Naming, Other, Pass, Place, Trait, Wish},
    },
};
use std::{collections::BTreeSet, time::Duration};

pub const UNIQUE: Trait =
    Trait { kind: "ChatwootLabel", noun: "label", key: "title", naming: Naming::Key, precious: false };
pub const RENAMED: Trait = Trait {
    kind: "ChatwootAgentBot",
    noun: "bot",
    key: "name",
    naming: Naming::Temporary("name"),
    precious: false,
};

pub fn observe(kind: &Inside, state: &State<Inside>, object: &Object<Inside>, memory: &Memory) -> Facts {
    let name = Name::Wanted(object.spec.second).text();
    let mut fields = Map::new();
    fields.insert("name".into(), name.clone().into());
    fields.insert("color".into(), true.into());
    let started = object.status.creation.as_ref().map(|note| note.started_at.as_second());
    let since = match (started, memory.requested) {
        (Some(started), Some((known, since))) if known == started => Some(since),
        (Some(_), _) => Some(state.clock),
        (None, _) => None,
    };
    Facts {
        kind: if kind.unique { &UNIQUE } else { &RENAMED },
        account: "acme".into(),
        object: Seen {
            namespace: "acme".into(),
            name: "thing".into(),
            generation: object.generation,
            deleting: object.deleting,
            finalizer: object.finalizer,
            requested_at: None,
        },
        manner: Manner {
            adopt: object.spec.adopt,
            deletes: object.spec.deletes,
            mode: Mode::Enforce,
            paused: false,
            installation_wide: false,
        },
        status: object.status.clone(),
        around: Around {
            place: Place::Open(binding()),
            has_token: true,
            wish: Ok(Wish { key: name, fields, ..Wish::default() }),
            standing: Standing::Holds,
            temporary: Name::Temporary(object.uid).text(),
            others: rivals(state),
            left_behind: false,
            elsewhere: false,
            hash: format!("{:?}", object.spec),
            secret_news: false,
            due: true,
            fresh_from: state.clock.saturating_sub(Duration::from_secs(10)),
            seen_at: state.clock,
            requested_since: since,
            settle: Duration::from_secs(70),
            patience: None,
            grace: Duration::ZERO,
            interval: Duration::from_secs(3600),
            write_errors: 0,
        },
        clock: state.clock,
        pass: Pass::default(),
    }
}

/// The resources that others' things are bound to.
fn rivals(state: &State<Inside>) -> Vec<Other> {
    let theirs = state.chatwoot.items.iter().filter(|item| state.chatwoot.rival && item.theirs.is_some());
    let other = |item: &Item| Other {
        who: "another".into(),
        id: Some(item.id),
        has: Some(item.name.text()),
        may_make: BTreeSet::new(),
    };
    theirs.map(other).collect()
}

fn binding() -> AccountBinding {
    let instance =
        InstanceBinding { namespace: "ops".into(), name: "main".into(), uid: "i-1".into(), released: None };
    AccountBinding { id: 7, instance }
}

/// What the process knows after the pass: since when a request is noted, and what it has seen last.
pub fn remember(machine: &Facts) -> Memory {
    let started = machine.status.creation.as_ref().map(|note| note.started_at.as_second());
    // What this pass has noted itself is known from the next one on.
    let since = machine.around.requested_since.filter(|_| !machine.pass.noted);
    let item = |seen: &chatwoot_operator::plan::content::Seen| Item {
        id: seen.id,
        name: Name::of(&seen.key),
        declared: seen.fields.get("color") == Some(&true.into()),
        made_by: None,
        maker: None,
        theirs: None,
    };
    // After a change of which nobody knows what came of it, the list is asked for anew.
    let list = machine.pass.list.as_ref().filter(|_| machine.pass.trouble.is_none());
    Memory {
        requested: started.zip(since),
        list: list.map(|list| (list.asked_at, list.items.iter().map(item).collect())),
    }
}
