//! The manifests, as they are written first and as they are changed.

use super::Kind;
use serde_json::{Value, json};

const ACCOUNTS: usize = 6;
const PEOPLE: usize = 17;
const BPO_ACCOUNTS: usize = 2;
const BPO_PEOPLE: usize = 8;
/// Number of those of acme's people whose password is generated.
pub const GENERATED: usize = 4;

/// What is applied.
#[derive(Default)]
pub struct Manifests {
    pub objects: Vec<(Kind, Value)>,
    pub secrets: Vec<Value>,
}

/// Who writes them, for these namespaces.
pub struct Author {
    pub home: String,
    pub acme: String,
    pub bpo: String,
    /// The second version.
    pub changed: bool,
}

impl Author {
    pub fn write(&self, url: &str, token: &str, timeout: &str) -> Manifests {
        let mut all = Manifests::default();
        all.secret(&self.home, "platform-app", &json!({"token": token}));
        let instance = json!({
            "url": url, "externalURL": "https://chat.example.com",
            "platformTokenSecretRef": {"name": "platform-app"},
            "driftCheckInterval": "1h", "automation": {"emailDomain": "ops.example"},
            "requestBudget": {"timeout": timeout, "perMinute": 60000}
        });
        all.object(Kind::Instance, &self.home, "main", instance);
        self.plans(&mut all);
        self.grants(&mut all);
        for number in 0..ACCOUNTS {
            self.tenants(
                &mut all,
                Kind::Account,
                &self.acme,
                &format!("acme-{number}"),
                self.account(number),
            );
        }
        for number in 0..BPO_ACCOUNTS {
            let spec = json!({"name": format!("Outsourcer {number}{}", self.edition())});
            self.tenants(&mut all, Kind::Account, &self.bpo, &format!("bpo-{number}"), spec);
        }
        for number in 0..PEOPLE {
            let spec = self.person(&mut all, number);
            self.tenants(&mut all, Kind::User, &self.acme, &format!("person-{number}"), spec);
        }
        for number in 0..BPO_PEOPLE {
            self.tenants(&mut all, Kind::User, &self.bpo, &format!("agent-{number}"), self.agent(number));
        }
        self.furnish(&mut all);
        all
    }

    /// What is added to names.
    fn edition(&self) -> &'static str {
        if self.changed { " & Sons" } else { "" }
    }

    fn plans(&self, all: &mut Manifests) {
        let here = json!({"name": "main"});
        let free = json!({
            "instanceRef": here, "limits": {"agents": if self.changed { 3 } else { 2 }},
            "customAttributes": {"plan": "free"}
        });
        // What a plan no longer names is taken away.
        let features = if self.changed {
            json!({"automations": true})
        } else {
            json!({"automations": true, "macros": true})
        };
        let pro = json!({
            "instanceRef": here, "features": features,
            "limits": {"agents": 25, "inboxes": 10}, "customAttributes": {"plan": "pro"}
        });
        all.object(Kind::Plan, &self.home, "free", free);
        all.object(Kind::Plan, &self.home, "pro", pro);
    }

    fn grants(&self, all: &mut Manifests) {
        let grant = json!({
            "instanceRef": {"name": "main"}, "namespaces": {"names": [self.acme]}, "emailDomains": ["acme.example"],
            "plans": ["free", "pro"], "allow": ["CustomAttributes", "Features", "Credentials", "Delete"]
        });
        all.object(Kind::Grant, &self.home, "acme", grant);
        let grant = json!({
            "instanceRef": {"name": "main"}, "namespaces": {"names": [self.bpo]},
            "emailDomains": ["bpo.example", "*.bpo.example"],
        });
        all.object(Kind::Grant, &self.home, "bpo", grant);
    }

    fn account(&self, number: usize) -> Value {
        // The last one is downgraded.
        let free = number.is_multiple_of(3) || (self.changed && number == ACCOUNTS - 1);
        let mut spec = json!({
            "name": format!("Acme {number}{}", self.edition()), "plan": if free { "free" } else { "pro" },
            "locale": if self.changed { "fr" } else { "de" }, "domain": format!("support{number}.acme.example"),
            "membersFrom": [{"namespaces": {"names": [self.bpo]}, "roles": ["Agent"]}],
            "deletionPolicy": if number < 2 { "Suspend" } else { "Retain" }
        });
        if number == 1 {
            spec["features"] = json!({"crm_v2": true});
        }
        if !self.changed || number != 4 {
            spec["customAttributes"] = json!({"segment": format!("s{number}")});
        }
        spec
    }

    fn person(&self, all: &mut Manifests, number: usize) -> Value {
        let mut spec = json!({
            "email": format!("person{number}@acme.example"), "name": format!("Person {number}{}", self.edition()),
            "memberships": [{"account": format!("acme-{}", number % ACCOUNTS), "role": "Administrator"}],
            "deletionPolicy": (["Revoke", "Delete", "Retain"][number % 3])
        });
        let name = format!("person-{number}");
        let secret = format!("{name}-chatwoot");
        let second = json!({"account": format!("acme-{}", (number + 1) % ACCOUNTS), "role": "Agent"});
        match number {
            0..GENERATED => {
                spec["password"] = json!({"generate": {"rotation": if self.changed { "2" } else { "1" }}});
                spec["credentialsSecret"] = json!({"name": secret, "accessToken": {}});
                spec["displayName"] = json!(format!("P{number}"));
            }
            4..6 => {
                let given = format!("{name}-password");
                let value = format!("G1ven-Passw0rd!{number}{}", self.edition().len());
                all.secret(&self.acme, &given, &json!({"value": value}));
                spec["password"] = json!({"secretKeyRef": {"name": given, "key": "value"}});
            }
            6..8 => spec["credentialsSecret"] = json!({"name": secret, "labels": {"team": "blue"}}),
            // One membership goes.
            8..12 => {
                spec["customAttributes"] = json!({"team": format!("t{number}{}", self.edition())});
                if !self.changed {
                    spec["memberships"].as_array_mut().into_iter().for_each(|all| all.push(second.clone()));
                }
            }
            // One comes.
            12..14 if self.changed => {
                spec["memberships"].as_array_mut().into_iter().for_each(|all| all.push(second.clone()));
            }
            14 if self.changed => spec["memberships"][0]["role"] = json!("Agent"),
            15 if self.changed => spec["email"] = json!("person15.new@acme.example"),
            _ => {}
        }
        spec
    }

    fn agent(&self, number: usize) -> Value {
        json!({
            "email": format!("agent{number}@bpo.example"), "name": format!("Agent {number}{}", self.edition()),
            "memberships": [
                {"account": format!("bpo-{}", number % BPO_ACCOUNTS), "role": "Administrator"},
                {"account": format!("acme-{}", number % ACCOUNTS), "namespace": self.acme, "role": "Agent"},
            ]
        })
    }

    fn tenants(&self, all: &mut Manifests, kind: Kind, namespace: &str, name: &str, mut spec: Value) {
        spec["instanceRef"] = json!({"name": "main", "namespace": self.home});
        all.object(kind, namespace, name, spec);
    }
}

impl Manifests {
    pub fn object(&mut self, kind: Kind, namespace: &str, name: &str, spec: Value) {
        let object = json!({
            "apiVersion": "chatwoot.dev/v1alpha1", "kind": kind.name(),
            "metadata": {"name": name, "namespace": namespace}, "spec": spec
        });
        self.objects.push((kind, object));
    }

    fn secret(&mut self, namespace: &str, name: &str, texts: &Value) {
        let metadata =
            json!({"name": name, "namespace": namespace, "labels": {"chatwoot.dev/watch": "true"}});
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts});
        self.secrets.push(secret);
    }
}
