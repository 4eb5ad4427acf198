//! A port for a program that cannot tell which one it took.

use anyhow::Result;
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that is free now, below those that Linux hands to outgoing connections.
///
/// # Errors
/// Two hundred in a row were taken.
pub fn free_port() -> Result<u16> {
    for _ in 0..200 {
        let port = rand::random_range(18_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("found no free port between 18000 and 32000 on 127.0.0.1 in 200 attempts")
}
