//! Creating and binding an account, as something to explore.

use crate::{
    actions::{Action, actions, apply},
    calm,
    explore::Model,
    fingerprint::Met,
    invariants::Violation,
    model::State,
    mutants::Machine,
};

/// Who runs, and where it begins.
#[derive(Clone, Debug)]
pub struct Creating {
    pub machine: Machine,
    pub start: State,
}

impl Model for Creating {
    type State = State;
    type Action = Action;
    type Violation = Violation;

    fn start(&self) -> State {
        self.start.clone().canonical(self.machine.forgets_timers())
    }

    fn actions(&self, state: &State) -> Vec<Action> {
        actions(self.machine, state)
    }

    fn apply(
        &self,
        state: &State,
        action: Action,
        story: Option<&mut Vec<String>>,
    ) -> (State, Option<Violation>) {
        apply(self.machine, state, action, story)
    }

    fn comes_to_rest(
        &self,
        state: &State,
        known: &mut Met,
        story: Option<&mut Vec<String>>,
    ) -> Result<(), Violation> {
        calm::comes_to_rest(self.machine, state, known, story)
    }

    fn bounds(&self) -> String {
        let State { processes, index_works, budget, .. } = &self.start;
        let (many, index) = (processes.len(), if *index_works { "working" } else { "broken" });
        format!("{many} process{}, index {index}, {budget}", if many == 1 { "" } else { "es" })
    }
}
