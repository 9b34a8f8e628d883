//! The endpoints of the library at the target: asked over HTTP, and their answers read.

use crate::model::{Target, same_origin};
use crate::probe::Context;
use crate::probe::http::cookie::{self, Cookie};
use crate::probe::transport::to_target::dress;
use crate::probe::transport::{Fault, Fetched, Transport};
use crate::secret::Book;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

/// Where the endpoints lie. Owns what it needs, so that a removal may outlive its look.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Site {
    base: Url,
    /// The target's user and password as they are sent (RFC 7617).
    authorization: Option<String>,
    target: Arc<Target>,
    transport: Arc<Transport>,
    secrets: Arc<Book>,
}

/// The answer of one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) cookies: Vec<Cookie>,
    pub(super) json: Option<Value>,
    pub(super) cache_control: Option<String>,
    location: Option<String>,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    /// JSON with status 200.
    Json(Value),
    /// Nothing is there.
    Missing,
    /// The library says that its configuration is wrong.
    Misconfigured,
    /// Something else, which does not tell.
    Unclear(String),
}

impl Site {
    /// The endpoints below `base_path` of the target; none without a target.
    pub(in crate::probe) fn of(context: &Context, base_path: &str) -> Option<Self> {
        let target = context.target.clone()?;
        let mut base = target.url.clone();
        let below = base.path().trim_end_matches('/').to_owned();
        base.set_path(&format!("{below}{}", base_path.trim_end_matches('/')));
        base.set_query(None);
        base.set_fragment(None);
        // Both fail only on addresses that cannot carry them.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        Some(Self {
            base,
            authorization: authorization(&target, &context.secrets),
            target,
            transport: context.transport.clone(),
            secrets: context.secrets.clone(),
        })
    }

    /// The address of an endpoint, such as `callback/google`.
    pub(super) fn address(&self, endpoint: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = match endpoint.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (endpoint, None),
        };
        url.set_path(&format!(
            "{}/{path}",
            self.base.path().trim_end_matches('/')
        ));
        url.set_query(query);
        url
    }

    /// Scheme, host and port of the target.
    pub(in crate::probe) fn home(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Is it reached over https?
    pub(super) fn is_secure(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The target itself.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Asks an endpoint with these cookies (`name=value; …`) and headers.
    pub(super) async fn get(
        &self,
        endpoint: &str,
        cookies: &str,
        headers: &[(&str, &str)],
        until: Instant,
    ) -> Result<Answer, Fault> {
        let mut request = Request::new(Method::GET, self.address(endpoint));
        self.dress(request.headers_mut(), cookies, headers);
        self.ask(request, until).await
    }

    /// Sends a form to an endpoint, asking both versions for an answer in JSON.
    pub(super) async fn post(
        &self,
        endpoint: &str,
        cookies: &str,
        fields: &[(&str, &str)],
        until: Instant,
    ) -> Result<Answer, Fault> {
        let fetched = self.submit(endpoint, cookies, fields, until).await?;
        Ok(self.read(&fetched))
    }

    /// The same, with the answer as it came.
    pub(super) async fn submit(
        &self,
        endpoint: &str,
        cookies: &str,
        fields: &[(&str, &str)],
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let mut request = Request::new(Method::POST, self.address(endpoint));
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-auth-return-redirect", "1"),
        ];
        self.dress(request.headers_mut(), cookies, &headers);
        *request.body_mut() = Some(form(fields).into());
        self.transport.fetch(request, until).await
    }

    /// A page below the endpoints, as a browser asks for it.
    pub(in crate::probe) async fn fetch(
        &self,
        endpoint: &str,
        until: Instant,
    ) -> Result<Fetched, Fault> {
        self.page(self.address(endpoint), until).await
    }

    /// The page that a redirect leads to; none where it leads to another site.
    pub(in crate::probe) async fn follow(
        &self,
        to: &str,
        until: Instant,
    ) -> Option<Result<Fetched, Fault>> {
        let url = self.base.join(to).ok()?;
        match same_origin(&url, &self.base) {
            true => Some(self.page(url, until).await),
            false => None,
        }
    }

    async fn page(&self, url: Url, until: Instant) -> Result<Fetched, Fault> {
        let mut request = Request::new(Method::GET, url);
        self.dress(request.headers_mut(), "", &[("accept", "text/html")]);
        self.transport.fetch(request, until).await
    }

    /// Sends a body of JSON, right or not, or none, to a path below the target. `headers` replace its own.
    pub(in crate::probe) async fn send(
        &self,
        method: Method,
        path: &str,
        cookies: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let mut request = Request::new(method, self.address(path.trim_start_matches('/')));
        let of_body = body.as_ref().map(|_| ("content-type", "application/json"));
        let headers: Vec<_> = of_body.into_iter().chain(headers.iter().copied()).collect();
        self.dress(request.headers_mut(), cookies, &headers);
        *request.body_mut() = body.map(Into::into);
        self.transport.fetch(request, until).await
    }

    fn dress(&self, map: &mut HeaderMap, cookies: &str, headers: &[(&str, &str)]) {
        let set = |map: &mut HeaderMap, name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                map.insert(name, value);
            }
        };
        set(map, "accept", "application/json");
        if let Some(authorization) = &self.authorization {
            set(map, "authorization", authorization);
        }
        dress(map, &self.target, cookies);
        for (name, value) in headers {
            set(map, name, value);
        }
    }

    async fn ask(&self, request: Request, until: Instant) -> Result<Answer, Fault> {
        let fetched = self.transport.fetch(request, until).await?;
        Ok(self.read(&fetched))
    }

    fn read(&self, fetched: &Fetched) -> Answer {
        let answer = Answer::of(fetched);
        // Each of them signs somebody in, or is signed with the secret.
        for cookie in &answer.cookies {
            cookie.hide(&self.secrets);
        }
        answer
    }
}

impl Answer {
    fn of(fetched: &Fetched) -> Self {
        let cookies = fetched
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| cookie::parse(value.to_str().ok()?))
            .collect();
        Self {
            status: fetched.status,
            cookies,
            json: fetched.json(),
            cache_control: fetched.header("cache-control").map(str::to_owned),
            location: fetched.header("location").map(str::to_owned),
        }
    }

    /// What the answer to `asked` (`GET /api/auth/csrf`) means.
    pub(super) fn read(&self, asked: &str) -> Reading {
        let unclear = |what: String| Reading::Unclear(format!("{asked} {what}"));
        match (self.status, &self.json) {
            (200, Some(json)) => Reading::Json(json.clone()),
            (200, None) => unclear("answers with something that is not JSON".into()),
            (404, _) => Reading::Missing,
            (429, _) => unclear("is refused for now: too many requests (status 429)".into()),
            (401 | 403, _) => unclear(format!(
                "answers with status {}, which is not the library's: deployment protection or a firewall stands before it",
                self.status
            )),
            (300..=399, _) => unclear(format!(
                "leads elsewhere (status {}{})",
                self.status,
                self.leads_to()
            )),
            // Both versions say "a problem with the server configuration".
            (500, Some(json)) if says_configuration(json) => Reading::Misconfigured,
            (status, _) => unclear(format!("answers with status {status}")),
        }
    }

    /// The host and path of a redirect; its query may hold anything.
    fn leads_to(&self) -> String {
        let Some(location) = &self.location else {
            return String::new();
        };
        let path = location.split(['?', '#']).next().unwrap_or_default();
        let shown = match Url::parse(path) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => path.to_owned(),
        };
        format!(" to {shown}")
    }

    /// Where the library says to go next: the JSON field `url`, else the redirect.
    pub(super) fn next(&self) -> Option<&str> {
        let field = self.json.as_ref().and_then(|json| json["url"].as_str());
        field.or(self.location.as_deref())
    }
}

/// User and password of the target's address, where it has them.
fn authorization(target: &Target, secrets: &Book) -> Option<String> {
    let url = &target.url;
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = plain(url.password().unwrap_or_default());
    secrets.register("target password", &password);
    let pair = STANDARD.encode(format!("{}:{password}", plain(url.username())));
    secrets.register("target authorization", &pair);
    Some(format!("Basic {pair}"))
}

/// The fields as a form sends them. `json` asks version 4 for an answer in JSON.
fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("json", "true")
        .finish()
}

fn says_configuration(json: &Value) -> bool {
    json["message"]
        .as_str()
        .is_some_and(|text| text.contains("problem with the server configuration"))
}

/// The session in an answer of the session endpoint: the object with `user` and `expires`, or none for strangers.
///
/// # Errors
/// It is neither, so it does not tell.
pub(super) fn session(json: &Value) -> Result<Option<&Value>, String> {
    match json {
        Value::Null => Ok(None),
        Value::Object(map) if map.is_empty() => Ok(None),
        Value::Object(map) if map.contains_key("user") || map.contains_key("expires") => {
            Ok(Some(json))
        }
        _ => Err("GET session answers with JSON of another form than the library's".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: u16, json: Option<Value>) -> Answer {
        Answer {
            status,
            cookies: Vec::new(),
            json,
            cache_control: None,
            location: Some("https://login.example/sso?token=x".into()),
        }
    }

    #[test]
    fn only_what_the_library_says_is_read_as_such() {
        let read = |status, json| answer(status, json).read("GET csrf");
        assert_eq!(read(200, Some(json!({}))), Reading::Json(json!({})));
        assert_eq!(read(404, None), Reading::Missing);
        let said = json!({ "message": "There is a problem with the server configuration. Check the server logs for more information." });
        assert_eq!(read(500, Some(said.clone())), Reading::Misconfigured);
        for (status, json) in [
            (200, None),
            (500, None),
            (500, Some(json!({ "message": "boom" }))),
            (503, Some(said)),
            (429, None),
            (403, None),
            (400, None),
        ] {
            assert!(
                matches!(read(status, json), Reading::Unclear(text) if text.starts_with("GET csrf ")),
                "{status}"
            );
        }
    }

    #[test]
    fn a_redirect_is_named_without_its_query() {
        let Reading::Unclear(text) = answer(307, None).read("GET csrf") else {
            panic!("a redirect does not tell");
        };
        assert!(text.ends_with("to https://login.example/sso)"), "{text}");
    }

    #[test]
    fn strangers_have_an_empty_session() {
        assert_eq!(session(&json!(null)), Ok(None));
        assert_eq!(session(&json!({})), Ok(None));
        assert!(matches!(session(&json!({ "user": {} })), Ok(Some(_))));
        assert!(session(&json!({ "error": "x" })).is_err());
        assert!(session(&json!([1])).is_err());
    }
}
