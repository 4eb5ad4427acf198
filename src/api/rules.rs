//! CEL rules and map schemas that more than one kind uses. Every message says what to write instead.

use super::common::Scalar;
use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Where the operator keeps its proof of ownership in Chatwoot.
pub const MARKER_ATTRIBUTE: &str = "chatwoot_operator";

/// Keys of an account's `custom_attributes` in which Chatwoot keeps its own state (chatwoot-api P12), and ours.
/// `marked_for_deletion_at` is the worst of them: a past time there destroys the account (P13).
pub const RESERVED_ATTRIBUTES: [&str; 21] = [
    MARKER_ATTRIBUTE,
    "onboarding_step",
    "marked_for_deletion_at",
    "marked_for_deletion_reason",
    "plan_name",
    "subscribed_quantity",
    "subscription_status",
    "subscription_ends_on",
    "stripe_customer_id",
    "is_creating_customer",
    "captain_responses_usage",
    "captain_documents_usage",
    "industry",
    "company_size",
    "timezone",
    "referral_source",
    "user_role",
    "website",
    "logo",
    "brand_info",
    "help_center_generation_id",
];

/// A duration from `least` to `most`.
pub(super) fn between(field: &str, least: &str, most: &str, example: &str) -> Rule {
    Rule::new(format!("duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"))
        .message(format!("{field} must be from {least} to {most}; write {example}, for example").as_str())
}

/// No control characters, which Chatwoot stores and shows, and NUL of which it answers 500 (chatwoot-api §1.4).
pub(super) fn printable(field: &str) -> Rule {
    Rule::new(r"!self.matches('\\p{Cc}')")
        .message(format!("{field} must not contain control characters; remove line breaks and tabs").as_str())
}

/// No letter that has a small one, where Chatwoot writes small ones: what is compared is then exactly what it stores.
pub(super) fn lower_case(field: &str, example: &str) -> Rule {
    // Roman numerals and circled letters are no letters to Unicode, and have small ones all the same.
    Rule::new(r"!self.matches('[\\p{Lu}\\p{Lt}Ⅰ-ⅯⒶ-Ⓩ]')").message(
        format!("{field} takes no capital letters, because Chatwoot writes it in lower case; write {example}, for example")
            .as_str(),
    )
}

/// Nothing that Chatwoot would cut off.
pub(super) fn trimmed(field: &str) -> Rule {
    Rule::new(r"!self.matches('^[\\s\\p{Z}]|[\\s\\p{Z}]$')").message(
        format!("{field} must not begin or end with white space, which Chatwoot cuts off; remove it")
            .as_str(),
    )
}

/// Names of resources of the same namespace.
pub(super) fn resource_name(field: &str, example: &str) -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')").message(
        format!("{field} must be a resource's name: lower-case letters, digits, - and ., such as {example}")
            .as_str(),
    )
}

/// What may stand after the @ of such an address.
pub(super) fn mail_domain(field: &str) -> Rule {
    Rule::new(r"self.matches('^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$')")
        .message(format!("{field} must be a dotted domain, such as ops.example.com").as_str())
}

/// Something that can be seen.
pub(super) fn not_blank(field: &str) -> Rule {
    // RE2's \s is ASCII only; Rails calls a name of no-break spaces blank as well.
    Rule::new(r"self.matches('[^\\s\\p{Z}]')")
        .message(format!("{field} must not be blank; write at least one visible character").as_str())
}

/// `http` or `https`, a host, and at most a path after it. An address with a query passes here, so that only
/// [`no_query`] speaks about it.
pub(super) fn web_address(field: &str) -> Rule {
    Rule::new(r"self.matches('^https?://[^/?#\\s\\p{Z}\\p{Cc}]+(/[^\\s\\p{Z}\\p{Cc}]*)?$') || self.matches('[?#]')").message(
        format!("{field} must be http:// or https:// and a host, such as https://chat.example.com or http://chatwoot-web.chatwoot:3000/prefix").as_str(),
    )
}

/// Nobody's password in an address.
pub(super) fn no_user_info(field: &str) -> Rule {
    Rule::new("!self.matches('^[a-zA-Z]+://[^/?#]*@')").message(
        format!("{field} must not contain user information; remove everything up to the @, the platform token goes into platformTokenSecretRef").as_str(),
    )
}

/// Nothing after the path.
pub(super) fn no_query(field: &str) -> Rule {
    Rule::new("!self.matches('[?#]')").message(
        format!("{field} must not contain a query or fragment; remove the ? or # and what follows").as_str(),
    )
}

/// None of `keys` in a map.
pub(super) fn without_keys(field: &str, keys: &[&str], why: &str) -> Rule {
    let list = keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
    Rule::new(format!("self.all(k, !(k in [{list}]))")).message(format!("{field}: {why}").as_str())
}

/// Chatwoot's own attribute keys, and ours.
pub(super) fn account_attribute_keys() -> Rule {
    without_keys(
        "customAttributes",
        &RESERVED_ATTRIBUTES,
        "chatwoot_operator and the keys in which Chatwoot keeps its own state (marked_for_deletion_at, plan_name, \
         industry and others) are reserved; choose another key",
    )
}

/// Keys of 1 to 63 characters that can be seen.
pub(super) fn attribute_key_form() -> Rule {
    Rule::new(r"self.all(k, size(k) >= 1 && size(k) <= 63 && !k.matches('\\p{Cc}'))")
        .message("customAttributes: keys must have 1 to 63 characters and no control characters")
}

/// Values that can be seen.
pub(super) fn attribute_value_form() -> Rule {
    Rule::new(r"self.all(k, !string(self[k]).matches('\\p{Cc}'))")
        .message("customAttributes: values must not contain control characters; remove line breaks and tabs")
}

/// Chatwoot's flags are snake case.
pub(super) fn feature_keys() -> Rule {
    Rule::new("self.all(k, size(k) <= 63 && k.matches('^[a-z][a-z0-9_]*$'))").message(
        "features: names are Chatwoot's feature flags in lower case with underscores, such as help_center",
    )
}

/// `flags` is the bit mask itself; false would wipe every flag (chatwoot-api P10).
pub(super) fn no_flags() -> Rule {
    without_keys(
        "features",
        &["flags"],
        "flags is not a feature, it would change all of them at once; name each feature",
    )
}

/// Limit names are snake case.
pub(super) fn limit_keys() -> Rule {
    Rule::new("self.all(k, size(k) <= 63 && k.matches('^[a-z][a-z0-9_]*$'))").message(
        "limits: names are Chatwoot's limits in lower case with underscores, such as agents or inboxes",
    )
}

/// Schema of `customAttributes`.
pub(super) fn attributes(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 32,
        "additionalProperties": Scalar::json_schema(generator)
    })
}

/// Schema of `features`.
pub(super) fn features(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 64, "additionalProperties": {"type": "boolean"}})
}

/// Schema of `limits`.
pub(super) fn limits(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 32,
        "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0, "maximum": 1_000_000_000}
    })
}

/// People's attributes hold only one key that is not theirs.
pub(super) fn user_attribute_keys() -> Rule {
    without_keys(
        "customAttributes",
        &[MARKER_ATTRIBUTE],
        "chatwoot_operator is reserved for the operator's proof of ownership; choose another key",
    )
}

/// An address as Chatwoot accepts it (chatwoot-api P19), in ASCII.
pub(super) fn email() -> Rule {
    Rule::new(r"self.matches('^[A-Za-z0-9.!#$%&\'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,63}$')")
        .message("email must be an ASCII address with a dotted domain, such as alice@acme.example")
}

/// Text of several lines, without what Chatwoot stores and nobody sees; NUL it answers with a 500 (chatwoot-api §1.4).
pub(super) fn lines(field: &str) -> Rule {
    Rule::new(r"!self.matches('[\\x00-\\x09\\x0b-\\x1f\\x7f]')").message(
        format!("{field} must not contain control characters but line breaks; remove tabs and the like")
            .as_str(),
    )
}

/// The instance cannot be changed; that goes for adding and removing the reference, too.
pub(super) fn instance_is_fixed() -> Rule {
    Rule::new("has(self.instanceRef) == has(oldSelf.instanceRef) && (!has(self.instanceRef) || self.instanceRef == oldSelf.instanceRef)")
        .message("instanceRef is immutable and can neither be added nor removed; delete this resource and create another")
        .field_path(".instanceRef")
}

/// A field that is given once and for all.
pub(super) fn is_fixed(field: &str, why: &str) -> Rule {
    Rule::new("self == oldSelf")
        .message(format!("{field} is immutable: {why}; delete this resource and create another").as_str())
}

/// No attribute that Chatwoot itself has, which it would refuse.
pub(super) fn standard_attributes(model: &str, keys: &[&str]) -> Rule {
    let list = keys.iter().map(|key| format!("'{key}'")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "attributeKey is one of the attributes that every {} has in Chatwoot; use that one, or choose another key",
        model.to_lowercase()
    );
    Rule::new(format!("self.model != '{model}' || !(self.attributeKey in [{list}])"))
        .message(text.as_str())
        .field_path(".attributeKey")
}

/// What is inside an account cannot be moved to another.
pub(super) fn account_is_fixed() -> Rule {
    Rule::new("self == oldSelf")
        .message("account is immutable; delete this resource and create another in the other account")
}

/// A colour as Chatwoot stores it.
pub(super) fn colour(field: &str) -> Rule {
    Rule::new("self.matches('^#[0-9a-fA-F]{6}$')")
        .message(format!("{field} must be # and six hexadecimal digits, such as #1f93ff").as_str())
}

/// The name of a Secret.
pub(super) fn secret_name(field: &str) -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')").message(
        format!("{field} must be a Secret's name: lower-case letters, digits, - and ., such as acme-website")
            .as_str(),
    )
}

/// `adopt` chooses what is bound, so it can change until something is.
pub(super) fn adopt_while_unbound() -> Rule {
    Rule::new(
        "!has(self.spec.adopt) || !has(oldSelf.status) || !has(oldSelf.status.id) || self.spec.adopt.id == oldSelf.status.id \
         || (has(oldSelf.spec.adopt) && self.spec.adopt.id == oldSelf.spec.adopt.id)",
    )
    .message("spec.adopt cannot be set to another id once this resource is bound; remove adopt, or delete this resource and create another")
    .field_path(".spec.adopt")
}

/// Keys of labels and annotations as Kubernetes accepts them, without the operator's own.
pub(super) fn metadata_keys(field: &str) -> Rule {
    Rule::new(
        "self.all(k, size(k) <= 317 && k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$') \
         && !k.matches('^([^/]*[.])?chatwoot[.]dev/') && k != 'app.kubernetes.io/managed-by')",
    )
    .message(
        format!(
            "credentialsSecret.{field}: write Kubernetes keys such as team or acme.example/team; app.kubernetes.io/managed-by \
             and chatwoot.dev/ are the operator's"
        )
        .as_str(),
    )
}

/// Values of labels as Kubernetes accepts them.
pub(super) fn label_values() -> Rule {
    Rule::new("self.all(k, self[k].matches('^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$'))").message(
        "credentialsSecret.labels: values have at most 63 letters, digits, -, _ and ., and begin and end with a letter or digit",
    )
}
