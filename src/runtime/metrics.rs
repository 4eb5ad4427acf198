//! What is counted. The names are a contract with users, and no label ever names an object.

use super::{pump::PumpHooks, queue::PassObserver, scraped::Computed};
use crate::reconcile::stored::WriteObserver;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, text},
    metrics::{
        TypedMetric,
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};
use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

pub use super::scraped::{Row, Scraped};

/// Everything that is counted, each name with the prefix `chatwoot_operator_`. Cheap to clone.
///
/// Counts that belong to a state (how many objects are Ready) are not kept: they are asked for when somebody scrapes,
/// see [`at_scrape`](Self::at_scrape).
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    writes: Family<Write, Counter>,
    passes: Family<Pass, Counter>,
    first_ready: Family<Kind, Histogram, fn() -> Histogram>,
    walks: Family<Walk, Counter>,
    walk_seconds: Family<Instance, Histogram, fn() -> Histogram>,
    unreadable: Family<Kind, Gauge>,
    watch_errors: Family<Kind, Counter>,
    unseen: Family<Kind, Gauge>,
    /// Watches that may not look, by kind and namespace.
    dark: Arc<Mutex<Dark>>,
    event_errors: Counter,
    orphans: Counter,
}

type Dark = HashMap<&'static str, HashMap<String, usize>>;

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chatwoot_operator");
        let revision = option_env!("CHATWOOT_OPERATOR_REVISION").unwrap_or("unknown");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("revision", revision)]);
        registry.register("build", "What this process was built from", build);
        let mut book = Book(&mut registry);
        Self {
            requests: book.add("chatwoot_requests", "Requests to Chatwoot by how they ended"),
            request_seconds: book.add_family(
                "chatwoot_request_seconds",
                "Time from sending a request to Chatwoot to the end of its answer",
                Family::new_with_constructor(request_times),
            ),
            writes: book.add("kubernetes_writes", "Writes to the Kubernetes API by how they ended"),
            passes: book.add("passes", "Looks at one object by how they ended"),
            first_ready: book.add_family(
                "first_ready_seconds",
                "Time from an object's creation to its first Ready",
                Family::new_with_constructor(ready_times),
            ),
            walks: book.add("walks", "Walks of a customer's first message through an account by how they ended"),
            walk_seconds: book.add_family(
                "walk_seconds",
                "Time a walk of a customer's first message took, from its first request to the last of cleaning up",
                Family::new_with_constructor(ready_times),
            ),
            unreadable: book.add("unreadable_objects", "Objects that exist but do not parse"),
            watch_errors: book.add("watch_errors", "Lists and watches that failed and were tried again"),
            unseen: book.add(
                "unseen_namespaces",
                "Namespaces of --watch-namespaces in which objects of this kind may not be looked at",
            ),
            dark: Arc::default(),
            event_errors: book.add("event_errors", "Kubernetes events that could not be published"),
            orphans: book.add("orphans", "Accounts and people made in Chatwoot whose id could not be stored"),
            registry: Arc::new(Mutex::new(registry)),
        }
    }
}

impl Metrics {
    /// One request to Chatwoot has ended. `instance` is `namespace/name`, `route` the method and path template, `class`
    /// how it ended.
    pub fn request(&self, instance: &str, route: &'static str, class: &'static str, took: Duration) {
        let instance = instance.to_owned();
        self.request_seconds
            .get_or_create(&Route { instance: instance.clone(), route })
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&Request { instance, route, class }).inc();
    }

    /// For [`Stored`](crate::reconcile::stored::Stored).
    pub fn write_observer(&self) -> WriteObserver {
        let writes = self.writes.clone();
        Arc::new(move |kind, verb, outcome| {
            writes.get_or_create(&Write { kind, verb, outcome }).inc();
        })
    }

    /// A pass has ended.
    pub fn pass(&self, kind: &'static str, outcome: &'static str) {
        self.passes.get_or_create(&Pass { kind, outcome }).inc();
    }

    /// For [`Queue`](super::queue::Queue): outcomes `settled` and `panicked`.
    pub fn pass_observer(&self) -> PassObserver {
        let metrics = self.clone();
        Arc::new(move |kind, ended| metrics.pass(kind, ended.label()))
    }

    /// For [`Pump`](super::pump::Pump).
    pub fn pump_hooks(&self) -> PumpHooks {
        let (errors, unreadable) = (self.watch_errors.clone(), self.unreadable.clone());
        let (unseen, dark) = (self.unseen.clone(), self.dark.clone());
        PumpHooks {
            failed: Arc::new(move |kind| {
                errors.get_or_create(&Kind { kind }).inc();
            }),
            unreadable: Arc::new(move |kind, count| {
                unreadable.get_or_create(&Kind { kind }).set(i64::try_from(count).unwrap_or(i64::MAX));
            }),
            // Of Secrets there are two watches in each namespace, and a namespace counts once.
            sight: Arc::new(move |kind, namespace, seen| {
                let mut dark = dark.lock().unwrap_or_else(PoisonError::into_inner);
                let here = dark.entry(kind).or_default();
                let watches = here.entry(namespace.to_owned()).or_insert(0_usize);
                *watches = if seen { watches.saturating_sub(1) } else { *watches + 1 };
                here.retain(|_, watches| *watches > 0);
                unseen.get_or_create(&Kind { kind }).set(i64::try_from(here.len()).unwrap_or(i64::MAX));
            }),
        }
    }

    /// A namespace could not be read.
    pub fn namespace_error(&self) {
        self.watch_errors.get_or_create(&Kind { kind: "Namespace" }).inc();
    }

    /// An object became Ready for the first time, so long after its creation.
    pub fn first_ready(&self, kind: &'static str, age: Duration) {
        self.first_ready.get_or_create(&Kind { kind }).observe(age.as_secs_f64());
    }

    /// A customer's first message was walked through an account. `result`: `arrived`, `failed`, or `undecided` where nothing was
    /// learnt about the account.
    pub fn walk(&self, instance: &str, result: &'static str, took: Duration) {
        let instance = instance.to_owned();
        self.walk_seconds.get_or_create(&Instance { instance: instance.clone() }).observe(took.as_secs_f64());
        self.walks.get_or_create(&Walk { instance, result }).inc();
    }

    /// Something was made in Chatwoot and its id could not be stored.
    pub fn orphan(&self) {
        self.orphans.inc();
    }

    /// A Kubernetes event could not be published.
    pub fn event_error(&self) {
        self.event_errors.inc();
    }

    /// Registers what answers for `which` whenever somebody scrapes. Register each once; `rows` must be quick, must not
    /// block, and gives one row for each set of labels.
    pub fn at_scrape(&self, which: Scraped, rows: impl Fn() -> Vec<Row> + Send + Sync + 'static) {
        self.with(|registry| registry.register_collector(Box::new(Computed::new(which, rows))));
    }

    /// The gauge `leader` follows the election.
    pub fn follow_lead(&self, leading: watch::Receiver<bool>) {
        self.at_scrape(Scraped::Leader, move || {
            vec![Row { labels: vec![], value: f64::from(u8::from(*leading.borrow())) }]
        });
    }

    /// The whole page in OpenMetrics text.
    ///
    /// # Errors
    /// Only when a collector fails to write into memory.
    pub fn page(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        self.with(|registry| text::encode(&mut page, registry))?;
        Ok(page)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Registry) -> T) -> T {
        act(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

/// 5 ms to 40 s, the longest time-out an instance can have.
fn request_times() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0])
}

/// Half a second to four and a half hours, doubling.
fn ready_times() -> Histogram {
    Histogram::new(exponential_buckets(0.5, 2.0, 16))
}

struct Book<'a>(&'a mut Registry);

impl Book<'_> {
    fn add<M>(&mut self, name: &str, help: &str) -> M
    where
        M: EncodeMetric + TypedMetric + Default + Clone + fmt::Debug + Send + Sync + 'static,
    {
        self.add_family(name, help, M::default())
    }

    fn add_family<M>(&mut self, name: &str, help: &str, metric: M) -> M
    where
        M: EncodeMetric + Clone + fmt::Debug + Send + Sync + 'static,
    {
        self.0.register(name, help, metric.clone());
        metric
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    instance: String,
    route: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    instance: String,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Walk {
    instance: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Instance {
    instance: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Write {
    kind: &'static str,
    verb: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pass {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// design §11; dashboards and alerts are written against these.
    #[test]
    fn the_names_are_the_promised_ones() {
        let metrics = Metrics::default();
        metrics.request("chatwoot-system/main", "GET /accounts/{id}", "done", Duration::from_millis(30));
        (metrics.write_observer())("ChatwootUser", "update_status", "ok");
        metrics.pass("ChatwootUser", "settled");
        metrics.first_ready("ChatwootUser", Duration::from_secs(3));
        metrics.walk("chatwoot-system/main", "arrived", Duration::from_secs(2));
        (metrics.pump_hooks().unreadable)("ChatwootUser", 2);
        let (_lead, leading) = watch::channel(true);
        metrics.follow_lead(leading);
        let row = |labels: &[&'static str], value| {
            vec![Row { labels: labels.iter().map(|l| (*l).into()).collect(), value }]
        };
        metrics.at_scrape(Scraped::Objects, move || row(&["ChatwootUser", "False", "NotGranted"], 7.0));
        metrics.at_scrape(Scraped::GateQueue, move || row(&["chatwoot-system/main", "changes"], 4.0));
        let page = metrics.page().unwrap();
        for line in [
            "chatwoot_operator_build_info{version=",
            "chatwoot_operator_chatwoot_requests_total{instance=\"chatwoot-system/main\",route=\"GET /accounts/{id}\",class=\"done\"} 1",
            "chatwoot_operator_chatwoot_request_seconds_bucket{le=\"0.05\",instance=\"chatwoot-system/main\",route=\"GET /accounts/{id}\"} 1",
            "chatwoot_operator_kubernetes_writes_total{kind=\"ChatwootUser\",verb=\"update_status\",outcome=\"ok\"} 1",
            "chatwoot_operator_passes_total{kind=\"ChatwootUser\",outcome=\"settled\"} 1",
            "chatwoot_operator_first_ready_seconds_count{kind=\"ChatwootUser\"} 1",
            "chatwoot_operator_walks_total{instance=\"chatwoot-system/main\",result=\"arrived\"} 1",
            "chatwoot_operator_walk_seconds_count{instance=\"chatwoot-system/main\"} 1",
            "chatwoot_operator_unreadable_objects{kind=\"ChatwootUser\"} 2",
            "chatwoot_operator_orphans_total 0",
            "chatwoot_operator_leader 1",
            "chatwoot_operator_objects{kind=\"ChatwootUser\",ready=\"False\",reason=\"NotGranted\"} 7",
            "chatwoot_operator_gate_queue{instance=\"chatwoot-system/main\",lane=\"changes\"} 4",
            "# EOF",
        ] {
            assert!(page.lines().any(|l| l.starts_with(line)), "no line {line} in\n{page}");
        }
    }
}
