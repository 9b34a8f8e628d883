//! The address of a target: `http` or `https`, and no credentials in it.

use url::Url;

/// What is wrong with an address; the address itself is not repeated, since it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: &'static str,
    pub(super) label: String,
    pub(super) help: String,
}

/// Reads an address.
pub(super) fn parse(text: &str) -> Result<Url, Wrong> {
    let wrong = |what, label: &str, help: String| Wrong {
        what,
        label: label.into(),
        help,
    };
    let text = text.trim();
    let unreadable = |why: String| {
        wrong(
            "is not an address",
            &why,
            "write it whole, as in \"https://staging.example.com\"".into(),
        )
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) if !text.is_empty() => {
            return Err(unreadable(
                "begins with neither http:// nor https://".into(),
            ));
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    if !matches!(url.scheme(), "http" | "https") {
        // `localhost:3000` reads as a scheme and a path.
        return Err(unreadable(
            "begins with neither http:// nor https://".into(),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let help = "take them out; for a header that lets holdpoint in, write authorization = \"Basic ${NAME}\" below [target.headers]";
        return Err(wrong(
            "holds credentials",
            "they would end up in reports and logs",
            help.into(),
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(unreadable("names no host".into()));
    }
    let mut url = url;
    url.set_fragment(None);
    url.set_query(None);
    Ok(url)
}

/// Is this the address of somebody's real site, rather than one that documentation uses?
pub(super) fn is_somewhere(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let reserved = [
        "example.com",
        "example.org",
        "example.net",
        "example",
        "invalid",
        "test",
    ];
    let is = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    !host.contains("your-")
        && !host.contains("yourdomain")
        && !host.contains("yourapp")
        && !reserved.into_iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(
            parse("https://a.example.com").unwrap().as_str(),
            "https://a.example.com/"
        );
        assert_eq!(
            parse(" http://[::1]:3000/x?y#z ").unwrap().as_str(),
            "http://[::1]:3000/x"
        );
        for text in [
            "",
            "localhost:3000",
            "app.example.com",
            "ftp://x",
            "https://",
            "https://a b",
            "http://:80",
            "é",
        ] {
            assert_eq!(parse(text).unwrap_err().what, "is not an address", "{text}");
        }
    }

    #[test]
    fn credentials_are_refused_without_being_repeated() {
        let wrong = parse("https://me:hunter22@example.com").unwrap_err();
        assert_eq!(wrong.what, "holds credentials");
        assert!(!format!("{wrong:?}").contains("hunter22"));
    }

    #[test]
    fn documentation_is_nowhere() {
        for text in [
            "https://example.com",
            "https://your-domain.com",
            "http://a.test",
        ] {
            assert!(!is_somewhere(&parse(text).unwrap()), "{text}");
        }
        assert!(is_somewhere(&parse("http://localhost:3000").unwrap()));
    }
}
