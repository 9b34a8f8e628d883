//! Requests to providers and to the application: within the time of the look, following nothing.

use crate::clock;
use crate::model::Variable;
use crate::probe::Context;
use crate::probe::transport::to_target::{OWN_NAME, dress};
use crate::probe::transport::{Fault, Fetched};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// How long one exchange may take.
const EXCHANGE: Duration = Duration::from_secs(10);
/// What is left of a look's time to say what was seen, before the engine ends it.
const MARGIN: Duration = Duration::from_millis(150);
/// Sign-in pages turn away what does not call itself a browser.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Asks within the time of one look.
pub(super) struct Asker<'a> {
    context: &'a Context,
    until: Instant,
}

impl<'a> Asker<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let margin = MARGIN.min(context.timeout / 10);
        Self {
            context,
            until: context.until.checked_sub(margin).unwrap_or(context.until),
        }
    }

    /// Asks for data.
    pub(super) async fn json(&self, url: Url) -> Result<Fetched, Fault> {
        let mut request = Request::new(Method::GET, url);
        set(&mut request, ACCEPT, "application/json");
        set(&mut request, USER_AGENT, OWN_NAME);
        self.fetch(request).await
    }

    /// Asks for a page as a browser does.
    pub(super) async fn page(&self, url: Url) -> Result<Fetched, Fault> {
        let mut request = Request::new(Method::GET, url);
        set(&mut request, ACCEPT, PAGE);
        set(&mut request, USER_AGENT, BROWSER);
        self.fetch(request).await
    }

    /// Sends a form, with a user name and a password where given.
    pub(super) async fn form(
        &self,
        url: Url,
        fields: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Fetched, Fault> {
        let mut request = form(url, fields);
        set(&mut request, ACCEPT, "application/json");
        set(&mut request, USER_AGENT, OWN_NAME);
        if let Some((name, password)) = basic {
            use base64::Engine as _;
            // Both are form-encoded first (RFC 6749 section 2.3.1).
            let pair = format!("{}:{}", encoded(name), encoded(password));
            let pair = base64::engine::general_purpose::STANDARD.encode(pair);
            set(&mut request, AUTHORIZATION, &format!("Basic {pair}"));
            if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
                value.set_sensitive(true);
            }
        }
        self.fetch(request).await
    }

    /// Asks the target, with the headers that it wants and these cookies; a form where fields are given.
    pub(super) async fn target(
        &self,
        url: Url,
        fields: Option<&[(&str, &str)]>,
        cookies: &str,
    ) -> Result<Fetched, Fault> {
        let mut request = match fields {
            Some(fields) => form(url, fields),
            None => Request::new(Method::GET, url),
        };
        set(
            &mut request,
            ACCEPT,
            "application/json,text/html;q=0.9,*/*;q=0.8",
        );
        if let Some(target) = self.context.target.as_deref() {
            dress(request.headers_mut(), target, cookies);
        }
        self.fetch(request).await
    }

    async fn fetch(&self, request: Request) -> Result<Fetched, Fault> {
        let until = self.until.min(clock::tick() + EXCHANGE);
        self.context.transport.fetch(request, until).await
    }
}

fn form(url: Url, fields: &[(&str, &str)]) -> Request {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        body.append_pair(name, value);
    }
    let mut request = Request::new(Method::POST, url);
    set(
        &mut request,
        CONTENT_TYPE,
        "application/x-www-form-urlencoded",
    );
    *request.body_mut() = Some(body.finish().into());
    request
}

/// Sets a header; a value that no header can carry is left out.
fn set(request: &mut Request, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        request.headers_mut().insert(name, value);
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The variable of that name, where it is set to something.
pub(super) fn variable<'a>(context: &'a Context, name: &str) -> Option<&'a Variable> {
    let found = context.environment.get(name)?;
    (!found.value.trim().is_empty()).then_some(found)
}

/// The facts about a variable that was used, instead of its value.
pub(super) fn used(variable: &Variable, context: &Context) -> Value {
    let value = variable.value.trim();
    json!({
        "variable": variable.name,
        "origin": variable.origin.to_string(),
        "length": value.chars().count(),
        "fingerprint": context.secrets.fingerprint(value),
    })
}
