//! What a provider's authorization endpoint says to a sign-in request that nobody will complete.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Cow;
use url::Url;

/// Refusals that blame the redirect URI, as pages and codes of providers write them, in lower case.
/// Sources: Google, Amazon Cognito, node-oidc-provider, Ory Hydra, Keycloak, Auth0, Okta, Microsoft Entra.
const BLAMES_REDIRECT: &[&str] = &[
    "redirect_uri_mismatch",
    "redirect_mismatch",
    "invalid_redirect_uri",
    "redirect_uri did not match",
    "'redirect_uri' parameter does not match",
    "invalid parameter: redirect_uri",
    "callback url mismatch",
    "parameter must be a login redirect uri",
    "aadsts50011",
];
/// Refusals that blame the client.
const BLAMES_CLIENT: &[&str] = &[
    "invalid_client",
    "deleted_client",
    "disabled_client",
    "unauthorized_client",
    "org_internal",
    "client not found",
    "unknown client",
    "client is invalid",
    "invalid value for 'client_id' parameter",
    "aadsts700016",
];
/// What a provider sends to a registered address where nobody is signed in and no page may be shown
/// (OpenID Connect Core 1.0 section 3.1.2.6).
const NOBODY_THERE: &[&str] = &[
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
];

/// Parts of the addresses of Google's pages to sign in.
const GOOGLES_PAGES: &[&str] = &["identifier", "servicelogin", "accountchooser"];

/// What is wrong with a refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    Client,
    RedirectUri,
    /// The provider does not say, or not in words that are known here.
    Unsaid,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The client and its redirect URI are known. `returned`: the browser was sent to that very URI.
    Accepted { returned: bool },
    /// The provider refuses: its code or words, and what they blame.
    Refused { code: String, blame: Blame },
    /// It cannot be told.
    Untold(String),
}

/// A sign-in request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
pub(super) struct Request<'a> {
    pub(super) endpoint: &'a Url,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    /// Text that differs from run to run.
    pub(super) run: &'a str,
    /// Ask for an answer without a page. Google is asked as a browser would ask.
    pub(super) silent: bool,
}

impl Request<'_> {
    /// The address to ask.
    pub(super) fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", self.client_id)
                .append_pair("redirect_uri", self.redirect_uri)
                .append_pair("scope", "openid email profile")
                .append_pair("state", &format!("holdpoint-{}", self.run))
                .append_pair("nonce", &format!("holdpoint-{}", self.run))
                .append_pair("code_challenge", &challenge(self.run))
                .append_pair("code_challenge_method", "S256");
            if self.silent {
                query.append_pair("prompt", "none");
            }
        }
        url
    }
}

/// The text that stands in for a PKCE verifier, of 43 characters and more (RFC 7636 section 4.1); no
/// code is ever redeemed with it.
pub(super) fn verifier(run: &str) -> String {
    let run: String = run
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect();
    format!("holdpoint-verifier-of-a-code-that-was-made-up-{run}")
}

fn challenge(run: &str) -> String {
    use sha2::Digest as _;
    URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(verifier(run)))
}

/// What an answer to `asked` says about the client and `redirect_uri`.
pub(super) fn outcome(
    asked: &Url,
    redirect_uri: &str,
    status: u16,
    location: Option<&str>,
    body: &str,
) -> Outcome {
    match status {
        300..=399 => match location.and_then(|location| asked.join(location).ok()) {
            Some(to) => redirected(asked, &to, redirect_uri),
            None => Outcome::Untold(format!(
                "the authorization endpoint answers {status} and leads nowhere"
            )),
        },
        200 | 400 | 401 | 403 | 404 => match blamed(body) {
            Some((code, blame)) => Outcome::Refused { code, blame },
            None if status == 200 => Outcome::Untold(
                "the authorization endpoint shows a page that is not known here; it may be a sign-in page, a refusal or a riddle for robots".into(),
            ),
            None if status == 403 => turned_away(status),
            None => Outcome::Refused {
                code: format!("status {status}"),
                blame: Blame::Unsaid,
            },
        },
        429 => turned_away(status),
        _ => Outcome::Untold(format!("the authorization endpoint answers {status}")),
    }
}

fn redirected(asked: &Url, to: &Url, redirect_uri: &str) -> Outcome {
    let parameter = |name: &str| {
        // The answer may be in the fragment, where the response mode says so.
        let fragment = to.fragment().unwrap_or_default();
        to.query_pairs()
            .chain(url::form_urlencoded::parse(fragment.as_bytes()))
            .find_map(|(found, value)| (found == name).then(|| value.into_owned()))
    };
    if is_same_place(to, redirect_uri) {
        let Some(error) = parameter("error") else {
            return Outcome::Accepted { returned: true };
        };
        return match error.as_str() {
            "server_error" | "temporarily_unavailable" => {
                Outcome::Untold(format!("the provider reports {error}"))
            }
            "unauthorized_client" | "invalid_client" => Outcome::Refused {
                code: error,
                blame: Blame::Client,
            },
            error if NOBODY_THERE.contains(&error) => Outcome::Accepted { returned: true },
            // RFC 6749 section 4.1.2.1: told to the redirect URI only where client and URI are known.
            _ => Outcome::Accepted { returned: true },
        };
    }
    // Google's page for refusals.
    if to.path().ends_with("/oauth/error") {
        return match parameter("authError")
            .as_deref()
            .map(super::auth_error::decode)
        {
            Some(texts) if !texts.is_empty() => refused(&texts[0], &texts.join(" ")),
            _ => Outcome::Untold(
                "the provider refuses the request in a form that is not known here".into(),
            ),
        };
    }
    if let Some(error) = parameter("error") {
        let description = parameter("error_description").unwrap_or_default();
        return match error.as_str() {
            "server_error" | "temporarily_unavailable" => {
                Outcome::Untold(format!("the provider reports {error}"))
            }
            _ => refused(&error, &format!("{error} {description}")),
        };
    }
    let path = to.path().to_ascii_lowercase();
    if ["/sorry", "captcha", "challenge/recaptcha"]
        .iter()
        .any(|word| path.contains(word))
    {
        return Outcome::Untold("the provider asks for proof of a human".into());
    }
    if path.contains("error") {
        return Outcome::Untold("the provider leads to an error page without a code".into());
    }
    let known = GOOGLES_PAGES.iter().any(|page| path.contains(page));
    if asked.host_str() == Some("accounts.google.com") && !known {
        return Outcome::Untold("Google leads to a page that is not known here".into());
    }
    // A page of the provider, to sign in or to choose an account. Whether it would also be shown for a
    // wrong request is what the negative control tells.
    Outcome::Accepted { returned: false }
}

fn turned_away(status: u16) -> Outcome {
    Outcome::Untold(format!(
        "the provider turns this machine away ({status}): ask later, or from another address"
    ))
}

/// The same scheme, host, port and path.
fn is_same_place(url: &Url, redirect_uri: &str) -> bool {
    Url::parse(redirect_uri)
        .is_ok_and(|wanted| wanted.origin() == url.origin() && wanted.path() == url.path())
}

fn refused(code: &str, words: &str) -> Outcome {
    let blame = blamed(words).map_or(Blame::Unsaid, |(_, blame)| blame);
    let code = code.chars().take(60).collect();
    Outcome::Refused { code, blame }
}

/// The words of a page or a code that say what is wrong.
fn blamed(text: &str) -> Option<(String, Blame)> {
    let text = text.to_lowercase();
    let text = ["&#39;", "&#x27;", "&apos;"]
        .iter()
        .fold(text, |text, quote| text.replace(quote, "'"));
    let find = |words: &[&str], blame| {
        let word = words.iter().find(|word| text.contains(*word))?;
        Some(((*word).to_owned(), blame))
    };
    find(BLAMES_REDIRECT, Blame::RedirectUri).or_else(|| find(BLAMES_CLIENT, Blame::Client))
}

impl Outcome {
    /// The answer in a sentence, for evidence.
    pub(super) fn told(&self) -> Cow<'static, str> {
        match self {
            Self::Accepted { returned: true } => "sent back to the redirect URI".into(),
            Self::Accepted { returned: false } => "led to a page to sign in".into(),
            Self::Refused { code, .. } => format!("refused: {code}").into(),
            Self::Untold(cause) => format!("not told: {cause}").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::auth_error::encoded;
    use super::*;

    const URI: &str = "https://app.example/api/auth/callback/google";

    fn of(status: u16, location: Option<&str>, body: &str) -> Outcome {
        let asked = Url::parse("https://accounts.google.com/o/oauth2/v2/auth?x=y").unwrap();
        outcome(&asked, URI, status, location, body)
    }

    fn to(location: &str) -> Outcome {
        of(302, Some(location), "")
    }

    fn refusal(outcome: Outcome) -> (String, Blame) {
        match outcome {
            Outcome::Refused { code, blame } => (code, blame),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn googles_refusal_is_decoded() {
        let at = |code: &str, message: &str| {
            to(&format!(
                "/signin/oauth/error?authError={}&client_id=1",
                encoded(code, message)
            ))
        };
        assert_eq!(
            refusal(at("redirect_uri_mismatch", "You can't sign in")),
            ("redirect_uri_mismatch".into(), Blame::RedirectUri)
        );
        for code in ["invalid_client", "deleted_client", "disabled_client"] {
            assert_eq!(refusal(at(code, "")), (code.into(), Blame::Client));
        }
        assert_eq!(
            refusal(at("invalid_request", "does not comply")).1,
            Blame::Unsaid
        );
        for broken in ["", "%%%", "____", "Cv8", "CgA"] {
            let outcome = to(&format!("/signin/oauth/error?authError={broken}"));
            assert!(
                matches!(outcome, Outcome::Untold(_)) || broken == "CgA",
                "{broken}: {outcome:?}"
            );
        }
    }

    #[test]
    fn a_page_to_sign_in_accepts() {
        assert_eq!(
            to("https://accounts.google.com/v3/signin/identifier?opparams=1"),
            Outcome::Accepted { returned: false }
        );
        let elsewhere = Url::parse("https://id.example/auth").unwrap();
        assert_eq!(
            outcome(&elsewhere, URI, 303, Some("/interaction/abc"), ""),
            Outcome::Accepted { returned: false }
        );
        assert!(matches!(to("/signin/oauth/consent"), Outcome::Untold(_)));
        assert!(matches!(
            to("https://www.google.com/sorry/index"),
            Outcome::Untold(_)
        ));
        assert!(matches!(to("/error"), Outcome::Untold(_)));
    }

    #[test]
    fn an_error_at_the_redirect_uri_shows_that_it_is_known() {
        let back = |query: &str| to(&format!("{URI}?{query}"));
        let accepted = Outcome::Accepted { returned: true };
        assert_eq!(back("error=login_required&state=x"), accepted);
        assert_eq!(back("error=invalid_scope"), accepted);
        assert_eq!(back("code=abc"), accepted);
        assert_eq!(to(&format!("{URI}#error=consent_required")), accepted);
        assert!(matches!(back("error=server_error"), Outcome::Untold(_)));
        assert_eq!(refusal(back("error=unauthorized_client")).1, Blame::Client);
    }

    #[test]
    fn other_providers_pages_are_understood() {
        let page = |status, body: &str| refusal(of(status, None, body)).1;
        assert_eq!(
            page(400, "<pre>error: invalid_redirect_uri</pre>"),
            Blame::RedirectUri
        );
        assert_eq!(
            page(400, "Invalid parameter: redirect_uri"),
            Blame::RedirectUri
        );
        assert_eq!(
            page(
                400,
                "The &#39;redirect_uri&#39; parameter must be a Login redirect URI"
            ),
            Blame::RedirectUri
        );
        assert_eq!(
            page(400, "error_description: client is invalid"),
            Blame::Client
        );
        assert_eq!(
            page(200, "AADSTS700016: Application not found"),
            Blame::Client
        );
        assert_eq!(page(403, "Callback URL mismatch."), Blame::RedirectUri);
        assert_eq!(page(400, "<h1>Bad request</h1>"), Blame::Unsaid);
        let hydra = "/fallbacks/error?error=invalid_request&error_description=The+%27redirect_uri%27+parameter+does+not+match+any";
        assert_eq!(
            refusal(to(hydra)),
            ("invalid_request".into(), Blame::RedirectUri)
        );
        for status in [200, 403, 429, 500, 503] {
            assert!(
                matches!(of(status, None, "<html>"), Outcome::Untold(_)),
                "{status}"
            );
        }
        assert!(matches!(of(302, None, ""), Outcome::Untold(_)));
    }

    #[test]
    fn the_request_says_everything_that_a_provider_wants() {
        let endpoint = Url::parse("https://id.example/auth?tenant=1").unwrap();
        let request = Request {
            endpoint: &endpoint,
            client_id: "a b",
            redirect_uri: URI,
            run: "r1",
            silent: true,
        };
        let url = request.url();
        let get = |name: &str| {
            url.query_pairs()
                .find_map(|(found, value)| (found == name).then(|| value.into_owned()))
        };
        assert_eq!(get("tenant").as_deref(), Some("1"));
        assert_eq!(get("client_id").as_deref(), Some("a b"));
        assert_eq!(get("redirect_uri").as_deref(), Some(URI));
        assert_eq!(get("code_challenge").map(|text| text.len()), Some(43));
        assert_eq!(get("prompt").as_deref(), Some("none"));
        assert!((43..=128).contains(&verifier("").len()));
        assert!((43..=128).contains(&verifier(&"x".repeat(200)).len()));
    }
}
