//! Which feature flags a Chatwoot version knows.
//!
//! Chatwoot answers an unknown flag with a 500: on `PATCH` the whole request is lost, on `POST` an account leaks
//! (chatwoot-api P1, §1.4). So names are checked here before anything is sent.

mod table;

pub use super::version::Version;
use std::fmt;

/// A feature flag and the releases that know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    pub name: &'static str,
    /// First release that knows it.
    pub since: Version,
    /// Needs a paid plan of Chatwoot to have an effect; it can be set on any.
    pub premium: bool,
    /// Switched off on every account, daily, where the installation is on the community plan (P33).
    pub community_reset: bool,
    /// Last release that knows it, and the flag that took its bit.
    pub gone: Option<(Version, &'static str)>,
}

/// Why a flag cannot be sent. The text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FeatureError {
    /// No release known here has it.
    Unknown { name: String, nearest: Option<&'static str> },
    /// A later release brings it.
    NotYet { name: &'static str, since: Version, version: Version },
    /// An earlier release was the last to have it; `instead` now stands in its place and means something else.
    Removed { name: &'static str, until: Version, instead: &'static str },
    /// It would address the whole set at once (P10).
    Reserved,
}

/// Whether `name` may be sent to a Chatwoot of `version`.
///
/// # Errors
/// [`FeatureError`], whose text is fit for a condition message.
pub fn check_feature(name: &str, version: Version) -> Result<(), FeatureError> {
    if name == "flags" {
        return Err(FeatureError::Reserved);
    }
    let Some(flag) = find(name) else {
        return Err(FeatureError::Unknown { name: shown(name), nearest: nearest(name) });
    };
    if version < flag.since {
        return Err(FeatureError::NotYet { name: flag.name, since: flag.since, version });
    }
    match flag.gone {
        // A name is valid until the release that gave its bit away.
        Some((until, instead)) if find(instead).is_some_and(|successor| version >= successor.since) => {
            Err(FeatureError::Removed { name: flag.name, until, instead })
        }
        _ => Ok(()),
    }
}

/// Whether Chatwoot switches this flag off again every day on the community plan (P33).
pub fn is_community_reset(name: &str) -> bool {
    find(name).is_some_and(|flag| flag.community_reset)
}

/// Every flag known here, in the order of Chatwoot's own list, replaced ones last.
pub fn flags() -> &'static [Flag] {
    table::FLAGS
}

fn find(name: &str) -> Option<&'static Flag> {
    table::FLAGS.iter().find(|flag| flag.name == name)
}

/// A name from a spec, fit to be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// The flag that was most likely meant.
fn nearest(name: &str) -> Option<&'static str> {
    let name: String = name.chars().take(64).collect::<String>().to_ascii_lowercase().replace('-', "_");
    let close = |flag: &Flag| (distance(&name, flag.name), flag.name);
    let current = table::FLAGS.iter().filter(|flag| flag.gone.is_none());
    current.map(close).min().filter(|(edits, _)| *edits <= 3).map(|(_, name)| name)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (at, left) in a.chars().enumerate() {
        let mut diagonal = at;
        let mut previous = at + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(b.chars()) {
            let best = (previous + 1).min(*cell + 1).min(diagonal + usize::from(left != right));
            diagonal = *cell;
            *cell = best;
            previous = best;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

impl fmt::Display for FeatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, nearest: Some(nearest) } => {
                write!(f, "feature \"{name}\" does not exist in Chatwoot: did you mean \"{nearest}\"?")
            }
            Self::Unknown { name, nearest: None } => write!(
                f,
                "feature \"{name}\" does not exist in Chatwoot: write a name from Chatwoot's config/features.yml, such as \
                 \"help_center\""
            ),
            Self::NotYet { name, since, version } => write!(
                f,
                "feature \"{name}\" exists since Chatwoot {since}, and this one is {version}: upgrade Chatwoot, or remove \
                 the key"
            ),
            Self::Removed { name, until, instead } => write!(
                f,
                "feature \"{name}\" was last known to Chatwoot {until} (\"{instead}\", which means something else, has its \
                 place): remove the key"
            ),
            Self::Reserved => f.write_str(
                "\"flags\" is no feature: it would switch off all of them at once; name the features one by one",
            ),
        }
    }
}

impl std::error::Error for FeatureError {}

#[cfg(test)]
mod tests;
