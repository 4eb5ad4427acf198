//! Namespace selectors where a namespace's labels may be unknown.

use crate::api::common::NamespaceSelector;
use std::collections::BTreeMap;

/// Whether `selector` means `namespace`; `None` where that hangs on labels nobody knows. Unknown labels are not the
/// same as none: `DoesNotExist` would match everybody.
pub fn selects(
    selector: &NamespaceSelector,
    namespace: &str,
    labels: Option<&BTreeMap<String, String>>,
) -> Option<bool> {
    if let Some(labels) = labels {
        return Some(selector.matches(namespace, labels));
    }
    let nothing = BTreeMap::new();
    let by_label =
        selector.selector.as_ref().filter(|s| !s.match_labels.is_empty() || !s.match_expressions.is_empty());
    let by_name = selector.names.iter().any(|name| name == namespace);
    (by_name || by_label.is_none()).then(|| selector.matches(namespace, &nothing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blind(selector: serde_json::Value) -> Option<bool> {
        selects(&serde_json::from_value(selector).unwrap(), "acme", None)
    }

    #[test]
    fn without_labels_only_names_and_the_selector_for_everybody_are_certain() {
        assert_eq!(blind(json!({"names": ["acme"]})), Some(true));
        assert_eq!(blind(json!({"names": ["bpo"]})), Some(false));
        assert_eq!(blind(json!({"selector": {}})), Some(true));
        assert_eq!(blind(json!({})), Some(false));
        assert_eq!(blind(json!({"selector": {"matchLabels": {"team": "acme"}}})), None);
        let negative =
            json!({"selector": {"matchExpressions": [{"key": "evil", "operator": "DoesNotExist"}]}});
        assert_eq!(blind(negative.clone()), None);
        let labels = BTreeMap::new();
        assert_eq!(selects(&serde_json::from_value(negative).unwrap(), "acme", Some(&labels)), Some(true));
    }
}
