//! What the compliance probe declares: its parameter and its facts.

use crate::model::{FactKind, FactSpec, Level};
use crate::probe::{ParameterSpec, ProbeSpec};

/// What may be looked at.
pub(super) const LOOKS: &[&str] = &["security-txt", "policies"];

pub(super) fn spec() -> ProbeSpec {
    ProbeSpec {
        name: "compliance",
        version: 1,
        summary: "Reads what people are told. `security-txt`: the file by which weaknesses are reported, read by RFC 9116; a \
            signature around it is tolerated and not verified. `policies`: the links of the front page and the sign-in page \
            whose text or path names a privacy policy or terms in English, German, French or Spanish, followed to see whether \
            they lead to something to read, and which third parties the privacy policy names. Scripts are not run, and other \
            sites are not asked. Reads only.",
        level: Level::Live,
        exclusive: false,
        needs_target: true,
        parameters: vec![
            ParameterSpec::required("look", FactKind::Text, "what to look at").one_of(LOOKS),
        ],
        facts: vec![
            FactSpec::new("look", FactKind::Text, "what was looked at"),
            FactSpec::new(
                "security_txt",
                FactKind::optional(security_txt()),
                "the file and its fields; null for the other look",
            ),
            FactSpec::new(
                "policies",
                FactKind::optional(policies()),
                "the policies that pages link; null for the other look",
            ),
        ],
    }
}

fn security_txt() -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    let texts = || optional(FactKind::list(Text));
    FactKind::Object(vec![
        FactSpec::new(
            "present",
            optional(Bool),
            "the file is there; null where that could not be told",
        ),
        FactSpec::new(
            "cause",
            optional(Text),
            "why it is not there, or could not be told",
        ),
        FactSpec::new("address", Text, "where it was found, or asked for"),
        FactSpec::new("status", optional(Int), "the status of the answer"),
        FactSpec::new(
            "secure",
            optional(Bool),
            "it came over https, or from this machine; null, as all below, where there is no file",
        ),
        FactSpec::new(
            "content_type",
            optional(Text),
            "the Content-Type, in lower case",
        ),
        FactSpec::new("plain_text", optional(Bool), "that is text/plain in UTF-8"),
        FactSpec::new(
            "signed",
            optional(Bool),
            "it stands in the frame of an OpenPGP signature",
        ),
        FactSpec::new("contacts", texts(), "values of Contact"),
        FactSpec::new(
            "wrong_contacts",
            texts(),
            "those of them that are no mailto:, https: or tel: address nor another URI",
        ),
        FactSpec::new("expires", texts(), "values of Expires"),
        FactSpec::new(
            "expires_in_days",
            optional(Int),
            "whole days until it expires, below 0 where it has; null where Expires is not said once, as RFC 3339 writes times",
        ),
        FactSpec::new(
            "canonical_matches",
            optional(Bool),
            "a Canonical field holds the address; null where there is none, and outside of production",
        ),
        FactSpec::new("policies", texts(), "values of Policy"),
        FactSpec::new(
            "strange_lines",
            optional(FactKind::list(Int)),
            "lines, from 1, that are neither a field nor a comment",
        ),
    ])
}

fn policies() -> FactKind {
    use FactKind::{Bool, Int, Text};
    let optional = FactKind::optional;
    let policy = || {
        FactKind::Object(vec![
            FactSpec::new(
                "linked",
                optional(Bool),
                "a link leads to something to read; null where that could not be told",
            ),
            FactSpec::new(
                "cause",
                optional(Text),
                "why not, or why it could not be told",
            ),
            FactSpec::new("on", optional(Text), "the path of the page with the link"),
            FactSpec::new(
                "address",
                optional(Text),
                "where the link leads, query values masked",
            ),
            FactSpec::new(
                "words",
                optional(Int),
                "the words of the policy; null where it was not read",
            ),
        ])
    };
    let page = FactKind::Object(vec![
        FactSpec::new("path", Text, "the path"),
        FactSpec::new("status", optional(Int), "the status of the answer"),
        FactSpec::new(
            "rendered",
            optional(Bool),
            "its HTML shows what visitors see, as far as links go; null where it could not be read",
        ),
    ]);
    let party = FactKind::Object(vec![
        FactSpec::new("name", Text, "the name"),
        FactSpec::new(
            "because",
            Text,
            "the variable or dependency that tells of it",
        ),
        FactSpec::new(
            "named",
            optional(Bool),
            "the privacy policy names it; null where the policy was not read",
        ),
    ]);
    FactKind::Object(vec![
        FactSpec::new(
            "pages",
            FactKind::list(page),
            "the pages on which links were looked for",
        ),
        FactSpec::new("privacy", policy(), "the privacy policy"),
        FactSpec::new("terms", policy(), "the terms of service"),
        FactSpec::new(
            "parties",
            FactKind::list(party),
            "third parties that the application shows signs of",
        ),
        FactSpec::new(
            "unnamed",
            optional(FactKind::list(Text)),
            "those that the privacy policy does not name; null where the policy was not read",
        ),
    ])
}
