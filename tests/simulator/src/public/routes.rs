//! The paths of the Client API (chatwoot-api §4).

use super::{Handler, contacts, conversations, inbox, messages};
use crate::routes::{Action, EVER, Route};

const fn route(name: &'static str, handle: Handler) -> Route {
    Route { name, since: EVER, action: Action::Public(handle) }
}

#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route("GET /public/api/v1/inboxes/:inbox_id", inbox),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts", contacts::create),
    route("GET /public/api/v1/inboxes/:inbox_id/contacts/:contact_id", contacts::show),
    route("PATCH /public/api/v1/inboxes/:inbox_id/contacts/:contact_id", contacts::update),
    route("PUT /public/api/v1/inboxes/:inbox_id/contacts/:contact_id", contacts::update),
    route("GET /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations", conversations::list),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations", conversations::create),
    route("GET /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id", conversations::show),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/toggle_status", conversations::toggle_status),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/toggle_typing", conversations::toggle_typing),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/update_last_seen", conversations::update_last_seen),
    route("GET /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/messages", messages::list),
    route("POST /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/messages", messages::create),
    route("PATCH /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/messages/:id", messages::update),
    route("PUT /public/api/v1/inboxes/:inbox_id/contacts/:contact_id/conversations/:conversation_id/messages/:id", messages::update),
];
