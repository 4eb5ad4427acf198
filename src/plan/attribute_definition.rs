//! What a ChatwootCustomAttributeDefinition asks for, in Chatwoot's words.

use super::{
    content::{Names, Naming, Seen, Trait, Wish, declared, fields},
    status::Verdict,
};
use crate::{
    api::{
        attribute_definition::{
            AttributeModel as Model, CustomAttributeDefinitionSpec, DisplayType as Displayed,
        },
        conditions::reason,
    },
    chatwoot::tenant::attribute::{AttributeDefinition, AttributeModel, DisplayType},
};
use serde_json::json;

pub const ATTRIBUTE_DEFINITION: Trait = Trait {
    kind: "ChatwootCustomAttributeDefinition",
    noun: "custom attribute",
    key: "attributeKey",
    naming: Naming::Key,
    precious: false,
};

/// # Errors
/// A model that this version does not have: Chatwoot would answer 500 (chatwoot-api §3.6).
pub fn wish(spec: &CustomAttributeDefinitionSpec, names: &dyn Names) -> Result<Wish, Verdict> {
    let model = model(spec.model);
    if names.version() < model.since() {
        let text = format!(
            "Chatwoot {} has no attributes of companies; write model: Contact or Conversation into a new resource, or upgrade \
             Chatwoot to {}",
            names.version(),
            model.since()
        );
        return Err(Verdict::new(reason::INVALID_SPEC, text));
    }
    let texts = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let fields = declared([
        ("attribute_display_type", Some(json!(display_type(spec.display_type)))),
        ("attribute_display_name", Some(json!(spec.display_name))),
        ("attribute_description", texts(&spec.description)),
        ("attribute_values", spec.values.as_ref().map(|values| json!(values))),
        ("regex_pattern", texts(&spec.regex_pattern)),
        ("regex_cue", texts(&spec.regex_cue)),
    ]);
    // Chatwoot would change these too, and leave the values that were given under the old ones.
    let fixed = declared([
        ("attribute_key", Some(json!(spec.attribute_key))),
        ("attribute_model", Some(json!(model))),
    ]);
    Ok(Wish { key: key(spec), fields, fixed, ..Wish::default() })
}

/// The model and the key, which are unique together.
pub fn key(spec: &CustomAttributeDefinitionSpec) -> String {
    format!("{}/{}", model(spec.model), spec.attribute_key)
}

pub fn seen(definition: &AttributeDefinition) -> Seen {
    let text = |text: &Option<String>| json!(text.clone().unwrap_or_default());
    let model = definition.model.map_or("unknown", AttributeModel::as_str);
    Seen {
        id: definition.id.0,
        key: format!("{model}/{}", definition.key),
        fields: fields([
            ("attribute_display_type", json!(definition.display_type)),
            ("attribute_display_name", json!(definition.display_name)),
            ("attribute_description", text(&definition.description)),
            ("attribute_values", json!(definition.values)),
            ("regex_pattern", text(&definition.regex_pattern)),
            ("regex_cue", text(&definition.regex_cue)),
        ]),
    }
}

fn model(model: Model) -> AttributeModel {
    match model {
        Model::Contact => AttributeModel::Contact,
        Model::Conversation => AttributeModel::Conversation,
        Model::Company => AttributeModel::Company,
    }
}

fn display_type(shown: Displayed) -> DisplayType {
    match shown {
        Displayed::Text => DisplayType::Text,
        Displayed::Number => DisplayType::Number,
        Displayed::Currency => DisplayType::Currency,
        Displayed::Percent => DisplayType::Percent,
        Displayed::Link => DisplayType::Link,
        Displayed::Date => DisplayType::Date,
        Displayed::List => DisplayType::List,
        Displayed::Checkbox => DisplayType::Checkbox,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::content::{ContentDeletionPolicy, Within},
        chatwoot::version::Version,
        plan::content::tests::Namesakes,
    };
    use serde_json::Value;

    fn spec() -> CustomAttributeDefinitionSpec {
        CustomAttributeDefinitionSpec {
            within: Within { account: "acme".into(), ..Within::default() },
            attribute_key: "plan".into(),
            model: Model::Contact,
            display_type: Displayed::List,
            display_name: "Plan".into(),
            description: None,
            values: Some(vec!["pro".into(), "free".into()]),
            regex_pattern: None,
            regex_cue: None,
            deletion_policy: ContentDeletionPolicy::Delete,
        }
    }

    fn row(json: Value) -> Seen {
        seen(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn key_and_model_are_sent_once_and_compared_together() {
        let wish = wish(&spec(), &Namesakes::default()).unwrap();
        assert_eq!(wish.key, "contact_attribute/plan");
        assert_eq!(wish.fixed.keys().collect::<Vec<_>>(), ["attribute_key", "attribute_model"]);
        let same = row(json!({"id": 2, "attribute_key": "plan", "attribute_model": "contact_attribute",
            "attribute_display_name": "Plan", "attribute_display_type": "list", "attribute_values": ["pro", "free"],
            "attribute_description": "By hand", "regex_pattern": null}));
        assert!(wish.differences(&same).is_empty() && wish.key == same.key);
        let namesake =
            row(json!({"id": 3, "attribute_key": "plan", "attribute_model": "conversation_attribute"}));
        assert_ne!(wish.key, namesake.key);
    }

    #[test]
    fn another_type_and_another_order_of_values_are_drift() {
        let wish = wish(&spec(), &Namesakes::default()).unwrap();
        let other = row(json!({"id": 2, "attribute_key": "plan", "attribute_model": "contact_attribute",
            "attribute_display_name": "Plan", "attribute_display_type": "hologram",
            "attribute_values": ["free", "pro"]}));
        let differences = wish.differences(&other);
        assert_eq!(differences.keys().collect::<Vec<_>>(), ["attribute_display_type", "attribute_values"]);
        assert_eq!(differences["attribute_display_type"], "list");
    }

    #[test]
    fn what_was_never_set_is_empty() {
        let text = CustomAttributeDefinitionSpec {
            display_type: Displayed::Text,
            values: None,
            description: Some(String::new()),
            regex_pattern: Some(String::new()),
            regex_cue: Some(String::new()),
            ..spec()
        };
        let wish = wish(&text, &Namesakes::default()).unwrap();
        let bare = row(json!({"id": 2, "attribute_key": "plan", "attribute_model": "contact_attribute",
            "attribute_display_name": "Plan", "attribute_display_type": "text", "attribute_values": null}));
        assert!(wish.differences(&bare).is_empty());
    }

    #[test]
    fn attributes_of_companies_need_a_version_that_has_them() {
        let company = CustomAttributeDefinitionSpec { model: Model::Company, ..spec() };
        let at = |version: Version| wish(&company, &Namesakes { version, ..Namesakes::default() });
        assert_eq!(at(Version::new(4, 14, 0)).unwrap().key, "company_attribute/plan");
        let refused = at(Version::new(4, 13, 5)).unwrap_err();
        assert_eq!(refused.reason, "InvalidSpec");
        assert!(refused.message.contains("upgrade Chatwoot to 4.14.0"), "{}", refused.message);
    }
}
