//! Whether an archive holds an image that starts: read as a container engine would, and its entrypoint run.

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest};
use std::{
    collections::HashMap,
    fs::File,
    io::Read,
    path::Path,
    process::{Command, Output},
};

use crate::layer::hex;

/// An image unpacked.
#[derive(Debug)]
pub struct Unpacked {
    /// Its process, user and environment.
    pub config: ImageConfiguration,
    /// `sha256:…` of the manifest.
    pub digest: String,
}

/// Unpacks the image in `archive` into the empty folder `root`, checking every digest on the way.
///
/// # Errors
/// When a part is missing, damaged, or not what the part above says it is.
pub fn unpack(archive: &Path, root: &Path) -> Result<Unpacked> {
    let parts = Parts::read(archive)?;
    let index = ImageIndex::from_reader(parts.named("index.json")?)?;
    let [entry] = index.manifests().as_slice() else {
        bail!("index.json names {} images", index.manifests().len())
    };
    let manifest = ImageManifest::from_reader(parts.described(entry)?)?;
    let config = ImageConfiguration::from_reader(parts.described(manifest.config())?)?;
    ensure!(
        manifest.layers().len() == config.rootfs().diff_ids().len(),
        "layers and diff_ids differ in number"
    );
    for (layer, id) in manifest.layers().iter().zip(config.rootfs().diff_ids()) {
        let mut files = Vec::new();
        GzDecoder::new(parts.described(layer)?).read_to_end(&mut files)?;
        ensure!(format!("sha256:{}", hex(&files)) == *id, "the layer unpacked is not {id}");
        tar::Archive::new(files.as_slice()).unpack(root)?;
    }
    Ok(Unpacked { config, digest: entry.digest().to_string() })
}

/// Runs the image's entrypoint with these arguments, its own environment, and its own files as all there is, if this
/// machine lets us: a changed root needs user namespaces. Without them the binary runs among the machine's files, which a
/// static one does not read.
///
/// # Errors
/// When the entrypoint cannot be started, or fails.
pub fn run(image: &Unpacked, root: &Path, arguments: &[&str]) -> Result<Output> {
    let process = image.config.config().as_ref().context("the image says nothing about its process")?;
    let entrypoint = process.entrypoint().as_deref().and_then(<[_]>::first).context("no entrypoint")?;
    let mut command = if alone(root)? {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "chroot"]).arg(root).arg(entrypoint);
        command
    } else {
        Command::new(root.join(entrypoint.trim_start_matches('/')))
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path);
    command.envs(process.env().iter().flatten().filter_map(|variable| variable.split_once('=')));
    let output = command.args(arguments).output().with_context(|| format!("starting {entrypoint}"))?;
    ensure!(
        output.status.success(),
        "{entrypoint} {} ended with {}: {}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// True when `root` can be made the whole file system. What is tried there is no program, so that nothing runs: chroot
/// ends with 127 when it got that far.
fn alone(root: &Path) -> Result<bool> {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "chroot"])
        .arg(root)
        .arg("/no-such-program")
        .output();
    match tried {
        Ok(output) => Ok(output.status.code() == Some(127)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).context("running unshare"),
    }
}

/// The files of an archive, by name.
struct Parts(HashMap<String, Vec<u8>>);

impl Parts {
    fn read(archive: &Path) -> Result<Self> {
        let named = || archive.display().to_string();
        let mut parts = HashMap::new();
        for entry in tar::Archive::new(File::open(archive).with_context(named)?).entries()? {
            let mut entry = entry.with_context(named)?;
            let name = entry.path()?.to_string_lossy().into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            parts.insert(name, content);
        }
        Ok(Self(parts))
    }

    fn named(&self, name: &str) -> Result<&[u8]> {
        self.0.get(name).map(Vec::as_slice).with_context(|| format!("the archive lacks {name}"))
    }

    fn described(&self, by: &Descriptor) -> Result<&[u8]> {
        let digest = by.as_digest_sha256().context("a digest that is not SHA-256")?;
        let content = self.named(&format!("blobs/sha256/{digest}"))?;
        ensure!(hex(content) == digest, "blob {digest} is damaged");
        ensure!(u64::try_from(content.len())? == by.size(), "blob {digest} has another size");
        Ok(content)
    }
}
