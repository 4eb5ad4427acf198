//! What a tenant's namespace may ask for: the rules of ChatwootGrant.
//!
//! A request must fit one grant whole; the rights of two grants are never mixed. What a refusal says is made of the
//! request alone, so it reads the same whatever instances, plans, grants and objects in Chatwoot there are.

mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::{Need, Refusal};

use super::{email::Email, selection::selects};
use crate::{
    api::grant::{GrantSpec, Privilege},
    chatwoot::types::{AccountId, UserId},
};
use std::collections::BTreeMap;

/// One grant of the instance a request is about.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    pub spec: &'a GrantSpec,
    /// Its spec can be acted on. One that cannot grants nothing; its word that somebody is suspended still holds.
    pub valid: bool,
}

/// Every grant that speaks for an instance.
#[derive(Clone, Debug, Default)]
pub struct Grants<'a> {
    pub list: Vec<Grant<'a>>,
    /// Beside the instance lies a grant that could not be read: it may speak for anybody. So nobody who fits no other
    /// grant is known to have lost theirs, and no suspension is known to be lifted; whoever fits another grant is not
    /// held up by it.
    pub unreadable: bool,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'a> {
    pub namespace: &'a str,
    /// Labels of the namespace; `None` where they are not known.
    pub labels: Option<&'a BTreeMap<String, String>>,
    /// The namespace is the instance's own.
    pub home: bool,
}

/// What an account asks for, as far as a grant must allow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountRequest<'a> {
    pub plan: Option<&'a str>,
    /// `spec.features` names something; likewise the next three.
    pub features: bool,
    pub limits: bool,
    pub state: bool,
    pub custom_attributes: bool,
    /// `deletionPolicy: Delete`.
    pub delete: bool,
    /// `spec.adopt.id`, until the account is bound.
    pub adopt: Option<AccountId>,
}

/// What a user asks for, as far as a grant must allow it.
#[derive(Clone, Copy, Debug)]
pub struct UserRequest<'a> {
    pub email: &'a Email,
    /// `spec.adopt.id`, until the person is bound.
    pub adopt: Option<UserId>,
    /// `deletionPolicy: Delete`.
    pub delete: bool,
    /// A password or a published token, of a person who is or is about to be adopted.
    pub credentials: bool,
}

/// Whether a request is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    Granted,
    /// No grant allows it. What is bound already is frozen, not taken back.
    Refused(Refusal),
    /// No grant that could be read allows it, and one that could not be read may. Nothing may be done, and nothing be
    /// concluded; where something must be said, it is the same as after a refusal.
    Unknown(Refusal),
}

impl Fit {
    pub fn granted(&self) -> bool {
        matches!(self, Fit::Granted)
    }
}

/// Whether a grant suspends every account of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suspension {
    No,
    Yes,
    /// What stands is kept: nobody is suspended and nobody is let go.
    Unknown,
}

/// What the grants say to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub fit: Fit,
    /// The namespace may have an account with this plan (or with none), leaving everything else of the request aside.
    /// So what the plan sells is enforced even when the tenant's own fields are refused; otherwise asking for too
    /// much would be a way to keep what a downgrade takes.
    pub plan_stands: bool,
    /// Holds whatever the request is, also a refused one.
    pub suspension: Suspension,
}

/// What the grants say to an account.
pub fn account(grants: &Grants, tenant: &Tenant, request: &AccountRequest) -> Verdict {
    let bare = AccountRequest { plan: request.plan, ..AccountRequest::default() };
    Verdict {
        fit: judge(grants, tenant, request.needs()),
        plan_stands: judge(grants, tenant, bare.needs()).granted(),
        suspension: suspension(grants, tenant),
    }
}

/// What an account is told where no grant allows what it asks for.
pub fn account_refusal(tenant: &Tenant, request: &AccountRequest) -> Refusal {
    Refusal { namespace: tenant.namespace.to_owned(), needs: request.needs() }
}

/// What the grants say to a user.
pub fn user(grants: &Grants, tenant: &Tenant, request: &UserRequest) -> Fit {
    judge(grants, tenant, request.needs())
}

/// What the grants say to something inside an account: one of them must allow the account and whatever `beside` it the thing
/// itself asks for.
pub fn content(grants: &Grants, tenant: &Tenant, plan: Option<&str>, beside: Vec<Need>) -> Fit {
    let mut needs = AccountRequest { plan, ..AccountRequest::default() }.needs();
    needs.extend(beside);
    judge(grants, tenant, needs)
}

/// Whether an account may be destroyed, asked again when it is about to happen. Only the right to destroy counts here:
/// a field that is refused by now is no reason to keep what its owner wants gone.
pub fn may_delete_account(grants: &Grants, tenant: &Tenant, plan: Option<&str>) -> Fit {
    judge(grants, tenant, AccountRequest { plan, delete: true, ..AccountRequest::default() }.needs())
}

/// Whether the person with the recorded address `email` may be destroyed, asked again when it is about to happen.
pub fn may_delete_user(grants: &Grants, tenant: &Tenant, email: &Email) -> Fit {
    judge(grants, tenant, UserRequest { email, adopt: None, delete: true, credentials: false }.needs())
}

/// Whether a restored marker on account `id` counts as ours outside a restore: a fitting grant lists the id. In the
/// instance's own namespace, where no grant is needed, the request must name it.
pub fn may_take_back_account(
    grants: &Grants,
    tenant: &Tenant,
    request: &AccountRequest,
    id: AccountId,
) -> bool {
    let named = AccountRequest { adopt: Some(id), ..*request };
    lists(grants, tenant, &named.needs()) || (tenant.home && request.adopt == Some(id))
}

/// As [`may_take_back_account`], for a person.
pub fn may_take_back_user(grants: &Grants, tenant: &Tenant, request: &UserRequest, id: UserId) -> bool {
    let named = UserRequest { adopt: Some(id), ..*request };
    lists(grants, tenant, &named.needs()) || (tenant.home && request.adopt == Some(id))
}

/// Whether any grant suspends the tenant. The instance's own namespace can be named like any other.
pub fn suspension(grants: &Grants, tenant: &Tenant) -> Suspension {
    let mut doubt = grants.unreadable;
    for grant in grants.list.iter().filter(|grant| grant.spec.suspended) {
        match covers(grant.spec, tenant) {
            Some(true) => return Suspension::Yes,
            Some(false) => {}
            None => doubt = true,
        }
    }
    if doubt { Suspension::Unknown } else { Suspension::No }
}

fn judge(grants: &Grants, tenant: &Tenant, needs: Vec<Need>) -> Fit {
    if tenant.home || lists(grants, tenant, &needs) {
        return Fit::Granted;
    }
    let may_cover = |grant: &Grant| covers(grant.spec, tenant).is_none() && allows_all(grant, &needs);
    let doubt = grants.unreadable || grants.list.iter().any(may_cover);
    let refusal = Refusal { namespace: tenant.namespace.to_owned(), needs };
    if doubt { Fit::Unknown(refusal) } else { Fit::Refused(refusal) }
}

/// Some one grant is known to cover the tenant and allows all of `needs`.
fn lists(grants: &Grants, tenant: &Tenant, needs: &[Need]) -> bool {
    grants.list.iter().any(|grant| covers(grant.spec, tenant) == Some(true) && allows_all(grant, needs))
}

fn allows_all(grant: &Grant, needs: &[Need]) -> bool {
    grant.valid && needs.iter().all(|need| allows(grant.spec, need))
}

fn covers(spec: &GrantSpec, tenant: &Tenant) -> Option<bool> {
    selects(&spec.namespaces, tenant.namespace, tenant.labels)
}

fn allows(spec: &GrantSpec, need: &Need) -> bool {
    match need {
        Need::Plan(Some(plan)) => spec.plans.contains(plan),
        Need::Plan(None) => spec.plans.is_empty(),
        Need::Privilege(privilege) => spec.allow.contains(privilege),
        Need::Account(id) => spec.adoptable.accounts.contains(&id.0),
        Need::User(id) => spec.adoptable.users.contains(&id.0),
        Need::EmailDomain(domain) => spec.email_domains.iter().any(|pattern| domain_fits(pattern, domain)),
    }
}

/// `acme.example` is that domain, `*.acme.example` its subdomains of any depth and not itself, `*` any.
fn domain_fits(pattern: &str, domain: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    match pattern.strip_prefix("*.") {
        Some(parent) => {
            let below = domain.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.'));
            !parent.is_empty() && below.is_some_and(|labels| !labels.is_empty())
        }
        None => pattern == "*" || pattern == domain,
    }
}

impl AccountRequest<'_> {
    fn needs(&self) -> Vec<Need> {
        let privileges = [
            (self.features, Privilege::Features),
            (self.limits, Privilege::Limits),
            (self.state, Privilege::State),
            (self.custom_attributes, Privilege::CustomAttributes),
            (self.delete, Privilege::Delete),
        ];
        let mut needs = vec![Need::Plan(self.plan.map(str::to_owned))];
        needs.extend(self.adopt.map(Need::Account));
        needs.extend(asked(&privileges));
        needs
    }
}

impl UserRequest<'_> {
    fn needs(&self) -> Vec<Need> {
        let privileges = [(self.delete, Privilege::Delete), (self.credentials, Privilege::Credentials)];
        let mut needs = vec![Need::EmailDomain(self.email.domain().to_owned())];
        needs.extend(self.adopt.map(Need::User));
        needs.extend(asked(&privileges));
        needs
    }
}

fn asked(privileges: &[(bool, Privilege)]) -> impl Iterator<Item = Need> {
    privileges.iter().filter(|(wanted, _)| *wanted).map(|(_, privilege)| Need::Privilege(*privilege))
}
