//! Whether the operator's memory stays level.

use crate::arena::Arena;
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::time::Instant;

/// Growth that is no leak: pages that the allocator touches late.
const SLACK_KIB: u64 = 8 * 1024;
const GROWTH: f64 = 1.2;

/// Samples at equal distances.
#[derive(Default)]
pub struct Memory(Vec<u64>);

impl Memory {
    /// Takes samples between these two times from now.
    pub async fn watch(&mut self, arena: &Arena, from: Duration, to: Duration) -> Result<()> {
        let end = Instant::now() + to;
        tokio::time::sleep(from).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        while ticks.tick().await < end {
            self.0.push(arena.memory().await?);
        }
        Ok(())
    }

    /// Means of the first and the last third, in KiB.
    pub fn thirds(&self) -> (u64, u64) {
        let third = (self.0.len() / 3).max(1);
        let mean = |part: &[u64]| part.iter().sum::<u64>() / u64::try_from(part.len().max(1)).unwrap_or(1);
        let last = self.0.len().saturating_sub(third);
        (mean(self.0.get(..third).unwrap_or_default()), mean(self.0.get(last..).unwrap_or_default()))
    }

    /// # Errors
    /// The last third takes more than the first, by more than what is ordinary.
    pub fn check(&self) -> Result<()> {
        ensure!(self.0.len() >= 3, "{} samples of memory say nothing", self.0.len());
        let (first, last) = self.thirds();
        #[expect(clippy::cast_precision_loss, reason = "KiB of one process")]
        let allowed = first as f64 * GROWTH;
        #[expect(clippy::cast_precision_loss, reason = "KiB of one process")]
        let beyond = last.saturating_sub(SLACK_KIB) as f64 > allowed;
        ensure!(!beyond, "memory went from {first} KiB in the first third to {last} KiB in the last");
        Ok(())
    }
}

#[test]
fn what_grows_and_grows_is_a_leak_and_what_sways_is_none() {
    let leak = Memory((0..300).map(|n| 40_000 + 200 * n).collect());
    assert!(leak.check().unwrap_err().to_string().contains("memory went from"), "{:?}", leak.thirds());
    Memory((0..300).map(|n| 40_000 + 5_000 * (n % 3)).collect()).check().unwrap();
    assert!(Memory::default().check().is_err());
}
