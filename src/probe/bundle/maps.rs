//! Source maps: the source itself, beside the scripts that were built from it.

use super::Findings;
use super::reading::get;
use crate::model::Target;
use crate::probe::Context;
use crate::secret::Hunt;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use url::Url;

/// More maps are not asked for: where the first are served, so are the others.
const MOST: usize = 12;
/// Scripts that name no map and are asked for one by its usual name.
const GUESSES: usize = 3;

/// Where a script says that its map is (ECMA-426, extraction from JavaScript).
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^[ \t]*//[#@][ \t]*sourceMappingURL=(\S+)[ \t]*$")
        .expect("the pattern is a constant")
});

/// The maps of the scripts that were read.
#[derive(Default)]
pub(super) struct Maps {
    named: BTreeMap<Url, String>,
    /// Scripts that carry their map within.
    inside: BTreeSet<String>,
    guessed: Vec<Url>,
}

impl Maps {
    /// Notes the map that a script names, or the one that it may have.
    pub(super) fn note(&mut self, script: &Url, text: &str) {
        let named = NAMED.captures_iter(text).last();
        match named.map(|named| named.get(1).map_or("", |url| url.as_str()).to_owned()) {
            Some(url) if url.starts_with("data:") => {
                self.inside.insert(script.path().to_owned());
            }
            Some(url) => {
                if let Some(map) = script.join(&url).ok().filter(|map| is_own(map, script)) {
                    self.named.insert(map, script.path().to_owned());
                }
            }
            None if self.guessed.len() < GUESSES && script.path().ends_with(".js") => {
                let mut map = script.clone();
                map.set_path(&format!("{}.map", script.path()));
                self.guessed.push(map);
            }
            None => {}
        }
    }

    /// Asks for them, and searches what comes. The paths of those that hold source, and those that could not be had.
    pub(super) async fn read(
        self,
        hunt: &Hunt,
        context: &Context,
        target: &Target,
        findings: &mut Findings,
    ) -> (Vec<String>, Vec<String>) {
        let mut served: Vec<String> = self.inside.into_iter().collect();
        let mut untold = Vec::new();
        let named = self.named.into_keys();
        for map in named.chain(self.guessed).take(MOST) {
            let path = map.path();
            match get(&map, context, target).await {
                Ok(answer) if answer.status == 200 && holds_source(&answer.body) => {
                    findings.search(hunt, context, path, &answer.body);
                    served.push(path.to_owned());
                }
                Ok(answer) if answer.status == 429 || answer.status >= 500 => {
                    untold.push(format!("{path}: {}", answer.status));
                }
                Ok(_) => {}
                Err(hindrance) => untold.push(format!("{path}: {}", hindrance.cause)),
            }
        }
        (served, untold)
    }
}

fn is_own(map: &Url, script: &Url) -> bool {
    map.origin() == script.origin()
}

/// A map with the text of its sources; one without gives away their names alone.
fn holds_source(body: &[u8]) -> bool {
    let Ok(map) = serde_json::from_slice::<serde_json::Value>(body) else {
        return false;
    };
    let has_text = |map: &serde_json::Value| {
        let texts = map["sourcesContent"].as_array();
        texts.is_some_and(|texts| texts.iter().any(|text| text.is_string()))
    };
    // An index map holds others (ECMA-426 section 10).
    let sections = map["sections"].as_array();
    has_text(&map)
        || sections.is_some_and(|sections| sections.iter().any(|one| has_text(&one["map"])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(text: &str) -> Maps {
        let mut maps = Maps::default();
        maps.note(&Url::parse("https://shop.test/js/a.js?v=1").unwrap(), text);
        maps
    }

    #[test]
    fn maps_that_scripts_name() {
        let named = |text: &str| noted(text).named.into_keys().map(String::from).collect();
        let none = Vec::<String>::new();
        let of: Vec<String> = named("x()\n//# sourceMappingURL=a.js.map\n");
        assert_eq!(of, ["https://shop.test/js/a.js.map"]);
        let last: Vec<String> =
            named("//@ sourceMappingURL=/old.map\nx()\n//# sourceMappingURL=/b.map");
        assert_eq!(last, ["https://shop.test/b.map"]);
        // A text that only speaks of one, and a map on another host.
        assert_eq!(named("s='//# sourceMappingURL='+u"), none);
        assert_eq!(named("//# sourceMappingURL=https://maps.test/a.map"), none);
        assert_eq!(
            noted("x()").guessed[0].as_str(),
            "https://shop.test/js/a.js.map?v=1"
        );
        assert!(
            noted("//# sourceMappingURL=data:application/json;base64,e30=")
                .inside
                .contains("/js/a.js")
        );
    }

    #[test]
    fn what_holds_source() {
        assert!(holds_source(
            br#"{"version":3,"sources":["a.ts"],"sourcesContent":["x"],"mappings":""}"#
        ));
        assert!(holds_source(
            br#"{"sections":[{"map":{"sourcesContent":[null,"x"]}}]}"#
        ));
        assert!(!holds_source(
            br#"{"version":3,"sources":["a.ts"],"mappings":""}"#
        ));
        assert!(!holds_source(b"<!doctype html>"));
    }
}
