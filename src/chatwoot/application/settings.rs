//! The account itself (§3.3).

use super::{Account, Answer, scope};
use crate::chatwoot::tenant::settings::{AccountSettings, SettingsPatch};
use reqwest::Method;

impl Account {
    /// `GET /api/v1/accounts/:account`: for its members, also while it is suspended.
    ///
    /// # Errors
    /// As all; [`NotFound`](crate::chatwoot::outcome::Class::NotFound) also for those who are no members.
    pub fn settings(&self) -> Answer<AccountSettings> {
        let id = self.scope.account();
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account", "");
        self.scope
            .ask(call, move |body| scope::flat::<AccountSettings>(body).filter(|account| account.id == id))
    }

    /// `PATCH /api/v1/accounts/:account`: for administrators, also while it is suspended. Repeatable.
    ///
    /// # Errors
    /// As [`Account::settings`].
    pub fn update_settings(&self, patch: &SettingsPatch) -> Answer<AccountSettings> {
        let id = self.scope.account();
        let call = self.scope.call(Method::PATCH, "PATCH /api/v1/accounts/:account", "").body(patch);
        self.scope
            .ask(call, move |body| scope::flat::<AccountSettings>(body).filter(|account| account.id == id))
    }
}
