//! The messages of Mozilla's push service between browser and service, as autopush speaks them.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

/// The only content encoding in use (RFC 8188).
pub(super) const ENCODING: &str = "aes128gcm";

/// A message from the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    /// The service takes a client, or does not.
    Hello { status: i64, uaid: String },
    /// A channel was made, or not.
    Register {
        channel: String,
        status: i64,
        endpoint: String,
    },
    /// A message arrived.
    Notification(Notification),
    /// A channel was given up.
    Unregister { channel: String, status: i64 },
    /// Anything else, such as pings and broadcasts.
    Other,
}

/// A message that arrived on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notification {
    /// The channel.
    pub(super) channel: String,
    /// The name of the message, for its acknowledgement.
    pub(super) version: String,
    /// The encrypted bytes; none where they could not be decoded.
    pub(super) data: Option<Vec<u8>>,
    /// Content-Encoding, as the sender gave it.
    pub(super) encoding: Option<String>,
}

/// The first message. Without a `uaid` the service makes a new client.
pub(super) fn hello(uaid: Option<&str>) -> String {
    let mut message = json!({ "messageType": "hello", "use_webpush": true, "channelIDs": [] });
    if let Some(uaid) = uaid {
        message["uaid"] = uaid.into();
    }
    message.to_string()
}

/// Asks for a channel that takes messages signed with `key` only.
pub(super) fn register(channel: &str, key: &str) -> String {
    json!({ "messageType": "register", "channelID": channel, "key": key }).to_string()
}

/// Says what became of a message: 100 delivered, 101 could not be decrypted.
pub(super) fn acknowledge(channel: &str, version: &str, code: u16) -> String {
    let update = json!({ "channelID": channel, "version": version, "code": code });
    json!({ "messageType": "ack", "updates": [update] }).to_string()
}

/// Gives a channel up.
pub(super) fn unregister(channel: &str) -> String {
    json!({ "messageType": "unregister", "channelID": channel }).to_string()
}

/// Reads a message; none where it is not JSON.
pub(super) fn read(text: &str) -> Option<Incoming> {
    let message: Value = serde_json::from_str(text).ok()?;
    let word = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let status = message["status"].as_i64().unwrap_or_default();
    Some(match message["messageType"].as_str() {
        Some("hello") => Incoming::Hello {
            status,
            uaid: word("uaid"),
        },
        Some("register") => Incoming::Register {
            channel: word("channelID"),
            status,
            endpoint: word("pushEndpoint"),
        },
        Some("notification") => Incoming::Notification(Notification {
            channel: word("channelID"),
            version: word("version"),
            data: message["data"].as_str().and_then(decode),
            encoding: message["headers"]["encoding"].as_str().map(str::to_owned),
        }),
        Some("unregister") => Incoming::Unregister {
            channel: word("channelID"),
            status,
        },
        _ => Incoming::Other,
    })
}

/// Bytes from base64url, padded or not.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::URL_SAFE, config)
        .decode(text)
        .ok()
}

/// The name of a new channel: a random UUID (version 4), in lower case with dashes.
pub(super) fn channel(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_of_the_service_are_read() {
        assert_eq!(
            read(
                r#"{"messageType":"hello","uaid":"0123","status":200,"use_webpush":true,"broadcasts":{}}"#
            ),
            Some(Incoming::Hello {
                status: 200,
                uaid: "0123".into()
            })
        );
        let told = read(
            r#"{"messageType":"notification","channelID":"c","version":"v","ttl":60,"data":"AQI","headers":{"encoding":"aes128gcm"}}"#,
        );
        let Some(Incoming::Notification(told)) = told else {
            panic!("{told:?}")
        };
        assert_eq!(told.data, Some(vec![1, 2]));
        assert_eq!(told.encoding.as_deref(), Some("aes128gcm"));
        for ping in ["{}", r#"{"messageType":"ping"}"#, "[]"] {
            assert_eq!(read(ping), Some(Incoming::Other), "{ping}");
        }
        assert_eq!(read("no JSON"), None);
    }

    proptest! {
        #[test]
        fn any_message_is_read(text in ".*", kind in "hello|register|notification|unregister|ack", value in any::<i64>()) {
            let _ = read(&text);
            let odd = json!({ "messageType": kind, "status": text, "uaid": value, "data": value, "headers": [value] });
            prop_assert!(read(&odd.to_string()).is_some());
        }
    }

    #[test]
    fn a_channel_is_a_uuid_of_version_4() {
        assert_eq!(channel([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(channel([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
