//! The words of each provider, as its documentation and its answers have them.

use super::{AiFault, Dialect, refused};
use axum::response::Response;
use serde_json::{Value, json};

const GEMINI: &[&str] = &[
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
];
const OPENAI: &[&str] = &["gpt-4o", "gpt-4o-mini", "o4-mini"];
const ANTHROPIC: &[&str] = &["claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001"];

/// Does the provider have the model? Anthropic's names without a date stand for the dated ones.
pub(super) fn knows(dialect: Dialect, id: &str) -> bool {
    match dialect {
        Dialect::Gemini => GEMINI.contains(&id),
        Dialect::OpenAi => OPENAI.contains(&id),
        Dialect::Anthropic => ANTHROPIC.iter().any(|dated| {
            *dated == id || dated.rsplit_once('-').is_some_and(|(name, _)| name == id)
        }),
    }
}

/// Every model.
pub(super) fn list(dialect: Dialect) -> Value {
    let each = |ids: &[&str]| -> Vec<Value> { ids.iter().map(|id| model(dialect, id)).collect() };
    match dialect {
        Dialect::Gemini => {
            let mut models = each(GEMINI);
            models.push(json!({
                "name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"],
            }));
            json!({ "models": models })
        }
        Dialect::OpenAi => json!({ "object": "list", "data": each(OPENAI) }),
        Dialect::Anthropic => json!({ "data": each(ANTHROPIC), "has_more": false }),
    }
}

/// One model.
pub(super) fn model(dialect: Dialect, id: &str) -> Value {
    match dialect {
        Dialect::Gemini => json!({
            "name": format!("models/{id}"), "inputTokenLimit": 1_048_576,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }),
        Dialect::OpenAi => json!({ "id": id, "object": "model", "owned_by": "system" }),
        Dialect::Anthropic => json!({ "type": "model", "id": id, "display_name": id }),
    }
}

/// What the model says.
pub(super) struct Said {
    pub(super) text: &'static str,
    /// The limit of tokens ended it.
    pub(super) cut: bool,
    /// It is bound to a schema.
    pub(super) bound: bool,
    /// Hidden tokens.
    pub(super) thinking: u64,
}

impl Said {
    fn finish(&self, dialect: Dialect) -> &'static str {
        match (dialect, self.cut) {
            (Dialect::Gemini, true) => "MAX_TOKENS",
            (Dialect::Gemini, false) => "STOP",
            (Dialect::OpenAi, true) => "length",
            (Dialect::OpenAi, false) => "stop",
            (Dialect::Anthropic, true) => "max_tokens",
            (Dialect::Anthropic, false) if self.bound => "tool_use",
            (Dialect::Anthropic, false) => "end_turn",
        }
    }

    fn usage(&self, dialect: Dialect) -> Value {
        let spoken = self.text.len() as u64 / 4 + 1;
        match dialect {
            Dialect::Gemini => json!({
                "promptTokenCount": 9, "candidatesTokenCount": spoken, "thoughtsTokenCount": self.thinking,
            }),
            Dialect::OpenAi => json!({
                "prompt_tokens": 9, "completion_tokens": spoken + self.thinking,
                "completion_tokens_details": { "reasoning_tokens": self.thinking },
            }),
            Dialect::Anthropic => {
                json!({ "input_tokens": 9, "output_tokens": spoken + self.thinking })
            }
        }
    }
}

/// A whole answer.
pub(super) fn whole(dialect: Dialect, said: &Said) -> Value {
    let (finish, usage) = (said.finish(dialect), said.usage(dialect));
    match dialect {
        Dialect::Gemini => json!({
            "candidates": [{
                "content": { "role": "model", "parts": [{ "text": said.text }] },
                "finishReason": finish, "index": 0,
            }],
            "usageMetadata": usage,
        }),
        Dialect::OpenAi => json!({
            "id": "chatcmpl-1", "object": "chat.completion",
            "choices": [{
                "index": 0, "message": { "role": "assistant", "content": said.text }, "finish_reason": finish,
            }],
            "usage": usage,
        }),
        Dialect::Anthropic => json!({
            "id": "msg_1", "type": "message", "role": "assistant",
            "content": [{ "type": "text", "text": said.text }],
            "stop_reason": finish, "usage": usage,
        }),
    }
}

/// The answer as server-sent events.
pub(super) fn events(dialect: Dialect, said: &Said) -> Vec<String> {
    let (finish, usage) = (said.finish(dialect), said.usage(dialect));
    let middle = said.text.len() / 2;
    let pieces = [&said.text[..middle], &said.text[middle..]];
    let data = |value: Value| format!("data: {value}\n\n");
    let named = |value: Value| {
        let name = value["type"].as_str().unwrap_or_default().to_owned();
        format!("event: {name}\ndata: {value}\n\n")
    };
    match dialect {
        Dialect::Gemini => {
            let mut events: Vec<_> = pieces
                .iter()
                .map(|piece| {
                    data(json!({ "candidates": [{ "content": { "parts": [{ "text": piece }] } }] }))
                })
                .collect();
            events.push(data(json!({
                "candidates": [{ "content": { "parts": [{ "text": "" }] }, "finishReason": finish }],
                "usageMetadata": usage,
            })));
            events
        }
        Dialect::OpenAi => {
            let mut events: Vec<_> = pieces
                .iter()
                .map(|piece| {
                    data(json!({ "choices": [{ "index": 0, "delta": { "content": piece }, "finish_reason": null }] }))
                })
                .collect();
            events.push(data(
                json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": finish }] }),
            ));
            events.push(data(json!({ "choices": [], "usage": usage })));
            events.push("data: [DONE]\n\n".into());
            events
        }
        Dialect::Anthropic => {
            let mut events = vec![named(json!({
                "type": "message_start", "message": { "usage": { "input_tokens": 9, "output_tokens": 1 } },
            }))];
            events.extend(pieces.iter().map(|piece| {
                let delta = if said.bound {
                    json!({ "type": "input_json_delta", "partial_json": piece })
                } else {
                    json!({ "type": "text_delta", "text": piece })
                };
                named(json!({ "type": "content_block_delta", "index": 0, "delta": delta }))
            }));
            events.push(named(json!({
                "type": "message_delta", "delta": { "stop_reason": finish }, "usage": usage,
            })));
            events.push(named(json!({ "type": "message_stop" })));
            events
        }
    }
}

/// What OpenAI's newer models say to a parameter of the older ones.
pub(super) fn modern(body: &Value) -> Option<Response> {
    let (param, code, message) = if body.get("max_tokens").is_some() {
        (
            "max_tokens",
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        )
    } else if body.get("temperature").is_some() {
        (
            "temperature",
            "unsupported_value",
            "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        )
    } else {
        return None;
    };
    let error = json!({
        "message": message, "type": "invalid_request_error", "param": param, "code": code,
    });
    Some(refused(400, &json!({ "error": error }), None))
}

/// A refusal, in the provider's own words.
pub(super) fn refusal(dialect: Dialect, fault: AiFault) -> Response {
    let (status, body) = match dialect {
        Dialect::Gemini => google(fault),
        Dialect::OpenAi => openai(fault),
        Dialect::Anthropic => anthropic(fault),
    };
    // Longer than anybody waits, as limits of a minute are.
    let retry_after = (fault == AiFault::PerMinute).then_some("37");
    refused(status, &body, retry_after)
}

fn google(fault: AiFault) -> (u16, Value) {
    let reason = |reason: &str| {
        json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
        }])
    };
    let quota = |id: &str, value: &str| {
        json!([
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{ "quotaId": id, "quotaValue": value }],
            },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s" },
        ])
    };
    let exceeded = "You exceeded your current quota, please check your plan and billing details.";
    let (status, word, message, details) = match fault {
        AiFault::RestrictedKey | AiFault::NoListing => (
            403,
            "PERMISSION_DENIED",
            "Requests from referer <empty> are blocked.",
            reason("API_KEY_HTTP_REFERRER_BLOCKED"),
        ),
        AiFault::Region => (
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            json!([]),
        ),
        AiFault::ModelGone => (
            404,
            "NOT_FOUND",
            "models/x is not found for API version v1beta, or is not supported for generateContent.",
            json!([]),
        ),
        AiFault::PerMinute => (
            429,
            "RESOURCE_EXHAUSTED",
            exceeded,
            quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "15"),
        ),
        AiFault::NoMoney => (
            429,
            "RESOURCE_EXHAUSTED",
            exceeded,
            quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "50"),
        ),
        AiFault::Overload => (
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            json!([]),
        ),
        _ => (
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            reason("API_KEY_INVALID"),
        ),
    };
    let error = json!({ "code": status, "message": message, "status": word, "details": details });
    (status, json!({ "error": error }))
}

fn openai(fault: AiFault) -> (u16, Value) {
    let (status, class, code, message) = match fault {
        AiFault::RestrictedKey => (
            403,
            "invalid_request_error",
            Some("permission_denied"),
            "This key may not be used for this.",
        ),
        AiFault::NoListing => (
            403,
            "invalid_request_error",
            None,
            "You have insufficient permissions for this operation. Missing scopes: api.model.read.",
        ),
        AiFault::Region => (
            403,
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        AiFault::ModelGone => (
            404,
            "invalid_request_error",
            Some("model_not_found"),
            "The model `x` does not exist or you do not have access to it.",
        ),
        AiFault::PerMinute => (
            429,
            "requests",
            Some("rate_limit_exceeded"),
            "Rate limit reached on requests per min (RPM): Limit 3, Used 3. Please try again in 37s.",
        ),
        AiFault::NoMoney => (
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        AiFault::Overload => (
            503,
            "server_error",
            None,
            "The engine is currently overloaded, please try again later.",
        ),
        _ => (
            401,
            "invalid_request_error",
            Some("invalid_api_key"),
            "Incorrect API key provided.",
        ),
    };
    let error = json!({ "message": message, "type": class, "param": null, "code": code });
    (status, json!({ "error": error }))
}

fn anthropic(fault: AiFault) -> (u16, Value) {
    let (status, class, message) = match fault {
        AiFault::RestrictedKey | AiFault::NoListing => (
            403,
            "permission_error",
            "Your API key does not have permission to use the specified resource.",
        ),
        AiFault::Region => (
            403,
            "forbidden",
            "Access is not allowed: country, region, or territory not supported",
        ),
        AiFault::ModelGone => (404, "not_found_error", "model: x"),
        AiFault::PerMinute => (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit.",
        ),
        AiFault::NoMoney => (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        ),
        AiFault::Overload => (529, "overloaded_error", "Overloaded"),
        _ => (401, "authentication_error", "invalid x-api-key"),
    };
    let error = json!({ "type": class, "message": message });
    (status, json!({ "type": "error", "error": error }))
}
