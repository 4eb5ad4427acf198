//! Objects of any kind, made from the definitions themselves and shown to the real API server: whatever it accepts, with
//! the defaults it fills in, can be read and judged.

use crate::{
    anything::any_part,
    cases,
    server::{api, cluster, dry_run, object},
};
use chatwoot_operator::{
    api::{
        account::ChatwootAccount, attribute_definition::ChatwootCustomAttributeDefinition,
        canned_response::ChatwootCannedResponse, grant::ChatwootGrant, instance::ChatwootInstance,
        label::ChatwootLabel, plan::ChatwootPlan, schema, team::ChatwootTeam, user::ChatwootUser,
        webhook::ChatwootWebhook,
    },
    chatwoot::version::Version,
    plan::{
        attribute_definition, canned_response,
        consent::consent,
        content::Names,
        email::Email,
        entitlements::{self, Asked, Planned, Scope},
        grants::{self, AccountRequest, Grant, Grants, Tenant, UserRequest},
        label,
        status::Verdict,
        team, webhook,
    },
};
use kube::api::DynamicObject;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// Tried of each kind.
const SAMPLES: usize = 60;

/// What the API server makes of specs of one kind; the same ones every time.
async fn accepted<K: DeserializeOwned>(kind: &str, namespace: &str) -> Vec<K> {
    let crd = schema::all().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let definition =
        serde_json::to_value(&crd.spec.versions[0]).unwrap()["schema"]["openAPIV3Schema"].clone();
    let specs = any_part(&definition, "spec");
    let mut runner = TestRunner::deterministic();
    let api = api(cluster().await, kind, namespace);
    let mut read = Vec::new();
    for at in 0..SAMPLES {
        let mut spec = specs.new_tree(&mut runner).unwrap().current();
        // Most of what is made up entirely breaks some rule; every second one is an ordinary object with one part made up.
        if at % 2 == 0 {
            spec = with_one_part(kind, at, &spec);
        }
        let Ok(stored) = api.create(&dry_run(), &object(kind, &format!("sample-{at}"), spec)).await else {
            continue;
        };
        let text = serde_json::to_string_pretty(&stored.data).unwrap();
        read.push(typed(stored).unwrap_or_else(|error| panic!("{kind}: {error}\n{text}")));
    }
    assert!(read.len() >= SAMPLES / 10, "{kind}: only {} of {SAMPLES} were accepted", read.len());
    read
}

fn with_one_part(kind: &str, at: usize, spec: &Value) -> Value {
    let mut plain = cases::plain(kind);
    let fields = spec.as_object().unwrap();
    if let Some((field, value)) = fields.iter().nth(at % fields.len().max(1)) {
        plain[field] = value.clone();
    }
    plain
}

fn typed<K: DeserializeOwned>(object: DynamicObject) -> Result<K, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(object)?)
}

/// Every name is somebody's, and every version the newest.
struct Anybody;

impl Names for Anybody {
    fn version(&self) -> Version {
        Version::NEWEST_KNOWN
    }

    fn member(&self, _: &str) -> Result<i64, Verdict> {
        Ok(1)
    }

    fn sibling(&self, _: &'static str, _: &str) -> Result<i64, Verdict> {
        Ok(1)
    }
}

#[tokio::test]
async fn whatever_the_api_server_accepts_can_be_read_and_judged() {
    let namespace = cluster().await.namespace("sampled").await.unwrap();
    let instances = accepted::<ChatwootInstance>("ChatwootInstance", &namespace).await;
    let list = accepted::<ChatwootGrant>("ChatwootGrant", &namespace).await;
    let plans = accepted::<ChatwootPlan>("ChatwootPlan", &namespace).await;
    let accounts = accepted::<ChatwootAccount>("ChatwootAccount", &namespace).await;
    let users = accepted::<ChatwootUser>("ChatwootUser", &namespace).await;

    for instance in &instances {
        assert!(!instance.spec.public_url().is_empty());
    }
    let list: Vec<_> = list.iter().map(|grant| Grant { spec: &grant.spec, valid: true }).collect();
    let grants = Grants { list, unreadable: false };
    let labels = BTreeMap::from([("team".to_owned(), "acme".to_owned())]);
    let tenant = Tenant { namespace: "acme", labels: Some(&labels), home: false };
    let planned = Planned::of(plans.iter().map(|plan| &plan.spec));
    for (at, account) in accounts.iter().enumerate() {
        let spec = &account.spec;
        let request =
            AccountRequest { plan: spec.plan.as_deref(), state: spec.state.is_some(), ..Default::default() };
        let verdict = grants::account(&grants, &tenant, &request);
        let plan = plans.get(at % plans.len()).map(|plan| &plan.spec);
        let managed = Default::default();
        let scope = entitlements::scope(&verdict, spec.paused);
        let asked = Asked {
            spec,
            plan,
            planned: &planned,
            managed: &managed,
            suspension: verdict.suspension,
            before: None,
            scope,
        };
        let wanted = entitlements::wanted(&asked);
        assert!(scope != Scope::Everything || wanted.name.as_ref() == Some(&spec.name));
        consent("acme", &spec.members_from, "bpo", Some(&labels));
    }
    let labels = accepted::<ChatwootLabel>("ChatwootLabel", &namespace).await;
    let teams = accepted::<ChatwootTeam>("ChatwootTeam", &namespace).await;
    let answers = accepted::<ChatwootCannedResponse>("ChatwootCannedResponse", &namespace).await;
    let definitions =
        accepted::<ChatwootCustomAttributeDefinition>("ChatwootCustomAttributeDefinition", &namespace).await;
    let webhooks = accepted::<ChatwootWebhook>("ChatwootWebhook", &namespace).await;
    let mut wishes: Vec<_> = labels.iter().map(|one| label::wish(&one.spec)).collect();
    wishes.extend(answers.iter().map(|one| canned_response::wish(&one.spec)));
    wishes.extend(teams.iter().filter_map(|one| team::wish(&one.spec, &Anybody).ok()));
    wishes.extend(definitions.iter().filter_map(|one| attribute_definition::wish(&one.spec, &Anybody).ok()));
    wishes.extend(webhooks.iter().filter_map(|one| webhook::wish(&one.spec, &Anybody).ok()));
    assert!(wishes.iter().all(|wish| !wish.key.is_empty() && !wish.fields.is_empty()));

    for user in &users {
        // The rule and the type must agree about what an address is.
        let email =
            Email::parse(&user.spec.email).unwrap_or_else(|error| panic!("{}: {error}", user.spec.email));
        let request = UserRequest { email: &email, adopt: None, delete: false, credentials: true };
        grants::user(&grants, &tenant, &request);
    }
}
