//! Whose it is that has the recorded id.
//!
//! Nothing that Chatwoot keeps inside accounts says who made it, and ids are given once more by a database that was set back
//! to an older state, or by a new one. So the id counts together with the key that was given, and where somebody has changed
//! that, with what else was declared: what agrees in most of it has been renamed, and is put right.

use super::*;
use serde_json::Value;

/// How names begin under which something is made that gets its own name later.
pub const MADE_UNDER: &str = "chatwoot-operator-";

impl Facts {
    /// What is done where the recorded id belongs to something else by now.
    pub(super) fn not_ours(&self, list: &Listed, seen: &Seen, wish: &Wish, at: &Moment) -> Option<Next> {
        // This pass has changed it, and knew then that it was the one.
        let why = self.doubt(list, seen, Some(wish)).filter(|_| !self.pass.patched)?;
        // As with absence.
        if let Err(look) = self.list(self.clock) {
            return Some(Step::Act(look));
        }
        Some(match why {
            Doubt::Gone(how) => self.missing(seen.id, &how, wish, at),
            Doubt::Open(why) => self.ask_whose(list, seen, &why, wish, at),
        })
    }

    /// Nobody but people can tell. What they name by its key is taken over where the spec says so.
    fn ask_whose(&self, list: &Listed, seen: &Seen, why: &str, wish: &Wish, at: &Moment) -> Next {
        let is_there = list.named(&wish.key).iter().any(|other| other.id != seen.id);
        if self.manner.adopt && self.manner.mode == Mode::Enforce && is_there {
            let mut anew = self.clone();
            anew.status.id = None;
            anew.status.ownership = None;
            // Where it may not be taken over either, the id is not forgotten.
            if let Some(step @ Step::Act(_)) = anew.found(list, wish, at) {
                return step;
            }
        }
        let text = format!(
            "{noun} {id} {why}, so it may be something else that was given this id, and is not touched; give it {wanted} in \
             Chatwoot if it belongs to this resource, set spec.adopt: true to take over another that has it, or delete this \
             resource, which leaves {noun} {id} as it is",
            noun = self.kind.noun,
            id = seen.id,
            wanted = self.kind.shown(&wish.key),
        );
        self.settle(Verdict::new(reason::NOT_OWNED, text), at)
    }

    /// It is this resource's without any doubt: the key is one that it was given, or else it agrees in something that was
    /// declared. What is for the whole installation must have the key, because every tenant's is beside it, and so must what
    /// holds people's work.
    pub(super) fn may_delete(&self, seen: &Seen) -> bool {
        let wish = self.around.wish.as_ref().ok();
        let none = Listed { asked_at: self.clock, items: std::sync::Arc::default() };
        let list = self.pass.list.as_ref().unwrap_or(&none);
        let is_strict = self.manner.installation_wide || self.kind.precious;
        let agrees = |wish: &Wish| self.others_declared(wish, seen).next().is_some();
        self.doubt(list, seen, wish).is_none()
            && (self.has_own_key(seen) || (!is_strict && wish.is_some_and(agrees)))
    }

    /// What speaks against its being this resource's.
    fn doubt(&self, list: &Listed, seen: &Seen, wish: Option<&Wish>) -> Option<Doubt> {
        let has_own_key = self.has_own_key(seen);
        if let Some(other) = self.around.bound_to(seen.id) {
            return match has_own_key {
                false => Some(Doubt::Gone(format!("belongs to {} by now", other.who))),
                true if other.has.as_ref().is_some_and(|has| *has != seen.key && !is_temporary(has)) => None,
                true => Some(Doubt::Open(format!("is bound to {} as well", other.who))),
            };
        }
        if let Some(field) = wish.and_then(|wish| wish.irreconcilable(seen)) {
            return Some(Doubt::Gone(format!("is another one by now, whose {field} is not this resource's")));
        }
        if has_own_key {
            return None;
        }
        // What another resource is just making, or what came after one was seen to be gone, is not this one's.
        if (self.is_temporary() && is_temporary(&seen.key)) || self.was_gone() {
            return Some(Doubt::Gone("is another one by now".to_owned()));
        }
        if let Some(other) = self.around.others.iter().find(|other| other.may_have_made(seen, list)) {
            return Some(Doubt::Open(format!("has {}, which {} asks for", self.named(seen), other.who)));
        }
        let differs: Vec<&str> = wish.map(|wish| self.differing(wish, seen)).unwrap_or_default();
        (!differs.is_empty()).then(|| {
            Doubt::Open(format!("has {} and differs in {} as well", self.named(seen), differs.join(", ")))
        })
    }

    /// The key that it had when Chatwoot last agreed, the one that is wanted, or the name it was made under.
    fn has_own_key(&self, seen: &Seen) -> bool {
        let wanted = self.around.wish.as_ref().ok().map(|wish| &wish.key);
        self.status.key.as_ref() == Some(&seen.key)
            || wanted == Some(&seen.key)
            || (self.is_temporary() && self.around.temporary == seen.key)
    }

    /// Declared fields besides the key, but for those that Chatwoot never shows as they were sent.
    fn others_declared<'a>(
        &'a self,
        wish: &'a Wish,
        seen: &'a Seen,
    ) -> impl Iterator<Item = (&'a str, bool)> {
        let is_key = |field: &String, value: &Value| {
            value.as_str() == Some(&wish.key)
                && seen.fields.get(field).and_then(Value::as_str) == Some(&seen.key)
        };
        let others = wish.fields.iter().filter(move |(field, value)| !is_key(field, value));
        let others = others.filter(|(field, _)| !self.status.drifted.contains(field));
        others.map(|(field, value)| (field.as_str(), seen.fields.get(field).unwrap_or(&Value::Null) == value))
    }

    /// Where it has another key, what it differs in; nothing where it agrees in more, as what was renamed by hand does.
    fn differing<'a>(&'a self, wish: &'a Wish, seen: &'a Seen) -> Vec<&'a str> {
        let (agreeing, differing): (Vec<_>, Vec<_>) =
            self.others_declared(wish, seen).partition(|(_, agrees)| *agrees);
        let is_ours = agreeing.len() > differing.len();
        differing.into_iter().map(|(field, _)| field).filter(|_| !is_ours).collect()
    }

    fn was_gone(&self) -> bool {
        super::super::status::ready_reason(&self.status.conditions) == Some(reason::EXTERNAL_RESOURCE_MISSING)
    }

    fn named(&self, seen: &Seen) -> String {
        match self.kind.naming {
            Naming::Fingerprint(_) => format!("another {}", self.kind.key),
            Naming::Key | Naming::Temporary(_) => self.kind.shown(&seen.key),
        }
    }
}

fn is_temporary(key: &str) -> bool {
    key.starts_with(MADE_UNDER)
}

/// What speaks against it.
enum Doubt {
    /// It is another one for certain, so this resource's is gone; how that is said.
    Gone(String),
    /// It may be another one; why.
    Open(String),
}

impl Other {
    /// It asks for this key, and nothing else that has the key is its own.
    fn may_have_made(&self, seen: &Seen, list: &Listed) -> bool {
        let own = self.id.and_then(|id| list.find(id)).is_some_and(|own| own.key == seen.key);
        self.may_make.contains(&seen.key) && !own
    }
}

impl Wish {
    /// A request with exactly these fields may have made it.
    pub(super) fn made(&self, seen: &Seen) -> bool {
        self.differences(seen).is_empty() && self.irreconcilable(seen).is_none()
    }
}
