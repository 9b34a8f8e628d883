//! Holds a signature to the list of signers: who, for what, when, and whether the key still counts.

use super::sshsig::{self, Unsound};
use super::{PublicKey, Revoked, Signers};
use jiff::Timestamp;

/// A signature that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The key that made it.
    pub key: PublicKey,
    /// The key's, as [`PublicKey::fingerprint`].
    pub fingerprint: String,
    /// The key's type as OpenSSH writes it, such as `ssh-ed25519`.
    pub algorithm: String,
    /// The line (from 1) of the list of signers that allows it.
    pub line: usize,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text is no signature of this form.
    #[error("this is no SSH signature: {cause}")]
    NotASignature {
        /// What it lacks.
        cause: String,
    },
    /// It was made for something else, and cannot be used for this.
    #[error("the signature was made for '{found}', not for '{wanted}'")]
    WrongNamespace {
        /// What it was made for.
        found: String,
        /// What it would have to be made for.
        wanted: String,
    },
    /// The message is not what was signed, or the signature was changed.
    #[error("the signature is not of this text: one of them was changed")]
    Altered,
    /// The key or the algorithm is too weak to prove anything.
    #[error("the signature proves nothing: {cause}")]
    Weak {
        /// In what.
        cause: String,
    },
    /// A security key made it by itself; OpenSSH would take it.
    #[error("the security key was not touched when it signed")]
    Untouched,
    /// The key is on the list of revoked keys.
    #[error("the key {fingerprint} is revoked (line {line} of the revoked keys)")]
    Revoked {
        /// The key's.
        fingerprint: String,
        /// From 1.
        line: usize,
    },
    /// No line gives this key to this person.
    #[error("the key {fingerprint} is not one of {principal}'s among the allowed signers{}", listed_for(.owners))]
    NotListed {
        /// The key's.
        fingerprint: String,
        /// Who was said to have signed.
        principal: String,
        /// Whose key it is, as far as names are written out.
        owners: Vec<String>,
    },
    /// The person may sign, but not for this.
    #[error(
        "{principal} may not sign for '{namespace}' with the key {fingerprint} (line {line} of the allowed signers)"
    )]
    NotPermitted {
        /// The key's.
        fingerprint: String,
        /// Who signed.
        principal: String,
        /// What for.
        namespace: String,
        /// From 1.
        line: usize,
    },
    /// The key counts only later.
    #[error(
        "the key {fingerprint} of {principal} counts only from {from} on (line {line} of the allowed signers)"
    )]
    NotYetValid {
        /// The key's.
        fingerprint: String,
        /// Who signed.
        principal: String,
        /// The first moment.
        from: Timestamp,
        /// From 1.
        line: usize,
    },
    /// The key counts no more.
    #[error(
        "the key {fingerprint} of {principal} counted only until {until} (line {line} of the allowed signers)"
    )]
    Expired {
        /// The key's.
        fingerprint: String,
        /// Who signed.
        principal: String,
        /// The last moment.
        until: Timestamp,
        /// From 1.
        line: usize,
    },
}

impl Refusal {
    /// One word for each kind, for records.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotASignature { .. } => "not-a-signature",
            Self::WrongNamespace { .. } => "wrong-namespace",
            Self::Altered => "altered",
            Self::Weak { .. } => "weak",
            Self::Untouched => "untouched",
            Self::Revoked { .. } => "revoked",
            Self::NotListed { .. } => "not-listed",
            Self::NotPermitted { .. } => "not-permitted",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::Expired { .. } => "expired",
        }
    }
}

fn listed_for(owners: &[String]) -> String {
    match owners {
        [] => String::new(),
        owners => format!("; it is {}'s", owners.join(" and ")),
    }
}

impl From<Unsound> for Refusal {
    fn from(why: Unsound) -> Self {
        match why {
            Unsound::NotASignature(cause) => Self::NotASignature { cause },
            Unsound::Namespace(found) => Self::WrongNamespace {
                found,
                wanted: String::new(),
            },
            Unsound::Weak(cause) => Self::Weak { cause },
            Unsound::Altered => Self::Altered,
            Unsound::Untouched => Self::Untouched,
        }
    }
}

/// The key that signed this message for this namespace, whoever's it is. It is not held to any list.
///
/// # Errors
/// The signature is not good in itself: one of the first five kinds of [`Refusal`].
pub fn signer(message: &[u8], armored: &str, namespace: &str) -> Result<PublicKey, Refusal> {
    sshsig::check(message, armored, namespace).map_err(|why| match why.into() {
        Refusal::WrongNamespace { found, .. } => Refusal::WrongNamespace {
            found,
            wanted: namespace.to_owned(),
        },
        other => other,
    })
}

/// Did this person sign this message for this namespace, with a key that counted at that time and is not revoked?
///
/// `at` is judged to the second, both ends of a key's time included, as OpenSSH does. Revocation has no time.
///
/// # Errors
/// Why not.
pub fn verify(
    message: &[u8],
    armored: &str,
    namespace: &str,
    principal: &str,
    at: Timestamp,
    signers: &Signers,
    revoked: &Revoked,
) -> Result<Verified, Refusal> {
    let key = signer(message, armored, namespace)?;
    let line = admit(&key, namespace, principal, at, signers, revoked)?;
    Ok(Verified {
        algorithm: key.algorithm(),
        fingerprint: key.fingerprint(),
        key,
        line,
    })
}

/// The line (from 1) of the list of signers that lets this person sign for this namespace with this key at that time.
///
/// # Errors
/// Nothing lets them, or the key is revoked: one of the last five kinds of [`Refusal`].
pub fn admit(
    key: &PublicKey,
    namespace: &str,
    principal: &str,
    at: Timestamp,
    signers: &Signers,
    revoked: &Revoked,
) -> Result<usize, Refusal> {
    if let Some(line) = revoked.line_of(key) {
        let fingerprint = key.fingerprint();
        return Err(Refusal::Revoked { fingerprint, line });
    }
    signers.admit(key, principal, namespace, at)
}
