//! The operator's own users in the accounts of one resource. `POST /users` finds by address, and an address belongs to one
//! account, so there is never a second one for it; what has to be shown is that none is used or removed unread, and that
//! none stays behind.

use super::{
    Tenant,
    around::{Around, Marked},
    hands::{done, failure, looked},
    mutants::Mutant,
    promises::Violation,
};
use crate::resource::{How, Pass, Sort, State, Turn};
use chatwoot_operator::{
    chatwoot::{
        marker::{self, Marker},
        outcome::{Class, Failure},
        types::{AccountId, Belonging, Map, MemberRole, User, UserId},
    },
    plan::{
        account::automation::{Effect, Lesson},
        email::automation_address,
    },
};

/// A request to make one: for which account, and by which resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asked {
    pub email: String,
    pub uid: u8,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Own {
    pub id: i64,
    pub email: String,
    pub marked: Marked,
    pub administers: Option<i64>,
    /// Its deletion is queued (chatwoot-api P27).
    pub going: bool,
}

/// The marker of the user in the account of the resource with this uid.
pub fn marker_of(uid: u8) -> Marker {
    Marker { owner: "own".into(), ..super::around::marker_of(uid) }
}

pub fn sort(effect: &Effect) -> Sort {
    match effect {
        Effect::Post { .. } => Sort::Change { late: true },
        Effect::Patch { .. } | Effect::Join { .. } | Effect::Delete(_) => Sort::Change { late: false },
        Effect::Get(_) | Effect::Vanished(_) => Sort::Look,
    }
}

pub fn act(turn: &mut Turn<'_, Tenant>, pass: &mut Pass<Tenant>, effect: Effect, how: How) -> Lesson {
    let uid = pass.object.uid;
    let lesson = match effect {
        Effect::Post { email } => {
            turn.check(posting(turn, pass, &email));
            Lesson::Posted(post(&mut turn.state.chatwoot, Asked { email, uid }, how))
        }
        Effect::Get(id) => Lesson::Got(id, looked(how).and_then(|()| find(&turn.state.chatwoot, id))),
        Effect::Vanished(id) => {
            let gone = !turn.state.chatwoot.users.iter().any(|user| user.id == id);
            Lesson::Vanished(id, looked(how).map(|()| gone))
        }
        Effect::Patch { id, email } => {
            turn.check(changing(pass, id));
            let answer = done(turn, how, |around| {
                change(around, id, |user| {
                    user.marked = Marked::By(uid);
                    user.email = email.clone().unwrap_or_else(|| user.email.clone());
                });
            });
            Lesson::Patched(id, answer.and_then(|()| find(&turn.state.chatwoot, id)))
        }
        Effect::Join { account, user } => {
            turn.check(changing(pass, user));
            let answer =
                done(turn, how, |around| change(around, user, |user| user.administers = Some(account)));
            Lesson::Joined { account, answer }
        }
        Effect::Delete(id) => {
            turn.check(changing(pass, id));
            Lesson::Deleted(id, done(turn, how, |around| change(around, id, |user| user.going = true)))
        }
    };
    if let Lesson::Posted(Ok(user)) | Lesson::Got(_, Ok(user)) | Lesson::Patched(_, Ok(user)) = &lesson {
        pass.held.user = Some((user.id.0, marked(user)));
    }
    lesson
}

pub fn land(turn: &mut Turn<'_, Tenant>, request: usize) {
    let asked = turn.state.chatwoot.late_users.remove(request);
    // Chatwoot's jobs are quick at times: whoever was being deleted is gone by then, and is made anew.
    turn.state.chatwoot.users.retain(|user| !user.going);
    let made = make(&mut turn.state.chatwoot, &asked);
    turn.say(|_| format!("a request still on the way finds or makes user {made}"));
}

fn post(around: &mut Around, asked: Asked, how: How) -> Result<User, Failure> {
    let under_way = matches!(how, How::LostUnderWay | How::DiedUnderWay | How::Repeated);
    let made = match how {
        How::Failed => return Err(failure(Class::Server, 500)),
        How::LostUnderWay | How::DiedUnderWay => None,
        _ => Some(make(around, &asked)),
    };
    around.replayed |= how == How::Repeated;
    if under_way {
        around.late_users.push(asked);
        around.late_users.sort_unstable();
    }
    let answered = made.filter(|_| matches!(how, How::Plainly | How::Repeated));
    answered.map_or_else(|| Err(Failure::of(Class::Timeout)), |id| find(around, id))
}

/// Finds by address (P3). An id is never given again.
fn make(around: &mut Around, asked: &Asked) -> i64 {
    if let Some(known) = around.users.iter().find(|user| user.email == asked.email) {
        return known.id;
    }
    around.users_made += 1;
    let (id, email) = (100 + around.users_made, asked.email.clone());
    around.users.push(Own { id, email, marked: Marked::By(asked.uid), administers: None, going: false });
    id
}

fn change(around: &mut Around, id: i64, write: impl FnOnce(&mut Own)) {
    if let Some(user) = around.users.iter_mut().find(|user| user.id == id) {
        write(user);
    }
}

fn find(around: &Around, id: i64) -> Result<User, Failure> {
    around
        .users
        .iter()
        .find(|user| user.id == id)
        .map(Own::shown)
        .ok_or_else(|| failure(Class::NotFound, 404))
}

impl Own {
    fn shown(&self) -> User {
        let mut attributes = Map::new();
        if let Marked::By(uid) = self.marked {
            attributes.insert(marker::KEY.into(), marker_of(uid).to_string().into());
        }
        let role = Some(MemberRole::Administrator);
        let belonging = |account| Belonging { account: AccountId(account), role };
        User {
            id: UserId(self.id),
            email: self.email.clone(),
            name: "Chatwoot operator".into(),
            display_name: None,
            custom_attributes: attributes,
            belongings: self.administers.into_iter().map(belonging).collect(),
        }
    }
}

fn marked(user: &User) -> Marked {
    let text = user.custom_attributes.get(marker::KEY).and_then(|value| value.as_str());
    let by = |text: &str| (0..8).find(|uid| marker_of(*uid).to_string() == text);
    text.and_then(by).map_or(Marked::Not, Marked::By)
}

/// Nothing is sent for an address that does not stand in the status: after a crash nobody would know of it.
fn posting(turn: &Turn<'_, Tenant>, pass: &Pass<Tenant>, email: &str) -> Result<(), Violation> {
    let stored = turn.state.object.as_ref().filter(|stored| stored.uid == pass.object.uid);
    let recorded = stored.is_none_or(|stored| {
        stored
            .status
            .automation
            .as_ref()
            .is_some_and(|own| own.email == email && own.unanswered_since.is_some())
    });
    if recorded || turn.state.wiped { Ok(()) } else { Err(Violation::UserUnrecorded) }
}

fn changing(pass: &Pass<Tenant>, id: i64) -> Result<(), Violation> {
    match pass.held.user {
        Some((seen, Marked::By(_))) if seen == id => Ok(()),
        _ => Err(Violation::UserUnread(id)),
    }
}

/// What stays of a resource that is gone.
pub fn left(around: &Around, uid: u8) -> Result<(), Violation> {
    let left = around.users.iter().find(|user| user.marked == Marked::By(uid) && !user.going);
    left.map_or(Ok(()), |user| Err(Violation::UserLeft(user.id)))
}

/// Where everything has come to rest and the account is as it should be.
pub fn at_rest(state: &State<Tenant>, account: i64, recorded: Option<i64>) -> Result<(), Violation> {
    let mine = state.chatwoot.users.iter().find(|user| Some(user.id) == recorded);
    let serves = mine.is_some_and(|user| {
        user.administers == Some(account) && user.email == automation_address(account, super::around::DOMAIN)
    });
    if serves { Ok(()) } else { Err(Violation::ReadyButNot("the operator's own user")) }
}

/// What a wrong machine believes.
pub fn imagines(mutant: Mutant, effect: &Effect) -> Option<Lesson> {
    match (mutant, effect) {
        (Mutant::LeavesItsUser, Effect::Delete(id)) => Some(Lesson::Deleted(*id, Ok(()))),
        _ => None,
    }
}
