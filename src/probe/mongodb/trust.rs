//! The rung of TLS: handshakes of our own, with the authorities that the application's driver trusts.

use super::cause::{self, Cause};
use super::climb::{CONNECTING, Climb, open};
use super::resolve::Seed;
use super::uri::Address;
use crate::model::VariableOrigin;
use crate::probe::transport::mongodb::{self as wire, Greeting, Unshaken};
use futures_util::future::join_all;
use rustls::RootCertStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Authorities to try a handshake with.
struct Trust {
    roots: Arc<RootCertStore>,
    file: Option<PathBuf>,
    by_target: bool,
}

impl Climb<'_> {
    /// TLS with every server that was reached; one that can be trusted is enough to go on.
    pub(super) async fn shake(&mut self, address: &Address) -> Result<(), Cause> {
        if !address.tls {
            return Ok(());
        }
        let until = wire::within(CONNECTING, self.until);
        let connected: Vec<_> = self.connected().cloned().collect();
        let transport = &self.context.transport;
        let mut first = None;
        for trust in self.trusts(address)? {
            let shakes = connected.iter().map(|seed| {
                let roots = trust.roots.clone();
                async move {
                    let stream = open(transport, seed, until)
                        .await
                        .map_err(|hindrance| Unshaken::Other(hindrance.cause))?;
                    wire::shake(stream, &seed.host, roots, until).await
                }
            });
            let shaken = join_all(shakes).await;
            if let Some(version) = shaken.iter().find_map(|one| one.as_ref().ok()) {
                if trust.by_target {
                    return Err(Cause::untold(
                        "the certificate is signed by the target's own authority, of which the application must be told by tlsCAFile or NODE_EXTRA_CA_CERTS; with tlsCAFile in the connection string it can be told here too",
                    ));
                }
                self.trusted = Some(true);
                self.tls_version = Some(version);
                self.authority = trust.file;
            }
            for (seed, fault) in connected.iter().zip(shaken) {
                let cause = match fault {
                    Ok(_) => None,
                    Err(fault) => Some(self.unshaken(address, seed, fault).await),
                };
                if let Some(reached) = self.reached.iter_mut().find(|it| it.seed == *seed) {
                    reached.cause = cause.as_ref().map(|(cause, _)| cause.text.clone());
                }
                if let Some(cause) = cause {
                    first.get_or_insert(cause);
                }
            }
            // Other authorities matter only where none of these stands behind the certificate.
            if self.trusted.is_some() || !matches!(first, Some((_, true))) {
                break;
            }
        }
        match (self.trusted, first) {
            (None, Some((cause, untrusted))) => {
                self.trusted = untrusted.then_some(false);
                Err(cause)
            }
            _ => Ok(()),
        }
    }

    /// Why a handshake failed, and whether it was for want of trust.
    async fn unshaken(&self, address: &Address, seed: &Seed, fault: Unshaken) -> (Cause, bool) {
        let silent = matches!(fault, Unshaken::TurnedAway | Unshaken::Slow);
        let plain = silent && self.speaks_plainly(seed).await;
        let fault = if plain { Unshaken::NotTls } else { fault };
        let place = self.place(address, "hello");
        let cause = cause::of_handshake(&fault, &seed.name(), &place);
        (cause, matches!(fault, Unshaken::Untrusted(_)))
    }

    /// What the application's driver trusts: the file that `tlsCAFile` names and nothing else, or
    /// the public authorities and those that Node.js adds. The target's own authority comes last:
    /// it tells why, and the driver cannot be given it.
    fn trusts(&self, address: &Address) -> Result<Vec<Trust>, Cause> {
        let read = |file: &Path| {
            let path = self.context.root.join(file);
            wire::authorities(&path).map(|roots| Trust {
                roots: Arc::new(roots),
                file: Some(path),
                by_target: false,
            })
        };
        if let Some(file) = &address.ca_file {
            let trust = read(file).map_err(|error| {
                Cause::broke(
                    format!(
                        "the file {} that tlsCAFile names cannot be used: {error}",
                        file.display()
                    ),
                    "name a file with the authority's certificate in PEM form, where the application runs",
                )
            })?;
            return Ok(vec![trust]);
        }
        let mut trusts = vec![Trust {
            roots: wire::public_authorities(),
            file: None,
            by_target: false,
        }];
        // Node.js takes it from the process alone, and goes on without a file that cannot be used.
        let extra = self.context.environment.get("NODE_EXTRA_CA_CERTS");
        if let Some(extra) = extra.filter(|extra| extra.origin == VariableOrigin::Process)
            && let Ok(trust) = read(Path::new(&extra.value))
        {
            trusts.push(trust);
        }
        let target = self.context.transport.authority_roots();
        if target.len() > trusts[0].roots.len() {
            trusts.push(Trust {
                roots: target,
                file: None,
                by_target: true,
            });
        }
        Ok(trusts)
    }

    /// Does a server answer a TLS handshake, be it with a certificate that nobody trusts?
    pub(super) async fn speaks_tls(&self) -> bool {
        let Some(seed) = self.connected().next() else {
            return false;
        };
        let until = wire::within(CONNECTING, self.until);
        match open(&self.context.transport, seed, until).await {
            Ok(stream) => matches!(
                wire::shake(stream, &seed.host, wire::public_authorities(), until).await,
                Ok(_) | Err(Unshaken::Untrusted(_))
            ),
            Err(_) => false,
        }
    }

    async fn speaks_plainly(&self, seed: &Seed) -> bool {
        let until = wire::within(CONNECTING, self.until);
        match open(&self.context.transport, seed, until).await {
            Ok(stream) => wire::greet(stream, until).await == Greeting::Answered,
            Err(_) => false,
        }
    }
}
