//! A ChatwootAccount in rehearsal.

mod inside;

use super::{
    hands::{Mind, Rehearsed, Shared, Snapshots, is_imagined, next_imagined},
    sheet::{Sheet, differences},
};
use crate::{
    api::{account::ChatwootAccount, conditions::Condition},
    chatwoot::{
        marker::{self, Marker},
        outcome::{Class, Failure},
        types::{Account, AccountId, AccountPatch, AccountState, Map},
    },
    plan::{
        account::{Effect, Facts, Lesson, Notice},
        create::{Index, Look},
    },
    reconcile::{
        account::KIND,
        account_index::Silence,
        instances::Handle,
        references::{InstanceKey, Ref},
        snapshot::Snapshot,
        world::World,
    },
    runtime::{pump::Change, wiring},
};
use kube::ResourceExt;
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};

pub struct Imagined {
    world: Arc<World>,
    handle: Option<Arc<Handle>>,
    marker: Marker,
    /// Of the operator's own user in it.
    own: Marker,
    me: (String, String),
    /// Flags that are switched off when the account is new. Which ones a new account has, only Chatwoot knows; so all of
    /// them are said.
    off: BTreeSet<String>,
    fresh: bool,
    account: Option<i64>,
    /// Somebody is there who can read what is inside the account.
    readable: bool,
}

impl Imagined {
    async fn index(&self, shared: &Shared) -> Index {
        let Some(handle) = &self.handle else { return Index::Unavailable };
        let taken = |id| {
            let owners = self.world.references.to(&Ref::AccountId(handle.key.clone(), id));
            owners.iter().any(|owner| {
                owner.kind != KIND || (&owner.namespace, &owner.name) != (&self.me.0, &self.me.1)
            })
        };
        match shared.index(handle, &self.marker.installation, &self.world).await {
            Ok(census) => Index::Answer(census.matches(&self.marker, taken)),
            Err(Silence::Unavailable(_)) => Index::Unavailable,
            Err(_) => Index::Unusable,
        }
    }

    fn key(&self) -> InstanceKey {
        self.handle.as_ref().map(|handle| handle.key.clone()).unwrap_or_default()
    }

    fn post(&mut self, name: String, sheet: &mut Sheet) -> Account {
        sheet.creates = true;
        sheet.requests.push("POST /accounts".to_owned());
        sheet.change("name", Value::Null, name.as_str());
        let mut attributes = Map::new();
        attributes.insert(marker::KEY.to_owned(), self.marker.to_string().into());
        let account = Account {
            id: AccountId(next_imagined()),
            name,
            locale: None,
            domain: None,
            support_email: None,
            state: AccountState::Active,
            features: self.off.clone(),
            limits: Map::new(),
            custom_attributes: attributes,
        };
        self.fresh = true;
        account
    }

    fn patch(&self, account: &mut Account, patch: &AccountPatch, sheet: &mut Sheet) {
        sheet.requests.push("PATCH /accounts/:id".to_owned());
        let text = |value: &Option<String>| value.clone().map_or(Value::Null, Value::from);
        if let Some(name) = &patch.name {
            sheet.change("name", account.name.as_str(), name.as_str());
            account.name.clone_from(name);
        }
        for (field, new, old) in [
            ("locale", &patch.locale, &mut account.locale),
            ("domain", &patch.domain, &mut account.domain),
            ("supportEmail", &patch.support_email, &mut account.support_email),
        ] {
            if new.is_some() {
                sheet.change(field, text(old), text(new));
                old.clone_from(new);
            }
        }
        if let Some(state) = patch.state {
            sheet.change("state", spoken(account.state), spoken(state));
            account.state = state;
        }
        for (flag, on) in &patch.features {
            let was = if self.fresh { Value::Null } else { account.features.contains(flag).into() };
            sheet.change(format!("features.{flag}"), was, *on);
            if *on {
                account.features.insert(flag.clone())
            } else {
                account.features.remove(flag)
            };
        }
        if let Some(limits) = &patch.limits {
            told(sheet, differences("limits", &account.limits, limits));
            account.limits.clone_from(limits);
        }
        if let Some(attributes) = &patch.custom_attributes {
            told(sheet, differences("customAttributes", &account.custom_attributes, attributes));
            account.custom_attributes.clone_from(attributes);
        }
    }
}

fn nobody() -> Failure {
    Failure::of(Class::NotFound)
}

fn told(sheet: &mut Sheet, changes: Vec<super::sheet::Change>) {
    for change in changes {
        let mark = format!("customAttributes.{}", marker::KEY);
        let field = if change.field == mark { "marker".to_owned() } else { change.field };
        sheet.change(field, change.old, change.new);
    }
}

fn spoken(state: AccountState) -> Value {
    match state {
        AccountState::Active => "Active".into(),
        AccountState::Suspended => "Suspended".into(),
        AccountState::Unknown => Value::Null,
    }
}

impl Rehearsed for ChatwootAccount {
    const KIND: &'static str = KIND;
    type Imagined = Imagined;

    fn imagine(machine: &Facts, world: &Arc<World>) -> Imagined {
        let handle = machine.around.known().and_then(|view| {
            let (namespace, name) = (view.binding.namespace.clone(), view.binding.name.clone());
            world.instances.handle(&InstanceKey { namespace, name })
        });
        let plan = machine.around.plan.as_deref();
        let planned = plan.map(|_| &machine.around.planned.features).into_iter().flatten();
        let named =
            machine.spec.features.keys().chain(plan.into_iter().flat_map(|plan| plan.features.keys()));
        let wanted = |flag: &str| {
            let own = machine.spec.features.get(flag);
            own.or_else(|| plan?.features.get(flag)).copied().unwrap_or(false)
        };
        Imagined {
            world: world.clone(),
            handle,
            marker: machine.around.marker.clone(),
            own: machine.around.automation.marker.clone(),
            me: (machine.object.namespace.clone(), machine.object.name.clone()),
            off: planned.chain(named).filter(|flag| !wanted(flag)).cloned().collect(),
            fresh: false,
            account: machine.status.id,
            readable: machine.status.automation_user().is_some_and(|user| !is_imagined(user)),
        }
    }

    async fn pretend(
        imagined: &mut Imagined,
        effect: Effect,
        sheet: &mut Sheet,
        mind: Mind<'_, Self>,
    ) -> Result<Lesson, Effect> {
        let (key, shared) = (imagined.key(), mind.shared);
        match effect {
            Effect::AskIndex { not_before } => {
                let answer = imagined.index(shared).await;
                Ok(Lesson::Index(Look { asked_at: imagined.world.clock().max(not_before), answer }))
            }
            Effect::Post { name, .. } => {
                let account = imagined.post(name, sheet);
                shared.keep_account(&key, &account);
                Ok(Lesson::Posted(Ok(account)))
            }
            // Nothing is written that was not read; should that ever happen, it is read.
            Effect::Get(id) | Effect::Patch(id, _) if shared.account(&key, id).is_none() => {
                Err(Effect::Get(id))
            }
            Effect::Get(id) => Ok(Lesson::Got(id, shared.account(&key, id).ok_or_else(nobody))),
            Effect::Patch(id, patch) => {
                let answer = shared.account(&key, id).ok_or_else(nobody).map(|mut account| {
                    imagined.patch(&mut account, &patch, sheet);
                    shared.keep_account(&key, &account);
                    account
                });
                Ok(Lesson::Patched { features: !patch.features.is_empty(), answer })
            }
            Effect::Delete(id) => {
                sheet.deletes = true;
                sheet.requests.push("DELETE /accounts/:id".to_owned());
                Ok(Lesson::Deleted(id, Ok(())))
            }
            Effect::ReportOrphan(_) => Ok(Lesson::OrphanReported),
            Effect::DropFinalizer(notice) => {
                if let Some(notice) = notice {
                    sheet.note(parting(notice));
                }
                Err(Effect::DropFinalizer(notice))
            }
            Effect::Automation(effect) => {
                let about = (&key, &imagined.own);
                inside::user(about, effect, sheet, shared).map(Lesson::Automation).map_err(Effect::Automation)
            }
            Effect::Settings(effect) => inside::settings((&key, imagined.readable), effect, sheet, shared)
                .map(Lesson::Settings)
                .map_err(Effect::Settings),
            read @ (Effect::ReadBack | Effect::AddFinalizer | Effect::Write(..) | Effect::Vanished(_)) => {
                Err(read)
            }
        }
    }

    fn noticed(imagined: &mut Imagined, lesson: &mut Lesson, shared: &Shared) {
        match lesson {
            Lesson::Got(_, Ok(account)) => shared.keep_account(&imagined.key(), account),
            Lesson::Automation(lesson) => inside::noticed(&imagined.key(), lesson, shared),
            Lesson::Settings(lesson) => {
                let account = imagined.account.unwrap_or_default();
                inside::noticed_settings(&imagined.key(), account, lesson, shared);
            }
            _ => {}
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
        &mut snapshots.accounts
    }

    fn changed(world: &World, change: &Change<'_, Self>) {
        wiring::account_changed(world, change);
    }
}

fn parting(notice: Notice) -> &'static str {
    match notice {
        Notice::MayExist => "let go although a create request has an unknown outcome: an account may exist",
        Notice::Deleted => "the account is gone from Chatwoot; the resource goes",
        Notice::TooLate => "let go, but Chatwoot had already accepted the deletion",
        Notice::Suspended => "the account stays suspended in Chatwoot; the resource goes",
        Notice::AutomationLeft => {
            "the account stays in Chatwoot, and the operator's own user in it, too; the resource goes"
        }
        Notice::Retained => "the account stays in Chatwoot as it is; the resource goes",
    }
}
