//! The effects of a pass over something inside an account.

use super::{
    Content, Item, Secrets, announce,
    beside::Look,
    connection,
    inside::{Halt, Inside, nothing_sent},
    lists::{Of, Shared},
    place, recorded, values,
};
use crate::{
    api::{
        common::{FINALIZER, RESTORE_STATUS_ANNOTATION},
        content::ContentStatus,
    },
    chatwoot::{
        application::{Account, Answer},
        gate::{Key, Lane},
        outcome::{Class, Failure, Fate},
        types::Map,
    },
    plan::{
        NoTurn,
        content::{Effect, Facts, Lesson, Listed, Notice, Place, Published, Seen, Tag, Unread, Wish},
    },
    reconcile::{
        automation::{self, AccountHandle},
        driver::Hands,
        stored::{Read, Stored, Wrote},
        turn::Turn,
        world::World,
    },
};
use kube::ResourceExt;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// How long others may come who want the same list.
const GATHER: Duration = Duration::from_millis(200);

/// What lies beside a thing and was asked for so long ago will do, unless somebody wants it looked at anew.
const RECENT: Duration = Duration::from_secs(60);

/// A pass' own hands: the object as it wrote it last, its turn at the gate, and the account it works in.
pub struct ContentHands<C> {
    stored: Stored<C>,
    world: Arc<World>,
    turn: Turn,
    /// The account, while it can be worked in.
    inside: Option<AccountHandle>,
    /// What this pass looks at beside what is listed.
    look: Look,
    wish: Option<Wish>,
    /// Values of secret fields, once they have been read.
    secrets: Secrets,
    /// What this pass has seen, with its secrets.
    items: Arc<Vec<Item>>,
    /// The answer to this pass' latest write.
    written: Option<Item>,
    /// The operator's user in the account was an administrator when this pass asked.
    is_proven: bool,
}

/// What a pass looks for beside what is listed. It begins here, so that one that waits long for its turn takes what others were
/// told meanwhile.
fn look(machine: &Facts, who: String, world: &World) -> Look {
    let object = &machine.object;
    let requested =
        object.requested_at.is_some() && object.requested_at != machine.status.last_handled_reconcile_at;
    let asked = requested || machine.is_urgent();
    let recently = machine.clock.saturating_sub(RECENT);
    let since = if asked { machine.around.seen_at.max(recently) } else { recently };
    let mut look = Look { who, why: format!("{} {:?}", object.generation, object.requested_at), since };
    if machine.around.wish.as_ref().is_ok_and(|wish| !wish.parts.is_empty()) {
        world.lists.beside.begin(&mut look, machine.clock);
    }
    look
}

impl<C> AsMut<Stored<C>> for ContentHands<C> {
    fn as_mut(&mut self) -> &mut Stored<C> {
        &mut self.stored
    }
}

impl<C: Content> ContentHands<C> {
    pub fn new(stored: Stored<C>, machine: &Facts, world: &Arc<World>) -> Self {
        let object = &machine.object;
        let key = Key::new(C::TRAIT.kind, &object.namespace, &object.name);
        let account = world.caches.accounts.get(&object.namespace, &machine.account);
        let inside = account
            .filter(|_| matches!(machine.around.place, Place::Open(_)))
            .and_then(|account| place::account_handle(world, &account));
        // What belongs to the installation is deleted there, whatever has become of the account.
        let recorded = || recorded::instance(&machine.status).filter(|_| machine.manner.installation_wide);
        let instance = inside.as_ref().map(|inside| inside.instance.clone()).or_else(recorded);
        let handle = instance.and_then(|instance| world.instances.handle(&instance));
        let lane = if machine.is_urgent() { Lane::Change } else { Lane::Background };
        let turn = Turn::new(handle, lane, key, object.deleting, world);
        let look = look(machine, stored.object().uid().unwrap_or_default(), world);
        Self {
            stored,
            world: world.clone(),
            turn,
            inside,
            look,
            wish: machine.around.wish.as_ref().ok().cloned(),
            secrets: Secrets::new(),
            items: Arc::default(),
            written: None,
            is_proven: false,
        }
    }

    fn of(&self) -> Option<Of> {
        let inside = self.inside.as_ref()?;
        Some(Of { instance: inside.instance.clone(), account: inside.id, kind: C::TRAIT.kind })
    }

    /// The account, as the operator's user there.
    ///
    /// # Errors
    /// Nothing can be sent.
    fn enter(&mut self) -> Result<Inside<'_>, Failure> {
        let held = self
            .inside
            .as_ref()
            .and_then(|inside| Some((inside, automation::held(&self.world, &inside.uid)?)));
        let (account, token) = held.ok_or_else(nothing_sent)?;
        let (turn, look) = (&mut self.turn, &mut self.look);
        Ok(Inside { account, token, turn, lists: &self.world.lists, clock: self.world.clock_fn(), look })
    }

    /// One call inside the account.
    async fn call<T>(&mut self, call: impl FnOnce(&Account) -> Answer<T>) -> Result<T, Failure> {
        let answer = self.enter()?.call(call).await;
        self.heard(answer)
    }

    /// A token that was refused is not used again, and whoever may not do what it must is looked at.
    fn heard<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        let refused = answer.as_ref().err().map(|failure| failure.class);
        match (&self.inside, refused) {
            (Some(inside), Some(Class::Unauthorized)) => automation::forget(&self.world, &inside.uid),
            (Some(inside), Some(Class::NotAllowed)) => automation::doubt(&self.world, inside),
            _ => {}
        }
        answer
    }

    /// What something that takes several requests came to; `tell` says what that teaches.
    fn taught(
        &self,
        answer: Result<Value, Halt>,
        tell: impl FnOnce(Result<Value, Failure>) -> Lesson,
    ) -> Lesson {
        match answer {
            Ok(value) => tell(Ok(value)),
            Err(Halt::NoTurn(why)) => Lesson::NoTurn(why),
            Err(Halt::Failed(failure)) => tell(self.heard(Err(failure))),
        }
    }

    /// Everything in the account, seen by an administrator for certain: others are shown less, and not told so.
    async fn list_proven(&mut self) -> Lesson {
        let (Some(inside), Some(of)) = (self.inside.clone(), self.of()) else {
            return Lesson::Listed(Err(nothing_sent()));
        };
        if let Err(why) = self.turn.take() {
            return Lesson::NoTurn(why);
        }
        self.world.lists.forget(&of);
        if let Err(failure) = automation::fetch(&self.turn, &self.world, &inside).await {
            return Lesson::Token(Err(failure));
        }
        self.is_proven = true;
        self.list_shared(self.world.clock()).await
    }

    /// Everything in the account; where this one's is not among it, by somebody who would see it.
    async fn list(&mut self, not_before: Duration) -> Lesson {
        let lesson = self.list_shared(not_before).await;
        let id = self.stored.object().status().and_then(|status| status.id);
        let is_missing = |list: &Listed| id.is_some_and(|id| list.find(id).is_none());
        match &lesson {
            Lesson::Listed(Ok(list)) if is_missing(list) && !self.is_proven => self.list_proven().await,
            _ => lesson,
        }
    }

    /// Everything in the account, asked once for all who want to know at the same time.
    async fn list_shared(&mut self, not_before: Duration) -> Lesson {
        if self.inside.is_none() {
            return Lesson::Listed(Err(nothing_sent()));
        }
        // What is applied together arrives a moment apart, and one list serves all of it.
        tokio::time::sleep((not_before + GATHER).saturating_sub(self.world.clock())).await;
        let listed = match self.enter() {
            Ok(mut inside) => inside.list::<C>(not_before).await,
            Err(failure) => Err(failure.into()),
        };
        match listed {
            Ok(shared) => self.saw(shared),
            Err(Halt::NoTurn(why)) => Lesson::NoTurn(why),
            Err(Halt::Failed(failure)) => Lesson::Listed(self.heard(Err(failure))),
        }
    }

    fn saw(&mut self, shared: Shared) -> Lesson {
        let installation = self.world.installation();
        let is_wide = self.stored.object().installation_wide().is_some();
        let own = shared.items.iter().filter(|item| item.installation_wide == is_wide);
        let items = own.map(|item| values::shown(installation.as_ref(), item)).collect();
        self.items = shared.items;
        Lesson::Listed(Ok(Listed { asked_at: shared.asked_at, items: Arc::new(items) }))
    }

    /// A write and its answer, which the shared list shows at once.
    fn keep(&mut self, answer: Result<Item, Failure>) -> Result<Seen, Failure> {
        let answer = answer.map(|item| item.sealed(C::TRAIT));
        let Some(of) = self.of() else { return answer.map(|item| item.seen) };
        match answer {
            Ok(item) => {
                let seen = values::shown(self.world.installation().as_ref(), &item);
                self.written = Some(item.clone());
                self.world.lists.put(&of, item);
                Ok(seen)
            }
            Err(failure) => {
                if failure.fate() != Fate::NotSent {
                    self.world.lists.forget(&of);
                }
                Err(failure)
            }
        }
    }

    async fn create(&mut self, fields: Map) -> Lesson {
        let mut fields = self.opened(fields);
        let answer = match self.stored.object().installation_wide() {
            Some(wide) => self.turn.call(|platform| (wide.create)(platform, fields)).await,
            None => {
                let secrets = values::taken_out(&mut fields, &self.secrets);
                self.call(|account| C::create_with(account, fields, secrets)).await
            }
        };
        Lesson::Created(self.keep(answer))
    }

    async fn patch(&mut self, id: i64, fields: Map) -> Lesson {
        let mut fields = self.opened(fields);
        let answer = match self.stored.object().installation_wide() {
            Some(wide) => self.turn.call(|platform| (wide.patch)(platform, id, fields)).await,
            None => {
                let secrets = values::taken_out(&mut fields, &self.secrets);
                let answer = match self.enter() {
                    Ok(mut inside) => C::patch_with(&mut inside, id, fields, secrets).await,
                    Err(failure) => Err(failure),
                };
                self.heard(answer)
            }
        };
        Lesson::Patched(id, self.keep(answer))
    }

    async fn show(&self, id: i64) -> Lesson {
        let Some(wide) = self.stored.object().installation_wide() else {
            return Lesson::Shown(Err(Failure::of(Class::Unexpected)));
        };
        let answer = self.turn.call(|platform| (wide.show)(platform, id)).await;
        let installation = self.world.installation();
        Lesson::Shown(answer.map(|item| values::shown(installation.as_ref(), &item.sealed(C::TRAIT))))
    }

    async fn delete(&mut self, id: i64) -> Lesson {
        let answer = match self.stored.object().installation_wide() {
            Some(wide) => self.turn.call(|platform| (wide.delete)(platform, id)).await,
            None => self.call(|account| C::delete(account, id)).await,
        };
        if let Some(of) = self.of() {
            match &answer {
                Ok(()) => self.world.lists.remove(&of, id),
                Err(_) => self.world.lists.forget(&of),
            }
        }
        Lesson::Deleted(id, answer)
    }

    fn opened(&self, fields: Map) -> Map {
        C::TRAIT.opened(fields, &self.stored.object().key())
    }

    async fn read_secrets(&mut self) -> Lesson {
        let wanted = self.wish.as_ref().map(|wish| wish.secrets.clone()).unwrap_or_default();
        let read = values::read(self.stored.object(), &wanted, &self.world).await;
        let Some(installation) = self.world.installation() else {
            return Lesson::Secrets(Err(Unread::Failed("the installation Secret is not known".to_owned())));
        };
        Lesson::Secrets(read.map(|found| {
            let hashes = values::hashes(&installation, &found);
            self.secrets = found;
            hashes
        }))
    }

    async fn read_part(&mut self, id: i64, part: &'static str) -> Lesson {
        let answer = match self.enter() {
            Ok(mut inside) => C::read_part(&mut inside, id, part).await,
            Err(failure) => Err(failure.into()),
        };
        self.taught(answer, |value| Lesson::PartRead(part, value))
    }

    async fn write_part(&mut self, id: i64, part: &'static str, wanted: Value) -> Lesson {
        let answer = match self.enter() {
            Ok(mut inside) => C::write_part(&mut inside, id, part, wanted).await,
            Err(failure) => Err(failure.into()),
        };
        self.taught(answer, |value| Lesson::PartWritten(part, value))
    }

    async fn token(&self) -> Lesson {
        let Some(inside) = &self.inside else { return Lesson::Token(Err(Failure::of(Class::Connect))) };
        let of = Of { instance: inside.instance.clone(), account: inside.id, kind: "token" };
        let (asking, _) = self.world.lists.begin(&of);
        let _asking = asking.lock().await;
        if automation::held(&self.world, &inside.uid).is_some() {
            return Lesson::Token(Ok(()));
        }
        Lesson::Token(automation::fetch(&self.turn, &self.world, inside).await.map(|_| ()))
    }

    /// Writes what others need to connect, from an answer of this pass about this very object.
    async fn publish(&mut self, id: i64, name: &str) -> Lesson {
        if let Some(wide) = self.stored.object().installation_wide()
            && self.written.is_none()
        {
            // No list shows its token.
            if let Err(why) = self.turn.take() {
                return Lesson::NoTurn(why);
            }
            match self.turn.call(|platform| (wide.show)(platform, id)).await {
                Ok(item) => self.written = Some(item),
                Err(failure) => return Lesson::Shown(Err(failure)),
            }
        }
        let Some(mut item) = self.shown(id) else {
            let why = "what is to be written has not been read yet";
            return Lesson::Published(Published::Failed(why.to_owned()));
        };
        if connection::loses(self.stored.object(), name, &item, &self.world).await && !self.is_proven {
            let lesson = self.list_proven().await;
            let Lesson::Listed(Ok(_)) = lesson else { return lesson };
            item = self.items.iter().find(|seen| seen.seen.id == id).cloned().unwrap_or(item);
        }
        let (object, inside) = (self.stored.object(), self.inside.as_ref());
        Lesson::Published(connection::store(object, name, &item, inside, &self.world).await)
    }

    /// What this pass has heard of one, the answer to a write before the list.
    fn shown(&self, id: i64) -> Option<Item> {
        let mut seen = self.written.iter().chain(self.items.iter());
        seen.find(|item| item.seen.id == id).cloned()
    }

    async fn read_back(&mut self) -> Lesson {
        match self.stored.reread().await {
            Read::Found(object) => Lesson::ReadBack {
                status: Some(Box::new(object.status().cloned().unwrap_or_default())),
                gone: false,
            },
            Read::Gone | Read::OtherUid => Lesson::ReadBack { status: None, gone: true },
            Read::Unknown => {
                // The API server does not answer: asking again at once would only add to its load.
                tokio::time::sleep(Duration::from_secs(1)).await;
                Lesson::ReadBack { status: None, gone: false }
            }
        }
    }

    async fn drop_finalizer(&mut self, notice: Option<Notice>) -> Lesson {
        let about = self.stored.object().clone();
        let say = |notice| announce::notice(&about, notice, &self.world);
        // What nobody may ever hear of otherwise is said first: afterwards there may be no process to say it.
        let first = notice.filter(|notice| *notice == Notice::MayExist);
        first.into_iter().for_each(say);
        let wrote = self.stored.drop_finalizer_if_unchanged(FINALIZER).await;
        if matches!(wrote, Wrote::Yes | Wrote::Unknown) {
            notice.filter(|_| first.is_none()).into_iter().for_each(say);
        }
        Lesson::Dropped(wrote)
    }

    async fn write(&mut self, status: Box<ContentStatus>, tag: Tag) -> Lesson {
        let wrote = self.stored.write_status((*status).clone()).await;
        Lesson::Wrote { tag, status, wrote }
    }

    fn turn_for(&mut self, effect: &Effect) -> Result<(), NoTurn> {
        // What is only imagined is sent by nobody.
        let imagined = matches!(effect, Effect::Write(..)) && self.stored.is_rehearsing();
        if effect.needs_turn() && !imagined { self.turn.take() } else { Ok(()) }
    }
}

impl<C: Content> Hands<Facts> for ContentHands<C> {
    async fn act(&mut self, effect: Effect) -> Lesson {
        if let Err(why) = self.turn_for(&effect) {
            return Lesson::NoTurn(why);
        }
        match effect {
            Effect::AddFinalizer => Lesson::Finalizer(
                self.stored.add_finalizer(FINALIZER, Some((RESTORE_STATUS_ANNOTATION, "true"))).await,
            ),
            Effect::DropFinalizer(notice) => self.drop_finalizer(notice).await,
            Effect::Write(status, tag) => self.write(status, tag).await,
            Effect::ReadBack => self.read_back().await,
            Effect::Token => self.token().await,
            Effect::Secrets => self.read_secrets().await,
            Effect::List { not_before } => self.list(not_before).await,
            Effect::Create(fields) => self.create(*fields).await,
            Effect::Patch(id, fields) => self.patch(id, *fields).await,
            Effect::ReadPart(id, part) => self.read_part(id, part).await,
            Effect::WritePart(id, part, wanted) => self.write_part(id, part, wanted).await,
            Effect::Publish { id, name } => self.publish(id, &name).await,
            Effect::DropSecret(name) => {
                let dropped = connection::drop(self.stored.object(), &name, &self.world).await;
                Lesson::SecretDropped(name, dropped)
            }
            Effect::Show(id) => self.show(id).await,
            Effect::Delete(id) => self.delete(id).await,
        }
    }
}
