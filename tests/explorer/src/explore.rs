//! Breadth first through everything that can happen, within bounds.

use crate::{
    actions::{Action, actions, apply},
    calm,
    invariants::Violation,
    model::{State, fingerprint},
    mutants::Machine,
};
use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::{BuildHasherDefault, Hasher},
    time::{Duration, Instant},
};

/// Where to begin, what runs, and when to give up.
#[derive(Clone, Debug)]
pub struct Search {
    pub machine: Machine,
    pub start: State,
    pub most_states: usize,
}

/// What an exploration came to.
#[derive(Debug)]
pub struct Report {
    pub bounds: String,
    pub states: usize,
    pub transitions: usize,
    /// Longest of the shortest ways to a state, in transitions.
    pub depth: usize,
    pub took: Duration,
    /// Every state within the bounds was visited.
    pub complete: bool,
    pub found: Option<Trace>,
}

/// The shortest way to a broken promise.
#[derive(Debug)]
pub struct Trace {
    pub violation: Violation,
    pub lines: Vec<String>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.violation)?;
        for (at, line) in self.lines.iter().enumerate() {
            writeln!(f, "  {:2}. {line}", at + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { bounds, states, transitions, depth, took, complete, found } = self;
        write!(
            f,
            "{states} states{}, {transitions} transitions, depth {depth}, {:.1} s; bounds: {bounds}",
            if *complete { "" } else { " (not all)" },
            took.as_secs_f64()
        )?;
        match found {
            Some(trace) => write!(f, "\n{trace}"),
            None => Ok(()),
        }
    }
}

impl Search {
    pub fn run(&self) -> Report {
        let began = Instant::now();
        let start = self.start.clone().canonical();
        let mut seen: HashSet<u64, Plain> = HashSet::default();
        seen.insert(fingerprint(&start));
        let mut calm: HashSet<u64, Plain> = HashSet::default();
        let mut ways: Vec<(u32, Action)> = vec![(0, Action::Start)];
        let mut queue = VecDeque::from([(0u32, 0usize, start)]);
        let mut report = Report {
            bounds: self.bounds(),
            states: 0,
            transitions: 0,
            depth: 0,
            took: Duration::ZERO,
            complete: true,
            found: None,
        };
        'all: while let Some((at, depth, state)) = queue.pop_front() {
            report.depth = depth;
            if let Err(violation) = calm::comes_to_rest(self.machine, &state, &mut calm) {
                report.found = Some(self.trace(&ways, at, None, violation));
                break;
            }
            for action in actions(self.machine, &state) {
                report.transitions += 1;
                let (next, broke) = apply(self.machine, &state, action, None);
                if let Some(violation) = broke {
                    report.found = Some(self.trace(&ways, at, Some(action), violation));
                    break 'all;
                }
                if seen.insert(fingerprint(&next)) {
                    if ways.len() >= self.most_states {
                        report.complete = false;
                        continue;
                    }
                    queue.push_back((ways.len() as u32, depth + 1, next));
                    ways.push((at, action));
                }
            }
        }
        report.states = ways.len();
        report.took = began.elapsed();
        report
    }

    fn bounds(&self) -> String {
        let State { processes, index_works, budget, .. } = &self.start;
        let (many, index) = (processes.len(), if *index_works { "working" } else { "broken" });
        format!("{many} process{}, index {index}, {budget}", if many == 1 { "" } else { "es" })
    }

    /// Walks the way to a state again, this time listening.
    fn trace(
        &self,
        ways: &[(u32, Action)],
        mut at: u32,
        last: Option<Action>,
        violation: Violation,
    ) -> Trace {
        let mut actions: Vec<Action> = last.into_iter().collect();
        while at != 0 {
            let (before, action) = ways[at as usize];
            actions.push(action);
            at = before;
        }
        let mut lines = vec![];
        let mut state = self.start.clone().canonical();
        for action in actions.into_iter().rev() {
            state = apply(self.machine, &state, action, Some(&mut lines)).0;
        }
        if last.is_none() {
            lines.push("-- nothing goes wrong from here on --".into());
            calm::tell(self.machine, &state, &mut lines);
        }
        Trace { violation, lines }
    }
}

/// Fingerprints are hashes already.
#[derive(Default)]
pub struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub type Plain = BuildHasherDefault<AsItIs>;
