//! Logs: JSON for machines, text for people, and never what a request or an answer contained.

use std::{fmt, io::IsTerminal, panic::PanicHookInfo, str::FromStr};
use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, Targets},
    fmt::MakeWriter,
    layer::SubscriberExt,
    registry,
};

const OURS: &str = "chatwoot_operator";

/// What `--log-level` says: a level, or directives as `tracing` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let hint =
            "write error, warn, info, debug or trace; or directives such as warn,chatwoot_operator=debug";
        let known = |part: &str| part.contains('=') || part.parse::<LevelFilter>().is_ok();
        // A word alone would be taken for the name of a module, and nothing would be logged.
        if text.is_empty() || !text.split(',').all(known) || EnvFilter::try_new(text).is_err() {
            return Err(hint.to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LogFilter {
    /// A single level is about this program; what it is built on only speaks up from `warn`.
    fn directives(&self) -> String {
        match self.0.parse::<LevelFilter>() {
            Ok(level) => format!("{},{OURS}={level}", level.min(LevelFilter::WARN)),
            Err(_) => self.0.clone(),
        }
    }
}

/// Installs the log for the whole process, on stderr: JSON, or text when that is a terminal. Panics are logged too.
///
/// # Errors
/// When a log is installed already.
pub fn init(filter: &LogFilter) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
    let json = !std::io::stderr().is_terminal();
    tracing::subscriber::set_global_default(subscriber(filter, json, std::io::stderr))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(filter: &LogFilter, json: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let asked = EnvFilter::new(filter.directives());
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = if json {
        layer.json().flatten_event(true).with_span_list(false).boxed()
    } else {
        layer.with_ansi(true).boxed()
    };
    Box::new(registry().with(layer.with_filter(asked.and(ceiling()))))
}

/// What no `--log-level` lifts. Below these levels libraries print headers and bodies, and with them tokens: h2 and
/// hyper print frames, kube prints an answer it cannot parse at `warn` (kube-client 5.0.0, client/mod.rs:291).
fn ceiling() -> Targets {
    Targets::new()
        .with_default(Level::INFO)
        .with_target(OURS, Level::TRACE)
        .with_target("kube_runtime", Level::DEBUG)
        .with_target("kube_lease_manager", Level::DEBUG)
        .with_target("kube_client::client", Level::ERROR)
}

/// One line for a panic. The payload is shown only when it is a literal of the source: a formatted one may contain the
/// value that caused it, and that may be a secret.
fn log_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload().downcast_ref::<&'static str>().copied();
    let message = message.unwrap_or("(withheld, it was made at run time)");
    let location = info.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(location, thread = thread.name(), cause = message, "panicked");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, log: impl FnOnce()) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber(&level.parse().unwrap(), true, move || writer.clone());
        tracing::subscriber::with_default(subscriber, log);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_level_makes_libraries_print_bodies_or_headers() {
        for level in ["trace", "trace,hyper=trace,h2=trace,kube_client=trace"] {
            let text = logged(level, || {
                tracing::trace!(target: "chatwoot_operator::reconcile", "ours");
                tracing::trace!(target: "h2::codec", "api_access_token: s3cret");
                tracing::debug!(target: "hyper_util::client", "s3cret");
                tracing::debug!(target: "reqwest::connect", "s3cret");
                tracing::warn!(target: "kube_client::client", "an unparsable body with s3cret");
            });
            assert!(text.contains("ours"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn a_level_is_about_us_and_leaves_libraries_at_warn() {
        let text = logged("debug", || {
            tracing::debug!(target: "chatwoot_operator::runtime", "first");
            tracing::info!(target: "kube_runtime::watcher", "second");
            tracing::warn!(target: "kube_runtime::watcher", "third");
        });
        assert!(text.contains("first") && !text.contains("second") && text.contains("third"), "{text}");
        let quiet = logged("error", || tracing::warn!(target: "kube_runtime::watcher", "four"));
        assert_eq!(quiet, "");
    }

    #[test]
    fn each_line_is_one_json_object_with_the_object_of_the_pass() {
        let text = logged("info", || {
            let span = tracing::info_span!(target: "chatwoot_operator", "pass", kind = "ChatwootUser", object = "alice");
            span.in_scope(|| tracing::info!(target: "chatwoot_operator", id = 7, "bound"));
        });
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["message"], "bound");
        assert_eq!(line["id"], 7);
        assert_eq!(line["span"]["object"], "alice");
    }

    #[test]
    fn a_panic_is_one_line_that_shows_no_run_time_value() {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber(&"info".parse().unwrap(), true, move || writer.clone());
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        tracing::subscriber::with_default(subscriber, || {
            let token = String::from("s3cret");
            let _ = std::panic::catch_unwind(|| panic!("bad token {token}"));
            let _ = std::panic::catch_unwind(|| panic!("a literal"));
        });
        std::panic::set_hook(before);
        let text = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(lines[1]["cause"], "a literal");
        assert!(lines[0]["location"].as_str().unwrap().contains("telemetry.rs"), "{text}");
    }
}
