//! One policy: its directives, and what each allows after the fallbacks.

use super::source::SourceList;
use std::collections::HashSet;

/// Directives that browsers know or knew.
const KNOWN: &[&str] = &[
    "base-uri",
    "block-all-mixed-content",
    "child-src",
    "connect-src",
    "default-src",
    "fenced-frame-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "navigate-to",
    "object-src",
    "plugin-types",
    "prefetch-src",
    "referrer",
    "reflected-xss",
    "report-to",
    "report-uri",
    "require-sri-for",
    "require-trusted-types-for",
    "sandbox",
    "script-src",
    "script-src-attr",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "trusted-types",
    "upgrade-insecure-requests",
    "webrtc",
    "worker-src",
];
pub(super) const SCRIPT: &[&str] = &["script-src", "default-src"];
pub(super) const SCRIPT_ELEM: &[&str] = &["script-src-elem", "script-src", "default-src"];
pub(super) const SCRIPT_ATTR: &[&str] = &["script-src-attr", "script-src", "default-src"];
pub(super) const STYLE: &[&str] = &["style-src", "default-src"];
pub(super) const STYLE_ELEM: &[&str] = &["style-src-elem", "style-src", "default-src"];
pub(super) const STYLE_ATTR: &[&str] = &["style-src-attr", "style-src", "default-src"];
pub(super) const OBJECT: &[&str] = &["object-src", "default-src"];

/// Is that a directive that browsers know or knew?
pub(in crate::probe) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// Directives in the order written; of a repeated one the first counts (CSP3 section 2.2.1).
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    pub(super) directives: Vec<(String, Vec<String>)>,
}

/// The directives of one policy as written, repeated ones included: name and values (CSP3 section 2.2.1).
pub(in crate::probe) fn directives(
    text: &str,
    is_blank: impl Fn(char) -> bool + Copy,
) -> impl Iterator<Item = (&str, Vec<&str>)> {
    text.split(';').filter_map(move |directive| {
        let mut words = directive.split(is_blank).filter(|word| !word.is_empty());
        Some((words.next()?, words.collect()))
    })
}

impl Policy {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut policy = Self::default();
        let mut seen = HashSet::new();
        for (name, values) in directives(text, |c| c.is_ascii_whitespace()) {
            let name = name.to_ascii_lowercase();
            if seen.insert(name.clone()) {
                let values = values.into_iter().map(str::to_owned).collect();
                policy.directives.push((name, values));
            }
        }
        (!policy.directives.is_empty()).then_some(policy)
    }

    /// The source list of the first directive of the chain that is there.
    pub(super) fn sources(&self, chain: &[&str]) -> Option<SourceList<'_>> {
        chain.iter().find_map(|name| {
            self.directives
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, values)| SourceList(values))
        })
    }

    pub(super) fn allows(&self, chain: &[&str], allowed: impl Fn(SourceList<'_>) -> bool) -> bool {
        self.sources(chain).is_none_or(allowed)
    }

    pub(super) fn inline(&self, chain: &[&str], for_scripts: bool) -> bool {
        self.allows(chain, |list| list.allows_all_inline(for_scripts))
    }

    /// With `'strict-dynamic'`, hosts and schemes are not looked at.
    pub(super) fn script_from_any_host(&self) -> bool {
        self.allows(SCRIPT_ELEM, |list| {
            !list.has("'strict-dynamic'") && list.allows_any_host()
        })
    }

    pub(super) fn script_from_data(&self) -> bool {
        self.allows(SCRIPT_ELEM, |list| {
            !list.has("'strict-dynamic'") && list.has("data:")
        })
    }

    pub(super) fn restricts_script(&self) -> bool {
        !self.inline(SCRIPT_ELEM, true)
            && !self.inline(SCRIPT_ATTR, true)
            && !self.script_from_any_host()
            && !self.script_from_data()
    }

    pub(super) fn restricts_style(&self) -> bool {
        !self.inline(STYLE_ELEM, false)
            && !self.inline(STYLE_ATTR, false)
            && !self.allows(STYLE_ELEM, |list| list.allows_any_host())
    }
}
