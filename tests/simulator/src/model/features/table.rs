//! Every flag name an account could carry since 2.0, by bit position (chatwoot-api §2.3).
//!
//! A bit may have had another name before: the older name comes first and ends where the newer one begins.

use super::{
    Flag,
    Preset::{self, Between, From, Off, On},
};
use crate::Version;

const fn flag(bit: u8, name: &'static str, since: Version, preset: Preset) -> Flag {
    Flag { bit, name, since, before: None, preset, community_reset: false }
}

/// A name that was replaced in place; `before` is the first release that no longer knows it.
const fn gone(bit: u8, name: &'static str, since: Version, before: Version, preset: Preset) -> Flag {
    Flag { bit, name, since, before: Some(before), preset, community_reset: false }
}

/// A premium flag that the daily job of a community installation turns off (P33).
const fn reset(bit: u8, name: &'static str, since: Version) -> Flag {
    Flag { bit, name, since, before: None, preset: Off, community_reset: true }
}

pub const FLAGS: &[Flag] = &[
    flag(1, "inbound_emails", Version(2, 0, 0), On),
    flag(2, "channel_email", Version(2, 0, 0), On),
    flag(3, "channel_facebook", Version(2, 0, 0), On),
    gone(4, "channel_twitter", Version(2, 0, 0), Version(4, 14, 1), On),
    flag(4, "conversation_unread_counts", Version(4, 14, 1), Off),
    flag(5, "ip_lookup", Version(2, 0, 0), Off),
    reset(6, "disable_branding", Version(2, 9, 0)),
    flag(7, "email_continuity_on_api_channel", Version(2, 9, 0), Off),
    flag(8, "help_center", Version(2, 9, 0), On),
    flag(9, "agent_bots", Version(2, 10, 0), From(Version(4, 1, 0))),
    flag(10, "macros", Version(2, 10, 0), On),
    flag(11, "agent_management", Version(2, 10, 0), On),
    flag(12, "team_management", Version(2, 10, 0), On),
    flag(13, "inbox_management", Version(2, 10, 0), On),
    flag(14, "labels", Version(2, 10, 0), On),
    flag(15, "custom_attributes", Version(2, 10, 0), On),
    flag(16, "automations", Version(2, 10, 0), On),
    flag(17, "canned_responses", Version(2, 10, 0), On),
    flag(18, "integrations", Version(2, 10, 0), On),
    flag(19, "voice_recorder", Version(2, 10, 0), On),
    gone(20, "mobile_v2", Version(2, 11, 0), Version(4, 12, 0), Off),
    flag(20, "report_rollup", Version(4, 12, 0), Off),
    flag(21, "channel_website", Version(2, 12, 0), On),
    flag(22, "campaigns", Version(2, 12, 0), On),
    flag(23, "reports", Version(2, 12, 0), On),
    flag(24, "crm", Version(2, 12, 0), On),
    flag(25, "auto_resolve_conversations", Version(2, 12, 0), On),
    flag(26, "custom_reply_email", Version(2, 16, 0), Off),
    flag(27, "custom_reply_domain", Version(2, 16, 0), Off),
    reset(28, "audit_logs", Version(2, 17, 0)),
    gone(29, "response_bot", Version(3, 0, 0), Version(4, 13, 0), Off),
    flag(29, "custom_tools", Version(4, 13, 0), Off),
    flag(30, "message_reply_to", Version(3, 2, 0), Off),
    flag(31, "insert_article_in_reply", Version(3, 3, 0), Off),
    flag(32, "inbox_view", Version(3, 6, 0), Off),
    reset(33, "sla", Version(3, 7, 0)),
    flag(34, "help_center_embedding_search", Version(3, 8, 0), Off),
    flag(35, "linear_integration", Version(3, 10, 0), Off),
    reset(36, "captain_integration", Version(3, 12, 0)),
    reset(37, "custom_roles", Version(3, 13, 0)),
    flag(38, "chatwoot_v4", Version(3, 15, 0), From(Version(4, 3, 0))),
    gone(39, "report_v4", Version(4, 0, 2), Version(4, 14, 0), Between(Version(4, 1, 0), Version(4, 12, 0))),
    flag(39, "captain_v1_action_classifier", Version(4, 14, 0), Off),
    flag(40, "contact_chatwoot_support_team", Version(4, 0, 2), On),
    flag(41, "shopify_integration", Version(4, 0, 4), Off),
    flag(42, "search_with_gin", Version(4, 0, 4), Off),
    flag(43, "channel_instagram", Version(4, 1, 0), On),
    flag(44, "crm_integration", Version(4, 2, 0), Off),
    flag(45, "channel_voice", Version(4, 4, 0), Off),
    flag(46, "notion_integration", Version(4, 4, 0), Off),
    flag(47, "captain_integration_v2", Version(4, 4, 0), Off),
    flag(48, "whatsapp_embedded_signup", Version(4, 4, 0), Off),
    flag(49, "whatsapp_campaign", Version(4, 4, 0), Off),
    flag(50, "crm_v2", Version(4, 5, 0), Off),
    flag(51, "assignment_v2", Version(4, 6, 0), From(Version(4, 13, 0))),
    gone(52, "twilio_content_templates", Version(4, 6, 0), Version(4, 14, 0), Off),
    flag(52, "captain_document_auto_sync", Version(4, 14, 0), Off),
    flag(53, "advanced_search", Version(4, 6, 0), Off),
    flag(54, "saml", Version(4, 6, 0), Off),
    flag(55, "advanced_search_indexing", Version(4, 7, 0), Off),
    flag(56, "reply_mailer_migration", Version(4, 7, 0), Off),
    flag(57, "quoted_email_reply", Version(4, 7, 0), Off),
    flag(58, "companies", Version(4, 8, 0), Off),
    flag(59, "channel_tiktok", Version(4, 9, 0), On),
    reset(60, "csat_review_notes", Version(4, 10, 0)),
    flag(61, "captain_tasks", Version(4, 11, 0), On),
    reset(62, "conversation_required_attributes", Version(4, 11, 0)),
    flag(63, "advanced_assignment", Version(4, 11, 0), Off),
];
