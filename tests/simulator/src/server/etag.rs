//! Weak ETags on what is read (chatwoot-api §1.1).

use crate::reply::Reply;
use bytes::Bytes;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Adds the tag to an answered GET, and answers 304 where the client has that body already.
pub fn tagged(reply: Reply, if_none_match: Option<&str>) -> Reply {
    if reply.status != 200 || reply.body.is_empty() {
        return reply;
    }
    let mut hasher = DefaultHasher::new();
    reply.body.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = if_none_match.is_some_and(|tags| tags.split(',').any(|sent| sent.trim() == tag));
    let reply = reply.header("etag", tag).header("cache-control", "max-age=0, private, must-revalidate");
    if known { Reply { status: 304, content_type: None, body: Bytes::new(), ..reply } } else { reply }
}
