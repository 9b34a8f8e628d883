//! Where an entry of a lockfile is fetched from.

use std::borrow::Cow;
use url::Url;

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::probe) enum Source {
    /// The registry that the package manager is set to; the entry names none.
    #[default]
    Registry,
    /// A registry over HTTPS, by its host.
    Host(String),
    /// An address over plain HTTP.
    Plain(String),
    /// An archive over HTTPS that lies at no registry.
    Archive(String),
    /// A Git repository.
    Git(String),
    /// A file of the machine that installs.
    File(String),
    /// One of the application's own folders.
    Own,
}

/// Ways of writing a Git repository (npm documentation, package.json, dependencies).
const GIT: &[&str] = &[
    "git+",
    "git:",
    "git@",
    "ssh:",
    "github:",
    "gitlab:",
    "bitbucket:",
    "gist:",
];
/// Hosts that serve archives of repositories.
const OF_REPOSITORIES: &[&str] = &[
    "codeload.github.com",
    "github.com",
    "gitlab.com",
    "bitbucket.org",
    "gitpkg.now.sh",
    "pkg.pr.new",
];

impl Source {
    /// The source that an address names.
    pub(in crate::probe) fn of(address: &str) -> Self {
        let shown = || without_credentials(address).into_owned();
        if GIT.iter().any(|form| address.starts_with(form)) {
            return Self::Git(shown());
        }
        if ["file:", "link:", "portal:", "./", "../", "/"]
            .iter()
            .any(|form| address.starts_with(form))
        {
            return Self::File(address.to_owned());
        }
        let Ok(url) = Url::parse(address) else {
            return Self::Registry;
        };
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if url.path().ends_with(".git") || (url.fragment().is_some() && is_commit(&url)) {
            return Self::Git(shown());
        }
        match url.scheme() {
            "http" => Self::Plain(shown()),
            "https" if OF_REPOSITORIES.contains(&host.as_str()) => Self::Archive(shown()),
            // Registries lay archives below "-" (npm, Verdaccio, Artifactory) or "download" (GitHub).
            "https" if url.path().contains("/-/") || url.path().contains("/download/") => {
                Self::Host(host)
            }
            "https" => Self::Archive(shown()),
            _ => Self::Registry,
        }
    }
}

/// A fragment of 40 digits is a commit on a repository host, and a SHA-1 of the archive in yarn.lock.
fn is_commit(url: &Url) -> bool {
    let fragment = url.fragment().unwrap_or_default();
    let commit = fragment.strip_prefix("commit=").unwrap_or(fragment);
    let hexadecimal = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let archive = [".tgz", ".tar.gz"]
        .iter()
        .any(|ending| url.path().ends_with(ending));
    hexadecimal && !archive && !url.path().contains("/-/")
}

/// An address without user, password, query and fragment, which may hold a token.
pub(in crate::probe) fn without_credentials(address: &str) -> Cow<'_, str> {
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = bare.split_once("://") else {
        return bare.into();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}").into(),
        None => bare.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_and_lose_their_credentials() {
        for (address, source) in [
            (
                "https://registry.npmjs.org/a/-/a-1.0.0.tgz",
                Source::Host("registry.npmjs.org".into()),
            ),
            (
                "https://npm.pkg.github.com/download/@s/a/1.0.0/0123",
                Source::Host("npm.pkg.github.com".into()),
            ),
            (
                "https://u:p@NPM.test/x/a/-/a-1.0.0.tgz?token=1",
                Source::Host("npm.test".into()),
            ),
            (
                "http://registry.npmjs.org/a/-/a-1.0.0.tgz",
                Source::Plain("http://registry.npmjs.org/a/-/a-1.0.0.tgz".into()),
            ),
            (
                "http://u:p@npm.test/a.tgz?token=1#x",
                Source::Plain("http://npm.test/a.tgz".into()),
            ),
            (
                "https://codeload.github.com/x/a/tar.gz/0123",
                Source::Archive("https://codeload.github.com/x/a/tar.gz/0123".into()),
            ),
            (
                "https://evil.test/a.tgz",
                Source::Archive("https://evil.test/a.tgz".into()),
            ),
            (
                "git+https://t0ken@github.com/x/a.git#0123",
                Source::Git("git+https://github.com/x/a.git".into()),
            ),
            (
                "https://github.com/x/a.git#commit=0123",
                Source::Git("https://github.com/x/a.git".into()),
            ),
            ("github:x/a", Source::Git("github:x/a".into())),
            ("file:../a.tgz", Source::File("file:../a.tgz".into())),
            ("3.0.0", Source::Registry),
        ] {
            assert_eq!(Source::of(address), source, "{address}");
        }
    }
}
