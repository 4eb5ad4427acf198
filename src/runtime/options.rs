//! The flags of `run`, each also an environment variable.

use super::{flags::*, scope::Scope, telemetry::LogFilter};
use clap::{ArgAction, Args, Command};
use std::{fmt::Write as _, time::Duration};

/// How the operator runs. Everything else is said in objects.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// Instance of accounts and users that name none
    #[arg(long, env = "CHATWOOT_OPERATOR_DEFAULT_INSTANCE", value_name = "NAMESPACE/NAME")]
    pub default_instance: Option<ObjectName>,

    /// Namespaces whose ChatwootInstances are honoured, separated by commas; without it only the operator's own
    #[arg(long, env = "CHATWOOT_OPERATOR_INSTANCE_NAMESPACES", value_name = "NAMESPACE,...",
        value_delimiter = ',', value_parser = namespace)]
    pub instance_namespaces: Vec<String>,

    /// Namespaces to serve, separated by commas, besides those of instances; without it all. With it the operator asks nothing of
    /// the cluster as a whole, and Roles are all it needs
    #[arg(long, env = "CHATWOOT_OPERATOR_WATCH_NAMESPACES", value_name = "NAMESPACE,...",
        value_delimiter = ',', value_parser = namespace)]
    pub watch_namespaces: Vec<String>,

    /// Secret in the operator's namespace that holds the installation's id and key; made when missing
    #[arg(long, env = "CHATWOOT_OPERATOR_INSTALLATION_SECRET", value_name = "NAME",
        default_value = "chatwoot-operator-installation", value_parser = object_name)]
    pub installation_secret: String,

    /// Installation id to use when the Secret is made, to go on from a lost one; it can be read in any marker
    #[arg(long, env = "CHATWOOT_OPERATOR_INSTALLATION_ID", value_name = "ID", value_parser = installation_id)]
    pub installation_id: Option<String>,

    /// Work only while holding the Lease chatwoot-operator; false for a single replica without rights on Leases
    #[arg(long, env = "CHATWOOT_OPERATOR_LEADER_ELECTION", value_name = "true|false",
        action = ArgAction::Set, default_value_t = true, default_missing_value = "true", num_args = 0..=1,
        require_equals = true)]
    pub leader_election: bool,

    /// Notice changes of labelled Secrets at once; false where the operator may not list Secrets, which are then read
    /// when they are due
    #[arg(long, env = "CHATWOOT_OPERATOR_WATCH_SECRETS", value_name = "true|false",
        action = ArgAction::Set, default_value_t = true, default_missing_value = "true", num_args = 0..=1,
        require_equals = true)]
    pub watch_secrets: bool,

    /// Address of /livez, /readyz and /metrics
    #[arg(long, env = "CHATWOOT_OPERATOR_LISTEN", value_name = "[IP]:PORT", default_value = ":8080")]
    pub listen: Listen,

    /// error, warn, info, debug or trace; or directives such as warn,chatwoot_operator=debug
    #[arg(long, env = "CHATWOOT_OPERATOR_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    pub log_level: LogFilter,

    /// Added to twice the request time-out before a create whose answer was lost is judged; for tests
    #[arg(long, env = "CHATWOOT_OPERATOR_SETTLE_MARGIN", value_name = "DURATION", default_value = "30s",
        value_parser = duration, hide = true)]
    pub settle_margin: Duration,

    /// How long a reason that somebody else must act on counts as Reconciling before it is Stalled; for tests
    #[arg(long, env = "CHATWOOT_OPERATOR_STALLED_AFTER", value_name = "DURATION", default_value = "2m",
        value_parser = duration, hide = true)]
    pub stalled_after: Duration,

    /// How long consent to a membership must have been withdrawn before it is taken back; for tests
    #[arg(long, env = "CHATWOOT_OPERATOR_REVOKE_AFTER", value_name = "DURATION", default_value = "1m",
        value_parser = duration, hide = true)]
    pub revoke_after: Duration,
}

impl RunOptions {
    /// What these options look at. The own namespace is `POD_NAMESPACE`, else what kube found in the service account's
    /// folder or in the kubeconfig's context.
    #[must_use]
    pub fn scope(&self, config: &kube::Config) -> Scope {
        let pod = std::env::var("POD_NAMESPACE").ok().filter(|namespace| !namespace.is_empty());
        let own = pod.unwrap_or_else(|| config.default_namespace.clone());
        Scope::new(own, self.instance_namespaces.iter().cloned(), self.watch_namespaces.iter().cloned())
    }
}

/// A Markdown table of the flags, for the README. Test flags are left out.
#[must_use]
pub fn reference() -> String {
    let command = RunOptions::augment_args(Command::new("run"));
    let mut table = String::from("| Flag | Environment | Default | Meaning |\n|---|---|---|---|\n");
    for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()) {
        let name = flag.get_long().unwrap_or_default();
        let value = flag.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
        let env = flag.get_env().unwrap_or_default().to_string_lossy();
        let default = flag.get_default_values().first();
        let default = default.map_or(String::new(), |value| format!("`{}`", value.to_string_lossy()));
        let meaning = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let value = value.replace('|', "\\|");
        // Writing into a String does not fail.
        let _ = writeln!(table, "| `--{name}={value}` | `{env}` | {default} | {meaning} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser, Debug)]
    struct Run {
        #[command(flatten)]
        options: RunOptions,
    }

    fn parse(flags: &[&str]) -> Result<RunOptions, String> {
        let words = ["run"].iter().chain(flags);
        Run::try_parse_from(words).map(|run| run.options).map_err(|error| error.to_string())
    }

    #[test]
    fn without_flags_the_defaults_of_the_design_hold() {
        let options = parse(&[]).unwrap();
        assert_eq!(options.installation_secret, "chatwoot-operator-installation");
        assert_eq!((options.leader_election, options.watch_secrets), (true, true));
        assert_eq!(options.listen.to_string(), ":8080");
        assert_eq!(options.settle_margin, Duration::from_secs(30));
        assert_eq!(options.stalled_after, Duration::from_secs(120));
        assert_eq!(options.revoke_after, crate::plan::memberships::WITHDRAWN_FOR);
        assert!(options.default_instance.is_none() && options.instance_namespaces.is_empty());
        assert!(options.watch_namespaces.is_empty());
    }

    #[test]
    fn flags_are_understood() {
        let options = parse(&[
            "--default-instance=chat/main",
            "--instance-namespaces",
            "chat,ops",
            "--watch-namespaces=acme,bpo",
            "--leader-election=false",
            "--listen=127.0.0.1:0",
            "--installation-id=0123456789abcdef",
        ])
        .unwrap();
        assert_eq!(options.default_instance.unwrap().to_string(), "chat/main");
        assert_eq!(options.instance_namespaces, ["chat", "ops"]);
        assert_eq!(options.watch_namespaces, ["acme", "bpo"]);
        assert!(!options.leader_election);
        assert_eq!(options.listen.to_string(), "127.0.0.1:0");
    }

    #[test]
    fn bad_values_are_refused_with_what_to_write_instead() {
        for (flag, hint) in [
            ("--default-instance=main", "NAMESPACE/NAME"),
            ("--instance-namespaces=Chat", "lower-case"),
            ("--watch-namespaces=acme,*", "lower-case"),
            ("--installation-id=xyz", "16 hexadecimal digits"),
            ("--listen=8080", ":8080"),
            ("--log-level=verbose", "error, warn, info, debug or trace"),
            ("--settle-margin=30", "30s"),
            ("--settle-margin=-3s", "30s"),
            ("--leader-election=maybe", "true"),
        ] {
            let error = parse(&[flag]).unwrap_err();
            assert!(error.contains(hint), "{flag}: {error}");
        }
    }

    #[test]
    fn every_flag_has_a_variable_and_stands_in_the_reference() {
        let table = reference();
        let command = RunOptions::augment_args(Command::new("run"));
        for flag in command.get_arguments() {
            let name = flag.get_long().unwrap();
            let variable = format!("CHATWOOT_OPERATOR_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(flag.get_env().unwrap().to_str().unwrap(), variable);
            assert_eq!(table.contains(&variable), !flag.is_hide_set(), "{name}");
        }
        assert!(table.contains("| `:8080` | Address of /livez, /readyz and /metrics |"), "{table}");
    }
}
