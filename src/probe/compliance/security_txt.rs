//! Reads security.txt by RFC 9116: its fields, its frame of a signature, its contacts and its last day.

use jiff::Timestamp;
use regex::Regex;
use std::sync::LazyLock;
use url::Url;

/// More fields are not read, and no more of one value.
const MOST: usize = 100;
const LONGEST: usize = 500;

/// RFC 3339 section 5.6, which RFC 9116 section 2.5.5 names for Expires.
static DATE_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")
        .expect("the pattern is a constant")
});

/// What the text says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// Names in lower case, with their values, in order.
    fields: Vec<(String, String)>,
    /// It stands in the frame of an OpenPGP cleartext signature (RFC 9580 section 7). The signature is not verified.
    pub(super) signed: bool,
    /// Lines, from 1, that are neither a field nor a comment nor empty (RFC 9116 section 4).
    pub(super) strange_lines: Vec<usize>,
}

impl Document {
    /// Reads a text. What is no field is noted, and nothing is refused.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut document = Self::default();
        let mut place = Place::Start;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            match place {
                Place::Start if line.is_empty() => continue,
                Place::Start if line == "-----BEGIN PGP SIGNED MESSAGE-----" => {
                    document.signed = true;
                    place = Place::ArmorHeaders;
                    continue;
                }
                Place::Start => place = Place::Body,
                Place::ArmorHeaders => {
                    if line.is_empty() {
                        place = Place::Body;
                    }
                    continue;
                }
                Place::Body => {}
            }
            if document.signed && line == "-----BEGIN PGP SIGNATURE-----" {
                break;
            }
            // RFC 9580 section 7.1: a signed line that begins with a dash is written with "- " before it.
            let line = match line.strip_prefix("- ") {
                Some(escaped) if document.signed => escaped,
                _ => line,
            };
            document.note(line, index + 1);
        }
        document
    }

    fn note(&mut self, line: &str, number: usize) {
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        let field = line.split_once(':').filter(|(name, _)| {
            let allowed = |byte: u8| byte.is_ascii_graphic();
            !name.is_empty() && name.bytes().all(allowed)
        });
        match field {
            // RFC 9116 section 2.4: names are read without regard to case.
            Some((name, value)) if self.fields.len() < MOST => {
                let value = value.trim().chars().take(LONGEST).collect();
                self.fields.push((name.to_ascii_lowercase(), value));
            }
            None if self.strange_lines.len() < MOST => self.strange_lines.push(number),
            _ => {}
        }
    }

    /// The values of a field, by its name in lower case.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Contacts that nobody can use as they are written: no URI, plain http, or an address without its scheme
    /// (RFC 9116 section 2.5.3).
    pub(super) fn wrong_contacts(&self) -> Vec<&str> {
        self.values("contact")
            .filter(|value| !is_contact(value))
            .collect()
    }

    /// When it expires; none where that is not said exactly once, or not as RFC 3339 writes it (section 2.5.5).
    pub(super) fn expires(&self) -> Option<Timestamp> {
        let mut values = self.values("expires");
        let (value, None) = (values.next()?, values.next()) else {
            return None;
        };
        DATE_TIME.is_match(value).then(|| value.parse().ok())?
    }

    /// Whether one of the Canonical fields is one of these addresses; none where there is no such field (section 2.5.2).
    pub(super) fn is_canonical(&self, addresses: &[&Url]) -> Option<bool> {
        let mut values = self.values("canonical").peekable();
        values.peek()?;
        Some(values.any(|value| {
            Url::parse(value).is_ok_and(|url| addresses.iter().any(|address| **address == url))
        }))
    }
}

/// Where the reading is.
#[derive(Clone, Copy)]
enum Place {
    Start,
    ArmorHeaders,
    Body,
}

/// A URI by which somebody can be reached.
fn is_contact(value: &str) -> bool {
    let Ok(url) = Url::parse(value) else {
        return false;
    };
    match url.scheme() {
        "mailto" => url
            .path()
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "tel" => url.path().bytes().any(|byte| byte.is_ascii_digit()),
        "http" => false,
        "https" => url.host_str().is_some_and(|host| !host.is_empty()),
        // Other schemes are allowed; of "security@host:1" the scheme would hold an @, which no scheme may.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "# How to report\nContact: mailto:security@shop.example\ncontact: https://shop.example/report\n\nEXPIRES: 2027-01-31T12:00:00z\nCanonical: https://shop.example/.well-known/security.txt\nPreferred-Languages: en, de\n";

    fn contacts(text: &str) -> bool {
        let document = Document::parse(text);
        document.values("contact").next().is_some() && document.wrong_contacts().is_empty()
    }

    #[test]
    fn fields_comments_and_the_last_day() {
        let document = Document::parse(PLAIN);
        assert_eq!(document.values("contact").count(), 2);
        assert!(document.wrong_contacts().is_empty() && document.strange_lines.is_empty());
        assert_eq!(
            document.expires(),
            "2027-01-31T12:00:00Z".parse::<Timestamp>().ok()
        );
        let own = Url::parse("https://shop.example/.well-known/security.txt").unwrap();
        let other = Url::parse("https://www.shop.example/.well-known/security.txt").unwrap();
        assert_eq!(document.is_canonical(&[&other, &own]), Some(true));
        assert_eq!(document.is_canonical(&[&other]), Some(false));
        assert_eq!(
            Document::parse("Contact: tel:+1").is_canonical(&[&own]),
            None
        );
    }

    #[test]
    fn a_signed_text_reads_as_the_plain_one() {
        let signed = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n{}- -----\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQ: x\r\n-----END PGP SIGNATURE-----\r\n",
            PLAIN.replace('\n', "\r\n")
        );
        let document = Document::parse(&signed);
        assert!(document.signed);
        assert_eq!(document.fields, Document::parse(PLAIN).fields);
        assert_eq!(document.strange_lines.len(), 1);
    }

    #[test]
    fn contacts_are_addresses_with_their_scheme() {
        for right in [
            "Contact: mailto:a@b.example",
            "Contact:https://b.example/x",
            "Contact: tel:+1-201-555-0123",
        ] {
            assert!(contacts(right), "{right}");
        }
        for wrong in [
            "",
            "Contact:",
            "Contact: a@b.example",
            "Contact: http://b.example",
            "Contact: mailto:nobody",
            "# Contact: mailto:a@b.example",
            "Contact: see our page",
        ] {
            assert!(!contacts(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_last_day_is_said_once_and_as_the_internet_writes_it() {
        let expires = |text| Document::parse(text).expires().is_some();
        assert!(expires("Expires: 2027-01-31T12:00:00.5+02:00"));
        for wrong in [
            "",
            "Expires: 2027-01-31",
            "Expires: Thu, 31 Dec 2027 18:37:07 -0800",
            "Expires: 2027-13-31T12:00:00Z",
            "Expires: 2027-01-31T12:00:00",
            "Expires: 2027-01-31T12:00:00Z\nExpires: 2027-01-31T12:00:00Z",
        ] {
            assert!(!expires(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_page_in_its_place_has_no_fields() {
        let document = Document::parse("<!doctype html>\n<html><p>Not found\n</html>");
        assert!(document.fields.is_empty());
        assert_eq!(document.strange_lines, [1, 2, 3]);
    }

    proptest! {
        #[test]
        fn nothing_in_a_text_can_break_the_reading(text in "\\PC{0,200}", lines in proptest::collection::vec("[ -~\\n-]{0,40}", 0..20)) {
            let text = format!("{text}\n{}", lines.join("\n"));
            let document = Document::parse(&text);
            prop_assert!(document.fields.len() + document.strange_lines.len() <= 2 * MOST);
            prop_assert!(document.strange_lines.iter().all(|line| *line <= text.lines().count()));
            let _ = (document.expires(), document.wrong_contacts());
        }

        #[test]
        fn every_field_that_is_written_is_read(fields in proptest::collection::vec(("[A-Za-z][A-Za-z-]{0,15}", "[!-~]([ -~]{0,30}[!-~])?"), 0..20), signed: bool) {
            let body: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let text = if signed {
                format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{body}-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n")
            } else {
                body
            };
            let document = Document::parse(&text);
            let written: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
            prop_assert_eq!(document.fields, written);
            prop_assert_eq!(document.signed, signed);
        }
    }
}
