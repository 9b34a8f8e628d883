//! A ClientHello of our own for the versions that no present TLS library speaks (RFC 2246, RFC 4346).

use super::Peer;
use crate::model::{Hindrance, HindranceKind};
use rustls::pki_types::ServerName;
use std::io;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A version as it stands in the protocol.
pub(super) type Version = [u8; 2];

pub(super) const TLS10: Version = [3, 1];
pub(super) const TLS11: Version = [3, 2];

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const WARNING: u8 = 1;

/// The longest record (RFC 2246 section 6.2.3).
const RECORD: usize = (1 << 14) + 2048;

/// How many warnings are passed over before an answer.
const WARNINGS: usize = 4;

/// Everything that a server of that time might want: ECDHE, DHE and plain RSA with AES, Camellia,
/// 3DES, SEED, IDEA and RC4, and the signal for secure renegotiation (RFC 5746).
const CIPHERS: &[u16] = &[
    0xc00a, 0xc009, 0xc014, 0xc013, 0x0039, 0x0038, 0x0033, 0x0032, 0x0035, 0x002f, 0x0088, 0x0087,
    0x0045, 0x0044, 0x0084, 0x0041, 0xc008, 0xc012, 0x0016, 0x0013, 0x000a, 0x009a, 0x0099, 0x0096,
    0x0007, 0xc007, 0xc011, 0x0005, 0x0004, 0x00ff,
];

/// Does the server answer a client that knows nothing newer than `version` with that version?
///
/// An agreement on it is a yes; an alert, a close or an older version is a no.
///
/// # Errors
/// The hindrance where there is no answer, or one that is not TLS.
pub(super) async fn accepts(
    peer: &Peer<'_>,
    version: Version,
    until: Instant,
) -> Result<bool, Hindrance> {
    let mut stream = peer.connect(until).await?;
    let greeting = greeting(version, &peer.server_name()?);
    let exchange = async {
        stream.write_all(&greeting).await?;
        answer(&mut stream, version).await
    };
    match tokio::time::timeout_at(until.into(), exchange).await {
        Ok(Ok(Answer::Accepted)) => Ok(true),
        Ok(Ok(Answer::Refused)) => Ok(false),
        Ok(Ok(Answer::Unclear(cause))) => Err(Hindrance::new(
            HindranceKind::Protocol,
            format!("{} {cause}", peer.address()),
        )),
        Ok(Err(error)) if is_close(&error) => Ok(false),
        Ok(Err(error)) => Err(Hindrance::new(
            HindranceKind::Closed,
            format!("{}: {error}", peer.address()),
        )),
        Err(_) => {
            let cause = format!("{} left an old greeting unanswered", peer.address());
            Err(Hindrance::new(HindranceKind::Timeout, cause))
        }
    }
}

/// Some servers end the connection without an alert when they do not speak a version.
fn is_close(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        error.kind(),
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe
    )
}

enum Answer {
    Accepted,
    Refused,
    Unclear(&'static str),
}

/// Reads the first record that is not a warning.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin), version: Version) -> io::Result<Answer> {
    for _ in 0..=WARNINGS {
        let mut header = [0; 5];
        stream.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if header[1] != 3 || length > RECORD {
            return Ok(Answer::Unclear("does not answer in TLS"));
        }
        // A ServerHello's version is in its first six bytes; the rest does not matter.
        let mut body = [0; 6];
        let known = length.min(body.len());
        stream.read_exact(&mut body[..known]).await?;
        match (header[0], &body[..known]) {
            (ALERT, [WARNING, _]) => {}
            (ALERT, [_, _]) => return Ok(Answer::Refused),
            (HANDSHAKE, [SERVER_HELLO, _, _, _, major, minor]) => {
                return Ok(match [*major, *minor].cmp(&version) {
                    std::cmp::Ordering::Equal => Answer::Accepted,
                    std::cmp::Ordering::Less => Answer::Refused,
                    std::cmp::Ordering::Greater => {
                        Answer::Unclear("agreed on a version that was not offered")
                    }
                });
            }
            _ => return Ok(Answer::Unclear("does not answer with a ServerHello")),
        }
    }
    Ok(Answer::Unclear("sends warnings only"))
}

/// The record with the ClientHello (RFC 2246 section 7.4.1.2).
fn greeting(version: Version, name: &ServerName<'_>) -> Vec<u8> {
    let mut hello = version.to_vec();
    // Not a secret: nothing is ever sent over such a connection.
    hello.extend(std::iter::repeat_with(|| fastrand::u8(..)).take(32));
    hello.push(0); // no session to resume
    let ciphers: Vec<u8> = CIPHERS
        .iter()
        .flat_map(|cipher| cipher.to_be_bytes())
        .collect();
    hello.extend(counted(&ciphers));
    hello.extend([1, 0]); // no compression
    hello.extend(counted(&extensions(name)));

    let mut message = vec![1, 0]; // ClientHello, and the high byte of its length
    message.extend(counted(&hello));
    let mut record = vec![HANDSHAKE, 3, 1];
    record.extend(counted(&message));
    record
}

fn extensions(name: &ServerName<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |kind: u16, content: &[u8]| {
        all.extend(kind.to_be_bytes());
        all.extend(counted(content));
    };
    // RFC 6066 section 3: names only, never addresses.
    if let ServerName::DnsName(name) = name {
        let mut entry = vec![0];
        entry.extend(counted(name.as_ref().trim_end_matches('.').as_bytes()));
        add(0, &counted(&entry));
    }
    add(10, &counted(&[0, 29, 0, 23, 0, 24, 0, 25])); // x25519, P-256, P-384, P-521
    add(11, &[1, 0]); // uncompressed points
    add(23, &[]); // extended master secret
    all
}

/// Bytes after their number in two bytes. Nothing here comes near 64 KiB: a name has at most 253.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(bytes.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes()
        .to_vec();
    out.extend(bytes);
    out
}
