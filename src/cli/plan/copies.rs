//! Secrets as the operator would leave them: written to copies in memory, behind the Kubernetes client. So the code that
//! writes credentials runs as it is, and nothing of it leaves the process.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use kube::client::Body;
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tower::{BoxError, Layer, Service};

/// The copies; cloning leads to the same ones.
#[derive(Clone, Default)]
pub struct Copies(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// By namespace and name; `None`: removed.
    secrets: HashMap<(String, String), Option<Value>>,
    news: BTreeSet<String>,
}

impl Copies {
    /// What was done to Secrets since the last call, for people; never a value.
    pub fn news(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().news).into_iter().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, key: &(String, String)) -> Option<Answer> {
        self.lock().secrets.get(key).map(|secret| match secret {
            Some(secret) => Answer { status: StatusCode::OK, body: secret.clone() },
            None => Answer::gone(),
        })
    }

    fn write(&self, key: (String, String), secret: Value) -> Answer {
        let mut inner = self.lock();
        inner.news.insert(format!("Secret {}/{} is written", key.0, key.1));
        inner.secrets.insert(key, Some(secret.clone()));
        Answer { status: StatusCode::OK, body: secret }
    }

    fn remove(&self, key: (String, String)) -> Answer {
        let mut inner = self.lock();
        inner.news.insert(format!("Secret {}/{} is removed", key.0, key.1));
        inner.secrets.insert(key, None);
        Answer {
            status: StatusCode::OK,
            body: json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}),
        }
    }
}

struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    fn gone() -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
            "message": "the Secret was removed in thought", "code": 404
        });
        Self { status: StatusCode::NOT_FOUND, body }
    }
}

impl<S> Layer<S> for Copies {
    type Service = Copying<S>;

    fn layer(&self, inner: S) -> Copying<S> {
        Copying { inner, copies: self.clone() }
    }
}

pub struct Copying<S> {
    inner: S,
    copies: Copies,
}

/// What is asked of one Secret.
enum Asked {
    Read((String, String)),
    Write((String, Option<String>)),
    Remove((String, String)),
}

fn asked(method: &Method, path: &str) -> Option<Asked> {
    let rest = path.strip_prefix("/api/v1/namespaces/")?;
    let (namespace, rest) = rest.split_once('/')?;
    let name = rest.strip_prefix("secrets")?.trim_start_matches('/');
    let named = (!name.is_empty()).then(|| (namespace.to_owned(), name.to_owned()));
    match *method {
        Method::GET => named.map(Asked::Read),
        Method::DELETE => named.map(Asked::Remove),
        Method::POST | Method::PUT => Some(Asked::Write((namespace.to_owned(), named.map(|(_, name)| name)))),
        _ => None,
    }
}

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

impl<S, B> Service<Request<Body>> for Copying<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<Either<B, Full<Bytes>>>;
    type Error = BoxError;
    type Future = Pending<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let dry = request.uri().query().is_some_and(|query| query.contains("dryRun=All"));
        let copies = self.copies.clone();
        let known = match asked(request.method(), request.uri().path()).filter(|_| !dry) {
            Some(Asked::Read(key)) => copies.read(&key),
            Some(Asked::Remove(key)) => Some(copies.remove(key)),
            Some(Asked::Write((namespace, name))) => {
                return Box::pin(async move {
                    let body = request.into_body().collect().await?.to_bytes();
                    let mut secret: Value = serde_json::from_slice(&body)?;
                    let named = secret.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
                    let name = name.or(named).ok_or("a Secret without a name")?;
                    if let Some(version) = secret.pointer_mut("/metadata").and_then(Value::as_object_mut) {
                        version.insert("resourceVersion".to_owned(), "imagined".into());
                    }
                    respond(&copies.write((namespace, name), secret))
                });
            }
            None => None,
        };
        match known {
            Some(answer) => Box::pin(async move { respond(&answer) }),
            None => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.map(Either::Left)) })
            }
        }
    }
}

fn respond<B>(answer: &Answer) -> Result<Response<Either<B, Full<Bytes>>>, BoxError> {
    let body = Bytes::from(serde_json::to_vec(&answer.body)?);
    let response = Response::builder().status(answer.status).header("content-type", "application/json");
    Ok(response.body(Either::Right(Full::new(body)))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::Secret;
    use kube::{
        Api, Client,
        api::{DeleteParams, PostParams},
    };

    /// A client to an API server that has nothing and fails whoever writes to it.
    fn client(copies: &Copies) -> Client {
        let empty = tower::util::service_fn(|request: Request<Body>| async move {
            assert_eq!(request.method(), Method::GET, "a write has left the process");
            let body = serde_json::to_vec(&Answer::gone().body)?;
            Ok::<_, BoxError>(Response::builder().status(404).body(Full::new(Bytes::from(body)))?)
        });
        Client::new(copies.layer(empty), "acme")
    }

    #[tokio::test]
    async fn what_is_written_is_read_back_and_told_without_values() {
        let copies = Copies::default();
        let secrets: Api<Secret> = Api::namespaced(client(&copies), "acme");
        assert!(secrets.get_opt("mine").await.unwrap().is_none());
        let mut secret = Secret::default();
        secret.metadata.name = Some("mine".into());
        secret.string_data = Some([("password".to_owned(), "hunter2".to_owned())].into());
        secrets.create(&PostParams::default(), &secret).await.unwrap();
        let kept = secrets.get("mine").await.unwrap();
        assert_eq!(kept.string_data.unwrap()["password"], "hunter2");
        assert_eq!(copies.news(), ["Secret acme/mine is written"]);
        secrets.delete("mine", &DeleteParams::default()).await.unwrap();
        assert!(secrets.get_opt("mine").await.unwrap().is_none());
        assert_eq!(copies.news(), ["Secret acme/mine is removed"]);
    }
}
