//! The three dialects in which models are spoken to: addresses, names of variables, headers.

use crate::model::Environment;
use url::Url;

/// A way of speaking to models that several providers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Google's Gemini API (not Vertex AI).
    Gemini,
    /// OpenAI's chat completions, and everything that speaks like it.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
}

impl Dialect {
    /// The words of the parameter `dialect`.
    pub(super) const WORDS: &'static [&'static str] = &["gemini", "openai", "anthropic"];

    /// The dialect of that word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "gemini" => Self::Gemini,
            "openai" => Self::OpenAi,
            "anthropic" => Self::Anthropic,
            _ => return None,
        })
    }

    /// What people call the provider.
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Gemini => "Gemini",
            Self::OpenAi => "OpenAI",
            Self::Anthropic => "Anthropic",
        }
    }

    /// Where the provider itself answers.
    pub(super) fn address(self) -> &'static str {
        match self {
            Self::Gemini => "https://generativelanguage.googleapis.com",
            Self::OpenAi => "https://api.openai.com",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }

    /// The variable by which the provider's own SDK is pointed elsewhere.
    ///
    /// Source: the constructors of @google/genai, openai and @anthropic-ai/sdk.
    pub(super) fn address_variable(self) -> &'static str {
        match self {
            Self::Gemini => "GOOGLE_GEMINI_BASE_URL",
            Self::OpenAi => "OPENAI_BASE_URL",
            Self::Anthropic => "ANTHROPIC_BASE_URL",
        }
    }

    /// The variables that may hold the key, the one that wins first.
    ///
    /// Which of Gemini's wins depends on the library: Genkit's plug-in takes them in this order,
    /// `@google/genai` takes GOOGLE_API_KEY before GEMINI_API_KEY, and the AI SDK knows a fourth alone.
    pub(super) fn key_variables(self, uses: impl Fn(&str) -> bool) -> Vec<&'static str> {
        match self {
            Self::OpenAi => vec!["OPENAI_API_KEY"],
            Self::Anthropic => vec!["ANTHROPIC_API_KEY"],
            Self::Gemini => {
                let genkit = uses("@genkit-ai/googleai") || uses("@genkit-ai/google-genai");
                if !genkit && uses("@google/genai") {
                    vec!["GOOGLE_API_KEY", "GEMINI_API_KEY"]
                } else if !genkit && uses("@ai-sdk/google") {
                    vec!["GOOGLE_GENERATIVE_AI_API_KEY"]
                } else {
                    vec!["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENAI_API_KEY"]
                }
            }
        }
    }

    /// Words in the names of variables that say whose key one holds.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Gemini => &["GEMINI", "GENAI"],
            Self::OpenAi => &["OPENAI"],
            Self::Anthropic => &["ANTHROPIC", "CLAUDE"],
        }
    }

    /// Variables that name a model, counted only where the code reads them.
    pub(super) fn model_variables(self) -> &'static [&'static str] {
        match self {
            Self::Gemini => &[
                "GENKIT_MODEL",
                "GEMINI_MODEL",
                "GOOGLE_GENAI_MODEL",
                "GOOGLE_MODEL",
                "AI_MODEL",
                "LLM_MODEL",
            ],
            Self::OpenAi => &["OPENAI_MODEL", "AI_MODEL", "LLM_MODEL"],
            Self::Anthropic => &["ANTHROPIC_MODEL", "CLAUDE_MODEL", "AI_MODEL", "LLM_MODEL"],
        }
    }

    /// The id that the API takes, where the text names a model of this dialect's own provider.
    pub(super) fn id(self, text: &str) -> Option<&str> {
        let (prefixes, families): (&[&str], &[&str]) = match self {
            Self::Gemini => (&["googleai/", "google/", "models/"], &["gemini-"]),
            Self::OpenAi => (&["openai/"], &["gpt-", "chatgpt-", "o1", "o3", "o4"]),
            Self::Anthropic => (&["anthropic/"], &["claude-"]),
        };
        let id = prefixes
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        families
            .iter()
            .any(|family| id.starts_with(family))
            .then_some(id)
    }

    /// Where this run speaks to: what a check or a variable of ours says, else what the SDK's own
    /// variable says, else the provider.
    ///
    /// # Errors
    /// It is not an http or https address.
    pub(super) fn base(
        self,
        given: Option<&str>,
        environment: &Environment,
    ) -> Result<Url, String> {
        let given = given
            .map(|given| given.trim_end_matches('/'))
            .filter(|given| !given.is_empty() && *given != self.address());
        let own = environment
            .get(self.address_variable())
            .filter(|variable| !variable.value.is_empty());
        let (text, source) = match (given, own) {
            (Some(given), _) => (given, "base_url"),
            (None, Some(own)) => (own.value.as_str(), self.address_variable()),
            (None, None) => (self.address(), "base_url"),
        };
        let url: Url = text
            .parse()
            .map_err(|error| format!("{source} is not an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("{source} is not an http or https address"));
        }
        // OpenAI's SDK appends to its variable as it stands; the others add the version themselves.
        let last = url.path().trim_end_matches('/').rsplit('/').next();
        let version = match self {
            Self::Gemini => "v1beta",
            Self::OpenAi | Self::Anthropic => "v1",
        };
        let whole = match self {
            Self::OpenAi => source != "base_url" || !url.path().trim_matches('/').is_empty(),
            Self::Gemini => matches!(last, Some("v1beta" | "v1")),
            Self::Anthropic => last == Some("v1"),
        };
        Ok(if whole { url } else { below(&url, &[version]) })
    }
}

/// The address with more parts of a path.
pub(super) fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Variable, VariableOrigin};

    fn with(name: &str, value: &str) -> Environment {
        Environment {
            variables: vec![Variable {
                name: name.into(),
                value: value.into(),
                raw: value.into(),
                origin: VariableOrigin::Process,
                secret: false,
                shadowed: vec![],
            }],
            ..Environment::default()
        }
    }

    #[test]
    fn addresses() {
        let none = Environment::default();
        let base = |dialect: Dialect, given: &str, environment: &Environment| {
            dialect
                .base(Some(given), environment)
                .map(|url| url.to_string())
        };
        use Dialect::{Anthropic, Gemini, OpenAi};
        for (dialect, given, expected) in [
            (
                Gemini,
                "",
                "https://generativelanguage.googleapis.com/v1beta",
            ),
            (Gemini, "http://127.0.0.1:1/", "http://127.0.0.1:1/v1beta"),
            (OpenAi, "http://127.0.0.1:1", "http://127.0.0.1:1/v1"),
            (
                OpenAi,
                "https://gateway.test/api/v1/",
                "https://gateway.test/api/v1",
            ),
            (
                Anthropic,
                "https://api.anthropic.com",
                "https://api.anthropic.com/v1",
            ),
            (Anthropic, "http://h/proxy/v1", "http://h/proxy/v1"),
        ] {
            assert_eq!(base(dialect, given, &none), Ok(expected.to_owned()));
        }
        let sdk = with("OPENAI_BASE_URL", "http://h/compatible");
        assert_eq!(
            base(OpenAi, "https://api.openai.com", &sdk),
            Ok("http://h/compatible".to_owned())
        );
        assert_eq!(
            base(OpenAi, "http://given", &sdk),
            Ok("http://given/v1".to_owned())
        );
        assert!(base(OpenAi, "ftp://h", &none).is_err() && base(OpenAi, "h", &none).is_err());
    }

    #[test]
    fn ids() {
        assert_eq!(
            Dialect::Gemini.id("googleai/gemini-2.0-flash"),
            Some("gemini-2.0-flash")
        );
        assert_eq!(Dialect::OpenAi.id("o4-mini"), Some("o4-mini"));
        assert_eq!(Dialect::Anthropic.id("gpt-4o"), None);
    }

    #[test]
    fn which_key_wins() {
        let order = |uses: &'static str| Dialect::Gemini.key_variables(|name| name == uses);
        assert_eq!(order("@genkit-ai/googleai")[0], "GEMINI_API_KEY");
        assert_eq!(order("@google/genai")[0], "GOOGLE_API_KEY");
        assert_eq!(order("@ai-sdk/google"), ["GOOGLE_GENERATIVE_AI_API_KEY"]);
        assert_eq!(order("").len(), 3);
    }
}
