//! Makes signatures: over a message in the form of `ssh-keygen -Y`, or over an envelope as OpenSSL verifies it.

use super::file::Kind;
use super::sshsig::{self, Unsound};
use super::{PublicKey, SignFault, agent, file, keygen};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};
use sha2::Sha512;
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, Signature};
use std::path::{Path, PathBuf};

/// What is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A key that ssh-agent holds: by its fingerprint (`SHA256:…`), its comment or the path of its `.pub` file;
    /// none for the only one.
    Agent(Option<String>),
    /// A private key's file, or a `.pub` file whose private half is in the agent or beside it.
    File(PathBuf),
}

/// A signature over a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The text of a `.sig` file.
    pub armored: String,
    /// Whose it is.
    pub key: PublicKey,
    /// The key's, as [`PublicKey::fingerprint`].
    pub fingerprint: String,
}

/// A signature over bytes as they are, which OpenSSL verifies by [`PublicKey::spki_pem`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSigned {
    /// `ed25519`, `ecdsa-p256-sha256`, `ecdsa-p384-sha384`, `ecdsa-p521-sha512` or `rsa-pkcs1v15-sha512`.
    pub algorithm: &'static str,
    /// Whose it is.
    pub key: PublicKey,
    /// The key's, as [`PublicKey::fingerprint`].
    pub fingerprint: String,
    /// Ed25519: 64 bytes (RFC 8032); ECDSA: DER (RFC 3279); RSA: PKCS #1 v1.5.
    pub signature: Vec<u8>,
}

/// Who signs in the end.
enum Hand<'s> {
    Agent(&'s Path, PublicKey),
    Here(Box<PrivateKey>),
    Keygen(PathBuf),
}

/// Signs a message for a namespace, hashed by SHA-512. May wait for a person. `socket` is the agent's
/// (`SSH_AUTH_SOCK`). Key files that cannot be used here, because of a passphrase or a security key, are left
/// to `ssh-keygen`, which asks on the terminal.
///
/// # Errors
/// Nothing there can sign; or what it made does not hold, since every signature is checked before it is given out.
pub fn sign(
    message: &[u8],
    namespace: &str,
    key: &Key,
    socket: Option<&Path>,
) -> Result<Signed, SignFault> {
    let (by, armored) = match hand(key, socket)? {
        Hand::Agent(socket, key) => {
            let data = sshsig::signed_data(namespace, HashAlg::Sha512, message);
            let signature = agent::sign(socket, &key, &data)?;
            ("the ssh-agent", sshsig::armor(&key, namespace, signature))
        }
        Hand::Here(private) => {
            let key = usable(&private)?;
            let data = sshsig::signed_data(namespace, HashAlg::Sha512, message);
            let signature = by_hand(&private, &data)?;
            ("holdpoint", sshsig::armor(&key, namespace, signature))
        }
        Hand::Keygen(path) => {
            let made = keygen::sign(keygen::PROGRAM, message, namespace, &path, socket)?;
            ("ssh-keygen", Some(made))
        }
    };
    let invalid = |cause: String| SignFault::Invalid { by, cause };
    let armored = armored.ok_or_else(|| invalid("it cannot be written".to_owned()))?;
    let key = sshsig::check(message, &armored, namespace).map_err(|why| match why {
        Unsound::NotASignature(cause) => invalid(cause),
        Unsound::Namespace(found) => invalid(format!("it is for '{found}'")),
        Unsound::Weak(cause) => invalid(cause),
        Unsound::Altered => invalid("it is not of this message".to_owned()),
        Unsound::Untouched => invalid("the security key was not touched".to_owned()),
    })?;
    Ok(Signed {
        armored,
        fingerprint: key.fingerprint(),
        key,
    })
}

/// Signs the bytes of a DSSE envelope (its pre-authentication encoding) as they are.
///
/// Nothing else is signed in this way: without an encoding of its own, a signature over any bytes could be used
/// to log in somewhere.
///
/// # Errors
/// As [`sign`]; and security keys sign no bytes as they are, nor does `ssh-keygen`, which keys behind a
/// passphrase would need.
pub fn sign_raw(bytes: &[u8], key: &Key, socket: Option<&Path>) -> Result<RawSigned, SignFault> {
    let unsupported = |key: String, cause: &str| SignFault::Unsupported {
        key,
        cause: cause.to_owned(),
    };
    let hand = hand(key, socket)?;
    let key = match &hand {
        Hand::Agent(_, key) => key.clone(),
        Hand::Here(private) => usable(private)?,
        Hand::Keygen(path) => {
            let cause = "it has a passphrase, or a form that only ssh-keygen reads, and ssh-keygen makes no signatures \
                         for envelopes; add it to an ssh-agent (ssh-add) and sign with that";
            return Err(unsupported(path.display().to_string(), cause));
        }
    };
    let fingerprint = key.fingerprint();
    if key.is_security_key() {
        let cause = "a security key signs in a form of its own, which OpenSSL does not verify";
        return Err(unsupported(fingerprint, cause));
    }
    if !bytes.starts_with(b"DSSEv1 ") {
        return Err(unsupported(
            fingerprint,
            "these are not the bytes of a DSSE envelope",
        ));
    }
    let (by, signature) = match &hand {
        Hand::Agent(socket, key) => ("the ssh-agent", agent::sign(socket, key, bytes)?),
        Hand::Here(private) => ("holdpoint", by_hand(private, bytes)?),
        Hand::Keygen(_) => return Err(unsupported(fingerprint, "ssh-keygen does not sign it")),
    };
    let plain = sshsig::fits(&key, bytes, &signature)
        .then(|| plain(&signature))
        .flatten();
    let (algorithm, signature) = plain.ok_or_else(|| SignFault::Invalid {
        by,
        cause: "it is not of these bytes".to_owned(),
    })?;
    Ok(RawSigned {
        algorithm,
        key,
        fingerprint,
        signature,
    })
}

/// Finds the key.
fn hand<'s>(key: &Key, socket: Option<&'s Path>) -> Result<Hand<'s>, SignFault> {
    match key {
        Key::Agent(wanted) => {
            let socket = socket.ok_or(SignFault::NoAgent)?;
            let key = choose(agent::keys(socket)?, wanted.as_deref())?;
            Ok(Hand::Agent(socket, key))
        }
        Key::File(path) => match file::read(path)? {
            Kind::Plain(private) => Ok(Hand::Here(private)),
            Kind::Guarded => Ok(Hand::Keygen(path.clone())),
            Kind::Public(key, beside) => {
                // The agent may be gone, and the file be enough.
                let held = socket.map_or(Err(SignFault::NoAgent), agent::keys);
                match (held, socket, beside) {
                    (Ok(held), Some(socket), _) if held.contains(&key) => {
                        Ok(Hand::Agent(socket, key))
                    }
                    (_, _, Some(private)) => match file::read(&private)? {
                        Kind::Plain(private) => Ok(Hand::Here(private)),
                        _ => Ok(Hand::Keygen(private)),
                    },
                    (Ok(held), _, None) => Err(SignFault::NotHeld {
                        wanted: path.display().to_string(),
                        held: named(&held),
                    }),
                    (Err(fault), _, None) => Err(fault),
                }
            }
        },
    }
}

/// The key of the agent's that is meant.
fn choose(held: Vec<PublicKey>, wanted: Option<&str>) -> Result<PublicKey, SignFault> {
    if held.is_empty() {
        return Err(SignFault::NoKeys);
    }
    let fits: Vec<PublicKey> = match wanted {
        None => held.clone(),
        Some(print) if print.starts_with("SHA256:") => held
            .iter()
            .filter(|key| key.fingerprint() == print)
            .cloned()
            .collect(),
        Some(path) if path.ends_with(".pub") => {
            let key = file::public_key(Path::new(path))?;
            held.iter().filter(|one| **one == key).cloned().collect()
        }
        Some(comment) => held
            .iter()
            .filter(|key| key.comment() == comment)
            .cloned()
            .collect(),
    };
    match <[PublicKey; 1]>::try_from(fits) {
        Ok([key]) => Ok(key),
        Err(none) if none.is_empty() => Err(SignFault::NotHeld {
            wanted: wanted.unwrap_or_default().to_owned(),
            held: named(&held),
        }),
        Err(several) => Err(SignFault::Ambiguous {
            held: named(&several),
        }),
    }
}

/// Keys as people know them.
fn named(keys: &[PublicKey]) -> Vec<String> {
    let one = |key: &PublicKey| format!("{} ({})", key.fingerprint(), key.comment());
    keys.iter().map(one).collect()
}

/// The public half of a private key that may sign.
fn usable(private: &PrivateKey) -> Result<PublicKey, SignFault> {
    let unsupported = |cause| SignFault::Unsupported {
        key: private.fingerprint(HashAlg::Sha256).to_string(),
        cause,
    };
    let key = PublicKey::of(private.public_key().clone()).map_err(unsupported)?;
    match key.weakness() {
        Some(cause) => Err(unsupported(cause)),
        None => Ok(key),
    }
}

/// Signs with a private key in this process.
fn by_hand(private: &PrivateKey, data: &[u8]) -> Result<Signature, SignFault> {
    let signature = match private.key_data() {
        KeypairData::Rsa(pair) => rsa_signature(pair, data),
        other => other.try_sign(data).ok(),
    };
    signature.ok_or_else(|| SignFault::Unsupported {
        key: private.fingerprint(HashAlg::Sha256).to_string(),
        cause: "the key does not hold together".to_owned(),
    })
}

/// RFC 8332: `rsa-sha2-512`. Blinded, so that the time it takes says nothing of the key.
fn rsa_signature(pair: &RsaKeypair, data: &[u8]) -> Option<Signature> {
    let number =
        |part: &ssh_key::Mpint| Some(rsa::BigUint::from_bytes_be(part.as_positive_bytes()?));
    let key = rsa::RsaPrivateKey::from_components(
        number(&pair.public.n)?,
        number(&pair.public.e)?,
        number(&pair.private.d)?,
        vec![number(&pair.private.p)?, number(&pair.private.q)?],
    );
    let signature = rsa::pkcs1v15::SigningKey::<Sha512>::new(key.ok()?)
        .try_sign_with_rng(&mut rsa::rand_core::OsRng, data)
        .ok()?;
    let algorithm = Algorithm::Rsa {
        hash: Some(HashAlg::Sha512),
    };
    Signature::new(algorithm, signature.to_vec()).ok()
}

/// A signature without what SSH puts around it, and what it is called.
fn plain(signature: &Signature) -> Option<(&'static str, Vec<u8>)> {
    let bytes = signature.as_bytes();
    let name = match signature.algorithm() {
        Algorithm::Ed25519 => return Some(("ed25519", bytes.to_vec())),
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        } => return Some(("rsa-pkcs1v15-sha512", bytes.to_vec())),
        Algorithm::Ecdsa { curve } => match curve {
            EcdsaCurve::NistP256 => "ecdsa-p256-sha256",
            EcdsaCurve::NistP384 => "ecdsa-p384-sha384",
            EcdsaCurve::NistP521 => "ecdsa-p521-sha512",
        },
        _ => return None,
    };
    let mut wire = sshsig::Wire(bytes);
    let (r, s) = (wire.string()?, wire.string()?);
    Some((name, super::der::ecdsa_signature(r, s)))
}
