//! From what was read to specs. Things name one another, so one that cannot be told takes its name out of the others.

use super::{
    super::{Choices, manifests::Home, notes::Notes},
    choose::{Choice, Chosen},
    kinds::Kind,
    trial::{Verdict, trial},
};
use crate::{
    api::content::Within,
    reconcile::content::told::{Book, Told as Said},
};
use futures::{StreamExt, stream};
use kube::Client;
use serde_json::Value;
use std::collections::BTreeMap;

/// One manifest.
pub struct Printed {
    pub kind: &'static str,
    pub name: String,
    pub spec: Value,
}

/// What an account's content came to.
#[derive(Default)]
pub struct Told {
    pub printed: Vec<Printed>,
    pub left_out: usize,
    pub notes: Notes,
}

/// Tells everything that was chosen in an account.
pub async fn tell(
    chosen: Vec<(&Kind, Choice<'_>)>,
    home: &Home,
    choices: &Choices,
    client: &Client,
    at_once: usize,
) -> Told {
    let mut told = Told::default();
    let mut book = Book { version: choices.version, people: home.members.clone(), things: BTreeMap::new() };
    let mut open: Vec<Chosen<'_>> = Vec::new();
    for (kind, choice) in chosen {
        told.left_out += choice.left_out;
        book.things.extend(choice.bound.into_iter().map(|(id, name)| ((kind.of.kind, id), name)));
        for one in choice.chosen {
            book.things.insert(id_of(&one), one.place.name.clone());
            open.push(one);
        }
    }
    let within = Within { account: home.place.name.clone(), adopt: true, mode: choices.mode, paused: false };
    let mut tried: BTreeMap<(&str, i64), (Value, Verdict)> = BTreeMap::new();
    loop {
        let mut said: Vec<(Chosen<'_>, Said)> = Vec::new();
        let before = book.things.len();
        for one in std::mem::take(&mut open) {
            match (one.kind.told)(&one.shown, within.clone(), &book) {
                Ok(spec) => said.push((one, spec)),
                Err(why) => told.refuse(&one, &why, home, &mut book),
            }
        }
        let news = said
            .iter()
            .filter(|(one, said)| tried.get(&id_of(one)).is_none_or(|(spec, _)| *spec != said.spec));
        let trials = news.map(|(one, said)| async {
            (id_of(one), (said.spec.clone(), trial(client, one.kind, &said.spec).await))
        });
        let trials: Vec<_> =
            stream::iter(trials.collect::<Vec<_>>()).buffer_unordered(at_once).collect().await;
        tried.extend(trials);
        let mut left = Vec::new();
        for (one, said) in said {
            match tried.get(&id_of(&one)) {
                Some((_, Verdict::Refuses(why))) => {
                    let why = format!("has values that its definition does not take ({why})");
                    told.refuse(&one, &why, home, &mut book);
                }
                _ => left.push((one, said)),
            }
        }
        if book.things.len() == before {
            for (one, said) in left {
                told.print(one, said, &mut tried, home);
            }
            return told;
        }
        open = left.into_iter().map(|(one, _)| one).collect();
    }
}

fn id_of(one: &Chosen<'_>) -> (&'static str, i64) {
    (one.kind.of.kind, one.shown.seen.id)
}

impl Told {
    fn refuse(&mut self, one: &Chosen<'_>, why: &str, home: &Home, book: &mut Book) {
        book.things.remove(&id_of(one));
        self.left_out += 1;
        self.notes.look(format!("{} is left out: it {why}", one.called(home)));
    }

    fn print(
        &mut self,
        one: Chosen<'_>,
        said: Said,
        tried: &mut BTreeMap<(&str, i64), (Value, Verdict)>,
        home: &Home,
    ) {
        let called = one.called(home);
        for field in said.left_out {
            self.notes.tell(format!("{called}: not declared is {field}"));
        }
        let spec = match tried.remove(&id_of(&one)) {
            Some((_, Verdict::Takes { spec, without })) => {
                for field in without {
                    self.notes.tell(format!(
                        "{called}: not declared is {field} (its definition does not take the value)"
                    ));
                }
                spec
            }
            Some((spec, Verdict::Unknown(why))) => {
                self.notes
                    .unknown(format!("{called}: whether its definition takes it could not be asked: {why}"));
                spec
            }
            Some((_, Verdict::Refuses(_))) | None => said.spec,
        };
        self.printed.push(Printed { kind: one.kind.of.kind, name: one.place.name, spec });
    }
}
