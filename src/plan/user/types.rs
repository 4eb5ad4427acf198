//! The words of the user planner.

use crate::{
    api::user::{PasswordStatus, UserSpec, UserStatus},
    chatwoot::{
        marker::{Marker, Origin},
        outcome::Failure,
        types::{AccountId, Map, MemberRole, User},
    },
    plan::{
        NoTurn,
        account::{InstanceChoice, InstanceView, Object},
        claims::Standing,
        create::Wrote,
        email::Email,
        grants::Fit,
        memberships::{self, Declared},
        password::Due,
        trouble::Trouble,
        user::{
            link::{Link, LinkSecret},
            token::Rotation,
        },
    },
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Around {
    pub instance: InstanceChoice,
    /// What the grants say to all that is asked for, where the operator made the person.
    pub fit: Fit,
    /// The same, where they were there before and are adopted.
    pub fit_of_adopted: Fit,
    /// The namespace may have the person as recorded, leaving everything else of the request aside.
    pub stands: bool,
    /// Whether destroying the person is granted now.
    pub may_delete: Fit,
    /// The address the spec wants.
    pub email: Result<Email, String>,
    /// How this resource's claim of it stands.
    pub standing: Standing,
    /// What the spec itself asks for that cannot be, beyond what the schema refuses.
    pub invalid: Option<String>,
    pub marker: Marker,
    /// Keyed hash of all that was wanted.
    pub hash: String,
    /// What is wanted had been so before, save that it was not paused then.
    pub reconciled: bool,
    /// Ids a fitting grant lets this tenant take over.
    pub adoptable: BTreeSet<i64>,
    /// Ids bound to other resources of the instance, of those this resource names.
    pub taken: BTreeSet<i64>,
    pub declared: Vec<Declared>,
    /// Memberships that are recorded and no longer declared, with the role that was made.
    pub left_over: Vec<Declared>,
    /// Accounts of this person that are bound here, and the markers they must carry.
    pub vouching: Vec<(i64, Marker)>,
    /// The request for a login link that somebody wrote.
    pub link_requested: Option<String>,
    /// Whether the tenant may log in as somebody adopted; asked only where a link is.
    pub may_have_link: Fit,
    /// A Secret of this resource has changed since it was last looked at.
    pub secret_news: bool,
    pub due: bool,
    pub grace: Duration,
    pub interval: Duration,
    /// How long a request whose answer was lost may still be under way.
    pub settle: Duration,
    /// How long consent must have been withdrawn before a membership is taken back.
    pub revoke_after: Duration,
    pub write_errors: u32,
    /// The accounts waited for are just being made: how much longer saying so is not worth a write.
    pub patience: Option<Duration>,
}

impl Around {
    pub fn known(&self) -> Option<&InstanceView> {
        match &self.instance {
            InstanceChoice::Known(view) => Some(view),
            _ => None,
        }
    }
}

/// What this pass knows of the person in Chatwoot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    Unread,
    Found(Box<User>),
    NotFound(i64),
    Vanished(i64),
    NotPermitted(i64),
}

/// What this pass knows of the declared password. The value itself stays in the hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    Unread,
    Due(Due),
    /// A Secret is missing, incomplete, not ours, or its value would be refused; says what to do.
    Unusable(String),
    Kubernetes(String),
    /// Set in this pass; to be recorded.
    Set(PasswordStatus),
}

/// What became of the credentials Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    Yes,
    /// It exists and is not the operator's.
    NotOurs(String),
    Failed(String),
    /// The token could not be read.
    NoToken(Failure),
}

/// Somebody our POST has made, or found under our marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: i64,
    pub origin: Origin,
    /// What was sent is certain to be what stands: no earlier POST can have made them with another password.
    pub password: Option<PasswordStatus>,
}

/// What the pass has learned and done.
#[derive(Clone, Debug)]
pub struct Pass {
    pub remote: Remote,
    pub password: Password,
    /// This pass made a password and stored it.
    pub stored_password: bool,
    pub made: Option<Made>,
    /// A stranger has the address; true: Chatwoot showed them, and so permitted the Platform App on them.
    pub stranger: Option<bool>,
    /// That stranger belonged to a resource of this name in an earlier namespace of this name.
    pub namesake: bool,
    /// This pass added the finalizer and nothing notes a lost answer, so no earlier one can have sent anything.
    pub first: bool,
    /// Something has been done already, so this pass goes on to its end.
    pub began: bool,
    pub patched: bool,
    pub read: bool,
    /// A membership was made.
    pub joined: bool,
    /// Accounts whose membership call failed in this pass.
    pub failed: BTreeMap<AccountId, Failure>,
    pub published: Option<Published>,
    pub rotation: Rotation,
    pub link: Link,
    /// Credentials Secrets that this pass has removed.
    pub dropped_secrets: BTreeSet<String>,
    pub asked: BTreeSet<i64>,
    pub proof: bool,
    pub deleted: bool,
    pub trouble: Option<Trouble>,
    pub stale: bool,
    /// The object was read again, and may say something else than what was decided on.
    pub reread: bool,
    pub gone: bool,
}

impl Default for Pass {
    fn default() -> Self {
        Self {
            remote: Remote::Unread,
            password: Password::Unread,
            stored_password: false,
            made: None,
            stranger: None,
            namesake: false,
            first: false,
            began: false,
            patched: false,
            read: false,
            joined: false,
            failed: BTreeMap::new(),
            published: None,
            rotation: Rotation::default(),
            link: Link::default(),
            dropped_secrets: BTreeSet::new(),
            asked: BTreeSet::new(),
            proof: false,
            deleted: false,
            trouble: None,
            stale: false,
            reread: false,
            gone: false,
        }
    }
}

/// Everything the planner decides on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub object: Object,
    pub spec: UserSpec,
    pub status: UserStatus,
    pub around: Around,
    pub memory: memberships::Memory,
    /// The clock when this pass began.
    pub clock: Duration,
    pub pass: Pass,
}

/// What a PATCH of the profile changes; the password is set by a call of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    pub email: Option<String>,
    pub name: Option<String>,
    pub display_name: Option<String>,
    /// Merged by Chatwoot; `null` clears a value, and a key can never be removed (P14).
    pub custom_attributes: Option<Map>,
}

impl Profile {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Exactly one call or one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    AddFinalizer,
    DropFinalizer(Option<Notice>),
    /// Replace the status.
    Write(Box<UserStatus>, Tag),
    /// Read the object again from the API server.
    ReadBack,
    /// Read the declared password and see what is due.
    ReadPassword,
    /// Make a password and store it in the credentials Secret.
    StorePassword,
    /// `POST /users` with the marker, and the declared password or a random one.
    Post(Box<Profile>),
    Get(i64),
    Vanished(i64),
    /// Read an account and see that it carries this marker.
    Vouch {
        account: i64,
        marker: Marker,
    },
    Patch(i64, Box<Profile>),
    SetPassword(i64, PasswordStatus),
    Join {
        account: AccountId,
        user: i64,
        role: MemberRole,
    },
    Leave {
        account: AccountId,
        user: i64,
    },
    /// See which rotation the published token is of.
    ReadRotation,
    /// Have the person's token replaced, with the token itself.
    RotateToken(i64),
    /// Bring the credentials Secret up to date; `account` where the person is in exactly one, `rotation` the note that
    /// goes with the token.
    Publish {
        account: Option<i64>,
        rotation: Option<String>,
    },
    /// Have Chatwoot make a link that logs the person in.
    MintLink(i64),
    /// Put that link into its Secret, which says that it is removed then.
    StoreLink(Timestamp),
    /// Remove the Secret with a login link.
    RemoveLink,
    /// Remove a credentials Secret of ours by name.
    DropSecret(String),
    Delete(i64),
}

impl Effect {
    pub fn needs_turn(&self) -> bool {
        matches!(
            self,
            Effect::Post(_)
                | Effect::Get(_)
                | Effect::Vanished(_)
                | Effect::Vouch { .. }
                | Effect::Patch(..)
                | Effect::SetPassword(..)
                | Effect::Join { .. }
                | Effect::Leave { .. }
                | Effect::RotateToken(_)
                | Effect::MintLink(_)
                | Effect::Delete(_)
        )
    }
}

/// What a status write means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It binds this id.
    Bind(i64),
    Progress,
}

/// Something people must learn although the object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// A person may exist that carries our marker.
    MayExist,
    Deleted,
    TooLate,
    /// The person stays, because they belong to accounts that others gave them.
    KeptForOthers,
    Retained,
}

/// What one effect taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    NoTurn(NoTurn),
    Finalizer(Wrote),
    Dropped(Wrote),
    Wrote {
        tag: Tag,
        status: Box<UserStatus>,
        wrote: Wrote,
    },
    ReadBack {
        status: Option<Box<UserStatus>>,
        gone: bool,
    },
    Password(Password),
    /// `clock`: when it was sent.
    Posted {
        answer: Result<User, Failure>,
        password: Option<PasswordStatus>,
        clock: Duration,
    },
    Got(i64, Result<User, Failure>),
    Vanished(i64, Result<bool, Failure>),
    Vouched {
        account: i64,
        answer: Result<bool, Failure>,
    },
    Patched(i64, Result<User, Failure>),
    PasswordSet(PasswordStatus, Result<User, Failure>),
    Joined {
        account: AccountId,
        role: MemberRole,
        answer: Result<(), Failure>,
        clock: Duration,
    },
    Left {
        account: AccountId,
        answer: Result<(), Failure>,
    },
    Rotation(Rotation),
    TokenRotated(Result<(), Failure>),
    Published(Published),
    /// Until when the link lives.
    LinkMinted(Result<Timestamp, Failure>),
    LinkSecret(LinkSecret),
    SecretDropped(String, Result<(), String>),
    Deleted(i64, Result<(), Failure>),
}
