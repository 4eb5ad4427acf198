//! A list that comes in pages, as one stream, while people work in it.

use super::outcome::{Class, Failure};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use std::{collections::HashSet, future::Future};

/// More pages than this are not read: 150,000 contacts, 250,000 conversations.
pub const MAX_PAGES: u32 = 10_000;

/// One page of a list.
pub struct Page<T> {
    pub items: Vec<T>,
    /// The answer itself says that there are no more.
    pub last: bool,
}

/// Everything that `fetch` gives, page by page from 1, as long as somebody takes it.
///
/// Pages are cut anew for every request, so an item moves to another page whenever something ahead of it comes, goes or
/// changes its place. Therefore every page is read again right after the one that follows it: what slipped over the seam
/// meanwhile is on it now. A list of n pages costs 2n − 1 requests at most, one of a single page one.
///
/// # Guarantees
/// - No item comes twice.
/// - An item that stays in the list and does not move of itself comes, whatever comes, goes or moves around it. Two things
///   can hide it all the same, for no list that is cut into pages tells them from rest: more than a whole page going from
///   ahead of it between two requests, and what went being made up for, ahead of it, within the next three requests and
///   going again, in step with them.
/// - It ends: at an empty page, at one that says it is the last, at one that repeats the page before it (what answers
///   does not know pages), and with an error after [`MAX_PAGES`].
///
/// # No guarantee
/// An item that moves of itself, joins or leaves while the list is read may come or not. Each is as it was when it was
/// read. The order is that of the pages, with latecomers in between. In memory are two pages and the ids.
///
/// # Errors
/// The first failure of `fetch`, and then no more.
pub fn walk<T, F, A>(fetch: F, id: fn(&T) -> i64) -> impl Stream<Item = Result<T, Failure>> + use<T, F, A>
where
    F: FnMut(u32) -> A,
    A: Future<Output = Result<Page<T>, Failure>>,
{
    let walk = Walk { fetch, id, seen: HashSet::new(), page: 0, over: false };
    stream::try_unfold(walk, |mut walk| async move {
        if walk.over {
            return Ok(None);
        }
        let items = walk.step().await?;
        Ok(Some((items, walk)))
    })
    .map_ok(|items| stream::iter(items).map(Ok))
    .try_flatten()
}

struct Walk<T, F> {
    fetch: F,
    id: fn(&T) -> i64,
    seen: HashSet<i64>,
    /// The last page that was read.
    page: u32,
    over: bool,
}

impl<T, F, A> Walk<T, F>
where
    F: FnMut(u32) -> A,
    A: Future<Output = Result<Page<T>, Failure>>,
{
    /// Reads the next page, and the one before it again. Gives what is new.
    async fn step(&mut self) -> Result<Vec<T>, Failure> {
        if self.page == MAX_PAGES {
            return Err(Failure { detail: Some("the list does not end"), ..Failure::of(Class::Unexpected) });
        }
        let next = (self.fetch)(self.page + 1).await?;
        let ids: Vec<i64> = next.items.iter().map(self.id).collect();
        let again = if self.page > 0 { (self.fetch)(self.page).await?.items } else { Vec::new() };
        let repeats = ids.iter().copied().eq(again.iter().map(self.id));
        self.over = next.last || ids.is_empty() || repeats;
        self.page += 1;
        let (seen, id) = (&mut self.seen, self.id);
        Ok(again.into_iter().chain(next.items).filter(|item| seen.insert(id(item))).collect())
    }
}

#[cfg(test)]
mod tests;
