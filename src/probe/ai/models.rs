//! The models that a provider lists, and which of them come near one that is gone.

use super::dialect::Dialect;
use serde_json::Value;

/// How many names are suggested.
const SUGGESTIONS: usize = 4;

/// Models that were shut down, with the day. Only a hint: the provider's answer decides.
///
/// Source: ai.google.dev/gemini-api/docs/deprecations, platform.openai.com/docs/deprecations,
/// docs.anthropic.com/en/docs/about-claude/model-deprecations. As of 2026-08.
const SHUT_DOWN: &[(&str, &str)] = &[
    ("gemini-1.0-pro", "2025-02-15"),
    ("gemini-1.5-flash", "2025-09-24"),
    ("gemini-1.5-pro", "2025-09-24"),
    ("gemini-2.0-flash", "2026-06-01"),
    ("gpt-4-32k", "2025-06-06"),
    ("gpt-4.5-preview", "2025-07-14"),
    ("claude-2", "2025-07-21"),
    ("claude-3-sonnet", "2025-07-21"),
    ("claude-3-5-sonnet", "2025-10-28"),
];

/// A listed model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// The id that requests take.
    pub(super) id: String,
    /// It generates text; none where the provider does not say.
    pub(super) generates: Option<bool>,
}

/// One page of a list: the models, and the token of the next page. None where the JSON is no list.
pub(super) fn page(dialect: Dialect, json: &Value) -> Option<(Vec<Listed>, Option<String>)> {
    let key = match dialect {
        Dialect::Gemini => "models",
        Dialect::OpenAi | Dialect::Anthropic => "data",
    };
    let models = json.get(key)?.as_array()?;
    let models = models.iter().filter_map(|model| one(dialect, model));
    let next = json.get("nextPageToken").and_then(Value::as_str);
    Some((
        models.collect(),
        next.filter(|token| !token.is_empty()).map(str::to_owned),
    ))
}

/// One model as the provider describes it; none where the JSON describes none.
pub(super) fn one(dialect: Dialect, json: &Value) -> Option<Listed> {
    let id = match dialect {
        Dialect::Gemini => json.get("name")?.as_str()?.trim_start_matches("models/"),
        Dialect::OpenAi | Dialect::Anthropic => json.get("id")?.as_str()?,
    };
    let methods = json
        .get("supportedGenerationMethods")
        .and_then(Value::as_array);
    Some(Listed {
        id: id.to_owned(),
        generates: methods.map(|methods| methods.iter().any(|one| one == "generateContent")),
    })
}

/// The names that come nearest to one that is gone: same family and kind first, then the newest.
pub(super) fn near(gone: &str, listed: &[Listed]) -> Vec<String> {
    let other_use = |id: &str| {
        [
            "embedding",
            "image",
            "tts",
            "audio",
            "live",
            "realtime",
            "transcribe",
            "search",
            "instruct",
            "vision",
            "codex",
            "moderation",
            "computer",
            "robotics",
        ]
        .iter()
        .any(|word| id.contains(word) && !gone.contains(word))
    };
    let words: Vec<&str> = words(gone).collect();
    let mut scored: Vec<(usize, &str)> = listed
        .iter()
        .filter(|model| model.id != gone && model.generates != Some(false) && !other_use(&model.id))
        .map(|model| {
            let shared = self::words(&model.id)
                .filter(|word| words.contains(word))
                .count();
            (shared, model.id.as_str())
        })
        .filter(|(shared, _)| *shared > 0)
        .collect();
    // More words in common first; a stable name before one with a date; then the higher version.
    scored.sort_by(|(shared, id), (other_shared, other)| {
        other_shared
            .cmp(shared)
            .then(self::words(id).count().cmp(&self::words(other).count()))
            .then(id.len().cmp(&other.len()))
            .then(other.cmp(id))
    });
    scored
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, id)| id.to_owned())
        .collect()
}

/// The parts of an id that are not versions: `gemini`, `flash`.
fn words(id: &str) -> impl Iterator<Item = &str> {
    id.split(['-', '.', '_', ':', '/'])
        .filter(|part| part.len() > 1 && !part.starts_with(|c: char| c.is_ascii_digit()))
}

/// When a model was shut down, as far as the table knows.
pub(super) fn shut_down(id: &str) -> Option<&'static str> {
    let known = SHUT_DOWN.iter().filter(|(name, _)| {
        // A dated or numbered edition of the same model, and not another such as -lite.
        id.strip_prefix(name).is_some_and(|rest| {
            rest.is_empty()
                || rest == "-latest"
                || rest
                    .strip_prefix(['-', '.'])
                    .is_some_and(|edition| edition.bytes().all(|b| b.is_ascii_digit()))
        })
    });
    known.map(|(_, day)| *day).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed(ids: &[&str]) -> Vec<Listed> {
        let one = |id: &&str| Listed {
            id: (*id).to_owned(),
            generates: None,
        };
        ids.iter().map(one).collect()
    }

    #[test]
    fn lists() {
        let gemini = json!({ "models": [
            { "name": "models/gemini-2.5-flash", "supportedGenerationMethods": ["generateContent", "countTokens"] },
            { "name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"] },
        ], "nextPageToken": "n" });
        let (models, next) = page(Dialect::Gemini, &gemini).unwrap();
        assert_eq!(models[0].id, "gemini-2.5-flash");
        assert_eq!(
            (models[0].generates, models[1].generates),
            (Some(true), Some(false))
        );
        assert_eq!(next.as_deref(), Some("n"));
        assert_eq!(page(Dialect::OpenAi, &gemini), None);
        let openai = json!({ "object": "list", "data": [{ "id": "gpt-4o" }] });
        assert_eq!(
            page(Dialect::OpenAi, &openai).unwrap().0,
            listed(&["gpt-4o"])
        );
    }

    #[test]
    fn names_near_one_that_is_gone() {
        let models = listed(&[
            "gemini-2.5-pro",
            "gemini-2.5-flash",
            "gemini-2.5-flash-image",
            "gemini-3-flash",
            "gemini-2.5-flash-lite",
            "gemini-2.5-flash-preview-09-2025",
            "aqa",
        ]);
        assert_eq!(
            near("gemini-2.0-flash", &models)[..2],
            ["gemini-3-flash", "gemini-2.5-flash"]
        );
        assert!(near("gemini-2.0-flash", &models).len() <= SUGGESTIONS);
        assert!(near("gemini-2.0-flash", &listed(&["aqa"])).is_empty());
    }

    #[test]
    fn shut_down_by_the_table() {
        assert_eq!(shut_down("gemini-2.0-flash"), Some("2026-06-01"));
        assert_eq!(shut_down("gemini-2.0-flash-001"), Some("2026-06-01"));
        assert_eq!(shut_down("gemini-2.0-flash-lite"), None);
        assert_eq!(shut_down("claude-3-5-sonnet-20241022"), Some("2025-10-28"));
    }
}
