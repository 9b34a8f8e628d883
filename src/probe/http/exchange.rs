//! Asks, follows redirects step by step, and reads the last answer, within one deadline.

use super::address;
use super::ask::Ask;
use super::body::{Body, Flow, Reader};
use super::headers::content_type::ContentType;
use super::headers::{Headers, cookie};
use super::kept;
use crate::model::{Hindrance, HindranceKind, Target};
use crate::probe::Context;
use crate::probe::transport::{Connection, Fault, next_chunk};
use base64::Engine;
use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response, StatusCode};
use std::time::{Duration, Instant};
use url::Url;

const USER_AGENT: &str = concat!("holdpoint/", env!("CARGO_PKG_VERSION"));
/// What a browser sends for a page.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The most cookies of one answer whose values are looked for elsewhere; browsers keep 180 of a site.
const MOST_COOKIES: usize = 200;

/// The last answer of a look.
pub(super) struct Answer {
    pub address: Url,
    pub method: Method,
    pub status: StatusCode,
    pub protocol: String,
    pub headers: Headers,
    pub content_type: ContentType,
    pub coding: Option<String>,
    pub body: Body,
    /// Every redirect that was answered, followed or not.
    pub redirects: Vec<Redirect>,
    pub sent_origin: Option<String>,
    pub connection: Connection,
    pub first_byte: Duration,
    pub total: Duration,
    /// The request as evidence.
    pub request: String,
    /// Why the answer is not whole, where it is not.
    pub fault: Option<Hindrance>,
}

/// One redirect.
pub(super) struct Redirect {
    pub status: u16,
    pub from: Url,
    pub to: Url,
}

/// A request that found no answer, with the request as evidence.
pub(super) struct Failure {
    pub fault: Fault,
    pub request: String,
}

/// One look's way to its answer.
pub(super) struct Exchange<'a> {
    pub ask: &'a Ask,
    pub target: &'a Target,
    pub context: &'a Context,
}

/// An answer of which only the headers were read.
struct Opening {
    response: Response,
    connection: Connection,
    headers: Headers,
    began: Instant,
    first_byte: Duration,
    request: String,
}

impl Exchange<'_> {
    /// Asks `address` and follows as many redirects as the look allows.
    pub(super) async fn answer(&self, mut address: Url) -> Result<Answer, Failure> {
        let began_at = address.origin();
        let mut method = Method::from_bytes(self.ask.method.as_bytes()).unwrap_or(Method::GET);
        let mut visited = vec![(method.clone(), address.clone())];
        let mut redirects: Vec<Redirect> = Vec::new();
        loop {
            let opening = self.open(&address, &method, &began_at).await?;
            let status = opening.response.status();
            let Some(to) = redirect(status, &opening.headers, &address) else {
                return Ok(self.read(opening, address, method, redirects, None).await);
            };
            redirects.push(Redirect {
                status: status.as_u16(),
                from: address.clone(),
                to: to.clone(),
            });
            if redirects.len() > self.ask.follow || !matches!(to.scheme(), "http" | "https") {
                return Ok(self.read(opening, address, method, redirects, None).await);
            }
            let next = (method_after(status, &method), to);
            if visited.contains(&next) {
                let cause = format!(
                    "after {} redirects back at {}",
                    redirects.len(),
                    address::masked(&next.1)
                );
                let fault = Hindrance::new(HindranceKind::RedirectLoop, cause);
                return Ok(self
                    .read(opening, address, method, redirects, Some(fault))
                    .await);
            }
            visited.push(next.clone());
            (method, address) = next;
        }
    }

    async fn open(
        &self,
        address: &Url,
        method: &Method,
        began_at: &url::Origin,
    ) -> Result<Opening, Failure> {
        let headers = self.request_headers(address, began_at);
        let mut bare = address.clone();
        // Neither can fail on an address with a host, and none without one gets here.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        let mut request = Request::new(method.clone(), bare);
        let evidence = kept::request(method, address, &headers);
        *request.headers_mut() = headers;
        let began = crate::clock::tick();
        match self
            .context
            .transport
            .send(request, self.context.until)
            .await
        {
            Ok((response, connection)) => {
                let first_byte = began.elapsed();
                let headers = Headers::of(response.headers());
                self.register_secrets(&headers);
                Ok(Opening {
                    response,
                    connection,
                    headers,
                    began,
                    first_byte,
                    request: evidence,
                })
            }
            Err(fault) => Err(Failure {
                fault,
                request: evidence,
            }),
        }
    }

    async fn read(
        &self,
        opening: Opening,
        address: Url,
        method: Method,
        redirects: Vec<Redirect>,
        fault: Option<Hindrance>,
    ) -> Answer {
        let Opening {
            mut response,
            connection,
            headers,
            began,
            first_byte,
            request,
        } = opening;
        let content_type = ContentType::read(&headers);
        let coding = headers.joined("content-encoding");
        let (body, broken) = match fault {
            // Nobody reads the body of a step in a circle.
            Some(_) => (Body::default(), None),
            None => {
                let keep = content_type.essence.is_none()
                    || (content_type.is_text() && !content_type.is_javascript())
                    || !self.ask.contains.is_empty();
                let reader = Reader::new(coding.as_deref(), self.ask.body_limit, keep);
                self.read_body(&mut response, reader).await
            }
        };
        Answer {
            sent_origin: self.sent_origin(&address),
            status: response.status(),
            protocol: format!("{:?}", response.version()),
            total: began.elapsed(),
            fault: fault.or(broken),
            address,
            method,
            headers,
            content_type,
            coding,
            body,
            redirects,
            connection,
            first_byte,
            request,
        }
    }

    async fn read_body(
        &self,
        response: &mut Response,
        mut reader: Reader,
    ) -> (Body, Option<Hindrance>) {
        loop {
            let stopped = match next_chunk(response, self.context.until).await {
                Ok(None) => return reader.finish(true),
                Ok(Some(piece)) => match reader.push(&piece) {
                    Ok(Flow::More) => continue,
                    Ok(Flow::Enough) => None,
                    Err(damaged) => Some(damaged),
                },
                Err(fault) => Some(fault.hindrance),
            };
            return (reader.finish(false).0, stopped);
        }
    }

    /// The Origin that is sent to an address: none after a redirect to a stranger.
    fn sent_origin(&self, address: &Url) -> Option<String> {
        let asked = self.ask.address(self.target)?;
        (asked.origin() == address.origin())
            .then(|| self.ask.origin_sent(address))
            .flatten()
    }

    /// What is sent. The target's headers and every credential go to the target's own origin only;
    /// the look's other headers also where it began, which may be the plain twin of the target.
    fn request_headers(&self, address: &Url, began_at: &url::Origin) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                headers.insert(name, value);
            }
        };
        set("user-agent", USER_AGENT);
        set("accept", ACCEPT);
        set("accept-encoding", "gzip");
        if let Some(origin) = self.sent_origin(address) {
            set("origin", &origin);
        }
        if self.ask.preflight {
            set("access-control-request-method", "POST");
        }
        let own = address.origin() == self.target.url.origin();
        if own || address.origin() == *began_at {
            for (name, value) in self
                .ask
                .headers
                .iter()
                .filter(|(name, _)| own || !kept::is_credential(name))
            {
                set(name, value);
            }
        }
        if own {
            if let Some(authorization) = self.basic_authorization() {
                set("authorization", &authorization);
            }
            for (name, value) in &self.target.headers {
                set(name, value);
            }
        }
        headers
    }

    /// User and password of the target's address, as RFC 7617 sends them.
    fn basic_authorization(&self) -> Option<String> {
        let url = &self.target.url;
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = (
            plain(url.username()),
            plain(url.password().unwrap_or_default()),
        );
        self.context.secrets.register("target password", &password);
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.context.secrets.register("target authorization", &pair);
        Some(format!("Basic {pair}"))
    }

    /// What an answer hands out may come back in other headers, in bodies and in messages.
    fn register_secrets(&self, headers: &Headers) {
        for cookie in cookie::all(headers).iter().take(MOST_COOKIES) {
            cookie.hide(&self.context.secrets);
        }
    }
}

/// Where a redirect leads; none for every other answer.
fn redirect(status: StatusCode, headers: &Headers, from: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut to = from.join(headers.first("location")?).ok()?;
    to.set_fragment(None);
    Some(to)
}

/// Fetch Standard, HTTP-redirect fetch: a POST after 301 and 302, and everything but HEAD after 303, becomes GET.
fn method_after(status: StatusCode, method: &Method) -> Method {
    match status.as_u16() {
        301 | 302 if *method == Method::POST => Method::GET,
        303 if *method != Method::HEAD => Method::GET,
        _ => method.clone(),
    }
}
