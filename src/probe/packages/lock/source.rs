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
