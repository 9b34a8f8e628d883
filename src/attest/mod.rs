//! Signatures of people in the form of `ssh-keygen -Y`: made by ssh-agent or a key file, and held to a list of allowed signers.
//!
//! Nothing here is a format of our own, so that everything can be checked without holdpoint:
//! `ssh-keygen -Y verify -f .holdpoint/allowed_signers -I WHO -n NAMESPACE -s FILE.sig < FILE`.
//! Where the two part, holdpoint is the stricter one; `tests/signatures.rs` lists where.

mod agent;
mod der;
mod fault;
mod file;
mod keygen;
mod pattern;
mod public_key;
mod revoked;
mod sign;
mod signers;
mod sshsig;
mod verify;

pub use agent::keys as agent_keys;
pub use fault::SignFault;
pub use public_key::PublicKey;
pub use revoked::Revoked;
pub use sign::{Key, RawSigned, Signed, public_key, sign, sign_raw};
pub use signers::Signers;
pub use verify::{Refusal, Verified, admit, signer, verify};

use crate::diagnostic::{Diagnostic, Source};

/// The bytes of a list of signers or of revoked keys as text.
///
/// # Errors
/// The file is a binary key revocation list, or no UTF-8.
pub fn text_of(name: &str, bytes: &[u8]) -> Result<Source, Diagnostic> {
    if bytes.starts_with(b"SSHKRL\n\0") {
        return Err(revoked::binary(name));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .split(|byte| *byte == b'\n')
            .count();
        Diagnostic::new(format!("{name}:{line}: this is not UTF-8 text"))
            .help("save the file as UTF-8")
    })?;
    Ok(Source::new(name, text))
}
