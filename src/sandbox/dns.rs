//! A name server on loopback that knows what mail needs to know of the sandbox's own domain.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Where mail of the sandbox comes from.
const DOMAIN: &str = "sandbox.test";
/// The selector of its DKIM key.
const SELECTOR: &str = "sandbox";

/// Types of records (RFC 1035 section 3.2.2).
const MX: u16 = 15;
const TXT: u16 = 16;
/// Bytes of a message before its questions (RFC 1035 section 4.1.1).
const HEADER: usize = 12;
/// The longest part of a text (RFC 1035 section 3.3).
const PART: usize = 255;

/// A running name server on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct NameServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl NameServer {
    /// Starts it on a free port. Needs a running tokio runtime.
    ///
    /// # Errors
    /// No port can be bound.
    pub async fn start() -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let serving = tokio::spawn(serve(socket));
        Ok(Self { address, serving })
    }

    /// What a run needs to ask it.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOLDPOINT_DNS_SERVER", self.address.to_string()),
            ("HOLDPOINT_DKIM_SELECTOR", SELECTOR.into()),
        ]
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(socket: UdpSocket) {
    let mut buffer = [0; 1500];
    loop {
        if let Ok((read, client)) = socket.recv_from(&mut buffer).await
            && let Some(answer) = answer(&buffer[..read])
        {
            // Who asked asks again where the answer is lost.
            let _sent = socket.send_to(&answer, client).await;
        }
    }
}

/// The answer to the one question of a message; none where it cannot be read.
fn answer(asked: &[u8]) -> Option<Vec<u8>> {
    let mut at = HEADER;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*asked.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = asked.get(at..at + length)?;
        labels.push(std::str::from_utf8(label).ok()?.to_ascii_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*asked.get(at)?, *asked.get(at + 1)?]);
    let question = asked.get(HEADER..at + 4)?;
    let known = records(&labels.join("."));
    // Authoritative, with recursion; 3 says that there is no such name.
    let code = if known.is_some() { 0 } else { 3 };
    let found: Vec<_> = known
        .into_iter()
        .flatten()
        .filter(|(of, _)| *of == kind)
        .collect();
    let mut answer = asked.get(..2)?.to_vec();
    answer.extend([0x85, 0x80 | code, 0, 1]);
    answer.extend(u16::try_from(found.len()).ok()?.to_be_bytes());
    answer.extend([0; 4]);
    answer.extend(question);
    for (_, data) in found {
        // The name of the question, its type and class, a minute.
        answer.extend([0xc0, 0x0c]);
        answer.extend(question.get(question.len() - 4..)?);
        answer.extend(60_u32.to_be_bytes());
        answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

/// The records of a name, each with its type; none where there is no such name.
fn records(name: &str) -> Option<Vec<(u16, Vec<u8>)>> {
    let below = match name.strip_suffix(DOMAIN)? {
        "" => "",
        below => below.strip_suffix('.')?,
    };
    let key = format!("{SELECTOR}._domainkey");
    match below {
        // Only this machine sends, and nobody receives (RFC 7208, RFC 7505).
        "" => Some(vec![
            (TXT, text("v=spf1 ip4:127.0.0.1 -all")),
            (MX, vec![0, 0, 0]),
        ]),
        "_dmarc" => {
            let policy = format!("v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}");
            Some(vec![(TXT, text(&policy))])
        }
        // The Ed25519 key of RFC 8463 appendix A.2, with which nothing is signed here.
        below if below == key => {
            let key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
            Some(vec![(TXT, text(key))])
        }
        "_domainkey" => Some(Vec::new()),
        _ => None,
    }
}

/// A text in parts, each after its length.
fn text(text: &str) -> Vec<u8> {
    let parts = text.as_bytes().chunks(PART);
    parts
        .flat_map(|part| {
            let length = u8::try_from(part.len()).unwrap_or(u8::MAX);
            std::iter::once(length).chain(part.iter().copied())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::config::{NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use hickory_resolver::proto::rr::RecordType;
    use hickory_resolver::{Resolver, TokioResolver};

    fn resolver(server: &NameServer) -> TokioResolver {
        let mut one = NameServerConfig::udp(server.address.ip());
        for connection in &mut one.connections {
            connection.port = server.address.port();
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![one]);
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn a_resolver_understands_it() {
        let server = NameServer::start().await.unwrap();
        let resolver = resolver(&server);
        let spf = resolver.lookup("sandbox.test.", RecordType::TXT).await;
        assert!(spf.unwrap().answers()[0].to_string().contains("v=spf1"));
        let mx = resolver.lookup("sandbox.test.", RecordType::MX).await;
        assert!(mx.unwrap().answers()[0].to_string().ends_with("MX 0 ."));
        let soa = resolver.lookup("sandbox.test.", RecordType::SOA).await;
        assert!(soa.unwrap_err().is_no_records_found());
        for name in [
            "nobody.sandbox.test.",
            "elsewhere.test.",
            "badsandbox.test.",
        ] {
            let missing = resolver.lookup(name, RecordType::TXT).await;
            assert!(missing.unwrap_err().is_nx_domain(), "{name}");
        }
    }

    #[test]
    fn what_is_no_question_is_not_answered() {
        for wrong in [
            &b""[..],
            &[0; 12],
            &[0xff; 20],
            b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x3fa",
        ] {
            assert_eq!(answer(wrong), None);
        }
    }
}
