//! The declaration of the ai probe: its parameters and its facts.

use super::dialect::Dialect;
use crate::model::{FactKind, FactSpec, Level};
use crate::probe::ladder::{self, Rungs};
use crate::probe::{ParameterSpec, ProbeSpec};

/// The steps from a key to an answer of a given form.
pub(super) const RUNGS: Rungs = &[
    (
        "key",
        "the provider accepts the key: it lists its models, which costs nothing",
    ),
    ("model", "the model exists for this key and generates text"),
    (
        "generate",
        "it answers one question in at most 16 tokens (256 where it thinks first)",
    ),
    (
        "schema",
        "it gives a JSON object with one text field when bound to that schema, and comes to a normal end",
    ),
];

/// The declaration.
pub(super) fn spec() -> ProbeSpec {
    use FactKind::Text;
    ProbeSpec {
        name: "ai",
        version: 1,
        summary: "Speaks to a provider of language models with the application's own key: lists the models, looks for \
            the one that the application's code names, and asks it two short questions, of less than 300 tokens together. \
            Sends nothing of the application's data. Keys travel in headers only.",
        level: Level::Live,
        exclusive: false,
        needs_target: false,
        parameters: vec![
            ParameterSpec::required(
                "dialect",
                Text,
                "how the provider is spoken to: gemini, openai (and all that speaks like it), anthropic",
            )
            .one_of(Dialect::WORDS),
            ParameterSpec::optional(
                "base_url",
                Text,
                "where its API answers; default the provider, or what its SDK's own variable says (GOOGLE_GEMINI_BASE_URL, OPENAI_BASE_URL, ANTHROPIC_BASE_URL)",
            ),
            ParameterSpec::optional(
                "variable",
                Text,
                "the variable with the key; default what the application's library reads: GEMINI_API_KEY, GOOGLE_API_KEY, GOOGLE_GENAI_API_KEY; OPENAI_API_KEY; ANTHROPIC_API_KEY",
            ),
            ParameterSpec::optional(
                "model",
                Text,
                "the model; default the one that a variable read by the code names (GENKIT_MODEL, OPENAI_MODEL), else the first that deployed code chooses",
            ),
        ],
        facts: facts(),
    }
}

fn facts() -> Vec<FactSpec> {
    use FactKind::{Bool, Int, Object, Text};
    let optional = FactKind::optional;
    vec![
        ladder::declared(RUNGS),
        FactSpec::new(
            "provider",
            Text,
            "the provider that the dialect is named for",
        ),
        FactSpec::new("address", Text, "where it was asked, without credentials"),
        FactSpec::new("variable", Text, "the variable that holds the key"),
        FactSpec::new(
            "origin",
            optional(Text),
            "where the key is set: file:line; null for the process environment",
        ),
        FactSpec::new("length", Int, "characters of the key"),
        FactSpec::new(
            "fingerprint",
            Text,
            "shows whether two keys are equal, and nothing else",
        ),
        FactSpec::new(
            "set_too",
            FactKind::list(Text),
            "other variables for the same key that are set and lose to it",
        ),
        FactSpec::new(
            "model",
            optional(Text),
            "the model that was asked; null where none is named",
        ),
        FactSpec::new(
            "model_at",
            optional(Text),
            "what names it: file:line of the code, or the variable",
        ),
        FactSpec::new(
            "models",
            FactKind::list(Object(vec![
                FactSpec::new("id", Text, "the model, as requests name it"),
                FactSpec::new("at", Text, "file:line, or the variable"),
                FactSpec::new(
                    "exists",
                    optional(Bool),
                    "the provider has it for this key; null where it does not say",
                ),
            ])),
            "every model of this provider that deployed code names",
        ),
        FactSpec::new(
            "gone",
            FactKind::list(Text),
            "those of them, but for the one that was asked, that the provider does not have, each with its place",
        ),
        FactSpec::new(
            "listed",
            optional(Int),
            "how many models the provider lists; null where it gives no list",
        ),
        FactSpec::new(
            "suggestions",
            FactKind::list(Text),
            "listed models whose names come nearest to one that is gone",
        ),
        FactSpec::new(
            "finish",
            optional(Text),
            "the provider's word for how the object ended, such as \"stop\"",
        ),
        FactSpec::new(
            "input_tokens",
            optional(Int),
            "tokens of all questions of this look, as the provider counted them",
        ),
        FactSpec::new("output_tokens", optional(Int), "tokens of all answers"),
        FactSpec::new(
            "thinking_tokens",
            optional(Int),
            "tokens of hidden thinking, where the provider tells them apart",
        ),
        FactSpec::new(
            "first_byte_ms",
            optional(Int),
            "milliseconds from the request for the object to its first piece of text",
        ),
        FactSpec::new(
            "total_ms",
            optional(Int),
            "milliseconds from that request to the end of the object; one short answer, so what the application asks may take longer",
        ),
    ]
}
