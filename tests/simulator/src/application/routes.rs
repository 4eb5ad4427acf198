//! The paths of the Application API, and since when (chatwoot-api §3).

use super::{
    Visit, account, agent_bots, agents, automation_rules, canned_responses, contacts, conversations,
    custom_attributes, inbox_members, inboxes, labels, profile, team_members, teams, webhooks,
};
use crate::{
    Version,
    model::World,
    reply::{Refusal, Reply},
    routes::{EVER, Route},
};

pub type Handler = fn(&mut World, &Visit<'_>) -> Result<Reply, Refusal>;

/// What a route does, and since when bots may ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    pub bots: Option<Version>,
    pub handle: Handler,
}

const fn since(name: &'static str, since: Version, handle: Handler) -> Route {
    Route { name, since, action: crate::routes::Action::Application(Action { bots: None, handle }) }
}

const fn ever(name: &'static str, handle: Handler) -> Route {
    since(name, EVER, handle)
}

/// Open to bots too.
const fn bots(name: &'static str, from: Version, handle: Handler) -> Route {
    let action = Action { bots: Some(from), handle };
    Route { name, since: EVER, action: crate::routes::Action::Application(action) }
}

const V4_3: Version = Version(4, 3, 0);
const V4_13: Version = Version(4, 13, 0);
const V4_14_2: Version = Version(4, 14, 2);

/// Words stand before parameters: the first row that fits is taken.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    ever("GET /api/v1/profile", profile::show),
    since("POST /api/v1/profile/reset_access_token", V4_3, profile::reset_access_token),
    ever("GET /api/v1/accounts/:id", account::show),
    ever("PATCH /api/v1/accounts/:id", account::update),
    ever("PUT /api/v1/accounts/:id", account::update),

    ever("GET /api/v1/accounts/:account_id/agents", agents::list),
    ever("POST /api/v1/accounts/:account_id/agents", agents::create),
    ever("POST /api/v1/accounts/:account_id/agents/bulk_create", agents::bulk_create),
    ever("PATCH /api/v1/accounts/:account_id/agents/:id", agents::update),
    ever("PUT /api/v1/accounts/:account_id/agents/:id", agents::update),
    ever("DELETE /api/v1/accounts/:account_id/agents/:id", agents::delete),

    ever("GET /api/v1/accounts/:account_id/contacts", contacts::list),
    ever("POST /api/v1/accounts/:account_id/contacts", contacts::create),
    ever("GET /api/v1/accounts/:account_id/contacts/search", contacts::search),
    ever("GET /api/v1/accounts/:account_id/contacts/active", contacts::active),
    ever("POST /api/v1/accounts/:account_id/contacts/filter", contacts::filter),
    ever("POST /api/v1/accounts/:account_id/contacts/export", contacts::export),
    ever("GET /api/v1/accounts/:account_id/contacts/:id", contacts::show),
    ever("PATCH /api/v1/accounts/:account_id/contacts/:id", contacts::update),
    ever("PUT /api/v1/accounts/:account_id/contacts/:id", contacts::update),
    ever("DELETE /api/v1/accounts/:account_id/contacts/:id", contacts::delete),
    ever("DELETE /api/v1/accounts/:account_id/contacts/:id/avatar", contacts::delete_avatar),
    ever("GET /api/v1/accounts/:account_id/contacts/:id/conversations", contacts::conversations),
    ever("GET /api/v1/accounts/:account_id/contacts/:id/labels", contacts::labels),
    ever("POST /api/v1/accounts/:account_id/contacts/:id/labels", contacts::set_labels),
    ever("GET /api/v1/accounts/:account_id/contacts/:id/contactable_inboxes", contacts::contactable_inboxes),
    ever("POST /api/v1/accounts/:account_id/contacts/:id/destroy_custom_attributes", contacts::destroy_custom_attributes),

    ever("GET /api/v1/accounts/:account_id/conversations", conversations::list),
    bots("POST /api/v1/accounts/:account_id/conversations", EVER, conversations::create),
    ever("GET /api/v1/accounts/:account_id/conversations/meta", conversations::meta),
    ever("POST /api/v1/accounts/:account_id/conversations/filter", conversations::filter),
    bots("GET /api/v1/accounts/:account_id/conversations/:id", V4_14_2, conversations::show),
    bots("PATCH /api/v1/accounts/:account_id/conversations/:id", EVER, conversations::update),
    bots("PUT /api/v1/accounts/:account_id/conversations/:id", EVER, conversations::update),
    since("DELETE /api/v1/accounts/:account_id/conversations/:id", V4_3, conversations::delete),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/toggle_status", EVER, conversations::toggle_status),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/toggle_priority", EVER, conversations::toggle_priority),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/toggle_typing_status", EVER, conversations::toggle_typing),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/custom_attributes", EVER, conversations::set_attributes),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/assignments", EVER, conversations::assign),
    bots("GET /api/v1/accounts/:account_id/conversations/:id/labels", V4_14_2, conversations::labels),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/labels", V4_14_2, conversations::set_labels),
    ever("POST /api/v1/accounts/:account_id/conversations/:id/mute", conversations::mute),
    ever("POST /api/v1/accounts/:account_id/conversations/:id/unmute", conversations::unmute),
    ever("POST /api/v1/accounts/:account_id/conversations/:id/update_last_seen", conversations::update_last_seen),
    ever("POST /api/v1/accounts/:account_id/conversations/:id/unread", conversations::unread),
    ever("POST /api/v1/accounts/:account_id/conversations/:id/transcript", conversations::transcript),
    ever("GET /api/v1/accounts/:account_id/conversations/:id/attachments", conversations::attachments),
    ever("GET /api/v1/accounts/:account_id/conversations/:id/messages", conversations::messages),
    bots("POST /api/v1/accounts/:account_id/conversations/:id/messages", EVER, conversations::create_message),

    ever("GET /api/v1/accounts/:account_id/inboxes", inboxes::list),
    ever("POST /api/v1/accounts/:account_id/inboxes", inboxes::create),
    ever("GET /api/v1/accounts/:account_id/inboxes/:id", inboxes::show),
    ever("PATCH /api/v1/accounts/:account_id/inboxes/:id", inboxes::update),
    ever("PUT /api/v1/accounts/:account_id/inboxes/:id", inboxes::update),
    ever("DELETE /api/v1/accounts/:account_id/inboxes/:id", inboxes::delete),
    ever("GET /api/v1/accounts/:account_id/inboxes/:id/agent_bot", inboxes::bot),
    ever("POST /api/v1/accounts/:account_id/inboxes/:id/set_agent_bot", inboxes::set_bot),
    since("POST /api/v1/accounts/:account_id/inboxes/:id/reset_secret", V4_13, inboxes::reset_secret),
    ever("DELETE /api/v1/accounts/:account_id/inboxes/:id/avatar", inboxes::delete_avatar),
    ever("GET /api/v1/accounts/:account_id/inbox_members/:inbox_id", inbox_members::list),
    ever("POST /api/v1/accounts/:account_id/inbox_members", inbox_members::add),
    ever("PATCH /api/v1/accounts/:account_id/inbox_members", inbox_members::replace),
    ever("PUT /api/v1/accounts/:account_id/inbox_members", inbox_members::replace),
    ever("DELETE /api/v1/accounts/:account_id/inbox_members", inbox_members::remove),

    ever("GET /api/v1/accounts/:account_id/teams", teams::list),
    ever("POST /api/v1/accounts/:account_id/teams", teams::create),
    ever("GET /api/v1/accounts/:account_id/teams/:id", teams::show),
    ever("PATCH /api/v1/accounts/:account_id/teams/:id", teams::update),
    ever("PUT /api/v1/accounts/:account_id/teams/:id", teams::update),
    ever("DELETE /api/v1/accounts/:account_id/teams/:id", teams::delete),
    ever("GET /api/v1/accounts/:account_id/teams/:team_id/team_members", team_members::list),
    ever("POST /api/v1/accounts/:account_id/teams/:team_id/team_members", team_members::add),
    ever("PATCH /api/v1/accounts/:account_id/teams/:team_id/team_members", team_members::replace),
    ever("PUT /api/v1/accounts/:account_id/teams/:team_id/team_members", team_members::replace),
    ever("DELETE /api/v1/accounts/:account_id/teams/:team_id/team_members", team_members::remove),

    ever("GET /api/v1/accounts/:account_id/labels", labels::list),
    ever("POST /api/v1/accounts/:account_id/labels", labels::create),
    ever("GET /api/v1/accounts/:account_id/labels/:id", labels::show),
    ever("PATCH /api/v1/accounts/:account_id/labels/:id", labels::update),
    ever("PUT /api/v1/accounts/:account_id/labels/:id", labels::update),
    ever("DELETE /api/v1/accounts/:account_id/labels/:id", labels::delete),

    ever("GET /api/v1/accounts/:account_id/canned_responses", canned_responses::list),
    ever("POST /api/v1/accounts/:account_id/canned_responses", canned_responses::create),
    ever("PATCH /api/v1/accounts/:account_id/canned_responses/:id", canned_responses::update),
    ever("PUT /api/v1/accounts/:account_id/canned_responses/:id", canned_responses::update),
    ever("DELETE /api/v1/accounts/:account_id/canned_responses/:id", canned_responses::delete),

    ever("GET /api/v1/accounts/:account_id/custom_attribute_definitions", custom_attributes::list),
    ever("POST /api/v1/accounts/:account_id/custom_attribute_definitions", custom_attributes::create),
    ever("GET /api/v1/accounts/:account_id/custom_attribute_definitions/:id", custom_attributes::show),
    ever("PATCH /api/v1/accounts/:account_id/custom_attribute_definitions/:id", custom_attributes::update),
    ever("PUT /api/v1/accounts/:account_id/custom_attribute_definitions/:id", custom_attributes::update),
    ever("DELETE /api/v1/accounts/:account_id/custom_attribute_definitions/:id", custom_attributes::delete),

    ever("GET /api/v1/accounts/:account_id/webhooks", webhooks::list),
    ever("POST /api/v1/accounts/:account_id/webhooks", webhooks::create),
    ever("PATCH /api/v1/accounts/:account_id/webhooks/:id", webhooks::update),
    ever("PUT /api/v1/accounts/:account_id/webhooks/:id", webhooks::update),
    ever("DELETE /api/v1/accounts/:account_id/webhooks/:id", webhooks::delete),

    ever("GET /api/v1/accounts/:account_id/automation_rules", automation_rules::list),
    ever("POST /api/v1/accounts/:account_id/automation_rules", automation_rules::create),
    ever("GET /api/v1/accounts/:account_id/automation_rules/:id", automation_rules::show),
    ever("PATCH /api/v1/accounts/:account_id/automation_rules/:id", automation_rules::update),
    ever("PUT /api/v1/accounts/:account_id/automation_rules/:id", automation_rules::update),
    ever("DELETE /api/v1/accounts/:account_id/automation_rules/:id", automation_rules::delete),
    ever("POST /api/v1/accounts/:account_id/automation_rules/:id/clone", automation_rules::duplicate),

    ever("GET /api/v1/accounts/:account_id/agent_bots", agent_bots::list),
    ever("POST /api/v1/accounts/:account_id/agent_bots", agent_bots::create),
    ever("GET /api/v1/accounts/:account_id/agent_bots/:id", agent_bots::show),
    ever("PATCH /api/v1/accounts/:account_id/agent_bots/:id", agent_bots::update),
    ever("PUT /api/v1/accounts/:account_id/agent_bots/:id", agent_bots::update),
    ever("DELETE /api/v1/accounts/:account_id/agent_bots/:id", agent_bots::delete),
    ever("DELETE /api/v1/accounts/:account_id/agent_bots/:id/avatar", agent_bots::delete_avatar),
    since("POST /api/v1/accounts/:account_id/agent_bots/:id/reset_access_token", V4_3, agent_bots::reset_access_token),
    since("POST /api/v1/accounts/:account_id/agent_bots/:id/reset_secret", V4_13, agent_bots::reset_secret),
];
