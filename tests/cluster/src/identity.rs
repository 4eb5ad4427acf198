//! Clients for the people and programs that tests speak as.
//!
//! Every call makes a new client: one client's background task lives in the runtime that made it, and each
//! `#[tokio::test]` has a runtime of its own.

use crate::control_plane::ControlPlane;
use crate::folder::Folder;
use crate::kubeconfig::{self, Credential};
use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client, Config};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::path::PathBuf;

/// Longer than any run.
const TOKEN_SECONDS: i64 = 24 * 60 * 60;

impl ControlPlane {
    /// The administrator's configuration, to change before a client is made of it.
    ///
    /// # Errors
    /// The certificates cannot be read: the control plane has ended.
    pub fn config(&self) -> Result<Config> {
        let mut config = admin(self.folder(), self.server())?;
        config.default_retry = true;
        Ok(config)
    }

    /// A client with all rights.
    ///
    /// # Errors
    /// As [`ControlPlane::config`].
    pub fn client(&self) -> Result<Client> {
        client(self.config()?)
    }

    /// A client that is a service account, by a real token, so that RBAC decides what it may do.
    ///
    /// # Errors
    /// There is no such service account: apply the manifests that make it first.
    pub async fn client_as(&self, namespace: &str, service_account: &str) -> Result<Client> {
        let token = self.token(namespace, service_account).await?;
        let mut config = anonymous(self.folder(), self.server())?;
        config.default_namespace = namespace.to_owned();
        config.default_retry = true;
        config.auth_info.token = Some(token.into());
        client(config)
    }

    /// A kubeconfig with a service account's token, as a pod of that account would have; valid for a day.
    ///
    /// # Errors
    /// As [`ControlPlane::client_as`].
    pub async fn kubeconfig_for_service_account(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let token = self.token(namespace, name).await?;
        let file = self.folder().join("kubeconfigs").join(format!("{namespace}.{name}"));
        kubeconfig::make(self.folder(), &file, self.server(), namespace, Credential::Token(&token))?;
        Ok(file)
    }

    /// A client that acts as any user in any groups, for tenants who are people.
    ///
    /// # Errors
    /// As [`ControlPlane::config`].
    pub fn impersonating(&self, user: &str, groups: &[&str]) -> Result<Client> {
        let mut config = self.config()?;
        config.auth_info.impersonate = Some(user.to_owned());
        config.auth_info.impersonate_groups = Some(groups.iter().map(ToString::to_string).collect());
        client(config)
    }

    async fn token(&self, namespace: &str, name: &str) -> Result<String> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client()?, namespace);
        let spec =
            TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..TokenRequestSpec::default() };
        let request = TokenRequest { spec, ..TokenRequest::default() };
        let answer = accounts.create_token_request(name, &PostParams::default(), &request).await;
        let answer = answer.with_context(|| {
            format!("no token for service account {namespace}/{name}; apply the manifests that make it first")
        })?;
        Ok(answer.status.context("the token request was answered without a token")?.token)
    }
}

/// The name under which a service account stands in the audit log and in role bindings.
#[must_use]
pub fn service_account_user(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

pub(crate) fn admin(folder: &Folder, server: &str) -> Result<Config> {
    let mut config = anonymous(folder, server)?;
    config.auth_info.client_certificate = Some(folder.certificate("admin.crt").display().to_string());
    config.auth_info.client_key = Some(folder.certificate("admin.key").display().to_string());
    Ok(config)
}

pub(crate) fn anonymous(folder: &Folder, server: &str) -> Result<Config> {
    let authority = CertificateDer::from_pem_file(folder.certificate("ca.crt"))
        .with_context(|| format!("{}: the control plane has ended", folder.path().display()))?;
    let mut config = Config::new(server.parse()?);
    config.root_cert = Some(vec![authority.to_vec()]);
    config.default_retry = false;
    Ok(config)
}

pub(crate) fn client(config: Config) -> Result<Client> {
    // An error says that somebody has installed one, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::try_from(config)?)
}
