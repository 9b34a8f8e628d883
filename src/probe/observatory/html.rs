//! What the page's markup says to the tests: its scripts, and the policies in its meta elements.

use super::grade::Edition;
use super::seen::{Answer, trim};
use crate::probe::http::tags::{Piece, Scanner, Tag, unescape};
use url::Url;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Markup {
    /// Is the answer HTML, so that scripts are looked for?
    pub is_html: bool,
    /// The policies of `<meta http-equiv>`, in order.
    pub policies: Vec<String>,
    /// The policy of the last `<meta name=referrer>`.
    pub referrer: Option<String>,
    /// The scripts, in order.
    pub scripts: Vec<Script>,
}

/// One script element.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// Its address; empty where the script stands in the page.
    pub src: String,
    /// Has it an integrity that is not empty?
    pub integrity: bool,
}

const TYPES: [&str; 2] = ["text/html", "application/xhtml+xml"];

impl Markup {
    /// Reads the body of an answer, where it is HTML by its type alone.
    pub(super) fn read(answer: &Answer, edition: Edition) -> Self {
        let declared = answer.header("content-type").unwrap_or_default();
        let essence = declared.split(';').next().unwrap_or_default();
        let is_type = TYPES.contains(&essence);
        let mut markup = Self {
            is_html: is_type || (edition == Edition::Six && essence.is_empty()),
            ..Self::default()
        };
        let mut place = Place::default();
        let mut base = None;
        for piece in Scanner::new(&answer.body) {
            match piece {
                Piece::Tag(tag) if edition == Edition::Six => {
                    markup.take(&tag, Place::default(), None)
                }
                Piece::Tag(tag) => {
                    if tag.is("base") && base.is_none() && !place.template {
                        base = tag
                            .attribute("href")
                            .map(|href| Url::parse(&unescape(href)));
                    }
                    place.enter(&tag);
                    let address = base.as_ref().and_then(|base| base.as_ref().ok());
                    markup.take(&tag, place, Some(address));
                }
                Piece::End(name) => place.leave(name),
                Piece::Text(_) | Piece::Inside(..) => {}
            }
        }
        if !is_type {
            markup.policies.clear();
            markup.referrer = None;
        }
        markup
    }

    /// `resolve` says against what a script's address is resolved, as its `src` property is.
    fn take(&mut self, tag: &Tag<'_>, place: Place, resolve: Option<Option<&Url>>) {
        if tag.is("script") && !place.template {
            let written = unescape(tag.attribute("src").unwrap_or_default());
            self.scripts.push(Script {
                src: match resolve {
                    Some(_) if written.is_empty() && tag.attribute("src").is_none() => written,
                    Some(base) => resolved(&written, base),
                    None => written,
                },
                integrity: tag
                    .attribute("integrity")
                    .is_some_and(|value| !value.is_empty()),
            });
        }
        if tag.is("meta") && !place.template && !place.noscript {
            self.take_meta(tag);
        }
    }

    fn take_meta(&mut self, tag: &Tag<'_>) {
        let content = tag.attribute("content").map(unescape);
        let filled = content.clone().filter(|content| !content.is_empty());
        if let (Some(name), Some(_)) = (tag.attribute("http-equiv"), &content) {
            if trim(name).eq_ignore_ascii_case("content-security-policy") {
                self.policies.extend(filled);
            }
        } else if tag
            .attribute("name")
            .is_some_and(|name| trim(name).eq_ignore_ascii_case("referrer"))
            && filled.is_some()
        {
            self.referrer = filled;
        }
    }
}

/// Where in the tree a tag stands, as far as it matters.
#[derive(Debug, Default, Clone, Copy)]
struct Place {
    depth: usize,
    template: bool,
    noscript: bool,
}

impl Place {
    fn enter(&mut self, tag: &Tag<'_>) {
        if tag.is("template") {
            self.depth += 1;
            self.template = true;
        }
        self.noscript |= tag.is("noscript");
    }

    fn leave(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("template") {
            self.depth = self.depth.saturating_sub(1);
            self.template = self.depth > 0;
        }
        if name.eq_ignore_ascii_case("noscript") {
            self.noscript = false;
        }
    }
}

/// HTML Standard, reflecting a URL: resolved where that is possible, as written otherwise.
fn resolved(written: &str, base: Option<&Url>) -> String {
    let url = match base {
        // The URL Standard skips every slash before the host; the crate stops at a third one.
        Some(base) => base.join(&match written.trim_start_matches(['/', '\\']) {
            rest if written.len() - rest.len() > 2 => format!("//{rest}"),
            _ => written.to_owned(),
        }),
        None => Url::parse(written),
    };
    url.map_or_else(|_| written.to_owned(), String::from)
}
