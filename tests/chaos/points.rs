//! Where the operator is killed: on either side of the commit of every write.

use std::{fmt, time::Duration};

/// Which write, and on which side of its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Chatwoot got the request and never carries it out.
    ChatwootBefore,
    /// Chatwoot carries it out when the next operator is at work already.
    ChatwootLate,
    /// Carried out; the answer never comes.
    ChatwootAfter,
    /// The API server never gets the request.
    KubernetesBefore,
    /// Carried out; the answer never comes.
    KubernetesAfter,
}

impl Side {
    const ALL: [Self; 5] = [
        Self::ChatwootBefore,
        Self::ChatwootLate,
        Self::ChatwootAfter,
        Self::KubernetesBefore,
        Self::KubernetesAfter,
    ];

    pub fn is_chatwoot(self) -> bool {
        matches!(self, Self::ChatwootBefore | Self::ChatwootLate | Self::ChatwootAfter)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub side: Side,
    /// From 1, in the order in which the requests of one run come.
    pub nth: u64,
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?} {}", self.side, self.nth)
    }
}

/// The writes of an undisturbed run, and how long after its beginning each came.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    pub chatwoot: Vec<Duration>,
    pub kubernetes: Vec<Duration>,
}

impl Writes {
    fn of(&self, side: Side) -> &[Duration] {
        if side.is_chatwoot() { &self.chatwoot } else { &self.kubernetes }
    }

    /// How many points there are.
    pub fn points(&self) -> usize {
        Side::ALL.iter().map(|side| self.of(*side).len()).sum()
    }

    /// Every `step`th point of each side, in the order in which they come in a run: so points that are taken together are
    /// reached at about the same time.
    pub fn every(&self, step: u64) -> Vec<Point> {
        let mut points = Vec::new();
        for (number, side) in (0..).zip(Side::ALL) {
            // Sides begin at different writes, so that all of them together leave out fewer.
            let chosen = (1..).zip(self.of(side)).filter(|(nth, _)| nth % step == number % step);
            points.extend(chosen.map(|(nth, at)| (*at, Point { side, nth })));
        }
        points.sort_by_key(|(at, _)| *at);
        points.into_iter().map(|(_, point)| point).collect()
    }
}

#[test]
fn every_fifth_is_a_fifth_of_each_side_and_every_first_is_all() {
    let times = |count| (0..count).map(Duration::from_millis).collect();
    let writes = Writes { chatwoot: times(50), kubernetes: times(100) };
    assert_eq!(writes.points(), 350);
    assert_eq!(writes.every(1).len(), 350);
    for (side, fifth) in [(Side::ChatwootLate, 10), (Side::KubernetesAfter, 20)] {
        assert_eq!(writes.every(5).iter().filter(|point| point.side == side).count(), fifth);
    }
    assert!(writes.every(5).is_sorted_by_key(|point| point.nth));
}
