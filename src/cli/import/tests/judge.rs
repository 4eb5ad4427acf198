//! What holds for every output, whatever was found.

use super::super::{
    known::RESERVED_PREFIX,
    manifests::{Imported, Part},
    slug::LABEL,
    yaml,
};
use crate::{
    api::{account::ChatwootAccount, grant::ChatwootGrant, user::ChatwootUser},
    chatwoot::types::{AccountId, UserId},
    plan::{
        consent::consent,
        email::Email,
        grants::{self, AccountRequest, Grant, Grants, Tenant, UserRequest},
    },
};
use kube::ResourceExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub fn objects(imported: &Imported) -> Vec<Value> {
    imported.parts.iter().flat_map(|part: &Part| part.objects.clone()).collect()
}

pub fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

/// The one object of this kind and name.
pub fn one<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found: Vec<_> =
        of_kind(objects, kind).into_iter().filter(|object| object["metadata"]["name"] == name).collect();
    assert_eq!(found.len(), 1, "{kind} {name} in {objects:#?}");
    found[0]
}

/// Fails where the output is not what it promises to be.
pub fn sound(imported: &Imported) {
    let objects = objects(imported);
    let mut names = BTreeSet::new();
    for object in &objects {
        let text = yaml::document(object);
        assert_eq!(&serde_saphyr::from_str::<Value>(&text).unwrap(), object, "{text}");
        let (kind, meta) = (object["kind"].as_str().unwrap(), &object["metadata"]);
        let namespace = meta["namespace"].as_str().unwrap_or_default();
        let name = meta["name"].as_str().unwrap();
        let most = if kind == "ChatwootGrant" { 253 } else { LABEL };
        assert!(is_label(name, most), "{kind} {name}");
        assert!(names.insert((kind, namespace, name)), "{kind} {namespace}/{name} is there twice");
        follows_the_rules(object);
    }
    let typed = Typed::of(&objects);
    for account in &typed.accounts {
        let namespace = account.namespace().unwrap();
        assert!(
            !["chat", "default"].contains(&namespace.as_str()) && !namespace.starts_with(RESERVED_PREFIX)
        );
        let spec = &account.spec;
        let request = AccountRequest {
            features: !spec.features.is_empty(),
            limits: !spec.limits.is_empty(),
            state: spec.state.is_some(),
            custom_attributes: !spec.custom_attributes.is_empty(),
            adopt: spec.adopt.map(|adopt| AccountId(adopt.id)),
            ..AccountRequest::default()
        };
        let verdict = grants::account(&typed.grants(), &tenant(&namespace), &request);
        assert!(verdict.fit.granted(), "{verdict:?} of {account:?}");
    }
    for user in &typed.users {
        let namespace = user.namespace().unwrap();
        let email = Email::parse(&user.spec.email).unwrap();
        let adopt = user.spec.adopt.map(|adopt| UserId(adopt.id));
        let request = UserRequest { email: &email, adopt, delete: false, credentials: false };
        assert!(grants::user(&typed.grants(), &tenant(&namespace), &request).granted(), "{user:?}");
        let mut keys = BTreeSet::new();
        for one in &user.spec.memberships {
            assert!(keys.insert((&one.namespace, &one.account)) && one.namespace != namespace, "{user:?}");
        }
    }
}

/// Every membership leads to a printed account that consents to it.
pub fn consented(imported: &Imported) {
    let typed = Typed::of(&objects(imported));
    let accounts: BTreeMap<_, _> =
        typed.accounts.iter().map(|one| ((one.namespace().unwrap(), one.name_any()), one)).collect();
    for user in &typed.users {
        let home = user.namespace().unwrap();
        for one in &user.spec.memberships {
            let namespace = if one.namespace.is_empty() { home.clone() } else { one.namespace.clone() };
            let account = accounts[&(namespace.clone(), one.account.clone())];
            let may = consent(&namespace, &account.spec.members_from, &home, None).to(one.role);
            assert_eq!(may, Some(true), "{user:?}");
        }
    }
}

struct Typed {
    accounts: Vec<ChatwootAccount>,
    users: Vec<ChatwootUser>,
    given: Vec<ChatwootGrant>,
}

impl Typed {
    fn of(objects: &[Value]) -> Self {
        fn all<K: serde::de::DeserializeOwned>(objects: &[Value], kind: &str) -> Vec<K> {
            let found = of_kind(objects, kind).into_iter().cloned();
            found.map(|object| serde_json::from_value(object).unwrap()).collect()
        }
        Self {
            accounts: all(objects, "ChatwootAccount"),
            users: all(objects, "ChatwootUser"),
            given: all(objects, "ChatwootGrant"),
        }
    }

    fn grants(&self) -> Grants<'_> {
        let list = self.given.iter().map(|grant| Grant { spec: &grant.spec, valid: true }).collect();
        Grants { list, unreadable: false }
    }
}

fn tenant(namespace: &str) -> Tenant<'_> {
    Tenant { namespace, labels: None, home: false }
}

fn is_label(name: &str, most: usize) -> bool {
    let inner = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (1..=most).contains(&name.len()) && inner && !name.starts_with('-') && !name.ends_with('-')
}

/// The definitions' own rules, CEL and bounds.
fn follows_the_rules(object: &Value) {
    use crate::api::schema;
    use std::sync::LazyLock;
    static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
        let versions = schema::all().into_iter().map(|crd| {
            let version = serde_json::to_value(&crd.spec.versions[0]).unwrap();
            (crd.spec.names.kind, version["schema"]["openAPIV3Schema"].clone())
        });
        versions.collect()
    });
    let Some(schema) = SCHEMAS.get(object["kind"].as_str().unwrap()) else { return };
    within(&schema["properties"]["spec"], &object["spec"], "spec");
    let mut seen = object.clone();
    seen["status"] = json!({"observedGeneration": -1});
    rules(object["kind"].as_str().unwrap(), schema, &seen);
}

#[cfg(feature = "cel")]
fn rules(kind: &str, schema: &Value, object: &Value) {
    use kube::core::cel::{CompiledSchema, Validator, compile_schema};
    use std::{cell::RefCell, collections::HashMap};
    thread_local! {
        static COMPILED: RefCell<HashMap<String, CompiledSchema>> = RefCell::default();
    }
    COMPILED.with_borrow_mut(|all| {
        let compiled = all.entry(kind.to_owned()).or_insert_with(|| compile_schema(schema));
        if let Err(errors) = Validator::new().validate_compiled(compiled, object, None) {
            panic!("{errors} in {object:#}");
        }
    });
}

#[cfg(not(feature = "cel"))]
fn rules(_: &str, _: &Value, _: &Value) {}

/// Bounds, enums and unknown fields; what the API server judges besides the rules.
fn within(schema: &Value, value: &Value, path: &str) {
    let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
    let fits = |size: usize, least: &str, most: &str| {
        assert!(bound(least).is_none_or(|least| size >= least), "{path} is too small: {value}");
        assert!(bound(most).is_none_or(|most| size <= most), "{path} is too large: {value}");
    };
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{path}: {value} is none of {allowed:?}");
    }
    match value {
        Value::String(text) => fits(text.chars().count(), "minLength", "maxLength"),
        Value::Array(list) => {
            fits(list.len(), "minItems", "maxItems");
            list.iter().for_each(|item| within(&schema["items"], item, &format!("{path}[]")));
        }
        Value::Object(map) => {
            fits(map.len(), "minProperties", "maxProperties");
            for (key, value) in map {
                let path = format!("{path}.{key}");
                match (&schema["properties"][key], &schema["additionalProperties"]) {
                    (Value::Null, Value::Null) => panic!("{path} is no field"),
                    (Value::Null, any) => within(any, value, &path),
                    (property, _) => within(property, value, &path),
                }
            }
        }
        _ => {}
    }
}
