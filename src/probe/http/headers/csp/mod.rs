//! Content-Security-Policy: what all policies together let the page do.

use crate::probe::http::declare::{flag, int, object, texts};
pub(in crate::probe) mod policy;
pub(in crate::probe) mod source;

use super::Headers;
use crate::model::{FactKind, FactSpec};
use policy::{
    OBJECT, Policy, SCRIPT, SCRIPT_ATTR, SCRIPT_ELEM, STYLE, STYLE_ATTR, STYLE_ELEM, is_known,
};
use serde_json::{Map, Value, json};
use source::SourceList;

pub(in crate::probe) fn declared() -> FactSpec {
    let script = vec![
        flag("defined", "script-src or default-src is there"),
        texts(
            "sources",
            "the sources of the first policy that limits scripts",
        ),
        flag(
            "unsafe_inline",
            "any inline script runs: 'unsafe-inline' that no nonce, hash or 'strict-dynamic' takes away, or no limit at all",
        ),
        flag("unsafe_eval", "strings may be run as code"),
        flag("wildcard", "scripts load from any host: *, https: or http:"),
        flag("data", "scripts load from data: addresses"),
        flag("nonce", "a nonce is used"),
        flag("hash", "a hash is used"),
        flag("strict_dynamic", "'strict-dynamic' is used"),
        flag(
            "restricted",
            "neither inline scripts, nor any host, nor data: are allowed",
        ),
    ];
    let style = vec![
        flag("defined", "style-src or default-src is there"),
        flag("unsafe_inline", "any inline style applies"),
        flag(
            "restricted",
            "neither inline styles nor styles of any host are allowed",
        ),
    ];
    let frame_ancestors = vec![
        flag("defined", "the directive is there"),
        flag("none", "nobody may frame the page"),
        flag("self_only", "only the same origin may frame the page"),
        texts(
            "sources",
            "the sources of the first policy that has the directive",
        ),
    ];
    object(
        "csp",
        vec![
            flag("present", "an enforced policy was sent"),
            flag("report_only", "a report-only policy was sent"),
            int(
                "count",
                "how many enforced policies; browsers enforce all of them",
            ),
            FactSpec::new(
                "directives",
                FactKind::map(FactKind::list(FactKind::Text)),
                "the first policy as written: directive to its values",
            ),
            object(
                "script",
                script,
                "what all policies together allow of scripts",
            ),
            object("style", style, "what all policies together allow of styles"),
            object(
                "default",
                vec![flag("defined", "default-src is there")],
                "the fallback",
            ),
            object(
                "object",
                vec![
                    flag("defined", "object-src or default-src is there"),
                    flag(
                        "restricted",
                        "plug-in content of neither any host nor data: or blob: is allowed",
                    ),
                ],
                "what all policies together allow of plug-in content",
            ),
            flag(
                "object_none",
                "no plug-in content: object-src or default-src is 'none'",
            ),
            object(
                "base_uri",
                vec![
                    flag("defined", "base-uri is there"),
                    flag("restricted", "it names no wildcard"),
                ],
                "where <base> may point",
            ),
            object(
                "form_action",
                vec![flag("defined", "form-action is there")],
                "where forms may be sent",
            ),
            object("frame_ancestors", frame_ancestors, "who may frame the page"),
            flag(
                "upgrade_insecure_requests",
                "http: sub-resources are asked for over https:",
            ),
            flag("reporting", "report-uri or report-to is there"),
            texts("unknown", "directive names that no browser knows"),
        ],
        "Content-Security-Policy (CSP Level 3), headers only; a yes that weakens means every policy allows it",
    )
}

/// Every enforced policy of an answer.
#[derive(Debug, Clone, Default)]
pub(in crate::probe) struct Csp {
    policies: Vec<Policy>,
    report_only: bool,
}

impl Csp {
    pub(in crate::probe::http) fn read(headers: &Headers) -> Self {
        let report_only = headers.has("content-security-policy-report-only");
        Self::of(headers.all("content-security-policy"), report_only)
    }

    /// The policies of these values, each of which may hold several.
    pub(in crate::probe) fn of<'a>(
        values: impl Iterator<Item = &'a str>,
        report_only: bool,
    ) -> Self {
        Self {
            policies: values
                .flat_map(|value| value.split(','))
                .filter_map(Policy::parse)
                .collect(),
            report_only,
        }
    }

    /// Takes in the policies of meta elements, without what counts only in headers (CSP3 section 3.3).
    pub(in crate::probe) fn with_meta<'a>(mut self, values: impl Iterator<Item = &'a str>) -> Self {
        let policies = values.flat_map(|value| value.split(','));
        self.policies.extend(policies.filter_map(|text| {
            let mut policy = Policy::parse(text)?;
            policy.directives.retain(|(name, _)| {
                !matches!(name.as_str(), "frame-ancestors" | "report-uri" | "sandbox")
            });
            (!policy.directives.is_empty()).then_some(policy)
        }));
        self
    }

    /// The sources of frame-ancestors that let sites other than the host's own frame the page; of the
    /// policy that has the fewest, because browsers enforce all.
    pub(in crate::probe) fn foreign_ancestors(&self, host: &str) -> Vec<String> {
        self.of_all(&["frame-ancestors"])
            .map(|list| list.foreign_to(host))
            .min_by_key(Vec::len)
            .unwrap_or_default()
    }

    /// Does some policy let neither inline scripts in, nor scripts of any host?
    pub(in crate::probe) fn restricts_scripts(&self) -> bool {
        self.any(Policy::restricts_script)
    }

    /// Does some policy limit who may frame the page? None where no policy speaks of it.
    pub(in crate::probe) fn limits_frames(&self) -> Option<bool> {
        self.of_all(&["frame-ancestors"])
            .map(|list| !list.allows_any_host())
            .reduce(|a, b| a || b)
    }

    fn every(&self, allows: impl Fn(&Policy) -> bool) -> bool {
        self.policies.iter().all(allows)
    }

    fn any(&self, restricts: impl Fn(&Policy) -> bool) -> bool {
        self.policies.iter().any(restricts)
    }

    fn of_all<'a>(&'a self, chain: &'a [&'a str]) -> impl Iterator<Item = SourceList<'a>> {
        self.policies
            .iter()
            .filter_map(|policy| policy.sources(chain))
    }

    pub(in crate::probe) fn facts(&self) -> Value {
        let has = |name: &str| self.any(|policy| policy.sources(&[name]).is_some());
        let first = |chain: &[&str]| {
            self.of_all(chain)
                .next()
                .map(|list| list.0.to_vec())
                .unwrap_or_default()
        };
        let directives: Map<String, Value> = self
            .policies
            .first()
            .map(|policy| {
                policy
                    .directives
                    .iter()
                    .map(|(name, values)| (name.clone(), json!(values)))
                    .collect()
            })
            .unwrap_or_default();
        let mut unknown: Vec<&str> = self
            .policies
            .iter()
            .flat_map(|policy| policy.directives.iter().map(|(name, _)| name.as_str()))
            .filter(|name| !is_known(name))
            .collect();
        unknown.dedup();
        json!({
            "present": !self.policies.is_empty(),
            "report_only": self.report_only,
            "count": self.policies.len(),
            "directives": directives,
            "script": self.script(first(SCRIPT_ELEM)),
            "style": {
                "defined": self.of_all(STYLE).next().is_some(),
                "unsafe_inline": self.every(|policy| policy.inline(STYLE_ELEM, false))
                    || self.every(|policy| policy.inline(STYLE_ATTR, false)),
                "restricted": self.any(Policy::restricts_style),
            },
            "default": { "defined": has("default-src") },
            "object": {
                "defined": self.of_all(OBJECT).next().is_some(),
                "restricted": self.of_all(OBJECT).any(|list| {
                    !list.allows_any_host() && !list.has("data:") && !list.has("blob:")
                }),
            },
            "object_none": self.of_all(OBJECT).any(|list| list.matches_nothing()),
            "base_uri": {
                "defined": has("base-uri"),
                "restricted": self.of_all(&["base-uri"]).any(|list| !list.allows_any_host()),
            },
            "form_action": { "defined": has("form-action") },
            "frame_ancestors": {
                "defined": has("frame-ancestors"),
                "none": self.of_all(&["frame-ancestors"]).any(|list| list.matches_nothing()),
                "self_only": self.of_all(&["frame-ancestors"]).any(|list| {
                    !list.0.is_empty() && list.0.iter().all(|source| source.eq_ignore_ascii_case("'self'"))
                }),
                "sources": first(&["frame-ancestors"]),
            },
            "upgrade_insecure_requests": has("upgrade-insecure-requests"),
            "reporting": has("report-uri") || has("report-to"),
            "unknown": unknown,
        })
    }

    fn script(&self, sources: Vec<String>) -> Value {
        let uses = |uses: fn(SourceList<'_>) -> bool| self.of_all(SCRIPT_ELEM).any(uses);
        json!({
            "defined": self.of_all(SCRIPT).next().is_some(),
            "sources": sources,
            "unsafe_inline": self.every(|policy| policy.inline(SCRIPT_ELEM, true))
                || self.every(|policy| policy.inline(SCRIPT_ATTR, true)),
            "unsafe_eval": self.every(|policy| policy.allows(SCRIPT, |list| list.has("'unsafe-eval'"))),
            "wildcard": self.every(Policy::script_from_any_host),
            "data": self.every(Policy::script_from_data),
            "nonce": uses(|list| list.has_nonce()),
            "hash": uses(|list| list.has_hash()),
            "strict_dynamic": uses(|list| list.has("'strict-dynamic'")),
            "restricted": self.any(Policy::restricts_script),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(values: &[&str]) -> Value {
        let lines: Vec<_> = values
            .iter()
            .map(|value| ("content-security-policy", *value))
            .collect();
        Csp::read(&Headers::from(&lines)).facts()
    }

    fn script(values: &[&str], fact: &str) -> bool {
        facts(values)["script"][fact] == json!(true)
    }

    #[test]
    fn names_in_any_case_and_the_first_of_two_counts_by_section_2_2_1() {
        let facts = facts(&["Script-SRC 'self'; script-src *;; DEFAULT-src 'none'"]);
        assert_eq!(
            facts["directives"],
            json!({ "script-src": ["'self'"], "default-src": ["'none'"] })
        );
        assert_eq!(facts["object_none"], json!(true));
    }

    #[test]
    fn element_and_attribute_directives_come_before_script_src_and_default_src() {
        assert!(script(&["default-src 'unsafe-inline'"], "unsafe_inline"));
        assert!(!script(
            &["default-src 'unsafe-inline'; script-src 'self'"],
            "unsafe_inline"
        ));
        assert!(script(
            &["script-src 'self'; script-src-attr 'unsafe-inline'"],
            "unsafe_inline"
        ));
        assert!(script(
            &["script-src 'self'; script-src-elem *"],
            "wildcard"
        ));
        assert!(!script(
            &["script-src * 'unsafe-inline'; script-src-elem 'self'; script-src-attr 'none'"],
            "unsafe_inline"
        ));
    }

    #[test]
    fn a_policy_without_scripts_limits_none() {
        for fact in ["unsafe_inline", "unsafe_eval", "wildcard", "data"] {
            assert!(
                script(&["img-src 'self'"], fact) && script(&[], fact),
                "{fact}"
            );
        }
        assert!(!script(&["img-src 'self'"], "restricted") && !script(&[], "restricted"));
    }

    #[test]
    fn every_policy_is_enforced_whether_by_comma_or_by_line() {
        let narrow = "script-src 'self'";
        let wide = "script-src * data: 'unsafe-inline' 'unsafe-eval'";
        for both in [
            vec![wide, narrow],
            vec!["script-src * data: 'unsafe-inline', script-src 'self'"],
        ] {
            assert!(
                !script(&both, "unsafe_inline")
                    && !script(&both, "wildcard")
                    && script(&both, "restricted")
            );
        }
        assert_eq!(facts(&[wide, narrow])["count"], json!(2));
        let crossed = [
            "script-src-elem 'unsafe-inline'; script-src-attr 'none'",
            "script-src-elem 'self'; script-src-attr 'unsafe-inline'",
        ];
        assert!(!script(&crossed, "unsafe_inline"));
    }

    #[test]
    fn strict_dynamic_leaves_hosts_and_schemes_aside() {
        let strict = [
            "script-src 'strict-dynamic' 'nonce-YWJj' https: 'unsafe-inline' data:; base-uri 'none'",
        ];
        assert!(
            !script(&strict, "wildcard")
                && !script(&strict, "data")
                && !script(&strict, "unsafe_inline")
        );
        assert!(
            script(&strict, "restricted")
                && script(&strict, "nonce")
                && script(&strict, "strict_dynamic")
        );
    }

    #[test]
    fn frames_base_and_unknown_names() {
        let facts =
            facts(&["frame-ancestors 'self'; base-uri https:; scirpt-src 'self'; report-to x"]);
        assert_eq!(facts["frame_ancestors"]["self_only"], json!(true));
        assert_eq!(
            facts["base_uri"],
            json!({ "defined": true, "restricted": false })
        );
        assert_eq!(facts["unknown"], json!(["scirpt-src"]));
        assert_eq!(facts["reporting"], json!(true));
    }

    #[test]
    fn plug_ins_are_limited_by_whichever_policy_does_it() {
        let object = |values| facts(values)["object"].clone();
        let limited = json!({ "defined": true, "restricted": true });
        assert_eq!(
            object(&["frame-ancestors 'self'", "default-src 'self'"]),
            limited
        );
        assert_eq!(object(&["default-src *", "object-src 'self'"]), limited);
        assert_eq!(
            object(&["default-src 'self'; object-src 'self' blob:"])["restricted"],
            json!(false)
        );
        assert_eq!(object(&["img-src *"])["defined"], json!(false));
    }

    #[test]
    fn an_empty_header_is_no_policy() {
        assert_eq!(facts(&["", " ; ,"])["present"], json!(false));
        let headers =
            Headers::from(&[("content-security-policy-report-only", "default-src 'none'")]);
        let facts = Csp::read(&headers).facts();
        assert_eq!(
            (&facts["present"], &facts["report_only"]),
            (&json!(false), &json!(true))
        );
    }
}
