//! What a page's HTML shows: its title, whose framework made it, and whether it is the page at all.

mod protection;
pub(super) mod tags;

use super::address;
use super::declare::{flag, maybe_text, object, texts};
use super::headers::Headers;
use crate::model::FactSpec;
use serde_json::{Value, json};
use tags::{Piece, Scanner, Tag, unescape};
use url::Url;

/// The most addresses listed of one kind; a page with more is cut, not refused.
const MOST: usize = 500;

pub(super) fn declared() -> FactSpec {
    object(
        "page",
        vec![
            maybe_text(
                "title",
                "the title element; null where the body is not HTML or has none",
            ),
            flag("next_app", "the HTML carries a marker of Next.js"),
            flag(
                "error_overlay",
                "a development error overlay, or a stack trace that only development sends",
            ),
            flag(
                "error_page",
                "the framework's own page for an error that nothing handled",
            ),
            maybe_text(
                "protection",
                "whose protection or error page this is instead of the application",
            ),
            flag("empty", "the body of a page has nothing but white space"),
            texts(
                "scripts",
                "addresses of the scripts that the page loads, query values masked",
            ),
            texts(
                "mixed_content",
                "http: sub-resources of a page that came over https:",
            ),
        ],
        "what the HTML shows, without running its scripts",
    )
}

/// What was found in the HTML of one answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    title: Option<String>,
    next_app: bool,
    error_overlay: bool,
    error_page: bool,
    protection: Option<String>,
    empty: bool,
    /// Resolved against the page's address, in order.
    scripts: Vec<Url>,
    mixed_content: Vec<Url>,
}

impl Page {
    /// Reads HTML that came from `address`; `html` is none where the body is something else.
    pub(super) fn read(html: Option<&str>, address: &Url, status: u16, headers: &Headers) -> Self {
        let mut page = Self::default();
        let mut visible = String::new();
        if let Some(html) = html {
            page.empty = html.trim().is_empty();
            visible = page.scan(html, address);
        }
        page.error_page |= shows_unhandled_error(&visible, status);
        page.protection = protection::name(
            status,
            headers,
            page.title.as_deref().unwrap_or_default(),
            html.unwrap_or_default(),
            &visible,
        );
        page
    }

    pub(super) fn facts(&self) -> Value {
        let shown = |urls: &[Url]| urls.iter().map(address::masked).collect::<Vec<_>>();
        json!({
            "title": self.title,
            "next_app": self.next_app,
            "error_overlay": self.error_overlay,
            "error_page": self.error_page,
            "protection": self.protection,
            "empty": self.empty,
            "scripts": shown(&self.scripts),
            "mixed_content": shown(&self.mixed_content),
        })
    }

    /// A script from the page's own origin: one of the framework's build where there is one.
    pub(super) fn own_script(&self, origin: &url::Origin) -> Option<&Url> {
        let own = || {
            self.scripts
                .iter()
                .filter(|script| script.origin() == *origin)
        };
        own()
            .find(|script| script.path().contains("/_next/static/"))
            .or_else(|| own().next())
    }

    /// Goes through the HTML once and gives the text that a reader would see.
    fn scan(&mut self, html: &str, address: &Url) -> String {
        let mut base = address.clone();
        let mut visible = String::new();
        let mut next_error = false;
        let mut data_script = false;
        for piece in Scanner::new(html) {
            match piece {
                Piece::Text(text) => visible.push_str(text),
                Piece::Inside(name, text) if name.eq_ignore_ascii_case("script") => {
                    self.next_app |= data_script || text.contains("self.__next_f");
                    self.error_overlay |=
                        data_script && text.contains("\"err\":{") && text.contains("\"stack\":");
                }
                Piece::Inside(name, text) if name.eq_ignore_ascii_case("title") => {
                    self.title
                        .get_or_insert_with(|| unescape(text).trim().to_owned());
                }
                Piece::Inside(..) => {}
                Piece::Tag(tag) => {
                    data_script = tag.is("script") && tag.attribute("id") == Some("__NEXT_DATA__");
                    next_error |= has_class(&tag, "next-error-h1");
                    if tag.is("base") {
                        base = tag
                            .attribute("href")
                            .and_then(|href| base.join(&unescape(href)).ok())
                            .unwrap_or(base);
                    }
                    self.note_markers(&tag);
                    self.note_resource(&tag, &base, address);
                    visible.push(' ');
                }
            }
        }
        // The built-in error element shows 404 as well, which is no error of the application.
        self.error_page |= next_error
            && ["500", "Internal Server Error"]
                .iter()
                .any(|text| visible.contains(text));
        visible
    }

    fn note_markers(&mut self, tag: &Tag<'_>) {
        self.error_overlay |= tag.is("nextjs-portal") || tag.is("vite-error-overlay");
        for (name, value) in tag.attributes() {
            self.error_overlay |= [
                "data-nextjs-dialog",
                "data-nextjs-dialog-overlay",
                "data-next-error-stack",
            ]
            .iter()
            .any(|marker| name.eq_ignore_ascii_case(marker));
            self.next_app |= (name.eq_ignore_ascii_case("src")
                || name.eq_ignore_ascii_case("href"))
                && value.contains("/_next/static/");
        }
    }

    fn note_resource(&mut self, tag: &Tag<'_>, base: &Url, address: &Url) {
        let Some(written) = resource(tag) else { return };
        let Ok(url) = base.join(unescape(written).trim()) else {
            return;
        };
        if tag.is("script") && matches!(url.scheme(), "http" | "https") && self.scripts.len() < MOST
        {
            self.scripts.push(url.clone());
        }
        // Mixed Content, section 3: addresses of this machine are trustworthy without TLS.
        if address.scheme() == "https"
            && url.scheme() == "http"
            && !address::is_loopback(&url)
            && self.mixed_content.len() < MOST
        {
            self.mixed_content.push(url);
        }
    }
}

/// The address of what a tag loads; links that only lead somewhere load nothing.
fn resource<'a>(tag: &Tag<'a>) -> Option<&'a str> {
    if tag.is("link") {
        let loads = [
            "stylesheet",
            "preload",
            "modulepreload",
            "prefetch",
            "icon",
            "manifest",
            "apple-touch-icon",
        ];
        let rel = tag.attribute("rel")?;
        let loaded = rel
            .split_ascii_whitespace()
            .any(|word| loads.iter().any(|one| word.eq_ignore_ascii_case(one)));
        return if loaded { tag.attribute("href") } else { None };
    }
    if tag.is("object") {
        return tag.attribute("data");
    }
    let sources = [
        "script", "img", "iframe", "audio", "video", "source", "track", "embed",
    ];
    sources
        .iter()
        .any(|name| tag.is(name))
        .then(|| tag.attribute("src"))
        .flatten()
}

fn has_class(tag: &Tag<'_>, class: &str) -> bool {
    tag.attribute("class")
        .is_some_and(|classes| classes.split_ascii_whitespace().any(|one| one == class))
}

/// Sentences of Next.js's own error pages. Only visible text counts: its scripts carry them always.
fn shows_unhandled_error(visible: &str, status: u16) -> bool {
    visible.contains("Application error: a client-side exception has occurred")
        || visible.contains("Application error: a server-side exception has occurred")
        || (status >= 500 && visible.trim() == "Internal Server Error")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Page {
        Page::read(
            Some(html),
            &Url::parse("https://app.example/a/b").unwrap(),
            200,
            &Headers::default(),
        )
    }

    #[test]
    fn knows_next_by_its_data_its_flight_and_its_files() {
        assert!(
            read("<script id=\"__NEXT_DATA__\" type=\"application/json\">{}</script>").next_app
        );
        assert!(read("<script>(self.__next_f=self.__next_f||[]).push([0])</script>").next_app);
        assert!(read("<link rel=stylesheet href='/_next/static/css/a.css'>").next_app);
        assert!(!read("<p>we like self.__next_f and __NEXT_DATA__</p>").next_app);
    }

    #[test]
    fn only_what_is_shown_is_an_error() {
        let sentence = "Application error: a client-side exception has occurred";
        assert!(read(&format!("<body><h2>{sentence} (see the console)</h2>")).error_page);
        assert!(
            !read(&format!(
                "<script>self.__next_f.push(\"{sentence}\")</script>"
            ))
            .error_page
        );
        assert!(
            read("<h1 class=\"next-error-h1\">500</h1><h2>Internal Server Error.</h2>").error_page
        );
        assert!(
            !read("<h1 class=\"next-error-h1\">404</h1><h2>This page could not be found.</h2>")
                .error_page
        );
    }

    #[test]
    fn development_shows() {
        assert!(read("<nextjs-portal></nextjs-portal>").error_overlay);
        assert!(read("<template data-next-error-stack=\"at x\"></template>").error_overlay);
        let data = r#"<script id="__NEXT_DATA__">{"err":{"name":"Error","stack":"at x"}}</script>"#;
        assert!(read(data).error_overlay);
        assert!(!read("<p data-nextjs-scroll-focus-boundary>fine</p>").error_overlay);
    }

    #[test]
    fn lists_scripts_and_insecure_resources() {
        let page = read(concat!(
            "<title> A &amp; B </title><title>second</title><script src='../s.js?key=v'></script><script src=//cdn.example/x.js></script>",
            "<script src=/_next/static/chunks/m.js></script><img src=http://old.example/i.png>",
            "<a href=http://old.example/>link</a><link rel=canonical href=http://old.example/><img src=http://localhost:1/x>"
        ));
        let facts = page.facts();
        assert_eq!(facts["title"], json!("A & B"));
        assert_eq!(
            facts["scripts"][0],
            json!("https://app.example/s.js?key=‹1›")
        );
        assert_eq!(facts["mixed_content"], json!(["http://old.example/i.png"]));
        let origin = Url::parse("https://app.example").unwrap().origin();
        assert_eq!(
            page.own_script(&origin).unwrap().path(),
            "/_next/static/chunks/m.js"
        );
    }

    #[test]
    fn an_empty_page_is_empty_and_no_page_is_not() {
        assert!(read(" \n").empty && !read("<p>").empty);
        let none = Page::read(
            None,
            &Url::parse("http://a.example").unwrap(),
            200,
            &Headers::default(),
        );
        assert!(!none.empty && none.title.is_none());
    }
}
