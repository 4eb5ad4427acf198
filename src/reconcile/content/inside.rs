//! An account from inside, for what takes more than one request.

use super::{
    Content,
    beside::{Look, Next},
    lists::{Lists, Of, Shared},
};
use crate::{
    chatwoot::{
        application::{Account, Answer},
        outcome::{Class, Failure, Fate},
    },
    plan::NoTurn,
    reconcile::{account_index::Clock, automation::AccountHandle, turn::Turn},
};
use secrecy::SecretString;
use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

/// So many requests are made in one turn while others wait for theirs.
pub const AT_A_STRETCH: usize = 10;

/// Why something that takes several requests did not come to its end. What it has learned is kept for whoever goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    Failed(Failure),
    /// It is others' turn now.
    NoTurn(NoTurn),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The account a pass works in, by its token and in its turn.
///
/// # Guarantees
/// Every request is admitted at the gate by itself: for the budget, while this process may begin anything, and while Chatwoot
/// can be used.
pub struct Inside<'a> {
    pub account: &'a AccountHandle,
    /// Of the operator's own user there.
    pub token: SecretString,
    pub turn: &'a mut Turn,
    pub lists: &'a Lists,
    pub clock: Clock,
    pub look: &'a mut Look,
}

impl Inside<'_> {
    /// Makes one request.
    ///
    /// # Errors
    /// Those of the request; nothing was sent where the pass has no turn, or the gate has closed.
    pub async fn call<T>(&self, call: impl FnOnce(&Account) -> Answer<T>) -> Result<T, Failure> {
        self.turn.call_as(&self.token, |app| call(&app.account(self.account.id))).await
    }

    /// To be asked between requests when there are many: lets others in who wait for a turn, and goes on at once if nobody
    /// does.
    ///
    /// # Errors
    /// It is others' turn, and this pass is next in line behind them.
    pub fn give_way(&mut self) -> Result<(), Halt> {
        self.turn.give_way(AT_A_STRETCH).map_err(Halt::NoTurn)
    }

    /// Everything of a kind in the account, asked once for all who want to know at the same time.
    ///
    /// # Errors
    /// Those of the request; there is no turn to make it in.
    pub async fn list<C: Content>(&mut self, not_before: Duration) -> Result<Shared, Halt> {
        let (of, lists) = (self.of(C::TRAIT.kind), self.lists);
        if let Some(shared) = lists.get(&of, not_before) {
            return Ok(shared);
        }
        self.turn.take().map_err(Halt::NoTurn)?;
        let (asking, _) = lists.begin(&of);
        let _asking = asking.lock().await;
        if let Some(shared) = lists.get(&of, not_before) {
            return Ok(shared);
        }
        let (asked_at, changes) = ((self.clock)(), lists.changes(&of));
        let items = self.call(C::list).await?;
        let items = items.into_iter().map(|item| item.sealed(C::TRAIT)).collect();
        Ok(lists.share(&of, Shared { asked_at, items: Arc::new(items) }, changes))
    }

    /// What lies beside everything of kind `C` in the account: `ask` is asked about one after another, and every answer is
    /// shared with all who look at the same time. The look is over with [`Inside::seen`]; until then it is gone on with.
    ///
    /// # Errors
    /// Those of a request; it is others' turn.
    pub async fn beside<C: Content>(
        &mut self,
        what: &'static str,
        ask: impl Fn(&Account, i64) -> Answer<Option<i64>> + Sync,
    ) -> Result<BTreeMap<i64, Option<i64>>, Halt> {
        let (of, lists) = (self.of(what), self.lists);
        let now = (self.clock)();
        lists.beside.begin(self.look, now);
        lists.beside.open(&of, now);
        let since = self.look.since;
        let ids: Vec<i64> = self.list::<C>(since).await?.items.iter().map(|item| item.seen.id).collect();
        loop {
            let bell = lists.beside.bell(&of);
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            match lists.beside.next(&of, &ids, since) {
                Next::Known(all) => return Ok(all),
                Next::Wait => rung.await,
                Next::Ask(asking) => {
                    self.give_way()?;
                    let asked_at = (self.clock)();
                    let value = self.call(|account| ask(account, asking.id)).await?;
                    asking.answered(value, asked_at);
                }
            }
        }
    }

    /// Everything that [`Inside::beside`] was wanted for is done.
    pub fn seen(&self) {
        self.lists.beside.end(self.look);
    }

    /// Changes what lies beside `id` to `value`, with one request.
    ///
    /// # Errors
    /// Those of the request.
    pub async fn change(
        &self,
        what: &'static str,
        (id, value): (i64, Option<i64>),
        call: impl FnOnce(&Account) -> Answer<()>,
    ) -> Result<(), Failure> {
        let answer = self.call(call).await;
        let (of, now) = (self.of(what), (self.clock)());
        match &answer {
            Ok(()) => self.lists.beside.put(&of, id, value, now),
            Err(failure) if failure.fate() == Fate::Ambiguous => self.lists.beside.forget(&of, id, now),
            Err(_) => {}
        }
        answer
    }

    /// Something else lies beside `id` than before.
    pub fn learned(&self, what: &'static str, id: i64, value: Option<i64>) {
        self.lists.beside.put(&self.of(what), id, value, (self.clock)());
    }

    fn of(&self, kind: &'static str) -> Of {
        Of { instance: self.account.instance.clone(), account: self.account.id, kind }
    }
}

/// What a call comes to that cannot be made.
pub fn nothing_sent() -> Failure {
    Failure { detail: Some("nothing was sent"), ..Failure::of(Class::Connect) }
}
