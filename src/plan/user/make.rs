//! Making a person, or taking one over by id. `POST /users` is repeatable, but finds people by e-mail and hands them over
//! (chatwoot-api P3), so grant and claim come first and the marker in the answer decides.

use super::*;
use crate::{
    api::{common::Scalar, user::EmailTaken},
    chatwoot::{
        marker::{self, Origin},
        types::Map,
    },
    plan::{
        Again,
        account::InstanceChoice,
        claims::Standing,
        create::Wrote,
        grants::Fit,
        memberships::{Declared, Target},
    },
};
use serde_json::Value;

impl Facts {
    /// Why nothing may be done for this person now, most fundamental first.
    pub(super) fn refusal(&self) -> Option<Verdict> {
        if let InstanceChoice::Unnamed = self.around.instance {
            return Some(Verdict::new(
                reason::INVALID_SPEC,
                "spec.instanceRef is missing and the operator has no default instance; write instanceRef: {name: …, \
                 namespace: …}, or have the operator started with --default-instance NAMESPACE/NAME",
            ));
        }
        let invalid = self.around.invalid.clone().or_else(|| self.around.email.clone().err());
        if let Some(invalid) = invalid {
            return Some(Verdict::new(reason::INVALID_SPEC, invalid));
        }
        if let Fit::Refused(refusal) | Fit::Unknown(refusal) = self.fit() {
            return Some(Verdict::new(reason::NOT_GRANTED, refusal.to_string()));
        }
        match self.around.standing {
            Standing::Holds => {}
            Standing::Taken => return Some(self.email_taken()),
            Standing::Unknown => {
                let text = "a resource that cannot be read may claim this e-mail address, so nothing is done until it can";
                return Some(Verdict::new(reason::KUBERNETES_ERROR, text));
            }
        }
        match &self.around.instance {
            InstanceChoice::Missing { name, namespace } => {
                let text =
                    format!("instance {namespace}/{name} is not there, or not honoured in that namespace");
                Some(Verdict::new(reason::WAITING_FOR_INSTANCE, text))
            }
            InstanceChoice::Known(view) => match &view.blocked {
                Some(why) => Some(Verdict::new(reason::WAITING_FOR_INSTANCE, why.clone())),
                None => self.adoption_refused(),
            },
            InstanceChoice::Unnamed => None,
        }
    }

    fn adoption_refused(&self) -> Option<Verdict> {
        let adopt = self.spec.adopt.map(|adopt| adopt.id)?;
        match self.status.id {
            Some(bound) if bound != adopt => Some(Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "spec.adopt.id is {adopt}, but this resource is bound to user {bound}; remove adopt, or delete the \
                     resource and create another"
                ),
            )),
            None if self.around.taken.contains(&adopt) => Some(Verdict::new(
                reason::ACCOUNT_ALREADY_BOUND,
                format!(
                    "user {adopt} is bound to another resource; name another id, or have that one let them go"
                ),
            )),
            _ => None,
        }
    }

    /// Nobody is named: a tenant must not learn who has an address.
    pub(super) fn email_taken(&self) -> Verdict {
        Verdict::new(
            reason::NOT_OWNED,
            "this e-mail address is in use, so the person is not touched; use another address, or have the person's id listed \
             under adoptable.users of a ChatwootGrant and set spec.adopt.id",
        )
    }

    pub(super) fn make(&self, at: &Moment) -> Next {
        // Who was restored with the cluster becomes ours as soon as somebody says so. Until then nothing is forgotten, the
        // Secret with their password least of all.
        if self.pass.namesake {
            return self.settle(self.predecessors(), at);
        }
        if let Some(permitted) = self.pass.stranger {
            return self.not_ours(permitted, at);
        }
        let known = self.status.email_taken.filter(|taken| taken.generation == self.object.generation);
        if let Some(known) = known.filter(|_| !self.is_requested()) {
            // Asking again would find the same stranger. Only their Secret may still have to go.
            let unfinished =
                crate::plan::status::ready_reason(&self.status.conditions) == Some(reason::KUBERNETES_ERROR);
            return if unfinished {
                self.not_ours(known.permitted, at)
            } else {
                self.settle(self.stranger(known.permitted), at)
            };
        }
        if !self.object.finalizer && self.has_nowhere_to_go_yet() {
            if let Some(patience) = self.around.patience {
                return self.end(self.status.clone(), Again::After(patience), false);
            }
            let text = "waiting until an account of spec.memberships is bound; the person is made then";
            return self.settle(Verdict::new(reason::WAITING_FOR_ACCOUNT, text), at);
        }
        // Looked at first: where it cannot be used, nothing is sent and nothing has to be undone.
        if let Some(step) = self.password_to_send(at) {
            return step;
        }
        if !self.object.finalizer {
            return Step::Act(Effect::AddFinalizer);
        }
        if self.spec.password.is_some() && self.pass.password == Password::Due(Due::Generate) {
            return Step::Act(Effect::StorePassword);
        }
        let (mut profile, _) = self.diff(&self.nobody(), Some(Origin::Made));
        profile.email = self.around.email.as_ref().ok().map(ToString::to_string);
        Step::Act(Effect::Post(Box::new(profile)))
    }

    /// Accounts are on their way and none is there: somebody made now would only have to be read again.
    fn has_nowhere_to_go_yet(&self) -> bool {
        let joinable = |wish: &Declared| match wish.target {
            Target::There { id, consent } if consent.to(wish.role) == Some(true) => Some(id.is_some()),
            _ => None,
        };
        let mut wishes = self.around.declared.iter().filter_map(joinable).peekable();
        wishes.peek().is_some() && wishes.all(|there| !there)
    }

    /// Somebody with nothing set, to compare a new person with.
    fn nobody(&self) -> User {
        User {
            id: crate::chatwoot::types::UserId(0),
            email: String::new(),
            name: String::new(),
            display_name: None,
            custom_attributes: Map::new(),
            belongings: Vec::new(),
        }
    }

    /// A declared password is known before anybody is made with it.
    fn password_to_send(&self, at: &Moment) -> Option<Next> {
        self.spec.password.as_ref()?;
        match &self.pass.password {
            Password::Unread => Some(Step::Act(Effect::ReadPassword)),
            Password::Unusable(why) => Some(self.settle(Verdict::new(reason::SECRET_INVALID, why), at)),
            Password::Kubernetes(why) => Some(self.settle(Verdict::new(reason::KUBERNETES_ERROR, why), at)),
            Password::Due(_) | Password::Set(_) => None,
        }
    }

    /// A stranger has the address: nothing further is written, and nothing of the attempt is kept.
    fn not_ours(&self, permitted: bool, at: &Moment) -> Next {
        let mut facts = self.clone();
        facts.status.email_taken = Some(EmailTaken { generation: self.object.generation, permitted });
        if let Some(secret) = &self.spec.credentials_secret
            && self.spec.password.as_ref().is_some_and(|password| password.generate.is_some())
            && !self.pass.dropped_secrets.contains(&secret.name)
        {
            return facts.drop_secret(secret.name.clone(), at);
        }
        facts.settle(self.stranger(permitted), at)
    }

    fn predecessors(&self) -> Verdict {
        Verdict::new(
            reason::NOT_OWNED,
            "this e-mail address belonged to a resource of this name in an earlier namespace of this name, so the person is not \
             touched; after a restore set rebindUntil on the instance, or have the person's id listed under adoptable.users \
             of a ChatwootGrant and set spec.adopt.id",
        )
    }

    fn stranger(&self, permitted: bool) -> Verdict {
        let mut text = self.email_taken().message;
        if permitted {
            text.push_str(
                "; asking for the address has permitted the Platform App on that person, which an admin undoes in the Rails \
                 console with PlatformAppPermissible.where(permissible: User.find_by(email: 'ADDRESS')).delete_all",
            );
        }
        Verdict::new(reason::NOT_OWNED, text)
    }

    /// Binds somebody our POST has made.
    pub(super) fn keep(&self, made: &Made, at: &Moment) -> Next {
        if self.pass.gone {
            let mut facts = self.clone();
            facts.pass.made = None;
            return facts.fresh();
        }
        if self.pass.stale {
            return Step::Act(Effect::ReadBack);
        }
        let mut facts = self.clone();
        facts.bind_in_status(made.id, made.origin);
        facts.status.password = made.password.clone();
        facts.status.email_taken = None;
        Step::Act(facts.write_bound(made.id, at))
    }

    /// The write that binds carries the first memberships as Pending, and Ready where nothing follows.
    fn write_bound(&self, id: i64, at: &Moment) -> Effect {
        let mut facts = self.clone();
        facts.status.managed.custom_attributes = self.spec.custom_attributes.keys().cloned().collect();
        if let Remote::Found(user) = &self.pass.remote {
            let plan = self.memberships(user);
            facts.status.memberships = plan.entries;
            let done = plan.calls.is_empty()
                && plan.worst.is_none()
                && self.spec.credentials_secret.is_none()
                && self.diff(user, None).0.is_empty()
                // Somebody who was found may carry the marker of an earlier resource.
                && facts.is_stamped(user)
                && (self.spec.password.is_none() || facts.status.password.is_some());
            if done && let Step::Settle(end) = facts.agreed(Vec::new(), at) {
                return Effect::Write(Box::new(end.status), Tag::Bind(id));
            }
        }
        Effect::Write(Box::new(facts.progressing(at)), Tag::Bind(id))
    }

    /// Takes over somebody who exists: by GET, never by POST; the e-mail must match, and the marker is stamped first.
    pub(super) fn adopt(&self, id: i64, at: &Moment) -> Next {
        let user = match &self.pass.remote {
            Remote::Found(user) if user.id.0 == id => user,
            Remote::NotFound(missing) if *missing == id => return Step::Act(Effect::Vanished(id)),
            Remote::Vanished(missing) if *missing == id => return self.settle(no_such_user(id), at),
            Remote::NotPermitted(foreign) if *foreign == id => return self.settle(not_permitted(id), at),
            _ => return Step::Act(Effect::Get(id)),
        };
        let same = self.around.email.as_ref().is_ok_and(|email| email.as_str() == user.email.to_lowercase());
        if !same {
            let text = format!(
                "spec.email is not the e-mail address of user {id}; write theirs, or the id of whoever has yours"
            );
            return self.settle(Verdict::new(reason::INVALID_SPEC, text), at);
        }
        // The finalizer comes after the id: without one it would say that a request was sent.
        match self.may_write(user) {
            Ok(true) if !self.pass.patched => {
                let attributes = self.stamp(Origin::Adopted);
                let profile = Profile { custom_attributes: Some(attributes), ..Profile::default() };
                Step::Act(Effect::Patch(id, Box::new(profile)))
            }
            Ok(_) => {
                let mut facts = self.clone();
                facts.bind_in_status(id, Origin::Adopted);
                Step::Act(facts.write_bound(id, at))
            }
            Err(refusal) => self.settle(refusal, at),
        }
    }

    fn bind_in_status(&mut self, id: i64, origin: Origin) {
        self.status.id = Some(id);
        self.status.ownership = Some(origin.into());
        self.status.instance = self.around.known().map(|view| view.binding.clone());
        self.status.email = self.around.email.as_ref().ok().map(ToString::to_string);
    }

    /// What differs between the spec and `user`, and the names of it.
    pub(super) fn diff(&self, user: &User, stamp: Option<Origin>) -> (Profile, Vec<String>) {
        let mut drifted = Vec::new();
        let mut profile = Profile::default();
        if let Ok(email) = &self.around.email
            && email.as_str() != user.email.to_lowercase()
        {
            profile.email = Some(email.to_string());
            drifted.push("email".to_owned());
        }
        if self.spec.name != user.name {
            profile.name = Some(self.spec.name.clone());
            drifted.push("name".to_owned());
        }
        let display = self.spec.display_name.clone();
        if let Some(display) =
            display.filter(|display| *display != user.display_name.clone().unwrap_or_default())
        {
            profile.display_name = Some(display);
            drifted.push("displayName".to_owned());
        }
        let mut attributes = Map::new();
        for (key, value) in self.wanted_attributes() {
            if user.custom_attributes.get(&key).unwrap_or(&Value::Null) != &value {
                drifted.push(format!("customAttributes.{key}"));
                attributes.insert(key, value);
            }
        }
        attributes.extend(stamp.map(|origin| self.stamp(origin)).unwrap_or_default());
        profile.custom_attributes = (!attributes.is_empty()).then_some(attributes);
        (profile, drifted)
    }

    /// Declared attributes; and `null` for those we set once that are no longer named (P14).
    fn wanted_attributes(&self) -> Vec<(String, Value)> {
        let own = &self.spec.custom_attributes;
        let cleared = self.status.managed.custom_attributes.iter().filter(|key| !own.contains_key(*key));
        let named = own.iter().map(|(key, value)| {
            let value = match value {
                Scalar::Int(number) => Value::from(*number),
                Scalar::Text(text) => Value::from(text.as_str()),
            };
            (key.clone(), value)
        });
        named
            .chain(cleared.map(|key| (key.clone(), Value::Null)))
            .filter(|(key, _)| key != marker::KEY)
            .collect()
    }

    /// Somebody who vanished is forgotten, so that they can be made again.
    pub(super) fn write_forgotten(&self, at: &Moment) -> Effect {
        let mut status = self.progressing(at);
        status.id = None;
        status.ownership = None;
        status.email = None;
        status.memberships.clear();
        status.password = None;
        status.access_token = None;
        status.applied = None;
        Effect::Write(Box::new(status), Tag::Progress)
    }

    pub(super) fn wrote(&mut self, tag: &Tag, status: UserStatus, wrote: Wrote) {
        match wrote {
            Wrote::Yes => {
                if let Tag::Bind(_) = tag {
                    self.pass.made = None;
                    // What was sent before binding was the marker alone.
                    self.pass.patched = false;
                }
                self.status = status;
                self.pass.began = true;
                if self.status.id.is_none() {
                    self.pass.remote = Remote::Unread;
                    self.pass.patched = false;
                }
            }
            Wrote::Conflict | Wrote::Unknown => self.pass.stale = true,
            Wrote::Gone => self.pass.gone = true,
        }
    }
}
