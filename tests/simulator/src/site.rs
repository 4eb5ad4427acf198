//! Chatwoot behind the network: a request in, a reply out, the world changed in between.

use crate::{
    application,
    model::World,
    params::Params,
    platform, public,
    reply::{Refusal, Reply},
    routes::{Action, Found},
};
use bytes::Bytes;
use jiff::Timestamp;

/// What of a request the application looks at.
#[derive(Clone, Debug, Default)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub token: Option<String>,
    pub accept: Option<String>,
    pub content_type: Option<String>,
    pub body: Bytes,
}

/// Serves one request.
pub fn answer(world: &mut World, call: &Call, found: Option<&Found>, now: Timestamp) -> Reply {
    let accept = call.accept.as_deref();
    match serve(world, call, found, now) {
        Ok(reply) => match found.and_then(|found| found.format.as_deref()) {
            Some(format) if format != "json" && !reply.body.is_empty() => {
                Reply { wrote: reply.wrote, ..Refusal::NotAcceptable.reply(accept) }
            }
            _ => reply,
        },
        Err(refusal) => refusal.reply(accept),
    }
}

fn serve(world: &mut World, call: &Call, found: Option<&Found>, now: Timestamp) -> Result<Reply, Refusal> {
    let found = found.ok_or(Refusal::NotRouted)?;
    let params = Params::read(call.query.as_deref(), call.content_type.as_deref(), &call.body)
        .map_err(|_malformed| Refusal::Malformed)?;
    let token = call.token.as_deref();
    match found.route.action {
        Action::Platform(action) => platform::serve(world, action, token, found.id(), &params, now),
        Action::Application(action) => application::serve(world, action, token, found, &params, now),
        Action::Public(handle) => handle(world, &public::Visit { found, params: &params, now }),
    }
}
