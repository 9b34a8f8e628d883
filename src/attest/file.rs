//! Key files: read where they are plain, and told apart where they are not.

use super::{PublicKey, SignFault};
use ssh_key::PrivateKey;
use std::fmt::Display;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A key file is smaller.
const LARGEST: u64 = 1 << 20;

/// What a key file turned out to be.
pub(super) enum Kind {
    /// A private key that can be used as it is.
    Plain(Box<PrivateKey>),
    /// A private key behind a passphrase, in a security key, or of a form that only OpenSSH reads: PEM of other
    /// kinds, and numbers of elliptic curves that begin with a zero byte, which ssh-key 0.6 does not read.
    Guarded,
    /// The public half, with where the private one would be.
    Public(PublicKey, Option<PathBuf>),
}

/// Reads a key file.
pub(super) fn read(path: &Path) -> Result<Kind, SignFault> {
    let about = std::fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(unreadable(path, "it is no file of a key's size"));
    }
    let private = PrivateKey::read_openssh_file(path);
    if let Err(ssh_key::Error::Io(kind)) = private
        && kind != std::io::ErrorKind::InvalidData
    {
        return Err(unreadable(path, kind));
    }
    let guarded = private.is_err() && names_private_key(path)?;
    if private.is_err() && !guarded {
        let key = public_key(path)?;
        let stem = path.extension().is_some_and(|end| end == "pub");
        let stem = stem.then(|| path.with_extension(""));
        return Ok(Kind::Public(key, stem.filter(|path| path.is_file())));
    }
    // OpenSSH's own rule, which asks nothing of files of other users.
    if about.uid() == rustix::process::getuid().as_raw() && about.mode() & 0o077 != 0 {
        return Err(SignFault::Unprotected {
            path: path.display().to_string(),
        });
    }
    match private {
        Ok(key) if !key.is_encrypted() && !in_security_key(&key) => Ok(Kind::Plain(Box::new(key))),
        _ => Ok(Kind::Guarded),
    }
}

/// The public key in a `.pub` file.
pub(super) fn public_key(path: &Path) -> Result<PublicKey, SignFault> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    PublicKey::parse(&text).map_err(|cause| SignFault::NotAKey {
        path: path.display().to_string(),
        cause,
    })
}

fn in_security_key(key: &PrivateKey) -> bool {
    let data = key.key_data();
    data.is_sk_ed25519() || data.is_sk_ecdsa_p256()
}

/// Is this a private key in one of the forms of PEM, readable here or not?
fn names_private_key(path: &Path) -> Result<bool, SignFault> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    let word = b"PRIVATE KEY-----";
    Ok(bytes.windows(word.len()).any(|part| part == word))
}

fn unreadable(path: &Path, cause: impl Display) -> SignFault {
    SignFault::Unreadable {
        path: path.display().to_string(),
        cause: cause.to_string(),
    }
}
