//! One policy as the evaluator reads it, and what of it counts in a browser that knows CSP Level 3.

use crate::probe::http::{policy_directives, policy_source};

pub(super) const SCRIPTS: [&str; 3] = ["script-src", "script-src-attr", "script-src-elem"];

/// Directives that fall back to default-src (`csp.ts`).
const FETCH: [&str; 16] = [
    "child-src",
    "connect-src",
    "default-src",
    "font-src",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "worker-src",
];

/// Words in quotes that stand for something.
pub(super) const KEYWORDS: [&str; 13] = [
    "'self'",
    "'none'",
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'wasm-eval'",
    "'wasm-unsafe-eval'",
    "'strict-dynamic'",
    "'unsafe-hashed-attributes'",
    "'unsafe-hashes'",
    "'report-sample'",
    "'block'",
    "'allow'",
    "'inline-speculation-rules'",
];

/// Directives with their values, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    pub(super) directives: Vec<(String, Vec<String>)>,
}

impl Policy {
    pub(super) fn parse(text: &str) -> Self {
        let mut policy = Self::default();
        for (name, written) in policy_directives(text, char::is_whitespace) {
            let name = name.to_lowercase();
            if policy.has(&name) {
                continue;
            }
            let mut values: Vec<String> = Vec::new();
            for value in written.into_iter().map(normal) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            policy.directives.push((name, values));
        }
        policy
    }

    pub(super) fn has(&self, directive: &str) -> bool {
        self.directives.iter().any(|(name, _)| name == directive)
    }

    /// The values of a directive; none where it is missing.
    pub(super) fn values(&self, directive: &str) -> &[String] {
        self.directives
            .iter()
            .find(|(name, _)| name == directive)
            .map_or(&[], |(_, values)| values)
    }

    pub(super) fn allows(&self, directive: &str, value: &str) -> bool {
        self.values(directive).iter().any(|known| known == value)
    }

    /// The directive that decides in the place of this one.
    pub(super) fn deciding<'a>(&self, directive: &'a str) -> &'a str {
        let above = match directive {
            "script-src-attr" | "script-src-elem" => "script-src",
            "style-src-attr" | "style-src-elem" => "style-src",
            _ => directive,
        };
        if self.has(directive) {
            directive
        } else if self.has(above) {
            above
        } else if FETCH.contains(&directive) {
            "default-src"
        } else {
            directive
        }
    }

    /// The same for several, each once.
    pub(super) fn all_deciding<'a>(&self, directives: &[&'a str]) -> Vec<&'a str> {
        let mut deciding = Vec::new();
        for directive in directives {
            let directive = self.deciding(directive);
            if !deciding.contains(&directive) {
                deciding.push(directive);
            }
        }
        deciding
    }

    pub(super) fn has_nonce(&self, directive: &str) -> bool {
        self.values(self.deciding(directive))
            .iter()
            .any(|value| is_nonce(value))
    }

    pub(super) fn has_hash(&self, directive: &str) -> bool {
        self.values(self.deciding(directive))
            .iter()
            .any(|value| is_hash(value))
    }

    pub(super) fn is_strict_dynamic(&self, directive: &str) -> bool {
        self.allows(self.deciding(directive), "'strict-dynamic'")
    }

    /// Without what a nonce, a hash or 'strict-dynamic' takes away.
    pub(super) fn effective(&self) -> Self {
        let mut effective = self.clone();
        for directive in SCRIPTS {
            let directive = effective.deciding(directive);
            let vouched = effective.has_nonce(directive) || effective.has_hash(directive);
            let strict = self.is_strict_dynamic(directive);
            let place = effective
                .directives
                .iter_mut()
                .find(|(name, _)| name == directive);
            let Some((_, values)) = place else { continue };
            values.retain(|value| {
                let inline = value == "'unsafe-inline'";
                let listed = !value.starts_with('\'') || value == "'self'" || inline;
                !(vouched && inline || strict && listed)
            });
        }
        effective
    }
}

/// Keywords and bare schemes are compared in lower case, all else as it is written.
fn normal(value: &str) -> String {
    let lower = value.to_lowercase();
    if KEYWORDS.contains(&lower.as_str()) || is_scheme(value) {
        lower
    } else {
        value.to_owned()
    }
}

/// A scheme with its colon and nothing else.
pub(super) fn is_scheme(value: &str) -> bool {
    value.strip_suffix(':').is_some_and(|scheme| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    })
}

/// A nonce as browsers recognise it, its prefix in lower case.
pub(super) fn is_nonce(value: &str) -> bool {
    value.starts_with("'nonce-") && policy_source::quoted(value, &["'nonce-"])
}

/// A hash as browsers recognise it, its prefix in lower case.
pub(super) fn is_hash(value: &str) -> bool {
    value.starts_with("'sha") && policy_source::quoted(value, &["'sha256-", "'sha384-", "'sha512-"])
}

/// The source without its scheme.
pub(super) fn without_scheme(source: &str) -> &str {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = match source.split_once("://") {
        Some((scheme, rest))
            if scheme.starts_with(word) && scheme.chars().all(|c| word(c) || "+.-".contains(c)) =>
        {
            rest
        }
        _ => source,
    };
    rest.strip_prefix("//").unwrap_or(rest)
}
