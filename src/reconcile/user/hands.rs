//! A person's effects.

mod access;

use super::{
    KIND,
    announce::{self, administers},
};
use crate::{
    api::{
        common::{FINALIZER, RESTORE_STATUS_ANNOTATION},
        user::{ChatwootUser, MembershipStatus, PasswordStatus, UserSpec, UserStatus},
    },
    chatwoot::{
        gate::{Key, Lane},
        marker::{Marker, Reading},
        outcome::{Class, Failure},
        passwords,
        platform::{NewUser, UserAnswer, UserPatch},
        types::{AccountId, Map, MemberRole, User, UserId},
    },
    plan::{
        password::{self, Due, Source},
        user::{Effect, Facts, Lesson, Notice, Password, Profile, Published, Tag},
    },
    reconcile::{
        driver::Hands,
        references::InstanceKey,
        secrets::{self, Notes, PASSWORD, ROTATION_ANNOTATION, Secrets, TOKEN},
        stored::{Read, Stored, Wrote},
        turn::Turn,
        world::World,
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A pass' own hands: the object as it wrote it last, its turn at the gate, and the secrets nobody else sees.
pub struct UserHands {
    stored: Stored<ChatwootUser>,
    world: Arc<World>,
    namespace: String,
    name: String,
    spec: UserSpec,
    marker: Marker,
    public_url: String,
    turn: Turn,
    /// The declared password, once it has been read or made.
    password: Option<SecretString>,
    /// Memberships that made the person an administrator, as they stood when the pass began.
    administers: Vec<MembershipStatus>,
    /// The latest answer about the person, from which the token can be had once the marker is proven.
    answer: Option<UserAnswer>,
    /// The token that this pass had made.
    new_token: Option<SecretString>,
    /// The login link that this pass had made.
    link: Option<SecretString>,
}

impl AsMut<Stored<ChatwootUser>> for UserHands {
    fn as_mut(&mut self) -> &mut Stored<ChatwootUser> {
        &mut self.stored
    }
}

impl UserHands {
    pub fn new(stored: Stored<ChatwootUser>, machine: &Facts, world: &Arc<World>) -> Self {
        let key = Key::new(KIND, &machine.object.namespace, &machine.object.name);
        let view = machine.around.known();
        let handle = view.and_then(|view| world.instances.handle(&InstanceKey::from(&view.binding)));
        let lane = if machine.is_urgent() { Lane::Change } else { Lane::Background };
        Self {
            stored,
            world: world.clone(),
            namespace: machine.object.namespace.clone(),
            name: machine.object.name.clone(),
            spec: machine.spec.clone(),
            marker: machine.around.marker.clone(),
            public_url: view.map(|view| view.public_url.clone()).unwrap_or_default(),
            turn: Turn::new(handle, lane, key, machine.object.deleting, world),
            password: None,
            administers: machine
                .status
                .memberships
                .iter()
                .filter(|made| administers(made))
                .cloned()
                .collect(),
            answer: None,
            new_token: None,
            link: None,
        }
    }

    /// Somebody has no longer the role in the account that they had.
    fn tell_of_lost_administrator(&self, account: AccountId) {
        if let Some(lost) = self.administers.iter().find(|made| made.account_id == Some(account.0)) {
            announce::lost_administrator(self.stored.object(), lost, &self.world);
        }
    }

    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            world: &self.world,
            namespace: &self.namespace,
            owner: (KIND, &self.name),
            field: "spec.credentialsSecret",
        }
    }

    /// Keeps the answer for its token, and hands on the person without it.
    fn keep(&mut self, answer: Result<UserAnswer, Failure>) -> Result<User, Failure> {
        let answer = answer?;
        let user = User::clone(&answer);
        self.answer = Some(answer);
        Ok(user)
    }

    async fn read_password(&mut self) -> Password {
        let Some(declared) = self.spec.password.clone() else { return Password::Due(Due::Nothing) };
        if let Some(reference) = &declared.secret_key_ref {
            let value = match self.secrets().read(reference).await {
                Ok(value) => value,
                Err(trouble) => return unusable(trouble),
            };
            let Ok(value) = String::from_utf8(value).map(SecretString::from) else {
                return Password::Unusable(format!(
                    "Secret {}/{} holds no text; {}",
                    self.namespace,
                    reference.name,
                    passwords::RULES
                ));
            };
            if let Err(wrong) = passwords::check(&value) {
                return Password::Unusable(format!(
                    "Secret {}/{}, key {}: {wrong}",
                    self.namespace, reference.name, reference.key
                ));
            }
            let due = self.due(&Source::Yours(&value));
            self.password = Some(value);
            return due;
        }
        let rotation = declared.generate.map(|generate| generate.rotation).unwrap_or_default();
        let Some(wanted) = &self.spec.credentials_secret else {
            return Password::Unusable(
                "spec.credentialsSecret is needed for a generated password".to_owned(),
            );
        };
        let secret = match self.secrets().ours(&wanted.name).await {
            Ok(secret) => secret,
            Err(trouble) => return unusable(trouble),
        };
        let noted =
            secret.as_ref().and_then(|s| s.metadata.annotations.as_ref()?.get(ROTATION_ANNOTATION).cloned());
        let value = secret
            .and_then(|secret| secret.data?.remove(PASSWORD))
            .and_then(|bytes| String::from_utf8(bytes.0).ok());
        // Whoever dresses a Secret up as ours gets one of ours, not a password that Chatwoot would refuse for ever.
        let value = value.map(SecretString::from).filter(|value| passwords::check(value).is_ok());
        let stored = value.as_ref().map(|value| password::Stored { value, rotation: noted.as_deref() });
        let due = self.due(&Source::Generated { rotation: &rotation, stored });
        self.password = value;
        due
    }

    fn due(&self, source: &Source<'_>) -> Password {
        let Some(installation) = self.world.installation() else {
            return Password::Kubernetes("the installation Secret is not known".to_owned());
        };
        let recorded = self.stored.object().status.as_ref().and_then(|status| status.password.as_ref());
        Password::Due(password::due(&installation, &self.namespace, &self.name, source, recorded))
    }

    /// Makes a password and stores it before it is sent, so that it can never be lost.
    async fn store_password(&mut self) -> Password {
        let rotation =
            self.spec.password.as_ref().and_then(|p| p.generate.as_ref()).map(|g| g.rotation.clone());
        let Some(wanted) = self.spec.credentials_secret.clone() else {
            return Password::Unusable(
                "spec.credentialsSecret is needed for a generated password".to_owned(),
            );
        };
        let value = passwords::generate(&rand::random());
        let kept = match self.secrets().ours(&wanted.name).await {
            Ok(kept) => kept,
            Err(trouble) => return unusable(trouble),
        };
        let kept_data = kept.as_ref().and_then(|secret| secret.data.clone()).unwrap_or_default();
        let mut data: BTreeMap<String, Vec<u8>> =
            kept_data.into_iter().map(|(key, value)| (key, value.0)).collect();
        data.insert(PASSWORD.to_owned(), value.expose_secret().as_bytes().to_vec());
        // A token that stays in it keeps its note.
        let token = kept.as_ref().and_then(access::noted_rotation).map(str::to_owned);
        let notes = Notes { password: rotation.as_deref(), token: token.as_deref() };
        if let Err(trouble) = self.secrets().store_noted(&wanted, data, notes).await {
            return unusable(trouble);
        }
        self.read_password().await
    }

    /// What stands in the status once the password that was sent is known to be the person's.
    pub(crate) fn record(&self) -> Option<PasswordStatus> {
        let declared = self.spec.password.as_ref()?;
        let rotation = declared.generate.as_ref().map(|generate| generate.rotation.as_str());
        let installation = self.world.installation()?;
        Some(password::record(&installation, &self.namespace, &self.name, self.password.as_ref()?, rotation))
    }

    async fn post(&mut self, profile: Profile) -> Lesson {
        let password = self.password.clone().unwrap_or_else(|| passwords::generate(&rand::random()));
        let new = NewUser {
            email: profile.email.unwrap_or_default(),
            name: profile.name.unwrap_or_else(|| self.spec.name.clone()),
            display_name: profile.display_name,
            password,
            custom_attributes: profile.custom_attributes.unwrap_or_default(),
        };
        let clock = self.world.clock();
        let answer = self.turn.call(|platform| platform.create_user(&new)).await;
        let answer = self.keep(answer);
        // A stranger's answer carries a stranger's token: it is wiped at once.
        if answer.as_ref().is_ok_and(|user| {
            matches!(self.marker.read(&user.custom_attributes), Reading::Absent | Reading::Foreign)
        }) {
            self.answer = None;
        }
        Lesson::Posted { answer, password: self.record(), clock }
    }

    async fn patch(&mut self, id: i64, patch: UserPatch) -> Result<User, Failure> {
        let answer = self.turn.call(|platform| platform.update_user(UserId(id), &patch)).await;
        self.keep(answer)
    }

    async fn publish(&mut self, account: Option<i64>, token_rotation: Option<&str>) -> Published {
        let Some(wanted) = self.spec.credentials_secret.clone() else { return Published::Yes };
        let id = self.stored.object().status.as_ref().and_then(|status| status.id).unwrap_or_default();
        let mut data = BTreeMap::from([
            ("url".to_owned(), format!("{}/app/login", self.public_url).into_bytes()),
            ("email".to_owned(), self.spec.email.to_lowercase().into_bytes()),
            ("user_id".to_owned(), id.to_string().into_bytes()),
        ]);
        data.extend(account.map(|account| ("account_id".to_owned(), account.to_string().into_bytes())));
        let generated = self.spec.password.as_ref().and_then(|password| password.generate.clone());
        if generated.is_some()
            && let Some(value) = &self.password
        {
            data.insert(PASSWORD.to_owned(), value.expose_secret().as_bytes().to_vec());
        }
        if wanted.access_token.is_some() {
            let token = match self.new_token.clone() {
                Some(token) => Ok(token),
                None => self.token(),
            };
            match token {
                Ok(token) => data.insert(TOKEN.to_owned(), token.expose_secret().as_bytes().to_vec()),
                Err(failure) => return Published::NoToken(failure),
            };
        }
        let password = generated.as_ref().map(|generate| generate.rotation.as_str());
        match self.secrets().store_noted(&wanted, data, Notes { password, token: token_rotation }).await {
            Ok(()) => Published::Yes,
            Err(secrets::Trouble::Unusable(why)) => Published::NotOurs(why),
            Err(secrets::Trouble::Kubernetes(why)) => Published::Failed(why),
        }
    }

    /// Only from an answer whose marker is ours.
    fn token(&mut self) -> Result<SecretString, Failure> {
        let unread = || Failure::of(Class::Unexpected);
        let answer = self.answer.take().ok_or_else(unread)?;
        answer.prove(&self.marker).map_err(|_| unread())?.access_token()
    }

    async fn read_back(&mut self) -> Lesson {
        match self.stored.reread().await {
            Read::Found(object) => Lesson::ReadBack {
                status: Some(Box::new(object.status.clone().unwrap_or_default())),
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

    async fn write(&mut self, status: Box<UserStatus>, tag: Tag) -> Lesson {
        let wrote = self.stored.write_status((*status).clone()).await;
        Lesson::Wrote { tag, status, wrote }
    }
}

fn unusable(trouble: secrets::Trouble) -> Password {
    match trouble {
        secrets::Trouble::Unusable(why) => Password::Unusable(why),
        secrets::Trouble::Kubernetes(why) => Password::Kubernetes(why),
    }
}

fn patch_of(profile: Profile) -> UserPatch {
    UserPatch {
        email: profile.email,
        name: profile.name,
        display_name: profile.display_name,
        password: None,
        custom_attributes: profile.custom_attributes,
    }
}

impl Hands<Facts> for UserHands {
    async fn act(&mut self, effect: Effect) -> Lesson {
        if effect.needs_turn()
            && let Err(why) = self.turn.take()
        {
            return Lesson::NoTurn(why);
        }
        match effect {
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
            Effect::Write(status, tag) => self.write(status, tag).await,
            Effect::ReadBack => self.read_back().await,
            Effect::ReadPassword => Lesson::Password(self.read_password().await),
            Effect::StorePassword => Lesson::Password(self.store_password().await),
            Effect::Post(profile) => self.post(*profile).await,
            Effect::Get(id) => {
                let answer = self.turn.call(|platform| platform.user(UserId(id))).await;
                Lesson::Got(id, self.keep(answer))
            }
            Effect::Vanished(id) => {
                Lesson::Vanished(id, self.turn.call(|platform| platform.user_vanished(UserId(id))).await)
            }
            Effect::Vouch { account, marker } => {
                let answer = self.turn.call(|platform| platform.account(AccountId(account))).await;
                let ours = |attributes: &Map| marker.read(attributes) == Reading::Ours;
                Lesson::Vouched { account, answer: answer.map(|found| ours(&found.custom_attributes)) }
            }
            Effect::Patch(id, profile) => Lesson::Patched(id, self.patch(id, patch_of(*profile)).await),
            Effect::SetPassword(id, record) => {
                let patch = UserPatch { password: self.password.clone(), ..patch_of(Profile::default()) };
                Lesson::PasswordSet(record, self.patch(id, patch).await)
            }
            Effect::Join { account, user, role } => {
                let clock = self.world.clock();
                let answer =
                    self.turn.call(|platform| platform.upsert_member(account, UserId(user), role)).await;
                if answer.is_ok() && role == MemberRole::Agent {
                    self.tell_of_lost_administrator(account);
                }
                Lesson::Joined { account, role, answer: answer.map(|_| ()), clock }
            }
            Effect::Leave { account, user } => {
                let answer = self.turn.call(|platform| platform.remove_member(account, UserId(user))).await;
                if answer.is_ok() {
                    self.tell_of_lost_administrator(account);
                }
                Lesson::Left { account, answer }
            }
            Effect::ReadRotation => Lesson::Rotation(self.read_rotation().await),
            Effect::RotateToken(id) => Lesson::TokenRotated(self.rotate_token(id).await),
            Effect::Publish { account, rotation } => {
                Lesson::Published(self.publish(account, rotation.as_deref()).await)
            }
            Effect::MintLink(id) => self.mint_link(id).await,
            Effect::StoreLink(until) => Lesson::LinkSecret(self.store_link(until).await),
            Effect::RemoveLink => Lesson::LinkSecret(self.secrets().remove_link().await),
            Effect::DropSecret(name) => {
                let dropped = self.secrets().drop(&name).await;
                Lesson::SecretDropped(name, dropped)
            }
            Effect::Delete(id) => {
                Lesson::Deleted(id, self.turn.call(|platform| platform.delete_user(UserId(id))).await)
            }
        }
    }
}
