//! DMARC policies and DKIM keys as their records write them: lists of tags (RFC 7489 section 6.3, RFC 6376 section 3.2).

/// The tags of a record, in order; none where one has no name.
fn tags(text: &str) -> Option<Vec<(String, String)>> {
    text.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
}

fn tag<'t>(tags: &'t [(String, String)], name: &str) -> Option<&'t str> {
    tags.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// A DMARC policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dmarc {
    /// What receivers are asked to do: none, quarantine, reject.
    pub(super) policy: String,
    /// The same for names below, where the record says it.
    pub(super) below: Option<String>,
    /// Somebody gets the receivers' reports.
    pub(super) reports: bool,
}

/// Is the text meant as a DMARC record?
pub(super) fn is_dmarc(text: &str) -> bool {
    let first = text.split(';').next().unwrap_or_default();
    first.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("v") && value.trim() == "DMARC1"
    })
}

impl Dmarc {
    /// Reads a record.
    ///
    /// # Errors
    /// What makes receivers ignore it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let tags = tags(text).ok_or("a part of it is not written as name=value")?;
        let known = |word: &str| matches!(word, "none" | "quarantine" | "reject");
        let policy = tag(&tags, "p").map(str::to_ascii_lowercase);
        let below = tag(&tags, "sp").map(str::to_ascii_lowercase);
        match policy {
            Some(policy) if known(&policy) => Ok(Self {
                policy,
                below: below.filter(|word| known(word)),
                reports: tag(&tags, "rua").is_some_and(|value| value.contains("mailto:")),
            }),
            Some(_) => Err("its p is none of none, quarantine and reject".into()),
            None => Err("it has no p".into()),
        }
    }
}

/// What a DKIM record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dkim {
    /// A key of so many bytes.
    Key(usize),
    /// The key was taken back: p is empty.
    Revoked,
    /// The key cannot be read.
    Broken,
}

/// Reads a DKIM record; none where the text is none.
pub(super) fn dkim(text: &str) -> Option<Dkim> {
    use base64::Engine as _;
    let tags = tags(text)?;
    if tag(&tags, "v").is_some_and(|version| version != "DKIM1") {
        return None;
    }
    let key: String = tag(&tags, "p")?
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    if key.is_empty() {
        return Some(Dkim::Revoked);
    }
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let ed25519 = tag(&tags, "k").is_some_and(|kind| kind.eq_ignore_ascii_case("ed25519"));
    Some(match lenient.decode(key) {
        Ok(bytes) if ed25519 && bytes.len() == 32 => Dkim::Key(32),
        // The shortest RSA key that receivers verify has 1024 bits.
        Ok(bytes) if !ed25519 && bytes.len() >= 140 && is_whole(&bytes) => Dkim::Key(bytes.len()),
        _ => Dkim::Broken,
    })
}

/// Is it one DER sequence to its end? A key that was cut where a text ends after 255 characters is not.
fn is_whole(der: &[u8]) -> bool {
    let (length, rest) = match der {
        [0x30, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x30, 0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
        _ => return false,
    };
    rest.len() == length
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    #[test]
    fn policies_are_read() {
        assert!(is_dmarc("v=DMARC1; p=none") && is_dmarc(" v = DMARC1 ;p=none"));
        assert!(!is_dmarc("v=DMARC2; p=none") && !is_dmarc("v=spf1 -all") && !is_dmarc("p=none"));
        let read =
            Dmarc::parse("v=DMARC1; p=Reject; sp=quarantine; rua=mailto:d@shop.test; pct=100")
                .unwrap();
        assert_eq!(
            (read.policy.as_str(), read.below.as_deref(), read.reports),
            ("reject", Some("quarantine"), true)
        );
        assert!(Dmarc::parse("v=DMARC1; rua=mailto:a@b.test").is_err());
        assert!(Dmarc::parse("v=DMARC1; p=strict").is_err());
        assert!(Dmarc::parse("v=DMARC1; p").is_err());
        assert!(Dmarc::parse("v=DMARC1; p=none;").is_ok());
    }

    #[test]
    fn keys_are_told_from_what_is_none() {
        let key = |kind: &str, bytes: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(bytes);
            dkim(&format!("v=DKIM1; k={kind}; p={text}"))
        };
        let der = |length: u8| [&[0x30, 0x81, length][..], &vec![7; length.into()]].concat();
        assert_eq!(key("rsa", &der(159)), Some(Dkim::Key(162)));
        assert_eq!(key("ed25519", &[7; 32]), Some(Dkim::Key(32)));
        assert_eq!(key("rsa", &der(80)), Some(Dkim::Broken));
        assert_eq!(key("rsa", &[7; 32]), Some(Dkim::Broken));
        assert_eq!(key("rsa", &[7; 162]), Some(Dkim::Broken));
        // 2048 bits, cut off at 255 characters with what stands before them.
        let whole = [&[0x30, 0x82, 0x01, 0x22][..], &[7; 290]].concat();
        assert_eq!(key("rsa", &whole), Some(Dkim::Key(294)));
        assert_eq!(key("rsa", &whole[..177]), Some(Dkim::Broken));
        assert_eq!(dkim("p="), Some(Dkim::Revoked));
        assert_eq!(dkim("v=DKIM1; p=!!"), Some(Dkim::Broken));
        assert_eq!(dkim("v=spf1 -all"), None);
        assert_eq!(dkim("hello"), None);
    }
}
