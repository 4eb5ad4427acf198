//! What was measured, and on what.

use crate::process::machine_kib;
use serde::Serialize;
use std::process::Command;

#[derive(Debug, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub cpu: String,
    pub memory_mib: u64,
    /// Commit, with `+changes` where the working tree differs.
    pub commit: String,
    /// When it was measured.
    pub date: String,
}

impl Machine {
    pub fn this() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
        Self {
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            cpu: model.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':'])).to_owned(),
            memory_mib: machine_kib().unwrap_or_default() / 1024,
            commit: commit().unwrap_or_else(|| "unknown".to_owned()),
            date: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string(),
        }
    }
}

fn commit() -> Option<String> {
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changes.is_empty() { head } else { format!("{head}+changes") })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").arg("-C").arg(chatwoot_stage::repository()).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
