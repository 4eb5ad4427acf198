//! Whom the token belongs to (§3.1).

use super::{Answer, Application, scope};
use crate::chatwoot::{http::Call, tenant::settings::Profile};
use reqwest::Method;

impl Application {
    /// `GET /api/v1/profile`: the token's owner, with the accounts they belong to. Works while an account is suspended.
    ///
    /// # Errors
    /// As all. A bot's token is [`NotAllowed`](crate::chatwoot::outcome::Class::NotAllowed).
    pub fn profile(&self) -> Answer<Profile> {
        let call = Call::new(Method::GET, "GET /api/v1/profile", "api/v1/profile".to_owned()).personal();
        scope::ask(self.http.clone(), call, scope::flat)
    }

    /// `POST /api/v1/profile/reset_access_token` (4.3.0+): a new token, in the answer, and this one stops at once. Not
    /// repeatable: after an answer that was lost, only the Platform API can tell the new one.
    ///
    /// # Errors
    /// As all; an answer without a token is `Unexpected`.
    pub fn reset_access_token(&self) -> Answer<Profile> {
        let route = "POST /api/v1/profile/reset_access_token";
        let path = "api/v1/profile/reset_access_token".to_owned();
        let call = Call::new(Method::POST, route, path).personal().fresh();
        scope::ask(self.http.clone(), call, |body| {
            scope::flat::<Profile>(body).filter(|profile| profile.access_token.is_some())
        })
    }
}
