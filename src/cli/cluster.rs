//! The cluster a command talks to.

use crate::runtime::clients;
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body as HttpBody;
use kube::{
    Client, Config,
    client::{Body, ClientBuilder},
    config::{KubeConfigOptions, Kubeconfig},
};
use std::{path::PathBuf, time::Duration};
use tower::{BoxError, Service, filter::FilterLayer};

/// Which cluster.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Cluster {
    /// Kubeconfig to use; otherwise KUBECONFIG, ~/.kube/config, or the pod's service account
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig to use
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

impl Cluster {
    /// # Errors
    /// There is no cluster to talk to, or the kubeconfig lacks the context.
    pub async fn config(&self) -> Result<Config> {
        let options = KubeConfigOptions { context: self.context.clone(), ..KubeConfigOptions::default() };
        if let Some(file) = &self.kubeconfig {
            let read = Kubeconfig::read_from(file)
                .with_context(|| format!("the kubeconfig {} cannot be read", file.display()))?;
            return Config::from_custom_kubeconfig(read, &options)
                .await
                .with_context(|| format!("the kubeconfig {} cannot be used", file.display()));
        }
        if let Some(context) = &self.context {
            return Config::from_kubeconfig(&options).await.with_context(|| {
                format!("context {context} cannot be used; kubectl config get-contexts lists them")
            });
        }
        config().await
    }

    /// A client that sends each request once and waits 10 s at most for an answer; for watches it is patient.
    ///
    /// # Errors
    /// As [`Cluster::config`]; or the credentials cannot be used.
    pub async fn clients(&self) -> Result<clients::Clients> {
        clients::clients(self.config().await?).context(UNUSABLE)
    }

    /// A client that cannot write: whatever is not a read, a dry run or a question about rights never leaves the
    /// process.
    ///
    /// # Errors
    /// As [`Cluster::clients`].
    pub async fn read_only(&self) -> Result<Client> {
        Ok(self.guarded().await?.build())
    }

    /// What [`Cluster::read_only`] builds on.
    ///
    /// # Errors
    /// As [`Cluster::clients`].
    pub async fn guarded(
        &self,
    ) -> Result<
        ClientBuilder<
            impl Service<
                Request<Body>,
                Response = Response<impl HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static>,
                Error = BoxError,
                Future: Send + 'static,
            > + Send
            + 'static,
        >,
    > {
        let mut config = self.config().await?;
        config.connect_timeout = Some(Duration::from_secs(10));
        config.read_timeout = Some(Duration::from_secs(30));
        let builder = ClientBuilder::try_from(config).context(UNUSABLE)?;
        Ok(builder.with_layer(&FilterLayer::new(only_reads)))
    }
}

const UNUSABLE: &str = "the Kubernetes client cannot be built; check the kubeconfig";

/// The cluster of the kubeconfig, or the one this process runs in.
///
/// # Errors
/// There is neither.
pub async fn config() -> Result<Config> {
    Config::infer()
        .await
        .context("no cluster to talk to: set KUBECONFIG, or run inside a pod with a service account")
}

fn only_reads(request: Request<Body>) -> Result<Request<Body>, BoxError> {
    let uri = request.uri();
    let dry = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "dryRun=All"));
    let asks = ["/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"]
        .iter()
        .any(|root| uri.path().starts_with(root));
    if request.method() == Method::GET || dry || asks {
        Ok(request)
    } else {
        Err("this command only reads, so the write was not sent".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(method: Method, uri: &str) -> bool {
        only_reads(Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn a_write_never_leaves_a_client_that_only_reads() {
        let object = "/apis/chatwoot.dev/v1alpha1/namespaces/acme/chatwootaccounts/main";
        assert!(passes(Method::GET, object));
        assert!(passes(Method::PATCH, &format!("{object}?&dryRun=All&force=true")));
        assert!(passes(Method::POST, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(!passes(method.clone(), object), "{method}");
            assert!(!passes(method.clone(), &format!("{object}?dryRun=None")), "{method}");
        }
    }
}
