//! Chatwoot's Platform, Application and Client APIs with their quirks, to test against.
//!
//! [`Simulator::start`] plays it in this process; the binary `chatwoot-simulator` plays it for others. Both are read
//! and steered through `/_simulator/`, for which [`Control`] is the client.

mod application;
mod behind;
mod control;
mod faults;
mod front;
mod journal;
mod model;
mod options;
mod params;
mod platform;
mod probe;
mod public;
mod reply;
mod routes;
mod server;
mod site;
mod state;
mod strict;
mod throttle;
mod version;

pub use behind::{
    Act, Done, EditAccount, EditContact, EditConversation, EditUser, How, RecordKind, Removal, When,
};
pub use control::{Control, Release};
pub use faults::{Armed, Effect, Fault};
pub use journal::{End, Entry, Filter, Headers};
pub use model::{
    Edition,
    content::rows::{ChannelKind, ConversationStatus},
    jobs::JobKind,
    rows::{Kind, Role, Status},
};
pub use options::Options;
pub use state::State;
pub use version::Version;

/// What [`State`] lists.
pub mod listed {
    pub use crate::{
        model::content::rows::{Contact, ContactInbox, Conversation, Inbox, Message, Record},
        state::{Account, App, Bot, Content, InboxMember, Job, Membership, Permission, TeamMember, User},
    };
}

/// A Chatwoot that is being served; it ends, with all its connections, when this is dropped.
pub struct Simulator {
    running: server::Running,
    url: String,
    control: Control,
}

impl Simulator {
    /// Starts one in the current tokio runtime; by default on a free loopback port.
    ///
    /// # Errors
    /// An address that cannot be bound, certificates that cannot be read, a port file that cannot be written.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let scheme = if options.tls_cert.is_some() { "https" } else { "http" };
        let running = server::start(options).await?;
        let url = format!("{scheme}://{}", running.address);
        let control = Control::new(&url)?;
        Ok(Simulator { running, url, control })
    }

    /// Such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The first Platform App's token, as it was at the start.
    pub fn token(&self) -> &str {
        self.tokens().first().map(String::as_str).unwrap_or_default()
    }

    /// One for each Platform App, as they were at the start.
    pub fn tokens(&self) -> &[String] {
        &self.running.tokens
    }

    /// What tests read and steer.
    pub fn control(&self) -> &Control {
        &self.control
    }
}

impl std::ops::Deref for Simulator {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}
