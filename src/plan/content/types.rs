//! The words of the content planner.

use crate::{
    api::{
        common::{Mode, SecretKeyRef},
        content::{AccountBinding, ContentStatus},
    },
    chatwoot::{outcome::Failure, types::Map},
    plan::{NoTurn, account::Object, claims::Standing, create::Wrote, status::Verdict, trouble::Trouble},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// A list of this age is new enough to decide on: what this process changes meanwhile it shows at once, and what others do
/// is seen with the next.
pub const FRESH: Duration = Duration::from_secs(10);

/// What is always true of a kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Trait {
    /// As in manifests: `ChatwootLabel`.
    pub kind: &'static str,
    /// As in sentences: `label`.
    pub noun: &'static str,
    /// The field of the spec that holds the key: `title`.
    pub key: &'static str,
    pub naming: Naming,
    /// It holds people's work, so one that is gone is not made anew without asking.
    pub precious: bool,
}

/// How one that was made by an interrupted request is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By its key, which is unique in the account.
    Key,
    /// The same, where the key can hold a secret; this field of Chatwoot's holds it. See [`Trait::known`].
    Fingerprint(&'static str),
    /// By a name nobody else would give, sent in this field; it gets its own name once its id is recorded. The name is the
    /// same for as long as the resource lives, so a second one that a repeated request made is known by it.
    Temporary(&'static str),
}

/// What the spec asks for, in Chatwoot's words. Names are resolved to ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The key, as Chatwoot stores it.
    pub key: String,
    /// Declared fields that Chatwoot's lists show and that can be changed.
    pub fields: Map,
    /// What only a create sends. What is taken over must have the same, as far as the list shows it.
    pub fixed: Map,
    /// Declared fields that this Chatwoot's lists do not show: they are sent when something else is wanted than before.
    pub blind: Map,
    /// Declared fields whose values stand in Secrets of the namespace. In [`Wish::fields`] they are once the Secrets have
    /// been read, as keyed hashes; so are those that Chatwoot shows.
    pub secrets: BTreeMap<&'static str, SecretKeyRef>,
    /// Fields that Chatwoot tries out when they come together, by the name people know them by: one that changes brings
    /// the others along. They are listed in `status.drifted` from before they are sent until Chatwoot has used them, and
    /// sent again as long as they are.
    pub tried: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// What lies beside the object itself, such as the members of a team, by name.
    pub parts: BTreeMap<&'static str, Value>,
    /// What a part waits for; everything else is done, and this is said then.
    pub pending: Option<Verdict>,
    /// Name of the Secret into which others' ways to connect are written.
    pub connection: Option<String>,
}

impl Wish {
    /// The declared fields in which `seen` differs, as they should be.
    pub fn differences(&self, seen: &Seen) -> Map {
        let differs =
            |(field, value): &(&String, &Value)| seen.fields.get(*field).unwrap_or(&Value::Null) != *value;
        self.fields.iter().filter(differs).map(|(field, value)| (field.clone(), value.clone())).collect()
    }

    /// What only a create can make so, and is not so in `seen`.
    pub fn irreconcilable(&self, seen: &Seen) -> Option<&str> {
        let differs =
            |(field, value): &(&String, &Value)| seen.fields.get(*field).is_some_and(|found| found != *value);
        self.fixed.iter().find(differs).map(|(field, _)| field.as_str())
    }
}

/// Something in the account, as Chatwoot's list shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub id: i64,
    /// Its key, or where keys are not unique its name.
    pub key: String,
    pub fields: Map,
}

/// Everything of the kind in the account, at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Clock when it was asked for.
    pub asked_at: Duration,
    pub items: Arc<Vec<Seen>>,
}

impl Listed {
    pub fn find(&self, id: i64) -> Option<&Seen> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Those with this key, oldest first.
    pub fn named(&self, key: &str) -> Vec<&Seen> {
        let mut found: Vec<&Seen> = self.items.iter().filter(|item| item.key == key).collect();
        found.sort_by_key(|item| item.id);
        found
    }

    pub(super) fn put(&mut self, seen: Seen) {
        let items = Arc::make_mut(&mut self.items);
        items.retain(|item| item.id != seen.id);
        items.push(seen);
    }

    pub(super) fn remove(&mut self, id: i64) {
        Arc::make_mut(&mut self.items).retain(|item| item.id != id);
    }
}

/// The account something belongs to, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It can be worked in.
    Open(AccountBinding),
    /// Not yet, or not just now.
    Waiting(Verdict),
    /// Its resource is gone, or going and taking what is inside along.
    Gone(Verdict),
}

/// What the surroundings say.
#[derive(Clone, Debug)]
pub struct Around {
    pub place: Place,
    /// The operator's token for the account is in memory.
    pub has_token: bool,
    /// What the spec asks for; or what it names that is not there, or cannot be.
    pub wish: Result<Wish, Verdict>,
    /// How this resource's claim of its key stands among those of its account.
    pub standing: Standing,
    /// The name nobody else would give, under which this resource makes one where names are not unique.
    pub temporary: String,
    /// The other resources of the kind in the account, or where it is the installation's, in the instance.
    pub others: Vec<Other>,
    /// An id was recorded in another account, and what has it stays there.
    pub left_behind: bool,
    /// Under the name of the instance that was recorded there is another one by now, which may be another Chatwoot.
    pub elsewhere: bool,
    /// Keyed hash of all that was wanted.
    pub hash: String,
    /// The Secret it writes has changed since it was last looked at.
    pub secret_news: bool,
    pub due: bool,
    /// Lists asked for since then are new enough.
    pub fresh_from: Duration,
    /// When this process first saw the object as it stands.
    pub seen_at: Duration,
    /// When this process first saw the recorded request to make it.
    pub requested_since: Option<Duration>,
    /// How long a request whose answer was lost may still be under way.
    pub settle: Duration,
    /// The account is just being made: how much longer saying so is not worth a write.
    pub patience: Option<Duration>,
    pub grace: Duration,
    pub interval: Duration,
    /// 500s in a row to writes of this object.
    pub write_errors: u32,
}

/// Another resource that is bound to something of the kind, or asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Other {
    /// As in sentences: `ChatwootLabel vip`.
    pub who: String,
    /// The id it is bound to.
    pub id: Option<i64>,
    /// The key that had when Chatwoot last agreed.
    pub has: Option<String>,
    /// A key under which it may have made something whose id nobody has recorded yet.
    pub may_make: BTreeSet<String>,
}

impl Around {
    /// Another resource that is bound to this id.
    pub(super) fn bound_to(&self, id: i64) -> Option<&Other> {
        self.others.iter().find(|other| other.id == Some(id))
    }

    pub(super) fn site(&self) -> Option<&AccountBinding> {
        match &self.place {
            Place::Open(site) => Some(site),
            Place::Waiting(_) | Place::Gone(_) => None,
        }
    }
}

/// What every kind's spec says alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    pub adopt: bool,
    /// What the operator made goes with its resource.
    pub deletes: bool,
    pub mode: Mode,
    pub paused: bool,
    /// It belongs to the whole installation: no account takes it along, and none is needed to delete it.
    pub installation_wide: bool,
}

/// What the pass has learned and done.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    pub list: Option<Listed>,
    /// An id that must be written down before anything else.
    pub unrecorded: Option<i64>,
    /// This pass has written down the request it is about to send.
    pub noted: bool,
    /// Chatwoot's refusal of the create.
    pub refused: Option<Failure>,
    /// What the parts are in Chatwoot.
    pub parts: BTreeMap<&'static str, Value>,
    pub written_parts: BTreeSet<&'static str>,
    /// The Secrets that the spec names have been read; or why they could not be.
    pub secrets: Option<Result<(), Unread>>,
    pub patched: bool,
    /// Chatwoot may have stored what it tries out, and has not used it.
    pub unused: bool,
    pub published: Option<Published>,
    /// Secrets that this pass has removed.
    pub dropped_secrets: BTreeSet<String>,
    /// The token was refused, and has been read anew.
    pub token_renewed: bool,
    /// The call that failed was made with the platform token.
    pub by_platform: bool,
    /// Ids that this pass has deleted.
    pub deleted: BTreeSet<i64>,
    /// What became of it, asked for by its id.
    pub shown: Option<Asked>,
    pub trouble: Option<Trouble>,
    pub stale: bool,
    pub reread: bool,
    pub gone: bool,
}

/// What became of the connection Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    Yes,
    /// It exists and is not the operator's.
    NotOurs(String),
    Failed(String),
}

/// What there is under an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    There(Seen),
    Gone,
}

/// Why a Secret that the spec names has no value to go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Somebody must correct it.
    Unusable(String),
    /// The API server did not answer.
    Failed(String),
}

/// Everything the planner decides on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub kind: &'static Trait,
    /// Name of the ChatwootAccount.
    pub account: String,
    pub object: Object,
    pub manner: Manner,
    pub status: ContentStatus,
    pub around: Around,
    /// The clock when this pass began.
    pub clock: Duration,
    pub pass: Pass,
}

/// Exactly one call or one write. To patch or to read or write a part may take several calls, each admitted by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    AddFinalizer,
    DropFinalizer(Option<Notice>),
    Write(Box<ContentStatus>, Tag),
    /// Read the object again from the API server.
    ReadBack,
    /// Read the token of the operator's user in the account.
    Token,
    /// Read the Secrets that the spec names.
    Secrets,
    /// Everything of this kind in the account; an answer that another object's pass has got since will do.
    List {
        not_before: Duration,
    },
    Create(Box<Map>),
    Patch(i64, Box<Map>),
    ReadPart(i64, &'static str),
    WritePart(i64, &'static str, Value),
    /// Bring the connection Secret up to date.
    Publish {
        id: i64,
        name: String,
    },
    /// Remove a Secret of ours by name.
    DropSecret(String),
    /// Read one that is the installation's by its id; no account is needed for that.
    Show(i64),
    Delete(i64),
}

impl Effect {
    /// It calls Chatwoot for certain, or commits this pass to a call: a request that is noted and not sent would be waited
    /// for, or sent again. A list may be there already.
    pub fn needs_turn(&self) -> bool {
        matches!(
            self,
            Effect::Token
                | Effect::Write(_, Tag::Note | Tag::Progress)
                | Effect::Create(_)
                | Effect::Patch(..)
                | Effect::ReadPart(..)
                | Effect::WritePart(..)
                | Effect::Show(_)
                | Effect::Delete(_)
        )
    }
}

/// What a status write means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It notes the request that is sent next.
    Note,
    /// It binds this id.
    Bind(i64),
    /// It lists what is tried out next.
    Progress,
}

/// Something people must learn although the object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Something may exist under the name that was noted.
    MayExist,
    Deleted,
    Retained,
    /// What was made stays in another account.
    LeftBehind,
}

/// What one effect taught.
#[derive(Clone, Debug)]
pub enum Lesson {
    NoTurn(NoTurn),
    Finalizer(Wrote),
    Dropped(Wrote),
    Wrote {
        tag: Tag,
        status: Box<ContentStatus>,
        wrote: Wrote,
    },
    ReadBack {
        status: Option<Box<ContentStatus>>,
        gone: bool,
    },
    Token(Result<(), Failure>),
    /// Keyed hashes of the values, by field.
    Secrets(Result<BTreeMap<&'static str, String>, Unread>),
    Listed(Result<Listed, Failure>),
    Created(Result<Seen, Failure>),
    Patched(i64, Result<Seen, Failure>),
    PartRead(&'static str, Result<Value, Failure>),
    PartWritten(&'static str, Result<Value, Failure>),
    Published(Published),
    SecretDropped(String, Result<(), String>),
    Shown(Result<Seen, Failure>),
    Deleted(i64, Result<(), Failure>),
}

/// The fields that are declared.
pub fn declared<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map {
    fields.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect()
}

/// Fields as Chatwoot shows them.
pub fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map {
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}
