//! Chatwoot's feature flags: `config/features.yml` at 4.14.2 (the same set in 4.15.1), compared release by release back to
//! 2.0. `until` is the last release that knows the name. `community_reset` flags are switched off daily on the community
//! plan (chatwoot-api P33). Names that were there before 2.0.0 are dated 2.0.0.

use super::Flag;
use crate::chatwoot::version::Version;

const fn v(major: u32, minor: u32, patch: u32) -> Version {
    Version::new(major, minor, patch)
}

const fn plain(name: &'static str, since: Version) -> Flag {
    Flag { name, since, premium: false, community_reset: false, gone: None }
}

const fn premium(name: &'static str, since: Version) -> Flag {
    Flag { name, since, premium: true, community_reset: false, gone: None }
}

const fn reset_daily(name: &'static str, since: Version) -> Flag {
    Flag { name, since, premium: true, community_reset: true, gone: None }
}

const fn replaced(name: &'static str, since: Version, until: Version, instead: &'static str) -> Flag {
    Flag { name, since, premium: false, community_reset: false, gone: Some((until, instead)) }
}

#[rustfmt::skip]
pub(super) const FLAGS: &[Flag] = &[
    plain("inbound_emails", v(2, 0, 0)),
    plain("channel_email", v(2, 0, 0)),
    plain("channel_facebook", v(2, 0, 0)),
    plain("conversation_unread_counts", v(4, 14, 1)),
    plain("ip_lookup", v(2, 0, 0)),
    reset_daily("disable_branding", v(2, 9, 0)),
    plain("email_continuity_on_api_channel", v(2, 9, 0)),
    plain("help_center", v(2, 9, 0)),
    plain("agent_bots", v(2, 10, 0)),
    plain("macros", v(2, 10, 0)),
    plain("agent_management", v(2, 10, 0)),
    plain("team_management", v(2, 10, 0)),
    plain("inbox_management", v(2, 10, 0)),
    plain("labels", v(2, 10, 0)),
    plain("custom_attributes", v(2, 10, 0)),
    plain("automations", v(2, 10, 0)),
    plain("canned_responses", v(2, 10, 0)),
    plain("integrations", v(2, 10, 0)),
    plain("voice_recorder", v(2, 10, 0)),
    plain("report_rollup", v(4, 12, 0)),
    plain("channel_website", v(2, 12, 0)),
    plain("campaigns", v(2, 12, 0)),
    plain("reports", v(2, 12, 0)),
    plain("crm", v(2, 12, 0)),
    plain("auto_resolve_conversations", v(2, 12, 0)),
    plain("custom_reply_email", v(2, 16, 0)),
    plain("custom_reply_domain", v(2, 16, 0)),
    reset_daily("audit_logs", v(2, 17, 0)),
    premium("custom_tools", v(4, 13, 0)),
    plain("message_reply_to", v(3, 2, 0)),
    plain("insert_article_in_reply", v(3, 3, 0)),
    plain("inbox_view", v(3, 6, 0)),
    reset_daily("sla", v(3, 7, 0)),
    premium("help_center_embedding_search", v(3, 8, 0)),
    plain("linear_integration", v(3, 10, 0)),
    reset_daily("captain_integration", v(3, 12, 0)),
    reset_daily("custom_roles", v(3, 13, 0)),
    plain("chatwoot_v4", v(3, 15, 0)),
    premium("captain_v1_action_classifier", v(4, 14, 0)),
    plain("contact_chatwoot_support_team", v(4, 0, 2)),
    plain("shopify_integration", v(4, 0, 4)),
    plain("search_with_gin", v(4, 0, 4)),
    plain("channel_instagram", v(4, 1, 0)),
    plain("crm_integration", v(4, 2, 0)),
    premium("channel_voice", v(4, 4, 0)),
    plain("notion_integration", v(4, 4, 0)),
    premium("captain_integration_v2", v(4, 4, 0)),
    plain("whatsapp_embedded_signup", v(4, 4, 0)),
    plain("whatsapp_campaign", v(4, 4, 0)),
    plain("crm_v2", v(4, 5, 0)),
    plain("assignment_v2", v(4, 6, 0)),
    premium("captain_document_auto_sync", v(4, 14, 0)),
    premium("advanced_search", v(4, 6, 0)),
    premium("saml", v(4, 6, 0)),
    premium("advanced_search_indexing", v(4, 7, 0)),
    plain("reply_mailer_migration", v(4, 7, 0)),
    plain("quoted_email_reply", v(4, 7, 0)),
    premium("companies", v(4, 8, 0)),
    plain("channel_tiktok", v(4, 9, 0)),
    reset_daily("csat_review_notes", v(4, 10, 0)),
    plain("captain_tasks", v(4, 11, 0)),
    reset_daily("conversation_required_attributes", v(4, 11, 0)),
    premium("advanced_assignment", v(4, 11, 0)),
    replaced("channel_twitter", v(2, 0, 0), v(4, 14, 0), "conversation_unread_counts"),
    replaced("mobile_v2", v(2, 11, 0), v(4, 11, 0), "report_rollup"),
    replaced("response_bot", v(3, 0, 0), v(4, 12, 1), "custom_tools"),
    replaced("report_v4", v(4, 0, 2), v(4, 13, 0), "captain_v1_action_classifier"),
    replaced("twilio_content_templates", v(4, 6, 0), v(4, 13, 0), "captain_document_auto_sync"),
];
