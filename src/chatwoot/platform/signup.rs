//! Whether strangers may sign up.

use super::Platform;
use crate::chatwoot::{http::Call, outcome::Failure};
use reqwest::Method;

impl Platform {
    /// Whether the login page offers strangers to sign up: they could make accounts nobody sold them. `None`: the page
    /// does not say.
    ///
    /// Reads the page every browser gets (`GET /app/login`, no token): its inline configuration has `signupEnabled`.
    /// Trying to sign up would be the only other way, and makes an account.
    ///
    /// # Errors
    /// No page came.
    pub async fn public_signup(&self) -> Result<Option<bool>, Failure> {
        let call = Call::new(Method::GET, "GET /app/login", "app/login".to_owned()).anonymous();
        self.http.page(call, |page| Some(offers_signup(&String::from_utf8_lossy(page.bytes())))).await
    }
}

fn offers_signup(page: &str) -> Option<bool> {
    let (_, rest) = page.split_once("signupEnabled: '")?;
    match rest.split_once('\'')?.0 {
        "" => None,
        // Besides "true" there is "api_only", which lets strangers in as well.
        value => Some(value != "false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_whether_strangers_may_sign_up() {
        let page = |value: &str| format!("<script>window.chatwootConfig = {{ signupEnabled: '{value}',\n");
        assert_eq!(offers_signup(&page("true")), Some(true));
        assert_eq!(offers_signup(&page("api_only")), Some(true));
        assert_eq!(offers_signup(&page("false")), Some(false));
        assert_eq!(offers_signup(&page("")), None);
        assert_eq!(offers_signup("<html>404</html>"), None);
    }
}
