//! The keys and certificates of one control plane, new for each.

use crate::folder::{Folder, write};
use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// Makes everything under `certificates/`: `ca.crt`, and a `.crt` and `.key` for the server, the administrator
/// (in `system:masters`) and kube-controller-manager; and the pair that signs service account tokens.
pub fn make(folder: &Folder) -> Result<()> {
    let authority = Authority::new().context("cannot make a certificate authority")?;
    write(&folder.certificate("ca.crt"), &authority.certificate)?;

    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    authority.issue(folder, "server", Subject { name: "kube-apiserver", group: None, hosts: &names })?;
    authority.issue(
        folder,
        "admin",
        Subject { name: "control-plane-admin", group: Some("system:masters"), hosts: &[] },
    )?;
    authority.issue(
        folder,
        "controllers",
        Subject { name: "system:kube-controller-manager", group: None, hosts: &[] },
    )?;

    let tokens = KeyPair::generate()?;
    write(&folder.certificate("tokens.key"), &tokens.serialize_pem())?;
    write(&folder.certificate("tokens.pub"), &tokens.public_key_pem())
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// Kubernetes reads the user from the common name and the groups from the organisations.
struct Subject<'a> {
    name: &'a str,
    group: Option<&'a str>,
    hosts: &'a [String],
}

impl Authority {
    fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "control-plane-test-authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    fn issue(&self, folder: &Folder, file: &str, subject: Subject<'_>) -> Result<()> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(subject.hosts)?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject.name);
        if let Some(group) = subject.group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![if subject.hosts.is_empty() {
            ExtendedKeyUsagePurpose::ClientAuth
        } else {
            ExtendedKeyUsagePurpose::ServerAuth
        }];
        let certificate = params
            .signed_by(&key, &self.issuer)
            .with_context(|| format!("cannot make the certificate of {}", subject.name))?;
        write(&folder.certificate(&format!("{file}.crt")), &certificate.pem())?;
        write(&folder.certificate(&format!("{file}.key")), &key.serialize_pem())
    }
}
