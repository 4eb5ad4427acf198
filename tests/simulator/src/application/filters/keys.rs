//! Which keys exist, of which type, with which operators (chatwoot-api §3.2, `lib/filters/filter_keys.yml`).

/// How values of a key are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Case does not matter.
    Text,
    Number,
    Flag,
    Date,
    Labels,
}

#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Type,
    /// In `additional_attributes` instead of a column.
    pub additional: bool,
    pub operators: &'static [&'static str],
}

/// The keys of one kind of row.
#[derive(Debug)]
pub struct Table {
    pub keys: &'static [Key],
    /// Which custom attributes may be used besides.
    pub model: &'static str,
}

const EQUALS: &[&str] = &["equal_to", "not_equal_to"];
const TEXTS: &[&str] = &["equal_to", "not_equal_to", "contains", "does_not_contain"];
const PRESENT: &[&str] = &["equal_to", "not_equal_to", "is_present", "is_not_present"];
const DATES: &[&str] = &["is_greater_than", "is_less_than", "days_before"];

const fn column(name: &'static str, kind: Type, operators: &'static [&'static str]) -> Key {
    Key { name, kind, additional: false, operators }
}

const fn additional(name: &'static str, operators: &'static [&'static str]) -> Key {
    Key { name, kind: Type::Text, additional: true, operators }
}

pub const CONTACTS: Table = Table {
    keys: &[
        column("name", Type::Text, TEXTS),
        column("phone_number", Type::Text, TEXTS),
        column("email", Type::Text, TEXTS),
        column("identifier", Type::Text, EQUALS),
        additional("country_code", EQUALS),
        additional("city", TEXTS),
        additional("company_name", TEXTS),
        column("labels", Type::Labels, PRESENT),
        column("created_at", Type::Date, DATES),
        column("last_activity_at", Type::Date, DATES),
        column("blocked", Type::Flag, EQUALS),
    ],
    model: "contact_attribute",
};

pub const CONVERSATIONS: Table = Table {
    keys: &[
        column("status", Type::Text, EQUALS),
        column("assignee_id", Type::Number, PRESENT),
        column("inbox_id", Type::Number, PRESENT),
        column("team_id", Type::Number, PRESENT),
        column("priority", Type::Text, EQUALS),
        column("display_id", Type::Number, TEXTS),
        column("campaign_id", Type::Number, PRESENT),
        column("labels", Type::Labels, PRESENT),
        additional("browser_language", EQUALS),
        additional("conversation_language", EQUALS),
        additional("country_code", EQUALS),
        additional("referer", TEXTS),
        column("created_at", Type::Date, DATES),
        column("last_activity_at", Type::Date, DATES),
        additional("mail_subject", TEXTS),
    ],
    model: "conversation_attribute",
};

/// What an automation rule may ask of a key; rules know messages besides.
pub fn allowed_operators(name: &str) -> Option<&'static [&'static str]> {
    let known = CONVERSATIONS.keys.iter().chain(CONTACTS.keys).find(|key| key.name == name);
    match name {
        "message_type" | "private_note" => Some(EQUALS),
        "content" => Some(TEXTS),
        "phone_number" => Some(&["equal_to", "not_equal_to", "contains", "does_not_contain", "starts_with"]),
        _ => known.map(|key| key.operators),
    }
}
