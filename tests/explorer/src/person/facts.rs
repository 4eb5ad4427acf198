//! The facts of a pass, as `reconcile/` gathers them, and what the Secret says.

use super::{Person, Wish, around::*};
use crate::resource::{Object, State};
use chatwoot_operator::{
    api::{
        account::InstanceBinding,
        common::{Adopt, Role, SecretKeyRef},
        grant::Privilege,
        user::{
            AccessToken, CredentialsSecret, Membership, PasswordSpec, PasswordStatus, UserSpec, UserStatus,
        },
    },
    chatwoot::{types::AccountId, version::Version},
    plan::{
        account::{InstanceChoice, InstanceView, Object as Seen},
        claims::Standing,
        consent::Consent,
        email::Email,
        grants::{self, Fit},
        memberships::{Declared, Memory, Target},
        password::{self, Source},
        user::{
            self, Facts, Pass, Password, Rotation,
            token::{Noted, is_due},
        },
    },
};
use secrecy::SecretString;
use std::{collections::BTreeSet, time::Duration};

pub fn observe(state: &State<Person>, object: &Object<Person>, memory: &Memory) -> Facts {
    let declared = Declared {
        namespace: String::new(),
        account: "acme".into(),
        role: Role::Agent,
        target: Target::There { id: Some(AccountId(ACCOUNT)), consent: Consent::EVERYTHING },
    };
    Facts {
        object: Seen {
            namespace: "acme".into(),
            name: "alice".into(),
            generation: object.generation,
            deleting: object.deleting,
            finalizer: object.finalizer,
            requested_at: None,
        },
        spec: spec(&object.spec),
        status: object.status.clone(),
        around: user::Around {
            instance: InstanceChoice::Known(Box::new(view())),
            fit: Fit::Granted,
            // Nobody is granted to come in as people who were there before.
            fit_of_adopted: if object.spec.enters() { Fit::Refused(ungranted()) } else { Fit::Granted },
            stands: true,
            may_delete: Fit::Granted,
            email: Email::parse(EMAIL).map_err(|wrong| wrong.to_string()),
            standing: Standing::Holds,
            invalid: None,
            marker: marker_of(object.uid),
            hash: format!("{:?}", object.spec),
            reconciled: object.status.observed_generation == object.generation,
            adoptable: object.spec.adopt.then_some(STRANGER).into_iter().collect(),
            taken: BTreeSet::new(),
            declared: object.spec.member.then_some(declared).into_iter().collect(),
            left_over: vec![],
            vouching: vec![],
            link_requested: None,
            may_have_link: Fit::Granted,
            secret_news: true,
            due: true,
            grace: Duration::ZERO,
            interval: Duration::from_secs(3600),
            settle: Duration::from_secs(70),
            revoke_after: Duration::from_secs(60),
            write_errors: 0,
            patience: None,
        },
        memory: memory.clone(),
        clock: state.clock,
        pass: Pass::default(),
    }
}

fn spec(wish: &Wish) -> UserSpec {
    let membership = Membership { namespace: String::new(), account: "acme".into(), role: Role::Agent };
    let reference = SecretKeyRef { name: "password".into(), key: "password".into() };
    UserSpec {
        email: EMAIL.into(),
        name: "Alice".into(),
        adopt: wish.adopt.then_some(Adopt { id: STRANGER }),
        memberships: wish.member.then_some(membership).into_iter().collect(),
        password: wish
            .password
            .then_some(PasswordSpec { secret_key_ref: Some(reference), ..PasswordSpec::default() }),
        credentials_secret: wish.token.map(|rotation| CredentialsSecret {
            name: "alice".into(),
            access_token: Some(AccessToken { rotation: Some(rotation.to_string()) }),
            ..CredentialsSecret::default()
        }),
        deletion_policy: wish.policy,
        ..UserSpec::default()
    }
}

fn ungranted() -> grants::Refusal {
    let needs = vec![grants::Need::Privilege(Privilege::Credentials)];
    grants::Refusal { namespace: "acme".into(), needs }
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

fn value(secret: u8) -> SecretString {
    SecretString::from(format!("S3cret!{secret}"))
}

/// What is recorded of this value.
pub fn record(secret: u8) -> PasswordStatus {
    password::record(&installation(), "acme", "alice", &value(secret), None)
}

/// What is due for the Secret's value.
pub fn due(secret: u8, recorded: Option<&PasswordStatus>) -> Password {
    let value = value(secret);
    Password::Due(password::due(&installation(), "acme", "alice", &Source::Yours(&value), recorded))
}

/// What is due for the published token.
pub fn rotation(wish: &Wish, status: &UserStatus, published: Option<(u8, Option<u8>)>) -> Rotation {
    let Some(wanted) = wish.token else { return Rotation::Settled };
    let recorded = status.access_token.as_ref().map(|token| token.rotation.as_str());
    let noted = published.map(|(_, noted)| noted.map(|noted| noted.to_string()));
    let noted = noted.as_ref().map(|noted| Noted { rotation: noted.as_deref() });
    if is_due(&wanted.to_string(), recorded, noted) { Rotation::Due } else { Rotation::Settled }
}
