//! Keys and passwords of the pretend application, generated for each run; they open nothing else.

use crate::secret::VapidPair;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::io;

/// What the application keeps secret.
pub(super) struct Keys {
    /// 32 random bytes in base64, as `openssl rand -base64 32` writes them.
    pub(super) nextauth_secret: String,
    /// The password of the sign-in form.
    pub(super) password: String,
    /// In the shape of a Google client id.
    pub(super) google_client_id: String,
    /// In the shape of a Google client secret.
    pub(super) google_client_secret: String,
    /// What the scheduler of the daily summary shows.
    pub(super) cron_secret: String,
    /// The public half of a pair of VAPID keys that has been replaced.
    pub(super) former_vapid_public_key: String,
}

impl Keys {
    /// Fresh keys from the system's random source.
    pub(super) fn generate() -> io::Result<Self> {
        let number = u32::from_be_bytes(random()?);
        Ok(Self {
            nextauth_secret: STANDARD.encode(random::<32>()?),
            password: text::<24>()?,
            google_client_id: format!("{number}-{}.apps.googleusercontent.com", hex::<16>()?),
            google_client_secret: format!("GOCSPX-{}", text::<21>()?),
            cron_secret: hex::<24>()?,
            former_vapid_public_key: VapidPair::generate().map_err(io::Error::other)?.public,
        })
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys { .. }")
    }
}

/// `N` bytes that nobody can predict.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(bytes)
}

/// `N` random bytes as base64url text.
pub(super) fn text<const N: usize>() -> io::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<N>()?))
}

/// `N` random bytes in hexadecimal.
pub(super) fn hex<const N: usize>() -> io::Result<String> {
    Ok(to_hex(&random::<N>()?))
}

/// Bytes in hexadecimal, lower case.
fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
