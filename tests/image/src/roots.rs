//! The certificate authorities a browser trusts, so that an instance may have an `https` URL without a `ca` of its own.

use pem::{EncodeConfig, LineEnding, Pem, encode_many_config};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Mozilla's list, of the release that Cargo.lock names.
pub fn pem() -> String {
    let all: Vec<_> = TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|certificate| Pem::new("CERTIFICATE", certificate.as_ref()))
        .collect();
    encode_many_config(&all, EncodeConfig::new().set_line_ending(LineEnding::LF))
}
