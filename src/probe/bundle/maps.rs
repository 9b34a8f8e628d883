//! Source maps: the source itself, beside the scripts that were built from it.

use super::reading::get;
use super::{Findings, MOST_BYTES};
use crate::model::Target;
use crate::probe::Context;
use crate::secret::Hunt;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use url::Url;

/// More maps that scripts name are not asked for; how many were left out is told.
const MOST: usize = 24;
/// Scripts that name no map and are asked for one by its usual name.
const GUESSES: usize = 3;

/// Where a script says that its map is (ECMA-426, extraction from JavaScript). Quotes end no such comment but a text
/// that speaks of one.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)//[#@][ \t]*sourceMappingURL=([^\s'"`]+)[ \t\r]*$"#)
        .expect("the pattern is a constant")
});

/// As browsers decode it: with padding or without.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The maps of the scripts that were read.
#[derive(Default)]
pub(super) struct Maps {
    named: BTreeSet<Url>,
    guessed: Vec<Url>,
    /// Scripts that carry their source within.
    inside: BTreeSet<String>,
    untold: Vec<String>,
}

impl Maps {
    /// Notes the maps that a script and its headers name, or the one that it may have. Gives the one that it carries
    /// within, where that holds source.
    pub(super) fn note(
        &mut self,
        script: &Url,
        text: &str,
        header: Option<&str>,
    ) -> Option<Vec<u8>> {
        let comment = NAMED.captures_iter(text).last();
        let comment = comment.and_then(|found| Some(found.get(1)?.as_str()));
        if comment.is_none() && header.is_none() {
            if self.guessed.len() < GUESSES && script.path().ends_with(".js") {
                let mut map = script.clone();
                map.set_path(&format!("{}.map", script.path()));
                self.guessed.push(map);
            }
            return None;
        }
        let mut inside = None;
        for url in [header, comment].into_iter().flatten() {
            if let Some(data) = url.strip_prefix("data:") {
                match of_data(data) {
                    Some(map) if holds_source(&map) => {
                        self.inside.insert(script.path().to_owned());
                        inside = Some(map);
                    }
                    Some(_) => {}
                    None => {
                        let path = script.path();
                        self.untold.push(format!("{path}: its map is no base64"));
                    }
                }
            } else {
                let map = script.join(url).ok();
                self.named.extend(map.filter(|map| is_own(map, script)));
            }
        }
        inside
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
        let mut untold = self.untold;
        let mut left_out = self.named.len().saturating_sub(MOST);
        let guessed = self.guessed.iter();
        let guessed = guessed.filter(|map| !self.named.contains(map));
        for map in self.named.iter().take(MOST).chain(guessed) {
            if findings.bytes > MOST_BYTES {
                left_out += 1;
                continue;
            }
            let path = map.path();
            match get(map, context, target).await {
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
        // Where some are served, so are the others.
        if left_out > 0 && served.is_empty() {
            untold.push(format!("{left_out} more maps"));
        }
        (served, untold)
    }
}

/// The content of a data URL after its scheme (RFC 2397), no longer than the script that it stands in.
fn of_data(data: &str) -> Option<Vec<u8>> {
    let (kind, content) = data.split_once(',')?;
    let content: Vec<u8> = percent_decode_str(content).collect();
    if kind.trim_end().to_ascii_lowercase().ends_with(";base64") {
        return FORGIVING.decode(content).ok();
    }
    Some(content)
}

fn is_own(map: &Url, script: &Url) -> bool {
    map.origin() == script.origin()
}

/// A map with the text of its sources; one without gives away their names alone.
fn holds_source(body: &[u8]) -> bool {
    // A line against inclusion as a script comes before (ECMA-426, parsing).
    let body = match body.starts_with(b")]}") {
        true => body.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or(b""),
        false => body,
    };
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

    fn noted(text: &str, header: Option<&str>) -> (Maps, Option<Vec<u8>>) {
        let mut maps = Maps::default();
        let script = Url::parse("https://shop.test/js/a.js?v=1").unwrap();
        let inside = maps.note(&script, text, header);
        (maps, inside)
    }

    #[test]
    fn maps_that_scripts_name() {
        let named = |text: &str, header| -> Vec<String> {
            let maps = noted(text, header).0;
            maps.named.into_iter().map(String::from).collect()
        };
        for text in [
            "x()\n//# sourceMappingURL=/b.map\n",
            "x()\r\n//# sourceMappingURL=/b.map\r\n",
            "x();//# sourceMappingURL=/b.map",
            "//@ sourceMappingURL=/old.map\nx()\n//# sourceMappingURL=/b.map \t",
        ] {
            assert_eq!(named(text, None), ["https://shop.test/b.map"], "{text}");
        }
        assert_eq!(
            named("//# sourceMappingURL=a.js.map", Some("/b.map")),
            ["https://shop.test/b.map", "https://shop.test/js/a.js.map"]
        );
        // Texts that only speak of one, and a map on another host.
        for text in [
            "s='//# sourceMappingURL='+u",
            "s=\"//# sourceMappingURL=a.map\";",
            "s=`//# sourceMappingURL=${u}`",
            "//# sourceMappingURL=https://maps.test/a.map",
        ] {
            assert_eq!(named(text, None), Vec::<String>::new(), "{text}");
        }
        assert_eq!(
            noted("x()", None).0.guessed[0].as_str(),
            "https://shop.test/js/a.js.map?v=1"
        );
    }

    #[test]
    fn maps_within_scripts() {
        let of = |data: &str| noted(&format!("//# sourceMappingURL=data:{data}"), None);
        let source = r#"{"sourcesContent":["x"]}"#;
        for data in [
            "application/json;base64,eyJzb3VyY2VzQ29udGVudCI6WyJ4Il19",
            "application/json;charset=utf-8;base64,eyJzb3VyY2VzQ29udGVudCI6WyJ4Il19",
            "application/json,%7B%22sourcesContent%22:%5B%22x%22%5D%7D",
        ] {
            let (maps, inside) = of(data);
            assert_eq!(inside.as_deref(), Some(source.as_bytes()), "{data}");
            assert!(maps.inside.contains("/js/a.js"));
        }
        // One without source, and one that nobody can read.
        let (maps, inside) = of("application/json;base64,e30");
        assert!(inside.is_none() && maps.inside.is_empty() && maps.untold.is_empty());
        let (maps, inside) = of("application/json;base64,%%%");
        assert!(inside.is_none() && maps.inside.is_empty());
        assert_eq!(maps.untold, ["/js/a.js: its map is no base64"]);
    }

    #[test]
    fn what_holds_source() {
        assert!(holds_source(
            br#"{"version":3,"sources":["a.ts"],"sourcesContent":["x"],"mappings":""}"#
        ));
        assert!(holds_source(
            br#"{"sections":[{"map":{"sourcesContent":[null,"x"]}}]}"#
        ));
        assert!(holds_source(b")]}'\n{\"sourcesContent\":[\"x\"]}"));
        assert!(!holds_source(b")]}'"));
        assert!(!holds_source(
            br#"{"version":3,"sources":["a.ts"],"mappings":""}"#
        ));
        assert!(!holds_source(b"<!doctype html>"));
    }
}
