//! A request before anybody has looked at it.

use crate::{
    journal::{End, Entry, Headers},
    routes::{self, Found},
    site::Call,
};
use jiff::Timestamp;
use std::net::IpAddr;

/// A request as it arrived.
pub struct Arrival {
    pub call: Call,
    pub connection: u64,
    pub source: IpAddr,
    /// Came over TLS, or says so.
    pub secure: bool,
    pub forwarded_proto: Option<String>,
    pub user_agent: Option<String>,
    pub host: Option<String>,
    pub if_none_match: Option<String>,
}

impl Arrival {
    /// What journal and faults call its route.
    pub fn route(&self, found: Option<&Found>) -> &'static str {
        found.map_or_else(|| routes::unrouted(&self.call.method), |found| found.route.name)
    }

    /// Its own address, with https.
    pub fn https(&self) -> String {
        let query = self.call.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("https://{}{}{query}", self.host.as_deref().unwrap_or("localhost"), self.call.path)
    }

    /// Its entry in the journal, as far as it is known on arrival.
    pub fn entry(&self, route: &'static str) -> Entry {
        let call = &self.call;
        Entry {
            seq: 0,
            time: Timestamp::now(),
            connection: self.connection,
            method: call.method.clone(),
            route: route.into(),
            path: call.path.clone(),
            query: call.query.clone(),
            body: String::from_utf8_lossy(&call.body).into_owned(),
            headers: Headers {
                token: call.token.is_some(),
                accept: call.accept.clone(),
                content_type: call.content_type.clone(),
                forwarded_proto: self.forwarded_proto.clone(),
                user_agent: self.user_agent.clone(),
            },
            app: None,
            user: None,
            bot: None,
            end: End::Answered,
            status: None,
            chatwoot_status: None,
            commit: None,
            fault: None,
        }
    }
}
