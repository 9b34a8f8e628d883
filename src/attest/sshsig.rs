//! The form of `ssh-keygen -Y` (OpenSSH's PROTOCOL.sshsig): read, written, and checked against a message.

use super::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::signature::Verifier as _;
use sha2::{Digest as _, Sha256, Sha512};
use ssh_key::public::RsaPublicKey;
use ssh_key::{Algorithm, HashAlg, LineEnding, Signature, SshSig};

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "\n-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;
/// In the flags of a security key's signature: somebody touched it (CTAP 2, "up").
const TOUCHED: u8 = 0x01;

/// Why a signature says nothing about a message, whoever made it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsound {
    /// Not of this form.
    NotASignature(String),
    /// Made for this namespace.
    Namespace(String),
    /// The key or the algorithm proves nothing.
    Weak(String),
    /// Of another message, or damaged.
    Altered,
    /// A security key that nobody touched.
    Untouched,
}

/// Reads what SSH puts on the wire: numbers, and strings with their length before them.
pub(super) struct Wire<'b>(pub(super) &'b [u8]);

impl<'b> Wire<'b> {
    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        let bytes = self.take(4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    pub(super) fn string(&mut self) -> Option<&'b [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.string()?).ok()
    }

    fn done(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// What is signed in place of the message.
pub(super) fn signed_data(namespace: &str, hash: HashAlg, message: &[u8]) -> Vec<u8> {
    let digest = match hash {
        HashAlg::Sha256 => Sha256::digest(message).to_vec(),
        _ => Sha512::digest(message).to_vec(),
    };
    let mut data = MAGIC.to_vec();
    for part in [namespace.as_bytes(), b"", hash.as_str().as_bytes(), &digest] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        data.extend(length.to_be_bytes());
        data.extend(part);
    }
    data
}

/// The text of a `.sig` file, of a signature over [`signed_data`] with SHA-512.
pub(super) fn armor(key: &PublicKey, namespace: &str, signature: Signature) -> Option<String> {
    let made = SshSig::new(key.data().clone(), namespace, HashAlg::Sha512, signature).ok()?;
    made.to_pem(LineEnding::LF).ok()
}

/// The key that signed the message for the namespace.
pub(super) fn check(message: &[u8], armored: &str, namespace: &str) -> Result<PublicKey, Unsound> {
    let not = |cause: &str| Unsound::NotASignature(cause.to_owned());
    let blob = dearmor(armored).map_err(not)?;
    let mut wire = Wire(&blob);
    let parts = (|| {
        (wire.take(MAGIC.len())? == MAGIC).then_some(())?;
        let version = wire.number()?;
        let parts = (
            version,
            wire.string()?,
            wire.text()?,
            wire.string()?,
            wire.text()?,
            wire.string()?,
        );
        wire.done()?;
        Some(parts)
    })();
    let (version, key, found, reserved, hash, signature) =
        parts.ok_or_else(|| not("it is cut off or damaged"))?;
    // Nothing of the blob may be changed, so nothing is left open that is not signed.
    if version != VERSION || !reserved.is_empty() {
        return Err(not("it is of another version of the form"));
    }
    let key = PublicKey::from_bytes(key).map_err(Unsound::NotASignature)?;
    if let Some(weakness) = key.weakness() {
        return Err(Unsound::Weak(weakness));
    }
    let hash = HashAlg::new(hash)
        .map_err(|_| Unsound::Weak(format!("it hashes by '{}'", hash.escape_debug())))?;
    let signature = read_signature(&key, signature)?;
    if found != namespace {
        return Err(Unsound::Namespace(found.to_owned()));
    }
    if !fits(&key, &signed_data(namespace, hash, message), &signature) {
        return Err(Unsound::Altered);
    }
    let flags = signature.as_bytes().iter().rev().nth(4);
    if key.is_security_key() && flags.is_none_or(|flags| flags & TOUCHED == 0) {
        return Err(Unsound::Untouched);
    }
    Ok(key)
}

/// Is this the key's signature over the bytes?
pub(super) fn fits(key: &PublicKey, data: &[u8], signature: &Signature) -> bool {
    let Some(rsa) = key.data().rsa() else {
        return key.data().verify(data, signature).is_ok();
    };
    let Some(rsa) = rsa_key(rsa) else {
        return false;
    };
    let Ok(plain) = rsa::pkcs1v15::Signature::try_from(signature.as_bytes()) else {
        return false;
    };
    match signature.algorithm() {
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        } => rsa::pkcs1v15::VerifyingKey::<Sha512>::new(rsa)
            .verify(data, &plain)
            .is_ok(),
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        } => rsa::pkcs1v15::VerifyingKey::<Sha256>::new(rsa)
            .verify(data, &plain)
            .is_ok(),
        _ => false,
    }
}

/// The key as the `rsa` crate has it, which by itself takes none of more than 4096 bits.
pub(super) fn rsa_key(key: &RsaPublicKey) -> Option<rsa::RsaPublicKey> {
    let number =
        |part: &ssh_key::Mpint| Some(rsa::BigUint::from_bytes_be(part.as_positive_bytes()?));
    rsa::RsaPublicKey::new_with_max_size(number(&key.n)?, number(&key.e)?, 16384).ok()
}

/// The bytes within the armor. Stricter than need be: what is not a part of the signature is refused.
fn dearmor(armored: &str) -> Result<Vec<u8>, &'static str> {
    if armored.contains('\r') {
        return Err("its lines end as on Windows; ssh-keygen takes only line feeds");
    }
    let body = armored
        .strip_prefix(BEGIN)
        .ok_or("it does not begin with '-----BEGIN SSH SIGNATURE-----'")?;
    let body = body.strip_suffix('\n').unwrap_or(body);
    let body = body
        .strip_suffix(END)
        .ok_or("it does not end with '-----END SSH SIGNATURE-----'")?;
    let text: String = body.split('\n').collect();
    STANDARD
        .decode(text)
        .map_err(|_| "what it holds is not base64")
}

/// The signature proper: its algorithm, its bytes, and for a security key its flags and counter.
fn read_signature(key: &PublicKey, blob: &[u8]) -> Result<Signature, Unsound> {
    let damaged = || Unsound::NotASignature("its signature is cut off or damaged".to_owned());
    let mut wire = Wire(blob);
    let name = wire.text().ok_or_else(damaged)?;
    let mut bytes = wire.string().ok_or_else(damaged)?.to_vec();
    if key.is_security_key() {
        bytes.extend(wire.take(5).ok_or_else(damaged)?);
    }
    wire.done().ok_or_else(damaged)?;
    if matches!(name, "ssh-rsa" | "ssh-dss") {
        return Err(Unsound::Weak(format!(
            "it is made with {name}, that is with SHA-1"
        )));
    }
    let algorithm = Algorithm::new(name).map_err(|_| damaged())?;
    let of_key = match (algorithm.clone(), key.inner().algorithm()) {
        (Algorithm::Rsa { hash: Some(_) }, Algorithm::Rsa { .. }) => true,
        (one, other) => one == other,
    };
    if !of_key {
        return Err(damaged());
    }
    Signature::new(algorithm, bytes).map_err(|_| damaged())
}
