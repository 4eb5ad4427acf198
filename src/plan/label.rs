//! What a ChatwootLabel asks for, in Chatwoot's words.

use super::content::{Naming, Seen, Telling, Trait, Wish, declared, fields};
use crate::{
    api::{
        content::{ContentDeletionPolicy, Within},
        label::LabelSpec,
    },
    chatwoot::tenant::label::Label,
};
use serde_json::json;

pub const LABEL: Trait =
    Trait { kind: "ChatwootLabel", noun: "label", key: "title", naming: Naming::Key, precious: false };

pub fn wish(spec: &LabelSpec) -> Wish {
    let fields = declared([
        ("title", Some(json!(spec.title))),
        ("description", spec.description.as_ref().map(|text| json!(text))),
        ("color", spec.color.as_ref().map(|color| json!(color))),
        ("show_on_sidebar", spec.show_on_sidebar.map(|shown| json!(shown))),
    ]);
    Wish { key: spec.title.clone(), fields, ..Wish::default() }
}

pub fn seen(label: &Label) -> Seen {
    Seen {
        id: label.id.0,
        key: label.title.clone(),
        fields: fields([
            ("title", json!(label.title)),
            ("description", json!(label.description.clone().unwrap_or_default())),
            ("color", json!(label.color)),
            ("show_on_sidebar", json!(label.show_on_sidebar)),
        ]),
    }
}

/// What a manifest of one that is there declares.
pub fn told(within: Within, label: &Telling<'_>) -> LabelSpec {
    LabelSpec {
        within,
        title: label.key(),
        description: label.text("description"),
        color: label.text("color"),
        show_on_sidebar: label.flag("show_on_sidebar"),
        deletion_policy: ContentDeletionPolicy::Retain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> LabelSpec {
        LabelSpec {
            within: Within { account: "acme".into(), ..Within::default() },
            title: "vip".into(),
            description: None,
            color: Some("#1f93ff".into()),
            show_on_sidebar: None,
            deletion_policy: ContentDeletionPolicy::Delete,
        }
    }

    #[test]
    fn only_what_the_spec_declares_is_asked_for() {
        let wish = wish(&spec());
        assert_eq!(wish.fields.keys().collect::<Vec<_>>(), ["color", "title"]);
        let label: Label = serde_json::from_value(
            json!({"id": 3, "title": "vip", "description": "ours", "color": "#1F93FF", "show_on_sidebar": true}),
        )
        .unwrap();
        assert_eq!(wish.differences(&seen(&label)).keys().collect::<Vec<_>>(), ["color"]);
    }

    #[test]
    fn a_description_that_was_never_set_is_an_empty_one() {
        let cleared = LabelSpec { description: Some(String::new()), ..spec() };
        let label: Label =
            serde_json::from_value(json!({"id": 3, "title": "vip", "description": null, "color": "#1f93ff"}))
                .unwrap();
        assert!(wish(&cleared).differences(&seen(&label)).is_empty());
    }
}
