//! Tests of what refusals mean, with the providers' own texts.

use super::*;
use serde_json::json;

fn google(status: u16, word: &str, message: &str, details: Value) -> (u16, Value) {
    let error = json!({ "code": status, "message": message, "status": word, "details": details });
    (status, json!({ "error": error }))
}

fn reason(word: &str) -> Value {
    json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": word, "domain": "googleapis.com" }])
}

fn openai(status: u16, class: &str, code: Value, message: &str) -> (u16, Value) {
    let error = json!({ "message": message, "type": class, "param": null, "code": code });
    (status, json!({ "error": error }))
}

fn anthropic(status: u16, class: &str, message: &str) -> (u16, Value) {
    (
        status,
        json!({ "type": "error", "error": { "type": class, "message": message } }),
    )
}

fn told(dialect: Dialect, answer: &(u16, Value)) -> Refusal {
    refusal(dialect, answer.0, None, Some(&answer.1), LISTING)
}

#[test]
fn an_address_that_is_none_says_nothing_of_the_model() {
    let wrong = openai(
        404,
        "invalid_request_error",
        Value::Null,
        "Invalid URL (GET /v1/models/gpt-4o)",
    );
    assert_eq!(told(Dialect::OpenAi, &wrong).kind, Kind::Strange);
    let gone = openai(
        404,
        "invalid_request_error",
        Value::Null,
        "The model `gpt-4o` does not exist",
    );
    assert_eq!(told(Dialect::OpenAi, &gone).kind, Kind::Model);
}

#[test]
fn gemini() {
    let quota = |id: &str, value: &str| {
        json!([
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": id, "quotaValue": value }] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s" },
        ])
    };
    for (answer, kind) in [
        (
            google(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                reason("API_KEY_INVALID"),
            ),
            Kind::Key,
        ),
        (
            google(
                403,
                "PERMISSION_DENIED",
                "Your API key was reported as leaked. Please use another API key.",
                json!([]),
            ),
            Kind::Key,
        ),
        (
            google(
                403,
                "PERMISSION_DENIED",
                "Requests from referer <empty> are blocked.",
                reason("API_KEY_HTTP_REFERRER_BLOCKED"),
            ),
            Kind::Restricted,
        ),
        (
            google(
                400,
                "FAILED_PRECONDITION",
                "User location is not supported for the API use.",
                json!([]),
            ),
            Kind::Region,
        ),
        (
            google(
                404,
                "NOT_FOUND",
                "models/gemini-2.0-flash is not found for API version v1beta",
                json!([]),
            ),
            Kind::Model,
        ),
        (
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details.",
                quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "15"),
            ),
            Kind::Rate,
        ),
        (
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota, please check your plan and billing details.",
                quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "50"),
            ),
            Kind::Quota,
        ),
        (
            google(
                429,
                "RESOURCE_EXHAUSTED",
                "Your prepayment credits are depleted.",
                json!([]),
            ),
            Kind::Quota,
        ),
        (
            google(429, "RESOURCE_EXHAUSTED", "Resource exhausted.", json!([])),
            Kind::Rate,
        ),
        (
            google(503, "UNAVAILABLE", "The model is overloaded.", json!([])),
            Kind::Overload,
        ),
        (
            google(
                500,
                "INTERNAL",
                "An internal error has occurred.",
                json!([]),
            ),
            Kind::Server,
        ),
        (
            google(
                400,
                "INVALID_ARGUMENT",
                "Thinking is not supported.",
                json!([]),
            ),
            Kind::Parameter,
        ),
    ] {
        let refusal = told(Dialect::Gemini, &answer);
        assert_eq!(refusal.kind, kind, "{answer:?}");
        let passing = matches!(kind, Kind::Rate | Kind::Overload | Kind::Server);
        assert_eq!(
            refusal.proves(),
            !passing && kind != Kind::Parameter,
            "{answer:?}"
        );
        assert_eq!(refusal.remedy.is_empty(), passing, "{answer:?}");
    }
    let minute = google(
        429,
        "RESOURCE_EXHAUSTED",
        "",
        quota("GenerateRequestsPerMinute", "15"),
    );
    assert_eq!(
        told(Dialect::Gemini, &minute).retry_after,
        Some(Duration::from_secs(37))
    );
    let none = google(
        429,
        "RESOURCE_EXHAUSTED",
        "",
        quota("GenerateContentInputTokensPerModelPerMinute-FreeTier", "0"),
    );
    let none = told(Dialect::Gemini, &none);
    assert_eq!(none.kind, Kind::Quota);
    assert!(
        none.cause.contains("gives this model none"),
        "{}",
        none.cause
    );
    let referrer = google(
        403,
        "PERMISSION_DENIED",
        "",
        reason("API_KEY_HTTP_REFERRER_BLOCKED"),
    );
    assert!(
        told(Dialect::Gemini, &referrer)
            .cause
            .contains("HTTP referrers")
    );
}

#[test]
fn openai_and_what_speaks_like_it() {
    for (answer, kind) in [
        (
            openai(
                401,
                "invalid_request_error",
                json!("invalid_api_key"),
                "Incorrect API key provided: sk-x.",
            ),
            Kind::Key,
        ),
        (
            openai(
                403,
                "invalid_request_error",
                Value::Null,
                "You have insufficient permissions for this operation. Missing scopes: api.model.read.",
            ),
            Kind::NoListing,
        ),
        (
            openai(
                401,
                "invalid_request_error",
                json!("ip_not_authorized"),
                "Your IP is not authorized.",
            ),
            Kind::Elsewhere,
        ),
        (
            openai(
                403,
                "request_forbidden",
                json!("unsupported_country_region_territory"),
                "Country, region, or territory not supported",
            ),
            Kind::Region,
        ),
        (
            openai(
                404,
                "invalid_request_error",
                json!("model_not_found"),
                "The model `gpt-x` does not exist or you do not have access to it.",
            ),
            Kind::Model,
        ),
        (
            openai(
                403,
                "invalid_request_error",
                json!("model_not_found"),
                "Project `p` does not have access to model `gpt-x`",
            ),
            Kind::Model,
        ),
        (
            openai(
                429,
                "requests",
                json!("rate_limit_exceeded"),
                "Rate limit reached on requests per min (RPM). Please try again in 1.5s.",
            ),
            Kind::Rate,
        ),
        (
            openai(
                429,
                "requests",
                json!("rate_limit_exceeded"),
                "Rate limit reached on requests per day (RPD): Limit 200.",
            ),
            Kind::Quota,
        ),
        (
            openai(
                429,
                "insufficient_quota",
                json!("insufficient_quota"),
                "You exceeded your current quota",
            ),
            Kind::Quota,
        ),
        (
            openai(
                429,
                "some_new_type",
                json!("credit_balance_exhausted"),
                "No credit.",
            ),
            Kind::Quota,
        ),
        (
            openai(
                400,
                "invalid_request_error",
                json!("unsupported_parameter"),
                "Unsupported parameter: 'max_tokens'",
            ),
            Kind::Parameter,
        ),
        (
            openai(503, "server_error", Value::Null, "overloaded"),
            Kind::Overload,
        ),
        (
            openai(
                404,
                "invalid_request_error",
                json!("model_not_found"),
                "This model is only supported in v1/responses and not in v1/chat/completions.",
            ),
            Kind::Parameter,
        ),
        // LiteLLM's proxy, as measured.
        (
            openai(
                400,
                "invalid_request_error",
                json!("400"),
                "/chat/completions: Invalid model name passed in model=x.",
            ),
            Kind::Model,
        ),
        (
            openai(400, "no_db_connection", json!("400"), "No connected db."),
            Kind::Strange,
        ),
        (
            openai(429, "throttling_error", json!("429"), "mock"),
            Kind::Rate,
        ),
    ] {
        assert_eq!(told(Dialect::OpenAi, &answer).kind, kind, "{answer:?}");
    }
    let soon = openai(
        429,
        "requests",
        json!("rate_limit_exceeded"),
        "Please try again in 20ms.",
    );
    assert_eq!(
        told(Dialect::OpenAi, &soon).retry_after,
        Some(Duration::from_millis(20))
    );
}

#[test]
fn anthropic_texts() {
    for (answer, kind) in [
        (
            anthropic(401, "authentication_error", "invalid x-api-key"),
            Kind::Key,
        ),
        (
            anthropic(403, "permission_error", "no access"),
            Kind::Restricted,
        ),
        (
            anthropic(404, "not_found_error", "model: claude-x"),
            Kind::Model,
        ),
        (anthropic(429, "rate_limit_error", "too many"), Kind::Rate),
        (
            anthropic(
                400,
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API.",
            ),
            Kind::Quota,
        ),
        (anthropic(402, "billing_error", "pay"), Kind::Quota),
        (
            anthropic(529, "overloaded_error", "Overloaded"),
            Kind::Overload,
        ),
        (
            anthropic(200, "overloaded_error", "Overloaded"),
            Kind::Overload,
        ),
        (anthropic(500, "api_error", "oops"), Kind::Server),
    ] {
        assert_eq!(told(Dialect::Anthropic, &answer).kind, kind, "{answer:?}");
    }
}

#[test]
fn what_is_not_the_providers_own_proves_little() {
    for (status, kind) in [
        (401, Kind::Key),
        (403, Kind::Strange),
        (404, Kind::Strange),
        (429, Kind::Rate),
        (500, Kind::Server),
        (302, Kind::Strange),
    ] {
        let refusal = refusal(Dialect::OpenAi, status, Some("3"), None, "a generation");
        assert_eq!(refusal.kind, kind, "{status}");
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(3)));
    }
}

#[test]
fn a_providers_text_does_not_reach_the_cause() {
    let answer = openai(
        401,
        "invalid_request_error",
        json!("invalid_api_key"),
        "Incorrect API key provided: sk-proj-abcdef.",
    );
    let refusal = told(Dialect::OpenAi, &answer);
    assert!(!refusal.cause.contains("sk-proj"), "{}", refusal.cause);
}
