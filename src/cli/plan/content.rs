//! What is inside accounts, in rehearsal: read by the operator's own user there, and changed in thought.
//!
//! Where that user, or the account itself, would only be made by the same plan, nothing can be read. What such an account
//! holds is then what the plan puts into it, and the sheet says so.

mod kinds;
mod thought;

pub use kinds::{ContentSnapshots, Kept, Visitor, each, learn, perform, put, rank, secret_key, standing};
pub use thought::Thoughts;

use super::{
    hands::{Mind, Rehearsed, Shared, Snapshots, is_imagined, next_imagined},
    sheet::{Sheet, in_spec},
};
use crate::{
    api::{account::AccountStatus, conditions::Condition},
    chatwoot::{outcome::Class, outcome::Failure, types::Map},
    plan::content::{Effect, Facts, Lesson, Listed, Naming, Notice, Place, Published, Seen, Wish},
    reconcile::{references::InstanceKey, snapshot::Snapshot, world::World},
    runtime::{pump::Change, wiring},
};
use kube::ResourceExt;
use serde_json::Value;
use std::sync::Arc;
use thought::Inside;

/// In the place of what is not shown.
pub const SET: &str = "(set)";

pub struct Imagined {
    world: Arc<World>,
    inside: Inside,
    /// Namespace of the resource.
    namespace: String,
    /// The account, or whoever could read it, exists in thought only.
    unreadable: Option<&'static str>,
    wish: Wish,
    naming: Naming,
    /// As in routes: `/api/v1/accounts/:id/labels`.
    collection: String,
    /// What the latest list showed.
    items: Vec<Seen>,
    /// Whose part is being read.
    reading: i64,
}

impl Imagined {
    fn of(&self, id: i64) -> Result<Seen, Failure> {
        let found = self.items.iter().find(|item| item.id == id);
        found.cloned().ok_or_else(|| Failure::of(Class::NotFound))
    }

    fn put(&mut self, seen: &Seen, shared: &Shared) {
        self.items.retain(|item| item.id != seen.id);
        self.items.push(seen.clone());
        shared.thoughts.put(&self.inside, seen.clone());
    }

    fn route(&self, verb: &str, id: bool) -> String {
        format!("{verb} {}{}", self.collection, if id { "/:id" } else { "" })
    }

    fn create(&mut self, fields: Map, sheet: &mut Sheet, shared: &Shared) -> Seen {
        sheet.creates = true;
        sheet.requests.push(self.route("POST", false));
        if let Some(why) = self.unreadable {
            sheet.note(why);
        }
        for (field, value) in &fields {
            sheet.change(in_spec(field), Value::Null, self.sayable(field, value));
        }
        let key = match self.naming {
            Naming::Key | Naming::Fingerprint(_) => self.wish.key.clone(),
            Naming::Temporary(field) => {
                fields.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
            }
        };
        let seen = Seen { id: next_imagined(), key, fields };
        self.put(&seen, shared);
        seen
    }

    fn patch(&mut self, id: i64, fields: Map, sheet: &mut Sheet, shared: &Shared) -> Result<Seen, Failure> {
        sheet.requests.push(self.route("PATCH", true));
        let mut seen = self.of(id)?;
        for (field, value) in fields {
            let (before, after) = match seen.fields.insert(field.clone(), value.clone()) {
                Some(_) if self.is_secret(&field) => (Value::Null, self.sayable(&field, &value)),
                before => (before.unwrap_or_default(), self.sayable(&field, &value)),
            };
            sheet.change(in_spec(&field), before, after);
        }
        // Whatever else there is to a patch, the key is as wanted after it.
        seen.key.clone_from(&self.wish.key);
        self.put(&seen, shared);
        Ok(seen)
    }

    fn write_part(&mut self, id: i64, part: &'static str, wanted: Value, sheet: &mut Sheet, shared: &Shared) {
        sheet.requests.push(format!("{} ({part})", self.route("PATCH", true)));
        let before = shared.thoughts.part(&self.inside, id, part).unwrap_or_default();
        sheet.change(in_spec(part), before, wanted.clone());
        shared.thoughts.keep_part(&self.inside, id, part, wanted);
    }

    /// What a new one has beside itself is nothing, which may be just what is wanted.
    fn new_part(&self, id: i64, part: &'static str, shared: &Shared) -> Value {
        let known = shared.thoughts.part(&self.inside, id, part);
        known.unwrap_or_else(|| {
            let wanted = self.wish.parts.get(part).cloned().unwrap_or_default();
            if is_empty(&wanted) { wanted } else { Value::Null }
        })
    }

    /// What stands in a Secret, and a key that can hold one, is not shown.
    fn is_secret(&self, field: &str) -> bool {
        self.wish.secrets.contains_key(field)
            || matches!(self.naming, Naming::Fingerprint(hidden) if hidden == field)
    }

    fn sayable(&self, field: &str, value: &Value) -> Value {
        if self.is_secret(field) { SET.into() } else { value.clone() }
    }

    fn is_unreal(&self, id: i64) -> bool {
        self.unreadable.is_some() || is_imagined(id)
    }
}

impl<C: Kept> Rehearsed for C {
    const KIND: &'static str = C::TRAIT.kind;
    type Imagined = Imagined;

    fn imagine(machine: &Facts, world: &Arc<World>) -> Imagined {
        let account = world.caches.accounts.get(&machine.object.namespace, &machine.account);
        let user = account
            .as_ref()
            .and_then(|account| account.status.as_ref())
            .and_then(AccountStatus::automation_user);
        let (instance, id) = match &machine.around.place {
            Place::Open(site) => (InstanceKey::from(&site.instance), site.id),
            Place::Waiting(_) | Place::Gone(_) => (InstanceKey::default(), 0),
        };
        let unreadable = if is_imagined(id) {
            Some("it is made after its account, which does not exist yet")
        } else {
            user.is_some_and(is_imagined).then_some(
                "it is made after the operator's own user in the account, which does not exist yet; what the account holds \
                 already cannot be read before, and may be in the way",
            )
        };
        let is_wide = machine.manner.installation_wide;
        Imagined {
            world: world.clone(),
            inside: Inside { instance, account: id, kind: C::TRAIT.kind, installation_wide: is_wide },
            namespace: machine.object.namespace.clone(),
            unreadable,
            wish: machine.around.wish.as_ref().ok().cloned().unwrap_or_default(),
            naming: C::TRAIT.naming,
            collection: if is_wide {
                format!("/platform/api/v1/{}", collection(C::TRAIT.kind))
            } else {
                format!("/api/v1/accounts/:id/{}", collection(C::TRAIT.kind))
            },
            items: Vec::new(),
            reading: 0,
        }
    }

    async fn pretend(
        imagined: &mut Imagined,
        effect: Effect,
        sheet: &mut Sheet,
        mind: Mind<'_, Self>,
    ) -> Result<Lesson, Effect> {
        let shared = mind.shared;
        match effect {
            Effect::Token if imagined.unreadable.is_some() => Ok(Lesson::Token(Ok(()))),
            Effect::List { not_before } if imagined.unreadable.is_some() => {
                imagined.items = shared.thoughts.over(&imagined.inside, Vec::new());
                let asked_at = imagined.world.clock().max(not_before);
                Ok(Lesson::Listed(Ok(Listed { asked_at, items: Arc::new(imagined.items.clone()) })))
            }
            Effect::Create(fields) => Ok(Lesson::Created(Ok(imagined.create(*fields, sheet, shared)))),
            Effect::Patch(id, fields) => Ok(Lesson::Patched(id, imagined.patch(id, *fields, sheet, shared))),
            Effect::ReadPart(id, part) if imagined.is_unreal(id) => {
                Ok(Lesson::PartRead(part, Ok(imagined.new_part(id, part, shared))))
            }
            Effect::ReadPart(id, part) => {
                imagined.reading = id;
                Err(Effect::ReadPart(id, part))
            }
            Effect::WritePart(id, part, wanted) => {
                imagined.write_part(id, part, wanted.clone(), sheet, shared);
                Ok(Lesson::PartWritten(part, Ok(wanted)))
            }
            Effect::Publish { id, name } if imagined.is_unreal(id) => {
                sheet.note(format!("Secret {}/{name} is written", imagined.namespace));
                Ok(Lesson::Published(Published::Yes))
            }
            Effect::Delete(id) => {
                sheet.deletes = true;
                sheet.requests.push(imagined.route("DELETE", true));
                imagined.items.retain(|item| item.id != id);
                shared.thoughts.remove(&imagined.inside, id);
                Ok(Lesson::Deleted(id, Ok(())))
            }
            Effect::DropFinalizer(notice) => {
                if let Some(notice) = notice {
                    sheet.note(parting(notice, C::TRAIT.noun));
                }
                Err(Effect::DropFinalizer(notice))
            }
            read @ (Effect::AddFinalizer
            | Effect::Write(..)
            | Effect::ReadBack
            | Effect::Token
            | Effect::Secrets
            | Effect::List { .. }
            | Effect::Publish { .. }
            | Effect::DropSecret(_)
            | Effect::Show(_)) => Err(read),
        }
    }

    fn noticed(imagined: &mut Imagined, lesson: &mut Lesson, shared: &Shared) {
        match lesson {
            Lesson::Listed(Ok(list)) => {
                imagined.items = shared.thoughts.over(&imagined.inside, list.items.to_vec());
                list.items = Arc::new(imagined.items.clone());
            }
            Lesson::PartRead(part, Ok(value)) => {
                match shared.thoughts.part(&imagined.inside, imagined.reading, part) {
                    Some(changed) => *value = changed,
                    None => {
                        shared.thoughts.keep_part(&imagined.inside, imagined.reading, part, value.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn conditions(&self) -> &[Condition] {
        self.status().map(|status| status.conditions.as_slice()).unwrap_or_default()
    }

    fn id(&self) -> Option<i64> {
        self.status().and_then(|status| status.id).filter(|id| !is_imagined(*id))
    }

    fn instance(&self, world: &World) -> Option<InstanceKey> {
        let namespace = self.namespace()?;
        let account = world.caches.accounts.get(&namespace, &self.within().account)?;
        let bound = account.status.as_ref().and_then(|status| status.instance.as_ref());
        world.instance_of(&namespace, bound, account.spec.instance_ref.as_ref())
    }

    fn snapshot(snapshots: &mut Snapshots) -> &mut Snapshot<Self> {
        C::kept(&mut snapshots.contents)
    }

    fn changed(world: &World, change: &Change<'_, Self>) {
        wiring::content_changed(world, change);
    }
}

/// What Chatwoot calls all of a kind in its routes: `ChatwootCannedResponse` is under `canned_responses`.
fn collection(kind: &str) -> String {
    let mut path = String::new();
    for letter in kind.trim_start_matches("Chatwoot").chars() {
        if letter.is_uppercase() && !path.is_empty() {
            path.push('_');
        }
        path.extend(letter.to_lowercase());
    }
    path.push_str(if path.ends_with('x') { "es" } else { "s" });
    path
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn parting(notice: Notice, noun: &str) -> String {
    match notice {
        Notice::MayExist => format!("let go although a request to make the {noun} has an unknown outcome"),
        Notice::Deleted => format!("Chatwoot deletes the {noun}; the resource goes"),
        Notice::Retained => format!("the {noun} stays in Chatwoot; the resource goes"),
        Notice::LeftBehind => format!("the {noun} stays in the account it was made in; the resource goes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::content::{Content, registry::contents};

    #[test]
    fn routes_are_chatwoots() {
        for (kind, path) in [
            ("ChatwootLabel", "labels"),
            ("ChatwootInbox", "inboxes"),
            ("ChatwootAgentBot", "agent_bots"),
            ("ChatwootCustomAttributeDefinition", "custom_attribute_definitions"),
        ] {
            assert_eq!(collection(kind), path);
        }
    }

    macro_rules! every_kind {
        ($($field:ident: $kind:ty),+ $(,)?) => {
            [$(<$kind as Content>::TRAIT.kind),+]
        };
    }

    #[test]
    fn every_kind_inside_accounts_is_one_that_people_can_name() {
        for kind in contents!(every_kind) {
            let named = crate::cli::kinds::KindName::of("chatwoot.dev/v1alpha1", kind);
            assert!(named.is_some_and(crate::cli::kinds::KindName::is_content), "{kind}");
        }
    }
}
