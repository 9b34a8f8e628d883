//! What is written so that it means something else: forgotten semicolons, quotes that are missing.

use super::policy::{KEYWORDS, Policy, is_hash, is_nonce};
use super::{Finding, Severity};
use crate::probe::http::is_known_directive;

/// Findings about the writing (`parser_checks.ts`).
pub(super) fn of(policy: &Policy) -> Vec<Finding> {
    let mut found = Vec::new();
    for (directive, values) in &policy.directives {
        if !is_known(directive) {
            found.push(Finding::of(
                "UNKNOWN_DIRECTIVE",
                Severity::Syntax,
                directive,
                None,
            ));
        }
        for value in values {
            let mut say = |kind| {
                found.push(Finding::of(kind, Severity::Syntax, directive, Some(value)));
            };
            if is_known(value) {
                say("MISSING_SEMICOLON");
            }
            if is_ill_quoted(directive, value) {
                say("INVALID_KEYWORD");
            }
        }
    }
    found
}

fn is_known(name: &str) -> bool {
    is_known_directive(name) || name == "disown-opener"
}

fn is_ill_quoted(directive: &str, value: &str) -> bool {
    let bare = KEYWORDS
        .iter()
        .any(|keyword| keyword.trim_matches('\'') == value)
        || ["nonce-", "sha256-", "sha384-", "sha512-"]
            .iter()
            .any(|start| value.starts_with(start));
    if bare || !value.starts_with('\'') {
        return bare;
    }
    !match directive {
        "require-trusted-types-for" => value == "'script'",
        "trusted-types" => matches!(value, "'allow-duplicates'" | "'none'"),
        _ => KEYWORDS.contains(&value) || is_hash(value) || is_nonce(value),
    }
}
