//! The only sockets: clients and connections with limits, one TLS provider and one set of trusted roots.

pub(crate) mod resolver;

use crate::model::{Hindrance, HindranceKind};
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Clients shared by all looks of a run.
#[derive(Debug)]
pub struct Transport {
    roots: Arc<RootCertStore>,
}

impl Transport {
    /// Clients that trust the public roots and, where given, a private authority in PEM.
    ///
    /// # Errors
    /// Says what is wrong with the PEM text.
    pub fn new(authority_pem: Option<&str>) -> Result<Self, String> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for certificate in authority_pem
            .iter()
            .flat_map(|pem| CertificateDer::pem_slice_iter(pem.as_bytes()))
        {
            let certificate =
                certificate.map_err(|error| format!("the authority is not PEM: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| format!("the authority cannot be used: {error}"))?;
        }
        Ok(Self {
            roots: Arc::new(roots),
        })
    }

    /// The public roots and the target's private authority.
    pub(crate) fn authority_roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }
}

/// Opens a connection; gives the time for the name and the time for TCP.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    until: Instant,
) -> Result<(TcpStream, Duration, Duration), Hindrance> {
    let work = async {
        let begun = crate::clock::tick();
        let addresses: Vec<_> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| {
                Hindrance::new(
                    HindranceKind::Dns,
                    format!("{host} could not be resolved: {error}"),
                )
            })?
            .collect();
        let named = crate::clock::tick();
        match TcpStream::connect(addresses.as_slice()).await {
            Ok(stream) => Ok((stream, named - begun, named.elapsed())),
            Err(error) => {
                let kind = match error.kind() {
                    ErrorKind::ConnectionRefused => HindranceKind::Refused,
                    ErrorKind::TimedOut => HindranceKind::Timeout,
                    _ => HindranceKind::Unreachable,
                };
                Err(Hindrance::new(kind, format!("{host}:{port}: {error}")))
            }
        }
    };
    tokio::time::timeout_at(until.into(), work)
        .await
        .unwrap_or_else(|_| {
            Err(Hindrance::new(
                HindranceKind::Timeout,
                format!("{host}:{port} did not answer in time"),
            ))
        })
}
