//! The routes that the notification code calls: does the repository have them, and does the target answer?

use super::source::{self, COMPUTED, Call};
use crate::model::{Facts, Hindrance, HindranceKind, Route, Target};
use crate::probe::Context;
use crate::probe::environment::Source;
use crate::probe::transport::to_target::dress;
use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// More are not asked for: notification code has a handful.
const MOST: usize = 24;
/// A path that nobody has: what answers here as well tells nothing of the routes.
const NOBODY: &str = "/api/holdpoint-no-such-route";
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
    let mut asking = Asking {
        context,
        target,
        until: context.until.checked_sub(margin).unwrap_or(context.until),
        telling: false,
    };
    let nobody = asking.ask("OPTIONS", NOBODY).await;
    asking.telling = nobody.is_ok_and(|(status, _)| status == 404);
    let mut asked = Vec::new();
    for wanted in wanted.iter().take(MOST) {
        let found = asking.find(&wanted.call).await;
        asked.push((wanted, found));
    }
    let of = |state: Option<bool>| -> Vec<String> {
        let those = asked.iter().filter(|(_, found)| found.exists == state);
        those.map(|(wanted, found)| say(wanted, found)).collect()
    };
    let (missing, open) = (of(Some(false)), of(None));
    let (exist, cause) = match (missing.is_empty(), open.is_empty()) {
        (false, _) => (Some(false), Some(missing.join("; "))),
        (true, false) => (None, Some(open.join("; "))),
        (true, true) => (Some(true), None),
    };
    Ok(json!({
        "files": files,
        "exist": exist,
        "cause": cause,
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

/// The call, and what is wrong with it.
fn say(wanted: &Wanted, found: &Found) -> String {
    let Wanted { call, at } = wanted;
    let method = call.method.as_deref().unwrap_or("a call of");
    let cause = found.cause.as_deref().unwrap_or_default();
    format!("{method} {}, called at {at}, {cause}", call.path)
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

/// The calls of the code that speaks to the browser's push interface, and of other code the calls of
/// routes that are named after notifications; each route and method once.
fn called(sources: &[Source]) -> (usize, Vec<Wanted>) {
    let mut browser = 0;
    let mut wanted: Vec<Wanted> = Vec::new();
    for file in sources.iter().filter(|file| !is_api(&file.path)) {
        let speaks = source::BROWSER.iter().any(|word| file.text.contains(word));
        browser += usize::from(speaks);
        for call in source::read(&file.text, &file.path).calls {
            let known = wanted
                .iter()
                .any(|one| one.call.path == call.path && one.call.method == call.method);
            if !known && (speaks || source::is_notification_route(&call.path)) {
                let at = format!("{}:{}", file.path, call.line);
                wanted.push(Wanted { call, at });
            }
        }
    }
    (browser, wanted)
}

/// Is it the code of a route itself, which names its own path in messages?
fn is_api(path: &str) -> bool {
    let path = path.strip_prefix("src/").unwrap_or(path);
    path.starts_with("app/api/") || path.starts_with("pages/api/")
}

/// What is asked, and what its answers are worth.
struct Asking<'a> {
    context: &'a Context,
    target: &'a Target,
    until: Instant,
    /// A path that nobody has is answered with 404, so another answer means that there is something.
    telling: bool,
}

impl Asking<'_> {
    async fn find(&self, call: &Call) -> Found {
        let routes = &self.context.application.routes;
        let route = routes.iter().find(|route| is_route(route, &call.path));
        let declared = route.is_some();
        let mut found = Found {
            declared,
            status: None,
            exists: None,
            cause: None,
        };
        if call.path.contains(COMPUTED) {
            // A made-up value may be answered with 404 by a route that exists.
            found.exists = (declared || !routes.is_empty()).then_some(declared);
            found.cause = (!declared).then(|| "has no route in the repository".into());
            return found;
        }
        let (status, allowed) = match self.ask("OPTIONS", &call.path).await {
            Ok(answer) => answer,
            Err(cause) => {
                found.cause = Some(format!("was not answered: {cause}"));
                return found;
            }
        };
        found.status = Some(status);
        let allowed = allowed
            .filter(|allowed| self.telling && !allowed.is_empty() && (200..=299).contains(&status));
        (found.exists, found.cause) = match (status, allowed, call.method.as_deref()) {
            (404, ..) => (Some(false), Some("is answered with 404".to_owned())),
            // Next.js and most servers tell by themselves which methods a route takes.
            (_, Some(allowed), Some(method)) => {
                let takes = allowed.iter().any(|one| one == method);
                let cause = format!("takes {} only", allowed.join(", "));
                (Some(takes), (!takes).then_some(cause))
            }
            (_, Some(_), None) => (Some(true), None),
            (429 | 500 | 502..=599, None, method)
                if !method.is_some_and(|one| self.may_try(one)) =>
            {
                self.by_status(status, declared)
            }
            // That a route does not take OPTIONS says nothing of its other methods.
            (405 | 501, None, None) => self.by_status(200, declared),
            (_, None, None) => self.by_status(status, declared),
            (_, None, Some(method)) if !self.may_try(method) => untried(route, method),
            (_, None, Some(method)) => match self.ask(method, &call.path).await {
                Ok((status, _)) => {
                    found.status = Some(status);
                    self.by_status(status, declared)
                }
                Err(cause) => (None, Some(format!("was not answered: {cause}"))),
            },
        };
        found
    }

    /// A method that changes something is tried on targets of the user's own only, with a body that no route
    /// takes. DELETE has none that would keep a route from acting.
    fn may_try(&self, method: &str) -> bool {
        let own = self.target.owned || self.target.is_loopback();
        matches!(method, "GET" | "HEAD") || own && method != "DELETE"
    }

    /// What the status of an answer to the method itself says.
    fn by_status(&self, status: u16, declared: bool) -> (Option<bool>, Option<String>) {
        match status {
            404 | 405 | 501 => (Some(false), Some(format!("is answered with {status}"))),
            500..=599 | 429 => (
                None,
                Some(format!("is answered with {status}, which says nothing")),
            ),
            // A page for everything says nothing of what the repository declares.
            200..=299 if !self.telling => (None, Some(unsure(status, declared))),
            _ if declared => (Some(true), None),
            // What stands before every route, such as a middleware, may answer for one that is not there.
            200..=399 | 401 | 403 => (None, Some(unsure(status, declared))),
            _ if !self.telling => (None, Some(unsure(status, declared))),
            _ => (Some(true), None),
        }
    }

    /// The status, and the methods of the header Allow where there is one.
    async fn ask(&self, method: &str, path: &str) -> Result<(u16, Option<Vec<String>>), String> {
        let mut address = self.target.url.clone();
        address.set_path(path);
        address.set_query(None);
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = Request::new(method.clone(), address);
        let headers = request.headers_mut();
        dress(headers, self.target, "");
        if matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(NO_JSON.into());
        }
        let (response, _) = self
            .context
            .transport
            .send(request, self.until)
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
}

fn unsure(status: u16, declared: bool) -> String {
    let has = if declared { "has a" } else { "has no" };
    format!(
        "{has} route in the repository, but the answer {status} may come from something that stands before every route"
    )
}

/// What the repository says of a method that was not tried.
fn untried(route: Option<&Route>, method: &str) -> (Option<bool>, Option<String>) {
    match route {
        Some(route) if route.methods.iter().any(|one| one == method) => (Some(true), None),
        Some(route) if !route.methods.is_empty() => (
            Some(false),
            Some(format!(
                "has a route at {} that exports {} only",
                route.file,
                route.methods.join(", ")
            )),
        ),
        _ if method == "DELETE" => (
            None,
            Some("cannot be told without trying DELETE, which is not done".into()),
        ),
        _ => (
            None,
            Some(format!(
                "cannot be told without trying {method}, which is done on a target marked as yours only (owned = true under [target])"
            )),
        ),
    }
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
    fn what_was_not_tried_is_told_by_the_repository() {
        let with = |methods: &[&str]| Route {
            methods: methods.iter().map(|one| (*one).to_owned()).collect(),
            ..route("/api/push")
        };
        assert_eq!(untried(Some(&with(&["POST"])), "POST").0, Some(true));
        assert_eq!(untried(Some(&with(&["GET"])), "POST").0, Some(false));
        assert_eq!(untried(Some(&with(&[])), "POST").0, None);
        assert_eq!(untried(None, "POST").0, None);
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
