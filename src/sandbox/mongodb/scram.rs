//! The server's side of SCRAM-SHA-256 (RFC 5802 and RFC 7677).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// As few as drivers accept.
const ITERATIONS: u32 = 4096;

/// What the server keeps of a password.
#[derive(Debug)]
pub(super) struct Credentials {
    user: String,
    salt: [u8; 16],
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

/// An exchange that has begun.
pub(super) struct Exchange {
    /// The client's first message without its header, and the server's first.
    said: String,
    nonce: String,
    known: bool,
}

impl Credentials {
    pub(super) fn new(user: &str, password: &str) -> Self {
        let mut salt = [0; 16];
        fastrand::fill(&mut salt);
        let salted = salted(password.as_bytes(), &salt);
        let client_key = mac(&salted, b"Client Key");
        Self {
            user: user.into(),
            salt,
            stored_key: Sha256::digest(client_key).into(),
            server_key: mac(&salted, b"Server Key"),
        }
    }

    /// Answers the client's first message: `n,,n=user,r=nonce`.
    pub(super) fn begin(&self, first: &str) -> Option<(Exchange, String)> {
        let bare = first.strip_prefix("n,,")?;
        let user = field(bare, "n")?.replace("=2C", ",").replace("=3D", "=");
        let nonce = format!("{}{:016x}", field(bare, "r")?, fastrand::u64(..));
        let salt = STANDARD.encode(self.salt);
        let answer = format!("r={nonce},s={salt},i={ITERATIONS}");
        let exchange = Exchange {
            said: format!("{bare},{answer}"),
            nonce,
            known: user == self.user,
        };
        Some((exchange, answer))
    }

    /// Answers the client's proof; none where it is wrong.
    pub(super) fn finish(&self, exchange: &Exchange, last: &str) -> Option<String> {
        let (without_proof, proof) = last.rsplit_once(",p=")?;
        let proof = STANDARD.decode(proof).ok()?;
        let said = format!("{},{without_proof}", exchange.said);
        let signature = mac(&self.stored_key, said.as_bytes());
        if proof.len() != signature.len() || field(last, "r")? != exchange.nonce {
            return None;
        }
        let client_key: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        let right = Sha256::digest(client_key).as_slice() == self.stored_key;
        let answer = STANDARD.encode(mac(&self.server_key, said.as_bytes()));
        (right && exchange.known).then(|| format!("v={answer}"))
    }
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message
        .split(',')
        .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// `Hi` of RFC 5802 section 2.2.
fn salted(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut block = mac(password, &[salt, &[0, 0, 0, 1]].concat());
    let mut salted = block;
    for _ in 1..ITERATIONS {
        block = mac(password, &block);
        salted.iter_mut().zip(block).for_each(|(a, b)| *a ^= b);
    }
    salted
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().into()
        }
        // A key of HMAC may have any length.
        Err(_) => [0; 32],
    }
}
