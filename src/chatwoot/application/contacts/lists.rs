//! Contacts in pages of fifteen (§3.2).

use super::Contacts;
use crate::chatwoot::{
    application::{Answer, scope},
    http::{Body, Call},
    loose,
    outcome::Failure,
    pages::{self, Page},
    tenant::{
        contact::{Contact, Sort, SortBy},
        filter::Filter,
    },
};
use futures::Stream;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// Contacts on a page.
const PAGE: i64 = 15;

/// Which contacts are listed, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// By default Chatwoot's own order. Streams take `created_at` then, because it moves least.
    pub sort: Option<Sort>,
    /// Contacts with any of these labels; all contacts where empty.
    pub labels: Vec<String>,
    /// Shows the addresses too.
    pub with_inboxes: bool,
}

impl ContactQuery {
    fn pairs(&self, page: u32) -> Vec<(&'static str, Option<String>)> {
        let mut pairs = vec![
            ("page", Some(page.max(1).to_string())),
            ("sort", self.sort.map(|sort| sort.to_string())),
            // Shown unless it is declined.
            ("include_contact_inboxes", Some(self.with_inboxes.to_string())),
        ];
        pairs.extend(self.labels.iter().map(|label| ("labels[]", Some(label.clone()))));
        pairs
    }

    fn steady(&self) -> Self {
        let by_age = Sort { by: SortBy::CreatedAt, descending: false };
        Self { sort: self.sort.or(Some(by_age)), ..self.clone() }
    }
}

/// A page of contacts.
#[derive(Clone, Debug)]
pub struct ContactPage {
    pub contacts: Vec<Contact>,
    /// How many there are in all. In a search of 4.11.0 and newer only how many are on this page.
    pub count: Option<i64>,
    /// Searches of 4.11.0 and newer say whether there are more.
    pub has_more: Option<bool>,
}

impl ContactPage {
    fn read(body: Body) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            meta: Meta,
            payload: Vec<Contact>,
        }
        // `current_page` is a number or a text, and we know it anyway.
        #[derive(Default, Deserialize)]
        struct Meta {
            #[serde(default, deserialize_with = "loose::int")]
            count: Option<i64>,
            #[serde(default, deserialize_with = "loose::maybe_flag")]
            has_more: Option<bool>,
        }
        let wire: Wire = scope::flat(body)?;
        Some(Self { contacts: wire.payload, count: wire.meta.count, has_more: wire.meta.has_more })
    }

    /// Whether `page`, which this is, is the last. Where the answer does not say, the page after it will be empty.
    fn paged(self, page: u32) -> Page<Contact> {
        let by_count = || self.count.is_some_and(|count| i64::from(page) * PAGE >= count);
        let last = self.has_more.map_or_else(by_count, |more| !more);
        Page { items: self.contacts, last }
    }
}

impl Contacts {
    /// `GET contacts`: page `page` (from 1) of those who have an e-mail, phone number or identifier; the others are only
    /// found by id and by search.
    ///
    /// # Errors
    /// As all.
    pub fn list(&self, query: &ContactQuery, page: u32) -> Answer<ContactPage> {
        let call = self.scope.call(Method::GET, "GET /api/v1/accounts/:account/contacts", "/contacts");
        self.pages(call.query(query.pairs(page)))
    }

    /// All pages of [`Contacts::list`]; see [`pages::walk`] for what is guaranteed.
    pub fn stream(&self, query: &ContactQuery) -> impl Stream<Item = Result<Contact, Failure>> + use<> {
        let (contacts, query) = (self.clone(), query.steady());
        pages::walk(move |page| read(contacts.list(&query, page), page), |contact| contact.id.0)
    }

    /// `GET contacts/search`: those whose name, e-mail, phone number or identifier holds `text`; identifiers with regard
    /// to case. Nobody for a blank text. Limited to 100 a minute for the whole account (§5).
    ///
    /// Before 4.11.0 only those that [`Contacts::list`] lists, and company names are searched too.
    ///
    /// # Errors
    /// As all.
    pub fn search(&self, text: &str, sort: Option<Sort>, page: u32) -> Answer<ContactPage> {
        let route = "GET /api/v1/accounts/:account/contacts/search";
        let query = ContactQuery { sort, ..ContactQuery::default() };
        let pairs = query.pairs(page).into_iter().chain([("q", Some(text.to_owned()))]);
        let call = self.scope.call(Method::GET, route, "/contacts/search").query(pairs);
        self.pages(call)
    }

    /// All pages of [`Contacts::search`], in order of age unless `sort` says otherwise.
    pub fn search_stream(
        &self,
        text: &str,
        sort: Option<Sort>,
    ) -> impl Stream<Item = Result<Contact, Failure>> + use<> {
        let sort = ContactQuery { sort, ..ContactQuery::default() }.steady().sort;
        let (contacts, text) = (self.clone(), text.to_owned());
        pages::walk(move |page| read(contacts.search(&text, sort, page), page), |contact| contact.id.0)
    }

    /// `POST contacts/filter`: page `page` (from 1) of those that [`Contacts::list`] lists and `filter` means.
    ///
    /// # Errors
    /// As all; 422 where the account has no such custom attribute.
    pub fn filter(&self, filter: &Filter, query: &ContactQuery, page: u32) -> Answer<ContactPage> {
        let route = "POST /api/v1/accounts/:account/contacts/filter";
        let call = self.scope.call(Method::POST, route, "/contacts/filter").query(query.pairs(page));
        self.pages(call.body(&json!({"payload": filter})))
    }

    /// All pages of [`Contacts::filter`].
    pub fn filter_stream(
        &self,
        filter: &Filter,
        query: &ContactQuery,
    ) -> impl Stream<Item = Result<Contact, Failure>> + use<> {
        let (contacts, filter, query) = (self.clone(), filter.clone(), query.steady());
        pages::walk(move |page| read(contacts.filter(&filter, &query, page), page), |contact| contact.id.0)
    }

    fn pages(&self, call: Call) -> Answer<ContactPage> {
        self.scope.ask(call.personal().list(), ContactPage::read)
    }
}

async fn read(answer: Answer<ContactPage>, page: u32) -> Result<Page<Contact>, Failure> {
    answer.await.map(|contacts| contacts.paged(page))
}
