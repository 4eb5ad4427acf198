//! What goes when something goes: at once, or by the jobs that follow.

use crate::model::{
    World,
    jobs::{JobKind, Work},
};
use jiff::Timestamp;

impl World {
    /// The row and its channel go; what hangs on them by a later job.
    pub fn destroy_inbox(&mut self, inbox: i64, now: Timestamp) {
        if let Some(row) = self.content.inboxes.remove(inbox) {
            self.enqueue(Work::on_object(JobKind::CleanInbox, row.account, inbox), now);
        }
    }

    pub fn clean_inbox(&mut self, inbox: i64) {
        self.content.inbox_members.retain(|(id, _)| *id != inbox);
        self.content.contact_inboxes.retain(|session| session.inbox != inbox);
        self.content.conversations.retain(|row| row.inbox != inbox);
        self.content.messages.retain(|message| message.inbox != inbox);
    }

    /// The row goes at once, sessions and conversations by a later job (chatwoot-api §3.2).
    pub fn destroy_contact(&mut self, contact: i64, now: Timestamp) {
        if let Some(row) = self.content.contacts.remove(contact) {
            self.enqueue(Work::on_object(JobKind::CleanContact, row.account, contact), now);
        }
    }

    pub fn clean_contact(&mut self, contact: i64) {
        self.content.contact_inboxes.retain(|session| session.contact != contact);
        let gone: Vec<i64> =
            self.content.conversations.all().filter(|row| row.contact == contact).map(|row| row.id).collect();
        gone.into_iter().for_each(|conversation| self.destroy_conversation(conversation));
    }

    pub fn destroy_conversation(&mut self, conversation: i64) {
        self.content.conversations.remove(conversation);
        self.content.messages.retain(|message| message.conversation != conversation);
    }

    /// The title changes at once, the taggings by a job.
    pub fn rewrite_taggings(&mut self, renaming: i64) {
        let Some(renaming) = self.content.renamings.remove(&renaming) else { return };
        let rename = |labels: &mut Vec<String>| {
            for label in labels.iter_mut().filter(|label| **label == renaming.from) {
                *label = renaming.to.clone();
            }
        };
        let account = renaming.account;
        self.content
            .contacts
            .all_mut()
            .filter(|row| row.account == account)
            .for_each(|row| rename(&mut row.labels));
        self.content
            .conversations
            .all_mut()
            .filter(|row| row.account == account)
            .for_each(|row| rename(&mut row.labels));
    }

    /// A team goes; its members and conversations let go of it.
    pub fn destroy_team(&mut self, team: i64) {
        if let Some(row) = self.content.teams.remove(team) {
            self.team_members.retain(|(account, _, id)| (*account, *id) != (row.account, team));
            for conversation in self.content.conversations.all_mut().filter(|c| c.team == Some(team)) {
                conversation.team = None;
            }
        }
    }

    /// Inboxes, contacts and conversations go before the account's row does (P28).
    pub fn clean_conversations(&mut self, account: i64) {
        let content = &mut self.content;
        let inboxes: Vec<i64> = content.inboxes.of(account).map(|inbox| inbox.id).collect();
        content.inbox_members.retain(|(inbox, _)| !inboxes.contains(inbox));
        content.inboxes.retain(|row| row.account != account);
        content.contacts.retain(|row| row.account != account);
        content.contact_inboxes.retain(|row| row.account != account);
        content.conversations.retain(|row| row.account != account);
        content.messages.retain(|row| row.account != account);
    }

    /// Everything an account held.
    pub fn clean_content(&mut self, account: i64) {
        self.clean_conversations(account);
        let content = &mut self.content;
        for table in [
            &mut content.teams,
            &mut content.labels,
            &mut content.webhooks,
            &mut content.canned_responses,
            &mut content.attribute_definitions,
            &mut content.automation_rules,
        ] {
            table.retain(|row| row.account != account);
        }
        self.team_members.retain(|(a, _, _)| *a != account);
    }

    /// What a removed member leaves behind (P5).
    pub fn strip_member_content(&mut self, account: i64, user: i64) {
        let inboxes: Vec<i64> = self.content.inboxes.of(account).map(|inbox| inbox.id).collect();
        self.content.inbox_members.retain(|(inbox, member)| *member != user || !inboxes.contains(inbox));
        for row in self.content.conversations.all_mut() {
            if row.account == account && row.assignee == Some(user) {
                row.assignee = None;
            }
        }
    }
}
