//! One request on its way through proxy, throttle, fault, slot and application.

use super::{
    Core, Release, Shared,
    arrival::Arrival,
    etag,
    staging::{Staging, Strike, redirect},
};
use crate::{
    faults::Effect,
    journal::{End, Entry},
    reply::Reply,
    routes::{self, Found},
    site,
};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What the connection does.
pub enum Outcome {
    Answer(Reply),
    Half(Reply),
    Reset,
    Close,
}

impl Outcome {
    fn end(&self) -> End {
        match self {
            Outcome::Answer(_) => End::Answered,
            Outcome::Half(_) => End::Truncated,
            Outcome::Reset => End::Reset,
            Outcome::Close => End::Closed,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Outcome::Answer(reply) | Outcome::Half(reply) => Some(reply.status),
            Outcome::Reset | Outcome::Close => None,
        }
    }
}

/// Serves a request to its end, whether its client waits for it or not: Puma does not stop for a client that has gone.
pub async fn run(shared: Arc<Shared>, arrival: Arrival, client: oneshot::Sender<Outcome>) {
    let (seq, outcome) = tokio::select! {
        served = serve(&shared, &arrival) => served,
        () = shared.stop.cancelled() => return,
    };
    let answered = matches!(outcome, Outcome::Answer(_));
    if client.send(outcome).is_err() && answered {
        shared.core().journal.update(seq, false, |entry| entry.end = End::ClientGone);
        shared.announce();
    }
}

async fn serve(shared: &Shared, arrival: &Arrival) -> (u64, Outcome) {
    let call = &arrival.call;
    let entered = enter(&mut shared.core(), arrival);
    let (entry, found, effect) = match entered {
        Ok(entered) => entered,
        Err((seq, reply)) => {
            shared.announce();
            return (seq, Outcome::Answer(reply));
        }
    };
    let staging = Staging::of(effect.as_ref(), || arrival.https());
    let request = Request { shared, arrival, found: found.as_ref() };

    let mut hung = None;
    match staging.before {
        None => {}
        Some(Strike::Hang) => {
            let (seq, release) = request.hang_new(entry.clone());
            if released(release).await == Release::Drop {
                return (seq, request.dropped(seq));
            }
            hung = Some(seq);
        }
        Some(strike) => {
            let outcome = strike.outcome(None);
            let entry = Entry { end: outcome.end(), status: outcome.status(), ..entry };
            let seq = shared.core().journal.push(entry, false);
            shared.announce();
            return (seq, outcome);
        }
    }

    // The semaphore is never closed; without a permit the request would simply be served beside the slots.
    let slot = shared.slots.acquire().await.ok();
    let latency = shared.core().front.latency + staging.delay_before;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    tracing::debug!(method = call.method, path = call.path, "commit");
    match staging.after {
        Some(Strike::Hang) => {
            let (seq, reply, release) = request.commit_and_hang(entry, hung, staging.replay);
            drop(slot);
            match released(release).await {
                Release::Drop => (seq, request.dropped(seq)),
                Release::Proceed => {
                    shared.core().journal.update(seq, false, |entry| {
                        entry.end = End::Answered;
                        entry.status = Some(reply.status);
                    });
                    shared.announce();
                    (seq, Outcome::Answer(reply))
                }
            }
        }
        after => {
            let (seq, outcome) = request.commit(entry, hung, staging.replay, |reply| match after {
                None => Outcome::Answer(reply),
                Some(strike) => strike.outcome(Some(reply)),
            });
            if !staging.delay_after.is_zero() {
                tokio::time::sleep(staging.delay_after).await;
            }
            (seq, outcome)
        }
    }
}

/// What is known of a request that got as far as the application: its entry so far, its route, its fault.
type Entered = (Entry, Option<Found>, Option<Effect>);

/// Proxy, TLS redirect and throttle, in that order; whoever gets past them meets the faults.
fn enter(core: &mut Core, arrival: &Arrival) -> Result<Entered, (u64, Reply)> {
    let call = &arrival.call;
    let found = routes::find(&call.method, &call.path, core.world.installation.version);
    let mut entry = arrival.entry(arrival.route(found.as_ref()));
    entry.app = call.token.as_deref().and_then(|token| core.world.app_of(token));
    if entry.app.is_none() {
        let token = call.token.as_deref();
        entry.user = token.and_then(|token| core.world.user_of(token)).map(|user| user.id);
        entry.bot = token.and_then(|token| core.world.bot_with(token)).map(|bot| bot.id);
    }
    let refusal = if core.front.down {
        Some(Reply::html(502))
    } else if core.front.force_ssl && !arrival.secure {
        let status = if matches!(call.method.as_str(), "GET" | "HEAD") { 301 } else { 308 };
        Some(redirect(status, arrival.https()))
    } else if !admitted(core, &entry.route, arrival) {
        Some(Reply::throttled())
    } else {
        None
    };
    if let Some(reply) = refusal {
        let seq = core.journal.push(Entry { status: Some(reply.status), ..entry }, false);
        return Err((seq, reply));
    }
    let effect = core.faults.take(&entry.route, &call.path, &call.body);
    entry.fault = effect.as_ref().map(Effect::name);
    Ok((entry, found, effect))
}

/// Whether the throttles let it pass; `/health` is never counted.
fn admitted(core: &mut Core, route: &str, arrival: &Arrival) -> bool {
    let version = core.world.installation.version;
    let throttle = &mut core.front.throttle;
    arrival.call.path == "/health"
        || throttle.admits(arrival.source, Timestamp::now())
            && throttle.admits_route(route, &arrival.call, version)
}

impl Strike {
    fn outcome(self, chatwoots: Option<Reply>) -> Outcome {
        match (self, chatwoots) {
            (Strike::Answer(reply), _) => Outcome::Answer(reply),
            (Strike::Truncate, Some(reply)) => Outcome::Half(reply),
            (Strike::Reset | Strike::Truncate, _) => Outcome::Reset,
            (Strike::Close | Strike::Hang, _) => Outcome::Close,
        }
    }
}

/// A sender that is gone means the simulator is.
async fn released(release: oneshot::Receiver<Release>) -> Release {
    release.await.unwrap_or(Release::Drop)
}

struct Request<'a> {
    shared: &'a Shared,
    arrival: &'a Arrival,
    found: Option<&'a Found>,
}

impl Request<'_> {
    fn hang_new(&self, entry: Entry) -> (u64, oneshot::Receiver<Release>) {
        let (sender, release) = oneshot::channel();
        let seq = {
            let mut core = self.shared.core();
            let seq = core.journal.push(Entry { end: End::Hanging, ..entry }, false);
            core.hanging.insert(seq, sender);
            seq
        };
        self.shared.announce();
        (seq, release)
    }

    fn dropped(&self, seq: u64) -> Outcome {
        self.shared.core().journal.update(seq, false, |entry| entry.end = End::Dropped);
        self.shared.announce();
        Outcome::Close
    }

    /// Chatwoot carries it out, and the journal notes it in the same breath.
    fn commit(
        &self,
        entry: Entry,
        hung: Option<u64>,
        replay: bool,
        outcome: impl FnOnce(Reply) -> Outcome,
    ) -> (u64, Outcome) {
        let done = {
            let mut core = self.shared.core();
            let (reply, wrote) = self.carry_out(&mut core, replay);
            let chatwoot_status = Some(reply.status);
            let outcome = outcome(reply);
            let seq = record(&mut core, entry, hung, wrote, |entry| {
                entry.end = outcome.end();
                entry.status = outcome.status();
                entry.chatwoot_status = chatwoot_status;
            });
            (seq, outcome)
        };
        self.shared.announce();
        done
    }

    fn commit_and_hang(
        &self,
        entry: Entry,
        hung: Option<u64>,
        replay: bool,
    ) -> (u64, Reply, oneshot::Receiver<Release>) {
        let (sender, release) = oneshot::channel();
        let (seq, reply) = {
            let mut core = self.shared.core();
            let (reply, wrote) = self.carry_out(&mut core, replay);
            let seq = record(&mut core, entry, hung, wrote, |entry| {
                entry.end = End::Hanging;
                entry.status = None;
                entry.chatwoot_status = Some(reply.status);
            });
            core.hanging.insert(seq, sender);
            (seq, reply)
        };
        self.shared.announce();
        (seq, reply, release)
    }

    fn carry_out(&self, core: &mut Core, replay: bool) -> (Reply, bool) {
        let now = Timestamp::now();
        let call = &self.arrival.call;
        let first = site::answer(&mut core.world, call, self.found, now);
        let again = replay && site::answer(&mut core.world, call, self.found, now).wrote;
        let wrote = first.wrote || again;
        let reads = matches!(call.method.as_str(), "GET" | "HEAD");
        (if reads { etag::tagged(first, self.arrival.if_none_match.as_deref()) } else { first }, wrote)
    }
}

/// A request that hung before has its entry already.
fn record(
    core: &mut Core,
    mut entry: Entry,
    hung: Option<u64>,
    wrote: bool,
    change: impl FnOnce(&mut Entry),
) -> u64 {
    match hung {
        Some(seq) => {
            core.journal.update(seq, wrote, change);
            seq
        }
        None => {
            change(&mut entry);
            core.journal.push(entry, wrote)
        }
    }
}
