//! What stands in front of Chatwoot's application: proxy, TLS redirect, throttle, latency.

use crate::throttle::Throttle;
use std::time::Duration;

#[derive(Debug, Default)]
pub struct Front {
    /// Every request is answered by the proxy: 502, a web page.
    pub down: bool,
    /// Plain HTTP is redirected to https, unless X-Forwarded-Proto says https (chatwoot-api §1.1).
    pub force_ssl: bool,
    pub throttle: Throttle,
    /// Time each request spends inside a slot.
    pub latency: Duration,
}
