//! Sidekiq: what Chatwoot does later, and the means to hold it back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The kinds of work that wait in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// The account's row goes (P28): what was phase A becomes phase B.
    DestroyAccount,
    /// Its memberships and bots go: phase C.
    CleanAccount,
    /// The person's row goes (P29).
    DestroyUser,
    /// The person's memberships go.
    CleanUser,
    /// What a removed member leaves behind goes: notification settings, teams, inboxes (P5).
    RemoveMember,
    /// The inbox's row and channel go; until then it is answered as before (chatwoot-api §3.5).
    DestroyInbox,
    /// Its sessions, conversations and members go.
    CleanInbox,
    /// Sessions and conversations of a contact whose row is gone go.
    CleanContact,
    DestroyConversation,
    /// A renamed label's taggings get the new title.
    RenameLabel,
}

impl JobKind {
    pub const ALL: [JobKind; 10] = [
        JobKind::DestroyAccount,
        JobKind::CleanAccount,
        JobKind::DestroyUser,
        JobKind::CleanUser,
        JobKind::RemoveMember,
        JobKind::DestroyInbox,
        JobKind::CleanInbox,
        JobKind::CleanContact,
        JobKind::DestroyConversation,
        JobKind::RenameLabel,
    ];
}

/// One piece of work. What the kind does not concern is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub kind: JobKind,
    pub account: Option<i64>,
    pub user: Option<i64>,
    /// An inbox, contact, conversation or renaming.
    pub object: Option<i64>,
}

impl Work {
    pub fn on_account(kind: JobKind, account: i64) -> Self {
        Work { kind, account: Some(account), user: None, object: None }
    }

    pub fn on_user(kind: JobKind, user: i64) -> Self {
        Work { kind, account: None, user: Some(user), object: None }
    }

    pub fn remove_member(account: i64, user: i64) -> Self {
        Work { kind: JobKind::RemoveMember, account: Some(account), user: Some(user), object: None }
    }

    pub fn on_object(kind: JobKind, account: i64, object: i64) -> Self {
        Work { kind, account: Some(account), user: None, object: Some(object) }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub id: u64,
    pub work: Work,
    pub due: Timestamp,
}

/// The queue, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    queue: Vec<Job>,
    held: BTreeSet<JobKind>,
    last_id: u64,
}

impl Jobs {
    pub fn push(&mut self, work: Work, now: Timestamp, delay: SignedDuration) {
        self.last_id += 1;
        self.queue.push(Job { id: self.last_id, work, due: now.checked_add(delay).unwrap_or(now) });
    }

    /// Takes out what is due and not held.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Work> {
        self.take(|job, held| job.due <= now && !held.contains(&job.work.kind))
    }

    /// Takes out everything of these kinds, due or not, held or not.
    pub fn take_kinds(&mut self, kinds: &[JobKind]) -> Vec<Work> {
        self.take(|job, _| kinds.contains(&job.work.kind))
    }

    fn take(&mut self, wanted: impl Fn(&Job, &BTreeSet<JobKind>) -> bool) -> Vec<Work> {
        let held = &self.held;
        let (taken, left) = std::mem::take(&mut self.queue).into_iter().partition(|job| wanted(job, held));
        self.queue = left;
        let mut taken: Vec<Job> = taken;
        taken.sort_by_key(|job| (job.due, job.id));
        taken.into_iter().map(|job| job.work).collect()
    }

    /// When the next job that is not held falls due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.iter().filter(|job| !self.held.contains(&job.work.kind)).map(|job| job.due).min()
    }

    pub fn hold(&mut self, kinds: &[JobKind]) {
        self.held.extend(kinds);
    }

    pub fn release(&mut self, kinds: &[JobKind]) {
        self.held.retain(|kind| !kinds.contains(kind));
    }

    pub fn held(&self) -> impl Iterator<Item = JobKind> + '_ {
        self.held.iter().copied()
    }

    pub fn waiting(&self) -> &[Job] {
        &self.queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    #[test]
    fn a_job_waits_for_its_time() {
        let (mut jobs, now) = (Jobs::default(), Timestamp::UNIX_EPOCH);
        jobs.push(Work::on_account(JobKind::DestroyAccount, 1), now, SECOND);
        assert!(jobs.take_due(now).is_empty());
        assert_eq!(jobs.next_due(), Some(now + SECOND));
        assert_eq!(jobs.take_due(now + SECOND).len(), 1);
        assert!(jobs.waiting().is_empty());
    }

    #[test]
    fn a_held_kind_waits_for_its_release_and_can_still_be_run_by_hand() {
        let (mut jobs, now) = (Jobs::default(), Timestamp::UNIX_EPOCH);
        jobs.hold(&[JobKind::CleanAccount]);
        jobs.push(Work::on_account(JobKind::CleanAccount, 1), now, SignedDuration::ZERO);
        jobs.push(Work::on_account(JobKind::CleanAccount, 2), now, SignedDuration::ZERO);
        assert!(jobs.take_due(now).is_empty() && jobs.next_due().is_none());
        assert_eq!(jobs.take_kinds(&[JobKind::CleanAccount]).len(), 2);
        jobs.push(Work::on_account(JobKind::CleanAccount, 3), now, SignedDuration::ZERO);
        jobs.release(&JobKind::ALL);
        assert_eq!(jobs.take_due(now).len(), 1);
    }
}
