//! A second reading of a policy: what is known to get past it, as Google's CSP Evaluator finds it.

mod bypass;
mod misspelt;
mod policy;
mod weak;

use policy::Policy;

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Scripts of an attacker run.
    High,
    /// The policy says something else than was meant.
    Syntax,
    /// Something weakens the policy.
    Medium,
    /// Better ways are known.
    StrictCsp,
    /// It depends on what else is hosted there.
    MediumMaybe,
    /// For information.
    Info,
}

impl Severity {
    /// The name that the evaluator gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Syntax => "SYNTAX",
            Self::Medium => "MEDIUM",
            Self::StrictCsp => "STRICT_CSP",
            Self::MediumMaybe => "MEDIUM_MAYBE",
            Self::Info => "INFO",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is, by the evaluator's name (`finding.ts`).
    pub kind: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The directive.
    pub directive: String,
    /// The value, where it is about one.
    pub value: Option<String>,
}

impl Finding {
    fn of(kind: &'static str, severity: Severity, directive: &str, value: Option<&str>) -> Self {
        Self {
            kind,
            severity,
            directive: directive.to_owned(),
            value: value.map(str::to_owned),
        }
    }
}

/// What is to be said about one policy (google/csp-evaluator 1.1.8, with its default and strict checks).
pub fn evaluate(policy: &str) -> Vec<Finding> {
    let written = Policy::parse(policy);
    let effective = written.effective();
    let mut found = weak::of_strictness(&written);
    found.extend(weak::of(&effective));
    found.extend(bypass::of(&effective));
    found.extend(misspelt::of(&effective));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(policy: &str, severity: Severity) -> Vec<&'static str> {
        evaluate(policy)
            .iter()
            .filter(|finding| finding.severity == severity)
            .map(|finding| finding.kind)
            .collect()
    }

    #[test]
    fn a_strict_policy_has_nothing_that_is_bad() {
        let strict = "script-src 'nonce-abcdefgh12' 'strict-dynamic' https: 'unsafe-inline'; object-src 'none'; base-uri 'none'";
        assert!(kinds(strict, Severity::High).is_empty());
        assert!(kinds(strict, Severity::Syntax).is_empty());
    }

    #[test]
    fn hosts_that_serve_whatever_is_asked_for_are_known() {
        let of = |policy: &str| kinds(policy, Severity::High);
        assert_eq!(
            of("script-src cdnjs.cloudflare.com; object-src 'none'"),
            ["SCRIPT_ALLOWLIST_BYPASS"]
        );
        assert_eq!(
            of("script-src https://*.googleapis.com; object-src 'none'"),
            ["SCRIPT_ALLOWLIST_BYPASS"]
        );
        assert!(of("script-src www.googletagmanager.com; object-src 'none'").is_empty());
        assert!(
            !of("script-src www.googletagmanager.com 'unsafe-eval'; object-src 'none'").is_empty()
        );
        assert!(of("script-src 'self' static.shop.example; object-src 'none'").is_empty());
    }

    #[test]
    fn what_is_misspelt_is_told() {
        let of = |policy: &str| kinds(policy, Severity::Syntax);
        assert_eq!(of("default-src self"), ["INVALID_KEYWORD"]);
        assert_eq!(
            of("default-src 'self' script-src 'self'"),
            ["MISSING_SEMICOLON"]
        );
        assert_eq!(of("default-src: 'self'"), ["UNKNOWN_DIRECTIVE"]);
    }
}
