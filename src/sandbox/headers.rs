//! The headers around every answer, in both variants, and the redirect from plain HTTP.

use super::Variant;
use super::keys;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The value that this answer's Content-Security-Policy allows scripts and styles by.
#[derive(Debug, Clone)]
pub(super) struct Nonce(pub(super) String);

/// What the guide's wording leads to: present, and several of them weak. Compare `next.config.mjs`.
const AS_FOUND: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    ),
    ("strict-transport-security", "max-age=300"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("x-powered-by", "Next.js"),
];

/// All right, by the OWASP Secure Headers Project and the specifications it names. The policy is apart: it holds a nonce.
const MENDED: &[(&str, &str)] = &[
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("x-permitted-cross-domain-policies", "none"),
    ("reporting-endpoints", "csp=\"/api/csp-report\""),
];

/// Gives the request its nonce and the answer its headers.
pub(super) async fn surround(
    State(variant): State<Variant>,
    mut request: Request,
    next: Next,
) -> Response {
    let Ok(nonce) = keys::text::<16>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let api = request.uri().path().starts_with("/api/");
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    match variant {
        Variant::AsFound => {
            insert_all(headers, AS_FOUND);
            if !api {
                headers.insert(
                    header::X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                );
            }
        }
        Variant::Mended => {
            insert_all(headers, MENDED);
            if let Ok(policy) = HeaderValue::from_str(&policy(&nonce)) {
                headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
    response
}

/// The mended Content-Security-Policy (CSP Level 3), the same as `middleware.ts` builds.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         upgrade-insecure-requests; report-uri /api/csp-report; report-to csp"
    )
}

fn insert_all(headers: &mut HeaderMap, pairs: &[(&'static str, &'static str)]) {
    for (name, value) in pairs {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

/// A site that sends every request to the same path and query under `https_url`, permanently.
///
/// It carries no HSTS: RFC 6797 section 7.2 forbids that over plain HTTP.
pub(super) fn redirect_to(https_url: &str) -> Router {
    let https_url = https_url.to_owned();
    Router::new().fallback(async move |uri: Uri| {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        (
            StatusCode::PERMANENT_REDIRECT,
            [(header::LOCATION, format!("{https_url}{path}"))],
        )
    })
}
