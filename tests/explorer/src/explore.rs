//! Breadth first through everything that can happen, within bounds.

use crate::fingerprint::{Met, fingerprint};
use std::{
    collections::VecDeque,
    fmt,
    hash::Hash,
    time::{Duration, Instant},
};

/// Something to explore: where it begins, what can happen, and what must hold.
pub trait Model {
    /// Equal states have equal futures, so a state is canonical: everything no comparison can tell apart is one state.
    type State: Clone + Hash;
    type Action: Copy;
    type Violation: Clone + fmt::Debug + fmt::Display;

    fn start(&self) -> Self::State;

    /// Everything that can happen in this state.
    fn actions(&self, state: &Self::State) -> Vec<Self::Action>;

    /// The state an action leads to, and what it broke; tells its story where somebody listens.
    fn apply(
        &self,
        state: &Self::State,
        action: Self::Action,
        story: Option<&mut Vec<String>>,
    ) -> (Self::State, Option<Self::Violation>);

    /// From here on nothing goes wrong any more: everything must come to rest. `known` are the states that are known to
    /// end well; those on the way are added where they do.
    fn comes_to_rest(
        &self,
        state: &Self::State,
        known: &mut Met,
        story: Option<&mut Vec<String>>,
    ) -> Result<(), Self::Violation>;

    /// The bounds, in words.
    fn bounds(&self) -> String;
}

/// What is explored, and when to give up.
#[derive(Clone, Debug)]
pub struct Search<M> {
    pub model: M,
    pub most_states: usize,
}

/// What an exploration came to.
#[derive(Debug)]
pub struct Report<V> {
    pub bounds: String,
    pub states: usize,
    pub transitions: usize,
    /// Longest of the shortest ways to a state, in transitions.
    pub depth: usize,
    pub took: Duration,
    /// Every state within the bounds was visited.
    pub complete: bool,
    pub found: Option<Trace<V>>,
}

/// The shortest way to a broken promise.
#[derive(Debug)]
pub struct Trace<V> {
    pub violation: V,
    pub lines: Vec<String>,
}

impl<V: fmt::Display> fmt::Display for Trace<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.violation)?;
        for (at, line) in self.lines.iter().enumerate() {
            writeln!(f, "  {:2}. {line}", at + 1)?;
        }
        Ok(())
    }
}

impl<V: fmt::Display> fmt::Display for Report<V> {
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

/// The way to a state: the number of the one before it, and what happened there.
type Way<M> = (u32, Option<<M as Model>::Action>);

impl<M: Model> Search<M> {
    pub fn run(&self) -> Report<M::Violation> {
        self.visit(|_| {})
    }

    /// As [`Search::run`], showing every state on the way.
    pub fn visit(&self, mut see: impl FnMut(&M::State)) -> Report<M::Violation> {
        let began = Instant::now();
        let start = self.model.start();
        let (mut met, mut calm) = (Met::default(), Met::default());
        met.insert(fingerprint(&start));
        let mut ways: Vec<Way<M>> = vec![(0, None)];
        let mut queue = VecDeque::from([(0u32, 0usize, start)]);
        let mut report = Report {
            bounds: self.model.bounds(),
            states: 0,
            transitions: 0,
            depth: 0,
            took: Duration::ZERO,
            complete: true,
            found: None,
        };
        'all: while let Some((at, depth, state)) = queue.pop_front() {
            report.depth = depth;
            see(&state);
            if let Err(violation) = self.model.comes_to_rest(&state, &mut calm, None) {
                report.found = Some(self.trace(&ways, at, None, violation));
                break;
            }
            for action in self.model.actions(&state) {
                report.transitions += 1;
                let (next, broke) = self.model.apply(&state, action, None);
                if let Some(violation) = broke {
                    report.found = Some(self.trace(&ways, at, Some(action), violation));
                    break 'all;
                }
                if met.insert(fingerprint(&next)) {
                    if ways.len() >= self.most_states {
                        report.complete = false;
                        continue;
                    }
                    queue.push_back((ways.len() as u32, depth + 1, next));
                    ways.push((at, Some(action)));
                }
            }
        }
        report.states = ways.len();
        report.took = began.elapsed();
        report
    }

    /// Walks the way to a state again, this time listening.
    fn trace(
        &self,
        ways: &[Way<M>],
        mut at: u32,
        last: Option<M::Action>,
        violation: M::Violation,
    ) -> Trace<M::Violation> {
        let mut actions: Vec<M::Action> = last.into_iter().collect();
        while let (before, Some(action)) = ways[at as usize] {
            actions.push(action);
            at = before;
        }
        let mut lines = vec![];
        let mut state = self.model.start();
        for action in actions.into_iter().rev() {
            state = self.model.apply(&state, action, Some(&mut lines)).0;
        }
        if last.is_none() {
            lines.push("-- nothing goes wrong from here on --".into());
            // What it ends with is known already.
            let _ = self.model.comes_to_rest(&state, &mut Met::default(), Some(&mut lines));
        }
        Trace { violation, lines }
    }
}
