//! Every request, in the order in which its fate was decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::VecDeque, sync::Arc};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// An answer was sent (`status`).
    Answered,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an answer.
    Closed,
    /// Half of the answer was sent, then the connection ended.
    Truncated,
    /// Nothing has been sent so far; it waits for a release.
    Hanging,
    /// It hung and was released without an answer.
    Dropped,
    /// The answer was ready, but the client had gone.
    ClientGone,
}

/// The headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// Whether a token was sent; which caller it belongs to says [`Entry::app`].
    pub token: bool,
    pub accept: Option<String>,
    pub content_type: Option<String>,
    pub forwarded_proto: Option<String>,
    pub user_agent: Option<String>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up from 1, also across a cleared journal.
    pub seq: u64,
    pub time: Timestamp,
    /// Counts the accepted connections from 1.
    pub connection: u64,
    pub method: String,
    /// Such as `POST /platform/api/v1/accounts`, or `GET (no route)`.
    pub route: Cow<'static, str>,
    pub path: String,
    pub query: Option<String>,
    /// As it came, secrets included.
    pub body: String,
    pub headers: Headers,
    /// The Platform App whose token was sent.
    pub app: Option<i64>,
    /// The person whose token was sent, when the request arrived.
    #[serde(default)]
    pub user: Option<i64>,
    /// The bot whose token was sent.
    #[serde(default)]
    pub bot: Option<i64>,
    pub end: End,
    /// What the client was sent; absent while hanging and where nothing was sent.
    pub status: Option<u16>,
    /// What Chatwoot itself had answered; absent where it was not asked.
    pub chatwoot_status: Option<u16>,
    /// Position among the requests that left something in the database; absent where it did not.
    pub commit: Option<u64>,
    /// The kind of fault that hit it.
    pub fault: Option<String>,
}

/// Which entries are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only entries after this one.
    pub since: u64,
    /// A route, `VERB *`, or `*`; see [`crate::Fault::route`].
    pub route: Option<String>,
    pub path: Option<String>,
    pub status: Option<u16>,
    pub end: Option<End>,
    /// Whether it left something in the database.
    pub committed: Option<bool>,
}

impl Filter {
    pub fn route(route: &str) -> Self {
        Filter { route: Some(route.to_owned()), ..Filter::default() }
    }

    pub fn since(self, seq: u64) -> Self {
        Filter { since: seq, ..self }
    }

    pub fn path(self, path: &str) -> Self {
        Filter { path: Some(path.to_owned()), ..self }
    }

    pub fn end(self, end: End) -> Self {
        Filter { end: Some(end), ..self }
    }

    /// Whether an entry that matches now always will: what it asks for never changes.
    pub fn is_settled(&self) -> bool {
        self.status.is_none() && self.end.is_none() && self.committed.is_none()
    }

    pub fn matches(&self, entry: &Entry) -> bool {
        entry.seq > self.since
            && self.route.as_ref().is_none_or(|route| route_matches(route, &entry.route))
            && self.path.as_ref().is_none_or(|path| *path == entry.path)
            && self.status.is_none_or(|status| entry.status == Some(status))
            && self.end.is_none_or(|end| entry.end == end)
            && self.committed.is_none_or(|committed| entry.commit.is_some() == committed)
    }
}

/// Whether a route is meant by `*`, `POST *`, `WRITE *` (every verb that may change something) or its own name.
pub fn route_matches(pattern: &str, route: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some("WRITE ") => !route.starts_with("GET ") && !route.starts_with("HEAD "),
        Some(verb) => route.starts_with(verb),
        None => pattern == route,
    }
}

/// The entries that are kept, oldest first.
pub struct Journal {
    entries: VecDeque<Arc<Entry>>,
    last_seq: u64,
    commits: u64,
    most: usize,
    forgotten: u64,
}

impl Journal {
    /// `most`: entries kept; beyond that the oldest are forgotten.
    pub fn new(most: usize) -> Self {
        Journal { entries: VecDeque::new(), last_seq: 0, commits: 0, most, forgotten: 0 }
    }

    /// Numbers an entry and keeps it. `wrote`: it left something in the database.
    pub fn push(&mut self, mut entry: Entry, wrote: bool) -> u64 {
        self.last_seq += 1;
        entry.seq = self.last_seq;
        entry.commit = wrote.then(|| self.next_commit());
        self.entries.push_back(Arc::new(entry));
        if self.entries.len() > self.most {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.last_seq
    }

    fn next_commit(&mut self) -> u64 {
        self.commits += 1;
        self.commits
    }

    /// Changes an entry that is still kept: one that hung goes on, or its client turns out to be gone.
    pub fn update(&mut self, seq: u64, wrote: bool, change: impl FnOnce(&mut Entry)) {
        let commit = wrote.then(|| self.next_commit());
        let first = self.last_seq + 1 - self.entries.len() as u64;
        let slot = seq.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = slot.and_then(|index| self.entries.get_mut(index)) {
            let entry = Arc::make_mut(entry);
            change(entry);
            entry.commit = entry.commit.or(commit);
        }
    }

    pub fn select<'a>(&'a self, filter: &'a Filter) -> impl Iterator<Item = &'a Arc<Entry>> {
        // Entries stand in order, so what `since` excludes need not be looked at.
        let skip = self.entries.partition_point(|entry| entry.seq <= filter.since);
        self.entries.range(skip..).filter(|entry| filter.matches(entry))
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// How many entries were given up because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(route: &'static str) -> Entry {
        Entry {
            seq: 0,
            time: Timestamp::UNIX_EPOCH,
            connection: 1,
            method: "GET".into(),
            route: route.into(),
            path: "/x".into(),
            query: None,
            body: String::new(),
            headers: Headers::default(),
            app: None,
            user: None,
            bot: None,
            end: End::Answered,
            status: Some(200),
            chatwoot_status: Some(200),
            commit: None,
            fault: None,
        }
    }

    #[test]
    fn numbers_go_on_across_a_cleared_journal() {
        let mut journal = Journal::new(10);
        journal.push(entry("GET /a"), false);
        journal.clear();
        assert_eq!(journal.push(entry("GET /b"), true), 2);
        let everything = Filter::default();
        let all: Vec<_> = journal.select(&everything).collect();
        assert_eq!((all.len(), all[0].seq, all[0].commit), (1, 2, Some(1)));
    }

    #[test]
    fn the_oldest_are_forgotten_and_counted() {
        let mut journal = Journal::new(2);
        for _ in 0..5 {
            journal.push(entry("GET /a"), false);
        }
        assert_eq!(journal.select(&Filter::default()).map(|e| e.seq).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(journal.forgotten(), 3);
        journal.update(4, true, |entry| entry.status = Some(500));
        assert_eq!(journal.select(&Filter::default()).next().unwrap().status, Some(500));
        journal.update(1, false, |_| panic!("an entry that is gone"));
    }

    #[test]
    fn filters_select_by_route_and_place() {
        let mut journal = Journal::new(10);
        journal.push(entry("GET /a"), false);
        journal.push(entry("POST /a"), true);
        journal.push(entry("POST /b"), false);
        journal.push(entry("DELETE /b"), true);
        let count = |filter: &Filter| journal.select(filter).count();
        assert_eq!(count(&Filter::route("POST *")), 2);
        assert_eq!(count(&Filter::route("WRITE *")), 3);
        assert_eq!(count(&Filter::route("POST /a")), 1);
        assert_eq!(count(&Filter::route("*").since(1)), 3);
        assert_eq!(count(&Filter { committed: Some(true), ..Filter::default() }), 2);
    }
}
