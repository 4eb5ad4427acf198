//! The configuration reference of the README, from the shipped definitions.

use super::{conditions::REASONS, duration, schema};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use std::fmt::Write;

/// Markdown: for every kind a table of its spec, the rules that go beyond one field, and a table of its status. The same
/// definitions give the same text.
pub fn reference() -> String {
    schema::all().iter().map(kind).collect::<Vec<_>>().join("\n")
}

/// Markdown: every reason, who must act, what it means and what to do.
pub fn reasons() -> String {
    let mut text = "| Reason | Who must act | What it means | What to do |\n|---|---|---|---|\n".to_owned();
    for explained in &REASONS {
        let cells = [explained.class.who(), explained.meaning, explained.remedy];
        push(&mut text, format_args!("| `{}` | {} |\n", explained.reason, cells.join(" | ")));
    }
    text
}

fn kind(crd: &CustomResourceDefinition) -> String {
    let names = &crd.spec.names;
    let short = names.short_names.iter().flatten().map(|name| format!(" (`{name}`)")).collect::<String>();
    let mut text = format!("### {}{short}\n\n", names.kind);
    let root =
        crd.spec.versions.first().and_then(|version| version.schema.as_ref()?.open_api_v3_schema.as_ref());
    let Some(root) = root else { return text };
    push(&mut text, format_args!("{}\n", root.description.as_deref().unwrap_or_default()));
    for (part, title) in [("spec", "Set by you"), ("status", "Written by the operator")] {
        let Some(schema) = root.properties.as_ref().and_then(|properties| properties.get(part)) else {
            continue;
        };
        let mut rows = Vec::new();
        fields(part, schema, &mut rows);
        push(&mut text, format_args!("\n{title}:\n\n| Field | Type | Default | Allowed | What it does |\n"));
        push(&mut text, format_args!("|---|---|---|---|---|\n{}", rows.concat()));
    }
    let mut messages = Vec::new();
    rules(root, &mut messages);
    if !messages.is_empty() {
        push(&mut text, format_args!("\nRefused by the API server:\n\n"));
        for message in messages {
            push(&mut text, format_args!("- {message}\n"));
        }
    }
    text
}

fn push(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = text.write_fmt(what);
}

/// One row for every field below `path`, in alphabetical order, parents before children.
fn fields(path: &str, schema: &JSONSchemaProps, rows: &mut Vec<String>) {
    for (name, property) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        let required = schema.required.iter().flatten().any(|required| required == name);
        rows.push(row(&path, property, required));
        match &property.items {
            Some(JSONSchemaPropsOrArray::Schema(items)) => fields(&format!("{path}[]"), items, rows),
            _ => fields(&path, property, rows),
        }
    }
}

fn row(path: &str, schema: &JSONSchemaProps, required: bool) -> String {
    let default = match &schema.default {
        Some(value) => format!("`{}`", value.0),
        None if required => "required".to_owned(),
        None => String::new(),
    };
    let description = schema.description.as_deref().unwrap_or_default();
    let cells = [format!("`{path}`"), type_of(schema), default, limits(schema), description.to_owned()];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn type_of(schema: &JSONSchemaProps) -> String {
    if schema.x_kubernetes_int_or_string == Some(true) {
        return "string or integer".to_owned();
    }
    match (schema.type_.as_deref(), &schema.items, &schema.additional_properties) {
        (Some("array"), Some(JSONSchemaPropsOrArray::Schema(items)), _) => {
            format!("list of {}", type_of(items))
        }
        (Some("object"), _, Some(JSONSchemaPropsOrBool::Schema(values))) => {
            format!("map to {}", type_of(values))
        }
        (Some("string"), ..) if schema.format.as_deref() == Some("date-time") => "time".to_owned(),
        (Some("string"), ..) if schema.pattern.as_deref() == Some(duration::PATTERN) => "duration".to_owned(),
        (type_, ..) => type_.unwrap_or("any").to_owned(),
    }
}

fn limits(schema: &JSONSchemaProps) -> String {
    let mut limits = Vec::new();
    if schema.pattern.as_deref() == Some(duration::PATTERN) {
        // How long the text may be tells nobody anything; the range stands in the description and the rule.
        return String::new();
    }
    if let Some(values) = &schema.enum_ {
        let values: Vec<_> =
            values.iter().map(|value| value.0.as_str().map_or(value.0.to_string(), str::to_owned)).collect();
        limits.push(format!("`{}`", values.join("`, `")));
    }
    limits.extend(range("characters", schema.min_length, schema.max_length));
    limits.extend(range("entries", schema.min_items, schema.max_items));
    limits.extend(range("keys", schema.min_properties, schema.max_properties));
    limits.extend(range("", schema.minimum, schema.maximum));
    match (&schema.items, &schema.additional_properties) {
        (Some(JSONSchemaPropsOrArray::Schema(inner)), _)
        | (_, Some(JSONSchemaPropsOrBool::Schema(inner))) => {
            let inner = self::limits(inner);
            if !inner.is_empty() {
                limits.push(format!("each {inner}"));
            }
        }
        _ => {}
    }
    limits.join("; ")
}

fn range<N: ToString>(unit: &str, least: Option<N>, most: Option<N>) -> Option<String> {
    let text = match (least.map(|least| least.to_string()), most.map(|most| most.to_string())) {
        (Some(least), Some(most)) => format!("{least} to {most} {unit}"),
        (Some(least), None) => format!("at least {least} {unit}"),
        (None, Some(most)) => format!("at most {most} {unit}"),
        (None, None) => return None,
    };
    Some(text.trim_end().to_owned())
}

/// The messages of all rules, each once, in the order of the fields.
fn rules(schema: &JSONSchemaProps, messages: &mut Vec<String>) {
    for message in schema.x_kubernetes_validations.iter().flatten().filter_map(|rule| rule.message.as_ref()) {
        if !messages.contains(message) {
            messages.push(message.clone());
        }
    }
    for property in schema.properties.iter().flat_map(|properties| properties.values()) {
        rules(property, messages);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        rules(items, messages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(field: &str) -> String {
        let text = reference();
        text.lines().find(|line| line.starts_with(&format!("| `{field}` "))).unwrap_or_default().to_owned()
    }

    #[test]
    fn the_same_definitions_give_the_same_text() {
        assert_eq!(reference(), reference());
    }

    #[test]
    fn a_row_says_what_a_reader_needs() {
        assert!(
            line("spec.requestBudget.inFlight")
                .starts_with("| `spec.requestBudget.inFlight` | integer | `4` | 1 to 64 | Requests at once")
        );
        assert!(line("spec.driftCheckInterval").contains("| duration | `\"1h\"` |"));
        assert!(line("spec.memberships[].role").contains("| string | required | `Agent`, `Administrator` |"));
        assert!(line("spec.customAttributes").contains("| map to string or integer |"));
        assert!(line("status.creation.startedAt").contains("| time | required |"));
    }

    #[test]
    fn every_kind_has_its_tables_and_rules() {
        let text = reference();
        for kind in [
            "ChatwootInstance (`cwi`)",
            "ChatwootGrant (`cwg`)",
            "ChatwootPlan (`cwp`)",
            "ChatwootAccount (`cwa`)",
            "ChatwootUser (`cwu`)",
            "ChatwootInbox (`cwx`)",
            "ChatwootAgentBot (`cwb`)",
            "ChatwootLabel (`cwl`)",
            "ChatwootTeam (`cwt`)",
            "ChatwootCannedResponse (`cwc`)",
            "ChatwootCustomAttributeDefinition (`cwd`)",
            "ChatwootWebhook (`cww`)",
        ] {
            assert!(text.contains(&format!("### {kind}\n")), "{kind}");
        }
        assert_eq!(text.matches("Written by the operator:").count(), crate::api::schema::all().len());
        assert!(text.contains("- instanceRef is immutable"));
    }

    #[test]
    fn every_reason_has_a_row() {
        assert_eq!(reasons().lines().count(), REASONS.len() + 2);
        assert!(reasons().contains("| `DeletionBlocked` | a person decides | "));
        assert!(reasons().lines().all(|row| row.matches('|').count() == 5));
    }

    #[test]
    fn no_cell_breaks_the_table() {
        for row in reference().lines().filter(|line| line.starts_with("| `")) {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
        }
    }
}
