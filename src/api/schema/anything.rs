//! Objects that the structure of a definition lets pass, made from the definition itself: whatever the API server stores
//! is among them. Most hold words that the rules beyond the structure like, some hold anything.

use proptest::{prelude::*, string::string_regex};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Values of the part `part` (`spec` or `status`) of the kind with this `openAPIV3Schema`.
pub fn any_part(definition: &Value, part: &str) -> BoxedStrategy<Value> {
    any_value(part, &definition["properties"][part])
}

/// Values of one field.
fn any_value(field: &str, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(values) = schema["enum"].as_array() {
        return prop::sample::select(values.clone()).boxed();
    }
    if schema["x-kubernetes-int-or-string"] == true {
        return prop_oneof![any::<i64>().prop_map(Value::from), any_text(field, schema)].boxed();
    }
    match schema["type"].as_str() {
        Some("object") if schema["additionalProperties"].is_object() => any_map(schema),
        Some("object") => any_object(schema),
        Some("array") => any_list(field, schema),
        Some("string") => any_text(field, schema),
        Some("integer") => any_integer(schema),
        Some("boolean") => any::<bool>().prop_map(Value::from).boxed(),
        other => panic!("{field}: no values of type {other:?} are known"),
    }
}

fn any_object(schema: &Value) -> BoxedStrategy<Value> {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(name, schema)| {
        let (value, name) = (any_value(name, schema), name.clone());
        let there = if required.contains(&name.as_str()) {
            value.prop_map(Some).boxed()
        } else {
            prop::option::weighted(0.45, value).boxed()
        };
        there.prop_map(move |value| value.map(|value| (name.clone(), value))).boxed()
    });
    let fields: Vec<_> = fields.collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect::<Map<_, _>>().into()).boxed()
}

fn any_map(schema: &Value) -> BoxedStrategy<Value> {
    let most = size(schema, "maxProperties", 6).min(6);
    let likely = ["sla", "macros", "saml", "agents", "inboxes", "plan", "team", "tier", "acme.example/team"];
    let key = prop_oneof![4 => prop::sample::select(likely.to_vec()).prop_map(str::to_owned), 1 => ".{0,70}"];
    let value = any_value("", &schema["additionalProperties"]);
    prop::collection::btree_map(key, value, 0..=most)
        .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into())
        .boxed()
}

fn any_list(field: &str, schema: &Value) -> BoxedStrategy<Value> {
    let least = size(schema, "minItems", 0);
    let most = size(schema, "maxItems", 5).min(least + 4);
    // What makes two entries the same: all of them, or the keys of a map list.
    let keys: Option<Vec<String>> = match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(Vec::new()),
        Some("map") => serde_json::from_value(schema["x-kubernetes-list-map-keys"].clone()).ok(),
        _ => None,
    };
    prop::collection::vec(any_value(field, &schema["items"]), least..=most)
        .prop_map(move |mut list| {
            let mut seen = BTreeSet::new();
            list.retain(|item| match &keys {
                None => true,
                Some(keys) if keys.is_empty() => seen.insert(item.to_string()),
                Some(keys) => {
                    // A key that is left out is stored with its default.
                    let key = |key: &String| item.get(key).cloned().unwrap_or_else(|| "".into());
                    seen.insert(Value::from(keys.iter().map(key).collect::<Vec<_>>()).to_string())
                }
            });
            list.into()
        })
        .boxed()
}

fn any_integer(schema: &Value) -> BoxedStrategy<Value> {
    let bound = |name: &str, otherwise: i64| schema[name].as_f64().map_or(otherwise, |bound| bound as i64);
    let (least, most) = (bound("minimum", i64::MIN), bound("maximum", i64::MAX));
    let few = least.max(0)..=most.min(least.max(0).saturating_add(50));
    prop_oneof![3 => few, 1 => least..=most, 1 => Just(least), 1 => Just(most)].prop_map(Value::from).boxed()
}

fn any_text(field: &str, schema: &Value) -> BoxedStrategy<Value> {
    let (least, most) = (size(schema, "minLength", 0), size(schema, "maxLength", 400));
    let fits = move |text: &String| (least..=most).contains(&text.chars().count());
    if let Some(pattern) = schema["pattern"].as_str() {
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let of_form = string_regex(pattern.strip_suffix('$').unwrap_or(pattern)).unwrap();
        let usual = likely(field).prop_map(str::to_owned);
        let form = schema["pattern"].clone();
        let as_usual = move |text: &String| is_of_form(&form, text);
        let usual = usual.prop_filter("of that form", as_usual);
        let known = !LIKELY.iter().all(|(known, _)| !known.contains(&field));
        let text = if known { prop_oneof![usual, of_form].boxed() } else { of_form.boxed() };
        return text.prop_filter("as long as it may be", fits).prop_map(Value::from).boxed();
    }
    if schema["format"] == "date-time" {
        return prop::sample::select(TIMES.to_vec()).prop_map(Value::from).boxed();
    }
    let longest = "[ -~äß✓]{1,4}"
        .prop_map(move |part| part.repeat(most))
        .prop_map(move |text| text.chars().take(most).collect());
    let any = prop_oneof![3 => ".{0,20}", 1 => "\\PC{0,12}", 1 => "[\\x00-\\x20]{0,4}", 1 => longest];
    let text = prop_oneof![4 => likely(field).prop_map(str::to_owned), 1 => any];
    text.prop_filter("as long as it may be", fits).prop_map(Value::from).boxed()
}

/// Whether a form that is a list of words or a name lets `text` pass; only used to choose among [`LIKELY`] words.
fn is_of_form(form: &Value, text: &str) -> bool {
    let durations = form.as_str().is_some_and(|form| form.contains("(h|m|s|ms)"));
    durations == text.starts_with(|first: char| first.is_ascii_digit())
}

/// Words that the rules like, by the names of fields.
const LIKELY: [(&[&str], &[&str]); 6] = [
    (&["email"], &["alice@acme.example", "Bob.B+x@Sub.ACME.example", "a@b.co"]),
    (&["emailDomains"], &["acme.example", "*.acme.example", "*"]),
    (&["url", "externalURL"], &["http://chatwoot:3000", "https://chat.acme.example/prefix"]),
    (&["driftCheckInterval", "timeout"], &["1m", "20s", "1h30m", "500ms", "99999h", "0s"]),
    (&["domain"], &["", "support.acme.example"]),
    (&["namespace", "names"], &["acme", "bpo", "chatwoot-system"]),
];

fn likely(field: &str) -> impl Strategy<Value = &'static str> + use<> {
    let known = LIKELY.iter().find(|(fields, _)| fields.contains(&field)).map(|(_, words)| *words);
    prop::sample::select(known.unwrap_or(&["main", "pro", "acme", "a-1", "Alice"]).to_vec())
}

const TIMES: [&str; 7] = [
    "2026-12-01T00:00:00Z",
    "2026-12-01T00:00:00.123456789Z",
    "2026-12-01T01:30:00+02:00",
    "2026-12-01T00:00:00-23:59",
    "1969-07-20T20:17:40Z",
    "0001-01-01T00:00:00Z",
    "2199-12-31T23:59:59Z",
];

fn size(schema: &Value, name: &str, otherwise: usize) -> usize {
    schema[name].as_f64().map_or(otherwise, |size| size as usize)
}
