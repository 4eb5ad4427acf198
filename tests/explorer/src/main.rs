//! Explores within larger bounds than the tests have time for.

use chatwoot_explorer::{
    explore::{Model, Search},
    inside::{self, Inside},
    person::{Person, Wish},
    scenarios::{self, WHOLE},
    tenant::Tenant,
};
use chatwoot_operator::api::{account::AccountDeletionPolicy, user::UserDeletionPolicy};
use clap::{Parser, ValueEnum};
use std::process::ExitCode;

/// Visits every state within a bound of what the operator does about accounts, people and what is inside, and says what is broken.
#[derive(Parser)]
#[command(name = "explore")]
struct Options {
    /// How many things may go wrong in one run.
    #[arg(long, default_value_t = 3)]
    bound: u8,
    /// Replicas that may act at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    processes: u8,
    /// Give up after this many states; about 500 bytes each while they wait to be looked at, and 50 afterwards.
    #[arg(long, default_value_t = 50_000_000)]
    most_states: usize,
    /// Only this part.
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Creating and binding an account, with fine time.
    Create,
    /// An account's resource whole.
    Account,
    /// A person's resource whole.
    Person,
    /// Something inside an account, whole.
    Inside,
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// Explores, prints what it came to, and says whether everything holds.
    fn explore<M: Model>(&self, mut search: Search<M>) -> bool {
        search.most_states = self.most_states;
        let report = search.run();
        println!("{report}");
        report.found.is_none()
    }

    fn create(&self) -> bool {
        [true, false]
            .into_iter()
            .all(|works| self.explore(scenarios::whole(self.processes.into(), works, self.bound)))
    }

    fn account(&self) -> bool {
        use AccountDeletionPolicy::{Delete, Retain, Suspend};
        let act = (self.processes.into(), false);
        let bare = [(Retain, true), (Suspend, true), (Delete, true), (Retain, false)];
        let whole =
            bare.map(|(policy, works)| (policy, works, false)).into_iter().chain([(Delete, true, true)]);
        whole.into_iter().all(|(policy, works, content)| {
            let kind = Tenant { mutant: None, policy, content };
            self.explore(scenarios::tenant(kind, works, act, self.bound, WHOLE))
        })
    }

    fn person(&self) -> bool {
        use UserDeletionPolicy::{Delete, Retain, Revoke};
        let act = (self.processes.into(), true);
        [Revoke, Delete, Retain].into_iter().all(|policy| {
            let wish = Wish { member: true, password: true, token: None, adopt: false, policy };
            [false, true].into_iter().all(|adopts| {
                let kind = Person { mutant: None, wish, adopts };
                self.explore(scenarios::person(kind, adopts, act, self.bound, WHOLE))
            })
        })
    }

    fn inside(&self) -> bool {
        let act = (self.processes.into(), true);
        let wish = inside::Wish { second: false, adopt: false, deletes: true };
        [(true, false), (true, true), (false, false), (false, true)].into_iter().all(|(unique, theirs)| {
            let kind = Inside { mutant: None, unique, wish };
            self.explore(scenarios::inside(kind, theirs, act, self.bound, WHOLE))
        })
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let holds = (!options.wants(Part::Create) || options.create())
        && (!options.wants(Part::Account) || options.account())
        && (!options.wants(Part::Person) || options.person())
        && (!options.wants(Part::Inside) || options.inside());
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
