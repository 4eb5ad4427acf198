//! What an image of the operator is, without the minutes a static operator takes to build: a hand-made program stands in
//! for it, which ends with 0 and reads no file.

use anyhow::{Context, Result};
use chatwoot_image::{ENTRYPOINT, ROOTS, Recipe, USER, check, write};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The smallest static program: an ELF header, one program header, and `exit(0)`.
fn program(interpreter: bool) -> Vec<u8> {
    let (machine, code): (u16, &[u8]) = if cfg!(target_arch = "aarch64") {
        // mov x8, #93; mov x0, #0; svc #0
        (183, &[0xa8, 0x0b, 0x80, 0xd2, 0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4])
    } else {
        // mov eax, 60; xor edi, edi; syscall
        (62, &[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05])
    };
    const START: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(16, 0);
    elf.extend(2_u16.to_le_bytes()); // executable
    elf.extend(machine.to_le_bytes());
    elf.extend(1_u32.to_le_bytes());
    elf.extend((START + HEADERS).to_le_bytes()); // entry
    elf.extend(64_u64.to_le_bytes()); // program headers
    elf.extend(0_u64.to_le_bytes());
    elf.extend(0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    elf.extend(if interpreter { 3_u32 } else { 1 }.to_le_bytes()); // PT_INTERP or PT_LOAD
    elf.extend(5_u32.to_le_bytes()); // readable, executable
    let size = HEADERS + code.len() as u64;
    for word in [0, START, START, size, size, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(code);
    elf
}

struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Result<Self> {
        Ok(Self { folder: TempDir::new()? })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn image(&self, name: &str, binary: &[u8]) -> Result<(PathBuf, String)> {
        let recipe = Recipe {
            binary: self.path("operator"),
            reference: "registry.example.com:5000/chatwoot-operator:1.2.3".into(),
            version: "1.2.3".into(),
        };
        fs::write(&recipe.binary, binary)?;
        let archive = self.path(name);
        let digest = write(&recipe, &archive)?;
        Ok((archive, digest))
    }
}

fn refusal(binary: &[u8]) -> Result<String> {
    let error = Bench::new()?.image("image.tar", binary).err().context("it was taken")?;
    Ok(format!("{error:#}"))
}

#[test]
fn an_image_runs_with_nothing_but_its_own_files() -> Result<()> {
    let bench = Bench::new()?;
    let (archive, digest) = bench.image("image.tar", &program(false))?;
    let root = bench.path("root");
    let image = check::unpack(&archive, &root)?;
    assert_eq!(image.digest, digest);
    check::run(&image, &root, &["--version"])?;
    let mut files = Vec::new();
    walk(&root, Path::new("/"), &mut files)?;
    assert_eq!(files, [ENTRYPOINT, ROOTS]);
    let mode = fs::metadata(root.join(ENTRYPOINT.trim_start_matches('/')))?.permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
    Ok(())
}

#[test]
fn an_image_says_whom_to_run_it_as_and_what_it_is() -> Result<()> {
    let bench = Bench::new()?;
    let (archive, _) = bench.image("image.tar", &program(false))?;
    let config = check::unpack(&archive, &bench.path("root"))?.config;
    let process = config.config().clone().context("no process")?;
    assert_eq!(process.user().as_deref(), Some(USER));
    assert_eq!(process.entrypoint().as_deref(), Some(&[ENTRYPOINT.to_owned()][..]));
    assert_eq!(process.cmd().as_deref(), Some(&["run".to_owned()][..]));
    let labels = process.labels().clone().context("no labels")?;
    assert_eq!(labels.get("org.opencontainers.image.version").map(String::as_str), Some("1.2.3"));
    Ok(())
}

/// A reader of the Dockerfile and of the archive must get the same image.
#[test]
fn the_dockerfile_makes_the_same_image() -> Result<()> {
    let bench = Bench::new()?;
    let (archive, _) = bench.image("image.tar", &program(false))?;
    let config = check::unpack(&archive, &bench.path("root"))?.config;
    let process = config.config().clone().context("no process")?;
    let env = process.env().clone().unwrap_or_default();
    let quoted = |words: &Option<Vec<String>>| format!("{:?}", words.clone().unwrap_or_default());
    let expected = [
        "FROM scratch".to_owned(),
        "COPY target/image/root /".into(),
        format!("ENV {}", env.join(" ")),
        format!("USER {}", process.user().clone().unwrap_or_default()),
        format!("WORKDIR {}", process.working_dir().clone().unwrap_or_default()),
        format!("ENTRYPOINT {}", quoted(process.entrypoint())),
        format!("CMD {}", quoted(process.cmd())),
    ];
    let written = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Dockerfile"))?;
    let steps: Vec<_> = written.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(steps, expected);
    Ok(())
}

#[test]
fn the_same_binary_gives_the_same_image() -> Result<()> {
    let bench = Bench::new()?;
    let (first, one) = bench.image("first.tar", &program(false))?;
    let (second, two) = bench.image("second.tar", &program(false))?;
    assert_eq!(one, two);
    assert_eq!(fs::read(first)?, fs::read(second)?);
    Ok(())
}

#[test]
fn a_binary_that_could_not_start_is_refused_with_what_to_do() -> Result<()> {
    let dynamic = refusal(&program(true))?;
    assert!(dynamic.contains("build it for a musl target"), "{dynamic}");
    let script = refusal(b"#!/bin/sh\n")?;
    assert!(script.contains("is not a 64-bit little-endian program"), "{script}");
    let cut = refusal(program(false).get(..66).unwrap_or_default())?;
    assert!(cut.contains("is cut short"), "{cut}");
    Ok(())
}

#[test]
fn a_damaged_archive_is_noticed() -> Result<()> {
    let bench = Bench::new()?;
    let (archive, _) = bench.image("image.tar", &program(false))?;
    let mut bytes = fs::read(&archive)?;
    let at = bytes.windows(8).rposition(|window| window.starts_with(&[0x1f, 0x8b, 8])).context("no layer")?;
    let byte = bytes.get_mut(at + 40).context("a short layer")?;
    *byte ^= 0xff;
    fs::write(&archive, bytes)?;
    let error = check::unpack(&archive, &bench.path("root")).err().context("it was taken")?;
    assert!(format!("{error:#}").contains("is damaged"), "{error:#}");
    Ok(())
}

fn walk(root: &Path, at: &Path, into: &mut Vec<String>) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(root)?.collect::<Result<_, _>>()?;
    names.sort_by_key(std::fs::DirEntry::file_name);
    for name in names {
        let inside = at.join(name.file_name());
        if name.file_type()?.is_dir() {
            walk(&name.path(), &inside, into)?;
        } else {
            into.push(inside.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
