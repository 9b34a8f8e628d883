//! Asks a running ssh-agent for its keys and for signatures, over its local socket.

use super::{PublicKey, SignFault};
use ssh_agent_client_rs::{Client, Error, Identity};
use ssh_key::Signature;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A list needs nobody's consent.
const LISTING: Duration = Duration::from_secs(10);
/// A person may have to find the security key first.
const SIGNING: Duration = Duration::from_secs(180);

/// The keys that the agent at `socket` holds and that could sign here, in its order.
///
/// # Errors
/// The agent cannot be reached, or answers with something else.
pub fn keys(socket: &Path) -> Result<Vec<PublicKey>, SignFault> {
    let listed = connect(socket, LISTING)?
        .list_all_identities()
        .map_err(|error| silent(socket, &error))?;
    let usable = listed.into_iter().filter_map(|one| match one {
        Identity::PublicKey(key) => PublicKey::of(key.into_owned()).ok(),
        // The agent lists the key of a certificate by itself as well.
        Identity::Certificate(_) => None,
    });
    Ok(usable.filter(|key| key.weakness().is_none()).collect())
}

/// A signature over `data`; RSA keys sign with SHA-512.
pub(super) fn sign(socket: &Path, key: &PublicKey, data: &[u8]) -> Result<Signature, SignFault> {
    connect(socket, SIGNING)?
        .sign(key.inner(), data)
        .map_err(|error| match error {
            Error::RemoteFailure => SignFault::Declined {
                fingerprint: key.fingerprint(),
            },
            other => silent(socket, &other),
        })
}

fn connect(socket: &Path, patience: Duration) -> Result<Client, SignFault> {
    let stream = UnixStream::connect(socket).and_then(|stream| {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(LISTING))?;
        Ok(stream)
    });
    let stream = stream.map_err(|error| silent(socket, &error.into()))?;
    Ok(Client::with_read_write(Box::new(stream)))
}

fn silent(socket: &Path, error: &Error) -> SignFault {
    let cause = match error {
        Error::AgentCommunicationError(error) => error.to_string(),
        Error::RemoteFailure => "it refuses".to_owned(),
        _ => "its answer is not understood".to_owned(),
    };
    SignFault::Agent {
        socket: socket.display().to_string(),
        cause,
    }
}
