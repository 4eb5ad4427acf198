//! What can be chosen at the start; the same for the binary and the library.

use crate::{Version, model::Edition};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// How to play Chatwoot. [`Options::default`] is what the binary does without flags.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = listen())]
    pub listen: SocketAddr,

    /// Token of a Platform App; give it several times for several apps that do not see one another's objects.
    /// Without one, a random token is made and printed
    #[arg(long = "platform-token", value_name = "TOKEN")]
    pub platform_tokens: Vec<String>,

    /// Which release to play, 4.2 to 4.15
    #[arg(long, value_name = "VERSION", default_value_t = Version::REFERENCE)]
    pub version: Version,

    /// Which image: ce, or ee on the community plan
    #[arg(long, value_enum, default_value_t = Edition::Ce)]
    pub edition: Edition,

    /// Milliseconds each request spends in its slot
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,

    /// Requests served at a time, as Puma's threads; more wait in line
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub slots: usize,

    /// Requests a source may make in each minute of the clock; 0 switches the throttle off (Chatwoot: 3000)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub requests_per_minute: u32,

    /// Write the port in use to this file, once it is served
    #[arg(long, value_name = "FILE")]
    pub port_file: Option<PathBuf>,

    /// What support_email shows where none is stored
    #[arg(long, value_name = "TEXT", default_value = SENDER)]
    pub support_email: String,

    /// Milliseconds before a background job runs; deleting takes two of them
    #[arg(long, value_name = "MS", default_value_t = 50)]
    pub deletion_delay: u64,

    /// Redirect plain HTTP to https, unless X-Forwarded-Proto says https
    #[arg(long)]
    pub force_ssl: bool,

    /// Serve https with this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Prefix of login links; by default the simulator's own address, empty for relative links
    #[arg(long, value_name = "URL")]
    pub frontend_url: Option<String>,

    /// A flag that new accounts have; give it several times. Without any, those of the release
    #[arg(long = "default-feature", value_name = "NAME")]
    pub default_features: Vec<String>,

    /// Answer email_channel_migrations, which a fresh Chatwoot refuses with 403
    #[arg(long)]
    pub email_channel_migration: bool,

    /// Journal entries kept; beyond that the oldest are forgotten
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub journal_limit: usize,
}

const SENDER: &str = "Chatwoot <accounts@chatwoot.com>";

fn listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: listen(),
            platform_tokens: Vec::new(),
            version: Version::REFERENCE,
            edition: Edition::Ce,
            latency: 0,
            slots: 5,
            requests_per_minute: 0,
            port_file: None,
            support_email: SENDER.into(),
            deletion_delay: 50,
            force_ssl: false,
            tls_cert: None,
            tls_key: None,
            frontend_url: None,
            default_features: Vec::new(),
            email_channel_migration: false,
            journal_limit: 200_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn the_library_starts_with_the_defaults_of_the_binary() {
        let parsed = Cli::try_parse_from(["simulator"]).unwrap().options;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn a_certificate_needs_its_key() {
        assert!(Cli::try_parse_from(["simulator", "--tls-cert", "a.pem"]).is_err());
        assert!(Cli::try_parse_from(["simulator", "--version", "x"]).is_err());
    }
}
