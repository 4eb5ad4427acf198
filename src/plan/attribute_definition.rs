//! What a ChatwootCustomAttributeDefinition asks for, in Chatwoot's words.

use super::{
    content::{Names, Naming, Seen, Telling, Trait, Untold, Wish, declared, fields},
    status::Verdict,
};
use crate::{
    api::{
        attribute_definition::{
            AttributeModel as Model, CustomAttributeDefinitionSpec, DisplayType as Displayed,
        },
        conditions::reason,
        content::{ContentDeletionPolicy, Within},
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

/// What a manifest of one that is there declares.
///
/// # Errors
/// It is of a model or type that this release does not know.
pub fn told(within: Within, one: &Telling<'_>) -> Result<CustomAttributeDefinitionSpec, Untold> {
    let whole = one.key();
    let (of, key) = whole.split_once('/').unwrap_or_default();
    let model =
        [Model::Contact, Model::Conversation, Model::Company].into_iter().find(|m| model(*m).as_str() == of);
    let model = model.ok_or("is of something that has no attributes here")?;
    let shown = one.word("attribute_display_type", &DISPLAYED, display_type);
    let display_type = shown.ok_or("is of a type that is not known here")?;
    let is_text = display_type == Displayed::Text;
    let regex_pattern = one.text("regex_pattern").filter(|_| is_text);
    Ok(CustomAttributeDefinitionSpec {
        within,
        attribute_key: key.to_owned(),
        model,
        display_type,
        display_name: one.text("attribute_display_name").unwrap_or_default(),
        description: one.text("attribute_description"),
        values: one
            .read("attribute_values")
            .filter(|values: &Vec<String>| display_type == Displayed::List && !values.is_empty()),
        regex_cue: one.text("regex_cue").filter(|_| regex_pattern.is_some()),
        regex_pattern,
        deletion_policy: ContentDeletionPolicy::Retain,
    })
}

const DISPLAYED: [Displayed; 8] = [
    Displayed::Text,
    Displayed::Number,
    Displayed::Currency,
    Displayed::Percent,
    Displayed::Link,
    Displayed::Date,
    Displayed::List,
    Displayed::Checkbox,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chatwoot::version::Version, plan::content::tests::Namesakes};
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
