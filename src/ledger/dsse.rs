//! The envelope in which other programs expect a signed statement (DSSE v1.0).
//!
//! What is signed is not the payload but its pre-authentication encoding, which binds the payload's type. An SSH
//! signature file is something else: it signs the bytes within SSH's own frame, and does not belong into an envelope.

use super::statement::Statement;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The type of a payload that is an in-toto statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The bytes to be signed for a payload (the protocol's PAE).
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// A payload with signatures. That it was read says nothing of whether they are good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The type of the payload.
    pub payload_type: String,
    /// The payload, byte for byte.
    pub payload: Vec<u8>,
    /// At least one.
    pub signatures: Vec<Signature>,
}

/// One signature over [`Envelope::signed_bytes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// A hint at the key, which nothing may be decided by; empty where none is given.
    pub keyid: String,
    /// The signature as the key's algorithm makes it.
    pub sig: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEnvelope {
    payload: String,
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Signs an in-toto statement, given as its bytes. `sign` is handed the bytes to be signed, and gives the id of the
    /// key and the raw signature.
    ///
    /// # Errors
    /// What `sign` says.
    pub fn sign<E>(
        payload: Vec<u8>,
        sign: impl FnOnce(&[u8]) -> Result<(String, Vec<u8>), E>,
    ) -> Result<Self, E> {
        let (keyid, sig) = sign(&pae(IN_TOTO, &payload))?;
        Ok(Self {
            payload_type: IN_TOTO.into(),
            payload,
            signatures: vec![Signature { keyid, sig }],
        })
    }

    /// What each signature must be over.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// The envelope as one line of JSON.
    pub fn to_json(&self) -> String {
        let signatures = self.signatures.iter().map(|one| WireSignature {
            keyid: one.keyid.clone(),
            sig: STANDARD.encode(&one.sig),
        });
        let wire = WireEnvelope {
            payload: STANDARD.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: signatures.collect(),
        };
        serde_json::to_string(&wire).expect("texts always serialise")
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// It is none, says something twice, is not encoded as it must be, or has no signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: WireEnvelope = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no DSSE envelope: {error}"))?;
        let signatures = wire.signatures.into_iter().map(|one| {
            let sig = decode("signature", &one.sig)?;
            match sig.is_empty() {
                true => Err("a signature is empty".to_owned()),
                false => Ok(Signature {
                    keyid: one.keyid,
                    sig,
                }),
            }
        });
        let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() {
            return Err("it has no signature".into());
        }
        Ok(Self {
            payload: decode("payload", &wire.payload)?,
            payload_type: wire.payload_type,
            signatures,
        })
    }

    /// The statement in it. Verify the signatures first.
    ///
    /// # Errors
    /// The payload is no in-toto statement.
    pub fn statement(&self) -> Result<Statement<Value>, String> {
        match self.payload_type == IN_TOTO {
            true => Statement::parse(&self.payload),
            false => Err(format!(
                "its payload is of the type '{}', not '{IN_TOTO}'",
                self.payload_type
            )),
        }
    }
}

/// Both alphabets are allowed.
fn decode(what: &str, text: &str) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .map_err(|error| format!("its {what} is not base64: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::digest;

    /// The vector of the protocol's document.
    #[test]
    fn what_is_signed_is_what_the_protocol_says() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
        // Lengths are of bytes.
        assert_eq!(pae("é", "ü".as_bytes()), "DSSEv1 2 é 2 ü".as_bytes());
    }

    const STATED: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"a:b","predicate":{}}"#;

    fn signed() -> Envelope {
        let sign = |bytes: &[u8]| Ok::<_, String>(("key".into(), digest(bytes).into_bytes()));
        Envelope::sign(STATED.to_vec(), sign).unwrap()
    }

    #[test]
    fn an_envelope_is_read_as_it_was_written() {
        let envelope = signed();
        assert_eq!(
            envelope.signatures[0].sig,
            digest(&envelope.signed_bytes()).into_bytes()
        );
        let text = envelope.to_json();
        assert!(text.contains(r#""payloadType":"application/vnd.in-toto+json""#));
        assert_eq!(Envelope::parse(text.as_bytes()).unwrap(), envelope);
        assert_eq!(
            envelope.statement().unwrap().subject[0].digest["sha256"],
            "00"
        );
        let refused = Envelope::sign(Vec::new(), |_| Err("the agent is locked"));
        assert_eq!(refused.unwrap_err(), "the agent is locked");
    }

    #[test]
    fn both_alphabets_are_read_and_nothing_else() {
        let of = |payload: &str| {
            let text = format!(
                r#"{{"payload":"{payload}","payloadType":"t","signatures":[{{"sig":"AA=="}}]}}"#
            );
            Envelope::parse(text.as_bytes()).map(|read| read.payload)
        };
        assert_eq!(of("+/8=").unwrap(), of("-_8=").unwrap());
        for broken in ["+/8", "+_8=", "+/9=", " +/8=", "*"] {
            assert!(of(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let good = signed().to_json();
        let without = |what: &str, with: &str| good.replacen(what, with, 1);
        for (text, says) in [
            (without("\"payloadType\"", "\"other\""), "payloadType"),
            (
                without("\"signatures\":[", "\"signatures\":[],\"x\":["),
                "no signature",
            ),
            (without("\"payload\":\"", "\"payload\":\"*"), "not base64"),
            (
                without("\"payload\":", "\"payload\":\"\",\"payload\":"),
                "duplicate",
            ),
            (good[..good.len() - 1].to_owned(), "no DSSE envelope"),
            (format!("{good}{good}"), "no DSSE envelope"),
            (
                r#"{"payload":"","payloadType":"t","signatures":[{"sig":""}]}"#.into(),
                "empty",
            ),
        ] {
            let told = Envelope::parse(text.as_bytes()).unwrap_err();
            assert!(told.contains(says), "{told}: {text}");
        }
        let mut other = signed();
        other.payload_type = "text/plain".into();
        assert!(other.statement().unwrap_err().contains("text/plain"));
        let mut other = signed();
        other.payload = STATED.to_vec();
        for (what, with, says) in [
            ("Statement/v1", "Statement/v2", "Statement/v2"),
            ("[{\"digest\":{\"sha256\":\"00\"}}]", "[]", "about nothing"),
            ("\"sha256\":\"00\"", "", "about nothing"),
            ("\"predicate\":{}", "\"predicate\":1", "no predicate"),
        ] {
            let text = String::from_utf8(STATED.to_vec()).unwrap();
            other.payload = text.replacen(what, with, 1).into_bytes();
            let told = other.statement().unwrap_err();
            assert!(told.contains(says), "{told}");
        }
    }
}
