//! Random tokens in the forms Chatwoot makes them.

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

#[cfg(test)]
mod tests {
    #[test]
    fn tokens_have_the_lengths_and_alphabets_of_chatwoot() {
        assert_eq!(super::token().len(), 24);
        assert!(super::token().bytes().all(|b| super::BASE58.contains(&b)));
        assert_eq!(super::sso_token().len(), 64);
        assert_ne!(super::token(), super::token());
    }
}
