//! Where on the page a check is told of, so that what names it leads there.

use super::escape::fit;
use super::findings::Told;
use crate::model::CheckId;
use std::collections::BTreeMap;

/// The longest name that is its own anchor.
const LONGEST: usize = 60;

/// The anchors of findings.
pub(super) struct Links<'a> {
    anchors: BTreeMap<&'a str, String>,
}

impl<'a> Links<'a> {
    /// Those of every finding, in the order of the page. A name of the form of checks is its own anchor; any other, and
    /// the second of a name, is counted.
    pub(super) fn to(told: &Told<'a>) -> Self {
        let mut anchors = BTreeMap::new();
        for (place, finding) in told.all().enumerate() {
            let name = finding.check.as_str();
            let is_plain = name.len() <= LONGEST && CheckId::new(name).is_ok();
            anchors.entry(name).or_insert_with(|| match is_plain {
                true => name.to_owned(),
                false => format!("finding-{}", place + 1),
            });
        }
        Self { anchors }
    }

    /// The anchor of a check that is on the page.
    pub(super) fn anchor(&self, check: &str) -> Option<&str> {
        self.anchors.get(check).map(String::as_str)
    }

    /// The name of a check, which leads to its finding where there is one.
    pub(super) fn link(&self, check: &str) -> String {
        let name = fit(check, 120);
        match self.anchor(check) {
            Some(anchor) => format!("<a href=\"#{anchor}\"><code>{name}</code></a>"),
            None => format!("<code>{name}</code>"),
        }
    }

    /// A text that may begin with the name of a check: the check and the rest.
    pub(super) fn begun<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let end = text.find([':', ' '])?;
        let (check, rest) = text.split_at(end);
        let known = self.anchors.contains_key(check);
        known.then(|| (check, rest.trim_start_matches(':').trim_start()))
    }
}
