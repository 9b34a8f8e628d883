//! One look as its parameters describe it: which address, what is sent, what it is called.

use super::address;
use super::parameters::{BODY_LIMIT, list};
use crate::model::{Facts, PathClasses, Target};
use crate::probe::site;
use serde_json::Value;
use url::Url;

/// The words for an Origin.
pub(super) const ORIGIN_WORDS: [&str; 5] = ["foreign", "lookalike", "lookalike-end", "null", "own"];
/// The Origin sent for the word `foreign`.
const FOREIGN: &str = "https://holdpoint-foreign.example";

/// The parameters of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub path: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub origin: Option<String>,
    pub preflight: bool,
    pub plain: bool,
    pub follow: usize,
    pub contains: Vec<String>,
    pub body_limit: u64,
}

impl Ask {
    /// Reads the parameters of one look as [`looks`] wrote them; what is missing has its default.
    pub(super) fn of(parameters: &Facts) -> Self {
        let text = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let flag = |name: &str| {
            parameters
                .get(name)
                .and_then(Value::as_bool)
                .unwrap_or_default()
        };
        let number = |name: &str| parameters.get(name).and_then(Value::as_u64);
        let headers = parameters.get("headers").and_then(Value::as_object);
        Self {
            path: text("path").unwrap_or_else(|| "/".into()),
            method: text("method").unwrap_or_else(|| "GET".into()),
            headers: headers
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            origin: text("origin"),
            preflight: flag("preflight"),
            plain: flag("plain"),
            follow: number("follow")
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or_default(),
            contains: list(parameters.get("contains")),
            body_limit: number("body_limit").unwrap_or(BODY_LIMIT),
        }
    }

    /// The Origin header that is sent.
    pub(super) fn origin_sent(&self, address: &Url) -> Option<String> {
        Some(match self.origin.as_deref()? {
            "foreign" => FOREIGN.to_owned(),
            "lookalike" => lookalike(address),
            "lookalike-end" => lookalike_end(address),
            "own" => address.origin().ascii_serialization(),
            literal => literal.to_owned(),
        })
    }

    /// The address asked; none where a plain one is wanted and not known. `@chunk` gives the base.
    pub(super) fn address(&self, target: &Target) -> Option<Url> {
        let base = if self.plain {
            target.plain_url.as_ref()?
        } else {
            &target.url
        };
        if self.path == PathClasses::CHUNK {
            return Some(base.clone());
        }
        match Url::parse(&self.path) {
            Ok(mut own) if own.has_host() => {
                own.set_fragment(None);
                if self.plain {
                    let mut plain = base.clone();
                    plain.set_path(own.path());
                    plain.set_query(own.query());
                    own = plain;
                }
                Some(own)
            }
            _ => Some(address::of_path(base, &self.path)),
        }
    }

    /// The path as people read it.
    fn shown_path(&self) -> String {
        if self.path == PathClasses::CHUNK {
            "a script of the front page".into()
        } else {
            address::masked_text(&self.path)
        }
    }

    /// `GET /sw.js`, `GET / from a foreign origin`, `OPTIONS /api preflight from …`.
    pub(super) fn label(&self, target: Option<&Target>) -> String {
        let plain = self
            .plain
            .then(|| target.and_then(|target| self.address(target)))
            .flatten();
        let mut label = match plain {
            Some(address) => format!("{} {} (plain)", self.method, address::masked(&address)),
            None if self.plain => format!("{} {} (plain)", self.method, self.shown_path()),
            None => format!("{} {}", self.method, self.shown_path()),
        };
        if self.preflight {
            label.push_str(" preflight");
        }
        match self.origin.as_deref() {
            None => {}
            Some("foreign") => label.push_str(if self.preflight {
                ""
            } else {
                " from a foreign origin"
            }),
            Some("null") => label.push_str(" from origin null"),
            Some("lookalike") => label.push_str(" from a lookalike origin"),
            Some("lookalike-end") => {
                label.push_str(" from an origin that ends like the target's");
            }
            Some("own") => label.push_str(" from its own origin"),
            Some(literal) => label.push_str(&format!(" from {literal}")),
        }
        label
    }
}

/// A foreign origin that a comparison of beginnings takes for the target; letters, digits and dots of its host.
fn lookalike(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    let name: String = host
        .trim_matches(['[', ']'])
        .chars()
        .map(|c| if c == ':' { '-' } else { c })
        .collect();
    let name = name.trim_start_matches('-');
    format!("https://{name}.holdpoint-foreign.example")
}

/// A foreign origin that a comparison of endings takes for the target, or for one of its subdomains: it ends with the
/// domain that was registered, which anybody may register with letters before it.
fn lookalike_end(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    let domain = address
        .domain()
        .and_then(site::with_private)
        .unwrap_or(host);
    let port = address
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("https://holdpoint-foreign{domain}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_that_look_like_the_target() {
        let of = |word: &dyn Fn(&Url) -> String, address: &str| word(&Url::parse(address).unwrap());
        assert_eq!(
            of(&lookalike, "https://shop.test/x"),
            "https://shop.test.holdpoint-foreign.example"
        );
        for (address, origin) in [
            // Anybody may register it, unlike a name below shop.co.uk.
            (
                "https://www.shop.co.uk/",
                "https://holdpoint-foreignshop.co.uk",
            ),
            (
                "https://shop.vercel.app/",
                "https://holdpoint-foreignshop.vercel.app",
            ),
            (
                "http://localhost:3000/",
                "https://holdpoint-foreignlocalhost:3000",
            ),
            (
                "http://127.0.0.1:3000/",
                "https://holdpoint-foreign127.0.0.1:3000",
            ),
        ] {
            assert_eq!(of(&lookalike_end, address), origin);
        }
    }
}
