//! When a person's password must be set.
//!
//! Setting it is not repeatable: it ends sessions and makes a new hash every time (chatwoot-api P21, §1.5). So a keyed
//! fingerprint of the value that was last set is recorded, and only another value is sent.

use crate::{api::user::PasswordStatus, chatwoot::marker::Installation};
use secrecy::{ExposeSecret, SecretString};

/// Where a declared password comes from, with what its Secret holds now.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// The tenant's own Secret.
    Yours(&'a SecretString),
    /// Ours: `stored` is there once the credentials Secret has one.
    Generated { rotation: &'a str, stored: Option<Stored<'a>> },
}

/// A generated password as its Secret has it.
#[derive(Clone, Debug)]
pub struct Stored<'a> {
    pub value: &'a SecretString,
    /// The rotation it was made for, noted on the Secret when it was written; people can strip it.
    pub rotation: Option<&'a str>,
}

/// What there is to do about a bound person's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is set and recorded.
    Nothing,
    /// Make a new one and store it in the Secret; then ask again.
    Generate,
    /// Set the value, then record this.
    Patch(PasswordStatus),
    /// Record this without setting anything.
    Record(PasswordStatus),
}

/// What to record of a password when it is set. The fingerprint depends on the person's resource and on the value
/// only, so that editing or restoring a Secret, or naming another with the same value, resets nobody.
pub fn record(
    installation: &Installation,
    namespace: &str,
    name: &str,
    value: &SecretString,
    rotation: Option<&str>,
) -> PasswordStatus {
    PasswordStatus {
        rotation: rotation.map(str::to_owned),
        fingerprint: installation.hash(&[&format!("{namespace}/{name}"), value.expose_secret()]),
        key_id: key_id(installation),
    }
}

/// Names the installation's key without telling it.
pub fn key_id(installation: &Installation) -> String {
    installation.hash(&["password fingerprints"])
}

/// What is due for the user resource `namespace`/`name`, which is bound; `recorded` is its `status.password`.
///
/// Nothing recorded means that no value of ours is known to be set: the person was adopted, the password was declared
/// later, or an interrupted create may have sent another one. Then it is set once. A create that went through in one
/// pass stores [`record`] together with the id, so that nothing is due.
pub fn due(
    installation: &Installation,
    namespace: &str,
    name: &str,
    source: &Source,
    recorded: Option<&PasswordStatus>,
) -> Due {
    let (value, rotation) = match source {
        Source::Yours(value) => (*value, None),
        Source::Generated { stored: None, .. } => return Due::Generate,
        Source::Generated { rotation, stored: Some(stored) } => {
            let noted = stored.rotation.or(recorded.and_then(|recorded| recorded.rotation.as_deref()));
            if noted.is_some_and(|noted| noted != *rotation) {
                return Due::Generate;
            }
            (stored.value, Some(*rotation))
        }
    };
    let now = record(installation, namespace, name, value, rotation);
    let Some(recorded) = recorded else { return Due::Patch(now) };
    let rotated = recorded.rotation.is_some() && now.rotation.is_some() && recorded.rotation != now.rotation;
    if *recorded == now {
        Due::Nothing
    } else if recorded.key_id == now.key_id && recorded.fingerprint != now.fingerprint || rotated {
        Due::Patch(now)
    } else {
        // The value is the same, or made with a key that is lost, so that nobody can tell: nobody is reset.
        Due::Record(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(key: u8) -> Installation {
        Installation::new("0123456789abcdef".into(), vec![key; 32])
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    fn yours(key: u8, value: &str, recorded: Option<&PasswordStatus>) -> Due {
        due(&installation(key), "acme", "alice", &Source::Yours(&secret(value)), recorded)
    }

    fn generated(
        rotation: &str,
        stored: Option<(&str, Option<&str>)>,
        recorded: Option<&PasswordStatus>,
    ) -> Due {
        let value = stored.map(|(value, _)| secret(value));
        let noted = stored.and_then(|(_, noted)| noted);
        let stored = value.as_ref().map(|value| Stored { value, rotation: noted });
        due(&installation(1), "acme", "alice", &Source::Generated { rotation, stored }, recorded)
    }

    fn of(value: &str, rotation: Option<&str>) -> PasswordStatus {
        record(&installation(1), "acme", "alice", &secret(value), rotation)
    }

    #[test]
    fn a_password_that_was_set_is_not_set_again() {
        assert_eq!(yours(1, "Passw0rd!", Some(&of("Passw0rd!", None))), Due::Nothing);
        let made = of("Passw0rd!", Some("1"));
        assert_eq!(generated("1", Some(("Passw0rd!", Some("1"))), Some(&made)), Due::Nothing);
        // The note was stripped from the Secret, for example by a restore.
        assert_eq!(generated("1", Some(("Passw0rd!", None)), Some(&made)), Due::Nothing);
    }

    #[test]
    fn a_changed_value_is_set() {
        let now = of("N3w-word", None);
        assert_eq!(yours(1, "N3w-word", Some(&of("Passw0rd!", None))), Due::Patch(now));
        let edited = of("N3w-word", Some("1"));
        let made = of("Passw0rd!", Some("1"));
        assert_eq!(generated("1", Some(("N3w-word", Some("1"))), Some(&made)), Due::Patch(edited));
    }

    #[test]
    fn a_lost_key_resets_nobody() {
        let before = of("Passw0rd!", None);
        let after = record(&installation(2), "acme", "alice", &secret("Passw0rd!"), None);
        assert_eq!(yours(2, "Passw0rd!", Some(&before)), Due::Record(after.clone()));
        assert_eq!(yours(2, "Passw0rd!", Some(&after)), Due::Nothing);
    }

    #[test]
    fn a_new_rotation_makes_a_new_password_and_sets_it_once() {
        let made = of("Passw0rd!", Some("1"));
        assert_eq!(generated("2", Some(("Passw0rd!", Some("1"))), Some(&made)), Due::Generate);
        assert_eq!(generated("2", Some(("Passw0rd!", None)), Some(&made)), Due::Generate);
        let next = of("N3w-word", Some("2"));
        // Interrupted after the Secret was written: the value is there, and is not made a second time.
        assert_eq!(generated("2", Some(("N3w-word", Some("2"))), Some(&made)), Due::Patch(next.clone()));
        assert_eq!(generated("2", Some(("N3w-word", Some("2"))), Some(&next)), Due::Nothing);
        // Also when the key was lost in between.
        let unknown = PasswordStatus { key_id: "another".into(), ..made };
        assert_eq!(generated("2", Some(("N3w-word", Some("2"))), Some(&unknown)), Due::Patch(next));
    }

    #[test]
    fn a_secret_that_is_missing_is_made_again_and_its_password_applied() {
        let made = of("Passw0rd!", Some("1"));
        assert_eq!(generated("1", None, Some(&made)), Due::Generate);
        let next = of("N3w-word", Some("1"));
        assert_eq!(generated("1", Some(("N3w-word", Some("1"))), Some(&made)), Due::Patch(next));
    }

    #[test]
    fn after_an_interrupted_create_the_password_is_set_once() {
        let now = of("Passw0rd!", None);
        assert_eq!(yours(1, "Passw0rd!", None), Due::Patch(now.clone()));
        assert_eq!(yours(1, "Passw0rd!", Some(&now)), Due::Nothing);
        let made = of("Passw0rd!", Some("1"));
        assert_eq!(generated("1", Some(("Passw0rd!", Some("1"))), None), Due::Patch(made.clone()));
        assert_eq!(generated("1", Some(("Passw0rd!", None)), None), Due::Patch(made));
    }

    #[test]
    fn taking_the_same_value_from_elsewhere_resets_nobody() {
        let made = of("Passw0rd!", Some("1"));
        let kept = of("Passw0rd!", None);
        assert_eq!(yours(1, "Passw0rd!", Some(&made)), Due::Record(kept));
    }

    #[test]
    fn one_password_of_two_people_cannot_be_told_from_their_fingerprints() {
        let bob = record(&installation(1), "acme", "bob", &secret("Passw0rd!"), None);
        assert_ne!(bob.fingerprint, of("Passw0rd!", None).fingerprint);
        assert!(!format!("{bob:?}{:?}", Source::Yours(&secret("Passw0rd!"))).contains("Passw0rd!"));
    }
}
