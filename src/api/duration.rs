//! Durations as Go writes them: `1h`, `20s`, `1h30m`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// A duration in Go form: whole numbers with the units `h`, `m`, `s` and `ms`.
///
/// kube's own `Duration` is not used: it computes in floating point and panics on overflow, and text from a spec must
/// never do either. It is written back in its shortest form, so `60m` reads `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(pub Duration);

/// Text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a duration; write whole numbers with the units h, m, s or ms, such as 1h, 90s or 1h30m"
)]
pub struct NotADuration(String);

/// Up to four parts of five digits: more than four centuries fit, and nothing overflows here or in CEL.
pub(super) const PATTERN: &str = "^([0-9]{1,5}(h|m|s|ms)){1,4}$";

impl GoDuration {
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl From<GoDuration> for Duration {
    fn from(duration: GoDuration) -> Self {
        duration.0
    }
}

impl FromStr for GoDuration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let refused = || NotADuration(text.chars().take(40).collect());
        let (mut rest, mut total) = (text, Duration::ZERO);
        let mut parts = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
            let (number, tail) = rest.split_at(digits);
            let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit);
            let milliseconds = match unit {
                "h" => 3_600_000,
                "m" => 60_000,
                "s" => 1_000,
                "ms" => 1,
                _ => return Err(refused()),
            };
            parts += 1;
            if parts > 4 || number.len() > 5 {
                return Err(refused());
            }
            let number: u64 = number.parse().map_err(|_| refused())?;
            total += Duration::from_millis(number * milliseconds);
            rest = tail;
        }
        if parts == 0 { Err(refused()) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [
            (seconds / 3600, "h"),
            (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
            (u64::from(self.0.subsec_millis()), "ms"),
        ];
        if parts.iter().all(|(number, _)| *number == 0) {
            return f.write_str("0s");
        }
        for (number, unit) in parts.iter().filter(|(number, _)| *number > 0) {
            write!(f, "{number}{unit}")?;
        }
        Ok(())
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "GoDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": 28, "pattern": PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood_and_written_back_short() {
        for (text, seconds, back) in [
            ("1h", 3600, "1h"),
            ("20s", 20, "20s"),
            ("1h30m", 5400, "1h30m"),
            ("90m", 5400, "1h30m"),
            ("1h0m0s", 3600, "1h"),
            ("168h", 604_800, "168h"),
            ("0s", 0, "0s"),
        ] {
            let duration: GoDuration = text.parse().unwrap();
            assert_eq!(duration, GoDuration::from_secs(seconds), "{text}");
            assert_eq!(duration.to_string(), back, "{text}");
        }
        assert_eq!("1s500ms".parse::<GoDuration>().unwrap().to_string(), "1s500ms");
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        for text in ["", "h", "1", "1d", "-1h", "1.5h", "1h ", " 1h", "999999h", "1h1h1h1h1h", "1H", "∞s"] {
            let error = text.parse::<GoDuration>().unwrap_err().to_string();
            assert!(error.contains("such as 1h"), "{text}: {error}");
        }
    }

    #[test]
    fn the_largest_that_fits_the_pattern_does_not_overflow() {
        let largest: GoDuration = "99999h99999h99999h99999h".parse().unwrap();
        assert_eq!(largest.0.as_secs(), 4 * 99_999 * 3600);
    }
}
