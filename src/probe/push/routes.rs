//! The routes that the notification code calls: does the repository have them, and does the target answer?

use super::source::{self, COMPUTED, Call};
use crate::model::{Facts, Hindrance, HindranceKind, Route, Target};
use crate::probe::Context;
use crate::probe::environment::Source;
use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::Duration;

/// More are not asked for: notification code has a handful.
const MOST: usize = 24;
/// A body that nobody takes for a subscription: parsers refuse it before any code of a route acts on it.
const NO_JSON: &str = "holdpoint asks whether this route exists";

/// A route to ask for, and where it is called.
struct Wanted {
    call: Call,
    at: String,
}

/// What was found about a route.
struct Found {
    declared: bool,
    status: Option<u16>,
    exists: Option<bool>,
    cause: Option<String>,
}

/// Asks for every route. Gives the fact `routes`.
pub(super) async fn look(
    parameters: &Facts,
    context: &Context,
    target: &Target,
    sources: &[Source],
) -> Result<Value, Hindrance> {
    let (files, wanted) = match parameters.get("paths").and_then(Value::as_array) {
        Some(paths) => {
            let given = paths.iter().filter_map(Value::as_str).filter_map(given);
            (0, given.collect())
        }
        None => called(sources),
    };
    if wanted.is_empty() {
        let cause = "no code here calls a route of its own about notifications";
        return Err(Hindrance::new(HindranceKind::Absent, cause));
    }
    // The last moments are kept, so that what was found so far is still told.
    let margin = (context.timeout / 10).min(Duration::from_secs(1));
    let until = context.until.checked_sub(margin).unwrap_or(context.until);
    let mut asked = Vec::new();
    for wanted in wanted.iter().take(MOST) {
        let found = find(&wanted.call, context, target, until).await;
        asked.push((wanted, found));
    }
    let worst = asked
        .iter()
        .find(|(_, found)| found.exists == Some(false))
        .or_else(|| asked.iter().find(|(_, found)| found.exists.is_none()));
    Ok(json!({
        "files": files,
        "exist": match worst {
            None => Some(true),
            Some((_, found)) => found.exists,
        },
        "cause": worst.map(|(wanted, found)| {
            let method = wanted.call.method.as_deref().unwrap_or("a call of");
            let cause = found.cause.as_deref().unwrap_or_default();
            format!("{method} {}, called at {}, {cause}", wanted.call.path, wanted.at)
        }),
        "asked": asked.iter().map(|(wanted, found)| json!({
            "method": wanted.call.method,
            "path": wanted.call.path,
            "at": wanted.at,
            "declared": found.declared,
            "status": found.status,
            "exists": found.exists,
            "cause": found.cause,
        })).collect::<Vec<_>>(),
    }))
}

/// `POST /api/push/subscribe`, or a path alone.
pub(super) fn given_path(text: &str) -> Option<(Option<String>, &str)> {
    let (method, path) = match text.trim().split_once(' ') {
        Some((method, path)) => (Some(method.to_ascii_uppercase()), path.trim()),
        None => (None, text.trim()),
    };
    let known = method.as_deref().is_none_or(|method| {
        matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE")
    });
    let path = Some(path).filter(|path| path.starts_with('/') && !path.starts_with("//"))?;
    known.then_some((method, path))
}

fn given(text: &str) -> Option<Wanted> {
    let (method, path) = given_path(text)?;
    Some(Wanted {
        call: Call {
            path: path.to_owned(),
            method,
            line: 0,
        },
        at: "the check".into(),
    })
}

/// The calls of the code that speaks to the browser's push interface, each route and method once.
fn called(sources: &[Source]) -> (usize, Vec<Wanted>) {
    let browser: Vec<_> = sources
        .iter()
        .filter(|source| {
            source::BROWSER
                .iter()
                .any(|word| source.text.contains(word))
        })
        .collect();
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in &browser {
        for call in source::read(&file.text, &file.path).calls {
            let known = wanted
                .iter()
                .any(|one| one.call.path == call.path && one.call.method == call.method);
            if !known {
                let at = format!("{}:{}", file.path, call.line);
                wanted.push(Wanted { call, at });
            }
        }
    }
    (browser.len(), wanted)
}

async fn find(call: &Call, context: &Context, target: &Target, until: std::time::Instant) -> Found {
    let routes = &context.application.routes;
    let declared = routes.iter().any(|route| is_route(route, &call.path));
    let mut found = Found {
        declared,
        status: None,
        exists: None,
        cause: None,
    };
    if call.path.contains(COMPUTED) {
        // A made-up value may be answered with 404 by a route that exists.
        if declared || !routes.is_empty() {
            found.exists = Some(declared);
        }
        found.cause = (!declared).then(|| "has no route in the repository".into());
        return found;
    }
    let options = ask(context, target, "OPTIONS", &call.path, until).await;
    let method = call.method.as_deref();
    let (status, allowed) = match options {
        Ok(answer) => answer,
        Err(cause) => {
            found.cause = Some(format!("was not answered: {cause}"));
            return found;
        }
    };
    found.status = Some(status);
    let (exists, cause) = match (status, allowed, method) {
        (404, ..) => (Some(false), Some("is answered with 404".to_owned())),
        // Next.js and most servers tell by themselves which methods a route takes.
        (200..=299, Some(allowed), Some(method)) if !allowed.is_empty() => {
            let takes = allowed.iter().any(|one| one == method);
            let cause = format!("takes {} only", allowed.join(", "));
            (Some(takes), (!takes).then_some(cause))
        }
        (200..=299, Some(allowed), None) if !allowed.is_empty() => (Some(true), None),
        (_, _, None) => by_status(status, declared),
        (_, _, Some(method)) => match ask(context, target, method, &call.path, until).await {
            Ok((status, _)) => {
                found.status = Some(status);
                by_status(status, declared)
            }
            Err(cause) => (None, Some(format!("was not answered: {cause}"))),
        },
    };
    found.exists = exists;
    found.cause = cause;
    found
}

/// What the status of an answer to the method itself says.
fn by_status(status: u16, declared: bool) -> (Option<bool>, Option<String>) {
    let unsure = |what: &str| {
        (
            None,
            Some(format!(
                "has no route in the repository, and the answer {status} may come from {what}"
            )),
        )
    };
    match status {
        404 | 405 | 501 => (Some(false), Some(format!("is answered with {status}"))),
        500..=599 | 429 => (
            None,
            Some(format!("is answered with {status}, which says nothing")),
        ),
        _ if declared => (Some(true), None),
        401 | 403 => unsure("something that stands before every route"),
        300..=399 => unsure("a redirect of every path"),
        200..=299 => unsure("a page for every path"),
        _ => (Some(true), None),
    }
}

/// The status, and the methods of the header Allow where there is one.
async fn ask(
    context: &Context,
    target: &Target,
    method: &str,
    path: &str,
    until: std::time::Instant,
) -> Result<(u16, Option<Vec<String>>), String> {
    let mut address = target.url.clone();
    address.set_path(path);
    address.set_query(None);
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Request::new(method.clone(), address);
    let headers = request.headers_mut();
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("holdpoint/", env!("CARGO_PKG_VERSION"))),
    );
    for (name, value) in &target.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            headers.insert(name, value);
        }
    }
    if matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(NO_JSON.into());
    }
    let (response, _) = context
        .transport
        .send(request, until)
        .await
        .map_err(|fault| fault.hindrance.cause)?;
    let allow = response.headers().get_all(ALLOW).iter();
    let mut named = allow.filter_map(|value| value.to_str().ok()).peekable();
    let allowed = named.peek().is_some().then(|| {
        named
            .flat_map(|value| value.split(','))
            .map(|one| one.trim().to_ascii_uppercase())
            .filter(|one| !one.is_empty())
            .collect()
    });
    Ok((response.status().as_u16(), allowed))
}

/// Does the route answer requests for this path?
fn is_route(route: &Route, path: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (pattern, path) = (parts(&route.path), parts(path));
    let mut at = 0;
    for part in &pattern {
        if part.starts_with("[[...") {
            return true;
        }
        if part.starts_with("[...") {
            return at < path.len();
        }
        let Some(segment) = path.get(at) else {
            return false;
        };
        // A computed part of a call may be any segment.
        if !part.starts_with('[') && !segment.contains(COMPUTED) && part != segment {
            return false;
        }
        at += 1;
    }
    at == path.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route {
            path: path.into(),
            file: String::new(),
            api: true,
            methods: Vec::new(),
        }
    }

    #[test]
    fn paths_find_their_routes() {
        for (pattern, path, wanted) in [
            ("/api/push/subscribe", "/api/push/subscribe", true),
            ("/api/push/subscribe", "/api/push", false),
            ("/api/push", "/api/push/subscribe", false),
            ("/api/push/[id]", "/api/push/7", true),
            ("/api/push/[id]", "/api/push/[…]", true),
            ("/api/push/test", "/api/push/[…]", true),
            ("/api/[...all]", "/api/push/subscribe", true),
            ("/api/[...all]", "/api", false),
            ("/api/[[...all]]", "/api", true),
            ("/other/[...all]", "/api/push", false),
        ] {
            assert_eq!(is_route(&route(pattern), path), wanted, "{pattern} {path}");
        }
    }

    #[test]
    fn statuses_are_judged_by_what_they_show() {
        for status in [404, 405] {
            assert_eq!(by_status(status, true).0, Some(false), "{status}");
        }
        for status in [200, 201, 302, 400, 401, 403, 415, 422] {
            assert_eq!(by_status(status, true).0, Some(true), "{status}");
        }
        for status in [200, 302, 401, 403, 429, 500, 503] {
            assert_eq!(by_status(status, false).0, None, "{status}");
        }
        assert_eq!(by_status(400, false).0, Some(true));
        assert_eq!(by_status(500, true).0, None);
    }

    #[test]
    fn given_routes_are_read() {
        assert_eq!(
            given_path("post /api/push"),
            Some((Some("POST".into()), "/api/push"))
        );
        assert_eq!(given_path("/api/push"), Some((None, "/api/push")));
        for wrong in ["", "push", "TRACE /x", "GET //push.test/", "GET x"] {
            assert_eq!(given_path(wrong), None, "{wrong}");
        }
    }
}
