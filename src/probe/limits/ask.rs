//! One request to the target after the other, each told by what it says of a limit.

use super::header::{self, Announcement};
use super::retry_after::RetryAfter;
use crate::clock;
use crate::model::Target;
use crate::probe::Context;
use crate::probe::http::of_path;
use crate::probe::transport::to_target::dress;
use crate::probe::transport::{Fault, Fetched};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use std::time::Instant;
use url::Url;

/// What is asked; a variant differs from the plain request in one of these.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    /// A form to send.
    pub(super) form: Option<String>,
}

/// An answer, as far as limits are concerned.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) announcement: Announcement,
    pub(super) retry_after: Option<RetryAfter>,
    /// A cache gave it (Age in RFC 9111, or what platforms say), so it says nothing of a limit.
    pub(super) cached: bool,
    /// The server's time, in seconds since 1970.
    pub(super) now: f64,
}

/// Asks one target.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    context: &'a Context,
    target: &'a Target,
    base: Url,
    authorization: Option<String>,
}

impl Question {
    /// A GET of a path.
    pub(super) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            headers: Vec::new(),
            form: None,
        }
    }
}

impl<'a> Asker<'a> {
    /// For the target of a look; none without one.
    pub(super) fn of(context: &'a Context) -> Option<Self> {
        let target = context.target.as_deref()?;
        let mut base = target.url.clone();
        let authorization = authorization(context, &base);
        // Both fail only on addresses that cannot carry them.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        Some(Self {
            context,
            target,
            base,
            authorization,
        })
    }

    /// The target.
    pub(super) fn target(&self) -> &Target {
        self.target
    }

    /// Asks once. Follows nothing.
    pub(super) async fn ask(&self, question: &Question, until: Instant) -> Result<Answer, Fault> {
        Ok(Self::read(&self.fetch(question, until).await?))
    }

    /// The whole answer.
    pub(super) async fn fetch(
        &self,
        question: &Question,
        until: Instant,
    ) -> Result<Fetched, Fault> {
        let address = of_path(&self.base, &question.path);
        let mut request = Request::new(question.method.clone(), address);
        let headers = request.headers_mut();
        if let Some(authorization) = &self.authorization {
            set(headers, "authorization", authorization);
        }
        dress(headers, self.target, "");
        for (name, value) in &question.headers {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                headers.append(name, value);
            }
        }
        if let Some(form) = &question.form {
            set(headers, "content-type", "application/x-www-form-urlencoded");
            *request.body_mut() = Some(form.clone().into());
        }
        self.context.transport.fetch(request, until).await
    }

    fn read(fetched: &Fetched) -> Answer {
        let lines: Vec<_> = fetched
            .headers
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let own = clock::now().as_duration().as_secs_f64();
        let dated = fetched
            .header("date")
            .and_then(|text| httpdate::parse_http_date(text).ok())
            .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok());
        let now = dated.map_or(own, |date| date.as_secs_f64());
        let age = fetched
            .header("age")
            .and_then(|age| age.trim().parse::<u64>().ok());
        // As Vercel, Cloudflare and others say it.
        let hit = ["x-vercel-cache", "cf-cache-status", "x-cache"]
            .iter()
            .any(|name| {
                let said = fetched.header(name).unwrap_or_default().trim();
                ["HIT", "STALE", "PRERENDER"]
                    .iter()
                    .any(|word| said.to_ascii_uppercase().starts_with(word))
            });
        Answer {
            status: fetched.status,
            announcement: header::read(&lines),
            retry_after: fetched
                .header("retry-after")
                .map(|text| RetryAfter::read(text, now)),
            cached: age.is_some_and(|age| age > 0) || hit,
            now,
        }
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// User and password of the target's address, as RFC 7617 sends them.
fn authorization(context: &Context, url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = plain(url.password().unwrap_or_default());
    context.secrets.register("target password", &password);
    let pair = STANDARD.encode(format!("{}:{password}", plain(url.username())));
    context.secrets.register("target authorization", &pair);
    Some(format!("Basic {pair}"))
}
