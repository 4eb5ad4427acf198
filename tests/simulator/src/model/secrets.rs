//! Random tokens in the forms Chatwoot makes them.

use hmac::{Hmac, Mac};
use sha2::Sha256;

const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// An access or pubsub token: 24 characters, base58 (chatwoot-api §1.3).
pub fn token() -> String {
    (0..24)
        .filter_map(|_| BASE58.get(rand::random_range(0..BASE58.len())))
        .map(|byte| char::from(*byte))
        .collect()
}

/// A single-sign-on token: 64 hex digits (P24).
pub fn sso_token() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A version 4 UUID, as conversations and sessions have it.
pub fn uuid() -> String {
    let mut bytes = rand::random::<[u8; 16]>();
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = (*version & 0x0f) | 0x40;
    *variant = (*variant & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default()).join("-")
}

/// What a client proves an identifier with: lower-case hex HMAC-SHA256 (chatwoot-api §4).
pub fn identifier_hash(hmac_token: &str, identifier: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(hmac_token.as_bytes()) else { return String::new() };
    mac.update(identifier.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_have_the_lengths_and_alphabets_of_chatwoot() {
        assert_eq!(super::token().len(), 24);
        assert!(super::token().bytes().all(|b| super::BASE58.contains(&b)));
        assert_eq!(super::sso_token().len(), 64);
        assert_ne!(super::token(), super::token());
        let uuid = super::uuid();
        assert_eq!((uuid.len(), uuid.matches('-').count(), uuid.as_bytes()[14]), (36, 4, b'4'));
    }

    /// Test case 2 of RFC 4231.
    #[test]
    fn an_identifier_is_hashed_as_clients_do() {
        let hash = super::identifier_hash("Jefe", "what do ya want for nothing?");
        assert_eq!(hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
