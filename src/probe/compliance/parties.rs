//! The third parties that handle people's data for the application, by what it depends on and what is set.

use crate::model::Target;
use crate::probe::Context;
use crate::probe::sender::provider_of;
use crate::probe::smtp::mail_host;
use regex::Regex;
use std::collections::BTreeMap;
use url::Url;

/// One third party.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Party {
    /// The name that people read.
    pub(super) name: &'static str,
    /// The variable or the dependency that tells of it; never a value.
    pub(super) because: String,
}

/// Variables and dependencies that tell of one party.
type Signs = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const SIGNS: &[Signs] = &[
    (
        "Google sign-in",
        &["GOOGLE_CLIENT_ID", "AUTH_GOOGLE_ID"],
        &[],
    ),
    (
        "Resend",
        &["RESEND_API_KEY", "AUTH_RESEND_KEY"],
        &["resend"],
    ),
    (
        "Google Gemini",
        &[
            "GEMINI_API_KEY",
            "GOOGLE_GENAI_API_KEY",
            "GOOGLE_GENERATIVE_AI_API_KEY",
        ],
        &[
            "@genkit-ai/googleai",
            "@genkit-ai/google-genai",
            "@google/genai",
            "@google/generative-ai",
            "@ai-sdk/google",
            "@langchain/google-genai",
        ],
    ),
    (
        "OpenAI",
        &["OPENAI_API_KEY"],
        &["@ai-sdk/openai", "@langchain/openai"],
    ),
    (
        "Anthropic",
        &["ANTHROPIC_API_KEY"],
        &[
            "@anthropic-ai/sdk",
            "@ai-sdk/anthropic",
            "@langchain/anthropic",
        ],
    ),
    (
        "Vercel",
        &["VERCEL_PROJECT_ID", "VERCEL_TOKEN", "VERCEL_URL"],
        &[
            "@vercel/analytics",
            "@vercel/speed-insights",
            "@vercel/blob",
        ],
    ),
];

/// Variables that hold the address of a database.
const DATABASES: &[&str] = &[
    "MONGODB_URI",
    "MONGODB_URL",
    "MONGO_URI",
    "MONGO_URL",
    "DATABASE_URL",
];

/// Those that the application shows signs of, by name.
pub(super) fn found(context: &Context, target: &Target) -> Vec<Party> {
    let mut parties = BTreeMap::new();
    let set = |name: &&str| {
        let variable = context.environment.get(name)?;
        (!variable.value.trim().is_empty()).then_some(variable)
    };
    for (name, variables, packages) in SIGNS {
        let variable = variables.iter().find(|name| set(name).is_some());
        let package = packages.iter().find(|name| context.application.uses(name));
        if let Some(because) = variable.or(package) {
            parties.insert(*name, (*because).to_owned());
        }
    }
    // A server of somebody else's speaks the same language.
    let base = set(&"OPENAI_BASE_URL").and_then(|variable| Url::parse(&variable.value).ok());
    if base.is_some_and(|base| base.host_str() != Some("api.openai.com")) {
        parties.remove("OpenAI");
    }
    if let Some(provider) = mail_host(&context.environment).and_then(|host| provider_of(&host)) {
        parties
            .entry(provider)
            .or_insert_with(|| "the mail server".into());
    }
    let atlas = DATABASES.iter().find(|name| {
        set(name)
            .is_some_and(|variable| variable.value.to_ascii_lowercase().contains(".mongodb.net"))
    });
    if let Some(name) = atlas {
        parties.insert("MongoDB Atlas", (*name).to_owned());
    }
    if target
        .url
        .host_str()
        .is_some_and(|host| host.ends_with(".vercel.app"))
    {
        parties
            .entry("Vercel")
            .or_insert_with(|| "the target's host".into());
    }
    parties
        .into_iter()
        .map(|(name, because)| Party { name, because })
        .collect()
}

/// Does a text name a party? `resend` in lower case is a verb, so names are read as they are written.
pub(super) fn is_named(name: &str, text: &str) -> bool {
    let pattern = match name {
        "Google sign-in" | "Google" => r"\bGoogle\b",
        "Google Gemini" => r"\bGemini\b|\bGoogle (?:AI|Cloud|Generative)\b|\bVertex AI\b",
        "OpenAI" => r"\bOpen ?AI\b|\bChatGPT\b",
        "Anthropic" => r"\bAnthropic\b|\bClaude\b",
        "MongoDB Atlas" => r"\bMongo ?DB\b",
        "Amazon SES" => r"\bAmazon\b|\bAWS\b",
        other => &format!(r"\b{}\b", regex::escape(other)),
    };
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_are_named_as_people_write_them() {
        for (name, text) in [
            ("Google sign-in", "you may sign in with Google."),
            ("Google Gemini", "texts go to Gemini, a model"),
            ("Resend", "Mail is sent by Resend, Inc."),
            ("MongoDB Atlas", "stored with MongoDB"),
            ("OpenAI", "by OpenAI."),
        ] {
            assert!(is_named(name, text), "{name}");
        }
        for (name, text) in [
            ("Resend", "we resend the message"),
            ("Google Gemini", "you may sign in with Google"),
            ("Vercel", "universal"),
            ("Google sign-in", "we googled it"),
        ] {
            assert!(!is_named(name, text), "{name}");
        }
    }
}
