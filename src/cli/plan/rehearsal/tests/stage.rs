//! A cluster that only exists as a list of objects, a simulated Chatwoot, and the operator that does for real what it
//! otherwise rehearses: the same picture of the cluster, the production hands.

use super::super::*;
use crate::{
    cli::plan::content::{Kept, Visitor},
    reconcile::{
        cache::Cache,
        content::{Content, registry::contents},
        driver::Kind,
        references::InstanceKey,
        settings::Settings,
        stored::Stored,
    },
    runtime::scope::Scope,
};
use bytes::Bytes;
use chatwoot_simulator::{Options, Simulator};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use kube::client::Body;
use serde_json::{Value, json};
use std::time::Instant;
use tower::{BoxError, Layer, util::service_fn};

const HOME: &str = "chat";
pub const TENANT: &str = "acme";
/// "0123456789abcdef", and 32 times "k".
const ID: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
const KEY: &str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
/// The account index gathers for a tenth of a second before it asks, and rests a little after an answer.
const WOKEN_WITHIN: Duration = Duration::from_secs(2);

pub struct Stage {
    pub chatwoot: Simulator,
    /// Everything the cluster holds, by kind and name.
    objects: BTreeMap<(String, String), Value>,
}

impl Stage {
    pub async fn new(version: &str) -> Self {
        let options = Options { version: version.parse().unwrap(), ..Options::default() };
        let chatwoot = Simulator::start(options).await.unwrap();
        let mut stage = Self { chatwoot, objects: BTreeMap::new() };
        for name in [HOME, TENANT] {
            stage.hold("Namespace", "", name, json!({}));
        }
        let token = json!({"stringData": {"token": stage.chatwoot.token()}});
        stage.hold("Secret", HOME, "platform-app", token);
        let kept = json!({"data": {"id": ID, "key": KEY}});
        stage.hold("Secret", HOME, "chatwoot-operator-installation", kept);
        stage
    }

    /// Puts an object into the cluster without anybody looking at it. What was there keeps its status.
    fn hold(&mut self, kind: &str, namespace: &str, name: &str, content: Value) -> Value {
        let api = if matches!(kind, "Namespace" | "Secret") { "v1" } else { "chatwoot.dev/v1alpha1" };
        let at = (kind.to_owned(), name.to_owned());
        let old = self.objects.get(&at).cloned().unwrap_or_else(|| {
            json!({"apiVersion": api, "kind": kind, "metadata": {
                "name": name, "namespace": namespace, "uid": format!("{kind}-{name}"), "generation": 0,
                "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z",
            }})
        });
        let mut object = old;
        if namespace.is_empty() {
            json_patch::merge(&mut object, &json!({"metadata": {"namespace": null}}));
        }
        json_patch::merge(&mut object, &json!({"spec": null}));
        json_patch::merge(&mut object, &content);
        let generation = object["metadata"]["generation"].as_i64().unwrap_or_default() + 1;
        object["metadata"]["generation"] = generation.into();
        self.objects.insert(at, object.clone());
        object
    }

    /// The operator's picture of the cluster as it is now.
    pub async fn operator(&self) -> Rehearsal {
        let (copies, objects) = (Copies::default(), Arc::new(self.objects.clone()));
        let api = service_fn(move |request: Request<Body>| {
            let answer = answer(&objects, &request);
            async move { Ok::<_, BoxError>(answer) }
        });
        let client = Client::new(copies.layer(api), "default");
        let installed = installed();
        let operator = Rehearsal::new(&client, copies, &installed).await.unwrap();
        assert!(operator.read_installation(&installed).await.unwrap());
        operator
    }

    /// Applies objects to the cluster and has `operator` look at them: what a pipeline does.
    pub fn apply(&mut self, operator: &mut Rehearsal, manifests: &[(&'static str, String, Value)]) {
        for (kind, name, content) in manifests {
            let home = matches!(*kind, "ChatwootInstance" | "ChatwootGrant" | "ChatwootPlan");
            let object = self.hold(kind, if home { HOME } else { TENANT }, name, content.clone());
            match *kind {
                "ChatwootInstance" => operator.put(read::<ChatwootInstance>(object)),
                "ChatwootGrant" => operator.put(read::<ChatwootGrant>(object)),
                "ChatwootPlan" => operator.put(read::<ChatwootPlan>(object)),
                "ChatwootAccount" => operator.put(read::<ChatwootAccount>(object)),
                "ChatwootUser" => operator.put(read::<ChatwootUser>(object)),
                inside => drop(content::put(operator, inside, read(object)).unwrap()),
            }
        }
    }

    /// Keeps what `operator` has made of the objects.
    pub fn keep(&mut self, operator: &Rehearsal) {
        let caches = &operator.world.caches;
        let mut keep = |kind: &str, object: Value| {
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            let mut object = object;
            object["kind"] = kind.into();
            object["apiVersion"] = "chatwoot.dev/v1alpha1".into();
            self.objects.insert((kind.to_owned(), name), object);
        };
        caches
            .instances
            .all()
            .iter()
            .for_each(|one| keep("ChatwootInstance", serde_json::to_value(&**one).unwrap()));
        caches
            .grants
            .all()
            .iter()
            .for_each(|one| keep("ChatwootGrant", serde_json::to_value(&**one).unwrap()));
        caches.plans.all().iter().for_each(|one| keep("ChatwootPlan", serde_json::to_value(&**one).unwrap()));
        caches
            .accounts
            .all()
            .iter()
            .for_each(|one| keep("ChatwootAccount", serde_json::to_value(&**one).unwrap()));
        caches.users.all().iter().for_each(|one| keep("ChatwootUser", serde_json::to_value(&**one).unwrap()));
        content::each(&caches.contents, &mut Keep(&mut keep));
    }

    /// What the platform's admin has applied before anything else.
    pub fn platform(&self) -> Vec<(&'static str, String, Value)> {
        let spec = json!({"url": self.chatwoot.url(), "platformTokenSecretRef": {"name": "platform-app", "key": "token"},
            "automation": {"emailDomain": "ops.example.com"}});
        vec![("ChatwootInstance", "main".to_owned(), json!({"spec": spec}))]
    }
}

struct Keep<'a, F>(&'a mut F);

impl<F: FnMut(&str, Value)> Visitor for Keep<'_, F> {
    fn visit<C: Kept>(&mut self, cache: &Cache<C>) {
        cache.all().iter().for_each(|one| (self.0)(C::TRAIT.kind, serde_json::to_value(&**one).unwrap()));
    }
}

fn read<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).unwrap()
}

fn installed() -> Installed {
    Installed {
        settings: Settings {
            namespace: HOME.into(),
            instance_namespaces: [HOME.to_owned()].into(),
            served: None,
            pictured: true,
            default_instance: Some(InstanceKey { namespace: HOME.into(), name: "main".into() }),
            settle_margin: Duration::ZERO,
            grace: Duration::from_secs(120),
            revoke_after: Duration::ZERO,
            patience: Duration::ZERO,
        },
        scope: Scope::new(HOME.into(), [], []),
        installation_secret: "chatwoot-operator-installation".into(),
        service_account: "chatwoot-operator".into(),
        leader_election: false,
        watches_secrets: false,
    }
}

/// The API server's answer: lists, and objects by name. Whoever writes is told off.
fn answer(objects: &BTreeMap<(String, String), Value>, request: &Request<Body>) -> Response<Full<Bytes>> {
    let path: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    let (status, body) = match path[..] {
        _ if request.method() != Method::GET => (StatusCode::METHOD_NOT_ALLOWED, refusal(405)),
        ["api", "v1", "namespaces", _, "secrets", name] => {
            match objects.get(&("Secret".to_owned(), name.to_owned())) {
                Some(secret) => (StatusCode::OK, with_data(secret)),
                None => (StatusCode::NOT_FOUND, refusal(404)),
            }
        }
        [.., plural] => {
            let of_kind = |kind: &str| format!("{}s", kind.to_lowercase()) == plural;
            let items: Vec<_> =
                objects.iter().filter(|((kind, _), _)| of_kind(kind)).map(|(_, object)| object).collect();
            (StatusCode::OK, json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}))
        }
        [] => (StatusCode::NOT_FOUND, refusal(404)),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Full::new(Bytes::from(body.to_string()))).unwrap()
}

fn refusal(code: u16) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "message": "no", "code": code})
}

/// As the API server stores a Secret.
fn with_data(secret: &Value) -> Value {
    let mut secret = secret.clone();
    if let Some(given) = secret.as_object_mut().and_then(|fields| fields.remove("stringData")) {
        let given: BTreeMap<String, String> = serde_json::from_value(given).unwrap();
        let data: BTreeMap<_, _> =
            given.into_iter().map(|(key, text)| (key, k8s_openapi::ByteString(text.into_bytes()))).collect();
        secret["data"] = serde_json::to_value(data).unwrap();
    }
    secret
}

impl Rehearsal {
    /// Does for real what [`Rehearsal::run`] only thinks through: Chatwoot is called with the production hands, and the
    /// picture of the cluster changes as the cluster would.
    pub async fn carry_out(&mut self) {
        let mut woken = Instant::now();
        loop {
            match self.woken.next() {
                Some(key) => {
                    self.carry_out_one(&key).await;
                    woken = Instant::now();
                }
                // The account index is read on a task of its own, and wakes who waits for it.
                None if self.somebody_waits() && woken.elapsed() < WOKEN_WITHIN => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                None => return,
            }
        }
    }

    /// Somebody may have asked the account index, and where there is none nobody has.
    fn somebody_waits(&self) -> bool {
        let main = InstanceKey { namespace: HOME.into(), name: "main".into() };
        let Some(handle) = self.world.instances.handle(&main) else { return false };
        let is_made = |account: &Arc<ChatwootAccount>| {
            account.status.as_ref().is_some_and(|status| status.id.is_some())
        };
        handle.known().version.has_account_index() && !self.world.caches.accounts.all().iter().all(is_made)
    }

    async fn carry_out_one(&mut self, key: &Key) {
        match key.kind {
            instance::KIND => self.really::<ChatwootInstance>(key).await,
            wiring::GRANT => self.really::<ChatwootGrant>(key).await,
            wiring::PLAN => self.really::<ChatwootPlan>(key).await,
            account::KIND => self.really::<ChatwootAccount>(key).await,
            wiring::USER => self.really::<ChatwootUser>(key).await,
            inside if content::rank(inside).is_some() => self.inside(key).await,
            // The account index has its turn at the gate.
            _ => {
                let main = InstanceKey { namespace: HOME.into(), name: "main".into() };
                if let Some(handle) = self.world.instances.handle(&main) {
                    handle.index.woken();
                }
            }
        }
    }

    async fn inside(&mut self, key: &Key) {
        macro_rules! really {
            ($($field:ident: $kind:ty),+ $(,)?) => {
                $(if key.kind == <$kind as Content>::TRAIT.kind {
                    return self.really::<$kind>(key).await;
                })+
            };
        }
        contents!(really);
    }

    async fn really<K: Rehearsed>(&mut self, key: &Key) {
        let cache = K::snapshot(&mut self.snapshots).cache();
        let Some(object) = cache.get(&key.namespace, &key.name) else { return };
        let hands = |stored: Stored<K>, machine: &<K as Kind>::Machine, world: &Arc<World>| {
            K::hands(stored.rehearse(), machine, world)
        };
        let Some((_, Some(mut used))) = pass_with(object.clone(), self.world.clone(), hands).await else {
            return;
        };
        let after = used.as_mut().object().clone();
        drop(used);
        self.take_in(&*object, after);
    }
}
