//! Attribute keys that nobody may set through this operator.

use super::marker;

/// Keys in which Chatwoot keeps state of its own on an account (chatwoot-api P12). A past time in
/// `marked_for_deletion_at` destroys the tenant at the next daily run (P13).
pub const RESERVED: &[&str] = &[
    "brand_info",
    "captain_documents_usage",
    "captain_responses_usage",
    "company_size",
    "help_center_generation_id",
    "industry",
    "is_creating_customer",
    "logo",
    "marked_for_deletion_at",
    "marked_for_deletion_reason",
    "onboarding_step",
    "plan_name",
    "referral_source",
    "stripe_customer_id",
    "subscribed_quantity",
    "subscription_ends_on",
    "subscription_status",
    "timezone",
    "user_role",
    "website",
];

/// Why a key cannot be set. The text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AttributeError {
    #[error("customAttributes key \"{0}\" belongs to Chatwoot itself: choose another name")]
    Reserved(&'static str),
    #[error(
        "customAttributes key \"{}\" is the operator's mark of ownership: choose another name",
        marker::KEY
    )]
    Marker,
}

/// Whether `key` is free to be set on an account.
///
/// # Errors
/// [`AttributeError`], whose text is fit for a condition message.
pub fn check_account_key(key: &str) -> Result<(), AttributeError> {
    check_user_key(key)?;
    RESERVED
        .iter()
        .find(|reserved| **reserved == key)
        .map_or(Ok(()), |key| Err(AttributeError::Reserved(key)))
}

/// Whether `key` is free to be set on a user: Chatwoot keeps nothing of its own there.
///
/// # Errors
/// [`AttributeError::Marker`].
pub fn check_user_key(key: &str) -> Result<(), AttributeError> {
    if key == marker::KEY { Err(AttributeError::Marker) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_deletes_a_tenant_by_an_attribute() {
        assert_eq!(
            check_account_key("marked_for_deletion_at"),
            Err(AttributeError::Reserved("marked_for_deletion_at"))
        );
        assert_eq!(RESERVED.len(), 20);
    }

    #[test]
    fn nobody_writes_the_marker() {
        assert_eq!(check_account_key(marker::KEY), Err(AttributeError::Marker));
        assert_eq!(check_user_key(marker::KEY), Err(AttributeError::Marker));
    }

    #[test]
    fn other_keys_are_free() {
        assert_eq!(check_account_key("segment"), Ok(()));
        assert_eq!(check_user_key("plan_name"), Ok(()));
    }
}
