//! What is asked of a provider: the list of models, one model, one word, one object. Keys go in headers only.

use super::dialect::{Dialect, below};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use url::Url;

/// The most tokens of the first, tiny generation.
pub(super) const FEW: u64 = 16;
/// The most tokens where a model thinks before it speaks.
pub(super) const MORE: u64 = 256;
/// The field of the object that is asked for.
pub(super) const FIELD: &str = "answer";
/// The version of Anthropic's API that is spoken.
const ANTHROPIC_VERSION: &str = "2023-06-01";
const PROMPT: &str = "Reply with the word ok.";
const OBJECT_PROMPT: &str = "Answer in one short, kind sentence: what may somebody be proud of who slept well and \
    finished their work? Give a JSON object with one text in the field \"answer\".";

/// Whom is spoken to, and with what.
#[derive(Clone)]
pub(super) struct Peer {
    /// How.
    pub(super) dialect: Dialect,
    /// Where, with the version.
    pub(super) base: Url,
    /// The key.
    pub(super) key: String,
}

/// How a generation is asked for; what a provider refuses is left out at the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// The most tokens of the answer.
    pub(super) tokens: u64,
    /// Ask for a temperature of 0; newer reasoning models refuse any.
    pub(super) temperature: bool,
    /// Say `max_completion_tokens` in place of `max_tokens` (OpenAI's newer models).
    pub(super) completion_tokens: bool,
    /// Ask for as little thinking as the model allows.
    pub(super) little_thinking: bool,
    /// Ask for the number of tokens at the end of a stream.
    pub(super) usage: bool,
}

impl Manner {
    /// What a model of that name takes, as far as its name tells.
    pub(super) fn of(dialect: Dialect, model: &str) -> Self {
        let reasons = dialect == Dialect::OpenAi
            && (model.starts_with("gpt-5")
                || ["o1", "o3", "o4"]
                    .iter()
                    .any(|name| model.starts_with(name)));
        Self {
            tokens: FEW,
            temperature: !reasons,
            completion_tokens: reasons,
            little_thinking: false,
            usage: true,
        }
    }

    /// More room, and less thinking in it.
    pub(super) fn roomy(self) -> Self {
        Self {
            tokens: MORE,
            little_thinking: true,
            ..self
        }
    }

    /// What may be asked instead where the provider refuses a parameter; none where nothing is left.
    ///
    /// `said` is what it says about it, which may name another parameter to use instead.
    pub(super) fn without(self, said: &str) -> Option<Self> {
        let said = said.to_lowercase();
        let asked = |sent: bool, name: &str| sent && said.contains(name);
        if asked(!self.completion_tokens, "max_tokens") {
            Some(Self {
                completion_tokens: true,
                ..self
            })
        } else if asked(self.completion_tokens, "max_completion_tokens") {
            Some(Self {
                completion_tokens: false,
                ..self
            })
        } else if asked(self.temperature, "temperature") {
            Some(Self {
                temperature: false,
                ..self
            })
        } else if asked(self.usage, "stream_options") {
            Some(Self {
                usage: false,
                ..self
            })
        } else if asked(self.little_thinking, "reasoning") || asked(self.little_thinking, "think") {
            Some(Self {
                little_thinking: false,
                ..self
            })
        } else {
            None
        }
    }
}

impl Peer {
    /// The list of models: no generation, no cost.
    pub(super) fn list(&self, page: Option<&str>) -> Result<Request, String> {
        let mut url = below(&self.base, &["models"]);
        match self.dialect {
            Dialect::Gemini => {
                url.query_pairs_mut().append_pair("pageSize", "1000");
            }
            Dialect::Anthropic => {
                url.query_pairs_mut().append_pair("limit", "1000");
            }
            Dialect::OpenAi => {}
        }
        if let (Dialect::Gemini, Some(page)) = (self.dialect, page) {
            url.query_pairs_mut().append_pair("pageToken", page);
        }
        self.request(Method::GET, url, None)
    }

    /// One model.
    pub(super) fn model(&self, id: &str) -> Result<Request, String> {
        self.request(Method::GET, below(&self.base, &["models", id]), None)
    }

    /// One word.
    pub(super) fn word(&self, id: &str, manner: Manner) -> Result<Request, String> {
        let url = self.generation(id, false);
        let body = self.body(id, PROMPT, manner);
        self.request(Method::POST, url, Some(body))
    }

    /// One object of a schema, piece by piece.
    pub(super) fn object(&self, id: &str, manner: Manner) -> Result<Request, String> {
        let mut body = self.body(id, OBJECT_PROMPT, manner);
        let schema = json!({
            "type": "object",
            "properties": { FIELD: { "type": "string" } },
            "required": [FIELD],
            "additionalProperties": false,
        });
        match self.dialect {
            Dialect::Gemini => {
                let format = &mut body["generationConfig"];
                format["responseMimeType"] = "application/json".into();
                format["responseSchema"] = json!({
                    "type": "OBJECT",
                    "properties": { FIELD: { "type": "STRING" } },
                    "required": [FIELD],
                });
            }
            Dialect::OpenAi => {
                body["response_format"] = json!({
                    "type": "json_schema",
                    "json_schema": { "name": FIELD, "strict": true, "schema": schema },
                });
                body["stream"] = true.into();
                if manner.usage {
                    body["stream_options"] = json!({ "include_usage": true });
                }
            }
            // A forced tool binds every model of theirs; an output format only the newer ones.
            Dialect::Anthropic => {
                body["tools"] = json!([{
                    "name": FIELD, "description": "Gives the answer.", "input_schema": schema,
                }]);
                body["tool_choice"] = json!({ "type": "tool", "name": FIELD });
                body["stream"] = true.into();
            }
        }
        self.request(Method::POST, self.generation(id, true), Some(body))
    }

    fn generation(&self, id: &str, streamed: bool) -> Url {
        match self.dialect {
            Dialect::Gemini if streamed => {
                let mut url = below(
                    &self.base,
                    &["models", &format!("{id}:streamGenerateContent")],
                );
                url.set_query(Some("alt=sse"));
                url
            }
            Dialect::Gemini => below(&self.base, &["models", &format!("{id}:generateContent")]),
            Dialect::OpenAi => below(&self.base, &["chat", "completions"]),
            Dialect::Anthropic => below(&self.base, &["messages"]),
        }
    }

    fn body(&self, id: &str, prompt: &str, manner: Manner) -> Value {
        let messages = json!([{ "role": "user", "content": prompt }]);
        let mut body = match self.dialect {
            Dialect::Gemini => {
                let mut format = json!({ "maxOutputTokens": manner.tokens });
                if manner.temperature {
                    format["temperature"] = 0.into();
                }
                if manner.little_thinking
                    && let Some(thinking) = little_thinking(id)
                {
                    format["thinkingConfig"] = thinking;
                }
                return json!({
                    "contents": [{ "role": "user", "parts": [{ "text": prompt }] }],
                    "generationConfig": format,
                });
            }
            Dialect::OpenAi => {
                let limit = if manner.completion_tokens {
                    "max_completion_tokens"
                } else {
                    "max_tokens"
                };
                let mut body = json!({ "model": id, "messages": messages, limit: manner.tokens });
                if manner.little_thinking && manner.completion_tokens {
                    body["reasoning_effort"] = "low".into();
                }
                body
            }
            Dialect::Anthropic => {
                json!({ "model": id, "messages": messages, "max_tokens": manner.tokens })
            }
        };
        if manner.temperature {
            body["temperature"] = 0.into();
        }
        body
    }

    fn request(&self, method: Method, url: Url, body: Option<Value>) -> Result<Request, String> {
        let mut request = Request::new(method, url);
        let secret = |text: &str| {
            let mut value = HeaderValue::from_str(text).map_err(|_| {
                "the key holds characters that no header can carry, such as a line break".to_owned()
            })?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        };
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        match self.dialect {
            Dialect::Gemini => {
                headers.insert(
                    HeaderName::from_static("x-goog-api-key"),
                    secret(&self.key)?,
                );
            }
            Dialect::OpenAi => {
                headers.insert(AUTHORIZATION, secret(&format!("Bearer {}", self.key))?);
            }
            Dialect::Anthropic => {
                headers.insert(HeaderName::from_static("x-api-key"), secret(&self.key)?);
                headers.insert(
                    HeaderName::from_static("anthropic-version"),
                    HeaderValue::from_static(ANTHROPIC_VERSION),
                );
            }
        }
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(request)
    }
}

/// The least thinking that a Gemini model allows; none where its name does not tell.
///
/// Source: ai.google.dev/gemini-api/docs/thinking: 2.5 Flash may be told not to think at all, 2.5 Pro
/// thinks at least 128 tokens, and Gemini 3 takes levels.
fn little_thinking(id: &str) -> Option<Value> {
    if id.starts_with("gemini-2.5-flash") {
        Some(json!({ "thinkingBudget": 0 }))
    } else if id.starts_with("gemini-2.5-pro") {
        Some(json!({ "thinkingBudget": 128 }))
    } else if id.starts_with("gemini-3") {
        Some(json!({ "thinkingLevel": "low" }))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(dialect: Dialect) -> Peer {
        Peer {
            dialect,
            base: "http://h/v1".parse().unwrap(),
            key: "k3y-of-the-test".into(),
        }
    }

    fn body(request: &Request) -> Value {
        serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap()
    }

    #[test]
    fn the_key_is_in_a_header_and_nowhere_else() {
        for dialect in [Dialect::Gemini, Dialect::OpenAi, Dialect::Anthropic] {
            let peer = peer(dialect);
            let manner = Manner::of(dialect, "m");
            for request in [
                peer.list(None),
                peer.model("m"),
                peer.word("m", manner),
                peer.object("m", manner),
            ] {
                let request = request.unwrap();
                assert!(!request.url().as_str().contains("k3y"));
                assert!(request.body().is_none_or(|body| {
                    !String::from_utf8_lossy(body.as_bytes().unwrap()).contains("k3y")
                }));
                let shown = format!("{request:?}");
                assert!(!shown.contains("k3y"), "{shown}");
            }
            let bent = Peer {
                key: "a\nb".into(),
                ..peer
            };
            assert!(bent.list(None).is_err());
        }
    }

    #[test]
    fn few_tokens_and_no_chance() {
        let gemini = body(
            &peer(Dialect::Gemini)
                .word("gemini-2.5-flash", Manner::of(Dialect::Gemini, "x").roomy())
                .unwrap(),
        );
        assert_eq!(
            gemini["generationConfig"],
            json!({ "maxOutputTokens": 256, "temperature": 0, "thinkingConfig": { "thinkingBudget": 0 } })
        );
        let openai = body(
            &peer(Dialect::OpenAi)
                .word("gpt-4o", Manner::of(Dialect::OpenAi, "gpt-4o"))
                .unwrap(),
        );
        assert_eq!(openai["max_tokens"], 16);
        assert_eq!(openai["temperature"], 0);
        let reasoning = body(
            &peer(Dialect::OpenAi)
                .word("o4-mini", Manner::of(Dialect::OpenAi, "o4-mini"))
                .unwrap(),
        );
        assert_eq!(reasoning["max_completion_tokens"], 16);
        assert_eq!(reasoning.get("temperature"), None);
    }

    #[test]
    fn refused_parameters_are_left_out_once() {
        let manner = Manner::of(Dialect::OpenAi, "some-model");
        let said = "max_tokens Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let other = manner.without(said).unwrap();
        assert!(other.completion_tokens && other.temperature);
        let said =
            "temperature Unsupported value: 'temperature' does not support 0 with this model.";
        let other = other.without(said).unwrap();
        assert!(!other.temperature);
        assert_eq!(other.without(said), None);
        assert_eq!(manner.without("messages"), None);
    }
}
