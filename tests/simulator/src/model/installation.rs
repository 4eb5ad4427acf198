//! What an administrator of the installation decides: release, edition, environment variables.

use super::features::{self, Bits};
use crate::Version;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Which image runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Edition {
    /// Without the `enterprise/` folder.
    #[default]
    Ce,
    /// With it, on the community plan: limits are validated, premium flags are reset daily.
    Ee,
}

#[derive(Clone, Debug)]
pub struct Installation {
    pub version: Version,
    pub edition: Edition,
    /// What `support_email` reads as where none is stored (P11).
    pub sender_email: String,
    /// Prefix of single-sign-on links; empty makes them relative (P24).
    pub frontend_url: String,
    /// Flags of a new account where an administrator chose their own; else those of the release (P34).
    pub default_features: Option<Vec<String>>,
    /// The environment variable of the same name (chatwoot-api §1.8).
    pub email_channel_migration: bool,
    /// Users the licence allows (P37); only an EE image looks at it.
    pub user_cap: Option<usize>,
    /// How long each job waits before it runs.
    pub job_delay: SignedDuration,
    pub redis_ok: bool,
    pub postgres_ok: bool,
    /// Whether the mail servers of inboxes answer when they are tested.
    pub mail_servers_ok: bool,
}

impl Installation {
    pub fn new(version: Version) -> Self {
        Installation {
            version,
            edition: Edition::Ce,
            sender_email: "Chatwoot <accounts@chatwoot.com>".into(),
            frontend_url: String::new(),
            default_features: None,
            email_channel_migration: false,
            user_cap: None,
            job_delay: SignedDuration::from_millis(50),
            redis_ok: true,
            postgres_ok: true,
            mail_servers_ok: true,
        }
    }

    pub fn since(&self, major: u16, minor: u16, patch: u16) -> bool {
        self.version >= Version(major, minor, patch)
    }

    pub fn new_account_features(&self) -> Bits {
        match &self.default_features {
            None => features::defaults(self.version),
            Some(names) => names
                .iter()
                .filter_map(|name| features::mask(name, self.version))
                .fold(0, |bits, mask| bits | mask),
        }
    }

    /// The keys an EE image accepts in `limits` (chatwoot-api §2.4).
    pub fn limit_keys(&self) -> &'static [&'static str] {
        if self.since(4, 11, 0) {
            &["agents", "inboxes", "captain_responses", "captain_documents", "emails"]
        } else {
            &["agents", "inboxes", "captain_responses", "captain_documents"]
        }
    }
}
