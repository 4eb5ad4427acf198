//! An OCI image of one static binary and the public certificate authorities; written as an archive that Docker, Podman,
//! skopeo and crane read. Same input, same digest: no clock and no user of this machine is in it.

mod archive;
pub mod check;
mod layer;
mod manifest;
mod roots;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Where the binary stands in the image; also its entrypoint.
pub const ENTRYPOINT: &str = "/chatwoot-operator";
/// Where TLS libraries look for certificate authorities first.
pub const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Whom the process runs as: nobody's number, as in distroless images, and the one in the chart.
pub const USER: &str = "65532:65532";

/// What goes into an image.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// A statically linked binary for Linux.
    pub binary: PathBuf,
    /// Such as `registry.example.com/chatwoot-operator:0.1.0`; container tools name the loaded image after it.
    pub reference: String,
    /// The release, such as `0.1.0`.
    pub version: String,
}

/// Writes the image of `recipe` to `archive`, and returns its digest (`sha256:…`).
///
/// # Errors
/// When the binary cannot be read, needs a dynamic loader, or is for a processor that has no name in OCI; when the
/// archive cannot be written.
pub fn write(recipe: &Recipe, archive: &Path) -> Result<String> {
    let named = || format!("the binary {}", recipe.binary.display());
    let binary = std::fs::read(&recipe.binary).with_context(named)?;
    let architecture = static_elf(&binary).with_context(named)?;
    let layer = layer::of(&[
        layer::File { path: ROOTS, mode: 0o644, content: roots::pem().as_bytes() },
        layer::File { path: ENTRYPOINT, mode: 0o755, content: &binary },
    ])?;
    let image = manifest::Image::of(&layer, architecture, recipe)?;
    archive::write(&image, &layer, archive).with_context(|| format!("writing {}", archive.display()))?;
    Ok(image.digest())
}

/// The processor of a binary that can run where no file but itself is; by the ELF header
/// (System V ABI, "Object Files": class at byte 4, machine at 18, program headers from the offset at 32).
fn static_elf(binary: &[u8]) -> Result<oci_spec::image::Arch> {
    const INTERPRETER: u32 = 3; // PT_INTERP
    let number = |at: usize, bytes: usize| -> Option<u64> {
        let mut value = [0; 8];
        value.get_mut(..bytes)?.copy_from_slice(binary.get(at..at.checked_add(bytes)?)?);
        Some(u64::from_le_bytes(value))
    };
    if binary.get(..6) != Some(b"\x7fELF\x02\x01") {
        bail!("is not a 64-bit little-endian program for Linux");
    }
    let headers = || -> Option<bool> {
        let (start, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        let mut loader = false;
        for index in 0..count {
            let at = usize::try_from(start.checked_add(index.checked_mul(size)?)?).ok()?;
            loader |= number(at, 4)? == u64::from(INTERPRETER);
        }
        Some(loader)
    };
    if headers().context("is cut short")? {
        bail!("needs a dynamic loader, which an image of one file does not have; build it for a musl target");
    }
    match number(18, 2) {
        Some(62) => Ok(oci_spec::image::Arch::Amd64),
        Some(183) => Ok(oci_spec::image::Arch::ARM64),
        machine => {
            bail!("is for a processor this tool does not know (ELF machine {})", machine.unwrap_or_default())
        }
    }
}
