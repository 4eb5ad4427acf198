//! Folding what a call about the user taught into the facts.

use super::*;
use crate::{
    chatwoot::{
        outcome::{Class, Fate},
        types::{AccountId, Belonging},
    },
    plan::trouble::{Call, Trouble},
};

/// Chatwoot's words for an address that somebody has (chatwoot-api §1.7).
const TAKEN: &str = "Email has already been taken";
/// What a status can hold of Chatwoot's words.
const LONGEST_DETAIL: usize = 400;

impl Facts {
    pub(in crate::plan::account) fn fold_automation(&mut self, lesson: Lesson) {
        match lesson {
            Lesson::Posted(answer) => self.automation_posted(answer),
            Lesson::Got(id, answer) => self.automation_read(id, answer),
            // Nothing is lost with it but an id, and the account it was in was read under our marker: it is made again where
            // something needs it.
            Lesson::Vanished(_, Ok(true)) => self.automation_gone(),
            Lesson::Vanished(_, Ok(false)) => {
                self.failed_for_automation(Call::Read, Failure::of(Class::NotRouted))
            }
            Lesson::Vanished(_, Err(failure)) => self.failed_for_automation(Call::Read, failure),
            Lesson::Patched(id, answer) => {
                self.automation.patched = true;
                let wanted = self.status.id.and_then(|id| self.address(id));
                match about(id, answer) {
                    Ok(user) => {
                        if let (Some(known), Some(email)) = (&mut self.status.automation, wanted)
                            && user.email.eq_ignore_ascii_case(&email)
                        {
                            known.email = email;
                            known.problem = None;
                        }
                        self.automation.remote = Remote::Found(Box::new(user));
                    }
                    // It keeps the address it has.
                    Err(failure) if failure.class == Class::Invalid => {
                        let refused = self.problem_of(&failure);
                        if let Some(known) = &mut self.status.automation {
                            known.email = wanted.unwrap_or_else(|| known.email.clone());
                            known.problem = Some(refused);
                        }
                    }
                    Err(failure) => self.automation_answered(id, Call::Write, failure),
                }
            }
            Lesson::Joined { account, answer: Ok(()) } => {
                if let Remote::Found(user) = &mut self.automation.remote {
                    user.belongings.retain(|belonging| belonging.account.0 != account);
                    let role = Some(MemberRole::Administrator);
                    user.belongings.push(Belonging { account: AccountId(account), role });
                }
            }
            Lesson::Joined { answer: Err(failure), .. } => self.failed_for_automation(Call::Write, failure),
            Lesson::Deleted(_, Ok(())) => self.automation_gone(),
            Lesson::Deleted(id, Err(failure)) => self.automation_answered(id, Call::Write, failure),
        }
    }

    fn automation_posted(&mut self, answer: Result<User, Failure>) {
        let earlier = self.automation.intended.take().flatten();
        self.automation.answered = true;
        match answer {
            Ok(user) if self.may_act_as(&user).is_some() => {
                if let Some(known) = &mut self.status.automation {
                    known.user_id = Some(user.id.0);
                    known.unanswered_since = earlier;
                }
                self.automation.remote = Remote::Found(Box::new(user));
            }
            // Whoever has the address keeps it: a request still under way would find them, too.
            Ok(_) => self.has_problem(problem(ProblemReason::AddressTaken), None),
            Err(failure) if is_taken(&failure) => {
                self.has_problem(problem(ProblemReason::AddressTaken), None)
            }
            Err(failure) if failure.class == Class::Invalid => {
                let refused = self.problem_of(&failure);
                self.has_problem(refused, earlier);
            }
            Err(failure) => {
                // Nothing of this one is under way; of an earlier one there may be.
                if failure.fate() == Fate::NotSent
                    && let Some(known) = &mut self.status.automation
                {
                    known.unanswered_since = earlier;
                }
                self.failed_for_automation(Call::Write, failure);
            }
        }
    }

    fn automation_read(&mut self, id: i64, answer: Result<User, Failure>) {
        match about(id, answer) {
            Ok(user) => {
                let ours = self.may_act_as(&user).is_some();
                if !ours {
                    self.notice(ProblemReason::NotOwned);
                } else if let Some(known) = &mut self.status.automation {
                    known.problem.take_if(|problem| !problem.reason.is_about_address());
                }
                self.automation.remote = Remote::Found(Box::new(user));
            }
            Err(failure) => self.automation_answered(id, Call::Read, failure),
        }
    }

    fn automation_answered(&mut self, id: i64, call: Call, failure: Failure) {
        match failure.class {
            Class::NotFound => self.automation.remote = Remote::NotFound(id),
            Class::NotPermitted => {
                self.automation.remote = Remote::NotPermitted(id);
                self.notice(ProblemReason::NotPermitted);
            }
            _ => self.failed_for_automation(call, failure),
        }
    }

    /// A problem of the user that is recorded; one that stands keeps its generation, so that nothing is written for it.
    fn notice(&mut self, reason: ProblemReason) {
        let generation = self.object.generation;
        if let Some(known) = &mut self.status.automation
            && known.problem.as_ref().is_none_or(|problem| problem.reason != reason)
        {
            known.problem = Some(AutomationProblem { reason, generation, detail: None });
        }
    }

    /// There is nobody; nothing is tried again before somebody changes something.
    fn has_problem(&mut self, problem: AutomationProblem, unanswered_since: Option<Timestamp>) {
        let generation = self.object.generation;
        if let Some(known) = &mut self.status.automation {
            known.problem = Some(AutomationProblem { generation, ..problem });
            known.unanswered_since = unanswered_since;
        }
    }

    fn problem_of(&self, failure: &Failure) -> AutomationProblem {
        let generation = self.object.generation;
        if is_taken(failure) {
            return AutomationProblem { generation, ..problem(ProblemReason::AddressTaken) };
        }
        let detail = Some(failure.to_string().chars().take(LONGEST_DETAIL).collect());
        AutomationProblem { reason: ProblemReason::Refused, generation, detail }
    }

    fn automation_gone(&mut self) {
        self.status.automation = None;
        self.automation.remote = Remote::Unread;
    }

    fn failed_for_automation(&mut self, call: Call, failure: Failure) {
        self.trouble = Some(Trouble::Failed(call, failure));
    }
}

/// An answer about another user than the one asked for is no answer: a cache or a proxy mixed them up.
fn about(id: i64, answer: Result<User, Failure>) -> Result<User, Failure> {
    answer.and_then(|user| if user.id.0 == id { Ok(user) } else { Err(Failure::of(Class::Unexpected)) })
}

fn problem(reason: ProblemReason) -> AutomationProblem {
    AutomationProblem { reason, generation: 0, detail: None }
}

fn is_taken(failure: &Failure) -> bool {
    failure.class == Class::Invalid
        && failure.refusal.as_ref().is_some_and(|refusal| refusal.0.contains(TAKEN))
}
