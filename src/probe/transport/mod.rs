//! The only sockets: clients and connections with limits, one TLS provider and one set of trusted roots.

mod fault;
pub(in crate::probe) mod imap;
pub(in crate::probe) mod mongodb;
mod pace;
mod phases;
pub(crate) mod resolver;
mod secure;
pub(in crate::probe) mod smtp;
mod tcp;
pub(in crate::probe) mod to_target;
mod websocket;

pub(in crate::probe) use tcp::lookup;

pub(in crate::probe) use fault::Fault;
pub(in crate::probe) use pace::removing;
pub(in crate::probe) use phases::Connection;
pub(in crate::probe) use secure::TlsFault;
pub(in crate::probe) use websocket::WebSocket;

use super::Budget;
use crate::clock;
use crate::model::{Hindrance, HindranceKind, Target};
use bytes::Bytes;
use pace::{Admitted, Pace, Share, Visit};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// How long one attempt to connect may take, whatever time the look has left.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept for the next look.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// The most header lines of one HTTP/1 answer; hyper's own limit of 100 is met in the wild.
const MAX_HEADERS: usize = 4096;
/// The most bytes of headers of one HTTP/2 answer.
const MAX_HEADER_LIST: u32 = 256 * 1024;

/// The longest answer of a service that is read: more than any API of a provider sends.
const LONGEST_ANSWER: usize = 1 << 20;

/// The whole answer of a service.
#[derive(Debug, Clone, Default)]
pub(in crate::probe) struct Fetched {
    /// The status code.
    pub(in crate::probe) status: u16,
    /// Every header.
    pub(in crate::probe) headers: reqwest::header::HeaderMap,
    /// The body as it came; no coding was asked for.
    pub(in crate::probe) body: Vec<u8>,
    /// From the question to the end of the answer, without waiting for a turn and without opening a connection.
    pub(in crate::probe) took: Duration,
}

impl Fetched {
    /// The body as JSON, where it is.
    pub(in crate::probe) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub(in crate::probe) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// A header, where it is sent and is text.
    pub(in crate::probe) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Clients shared by all looks of a run. Opens no socket before the first look.
pub struct Transport {
    roots: Arc<RootCertStore>,
    tls: Arc<ClientConfig>,
    http: Arc<OnceLock<Result<reqwest::Client, String>>>,
    /// What the active looks of the run did so far.
    pace: Arc<Pace>,
    /// The share of the one active look that this is for; none for all others.
    share: Option<Share>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transport trusting {} roots", self.roots.len())
    }
}

impl Transport {
    /// Trusts the public roots and, where given, the authorities in `authority_pem`.
    ///
    /// # Errors
    /// Says what is wrong with the PEM text.
    pub fn new(authority_pem: Option<&str>) -> Result<Self, String> {
        // Libraries that ask for the process default get the same provider. A second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = Arc::new(trusted_roots(authority_pem)?);
        let tls =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(|error| {
                    format!("the TLS provider has no usable protocol version: {error}")
                })?
                .with_root_certificates(roots.clone())
                .with_no_client_auth();
        Ok(Self {
            roots,
            tls: Arc::new(tls),
            http: Arc::default(),
            pace: Arc::default(),
            share: None,
        })
    }

    /// The same clients for one active look of the run: what it sends is announced to the target, paced, and
    /// held to its budget and to what all active looks together may do to one origin.
    pub fn for_active(&self, run: &str, target: Option<Arc<Target>>, budget: Budget) -> Self {
        Self {
            roots: self.roots.clone(),
            tls: self.tls.clone(),
            http: self.http.clone(),
            pace: self.pace.clone(),
            share: Some(Share::new(self.pace.clone(), run, target, budget)),
        }
    }

    /// Waits for the turn of a connection of an active look; all others need none.
    async fn admit(
        &self,
        scheme: &str,
        host: &str,
        port: u16,
        until: Instant,
    ) -> Result<Option<Admitted>, Hindrance> {
        let Some(share) = &self.share else {
            return Ok(None);
        };
        let host = match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        let place = format!("{scheme}://{host}:{port}");
        let url = reqwest::Url::parse(&place).map_err(|_| {
            Hindrance::new(HindranceKind::Dns, format!("'{host}' is not a host name"))
        })?;
        let admitted = share
            .turn(format!("a connection to {place}"), &url, until)
            .await;
        admitted.map(Some).map_err(|fault| fault.hindrance)
    }

    /// Opens a connection that is a visit to a mail server or a mailbox.
    async fn visit(
        &self,
        scheme: &str,
        host: &str,
        port: u16,
        until: Instant,
    ) -> Result<(TcpStream, Visit), Hindrance> {
        let admitted = self.admit(scheme, host, port, until).await?;
        let stream = tcp::connect(host, port, until).await?;
        Ok((stream, Visit::begin(admitted)))
    }

    /// Waits for the turn of a program that an active look is about to start. What it sends cannot be counted, so
    /// its run is one request to the target, and does not begin where the target is given up.
    ///
    /// # Errors
    /// `withheld` where it must not run.
    pub(in crate::probe) async fn admit_program(&self, until: Instant) -> Result<(), Hindrance> {
        let Some(share) = &self.share else {
            return Ok(());
        };
        let admitted = share.program(until).await;
        admitted.map_err(|fault| fault.hindrance)
    }

    /// The public roots and the target's own authorities.
    pub fn authority_roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    /// The TLS settings of every client: verified against [`Self::authority_roots`], no ALPN.
    pub fn tls_config(&self) -> Arc<ClientConfig> {
        self.tls.clone()
    }

    /// Sends one request and gives the answer once its headers are there. Follows nothing.
    ///
    /// A request that may be repeated is repeated where an idle connection turns out to be closed:
    /// that tells of the connection's age, not of the target.
    pub(in crate::probe) async fn send(
        &self,
        request: reqwest::Request,
        until: Instant,
    ) -> Result<(reqwest::Response, Connection), Fault> {
        let (response, connection, _) = self.timed(request, until).await?;
        Ok((response, connection))
    }

    /// The same, with the time from the question to the headers, without waiting for a turn and without opening a
    /// connection.
    async fn timed(
        &self,
        request: reqwest::Request,
        until: Instant,
    ) -> Result<(reqwest::Response, Connection, Duration), Fault> {
        let client = self.http().map_err(Fault::settled)?;
        let mut request = request;
        let admitted = match &self.share {
            Some(share) => {
                share.announce(&mut request);
                let method = request.method().as_str();
                Some(share.admit(method, request.url(), until).await?)
            }
            None => None,
        };
        loop {
            let spare = request
                .method()
                .is_safe()
                .then(|| request.try_clone())
                .flatten();
            let began = clock::tick();
            let (outcome, connection) = attempt(client, request, until).await;
            match (outcome, spare) {
                (Err(fault), Some(spare))
                    if fault.hindrance.kind == HindranceKind::Closed
                        && !fault.connecting
                        && connection.reused() =>
                {
                    request = spare;
                }
                (outcome, _) => {
                    let took = began.elapsed().saturating_sub(connection.opening());
                    if let Some(admitted) = admitted {
                        admitted.note(&outcome, took);
                    }
                    return outcome.map(|response| (response, connection, took));
                }
            }
        }
    }

    /// Sends one request to a service and gives its whole answer. Follows nothing.
    ///
    /// # Errors
    /// There was no answer, its end did not come in time, or its body is longer than 1 MiB.
    pub(in crate::probe) async fn fetch(
        &self,
        request: reqwest::Request,
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let (mut response, _, took) = self.timed(request, until).await?;
        let began = clock::tick();
        let mut body = Vec::new();
        while let Some(chunk) = next_chunk(&mut response, until).await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(Fault::settled(Hindrance::new(
                    HindranceKind::TooLarge,
                    "the answer is longer than 1 MiB",
                )));
            }
        }
        Ok(Fetched {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
            took: took + began.elapsed(),
        })
    }

    fn http(&self) -> Result<&reqwest::Client, Hindrance> {
        self.http
            .get_or_init(|| self.build_http())
            .as_ref()
            .map_err(|error| Hindrance::new(HindranceKind::Internal, error.clone()))
    }

    fn build_http(&self) -> Result<reqwest::Client, String> {
        let mut tls = ClientConfig::clone(&self.tls);
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http1_max_headers(MAX_HEADERS)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            .dns_resolver(phases::Resolver)
            .connector_layer(phases::Observe)
            .build()
            .map_err(|error| format!("the HTTP client could not be built: {error}"))
    }
}

/// Sends one request once, and tells what its connection took whether or not it was answered.
async fn attempt(
    client: &reqwest::Client,
    request: reqwest::Request,
    until: Instant,
) -> (Result<reqwest::Response, Fault>, Connection) {
    let ((answer, connecting), connection) = phases::observed(async {
        let answer = tokio::time::timeout_at(until.into(), client.execute(request)).await;
        (answer, phases::now_connecting())
    })
    .await;
    let outcome = match answer {
        Ok(answer) => answer.map_err(|error| fault::of_request(&error)),
        Err(_) => {
            let cause = if connecting {
                "no connection within the time allowed"
            } else {
                "connected, but no answer within the time allowed"
            };
            Err(Fault {
                hindrance: Hindrance::new(HindranceKind::Timeout, cause),
                connecting,
            })
        }
    };
    (outcome, connection)
}

/// The next piece of a body; none at its end.
pub(in crate::probe) async fn next_chunk(
    response: &mut reqwest::Response,
    until: Instant,
) -> Result<Option<Bytes>, Fault> {
    match tokio::time::timeout_at(until.into(), response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(fault::of_body(&error)),
        Err(_) => Err(Fault::settled(Hindrance::new(
            HindranceKind::Timeout,
            "the body was not complete within the time allowed",
        ))),
    }
}

/// May a secret be sent there? Over TLS, and over plain HTTP to this machine alone.
pub(in crate::probe) fn keeps_secrets(url: &reqwest::Url) -> bool {
    let host = url.host_str();
    match url.scheme() {
        "https" => host.is_some(),
        "http" => host.is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    }
}

fn trusted_roots(authority_pem: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let Some(pem) = authority_pem else {
        return Ok(roots);
    };
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate
            .map_err(|error| format!("the certificate authority is not PEM: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("the certificate authority cannot be used: {error}"))?;
    }
    if roots.len() == before {
        return Err("the certificate authority holds no certificate in PEM form".into());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_authority_that_is_none() {
        assert!(Transport::new(None).is_ok());
        assert!(Transport::new(Some("")).is_err_and(|error| error.contains("no certificate")));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(Transport::new(Some(broken)).is_err());
    }

    #[test]
    fn trusts_an_authority_beside_the_public_roots() {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .unwrap()
            .cert
            .pem();
        let transport = Transport::new(Some(&own)).unwrap();
        assert_eq!(
            transport.authority_roots().len(),
            webpki_roots::TLS_SERVER_ROOTS.len() + 1
        );
        assert!(format!("{transport:?}").len() < 60);
    }
}
