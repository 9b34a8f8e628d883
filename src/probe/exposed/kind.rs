//! What a text is that is no page, told by its content, and the folders that a page loads from.

use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use url::Url;

/// What was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Variables and their values.
    Environment,
    /// `.git/HEAD`.
    GitHead,
    /// `.git/config`.
    GitConfig,
    /// npm's settings with a credential.
    NpmCredentials,
    /// The content of a folder.
    Listing,
}

impl Kind {
    /// As people call it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Environment => "an environment file",
            Self::GitHead => "the head of a git repository",
            Self::GitConfig => "the settings of a git repository",
            Self::NpmCredentials => "npm's settings with a credential",
            Self::Listing => "a list of files",
        }
    }

    /// None for everything else, such as a page that stands in for what is missing.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('<') {
            return is_listing(text).then_some(Self::Listing);
        }
        if is_head(text) {
            return Some(Self::GitHead);
        }
        if text.lines().any(|line| line.trim() == "[core]") {
            return Some(Self::GitConfig);
        }
        if CREDENTIAL.is_match(text) {
            return Some(Self::NpmCredentials);
        }
        is_environment(text).then_some(Self::Environment)
    }
}

/// A line of an environment file.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=").expect("the pattern is a constant")
});

/// A line of `.npmrc` that lets its reader in.
static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(?://\S+:)?_(?:authToken|auth|password)\s*=\s*\S")
        .expect("the pattern is a constant")
});

/// Titles and headings by which servers list a folder: nginx, Apache and lighttpd; Python; serve-index; serve; Jetty;
/// Tomcat; and the bare list of Go and IIS.
static LISTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?is)<title>\s*(?:Index of\s*/|Directory listing for\s*/|listing directory\s|Files within\s|Directory:\s*/)|<h[12]>\s*(?:Index of\s*/|Directory Listing For\s)|^(?:<!doctype html>\s*<meta[^>]*>\s*)?<pre>\s*<a href=|\[To Parent Directory\]",
    )
    .expect("the pattern is a constant")
});

/// What an element loads or leads to.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\s(?:src|href)\s*=\s*["']?([^"'\s>]+)"#).expect("the pattern is a constant")
});

/// A line of HTML or of a script, which no environment file has outside of quotes.
static OF_A_PAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:<|//|/\*|(?:var|let|const|function|import|return|if)\b)|[;)]$|\)\s*\{$|=>")
        .expect("the pattern is a constant")
});

fn is_listing(html: &str) -> bool {
    LISTING.is_match(html)
}

fn is_head(text: &str) -> bool {
    let id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id || (text.starts_with("ref: refs/") && text.lines().count() == 1)
}

/// Nothing but assignments and comments, apart from the later lines of values that have several.
fn is_environment(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (mut assigning, mut others) = (0, 0);
    while let Some(line) = lines.next() {
        if let Some(start) = ASSIGNMENT.find(line) {
            assigning += 1;
            // What stands between quotes may be anything. A quote that nothing closes is none.
            if let Some(quote) = open_quote(&line[start.end()..]) {
                let mut ahead = lines.clone();
                if ahead.any(|line| closes(line, quote)) {
                    lines = ahead;
                }
            }
        } else if assigning == 0 || OF_A_PAGE.is_match(line) {
            return false;
        } else {
            others += 1;
        }
    }
    // A private key has some thirty lines.
    assigning > 0 && others <= 40 * assigning
}

/// The quote that a value opens and does not close.
fn open_quote(value: &str) -> Option<char> {
    let value = value.trim_start();
    let quote = value.chars().next()?;
    (matches!(quote, '"' | '\'' | '`') && !closes(&value[1..], quote)).then_some(quote)
}

/// Does the quote stand there without a backslash before it?
fn closes(line: &str, quote: char) -> bool {
    let mut escaped = false;
    line.chars().any(|character| {
        let ends = character == quote && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })
}

/// An answer as text: UTF-16 where its mark says so, as PowerShell writes files, otherwise UTF-8.
pub(super) fn decoded(body: &[u8]) -> String {
    let unit: fn([u8; 2]) -> u16 = match body {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return String::from_utf8_lossy(body).into_owned(),
    };
    let pairs = body[2..].chunks_exact(2);
    let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// The folders of the page's own origin from which it loads files, and those above them. Those nearest to the root come
/// first: a list of one of them leads to those below.
pub(super) fn folders_of(page: &str, base: &Url) -> Vec<Url> {
    let mut folders = BTreeSet::new();
    for found in ADDRESS.captures_iter(page) {
        let Ok(address) = base.join(&found[1].replace("&amp;", "&")) else {
            continue;
        };
        let parts: Vec<_> = address.path_segments().into_iter().flatten().collect();
        let is_file = parts.last().is_some_and(|last| last.contains('.'));
        if address.origin() != base.origin() || !is_file {
            continue;
        }
        for depth in 1..parts.len() {
            let mut folder = base.clone();
            folder.set_query(None);
            folder.set_fragment(None);
            folder.set_path(&format!("{}/", parts[..depth].join("/")));
            if folder.path() != base.path() {
                folders.insert((depth, folder));
            }
        }
    }
    folders.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_out() {
        for (text, kind) in [
            (
                "# for production\nA=1\n\nexport B_C=\"x y\"\n",
                Kind::Environment,
            ),
            (
                "KEY=\"-----BEGIN PRIVATE KEY-----\nMIGH\nAgEA\n-----END PRIVATE KEY-----\"\nA=1",
                Kind::Environment,
            ),
            (
                "CREDENTIALS='{\n  \"type\": \"service_account\",\n  \"note\": \"if (a) { b(); }\"\n}'\nA=1",
                Kind::Environment,
            ),
            (
                "CREDENTIALS={\n  \"type\": \"service_account\"\n}\nA=1",
                Kind::Environment,
            ),
            (
                "MAIL=\"<p>Hello {{name}};\n<b>\\\"you\\\"</b>\n</p>\"\r\nA=1",
                Kind::Environment,
            ),
            ("A=Server=db;Password=x;\nB='it", Kind::Environment),
            ("ref: refs/heads/main\n", Kind::GitHead),
            ("9fceb02d0ae598e95dc970b74767f19372d61af8\n", Kind::GitHead),
            ("[core]\n\trepositoryformatversion = 0\n", Kind::GitConfig),
            (
                "registry=https://r.test/\n//r.test/:_authToken=npm_abc",
                Kind::NpmCredentials,
            ),
            (
                "<html>\r\n<head><title>Index of /assets/</title></head>",
                Kind::Listing,
            ),
            (
                "<!DOCTYPE HTML>\n<html lang=\"en\"><head>\n<title>Directory listing for /assets/</title>",
                Kind::Listing,
            ),
            (
                "<pre>\n<a href=\"app.js\">app.js</a>\n</pre>\n",
                Kind::Listing,
            ),
        ] {
            assert_eq!(Kind::of(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn what_stands_in_for_what_is_missing() {
        for text in [
            "",
            "Not found",
            "{\"error\":\"not found\"}",
            "<!doctype html><title>Shop</title><a href=\"/?a=1\">A=1</a>",
            "<!doctype html><title>Our index of prices</title>",
            "registry=https://r.test/\nsave-exact=true\n<x>",
            "var a=1;\nconsole.log(a)",
            "a=1; b=2;\nfoo(3)",
            "a=1\nif (a) {\n  b\n}",
            "a = 'x\n<p>it</p>",
            "User-agent: *\nDisallow:",
            "9fceb02d",
        ] {
            assert_eq!(Kind::of(text), None, "{text}");
        }
    }

    #[test]
    fn folders_of_a_page() {
        let base = Url::parse("https://shop.test/?x=1").unwrap();
        let page = r#"<link rel=stylesheet href="/_next/static/css/a.css?v=1"><script src=/_next/static/chunks/main.js></script>
            <a href="/about">x</a><img src="https://cdn.test/img/a.png"><img src="/logo.png"><img src="/uploads/b.png"><a data-href="/no/x.js">y</a>"#;
        let found = folders_of(page, &base).into_iter();
        let paths: Vec<String> = found.map(|folder| folder.path().to_owned()).collect();
        // Those at the root come before all that lie deeper.
        assert_eq!(
            paths,
            [
                "/_next/",
                "/uploads/",
                "/_next/static/",
                "/_next/static/chunks/",
                "/_next/static/css/",
            ]
        );
    }

    #[test]
    fn texts_of_powershell() {
        let text = "A=1\r\nB=ä\r\n";
        let little = text.encode_utf16().flat_map(u16::to_le_bytes);
        let big = text.encode_utf16().flat_map(u16::to_be_bytes);
        assert_eq!(
            decoded(&[0xff, 0xfe].into_iter().chain(little).collect::<Vec<_>>()),
            text
        );
        assert_eq!(
            decoded(&[0xfe, 0xff].into_iter().chain(big).collect::<Vec<_>>()),
            text
        );
        assert_eq!(decoded(text.as_bytes()), text);
        assert_eq!(decoded(&[0xff, 0xfe, 0x41]), "");
    }
}
