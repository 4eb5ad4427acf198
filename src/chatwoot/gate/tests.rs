use super::*;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tokio::{sync::mpsc, time::advance};

/// A gate whose wakes and probes are seen. The wall clock stands at 18 s before a minute.
struct Bed {
    gate: Gate,
    woken: mpsc::UnboundedReceiver<Key>,
    /// Each probe that went out; what is sent back is its result.
    probes: mpsc::UnboundedReceiver<tokio::sync::oneshot::Sender<Result<(), Failure>>>,
}

fn bed(in_flight: usize) -> Bed {
    let (wake, woken) = mpsc::unbounded_channel();
    let (probe, probes) = mpsc::unbounded_channel();
    let limits = Limits { per_minute: 60_000, in_flight };
    let wall: WallClock = Arc::new(|| "2026-03-01T10:00:42Z".parse().unwrap());
    let probe: Probe = Arc::new(move || {
        let (answer, result) = tokio::sync::oneshot::channel();
        probe.send(answer).unwrap();
        Box::pin(async move { result.await.unwrap_or(Ok(())) })
    });
    let wake: Wake = Arc::new(move |key| drop(wake.send(key)));
    Bed { gate: Gate::new(limits, wall, wake, probe), woken, probes }
}

fn key(namespace: &str, name: impl ToString) -> Key {
    Key::new("ChatwootUser", namespace, name.to_string())
}

fn turn(entry: Entry) -> Turn {
    match entry {
        Entry::Turn(turn) => turn,
        other => panic!("no turn: {other:?}"),
    }
}

fn queued(entry: Entry) {
    assert!(matches!(entry, Entry::Queued), "{entry:?}");
}

fn closed(entry: Entry) -> (Reason, Duration) {
    match entry {
        Entry::Closed { reason, retry_in } => (reason, retry_in),
        other => panic!("not closed: {other:?}"),
    }
}

fn fail(turn: &Turn, times: usize, failure: &Failure) {
    for _ in 0..times {
        turn.report(Some(failure));
    }
}

/// Lets the keeper do what is due.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

impl Bed {
    fn enter(&self, key: &Key) -> Entry {
        self.gate.enter(Lane::Change, key)
    }

    fn woken(&mut self) -> Vec<Key> {
        std::iter::from_fn(|| self.woken.try_recv().ok()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_up_to_the_limit_and_the_next_is_woken_with_one_in_hand() {
    let mut bed = bed(2);
    let first = turn(bed.enter(&key("a", 1)));
    let _second = turn(bed.enter(&key("a", 2)));
    queued(bed.enter(&key("a", 3)));
    queued(bed.enter(&key("b", 1)));
    assert_eq!(bed.woken(), []);
    drop(first);
    assert_eq!(bed.woken(), [key("b", 1)], "the other turn is a's");
    queued(bed.enter(&key("c", 1)));
    let _third = turn(bed.enter(&key("b", 1)));
    let busy = bed.gate.snapshot();
    assert_eq!((busy.in_flight, busy.reserved, busy.waiting_changes), (2, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_change_never_waits_behind_a_thousand_drift_checks_or_another_tenants_changes() {
    let mut bed = bed(1);
    let mut holder = Some(turn(bed.enter(&key("x", "holder"))));
    for name in 0..1000 {
        queued(bed.gate.enter(Lane::Background, &key("drift", name)));
        queued(bed.enter(&key("big", name)));
    }
    queued(bed.enter(&key("person", "apply")));
    let mut order = Vec::new();
    while order.len() < 300 {
        drop(holder.take());
        let [next] = &bed.woken()[..] else { panic!("exactly one is woken") };
        order.push(next.namespace.clone());
        holder = Some(turn(bed.enter(next)));
    }
    let place = order.iter().position(|namespace| namespace == "person").unwrap();
    assert!(place <= 2, "place {place}");
    let background = order.iter().filter(|namespace| *namespace == "drift").count();
    assert!((45..=50).contains(&background), "{background} of 300");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_holds_at_most_half_of_the_turns_while_another_waits() {
    let mut bed = bed(4);
    let mut holding: Vec<Turn> = (0..4).map(|name| turn(bed.enter(&key("slow", name)))).collect();
    for name in 4..20 {
        queued(bed.enter(&key("slow", name)));
    }
    queued(bed.enter(&key("person", 1)));
    queued(bed.enter(&key("person", 2)));
    queued(bed.enter(&key("other", 1)));
    let mut order = Vec::new();
    for _ in 0..4 {
        drop(holding.remove(0));
        let [next] = &bed.woken()[..] else { panic!("exactly one is woken") };
        order.push(next.namespace.clone());
        holding.push(turn(bed.enter(next)));
    }
    assert_eq!(
        order,
        ["person", "other", "slow", "person"],
        "with less than half it has its turn like anybody"
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_somebody_elses_server_is_no_outage_and_hides_none() {
    let bed = bed(1);
    let holder = turn(bed.enter(&key("a", 1)));
    let mail_server = Failure { elsewhere: true, ..Failure::of(Class::Timeout) };
    fail(&holder, 20, &mail_server);
    assert!(!bed.gate.snapshot().breaker_open);
    for _ in 0..5 {
        fail(&holder, 1, &Failure::of(Class::Timeout));
        fail(&holder, 1, &mail_server);
    }
    assert!(bed.gate.snapshot().breaker_open);
}

#[tokio::test(start_paused = true)]
async fn a_turn_ends_with_a_panic() {
    let mut bed = bed(1);
    let gate = bed.gate.clone();
    let task = tokio::spawn(async move {
        let _turn = turn(gate.enter(Lane::Change, &key("a", 1)));
        queued(gate.enter(Lane::Change, &key("a", 2)));
        panic!("a pass fails");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(bed.woken(), [key("a", 2)]);
    assert_eq!(bed.gate.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_nobody_collects_goes_to_the_next() {
    let mut bed = bed(1);
    let first = turn(bed.enter(&key("a", 1)));
    queued(bed.enter(&key("a", 2)));
    queued(bed.enter(&key("a", 3)));
    drop(first);
    assert_eq!(bed.woken(), [key("a", 2)]);
    settle().await;
    advance(Duration::from_millis(2900)).await;
    settle().await;
    assert_eq!(bed.woken(), []);
    advance(Duration::from_millis(200)).await;
    settle().await;
    assert_eq!(bed.woken(), [key("a", 3)]);
    queued(bed.enter(&key("a", 2)));
    let third = turn(bed.enter(&key("a", 3)));
    drop(third);
    assert_eq!(bed.woken(), [key("a", 2)], "who came late is not lost");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_holds_nobody_up() {
    let mut bed = bed(1);
    let first = turn(bed.enter(&key("a", 1)));
    for name in 2..5 {
        queued(bed.enter(&key("a", name)));
    }
    bed.gate.forget(&key("a", 3));
    drop(first);
    assert_eq!(bed.woken(), [key("a", 2)]);
    bed.gate.forget(&key("a", 2));
    assert_eq!(bed.woken(), [key("a", 4)], "its turn went on at once");
}

#[tokio::test(start_paused = true)]
async fn while_chatwoot_is_down_one_probe_at_a_time_goes_out_and_nothing_else() {
    let mut bed = bed(4);
    let holder = turn(bed.enter(&key("a", 0)));
    fail(&holder, 4, &Failure::of(Class::Timeout));
    let _still_open = turn(bed.enter(&key("a", 1)));
    fail(&holder, 1, &Failure::of(Class::Proxy));
    let (reason, retry_in) = closed(bed.enter(&key("a", 2)));
    assert_eq!(reason, Reason::Down);
    assert!(retry_in <= Duration::from_secs(1) && retry_in > Duration::from_millis(500), "{retry_in:?}");
    let refused = holder.admit().await.unwrap_err();
    assert_eq!((refused.class, refused.fate()), (Class::Connect, crate::chatwoot::outcome::Fate::NotSent));
    settle().await;
    advance(Duration::from_secs(1)).await;
    settle().await;
    let probe = bed.probes.try_recv().expect("a probe after a second");
    advance(Duration::from_secs(300)).await;
    settle().await;
    assert!(bed.probes.try_recv().is_err(), "no second one while the first is out");
    probe.send(Err(Failure::of(Class::Connect))).unwrap();
    settle().await;
    assert!(bed.probes.try_recv().is_err());
    advance(Duration::from_secs(2)).await;
    settle().await;
    assert!(bed.probes.try_recv().is_ok(), "the next at twice the distance");
    assert!(bed.gate.snapshot().breaker_open);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_those_who_waited_are_let_in_a_few_at_a_time() {
    let mut bed = bed(2);
    let holder = turn(bed.enter(&key("a", "holder")));
    fail(&holder, 5, &Failure::of(Class::Connect));
    drop(holder);
    for name in 0..100 {
        closed(bed.enter(&key("a", name)));
    }
    settle().await;
    advance(Duration::from_secs(1)).await;
    settle().await;
    bed.probes.try_recv().unwrap().send(Ok(())).unwrap();
    settle().await;
    let mut seen = 0;
    let mut holding = Vec::new();
    loop {
        let woken = bed.woken();
        assert!(woken.len() <= 2, "{}", woken.len());
        if woken.is_empty() {
            break;
        }
        seen += woken.len();
        holding.extend(woken.iter().map(|key| turn(bed.enter(key))));
        assert!(holding.len() <= 2);
        holding.remove(0);
    }
    assert_eq!(seen, 100, "nobody lost the place");
}

#[tokio::test(start_paused = true)]
async fn a_turn_kept_when_the_gate_closes_is_kept_in_line() {
    let mut bed = bed(2);
    let (first, second) = (turn(bed.enter(&key("a", 1))), turn(bed.enter(&key("a", 2))));
    queued(bed.enter(&key("b", 1)));
    drop(first);
    assert_eq!(bed.woken(), [key("b", 1)]);
    fail(&second, 5, &Failure::of(Class::Transport));
    assert_eq!(closed(bed.enter(&key("b", 1))).0, Reason::Down);
    settle().await;
    advance(Duration::from_secs(1)).await;
    settle().await;
    bed.probes.try_recv().unwrap().send(Err(Failure::of(Class::Unauthorized))).unwrap();
    settle().await;
    assert_eq!(bed.woken(), [key("b", 1)], "any answer shows that it is back");
    turn(bed.enter(&key("b", 1)));
}

#[tokio::test(start_paused = true)]
async fn a_throttle_without_a_date_silences_the_instance_until_the_next_minute() {
    let mut bed = bed(2);
    let holder = turn(bed.enter(&key("a", 1)));
    holder.report(Some(&Failure::of(Class::RateLimited)));
    let (reason, retry_in) = closed(bed.enter(&key("b", 1)));
    assert_eq!(reason, Reason::Throttled);
    assert!((18..=23).contains(&retry_in.as_secs()), "{retry_in:?}");
    assert_eq!(holder.admit().await.unwrap_err().class, Class::RateLimited);
    drop(holder);
    settle().await;
    advance(Duration::from_secs(17)).await;
    settle().await;
    assert_eq!(bed.woken(), []);
    advance(Duration::from_secs(7)).await;
    settle().await;
    assert_eq!(bed.woken(), [key("a", 1), key("b", 1)], "the one who could not use its turn comes first");
    assert!(bed.probes.try_recv().is_err(), "a throttle is no outage");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_with_a_date_is_obeyed_to_the_letter_and_the_longer_one_wins() {
    for class in [Class::RateLimited, Class::Proxy] {
        let bed = bed(2);
        let holder = turn(bed.enter(&key("a", 1)));
        let asked =
            |seconds| Failure { retry_after: Some(Duration::from_secs(seconds)), ..Failure::of(class) };
        holder.report(Some(&asked(100)));
        holder.report(Some(&asked(7)));
        assert_eq!(closed(bed.enter(&key("b", 1))), (Reason::Throttled, Duration::from_secs(100)));
        advance(Duration::from_secs(100)).await;
        turn(bed.enter(&key("b", 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn not_even_a_probe_breaks_an_asked_silence() {
    let mut bed = bed(2);
    let holder = turn(bed.enter(&key("a", 1)));
    let asked = Failure { retry_after: Some(Duration::from_secs(30)), ..Failure::of(Class::Proxy) };
    fail(&holder, 5, &asked);
    settle().await;
    advance(Duration::from_secs(29)).await;
    settle().await;
    assert!(bed.probes.try_recv().is_err());
    advance(Duration::from_secs(2)).await;
    settle().await;
    assert!(bed.probes.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn answers_of_any_kind_keep_the_breaker_closed() {
    let bed = bed(1);
    let holder = turn(bed.enter(&key("a", 1)));
    for class in [Class::Server, Class::NotFound, Class::Invalid, Class::Unauthorized, Class::Unexpected] {
        fail(&holder, 20, &Failure::of(class));
    }
    for _ in 0..20 {
        fail(&holder, 4, &Failure::of(Class::Timeout));
        holder.report(None);
    }
    holder.admit().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn requests_keep_to_the_budget() {
    let mut bed = bed(1);
    bed.gate.resize(Limits { per_minute: 120, in_flight: 1 });
    let holder = turn(bed.enter(&key("a", 1)));
    let start = Instant::now();
    let mut sent = Vec::new();
    while start.elapsed() < Duration::from_secs(180) {
        holder.admit().await.unwrap();
        sent.push(start.elapsed().as_secs_f64());
    }
    let most =
        sent.iter().map(|from| sent.iter().filter(|at| (*from..*from + 60.0).contains(at)).count()).max();
    assert!((118..=120).contains(&most.unwrap()), "{most:?}");
    assert!(bed.woken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_keeper_ends_with_the_gate() {
    let Bed { gate, woken, mut probes } = bed(1);
    drop((gate, woken));
    assert!(probes.recv().await.is_none(), "the probe was dropped with the task");
}

#[tokio::test(start_paused = true)]
async fn more_turns_are_given_at_once_when_the_limit_rises() {
    let mut bed = bed(1);
    let _first = turn(bed.enter(&key("a", 1)));
    queued(bed.enter(&key("a", 2)));
    queued(bed.enter(&key("a", 3)));
    bed.gate.resize(Limits { per_minute: 60_000, in_flight: 2 });
    assert_eq!(bed.woken(), [key("a", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_no_time_is_still_a_pause() {
    let bed = bed(1);
    let holder = turn(bed.enter(&key("a", 1)));
    holder.report(Some(&Failure { retry_after: Some(Duration::ZERO), ..Failure::of(Class::RateLimited) }));
    assert_eq!(closed(bed.enter(&key("b", 1))), (Reason::Throttled, Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_hurried_gate_probes_at_once_and_only_when_it_is_closed() {
    let mut bed = bed(1);
    bed.gate.hurry();
    settle().await;
    assert!(bed.probes.try_recv().is_err());
    let holder = turn(bed.enter(&key("a", 1)));
    fail(&holder, 5, &Failure::of(Class::Connect));
    bed.gate.hurry();
    settle().await;
    assert!(bed.probes.try_recv().is_ok());
}

/// The lead is lost while a call waits for the request budget: it is not sent, and neither is a probe.
#[tokio::test(start_paused = true)]
async fn nothing_goes_out_while_the_process_may_not_begin_anything() {
    let mut bed = bed(2);
    let leads = Arc::new(AtomicBool::new(true));
    let asked = leads.clone();
    bed.gate.heed(Arc::new(move || asked.load(SeqCst)));
    bed.gate.resize(Limits { per_minute: 1, in_flight: 2 });
    let first = turn(bed.enter(&key("a", 1)));
    first.admit().await.unwrap();
    let waits = tokio::spawn(async move { (first.admit().await, first) });
    settle().await;
    assert!(!waits.is_finished(), "its budget is used up");
    leads.store(false, SeqCst);
    let (refused, first) = waits.await.unwrap();
    let refused = refused.unwrap_err();
    assert_eq!((refused.class, refused.detail), (Class::Connect, Some("nothing was sent")));
    assert!(!bed.gate.snapshot().breaker_open);

    fail(&first, 5, &Failure::of(Class::Connect));
    advance(Duration::from_secs(120)).await;
    settle().await;
    assert!(bed.probes.try_recv().is_err(), "a probe went out");
    leads.store(true, SeqCst);
    bed.gate.hurry();
    settle().await;
    assert!(bed.probes.try_recv().is_ok(), "who leads again finds out at once");
}
