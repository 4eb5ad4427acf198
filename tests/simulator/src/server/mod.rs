//! The network side: listener, connections, request slots, background jobs.

mod arrival;
mod body;
mod connection;
mod control;
mod etag;
mod pipeline;
mod staging;
mod tls;

use crate::{
    Options,
    behind::{Act, Done, perform},
    faults::Faults,
    front::Front,
    journal::Journal,
    model::{Installation, World, secrets},
    throttle::Throttle,
};
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore, oneshot, watch},
};
use tokio_util::sync::CancellationToken;

/// How a hanging request goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Proceed,
    Drop,
}

/// Everything that changes, under one lock: so the journal's order is the order of commits.
struct Core {
    world: World,
    front: Front,
    journal: Journal,
    faults: Faults,
    hanging: HashMap<u64, oneshot::Sender<Release>>,
    connections: u64,
}

struct Shared {
    core: Mutex<Core>,
    slots: Semaphore,
    /// The journal's last number, and again whenever an entry changed.
    journal_changed: watch::Sender<u64>,
    jobs_changed: Notify,
    stop: CancellationToken,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Shared {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called after every change, without the lock.
    fn announce(&self) {
        let last = self.core().journal.last_seq();
        self.journal_changed.send_replace(last);
        self.jobs_changed.notify_one();
    }

    fn act(&self, act: Act) -> Result<Done, String> {
        let done = {
            let core = &mut *self.core();
            perform(&mut core.world, &mut core.front, act, Timestamp::now())
        };
        self.announce();
        done
    }
}

/// A simulator that is being served; it ends when this is dropped.
pub struct Running {
    stop: CancellationToken,
    pub address: SocketAddr,
    pub tokens: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Binds and serves in the current tokio runtime.
///
/// # Errors
/// An address that cannot be bound, certificates that cannot be read, a port file that cannot be written.
pub async fn start(options: Options) -> anyhow::Result<Running> {
    let tls = tls::acceptor(options.tls_cert.as_deref(), options.tls_key.as_deref())?;
    let listener = TcpListener::bind(options.listen).await.with_context(|| {
        format!("cannot listen on {}: choose another address with --listen", options.listen)
    })?;
    let address = listener.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };

    let mut installation = Installation::new(options.version);
    installation.edition = options.edition;
    installation.sender_email = options.support_email;
    installation.frontend_url = options.frontend_url.unwrap_or_else(|| format!("{scheme}://{address}"));
    installation.default_features =
        (!options.default_features.is_empty()).then_some(options.default_features);
    installation.email_channel_migration = options.email_channel_migration;
    installation.job_delay = SignedDuration::from_millis(
        i64::try_from(options.deletion_delay).context("--deletion-delay is too long")?,
    );

    let mut world = World::new(installation);
    let mut tokens = options.platform_tokens;
    if tokens.is_empty() {
        tokens.push(secrets::token());
    }
    for token in &tokens {
        world.add_app(token.clone());
    }

    let front = Front {
        down: false,
        force_ssl: options.force_ssl,
        throttle: Throttle::new(options.requests_per_minute),
        latency: Duration::from_millis(options.latency),
    };
    let stop = CancellationToken::new();
    let shared = Arc::new(Shared {
        core: Mutex::new(Core {
            world,
            front,
            journal: Journal::new(options.journal_limit.max(1)),
            faults: Faults::default(),
            hanging: HashMap::new(),
            connections: 0,
        }),
        slots: Semaphore::new(options.slots.max(1)),
        journal_changed: watch::Sender::new(0),
        jobs_changed: Notify::new(),
        stop: stop.clone(),
        tls,
    });
    tokio::spawn(connection::accept(shared.clone(), listener));
    tokio::spawn(run_jobs(shared));
    let running = Running { stop, address, tokens };
    if let Some(file) = &options.port_file {
        write_port(file, address.port())?;
    }
    Ok(running)
}

/// Sidekiq: runs what is due, then sleeps until the next job or until something changes.
async fn run_jobs(shared: Arc<Shared>) {
    loop {
        let (ran, next) = {
            let world = &mut shared.core().world;
            let now = Timestamp::now();
            (world.run_due_jobs(now), world.jobs.next_due())
        };
        if ran > 0 {
            continue;
        }
        let pause =
            next.map(|due| Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default());
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.jobs_changed.notified() => {}
            // Rounded up, so that the job is really due afterwards.
            () = tokio::time::sleep(pause.unwrap_or_default() + Duration::from_millis(1)), if pause.is_some() => {}
        }
    }
}

/// Readers never see half a number: written beside, then renamed.
fn write_port(file: &std::path::Path, port: u16) -> anyhow::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".tmp");
    let complaint = || format!("cannot write the port to {}", file.display());
    std::fs::write(&beside, format!("{port}\n")).with_context(complaint)?;
    std::fs::rename(&beside, file).with_context(complaint)
}
