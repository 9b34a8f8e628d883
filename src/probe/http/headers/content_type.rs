//! Content-Type: what kind of thing the body claims to be.

use super::Headers;
use crate::model::FactSpec;
use crate::probe::http::declare::{flag, maybe_text, object};
use serde_json::{Value, json};

/// A media type without its parameters, and the character set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::probe::http) struct ContentType {
    /// `text/html`, in lower case.
    pub essence: Option<String>,
    /// `utf-8`, in lower case.
    pub charset: Option<String>,
}

pub(in crate::probe::http) fn declared() -> FactSpec {
    object(
        "content_type",
        vec![
            flag("present", "a Content-Type header was sent"),
            maybe_text(
                "essence",
                "the type without parameters, such as text/html; null where it is not one",
            ),
            maybe_text("charset", "the charset parameter, in lower case"),
            flag("is_html", "the body is HTML"),
            flag("is_json", "the body is JSON, by name or by +json"),
            flag("is_javascript", "browsers run it as a script"),
        ],
        "Content-Type (RFC 9110 section 8.3)",
    )
}

impl ContentType {
    /// The last value that is a media type counts, as the Fetch Standard has it.
    pub(in crate::probe::http) fn read(headers: &Headers) -> Self {
        headers
            .all("content-type")
            .filter_map(parse)
            .last()
            .unwrap_or_default()
    }

    pub(in crate::probe::http) fn is_html(&self) -> bool {
        matches!(
            self.essence.as_deref(),
            Some("text/html" | "application/xhtml+xml")
        )
    }

    pub(in crate::probe::http) fn is_json(&self) -> bool {
        self.essence.as_deref().is_some_and(|essence| {
            matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
        })
    }

    pub(in crate::probe::http) fn is_javascript(&self) -> bool {
        self.essence.as_deref().is_some_and(|essence| {
            let subtype = essence
                .strip_prefix("text/")
                .or_else(|| essence.strip_prefix("application/"));
            subtype.is_some_and(|subtype| {
                matches!(
                    subtype,
                    "javascript" | "ecmascript" | "x-javascript" | "x-ecmascript"
                )
            })
        })
    }

    /// Something that people can read.
    pub(in crate::probe::http) fn is_text(&self) -> bool {
        self.is_html()
            || self.is_json()
            || self
                .essence
                .as_deref()
                .is_some_and(|it| it.starts_with("text/"))
    }

    pub(in crate::probe::http) fn facts(&self, headers: &Headers) -> Value {
        json!({
            "present": headers.has("content-type"),
            "essence": self.essence,
            "charset": self.charset,
            "is_html": self.is_html(),
            "is_json": self.is_json(),
            "is_javascript": self.is_javascript(),
        })
    }
}

fn parse(value: &str) -> Option<ContentType> {
    let mut parts = value.split(';');
    let essence = parts.next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let word = |word: &str| !word.is_empty() && !word.contains([' ', '\t', ',', '/']);
    if !word(kind) || !word(subtype) {
        return None;
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    });
    Some(ContentType {
        essence: Some(essence),
        charset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> ContentType {
        let lines: Vec<_> = values
            .iter()
            .map(|value| ("content-type", *value))
            .collect();
        ContentType::read(&Headers::from(&lines))
    }

    #[test]
    fn reads_types_and_charsets() {
        let html = of(&["Text/HTML; Charset=\"UTF-8\""]);
        assert_eq!(
            (html.essence.as_deref(), html.charset.as_deref()),
            (Some("text/html"), Some("utf-8"))
        );
        assert!(html.is_html() && html.is_text());
        assert!(of(&["application/problem+json"]).is_json());
        assert!(of(&["application/javascript; charset=UTF-8"]).is_javascript());
        assert!(!of(&["application/manifest+json"]).is_html());
    }

    #[test]
    fn takes_the_last_one_that_is_a_type() {
        assert_eq!(
            of(&["text/plain", "text/html", "nonsense"])
                .essence
                .as_deref(),
            Some("text/html")
        );
        assert_eq!(of(&["nonsense", "/", "a b/c"]), ContentType::default());
    }
}
