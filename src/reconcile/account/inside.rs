//! Effects about what is inside an account: the operator's own user there, and the account's settings.

use crate::{
    chatwoot::{
        marker::{KEY, Marker},
        outcome::{Class, Failure},
        passwords,
        platform::{NewUser, UserAnswer, UserPatch},
        types::{AccountId, Map, MemberRole, User, UserId},
    },
    plan::account::{
        Facts,
        automation::{Effect, Lesson},
        settings,
    },
    reconcile::{
        automation,
        references::{InstanceKey, Ref},
        turn::Turn,
        world::World,
    },
};
use std::sync::Arc;

/// What administrators of the account see it under.
const NAME: &str = "Chatwoot operator";

/// Whose account it is, and what its user must carry.
pub struct Inside {
    world: Arc<World>,
    instance: InstanceKey,
    /// Of the account's resource.
    namespace: String,
    name: String,
    uid: String,
    marker: Marker,
}

impl Inside {
    pub fn new(machine: &Facts, world: &Arc<World>, uid: &str, instance: InstanceKey) -> Self {
        let marker = machine.around.automation.marker.clone();
        let (namespace, name) = (machine.object.namespace.clone(), machine.object.name.clone());
        Self { world: world.clone(), instance, namespace, name, uid: uid.to_owned(), marker }
    }

    /// One call about the user.
    pub async fn about_user(&self, effect: Effect, turn: &Turn) -> Lesson {
        match effect {
            Effect::Post { email } => {
                let new = NewUser {
                    email,
                    name: NAME.to_owned(),
                    display_name: None,
                    // Nobody ever sees it: the operator comes in with the token.
                    password: passwords::generate(&rand::random()),
                    custom_attributes: self.stamp(),
                };
                Lesson::Posted(self.keep(turn.call(|platform| platform.create_user(&new)).await))
            }
            Effect::Get(id) => {
                self.world.automation.trust(&self.uid);
                Lesson::Got(id, self.keep(turn.call(|platform| platform.user(UserId(id))).await))
            }
            Effect::Vanished(id) => {
                automation::forget(&self.world, &self.uid);
                Lesson::Vanished(id, turn.call(|platform| platform.user_vanished(UserId(id))).await)
            }
            Effect::Patch { id, email } => {
                let patch =
                    UserPatch { email, custom_attributes: Some(self.stamp()), ..UserPatch::default() };
                let answer = turn.call(|platform| platform.update_user(UserId(id), &patch)).await;
                Lesson::Patched(id, self.keep(answer))
            }
            Effect::Join { account, user } => {
                let role = MemberRole::Administrator;
                let answer = turn
                    .call(|platform| platform.upsert_member(AccountId(account), UserId(user), role))
                    .await;
                // Whoever found out that it could do nothing goes on.
                self.world.wake_all(&Ref::AccountContent(self.namespace.clone(), self.name.clone()));
                Lesson::Joined { account, answer: answer.map(drop) }
            }
            Effect::Delete(id) => {
                automation::forget(&self.world, &self.uid);
                Lesson::Deleted(id, turn.call(|platform| platform.delete_user(UserId(id))).await)
            }
        }
    }

    /// One call as the user.
    pub async fn settings(&self, effect: settings::Effect, turn: &Turn) -> settings::Lesson {
        let Some(token) = automation::held(&self.world, &self.uid) else {
            // The answer that proved the user ours had none.
            let missing =
                Failure { detail: Some("its token is not known"), ..Failure::of(Class::Unauthorized) };
            return settings::Lesson::Read(Err(missing));
        };
        let (answer, writes) = match effect {
            settings::Effect::Read { account } => {
                let read = turn.call_as(&token, |app| app.account(AccountId(account)).settings());
                (read.await, false)
            }
            settings::Effect::Write { account, patch } => {
                let write =
                    turn.call_as(&token, |app| app.account(AccountId(account)).update_settings(&patch));
                (write.await, true)
            }
        };
        if answer.as_ref().is_err_and(|failure| failure.class == Class::Unauthorized) {
            automation::forget(&self.world, &self.uid);
        }
        let answer = answer.map(|account| account.settings);
        if writes { settings::Lesson::Written(answer) } else { settings::Lesson::Read(answer) }
    }

    fn stamp(&self) -> Map {
        let mut attributes = Map::new();
        attributes.insert(KEY.into(), self.marker.to_string().into());
        attributes
    }

    /// Keeps the token of a user that the answer proves ours, and hands on the user without it; a stranger's is wiped.
    fn keep(&self, answer: Result<UserAnswer, Failure>) -> Result<User, Failure> {
        let answer = answer?;
        let user = User::clone(&answer);
        automation::keep(&self.world, &self.uid, &self.instance, answer, &self.marker);
        Ok(user)
    }
}
