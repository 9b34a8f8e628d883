//! The application under examination, as an address with its paths.

use std::net::Ipv4Addr;
use url::Url;

/// A running web application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The base address.
    pub url: Url,
    /// The name of the environment: `production`, `staging`, `development`.
    pub environment: String,
    /// The user has said that this target is theirs; level `active` is allowed.
    pub owned: bool,
    /// Where the same site answers over plain HTTP, for the redirect checks.
    pub plain_url: Option<Url>,
    /// A private certificate authority to trust, as PEM text.
    pub authority_pem: Option<String>,
    /// Headers sent to the target's own origin only, such as a protection bypass.
    pub headers: Vec<(String, String)>,
    /// One path for each class of answer.
    pub paths: PathClasses,
}

/// One path for each class of answer that a Next.js application gives.
///
/// The static chunk has none: its name changes with each build, so the probe finds it in the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathClasses {
    /// The front page.
    pub page: String,
    /// The sign-in page.
    pub sign_in: String,
    /// An API route that answers GET.
    pub api: String,
    /// The service worker.
    pub service_worker: String,
    /// The web application manifest.
    pub manifest: String,
    /// A path that nothing answers.
    pub missing: String,
}

impl PathClasses {
    /// The word that stands for "a script that the front page loads" in a list of paths.
    pub const CHUNK: &'static str = "@chunk";

    /// One path for every class, the static chunk by its word.
    pub fn every_class(&self) -> Vec<String> {
        [
            self.page.as_str(),
            &self.sign_in,
            &self.api,
            &self.service_worker,
            &self.manifest,
            Self::CHUNK,
            &self.missing,
        ]
        .map(String::from)
        .to_vec()
    }
}

impl Default for PathClasses {
    fn default() -> Self {
        Self {
            page: "/".into(),
            sign_in: "/api/auth/signin".into(),
            api: "/api".into(),
            service_worker: "/sw.js".into(),
            manifest: "/manifest.webmanifest".into(),
            missing: "/holdpoint-no-such-page".into(),
        }
    }
}

impl Target {
    /// Is the target this machine? Then plain HTTP is not a defect of the deployment.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.url)
    }

    /// May active looks go there: is it this machine, or marked as the user's own?
    pub fn is_own(&self) -> bool {
        self.owned || self.is_loopback()
    }

    /// Do people depend on it? A stack on this machine is nobody's production, whatever it is called.
    pub fn is_production(&self) -> bool {
        let word = self.environment.trim();
        let names_it = PRODUCTION
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name));
        names_it && !self.is_loopback()
    }
}

/// What people call the environment that others depend on.
const PRODUCTION: [&str; 4] = ["production", "prod", "prd", "live"];

/// Does an address name this machine?
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Outside the web's own schemes an IPv4 address is kept as a name.
        Some(url::Host::Domain(name)) => match name.parse::<Ipv4Addr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => name == "localhost" || name.ends_with(".localhost"),
        },
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Do two addresses have the same scheme, host and port? The names of this machine count as one, because
/// Next.js writes one for another.
pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.port_or_known_default() == other.port_or_known_default()
        && (one.host() == other.host() || is_loopback(one) && is_loopback(other))
}

/// Scheme, host and port in one way of writing, so that two looks at one peer have one origin: with the port even
/// where it is the scheme's own, WebSockets as the HTTP that they begin as, and one name for this machine.
pub fn origin(url: &Url) -> Option<String> {
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        other => other,
    };
    let host = match is_loopback(url) {
        true => "localhost",
        false => url.host_str().filter(|host| !host.is_empty())?,
    };
    Some(format!(
        "{scheme}://{host}:{}",
        url.port_or_known_default()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_has_several_names() {
        let target = |url: &str, environment: &str| Target {
            url: Url::parse(url).unwrap(),
            environment: environment.into(),
            owned: true,
            plain_url: None,
            authority_pem: None,
            headers: Vec::new(),
            paths: PathClasses::default(),
        };
        for name in ["production", " Prod ", "PRD", "live"] {
            assert!(target("https://a.example", name).is_production(), "{name}");
            assert!(!target("http://localhost:3000", name).is_production());
        }
        for name in ["staging", "preproduction", "product"] {
            assert!(!target("https://a.example", name).is_production(), "{name}");
        }
    }

    #[test]
    fn an_origin_is_written_in_one_way() {
        for (address, wanted) in [
            ("https://a.example/x?y", Some("https://a.example:443")),
            ("https://a.example:443", Some("https://a.example:443")),
            ("wss://a.example/", Some("https://a.example:443")),
            ("http://127.0.0.1:3000", Some("http://localhost:3000")),
            ("http://[::1]:3000/api", Some("http://localhost:3000")),
            ("http://[2001:db8::1]", Some("http://[2001:db8::1]:80")),
            ("smtp://127.0.0.1:25", Some("smtp://localhost:25")),
            ("smtp://mail.example:25", Some("smtp://mail.example:25")),
            ("dns://system", None),
            ("mailto:a@b.example", None),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(origin(&url).as_deref(), wanted, "{address}");
        }
    }

    #[test]
    fn this_machine_has_several_names() {
        let same = |one: &str, other: &str| {
            same_origin(&Url::parse(one).unwrap(), &Url::parse(other).unwrap())
        };
        assert!(same("http://localhost:3000", "http://127.0.0.1:3000/api"));
        assert!(same("https://a.example", "https://a.example:443/x"));
        assert!(!same("http://localhost:3000", "http://localhost:3001"));
        assert!(!same("https://a.example", "http://a.example"));
        assert!(!same("https://a.example", "https://www.a.example"));
    }
}
