//! The file that is handed on: an OCI image layout in one archive.

use crate::{
    layer::{Layer, header, hex},
    manifest::Image,
};
use anyhow::Result;
use oci_spec::image::OciLayoutBuilder;
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};
use tar::{Builder, EntryType};

/// Writes the archive whole or not at all.
pub fn write(image: &Image, layer: &Layer, path: &Path) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut tar = Builder::new(BufWriter::new(File::create(&unfinished)?));
    let mut put = |name: &str, content: &[u8]| -> Result<()> {
        let size = u64::try_from(content.len())?;
        Ok(tar.append_data(&mut header(EntryType::Regular, 0o644, size), name, content)?)
    };
    put(
        "oci-layout",
        OciLayoutBuilder::default().image_layout_version("1.0.0").build()?.to_string()?.as_bytes(),
    )?;
    put("index.json", &image.index)?;
    for blob in [&image.manifest, &image.config, &layer.compressed] {
        put(&format!("blobs/sha256/{}", hex(blob)), blob)?;
    }
    tar.into_inner()?.flush()?;
    Ok(fs::rename(&unfinished, path)?)
}
