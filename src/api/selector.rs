//! Which namespaces something holds for.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Namespaces by name or by label; exactly one of the two.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.names) != has(self.selector)")
    .message("set exactly one of names and selector: names: [acme], or selector: {matchLabels: {team: acme}}; selector: {} means every namespace"))]
pub struct NamespaceSelector {
    /// Names of namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 100),
        inner(length(max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub names: Vec<String>,
    /// Labels of namespaces; an empty selector means every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

impl NamespaceSelector {
    /// Whether the namespace `name` with `labels` is meant. One without names and selector means nobody.
    pub fn matches(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.names.iter().any(|listed| listed == name)
            || self.selector.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

/// Kubernetes' label selector: all requirements must hold.
///
/// An empty selector means everybody, but empty `matchLabels` are refused: the API server drops a label whose value is
/// null, so a template with a missing value would otherwise open an account to every namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// Labels that must be there with exactly this value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "labels")]
    pub match_labels: BTreeMap<String, String>,
    /// Further requirements on labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20))]
    pub match_expressions: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether `labels` meet every requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.matches(labels))
    }
}

/// One requirement on one label.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)")
    .message("values must be given with the operators In and NotIn, and left out with Exists and DoesNotExist"))]
pub struct Requirement {
    /// The label.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// How the label relates to the values.
    pub operator: Operator,
    /// Values for In and NotIn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 63)))]
    pub values: Vec<String>,
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => !value.is_some_and(|value| self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// How a label relates to a requirement's values.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

fn labels(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "minProperties": 1, "maxProperties": 20,
        "additionalProperties": {"type": "string", "maxLength": 63}
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(selector: serde_json::Value, name: &str, labels: serde_json::Value) -> bool {
        let selector: NamespaceSelector = serde_json::from_value(selector).unwrap();
        selector.matches(name, &serde_json::from_value(labels).unwrap())
    }

    #[test]
    fn names_mean_exactly_those() {
        assert!(matches(json!({"names": ["acme", "bpo"]}), "bpo", json!({})));
        assert!(!matches(json!({"names": ["acme"]}), "acme-2", json!({})));
    }

    #[test]
    fn an_empty_selector_means_everybody_and_nothing_given_nobody() {
        assert!(matches(json!({"selector": {}}), "any", json!({})));
        assert!(!matches(json!({}), "any", json!({"team": "a"})));
    }

    #[test]
    fn labels_and_expressions_must_all_hold() {
        let selector = json!({"selector": {
            "matchLabels": {"team": "acme"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["gold", "silver"]},
                {"key": "tier", "operator": "NotIn", "values": ["silver"]},
                {"key": "paid", "operator": "Exists"},
                {"key": "closed", "operator": "DoesNotExist"},
            ]
        }});
        let good = json!({"team": "acme", "tier": "gold", "paid": "yes"});
        assert!(matches(selector.clone(), "n", good));
        for bad in [
            json!({"tier": "gold", "paid": "yes"}),
            json!({"team": "acme", "paid": "yes"}),
            json!({"team": "acme", "tier": "silver", "paid": "yes"}),
            json!({"team": "acme", "tier": "gold"}),
            json!({"team": "acme", "tier": "gold", "paid": "yes", "closed": ""}),
        ] {
            assert!(!matches(selector.clone(), "n", bad.clone()), "{bad}");
        }
    }

    #[test]
    fn not_in_holds_where_the_label_is_missing() {
        let selector = json!({"selector": {"matchExpressions": [
            {"key": "tier", "operator": "NotIn", "values": ["free"]}]}});
        assert!(matches(selector, "n", json!({})));
    }
}
