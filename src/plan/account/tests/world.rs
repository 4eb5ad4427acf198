//! One object, one Chatwoot, and a process that runs passes over them. Every pass is checked for what must always hold:
//! nothing is written to or deleted without having been read under our marker, and the conditions read right.

pub(super) use super::inside::{self, own_marker};

use super::super::*;
use crate::{
    api::{
        account::{AccountSpec, AccountStatus, InstanceBinding},
        plan::PlanSpec,
    },
    chatwoot::{
        marker::{self, Installation, Marker, Reading},
        outcome::{Class, Failure},
        types::{AccountId, AccountState, Map, User},
        version::Version,
    },
    plan::{
        End, Machine, Moment,
        create::{Answer, Index, Likeness, Look, Match, ReadBack, Wrote},
        entitlements::Planned,
        grants::{self, Fit, Refusal, Suspension},
        status::tests::well_formed,
    },
};
use jiff::Timestamp;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

pub const UID: &str = "u-1";

/// How the account index answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Books {
    Open,
    Broken,
    Down,
}

#[derive(Clone)]
pub struct World {
    // The object.
    pub spec: AccountSpec,
    pub status: AccountStatus,
    pub generation: i64,
    pub deleting: bool,
    pub finalizer: bool,
    pub gone: bool,
    pub requested: Option<String>,
    pub answer: Option<String>,
    // Around it.
    pub instance: InstanceChoice,
    pub verdict: grants::Verdict,
    pub may_delete: Fit,
    pub plan: Option<PlanSpec>,
    pub plans: Vec<PlanSpec>,
    pub invalid: Option<String>,
    pub home: bool,
    pub adoptable: BTreeSet<i64>,
    pub taken: BTreeSet<i64>,
    pub swept: Option<BTreeSet<i64>>,
    // Chatwoot.
    pub accounts: BTreeMap<i64, Account>,
    pub hidden: BTreeSet<i64>,
    pub books: Books,
    /// How the next calls of this name fail: `post`, `get`, `patch`, `features`, `delete`, `vanished`.
    pub failing: BTreeMap<&'static str, Vec<Failure>>,
    /// Flags that are never on, whatever is sent.
    pub stuck: BTreeSet<String>,
    /// `spec.automation.emailDomain`.
    pub domain: Option<String>,
    /// The account has content.
    pub wanted: bool,
    pub leaving: bool,
    pub walking: bool,
    pub doubted: bool,
    pub walked: Option<walked::Outcome>,
    pub deleting_for: u64,
    pub users: BTreeMap<i64, User>,
    /// Users outside the Platform App's permissions.
    pub hidden_users: BTreeSet<i64>,
    /// Settings by account, as Chatwoot keeps them.
    pub settings: BTreeMap<i64, Map>,
    pub no_turn: Option<NoTurn>,
    // Kubernetes and the process.
    pub conflicts: usize,
    pub memory: create::Memory,
    pub write_errors: u32,
    pub known: bool,
    pub due: bool,
    pub stopping: bool,
    pub seconds: u64,
    nonces: u64,
}

/// What one pass did.
#[derive(Clone, Debug)]
pub struct Pass {
    pub effects: Vec<Effect>,
    pub end: End<AccountStatus>,
    /// Writes to Kubernetes, the one at the end included.
    pub writes: usize,
}

pub fn installation() -> Installation {
    Installation::new("0123456789abcdef".into(), vec![7; 32])
}

pub fn marker_of(namespace_uid: &str, name: &str, uid: &str) -> Marker {
    installation().marker("ChatwootAccount", "acme", namespace_uid, name, uid)
}

pub fn spec(value: serde_json::Value) -> AccountSpec {
    serde_json::from_value(value).unwrap()
}

pub fn view() -> InstanceView {
    InstanceView {
        binding: InstanceBinding {
            namespace: "ops".into(),
            name: "main".into(),
            uid: "i-1".into(),
            released: None,
        },
        blocked: None,
        version: Version::NEWEST_KNOWN,
        public_url: "https://chat.example.com".into(),
        restoring: false,
    }
}

pub fn refusal() -> Refusal {
    Refusal { namespace: "acme".into(), needs: vec![grants::Need::Plan(None)] }
}

pub fn planned(features: &[(&str, bool)], limits: &[(&str, i64)]) -> PlanSpec {
    PlanSpec {
        features: features.iter().map(|(key, on)| ((*key).to_owned(), *on)).collect(),
        limits: limits.iter().map(|(key, most)| ((*key).to_owned(), *most)).collect(),
        ..PlanSpec::default()
    }
}

pub fn failure(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::of(class) }
}

impl World {
    pub fn new(value: serde_json::Value) -> Self {
        Self {
            spec: spec(value),
            status: AccountStatus::default(),
            generation: 1,
            deleting: false,
            finalizer: false,
            gone: false,
            requested: None,
            answer: None,
            instance: InstanceChoice::Known(Box::new(view())),
            verdict: grants::Verdict { fit: Fit::Granted, plan_stands: true, suspension: Suspension::No },
            may_delete: Fit::Granted,
            plan: None,
            plans: Vec::new(),
            invalid: None,
            home: false,
            adoptable: BTreeSet::new(),
            taken: BTreeSet::new(),
            swept: None,
            accounts: BTreeMap::new(),
            hidden: BTreeSet::new(),
            books: Books::Open,
            failing: BTreeMap::new(),
            stuck: BTreeSet::new(),
            domain: None,
            wanted: false,
            leaving: false,
            walking: false,
            doubted: false,
            walked: None,
            // Long enough for everything else to be heard of.
            deleting_for: 3,
            users: BTreeMap::new(),
            hidden_users: BTreeSet::new(),
            settings: BTreeMap::new(),
            no_turn: None,
            conflicts: 0,
            memory: create::Memory::default(),
            write_errors: 0,
            known: false,
            due: false,
            stopping: false,
            seconds: 1000,
            nonces: 0,
        }
    }

    pub fn acme() -> Self {
        Self::new(json!({"name": "Acme"}))
    }

    /// A world where everything asked for is so.
    pub fn converged(value: serde_json::Value) -> Self {
        let mut world = Self::new(value);
        world.settle();
        world
    }

    pub fn change(&mut self, value: serde_json::Value) {
        self.spec = spec(value);
        self.generation += 1;
    }

    pub fn id(&self) -> i64 {
        self.status.id.expect("not bound")
    }

    pub fn account(&self) -> &Account {
        &self.accounts[&self.id()]
    }

    pub fn account_mut(&mut self) -> &mut Account {
        let id = self.id();
        self.accounts.get_mut(&id).unwrap()
    }

    pub fn reason(&self) -> &str {
        super::super::super::status::ready_reason(&self.status.conditions).unwrap_or("none")
    }

    pub fn is_ready(&self) -> bool {
        super::super::super::status::is_ready(&self.status.conditions)
    }

    pub fn is(&self, kind: &str) -> bool {
        crate::api::conditions::find(&self.status.conditions, kind).is_some()
    }

    pub fn message(&self) -> &str {
        let ready = crate::api::conditions::find(&self.status.conditions, crate::api::conditions::READY);
        ready.map_or("", |ready| ready.message.as_str())
    }

    pub fn fail(&mut self, call: &'static str, class: Class, status: u16) {
        self.failing.entry(call).or_default().push(failure(class, status));
    }

    pub fn someone(&mut self, id: i64, marker: Option<&Marker>) {
        self.someone_of(id, marker.map(ToString::to_string));
    }

    /// An account whose marker has this text.
    pub fn someone_of(&mut self, id: i64, marker: Option<String>) {
        let mut attributes = Map::new();
        attributes.insert("theirs".into(), json!({"deep": [1]}));
        attributes.extend(marker.map(|text| (marker::KEY.to_owned(), json!(text))));
        self.accounts.insert(id, account(id, "Somebody", attributes));
    }

    pub fn mine(&self) -> Marker {
        marker_of("n-1", "main", UID)
    }

    fn hash(&self) -> String {
        format!("{:?}", (&self.spec, &self.plan, Planned::of(&self.plans), &self.verdict))
    }

    fn unpaused_hash(&self) -> String {
        let spec = AccountSpec { paused: false, ..self.spec.clone() };
        format!("{:?}", (&spec, &self.plan, Planned::of(&self.plans), &self.verdict))
    }

    pub fn moment(&mut self) -> Moment {
        self.nonces += 1;
        Moment {
            now: Timestamp::from_second(1_800_000_000 + self.seconds as i64).unwrap(),
            clock: Duration::from_secs(self.seconds),
            nonce: format!("{:016x}", self.nonces),
            stopping: self.stopping,
        }
    }

    pub fn facts(&mut self) -> Facts {
        let clock = Duration::from_secs(self.seconds);
        let claim = self.status.creation.as_ref().map(create::Claim::from);
        self.memory.observe(claim.as_ref(), self.finalizer, clock, self.known);
        self.known = true;
        let restoring = matches!(&self.instance, InstanceChoice::Known(view) if view.restoring);
        let is_seen = self.status.observed_generation == self.generation;
        let unpaused = self.spec.paused && self.status.applied == Some(self.unpaused_hash());
        Facts {
            object: Object {
                namespace: "acme".into(),
                name: "main".into(),
                generation: self.generation,
                deleting: self.deleting,
                finalizer: self.finalizer,
                requested_at: self.requested.clone(),
            },
            spec: self.spec.clone(),
            status: self.status.clone(),
            around: Around {
                instance: self.instance.clone(),
                verdict: self.verdict.clone(),
                ungranted: refusal(),
                may_delete: self.may_delete.clone(),
                plan: self.plan.clone().filter(|_| self.spec.plan.is_some()).map(Arc::new),
                planned: Arc::new(Planned::of(&self.plans)),
                is_instance_namespace: self.home,
                invalid: self.invalid.clone(),
                marker: self.mine(),
                automation: automation::Around {
                    domain: self.domain.clone(),
                    wanted: self.wanted,
                    content_leaving: self.leaving,
                    walking: self.walking,
                    doubted: self.doubted,
                    marker: own_marker(UID),
                    deleting_for: Duration::from_secs(self.deleting_for),
                    settle: Duration::from_secs(70),
                },
                walked: self.walked.clone(),
                hash: self.hash(),
                reconciled: is_seen || unpaused,
                adoptable: self.adoptable.clone(),
                taken: self.taken.clone(),
                swept: self.swept.clone(),
                due: self.due,
                grace: Duration::from_secs(120),
                interval: Duration::from_secs(3600),
                write_errors: if is_seen { self.write_errors } else { 0 },
            },
            create: create::Facts {
                bound: self.status.id,
                claim,
                finalizer: self.finalizer,
                deleting: self.deleting,
                destroying: self.spec.deletion_policy == crate::api::account::AccountDeletionPolicy::Delete,
                adopt: self.spec.adopt.map(|adopt| adopt.id),
                question: self.status.decision.as_ref().map(|decision| decision.token.clone()),
                answer: self.answer.as_deref().and_then(Answer::parse),
                read_at: clock,
                restoring,
                timeout: Duration::from_secs(20),
                settle_margin: Duration::from_secs(30),
                memory: self.memory.clone(),
                mine: None,
                unsure: None,
                look: None,
                ended: None,
                read_again: false,
                stale: false,
                gone: false,
            },
            remote: Remote::Unread,
            automation: automation::Pass::default(),
            settings: settings::Pass::default(),
            trouble: None,
            done: Done::default(),
        }
    }

    /// One pass, with everything that must always hold checked on the way.
    pub fn pass(&mut self) -> Pass {
        assert!(!self.gone, "a pass over an object that is gone");
        let mut machine = self.facts();
        let (mut seen, mut user) = (None, None);
        let (mut effects, mut writes) = (Vec::new(), 0);
        for _ in 0..60 {
            let at = self.moment();
            let step = machine.next(&at);
            assert_eq!(machine.clone().next(&at), step, "the same facts, another answer");
            match step {
                Step::Act(effect) => {
                    self.check(&effect, seen.as_ref());
                    inside::check(self, &effect, user.as_ref());
                    let lesson = self.act(&effect);
                    writes += usize::from(is_write(&effect) && !matches!(lesson, Lesson::NoTurn(_)));
                    if let Lesson::Posted(Ok(account))
                    | Lesson::Got(_, Ok(account))
                    | Lesson::Patched { answer: Ok(account), .. } = &lesson
                    {
                        seen = Some(account.clone());
                    }
                    user = inside::seen(&lesson).or(user);
                    machine.learn(lesson);
                    effects.push(effect);
                }
                Step::Settle(end) => {
                    if end.status != self.status && end.again != crate::plan::Again::Fresh && !self.gone {
                        writes += 1;
                        self.status = end.status.clone();
                        self.check_status(&end.status);
                    }
                    self.memory = machine.create.memory.clone();
                    self.write_errors = machine.write_errors();
                    if end.checked {
                        self.due = false;
                    }
                    return Pass { effects, end, writes };
                }
            }
        }
        panic!("the plan does not come to an end: {effects:#?}");
    }

    /// One pass of which nothing is asked but that it comes to an end.
    pub fn run_unchecked(&mut self) {
        let mut machine = self.facts();
        for _ in 0..60 {
            let at = self.moment();
            match machine.next(&at) {
                Step::Act(effect) => machine.learn(self.act(&effect)),
                Step::Settle(_) => return,
            }
        }
        panic!("the plan does not come to an end: {machine:#?}");
    }

    /// Passes, and time, until nothing changes any more.
    pub fn settle(&mut self) -> Vec<Effect> {
        let mut all = Vec::new();
        for _ in 0..20 {
            if self.gone {
                return all;
            }
            let pass = self.pass();
            let idle = pass.effects.is_empty() && pass.writes == 0;
            all.extend(pass.effects);
            if idle {
                return all;
            }
            self.seconds += 130;
        }
        all
    }

    fn check(&self, effect: &Effect, seen: Option<&Account>) {
        let id = match effect {
            Effect::Patch(id, _) | Effect::Delete(id) => *id,
            Effect::Write(status, _) => return self.check_status(status),
            _ => return,
        };
        let seen =
            seen.filter(|seen| seen.id.0 == id).expect("written to or deleted without having been read");
        match (self.mine().read(&seen.custom_attributes), effect) {
            (Reading::Ours | Reading::Recreated, _) => {}
            (Reading::Restored, _) => {
                let restoring = matches!(&self.instance, InstanceChoice::Known(view) if view.restoring);
                assert!(restoring || self.adoptable.contains(&id), "restored, and nobody said so");
            }
            (Reading::Absent, Effect::Patch(_, patch)) => {
                assert!(self.adoptable.contains(&id), "an account without a marker was written to");
                let stamped = patch.custom_attributes.as_ref().map(|sent| self.mine().read(sent));
                assert_eq!(stamped, Some(Reading::Ours), "adopting begins with the marker");
            }
            (reading, _) => panic!("{effect:?} on an account that is {reading:?}"),
        }
    }

    fn check_status(&self, status: &AccountStatus) {
        assert_eq!(status.observed_generation, self.generation);
        well_formed(&status.conditions, self.generation);
        assert!(
            self.status.id.is_none()
                || status.id == self.status.id
                || !status.duplicates.is_empty()
                || status.creation != self.status.creation,
            "a bound id changed in silence"
        );
        let attempts = |status: &AccountStatus| status.creation.as_ref().map_or(0, |c| c.attempt);
        assert!(attempts(status) >= attempts(&self.status), "status.creation went back");
    }

    fn act(&mut self, effect: &Effect) -> Lesson {
        if effect.needs_turn()
            && let Some(why) = self.no_turn
        {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AskIndex { not_before } => Lesson::Index(self.ask(*not_before)),
            Effect::ReadBack => Lesson::ReadBack {
                back: ReadBack::Found {
                    bound: self.status.id,
                    claim: self.status.creation.as_ref().map(create::Claim::from),
                    finalizer: self.finalizer,
                    deleting: self.deleting,
                    at: Duration::from_secs(self.seconds),
                },
                status: Some(Box::new(self.status.clone())),
            },
            Effect::AddFinalizer => {
                let wrote = self.write(|world| world.finalizer = true);
                Lesson::Finalizer(wrote)
            }
            Effect::DropFinalizer(_) => {
                let wrote = self.write(|world| {
                    world.finalizer = false;
                    world.gone = world.deleting;
                });
                Lesson::Dropped(wrote)
            }
            Effect::ReportOrphan(_) => Lesson::OrphanReported,
            Effect::Write(status, tag) => {
                let wrote = self.write(|world| world.status = (**status).clone());
                Lesson::Wrote { tag: tag.clone(), status: status.clone(), wrote }
            }
            Effect::Post { name, .. } => {
                Lesson::Posted(self.failed("post").map_or_else(|| Ok(self.make(name)), Err))
            }
            Effect::Get(id) => Lesson::Got(*id, self.failed("get").map_or_else(|| self.find(*id), Err)),
            Effect::Vanished(id) => {
                let gone = !self.accounts.contains_key(id);
                Lesson::Vanished(*id, self.failed("vanished").map_or(Ok(gone), Err))
            }
            Effect::Patch(id, patch) => {
                let features = !patch.features.is_empty();
                let failed = self.failed(if features { "features" } else { "patch" });
                let answer = match failed {
                    Some(failure) => Err(failure),
                    None => {
                        let stuck = self.stuck.clone();
                        if let Some(account) = self.accounts.get_mut(id) {
                            apply(account, patch, &stuck);
                        }
                        self.find(*id)
                    }
                };
                Lesson::Patched { features, answer }
            }
            Effect::Delete(id) => Lesson::Deleted(*id, self.failed("delete").map_or(Ok(()), Err)),
            Effect::Automation(effect) => Lesson::Automation(inside::about_user(self, effect)),
            Effect::Settings(effect) => Lesson::Settings(inside::settings(self, effect)),
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut Self)) -> Wrote {
        if self.conflicts > 0 {
            self.conflicts -= 1;
            return Wrote::Conflict;
        }
        write(self);
        Wrote::Yes
    }

    pub fn failed(&mut self, call: &'static str) -> Option<Failure> {
        let list = self.failing.get_mut(call)?;
        (!list.is_empty()).then(|| list.remove(0))
    }

    fn find(&self, id: i64) -> Result<Account, Failure> {
        if self.hidden.contains(&id) {
            return Err(failure(Class::NotPermitted, 401));
        }
        self.accounts.get(&id).cloned().ok_or_else(|| failure(Class::NotFound, 404))
    }

    fn make(&mut self, name: &str) -> Account {
        let id = self.accounts.keys().max().map_or(42, |last| last + 1);
        let mut attributes = Map::new();
        attributes.insert(marker::KEY.into(), json!(self.mine().to_string()));
        let made = account(id, name, attributes);
        self.accounts.insert(id, made.clone());
        made
    }

    fn ask(&self, not_before: Duration) -> Look {
        let asked_at = not_before.max(Duration::from_secs(self.seconds));
        let answer = match self.books {
            Books::Open => Index::Answer(self.matches()),
            Books::Broken => Index::Unusable,
            Books::Down => Index::Unavailable,
        };
        Look { asked_at, answer }
    }

    fn matches(&self) -> Vec<Match> {
        let likeness = |account: &Account| match self.mine().read(&account.custom_attributes) {
            Reading::Ours => Some(Likeness::Ours),
            Reading::Recreated => Some(Likeness::Recreated),
            Reading::Restored => Some(Likeness::Restored),
            _ => None,
        };
        let seen = self.accounts.values().filter(|account| !self.taken.contains(&account.id.0));
        seen.filter_map(|one| Some(Match { id: one.id.0, likeness: likeness(one)? })).collect()
    }
}

/// What the effects call Chatwoot for; the index is nobody's own.
pub fn calls(effects: &[Effect]) -> Vec<&'static str> {
    let call = |effect: &Effect| match effect {
        Effect::Post { .. } => Some("post"),
        Effect::Get(_) => Some("get"),
        Effect::Vanished(_) => Some("vanished"),
        Effect::Patch(_, patch) if patch.features.is_empty() => Some("patch"),
        Effect::Patch(..) => Some("features"),
        Effect::Delete(_) => Some("delete"),
        Effect::Automation(effect) => Some(inside::call(effect)),
        Effect::Settings(settings::Effect::Read { .. }) => Some("settings"),
        Effect::Settings(settings::Effect::Write { .. }) => Some("set settings"),
        _ => None,
    };
    effects.iter().filter_map(call).collect()
}

fn is_write(effect: &Effect) -> bool {
    matches!(effect, Effect::AddFinalizer | Effect::DropFinalizer(_) | Effect::Write(..))
}

fn account(id: i64, name: &str, custom_attributes: Map) -> Account {
    Account {
        id: AccountId(id),
        name: name.to_owned(),
        locale: Some("en".into()),
        domain: None,
        support_email: Some("Chatwoot <accounts@chatwoot.com>".into()),
        state: AccountState::Active,
        features: BTreeSet::from(["macros".to_owned()]),
        limits: Map::new(),
        custom_attributes,
    }
}

/// Chatwoot's side of a PATCH: scalars and both maps are replaced (P12, P15), features are a delta (P9).
fn apply(account: &mut Account, patch: &AccountPatch, stuck: &BTreeSet<String>) {
    let AccountPatch { name, locale, domain, support_email, state, features, limits, custom_attributes } =
        patch.clone();
    account.name = name.unwrap_or(std::mem::take(&mut account.name));
    account.locale = locale.or(account.locale.take());
    account.domain = domain.or(account.domain.take()).filter(|domain| !domain.is_empty());
    account.support_email = support_email.or(account.support_email.take());
    account.state = state.unwrap_or(account.state);
    account.limits = limits.unwrap_or(std::mem::take(&mut account.limits));
    account.custom_attributes = custom_attributes.unwrap_or(std::mem::take(&mut account.custom_attributes));
    for (flag, on) in features {
        if on && !stuck.contains(&flag) {
            account.features.insert(flag);
        } else if !on {
            account.features.remove(&flag);
        }
    }
}
