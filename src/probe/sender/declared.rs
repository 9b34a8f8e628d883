//! The declaration of the sender probe, and its facts before anything is known.

use crate::model::{FactKind, FactSpec, Facts, Level};
use crate::probe::ladder::{self, Rungs};
use crate::probe::{ParameterSpec, ProbeSpec};
use serde_json::{Value, json};

/// What must hold before the domain's records are worth a look.
pub(super) const RUNGS: Rungs = &[
    ("address", "the variable holds a mail address"),
    (
        "own",
        "its domain is neither sample text nor a provider's shared one",
    ),
    ("exists", "the domain exists"),
];

pub(super) fn spec() -> ProbeSpec {
    use FactKind::Text;
    ProbeSpec {
        name: "sender",
        version: 1,
        summary: "Reads what the DNS says about the domain that the application sends mail from: SPF with every lookup \
            made and counted, DKIM at the provider's selectors, DMARC, and mail servers. Sends no mail.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::optional(
                "from",
                Text,
                "the variable with the sender; default EMAIL_FROM and its usual other names",
            ),
            ParameterSpec::optional(
                "server",
                Text,
                "the name servers to ask, as address:port, with commas between; each is asked where those before it did not tell; default this machine's",
            ),
            ParameterSpec::optional(
                "selector",
                Text,
                "the selector of the DKIM key; default those of the provider",
            ),
        ],
        facts: facts(),
    }
}

fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    let cause = || FactSpec::new("cause", optional(Text), "why it could not be told");
    vec![
        ladder::declared(RUNGS),
        FactSpec::new("variable", Text, "the variable that holds the sender"),
        FactSpec::new(
            "origin",
            Text,
            "file:line of that variable, or process environment",
        ),
        FactSpec::new("length", Int, "the characters of its value"),
        FactSpec::new(
            "fingerprint",
            Text,
            "eight hexadecimal digits that are equal where values are equal",
        ),
        FactSpec::new("domain", optional(Text), "the domain of the sender"),
        FactSpec::new(
            "shared_sender",
            optional(Bool),
            "the sender is Resend's shared one",
        ),
        FactSpec::new(
            "provider",
            optional(Text),
            "the mail provider, by its server's name or its key",
        ),
        FactSpec::new(
            "spf",
            Object(vec![
                FactSpec::new(
                    "name",
                    optional(Text),
                    "where the record belongs: the domain that bounces go to",
                ),
                FactSpec::new(
                    "needed",
                    optional(Bool),
                    "a record is wanted there; false where bounces go to the provider's own domain",
                ),
                FactSpec::new("records", optional(Int), "SPF records at that name"),
                FactSpec::new("text", optional(Text), "the record"),
                FactSpec::new(
                    "lookups",
                    optional(Int),
                    "mechanisms and modifiers that ask, with those of every record taken in; 10 are allowed",
                ),
                FactSpec::new(
                    "void_lookups",
                    optional(Int),
                    "lookups that found nothing; 2 are allowed",
                ),
                FactSpec::new(
                    "all",
                    optional(Text),
                    "the qualifier of the mechanism all that ends the policy: + - ~ ?",
                ),
                FactSpec::new(
                    "taken_in",
                    FactKind::list(Text),
                    "every domain whose record is taken in",
                ),
                FactSpec::new(
                    "wants",
                    optional(Text),
                    "the domain that the provider wants to be taken in",
                ),
                FactSpec::new(
                    "authorises",
                    optional(Bool),
                    "it is taken in; null where the record also names addresses, which may be the provider's, or could not be followed",
                ),
                FactSpec::new(
                    "errors",
                    FactKind::list(Text),
                    "what makes receivers give the record up (permerror)",
                ),
                cause(),
            ]),
            "who may send for the domain (RFC 7208)",
        ),
        FactSpec::new(
            "dkim",
            Object(vec![
                FactSpec::new(
                    "asked",
                    FactKind::list(Text),
                    "the selectors that were asked for",
                ),
                FactSpec::new("found", optional(Bool), "a key stands at one of them"),
                FactSpec::new(
                    "selector",
                    optional(Text),
                    "the selector at which a record was found",
                ),
                FactSpec::new(
                    "state",
                    optional(Text),
                    "what the record holds: key, revoked (p is empty), broken",
                ),
                FactSpec::new(
                    "key_bytes",
                    optional(Int),
                    "the bytes of the key as it is written",
                ),
                cause(),
            ]),
            "the key that signatures are verified with (RFC 6376)",
        ),
        FactSpec::new(
            "dmarc",
            Object(vec![
                FactSpec::new("records", optional(Int), "DMARC records that were found"),
                FactSpec::new(
                    "name",
                    optional(Text),
                    "where: at the domain, or at a name above it",
                ),
                FactSpec::new("text", optional(Text), "the record"),
                FactSpec::new(
                    "policy",
                    optional(Text),
                    "what receivers are asked to do: none, quarantine, reject; one less where pct is 0 or t is y",
                ),
                FactSpec::new(
                    "reports",
                    optional(Bool),
                    "somebody gets the receivers' reports (rua)",
                ),
                FactSpec::new("error", optional(Text), "what makes receivers ignore it"),
                cause(),
            ]),
            "what receivers do with mail that neither SPF nor DKIM speak for (RFC 7489)",
        ),
        FactSpec::new(
            "mx",
            Object(vec![
                FactSpec::new(
                    "known",
                    optional(Bool),
                    "true where the question was answered",
                ),
                FactSpec::new(
                    "hosts",
                    FactKind::list(Text),
                    "the mail servers of the domain, first choice first",
                ),
                FactSpec::new(
                    "refuses",
                    optional(Bool),
                    "the domain says that it takes no mail (null MX, RFC 7505)",
                ),
                cause(),
            ]),
            "where replies go",
        ),
        FactSpec::new(
            "feedback",
            Object(vec![
                FactSpec::new(
                    "name",
                    optional(Text),
                    "where the provider wants a mail server for bounces",
                ),
                FactSpec::new("needed", optional(Bool), "the provider wants one"),
                FactSpec::new("right", optional(Bool), "it is the provider's"),
                cause(),
            ]),
            "the mail server for bounces",
        ),
    ]
}

/// Every fact without a value.
pub(super) fn blank() -> Facts {
    let mut facts = Facts::new();
    for spec in facts_of(&self::facts()) {
        facts.insert(spec.0, spec.1);
    }
    facts
}

/// Null for what may be null, empty for lists, and the same within objects.
fn facts_of(specs: &[FactSpec]) -> Vec<(String, Value)> {
    let value = |kind: &FactKind| match kind {
        FactKind::List(_) => json!([]),
        FactKind::Object(parts) => Value::Object(facts_of(parts).into_iter().collect()),
        _ => Value::Null,
    };
    specs
        .iter()
        .map(|spec| (spec.name.to_string(), value(&spec.kind)))
        .collect()
}

/// The fact `dmarc` where the name server did not tell.
pub(super) fn dmarc_untold(cause: &str) -> Value {
    json!({
        "records": null, "name": null, "text": null, "policy": null, "reports": null,
        "error": null, "cause": cause,
    })
}
