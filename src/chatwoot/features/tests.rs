use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn known_to(text: &str) -> BTreeSet<&'static str> {
    let version = version(text);
    flags().iter().map(|flag| flag.name).filter(|name| check_feature(name, version).is_ok()).collect()
}

#[test]
fn each_release_has_as_many_flags_as_its_bitmask_has_bits() {
    // chatwoot-api §2.3: 63 flags at 4.14.2, bits 1 to 44 at 4.2.
    assert_eq!(known_to("4.14.2").len(), 63);
    assert_eq!(known_to("4.15.1").len(), 63);
    assert_eq!(known_to("4.2.0").len(), 44);
    assert!(known_to("4.2.0").contains("channel_twitter") && !known_to("4.14.1").contains("channel_twitter"));
}

#[test]
fn a_flag_in_a_bit_taken_over_is_valid_exactly_until_its_successor_comes() {
    for flag in flags() {
        let Some((until, instead)) = flag.gone else { continue };
        let successor = find(instead).unwrap();
        assert!(until < successor.since, "{}", flag.name);
        assert_eq!(check_feature(flag.name, until), Ok(()), "{}", flag.name);
        assert!(matches!(check_feature(instead, until), Err(FeatureError::NotYet { .. })), "{instead}");
        assert_eq!(check_feature(instead, successor.since), Ok(()));
        let removed = FeatureError::Removed { name: flag.name, until, instead };
        assert_eq!(check_feature(flag.name, successor.since), Err(removed));
    }
}

#[test]
fn a_patch_release_after_the_last_listed_one_still_knows_the_old_name() {
    assert_eq!(check_feature("mobile_v2", version("4.11.2")), Ok(()));
}

#[test]
fn the_daily_reset_concerns_the_seven_flags_of_p33() {
    let reset: BTreeSet<_> =
        flags().iter().map(|flag| flag.name).filter(|name| is_community_reset(name)).collect();
    let expected = [
        "disable_branding",
        "audit_logs",
        "sla",
        "custom_roles",
        "captain_integration",
        "csat_review_notes",
        "conversation_required_attributes",
    ];
    assert_eq!(reset, expected.into());
    assert!(!is_community_reset("nonsense"));
}

#[test]
fn messages_say_what_to_write() {
    let at = version("4.14.2");
    let text = |name: &str, at| check_feature(name, at).unwrap_err().to_string();
    assert_eq!(
        text("help-center", at),
        "feature \"help-center\" does not exist in Chatwoot: did you mean \"help_center\"?"
    );
    assert!(text("zzzzzzzzzzzz", at).contains("config/features.yml"), "{}", text("zzzzzzzzzzzz", at));
    assert!(text("saml", version("4.5.0")).contains("exists since Chatwoot 4.6.0, and this one is 4.5.0"));
    assert!(text("response_bot", at).ends_with("remove the key"));
    assert_eq!(check_feature("flags", at), Err(FeatureError::Reserved));
}

#[test]
fn distances_count_edits() {
    assert_eq!(distance("", ""), 0);
    assert_eq!(distance("sla", "sla"), 0);
    assert_eq!(distance("sal", "sla"), 2);
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("abc", ""), 3);
}

proptest! {
    #[test]
    fn any_name_is_answered_and_shown_without_control_characters(name in ".{0,200}") {
        if let Err(error) = check_feature(&name, Version::NEWEST_KNOWN) {
            prop_assert!(!error.to_string().chars().any(char::is_control));
        }
    }
}
