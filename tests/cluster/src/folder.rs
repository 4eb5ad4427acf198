//! Where a control plane keeps its things.

use crate::supervised::Caretaker;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A control plane's folder under the system's temporary folder; readable by its owner only.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// What another process needs to know to use a running control plane, beside the files.
#[derive(Debug, Serialize, Deserialize)]
pub struct Description {
    /// `https://127.0.0.1:PORT`
    pub server: String,
    /// The folder with kubectl and helm.
    pub tools: PathBuf,
}

impl Folder {
    pub fn create() -> Result<(Self, Caretaker)> {
        let path = tempfile::Builder::new()
            .prefix("control-plane-")
            .tempdir()
            .with_context(|| format!("cannot make a folder in {}", std::env::temp_dir().display()))?
            .keep();
        let caretaker = Caretaker::of(&path)?;
        let folder = Self(path);
        for part in ["certificates", "logs", "kubeconfigs", "helm"] {
            std::fs::DirBuilder::new().mode(0o700).create(folder.join(part))?;
        }
        Ok((folder, caretaker))
    }

    pub fn existing(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The last part of the path, which no other control plane of this machine has.
    pub fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub fn join(&self, part: &str) -> PathBuf {
        self.0.join(part)
    }

    pub fn certificate(&self, file: &str) -> PathBuf {
        self.join("certificates").join(file)
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.join("kubeconfig")
    }

    pub fn audit_log(&self) -> PathBuf {
        self.join("audit.log")
    }

    pub fn log(&self, component: &str) -> PathBuf {
        self.join("logs").join(format!("{component}.log"))
    }

    pub fn describe(&self, description: &Description) -> Result<()> {
        write(&self.join("control-plane.json"), &serde_json::to_string_pretty(description)?)
    }

    pub fn description(&self) -> Result<Description> {
        let file = self.join("control-plane.json");
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!("{}: no control plane runs here; it may have ended since", self.0.display())
        })?;
        serde_json::from_str(&text).with_context(|| format!("cannot read {}", file.display()))
    }
}

/// Writes a file that only its owner may read, whole or not at all, so that another process never reads half.
pub fn write(file: &Path, text: &str) -> Result<()> {
    let next = with_suffix(file, &format!("{:08x}", rand::random::<u32>()));
    let written = std::fs::File::options()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&next)
        .and_then(|mut open| std::io::Write::write_all(&mut open, text.as_bytes()))
        .and_then(|()| std::fs::rename(&next, file));
    written.with_context(|| format!("cannot write {}", file.display()))
}

/// `audit.log` and `pid` make `audit.log.pid`.
pub fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
