//! The tls probe: what a server offers in a TLS handshake, and whether its certificate can be trusted.

mod certificate;
mod handshake;
mod hello;
mod trust;

use super::transport::Transport;
use super::{Context, ParameterSpec, Probe, ProbeSpec, Sighting, Transient, Wanted};
use crate::clock;
use crate::model::{Excerpt, FactKind, FactSpec, Facts, Hindrance, HindranceKind, Level};
use base64::Engine;
use certificate::Certificate;
use futures_util::future::BoxFuture;
use handshake::Handshake;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use std::time::Instant;
use tokio::net::TcpStream;

pub(super) use trust::cause as untrusted_because;

/// Shakes hands with a server.
pub(super) struct Tls;

impl Probe for Tls {
    fn spec(&self) -> ProbeSpec {
        use FactKind::{Int, Text};
        ProbeSpec {
            name: "tls",
            version: 1,
            summary: "Shakes hands with the server and reports what was agreed and which certificate was shown, \
                trusted or not; then asks for each version of TLS by itself. Sends no request. \
                Revocation is not looked at.",
            level: Level::Live,
            exclusive: false,
            needs_target: true,
            parameters: vec![
                ParameterSpec::optional(
                    "host",
                    Text,
                    "the host to connect to; default the target's",
                ),
                ParameterSpec::optional(
                    "port",
                    Int,
                    "the port; default the target's, or 443 where a host is given",
                ),
                ParameterSpec::optional(
                    "server_name",
                    Text,
                    "the name to ask for (SNI) and to find in the certificate; default the host",
                ),
            ],
            facts: facts(),
        }
    }

    fn looks(&self, parameters: &Facts, context: &Context) -> Result<Vec<Facts>, String> {
        let url = context.target.as_ref().map(|target| &target.url);
        let mut look = Facts::new();
        let given = text(parameters, "host")?;
        let chosen = given.is_some() || parameters.contains_key("port");
        let secure = url.is_some_and(|url| url.scheme() == "https");
        let host = given
            .or_else(|| url.and_then(|url| url.host_str()))
            .map(bare);
        let (Some(host), true) = (host, chosen || secure) else {
            return Ok(vec![look]);
        };
        let port = match parameters.get("port") {
            Some(port) => port
                .as_u64()
                // What a variable is filled in with is text.
                .or_else(|| port.as_str()?.parse().ok())
                .and_then(|port| u16::try_from(port).ok())
                .filter(|port| *port > 0)
                .ok_or_else(|| format!("port: {port} is not a whole number from 1 to 65535"))?,
            None if given.is_some() || !secure => 443,
            None => url
                .and_then(|url| url.port_or_known_default())
                .unwrap_or(443),
        };
        let name = text(parameters, "server_name")?.map_or(host, bare);
        let key = if parameters.contains_key("server_name") {
            "server_name"
        } else {
            "host"
        };
        server_name(name).map_err(|cause| format!("{key}: {cause}"))?;
        look.insert("host".into(), host.into());
        look.insert("port".into(), port.into());
        look.insert("server_name".into(), name.into());
        Ok(vec![look])
    }

    fn label(&self, parameters: &Facts, context: &Context) -> String {
        match Peer::of(parameters, context) {
            Some(peer) if peer.name == peer.host => format!("TLS {}", peer.address()),
            Some(peer) => format!("TLS {} as {}", peer.address(), peer.name),
            None => "TLS".into(),
        }
    }

    fn origin(&self, parameters: &Facts, context: &Context) -> Option<String> {
        Peer::of(parameters, context).map(|peer| format!("https://{}", peer.address()))
    }

    fn look<'a>(
        &'a self,
        parameters: &'a Facts,
        _: &'a Wanted,
        context: &'a Context,
    ) -> BoxFuture<'a, Sighting> {
        Box::pin(async move {
            let Some(peer) = Peer::of(parameters, context) else {
                return Sighting::hindered(Hindrance::new(
                    HindranceKind::Absent,
                    "the target is not reached over HTTPS",
                ));
            };
            look(&peer, context)
                .await
                .unwrap_or_else(|hindrance| Sighting {
                    transient: is_passing(hindrance.kind)
                        .then_some(Transient { retry_after: None }),
                    ..Sighting::hindered(hindrance)
                })
        })
    }
}

fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    let accepted = |name, version: &'static str| FactSpec::new(name, optional(Bool), version);
    vec![
        FactSpec::new(
            "version",
            Text,
            "the version that was agreed on, such as \"TLSv1.3\"",
        ),
        FactSpec::new(
            "alpn",
            optional(Text),
            "the application protocol that was agreed on: \"h2\" or \"http/1.1\"",
        ),
        FactSpec::new(
            "cipher",
            Text,
            "the cipher suite that was agreed on, by its IANA name",
        ),
        FactSpec::new(
            "trusted",
            Bool,
            "the chain leads to a public root or the target's own authority, and holds for the name, now",
        ),
        FactSpec::new("trust_error", optional(Text), "why it is not trusted"),
        FactSpec::new(
            "name_matches",
            Bool,
            "the certificate is for the name that was asked for",
        ),
        FactSpec::new(
            "days_left",
            Int,
            "whole days until the certificate expires; negative when it has",
        ),
        FactSpec::new(
            "not_before",
            Int,
            "when the certificate begins to hold, in seconds since 1970",
        ),
        FactSpec::new(
            "not_after",
            Int,
            "when the certificate expires, in seconds since 1970",
        ),
        FactSpec::new(
            "self_signed",
            Bool,
            "the certificate names itself as its issuer",
        ),
        FactSpec::new("issuer", Text, "who issued the certificate"),
        FactSpec::new("subject", Text, "whom the certificate is for"),
        FactSpec::new(
            "names",
            FactKind::list(Text),
            "the names and addresses that it holds for (subject alternative names)",
        ),
        FactSpec::new("chain_length", Int, "how many certificates the server sent"),
        FactSpec::new(
            "key",
            Object(vec![
                FactSpec::new(
                    "algorithm",
                    Text,
                    "\"RSA\", \"EC P-256\", \"Ed25519\", or an object identifier",
                ),
                FactSpec::new("bits", Int, "the size of the key; 0 where it is not known"),
                FactSpec::new(
                    "weak",
                    Bool,
                    "RSA below 2048 bits, a curve below 224, or DSA",
                ),
            ]),
            "the certificate's key",
        ),
        FactSpec::new(
            "signature",
            Text,
            "how the certificate is signed, such as \"ecdsa-with-SHA256\"",
        ),
        FactSpec::new(
            "weak_signature",
            Bool,
            "it is signed over MD5, SHA-1 or something older",
        ),
        FactSpec::new(
            "versions",
            Object(vec![
                accepted(
                    "tls10",
                    "TLS 1.0 is accepted; null where the server's answer does not say",
                ),
                accepted(
                    "tls11",
                    "TLS 1.1 is accepted; null where the server's answer does not say",
                ),
                accepted(
                    "tls12",
                    "TLS 1.2 is accepted; null where the server's answer does not say",
                ),
                accepted(
                    "tls13",
                    "TLS 1.3 is accepted; null where the server's answer does not say",
                ),
            ]),
            "the versions that the server accepts, each asked for by itself",
        ),
        FactSpec::new(
            "handshake_ms",
            Int,
            "the time from the first TLS byte to the agreement, in milliseconds",
        ),
    ]
}

/// Whom to shake hands with.
struct Peer<'a> {
    host: &'a str,
    port: u16,
    name: &'a str,
    transport: &'a Transport,
}

impl<'a> Peer<'a> {
    fn of(parameters: &'a Facts, context: &'a Context) -> Option<Self> {
        let text = |key| parameters.get(key).and_then(Value::as_str);
        let port = parameters.get("port")?.as_u64()?;
        Some(Self {
            host: text("host")?,
            port: u16::try_from(port).ok()?,
            name: text("server_name")?,
            transport: &context.transport,
        })
    }

    /// Connects as a request to the same origin does.
    async fn connect(&self, until: Instant) -> Result<TcpStream, Hindrance> {
        let transport = self.transport;
        transport
            .connect("https", self.host, self.port, until)
            .await
    }

    fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn server_name(&self) -> Result<ServerName<'static>, Hindrance> {
        server_name(self.name).map_err(|cause| Hindrance::new(HindranceKind::Internal, cause))
    }
}

/// A parameter that must be text if it is there; what is filled in may be something else.
fn text<'a>(parameters: &'a Facts, key: &str) -> Result<Option<&'a str>, String> {
    let Some(value) = parameters.get(key) else {
        return Ok(None);
    };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| format!("{key}: {value} is not text"))
}

/// An IPv6 address without the brackets that it has in a URL.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("'{name}' is neither a host name nor an address"))
}

/// Another attempt may not meet it. One that ran out of time has had its time.
fn is_passing(kind: HindranceKind) -> bool {
    use HindranceKind::{Closed, Dns, Refused, Unreachable};
    matches!(kind, Dns | Refused | Unreachable | Closed)
}

async fn look(peer: &Peer<'_>, context: &Context) -> Result<Sighting, Hindrance> {
    let agreed = handshake::shake(peer, handshake::BOTH, context.until).await?;
    let leaf = Certificate::read(agreed.leaf()).map_err(|cause| {
        Hindrance::new(
            HindranceKind::Protocol,
            format!(
                "the certificate of {} cannot be read: {cause}",
                peer.address()
            ),
        )
    })?;
    let trust = trust::judge(
        &agreed,
        &peer.server_name()?,
        context.transport.authority_roots(),
        context.now,
    );
    let (versions, untold) = versions(peer, &agreed, context.until).await;
    let facts = json!({
        "version": agreed.version,
        "alpn": agreed.alpn,
        "cipher": agreed.cipher,
        "trusted": trust.error.is_none(),
        "trust_error": trust.error,
        "name_matches": trust.name_matches,
        "days_left": (leaf.not_after - context.now).div_euclid(86_400),
        "not_before": leaf.not_before,
        "not_after": leaf.not_after,
        "self_signed": leaf.self_signed,
        "issuer": leaf.issuer,
        "subject": leaf.subject,
        "names": leaf.names,
        "chain_length": agreed.chain.len(),
        "key": { "algorithm": leaf.key.algorithm, "bits": leaf.key.bits, "weak": leaf.key.weak },
        "signature": leaf.signature,
        "weak_signature": leaf.weak_signature,
        "versions": versions,
        "handshake_ms": u64::try_from(agreed.took.as_millis()).unwrap_or(u64::MAX),
    });
    let mut sighting = Sighting::of(facts.as_object().cloned().unwrap_or_default());
    sighting.excerpts.push(Excerpt {
        name: "certificate".into(),
        text: pem(agreed.leaf()),
    });
    if !untold.is_empty() {
        sighting.excerpts.push(Excerpt {
            name: "versions not told".into(),
            text: untold,
        });
    }
    Ok(sighting)
}

/// Asks for each version by itself, and says why where the answer does not tell.
///
/// A server may leave an old greeting unanswered. That must not take the other facts along, so
/// only half of the time that is left is given to it.
async fn versions(peer: &Peer<'_>, agreed: &Handshake, until: Instant) -> (Value, String) {
    let now = clock::tick();
    let until = now + until.saturating_duration_since(now) / 2;
    let modern = async |versions: handshake::Versions, word: &str| match agreed.version {
        version if version == word => Ok(true),
        _ => handshake::accepts(peer, versions, until).await,
    };
    let (tls10, tls11, tls12, tls13) = tokio::join!(
        hello::accepts(peer, hello::TLS10, until),
        hello::accepts(peer, hello::TLS11, until),
        modern(handshake::TLS12, "TLSv1.2"),
        modern(handshake::TLS13, "TLSv1.3"),
    );
    let mut untold = String::new();
    let mut accepted = Facts::new();
    for (key, answer) in [
        ("tls10", tls10),
        ("tls11", tls11),
        ("tls12", tls12),
        ("tls13", tls13),
    ] {
        if let Err(hindrance) = &answer {
            untold.push_str(&format!("{key}: {}: {}\n", hindrance.kind, hindrance.cause));
        }
        accepted.insert(key.into(), answer.ok().into());
    }
    (accepted.into(), untold)
}

/// The certificate as text (RFC 7468).
fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

#[cfg(test)]
mod tests;
