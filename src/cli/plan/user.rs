//! A ChatwootUser in rehearsal. Its Secrets are read for real, and written to a copy that only this process has.

use super::{
    hands::{Mind, Rehearsed, Shared, Snapshots, is_imagined, next_imagined},
    sheet::Sheet,
};
use crate::{
    api::{conditions::Condition, user::ChatwootUser},
    chatwoot::{
        marker::{self, Marker, Reading},
        outcome::{Class, Failure},
        types::{AccountId, Belonging, Map, MemberRole, User, UserId},
    },
    plan::{
        memberships::Target,
        user::{Effect, Facts, Lesson, LinkSecret, Notice, Profile, Published, link},
    },
    reconcile::{references::InstanceKey, snapshot::Snapshot, user::KIND, world::World},
    runtime::{pump::Change, wiring},
};
use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

pub struct Imagined {
    world: Arc<World>,
    instance: InstanceKey,
    /// Namespace and name of accounts this resource names or has joined.
    accounts: BTreeMap<i64, String>,
    credentials: Option<String>,
    /// Namespace and name of the Secret for a login link.
    link: String,
    /// The person it is bound to exists in thought only.
    is_imagined: bool,
}

impl Imagined {
    fn field(&self, account: AccountId) -> String {
        match self.accounts.get(&account.0) {
            Some(name) => format!("memberships.{name}"),
            None => format!("memberships.{account}"),
        }
    }
}

impl Rehearsed for ChatwootUser {
    const KIND: &'static str = KIND;
    type Imagined = Imagined;

    fn imagine(machine: &Facts, world: &Arc<World>) -> Imagined {
        let own = &machine.object.namespace;
        let named = |namespace: &str, account: &str| {
            format!("{}/{account}", if namespace.is_empty() { own } else { namespace })
        };
        let recorded = machine.status.memberships.iter().filter_map(|membership| {
            Some((membership.account_id?, named(&membership.namespace, &membership.account)))
        });
        let declared = machine.around.declared.iter().filter_map(|wish| match wish.target {
            Target::There { id: Some(id), .. } => Some((id.0, named(&wish.namespace, &wish.account))),
            _ => None,
        });
        let view = machine.around.known();
        let wanted = machine.spec.credentials_secret.as_ref();
        Imagined {
            world: world.clone(),
            instance: view.map(|view| InstanceKey::from(&view.binding)).unwrap_or_default(),
            accounts: recorded.chain(declared).collect(),
            credentials: wanted.map(|secret| format!("{own}/{}", secret.name)),
            link: format!("{own}/{}", link::secret_name(&machine.object.name)),
            is_imagined: machine.status.id.is_some_and(is_imagined),
        }
    }

    async fn pretend(
        imagined: &mut Imagined,
        effect: Effect,
        sheet: &mut Sheet,
        mind: Mind<'_, Self>,
    ) -> Result<Lesson, Effect> {
        let (shared, key) = (mind.shared, imagined.instance.clone());
        let change = |id: i64, write: &mut dyn FnMut(&mut User)| {
            let mut person = shared.person(&key, id).ok_or_else(nobody)?;
            write(&mut person);
            shared.keep_person(&key, &person);
            Ok(person)
        };
        match effect {
            Effect::Post(profile) => {
                sheet.creates = true;
                sheet.requests.push("POST /users".to_owned());
                let mut person = new_person();
                apply(&profile, &mut person, sheet);
                if mind.real.record().is_some() {
                    sheet.change("password", Value::Null, "(set)");
                }
                shared.keep_person(&key, &person);
                Ok(Lesson::Posted {
                    answer: Ok(person),
                    password: mind.real.record(),
                    clock: imagined.world.clock(),
                })
            }
            Effect::Get(id) => match shared.person(&key, id) {
                // A real answer holds the token that a credentials Secret may need, so it is had again.
                Some(person) if is_imagined(id) => Ok(Lesson::Got(id, Ok(person))),
                _ => Err(Effect::Get(id)),
            },
            Effect::Patch(id, profile) => {
                sheet.requests.push("PATCH /users/:id".to_owned());
                Ok(Lesson::Patched(id, change(id, &mut |person| apply(&profile, person, sheet))))
            }
            Effect::SetPassword(id, record) => {
                sheet.requests.push("PATCH /users/:id".to_owned());
                sheet.change("password", Value::Null, "(set)");
                Ok(Lesson::PasswordSet(record, change(id, &mut |_| {})))
            }
            Effect::Join { account, user, role } => {
                sheet.requests.push("POST /accounts/:id/account_users".to_owned());
                let field = imagined.field(account);
                let answer = change(user, &mut |person| {
                    let before = person.belongings.iter().find(|one| one.account == account);
                    let before = before.and_then(|one| one.role).map_or(Value::Null, spoken);
                    sheet.change(field.as_str(), before, spoken(role));
                    person.belongings.retain(|one| one.account != account);
                    person.belongings.push(Belonging { account, role: Some(role) });
                });
                let clock = imagined.world.clock();
                Ok(Lesson::Joined { account, role, answer: answer.map(drop), clock })
            }
            Effect::Leave { account, user } => {
                sheet.requests.push("DELETE /accounts/:id/account_users".to_owned());
                let field = imagined.field(account);
                let answer = change(user, &mut |person| {
                    let before = person.belongings.iter().find(|one| one.account == account);
                    let before = before.and_then(|one| one.role).map_or("(member)".into(), spoken);
                    sheet.change(field.as_str(), before, Value::Null);
                    person.belongings.retain(|one| one.account != account);
                });
                Ok(Lesson::Left { account, answer: answer.map(drop) })
            }
            Effect::Delete(id) => {
                sheet.deletes = true;
                sheet.requests.push("DELETE /users/:id".to_owned());
                Ok(Lesson::Deleted(id, Ok(())))
            }
            Effect::Vouch { account, marker } => match shared.account(&key, account) {
                Some(known) => Ok(vouched(account, &marker, &known.custom_attributes)),
                None => Err(Effect::Vouch { account, marker }),
            },
            Effect::RotateToken(_) => {
                sheet.requests.push("POST /api/v1/profile/reset_access_token".to_owned());
                sheet.change("accessToken", Value::Null, "(replaced)");
                Ok(Lesson::TokenRotated(Ok(())))
            }
            Effect::MintLink(_) => {
                let now = Timestamp::now();
                Ok(Lesson::LinkMinted(Ok(now.checked_add(link::LIFETIME).unwrap_or(now))))
            }
            Effect::StoreLink(_) => {
                sheet.note(format!("Secret {} gets a login link, for five minutes", imagined.link));
                Ok(Lesson::LinkSecret(LinkSecret::Stored))
            }
            Effect::Publish { account, rotation } => {
                // The token of a person who does not exist cannot be read.
                if sheet.creates || imagined.is_imagined {
                    if let Some(secret) = &imagined.credentials {
                        sheet.note(format!("Secret {secret} is written"));
                    }
                    return Ok(Lesson::Published(Published::Yes));
                }
                Err(Effect::Publish { account, rotation })
            }
            Effect::DropFinalizer(notice) => {
                if let Some(notice) = notice {
                    sheet.note(parting(notice));
                }
                Err(Effect::DropFinalizer(notice))
            }
            read @ (Effect::AddFinalizer
            | Effect::Write(..)
            | Effect::ReadBack
            | Effect::ReadPassword
            | Effect::StorePassword
            | Effect::Vanished(_)
            | Effect::ReadRotation
            | Effect::RemoveLink
            | Effect::DropSecret(_)) => Err(read),
        }
    }

    fn noticed(imagined: &mut Imagined, lesson: &mut Lesson, shared: &Shared) {
        if let Lesson::Got(id, Ok(person)) = lesson {
            match shared.person(&imagined.instance, *id) {
                // An earlier pass has changed them in thought.
                Some(changed) => *person = changed,
                None => shared.keep_person(&imagined.instance, person),
            }
        }
    }

    fn conditions(&self) -> &[Condition] {
        self.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
    }

    fn id(&self) -> Option<i64> {
        self.status.as_ref().and_then(|status| status.id).filter(|id| !is_imagined(*id))
    }

    fn instance(&self, world: &World) -> Option<InstanceKey> {
        let bound = self.status.as_ref().and_then(|status| status.instance.as_ref());
        world.instance_of(&self.namespace().unwrap_or_default(), bound, self.spec.instance_ref.as_ref())
    }

    fn snapshot(snapshots: &mut Snapshots) -> &mut Snapshot<Self> {
        &mut snapshots.users
    }

    fn changed(world: &World, change: &Change<'_, Self>) {
        wiring::user_changed(world, change);
    }
}

fn nobody() -> Failure {
    Failure::of(Class::NotFound)
}

fn new_person() -> User {
    User {
        id: UserId(next_imagined()),
        email: String::new(),
        name: String::new(),
        display_name: None,
        custom_attributes: Map::new(),
        belongings: Vec::new(),
    }
}

/// Writes a profile to a person; attributes are merged (chatwoot-api P14).
fn apply(profile: &Profile, person: &mut User, sheet: &mut Sheet) {
    let text = |value: &str| if value.is_empty() { Value::Null } else { value.into() };
    if let Some(email) = &profile.email {
        sheet.change("email", text(&person.email), email.as_str());
        person.email.clone_from(email);
    }
    if let Some(name) = &profile.name {
        sheet.change("name", text(&person.name), name.as_str());
        person.name.clone_from(name);
    }
    if let Some(name) = &profile.display_name {
        sheet.change("displayName", text(person.display_name.as_deref().unwrap_or_default()), name.as_str());
        person.display_name = Some(name.clone());
    }
    for (key, value) in profile.custom_attributes.iter().flatten() {
        let before = person.custom_attributes.insert(key.clone(), value.clone()).unwrap_or_default();
        if key != marker::KEY {
            sheet.change(format!("customAttributes.{key}"), before, value.clone());
        } else if !sheet.creates {
            sheet.change("marker", before, value.clone());
        }
    }
}

fn vouched(account: i64, marker: &Marker, attributes: &Map) -> Lesson {
    Lesson::Vouched { account, answer: Ok(marker.read(attributes) == Reading::Ours) }
}

fn spoken(role: MemberRole) -> Value {
    match role {
        MemberRole::Agent => "Agent".into(),
        MemberRole::Administrator => "Administrator".into(),
    }
}

fn parting(notice: Notice) -> &'static str {
    match notice {
        Notice::MayExist => "let go although a create request has an unknown outcome: a person may exist",
        Notice::Deleted => "the person is gone from Chatwoot; the resource goes",
        Notice::TooLate => "let go, but Chatwoot had already accepted the deletion",
        Notice::KeptForOthers => "the person stays, because others gave them accounts; the resource goes",
        Notice::Retained => "the person stays in Chatwoot; the resource goes",
    }
}
