//! The Administration API of MongoDB Atlas: a token for a service account, and answers or what kept them back.

use crate::probe::Context;
use crate::probe::transport::Fetched;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde_json::Value;
use std::time::Instant;

/// The most items of a list that are asked for; what is beyond is said to be unread.
const PAGE: &str = "itemsPerPage=500&includeCount=true";

/// A service account that is signed in.
pub(super) struct Api<'c> {
    context: &'c Context,
    base: Url,
    token: String,
    until: Instant,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unanswered {
    /// The status, where there was one.
    pub(super) status: Option<u16>,
    /// The cause, for people.
    pub(super) cause: String,
}

impl Unanswered {
    fn because(cause: impl Into<String>) -> Self {
        Self {
            status: None,
            cause: cause.into(),
        }
    }
}

impl<'c> Api<'c> {
    /// Signs in with the client credentials of a service account (RFC 6749 section 4.4).
    pub(super) async fn sign_in(
        context: &'c Context,
        base: Url,
        id: &str,
        secret: &str,
        until: Instant,
    ) -> Result<Self, Unanswered> {
        context.secrets.register("ATLAS_CLIENT_SECRET", secret);
        let mut request = Request::new(Method::POST, address(&base, "/api/oauth/token")?);
        let login = STANDARD.encode(format!("{id}:{secret}"));
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, sensitive(&format!("Basic {login}"))?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        *request.body_mut() = Some("grant_type=client_credentials".into());
        let answer = fetch(context, request, until).await?;
        match answer.status {
            200 => {}
            400 | 401 | 403 => {
                return Err(Unanswered {
                    status: Some(answer.status),
                    cause: format!(
                        "Atlas refuses the service account's client id and secret ({}): they are wrong, expired or revoked",
                        answer.status
                    ),
                });
            }
            status => return Err(strange(status)),
        }
        let token = answer
            .json()
            .and_then(|json| json.get("access_token")?.as_str().map(str::to_owned))
            .ok_or_else(|| Unanswered::because("the answer of Atlas holds no token"))?;
        context.secrets.register("ATLAS_ACCESS_TOKEN", &token);
        Ok(Self {
            context,
            base,
            token,
            until,
        })
    }

    /// One resource, in the version of that date.
    pub(super) async fn get(&self, path: &str, version: &str) -> Result<Value, Unanswered> {
        let path = format!("/api/atlas/v2{path}");
        let mut request = Request::new(Method::GET, address(&self.base, &path)?);
        let accept = format!("application/vnd.atlas.{version}+json");
        let accept = HeaderValue::from_str(&accept)
            .map_err(|_| Unanswered::because("the version cannot be sent"))?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", self.token))?);
        headers.insert(ACCEPT, accept);
        let answer = fetch(self.context, request, self.until).await?;
        match answer.status {
            200 => answer
                .json()
                .ok_or_else(|| Unanswered::because("the answer of Atlas is not JSON")),
            401 | 403 => Err(Unanswered {
                status: Some(answer.status),
                cause: format!(
                    "Atlas refuses to answer ({}): the service account needs the role Project Read Only, and this machine's address must be on the account's API access list where the organisation asks for one",
                    answer.status
                ),
            }),
            404 => Err(Unanswered {
                status: Some(404),
                cause: "Atlas does not know it, or not for this service account (404)".into(),
            }),
            status => Err(strange(status)),
        }
    }

    /// Every item of a list.
    pub(super) async fn list(&self, path: &str, version: &str) -> Result<Vec<Value>, Unanswered> {
        let answer = self.get(&format!("{path}?{PAGE}"), version).await?;
        let Some(Value::Array(items)) = answer.get("results") else {
            return Err(Unanswered::because("the answer of Atlas holds no list"));
        };
        let total = answer.get("totalCount").and_then(Value::as_u64);
        if total.is_some_and(|total| total > items.len() as u64) {
            return Err(Unanswered::because(
                "the list is longer than one answer of Atlas",
            ));
        }
        Ok(items.clone())
    }
}

/// The answer of a server that is not well, or of another one.
fn strange(status: u16) -> Unanswered {
    let cause = match status {
        429 => "Atlas asks for patience (429)".to_owned(),
        500.. => format!("Atlas is not well ({status})"),
        _ => format!("Atlas answers {status}, which says neither yes nor no"),
    };
    Unanswered {
        status: Some(status),
        cause,
    }
}

fn address(base: &Url, path: &str) -> Result<Url, Unanswered> {
    base.join(path)
        .map_err(|error| Unanswered::because(format!("the address cannot be made: {error}")))
}

fn sensitive(text: &str) -> Result<HeaderValue, Unanswered> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Unanswered::because("a credential holds a character that cannot be sent"))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn fetch(context: &Context, request: Request, until: Instant) -> Result<Fetched, Unanswered> {
    let answer = context.transport.fetch(request, until).await;
    answer.map_err(|fault| {
        Unanswered::because(format!(
            "Atlas could not be asked: {}",
            fault.hindrance.cause
        ))
    })
}
