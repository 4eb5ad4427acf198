//! Who a customer is, and the proof of it (§4).

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;

/// An identifier of the application's own for a person, with or without the proof that the application stands for it.
/// Shown nowhere.
#[derive(Clone)]
pub struct Identity {
    pub(super) identifier: SecretString,
    pub(super) hash: Option<SecretString>,
}

impl Identity {
    /// Without proof. An inbox that insists on one answers 500.
    pub fn claimed(identifier: &str) -> Self {
        Self { identifier: identifier.into(), hash: None }
    }

    /// With the proof: lower-case hexadecimal HMAC-SHA256 of the identifier, keyed with the inbox's HMAC token.
    ///
    /// Reading or updating a contact with it marks the person as verified, and they then see all their conversations and
    /// not only those of this inbox's address.
    pub fn proven(identifier: &str, hmac_token: &SecretString) -> Self {
        Self { hash: sign(identifier, hmac_token), ..Self::claimed(identifier) }
    }

    /// The proof alone, for an application that hands it to a browser.
    pub fn hash(&self) -> Option<&SecretString> {
        self.hash.as_ref()
    }
}

fn sign(identifier: &str, hmac_token: &SecretString) -> Option<SecretString> {
    // A key of any length is taken, so there always is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(hmac_token.expose_secret().as_bytes()).ok()?;
    mac.update(identifier.as_bytes());
    let hex = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Some(hex.into())
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("proven", &self.hash.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_the_hmac_that_chatwoot_computes() {
        // RFC 4231, test case 2.
        let identity = Identity::proven("what do ya want for nothing?", &"Jefe".into());
        assert_eq!(
            identity.hash().unwrap().expose_secret(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(format!("{identity:?}"), "Identity { proven: true, .. }");
    }
}
