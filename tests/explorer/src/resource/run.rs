//! Everything that can happen to a resource, as something to explore.

use super::{How, Kind, Object, State, TICK, Turn, calm, step};
use crate::{bounds::Trouble, explore::Model, fingerprint::Met};
use std::rc::Rc;

/// A kind, and where it begins.
#[derive(Clone)]
pub struct Running<K: Kind> {
    pub kind: K,
    pub start: State<K>,
    /// The bounds beyond the budget, in words.
    pub about: String,
}

#[derive(Clone, Copy, Debug)]
pub enum Action<D> {
    Begin { who: usize, fresh: bool, how: How },
    Step(usize, How),
    Pause(usize),
    Crash(usize),
    Terminate(usize),
    Handover,
    Land(usize),
    Tick,
    Delete,
    Recreate,
    Strip,
    Wipe,
    Deed(Trouble, D),
}

impl<D> Action<D> {
    fn troubles(&self) -> [Option<Trouble>; 2] {
        let one = match self {
            Action::Begin { fresh, how, .. } => return [(!fresh).then_some(Trouble::Stale), how.trouble()],
            Action::Step(_, how) => how.trouble(),
            Action::Land(_) | Action::Tick => None,
            Action::Pause(_) => Some(Trouble::Pause),
            Action::Crash(_) => Some(Trouble::Crash),
            Action::Terminate(_) => Some(Trouble::Terminate),
            Action::Handover => Some(Trouble::Handover),
            Action::Delete => Some(Trouble::DeleteKeeping),
            Action::Recreate => Some(Trouble::Recreate),
            Action::Strip => Some(Trouble::Strip),
            Action::Wipe => Some(Trouble::Wipe),
            Action::Deed(trouble, _) => Some(*trouble),
        };
        [one, None]
    }
}

impl<K: Kind> Model for Running<K> {
    type State = State<K>;
    type Action = Action<K::Deed>;
    type Violation = K::Violation;

    fn start(&self) -> State<K> {
        self.start.clone().canonical()
    }

    fn actions(&self, state: &State<K>) -> Vec<Self::Action> {
        let mut all = vec![];
        for who in 0..state.processes.len() {
            self.process(state, who, &mut all);
        }
        all.extend((0..self.kind.late(&state.chatwoot)).map(Action::Land));
        let passes = state.processes.iter().filter_map(|process| process.pass.as_ref());
        if state.ticks_left > 0 && passes.into_iter().all(|pass| pass.paused) {
            all.push(Action::Tick);
        }
        if state.leader.is_some() && state.processes.len() > 1 {
            all.push(Action::Handover);
        }
        self.people(state, &mut all);
        all.retain(|action| {
            let mut budget = state.budget.clone();
            action.troubles().into_iter().flatten().all(|trouble| {
                let allowed = budget.allows(trouble);
                budget.spend(trouble);
                allowed
            })
        });
        all
    }

    fn apply(
        &self,
        state: &State<K>,
        action: Self::Action,
        story: Option<&mut Vec<String>>,
    ) -> (State<K>, Option<K::Violation>) {
        let mut turn = Turn { kind: &self.kind, state: state.clone(), broke: None, story };
        for trouble in action.troubles().into_iter().flatten() {
            turn.state.budget.spend(trouble);
        }
        act(&mut turn, action);
        let always = self.kind.always(&turn.state);
        turn.check(always);
        (turn.state.canonical(), turn.broke)
    }

    fn comes_to_rest(
        &self,
        state: &State<K>,
        known: &mut Met,
        story: Option<&mut Vec<String>>,
    ) -> Result<(), K::Violation> {
        calm::comes_to_rest(self, state, known, story)
    }

    fn bounds(&self) -> String {
        let State { processes, leader, ticks_left, budget, .. } = &self.start;
        let (many, es) = (processes.len(), if processes.len() == 1 { "" } else { "es" });
        let who = if leader.is_some() { "of which one leads" } else { "that all act" };
        format!("{}, {many} process{es} {who}, {ticks_left} ticks, {budget}", self.about)
    }
}

impl<K: Kind> Running<K> {
    fn process(&self, state: &State<K>, who: usize, all: &mut Vec<Action<K::Deed>>) {
        let process = &state.processes[who];
        if let Some(pass) = &process.pass {
            all.extend(step::ways(&self.kind, state, who).iter().map(|how| Action::Step(who, *how)));
            if !pass.paused {
                all.push(Action::Pause(who));
            }
            if !process.stopping {
                all.push(Action::Terminate(who));
            }
        } else if state.leader.is_none_or(|leader| leader == who) {
            let version = |object: &Option<Rc<Object<K>>>| object.as_ref().map(|o| (o.uid, o.version));
            if state.budget.allows(Trouble::Stale) && version(&process.cache) != version(&state.object) {
                let old = step::ways(&self.kind, state, who).iter();
                all.extend(old.map(|how| Action::Begin { who, fresh: false, how: *how }));
            }
            all.extend(self.fresh(state, who).iter().map(|how| Action::Begin {
                who,
                fresh: true,
                how: *how,
            }));
        }
        if process.pass.is_some() || process.memory.is_some() {
            all.push(Action::Crash(who));
        }
    }

    /// In which ways the first step of a pass over the newest version can end.
    fn fresh(&self, state: &State<K>, who: usize) -> &'static [How] {
        let mut turn = Turn { kind: &self.kind, state: state.clone(), broke: None, story: None };
        step::deliver(&mut turn, who);
        step::ways(&self.kind, &turn.state, who)
    }

    fn people(&self, state: &State<K>, all: &mut Vec<Action<K::Deed>>) {
        let Some(object) = &state.object else {
            all.push(Action::Recreate);
            return;
        };
        if !object.deleting {
            all.push(Action::Delete);
            if object.finalizer {
                all.push(Action::Strip);
                if object.status != K::Status::default() {
                    all.push(Action::Wipe);
                }
            }
        }
        all.extend(self.kind.deeds(state).into_iter().map(|(trouble, deed)| Action::Deed(trouble, deed)));
    }
}

fn act<K: Kind>(turn: &mut Turn<'_, K>, action: Action<K::Deed>) {
    match action {
        Action::Begin { who, fresh, how } => {
            if fresh {
                step::deliver(turn, who);
            } else {
                turn.say(|_| "what follows is out of date:".into());
            }
            step::step(turn, who, how);
        }
        Action::Step(who, how) => step::step(turn, who, how),
        Action::Pause(who) => {
            if let Some(pass) = &mut turn.state.processes[who].pass {
                pass.paused = true;
            }
            turn.say(|_| format!("{}: stands still", step::name(who)));
        }
        Action::Crash(who) => {
            turn.restart(who);
            turn.say(|_| format!("{}: dies, and starts anew", step::name(who)));
        }
        Action::Terminate(who) => {
            turn.state.processes[who].stopping = true;
            turn.say(|_| format!("{}: is told to stop", step::name(who)));
        }
        Action::Handover => handover(turn),
        Action::Land(request) => turn.kind.land(turn, request),
        Action::Tick => {
            turn.state.ticks_left -= 1;
            tick(turn);
        }
        Action::Delete => {
            turn.say(|_| "somebody deletes the resource".into());
            step::store(turn, |object| {
                object.deleting = true;
                object.generation += 1;
            });
        }
        Action::Recreate => recreate(turn),
        Action::Strip => {
            turn.say(|_| "a replaced manifest takes the finalizer away".into());
            step::store(turn, |object| object.finalizer = false);
            turn.state.stripped = true;
            turn.state.was_stripped = true;
        }
        Action::Wipe => {
            turn.say(|_| "the status is lost".into());
            step::store(turn, |object| object.status = K::Status::default());
            turn.state.wiped = true;
        }
        Action::Deed(_, deed) => turn.kind.does(turn, deed),
    }
}

pub fn tick<K: Kind>(turn: &mut Turn<'_, K>) {
    turn.state.clock += TICK;
    turn.kind.tick(&mut turn.state.chatwoot);
    turn.say(|_| format!("{} s pass", TICK.as_secs()));
}

/// The process that led learns so at its next step; one without a pass starts anew.
fn handover<K: Kind>(turn: &mut Turn<'_, K>) {
    let Some(old) = turn.state.leader else { return };
    let new = (old + 1) % turn.state.processes.len();
    turn.state.leader = Some(new);
    if turn.state.processes[old].pass.is_none() {
        turn.restart(old);
    }
    turn.say(|_| format!("{} takes the lead", step::name(new)));
}

/// The resource of the same name and manifest is applied again.
fn recreate<K: Kind>(turn: &mut Turn<'_, K>) {
    let start = turn.kind.again(&turn.state);
    turn.state.object = Some(Rc::new(Object { version: turn.state.fresh_version(), ..start }));
    turn.say(|_| "somebody applies the resource again".into());
}
