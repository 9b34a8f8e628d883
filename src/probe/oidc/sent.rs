//! What an application's answer to the start of a sign-in sends to the provider, read without asking anybody.

use crate::probe::transport::Fetched;
use url::Url;

/// A sign-in request as the application sends it through the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    url: Url,
    pub(super) client_id: String,
    pub(super) redirect_uri: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) state: bool,
    pub(super) nonce: bool,
    pub(super) challenge_method: Option<String>,
    /// What must not be recorded, with names for its place.
    pub(super) secrets: Vec<(&'static str, String)>,
}

/// What came of the start of a sign-in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Leads(Box<Sent>),
    /// Cause and remedy.
    Fails(String, &'static str),
    Untold(String),
}

/// Reads the answer to `POST /api/auth/signin/<provider>`.
pub(super) fn start(asked: &Url, answer: &Fetched, endpoint: &Url) -> Start {
    if answer.status >= 500 || answer.status == 429 {
        return Start::Untold(format!(
            "the start of a sign-in is answered with {}",
            answer.status
        ));
    }
    let location = answer.header("location").and_then(|to| asked.join(to).ok());
    let Some(to) = location.filter(|_| (300..400).contains(&answer.status)) else {
        return Start::Untold(format!(
            "the start of a sign-in is answered with {} and leads nowhere",
            answer.status
        ));
    };
    let parameter = |name: &str| {
        to.query_pairs()
            .find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    };
    let is_endpoint = to.origin() == endpoint.origin() && to.path() == endpoint.path();
    if !is_endpoint {
        return astray(
            asked,
            &to,
            endpoint,
            parameter("error"),
            parameter("csrf").is_some(),
        );
    }
    let Some(client_id) = parameter("client_id").filter(|id| !id.is_empty()) else {
        return Start::Fails(
            "the application sends no client id".into(),
            "set the client id's variable for the deployment under the name that the code reads, and deploy again",
        );
    };
    let secrets = ["state", "nonce", "code_challenge"]
        .into_iter()
        .filter_map(|name| Some((name, parameter(name)?)))
        .collect();
    let has = |name: &str| parameter(name).is_some_and(|value| !value.is_empty());
    let method = parameter("code_challenge_method");
    Start::Leads(Box::new(Sent {
        client_id,
        redirect_uri: parameter("redirect_uri"),
        scope: parameter("scope"),
        state: has("state"),
        nonce: has("nonce"),
        // A challenge without a method is sent in clear (RFC 7636 section 4.3).
        challenge_method: has("code_challenge").then(|| method.unwrap_or_else(|| "plain".into())),
        secrets,
        url: to,
    }))
}

/// The sign-in leads elsewhere than to the provider.
fn astray(asked: &Url, to: &Url, endpoint: &Url, error: Option<String>, csrf: bool) -> Start {
    let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
    match error.as_deref() {
        Some("OAuthSignin" | "Configuration") => Start::Fails(
            format!("the application cannot start a sign-in ({})", error.unwrap_or_default()),
            "read the application's log: its secret is missing, the provider's variables are missing, or it cannot reach the provider's discovery document from where it runs",
        ),
        _ if csrf || error.as_deref() == Some("MissingCSRF") => Start::Untold(
            "the application did not take its own CSRF cookie back; it is Secure and the target is plain HTTP, or a proxy drops cookies".into(),
        ),
        Some(error) => {
            let error: String = error.chars().take(60).collect();
            Start::Untold(format!("the start of a sign-in ends in the error {error}"))
        }
        None if host(to) != host(asked) && host(to) != host(endpoint) => Start::Fails(
            format!("a sign-in leads to {}, and the provider's authorization endpoint is at {}", host(to), host(endpoint)),
            "give the deployment the same provider and issuer as here",
        ),
        None => Start::Untold(format!("a sign-in leads to {}{}", host(to), to.path())),
    }
}

impl Sent {
    /// The same request with another callback.
    pub(super) fn with(&self, redirect_uri: &str, silent: bool) -> Url {
        let mut url = self.url.clone();
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != "redirect_uri" && !(silent && name == "prompt"))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        {
            let mut query = url.query_pairs_mut();
            query.clear().extend_pairs(kept);
            query.append_pair("redirect_uri", redirect_uri);
            if silent {
                query.append_pair("prompt", "none");
            }
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, location: Option<&str>) -> Start {
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(location) = location {
            headers.insert("location", location.parse().unwrap());
        }
        let answer = Fetched {
            status,
            headers,
            ..Fetched::default()
        };
        let asked = Url::parse("https://app.example/api/auth/signin/google").unwrap();
        let endpoint = Url::parse("https://id.example/auth").unwrap();
        start(&asked, &answer, &endpoint)
    }

    #[test]
    fn a_request_to_the_provider_is_taken_apart() {
        let url = "https://id.example/auth?client_id=c&scope=openid&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=s1&code_challenge=x1&code_challenge_method=S256";
        let Start::Leads(sent) = of(302, Some(url)) else {
            panic!("it leads to the provider")
        };
        assert_eq!(sent.client_id, "c");
        assert_eq!(sent.redirect_uri.as_deref(), Some("https://app.example/cb"));
        assert!(sent.state && !sent.nonce);
        assert_eq!(sent.challenge_method.as_deref(), Some("S256"));
        assert_eq!(sent.secrets.len(), 2);
        let other = sent.with("https://x.example/", true);
        assert!(
            other
                .as_str()
                .contains("redirect_uri=https%3A%2F%2Fx.example%2F")
        );
        assert!(!other.as_str().contains("app.example"));
        assert!(other.as_str().ends_with("prompt=none"));
    }

    #[test]
    fn a_challenge_without_a_method_is_plain() {
        let Start::Leads(sent) = of(
            302,
            Some("https://id.example/auth?client_id=c&code_challenge=x"),
        ) else {
            panic!("it leads to the provider")
        };
        assert_eq!(sent.challenge_method.as_deref(), Some("plain"));
    }

    #[test]
    fn what_leads_elsewhere_is_told_apart() {
        let fails = |location| matches!(of(302, Some(location)), Start::Fails(..));
        let untold = |location| matches!(of(302, Some(location)), Start::Untold(_));
        assert!(fails("/auth/signin?error=OAuthSignin"));
        assert!(fails("/api/auth/error?error=Configuration"));
        assert!(fails("https://id.example/auth?scope=openid"));
        assert!(fails("https://elsewhere.example/auth?client_id=c"));
        assert!(untold("/api/auth/signin?csrf=true"));
        assert!(untold("/auth/signin?error=MissingCSRF"));
        assert!(untold("/auth/signin?error=RateLimited"));
        assert!(untold("/"));
        assert!(matches!(of(500, None), Start::Untold(_)));
        assert!(matches!(of(200, None), Start::Untold(_)));
    }
}
