//! One object, one account, and a process that runs passes over them. Every pass is checked for what must always hold:
//! nothing is written or deleted that this object has not made, taken over, or noted; and the conditions read right.

use super::super::*;
use crate::{
    api::{
        account::InstanceBinding,
        content::{AccountBinding, ContentStatus},
    },
    chatwoot::{
        outcome::{Class, Failure},
        types::Map,
    },
    plan::{
        End, Machine, Moment, NoTurn, account::Object, claims::Standing, create::Wrote,
        status::tests::well_formed,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// One that is found by its key, and one that is found by a temporary name.
pub const LABEL: Trait =
    Trait { kind: "ChatwootLabel", noun: "label", key: "title", naming: Naming::Key, precious: false };
pub const INBOX: Trait = Trait {
    kind: "ChatwootInbox",
    noun: "inbox",
    key: "name",
    naming: Naming::Temporary("name"),
    precious: true,
};
/// One whose key can hold a secret.
pub const HOOK: Trait = Trait {
    kind: "ChatwootWebhook",
    noun: "webhook",
    key: "url",
    naming: Naming::Fingerprint("url"),
    precious: false,
};

pub const SETTLE: u64 = 50;
pub const TEMPORARY: &str = "chatwoot-operator-0123456789abcdef";

/// What happens between two passes.
pub type Change = fn(&mut World);

/// How a call of the next pass fails.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing was sent.
    NotSent,
    /// It was done, and the answer was lost.
    Lost,
    /// It was not done, and the answer was lost.
    Vain,
    Refused(Class),
    /// A refusal after everything was stored.
    StoredAndRefused,
    /// A failure after everything was stored.
    StoredAnd(Class),
}

#[derive(Clone)]
pub struct World {
    pub kind: &'static Trait,
    pub manner: Manner,
    pub wish: Result<Wish, Verdict>,
    pub place: Place,
    pub standing: Standing,
    pub others: Vec<Other>,
    pub left_behind: bool,
    pub elsewhere: bool,
    pub status: ContentStatus,
    pub generation: i64,
    pub deleting: bool,
    pub finalizer: bool,
    pub gone: bool,
    // Chatwoot.
    pub items: BTreeMap<i64, Seen>,
    pub parts: BTreeMap<&'static str, Value>,
    pub next_id: i64,
    /// Somebody makes one of this key just before the next create arrives.
    pub meanwhile: Option<&'static str>,
    /// A proxy sends the next create twice, and gives the second answer.
    pub repeated: bool,
    /// Faults of the next calls: `token`, `list`, `create`, `patch`, `part`, `show`, `delete`.
    pub faults: BTreeMap<&'static str, Vec<Fault>>,
    // Kubernetes and the process.
    pub conflicts: usize,
    pub has_token: bool,
    pub due: bool,
    pub stopping: bool,
    pub seconds: u64,
    pub notices: Vec<Notice>,
    pub secrets: BTreeSet<String>,
    /// Hashes of secret fields.
    pub passwords: Result<BTreeMap<&'static str, String>, Unread>,
    pub write_errors: u32,
    /// Parts stay as they are, whatever is sent.
    pub stubborn: bool,
    /// What becomes of the connection Secret.
    pub published: Published,
    requested: Option<(Timestamp, Duration)>,
    shared: Option<Listed>,
}

/// What one pass did.
#[derive(Clone, Debug)]
pub struct Pass {
    pub effects: Vec<Effect>,
    pub end: End<ContentStatus>,
    /// Writes to Kubernetes, the one at the end included.
    pub writes: usize,
}

impl Pass {
    pub fn calls(&self) -> Vec<&'static str> {
        self.effects.iter().filter_map(name_of).collect()
    }

    pub fn reason(&self) -> &str {
        crate::plan::status::ready_reason(&self.end.status.conditions).unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        let ready = crate::api::conditions::find(&self.end.status.conditions, crate::api::conditions::READY);
        ready.map_or("", |ready| ready.message.as_str())
    }
}

fn name_of(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Token => Some("token"),
        Effect::List { .. } => Some("list"),
        Effect::Create(_) => Some("create"),
        Effect::Patch(..) => Some("patch"),
        Effect::ReadPart(..) | Effect::WritePart(..) => Some("part"),
        Effect::Show(_) => Some("show"),
        Effect::Delete(_) => Some("delete"),
        _ => None,
    }
}

pub fn binding(account: i64) -> AccountBinding {
    let instance =
        InstanceBinding { namespace: "ops".into(), name: "main".into(), uid: "i-1".into(), released: None };
    AccountBinding { id: account, instance }
}

impl World {
    pub fn of(kind: &'static Trait) -> Self {
        let mut fields = Map::new();
        fields.insert(kind.key.to_owned(), json!("vip"));
        fields.insert("color".to_owned(), json!("#112233"));
        Self {
            kind,
            manner: Manner {
                adopt: false,
                deletes: true,
                mode: Mode::Enforce,
                paused: false,
                installation_wide: false,
            },
            wish: Ok(Wish { key: "vip".into(), fields, ..Wish::default() }),
            place: Place::Open(binding(7)),
            standing: Standing::Holds,
            others: Vec::new(),
            left_behind: false,
            elsewhere: false,
            status: ContentStatus::default(),
            generation: 1,
            deleting: false,
            finalizer: false,
            gone: false,
            items: BTreeMap::new(),
            parts: BTreeMap::new(),
            next_id: 100,
            meanwhile: None,
            repeated: false,
            faults: BTreeMap::new(),
            conflicts: 0,
            has_token: true,
            due: false,
            stopping: false,
            seconds: 1000,
            notices: Vec::new(),
            secrets: BTreeSet::new(),
            passwords: Ok(BTreeMap::new()),
            write_errors: 0,
            stubborn: false,
            published: Published::Yes,
            requested: None,
            shared: None,
        }
    }

    pub fn label() -> Self {
        Self::of(&LABEL)
    }

    pub fn inbox() -> Self {
        Self::of(&INBOX)
    }

    pub fn wished(&mut self) -> &mut Wish {
        self.wish.as_mut().unwrap()
    }

    /// The author changes the spec.
    pub fn edit(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        self.generation += 1;
    }

    /// Somebody makes one in Chatwoot.
    pub fn somebody_makes(&mut self, key: &str) -> i64 {
        self.next_id += 1;
        let mut fields = Map::new();
        fields.insert(self.kind.key.to_owned(), json!(key));
        fields.insert("color".to_owned(), json!("#ffffff"));
        self.items.insert(self.next_id, Seen { id: self.next_id, key: key.to_owned(), fields });
        self.next_id
    }

    pub fn fail(&mut self, call: &'static str, fault: Fault) {
        self.faults.entry(call).or_default().push(fault);
    }

    pub fn wait(&mut self, seconds: u64) {
        self.seconds += seconds;
    }

    /// Another process goes on from what is stored.
    pub fn restart(&mut self) {
        self.requested = None;
        self.shared = None;
        self.has_token = false;
        self.write_errors = 0;
    }

    pub fn clock(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn moment(&self) -> Moment {
        Moment {
            now: Timestamp::from_second(1_800_000_000 + i64::try_from(self.seconds).unwrap()).unwrap(),
            clock: self.clock(),
            nonce: format!("{:016x}", self.seconds * 1000 + u64::try_from(self.next_id).unwrap()),
            stopping: self.stopping,
        }
    }

    fn hash(&self) -> String {
        format!("{:?}{:?}", self.wish, self.place)
    }

    pub fn facts(&mut self) -> Facts {
        let started = self.status.creation.as_ref().map(|note| note.started_at);
        self.requested = match (started, self.requested) {
            (Some(started), Some((known, since))) if known == started => Some((known, since)),
            (Some(started), _) => Some((started, self.clock())),
            (None, _) => None,
        };
        Facts {
            kind: self.kind,
            account: "acme".into(),
            object: Object {
                namespace: "acme".into(),
                name: "vip".into(),
                generation: self.generation,
                deleting: self.deleting,
                finalizer: self.finalizer,
                requested_at: None,
            },
            manner: self.manner,
            status: self.status.clone(),
            around: Around {
                place: self.place.clone(),
                has_token: self.has_token,
                wish: self.wish.clone(),
                standing: self.standing,
                temporary: TEMPORARY.into(),
                others: self.others.clone(),
                left_behind: self.left_behind,
                elsewhere: self.elsewhere,
                hash: self.hash(),
                secret_news: false,
                due: self.due,
                fresh_from: self.clock().saturating_sub(Duration::from_secs(10)),
                seen_at: self.clock(),
                requested_since: self.requested.map(|(_, since)| since),
                settle: Duration::from_secs(SETTLE),
                patience: None,
                grace: Duration::from_secs(120),
                interval: Duration::from_secs(3600),
                write_errors: self.write_errors,
            },
            clock: self.clock(),
            pass: super::super::Pass::default(),
        }
    }

    /// One pass. A second goes by with every effect.
    pub fn pass(&mut self) -> Pass {
        self.pass_until(usize::MAX)
    }

    /// One pass that dies after so many effects.
    pub fn pass_until(&mut self, most: usize) -> Pass {
        let mut facts = self.facts();
        let mut pass = Pass {
            effects: Vec::new(),
            end: End { status: self.status.clone(), again: crate::plan::Again::OnChange, checked: false },
            writes: 0,
        };
        for _ in 0..60 {
            match facts.next(&self.moment()) {
                Step::Act(effect) => {
                    if pass.effects.len() == most {
                        return pass;
                    }
                    self.allowed(&effect, &facts);
                    self.seconds += 1;
                    pass.writes += usize::from(matches!(
                        effect,
                        Effect::AddFinalizer | Effect::DropFinalizer(_) | Effect::Write(..)
                    ));
                    pass.effects.push(effect.clone());
                    facts.learn(self.act(effect));
                }
                Step::Settle(end) => {
                    if end.status != self.status && end.again != crate::plan::Again::Fresh && !self.gone {
                        pass.writes += 1;
                        if self.conflicts > 0 {
                            self.conflicts -= 1;
                        } else {
                            self.status = end.status.clone();
                        }
                    }
                    if !end.status.conditions.is_empty() {
                        well_formed(&end.status.conditions, end.status.observed_generation);
                    }
                    self.write_errors = facts.write_errors();
                    self.due &= !end.checked;
                    pass.end = end;
                    return pass;
                }
            }
        }
        panic!("a pass does not end: {:?}", pass.effects);
    }

    /// What is neither ours nor noted is never written.
    fn allowed(&self, effect: &Effect, facts: &Facts) {
        let id = match effect {
            Effect::Patch(id, _) | Effect::WritePart(id, ..) | Effect::Delete(id) => *id,
            _ => return,
        };
        let noted = facts.status.creation.as_ref().map(|note| note.name.clone());
        let bound = self.status.id == Some(id) || facts.status.id == Some(id);
        let is_noted = self.items.get(&id).is_some_and(|item| Some(&item.key) == noted.as_ref());
        let is_twin =
            self.kind.naming != Naming::Key && self.items.get(&id).is_some_and(|item| item.key == TEMPORARY);
        assert!(bound || is_noted || is_twin, "{effect:?} about something that is not ours");
    }

    fn act(&mut self, effect: Effect) -> Lesson {
        // Of one that is the installation's no list shows the token.
        let asks = matches!(effect, Effect::Publish { .. }) && self.manner.installation_wide;
        let fault = asks
            .then_some("show")
            .or_else(|| name_of(&effect))
            .and_then(|call| self.faults.get_mut(call))
            .and_then(|list| (!list.is_empty()).then(|| list.remove(0)));
        if let Some(Fault::Refused(Class::Unauthorized)) = &fault {
            self.has_token = false;
        }
        let failure = match &fault {
            None => None,
            Some(Fault::NotSent) => Some(Failure::of(Class::Connect)),
            Some(Fault::Lost | Fault::Vain) => Some(Failure::of(Class::Timeout)),
            Some(Fault::Refused(class)) => Some(Failure { status: Some(422), ..Failure::of(*class) }),
            Some(Fault::StoredAndRefused) => {
                Some(Failure { status: Some(422), foreign_body: true, ..Failure::of(Class::Invalid) })
            }
            Some(Fault::StoredAnd(class)) => Some(Failure::of(*class)),
        };
        let done = matches!(fault, None | Some(Fault::Lost | Fault::StoredAndRefused | Fault::StoredAnd(_)));
        let told = |lesson: Value| failure.clone().map_or(Ok(lesson), Err);
        match effect {
            Effect::AddFinalizer => {
                self.finalizer = true;
                Lesson::Finalizer(Wrote::Yes)
            }
            Effect::DropFinalizer(notice) => {
                self.finalizer = false;
                self.gone = self.deleting;
                self.notices.extend(notice);
                Lesson::Dropped(Wrote::Yes)
            }
            Effect::Write(status, tag) => {
                let wrote = if self.conflicts > 0 {
                    self.conflicts -= 1;
                    Wrote::Conflict
                } else {
                    self.status = (*status).clone();
                    Wrote::Yes
                };
                Lesson::Wrote { tag, status, wrote }
            }
            Effect::ReadBack => Lesson::ReadBack { status: Some(Box::new(self.status.clone())), gone: false },
            Effect::Token => {
                self.has_token = failure.is_none();
                Lesson::Token(told(Value::Null).map(drop))
            }
            Effect::Secrets => Lesson::Secrets(self.passwords.clone()),
            Effect::List { not_before } => {
                if let Some(shared) = self.shared.clone().filter(|shared| shared.asked_at >= not_before) {
                    return Lesson::Listed(Ok(shared));
                }
                let items = Arc::new(self.items.values().cloned().collect());
                let listed = Listed { asked_at: self.clock(), items };
                Lesson::Listed(failure.map_or(Ok(listed), Err))
            }
            Effect::Create(fields) => self.create(&fields, done, failure),
            Effect::Patch(id, fields) => {
                if done && let Some(item) = self.items.get_mut(&id) {
                    item.fields.extend((*fields).clone());
                    item.key = item.fields[self.kind.key].as_str().unwrap().to_owned();
                }
                let answer = self.items.get(&id).cloned().ok_or(Failure::of(Class::NotFound));
                Lesson::Patched(id, failure.map_or(answer, Err))
            }
            Effect::ReadPart(_, name) => {
                Lesson::PartRead(name, told(self.parts.get(name).cloned().unwrap_or_default()))
            }
            Effect::WritePart(_, name, value) => {
                if done && !self.stubborn {
                    self.parts.insert(name, value);
                }
                Lesson::PartWritten(name, told(self.parts.get(name).cloned().unwrap_or_default()))
            }
            Effect::Publish { name, .. } => match failure {
                Some(failure) => Lesson::Shown(Err(failure)),
                None => {
                    self.secrets.extend((self.published == Published::Yes).then_some(name));
                    Lesson::Published(self.published.clone())
                }
            },
            Effect::DropSecret(name) => {
                self.secrets.remove(&name);
                Lesson::SecretDropped(name, Ok(()))
            }
            Effect::Show(id) => {
                let there = self.items.get(&id).cloned().ok_or(Failure::of(Class::NotFound));
                Lesson::Shown(failure.map_or(there, Err))
            }
            Effect::Delete(id) => {
                if done {
                    self.items.remove(&id);
                }
                Lesson::Deleted(id, told(Value::Null).map(drop))
            }
        }
    }

    fn create(&mut self, fields: &Map, done: bool, failure: Option<Failure>) -> Lesson {
        let key = fields[self.kind.key].as_str().unwrap().to_owned();
        let unique = !matches!(self.kind.naming, Naming::Temporary(_));
        if let Some(key) = self.meanwhile.take() {
            self.somebody_makes(key);
        }
        if std::mem::take(&mut self.repeated) {
            self.next_id += 1;
            self.items
                .insert(self.next_id, Seen { id: self.next_id, key: key.clone(), fields: fields.clone() });
        }
        let is_taken = unique && self.items.values().any(|item| item.key == key);
        if is_taken {
            return Lesson::Created(Err(Failure { status: Some(422), ..Failure::of(Class::Invalid) }));
        }
        self.next_id += 1;
        // What Chatwoot tries out, only a change can bring.
        let tried: BTreeSet<&str> =
            self.wish.iter().flat_map(|wish| wish.tried.values().flatten()).copied().collect();
        let mut fields = fields.clone();
        fields.retain(|field, _| !tried.contains(field.as_str()));
        let seen = Seen { id: self.next_id, key, fields };
        if done {
            self.items.insert(seen.id, seen.clone());
        }
        Lesson::Created(failure.map_or(Ok(seen), Err))
    }

    /// Nobody looks at a gate here, but a pass without a turn says nothing and does nothing.
    pub fn without_turn(&mut self) -> Step<Effect, End<ContentStatus>> {
        let mut facts = self.facts();
        facts.learn(Lesson::NoTurn(NoTurn::Queued));
        facts.next(&self.moment())
    }

    /// Passes until nothing is left to do, at most so many; the last one.
    pub fn settle(&mut self) -> Pass {
        for _ in 0..20 {
            let pass = self.pass();
            if pass.effects.is_empty() {
                return pass;
            }
            match pass.end.again {
                crate::plan::Again::After(wait) => self.seconds += wait.as_secs(),
                _ => self.wait(1),
            }
        }
        panic!("it does not come to rest: {:?}", self.status);
    }
}
