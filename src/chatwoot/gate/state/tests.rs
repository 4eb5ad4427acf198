use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn key(name: u8) -> Key {
    Key::new("ChatwootAccount", format!("tenant-{}", name % 4), name.to_string())
}

#[test]
fn a_minute_ends_when_the_wall_clock_says_so() {
    let left = |text: &str| until_next_minute(text.parse().unwrap());
    assert_eq!(left("2026-03-01T10:00:42Z"), Duration::from_secs(18));
    assert_eq!(left("2026-03-01T10:00:59.750Z"), Duration::from_millis(250));
    assert_eq!(left("2026-03-01T10:00:00Z"), Duration::from_secs(60));
    assert_eq!(left("1969-12-31T23:59:50Z"), Duration::from_secs(10));
}

#[derive(Clone, Debug)]
enum Op {
    Enter(Lane, u8),
    Release,
    Forget(u8),
    Wait(u64),
    Answered,
    Failed(Class, Option<u64>),
    Resize(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let lane = prop_oneof![Just(Lane::Change), Just(Lane::Background)];
    let class =
        prop_oneof![Just(Class::Timeout), Just(Class::Connect), Just(Class::RateLimited), Just(Class::Proxy)];
    prop_oneof![
        6 => (lane, 0u8..20).prop_map(|(lane, name)| Op::Enter(lane, name)),
        4 => Just(Op::Release),
        1 => (0u8..20).prop_map(Op::Forget),
        2 => (0u64..5000).prop_map(Op::Wait),
        1 => Just(Op::Answered),
        2 => (class, prop::option::of(0u64..100)).prop_map(|(class, retry)| Op::Failed(class, retry)),
        1 => (1usize..6).prop_map(Op::Resize),
    ]
}

/// The state with the little that its shell does, and what each key was promised.
struct World {
    state: State,
    now: Instant,
    holding: Vec<Key>,
    /// Keys that wait or have been woken and did not come yet.
    owed: BTreeSet<Key>,
}

impl World {
    fn now(&self) -> Now {
        Now { clock: self.now, wall: Timestamp::UNIX_EPOCH, jitter: 0.5 }
    }

    fn enter(&mut self, lane: Lane, key: Key) -> bool {
        let (admission, _) = self.state.enter(lane, &key, self.now);
        let turn = matches!(admission, Admission::Turn);
        if turn {
            assert!(self.state.closed(self.now).is_none(), "no turn while closed");
            self.owed.remove(&key);
            self.holding.push(key);
        } else {
            self.owed.insert(key);
        }
        turn
    }

    fn tick(&mut self) -> Tick {
        let before: Vec<_> = self.state.reserved.iter().map(|reserved| reserved.key.clone()).collect();
        let expired = self.state.reserved.iter().filter(|reserved| reserved.until <= self.now).count();
        for key in before.iter().take(expired) {
            self.owed.remove(key);
        }
        let tick = self.state.tick(self.now, false);
        if !tick.probe {
            return tick;
        }
        self.state.probed(None, self.now());
        self.state.tick(self.now, false)
    }

    /// Everybody who is owed a turn gets one in the end.
    fn run_dry(&mut self) {
        for _ in 0..100_000 {
            while let Some(key) = self.holding.pop() {
                self.state.release(&key, self.now);
            }
            let tick = self.tick();
            if self.owed.is_empty() {
                return;
            }
            let woken: Vec<_> = self.state.reserved.iter().map(|reserved| reserved.key.clone()).collect();
            for key in &woken {
                assert!(self.enter(Lane::Change, key.clone()), "a kept turn is given");
            }
            if woken.is_empty() {
                let next = tick.next.expect("somebody waits and nothing is due");
                self.now = self.now.max(next);
            }
        }
        panic!("still waiting: {:?}", self.owed);
    }
}

proptest! {
    #[test]
    fn no_turn_is_lost_and_none_too_many_is_out(ops in prop::collection::vec(op(), 0..300)) {
        let now = Instant::now();
        let limits = Limits { per_minute: 1000, in_flight: 3 };
        let mut world = World { state: State::new(limits, now), now, holding: Vec::new(), owed: BTreeSet::new() };
        let mut most = 3;
        for op in ops {
            match op {
                Op::Enter(lane, name) => drop(world.enter(lane, key(name))),
                Op::Release => {
                    if let Some(key) = world.holding.pop() {
                        world.state.release(&key, world.now);
                    }
                }
                Op::Forget(name) => {
                    world.state.forget(&key(name), world.now);
                    world.owed.remove(&key(name));
                }
                Op::Wait(millis) => {
                    world.now += Duration::from_millis(millis);
                    world.tick();
                }
                Op::Answered => world.state.called(None, world.now()),
                Op::Failed(class, retry) => {
                    let failure = Failure { retry_after: retry.map(Duration::from_secs), ..Failure::of(class) };
                    world.state.called(Some(&failure), world.now());
                }
                Op::Resize(in_flight) => {
                    most = most.max(in_flight);
                    world.state.resize(Limits { in_flight, ..limits }, world.now);
                }
            }
            prop_assert!(world.holding.len() + world.state.reserved.len() <= most);
            prop_assert_eq!(world.state.out.len(), world.holding.len());
            let free = world.holding.len() + world.state.reserved.len() < world.state.limits.in_flight;
            let waiting = world.state.queue.len(Lane::Change) + world.state.queue.len(Lane::Background);
            let open = world.state.closed(world.now).is_none() && world.state.paused_until.is_none();
            prop_assert!(!(free && waiting > 0 && open), "a free turn while somebody waits");
        }
        world.run_dry();
    }
}
