//! The only layer: files with their folders, as a compressed archive.

use anyhow::Result;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, io::Write, path::Path};
use tar::{Builder, EntryType, Header};

/// A file of the image.
pub struct File<'a> {
    /// From the root.
    pub path: &'a str,
    pub mode: u32,
    pub content: &'a [u8],
}

/// A layer as it is stored, and what identifies it unpacked.
pub struct Layer {
    pub compressed: Vec<u8>,
    /// SHA-256 of the archive before compression, in hexadecimal: OCI's DiffID.
    pub unpacked: String,
}

/// The layer with these files; everything belongs to root, and nothing in it can be written to.
pub fn of(files: &[File<'_>]) -> Result<Layer> {
    let mut tar = Builder::new(Vec::new());
    let mut folders = BTreeSet::new();
    for file in files {
        let path = file.path.trim_start_matches('/');
        let above: Vec<_> =
            Path::new(path).ancestors().skip(1).filter(|folder| folder.parent().is_some()).collect();
        for folder in above.into_iter().rev() {
            if folders.insert(folder.to_owned()) {
                tar.append_data(&mut header(EntryType::Directory, 0o755, 0), folder, std::io::empty())?;
            }
        }
        let size = u64::try_from(file.content.len())?;
        tar.append_data(&mut header(EntryType::Regular, file.mode, size), path, file.content)?;
    }
    let unpacked = tar.into_inner()?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&unpacked)?;
    Ok(Layer { compressed: gzip.finish()?, unpacked: hex(&unpacked) })
}

/// A header of root's, from the beginning of time.
pub fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// SHA-256 in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
