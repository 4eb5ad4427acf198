//! An account's effects.

use super::{KIND, announce, inside::Inside};
use crate::{
    api::{
        account::{AccountStatus, ChatwootAccount},
        common::{FINALIZER, RESTORE_STATUS_ANNOTATION},
    },
    chatwoot::{
        gate::{Key, Lane},
        marker::Marker,
        outcome::{Class, Failure},
        platform::NewAccount,
        types::AccountId,
    },
    plan::{
        account::{Effect, Facts, Lesson, Notice, Tag},
        create::{self, Index, Look, ReadBack},
    },
    reconcile::{
        driver::Hands,
        instance,
        instances::Handle,
        references::{InstanceKey, Ref},
        stored::{Read, Stored, Wrote},
        turn::Turn,
        world::World,
    },
};
use kube::ResourceExt;
use std::{sync::Arc, time::Duration};

/// A pass' own hands: the object as it wrote it last, and its turn at the gate.
pub struct AccountHands {
    stored: Stored<ChatwootAccount>,
    world: Arc<World>,
    handle: Option<Arc<Handle>>,
    key: Key,
    marker: Marker,
    turn: Turn,
    uid: String,
    inside: Inside,
}

impl AsMut<Stored<ChatwootAccount>> for AccountHands {
    fn as_mut(&mut self) -> &mut Stored<ChatwootAccount> {
        &mut self.stored
    }
}

impl AccountHands {
    pub fn new(stored: Stored<ChatwootAccount>, machine: &Facts, world: &Arc<World>) -> Self {
        let key = Key::new(KIND, &machine.object.namespace, &machine.object.name);
        let handle =
            machine.around.known().and_then(|view| world.instances.handle(&InstanceKey::from(&view.binding)));
        let lane = if machine.is_urgent() { Lane::Change } else { Lane::Background };
        let turn = Turn::new(handle.clone(), lane, key.clone(), machine.object.deleting, world);
        let uid = stored.object().uid().unwrap_or_default();
        let instance = handle.as_ref().map(|handle| handle.key.clone()).unwrap_or_default();
        let inside = Inside::new(machine, world, &uid, instance);
        let marker = machine.around.marker.clone();
        Self { stored, world: world.clone(), handle, key, marker, turn, uid, inside }
    }

    async fn write(&mut self, status: Box<AccountStatus>, tag: Tag) -> Lesson {
        let wrote = self.stored.write_status((*status).clone()).await;
        if wrote == Wrote::Yes
            && let Tag::Claim(new) = &tag
        {
            // A second account that a proxy's replay may make shows once this claim has settled.
            if let Some(handle) = &self.handle {
                let settled = self.world.clock() + new.claim.timeout * 2 + self.world.settings.settle_margin;
                if handle.sweep_at(settled) {
                    self.tell(handle);
                }
            }
        }
        Lesson::Wrote { tag, status, wrote }
    }

    fn ask_index(&self, not_before: Duration) -> Look {
        let Some(handle) = &self.handle else {
            return Look { asked_at: not_before, answer: Index::Unavailable };
        };
        let (world, me) = (&self.world, &self.key);
        let taken = |id| {
            let owners = world.references.to(&Ref::AccountId(handle.key.clone(), id));
            owners.iter().any(|owner| owner != me)
        };
        let look = handle.index.ask(&self.key, not_before, &self.marker, taken);
        // What keeps the index from being read may keep everything.
        if look.answer == Index::Unavailable && handle.doubt() {
            self.tell(handle);
        }
        look
    }

    /// Has the instance looked at.
    fn tell(&self, handle: &Handle) {
        (self.world.wake)(Key::new(instance::KIND, &handle.key.namespace, &handle.key.name));
    }

    async fn read_back(&mut self) -> Lesson {
        let at = self.world.clock();
        match self.stored.reread().await {
            Read::Found(object) => {
                let status = object.status.clone().unwrap_or_default();
                let back = ReadBack::Found {
                    bound: status.id,
                    claim: status.creation.as_ref().map(create::Claim::from),
                    finalizer: object.finalizers().iter().any(|f| f == FINALIZER),
                    deleting: object.metadata.deletion_timestamp.is_some(),
                    at,
                };
                Lesson::ReadBack { back, status: Some(Box::new(status)) }
            }
            Read::Gone | Read::OtherUid => Lesson::ReadBack { back: ReadBack::Gone, status: None },
            Read::Unknown => {
                // The API server does not answer: asking again at once would only add to its load.
                tokio::time::sleep(Duration::from_secs(1)).await;
                Lesson::ReadBack { back: ReadBack::Unknown, status: None }
            }
        }
    }

    async fn post(&self, name: String, before: Duration) -> Lesson {
        let new = NewAccount { name, marker: self.marker.to_string() };
        let answer = self.turn.call(|platform| async {
            // The wait for the budget may have taken long: somebody may have begun to look for what this would make.
            if self.world.clock() >= before {
                return Err(Failure { detail: Some("nothing was sent"), ..Failure::of(Class::Connect) });
            }
            platform.create_account(&new).await
        });
        Lesson::Posted(answer.await)
    }
}

impl Hands<Facts> for AccountHands {
    async fn act(&mut self, effect: Effect) -> Lesson {
        if effect.needs_turn()
            && let Err(why) = self.turn.take()
        {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AskIndex { not_before } => Lesson::Index(self.ask_index(not_before)),
            Effect::ReadBack => self.read_back().await,
            Effect::AddFinalizer => Lesson::Finalizer(
                self.stored.add_finalizer(FINALIZER, Some((RESTORE_STATUS_ANNOTATION, "true"))).await,
            ),
            Effect::DropFinalizer(notice) => {
                let about = self.stored.object().clone();
                let say = |notice| announce::notice(&about, notice, &self.marker, &self.world);
                // What nobody may ever hear of otherwise is said first: afterwards there may be no process to say it.
                let first = notice.filter(|notice| *notice == Notice::MayExist);
                first.into_iter().for_each(say);
                let wrote = self.stored.drop_finalizer_if_unchanged(FINALIZER).await;
                if matches!(wrote, Wrote::Yes | Wrote::Unknown) {
                    notice.filter(|_| first.is_none()).into_iter().for_each(say);
                }
                Lesson::Dropped(wrote)
            }
            Effect::ReportOrphan(id) => {
                announce::orphan(self.stored.object(), &self.uid, id, &self.world);
                Lesson::OrphanReported
            }
            Effect::Write(status, tag) => self.write(status, tag).await,
            Effect::Post { name, before } => self.post(name, before).await,
            Effect::Get(id) => {
                Lesson::Got(id, self.turn.call(|platform| platform.account(AccountId(id))).await)
            }
            Effect::Vanished(id) => Lesson::Vanished(
                id,
                self.turn.call(|platform| platform.account_vanished(AccountId(id))).await,
            ),
            Effect::Patch(id, patch) => Lesson::Patched {
                features: !patch.features.is_empty(),
                answer: self.turn.call(|platform| platform.update_account(AccountId(id), &patch)).await,
            },
            Effect::Delete(id) => {
                Lesson::Deleted(id, self.turn.call(|platform| platform.delete_account(AccountId(id))).await)
            }
            Effect::Automation(effect) => {
                Lesson::Automation(self.inside.about_user(effect, &self.turn).await)
            }
            Effect::Settings(effect) => Lesson::Settings(self.inside.settings(effect, &self.turn).await),
        }
    }
}
