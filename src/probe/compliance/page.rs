//! What a page's HTML gives to readers without running its scripts: its words, its links, its buttons.

use crate::probe::http::tags::{Piece, Scanner, Tag, unescape};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// More links of one page are not looked at.
const MOST_LINKS: usize = 2000;
/// A link's text is kept up to this many bytes; longer ones name no policy.
const LONGEST_TEXT: usize = 200;

/// Elements whose text is not the page's own matter, or not shown.
const ASIDE: &[&str] = &[
    "nav", "footer", "button", "noscript", "template", "select", "svg",
];

/// Titles of pages that say that there is nothing.
static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*404\b|\bnot found\b|could not be found|nicht gefunden|introuvable|no encontrad",
    )
    .expect("the pattern is a constant")
});

/// One link.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// As it is written, entities read; none where the element has none.
    pub(super) href: Option<String>,
    /// What it shows or is called.
    pub(super) text: String,
}

/// One page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Its links, in order.
    pub(super) links: Vec<Link>,
    /// Texts of its buttons.
    pub(super) buttons: Vec<String>,
    /// Its own text, without navigation, footer and buttons, with single blanks.
    pub(super) text: String,
    /// Identifiers that a link within the page may lead to.
    pub(super) ids: BTreeSet<String>,
    /// Its first base element's address.
    pub(super) base: Option<String>,
    /// Its title, and its first heading.
    titles: [Option<String>; 2],
    /// It runs scripts.
    pub(super) scripts: bool,
    /// It has a form, a field or a button.
    controls: bool,
    /// What its scripts hold within the page.
    pub(super) script_text: String,
    /// The framework left a part of it to the browser.
    pub(super) left_to_scripts: bool,
}

impl Page {
    /// Reads HTML. Never fails: what is not markup is text.
    pub(super) fn read(html: &str) -> Self {
        let mut page = Self {
            // React writes this where a boundary was not rendered on the server; Next.js, where it was told not to.
            left_to_scripts: html.contains("<!--$!-->")
                || html.contains("BAILOUT_TO_CLIENT_SIDE_RENDERING"),
            ..Self::default()
        };
        let (mut aside, mut link, mut button, mut heading) = (0_usize, false, false, false);
        let mut text = String::new();
        for piece in Scanner::new(html) {
            match piece {
                Piece::Tag(tag) => {
                    text.push(' ');
                    page.note(&tag);
                    // HTML Standard: no link stands within a link; the next one ends it.
                    if tag.is("a") {
                        link = page.begin(&tag);
                    } else if tag.is("button") {
                        button = page.buttons.len() < MOST_LINKS;
                        page.buttons.extend(button.then(String::new));
                    }
                    heading |= tag.is("h1") && page.titles[1].is_none();
                    aside += usize::from(ASIDE.iter().any(|name| tag.is(name)));
                }
                Piece::End(name) => {
                    let is = |known: &str| name.eq_ignore_ascii_case(known);
                    link &= !is("a");
                    button &= !is("button");
                    heading &= !is("h1");
                    if ASIDE.iter().any(|known| is(known)) {
                        aside = aside.saturating_sub(1);
                    }
                }
                Piece::Text(some) => {
                    if link && let Some(link) = page.links.last_mut() {
                        append(&mut link.text, some);
                    }
                    if button && let Some(button) = page.buttons.last_mut() {
                        append(button, some);
                    }
                    if heading {
                        append(page.titles[1].get_or_insert_default(), some);
                    }
                    if aside == 0 {
                        text.push_str(some);
                    }
                }
                Piece::Inside(name, some) if name.eq_ignore_ascii_case("title") => {
                    page.titles[0].get_or_insert_with(|| unescape(some));
                }
                Piece::Inside(name, some) if name.eq_ignore_ascii_case("script") => {
                    page.script_text.push_str(some);
                    page.script_text.push('\n');
                }
                Piece::Inside(..) => {}
            }
        }
        page.text = single_blanks(&unescape(&text));
        for link in &mut page.links {
            link.text = single_blanks(&unescape(&link.text));
        }
        for button in &mut page.buttons {
            *button = single_blanks(&unescape(button));
        }
        page
    }

    /// Plain text, which is what it shows.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            text: single_blanks(text),
            ..Self::default()
        }
    }

    fn begin(&mut self, tag: &Tag<'_>) -> bool {
        if self.links.len() >= MOST_LINKS {
            return false;
        }
        let label = tag.attribute("aria-label").or(tag.attribute("title"));
        self.links.push(Link {
            href: tag
                .attribute("href")
                .map(|href| unescape(href).trim().to_owned()),
            text: label.map(|label| format!("{label} ")).unwrap_or_default(),
        });
        true
    }

    fn note(&mut self, tag: &Tag<'_>) {
        self.scripts |= tag.is("script") && tag.attribute("type") != Some("application/ld+json");
        self.controls |= ["form", "input", "button"].iter().any(|name| tag.is(name));
        if tag.is("base") && self.base.is_none() {
            self.base = tag.attribute("href").map(unescape);
        }
        let named = tag.attribute("name").filter(|_| tag.is("a"));
        for id in [tag.attribute("id"), named].into_iter().flatten() {
            if self.ids.len() < MOST_LINKS {
                self.ids.insert(unescape(id));
            }
        }
    }

    /// How many words a reader gets; where words are not set apart, two characters count as one.
    pub(super) fn words(&self) -> usize {
        let is_dense = |c: &char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{e00}'..='\u{e7f}');
        let dense = self.text.chars().filter(is_dense).count() / 2;
        self.text
            .split(' ')
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .count()
            .max(dense)
    }

    /// Does its title or first heading say that there is nothing?
    pub(super) fn says_missing(&self) -> bool {
        self.titles
            .iter()
            .flatten()
            .any(|title| MISSING.is_match(title))
    }

    /// May its HTML be taken for what visitors see? Not where scripts write its links.
    pub(super) fn is_rendered(&self) -> bool {
        let leads = |link: &Link| link.href.as_deref().is_some_and(|href| !href.is_empty());
        let begun = self.controls || self.links.iter().any(leads);
        !self.scripts || begun && !self.left_to_scripts
    }
}

fn append(text: &mut String, some: &str) {
    if text.len() < LONGEST_TEXT {
        text.push_str(some);
        text.push(' ');
    }
}

fn single_blanks(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_and_buttons_have_their_texts() {
        let page = Page::read(
            "<base href=/en/><footer><a href='/privacy?a=1&amp;b=2'><span>Privacy</span>\n Policy</a> or <A aria-label=Terms><svg><path></svg></A>\
             <button>Cookie&nbsp;settings</button></footer><h1 id=top>Tasks</h1><p>What is left.</p>",
        );
        let link = |href: Option<&str>, text: &str| Link {
            href: href.map(str::to_owned),
            text: text.to_owned(),
        };
        assert_eq!(
            page.links,
            [
                link(Some("/privacy?a=1&b=2"), "Privacy Policy"),
                link(None, "Terms")
            ]
        );
        assert_eq!(page.buttons, ["Cookie settings"]);
        assert_eq!(page.text, "Tasks What is left.");
        assert_eq!((page.words(), page.base.as_deref()), (4, Some("/en/")));
        assert!(page.ids.contains("top") && page.is_rendered() && !page.says_missing());
    }

    #[test]
    fn a_shell_is_not_what_visitors_see() {
        let shell = "<title>Tasks</title><div id=root></div><script src=/main.js></script>";
        assert!(!Page::read(shell).is_rendered());
        assert!(Page::read(&format!("{shell}<a href=/signin>Sign in</a>")).is_rendered());
        let bailed = "<!--$!--><template data-dgst=\"BAILOUT_TO_CLIENT_SIDE_RENDERING\"></template><!--/$-->";
        let page = Page::read(&format!("{shell}<a href=/signin>Sign in</a>{bailed}"));
        assert!(!page.is_rendered());
        assert!(Page::read("<p>Plain words without a script").is_rendered());
    }

    #[test]
    fn a_page_that_says_that_there_is_none() {
        for html in [
            "<title>404: This page could not be found.</title>",
            "<h1>Seite nicht gefunden</h1>",
            "<h1 class=x>Page <b>not found</b></h1>",
        ] {
            assert!(Page::read(html).says_missing(), "{html}");
        }
        assert!(!Page::read("<title>Privacy</title><p>data not found here</p>").says_missing());
    }

    #[test]
    fn words_are_counted_in_scripts_without_blanks_too() {
        let page = Page::read(&format!("<p>{}</p>", "個人情報".repeat(60)));
        assert_eq!(page.words(), 120);
    }

    proptest! {
        #[test]
        fn never_fails(html in "[<>/!abutonhref=\"' \\-é&#;x0-9]{0,80}") {
            let page = Page::read(&html);
            prop_assert!(page.links.len() <= html.len() && page.words() <= html.len());
        }
    }
}
