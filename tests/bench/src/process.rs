//! What a process used, from `/proc`.

use anyhow::{Context, Result};
use std::fs::read_to_string;

/// Ticks per second of the figures in `/proc/PID/stat`: fixed by the kernel's interface on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// User and system time of all threads, in milliseconds.
///
/// # Errors
/// The process is gone.
pub fn cpu_ms(pid: u32) -> Result<u64> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).context("the operator is gone")?;
    parse_cpu(&stat).with_context(|| format!("/proc/{pid}/stat reads {stat:?}"))
}

/// The name in parentheses may hold spaces, so fields are counted after it: the 14th is utime and the 15th stime.
fn parse_cpu(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) * 1000 / TICKS)
}

/// The most memory it ever held, in KiB (`VmHWM`).
///
/// # Errors
/// The process is gone.
pub fn peak_kib(pid: u32) -> Result<u64> {
    let status = read_to_string(format!("/proc/{pid}/status")).context("the operator is gone")?;
    parse_kib(&status, "VmHWM:").context("no VmHWM in /proc")
}

/// The memory it holds now, in KiB (`VmRSS`).
///
/// # Errors
/// The process is gone.
pub fn resident_kib(pid: u32) -> Result<u64> {
    let status = read_to_string(format!("/proc/{pid}/status")).context("the operator is gone")?;
    parse_kib(&status, "VmRSS:").context("no VmRSS in /proc")
}

/// The memory of the machine, in KiB.
///
/// # Errors
/// There is no `/proc`.
pub fn machine_kib() -> Result<u64> {
    parse_kib(&read_to_string("/proc/meminfo")?, "MemTotal:").context("no MemTotal in /proc")
}

fn parse_kib(text: &str, field: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    value.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_does_not_shift_the_fields() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10";
        assert_eq!(parse_cpu(stat), Some(3000));
    }

    #[test]
    fn the_peak_is_read_in_kib() {
        assert_eq!(parse_kib("Name:\tx\nVmHWM:\t   41984 kB\n", "VmHWM:"), Some(41984));
    }

    #[test]
    fn this_process_can_be_read() {
        let id = std::process::id();
        // The kernel counts the two at different moments, so neither bounds the other.
        assert!(peak_kib(id).unwrap() > 0 && resident_kib(id).unwrap() > 0);
        assert!(cpu_ms(id).is_ok() && machine_kib().unwrap() > 0);
    }
}
