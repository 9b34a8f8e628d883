//! What a page's HTML shows: its title, whose framework made it, and whether it is the page at all.

mod protection;
pub(in crate::probe) mod tags;

use super::address;
use super::declare::{flag, maybe_flag, maybe_text, object, texts};
use super::headers::Headers;
use crate::model::{FactKind, FactSpec, is_loopback};
use serde_json::{Value, json};
use tags::{Piece, Scanner, Tag, unescape};
use url::Url;

/// The most addresses listed of one kind; a page with more is cut, not refused.
const MOST: usize = 500;
/// The most bytes of one address; a longer one is left out, and a longer base is not applied.
const LONGEST_ADDRESS: usize = 8 * 1024;
/// The most characters of a title that are kept.
const LONGEST_TITLE: usize = 300;

pub(super) fn declared() -> FactSpec {
    object(
        "page",
        vec![
            maybe_text(
                "title",
                "the title element; null where the body is not HTML or has none",
            ),
            flag("next_app", "the HTML carries a marker of Next.js"),
            maybe_flag(
                "error_overlay",
                "a development error overlay, or a stack trace that only development sends; null where the body could not be read",
            ),
            maybe_flag(
                "error_page",
                "the framework's own page for an error that nothing handled; null where the body could not be read",
            ),
            maybe_text(
                "protection",
                "whose protection or error page this is instead of the application",
            ),
            maybe_flag(
                "empty",
                "the page shows no text and loads nothing; null where the body could not be read",
            ),
            texts(
                "scripts",
                "addresses of the scripts that the page loads, query values masked",
            ),
            FactSpec::new(
                "mixed_content",
                FactKind::optional(FactKind::list(FactKind::Text)),
                "http: sub-resources of a page that came over https:; null where the body could not be read",
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
    /// Something other than text is shown, loaded or run.
    shows_more: bool,
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
            visible = page.scan(html, address);
            page.empty = visible.trim().is_empty() && !page.shows_more;
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

    /// `readable` says that the body was there to be read; nobody can call the rest free of errors.
    pub(super) fn facts(&self, readable: bool) -> Value {
        let seen = |fact: bool| (readable || fact).then_some(fact);
        let shown = |urls: &[Url]| urls.iter().map(address::masked).collect::<Vec<_>>();
        json!({
            "title": self.title,
            "next_app": self.next_app,
            "error_overlay": seen(self.error_overlay),
            "error_page": seen(self.error_page),
            "protection": self.protection,
            "empty": seen(self.empty),
            "scripts": shown(&self.scripts),
            "mixed_content": readable.then(|| shown(&self.mixed_content)),
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
        let mut base: Option<Url> = None;
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
                    self.title.get_or_insert_with(|| {
                        let title = unescape(text);
                        title.trim().chars().take(LONGEST_TITLE).collect()
                    });
                }
                Piece::Inside(..) | Piece::End(_) => {}
                Piece::Tag(tag) => {
                    data_script = tag.is("script") && tag.attribute("id") == Some("__NEXT_DATA__");
                    next_error |= has_class(&tag, "next-error-h1");
                    // HTML Standard: the first base element with an href counts.
                    if tag.is("base") && base.is_none() {
                        base = tag
                            .attribute("href")
                            .filter(|href| href.len() <= LONGEST_ADDRESS)
                            .and_then(|href| address.join(&unescape(href)).ok());
                    }
                    self.shows_more |= shows(&tag);
                    self.note_markers(&tag);
                    self.note_resource(&tag, base.as_ref().unwrap_or(address), address);
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
        if written.len() > LONGEST_ADDRESS {
            return;
        }
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
            && !is_loopback(&url)
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

/// Does a tag without text show, load or run something? A link to a style sheet shows nothing by itself.
fn shows(tag: &Tag<'_>) -> bool {
    let refreshes = || {
        tag.attribute("http-equiv")
            .is_some_and(|header| header.eq_ignore_ascii_case("refresh"))
    };
    [
        "script", "img", "picture", "svg", "canvas", "video", "audio", "iframe", "frame", "object",
        "embed", "input", "button", "select", "textarea",
    ]
    .iter()
    .any(|name| tag.is(name))
        || (tag.is("meta") && refreshes())
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
        let facts = page.facts(true);
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
        assert!(read(" \n").empty);
        assert!(
            read("<!doctype html><html><head><title>x</title></head><body> </body></html>").empty
        );
        assert!(!read("<p>text").empty);
        assert!(!read("<div id=root></div><script src=/main.js></script>").empty);
        assert!(!read("<meta http-equiv=refresh content='0; url=/app'>").empty);
        let none = Page::read(
            None,
            &Url::parse("http://a.example").unwrap(),
            200,
            &Headers::default(),
        );
        assert!(!none.empty && none.title.is_none());
    }

    #[test]
    fn a_body_that_nobody_could_read_is_not_called_free_of_errors() {
        let facts = Page::default().facts(false);
        for fact in ["error_overlay", "error_page", "empty", "mixed_content"] {
            assert_eq!(facts[fact], Value::Null, "{fact}");
        }
    }

    #[test]
    fn the_first_base_counts_and_addresses_stay_short() {
        let page =
            read("<base target=x><base href=/one/><base href=/two/><script src=s.js></script>");
        assert_eq!(page.scripts[0].path(), "/one/s.js");
        let long = "a/".repeat(LONGEST_ADDRESS);
        let page = read(&format!(
            "<base href='/{long}'><script src=s.js></script><script src='{long}'></script><title>{long}</title>"
        ));
        assert_eq!(page.scripts.len(), 1);
        assert_eq!(page.scripts[0].path(), "/a/s.js");
        assert_eq!(page.title.unwrap().len(), LONGEST_TITLE);
    }
}
