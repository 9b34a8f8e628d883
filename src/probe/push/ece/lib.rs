//! Message encryption for web push (RFC 8291 over RFC 8188), both ways, with RustCrypto.
//!
//! The `web-push` crate takes its encryption from the crate `ece`, which builds OpenSSL and cannot be
//! told not to. The manifest of holdpoint puts this crate in its place: the two functions that
//! `web-push` calls, and what a receiver needs.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes128Gcm, KeyInit, Nonce};
use hkdf::Hkdf;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::{PublicKey, SecretKey};
use rand_core::{OsRng, RngCore};
use sha2::Sha256;

/// The record size that is announced; a whole message is one record (RFC 8291 section 4).
const RECORD_SIZE: u32 = 4096;
/// Bytes of an uncompressed point on P-256.
const POINT: usize = 65;
/// Bytes before the sealed record: salt, record size, length of the key's name, the key.
const HEADER: usize = 16 + 4 + 1 + POINT;
/// Marks the end of the text in the last record (RFC 8188 section 2).
const LAST_RECORD: u8 = 2;

/// Why a message could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A key is not on the curve, or of another length.
    Key,
    /// The header is short, or names another record size or key than the rules allow.
    Header,
    /// The text is longer than one record holds.
    TooLong,
    /// The record was sealed for another key, or was changed on the way.
    Sealed,
    /// The encoding is the one from before RFC 8188, which is not offered.
    Obsolete,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key => "the key is not a point of P-256",
            Self::Header => "the header of the message is not that of RFC 8188",
            Self::TooLong => "the text is longer than one record holds",
            Self::Sealed => "the message was encrypted for another key, or changed",
            Self::Obsolete => "the encoding aesgcm is obsolete and not offered",
        })
    }
}

impl std::error::Error for Error {}

/// What functions here give.
pub type Result<T> = std::result::Result<T, Error>;

/// The receiving end of a subscription: its key pair and its authentication secret.
pub struct Receiver {
    secret: SecretKey,
    auth: [u8; 16],
}

impl Receiver {
    /// A new pair and secret, as a browser makes them for a subscription.
    pub fn generate() -> Self {
        let mut auth = [0; 16];
        OsRng.fill_bytes(&mut auth);
        Self {
            secret: SecretKey::random(&mut OsRng),
            auth,
        }
    }

    /// The public key as the subscription names it (`p256dh`): an uncompressed point of 65 bytes.
    pub fn public_key(&self) -> Vec<u8> {
        point(&self.secret.public_key())
    }

    /// The authentication secret as the subscription names it (`auth`).
    pub fn auth(&self) -> [u8; 16] {
        self.auth
    }

    /// Opens a message in the encoding `aes128gcm`.
    ///
    /// # Errors
    /// The message is not in that encoding, or was not encrypted for this receiver.
    pub fn decrypt(&self, message: &[u8]) -> Result<Vec<u8>> {
        if message.len() < HEADER || usize::from(message[20]) != POINT {
            return Err(Error::Header);
        }
        let (header, sealed) = message.split_at(HEADER);
        let size = u32::from_be_bytes([header[16], header[17], header[18], header[19]]);
        if u32::try_from(sealed.len()).map_or(true, |length| length > size) {
            return Err(Error::Header);
        }
        let sender = &header[21..];
        let their_key = PublicKey::from_sec1_bytes(sender).map_err(|_| Error::Key)?;
        let shared = agree(&self.secret, &their_key);
        let (cipher, nonce) = derive(
            &shared,
            &self.auth,
            &self.public_key(),
            sender,
            &header[..16],
        );
        let mut text = cipher
            .decrypt(Nonce::from_slice(&nonce), sealed)
            .map_err(|_| Error::Sealed)?;
        // Zeros may follow the mark as padding.
        let end = text.iter().rposition(|byte| *byte != 0);
        match end {
            Some(end) if text[end] == LAST_RECORD => {
                text.truncate(end);
                Ok(text)
            }
            _ => Err(Error::Sealed),
        }
    }
}

/// Encrypts `data` for a subscription in the encoding `aes128gcm`, with a fresh key and salt.
///
/// # Errors
/// `remote_pub` is no point of P-256, or the data is longer than one record holds.
pub fn encrypt(remote_pub: &[u8], remote_auth: &[u8], data: &[u8]) -> Result<Vec<u8>> {
    let mut salt = [0; 16];
    OsRng.fill_bytes(&mut salt);
    seal(
        &SecretKey::random(&mut OsRng),
        salt,
        remote_pub,
        remote_auth,
        data,
    )
}

fn seal(
    sender: &SecretKey,
    salt: [u8; 16],
    receiver: &[u8],
    auth: &[u8],
    data: &[u8],
) -> Result<Vec<u8>> {
    let their_key = PublicKey::from_sec1_bytes(receiver).map_err(|_| Error::Key)?;
    if receiver.len() != POINT {
        return Err(Error::Key);
    }
    let own_key = point(&sender.public_key());
    let shared = agree(sender, &their_key);
    let (cipher, nonce) = derive(&shared, auth, receiver, &own_key, &salt);
    let text: Vec<u8> = data.iter().copied().chain([LAST_RECORD]).collect();
    let sealed = cipher
        .encrypt(Nonce::from_slice(&nonce), text.as_slice())
        .map_err(|_| Error::TooLong)?;
    if u32::try_from(HEADER + sealed.len()).map_or(true, |length| length > RECORD_SIZE) {
        return Err(Error::TooLong);
    }
    let mut message = salt.to_vec();
    message.extend(RECORD_SIZE.to_be_bytes());
    message.push(POINT as u8);
    message.extend(own_key);
    message.extend(sealed);
    Ok(message)
}

fn point(key: &PublicKey) -> Vec<u8> {
    key.to_encoded_point(false).as_bytes().to_vec()
}

fn agree(own: &SecretKey, theirs: &PublicKey) -> Vec<u8> {
    p256::ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine())
        .raw_secret_bytes()
        .to_vec()
}

/// The key and the nonce of the record (RFC 8291 section 3.4).
fn derive(
    shared: &[u8],
    auth: &[u8],
    receiver: &[u8],
    sender: &[u8],
    salt: &[u8],
) -> (Aes128Gcm, [u8; 12]) {
    let mut material = [0; 32];
    let mut key = [0; 16];
    let mut nonce = [0; 12];
    let info = [b"WebPush: info\0", receiver, sender].concat();
    let outer = Hkdf::<Sha256>::new(Some(auth), shared);
    outer.expand(&info, &mut material).expect(SHORT);
    let inner = Hkdf::<Sha256>::new(Some(salt), &material);
    inner
        .expand(b"Content-Encoding: aes128gcm\0", &mut key)
        .expect(SHORT);
    inner
        .expand(b"Content-Encoding: nonce\0", &mut nonce)
        .expect(SHORT);
    (Aes128Gcm::new(&key.into()), nonce)
}

const SHORT: &str = "HKDF-SHA256 gives up to 8160 bytes";

/// The encoding from before RFC 8188, which `web-push` names and holdpoint never asks for.
pub mod legacy {
    use super::{Error, Result};

    /// A message in the encoding `aesgcm`; there is none.
    pub enum AesGcmEncryptedBlock {}

    impl AesGcmEncryptedBlock {
        /// Headers that go with the message.
        pub fn headers(&self, _: Option<&[u8]>) -> Vec<(&'static str, String)> {
            match *self {}
        }

        /// The message in base64url.
        pub fn body(&self) -> String {
            match *self {}
        }
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always [`Error::Obsolete`].
    pub fn encrypt_aesgcm(_: &[u8], _: &[u8], _: &[u8]) -> Result<AesGcmEncryptedBlock> {
        Err(Error::Obsolete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text).unwrap()
    }

    fn receiver() -> Receiver {
        Receiver {
            secret: SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
                .unwrap(),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap(),
        }
    }

    const MESSAGE: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc\
        InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    const TEXT: &[u8] = b"When I grow up, I want to be a watermelon";

    /// RFC 8291 appendix A.
    #[test]
    fn seals_and_opens_the_example_of_the_rfc() {
        let sender =
            SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let receiver = receiver();
        let sealed = seal(
            &sender,
            salt,
            &receiver.public_key(),
            &receiver.auth(),
            TEXT,
        )
        .unwrap();
        assert_eq!(BASE64.encode(&sealed), MESSAGE);
        assert_eq!(receiver.decrypt(&sealed).unwrap(), TEXT);
    }

    #[test]
    fn opens_what_it_seals_for_a_new_receiver() {
        let receiver = Receiver::generate();
        for length in [0, 1, 100, 3052] {
            let text = vec![b'x'; length];
            let sealed = encrypt(&receiver.public_key(), &receiver.auth(), &text).unwrap();
            assert_eq!(receiver.decrypt(&sealed).unwrap(), text);
            assert_eq!(Receiver::generate().decrypt(&sealed), Err(Error::Sealed));
        }
        let long = vec![0; 4096];
        let refused = encrypt(&receiver.public_key(), &receiver.auth(), &long);
        assert_eq!(refused, Err(Error::TooLong));
    }

    #[test]
    fn refuses_what_is_cut_or_changed() {
        let message = bytes(MESSAGE);
        for length in 0..message.len() {
            assert!(receiver().decrypt(&message[..length]).is_err(), "{length}");
        }
        for place in 0..message.len() {
            let mut changed = message.clone();
            changed[place] ^= 1;
            // The record size is not authenticated; a size that still holds the record changes nothing.
            let opened = receiver().decrypt(&changed);
            assert!(opened.is_err() || (16..20).contains(&place), "{place}");
        }
        assert_eq!(encrypt(&[4; 65], &[0; 16], b"x"), Err(Error::Key));
        assert!(legacy::encrypt_aesgcm(&[], &[], &[]).is_err());
    }
}
