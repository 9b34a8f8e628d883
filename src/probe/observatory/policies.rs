//! Every policy of a page, from headers and meta elements, read as browsers enforce them.

use super::evaluator::{Finding, Severity, evaluate};
use super::html::Markup;
use super::seen::Answer;
use crate::probe::http::csp::Csp;
use crate::probe::http::{policy_directives, policy_source};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The policies, and what they do together.
pub(super) struct Policies {
    texts: Vec<String>,
    pub(super) csp: Csp,
}

impl Policies {
    pub(super) fn of(page: &Answer, markup: &Markup) -> Self {
        let headers = of_headers(&page.headers);
        let report_only = page.header("content-security-policy-report-only").is_some();
        let csp = Csp::of(headers.iter().map(String::as_str), report_only)
            .with_meta(markup.policies.iter().map(String::as_str));
        let metas = markup.policies.iter().flat_map(|text| text.split(','));
        let metas = metas.map(|text| text.trim().to_owned());
        Self {
            texts: headers
                .into_iter()
                .chain(metas)
                .filter(|text| !text.is_empty())
                .collect(),
            csp,
        }
    }

    /// The nonces that browsers recognise.
    pub(super) fn nonces(&self) -> BTreeSet<String> {
        self.texts.iter().flat_map(|text| nonces(text)).collect()
    }

    /// What the evaluator finds.
    pub(super) fn evaluation(&self) -> Value {
        let each: Vec<Vec<Finding>> = self.texts.iter().map(|text| evaluate(text)).collect();
        let findings: Vec<Value> = each
            .iter()
            .enumerate()
            .flat_map(|(number, found)| {
                found.iter().map(move |finding| {
                    json!({
                        "policy": number + 1,
                        "severity": finding.severity.name(),
                        "kind": finding.kind,
                        "directive": finding.directive,
                        "value": finding.value,
                    })
                })
            })
            .collect();
        let bypasses = each
            .iter()
            .filter(|found| !is_open(found))
            .map(|found| bypasses(found))
            .min_by_key(Vec::len)
            .unwrap_or_default();
        let all = || each.iter().flatten();
        let misspelt: Vec<String> = all()
            .filter(|finding| finding.severity == Severity::Syntax)
            .filter(|finding| finding.kind != "UNKNOWN_DIRECTIVE" && !is_newer(finding))
            .map(shown)
            .collect();
        let short = all().filter(|finding| finding.kind == "NONCE_LENGTH");
        json!({
            "findings": findings,
            "bypasses": bypasses,
            "misspelt": misspelt,
            "short_nonces": short.count(),
        })
    }
}

/// The policies of Content-Security-Policy headers, split at commas (RFC 9110 section 5.3).
fn of_headers(headers: &[(String, String)]) -> Vec<String> {
    headers
        .iter()
        .filter(|(name, _)| name == "content-security-policy")
        .flat_map(|(_, value)| value.split(','))
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// A policy that says nothing of scripts lets every host in, so that no single one gets past it.
fn is_open(found: &[Finding]) -> bool {
    found
        .iter()
        .any(|finding| finding.kind == "MISSING_DIRECTIVES" && finding.directive == "script-src")
}

/// Keywords of CSP Level 3 that the evaluator does not know yet.
fn is_newer(finding: &Finding) -> bool {
    const NEWER: [&str; 6] = [
        "'unsafe-allow-redirects'",
        "'trusted-types-eval'",
        "'unsafe-webtransport-hashes'",
        "'report-sha256'",
        "'report-sha384'",
        "'report-sha512'",
    ];
    finding.kind == "INVALID_KEYWORD"
        && finding
            .value
            .as_deref()
            .is_some_and(|value| NEWER.iter().any(|known| known.eq_ignore_ascii_case(value)))
}

fn bypasses(found: &[Finding]) -> Vec<String> {
    let known = ["SCRIPT_ALLOWLIST_BYPASS", "OBJECT_ALLOWLIST_BYPASS"];
    let mut shown: Vec<String> = found
        .iter()
        .filter(|finding| finding.severity == Severity::High && known.contains(&finding.kind))
        .map(shown)
        .collect();
    shown.dedup();
    shown
}

fn shown(finding: &Finding) -> String {
    match &finding.value {
        Some(value) => format!("{} {value}", finding.directive),
        None => finding.directive.clone(),
    }
}

/// The nonces that browsers recognise in a policy.
fn nonces(policy: &str) -> Vec<String> {
    policy_directives(policy, |c| c.is_ascii_whitespace())
        .flat_map(|(_, values)| values)
        .filter(|value| policy_source::quoted(value, &["'nonce-"]))
        .filter_map(|value| value.get(7..value.len() - 1).map(str::to_owned))
        .collect()
}
