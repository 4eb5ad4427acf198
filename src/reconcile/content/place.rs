//! The account that something belongs to, as it stands now.

use crate::{
    api::{
        account::{AccountDeletionPolicy, AccountStatus, ChatwootAccount, State},
        common::Mode,
        conditions::reason,
        content::AccountBinding,
    },
    chatwoot::{types::UserId, version::Version},
    plan::{
        Moment,
        account::InstanceChoice,
        content::Place,
        grants::{self, Fit, Need, Tenant},
        status::{self, Verdict},
    },
    reconcile::{
        automation::{self, AccountHandle},
        instances::Handle,
        references::InstanceKey,
        surroundings, user,
        world::World,
    },
};
use kube::ResourceExt;
use std::time::Duration;

/// The account and how to reach it.
pub struct Site {
    pub place: Place,
    pub version: Version,
    pub public_url: String,
    pub timeout: Option<Duration>,
    pub interval: Option<Duration>,
    /// UID of the ChatwootAccount.
    pub uid: String,
    /// It is being worked on at this moment, or its user for the operator is.
    pub is_being_made: bool,
}

/// The instance that an account is on.
pub fn instance_of(world: &World, account: &ChatwootAccount) -> Option<InstanceKey> {
    let bound = account.status.as_ref().and_then(|status| status.instance.as_ref());
    world.instance_of(&account.namespace()?, bound, account.spec.instance_ref.as_ref())
}

/// What no grant allows of it: that its namespace has such an account at all, and what it asks for `beside` that. `None`: the
/// namespace is not known yet.
pub fn refusal(
    world: &World,
    (namespace, account): (&str, &str),
    beside: Vec<Need>,
) -> Option<Option<Verdict>> {
    // Without an account, or an instance, nothing is done anyhow, and that is what is said.
    let Some(account) = world.caches.accounts.get(namespace, account) else { return Some(None) };
    let Some(key) = instance_of(world, &account) else { return Some(None) };
    let labels = world.labels(namespace);
    if labels.is_none() && !world.settings.is_confined() {
        return None;
    }
    let tenancy = world.tenancy(&key);
    let grants = surroundings::grants(&tenancy, world);
    let tenant = Tenant { namespace, labels: labels.as_ref(), home: key.namespace == namespace };
    let plan = account.spec.plan.as_deref();
    Some(match grants::content(&grants, &tenant, plan, beside) {
        Fit::Granted => None,
        Fit::Refused(refusal) | Fit::Unknown(refusal) => {
            Some(Verdict::new(reason::NOT_GRANTED, refusal.to_string()))
        }
    })
}

/// The account `name` of `namespace`. `bound`: the resource has an id in it; `leaving`: it is being deleted. `None`: nothing
/// is known yet, and whoever learns it wakes everybody.
pub fn of(
    world: &World,
    (namespace, name): (&str, &str),
    (bound, leaving): (bool, bool),
    at: &Moment,
) -> Option<Site> {
    if world.caches.accounts.is_unseen(namespace) {
        return None;
    }
    let Some(account) = world.caches.accounts.get(namespace, name) else {
        return Some(closed(absent(world, namespace, name, bound)));
    };
    let instance = instance_of(world, &account);
    let choice = surroundings::instance(world, instance.as_ref(), leaving, at)?;
    let handle = instance.as_ref().and_then(|key| world.instances.handle(key));
    let known = handle.as_deref().map(Handle::known);
    let place = going(&account, leaving).unwrap_or_else(|| open(world, &account, &choice));
    let (version, public_url) = match &choice {
        InstanceChoice::Known(view) => (view.version, view.public_url.clone()),
        _ => (Version::NEWEST_KNOWN, String::new()),
    };
    Some(Site {
        version,
        public_url,
        timeout: known.as_ref().map(|known| known.timeout),
        interval: known.as_ref().map(|known| known.interval),
        uid: account.uid().unwrap_or_default(),
        is_being_made: !is_suspended(&account) && is_being_made(&account, &place),
        place,
    })
}

fn closed(place: Place) -> Site {
    Site {
        place,
        version: Version::NEWEST_KNOWN,
        public_url: String::new(),
        timeout: None,
        interval: None,
        uid: String::new(),
        is_being_made: false,
    }
}

fn absent(world: &World, namespace: &str, name: &str, bound: bool) -> Place {
    if world.caches.accounts.is_unreadable(namespace, name) {
        return waiting(format!(
            "ChatwootAccount {name} cannot be read; correct it: kubectl get cwa {name} -o yaml"
        ));
    }
    if bound {
        return Place::Gone(Verdict::new(
            reason::ACCOUNT_GONE,
            format!(
                "ChatwootAccount {name} is gone, and what is in its account was left as it is; apply it again, or delete this \
                 resource"
            ),
        ));
    }
    Place::Gone(Verdict::new(
        reason::WAITING_FOR_ACCOUNT,
        format!(
            "there is no ChatwootAccount {name} in namespace {namespace}; apply it, or correct spec.account"
        ),
    ))
}

/// One that is being deleted: what goes with it need not be deleted, and nothing new is begun in it.
fn going(account: &ChatwootAccount, leaving: bool) -> Option<Place> {
    account.metadata.deletion_timestamp.as_ref()?;
    let destroyed = account.spec.deletion_policy == AccountDeletionPolicy::Delete;
    (destroyed || !leaving).then(|| {
        let text = format!("ChatwootAccount {} is being deleted", account.name_any());
        Place::Gone(Verdict::new(reason::ACCOUNT_GONE, text))
    })
}

fn open(world: &World, account: &ChatwootAccount, choice: &InstanceChoice) -> Place {
    let name = account.name_any();
    let InstanceChoice::Known(view) = choice else {
        return waiting(format!("ChatwootAccount {name} has no instance; see its conditions"));
    };
    if let Some(why) = &view.blocked {
        return Place::Waiting(Verdict::new(reason::WAITING_FOR_INSTANCE, why.clone()));
    }
    let status = account.status.as_ref();
    if is_suspended(account) {
        let text =
            format!("ChatwootAccount {name} is suspended; this resource goes on when it is active again");
        return waiting(text);
    }
    let Some(id) = user::usable_id(account) else {
        return waiting(format!("ChatwootAccount {name} is not bound; see its conditions"));
    };
    let key = InstanceKey::from(&view.binding);
    let disabled = world.instance(&key).is_some_and(|instance| instance.spec.automation.is_none());
    if disabled {
        let text = format!(
            "instance {key} gives the operator no user of its own in accounts; set its spec.automation: {{emailDomain: …}}"
        );
        return Place::Waiting(Verdict::new(reason::AUTOMATION_DISABLED, text));
    }
    if status.and_then(AccountStatus::automation_user).is_none() {
        return waiting(without_user(account));
    }
    Place::Open(AccountBinding { id: id.0, instance: view.binding.clone() })
}

/// Why nobody acts inside the account. One that is left alone gets no user of its own for this.
fn without_user(account: &ChatwootAccount) -> String {
    let name = account.name_any();
    let rests = match account.spec.mode {
        _ if account.spec.paused => "paused; set its spec.paused: false",
        Mode::Observe => "in mode Observe; set its spec.mode: Enforce",
        Mode::Enforce => {
            return format!("ChatwootAccount {name} has no user for the operator yet; see its conditions");
        }
    };
    format!("ChatwootAccount {name} has no user for the operator, and gets none while it is {rests}")
}

fn is_suspended(account: &ChatwootAccount) -> bool {
    let by_somebody_else = account.status.as_ref().is_some_and(|status| status.suspended_by.is_some());
    account.spec.state == Some(State::Suspended) || by_somebody_else
}

/// It waits for the account's first pass, or for the one that makes the operator's user, and for nobody's decision.
fn is_being_made(account: &ChatwootAccount, place: &Place) -> bool {
    if !matches!(place, Place::Waiting(verdict) if verdict.reason == reason::WAITING_FOR_ACCOUNT) {
        return false;
    }
    let status = account.status.as_ref();
    let user = status.and_then(|status| status.automation.as_ref());
    let why = status.and_then(|status| status::ready_reason(&status.conditions));
    match why {
        None => true,
        Some(why) if [reason::PROGRESSING, reason::CREATING].contains(&why) => true,
        Some(why) => why == reason::SUCCEEDED && user.is_none_or(|user| user.problem.is_none()),
    }
}

fn waiting(text: String) -> Place {
    Place::Waiting(Verdict::new(reason::WAITING_FOR_ACCOUNT, text))
}

/// The account as whoever acts inside it needs it; `None` while nobody can.
pub fn account_handle(world: &World, account: &ChatwootAccount) -> Option<AccountHandle> {
    let (namespace, name, uid) = (account.namespace()?, account.name_any(), account.uid()?);
    let installation = world.installation()?;
    // Its own uid proves it; the namespace's would only help one that is there again.
    let namespace_uid = world.namespace_uid(&namespace).unwrap_or_default();
    Some(AccountHandle {
        instance: instance_of(world, account)?,
        id: user::usable_id(account)?,
        user_id: UserId(account.status.as_ref()?.automation_user()?),
        marker: automation::marker(&installation, &namespace, &namespace_uid, &name, &uid),
        namespace,
        name,
        uid,
    })
}
