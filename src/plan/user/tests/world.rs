//! One person's resource, one Chatwoot, and a process that runs passes over them. Every pass is checked for what must
//! always hold: nobody is written to or deleted without having been read under our marker, no status holds a secret, a
//! membership is recorded before it is made, and the conditions read right.

use super::super::*;
use crate::{
    api::{
        account::InstanceBinding,
        common::{Ownership, Role},
        conditions::{self, find},
        user::{PasswordStatus, UserSpec},
    },
    chatwoot::{
        marker::{self, Installation, Marker},
        outcome::{Class, Failure, Fate, Refusal},
        types::{AccountId, Belonging, MemberRole, UserId},
        version::Version,
    },
    plan::{
        Again, End, Machine, Moment, NoTurn,
        account::{InstanceChoice, InstanceView, Object},
        claims::Standing,
        consent::Consent,
        create::Wrote,
        email::Email,
        grants::{self, Fit},
        memberships::{Declared, Memory, Target},
        password::{self, Source, Stored},
        status::{self, tests::well_formed},
    },
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub const UID: &str = "u-1";
pub const ALICE: &str = "alice@acme.example";
/// Every secret of these tests begins so; none may ever stand in a status.
pub const CANARY: &str = "S3cret!";

#[derive(Clone)]
pub struct World {
    // The object.
    pub spec: UserSpec,
    pub status: UserStatus,
    pub generation: i64,
    pub deleting: bool,
    pub finalizer: bool,
    pub gone: bool,
    pub requested: Option<String>,
    // Around it.
    pub instance: InstanceChoice,
    pub fit: Fit,
    pub fit_of_adopted: Fit,
    pub stands: bool,
    pub may_delete: Fit,
    pub standing: Standing,
    pub invalid: Option<String>,
    pub adoptable: BTreeSet<i64>,
    pub taken: BTreeSet<i64>,
    /// Accounts by name of their resource: id, and what they consent to.
    pub targets: BTreeMap<String, Target>,
    // Secrets of the namespace: the value, and for ours the rotation.
    pub yours: Option<String>,
    pub ours: BTreeMap<String, (Option<String>, Option<String>)>,
    pub strangers_secret: bool,
    pub secrets_fail: bool,
    pub secret_news: bool,
    /// Secrets for people: the token, and the rotation noted beside it.
    pub published: BTreeMap<String, (String, Option<String>)>,
    /// The Secret with a login link.
    pub link: Option<String>,
    pub link_requested: Option<String>,
    pub may_have_link: Fit,
    // Chatwoot.
    pub users: BTreeMap<i64, User>,
    pub passwords: BTreeMap<i64, String>,
    pub tokens: BTreeMap<i64, String>,
    /// How often a token was replaced.
    pub rotations: usize,
    /// How many login links there were.
    pub links: usize,
    /// How often a password was set by PATCH.
    pub resets: usize,
    pub vouchers: BTreeMap<i64, Marker>,
    pub failing: BTreeMap<&'static str, Vec<Failure>>,
    /// The answer is lost, and the person made all the same.
    pub loses_answer: bool,
    pub broken_accounts: BTreeMap<i64, Class>,
    pub no_turn: Option<NoTurn>,
    // Kubernetes and the process.
    pub conflicts: usize,
    pub memory: Memory,
    pub write_errors: u32,
    pub patience: Option<Duration>,
    pub due: bool,
    pub stopping: bool,
    pub seconds: u64,
    made: usize,
    /// The value this pass has read or made.
    held: Option<String>,
    /// The token and the link that this pass has.
    held_token: Option<String>,
    held_link: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Pass {
    pub effects: Vec<Effect>,
    pub end: End<UserStatus>,
    pub writes: usize,
}

pub fn installation() -> Installation {
    Installation::new("0123456789abcdef".into(), vec![7; 32])
}

pub fn marker_of(namespace_uid: &str, name: &str, uid: &str) -> Marker {
    installation().marker("ChatwootUser", "acme", namespace_uid, name, uid)
}

pub fn spec(mut value: serde_json::Value) -> UserSpec {
    let fields = value.as_object_mut().unwrap();
    fields.entry("email").or_insert(json!(ALICE));
    fields.entry("name").or_insert(json!("Alice"));
    serde_json::from_value(value).unwrap()
}

pub fn refusal() -> grants::Refusal {
    grants::Refusal {
        namespace: "acme".into(),
        needs: vec![grants::Need::EmailDomain("acme.example".into())],
    }
}

pub fn there(id: i64) -> Target {
    Target::There { id: Some(AccountId(id)), consent: Consent::EVERYTHING }
}

pub fn failure(class: Class, status: u16) -> Failure {
    Failure { status: Some(status), ..Failure::of(class) }
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

impl World {
    pub fn new(value: serde_json::Value) -> Self {
        Self {
            spec: spec(value),
            status: UserStatus::default(),
            generation: 1,
            deleting: false,
            finalizer: false,
            gone: false,
            requested: None,
            instance: InstanceChoice::Known(Box::new(view())),
            fit: Fit::Granted,
            fit_of_adopted: Fit::Granted,
            stands: true,
            may_delete: Fit::Granted,
            standing: Standing::Holds,
            invalid: None,
            adoptable: BTreeSet::new(),
            taken: BTreeSet::new(),
            targets: BTreeMap::from([("main".to_owned(), there(42)), ("second".to_owned(), there(43))]),
            yours: Some(format!("{CANARY}one")),
            ours: BTreeMap::new(),
            strangers_secret: false,
            secrets_fail: false,
            secret_news: false,
            published: BTreeMap::new(),
            link: None,
            link_requested: None,
            may_have_link: Fit::Granted,
            users: BTreeMap::new(),
            passwords: BTreeMap::new(),
            tokens: BTreeMap::new(),
            rotations: 0,
            links: 0,
            resets: 0,
            vouchers: BTreeMap::new(),
            failing: BTreeMap::new(),
            loses_answer: false,
            broken_accounts: BTreeMap::new(),
            no_turn: None,
            conflicts: 0,
            memory: Memory::default(),
            write_errors: 0,
            patience: None,
            due: false,
            stopping: false,
            seconds: 1000,
            made: 0,
            held: None,
            held_token: None,
            held_link: None,
        }
    }

    pub fn converged(value: serde_json::Value) -> Self {
        let mut world = Self::new(value);
        world.settle();
        world
    }

    pub fn change(&mut self, value: serde_json::Value) {
        self.spec = spec(value);
        self.generation += 1;
    }

    pub fn reason(&self) -> &str {
        status::ready_reason(&self.status.conditions).unwrap_or("none")
    }

    pub fn is_ready(&self) -> bool {
        status::is_ready(&self.status.conditions)
    }

    pub fn is(&self, kind: &str) -> bool {
        find(&self.status.conditions, kind).is_some_and(|c| c.status == conditions::ConditionStatus::True)
    }

    pub fn message(&self) -> &str {
        find(&self.status.conditions, conditions::READY).map_or("", |ready| ready.message.as_str())
    }

    pub fn user(&self) -> &User {
        &self.users[&self.status.id.expect("not bound")]
    }

    pub fn user_mut(&mut self) -> &mut User {
        let id = self.status.id.expect("not bound");
        self.users.get_mut(&id).unwrap()
    }

    pub fn mine(&self) -> Marker {
        marker_of("n-1", "alice", UID)
    }

    pub fn fail(&mut self, call: &'static str, class: Class) {
        self.failing.entry(call).or_default().push(failure(class, 500));
    }

    /// Chatwoot's 422 for an address that somebody has.
    pub fn taken_answer() -> Failure {
        Failure {
            refusal: Some(Refusal("Email has already been taken".into())),
            ..failure(Class::Invalid, 422)
        }
    }

    pub fn someone(&mut self, id: i64, email: &str, marker: Option<&Marker>) {
        self.someone_of(id, email, marker.map(ToString::to_string));
    }

    /// Somebody whose marker has this text.
    pub fn someone_of(&mut self, id: i64, email: &str, marker: Option<String>) {
        let attributes = marker.map(|text| (marker::KEY.to_owned(), json!(text))).into_iter().collect();
        let user = User {
            id: UserId(id),
            email: email.into(),
            name: "Somebody".into(),
            display_name: None,
            custom_attributes: attributes,
            belongings: Vec::new(),
        };
        self.users.insert(id, user);
        self.passwords.insert(id, "theirs".into());
        self.tokens.insert(id, format!("{CANARY}token0"));
    }

    fn hash_of(&self, spec: &UserSpec) -> String {
        let adopted = self.status.ownership == Some(Ownership::Adopted) || spec.adopt.is_some();
        let fit = if adopted { &self.fit_of_adopted } else { &self.fit };
        format!("{:?}", (spec, fit, self.standing, &self.targets))
    }

    pub fn moment(&mut self) -> Moment {
        Moment {
            now: Timestamp::from_second(1_800_000_000 + self.seconds as i64).unwrap(),
            clock: Duration::from_secs(self.seconds),
            nonce: "0".repeat(16),
            stopping: self.stopping,
        }
    }

    pub fn facts(&mut self) -> Facts {
        let is_seen = self.status.observed_generation == self.generation;
        let unpaused = self.hash_of(&UserSpec { paused: false, ..self.spec.clone() });
        let target = |account: &String| self.targets.get(account).copied().unwrap_or(Target::Absent);
        let declared: Vec<Declared> = (self.spec.memberships.iter())
            .map(|wish| Declared {
                namespace: wish.namespace.clone(),
                account: wish.account.clone(),
                role: wish.role,
                target: target(&wish.account),
            })
            .collect();
        let left_over = (self.status.memberships.iter())
            .filter(|made| !declared.iter().any(|wish| wish.account == made.account))
            .map(|made| Declared {
                namespace: made.namespace.clone(),
                account: made.account.clone(),
                role: made.role,
                target: target(&made.account),
            })
            .collect();
        Facts {
            object: Object {
                namespace: "acme".into(),
                name: "alice".into(),
                generation: self.generation,
                deleting: self.deleting,
                finalizer: self.finalizer,
                requested_at: self.requested.clone(),
            },
            spec: self.spec.clone(),
            status: self.status.clone(),
            around: Around {
                instance: self.instance.clone(),
                fit: self.fit.clone(),
                fit_of_adopted: self.fit_of_adopted.clone(),
                stands: self.stands,
                may_delete: self.may_delete.clone(),
                email: Email::parse(&self.spec.email).map_err(|wrong| format!("spec.email: {wrong}")),
                standing: self.standing,
                invalid: self.invalid.clone(),
                marker: self.mine(),
                hash: self.hash_of(&self.spec),
                reconciled: is_seen || (self.spec.paused && self.status.applied == Some(unpaused)),
                adoptable: self.adoptable.clone(),
                taken: self.taken.clone(),
                declared,
                left_over,
                vouching: self.vouchers.iter().map(|(id, marker)| (*id, marker.clone())).collect(),
                link_requested: self.link_requested.clone(),
                may_have_link: self.may_have_link.clone(),
                secret_news: self.secret_news,
                due: self.due,
                grace: Duration::from_secs(120),
                interval: Duration::from_secs(3600),
                settle: Duration::from_secs(70),
                revoke_after: Duration::from_secs(60),
                write_errors: if is_seen { self.write_errors } else { 0 },
                patience: self.patience,
            },
            memory: self.memory.clone(),
            clock: Duration::from_secs(self.seconds),
            pass: super::super::Pass::default(),
        }
    }

    /// One pass, with everything that must always hold checked on the way.
    pub fn pass(&mut self) -> Pass {
        assert!(!self.gone, "a pass over an object that is gone");
        let mut machine = self.facts();
        self.drop_what_is_held();
        let mut seen = None;
        let (mut effects, mut writes) = (Vec::new(), 0);
        for _ in 0..300 {
            let at = self.moment();
            let step = machine.next(&at);
            assert_eq!(machine.clone().next(&at), step, "the same facts, another answer");
            match step {
                Step::Act(effect) => {
                    self.check(&effect, seen.as_ref());
                    let lesson = self.act(&effect);
                    writes += usize::from(is_write(&effect));
                    match &lesson {
                        Lesson::Posted { answer: Ok(user), .. }
                        | Lesson::Got(_, Ok(user))
                        | Lesson::Patched(_, Ok(user))
                        | Lesson::PasswordSet(_, Ok(user)) => seen = Some(user.clone()),
                        _ => {}
                    }
                    machine.learn(lesson);
                    effects.push(effect);
                }
                Step::Settle(end) => {
                    if end.status != self.status && end.again != Again::Fresh && !self.gone {
                        writes += 1;
                        self.check_status(&end.status);
                        self.status = end.status.clone();
                    }
                    self.memory = machine.memory.clone();
                    self.write_errors = machine.write_errors();
                    self.secret_news &= !machine.has_seen_secrets();
                    if end.checked {
                        self.due = false;
                    }
                    return Pass { effects, end, writes };
                }
            }
        }
        panic!("the plan does not come to an end: {effects:#?}");
    }

    fn drop_what_is_held(&mut self) {
        (self.held, self.held_token, self.held_link) = (None, None, None);
    }

    /// A pass of a process that dies after `steps` effects; how many there were.
    pub fn dies_after(&mut self, steps: usize) -> usize {
        let mut machine = self.facts();
        self.drop_what_is_held();
        for done in 0..300 {
            let at = self.moment();
            match machine.next(&at) {
                Step::Act(effect) if done < steps => machine.learn(self.act(&effect)),
                _ => return done,
            }
        }
        panic!("the plan does not come to an end");
    }

    /// One pass of which nothing is asked but that it comes to an end.
    pub fn run_unchecked(&mut self) {
        let mut machine = self.facts();
        self.drop_what_is_held();
        for _ in 0..300 {
            let at = self.moment();
            match machine.next(&at) {
                Step::Act(effect) => machine.learn(self.act(&effect)),
                Step::Settle(_) => return,
            }
        }
        panic!("the plan does not come to an end: {machine:#?}");
    }

    pub fn settle(&mut self) -> Vec<Effect> {
        let mut all = Vec::new();
        for _ in 0..12 {
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

    fn check(&self, effect: &Effect, seen: Option<&User>) {
        let id = match effect {
            Effect::Patch(id, _) | Effect::SetPassword(id, _) | Effect::Delete(id) => *id,
            Effect::RotateToken(id) | Effect::MintLink(id) => *id,
            Effect::StoreLink(until) => {
                let noted = self.status.login_link.as_ref().and_then(|link| link.expires_at);
                return assert_eq!(
                    noted,
                    Some(*until),
                    "until when it stands is recorded before there is one"
                );
            }
            Effect::Join { user, .. } | Effect::Leave { user, .. } => *user,
            Effect::Write(status, _) => return self.check_status(status),
            _ => return,
        };
        let seen =
            seen.filter(|seen| seen.id.0 == id).expect("written to or deleted without having been read");
        let reading = self.mine().read(&seen.custom_attributes);
        let restoring = matches!(&self.instance, InstanceChoice::Known(view) if view.restoring);
        match (reading, effect) {
            (Reading::Ours | Reading::Recreated, _) => {}
            (Reading::Restored, Effect::Leave { .. }) => {}
            (Reading::Restored, _) => assert!(restoring || self.adoptable.contains(&id), "{effect:?}"),
            (Reading::Absent, Effect::Patch(_, patch)) if self.adoptable.contains(&id) => {
                let stamped = patch.custom_attributes.as_ref().map(|sent| self.mine().read(sent));
                assert_eq!(stamped, Some(Reading::Ours), "adopting begins with the marker");
            }
            // What was recorded as given is taken back where our installation stands in the marker.
            (_, Effect::Leave { .. }) => assert!(self.mine().same_installation(&seen.custom_attributes)),
            (reading, _) => panic!("{effect:?} on somebody who is {reading:?}"),
        }
        if let Effect::Join { account, .. } = effect {
            let recorded = self.status.memberships.iter().any(|made| made.account_id == Some(account.0));
            assert!(recorded, "a membership is recorded before it is made");
        }
        if let Effect::Leave { account, .. } = effect {
            let recorded = self.status.memberships.iter().any(|made| made.account_id == Some(account.0));
            assert!(recorded, "a membership that is not recorded is not ours to take back");
        }
    }

    fn check_status(&self, status: &UserStatus) {
        // A password is recorded by itself, whatever else is going on.
        let same = status.conditions == self.status.conditions;
        if !same {
            assert_eq!(status.observed_generation, self.generation);
            well_formed(&status.conditions, self.generation);
        }
        let text = serde_json::to_string(status).unwrap();
        assert!(!text.contains(CANARY), "a secret stands in the status: {text}");
    }

    pub fn act(&mut self, effect: &Effect) -> Lesson {
        if effect.needs_turn()
            && let Some(why) = self.no_turn
        {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AddFinalizer => Lesson::Finalizer(self.write(|world| world.finalizer = true)),
            Effect::DropFinalizer(_) => Lesson::Dropped(self.write(|world| {
                world.finalizer = false;
                world.gone = world.deleting;
            })),
            Effect::Write(status, tag) => {
                let wrote = self.write(|world| world.status = (**status).clone());
                Lesson::Wrote { tag: tag.clone(), status: status.clone(), wrote }
            }
            Effect::ReadBack => Lesson::ReadBack { status: Some(Box::new(self.status.clone())), gone: false },
            Effect::ReadPassword => Lesson::Password(self.read_password()),
            Effect::StorePassword => Lesson::Password(self.store_password()),
            Effect::Post(profile) => self.post(profile),
            Effect::Get(id) => {
                let answer = self.failed("get").map_or_else(|| self.find(*id), Err);
                Lesson::Got(*id, self.hold(answer))
            }
            Effect::Vanished(id) => {
                let gone = !self.users.contains_key(id);
                Lesson::Vanished(*id, self.failed("vanished").map_or(Ok(gone), Err))
            }
            Effect::Vouch { account, marker } => {
                let answer = self.failed("vouch").map_or(Ok(self.vouchers.get(account) == Some(marker)), Err);
                Lesson::Vouched { account: *account, answer }
            }
            Effect::Patch(id, profile) => {
                let answer = match self.failed("patch") {
                    Some(failure) => Err(failure),
                    None => {
                        if let Some(user) = self.users.get_mut(id) {
                            apply(user, profile);
                        }
                        self.find(*id)
                    }
                };
                Lesson::Patched(*id, self.hold(answer))
            }
            Effect::SetPassword(id, record) => {
                let answer = self.failed("password").map_or_else(|| self.find(*id), Err);
                if answer.is_ok() {
                    self.resets += 1;
                    self.passwords.insert(*id, self.held.clone().expect("no value was read"));
                }
                Lesson::PasswordSet(record.clone(), self.hold(answer))
            }
            Effect::Join { account, user, role } => {
                let answer = self.member(*account, *user, Some(*role));
                Lesson::Joined {
                    account: *account,
                    role: *role,
                    answer,
                    clock: Duration::from_secs(self.seconds),
                }
            }
            Effect::Leave { account, user } => {
                Lesson::Left { account: *account, answer: self.member(*account, *user, None) }
            }
            Effect::ReadRotation => Lesson::Rotation(self.read_rotation()),
            Effect::RotateToken(id) => Lesson::TokenRotated(self.rotate(*id)),
            Effect::Publish { rotation, .. } => Lesson::Published(self.publish(rotation.clone())),
            Effect::MintLink(_) => {
                let until = self.moment().now.checked_add(link::LIFETIME).unwrap();
                Lesson::LinkMinted(match self.failed("login") {
                    Some(failure) => Err(failure),
                    None => {
                        self.links += 1;
                        self.held_link = Some(format!("{CANARY}link{}", self.links));
                        Ok(until)
                    }
                })
            }
            Effect::StoreLink(_) => Lesson::LinkSecret(match (self.secrets_fail, self.strangers_secret) {
                (true, _) => LinkSecret::Failed,
                (_, true) => LinkSecret::NotOurs,
                _ => {
                    self.link = Some(self.held_link.take().expect("no link was made in this pass"));
                    LinkSecret::Stored
                }
            }),
            Effect::RemoveLink => Lesson::LinkSecret(if self.secrets_fail {
                LinkSecret::Failed
            } else {
                self.link = None;
                LinkSecret::Removed
            }),
            Effect::DropSecret(name) => {
                let dropped =
                    if self.secrets_fail { Err("the API server answered 500".to_owned()) } else { Ok(()) };
                if dropped.is_ok() {
                    self.ours.remove(name);
                    self.published.remove(name);
                }
                Lesson::SecretDropped(name.clone(), dropped)
            }
            Effect::Delete(id) => Lesson::Deleted(*id, self.failed("delete").map_or(Ok(()), Err)),
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

    fn failed(&mut self, call: &'static str) -> Option<Failure> {
        let list = self.failing.get_mut(call)?;
        (!list.is_empty()).then(|| list.remove(0))
    }

    fn find(&self, id: i64) -> Result<User, Failure> {
        self.users.get(&id).cloned().ok_or_else(|| failure(Class::NotFound, 404))
    }

    /// `POST /users` finds by e-mail, and hands over whom it finds (P3).
    fn post(&mut self, profile: &Profile) -> Lesson {
        if let Some(failure) = self.failed("post") {
            return Lesson::Posted {
                answer: Err(failure),
                password: None,
                clock: Duration::from_secs(self.seconds),
            };
        }
        let email = profile.email.clone().unwrap();
        let known =
            self.users.values().find(|user| user.email.eq_ignore_ascii_case(&email)).map(|user| user.id.0);
        let id = known.unwrap_or_else(|| {
            let id = self.users.keys().max().map_or(7, |last| last + 1);
            self.someone(id, &email, None);
            let user = self.users.get_mut(&id).unwrap();
            apply(user, profile);
            self.passwords.insert(id, self.held.clone().unwrap_or_else(|| "random".into()));
            id
        });
        let record = self.held.clone().and_then(|value| self.record(&value));
        if std::mem::take(&mut self.loses_answer) {
            return Lesson::Posted {
                answer: Err(failure(Class::Timeout, 0)),
                password: None,
                clock: Duration::from_secs(self.seconds),
            };
        }
        let answer = self.find(id);
        Lesson::Posted {
            answer: self.hold(answer),
            password: record,
            clock: Duration::from_secs(self.seconds),
        }
    }

    /// Every answer about a person has their token.
    fn hold(&mut self, answer: Result<User, Failure>) -> Result<User, Failure> {
        if let Ok(user) = &answer {
            self.held_token = self.tokens.get(&user.id.0).cloned();
        }
        answer
    }

    fn rotation(&self) -> Option<String> {
        self.spec.password.as_ref()?.generate.as_ref().map(|generate| generate.rotation.clone())
    }

    fn record(&self, value: &str) -> Option<PasswordStatus> {
        self.spec.password.as_ref()?;
        let value = SecretString::from(value);
        Some(password::record(&installation(), "acme", "alice", &value, self.rotation().as_deref()))
    }

    fn read_password(&mut self) -> Password {
        let recorded = self.status.password.clone();
        let due = |source: &Source| {
            Password::Due(password::due(&installation(), "acme", "alice", source, recorded.as_ref()))
        };
        let Some(rotation) = self.rotation() else {
            let Some(value) = self.yours.clone() else {
                return Password::Unusable("create the Secret".into());
            };
            self.held = Some(value.clone());
            return due(&Source::Yours(&SecretString::from(value)));
        };
        if self.strangers_secret {
            return Password::Unusable("name another Secret".into());
        }
        let name = self.spec.credentials_secret.as_ref().unwrap().name.clone();
        let stored = self.ours.get(&name).cloned();
        let value = stored.as_ref().and_then(|(value, _)| value.clone());
        self.held.clone_from(&value);
        let noted = stored.and_then(|(_, rotation)| rotation);
        let value = value.map(SecretString::from);
        let stored = value.as_ref().map(|value| Stored { value, rotation: noted.as_deref() });
        due(&Source::Generated { rotation: &rotation, stored })
    }

    fn store_password(&mut self) -> Password {
        if self.secrets_fail {
            return Password::Kubernetes("the API server answered 500".into());
        }
        self.made += 1;
        let name = self.spec.credentials_secret.as_ref().unwrap().name.clone();
        self.ours.insert(name, (Some(format!("{CANARY}made{}", self.made)), self.rotation()));
        self.read_password()
    }

    fn read_rotation(&self) -> Rotation {
        let secret = self.spec.credentials_secret.as_ref().unwrap();
        let wanted = secret.access_token.as_ref().unwrap().rotation.as_ref().unwrap();
        if self.secrets_fail {
            return Rotation::Kubernetes("the API server answered 500".into());
        }
        if self.strangers_secret {
            return Rotation::Unusable("name another Secret".into());
        }
        let recorded = self.status.access_token.as_ref().map(|token| token.rotation.as_str());
        let earlier = self.status.credentials_secret.as_ref().and_then(|name| self.published.get(name));
        let published = self.published.get(&secret.name).or(earlier);
        let published = published.map(|(_, noted)| token::Noted { rotation: noted.as_deref() });
        if token::is_due(wanted, recorded, published) { Rotation::Due } else { Rotation::Settled }
    }

    /// An answer that is lost, or a 500, comes after the token was replaced.
    fn rotate(&mut self, id: i64) -> Result<(), Failure> {
        let failed = self.failed("rotate");
        let sent = failed.as_ref().is_none_or(|failure| failure.fate() != Fate::NotSent);
        let held = self.held_token.take();
        if sent {
            assert_eq!(held.as_ref(), self.tokens.get(&id), "with a token that is not theirs");
            self.rotations += 1;
            self.tokens.insert(id, format!("{CANARY}token{}", self.rotations));
        }
        match failed {
            Some(failure) => Err(failure),
            None => {
                self.held_token = self.tokens.get(&id).cloned();
                Ok(())
            }
        }
    }

    fn publish(&mut self, rotation: Option<String>) -> Published {
        if self.secrets_fail {
            return Published::Failed("the API server answered 500".into());
        }
        if self.strangers_secret {
            return Published::NotOurs("name another Secret".into());
        }
        let name = self.spec.credentials_secret.as_ref().unwrap().name.clone();
        let value = self.rotation().and_then(|_| self.held.clone());
        let wanted = self.spec.credentials_secret.as_ref().unwrap();
        if wanted.access_token.is_some() {
            let token = self.held_token.clone().expect("no token was read in this pass");
            self.published.insert(name.clone(), (token, rotation));
        } else {
            self.published.remove(&name);
        }
        self.ours.insert(name, (value, self.rotation()));
        Published::Yes
    }

    fn member(&mut self, account: AccountId, user: i64, role: Option<MemberRole>) -> Result<(), Failure> {
        if let Some(class) = self.broken_accounts.get(&account.0) {
            return Err(failure(*class, 500));
        }
        if let Some(user) = self.users.get_mut(&user) {
            user.belongings.retain(|belonging| belonging.account != account);
            user.belongings.extend(role.map(|role| Belonging { account, role: Some(role) }));
        }
        Ok(())
    }
}

pub fn calls(effects: &[Effect]) -> Vec<&'static str> {
    let call = |effect: &Effect| match effect {
        Effect::Post(_) => Some("post"),
        Effect::Get(_) => Some("get"),
        Effect::Vanished(_) => Some("vanished"),
        Effect::Vouch { .. } => Some("vouch"),
        Effect::Patch(..) => Some("patch"),
        Effect::SetPassword(..) => Some("password"),
        Effect::Join { .. } => Some("join"),
        Effect::Leave { .. } => Some("leave"),
        Effect::Delete(_) => Some("delete"),
        Effect::RotateToken(_) => Some("rotate"),
        Effect::MintLink(_) => Some("login"),
        _ => None,
    };
    effects.iter().filter_map(call).collect()
}

pub fn member(account: &str, role: Role) -> serde_json::Value {
    json!({"account": account, "namespace": "", "role": role.to_string()})
}

fn is_write(effect: &Effect) -> bool {
    matches!(effect, Effect::AddFinalizer | Effect::DropFinalizer(_) | Effect::Write(..))
}

/// Chatwoot's side of a PATCH: fields are replaced, attributes merged, and a key is never removed (P14).
fn apply(user: &mut User, profile: &Profile) {
    let Profile { email, name, display_name, custom_attributes } = profile.clone();
    user.email = email.unwrap_or(std::mem::take(&mut user.email));
    user.name = name.unwrap_or(std::mem::take(&mut user.name));
    user.display_name = display_name.or(user.display_name.take());
    user.custom_attributes.extend(custom_attributes.unwrap_or_default());
}
