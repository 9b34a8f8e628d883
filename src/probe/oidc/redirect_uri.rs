//! Which callback addresses an application sends to its provider, told from its settings.

use crate::model::{Application, Environment, Target, is_loopback};
use crate::probe::nextauth::base_path;
use url::Url;

/// What NextAuth appends to its base path, before the provider's id.
const CALLBACK: &str = "callback";
/// Where `next dev` listens when it is not told a port.
const DEVELOPMENT_PORT: u16 = 3000;

/// What a callback address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// The application as it is deployed, or as its settings describe it.
    Deployment,
    /// `npm run dev` on a developer's machine.
    Development,
    /// A second domain that people use.
    CustomDomain,
}

impl Use {
    /// Every purpose.
    pub(super) const ALL: &'static [Self] =
        &[Self::Deployment, Self::Development, Self::CustomDomain];

    /// The word in facts.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Development => "development",
            Self::CustomDomain => "custom_domain",
        }
    }
}

/// One callback address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) purpose: Use,
    pub(super) uri: String,
    /// What it was derived from, for people.
    pub(super) source: String,
}

/// What callback addresses are derived from.
pub(super) struct Settings<'a> {
    pub(super) provider: &'a str,
    /// Written in the check.
    pub(super) given: Option<&'a str>,
    /// A host or an origin; empty where there is none.
    pub(super) custom_domain: &'a str,
    pub(super) environment: &'a Environment,
    pub(super) target: Option<&'a Target>,
    pub(super) application: &'a Application,
}

/// Every callback address that should be registered; the first is the one of the deployment.
///
/// The deployed application sends what AUTH_URL or NEXTAUTH_URL say. Where those name this machine
/// and the target does not, they are a developer's, and the target's address counts.
pub(super) fn candidates(settings: &Settings<'_>) -> Vec<Candidate> {
    let below = base_path(settings.application, settings.environment);
    let callback = |base: &Url| callback(base, below, settings.provider);
    let configured = ["AUTH_URL", "NEXTAUTH_URL"].into_iter().find_map(|name| {
        let variable = settings.environment.get(name)?;
        let url = Url::parse(variable.value.trim()).ok()?;
        let place = format!("{name} at {}", variable.origin);
        url.has_host().then_some((url, place))
    });
    let target = settings.target.map(|target| {
        let mut url = target.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.set_path(&format!("{}{below}", url.path().trim_end_matches('/')));
        (url, "the target's address".to_owned())
    });
    let public = |found: &Option<(Url, String)>| found.clone().filter(|(url, _)| !is_loopback(url));
    let deployment = public(&configured)
        .or_else(|| public(&target))
        .or_else(|| target.clone())
        .or_else(|| configured.clone());
    let mut found: Vec<Candidate> = Vec::new();
    let mut add = |purpose, uri: String, source: String| {
        // One address may serve two purposes; it is asked about once.
        if !found
            .iter()
            .any(|known| known.purpose == purpose && known.uri == uri)
        {
            found.push(Candidate {
                purpose,
                uri,
                source,
            });
        }
    };
    match settings.given {
        Some(uri) => add(Use::Deployment, uri.to_owned(), "the check".into()),
        None => {
            if let Some((url, source)) = deployment {
                add(Use::Deployment, callback(&url), source);
            }
        }
    }
    if let Some((url, source)) = configured.filter(|(url, _)| is_loopback(url)) {
        add(Use::Development, callback(&url), source);
    }
    if let Some(command) = settings
        .application
        .scripts
        .get("dev")
        .filter(|_| settings.given.is_none())
        && let Some(port) = development_port(command)
    {
        let uri = format!(
            "http://localhost:{port}{below}/{CALLBACK}/{}",
            settings.provider
        );
        let source = format!("the script \"dev\" of package.json, which listens on port {port}");
        add(Use::Development, uri, source);
    }
    if let Some(url) = domain(settings.custom_domain) {
        let uri = callback(&url);
        add(Use::CustomDomain, uri, "the custom domain".into());
    }
    found
}

/// A callback address on the same host that nobody has registered.
pub(super) fn unregistered(registered: &str, run: &str) -> String {
    let mut url = match Url::parse(registered) {
        Ok(url) => url,
        Err(_) => return format!("https://holdpoint.invalid/{run}"),
    };
    url.set_query(None);
    url.set_path(&format!("/holdpoint-unregistered-{run}/callback"));
    url.into()
}

/// An address that has a path says NextAuth's own by it; else it is `below`.
fn callback(base: &Url, below: &str, provider: &str) -> String {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    let path = match url.path().trim_end_matches('/') {
        "" => below,
        path => path,
    };
    let path = format!("{path}/{CALLBACK}/{provider}");
    url.set_path(&path);
    url.into()
}

fn domain(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let text = match text.contains("://") {
        true => text.to_owned(),
        false => format!("https://{text}"),
    };
    Url::parse(&text).ok().filter(Url::has_host)
}

/// The port on which a script starts Next.js for development; none where it starts something else.
///
/// Next.js takes `-p`, `--port` and the variable PORT, in this order.
fn development_port(command: &str) -> Option<u16> {
    // Only the part that starts the server: its neighbours have ports of their own.
    let part = command
        .split("&&")
        .flat_map(|part| part.split(['|', '&', ';']))
        .find(|part| part.contains("next dev"))?;
    let words: Vec<&str> = part.split_whitespace().collect();
    let flag = words.iter().enumerate().find_map(|(at, word)| {
        let joined = word
            .strip_prefix("--port=")
            .or_else(|| word.strip_prefix("-p="))
            .or_else(|| word.strip_prefix("-p").filter(|rest| !rest.is_empty()));
        match *word {
            "-p" | "--port" => words.get(at + 1).copied(),
            _ => joined,
        }
    });
    let variable = words.iter().find_map(|word| word.strip_prefix("PORT="));
    match flag.or(variable) {
        Some(port) => port.trim_matches(['"', '\'']).parse().ok(),
        None => Some(DEVELOPMENT_PORT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PathClasses, Variable, VariableOrigin};

    fn found(variables: &[(&str, &str)], target: Option<&str>, dev: &str) -> Vec<(Use, String)> {
        let environment = Environment {
            variables: variables
                .iter()
                .map(|(name, value)| Variable {
                    name: (*name).into(),
                    value: (*value).into(),
                    raw: (*value).into(),
                    origin: VariableOrigin::Process,
                    secret: false,
                    shadowed: vec![],
                })
                .collect(),
            ..Environment::default()
        };
        let target = target.map(|url| Target {
            url: url.parse().unwrap(),
            environment: String::new(),
            owned: false,
            plain_url: None,
            authority_pem: None,
            headers: vec![],
            paths: PathClasses::default(),
        });
        let application = Application {
            scripts: [("dev".to_owned(), dev.to_owned())].into(),
            ..Application::default()
        };
        let settings = Settings {
            provider: "google",
            given: None,
            custom_domain: "",
            environment: &environment,
            target: target.as_ref(),
            application: &application,
        };
        candidates(&settings)
            .into_iter()
            .map(|one| (one.purpose, one.uri))
            .collect()
    }

    #[test]
    fn the_address_that_the_deployment_sends_comes_first() {
        let public = "https://app.example/api/auth/callback/google".to_owned();
        let local = "http://localhost:3001/api/auth/callback/google".to_owned();
        let development = (Use::Development, local.clone());
        assert_eq!(
            found(
                &[("NEXTAUTH_URL", "https://app.example/")],
                Some("http://127.0.0.1:9"),
                "next dev -p 3001"
            ),
            [(Use::Deployment, public.clone()), development.clone()]
        );
        // A developer's address beside a deployed target.
        assert_eq!(
            found(
                &[("NEXTAUTH_URL", "http://localhost:3000")],
                Some("https://app.example"),
                "next dev --port=3001"
            ),
            [
                (Use::Deployment, public),
                (
                    Use::Development,
                    "http://localhost:3000/api/auth/callback/google".into()
                ),
                development
            ]
        );
        assert_eq!(
            found(&[("NEXTAUTH_URL", "http://localhost:3001")], None, "vite"),
            [(Use::Deployment, local.clone()), (Use::Development, local)]
        );
        assert_eq!(
            found(&[("AUTH_URL", "https://a.example/base/auth")], None, "vite"),
            [(
                Use::Deployment,
                "https://a.example/base/auth/callback/google".into()
            )]
        );
        assert_eq!(found(&[], None, "vite"), []);
    }

    #[test]
    fn reads_the_port_of_a_script() {
        for (command, port) in [
            ("next dev", Some(3000)),
            ("next dev --turbopack -p 3001", Some(3001)),
            ("next dev -p3001", Some(3001)),
            ("next dev --port 4000", Some(4000)),
            ("PORT=4100 next dev", Some(4100)),
            ("genkit start -p 1 & next dev -p 3002", Some(3002)),
            ("next dev -p $PORT", None),
            ("vite", None),
        ] {
            assert_eq!(development_port(command), port, "{command}");
        }
    }

    #[test]
    fn an_unregistered_address_keeps_the_host() {
        assert_eq!(
            unregistered("https://a.example/api/auth/callback/google", "r1"),
            "https://a.example/holdpoint-unregistered-r1/callback"
        );
    }
}
