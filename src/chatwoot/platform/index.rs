//! The list of every account this Platform App may see: how an account is found again by its marker.
//!
//! The list has no pages and one broken row breaks it for ever (P2), so that it can be large, unusable, or both. It is
//! read as it arrives and only ids and markers are kept.

mod parse;

use super::{Platform, ROOT};
use crate::chatwoot::{
    http::{self, Call, Ended},
    outcome::{Class, Failure},
    types::AccountId,
};
use bytes::Bytes;
use parse::{Chunks, ParseError};
use reqwest::{Method, Response};
use tokio::sync::mpsc;

/// What is read of the index before it counts as too large: 64 MiB, some 150,000 accounts.
pub const INDEX_LIMIT: usize = 64 * 1024 * 1024;

/// An account in the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Indexed {
    pub id: AccountId,
    /// Text of its marker, where it has one; one that is no text reads as `Some("")`, which is foreign to everybody.
    pub marker: Option<String>,
}

/// Why the index says nothing. None of these means that there are no accounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IndexError {
    /// Chatwoot before 4.5.0 has no index.
    #[error("this Chatwoot has no account index")]
    Unsupported,
    /// It answers 500, or with rows that are no accounts: a deleted account has left its permission behind (P2).
    #[error("the account index is broken")]
    Broken,
    #[error("the account index is too large to be read")]
    TooLarge,
    #[error("the account index could not be read: {0}")]
    Unavailable(Failure),
}

impl From<Failure> for IndexError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure)
    }
}

impl Ended for IndexError {
    fn label(&self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Broken => "broken",
            Self::TooLarge => "too_large",
            Self::Unavailable(failure) => failure.class.label(),
        }
    }

    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Unavailable(failure) => Some(failure),
            Self::Unsupported | Self::Broken | Self::TooLarge => None,
        }
    }
}

impl Platform {
    /// `GET /accounts`, at most `limit` bytes of it. The time-out is three times the usual.
    ///
    /// # Errors
    /// [`IndexError`]; a list that was not read to its end is never returned.
    pub async fn accounts_index(&self, limit: usize) -> Result<Vec<Indexed>, IndexError> {
        let route = "GET /accounts";
        let call = Call::new(Method::GET, route, format!("{ROOT}/accounts")).patience(3);
        self.http
            .observed(route, async {
                let (head, response) = self.http.open(call).await.map_err(refused)?;
                if !head.json {
                    return Err(Failure { foreign_body: true, ..head.failure(Class::Unexpected) }.into());
                }
                read(response, limit).await
            })
            .await
    }
}

fn refused(failure: Failure) -> IndexError {
    match failure.class {
        Class::NotFound | Class::NotRouted => IndexError::Unsupported,
        Class::Server => IndexError::Broken,
        _ => IndexError::Unavailable(failure),
    }
}

/// Feeds the body to a parser on a thread of its own, a few chunks ahead of it at most.
async fn read(mut response: Response, limit: usize) -> Result<Vec<Indexed>, IndexError> {
    if response.content_length().is_some_and(|announced| announced > limit as u64) {
        return Err(IndexError::TooLarge);
    }
    let (chunks, arrived) = mpsc::channel::<Bytes>(8);
    let parser = tokio::task::spawn_blocking(move || parse::parse(Chunks::new(arrived)));
    let mut read = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| http::fault(error, Some(200)))? {
        read += chunk.len();
        if read > limit {
            return Err(IndexError::TooLarge);
        }
        // A parser that has gone away has found a fault, which it tells below.
        if chunks.send(chunk).await.is_err() {
            break;
        }
    }
    drop(chunks);
    match parser.await {
        Ok(Ok(accounts)) => Ok(accounts),
        Ok(Err(ParseError::TooMany)) => Err(IndexError::TooLarge),
        Ok(Err(ParseError::Malformed)) => Err(IndexError::Broken),
        Err(_) => Err(Failure::of(Class::Unexpected).into()),
    }
}
