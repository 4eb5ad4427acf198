//! The course of a storm, drawn from its seed before it begins: so that a seed replays it.

use crate::proxy::Mishap;
use chatwoot_simulator::Effect;
use http::StatusCode;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::time::Duration;

/// What a storm is made of.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    pub seed: u64,
    pub lasts: Duration,
    /// Runs of the scenario, each with a Chatwoot of its own.
    pub scenarios: usize,
    /// How long Chatwoot is down at a time, from and to.
    pub outages: (Duration, Duration),
    /// Chatwoot's own throttle answers without saying until when, and is then left alone for up to a minute.
    pub throttled: bool,
    /// Mean distance of two gusts.
    pub every: Duration,
    /// Mean distance of two crashes in the last part.
    pub crashes: Duration,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Gust {
    /// The next requests to a Chatwoot meet this.
    Fault {
        scenario: usize,
        route: &'static str,
        count: u64,
        effect: Effect,
    },
    /// A request hangs, and is let go after a while: it goes on, or is lost.
    Hang {
        scenario: usize,
        effect: Effect,
        lasts: Duration,
        proceeds: bool,
    },
    /// Every request is answered by the proxy.
    Down {
        scenario: usize,
        lasts: Duration,
    },
    /// The next requests to the API server meet these.
    Wire {
        mishaps: Vec<Mishap>,
    },
    DropWatches,
    /// No connection to the API server.
    Gone {
        lasts: Duration,
    },
    /// People at work in Chatwoot. `which`: the how-manieth account or person, counted around.
    People {
        scenario: usize,
        which: usize,
        deed: Deed,
    },
    /// Authors at work in Kubernetes.
    Author {
        scenario: usize,
        which: usize,
        deed: Edit,
    },
    /// The API server is killed, and comes back with the data it had.
    Restart,
    /// The operator is stopped and goes on later, as on a machine that is suspended: every clock jumps for it.
    StandStill {
        lasts: Duration,
    },
    /// SIGKILL, and another operator at once.
    Crash,
}

/// What people do behind the operator's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    RenameAccount,
    ChangeAttributes,
    ChangeFeatures,
    ChangeLimits,
    RenamePerson,
    DeletePerson,
    RemoveMember,
    ChangeRole,
    ChangeLabel,
    ChangeTeam,
    ChangeWebhook,
    ChangeInbox,
    ChangeBot,
    DeleteLabel,
    DeleteTeam,
    DeleteWebhook,
    DeleteBot,
    DetachBot,
}

/// What authors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Rename,
    /// Asks for a look at several.
    Look,
    /// Another password is to be made.
    Rotate,
}

const DEEDS: [Deed; 18] = [
    Deed::RenameAccount,
    Deed::ChangeAttributes,
    Deed::ChangeFeatures,
    Deed::ChangeLimits,
    Deed::RenamePerson,
    Deed::DeletePerson,
    Deed::RemoveMember,
    Deed::ChangeRole,
    Deed::ChangeLabel,
    Deed::ChangeTeam,
    Deed::ChangeWebhook,
    Deed::ChangeInbox,
    Deed::ChangeBot,
    Deed::DeleteLabel,
    Deed::DeleteTeam,
    Deed::DeleteWebhook,
    Deed::DeleteBot,
    Deed::DetachBot,
];
const ROUTES: [&str; 4] = ["*", "WRITE *", "POST *", "PATCH *"];
/// As the operator's settle time forbids anything to come much later than its time-out.
const LONGEST_HANG_MS: u64 = 8000;
/// Beyond the operator's time-out, and beyond the 10 s in which a claim must be followed by its request.
const STILL_MS: u64 = 14000;
/// One restart of the API server for each of these, and one at least.
const RESTARTS_EVERY: Duration = Duration::from_secs(120);

impl Season {
    /// From then on the operator crashes now and then. Before, its memory is looked at, and what it asks in outages.
    pub fn crashes_from(&self) -> Duration {
        self.lasts.mul_f64(0.7)
    }

    /// What happens when, in order. Each Chatwoot has an outage, so that no storm is without.
    pub fn forecast(&self) -> Vec<(Duration, Gust)> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut all = Vec::new();
        for scenario in 0..self.scenarios {
            let lasts = rng.random_range(self.outages.0..=self.outages.1);
            let latest = self.crashes_from().saturating_sub(lasts).max(Duration::from_millis(1));
            all.push((rng.random_range(Duration::ZERO..latest), Gust::Down { scenario, lasts }));
        }
        let restarts = self.lasts.div_duration_f64(RESTARTS_EVERY).ceil();
        let mut restarted = 0.0;
        while restarted < restarts {
            let part = self.lasts.div_f64(restarts);
            all.push((part.mul_f64(restarted + rng.random_range(0.0..0.9)), Gust::Restart));
            restarted += 1.0;
        }
        let mut at = Duration::ZERO;
        while at < self.lasts {
            all.push((at, self.gust(&mut rng)));
            at += rng.random_range(Duration::ZERO..2 * self.every);
        }
        let mut at = self.crashes_from();
        while at < self.lasts {
            at += rng.random_range(Duration::ZERO..2 * self.crashes);
            all.push((at, Gust::Crash));
        }
        all.sort_by_key(|(at, _)| *at);
        all
    }

    fn gust(&self, rng: &mut StdRng) -> Gust {
        let scenario = rng.random_range(0..self.scenarios);
        let which = rng.random_range(0..1000);
        match rng.random_range(0..100) {
            0..22 => Gust::Fault {
                scenario,
                route: ROUTES[rng.random_range(0..ROUTES.len())],
                count: rng.random_range(1..6),
                effect: self.effect(rng),
            },
            22..32 => Gust::Hang {
                scenario,
                effect: if rng.random() { Effect::HangBeforeCommit } else { Effect::HangAfterCommit },
                lasts: Duration::from_millis(rng.random_range(200..LONGEST_HANG_MS)),
                proceeds: rng.random(),
            },
            32..46 => Gust::Wire { mishaps: (0..rng.random_range(1..6)).map(|_| mishap(rng)).collect() },
            46..48 => Gust::DropWatches,
            48..49 => Gust::StandStill { lasts: Duration::from_millis(rng.random_range(200..STILL_MS)) },
            49..51 => Gust::Gone { lasts: Duration::from_millis(rng.random_range(500..6000)) },
            51..66 => Gust::People { scenario, which, deed: DEEDS[rng.random_range(0..DEEDS.len())] },
            66..72 => Gust::Author { scenario, which, deed: Edit::Rename },
            72..97 => Gust::Author { scenario, which, deed: Edit::Look },
            _ => Gust::Author { scenario, which, deed: Edit::Rotate },
        }
    }

    fn effect(&self, rng: &mut StdRng) -> Effect {
        let after_commit = rng.random();
        match rng.random_range(0..10) {
            0 => Effect::ResetBeforeCommit,
            1 => Effect::ResetAfterCommit,
            2 => Effect::CloseBeforeCommit,
            3 => Effect::CloseAfterCommit,
            4 => Effect::TruncateAfterCommit,
            5 => Effect::Html { status: 502, after_commit },
            6 => Effect::Empty { status: 503, after_commit },
            7 if self.throttled => Effect::Status { status: 429, after_commit: false },
            7 | 8 => Effect::RetryAfter { seconds: rng.random_range(1..4) },
            _ => Effect::Delay { ms: rng.random_range(20..3000), after_commit },
        }
    }
}

fn mishap(rng: &mut StdRng) -> Mishap {
    let writes_only = rng.random();
    let statuses = [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    match rng.random_range(0..5) {
        0 => Mishap::LoseRequest,
        1 | 2 => Mishap::LoseAnswer { writes_only },
        3 => Mishap::Refuse { status: statuses[rng.random_range(0..statuses.len())], writes_only },
        _ => Mishap::Delay { by: Duration::from_millis(rng.random_range(10..2000)) },
    }
}

#[test]
fn a_seed_replays_its_storm_and_another_one_is_another_storm() {
    let season = |seed| Season {
        seed,
        lasts: Duration::from_secs(60),
        scenarios: 3,
        outages: (Duration::from_secs(5), Duration::from_secs(9)),
        throttled: true,
        every: Duration::from_millis(300),
        crashes: Duration::from_secs(5),
    };
    let forecast = season(7).forecast();
    assert_eq!(forecast, season(7).forecast());
    assert_ne!(forecast, season(8).forecast());
    let outages = forecast.iter().filter(|(_, gust)| matches!(gust, Gust::Down { .. })).count();
    assert_eq!(outages, 3);
    assert_eq!(forecast.iter().filter(|(_, gust)| *gust == Gust::Restart).count(), 1);
    assert!(forecast.iter().any(|(_, gust)| matches!(gust, Gust::StandStill { .. })));
    let first = forecast.iter().find(|(_, gust)| *gust == Gust::Crash).unwrap();
    assert!(first.0 > season(7).crashes_from());
    assert!(forecast.len() > 100 && forecast.is_sorted_by_key(|(at, _)| *at));
}
