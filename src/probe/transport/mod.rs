//! The only sockets: clients and connections with limits, one TLS provider and one set of trusted roots.

use std::sync::Arc;

/// Clients shared by all looks of a run.
#[derive(Debug)]
pub struct Transport {
    tls: Arc<rustls::ClientConfig>,
}
