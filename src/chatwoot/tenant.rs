//! What is inside an account, as the Application and Client APIs show it (chatwoot-api §3, §4). Words and data; nothing
//! here calls.
//!
//! Answers are read leniently: unknown keys and words are skipped, and only an object without an id is none. `Debug` shows
//! neither secrets nor anything about a customer; `Serialize` shows customers' data, for whoever asked for it, and never a
//! secret.

pub mod agent;
pub mod agent_bot;
pub mod attribute;
pub mod automation;
pub mod canned;
pub mod contact;
pub mod conversation;
pub mod filter;
pub mod ids;
pub mod inbox;
pub mod label;
pub mod message;
pub mod settings;
pub mod team;
pub mod visitor;
pub mod webhook;
pub mod words;
