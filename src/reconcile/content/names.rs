//! What names in a spec stand for.

use super::registry::{self, Sibling};
use crate::{
    api::{
        conditions::{Condition, reason},
        content::AccountBinding,
        user::{ChatwootUser, MembershipState},
    },
    chatwoot::version::Version,
    plan::{
        content::Names,
        status::{self, Verdict},
    },
    reconcile::{
        references::{InstanceKey, Ref},
        world::World,
    },
};
use jiff::Timestamp;
use serde_json::Value;

/// The surroundings of a resource in `account` of `namespace`.
pub struct Around<'a> {
    pub world: &'a World,
    pub namespace: &'a str,
    /// Name of the ChatwootAccount.
    pub account: &'a str,
    /// Where it is in Chatwoot, as far as that is known.
    pub binding: Option<&'a AccountBinding>,
    pub version: Version,
}

impl Names for Around<'_> {
    fn version(&self) -> Version {
        self.version
    }

    fn member(&self, name: &str) -> Result<i64, Verdict> {
        let users = &self.world.caches.users;
        if users.is_unreadable(self.namespace, name) {
            return Err(waiting(format!(
                "ChatwootUser {name} cannot be read; correct it: kubectl get cwu {name} -o yaml"
            )));
        }
        let user = users.get(self.namespace, name);
        let user =
            user.ok_or_else(|| waiting(format!("there is no ChatwootUser {name} in this namespace")))?;
        if user.status.as_ref().is_none_or(|status| status.id.is_none()) {
            return Err(waiting(format!("ChatwootUser {name} is not in Chatwoot yet; see its conditions")));
        }
        let id = self.binding.and_then(|account| member_of(&user, account));
        id.ok_or_else(|| {
            waiting(format!(
                "ChatwootUser {name} is not a member of ChatwootAccount {}; add it to its spec.memberships",
                self.account
            ))
        })
    }

    /// One that is not bound yet may have been before its status was lost, and of one whose id may be something else nobody
    /// knows who it is.
    fn is_known(&self, name: &str) -> bool {
        let users = &self.world.caches.users;
        if users.is_unseen(self.namespace) || users.is_unreadable(self.namespace, name) {
            return false;
        }
        users.get(self.namespace, name).is_none_or(|user| {
            let status = user.status.as_ref().filter(|status| status.id.is_some());
            status.is_some_and(|status| !is_disowned(&status.conditions))
        })
    }

    fn sibling(&self, kind: &'static str, name: &str) -> Result<i64, Verdict> {
        let found = registry::sibling(&self.world.caches, kind, self.namespace, name);
        let found = found.ok_or_else(|| waiting(format!("there is no {kind} {name} in this namespace")))?;
        if found.account != self.account && !found.installation_wide {
            return Err(Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "{kind} {name} belongs to another account, {}; name one of account {}",
                    found.account, self.account
                ),
            ));
        }
        let here = self.binding.map(|account| (InstanceKey::from(&account.instance), account.id));
        let there = found.place.filter(|_| found.id.is_some());
        if let (Some((ours, _)), Some((theirs, _)), true) = (&here, &there, found.installation_wide)
            && ours != theirs
        {
            return Err(Verdict::new(
                reason::INVALID_SPEC,
                format!(
                    "{kind} {name} is in instance {theirs}, and this account in {ours}; name one of {ours}"
                ),
            ));
        }
        // An id of another account, or one that is something else by now, would be somebody else's.
        let is_here = match (here, there) {
            (Some(here), Some(there)) => here.0 == there.0 && there.1.is_none_or(|account| account == here.1),
            _ => false,
        };
        let id = found.id.filter(|_| is_here && !found.is_disowned);
        id.ok_or_else(|| {
            waiting(format!("{kind} {name} is not in this account of Chatwoot yet; see its conditions"))
        })
    }

    fn spec(&self, kind: &'static str, name: &str) -> Option<Value> {
        self.found(kind, name).map(|found| found.spec)
    }

    fn naming(&self, by: &'static str, kind: &'static str, name: &str) -> Vec<String> {
        let named = Ref::Content(kind, self.namespace.to_owned(), name.to_owned());
        let owners = self.world.references.to(&named);
        let mut naming: Vec<(Option<Timestamp>, String)> = (owners.into_iter())
            .filter(|owner| owner.kind == by)
            .filter_map(|owner| Some((self.found(by, &owner.name)?.created, owner.name.clone())))
            .collect();
        naming.sort();
        naming.into_iter().map(|(_, name)| name).collect()
    }
}

impl Around<'_> {
    fn found(&self, kind: &str, name: &str) -> Option<Sibling> {
        let found = registry::sibling(&self.world.caches, kind, self.namespace, name);
        found.filter(|found| found.account == self.account)
    }
}

/// The id of a bound person whose membership of the account stands.
fn member_of(user: &ChatwootUser, account: &AccountBinding) -> Option<i64> {
    let found = user.status.as_ref()?;
    // Ids begin at 1 in every instance.
    let same = found.instance.as_ref().map(InstanceKey::from) == Some((&account.instance).into());
    let joined = found
        .memberships
        .iter()
        .any(|made| made.state == MembershipState::Granted && made.account_id == Some(account.id));
    found.id.filter(|_| same && joined && !is_disowned(&found.conditions))
}

/// Its id may be something else by now.
pub fn is_disowned(conditions: &[Condition]) -> bool {
    let unusable = [reason::NOT_OWNED, reason::NOT_PERMITTED, reason::EXTERNAL_RESOURCE_MISSING];
    status::ready_reason(conditions).is_some_and(|why| unusable.contains(&why))
}

fn waiting(text: String) -> Verdict {
    Verdict::new(reason::WAITING_FOR_REFERENCE, text)
}
