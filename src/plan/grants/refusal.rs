//! What a tenant is told when no grant fits.

use crate::{
    api::grant::Privilege,
    chatwoot::types::{AccountId, UserId},
};
use std::fmt;

/// One thing that a grant must allow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// An account with this plan, or with none.
    Plan(Option<String>),
    Privilege(Privilege),
    Account(AccountId),
    User(UserId),
    /// An e-mail address of this domain, of a person or of an inbox.
    EmailDomain(String),
}

/// A request that no grant allows.
///
/// Nothing but the request goes into it: a text that named only what the nearest grant lacks would tell a tenant about
/// grants, and through them about plans and ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    pub namespace: String,
    pub needs: Vec<Need>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wishes: Vec<String> = self.needs.iter().map(Need::wish).collect();
        write!(
            f,
            "no ChatwootGrant lets namespace {} {}; ask the platform admin for one with namespaces: {{names: [{}]}}{}{}",
            self.namespace,
            listed(&wishes),
            self.namespace,
            self.grant_fields(),
            if self.has_options() { ", or remove what is not needed" } else { "" },
        )
    }
}

impl Refusal {
    /// Something of the request can be left out.
    fn has_options(&self) -> bool {
        !self.needs.iter().all(|need| matches!(need, Need::Plan(None) | Need::EmailDomain(_)))
    }

    /// The fields of the grant that is missing, as one would write them.
    fn grant_fields(&self) -> String {
        let mut fields = String::new();
        let mut allow = Vec::new();
        for need in &self.needs {
            match need {
                Need::Plan(None) => fields.push_str(", no plans"),
                Need::Plan(Some(plan)) => fields.push_str(&format!(", plans: [{plan}]")),
                Need::EmailDomain(domain) => fields.push_str(&format!(", emailDomains: [{domain}]")),
                Need::Account(id) => fields.push_str(&format!(", adoptable: {{accounts: [{id}]}}")),
                Need::User(id) => fields.push_str(&format!(", adoptable: {{users: [{id}]}}")),
                Need::Privilege(privilege) => allow.push(format!("{privilege:?}")),
            }
        }
        if !allow.is_empty() {
            fields.push_str(&format!(", allow: [{}]", allow.join(", ")));
        }
        fields
    }
}

impl Need {
    fn wish(&self) -> String {
        match self {
            Need::Plan(None) => "have an account without a plan".to_owned(),
            Need::Plan(Some(plan)) => format!("use plan {plan}"),
            Need::EmailDomain(domain) => format!("use e-mail addresses of {domain}"),
            Need::Account(id) => format!("take over account {id}"),
            Need::User(id) => format!("take over user {id}"),
            Need::Privilege(Privilege::Features) => "set features".to_owned(),
            Need::Privilege(Privilege::Limits) => "set limits".to_owned(),
            Need::Privilege(Privilege::State) => "set state".to_owned(),
            Need::Privilege(Privilege::CustomAttributes) => "set customAttributes".to_owned(),
            Need::Privilege(Privilege::Delete) => "use deletionPolicy Delete".to_owned(),
            Need::Privilege(Privilege::Credentials) => {
                "set the password or publish the token of an adopted user".to_owned()
            }
            Need::Privilege(Privilege::InstallationBots) => "make bots for the whole installation".to_owned(),
        }
    }
}

/// "a, b and c".
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
