//! One test's own part of a place: a Chatwoot, an instance that leads to it, and tenants.

use super::{Place, Subject, Tenant};
use anyhow::Result;
use chatwoot_simulator::{Options, Simulator};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};

/// A test's own part of a place.
pub struct Stage {
    pub place: Arc<Place>,
    /// Acts as the platform's administrator.
    pub admin: Client,
    /// The instance's namespace.
    pub home: String,
    pub chatwoot: Simulator,
}

/// What a stage is set up with.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub simulator: Options,
    /// Merged over the instance's spec.
    pub instance: Value,
    /// The instance's namespace; one of its own when left out.
    pub home: Option<String>,
}

impl Stage {
    /// In the shared place, with an instance that is Ready.
    pub async fn new() -> Result<Self> {
        Self::with(Setup::default()).await
    }

    /// As [`Stage::new`], set up differently.
    pub async fn with(setup: Setup) -> Result<Self> {
        let stage = Self::empty(Place::shared().await?, setup.clone()).await?;
        stage.open(setup.instance).await?;
        Ok(stage)
    }

    /// In a place of its own.
    pub async fn in_place(place: &Arc<Place>) -> Result<Self> {
        Self::in_place_with(place, Setup::default()).await
    }

    /// As [`Stage::in_place`], set up differently.
    pub async fn in_place_with(place: &Arc<Place>, setup: Setup) -> Result<Self> {
        let stage = Self::empty(place.clone(), setup.clone()).await?;
        stage.open(setup.instance).await?;
        Ok(stage)
    }

    /// A namespace and a Chatwoot; neither Secret nor instance yet.
    pub async fn empty(place: Arc<Place>, setup: Setup) -> Result<Self> {
        let admin = place.admin()?;
        let home = match setup.home {
            Some(home) => {
                place.make_home(&home).await?;
                home
            }
            None => place.home().await?,
        };
        let chatwoot = Simulator::start(Options { listen: address(), ..setup.simulator }).await?;
        Ok(Self { place, admin, home, chatwoot })
    }

    /// Secret and instance, until Ready.
    pub async fn open(&self, spec: Value) -> Result<()> {
        self.token(self.chatwoot.token()).await?;
        self.apply_instance(spec).await?.ready().await?;
        Ok(())
    }

    /// Puts the platform token into the instance's Secret, labelled so that a change is noticed at once.
    pub async fn token(&self, token: &str) -> Result<()> {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "platform-app", "labels": {"chatwoot.dev/watch": "true"}},
            "stringData": {"token": token}
        });
        let secrets: Api<Secret> = Api::namespaced(self.admin.clone(), &self.home);
        secrets.patch("platform-app", &PatchParams::apply("admin").force(), &Patch::Apply(&secret)).await?;
        Ok(())
    }

    /// Applies the instance `main` with `spec` merged over what leads to this Chatwoot.
    pub async fn apply_instance(&self, spec: Value) -> Result<Subject> {
        let mut whole = json!({
            "url": self.chatwoot.url(),
            "platformTokenSecretRef": {"name": "platform-app"},
            // The shortest there is, because settle times count from it.
            "requestBudget": {"timeout": "1s", "perMinute": 60000}
        });
        merge(&mut whole, spec);
        let instance = self.instance();
        instance.apply(whole).await?;
        Ok(instance)
    }

    pub fn instance(&self) -> Subject {
        self.subject("ChatwootInstance", "main")
    }

    /// An object in the instance's namespace, as the administrator sees it.
    pub fn subject(&self, kind: &'static str, name: &str) -> Subject {
        Subject::new(self, self.admin.clone(), kind, &self.home, name)
    }

    /// Applies a grant for `tenant`, with `spec` over one that allows nothing but plain accounts.
    pub async fn grant(&self, tenant: &Tenant, spec: Value) -> Result<Subject> {
        let mut whole = json!({
            "instanceRef": {"name": "main"}, "namespaces": {"names": [tenant.namespace]}, "emailDomains": ["*"]
        });
        merge(&mut whole, spec);
        let grant = self.subject("ChatwootGrant", &tenant.namespace);
        grant.apply(whole).await?;
        Ok(grant)
    }

    /// Applies a plan of the instance.
    pub async fn plan(&self, name: &str, spec: Value) -> Result<Subject> {
        let mut whole = json!({"instanceRef": {"name": "main"}});
        merge(&mut whole, spec);
        let plan = self.subject("ChatwootPlan", name);
        plan.apply(whole).await?;
        Ok(plan)
    }

    /// A tenant without any grant.
    pub async fn stranger(&self) -> Result<Tenant> {
        self.place.tenant(&[]).await
    }

    /// A tenant with a grant for plain accounts, and whatever `grant` adds to that.
    pub async fn tenant(&self, grant: Value) -> Result<Tenant> {
        let tenant = self.stranger().await?;
        self.grant(&tenant, grant).await?;
        Ok(tenant)
    }

    /// A tenant with one account that is Ready.
    pub async fn settled(&self, grant: Value, spec: Value) -> Result<(Tenant, Subject)> {
        let tenant = self.tenant(grant).await?;
        // What the operator has not seen yet would be waited for, and that said with a write.
        self.subject("ChatwootGrant", &tenant.namespace).ready().await?;
        let account = tenant.account(self, "acme", spec).await?;
        account.ready().await?;
        Ok((tenant, account))
    }

    /// Where another Chatwoot can listen.
    pub fn address(&self) -> SocketAddr {
        address()
    }
}

/// A loopback address nobody else has: a port that one test let go must never lead to another test's Chatwoot.
fn address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(127, 77, high, low), 0))
}

/// RFC 7386.
pub fn merge(into: &mut Value, change: Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                if value.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (_, Value::Null) => {}
        (into, change) => *into = change,
    }
}
