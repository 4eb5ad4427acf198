//! Feature flags: one bit each in an account, one name per release (chatwoot-api §2.3).

mod table;

use crate::Version;
use table::FLAGS;

/// Flags of one account, as the column `accounts.feature_flags` holds them: bit 1 is the lowest.
pub type Bits = u64;

/// What a fresh installation gives a new account.
#[derive(Clone, Copy)]
enum Preset {
    On,
    Off,
    From(Version),
    Between(Version, Version),
}

struct Flag {
    bit: u8,
    name: &'static str,
    since: Version,
    before: Option<Version>,
    preset: Preset,
    community_reset: bool,
}

impl Flag {
    fn mask(&self) -> Bits {
        1 << (self.bit - 1)
    }

    fn known_to(&self, version: Version) -> bool {
        self.since <= version && self.before.is_none_or(|before| version < before)
    }

    fn preset_on(&self, version: Version) -> bool {
        match self.preset {
            Preset::On => true,
            Preset::Off => false,
            Preset::From(first) => first <= version,
            Preset::Between(first, before) => first <= version && version < before,
        }
    }
}

fn known(version: Version) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| flag.known_to(version))
}

/// The bit of a name; `None` where this release has no such setter, which is a 500 (chatwoot-api §1.4).
pub fn mask(name: &str, version: Version) -> Option<Bits> {
    known(version).find(|flag| flag.name == name).map(Flag::mask)
}

/// Names of the bits that are set, in bit order.
pub fn names(bits: Bits, version: Version) -> impl Iterator<Item = &'static str> {
    known(version).filter(move |flag| bits & flag.mask() != 0).map(|flag| flag.name)
}

/// What a fresh installation of this release switches on in a new account.
pub fn defaults(version: Version) -> Bits {
    known(version).filter(|flag| flag.preset_on(version)).fold(0, |bits, flag| bits | flag.mask())
}

/// The premium flags that the daily job of a community installation switches off (P33).
pub fn community_reset(version: Version) -> Bits {
    known(version).filter(|flag| flag.community_reset).fold(0, |bits, flag| bits | flag.mask())
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4_2: Version = Version(4, 2, 0);

    #[test]
    fn each_release_has_as_many_flags_as_upstream() {
        assert_eq!(known(V4_2).count(), 44);
        assert_eq!(known(Version::REFERENCE).count(), 63);
        for version in [V4_2, Version(4, 5, 0), Version(4, 10, 0), Version(4, 11, 3), Version::REFERENCE] {
            let mut bits: Vec<_> = known(version).map(|flag| flag.bit).collect();
            bits.dedup();
            assert_eq!(bits.len(), known(version).count(), "two names for one bit in {version}");
        }
    }

    #[test]
    fn a_replaced_name_hands_its_bit_over() {
        let twitter = mask("channel_twitter", V4_2).unwrap();
        assert_eq!(mask("channel_twitter", Version::REFERENCE), None);
        assert_eq!(names(twitter, Version::REFERENCE).collect::<Vec<_>>(), ["conversation_unread_counts"]);
        assert_eq!(mask("channel_twitter", Version(4, 14, 0)), Some(twitter));
        assert_eq!(mask("mobile_v2", Version(4, 11, 3)), mask("report_rollup", Version(4, 12, 0)));
    }

    #[test]
    fn defaults_follow_the_release() {
        let has = |version, name| names(defaults(version), version).any(|on| on == name);
        assert!(!has(V4_2, "chatwoot_v4") && has(Version(4, 3, 0), "chatwoot_v4"));
        assert!(has(V4_2, "report_v4") && !has(Version(4, 12, 0), "report_v4"));
        assert!(!has(Version(4, 10, 0), "assignment_v2") && has(Version(4, 13, 0), "assignment_v2"));
    }

    #[test]
    fn the_daily_reset_knows_only_flags_of_its_release() {
        let reset = |version| names(community_reset(version), version).count();
        assert_eq!(reset(Version::REFERENCE), 7);
        assert_eq!(reset(V4_2), 5);
    }
}
