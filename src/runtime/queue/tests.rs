use super::*;
use crate::{reconcile::cache::key, runtime::health::Health};
use k8s_openapi::api::core::v1::ConfigMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::{advance, sleep},
};

/// What a pass did: its object and the second it began in.
type Pass = (String, u64);

/// A queue whose passes report themselves, wait for a permit, and answer what `answers` says.
struct Bench {
    queue: Queue<ConfigMap>,
    seen: mpsc::UnboundedReceiver<Pass>,
    permits: Arc<Semaphore>,
    overlaps: Arc<AtomicUsize>,
    ended: Arc<Mutex<Vec<Ended>>>,
    stop: CancellationToken,
    run: JoinHandle<()>,
    begun: Instant,
}

impl Bench {
    fn new(at_once: usize, permits: usize, answer: impl Fn(&str) -> Requeue + Send + Sync + 'static) -> Self {
        let (told, seen) = mpsc::unbounded_channel();
        let (permits, overlaps) = (Arc::new(Semaphore::new(permits)), Arc::new(AtomicUsize::new(0)));
        let (ended, stop, begun) = (Arc::new(Mutex::new(vec![])), CancellationToken::new(), Instant::now());
        let notes = ended.clone();
        let queue = Queue::new(at_once, Arc::new(move |_, ended| notes.lock().unwrap().push(ended)));
        let busy = Arc::new(Mutex::new(std::collections::HashSet::new()));
        let (gate, twice, answer) = (permits.clone(), overlaps.clone(), Arc::new(answer));
        let pass = move |object: Arc<ConfigMap>| {
            let (told, gate, twice) = (told.clone(), gate.clone(), twice.clone());
            let (busy, answer) = (busy.clone(), answer.clone());
            async move {
                let name = object.metadata.name.clone().unwrap();
                if !busy.lock().unwrap().insert(name.clone()) {
                    twice.fetch_add(1, SeqCst);
                }
                told.send((name.clone(), begun.elapsed().as_secs())).unwrap();
                gate.acquire().await.unwrap().forget();
                busy.lock().unwrap().remove(&name);
                answer(&name)
            }
        };
        let (worker, stopping) = (queue.clone(), stop.clone());
        let pulse = Health::default().pulse("queue", Duration::from_secs(30));
        let run = tokio::spawn(async move { worker.run(pass, pulse, stopping).await });
        Self { queue, seen, permits, overlaps, ended, stop, run, begun }
    }

    /// The next pass; none within a day of the paused clock is a failure.
    async fn next(&mut self) -> Pass {
        let pass = tokio::time::timeout(Duration::from_secs(86_400), self.seen.recv());
        pass.await.expect("no pass came").expect("the queue has ended")
    }

    /// Lets this much time go by, in small steps so that everybody acts at their own time.
    async fn pass_time(&self, seconds: u64) {
        for _ in 0..seconds {
            settle().await;
            advance(Duration::from_secs(1)).await;
        }
        settle().await;
    }

    fn nothing_more(&mut self) {
        assert!(self.seen.try_recv().is_err(), "a pass that nobody asked for");
    }

    fn wake(&self, name: &str) {
        self.queue.wake(key(Some("acme"), name));
    }
}

/// Lets every task that can go on do so.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

fn object(name: &str) -> ConfigMap {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object.metadata.namespace = Some("acme".to_owned());
    object
}

fn cache(names: &[&str]) -> Cache<ConfigMap> {
    Cache::fixed(names.iter().map(|name| object(name)))
}

const MANY: usize = 100_000;

#[tokio::test(start_paused = true)]
async fn taking_the_lead_looks_at_every_object_once() {
    let mut bench = Bench::new(8, MANY, |_| Requeue::OnWake);
    bench.queue.attach(cache(&["a", "b", "c"]));
    let mut seen = vec![bench.next().await.0, bench.next().await.0, bench.next().await.0];
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
    settle().await;
    bench.nothing_more();
    assert_eq!(bench.queue.depth(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn an_object_is_never_in_two_passes_and_a_wake_during_a_pass_is_not_lost() {
    let mut bench = Bench::new(8, 0, |_| Requeue::OnWake);
    bench.queue.attach(cache(&["a"]));
    bench.next().await;
    for _ in 0..100 {
        bench.wake("a");
        tokio::task::yield_now().await;
    }
    bench.nothing_more();
    bench.permits.add_permits(1);
    bench.next().await;
    bench.permits.add_permits(1);
    settle().await;
    bench.nothing_more();
    assert_eq!(bench.overlaps.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn an_object_comes_back_when_it_asked_to() {
    let mut bench = Bench::new(8, MANY, |name| match name {
        "soon" => Requeue::After(Duration::from_secs(10)),
        _ => Requeue::After(Duration::MAX),
    });
    bench.queue.attach(cache(&["soon", "never"]));
    bench.pass_time(25).await;
    let mut seen = vec![];
    while let Ok(pass) = bench.seen.try_recv() {
        seen.push(pass);
    }
    seen.sort();
    let soon = |at| ("soon".to_owned(), at);
    assert_eq!(seen, [("never".to_owned(), 0), soon(0), soon(10), soon(20)]);
}

#[tokio::test(start_paused = true)]
async fn a_wake_takes_the_place_of_the_pending_requeue() {
    let calls = AtomicUsize::new(0);
    let mut bench = Bench::new(8, MANY, move |_| match calls.fetch_add(1, SeqCst) {
        0 => Requeue::After(Duration::from_secs(100)),
        _ => Requeue::OnWake,
    });
    bench.queue.attach(cache(&["a"]));
    bench.pass_time(10).await;
    bench.wake("a");
    bench.pass_time(200).await;
    assert_eq!((bench.next().await.1, bench.next().await.1), (0, 10));
    bench.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn a_panicking_pass_is_tried_again_later_and_later_and_harms_nobody() {
    let failures = AtomicUsize::new(0);
    let mut bench = Bench::new(8, MANY, move |name| match name {
        "bad" if failures.fetch_add(1, SeqCst) < 3 => panic!("broken on purpose"),
        "bad" => Requeue::OnWake,
        _ => Requeue::After(Duration::from_secs(5)),
    });
    bench.queue.attach(cache(&["bad", "good"]));
    bench.pass_time(9).await;
    let mut seen = vec![];
    while let Ok(pass) = bench.seen.try_recv() {
        seen.push(pass);
    }
    let times = |name: &str| seen.iter().filter(|p| p.0 == name).map(|p| p.1).collect::<Vec<_>>();
    assert_eq!(times("bad"), [0, 1, 3, 7]);
    assert_eq!(times("good"), [0, 5]);
    let panics = bench.ended.lock().unwrap().iter().filter(|e| **e == Ended::Panicked).count();
    assert_eq!(panics, 3);
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_the_passes_under_way_and_begins_none() {
    let mut bench = Bench::new(1, 0, |_| Requeue::After(Duration::from_secs(1)));
    bench.queue.attach(cache(&["a", "b"]));
    bench.next().await;
    bench.stop.cancel();
    bench.pass_time(30).await;
    assert!(!bench.run.is_finished(), "the pass under way was abandoned");
    bench.permits.add_permits(10);
    bench.run.await.unwrap();
    assert_eq!(*bench.ended.lock().unwrap(), [Ended::Settled]);
    assert!(bench.seen.recv().await.is_none(), "a pass began after the stop");
}

#[tokio::test(start_paused = true)]
async fn losing_the_lead_empties_the_queue_and_taking_it_again_starts_over() {
    let mut bench = Bench::new(8, 1, |_| Requeue::After(Duration::from_secs(60)));
    bench.queue.attach(cache(&["a"]));
    bench.next().await;
    settle().await;
    assert_eq!(bench.queue.depth().waiting, 1);
    bench.wake("a");
    bench.next().await;

    // Lost and taken again while a pass runs: the object gets its new pass, but only when the old one has ended.
    bench.queue.detach();
    bench.wake("a");
    bench.queue.attach(cache(&["a", "b"]));
    assert_eq!(bench.next().await.0, "b");
    settle().await;
    bench.nothing_more();
    bench.permits.add_permits(1);
    settle().await;
    bench.permits.add_permits(1);
    assert_eq!(bench.next().await.0, "a");
    assert_eq!(bench.overlaps.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_standby_keeps_nothing_and_begins_nothing() {
    let mut bench = Bench::new(8, MANY, |_| Requeue::After(Duration::from_secs(1)));
    bench.wake("a");
    settle().await;
    assert_eq!(bench.queue.depth(), Depth::default());
    bench.queue.attach(cache(&["a"]));
    bench.next().await;
    bench.queue.detach();
    bench.pass_time(100).await;
    bench.nothing_more();
    assert_eq!(bench.queue.depth(), Depth::default());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_is_forgotten_without_a_pass() {
    let mut bench = Bench::new(8, MANY, |_| Requeue::OnWake);
    bench.queue.attach(cache(&[]));
    bench.wake("deleted");
    settle().await;
    bench.nothing_more();
    assert_eq!(bench.queue.depth(), Depth::default());
}

/// Promise 8: somebody's apply never waits behind the drift checks of others, and those are not starved either.
#[tokio::test(start_paused = true)]
async fn woken_objects_go_first_and_the_routine_still_moves() {
    let names: Vec<String> = (0..40).map(|n| format!("routine-{n}")).collect();
    let people: Vec<String> = (0..40).map(|n| format!("person-{n}")).collect();
    let all: Vec<&str> = names.iter().chain(&people).map(String::as_str).collect();
    let mut bench = Bench::new(1, all.len(), |name| match name.starts_with("routine") {
        true => Requeue::After(Duration::from_secs(10)),
        false => Requeue::OnWake,
    });
    bench.queue.attach(cache(&all));
    for _ in &all {
        bench.next().await;
    }
    // The permits are used up: the first whose time has come holds the only place while people arrive.
    bench.pass_time(11).await;
    bench.next().await;
    people.iter().for_each(|person| bench.wake(person));
    bench.permits.add_permits(MANY);
    let mut turns = vec![];
    for _ in 0..48 {
        turns.push(bench.next().await.0);
    }
    let urgent = turns.iter().filter(|name| name.starts_with("person")).count();
    assert!(urgent >= 36, "{turns:?}");
    assert!(turns.len() - urgent >= 10, "{turns:?}");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiting_objects_are_no_tasks() {
    let bench = Bench::new(256, MANY, |_| Requeue::After(Duration::from_secs(3600)));
    bench.queue.attach(Cache::fixed((0..10_000).map(|n| object(&format!("o{n}")))));
    while bench.queue.depth().waiting < 10_000 {
        settle().await;
    }
    assert_eq!(bench.queue.depth(), Depth { ready: 0, waiting: 10_000, running: 0 });
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 1, "only the queue's own loop");
    assert!(bench.begun.elapsed() < Duration::from_secs(5));
    sleep(Duration::from_secs(3599)).await;
    assert_eq!(bench.ended.lock().unwrap().len(), 10_000);
}
