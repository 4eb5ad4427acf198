//! What a spec may name, and what a name stands for in Chatwoot.

use crate::{chatwoot::version::Version, plan::status::Verdict};
use serde_json::Value;

/// The surroundings of a resource inside an account, as far as its wish depends on them.
pub trait Names {
    /// The Chatwoot the account is on.
    fn version(&self) -> Version;

    /// The user id of a ChatwootUser of the namespace who is a member of the account.
    ///
    /// # Errors
    /// What is waited for.
    fn member(&self, name: &str) -> Result<i64, Verdict>;

    /// Whether all is known of the ChatwootUser of this name. Otherwise whoever it stands for may have an id that is not told,
    /// and nobody may be taken out of anything because of that.
    fn is_known(&self, _name: &str) -> bool {
        true
    }

    /// The id of another resource of this kind, of the same namespace and account.
    ///
    /// # Errors
    /// What is waited for.
    fn sibling(&self, kind: &'static str, name: &str) -> Result<i64, Verdict>;

    /// The spec of another resource of this kind, of the same namespace and account, whether it is in Chatwoot or not.
    fn spec(&self, _kind: &'static str, _name: &str) -> Option<Value> {
        None
    }

    /// Resources of kind `by`, of the same namespace and account, that name the resource `name` of `kind`; oldest first.
    fn naming(&self, _by: &'static str, _kind: &'static str, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A resource of the same namespace that a spec names; a change to it concerns whoever names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A ChatwootUser.
    Member(String),
    /// A resource of another kind inside accounts.
    Sibling(&'static str, String),
    /// A Secret from which fields are taken.
    Secret(String),
}
