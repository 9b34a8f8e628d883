//! The Observatory's verdict over the Content-Security-Policy.

use super::grade::Edition;
use super::html::Markup;
use super::merge::{Merged, Unreadable};
use super::seen::{Seen, trim};

/// Sources that let nearly everything in.
const BROAD: [&str; 8] = [
    "ftp:",
    "http:",
    "https:",
    "*",
    "http://*",
    "http://*.*",
    "https://*",
    "https://*.*",
];
/// Sources that let scripts and styles stand in the page itself.
const INLINE: [&str; 2] = ["'unsafe-inline'", "data:"];
const PASSIVE: [&str; 2] = ["img-src", "media-src"];
const NONCES_AND_HASHES: [&str; 4] = ["'sha256-", "'sha384-", "'sha512-", "'nonce-"];

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub result: &'static str,
    /// A policy that could be read has frame-ancestors.
    pub limits_frames: bool,
}

impl Verdict {
    fn early(result: &'static str) -> Self {
        Self {
            result,
            limits_frames: false,
        }
    }
}

/// The first of these that holds, as `src/analyzer/tests/csp.js` asks them.
pub(super) fn judge(seen: &Seen, markup: &Markup, edition: Edition) -> Verdict {
    let header = seen.page.header("content-security-policy");
    let headers = split(header.into_iter().collect(), edition);
    let metas = split(markup.policies.clone(), edition);
    let all: Vec<String> = headers.iter().chain(&metas).cloned().collect();
    let Ok(merged) = Merged::read(&all) else {
        return Verdict::early("csp-header-invalid");
    };
    let size = |read: Result<Merged, Unreadable>| read.map_or(0, |merged| merged.size());
    if size(Merged::read(&headers)) + size(Merged::read_meta(&metas)) == 0 {
        let on_trial = seen.page.filled("content-security-policy-report-only");
        return Verdict::early(match on_trial {
            Some(_) => "csp-not-implemented-but-reporting-enabled",
            None => "csp-not-implemented",
        });
    }
    let limits_frames = merged.place("frame-ancestors").is_some();
    let repeated = merged.repeated;
    let result = Lists::of(merged).judge(seen.began_secure);
    let replaced = repeated && super::outcome::of(result).pass;
    Verdict {
        result: if replaced {
            "csp-implemented-but-duplicate-directives"
        } else {
            result
        },
        limits_frames,
    }
}

/// Later editions split policies at commas, as RFC 9110 section 5.3 wants it.
fn split(policies: Vec<String>, edition: Edition) -> Vec<String> {
    match edition {
        Edition::Four => policies,
        Edition::Six => policies
            .iter()
            .flat_map(|policy| policy.split(','))
            .map(|policy| trim(policy).to_owned())
            .collect(),
    }
}

/// The source lists. Directives that fall back to one list share it, also when it is edited.
struct Lists {
    merged: Merged,
    script: usize,
    style: usize,
    object: usize,
}

impl Lists {
    fn of(mut merged: Merged) -> Self {
        let mut list = |name: &str| {
            merged
                .place(name)
                .or_else(|| merged.place("default-src"))
                .unwrap_or_else(|| {
                    // No directive's name is empty, so that it is never taken for one.
                    merged
                        .directives
                        .push((String::new(), vec!["*".to_owned()]));
                    merged.directives.len() - 1
                })
        };
        let (object, script, style) = (list("object-src"), list("script-src"), list("style-src"));
        Self {
            merged,
            script,
            style,
            object,
        }
    }

    fn sources(&self, place: usize) -> &[String] {
        self.merged
            .directives
            .get(place)
            .map_or(&[], |(_, sources)| sources)
    }

    fn has(&self, place: usize, source: &str) -> bool {
        self.sources(place).iter().any(|known| known == source)
    }

    fn any_of(&self, place: usize, unwanted: &[&str]) -> bool {
        self.sources(place)
            .iter()
            .any(|source| unwanted.contains(&source.as_str()))
    }

    fn vouches(&self, place: usize) -> bool {
        self.sources(place).iter().any(|source| {
            NONCES_AND_HASHES
                .iter()
                .any(|start| source.starts_with(start))
        })
    }

    fn drop_where(&mut self, place: usize, unwanted: impl Fn(&str) -> bool) {
        if let Some((_, sources)) = self.merged.directives.get_mut(place) {
            sources.retain(|source| !unwanted(source));
        }
    }

    fn judge(mut self, secure: bool) -> &'static str {
        for place in [self.script, self.style] {
            if self.vouches(place) {
                self.drop_where(place, |source| source == "'unsafe-inline'");
            }
        }
        if self.has(self.script, "'strict-dynamic'") {
            if !self.vouches(self.script) {
                return "csp-header-invalid";
            }
            self.drop_where(self.script, |source| {
                BROAD.iter().any(|start| source.starts_with(start))
                    || source == "'self'"
                    || source == "'unsafe-inline'"
            });
        }
        let both: Vec<&str> = BROAD.iter().chain(&INLINE).copied().collect();
        if self.any_of(self.script, &both) || self.any_of(self.object, &BROAD) {
            return "csp-implemented-with-unsafe-inline";
        }
        if secure && self.loads_plainly_what_acts() {
            return "csp-implemented-with-insecure-scheme";
        }
        if self.has(self.script, "'unsafe-eval'") || self.has(self.style, "'unsafe-eval'") {
            return "csp-implemented-with-unsafe-eval";
        }
        if secure && self.loads_plainly_what_is_shown() {
            return "csp-implemented-with-insecure-scheme-in-passive-content-only";
        }
        if self.any_of(self.style, &both) {
            return "csp-implemented-with-unsafe-inline-in-style-src-only";
        }
        match self
            .merged
            .place("default-src")
            .map(|place| self.sources(place))
        {
            Some([only]) if only == "'none'" => "csp-implemented-with-no-unsafe-default-src-none",
            _ => "csp-implemented-with-no-unsafe",
        }
    }

    fn loads_plainly_what_acts(&self) -> bool {
        let named = self
            .merged
            .directives
            .iter()
            .filter(|(name, _)| {
                !name.is_empty() && !PASSIVE.contains(&name.as_str()) && name != "script-src"
            })
            .flat_map(|(_, sources)| sources);
        named
            .chain(self.sources(self.script))
            .any(|source| is_plain(source))
    }

    fn loads_plainly_what_is_shown(&self) -> bool {
        PASSIVE.iter().any(|name| {
            let place = self
                .merged
                .place(name)
                .or_else(|| self.merged.place("default-src"));
            place.is_some_and(|place| self.sources(place).iter().any(|source| is_plain(source)))
        })
    }
}

fn is_plain(source: &str) -> bool {
    source.starts_with("http:") || source.starts_with("ftp:")
}
