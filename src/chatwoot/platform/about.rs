//! Which Chatwoot this is, and whether it takes our token.

use super::{Platform, ROOT};
use crate::chatwoot::{
    http::Call,
    outcome::{Class, Failure},
    version::Version,
};
use reqwest::Method;
use serde::Deserialize;

/// What `GET /api` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    pub version: Version,
    /// Redis answers. Without it, nothing that Chatwoot does later (deletions, clean-ups) happens.
    pub queue_works: bool,
    /// PostgreSQL answers.
    pub database_works: bool,
}

impl Platform {
    /// `GET /api`, which needs no token and gets none.
    ///
    /// # Errors
    /// [`Class::Unexpected`] also where the answer is not Chatwoot's.
    pub async fn about(&self) -> Result<About, Failure> {
        #[derive(Deserialize)]
        struct Wire {
            version: String,
            queue_services: Option<String>,
            data_services: Option<String>,
        }
        let works = |service: Option<String>| service.as_deref() != Some("failing");
        let call = Call::new(Method::GET, "GET /api", "api".to_owned()).anonymous();
        self.http
            .ask(call, |body| {
                let wire: Wire = body.json()?;
                Some(About {
                    version: wire.version.parse().ok()?,
                    queue_works: works(wire.queue_services),
                    database_works: works(wire.data_services),
                })
            })
            .await
    }

    /// The version alone; see [`Platform::about`].
    ///
    /// # Errors
    /// As [`Platform::about`].
    pub async fn version(&self) -> Result<Version, Failure> {
        self.about().await.map(|about| about.version)
    }

    /// Whether Chatwoot takes the token. Asks for account 0, which never exists: the token is checked first, so that
    /// "no such account" means it is fine (§1.1).
    ///
    /// # Errors
    /// [`Class::Unauthorized`] where it is not.
    pub async fn probe_token(&self) -> Result<(), Failure> {
        let call = Call::new(Method::GET, "GET /accounts/:id", format!("{ROOT}/accounts/0"));
        match self.http.ask(call, |_| None::<()>).await {
            Err(failure) if failure.class == Class::NotFound => Ok(()),
            other => other,
        }
    }
}
