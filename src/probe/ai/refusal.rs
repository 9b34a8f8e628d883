//! Tells the causes apart for which a provider refuses, and how each is mended.

use super::dialect::Dialect;
use super::words::{clean, words};
use serde_json::Value;
use std::time::Duration;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The key is none, or no longer.
    Key,
    /// The key is right and may not do this.
    Restricted,
    /// The key is right and for other machines than this one, which says nothing about those.
    Elsewhere,
    /// The key is right and may not list models, which says nothing about generating.
    NoListing,
    /// The provider does not serve this part of the world.
    Region,
    /// The model does not exist, or not for this key.
    Model,
    /// Too much at once; passes by itself.
    Rate,
    /// No money, or the quota of the day or month is used up.
    Quota,
    /// The provider has too much to do.
    Overload,
    /// A fault of the provider's own.
    Server,
    /// It does not take a parameter of the request.
    Parameter,
    /// Nothing known.
    Strange,
}

/// A refusal, told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Why.
    pub(super) kind: Kind,
    /// Why, for people.
    pub(super) cause: String,
    /// How to mend it.
    pub(super) remedy: String,
    /// How long the provider asked to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// What a refused parameter is called, with the words about it.
    pub(super) parameter: String,
}

impl Refusal {
    /// Does it prove that the application would be refused too? What passes by itself does not, nor
    /// does a parameter that only this request carries.
    pub(super) fn proves(&self) -> bool {
        matches!(
            self.kind,
            Kind::Key | Kind::Restricted | Kind::Region | Kind::Model | Kind::Quota
        )
    }
}

/// What a provider's error says, where it has the form of one.
pub(super) struct Said {
    /// Gemini's `status`, OpenAI's `type`, Anthropic's `type`.
    pub(super) class: String,
    /// Gemini's `reason` of a detail, OpenAI's `code`.
    pub(super) code: String,
    pub(super) message: String,
    /// Quotas that Gemini names as exceeded, and their limits.
    pub(super) quotas: Vec<(String, String)>,
    pub(super) delay: Option<Duration>,
    pub(super) parameter: String,
}

impl Said {
    fn of(body: &Value) -> Option<Self> {
        let mut error = body.get("error")?;
        // Gemini's stream endpoint wraps its error into a list when asked without SSE.
        if let Some(first) = error.as_array().and_then(|list| list.first()) {
            error = first;
        }
        let text = |key: &str| match error.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let details = || {
            error
                .get("details")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let of_detail = |pointer: &str| {
            details().find_map(|detail| detail.pointer(pointer)?.as_str().map(str::to_owned))
        };
        let quotas = details()
            .filter_map(|detail| detail.get("violations")?.as_array())
            .flatten()
            .map(|one| {
                let field = |key: &str| {
                    one.get(key)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                (field("quotaId"), field("quotaValue"))
            })
            .collect();
        let class = match text("status") {
            status if status.is_empty() => text("type"),
            status => status,
        };
        Some(Self {
            class,
            code: of_detail("/reason").unwrap_or_else(|| text("code")),
            message: if let Value::String(message) = error {
                message.clone()
            } else {
                text("message")
            },
            quotas,
            delay: of_detail("/retryDelay").and_then(|text| seconds(text.trim_end_matches('s'))),
            parameter: text("param"),
        })
    }
}

/// Tells apart why a request was refused. `doing` is what was asked, for people: "the list of models".
pub(super) fn refusal(
    dialect: Dialect,
    status: u16,
    retry_after: Option<&str>,
    body: Option<&Value>,
    doing: &str,
) -> Refusal {
    let provider = dialect.provider();
    let said = body.and_then(Said::of);
    let kind = said.as_ref().map_or_else(
        || by_status(status),
        |said| kind(dialect, status, said, doing),
    );
    let code = said
        .as_ref()
        .map_or("", |said| said.code.as_str())
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c))
        .take(60)
        .collect::<String>();
    let class = said.as_ref().map_or("", |said| said.class.as_str());
    let named = match (code.as_str(), class) {
        ("", "") => format!("status {status}"),
        ("", class) => format!("status {status}, {}", clean(class)),
        (code, _) if code.parse::<u16>().is_ok() => format!("status {status}, {}", clean(class)),
        (code, _) => format!("status {status}, {code}"),
    };
    let message = said.as_ref().map_or("", |said| said.message.as_str());
    let (cause, remedy) = words(dialect, kind, doing, &named, message, said.as_ref());
    Refusal {
        kind,
        cause: cause.replace("{provider}", provider),
        remedy,
        retry_after: said
            .as_ref()
            .and_then(|said| said.delay)
            .or_else(|| retry_after.and_then(seconds))
            .or_else(|| hint_in(message)),
        parameter: said
            .map(|said| format!("{} {}", said.parameter, said.message))
            .unwrap_or_default(),
    }
}

/// What a status says by itself, where the body is not the provider's.
fn by_status(status: u16) -> Kind {
    match status {
        401 => Kind::Key,
        402 => Kind::Quota,
        429 => Kind::Rate,
        503 | 529 => Kind::Overload,
        500..=599 => Kind::Server,
        // A gateway or a firewall may have said this rather than the provider.
        _ => Kind::Strange,
    }
}

fn kind(dialect: Dialect, status: u16, said: &Said, doing: &str) -> Kind {
    let message = said.message.to_lowercase();
    let (code, class) = (said.code.to_lowercase(), said.class.to_lowercase());
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let coded = |words: &[&str]| {
        words
            .iter()
            .any(|word| code.contains(word) || class.contains(word))
    };
    if status >= 500 {
        return match status {
            503 | 529 => Kind::Overload,
            _ if coded(&["overloaded"]) || says(&["overloaded"]) => Kind::Overload,
            _ => Kind::Server,
        };
    }
    // An error inside a stream comes with status 200, so the words decide before the number.
    if coded(&["overloaded"]) {
        return Kind::Overload;
    }
    if coded(&["unsupported_country", "region"])
        || says(&[
            "location is not supported",
            "not available in your country",
            "country, region, or territory not supported",
        ])
    {
        return Kind::Region;
    }
    let no_money = coded(&[
        "insufficient_quota",
        "billing",
        "credit",
        "budget_exceeded",
        "payment",
        "insufficient_balance",
        "consumer_suspended",
    ]) || says(&[
        "credit balance is too low",
        "credits are depleted",
        "exceeded your current quota, please check your plan and billing",
        "insufficient balance",
        "spending cap",
        "specified api usage limits",
        "insufficient credits",
    ]) && said.quotas.is_empty();
    if no_money || status == 402 {
        return Kind::Quota;
    }
    if status == 429 || coded(&["rate_limit", "resource_exhausted", "throttling"]) {
        let day = said
            .quotas
            .iter()
            .any(|(id, value)| id.contains("PerDay") || value == "0")
            || says(&["per day", "(rpd)", "(tpd)", "limit: 0,"]);
        return if day { Kind::Quota } else { Kind::Rate };
    }
    if coded(&[
        "api_key_invalid",
        "invalid_api_key",
        "authentication_error",
        "auth_error",
    ]) || says(&[
        "api key not valid",
        "api key expired",
        "reported as leaked",
        "invalid x-api-key",
        "incorrect api key",
        "unregistered callers",
    ]) {
        return Kind::Key;
    }
    // A model for another endpoint of the same provider is there, and not for this question.
    if says(&[
        "v1/responses",
        "not a chat model",
        "chat/completions endpoint",
    ]) {
        return Kind::Parameter;
    }
    let model = coded(&["model_not_found", "not_found_error"])
        || says(&["invalid model name"])
        || status == 404 && dialect == Dialect::Gemini && class == "not_found"
        || status == 404 && says(&["model"]) && !says(&["invalid url", "unknown request url"]);
    if model {
        return Kind::Model;
    }
    if status == 401 || status == 403 {
        if coded(&["ip_not_authorized", "ip_address_blocked"]) || says(&["ip address"]) {
            return Kind::Elsewhere;
        }
        // Keys of OpenAI can be kept from listing models and generate all the same.
        if doing == LISTING && (says(&["missing scopes", "insufficient permissions"])) {
            return Kind::NoListing;
        }
        return if status == 403 || coded(&["ip_not_authorized", "permission"]) {
            Kind::Restricted
        } else {
            Kind::Key
        };
    }
    if status == 400 || status == 422 {
        if says(&["organization has been disabled", "account has been"]) {
            return Kind::Restricted;
        }
        if coded(&["unsupported", "invalid_argument", "invalid_request"]) {
            return Kind::Parameter;
        }
    }
    Kind::Strange
}

/// What the first rung asks for, as [`refusal`] is told.
pub(super) const LISTING: &str = "the list of models";

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// "Please try again in 1.5s", "in 20ms".
fn hint_in(message: &str) -> Option<Duration> {
    let rest = message.split_once("try again in ")?.1;
    let number: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let unit = &rest[number.len()..];
    let amount = seconds(&number)?;
    if unit.starts_with("ms") {
        Some(amount / 1000)
    } else if unit.starts_with('s') {
        Some(amount)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
