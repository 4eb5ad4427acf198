//! The Application API: §3.

mod accounts;
mod agents;
mod attributes;
mod automation;
mod behind;
mod bots;
mod canned;
mod contacts;
mod conversations;
mod deletion;
mod doors;
mod filters;
mod inbox_members;
mod inboxes;
mod labels;
mod messages;
mod search;
mod teams;
pub mod tenant;
mod webhooks;
