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

fn is_listing(html: &str) -> bool {
    LISTING.is_match(html)
}

fn is_head(text: &str) -> bool {
    let id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id || (text.starts_with("ref: refs/") && text.lines().count() == 1)
}

/// Nothing but assignments and comments, apart from the later lines of values that have several.
fn is_environment(text: &str) -> bool {
    let lines = text.lines().map(str::trim);
    let mut lines = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .peekable();
    if !lines.peek().is_some_and(|first| ASSIGNMENT.is_match(first)) {
        return false;
    }
    let (assigning, others): (Vec<_>, Vec<_>) = lines.partition(|line| ASSIGNMENT.is_match(line));
    // A private key has some thirty lines.
    others.len() <= 40 * assigning.len()
        && others
            .iter()
            .all(|line| !line.contains(['<', '{', ';', '(']))
}

/// The folders of the page's own origin from which it loads files, and those above them, up to `most`.
pub(super) fn folders_of(page: &str, base: &Url, most: usize) -> Vec<Url> {
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
                folders.insert(folder);
            }
        }
    }
    folders.into_iter().take(most).collect()
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
            <a href="/about">x</a><img src="https://cdn.test/img/a.png"><img src="/logo.png"><a data-href="/no/x.js">y</a>"#;
        let paths = |most| -> Vec<String> {
            let found = folders_of(page, &base, most).into_iter();
            found.map(|folder| folder.path().to_owned()).collect()
        };
        assert_eq!(
            paths(8),
            [
                "/_next/",
                "/_next/static/",
                "/_next/static/chunks/",
                "/_next/static/css/",
            ]
        );
        assert_eq!(paths(1), ["/_next/"]);
    }
}
