//! The object a pass works on, and the writes to it. Every write is a compare-and-swap.

pub use crate::plan::create::Wrote;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, TestOperation, jsonptr::PointerBuf};
use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{Patch, PatchParams, PostParams},
    core::{Status, object::HasStatus},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{borrow::Cow, fmt, fmt::Debug, future::Future, sync::Arc, time::Duration};

/// How every annotation begins that the operator reads.
const OURS: &str = "chatwoot.dev/";

/// How long one call to the API server may take. The client's own read time-out only covers silence.
const PATIENCE: Duration = Duration::from_secs(10);

/// What looking at the object again found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<T> {
    Found(T),
    Gone,
    /// The name belongs to another object now; the one of this pass is gone.
    OtherUid,
    /// The API server did not say.
    Unknown,
}

/// Told about every write once it has ended: kind, verb, outcome ([`Wrote::label`]).
pub type WriteObserver = Arc<dyn Fn(&'static str, &'static str, &'static str) + Send + Sync>;

/// The object of this pass as last seen or written.
///
/// # Guarantees
/// A write reaches the object that was decided on or none: [`write_status`](Self::write_status) and
/// [`add_finalizer`](Self::add_finalizer) fail with [`Wrote::Conflict`] when anybody wrote since, and the others when
/// the name has passed to another object. Nothing is sent twice, given a client without retries;
/// every call ends within 10 s. After [`Wrote::Yes`] the next write builds on
/// the answer, so one pass can write several times. One that [rehearses](Self::rehearse) calls nobody: every write
/// succeeds, on the object it holds.
pub struct Stored<K> {
    api: Api<K>,
    object: K,
    observe: WriteObserver,
    trouble: Option<String>,
    replaced: Vec<String>,
    rehearsing: bool,
}

impl<K> Stored<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + HasStatus
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned,
{
    /// `client` must not retry by itself.
    pub fn new(client: Client, object: K, observe: WriteObserver) -> Self {
        let api = Api::namespaced(client, object.meta().namespace.as_deref().unwrap_or_default());
        Self { api, object, observe, trouble: None, replaced: Vec::new(), rehearsing: false }
    }

    /// From now on writes are only imagined: the object becomes what they would have made of it.
    #[must_use]
    pub fn rehearse(self) -> Self {
        Self { rehearsing: true, ..self }
    }

    /// Whether writes are only imagined.
    pub fn is_rehearsing(&self) -> bool {
        self.rehearsing
    }

    /// The object as last seen or written.
    pub fn object(&self) -> &K {
        &self.object
    }

    /// The versions that this pass has replaced: a cache that still shows one of them is behind.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// Why the last call ended in [`Wrote::Unknown`] or [`Read::Unknown`], in the API server's words.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Replaces the whole status: fields that are `None` are cleared, which a merge patch would not do.
    pub async fn write_status(&mut self, status: K::Status) -> Wrote {
        let mut next = self.object.clone();
        *next.status_mut() = Some(status);
        if self.rehearsing {
            self.object = next;
            return Wrote::Yes;
        }
        let (api, name) = (self.api.clone(), next.name_any());
        let put = async move { api.replace_status(&name, &PostParams::default(), &next).await };
        self.finish("update_status", put, |_| false).await
    }

    /// Adds `finalizer` and, in the same write, sets `annotation`. Does nothing where the finalizer is there already.
    pub async fn add_finalizer(&mut self, finalizer: &str, annotation: Option<(&str, &str)>) -> Wrote {
        let held = self.object.finalizers();
        if held.iter().any(|f| f == finalizer) {
            return Wrote::Yes;
        }
        let added = if held.is_empty() {
            add(["metadata", "finalizers"], json!([finalizer]))
        } else {
            add(["metadata", "finalizers", "-"], finalizer.into())
        };
        let mut steps = vec![self.same_uid(), self.same_version(), added];
        steps.extend(annotation.into_iter().flat_map(|(key, value)| self.set_annotation(key, value)));
        if self.rehearsing {
            let meta = self.object.meta_mut();
            meta.finalizers.get_or_insert_default().push(finalizer.to_owned());
            if let Some((key, value)) = annotation {
                meta.annotations.get_or_insert_default().insert(key.to_owned(), value.to_owned());
            }
            return Wrote::Yes;
        }
        self.patch("add_finalizer", steps).await
    }

    /// Removes `finalizer`. Somebody else's change to the object does not matter, unless it moved the finalizer in the
    /// list: then it is a [`Wrote::Conflict`].
    pub async fn drop_finalizer(&mut self, finalizer: &str) -> Wrote {
        self.remove_finalizer(finalizer, None).await
    }

    /// As [`drop_finalizer`](Self::drop_finalizer), if nobody wrote since the object was read: what was decided on must
    /// still stand, because nothing can be found out about the object afterwards.
    pub async fn drop_finalizer_if_unchanged(&mut self, finalizer: &str) -> Wrote {
        let unchanged = self.same_version();
        self.remove_finalizer(finalizer, Some(unchanged)).await
    }

    async fn remove_finalizer(&mut self, finalizer: &str, also: Option<PatchOperation>) -> Wrote {
        let Some(at) = self.object.finalizers().iter().position(|f| f == finalizer) else {
            return Wrote::Yes;
        };
        if self.rehearsing {
            self.object.finalizers_mut().remove(at);
            return Wrote::Yes;
        }
        let path = PointerBuf::from_tokens(["metadata", "finalizers", &at.to_string()]);
        let mut steps = vec![self.same_uid()];
        steps.extend(also);
        steps.push(PatchOperation::Test(TestOperation { path: path.clone(), value: finalizer.into() }));
        steps.push(PatchOperation::Remove(RemoveOperation { path }));
        self.patch("drop_finalizer", steps).await
    }

    /// Sets one annotation, whatever it was before.
    pub async fn annotate(&mut self, key: &str, value: &str) -> Wrote {
        if self.rehearsing {
            self.object.annotations_mut().insert(key.to_owned(), value.to_owned());
            return Wrote::Yes;
        }
        let mut steps = vec![self.same_uid()];
        if self.object.meta().annotations.is_none() {
            // The map has to be made, and making it must not wipe one that was made meanwhile.
            steps.push(self.same_version());
        }
        steps.extend(self.set_annotation(key, value));
        self.patch("annotate", steps).await
    }

    /// Removes one annotation if it still has the value this pass saw; with another value it is a [`Wrote::Conflict`],
    /// because somebody has said something new.
    pub async fn remove_annotation(&mut self, key: &str) -> Wrote {
        let Some(seen) = self.object.annotations().get(key) else { return Wrote::Yes };
        if self.rehearsing {
            self.object.annotations_mut().remove(key);
            return Wrote::Yes;
        }
        let path = PointerBuf::from_tokens(["metadata", "annotations", key]);
        let steps = vec![
            self.same_uid(),
            PatchOperation::Test(TestOperation { path: path.clone(), value: seen.as_str().into() }),
            PatchOperation::Remove(RemoveOperation { path }),
        ];
        self.patch("remove_annotation", steps).await
    }

    /// Looks at the object again, past every cache. Only [`Read::Found`] changes [`object`](Self::object).
    pub async fn reread(&mut self) -> Read<&K> {
        if self.rehearsing {
            return Read::Found(&self.object);
        }
        let name = self.object.name_any();
        match within(self.api.get_opt(&name)).await {
            Ok(Some(found)) if found.meta().uid == self.object.meta().uid => {
                self.object = found;
                self.trouble = None;
                Read::Found(&self.object)
            }
            Ok(Some(_)) => Read::OtherUid,
            Ok(None) => Read::Gone,
            Err(failure) => {
                self.trouble = Some(failure.to_string());
                Read::Unknown
            }
        }
    }

    fn same_uid(&self) -> PatchOperation {
        test(["metadata", "uid"], self.object.meta().uid.as_deref().into())
    }

    fn same_version(&self) -> PatchOperation {
        test(["metadata", "resourceVersion"], self.object.meta().resource_version.as_deref().into())
    }

    /// JSON patch has no "make the parents": the map is made first where the object has none. [`strip`] leaves an empty
    /// map behind, so that "none" here means none on the server.
    fn set_annotation(&self, key: &str, value: &str) -> Vec<PatchOperation> {
        let map = self.object.meta().annotations.is_none();
        let map = map.then(|| add(["metadata", "annotations"], json!({})));
        map.into_iter().chain([add(["metadata", "annotations", key], value.into())]).collect()
    }

    async fn patch(&mut self, verb: &'static str, steps: Vec<PatchOperation>) -> Wrote {
        let (api, name) = (self.api.clone(), self.object.name_any());
        let patch = Patch::Json::<()>(json_patch::Patch(steps));
        let patched = async move { api.patch(&name, &PatchParams::default(), &patch).await };
        self.finish(verb, patched, failed_test).await
    }

    async fn finish(
        &mut self,
        verb: &'static str,
        write: impl Future<Output = kube::Result<K>>,
        lost_race: fn(&Status) -> bool,
    ) -> Wrote {
        let (wrote, trouble) = match within(write).await {
            Ok(object) => {
                let old = std::mem::replace(&mut self.object, object);
                let version = |object: &K| object.meta().resource_version.clone();
                // A write that changes nothing gives no new version, and then the old one is not stale.
                self.replaced.extend(version(&old).filter(|_| version(&old) != version(&self.object)));
                strip(&mut self.object);
                (Wrote::Yes, None)
            }
            Err(Failure::Kube(kube::Error::Api(s))) if s.is_conflict() || lost_race(&s) => {
                (Wrote::Conflict, None)
            }
            Err(Failure::Kube(kube::Error::Api(s))) if s.is_not_found() => (Wrote::Gone, None),
            Err(failure) => {
                let meta = self.object.meta();
                tracing::warn!(kind = kind_name::<K>(), namespace = meta.namespace, name = meta.name, verb,
                    error = %failure, "a write to Kubernetes failed");
                (Wrote::Unknown, Some(failure.to_string()))
            }
        };
        self.trouble = trouble;
        (self.observe)(kind_name::<K>(), verb, wrote.label());
        wrote
    }
}

/// Leaves out of a cached object what only costs memory: managedFields, and annotations that are not ours to read, such
/// as the copy kubectl keeps of the manifest.
///
/// The annotation map itself stays even when it becomes empty: a later write must know that the server has one.
pub fn strip<K: Resource>(object: &mut K) {
    strip_but(object, "");
}

/// As [`strip`], but for this annotation.
pub fn strip_but<K: Resource>(object: &mut K, kept: &str) {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    if let Some(annotations) = meta.annotations.as_mut() {
        annotations.retain(|key, _| key.starts_with(OURS) || key == kept);
    }
}

/// The kind's name as a label; kinds known at compile time have a constant one.
#[must_use]
pub fn kind_name<K: Resource<DynamicType = ()>>() -> &'static str {
    match K::kind(&()) {
        Cow::Borrowed(kind) => kind,
        Cow::Owned(_) => "unknown",
    }
}

/// A failed `test` of a JSON patch is a 422 that names no field; a refused object names each (seen on 1.36).
fn failed_test(status: &Status) -> bool {
    status.is_invalid() && status.details.as_ref().is_none_or(|details| details.causes.is_empty())
}

fn test<const N: usize>(path: [&str; N], value: Value) -> PatchOperation {
    PatchOperation::Test(TestOperation { path: PointerBuf::from_tokens(path), value })
}

fn add<const N: usize>(path: [&str; N], value: Value) -> PatchOperation {
    PatchOperation::Add(AddOperation { path: PointerBuf::from_tokens(path), value })
}

enum Failure {
    Kube(kube::Error),
    TimedOut,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kube(error) => fmt::Display::fmt(error, f),
            Self::TimedOut => write!(f, "the API server did not answer within {} s", PATIENCE.as_secs()),
        }
    }
}

async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => answer.map_err(Failure::Kube),
        Err(_) => Err(Failure::TimedOut),
    }
}

#[cfg(test)]
mod tests;
