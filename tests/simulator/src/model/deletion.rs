//! Deleting, the way Chatwoot does it: asked for now, done later, in phases (P27–P30).
//!
//! Phase A: the row is still there. Phase B: the row is gone, memberships still point to it. Phase C: clean.

use super::{
    World,
    jobs::{JobKind, Work},
};
use jiff::Timestamp;

impl World {
    pub fn enqueue(&mut self, work: Work, now: Timestamp) {
        let delay = self.installation.job_delay;
        self.jobs.push(work, now, delay);
    }

    /// Takes a membership away and leaves the rest to a job (P5). False where there was none.
    pub fn remove_member(&mut self, account: i64, user: i64, now: Timestamp) -> bool {
        let removed = self.memberships.remove(account, user).is_some();
        if removed {
            self.enqueue(Work::remove_member(account, user), now);
        }
        removed
    }

    /// Runs what is due; returns how many jobs ran.
    pub fn run_due_jobs(&mut self, now: Timestamp) -> usize {
        let works = self.jobs.take_due(now);
        works.iter().for_each(|work| self.perform(*work, now));
        works.len()
    }

    /// Carries out one job. One whose record is gone is discarded.
    pub fn perform(&mut self, work: Work, now: Timestamp) {
        if let Some(object) = work.object {
            return self.perform_on(work.kind, object, now);
        }
        match (work.kind, work.account, work.user) {
            (JobKind::DestroyAccount, Some(account), _) => self.destroy_account(account, now),
            (JobKind::CleanAccount, Some(account), _) => self.clean_account(account),
            (JobKind::DestroyUser, _, Some(user)) => self.destroy_user(user, now),
            (JobKind::CleanUser, _, Some(user)) => self.clean_user(user),
            (JobKind::RemoveMember, Some(account), Some(user)) => self.strip_member(account, user),
            _ => {}
        }
    }

    fn perform_on(&mut self, kind: JobKind, object: i64, now: Timestamp) {
        match kind {
            JobKind::DestroyInbox => self.destroy_inbox(object, now),
            JobKind::CleanInbox => self.clean_inbox(object),
            JobKind::CleanContact => self.clean_contact(object),
            JobKind::DestroyConversation => self.destroy_conversation(object),
            JobKind::RenameLabel => self.rewrite_taggings(object),
            _ => {}
        }
    }

    fn destroy_account(&mut self, account: i64, now: Timestamp) {
        if self.accounts.remove(&account).is_some() {
            self.clean_conversations(account);
            self.enqueue(Work::on_account(JobKind::CleanAccount, account), now);
        }
    }

    fn destroy_user(&mut self, user: i64, now: Timestamp) {
        if let Some(row) = self.remove_user_row(user) {
            self.orphan_tokens.extend(row.access_token.map(|token| (user, token)));
            self.enqueue(Work::on_user(JobKind::CleanUser, user), now);
        }
    }

    /// The account and all it held, at once.
    pub fn delete_account_now(&mut self, account: i64) {
        self.accounts.remove(&account);
        self.clean_account(account);
    }

    /// The person and all memberships, at once.
    pub fn delete_user_now(&mut self, user: i64) {
        self.remove_user_row(user);
        self.clean_user(user);
    }

    fn clean_account(&mut self, account: i64) {
        let members: Vec<i64> = self.memberships.of_account(account).map(|row| row.user).collect();
        for user in members {
            self.memberships.remove(account, user);
            self.strip_member(account, user);
        }
        let bots: Vec<i64> =
            self.bots.values().filter(|bot| bot.account == Some(account)).map(|bot| bot.id).collect();
        bots.into_iter().for_each(|bot| self.remove_bot(bot));
        self.clean_content(account);
    }

    fn clean_user(&mut self, user: i64) {
        self.orphan_tokens.remove(&user);
        let accounts: Vec<i64> = self.memberships.of_user(user).map(|row| row.account).collect();
        for account in accounts {
            self.memberships.remove(account, user);
            self.strip_member(account, user);
        }
    }

    /// Also strips somebody who was added again meanwhile (P5).
    fn strip_member(&mut self, account: i64, user: i64) {
        self.notification_settings.remove(&(account, user));
        self.team_members.retain(|(a, u, _)| (*a, *u) != (account, user));
        self.strip_member_content(account, user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Version,
        model::{Installation, StaleNotificationSettings, rows::Role},
    };

    fn world() -> (World, i64, i64) {
        let mut world = World::new(Installation::new(Version::REFERENCE));
        let account = world.insert_account(world.blank_account("Acme".into()));
        let user = world.insert_user(World::blank_user("Al".into(), "al@acme.example".into()));
        world.add_member(account, user, Some(Role::Agent), Timestamp::UNIX_EPOCH).unwrap();
        (world, account, user)
    }

    fn later(world: &World) -> Timestamp {
        world.jobs.next_due().unwrap()
    }

    #[test]
    fn an_account_goes_in_three_phases() {
        let (mut world, account, user) = world();
        world.enqueue(Work::on_account(JobKind::DestroyAccount, account), Timestamp::UNIX_EPOCH);
        assert!(world.accounts.contains_key(&account), "phase A");
        world.run_due_jobs(later(&world));
        assert!(
            !world.accounts.contains_key(&account) && world.memberships.get(account, user).is_some(),
            "phase B"
        );
        world.run_due_jobs(later(&world));
        assert!(world.memberships.get(account, user).is_none(), "phase C");
        assert!(world.users.contains_key(&user), "people are not deleted with their account");
    }

    #[test]
    fn a_person_goes_in_three_phases_and_the_address_is_free_after_the_second() {
        let (mut world, account, user) = world();
        world.enqueue(Work::on_user(JobKind::DestroyUser, user), Timestamp::UNIX_EPOCH);
        world.run_due_jobs(later(&world));
        assert_eq!(world.user_by_email("al@acme.example"), None);
        assert!(world.memberships.get(account, user).is_some(), "the list shows a dead id for a while");
        world.run_due_jobs(later(&world));
        assert!(world.memberships.get(account, user).is_none());
    }

    #[test]
    fn a_member_added_again_too_early_is_stored_and_stripped_later() {
        let (mut world, account, user) = world();
        let now = Timestamp::UNIX_EPOCH;
        assert!(world.remove_member(account, user, now));
        assert!(!world.remove_member(account, user, now));
        assert_eq!(world.add_member(account, user, None, now), Err(StaleNotificationSettings));
        world.team_members.insert((account, user, 5));
        world.run_due_jobs(later(&world));
        assert!(world.memberships.get(account, user).is_some());
        assert!(world.team_members.is_empty());
    }
}
