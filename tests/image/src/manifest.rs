//! What the image says of itself: configuration, manifest, index.

use crate::{
    ENTRYPOINT, ROOTS, Recipe, USER,
    layer::{Layer, hex},
};
use anyhow::{Context, Result};
use oci_spec::image::{
    ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_REF_NAME, ANNOTATION_TITLE, ANNOTATION_VERSION,
    Arch, ConfigBuilder, Descriptor, ImageConfigurationBuilder, ImageIndexBuilder, ImageManifestBuilder,
    MediaType, Os, PlatformBuilder, RootFsBuilder, SCHEMA_VERSION, Sha256Digest,
};
use serde::Serialize;
use std::{collections::HashMap, str::FromStr};

/// containerd and Docker read the whole reference here; the OCI annotation holds the tag only, for everybody else.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The documents of an image, as they are stored.
pub struct Image {
    pub config: Vec<u8>,
    pub manifest: Vec<u8>,
    pub index: Vec<u8>,
}

impl Image {
    pub fn of(layer: &Layer, architecture: Arch, recipe: &Recipe) -> Result<Self> {
        let labels = HashMap::from(
            [
                (ANNOTATION_TITLE, "chatwoot-operator"),
                (
                    ANNOTATION_DESCRIPTION,
                    "Provisions accounts and users in self-hosted Chatwoot from Kubernetes resources",
                ),
                (ANNOTATION_LICENSES, "Apache-2.0"),
                (ANNOTATION_VERSION, &recipe.version),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        let process = ConfigBuilder::default()
            .entrypoint(vec![ENTRYPOINT.to_owned()])
            .cmd(vec!["run".to_owned()])
            .user(USER)
            .env(vec![format!("SSL_CERT_FILE={ROOTS}")])
            .working_dir("/")
            .labels(labels)
            .build()?;
        let files = RootFsBuilder::default()
            .typ("layers")
            .diff_ids(vec![format!("sha256:{}", layer.unpacked)])
            .build()?;
        let config = stored(
            &ImageConfigurationBuilder::default()
                .architecture(architecture.clone())
                .os(Os::Linux)
                .config(process)
                .rootfs(files)
                .build()?,
        )?;
        let manifest = stored(
            &ImageManifestBuilder::default()
                .schema_version(SCHEMA_VERSION)
                .media_type(MediaType::ImageManifest)
                .config(described(MediaType::ImageConfig, &config)?)
                .layers(vec![described(MediaType::ImageLayerGzip, &layer.compressed)?])
                .build()?,
        )?;
        let mut described = described(MediaType::ImageManifest, &manifest)?;
        described
            .set_platform(Some(PlatformBuilder::default().architecture(architecture).os(Os::Linux).build()?));
        let tag = recipe.reference.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        described.set_annotations(Some(HashMap::from([
            (ANNOTATION_REF_NAME.to_owned(), tag.to_owned()),
            (CONTAINERD_NAME.to_owned(), recipe.reference.clone()),
        ])));
        let index = stored(
            &ImageIndexBuilder::default()
                .schema_version(SCHEMA_VERSION)
                .media_type(MediaType::ImageIndex)
                .manifests(vec![described])
                .build()?,
        )?;
        Ok(Self { config, manifest, index })
    }

    /// What the image is pulled by: `sha256:…` of the manifest.
    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.manifest))
    }
}

/// As JSON with sorted keys: maps of the documents have no order of their own, and the digest must not depend on one.
fn stored(document: &impl Serialize) -> Result<Vec<u8>> {
    let mut value = serde_json::to_value(document)?;
    value.sort_all_objects();
    Ok(serde_json::to_vec(&value)?)
}

fn described(kind: MediaType, content: &[u8]) -> Result<Descriptor> {
    let digest = Sha256Digest::from_str(&hex(content)).context("a SHA-256 digest")?;
    Ok(Descriptor::new(kind, u64::try_from(content.len())?, digest))
}
