//! The operator as a whole: a process of its own under exactly the chart's permissions, a real API server, and Chatwoot
//! played by the simulator. Asserted is what Chatwoot and Kubernetes saw.

#![expect(
    clippy::indexing_slicing,
    reason = "a field that is missing in JSON reads as null, and the assertion says so"
)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod adoption;
mod agent_bots;
mod attack;
mod attribute_definitions;
mod automation;
mod automation_rules;
mod canary;
mod canned_responses;
mod confined;
mod content;
mod crashes;
mod credentials;
mod decisions;
mod deletion;
mod grants;
mod inboxes;
mod instances;
mod login_links;
mod lost;
mod plans;
mod reasons;
mod rights;
mod running;
mod teams;
mod tenancy;
mod user_adoption;
mod user_answers;
mod user_deletion;
mod user_emails;
mod user_memberships;
mod user_passwords;
mod user_restart;
mod user_tokens;
mod users;
mod verify;
mod webhooks;
