//! The words for a refusal: its cause for people, and how it is mended.

use super::dialect::Dialect;
use super::refusal::{Kind, Said};

/// The cause and the remedy. `named` is the provider's own name for what happened.
pub(super) fn words(
    dialect: Dialect,
    kind: Kind,
    doing: &str,
    named: &str,
    message: &str,
    said: Option<&Said>,
) -> (String, String) {
    let console = match dialect {
        Dialect::Gemini => "https://aistudio.google.com/apikey",
        Dialect::OpenAi => "https://platform.openai.com/api-keys",
        Dialect::Anthropic => "https://console.anthropic.com/settings/keys",
    };
    let billing = match dialect {
        Dialect::Gemini => "https://aistudio.google.com/usage",
        Dialect::OpenAi => "https://platform.openai.com/settings/organization/billing",
        Dialect::Anthropic => "https://console.anthropic.com/settings/billing",
    };
    match kind {
        Kind::Key => (
            format!("{{provider}} does not accept the key ({named})"),
            format!(
                "make a new key at {console} and set it in the variable; an old one may have been deleted, have expired or have been reported as leaked"
            ),
        ),
        Kind::Restricted => (
            format!(
                "the key is known and may not do this ({named}): {}",
                restriction(said)
            ),
            format!(
                "open {console} and lift that restriction for the server that uses the key, or make a key without it"
            ),
        ),
        Kind::Elsewhere => (
            format!(
                "the key is for certain IP addresses, and this machine has another ({named}); run this check where the application runs"
            ),
            String::new(),
        ),
        Kind::NoListing => (
            format!("the key may not list models ({named})"),
            String::new(),
        ),
        Kind::Region => (
            format!("{{provider}} does not serve the place this was asked from ({named})"),
            "the place of the deployment decides: run this check there, and choose a region that the provider serves; a paid plan opens some".into(),
        ),
        Kind::Model => (
            format!("the model is not there for this key ({named})"),
            "name one of the models that the provider lists".into(),
        ),
        Kind::Rate => (
            format!("{doing} met a limit of the moment ({named}); that says nothing about the model"),
            String::new(),
        ),
        Kind::Quota => (
            format!("no money or no quota is left ({named}){}", exhausted(said, message)),
            format!("look at {billing}: add credit, raise the limit, or wait until the quota begins anew"),
        ),
        Kind::Overload => (
            format!("{{provider}} has too much to do at the moment ({named})"),
            String::new(),
        ),
        Kind::Server => (
            format!("{{provider}} had a fault of its own ({named})"),
            String::new(),
        ),
        Kind::Parameter => (
            format!("{{provider}} refuses the request ({named})"),
            "the model does not take what was asked of it; choose a model that does".into(),
        ),
        Kind::Strange => (
            format!("{doing} was answered in an unknown way ({named}); a gateway may stand between"),
            String::new(),
        ),
    }
}

/// Which restriction a 403 names.
///
/// Source: google.api.ErrorReason, and the providers' own texts.
fn restriction(said: Option<&Said>) -> &'static str {
    let Some(said) = said else {
        return "no restriction is named";
    };
    let message = said.message.to_lowercase();
    match said.code.as_str() {
        "API_KEY_HTTP_REFERRER_BLOCKED" => {
            "it is for web pages of certain addresses (HTTP referrers), and a server sends none"
        }
        "API_KEY_ANDROID_APP_BLOCKED" | "API_KEY_IOS_APP_BLOCKED" => "it is for a mobile app",
        "API_KEY_SERVICE_BLOCKED" => "it is for other APIs than this one (API restriction)",
        "SERVICE_DISABLED" => "the API is not enabled in the key's project",
        "BILLING_DISABLED" => "the key's project has no billing",
        _ if message.contains("referer") || message.contains("referrer") => {
            "it is for web pages of certain addresses (HTTP referrers), and a server sends none"
        }
        _ if message.contains("scope") => "it lacks a permission (scope) of the provider",
        _ if message.contains("disabled") => "the API or the organisation is disabled",
        _ => "the provider names no restriction",
    }
}

/// Which quota is used up, where it is named.
fn exhausted(said: Option<&Said>, message: &str) -> String {
    let quota = said
        .and_then(|said| {
            said.quotas
                .iter()
                .find(|(id, value)| id.contains("PerDay") || value == "0")
        })
        .map(|(id, value)| (clean(id), clean(value)));
    match quota {
        Some((id, value)) if value == "0" => {
            format!(": the plan gives this model none ({id} is 0)")
        }
        Some((id, value)) if !value.is_empty() => format!(": {id} of {value}"),
        Some((id, _)) => format!(": {id}"),
        None if message.to_lowercase().contains("per day") => ": the limit of the day".into(),
        None => String::new(),
    }
}

/// Words of a provider that are names, cut to what names hold.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_-. ".contains(*c))
        .take(80)
        .collect()
}
